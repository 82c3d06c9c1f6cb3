//! What has been seen of a pod and its containers. Written by `cargo xtask schema`.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::shape::{Held, Mismatch, Shape, drawn, fill, give, shaped, take};
use super::*;
use crate::value::{Quantity, Time};

/// A resource of a driver.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ContainerExtendedResourceRequest {
    /// `containerName`.
    pub container_name: String,
    /// `requestName`.
    pub request_name: String,
    /// `resourceName`.
    pub resource_name: String,
}

impl Shape for ContainerExtendedResourceRequest {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "containerName" => take(&mut self.container_name, value),
            "requestName" => take(&mut self.request_name, value),
            "resourceName" => take(&mut self.resource_name, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "containerName", &self.container_name);
        give(map, "requestName", &self.request_name);
        give(map, "resourceName", &self.resource_name);
    }
}

/// Whether a container waits, runs or has ended.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ContainerState {
    /// `running`.
    pub running: Option<ContainerStateRunning>,
    /// `terminated`.
    pub terminated: Option<ContainerStateTerminated>,
    /// `waiting`.
    pub waiting: Option<ContainerStateWaiting>,
}

impl Shape for ContainerState {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "running" => take(&mut self.running, value),
            "terminated" => take(&mut self.terminated, value),
            "waiting" => take(&mut self.waiting, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "running", &self.running);
        give(map, "terminated", &self.terminated);
        give(map, "waiting", &self.waiting);
    }
}

/// Since when it runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ContainerStateRunning {
    /// `startedAt`.
    pub started_at: Option<Time>,
}

impl Shape for ContainerStateRunning {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "startedAt" => take(&mut self.started_at, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "startedAt", &self.started_at);
    }
}

/// How it ended.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ContainerStateTerminated {
    /// `containerID`.
    pub container_id: Option<String>,
    /// `exitCode`.
    pub exit_code: i32,
    /// `finishedAt`.
    pub finished_at: Option<Time>,
    /// `message`.
    pub message: Option<String>,
    /// `reason`.
    pub reason: Option<String>,
    /// `signal`.
    pub signal: Option<i32>,
    /// `startedAt`.
    pub started_at: Option<Time>,
}

impl Shape for ContainerStateTerminated {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "containerID" => take(&mut self.container_id, value),
            "exitCode" => take(&mut self.exit_code, value),
            "finishedAt" => take(&mut self.finished_at, value),
            "message" => take(&mut self.message, value),
            "reason" => take(&mut self.reason, value),
            "signal" => take(&mut self.signal, value),
            "startedAt" => take(&mut self.started_at, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "containerID", &self.container_id);
        give(map, "exitCode", &self.exit_code);
        give(map, "finishedAt", &self.finished_at);
        give(map, "message", &self.message);
        give(map, "reason", &self.reason);
        give(map, "signal", &self.signal);
        give(map, "startedAt", &self.started_at);
    }
}

/// Why it waits.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ContainerStateWaiting {
    /// `message`.
    pub message: Option<String>,
    /// `reason`.
    pub reason: Option<String>,
}

impl Shape for ContainerStateWaiting {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "message" => take(&mut self.message, value),
            "reason" => take(&mut self.reason, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "message", &self.message);
        give(map, "reason", &self.reason);
    }
}

/// What has been seen of a container.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ContainerStatus {
    /// `allocatedResources`.
    pub allocated_resources: BTreeMap<String, Quantity>,
    /// `allocatedResourcesStatus`.
    pub allocated_resources_status: Vec<ResourceStatus>,
    /// `containerID`.
    pub container_id: Option<String>,
    /// `image`.
    pub image: String,
    /// `imageID`.
    pub image_id: String,
    /// `lastState`.
    pub last_state: Option<ContainerState>,
    /// `name`.
    pub name: String,
    /// `ready`.
    pub ready: bool,
    /// `resources`.
    pub resources: Option<ResourceRequirements>,
    /// `restartCount`.
    pub restart_count: i32,
    /// `started`.
    pub started: Option<bool>,
    /// `state`.
    pub state: Option<ContainerState>,
    /// `stopSignal`.
    pub stop_signal: Option<String>,
    /// `user`.
    pub user: Option<ContainerUser>,
    /// `volumeMounts`.
    pub volume_mounts: Vec<VolumeMountStatus>,
}

