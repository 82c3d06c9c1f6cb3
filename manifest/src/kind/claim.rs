//! Claims of storage. Written by `cargo xtask schema`.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::shape::{Held, Mismatch, Shape, drawn, fill, give, shaped, take};
use super::*;
use crate::value::{Quantity, Time};

/// What became of a change.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModifyVolumeStatus {
    /// `status`.
    pub status: String,
    /// `targetVolumeAttributesClassName`.
    pub target_volume_attributes_class_name: Option<String>,
}

impl Shape for ModifyVolumeStatus {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "status" => take(&mut self.status, value),
            "targetVolumeAttributesClassName" => take(&mut self.target_volume_attributes_class_name, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "status", &self.status);
        give(map, "targetVolumeAttributesClassName", &self.target_volume_attributes_class_name);
    }
}

/// Storage that outlives pods: a directory here.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PersistentVolumeClaim {
    /// The group and version that the object is written in.
    pub api_version: String,
    /// What the object is.
    pub kind: String,
    /// Its name, namespace, labels and annotations.
    pub metadata: ObjectMeta,
    /// What it asks for.
    pub spec: Option<PersistentVolumeClaimSpec>,
    /// What it was given.
    pub status: Option<PersistentVolumeClaimStatus>,
}

impl Shape for PersistentVolumeClaim {
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

/// Whether something holds of a claim.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PersistentVolumeClaimCondition {
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

impl Shape for PersistentVolumeClaimCondition {
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

/// What a claim asks for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PersistentVolumeClaimSpec {
    /// Who may write at a time.
    pub access_modes: Vec<String>,
    /// An object that the volume begins as a copy of.
    pub data_source: Option<TypedLocalObjectReference>,
    /// An object that the volume begins as a copy of.
    pub data_source_ref: Option<TypedObjectReference>,
    /// How large it is to be.
    pub resources: Option<VolumeResourceRequirements>,
    /// Labels that the volume must have.
    pub selector: Option<LabelSelector>,
    /// The kind of storage.
    pub storage_class_name: Option<String>,
    /// The properties of the storage.
    pub volume_attributes_class_name: Option<String>,
    /// Filesystem; Block is refused.
    pub volume_mode: Option<String>,
    /// The volume that is wanted.
    pub volume_name: Option<String>,
}

impl Shape for PersistentVolumeClaimSpec {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "accessModes" => take(&mut self.access_modes, value),
            "dataSource" => take(&mut self.data_source, value),
            "dataSourceRef" => take(&mut self.data_source_ref, value),
            "resources" => take(&mut self.resources, value),
            "selector" => take(&mut self.selector, value),
            "storageClassName" => take(&mut self.storage_class_name, value),
            "volumeAttributesClassName" => take(&mut self.volume_attributes_class_name, value),
            "volumeMode" => take(&mut self.volume_mode, value),
            "volumeName" => take(&mut self.volume_name, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "accessModes", &self.access_modes);
        give(map, "dataSource", &self.data_source);
        give(map, "dataSourceRef", &self.data_source_ref);
        give(map, "resources", &self.resources);
        give(map, "selector", &self.selector);
        give(map, "storageClassName", &self.storage_class_name);
        give(map, "volumeAttributesClassName", &self.volume_attributes_class_name);
        give(map, "volumeMode", &self.volume_mode);
        give(map, "volumeName", &self.volume_name);
    }
}

/// What a claim was given.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PersistentVolumeClaimStatus {
    /// `accessModes`.
    pub access_modes: Vec<String>,
    /// `allocatedResourceStatuses`.
    pub allocated_resource_statuses: BTreeMap<String, String>,
    /// `allocatedResources`.
    pub allocated_resources: BTreeMap<String, Quantity>,
    /// `capacity`.
    pub capacity: BTreeMap<String, Quantity>,
    /// `conditions`.
    pub conditions: Vec<PersistentVolumeClaimCondition>,
    /// `currentVolumeAttributesClassName`.
    pub current_volume_attributes_class_name: Option<String>,
    /// `modifyVolumeStatus`.
    pub modify_volume_status: Option<ModifyVolumeStatus>,
    /// `phase`.
    pub phase: Option<String>,
}

