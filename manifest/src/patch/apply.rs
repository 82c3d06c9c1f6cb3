//! What `apply` does: what was applied before, what is wanted now, and what is there become one.

use serde_json::{Map, Value, json};

use super::order::{arrange, identity};
use super::without_null;
use crate::emit::compact;
use crate::schema::{Field, Type};
use crate::text::{Budget, documents};

/// The annotation that remembers what was applied.
pub const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// What is there with what is wanted merged in: what was applied before and is wanted no more goes, what others have set
/// stays. The same value comes back if nothing has to change.
#[must_use]
pub fn apply(before: Option<&Value>, wanted: &Value, there: &Value, of: &'static Type) -> Value {
    let nothing = Value::Object(Map::new());
    let wanted = without_null(wanted.clone());
    merge(before.unwrap_or(&nothing), &wanted, there, Some(of), false)
}

fn merge(before: &Value, wanted: &Value, there: &Value, of: Option<&'static Type>, retain: bool) -> Value {
    let (Value::Object(wanted), Value::Object(there)) = (wanted, there) else { return wanted.clone() };
    let mut merged = there.clone();
    // Only one of such a thing's keys has a meaning at a time, so those that are not wanted go, whoever set them.
    merged.retain(|key, _| wanted.contains_key(key) || !retain && before.get(key).is_none());
    for (key, wanted) in wanted {
        let field = of.and_then(|of| of.field(key));
        let before = before.get(key).unwrap_or(&Value::Null);
        let value = match there.get(key) {
            None => wanted.clone(),
            Some(there) => value(before, wanted, there, field),
        };
        merged.insert(key.clone(), value);
    }
    Value::Object(merged)
}

fn value(before: &Value, wanted: &Value, there: &Value, field: Option<&'static Field>) -> Value {
    match (wanted, there) {
        (Value::Object(_), Value::Object(_)) => {
            let retain = field.is_some_and(|field| field.retains_keys() && !field.merges());
            merge(before, wanted, there, field.and_then(|field| field.holds.target()), retain)
        }
        (Value::Array(wanted), Value::Array(there)) => match field {
            Some(field) if field.merges() => {
                Value::Array(list(before.as_array().map_or(&[][..], Vec::as_slice), wanted, there, field))
            }
            _ => Value::Array(wanted.clone()),
        },
        _ => wanted.clone(),
    }
}

fn list(before: &[Value], wanted: &[Value], there: &[Value], field: &'static Field) -> Vec<Value> {
    let key = field.merge_key;
    let find = |list: &[Value], element: &Value| {
        list.iter().find(|other| identity(other, key) == identity(element, key)).cloned()
    };
    let mut merged: Vec<Value> = there
        .iter()
        .filter(|element| find(wanted, element).is_some() || find(before, element).is_none())
        .cloned()
        .collect();
    for element in wanted {
        let earlier = find(before, element).unwrap_or_default();
        match merged.iter_mut().find(|other| identity(other, key) == identity(element, key)) {
            Some(there) if element.is_object() => {
                *there = merge(&earlier, element, there, field.holds.target(), field.retains_keys());
            }
            Some(_) => {}
            None => merged.push(element.clone()),
        }
    }
    arrange(merged, wanted, there, key)
}

/// What an object says was applied to it.
#[must_use]
pub fn last_applied(object: &Value) -> Option<Value> {
    let remembered = object["metadata"]["annotations"][LAST_APPLIED].as_str()?;
    documents(remembered, &Budget::default()).into_iter().next()?.ok().map(|node| node.to_value())
}

/// A manifest with the annotation that remembers it.
#[must_use]
pub fn with_last_applied(manifest: &Value) -> Value {
    let mut object = manifest.clone();
    if !object["metadata"].is_object() {
        object["metadata"] = json!({});
    }
    if !object["metadata"]["annotations"].is_object() {
        object["metadata"]["annotations"] = json!({});
    }
    if let Some(annotations) = object["metadata"]["annotations"].as_object_mut() {
        annotations.remove(LAST_APPLIED);
    }
    let remembered = format!("{}\n", compact(&object));
    object["metadata"]["annotations"][LAST_APPLIED] = Value::String(remembered);
    object
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::schema::root;

    fn pod() -> &'static Type {
        root("v1", "Pod").unwrap().of
    }

    #[test]
    fn what_was_applied_and_is_wanted_no_more_goes_and_what_others_set_stays() {
        let before = json!({ "metadata": { "labels": { "a": "1", "b": "1" } }, "spec": { "hostname": "h", "containers": [
            { "name": "x", "image": "i", "env": [{ "name": "A", "value": "1" }, { "name": "B", "value": "1" }] }, { "name": "old" }] } });
        let there = json!({ "metadata": { "labels": { "a": "1", "b": "1", "other": "1" } }, "spec": { "hostname": "h", "nodeName": "n", "containers": [
            { "name": "injected" },
            { "name": "x", "image": "i", "imagePullPolicy": "Always", "env": [{ "name": "A", "value": "1" }, { "name": "B", "value": "1" }, { "name": "C", "value": "1" }] },
            { "name": "old" }] } });
        let wanted = json!({ "metadata": { "labels": { "a": "2" } }, "spec": { "containers": [
            { "name": "x", "image": "j", "env": [{ "name": "A", "value": "2" }] }, { "name": "new" }] } });
        let merged = apply(Some(&before), &wanted, &there, pod());
        assert_eq!(
            merged,
            json!({ "metadata": { "labels": { "a": "2", "other": "1" } }, "spec": { "nodeName": "n", "containers": [
                { "name": "injected" },
                { "name": "x", "image": "j", "imagePullPolicy": "Always", "env": [{ "name": "A", "value": "2" }, { "name": "C", "value": "1" }] },
                { "name": "new" }] } })
        );
        assert_eq!(apply(Some(&wanted), &wanted, &merged, pod()), merged);
    }

    #[test]
    fn a_volume_that_becomes_of_another_kind_is_of_one_kind() {
        let before = json!({ "spec": { "volumes": [{ "name": "v", "emptyDir": {} }] } });
        let wanted = json!({ "spec": { "volumes": [{ "name": "v", "configMap": { "name": "c" } }] } });
        let there =
            json!({ "spec": { "volumes": [{ "name": "v", "emptyDir": {} }, { "name": "token", "projected": {} }] } });
        let merged = apply(Some(&before), &wanted, &there, pod());
        let expected = json!([{ "name": "v", "configMap": { "name": "c" } }, { "name": "token", "projected": {} }]);
        assert_eq!(merged["spec"]["volumes"], expected);
    }
}
