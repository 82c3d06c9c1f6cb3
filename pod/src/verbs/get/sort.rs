//! `--sort-by`: the order of objects by what a path finds in them, as kubectl has it. Pure.

use std::cmp::Ordering;

use manifest::jsonpath::{Found, Template};
use manifest::value::Quantity;
use serde_json::Value;

use crate::answer::Complaint;

/// Sorts what has such values by them; what has none comes first.
///
/// # Errors
/// The path is none, does not fit, or finds nothing in any of them.
pub(super) fn sort<T>(things: &mut Vec<T>, path: &str, value: impl Fn(&T) -> &Value) -> Result<(), Complaint> {
    let template = Template::relaxed(path).map_err(Complaint::plain)?;
    let mut keyed = Vec::with_capacity(things.len());
    let mut found = things.is_empty();
    for thing in things.drain(..) {
        let all = template.find(value(&thing)).map_err(Complaint::plain)?;
        let first = all.into_iter().find_map(|part| match part {
            Found::Values(values) => values.into_iter().next(),
            Found::Text(_) => None,
        });
        found |= first.is_some();
        keyed.push((first.filter(|value| !value.is_null()), thing));
    }
    if !found {
        let shown =
            if path.starts_with('{') { path.to_owned() } else { format!("{{.{}}}", path.trim_start_matches('.')) };
        return Err(Complaint::Plain(format!("couldn't find any field with path {shown:?} in the list of objects")));
    }
    keyed.sort_by(|(one, _), (other, _)| match (one, other) {
        (None, None) => Ordering::Equal,
        (None, _) => Ordering::Less,
        (_, None) => Ordering::Greater,
        (Some(one), Some(other)) => order(one, other),
    });
    things.extend(keyed.into_iter().map(|(_, thing)| thing));
    Ok(())
}

fn order(one: &Value, other: &Value) -> Ordering {
    if let (Some(one), Some(other)) = (one.as_f64(), other.as_f64()) {
        return one.total_cmp(&other);
    }
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let (one, other) = (text(one), text(other));
    match (one.parse::<Quantity>(), other.parse::<Quantity>()) {
        (Ok(one), Ok(other)) => one.cmp(&other),
        _ => natural(&one, &other),
    }
}

/// Numbers within text count as numbers.
fn natural(one: &str, other: &str) -> Ordering {
    let (mut one, mut other) = (one, other);
    while let (Some(a), Some(b)) = (one.chars().next(), other.chars().next()) {
        if a.is_ascii_digit() && b.is_ascii_digit() {
            let number = |text: &str| text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
            let ((first, rest), (second, further)) = (one.split_at(number(one)), other.split_at(number(other)));
            let plain = [first, second].map(|digits| digits.trim_start_matches('0'));
            let order = plain[0].len().cmp(&plain[1].len()).then_with(|| plain[0].cmp(plain[1]));
            let order = order.then_with(|| first.len().cmp(&second.len()));
            if order != Ordering::Equal {
                return order;
            }
            (one, other) = (rest, further);
        } else if a == b {
            (one, other) = (&one[a.len_utf8()..], &other[b.len_utf8()..]);
        } else {
            return a.cmp(&b);
        }
    }
    one.len().cmp(&other.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn sorted(values: &[Value]) -> Result<Vec<String>, Complaint> {
        let mut values: Vec<Value> = values.iter().map(|value| json!({ "x": value })).collect();
        sort(&mut values, ".x", |value| value)?;
        Ok(values.iter().map(|value| value["x"].to_string()).collect())
    }

    #[test]
    fn values_are_in_kubectls_order() {
        for (values, expected) in [
            (json!(["web-10", "web-9", "web-09", "a"]), ["\"a\"", "\"web-9\"", "\"web-09\"", "\"web-10\""]),
            (json!([10, 9, null, 2]), ["null", "2", "9", "10"]),
            (json!(["1Gi", "100Mi", "2k", "1"]), ["\"1\"", "\"2k\"", "\"100Mi\"", "\"1Gi\""]),
            (json!([true, false, true, false]), ["false", "false", "true", "true"]),
        ] {
            let values: Vec<Value> = serde_json::from_value(values).expect("a list");
            assert_eq!(sorted(&values).expect("sorted"), expected);
        }
        assert!(sorted(&[]).is_ok_and(|all| all.is_empty()));
        let mut all = vec![json!({})];
        let trouble = "couldn't find any field with path \"{.spec.x}\" in the list of objects";
        assert_eq!(sort(&mut all, "spec.x", |value| value), Err(Complaint::Plain(trouble.to_owned())));
    }
}
