//! KYAML as kubectl prints it: YAML of braces and brackets, every text in double quotes, nothing that indentation or a
//! missing quote could turn into something else.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::json::{number, sorted};
use crate::text::{Content, scalar};

/// A value as `kubectl -o kyaml` prints it, with the mark of a document before it.
#[must_use]
pub fn kyaml(value: &Value) -> String {
    let mut text = "---\n".to_owned();
    write(&mut text, value, 0);
    text.push('\n');
    text
}

fn write(text: &mut String, value: &Value, indent: usize) {
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(bool) => text.push_str(if *bool { "true" } else { "false" }),
        Value::Number(value) => text.push_str(&number(value)),
        Value::String(string) if string.contains('\n') => lines(text, string, indent + 2),
        Value::String(string) => quote(text, string, true),
        Value::Array(list) if list.is_empty() => text.push_str("[]"),
        Value::Object(map) if map.is_empty() => text.push_str("{}"),
        Value::Array(list) => write_list(text, list, indent),
        Value::Object(map) => write_map(text, map, indent),
    }
}

fn write_list(text: &mut String, list: &[Value], indent: usize) {
    text.push('[');
    if list.iter().all(|value| value.is_object() || value.is_array()) {
        for (number, value) in list.iter().enumerate() {
            text.push_str(if number > 0 { ", " } else { "" });
            write(text, value, indent);
        }
    } else {
        for value in list {
            begin(text, indent + 2);
            write(text, value, indent + 2);
            text.push(',');
        }
        begin(text, indent);
    }
    text.push(']');
}

fn write_map(text: &mut String, map: &Map<String, Value>, indent: usize) {
    text.push('{');
    for (key, value) in sorted(map) {
        begin(text, indent + 2);
        if is_plain_key(key) {
            text.push_str(key);
        } else {
            quote(text, key, false);
        }
        text.push_str(": ");
        write(text, value, indent + 2);
        text.push(',');
    }
    begin(text, indent);
    text.push('}');
}

fn begin(text: &mut String, indent: usize) {
    let _ = write!(text, "\n{:indent$}", "");
}

/// Whether nobody could take a key for anything but a text: words of letters and digits that are no truth, number, date
/// or nothing.
fn is_plain_key(key: &str) -> bool {
    const MEAN_SOMETHING: [&str; 7] = ["t", "f", "true", "false", "nan", "inf", "infinity"];
    const TRUTHS: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "null", "+inf", "-inf"];
    let is_edge = |edge: Option<char>| edge.is_some_and(|edge| edge.is_alphanumeric() || edge == '_');
    is_edge(key.chars().next())
        && is_edge(key.chars().next_back())
        && key.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.' | '/'))
        && !MEAN_SOMETHING.iter().chain(&TRUTHS).any(|word| key.eq_ignore_ascii_case(word))
        && matches!(scalar::resolve(key), Content::Text(_))
        && !scalar::is_timestamp(key)
}

/// A text of several lines, each on one of its own.
fn lines(text: &mut String, string: &str, indent: usize) {
    text.push_str("\"\\");
    for line in string.split_inclusive('\n') {
        begin(text, indent);
        // The first blank of a line is taken for indentation where it is not escaped.
        text.push(if line.starts_with(|first: char| first.is_whitespace() && first != '\n') { '\\' } else { ' ' });
        let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\\n"));
        escape(text, line, true);
        text.push_str(end);
        text.push('\\');
    }
    begin(text, indent);
    text.push('"');
}

fn quote(text: &mut String, string: &str, tabs: bool) {
    text.push('"');
    escape(text, string, tabs);
    text.push('"');
}

fn escape(text: &mut String, string: &str, tabs: bool) {
    for character in string.chars() {
        let letter = match character {
            '\t' if tabs => {
                text.push('\t');
                continue;
            }
            '\0' => '0',
            '\u{7}' => 'a',
            '\u{8}' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\u{b}' => 'v',
            '\u{c}' => 'f',
            '\r' => 'r',
            '\u{1b}' => 'e',
            '"' | '\\' => character,
            '\u{85}' => 'N',
            '\u{a0}' => '_',
            '\u{2028}' => 'L',
            '\u{2029}' => 'P',
            _ => {
                let _ = match u32::from(character) {
                    _ if is_printable(character) => write!(text, "{character}"),
                    code @ 0..0x80 => write!(text, "\\x{code:02x}"),
                    code @ 0x80..=0xffff => write!(text, "\\u{code:04x}"),
                    code => write!(text, "\\U{code:08x}"),
                };
                continue;
            }
        };
        text.push('\\');
        text.push(letter);
    }
}

/// Letters, marks, numbers, signs: what has a shape.
fn is_printable(character: char) -> bool {
    match character {
        ' '..='~' => true,
        '\0'..='\u{9f}' => false,
        // Rust escapes what has none, and marks only where there is no letter before.
        _ => ['a', character].iter().collect::<String>().escape_debug().count() == 2,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::kyaml;
    use crate::text::{Budget, documents};

    #[test]
    fn it_is_yaml_and_reads_back_as_it_was() {
        let value = json!({
            "a": { "b": ["x", 1, null, [1], { "c": true }], "yes": "no", "1": {}, "e/f.g-h": [] },
            "t": "\tone\n  two\n\nthree \"\\\u{1}\u{a0}\u{2028}", "l": [[1, 2], []], "m": [{ "x": "\n" }, {}],
        });
        let text = kyaml(&value);
        let read: Vec<_> =
            documents(&text, &Budget::default()).into_iter().map(|node| node.map(|node| node.to_value())).collect();
        assert_eq!(read, [Ok(value)], "{text}");
    }
}
