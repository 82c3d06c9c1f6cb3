//! Jobs and cron jobs. Written by `cargo xtask schema`.

use serde_json::{Map, Value};

use super::shape::{Held, Mismatch, Shape, drawn, fill, give, shaped, take};
use super::*;
use crate::value::Time;

/// Jobs by the clock.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CronJob {
    /// `apiVersion`.
    pub api_version: String,
    /// `kind`.
    pub kind: String,
    /// `metadata`.
    pub metadata: ObjectMeta,
    /// `spec`.
    pub spec: Option<CronJobSpec>,
    /// `status`.
    pub status: Option<CronJobStatus>,
}

impl Shape for CronJob {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "apiVersion" => take(&mut self.api_version, value),
            "kind" => take(&mut self.kind, value),
            "metadata" => take(&mut self.metadata, value),
            "spec" => take(&mut self.spec, value),
            "status" => take(&mut self.status, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        if !self.api_version.is_empty() {
            give(map, "apiVersion", &self.api_version);
        }
        if !self.kind.is_empty() {
            give(map, "kind", &self.kind);
        }
        if !self.metadata.is_empty() {
            give(map, "metadata", &self.metadata);
        }
        give(map, "spec", &self.spec);
        give(map, "status", &self.status);
    }
}

/// When, and which job.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CronJobSpec {
    /// `concurrencyPolicy`.
    pub concurrency_policy: Option<String>,
    /// `failedJobsHistoryLimit`.
    pub failed_jobs_history_limit: Option<i32>,
    /// `jobTemplate`.
    pub job_template: Option<JobTemplateSpec>,
    /// `schedule`.
    pub schedule: String,
    /// `startingDeadlineSeconds`.
    pub starting_deadline_seconds: Option<i64>,
    /// `successfulJobsHistoryLimit`.
    pub successful_jobs_history_limit: Option<i32>,
    /// `suspend`.
    pub suspend: Option<bool>,
    /// `timeZone`.
    pub time_zone: Option<String>,
}

impl Shape for CronJobSpec {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "concurrencyPolicy" => take(&mut self.concurrency_policy, value),
            "failedJobsHistoryLimit" => take(&mut self.failed_jobs_history_limit, value),
            "jobTemplate" => take(&mut self.job_template, value),
            "schedule" => take(&mut self.schedule, value),
            "startingDeadlineSeconds" => take(&mut self.starting_deadline_seconds, value),
            "successfulJobsHistoryLimit" => take(&mut self.successful_jobs_history_limit, value),
            "suspend" => take(&mut self.suspend, value),
            "timeZone" => take(&mut self.time_zone, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "concurrencyPolicy", &self.concurrency_policy);
        give(map, "failedJobsHistoryLimit", &self.failed_jobs_history_limit);
        give(map, "jobTemplate", &self.job_template);
        give(map, "schedule", &self.schedule);
        give(map, "startingDeadlineSeconds", &self.starting_deadline_seconds);
        give(map, "successfulJobsHistoryLimit", &self.successful_jobs_history_limit);
        give(map, "suspend", &self.suspend);
        give(map, "timeZone", &self.time_zone);
    }
}

/// What has been seen of a cron job.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CronJobStatus {
    /// `active`.
    pub active: Vec<ObjectReference>,
    /// `lastScheduleTime`.
    pub last_schedule_time: Option<Time>,
    /// `lastSuccessfulTime`.
    pub last_successful_time: Option<Time>,
}

impl Shape for CronJobStatus {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "active" => take(&mut self.active, value),
            "lastScheduleTime" => take(&mut self.last_schedule_time, value),
            "lastSuccessfulTime" => take(&mut self.last_successful_time, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "active", &self.active);
        give(map, "lastScheduleTime", &self.last_schedule_time);
        give(map, "lastSuccessfulTime", &self.last_successful_time);
    }
}

/// Pods that run until so many have succeeded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Job {
    /// `apiVersion`.
    pub api_version: String,
    /// `kind`.
    pub kind: String,
    /// `metadata`.
    pub metadata: ObjectMeta,
    /// `spec`.
    pub spec: Option<JobSpec>,
    /// `status`.
    pub status: Option<JobStatus>,
}

impl Shape for Job {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "apiVersion" => take(&mut self.api_version, value),
            "kind" => take(&mut self.kind, value),
            "metadata" => take(&mut self.metadata, value),
            "spec" => take(&mut self.spec, value),
            "status" => take(&mut self.status, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        if !self.api_version.is_empty() {
            give(map, "apiVersion", &self.api_version);
        }
        if !self.kind.is_empty() {
            give(map, "kind", &self.kind);
        }
        if !self.metadata.is_empty() {
            give(map, "metadata", &self.metadata);
        }
        give(map, "spec", &self.spec);
        give(map, "status", &self.status);
    }
}

/// Whether something holds of a job.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JobCondition {
    /// `lastProbeTime`.
    pub last_probe_time: Option<Time>,
    /// `lastTransitionTime`.
    pub last_transition_time: Option<Time>,
    /// `message`.
    pub message: Option<String>,
    /// `reason`.
    pub reason: Option<String>,
    /// `status`.
    pub status: String,
    /// `type`.
    pub r#type: String,
}

