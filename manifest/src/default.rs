//! What an API server adds to an object before it looks at it.

mod config;
mod pod;
mod volume;
mod workload;

use crate::kind::Object;

impl Object {
    /// Fills in what was left out, as an API server does, its admission of pods included.
    pub fn set_defaults(&mut self) {
        if self.resource().namespaced {
            self.metadata_mut().namespace.get_or_insert_with(|| "default".to_owned());
        }
        match self {
            Self::Pod(pod) => pod::defaults(pod),
            Self::Deployment(object) => workload::deployment(object),
            Self::ReplicaSet(object) => workload::replica_set(object),
            Self::DaemonSet(object) => workload::daemon_set(object),
            Self::StatefulSet(object) => workload::stateful_set(object),
            Self::Job(object) => workload::job(object),
            Self::CronJob(object) => workload::cron_job(object),
            Self::Service(object) => config::service(object),
            Self::Secret(object) => config::secret(object),
            Self::PersistentVolumeClaim(object) => config::claim(object),
            Self::Namespace(object) => config::namespace(object),
            Self::ConfigMap(_) | Self::ServiceAccount(_) => {}
        }
    }
}

/// Puts a value where there is none.
fn text(field: &mut Option<String>, value: &str) {
    if field.as_deref().unwrap_or_default().is_empty() {
        *field = Some(value.to_owned());
    }
}
