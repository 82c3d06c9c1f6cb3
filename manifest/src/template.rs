//! Templates of manifests: `${NAME}` stands for a value, `$${NAME}` for itself. Everything else is as it was written,
//! `$(NAME)` and a shell's `${NAME:-x}` included.

use std::collections::BTreeMap;

use crate::text::Place;

/// A name that stands for nothing, or for what cannot stand there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// Nobody says what it stands for.
    #[error("${{{0}}} is not defined")]
    Undefined(String),
    /// It would end the line, or is nothing that anybody could see.
    #[error("the value of ${{{0}}} has a control character")]
    Control(String),
}

/// The text with values in the place of their names.
///
/// # Errors
/// All that cannot be filled in, each with its place.
pub fn fill(text: &str, values: &BTreeMap<String, String>) -> Result<String, Vec<(Place, TemplateError)>> {
    let mut filled = String::with_capacity(text.len());
    let mut troubles = Vec::new();
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let mut rest = line;
        while let Some(at) = rest.find("${") {
            let (before, after) = rest.split_at(at);
            let Some(name) = name(&after[2..]) else {
                filled.push_str(before);
                filled.push_str("${");
                rest = &after[2..];
                continue;
            };
            rest = &after[name.len() + 3..];
            if let Some(before) = before.strip_suffix('$') {
                filled.push_str(before);
                filled.push_str(&after[..name.len() + 3]);
                continue;
            }
            filled.push_str(before);
            let trouble = match values.get(name) {
                None => TemplateError::Undefined(name.to_owned()),
                Some(value) if value.contains(char::is_control) => TemplateError::Control(name.to_owned()),
                Some(value) => {
                    filled.push_str(value);
                    continue;
                }
            };
            let column = line[..line.len() - rest.len() - name.len() - 3].chars().count() + 1;
            let place = Place {
                line: u32::try_from(number + 1).unwrap_or(u32::MAX),
                column: u32::try_from(column).unwrap_or(u32::MAX),
            };
            troubles.push((place, trouble));
        }
        filled.push_str(rest);
    }
    if troubles.is_empty() { Ok(filled) } else { Err(troubles) }
}

/// The name at the beginning of a text, if a brace follows it.
fn name(text: &str) -> Option<&str> {
    let (name, _) = text.split_once('}')?;
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let begins = name.bytes().next().is_some_and(|first| !first.is_ascii_digit());
    (begins && name.bytes().all(is_part)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str) -> Result<String, Vec<String>> {
        let values = [("TAG", "1.2"), ("_x9", ""), ("BAD", "a\nb"), ("SELF", "${TAG}")];
        let values = values.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let told = |(place, error): (Place, TemplateError)| format!("{}:{}: {error}", place.line, place.column);
        fill(text, &values).map_err(|troubles| troubles.into_iter().map(told).collect())
    }

    #[test]
    fn names_in_braces_stand_for_values_and_nothing_else_does() {
        for (text, expected) in [
            ("image: web:${TAG}\n", "image: web:1.2\n"),
            ("${TAG}${TAG}", "1.21.2"),
            ("a${_x9}b", "ab"),
            ("$${TAG} $$${TAG}", "${TAG} $${TAG}"),
            ("$(TAG) $TAG ${TAG:-x} ${} ${1} ${ TAG } ${", "$(TAG) $TAG ${TAG:-x} ${} ${1} ${ TAG } ${"),
            ("${${TAG}}", "${1.2}"),
            // What a value says is not looked into again.
            ("${SELF}", "${TAG}"),
            ("ä${TAG}\r\n", "ä1.2\r\n"),
        ] {
            assert_eq!(filled(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_not_defined_is_told_with_its_place_all_of_it() {
        let expected = [
            "1:4: ${A} is not defined",
            "2:1: ${B_2} is not defined",
            "2:8: the value of ${BAD} has a control character",
        ];
        assert_eq!(filled("ä: ${A} ${TAG}\n${B_2} ${BAD}\n"), Err(expected.map(str::to_owned).to_vec()));
    }
}
