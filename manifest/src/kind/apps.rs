//! Deployments, replica sets, daemon sets and stateful sets. Written by `cargo xtask schema`.

use serde_json::{Map, Value};

use super::shape::{Held, Mismatch, Shape, drawn, fill, give, shaped, take};
use super::*;
use crate::value::{IntOrString, Time};

/// A pod on every node.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DaemonSet {
    /// `apiVersion`.
    pub api_version: String,
    /// `kind`.
    pub kind: String,
    /// `metadata`.
    pub metadata: ObjectMeta,
    /// `spec`.
    pub spec: Option<DaemonSetSpec>,
    /// `status`.
    pub status: Option<DaemonSetStatus>,
}

impl Shape for DaemonSet {
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

/// Whether something holds of a daemon set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DaemonSetCondition {
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

impl Shape for DaemonSetCondition {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "lastTransitionTime" => take(&mut self.last_transition_time, value),
            "message" => take(&mut self.message, value),
            "reason" => take(&mut self.reason, value),
            "status" => take(&mut self.status, value),
            "type" => take(&mut self.r#type, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "lastTransitionTime", &self.last_transition_time);
        give(map, "message", &self.message);
        give(map, "reason", &self.reason);
        give(map, "status", &self.status);
        give(map, "type", &self.r#type);
    }
}

/// Which template.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DaemonSetSpec {
    /// `minReadySeconds`.
    pub min_ready_seconds: Option<i32>,
    /// `revisionHistoryLimit`.
    pub revision_history_limit: Option<i32>,
    /// `selector`.
    pub selector: Option<LabelSelector>,
    /// `template`.
    pub template: Option<PodTemplateSpec>,
    /// `updateStrategy`.
    pub update_strategy: Option<DaemonSetUpdateStrategy>,
}

impl Shape for DaemonSetSpec {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "minReadySeconds" => take(&mut self.min_ready_seconds, value),
            "revisionHistoryLimit" => take(&mut self.revision_history_limit, value),
            "selector" => take(&mut self.selector, value),
            "template" => take(&mut self.template, value),
            "updateStrategy" => take(&mut self.update_strategy, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "minReadySeconds", &self.min_ready_seconds);
        give(map, "revisionHistoryLimit", &self.revision_history_limit);
        give(map, "selector", &self.selector);
        give(map, "template", &self.template);
        give(map, "updateStrategy", &self.update_strategy);
    }
}

/// What has been seen of a daemon set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DaemonSetStatus {
    /// `collisionCount`.
    pub collision_count: Option<i32>,
    /// `conditions`.
    pub conditions: Vec<DaemonSetCondition>,
    /// `currentNumberScheduled`.
    pub current_number_scheduled: i32,
    /// `desiredNumberScheduled`.
    pub desired_number_scheduled: i32,
    /// `numberAvailable`.
    pub number_available: Option<i32>,
    /// `numberMisscheduled`.
    pub number_misscheduled: i32,
    /// `numberReady`.
    pub number_ready: i32,
    /// `numberUnavailable`.
    pub number_unavailable: Option<i32>,
    /// `observedGeneration`.
    pub observed_generation: Option<i64>,
    /// `updatedNumberScheduled`.
    pub updated_number_scheduled: Option<i32>,
}

impl Shape for DaemonSetStatus {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "collisionCount" => take(&mut self.collision_count, value),
            "conditions" => take(&mut self.conditions, value),
            "currentNumberScheduled" => take(&mut self.current_number_scheduled, value),
            "desiredNumberScheduled" => take(&mut self.desired_number_scheduled, value),
            "numberAvailable" => take(&mut self.number_available, value),
            "numberMisscheduled" => take(&mut self.number_misscheduled, value),
            "numberReady" => take(&mut self.number_ready, value),
            "numberUnavailable" => take(&mut self.number_unavailable, value),
            "observedGeneration" => take(&mut self.observed_generation, value),
            "updatedNumberScheduled" => take(&mut self.updated_number_scheduled, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "collisionCount", &self.collision_count);
        give(map, "conditions", &self.conditions);
        give(map, "currentNumberScheduled", &self.current_number_scheduled);
        give(map, "desiredNumberScheduled", &self.desired_number_scheduled);
        give(map, "numberAvailable", &self.number_available);
        give(map, "numberMisscheduled", &self.number_misscheduled);
        give(map, "numberReady", &self.number_ready);
        give(map, "numberUnavailable", &self.number_unavailable);
        give(map, "observedGeneration", &self.observed_generation);
        give(map, "updatedNumberScheduled", &self.updated_number_scheduled);
    }
}

