//! Why there is nothing to show of a pod of a manifest, in kubectl's words.

use manifest::kind::{ContainerStatus, Object, Pod, Resource};
use registry::{Name, Registry, RegistryError};

use super::Logs;
use crate::answer::{Answer, Complaint};
use crate::error::Error;
use crate::objects::Objects;
use crate::place::Place;
use crate::verbs::lives::as_it_does;
use crate::verbs::meant;

impl Logs {
    /// What is said of it; of pods made by hand, and of what kubectl has no words for, the error is handed back.
    pub(super) fn refused(&self, error: Error, registry: &Registry) -> Result<Answer, Error> {
        let sandbox = match &error {
            Error::TooManyLogs { .. } => return Ok(Complaint::Plain(launch::complain::line(&error)).into()),
            Error::NoPrevious { pod, .. } | Error::NoSuchWorkload { pod, .. } => pod,
            Error::Registry(RegistryError::NoSuchPod { name, .. }) => name,
            _ => return Err(error),
        };
        let Some(pod) = self.whose(sandbox, registry)? else { return Err(error) };
        let mut answer = Answer::default();
        let pod = as_it_does(Box::new(pod), &mut answer).pod;
        let chosen = meant::chosen(&pod).filter(|_| self.workload.is_none() && self.container.is_none());
        let name = pod.metadata.name.clone().unwrap_or_default();
        let container = match &error {
            Error::NoPrevious { workload, .. } => {
                let lacking = format!("previous terminated container \"{workload}\" in pod {name:?} not found");
                answer.complaints.push(of_the_server(&lacking));
                workload
            }
            Error::NoSuchWorkload { workload, .. } => workload,
            _ => match self.workload.as_ref().or(self.container.as_ref()).or(chosen.as_ref().map(|it| &it.workload)) {
                Some(container) => container,
                None => return Err(error),
            },
        };
        if answer.complaints.is_empty() {
            answer.complaints.extend(not_launched(&pod, &name, container));
        }
        if answer.complaints.is_empty() {
            return Err(error);
        }
        answer.notes.extend(chosen.and_then(|chosen| chosen.told));
        Ok(answer)
    }

    /// The pod of a manifest that has this sandbox.
    fn whose(&self, sandbox: &Name, registry: &Registry) -> Result<Option<Pod>, Error> {
        let Some(pods) = Resource::find("pods") else { return Ok(None) };
        let data = image::store::data_directory();
        let all = Objects::of_this_user()?.list(pods, Some(self.namespace()))?.into_iter();
        let all = all.filter_map(|object| if let Object::Pod(pod) = object { Some(*pod) } else { None });
        Ok(all.into_iter().find(|pod| Place::of(pod, &data, registry).sandbox() == *sandbox))
    }
}

/// Why a container was never launched.
fn not_launched(pod: &Pod, name: &str, container: &Name) -> Option<Complaint> {
    let status = pod.status.as_ref()?;
    let all = status.init_container_statuses.iter().chain(&status.container_statuses);
    let mut all = all.chain(&status.ephemeral_container_statuses);
    let is_known = pod.spec.as_ref().is_some_and(|spec| {
        let all = spec.init_containers.iter().chain(&spec.containers).map(|one| &one.name);
        all.chain(spec.ephemeral_containers.iter().map(|one| &one.name)).any(|one| *one == container.as_str())
    });
    if !is_known {
        let known = meant::listed(pod);
        return Some(Complaint::Plain(format!("container {container} is not valid for pod {name} out of: {known}")));
    }
    let waits = |one: &ContainerStatus| one.state.as_ref()?.waiting.as_ref()?.reason.clone();
    let reason = match all.find(|one| one.name == container.as_str()) {
        Some(status) => waits(status)?,
        // Nobody attends to it yet.
        None => "ContainerCreating".to_owned(),
    };
    let why = match reason.as_str() {
        "ErrImagePull" => "image can't be pulled",
        "ImagePullBackOff" => "trying and failing to pull image",
        reason => reason,
    };
    Some(of_the_server(&format!("container \"{container}\" in pod {name:?} is waiting to start: {why}")))
}

fn of_the_server(text: &str) -> Complaint {
    Complaint::Whole(format!("Error from server (BadRequest): {text}"))
}
