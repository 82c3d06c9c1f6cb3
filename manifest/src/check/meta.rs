//! Who an object is: name, namespace, labels, annotations, owners; and selectors of labels.

use std::collections::BTreeMap;

use super::{Found, Path, Trouble, names, shown};
use crate::kind::{LabelSelector, ObjectMeta};

/// A rule of names.
pub(super) type Rule = fn(&str) -> Vec<String>;

pub(super) fn metadata(meta: &ObjectMeta, rule: Rule, namespaced: bool, found: &mut Found) {
    let path = Path::new("metadata");
    if let Some(prefix) = meta.generate_name.as_deref().filter(|prefix| !prefix.is_empty()) {
        // What completes it stands in for its end.
        found.named(&path.child("generateName"), prefix, rule(&format!("{}a", prefix.trim_end_matches('-'))));
    }
    match meta.name.as_deref().unwrap_or_default() {
        "" if meta.generate_name.as_deref().unwrap_or_default().is_empty() => {
            found.required(&path.child("name"), "name or generateName is required");
        }
        "" => {}
        name => found.named(&path.child("name"), name, rule(name)),
    }
    match meta.namespace.as_deref().unwrap_or_default() {
        "" => {}
        _ if !namespaced => found.forbidden(&path.child("namespace"), "not allowed on this type"),
        namespace => found.named(&path.child("namespace"), namespace, names::label(namespace)),
    }
    labels(&meta.labels, &path.child("labels"), found);
    annotations(&meta.annotations, &path.child("annotations"), found);
    for (index, owner) in meta.owner_references.iter().enumerate() {
        let path = path.child("ownerReferences").index(index);
        let wanted =
            [("kind", &owner.kind), ("name", &owner.name), ("uid", &owner.uid), ("apiVersion", &owner.api_version)];
        for (field, value) in wanted {
            if value.is_empty() {
                found.required(&path.child(field), "must not be empty");
            }
        }
    }
    for (index, finalizer) in meta.finalizers.iter().enumerate() {
        found.named(&path.child("finalizers").index(index), finalizer, names::qualified(finalizer));
    }
}

/// What is in a template.
pub(super) fn template(meta: &ObjectMeta, path: &Path, found: &mut Found) {
    labels(&meta.labels, &path.child("labels"), found);
    annotations(&meta.annotations, &path.child("annotations"), found);
}

pub(super) fn labels(labels: &BTreeMap<String, String>, path: &Path, found: &mut Found) {
    for (key, value) in labels {
        found.named(path, key, names::qualified(key));
        found.named(path, value, names::label_value(value));
    }
}

fn annotations(annotations: &BTreeMap<String, String>, path: &Path, found: &mut Found) {
    const MOST: usize = 256 << 10;
    for key in annotations.keys() {
        found.named(path, key, names::qualified(&key.to_lowercase()));
    }
    let size: usize = annotations.iter().map(|(key, value)| key.len() + value.len()).sum();
    if size > MOST {
        found.add(path, Trouble::TooLong(MOST));
    }
}

pub(super) fn selector(selector: &LabelSelector, path: &Path, found: &mut Found) {
    labels(&selector.match_labels, &path.child("matchLabels"), found);
    for (index, requirement) in selector.match_expressions.iter().enumerate() {
        let path = path.child("matchExpressions").index(index);
        match requirement.operator.as_str() {
            "In" | "NotIn" if requirement.values.is_empty() => {
                found.required(&path.child("values"), "must be specified when `operator` is 'In' or 'NotIn'");
            }
            "Exists" | "DoesNotExist" if !requirement.values.is_empty() => {
                found.forbidden(
                    &path.child("values"),
                    "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
                );
            }
            "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
            other => found.value(&path.child("operator"), other, "not a valid selector operator"),
        }
        found.named(&path.child("key"), &requirement.key, names::qualified(&requirement.key));
        for (index, value) in requirement.values.iter().enumerate() {
            found.named(&path.child("values").index(index), value, names::label_value(value));
        }
    }
}

/// A selector that selects what a template makes.
pub(super) fn selects(
    selector_of: Option<&LabelSelector>,
    labels: &BTreeMap<String, String>,
    path: &Path,
    found: &mut Found,
) {
    let at = path.child("selector");
    let Some(selector_of) = selector_of else { return found.required(&at, "") };
    selector(selector_of, &at, found);
    if selector_of.match_labels.is_empty() && selector_of.match_expressions.is_empty() {
        found.value(&at, shown(selector_of), "empty selector is invalid for deployment");
    } else if !selector_of.matches(labels) {
        let at = path.child("template").child("metadata").child("labels");
        found.value(&at, shown(labels), "`selector` does not match template `labels`");
    }
}
