//! Who an object is, and how labels are selected. Written by `cargo xtask schema`.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::shape::{Held, Mismatch, Shape, drawn, fill, give, shaped, take};
use crate::value::Time;

/// Whether something holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Condition {
    /// `lastTransitionTime`.
    pub last_transition_time: Option<Time>,
    /// `message`.
    pub message: String,
    /// `observedGeneration`.
    pub observed_generation: Option<i64>,
    /// `reason`.
    pub reason: String,
    /// `status`.
    pub status: String,
    /// `type`.
    pub r#type: String,
}

impl Shape for Condition {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
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
        give(map, "lastTransitionTime", &self.last_transition_time);
        give(map, "message", &self.message);
        give(map, "observedGeneration", &self.observed_generation);
        give(map, "reason", &self.reason);
        give(map, "status", &self.status);
        give(map, "type", &self.r#type);
    }
}

/// Which labels are selected.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LabelSelector {
    /// Conditions that all have to hold.
    pub match_expressions: Vec<LabelSelectorRequirement>,
    /// Labels that all have to be there.
    pub match_labels: BTreeMap<String, String>,
}

impl Shape for LabelSelector {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "matchExpressions" => take(&mut self.match_expressions, value),
            "matchLabels" => take(&mut self.match_labels, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "matchExpressions", &self.match_expressions);
        give(map, "matchLabels", &self.match_labels);
    }
}

/// A condition on a label.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LabelSelectorRequirement {
    /// The label.
    pub key: String,
    /// In, NotIn, Exists or DoesNotExist.
    pub operator: String,
    /// The values, for In and NotIn.
    pub values: Vec<String>,
}

impl Shape for LabelSelectorRequirement {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "key" => take(&mut self.key, value),
            "operator" => take(&mut self.operator, value),
            "values" => take(&mut self.values, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "key", &self.key);
        give(map, "operator", &self.operator);
        give(map, "values", &self.values);
    }
}

/// Who set which fields, when and how.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ManagedFieldsEntry {
    /// `apiVersion`.
    pub api_version: Option<String>,
    /// `fieldsType`.
    pub fields_type: Option<String>,
    /// `fieldsV1`.
    pub fields_v1: Option<Value>,
    /// `manager`.
    pub manager: Option<String>,
    /// `operation`.
    pub operation: Option<String>,
    /// `subresource`.
    pub subresource: Option<String>,
    /// `time`.
    pub time: Option<Time>,
}

impl Shape for ManagedFieldsEntry {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "apiVersion" => take(&mut self.api_version, value),
            "fieldsType" => take(&mut self.fields_type, value),
            "fieldsV1" => take(&mut self.fields_v1, value),
            "manager" => take(&mut self.manager, value),
            "operation" => take(&mut self.operation, value),
            "subresource" => take(&mut self.subresource, value),
            "time" => take(&mut self.time, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "apiVersion", &self.api_version);
        give(map, "fieldsType", &self.fields_type);
        give(map, "fieldsV1", &self.fields_v1);
        give(map, "manager", &self.manager);
        give(map, "operation", &self.operation);
        give(map, "subresource", &self.subresource);
        give(map, "time", &self.time);
    }
}

/// Who an object is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ObjectMeta {
    /// Notes by name, of any content; programs leave them.
    pub annotations: BTreeMap<String, String>,
    /// When it was created.
    pub creation_timestamp: Option<Time>,
    /// How long it has to end.
    pub deletion_grace_period_seconds: Option<i64>,
    /// When it was asked to end.
    pub deletion_timestamp: Option<Time>,
    /// Who has to agree before it is gone.
    pub finalizers: Vec<String>,
    /// The beginning of a name that is completed with five letters.
    pub generate_name: Option<String>,
    /// How often what is wanted was changed.
    pub generation: Option<i64>,
    /// Words to select it by.
    pub labels: BTreeMap<String, String>,
    /// Who set which field.
    pub managed_fields: Vec<ManagedFieldsEntry>,
    /// Its name, unique among its kind in the namespace.
    pub name: Option<String>,
    /// The namespace it is in; default if none is given.
    pub namespace: Option<String>,
    /// What it belongs to and is deleted with.
    pub owner_references: Vec<OwnerReference>,
    /// Which state of the object this is.
    pub resource_version: Option<String>,
    /// Where it was served; nobody has set it for years.
    pub self_link: Option<String>,
    /// What tells it from an earlier one of the same name.
    pub uid: Option<String>,
}

impl Shape for ObjectMeta {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "annotations" => take(&mut self.annotations, value),
            "creationTimestamp" => take(&mut self.creation_timestamp, value),
            "deletionGracePeriodSeconds" => take(&mut self.deletion_grace_period_seconds, value),
            "deletionTimestamp" => take(&mut self.deletion_timestamp, value),
            "finalizers" => take(&mut self.finalizers, value),
            "generateName" => take(&mut self.generate_name, value),
            "generation" => take(&mut self.generation, value),
            "labels" => take(&mut self.labels, value),
            "managedFields" => take(&mut self.managed_fields, value),
            "name" => take(&mut self.name, value),
            "namespace" => take(&mut self.namespace, value),
            "ownerReferences" => take(&mut self.owner_references, value),
            "resourceVersion" => take(&mut self.resource_version, value),
            "selfLink" => take(&mut self.self_link, value),
            "uid" => take(&mut self.uid, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "annotations", &self.annotations);
        give(map, "creationTimestamp", &self.creation_timestamp);
        give(map, "deletionGracePeriodSeconds", &self.deletion_grace_period_seconds);
        give(map, "deletionTimestamp", &self.deletion_timestamp);
        give(map, "finalizers", &self.finalizers);
        give(map, "generateName", &self.generate_name);
        give(map, "generation", &self.generation);
        give(map, "labels", &self.labels);
        give(map, "managedFields", &self.managed_fields);
        give(map, "name", &self.name);
        give(map, "namespace", &self.namespace);
        give(map, "ownerReferences", &self.owner_references);
        give(map, "resourceVersion", &self.resource_version);
        give(map, "selfLink", &self.self_link);
        give(map, "uid", &self.uid);
    }
}

/// An object that this one belongs to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OwnerReference {
    /// `apiVersion`.
    pub api_version: String,
    /// `blockOwnerDeletion`.
    pub block_owner_deletion: Option<bool>,
    /// `controller`.
    pub controller: Option<bool>,
    /// `kind`.
    pub kind: String,
    /// `name`.
    pub name: String,
    /// `uid`.
    pub uid: String,
}

impl Shape for OwnerReference {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "apiVersion" => take(&mut self.api_version, value),
            "blockOwnerDeletion" => take(&mut self.block_owner_deletion, value),
            "controller" => take(&mut self.controller, value),
            "kind" => take(&mut self.kind, value),
            "name" => take(&mut self.name, value),
            "uid" => take(&mut self.uid, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "apiVersion", &self.api_version);
        give(map, "blockOwnerDeletion", &self.block_owner_deletion);
        give(map, "controller", &self.controller);
        give(map, "kind", &self.kind);
        give(map, "name", &self.name);
        give(map, "uid", &self.uid);
    }
}

shaped! { Condition LabelSelector LabelSelectorRequirement ManagedFieldsEntry ObjectMeta OwnerReference }