impl Shape for PersistentVolumeClaimStatus {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "accessModes" => take(&mut self.access_modes, value),
            "allocatedResourceStatuses" => take(&mut self.allocated_resource_statuses, value),
            "allocatedResources" => take(&mut self.allocated_resources, value),
            "capacity" => take(&mut self.capacity, value),
            "conditions" => take(&mut self.conditions, value),
            "currentVolumeAttributesClassName" => take(&mut self.current_volume_attributes_class_name, value),
            "modifyVolumeStatus" => take(&mut self.modify_volume_status, value),
            "phase" => take(&mut self.phase, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "accessModes", &self.access_modes);
        give(map, "allocatedResourceStatuses", &self.allocated_resource_statuses);
        give(map, "allocatedResources", &self.allocated_resources);
        give(map, "capacity", &self.capacity);
        give(map, "conditions", &self.conditions);
        give(map, "currentVolumeAttributesClassName", &self.current_volume_attributes_class_name);
        give(map, "modifyVolumeStatus", &self.modify_volume_status);
        give(map, "phase", &self.phase);
    }
}

/// What a claim is like.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PersistentVolumeClaimTemplate {
    /// Its labels and annotations.
    pub metadata: ObjectMeta,
    /// What it asks for.
    pub spec: Option<PersistentVolumeClaimSpec>,
}

impl Shape for PersistentVolumeClaimTemplate {
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

/// A claim of the namespace.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PersistentVolumeClaimVolumeSource {
    /// Its name.
    pub claim_name: String,
    /// Whether it can only be read.
    pub read_only: Option<bool>,
}

impl Shape for PersistentVolumeClaimVolumeSource {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "claimName" => take(&mut self.claim_name, value),
            "readOnly" => take(&mut self.read_only, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "claimName", &self.claim_name);
        give(map, "readOnly", &self.read_only);
    }
}

/// An object by kind and name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TypedLocalObjectReference {
    /// `apiGroup`.
    pub api_group: Option<String>,
    /// `kind`.
    pub kind: String,
    /// `name`.
    pub name: String,
}

impl Shape for TypedLocalObjectReference {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "apiGroup" => take(&mut self.api_group, value),
            "kind" => take(&mut self.kind, value),
            "name" => take(&mut self.name, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "apiGroup", &self.api_group);
        give(map, "kind", &self.kind);
        give(map, "name", &self.name);
    }
}

/// An object by kind, namespace and name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TypedObjectReference {
    /// `apiGroup`.
    pub api_group: Option<String>,
    /// `kind`.
    pub kind: String,
    /// `name`.
    pub name: String,
    /// `namespace`.
    pub namespace: Option<String>,
}

impl Shape for TypedObjectReference {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "apiGroup" => take(&mut self.api_group, value),
            "kind" => take(&mut self.kind, value),
            "name" => take(&mut self.name, value),
            "namespace" => take(&mut self.namespace, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "apiGroup", &self.api_group);
        give(map, "kind", &self.kind);
        give(map, "name", &self.name);
        give(map, "namespace", &self.namespace);
    }
}

/// How large a volume is to be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VolumeResourceRequirements {
    /// `limits`.
    pub limits: BTreeMap<String, Quantity>,
    /// `requests`.
    pub requests: BTreeMap<String, Quantity>,
}

impl Shape for VolumeResourceRequirements {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "limits" => take(&mut self.limits, value),
            "requests" => take(&mut self.requests, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "limits", &self.limits);
        give(map, "requests", &self.requests);
    }
}

shaped! { ModifyVolumeStatus PersistentVolumeClaim PersistentVolumeClaimCondition PersistentVolumeClaimSpec PersistentVolumeClaimStatus PersistentVolumeClaimTemplate PersistentVolumeClaimVolumeSource TypedLocalObjectReference TypedObjectReference VolumeResourceRequirements }