/// How pods are replaced.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DaemonSetUpdateStrategy {
    /// `rollingUpdate`.
    pub rolling_update: Option<RollingUpdateDaemonSet>,
    /// `type`.
    pub r#type: Option<String>,
}

impl Shape for DaemonSetUpdateStrategy {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "rollingUpdate" => take(&mut self.rolling_update, value),
            "type" => take(&mut self.r#type, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "rollingUpdate", &self.rolling_update);
        give(map, "type", &self.r#type);
    }
}

/// Pods alike, replaced step by step when their template changes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Deployment {
    /// `apiVersion`.
    pub api_version: String,
    /// `kind`.
    pub kind: String,
    /// `metadata`.
    pub metadata: ObjectMeta,
    /// `spec`.
    pub spec: Option<DeploymentSpec>,
    /// `status`.
    pub status: Option<DeploymentStatus>,
}

impl Shape for Deployment {
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

/// Whether something holds of a deployment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeploymentCondition {
    /// `lastTransitionTime`.
    pub last_transition_time: Option<Time>,
    /// `lastUpdateTime`.
    pub last_update_time: Option<Time>,
    /// `message`.
    pub message: Option<String>,
    /// `reason`.
    pub reason: Option<String>,
    /// `status`.
    pub status: String,
    /// `type`.
    pub r#type: String,
}

impl Shape for DeploymentCondition {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "lastTransitionTime" => take(&mut self.last_transition_time, value),
            "lastUpdateTime" => take(&mut self.last_update_time, value),
            "message" => take(&mut self.message, value),
            "reason" => take(&mut self.reason, value),
            "status" => take(&mut self.status, value),
            "type" => take(&mut self.r#type, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "lastTransitionTime", &self.last_transition_time);
        give(map, "lastUpdateTime", &self.last_update_time);
        give(map, "message", &self.message);
        give(map, "reason", &self.reason);
        give(map, "status", &self.status);
        give(map, "type", &self.r#type);
    }
}

/// How many pods, of which template.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeploymentSpec {
    /// `minReadySeconds`.
    pub min_ready_seconds: Option<i32>,
    /// `paused`.
    pub paused: Option<bool>,
    /// `progressDeadlineSeconds`.
    pub progress_deadline_seconds: Option<i32>,
    /// `replicas`.
    pub replicas: Option<i32>,
    /// `revisionHistoryLimit`.
    pub revision_history_limit: Option<i32>,
    /// `selector`.
    pub selector: Option<LabelSelector>,
    /// `strategy`.
    pub strategy: Option<DeploymentStrategy>,
    /// `template`.
    pub template: Option<PodTemplateSpec>,
}

impl Shape for DeploymentSpec {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "minReadySeconds" => take(&mut self.min_ready_seconds, value),
            "paused" => take(&mut self.paused, value),
            "progressDeadlineSeconds" => take(&mut self.progress_deadline_seconds, value),
            "replicas" => take(&mut self.replicas, value),
            "revisionHistoryLimit" => take(&mut self.revision_history_limit, value),
            "selector" => take(&mut self.selector, value),
            "strategy" => take(&mut self.strategy, value),
            "template" => take(&mut self.template, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "minReadySeconds", &self.min_ready_seconds);
        give(map, "paused", &self.paused);
        give(map, "progressDeadlineSeconds", &self.progress_deadline_seconds);
        give(map, "replicas", &self.replicas);
        give(map, "revisionHistoryLimit", &self.revision_history_limit);
        give(map, "selector", &self.selector);
        give(map, "strategy", &self.strategy);
        give(map, "template", &self.template);
    }
}

/// What has been seen of a deployment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeploymentStatus {
    /// `availableReplicas`.
    pub available_replicas: Option<i32>,
    /// `collisionCount`.
    pub collision_count: Option<i32>,
    /// `conditions`.
    pub conditions: Vec<DeploymentCondition>,
    /// `observedGeneration`.
    pub observed_generation: Option<i64>,
    /// `readyReplicas`.
    pub ready_replicas: Option<i32>,
    /// `replicas`.
    pub replicas: Option<i32>,
    /// `terminatingReplicas`.
    pub terminating_replicas: Option<i32>,
    /// `unavailableReplicas`.
    pub unavailable_replicas: Option<i32>,
    /// `updatedReplicas`.
    pub updated_replicas: Option<i32>,
}