impl Shape for ContainerStatus {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "allocatedResources" => take(&mut self.allocated_resources, value),
            "allocatedResourcesStatus" => take(&mut self.allocated_resources_status, value),
            "containerID" => take(&mut self.container_id, value),
            "image" => take(&mut self.image, value),
            "imageID" => take(&mut self.image_id, value),
            "lastState" => take(&mut self.last_state, value),
            "name" => take(&mut self.name, value),
            "ready" => take(&mut self.ready, value),
            "resources" => take(&mut self.resources, value),
            "restartCount" => take(&mut self.restart_count, value),
            "started" => take(&mut self.started, value),
            "state" => take(&mut self.state, value),
            "stopSignal" => take(&mut self.stop_signal, value),
            "user" => take(&mut self.user, value),
            "volumeMounts" => take(&mut self.volume_mounts, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "allocatedResources", &self.allocated_resources);
        give(map, "allocatedResourcesStatus", &self.allocated_resources_status);
        give(map, "containerID", &self.container_id);
        give(map, "image", &self.image);
        give(map, "imageID", &self.image_id);
        give(map, "lastState", &self.last_state);
        give(map, "name", &self.name);
        give(map, "ready", &self.ready);
        give(map, "resources", &self.resources);
        give(map, "restartCount", &self.restart_count);
        give(map, "started", &self.started);
        give(map, "state", &self.state);
        give(map, "stopSignal", &self.stop_signal);
        give(map, "user", &self.user);
        give(map, "volumeMounts", &self.volume_mounts);
    }
}

/// Who it runs as.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ContainerUser {
    /// `linux`.
    pub linux: Option<LinuxContainerUser>,
}

impl Shape for ContainerUser {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "linux" => take(&mut self.linux, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "linux", &self.linux);
    }
}

/// An address of the machine.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HostIP {
    /// `ip`.
    pub ip: String,
}

impl Shape for HostIP {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "ip" => take(&mut self.ip, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "ip", &self.ip);
    }
}

/// The image that is mounted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ImageVolumeStatus {
    /// `imageRef`.
    pub image_ref: String,
}

impl Shape for ImageVolumeStatus {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "imageRef" => take(&mut self.image_ref, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "imageRef", &self.image_ref);
    }
}

/// Who it runs as.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LinuxContainerUser {
    /// `gid`.
    pub gid: i64,
    /// `supplementalGroups`.
    pub supplemental_groups: Vec<i64>,
    /// `uid`.
    pub uid: i64,
}

impl Shape for LinuxContainerUser {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "gid" => take(&mut self.gid, value),
            "supplementalGroups" => take(&mut self.supplemental_groups, value),
            "uid" => take(&mut self.uid, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "gid", &self.gid);
        give(map, "supplementalGroups", &self.supplemental_groups);
        give(map, "uid", &self.uid);
    }
}

/// What holds up its deletion.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NamespaceCondition {
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

impl Shape for NamespaceCondition {
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

/// Whether it is being deleted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NamespaceStatus {
    /// `conditions`.
    pub conditions: Vec<NamespaceCondition>,
    /// `phase`.
    pub phase: Option<String>,
}

impl Shape for NamespaceStatus {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "conditions" => take(&mut self.conditions, value),
            "phase" => take(&mut self.phase, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "conditions", &self.conditions);
        give(map, "phase", &self.phase);
    }
}

/// What became of a claim.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NodeAllocatableResourceClaimStatus {
    /// `containers`.
    pub containers: Vec<String>,
    /// `resourceClaimName`.
    pub resource_claim_name: String,
    /// `resources`.
    pub resources: BTreeMap<String, Quantity>,
}

impl Shape for NodeAllocatableResourceClaimStatus {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "containers" => take(&mut self.containers, value),
            "resourceClaimName" => take(&mut self.resource_claim_name, value),
            "resources" => take(&mut self.resources, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "containers", &self.containers);
        give(map, "resourceClaimName", &self.resource_claim_name);
        give(map, "resources", &self.resources);
    }
}

/// Whether something holds of a pod, and since when.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodCondition {
    /// `lastProbeTime`.
    pub last_probe_time: Option<Time>,
    /// `lastTransitionTime`.
    pub last_transition_time: Option<Time>,
    /// `message`.
    pub message: Option<String>,
    /// `observedGeneration`.
    pub observed_generation: Option<i64>,
    /// `reason`.
    pub reason: Option<String>,
    /// `status`.
    pub status: String,
    /// `type`.
    pub r#type: String,
}