impl Shape for JobCondition {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "lastProbeTime" => take(&mut self.last_probe_time, value),
            "lastTransitionTime" => take(&mut self.last_transition_time, value),
            "message" => take(&mut self.message, value),
            "reason" => take(&mut self.reason, value),
            "status" => take(&mut self.status, value),
            "type" => take(&mut self.r#type, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "lastProbeTime", &self.last_probe_time);
        give(map, "lastTransitionTime", &self.last_transition_time);
        give(map, "message", &self.message);
        give(map, "reason", &self.reason);
        give(map, "status", &self.status);
        give(map, "type", &self.r#type);
    }
}

/// How many, how often, of which template.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JobSpec {
    /// `activeDeadlineSeconds`.
    pub active_deadline_seconds: Option<i64>,
    /// `backoffLimit`.
    pub backoff_limit: Option<i32>,
    /// `backoffLimitPerIndex`.
    pub backoff_limit_per_index: Option<i32>,
    /// `completionMode`.
    pub completion_mode: Option<String>,
    /// `completions`.
    pub completions: Option<i32>,
    /// `managedBy`.
    pub managed_by: Option<String>,
    /// `manualSelector`.
    pub manual_selector: Option<bool>,
    /// `maxFailedIndexes`.
    pub max_failed_indexes: Option<i32>,
    /// `parallelism`.
    pub parallelism: Option<i32>,
    /// `podFailurePolicy`.
    pub pod_failure_policy: Option<PodFailurePolicy>,
    /// `podReplacementPolicy`.
    pub pod_replacement_policy: Option<String>,
    /// `selector`.
    pub selector: Option<LabelSelector>,
    /// `successPolicy`.
    pub success_policy: Option<SuccessPolicy>,
    /// `suspend`.
    pub suspend: Option<bool>,
    /// `template`.
    pub template: Option<PodTemplateSpec>,
    /// `ttlSecondsAfterFinished`.
    pub ttl_seconds_after_finished: Option<i32>,
}

impl Shape for JobSpec {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "activeDeadlineSeconds" => take(&mut self.active_deadline_seconds, value),
            "backoffLimit" => take(&mut self.backoff_limit, value),
            "backoffLimitPerIndex" => take(&mut self.backoff_limit_per_index, value),
            "completionMode" => take(&mut self.completion_mode, value),
            "completions" => take(&mut self.completions, value),
            "managedBy" => take(&mut self.managed_by, value),
            "manualSelector" => take(&mut self.manual_selector, value),
            "maxFailedIndexes" => take(&mut self.max_failed_indexes, value),
            "parallelism" => take(&mut self.parallelism, value),
            "podFailurePolicy" => take(&mut self.pod_failure_policy, value),
            "podReplacementPolicy" => take(&mut self.pod_replacement_policy, value),
            "selector" => take(&mut self.selector, value),
            "successPolicy" => take(&mut self.success_policy, value),
            "suspend" => take(&mut self.suspend, value),
            "template" => take(&mut self.template, value),
            "ttlSecondsAfterFinished" => take(&mut self.ttl_seconds_after_finished, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "activeDeadlineSeconds", &self.active_deadline_seconds);
        give(map, "backoffLimit", &self.backoff_limit);
        give(map, "backoffLimitPerIndex", &self.backoff_limit_per_index);
        give(map, "completionMode", &self.completion_mode);
        give(map, "completions", &self.completions);
        give(map, "managedBy", &self.managed_by);
        give(map, "manualSelector", &self.manual_selector);
        give(map, "maxFailedIndexes", &self.max_failed_indexes);
        give(map, "parallelism", &self.parallelism);
        give(map, "podFailurePolicy", &self.pod_failure_policy);
        give(map, "podReplacementPolicy", &self.pod_replacement_policy);
        give(map, "selector", &self.selector);
        give(map, "successPolicy", &self.success_policy);
        give(map, "suspend", &self.suspend);
        give(map, "template", &self.template);
        give(map, "ttlSecondsAfterFinished", &self.ttl_seconds_after_finished);
    }
}

/// What has been seen of a job.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JobStatus {
    /// `active`.
    pub active: Option<i32>,
    /// `completedIndexes`.
    pub completed_indexes: Option<String>,
    /// `completionTime`.
    pub completion_time: Option<Time>,
    /// `conditions`.
    pub conditions: Vec<JobCondition>,
    /// `failed`.
    pub failed: Option<i32>,
    /// `failedIndexes`.
    pub failed_indexes: Option<String>,
    /// `ready`.
    pub ready: Option<i32>,
    /// `startTime`.
    pub start_time: Option<Time>,
    /// `succeeded`.
    pub succeeded: Option<i32>,
    /// `terminating`.
    pub terminating: Option<i32>,
    /// `uncountedTerminatedPods`.
    pub uncounted_terminated_pods: Option<UncountedTerminatedPods>,
}