impl Shape for DeploymentStatus {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "availableReplicas" => take(&mut self.available_replicas, value),
            "collisionCount" => take(&mut self.collision_count, value),
            "conditions" => take(&mut self.conditions, value),
            "observedGeneration" => take(&mut self.observed_generation, value),
            "readyReplicas" => take(&mut self.ready_replicas, value),
            "replicas" => take(&mut self.replicas, value),
            "terminatingReplicas" => take(&mut self.terminating_replicas, value),
            "unavailableReplicas" => take(&mut self.unavailable_replicas, value),
            "updatedReplicas" => take(&mut self.updated_replicas, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "availableReplicas", &self.available_replicas);
        give(map, "collisionCount", &self.collision_count);
        give(map, "conditions", &self.conditions);
        give(map, "observedGeneration", &self.observed_generation);
        give(map, "readyReplicas", &self.ready_replicas);
        give(map, "replicas", &self.replicas);
        give(map, "terminatingReplicas", &self.terminating_replicas);
        give(map, "unavailableReplicas", &self.unavailable_replicas);
        give(map, "updatedReplicas", &self.updated_replicas);
    }
}

/// How pods are replaced.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeploymentStrategy {
    /// `rollingUpdate`.
    pub rolling_update: Option<RollingUpdateDeployment>,
    /// `type`.
    pub r#type: Option<String>,
}

impl Shape for DeploymentStrategy {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "rollingUpdate" => take(&mut self.rolling_update, value),
            "type" => take(&mut self.r#type, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "rollingUpdate", &self.rolling_update);
        give(map, "type", &self.r#type);
    }
}

/// So many pods alike.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReplicaSet {
    /// `apiVersion`.
    pub api_version: String,
    /// `kind`.
    pub kind: String,
    /// `metadata`.
    pub metadata: ObjectMeta,
    /// `spec`.
    pub spec: Option<ReplicaSetSpec>,
    /// `status`.
    pub status: Option<ReplicaSetStatus>,
}

impl Shape for ReplicaSet {
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

/// Whether something holds of a replica set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReplicaSetCondition {
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

impl Shape for ReplicaSetCondition {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "lastTransitionTime" => take(&mut self.last_transition_time, value),
            "message" => take(&mut self.message, value),
            "reason" => take(&mut self.reason, value),
            "status" => take(&mut self.status, value),
            "type" => take(&mut self.r#type, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "lastTransitionTime", &self.last_transition_time);
        give(map, "message", &self.message);
        give(map, "reason", &self.reason);
        give(map, "status", &self.status);
        give(map, "type", &self.r#type);
    }
}

/// How many pods, of which template.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReplicaSetSpec {
    /// `minReadySeconds`.
    pub min_ready_seconds: Option<i32>,
    /// `replicas`.
    pub replicas: Option<i32>,
    /// `selector`.
    pub selector: Option<LabelSelector>,
    /// `template`.
    pub template: Option<PodTemplateSpec>,
}

impl Shape for ReplicaSetSpec {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "minReadySeconds" => take(&mut self.min_ready_seconds, value),
            "replicas" => take(&mut self.replicas, value),
            "selector" => take(&mut self.selector, value),
            "template" => take(&mut self.template, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "minReadySeconds", &self.min_ready_seconds);
        give(map, "replicas", &self.replicas);
        give(map, "selector", &self.selector);
        give(map, "template", &self.template);
    }
}

/// What has been seen of a replica set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReplicaSetStatus {
    /// `availableReplicas`.
    pub available_replicas: Option<i32>,
    /// `conditions`.
    pub conditions: Vec<ReplicaSetCondition>,
    /// `fullyLabeledReplicas`.
    pub fully_labeled_replicas: Option<i32>,
    /// `observedGeneration`.
    pub observed_generation: Option<i64>,
    /// `readyReplicas`.
    pub ready_replicas: Option<i32>,
    /// `replicas`.
    pub replicas: i32,
    /// `terminatingReplicas`.
    pub terminating_replicas: Option<i32>,
}

impl Shape for ReplicaSetStatus {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "availableReplicas" => take(&mut self.available_replicas, value),
            "conditions" => take(&mut self.conditions, value),
            "fullyLabeledReplicas" => take(&mut self.fully_labeled_replicas, value),
            "observedGeneration" => take(&mut self.observed_generation, value),
            "readyReplicas" => take(&mut self.ready_replicas, value),
            "replicas" => take(&mut self.replicas, value),
            "terminatingReplicas" => take(&mut self.terminating_replicas, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "availableReplicas", &self.available_replicas);
        give(map, "conditions", &self.conditions);
        give(map, "fullyLabeledReplicas", &self.fully_labeled_replicas);
        give(map, "observedGeneration", &self.observed_generation);
        give(map, "readyReplicas", &self.ready_replicas);
        give(map, "replicas", &self.replicas);
        give(map, "terminatingReplicas", &self.terminating_replicas);
    }
}