impl Shape for PodCondition {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "lastProbeTime" => take(&mut self.last_probe_time, value),
            "lastTransitionTime" => take(&mut self.last_transition_time, value),
            "message" => take(&mut self.message, value),
            "observedGeneration" => take(&mut self.observed_generation, value),
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
        give(map, "observedGeneration", &self.observed_generation);
        give(map, "reason", &self.reason);
        give(map, "status", &self.status);
        give(map, "type", &self.r#type);
    }
}

/// What became of a claim.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodExtendedResourceClaimStatus {
    /// `requestMappings`.
    pub request_mappings: Vec<ContainerExtendedResourceRequest>,
    /// `resourceClaimName`.
    pub resource_claim_name: String,
}

impl Shape for PodExtendedResourceClaimStatus {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "requestMappings" => take(&mut self.request_mappings, value),
            "resourceClaimName" => take(&mut self.resource_claim_name, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "requestMappings", &self.request_mappings);
        give(map, "resourceClaimName", &self.resource_claim_name);
    }
}

/// An address of the pod.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodIP {
    /// `ip`.
    pub ip: String,
}

impl Shape for PodIP {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "ip" => take(&mut self.ip, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "ip", &self.ip);
    }
}

/// What became of a claim.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodResourceClaimStatus {
    /// `name`.
    pub name: String,
    /// `resourceClaimName`.
    pub resource_claim_name: Option<String>,
}

impl Shape for PodResourceClaimStatus {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "name" => take(&mut self.name, value),
            "resourceClaimName" => take(&mut self.resource_claim_name, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "name", &self.name);
        give(map, "resourceClaimName", &self.resource_claim_name);
    }
}

/// What has been seen of a pod.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodStatus {
    /// `allocatedResources`.
    pub allocated_resources: BTreeMap<String, Quantity>,
    /// `conditions`.
    pub conditions: Vec<PodCondition>,
    /// `containerStatuses`.
    pub container_statuses: Vec<ContainerStatus>,
    /// `ephemeralContainerStatuses`.
    pub ephemeral_container_statuses: Vec<ContainerStatus>,
    /// `extendedResourceClaimStatus`.
    pub extended_resource_claim_status: Option<PodExtendedResourceClaimStatus>,
    /// `hostIP`.
    pub host_ip: Option<String>,
    /// `hostIPs`.
    pub host_ips: Vec<HostIP>,
    /// `initContainerStatuses`.
    pub init_container_statuses: Vec<ContainerStatus>,
    /// `message`.
    pub message: Option<String>,
    /// `nodeAllocatableResourceClaimStatuses`.
    pub node_allocatable_resource_claim_statuses: Vec<NodeAllocatableResourceClaimStatus>,
    /// `nominatedNodeName`.
    pub nominated_node_name: Option<String>,
    /// `observedGeneration`.
    pub observed_generation: Option<i64>,
    /// `phase`.
    pub phase: Option<String>,
    /// `podIP`.
    pub pod_ip: Option<String>,
    /// `podIPs`.
    pub pod_ips: Vec<PodIP>,
    /// `qosClass`.
    pub qos_class: Option<String>,
    /// `reason`.
    pub reason: Option<String>,
    /// `resize`.
    pub resize: Option<String>,
    /// `resourceClaimStatuses`.
    pub resource_claim_statuses: Vec<PodResourceClaimStatus>,
    /// `resources`.
    pub resources: Option<ResourceRequirements>,
    /// `startTime`.
    pub start_time: Option<Time>,
}

