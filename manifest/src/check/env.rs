//! Environment variables and where they come from.

use super::container::descends;
use super::{Found, Path, names};
use crate::kind::{EnvFromSource, EnvVar, EnvVarSource, ObjectFieldSelector, ResourceFieldSelector};

const FIELDS: [&str; 9] = [
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];

const AMOUNTS: [&str; 6] = [
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
];

pub(super) fn variables(variables: &[EnvVar], path: &Path, found: &mut Found) {
    for (index, variable) in variables.iter().enumerate() {
        let path = path.index(index);
        if variable.name.is_empty() {
            found.required(&path.child("name"), "");
        } else {
            found.named(&path.child("name"), &variable.name, names::variable(&variable.name));
        }
        if let Some(from) = &variable.value_from {
            let has_value = variable.value.as_deref().is_some_and(|value| !value.is_empty());
            value_from(from, has_value, &path.child("valueFrom"), found);
        }
    }
}

fn value_from(from: &EnvVarSource, has_value: bool, path: &Path, found: &mut Found) {
    let mut sources = 0;
    if let Some(field) = &from.field_ref {
        sources += 1;
        field_ref(field, &FIELDS, &path.child("fieldRef"), found);
    }
    if let Some(resource) = &from.resource_field_ref {
        sources += 1;
        resource_ref(resource, false, &path.child("resourceFieldRef"), found);
    }
    let references = [
        ("configMapKeyRef", from.config_map_key_ref.as_ref().map(|of| (&of.name, &of.key))),
        ("secretKeyRef", from.secret_key_ref.as_ref().map(|of| (&of.name, &of.key))),
    ];
    for (field, reference) in references {
        let Some((name, key)) = reference else { continue };
        sources += 1;
        let path = path.child(field);
        if name.as_deref().unwrap_or_default().is_empty() {
            found.required(&path.child("name"), "");
        }
        if key.is_empty() {
            found.required(&path.child("key"), "");
        } else {
            found.named(&path.child("key"), key, names::config_key(key));
        }
    }
    if let Some(file) = &from.file_key_ref {
        sources += 1;
        let path = path.child("fileKeyRef");
        for (field, value) in [("key", &file.key), ("path", &file.path), ("volumeName", &file.volume_name)] {
            if value.is_empty() {
                found.required(&path.child(field), "");
            }
        }
        descends(&file.path, &path.child("path"), found);
    }
    match sources {
        0 => found.value(
            path,
            "",
            "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`",
        ),
        _ if has_value => found.value(path, "", "may not be specified when `value` is not empty"),
        2.. => found.value(path, "", "may not have more than one field specified at a time"),
        _ => {}
    }
}

/// A field of the pod, of those that may be told, or a key of its labels or annotations.
pub(super) fn field_ref(field: &ObjectFieldSelector, known: &[&'static str], path: &Path, found: &mut Found) {
    let name = field.field_path.as_str();
    let at = path.child("fieldPath");
    if name.is_empty() {
        return found.required(&at, "");
    }
    if let Some((map, key)) = name.strip_suffix("']").and_then(|name| name.split_once("['")) {
        match map {
            "metadata.annotations" => found.named(&at, key, names::qualified(&key.to_lowercase())),
            "metadata.labels" => found.named(&at, key, names::qualified(key)),
            _ => found.value(&at, map, "does not support subscript"),
        }
        return;
    }
    found.one_of(&at, name, known);
}

/// A limit or a request of a container; of which one has to be said where there is no container to ask.
pub(super) fn resource_ref(resource: &ResourceFieldSelector, named: bool, path: &Path, found: &mut Found) {
    if named && resource.container_name.as_deref().unwrap_or_default().is_empty() {
        found.required(&path.child("containerName"), "");
    }
    if resource.resource.is_empty() {
        return found.required(&path.child("resource"), "");
    }
    let pages = ["limits.hugepages-", "requests.hugepages-"].iter().any(|prefix| resource.resource.starts_with(prefix));
    if !pages {
        found.one_of(&path.child("resource"), &resource.resource, &AMOUNTS);
    }
}

pub(super) fn sources(sources: &[EnvFromSource], path: &Path, found: &mut Found) {
    for (index, source) in sources.iter().enumerate() {
        let path = path.index(index);
        if let Some(prefix) = source.prefix.as_deref().filter(|prefix| !prefix.is_empty()) {
            found.named(&path.child("prefix"), prefix, names::variable(prefix));
        }
        let given = [
            ("configMapRef", source.config_map_ref.as_ref().map(|of| &of.name)),
            ("secretRef", source.secret_ref.as_ref().map(|of| &of.name)),
        ];
        for (field, name) in &given {
            if name.is_some_and(|name| name.as_deref().unwrap_or_default().is_empty()) {
                found.required(&path.child(field).child("name"), "");
            }
        }
        match given.iter().filter(|(_, name)| name.is_some()).count() {
            0 => found.value(&path, "", "must specify one of: `configMapRef` or `secretRef`"),
            1 => {}
            _ => found.value(&path, "", "may not have more than one field specified at a time"),
        }
    }
}
