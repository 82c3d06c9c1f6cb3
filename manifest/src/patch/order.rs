//! In which order the elements of a merged list stand: those of the patch as the patch has them, the others where they
//! were.

use serde_json::Value;

/// Who an element is: its merge key's value, or itself.
pub(super) fn identity<'a>(element: &'a Value, key: Option<&str>) -> &'a Value {
    match key {
        Some(key) => element.get(key).unwrap_or(&Value::Null),
        None => element,
    }
}

/// Puts merged elements in order: `wanted` is the order that the patch asks for, `before` the one that there was.
pub(super) fn arrange(merged: Vec<Value>, wanted: &[Value], before: &[Value], key: Option<&str>) -> Vec<Value> {
    let at =
        |list: &[Value], element: &Value| list.iter().position(|other| identity(other, key) == identity(element, key));
    let (mut asked, mut others): (Vec<Value>, Vec<Value>) =
        merged.into_iter().partition(|element| at(wanted, element).is_some());
    asked.sort_by_key(|element| at(wanted, element));
    // Those that nobody knew before go to the end.
    others.sort_by_key(|element| at(before, element).unwrap_or(usize::MAX));
    let mut arranged = Vec::with_capacity(asked.len() + others.len());
    let (mut asked, mut others) = (asked.into_iter().peekable(), others.into_iter().peekable());
    loop {
        let next = match (others.peek(), asked.peek()) {
            (None, None) => return arranged,
            (Some(_), None) => others.next(),
            (None, Some(_)) => asked.next(),
            (Some(other), Some(one)) => match (at(before, other), at(before, one)) {
                (Some(other), Some(one)) if other < one => others.next(),
                _ => asked.next(),
            },
        };
        arranged.extend(next);
    }
}
