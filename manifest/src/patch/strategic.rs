//! Strategic merge patch: lists of objects are merged by the keys that the schema names, directives say what else.

use serde_json::{Map, Value};

use super::order::{arrange, identity};
use super::{PatchError, without_null};
use crate::schema::{Field, Type};

const PATCH: &str = "$patch";
const RETAIN: &str = "$retainKeys";
const ORDER: &str = "$setElementOrder/";
const DELETE: &str = "$deleteFromPrimitiveList/";

/// The value with a patch merged in by the schema of its type.
///
/// # Errors
/// A directive that there is not, or an element of a merged list that cannot be told from others.
pub fn strategic(value: Value, patch: Value, of: &'static Type) -> Result<Value, PatchError> {
    match (value, patch) {
        (Value::Object(value), Value::Object(patch)) => object(value, patch, Some(of)).map(Value::Object),
        (_, patch) => Ok(patch),
    }
}

fn object(
    mut value: Map<String, Value>,
    mut patch: Map<String, Value>,
    of: Option<&'static Type>,
) -> Result<Map<String, Value>, PatchError> {
    match patch.remove(PATCH) {
        None => {}
        Some(Value::String(word)) if word == "replace" => return Ok(patch),
        Some(Value::String(word)) if word == "delete" => return Ok(Map::new()),
        Some(Value::String(word)) if word == "merge" => {}
        Some(other) => return Err(PatchError::Directive(other.to_string())),
    }
    if let Some(retained) = patch.remove(RETAIN) {
        let retained = retained.as_array().cloned().ok_or_else(|| PatchError::Form(RETAIN.to_owned()))?;
        value.retain(|key, _| retained.iter().any(|one| one.as_str() == Some(key)));
    }
    let orders: Vec<String> = patch.keys().filter(|key| key.starts_with(ORDER)).cloned().collect();
    for directive in orders {
        let Some(Value::Array(order)) = patch.remove(&directive) else { return Err(PatchError::Form(directive)) };
        let name = &directive[ORDER.len()..];
        let field = of.and_then(|of| of.field(name));
        let before = value.remove(name);
        let merged = match (before.clone(), patch.remove(name)) {
            (None, None) => continue,
            (Some(before), None) => before,
            (None, Some(new)) => settled(new),
            (Some(before), Some(new)) => self::value(before, new, of, name)?,
        };
        let (Value::Array(merged), key) = (merged, field.and_then(|field| field.merge_key)) else {
            return Err(PatchError::Form(directive));
        };
        let before = before.as_ref().and_then(Value::as_array).cloned().unwrap_or_default();
        value.insert(name.to_owned(), Value::Array(arrange(merged, &order, &before, key)));
    }
    for (key, new) in patch {
        if let Some(name) = key.strip_prefix(DELETE) {
            if let (Some(Value::Array(list)), Value::Array(gone)) = (value.get_mut(name), new) {
                list.retain(|element| !gone.contains(element));
            }
            continue;
        }
        if new.is_null() {
            value.remove(&key);
            continue;
        }
        let merged = match value.remove(&key) {
            None => settled(new),
            Some(before) => self::value(before, new, of, &key)?,
        };
        value.insert(key, merged);
    }
    Ok(value)
}

/// What becomes of the field of this name.
fn value(before: Value, new: Value, of: Option<&'static Type>, name: &str) -> Result<Value, PatchError> {
    let field = || match of {
        Some(of) => of.field(name).map(Some).ok_or_else(|| PatchError::NoField { of: of.name, field: name.to_owned() }),
        None => Ok(None),
    };
    match (before, new) {
        (Value::Object(before), Value::Object(new)) => {
            object(before, new, field()?.and_then(|field| field.holds.target())).map(Value::Object)
        }
        (Value::Array(before), Value::Array(new)) => match field()? {
            Some(field) if field.merges() => list(before, new, field).map(Value::Array),
            _ => Ok(Value::Array(new)),
        },
        (_, new) => Ok(settled(new)),
    }
}

fn list(before: Vec<Value>, patch: Vec<Value>, field: &'static Field) -> Result<Vec<Value>, PatchError> {
    let all = || before.iter().chain(&patch);
    let objects = all().filter(|element| element.is_object()).count();
    if objects == 0 {
        let mut merged: Vec<Value> = Vec::new();
        for element in all() {
            if !merged.contains(element) {
                merged.push(element.clone());
            }
        }
        return Ok(arrange(merged, &patch, &before, None));
    }
    let (Some(key), true) = (field.merge_key, objects == all().count()) else {
        return Err(PatchError::Mixed(field.name.to_owned()));
    };
    let (before, patch) = directives(before, patch, key)?;
    let mut merged = before.clone();
    for element in &patch {
        if element.get(key).is_none() {
            return Err(PatchError::NoKey { map: element.to_string(), key });
        }
        let same = |other: &&mut Value| identity(other, Some(key)) == identity(element, Some(key));
        match merged.iter_mut().find(same) {
            Some(there) => {
                if let (Value::Object(before), Value::Object(new)) = (std::mem::take(there), element.clone()) {
                    *there = Value::Object(object(before, new, field.holds.target())?);
                }
            }
            None => merged.push(settled(element.clone())),
        }
    }
    Ok(arrange(merged, &patch, &before, Some(key)))
}

/// Elements that are no elements but say what is done to the list.
fn directives(
    mut before: Vec<Value>,
    patch: Vec<Value>,
    key: &'static str,
) -> Result<(Vec<Value>, Vec<Value>), PatchError> {
    let mut kept = Vec::new();
    let mut replace = false;
    for element in patch {
        match element.get(PATCH).map(|word| word.as_str().unwrap_or_default()) {
            None => kept.push(element),
            Some("replace") => replace = true,
            Some("delete") => {
                if element.get(key).is_none() {
                    return Err(PatchError::NoKey { map: element.to_string(), key });
                }
                before.retain(|other| identity(other, Some(key)) != identity(&element, Some(key)));
            }
            Some(other) => return Err(PatchError::Directive(other.to_owned())),
        }
    }
    Ok(if replace { (kept, Vec::new()) } else { (before, kept) })
}

/// What a patch adds where nothing was: without null, and without directives.
fn settled(value: Value) -> Value {
    fn plain(value: Value) -> Value {
        match value {
            Value::Object(map) => {
                let is_directive =
                    |key: &str| key == PATCH || key == RETAIN || key.starts_with(ORDER) || key.starts_with(DELETE);
                map.into_iter().filter(|(key, _)| !is_directive(key)).map(|(key, value)| (key, plain(value))).collect()
            }
            Value::Array(list) => {
                let stays = |element: &Value| element.get(PATCH).and_then(Value::as_str) != Some("delete");
                list.into_iter().filter(stays).map(plain).collect()
            }
            other => other,
        }
    }
    plain(without_null(value))
}
