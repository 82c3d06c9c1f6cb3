//! JSON merge patch.
//!
//! # References
//! RFC 7396.

use serde_json::{Map, Value};

/// The value with a patch merged in: objects key by key, null removes, anything else replaces.
#[must_use]
pub fn merge(value: Value, patch: Value) -> Value {
    let Value::Object(patch) = patch else { return patch };
    let mut object = match value {
        Value::Object(object) => object,
        _ => Map::new(),
    };
    for (key, patch) in patch {
        if patch.is_null() {
            object.remove(&key);
        } else {
            let before = object.remove(&key).unwrap_or_default();
            object.insert(key, merge(before, patch));
        }
    }
    Value::Object(object)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::merge;

    /// The cases of the RFC's appendix.
    #[test]
    fn patches_merge_as_in_the_rfc() {
        let cases = [
            (json!({ "a": "b" }), json!({ "a": "c" }), json!({ "a": "c" })),
            (json!({ "a": "b" }), json!({ "b": "c" }), json!({ "a": "b", "b": "c" })),
            (json!({ "a": "b" }), json!({ "a": null }), json!({})),
            (json!({ "a": ["b"] }), json!({ "a": "c" }), json!({ "a": "c" })),
            (json!({ "a": { "b": "c" } }), json!({ "a": { "b": "d", "c": null } }), json!({ "a": { "b": "d" } })),
            (json!({ "a": [{ "b": "c" }] }), json!({ "a": [1] }), json!({ "a": [1] })),
            (json!(["a"]), json!({ "a": "c" }), json!({ "a": "c" })),
            (json!({ "e": null }), json!({ "a": 1 }), json!({ "e": null, "a": 1 })),
            (json!({}), json!({ "a": { "bb": { "ccc": null } } }), json!({ "a": { "bb": {} } })),
        ];
        for (value, patch, merged) in cases {
            assert_eq!(merge(value.clone(), patch.clone()), merged, "{value} with {patch}");
        }
    }
}