/// How many pods may be missing or too many meanwhile.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RollingUpdateDaemonSet {
    /// `maxSurge`.
    pub max_surge: Option<IntOrString>,
    /// `maxUnavailable`.
    pub max_unavailable: Option<IntOrString>,
}

impl Shape for RollingUpdateDaemonSet {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "maxSurge" => take(&mut self.max_surge, value),
            "maxUnavailable" => take(&mut self.max_unavailable, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "maxSurge", &self.max_surge);
        give(map, "maxUnavailable", &self.max_unavailable);
    }
}

/// How many pods may be missing or too many meanwhile.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RollingUpdateDeployment {
    /// `maxSurge`.
    pub max_surge: Option<IntOrString>,
    /// `maxUnavailable`.
    pub max_unavailable: Option<IntOrString>,
}

impl Shape for RollingUpdateDeployment {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "maxSurge" => take(&mut self.max_surge, value),
            "maxUnavailable" => take(&mut self.max_unavailable, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "maxSurge", &self.max_surge);
        give(map, "maxUnavailable", &self.max_unavailable);
    }
}

/// Which pods are replaced.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RollingUpdateStatefulSetStrategy {
    /// `maxUnavailable`.
    pub max_unavailable: Option<IntOrString>,
    /// `partition`.
    pub partition: Option<i32>,
}

impl Shape for RollingUpdateStatefulSetStrategy {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "maxUnavailable" => take(&mut self.max_unavailable, value),
            "partition" => take(&mut self.partition, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "maxUnavailable", &self.max_unavailable);
        give(map, "partition", &self.partition);
    }
}

/// Pods that keep their names and their storage.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StatefulSet {
    /// `apiVersion`.
    pub api_version: String,
    /// `kind`.
    pub kind: String,
    /// `metadata`.
    pub metadata: ObjectMeta,
    /// `spec`.
    pub spec: Option<StatefulSetSpec>,
    /// `status`.
    pub status: Option<StatefulSetStatus>,
}

impl Shape for StatefulSet {
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

/// Whether something holds of a stateful set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StatefulSetCondition {
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

impl Shape for StatefulSetCondition {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "lastTransitionTime" => take(&mut self.last_transition_time, value),
            "message" => take(&mut self.message, value),
            "reason" => take(&mut self.reason, value),
            "status" => take(&mut self.status, value),
            "type" => take(&mut self.r#type, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "lastTransitionTime", &self.last_transition_time);
        give(map, "message", &self.message);
        give(map, "reason", &self.reason);
        give(map, "status", &self.status);
        give(map, "type", &self.r#type);
    }
}

/// Where counting begins.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StatefulSetOrdinals {
    /// `start`.
    pub start: Option<i32>,
}

impl Shape for StatefulSetOrdinals {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "start" => take(&mut self.start, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "start", &self.start);
    }
}

/// What becomes of claims.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StatefulSetPersistentVolumeClaimRetentionPolicy {
    /// `whenDeleted`.
    pub when_deleted: Option<String>,
    /// `whenScaled`.
    pub when_scaled: Option<String>,
}

impl Shape for StatefulSetPersistentVolumeClaimRetentionPolicy {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "whenDeleted" => take(&mut self.when_deleted, value),
            "whenScaled" => take(&mut self.when_scaled, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "whenDeleted", &self.when_deleted);
        give(map, "whenScaled", &self.when_scaled);
    }
}

/// How many pods, of which template, with which claims.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StatefulSetSpec {
    /// `minReadySeconds`.
    pub min_ready_seconds: Option<i32>,
    /// `ordinals`.
    pub ordinals: Option<StatefulSetOrdinals>,
    /// `persistentVolumeClaimRetentionPolicy`.
    pub persistent_volume_claim_retention_policy: Option<StatefulSetPersistentVolumeClaimRetentionPolicy>,
    /// `podManagementPolicy`.
    pub pod_management_policy: Option<String>,
    /// `replicas`.
    pub replicas: Option<i32>,
    /// `revisionHistoryLimit`.
    pub revision_history_limit: Option<i32>,
    /// `selector`.
    pub selector: Option<LabelSelector>,
    /// `serviceName`.
    pub service_name: Option<String>,
    /// `template`.
    pub template: Option<PodTemplateSpec>,
    /// `updateStrategy`.
    pub update_strategy: Option<StatefulSetUpdateStrategy>,
    /// `volumeClaimTemplates`.
    pub volume_claim_templates: Vec<PersistentVolumeClaim>,
}

