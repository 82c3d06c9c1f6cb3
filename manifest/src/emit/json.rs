//! JSON as kubectl prints it: keys sorted, four blanks, what HTML would take for markup escaped.

use std::fmt::Write as _;

use serde_json::{Map, Number, Value};

use super::json_float;

/// A value as `kubectl -o json` prints it, with a line's end at the end.
#[must_use]
pub fn json(value: &Value) -> String {
    let mut text = String::new();
    write(&mut text, value, Some(0));
    text.push('\n');
    text
}

/// A value in one line, as it stands in annotations.
#[must_use]
pub fn compact(value: &Value) -> String {
    let mut text = String::new();
    write(&mut text, value, None);
    text
}

/// Keys in order of their bytes, whatever order the map keeps.
pub(super) fn sorted(map: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let mut entries: Vec<_> = map.iter().collect();
    entries.sort_by_key(|(key, _)| *key);
    entries
}

pub(super) fn number(number: &Number) -> String {
    match (number.as_i64(), number.as_u64(), number.as_f64()) {
        (Some(number), _, _) => number.to_string(),
        (None, Some(number), _) => number.to_string(),
        (None, None, Some(number)) => json_float(number),
        (None, None, None) => number.to_string(),
    }
}

fn write(text: &mut String, value: &Value, indent: Option<usize>) {
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(bool) => text.push_str(if *bool { "true" } else { "false" }),
        Value::Number(value) => text.push_str(&number(value)),
        Value::String(string) => quote(text, string),
        Value::Array(list) if list.is_empty() => text.push_str("[]"),
        Value::Object(map) if map.is_empty() => text.push_str("{}"),
        Value::Array(list) => {
            text.push('[');
            for (number, value) in list.iter().enumerate() {
                begin(text, number, indent);
                write(text, value, indent.map(|indent| indent + 1));
            }
            end(text, indent);
            text.push(']');
        }
        Value::Object(map) => {
            text.push('{');
            for (number, (key, value)) in sorted(map).into_iter().enumerate() {
                begin(text, number, indent);
                quote(text, key);
                text.push_str(if indent.is_some() { ": " } else { ":" });
                write(text, value, indent.map(|indent| indent + 1));
            }
            end(text, indent);
            text.push('}');
        }
    }
}

fn begin(text: &mut String, number: usize, indent: Option<usize>) {
    if number > 0 {
        text.push(',');
    }
    if let Some(indent) = indent {
        let _ = write!(text, "\n{:width$}", "", width = (indent + 1) * 4);
    }
}

fn end(text: &mut String, indent: Option<usize>) {
    if let Some(indent) = indent {
        let _ = write!(text, "\n{:width$}", "", width = indent * 4);
    }
}

fn quote(text: &mut String, string: &str) {
    text.push('"');
    for character in string.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            '\0'..=' ' if character < ' ' => {
                let _ = write!(text, "\\u{:04x}", u32::from(character));
            }
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                let _ = write!(text, "\\u{:04x}", u32::from(character));
            }
            _ => text.push(character),
        }
    }
    text.push('"');
}
