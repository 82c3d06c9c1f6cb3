//! JSON patch: operations in order, all or none.
//!
//! # References
//! RFC 6902; pointers are RFC 6901's.

use serde_json::Value;

use super::PatchError;

/// The value after all operations of a patch.
///
/// # Errors
/// It is no patch, or an operation does not apply.
pub fn json(mut value: Value, patch: &Value) -> Result<Value, PatchError> {
    let operations = patch.as_array().ok_or_else(|| PatchError::NoOperations(patch.to_string()))?;
    for operation in operations {
        apply(&mut value, operation)?;
    }
    Ok(value)
}

fn apply(value: &mut Value, operation: &Value) -> Result<(), PatchError> {
    let word = |key: &str| operation[key].as_str();
    let name = word("op").unwrap_or_default();
    let fails = |trouble: String| PatchError::Operation { operation: name.to_owned(), trouble };
    let path = word("path").ok_or_else(|| fails("it has no path".to_owned()))?;
    let given = || operation.get("value").cloned().ok_or_else(|| fails("it has no value".to_owned()));
    let from = || word("from").ok_or_else(|| fails("it has no from".to_owned()));
    let missing = |path: &str| fails(format!("doc is missing path: {path}: missing value"));
    match name {
        "add" => add(value, path, given()?).map_err(fails),
        "remove" => remove(value, path).map(|_| ()).ok_or_else(|| missing(path)),
        "replace" => {
            let new = given()?;
            *value.pointer_mut(path).ok_or_else(|| missing(path))? = new;
            Ok(())
        }
        "move" => {
            let from = from()?;
            if path.strip_prefix(from).is_some_and(|rest| rest.starts_with('/')) {
                return Err(fails(format!("{path} is within {from}")));
            }
            let moved = remove(value, from).ok_or_else(|| missing(from))?;
            add(value, path, moved).map_err(fails)
        }
        "copy" => {
            let from = from()?;
            let copied = value.pointer(from).cloned().ok_or_else(|| missing(from))?;
            add(value, path, copied).map_err(fails)
        }
        "test" => {
            // What is not there is null to a test.
            let there = value.pointer(path).unwrap_or(&Value::Null);
            if same(there, &operation["value"]) { Ok(()) } else { Err(PatchError::Test(path.to_owned())) }
        }
        other => Err(fails(format!("there is no operation {other:?}"))),
    }
}

/// Numbers by value, everything else as it is.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

fn parent<'a>(value: &'a mut Value, path: &str) -> Option<(&'a mut Value, String)> {
    let (parent, key) = path.rsplit_once('/')?;
    Some((value.pointer_mut(parent)?, key.replace("~1", "/").replace("~0", "~")))
}

fn add(value: &mut Value, path: &str, new: Value) -> Result<(), String> {
    if path.is_empty() {
        *value = new;
        return Ok(());
    }
    let missing = || format!("doc is missing path: {path:?}: missing value");
    let (parent, key) = parent(value, path).ok_or_else(missing)?;
    match parent {
        Value::Object(map) => {
            map.insert(key, new);
        }
        Value::Array(list) if key == "-" => list.push(new),
        Value::Array(list) => {
            let at = index(&key).filter(|at| *at <= list.len());
            let at = at.ok_or_else(|| format!("Unable to access invalid index: {key}: invalid index referenced"))?;
            list.insert(at, new);
        }
        _ => return Err(missing()),
    }
    Ok(())
}

fn remove(value: &mut Value, path: &str) -> Option<Value> {
    let (parent, key) = parent(value, path)?;
    match parent {
        Value::Object(map) => map.remove(&key),
        Value::Array(list) => index(&key).filter(|at| *at < list.len()).map(|at| list.remove(at)),
        _ => None,
    }
}

/// Digits without a zero before them.
fn index(key: &str) -> Option<usize> {
    let plain = key == "0" || !key.starts_with('0') && key.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| key.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::json;

    #[test]
    fn operations_do_what_the_rfc_says() {
        let value = json!({ "a": { "b": [1, 2] }, "m~n": 1, "p/q": 2 });
        let cases = [
            (
                json!([{ "op": "add", "path": "/a/b/1", "value": 9 }]),
                json!({ "a": { "b": [1, 9, 2] }, "m~n": 1, "p/q": 2 }),
            ),
            (
                json!([{ "op": "add", "path": "/a/b/-", "value": 9 }]),
                json!({ "a": { "b": [1, 2, 9] }, "m~n": 1, "p/q": 2 }),
            ),
            (json!([{ "op": "remove", "path": "/a/b/0" }]), json!({ "a": { "b": [2] }, "m~n": 1, "p/q": 2 })),
            (
                json!([{ "op": "replace", "path": "/m~0n", "value": 3 }]),
                json!({ "a": { "b": [1, 2] }, "m~n": 3, "p/q": 2 }),
            ),
            (
                json!([{ "op": "move", "from": "/p~1q", "path": "/x" }]),
                json!({ "a": { "b": [1, 2] }, "m~n": 1, "x": 2 }),
            ),
            (
                json!([{ "op": "copy", "from": "/a", "path": "/c" }, { "op": "remove", "path": "/a" }]),
                json!({ "c": { "b": [1, 2] }, "m~n": 1, "p/q": 2 }),
            ),
            (json!([{ "op": "test", "path": "/a/b/0", "value": 1.0 }]), value.clone()),
            (json!([{ "op": "test", "path": "/nothing", "value": null }]), value.clone()),
        ];
        for (patch, expected) in cases {
            assert_eq!(json(value.clone(), &patch), Ok(expected), "{patch}");
        }
        for patch in [
            json!({}),
            json!([{ "op": "remove", "path": "/x" }]),
            json!([{ "op": "replace", "path": "/x", "value": 1 }]),
            json!([{ "op": "add", "path": "/a/b/3", "value": 1 }]),
            json!([{ "op": "add", "path": "/a/b/01", "value": 1 }]),
            json!([{ "op": "test", "path": "/a", "value": 1 }]),
            json!([{ "op": "move", "from": "/a", "path": "/a/b/0" }]),
            json!([{ "op": "nope", "path": "/a" }]),
            json!([{ "op": "add", "path": "/a" }]),
            json!([{ "path": "/a" }]),
        ] {
            assert!(json(value.clone(), &patch).is_err(), "{patch}");
        }
    }
}