impl Shape for StatefulSetSpec {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "minReadySeconds" => take(&mut self.min_ready_seconds, value),
            "ordinals" => take(&mut self.ordinals, value),
            "persistentVolumeClaimRetentionPolicy" => take(&mut self.persistent_volume_claim_retention_policy, value),
            "podManagementPolicy" => take(&mut self.pod_management_policy, value),
            "replicas" => take(&mut self.replicas, value),
            "revisionHistoryLimit" => take(&mut self.revision_history_limit, value),
            "selector" => take(&mut self.selector, value),
            "serviceName" => take(&mut self.service_name, value),
            "template" => take(&mut self.template, value),
            "updateStrategy" => take(&mut self.update_strategy, value),
            "volumeClaimTemplates" => take(&mut self.volume_claim_templates, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "minReadySeconds", &self.min_ready_seconds);
        give(map, "ordinals", &self.ordinals);
        give(map, "persistentVolumeClaimRetentionPolicy", &self.persistent_volume_claim_retention_policy);
        give(map, "podManagementPolicy", &self.pod_management_policy);
        give(map, "replicas", &self.replicas);
        give(map, "revisionHistoryLimit", &self.revision_history_limit);
        give(map, "selector", &self.selector);
        give(map, "serviceName", &self.service_name);
        give(map, "template", &self.template);
        give(map, "updateStrategy", &self.update_strategy);
        give(map, "volumeClaimTemplates", &self.volume_claim_templates);
    }
}

/// What has been seen of a stateful set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StatefulSetStatus {
    /// `availableReplicas`.
    pub available_replicas: Option<i32>,
    /// `collisionCount`.
    pub collision_count: Option<i32>,
    /// `conditions`.
    pub conditions: Vec<StatefulSetCondition>,
    /// `currentReplicas`.
    pub current_replicas: Option<i32>,
    /// `currentRevision`.
    pub current_revision: Option<String>,
    /// `observedGeneration`.
    pub observed_generation: Option<i64>,
    /// `readyReplicas`.
    pub ready_replicas: Option<i32>,
    /// `replicas`.
    pub replicas: i32,
    /// `updateRevision`.
    pub update_revision: Option<String>,
    /// `updatedReplicas`.
    pub updated_replicas: Option<i32>,
}

impl Shape for StatefulSetStatus {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "availableReplicas" => take(&mut self.available_replicas, value),
            "collisionCount" => take(&mut self.collision_count, value),
            "conditions" => take(&mut self.conditions, value),
            "currentReplicas" => take(&mut self.current_replicas, value),
            "currentRevision" => take(&mut self.current_revision, value),
            "observedGeneration" => take(&mut self.observed_generation, value),
            "readyReplicas" => take(&mut self.ready_replicas, value),
            "replicas" => take(&mut self.replicas, value),
            "updateRevision" => take(&mut self.update_revision, value),
            "updatedReplicas" => take(&mut self.updated_replicas, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "availableReplicas", &self.available_replicas);
        give(map, "collisionCount", &self.collision_count);
        give(map, "conditions", &self.conditions);
        give(map, "currentReplicas", &self.current_replicas);
        give(map, "currentRevision", &self.current_revision);
        give(map, "observedGeneration", &self.observed_generation);
        give(map, "readyReplicas", &self.ready_replicas);
        give(map, "replicas", &self.replicas);
        give(map, "updateRevision", &self.update_revision);
        give(map, "updatedReplicas", &self.updated_replicas);
    }
}

/// How pods are replaced.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StatefulSetUpdateStrategy {
    /// `rollingUpdate`.
    pub rolling_update: Option<RollingUpdateStatefulSetStrategy>,
    /// `type`.
    pub r#type: Option<String>,
}

impl Shape for StatefulSetUpdateStrategy {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "rollingUpdate" => take(&mut self.rolling_update, value),
            "type" => take(&mut self.r#type, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "rollingUpdate", &self.rolling_update);
        give(map, "type", &self.r#type);
    }
}

shaped! { DaemonSet DaemonSetCondition DaemonSetSpec DaemonSetStatus DaemonSetUpdateStrategy Deployment DeploymentCondition DeploymentSpec DeploymentStatus DeploymentStrategy ReplicaSet ReplicaSetCondition ReplicaSetSpec ReplicaSetStatus RollingUpdateDaemonSet RollingUpdateDeployment RollingUpdateStatefulSetStrategy StatefulSet StatefulSetCondition StatefulSetOrdinals StatefulSetPersistentVolumeClaimRetentionPolicy StatefulSetSpec StatefulSetStatus StatefulSetUpdateStrategy }