impl Shape for JobStatus {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "active" => take(&mut self.active, value),
            "completedIndexes" => take(&mut self.completed_indexes, value),
            "completionTime" => take(&mut self.completion_time, value),
            "conditions" => take(&mut self.conditions, value),
            "failed" => take(&mut self.failed, value),
            "failedIndexes" => take(&mut self.failed_indexes, value),
            "ready" => take(&mut self.ready, value),
            "startTime" => take(&mut self.start_time, value),
            "succeeded" => take(&mut self.succeeded, value),
            "terminating" => take(&mut self.terminating, value),
            "uncountedTerminatedPods" => take(&mut self.uncounted_terminated_pods, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "active", &self.active);
        give(map, "completedIndexes", &self.completed_indexes);
        give(map, "completionTime", &self.completion_time);
        give(map, "conditions", &self.conditions);
        give(map, "failed", &self.failed);
        give(map, "failedIndexes", &self.failed_indexes);
        give(map, "ready", &self.ready);
        give(map, "startTime", &self.start_time);
        give(map, "succeeded", &self.succeeded);
        give(map, "terminating", &self.terminating);
        give(map, "uncountedTerminatedPods", &self.uncounted_terminated_pods);
    }
}

/// What a job is like.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JobTemplateSpec {
    /// `metadata`.
    pub metadata: ObjectMeta,
    /// `spec`.
    pub spec: Option<JobSpec>,
}

impl Shape for JobTemplateSpec {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "metadata" => take(&mut self.metadata, value),
            "spec" => take(&mut self.spec, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        if !self.metadata.is_empty() {
            give(map, "metadata", &self.metadata);
        }
        give(map, "spec", &self.spec);
    }
}

/// Which failures count.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodFailurePolicy {
    /// `rules`.
    pub rules: Vec<PodFailurePolicyRule>,
}

impl Shape for PodFailurePolicy {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "rules" => take(&mut self.rules, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "rules", &self.rules);
    }
}

/// Exit codes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodFailurePolicyOnExitCodesRequirement {
    /// `containerName`.
    pub container_name: Option<String>,
    /// `operator`.
    pub operator: String,
    /// `values`.
    pub values: Vec<i32>,
}

impl Shape for PodFailurePolicyOnExitCodesRequirement {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "containerName" => take(&mut self.container_name, value),
            "operator" => take(&mut self.operator, value),
            "values" => take(&mut self.values, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "containerName", &self.container_name);
        give(map, "operator", &self.operator);
        give(map, "values", &self.values);
    }
}

/// Conditions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodFailurePolicyOnPodConditionsPattern {
    /// `status`.
    pub status: Option<String>,
    /// `type`.
    pub r#type: String,
}

impl Shape for PodFailurePolicyOnPodConditionsPattern {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "status" => take(&mut self.status, value),
            "type" => take(&mut self.r#type, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "status", &self.status);
        give(map, "type", &self.r#type);
    }
}

/// Which failures count.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodFailurePolicyRule {
    /// `action`.
    pub action: String,
    /// `onExitCodes`.
    pub on_exit_codes: Option<PodFailurePolicyOnExitCodesRequirement>,
    /// `onPodConditions`.
    pub on_pod_conditions: Vec<PodFailurePolicyOnPodConditionsPattern>,
}

impl Shape for PodFailurePolicyRule {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "action" => take(&mut self.action, value),
            "onExitCodes" => take(&mut self.on_exit_codes, value),
            "onPodConditions" => take(&mut self.on_pod_conditions, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "action", &self.action);
        give(map, "onExitCodes", &self.on_exit_codes);
        give(map, "onPodConditions", &self.on_pod_conditions);
    }
}

/// When a job has succeeded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SuccessPolicy {
    /// `rules`.
    pub rules: Vec<SuccessPolicyRule>,
}

impl Shape for SuccessPolicy {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "rules" => take(&mut self.rules, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "rules", &self.rules);
    }
}

/// When a job has succeeded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SuccessPolicyRule {
    /// `succeededCount`.
    pub succeeded_count: Option<i32>,
    /// `succeededIndexes`.
    pub succeeded_indexes: Option<String>,
}

impl Shape for SuccessPolicyRule {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "succeededCount" => take(&mut self.succeeded_count, value),
            "succeededIndexes" => take(&mut self.succeeded_indexes, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "succeededCount", &self.succeeded_count);
        give(map, "succeededIndexes", &self.succeeded_indexes);
    }
}

/// Pods that are still to be counted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UncountedTerminatedPods {
    /// `failed`.
    pub failed: Vec<String>,
    /// `succeeded`.
    pub succeeded: Vec<String>,
}

impl Shape for UncountedTerminatedPods {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "failed" => take(&mut self.failed, value),
            "succeeded" => take(&mut self.succeeded, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "failed", &self.failed);
        give(map, "succeeded", &self.succeeded);
    }
}

shaped! { CronJob CronJobSpec CronJobStatus Job JobCondition JobSpec JobStatus JobTemplateSpec PodFailurePolicy PodFailurePolicyOnExitCodesRequirement PodFailurePolicyOnPodConditionsPattern PodFailurePolicyRule SuccessPolicy SuccessPolicyRule UncountedTerminatedPods }