impl Shape for PodStatus {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "allocatedResources" => take(&mut self.allocated_resources, value),
            "conditions" => take(&mut self.conditions, value),
            "containerStatuses" => take(&mut self.container_statuses, value),
            "ephemeralContainerStatuses" => take(&mut self.ephemeral_container_statuses, value),
            "extendedResourceClaimStatus" => take(&mut self.extended_resource_claim_status, value),
            "hostIP" => take(&mut self.host_ip, value),
            "hostIPs" => take(&mut self.host_ips, value),
            "initContainerStatuses" => take(&mut self.init_container_statuses, value),
            "message" => take(&mut self.message, value),
            "nodeAllocatableResourceClaimStatuses" => take(&mut self.node_allocatable_resource_claim_statuses, value),
            "nominatedNodeName" => take(&mut self.nominated_node_name, value),
            "observedGeneration" => take(&mut self.observed_generation, value),
            "phase" => take(&mut self.phase, value),
            "podIP" => take(&mut self.pod_ip, value),
            "podIPs" => take(&mut self.pod_ips, value),
            "qosClass" => take(&mut self.qos_class, value),
            "reason" => take(&mut self.reason, value),
            "resize" => take(&mut self.resize, value),
            "resourceClaimStatuses" => take(&mut self.resource_claim_statuses, value),
            "resources" => take(&mut self.resources, value),
            "startTime" => take(&mut self.start_time, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "allocatedResources", &self.allocated_resources);
        give(map, "conditions", &self.conditions);
        give(map, "containerStatuses", &self.container_statuses);
        give(map, "ephemeralContainerStatuses", &self.ephemeral_container_statuses);
        give(map, "extendedResourceClaimStatus", &self.extended_resource_claim_status);
        give(map, "hostIP", &self.host_ip);
        give(map, "hostIPs", &self.host_ips);
        give(map, "initContainerStatuses", &self.init_container_statuses);
        give(map, "message", &self.message);
        give(map, "nodeAllocatableResourceClaimStatuses", &self.node_allocatable_resource_claim_statuses);
        give(map, "nominatedNodeName", &self.nominated_node_name);
        give(map, "observedGeneration", &self.observed_generation);
        give(map, "phase", &self.phase);
        give(map, "podIP", &self.pod_ip);
        give(map, "podIPs", &self.pod_ips);
        give(map, "qosClass", &self.qos_class);
        give(map, "reason", &self.reason);
        give(map, "resize", &self.resize);
        give(map, "resourceClaimStatuses", &self.resource_claim_statuses);
        give(map, "resources", &self.resources);
        give(map, "startTime", &self.start_time);
    }
}

/// The health of a device.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResourceHealth {
    /// `health`.
    pub health: Option<String>,
    /// `message`.
    pub message: Option<String>,
    /// `resourceID`.
    pub resource_id: String,
}

impl Shape for ResourceHealth {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "health" => take(&mut self.health, value),
            "message" => take(&mut self.message, value),
            "resourceID" => take(&mut self.resource_id, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "health", &self.health);
        give(map, "message", &self.message);
        give(map, "resourceID", &self.resource_id);
    }
}

/// The health of a resource.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResourceStatus {
    /// `name`.
    pub name: String,
    /// `resources`.
    pub resources: Vec<ResourceHealth>,
}

impl Shape for ResourceStatus {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "name" => take(&mut self.name, value),
            "resources" => take(&mut self.resources, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "name", &self.name);
        give(map, "resources", &self.resources);
    }
}

/// How a volume is mounted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VolumeMountStatus {
    /// `mountPath`.
    pub mount_path: String,
    /// `name`.
    pub name: String,
    /// `readOnly`.
    pub read_only: Option<bool>,
    /// `recursiveReadOnly`.
    pub recursive_read_only: Option<String>,
    /// `volumeStatus`.
    pub volume_status: Option<VolumeStatus>,
}

impl Shape for VolumeMountStatus {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "mountPath" => take(&mut self.mount_path, value),
            "name" => take(&mut self.name, value),
            "readOnly" => take(&mut self.read_only, value),
            "recursiveReadOnly" => take(&mut self.recursive_read_only, value),
            "volumeStatus" => take(&mut self.volume_status, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "mountPath", &self.mount_path);
        give(map, "name", &self.name);
        give(map, "readOnly", &self.read_only);
        give(map, "recursiveReadOnly", &self.recursive_read_only);
        give(map, "volumeStatus", &self.volume_status);
    }
}

/// What is known of a mounted volume.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VolumeStatus {
    /// `image`.
    pub image: Option<ImageVolumeStatus>,
}

impl Shape for VolumeStatus {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "image" => take(&mut self.image, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "image", &self.image);
    }
}

shaped! { ContainerExtendedResourceRequest ContainerState ContainerStateRunning ContainerStateTerminated ContainerStateWaiting ContainerStatus ContainerUser HostIP ImageVolumeStatus LinuxContainerUser NamespaceCondition NamespaceStatus NodeAllocatableResourceClaimStatus PodCondition PodExtendedResourceClaimStatus PodIP PodResourceClaimStatus PodStatus ResourceHealth ResourceStatus VolumeMountStatus VolumeStatus }
