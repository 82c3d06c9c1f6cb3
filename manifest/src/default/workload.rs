//! Defaults of the kinds that make pods.

use super::{pod, text, volume};
use crate::kind::{
    CronJob, DaemonSet, Deployment, Job, JobSpec, PodTemplateSpec, ReplicaSet, RollingUpdateDaemonSet,
    RollingUpdateDeployment, RollingUpdateStatefulSetStrategy, StatefulSet,
};
use crate::value::IntOrString;

fn template(template: Option<&mut PodTemplateSpec>) {
    if let Some(template) = template {
        pod::spec(template.spec.get_or_insert_default());
    }
}

fn quarter(amount: &mut Option<IntOrString>) {
    amount.get_or_insert_with(|| "25%".into());
}

pub(super) fn deployment(object: &mut Deployment) {
    let Some(spec) = &mut object.spec else { return };
    template(spec.template.as_mut());
    spec.replicas.get_or_insert(1);
    spec.revision_history_limit.get_or_insert(10);
    spec.progress_deadline_seconds.get_or_insert(600);
    let strategy = spec.strategy.get_or_insert_default();
    text(&mut strategy.r#type, "RollingUpdate");
    if strategy.r#type.as_deref() == Some("RollingUpdate") {
        let RollingUpdateDeployment { max_surge, max_unavailable } = strategy.rolling_update.get_or_insert_default();
        quarter(max_surge);
        quarter(max_unavailable);
    }
}

pub(super) fn replica_set(object: &mut ReplicaSet) {
    let Some(spec) = &mut object.spec else { return };
    template(spec.template.as_mut());
    spec.replicas.get_or_insert(1);
}

pub(super) fn daemon_set(object: &mut DaemonSet) {
    let Some(spec) = &mut object.spec else { return };
    template(spec.template.as_mut());
    spec.revision_history_limit.get_or_insert(10);
    let strategy = spec.update_strategy.get_or_insert_default();
    text(&mut strategy.r#type, "RollingUpdate");
    if strategy.r#type.as_deref() == Some("RollingUpdate") {
        let RollingUpdateDaemonSet { max_surge, max_unavailable } = strategy.rolling_update.get_or_insert_default();
        max_surge.get_or_insert(IntOrString::Int(0));
        max_unavailable.get_or_insert(IntOrString::Int(1));
    }
}

pub(super) fn stateful_set(object: &mut StatefulSet) {
    let Some(spec) = &mut object.spec else { return };
    template(spec.template.as_mut());
    spec.replicas.get_or_insert(1);
    spec.revision_history_limit.get_or_insert(10);
    text(&mut spec.pod_management_policy, "OrderedReady");
    let strategy = spec.update_strategy.get_or_insert_default();
    text(&mut strategy.r#type, "RollingUpdate");
    if strategy.r#type.as_deref() == Some("RollingUpdate") {
        let RollingUpdateStatefulSetStrategy { partition, .. } = strategy.rolling_update.get_or_insert_default();
        partition.get_or_insert(0);
    }
    let retention = spec.persistent_volume_claim_retention_policy.get_or_insert_default();
    text(&mut retention.when_deleted, "Retain");
    text(&mut retention.when_scaled, "Retain");
    for claim in &mut spec.volume_claim_templates {
        "v1".clone_into(&mut claim.api_version);
        "PersistentVolumeClaim".clone_into(&mut claim.kind);
        volume::claim_spec(claim.spec.get_or_insert_default());
        text(&mut claim.status.get_or_insert_default().phase, "Pending");
    }
}

pub(super) fn job(object: &mut Job) {
    let Some(spec) = &mut object.spec else { return };
    if object.metadata.labels.is_empty()
        && let Some(template) = &spec.template
    {
        object.metadata.labels.clone_from(&template.metadata.labels);
    }
    if spec.completions.is_none() && spec.parallelism.is_none() {
        spec.completions = Some(1);
    }
    spec.parallelism.get_or_insert(1);
    let per_index = spec.backoff_limit_per_index.is_some();
    spec.backoff_limit.get_or_insert(if per_index { i32::MAX } else { 6 });
    text(&mut spec.completion_mode, "NonIndexed");
    spec.suspend.get_or_insert(false);
    spec.manual_selector.get_or_insert(false);
    let policy = if spec.pod_failure_policy.is_some() { "Failed" } else { "TerminatingOrFailed" };
    text(&mut spec.pod_replacement_policy, policy);
    for rule in spec.pod_failure_policy.iter_mut().flat_map(|policy| &mut policy.rules) {
        for pattern in &mut rule.on_pod_conditions {
            text(&mut pattern.status, "True");
        }
    }
    job_template(spec);
}

fn job_template(spec: &mut JobSpec) {
    template(spec.template.as_mut());
}

pub(super) fn cron_job(object: &mut CronJob) {
    let Some(spec) = &mut object.spec else { return };
    text(&mut spec.concurrency_policy, "Allow");
    spec.suspend.get_or_insert(false);
    spec.successful_jobs_history_limit.get_or_insert(3);
    spec.failed_jobs_history_limit.get_or_insert(1);
    if let Some(job) = spec.job_template.as_mut().and_then(|template| template.spec.as_mut()) {
        job_template(job);
    }
}
