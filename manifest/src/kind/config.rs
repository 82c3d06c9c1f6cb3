//! Config maps, secrets, service accounts, namespaces. Written by `cargo xtask schema`.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::shape::{Held, Mismatch, Shape, drawn, fill, give, shaped, take};
use super::*;
use crate::value::Bytes;

/// Settings by key, for environment variables and files.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConfigMap {
    /// The group and version that the object is written in.
    pub api_version: String,
    /// Values that are no text, in base64.
    pub binary_data: BTreeMap<String, Bytes>,
    /// Values that are text.
    pub data: BTreeMap<String, String>,
    /// Whether it may be changed.
    pub immutable: Option<bool>,
    /// What the object is.
    pub kind: String,
    /// Its name, namespace, labels and annotations.
    pub metadata: ObjectMeta,
}

impl Shape for ConfigMap {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "apiVersion" => take(&mut self.api_version, value),
            "binaryData" => take(&mut self.binary_data, value),
            "data" => take(&mut self.data, value),
            "immutable" => take(&mut self.immutable, value),
            "kind" => take(&mut self.kind, value),
            "metadata" => take(&mut self.metadata, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        if !self.api_version.is_empty() {
            give(map, "apiVersion", &self.api_version);
        }
        give(map, "binaryData", &self.binary_data);
        give(map, "data", &self.data);
        give(map, "immutable", &self.immutable);
        if !self.kind.is_empty() {
            give(map, "kind", &self.kind);
        }
        if !self.metadata.is_empty() {
            give(map, "metadata", &self.metadata);
        }
    }
}

/// An object of the same namespace.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LocalObjectReference {
    /// Its name.
    pub name: Option<String>,
}

impl Shape for LocalObjectReference {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "name" => take(&mut self.name, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "name", &self.name);
    }
}

/// A room for names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Namespace {
    /// The group and version that the object is written in.
    pub api_version: String,
    /// What the object is.
    pub kind: String,
    /// Its name, labels and annotations.
    pub metadata: ObjectMeta,
    /// Who has to agree before it is gone.
    pub spec: Option<NamespaceSpec>,
    /// Whether it is being deleted.
    pub status: Option<NamespaceStatus>,
}

impl Shape for Namespace {
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

/// Who has to agree before it is gone.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NamespaceSpec {
    /// `finalizers`.
    pub finalizers: Vec<String>,
}

impl Shape for NamespaceSpec {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "finalizers" => take(&mut self.finalizers, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "finalizers", &self.finalizers);
    }
}

/// An object anywhere.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ObjectReference {
    /// `apiVersion`.
    pub api_version: Option<String>,
    /// `fieldPath`.
    pub field_path: Option<String>,
    /// `kind`.
    pub kind: Option<String>,
    /// `name`.
    pub name: Option<String>,
    /// `namespace`.
    pub namespace: Option<String>,
    /// `resourceVersion`.
    pub resource_version: Option<String>,
    /// `uid`.
    pub uid: Option<String>,
}

impl Shape for ObjectReference {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "apiVersion" => take(&mut self.api_version, value),
            "fieldPath" => take(&mut self.field_path, value),
            "kind" => take(&mut self.kind, value),
            "name" => take(&mut self.name, value),
            "namespace" => take(&mut self.namespace, value),
            "resourceVersion" => take(&mut self.resource_version, value),
            "uid" => take(&mut self.uid, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "apiVersion", &self.api_version);
        give(map, "fieldPath", &self.field_path);
        give(map, "kind", &self.kind);
        give(map, "name", &self.name);
        give(map, "namespace", &self.namespace);
        give(map, "resourceVersion", &self.resource_version);
        give(map, "uid", &self.uid);
    }
}

/// What is not for everybody's eyes, by key.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Secret {
    /// The group and version that the object is written in.
    pub api_version: String,
    /// Values in base64.
    pub data: BTreeMap<String, Bytes>,
    /// Whether it may be changed.
    pub immutable: Option<bool>,
    /// What the object is.
    pub kind: String,
    /// Its name, namespace, labels and annotations.
    pub metadata: ObjectMeta,
    /// Values as text; they are put into data and win over it.
    pub string_data: BTreeMap<String, String>,
    /// What it is for: Opaque, kubernetes.io/dockerconfigjson, kubernetes.io/tls and others, each with the keys it must have.
    pub r#type: Option<String>,
}

impl Shape for Secret {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "apiVersion" => take(&mut self.api_version, value),
            "data" => take(&mut self.data, value),
            "immutable" => take(&mut self.immutable, value),
            "kind" => take(&mut self.kind, value),
            "metadata" => take(&mut self.metadata, value),
            "stringData" => take(&mut self.string_data, value),
            "type" => take(&mut self.r#type, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        if !self.api_version.is_empty() {
            give(map, "apiVersion", &self.api_version);
        }
        give(map, "data", &self.data);
        give(map, "immutable", &self.immutable);
        if !self.kind.is_empty() {
            give(map, "kind", &self.kind);
        }
        if !self.metadata.is_empty() {
            give(map, "metadata", &self.metadata);
        }
        give(map, "stringData", &self.string_data);
        give(map, "type", &self.r#type);
    }
}

/// An account of programs at the cluster's API; a name here.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ServiceAccount {
    /// The group and version that the object is written in.
    pub api_version: String,
    /// Whether pods get a token.
    pub automount_service_account_token: Option<bool>,
    /// Secrets with the registries' passwords, for all pods of the account.
    pub image_pull_secrets: Vec<LocalObjectReference>,
    /// What the object is.
    pub kind: String,
    /// Its name, namespace, labels and annotations.
    pub metadata: ObjectMeta,
    /// Secrets that pods of the account may use.
    pub secrets: Vec<ObjectReference>,
}

impl Shape for ServiceAccount {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "apiVersion" => take(&mut self.api_version, value),
            "automountServiceAccountToken" => take(&mut self.automount_service_account_token, value),
            "imagePullSecrets" => take(&mut self.image_pull_secrets, value),
            "kind" => take(&mut self.kind, value),
            "metadata" => take(&mut self.metadata, value),
            "secrets" => take(&mut self.secrets, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        if !self.api_version.is_empty() {
            give(map, "apiVersion", &self.api_version);
        }
        give(map, "automountServiceAccountToken", &self.automount_service_account_token);
        give(map, "imagePullSecrets", &self.image_pull_secrets);
        if !self.kind.is_empty() {
            give(map, "kind", &self.kind);
        }
        if !self.metadata.is_empty() {
            give(map, "metadata", &self.metadata);
        }
        give(map, "secrets", &self.secrets);
    }
}

shaped! { ConfigMap LocalObjectReference Namespace NamespaceSpec ObjectReference Secret ServiceAccount }
