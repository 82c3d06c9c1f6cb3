//! What is waited for: `--for`, understood, and whether an object has come to it. Pure.

use manifest::jsonpath::{Found, Template};
use serde_json::Value;

use crate::answer::Complaint;

/// What is waited for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Goal {
    Created,
    Deleted,
    /// A condition of the status, and what it is to be.
    Condition {
        name: String,
        value: String,
    },
    /// A path that is to find something, or just this.
    Path {
        template: Template,
        value: Option<String>,
    },
}

const FORMAT: &str = "jsonpath wait format must be --for=jsonpath='{.status.readyReplicas}'=3 or \
                      --for=jsonpath='{.status.readyReplicas}'";

impl Goal {
    /// Reads what was typed.
    ///
    /// # Errors
    /// It is nothing that can be waited for.
    pub(super) fn parse(text: &str) -> Result<Self, Complaint> {
        match text.to_lowercase().as_str() {
            "create" => return Ok(Self::Created),
            "delete" => return Ok(Self::Deleted),
            _ => {}
        }
        if let Some(condition) = text.strip_prefix("condition=") {
            let (name, value) = condition.split_once('=').unwrap_or((condition, "true"));
            return Ok(Self::Condition { name: name.to_owned(), value: value.to_owned() });
        }
        let Some(typed) = text.strip_prefix("jsonpath=") else {
            return Err(Complaint::Plain(format!("unrecognized condition: {text:?}")));
        };
        let path = &typed[..end_of_path(typed)];
        let value = match &typed[path.len()..] {
            "" => None,
            rest => Some(rest.strip_prefix('=').filter(|value| !value.contains('=')).ok_or(Complaint::plain(FORMAT))?),
        };
        let value = value.map(|value| value.trim_matches(['\'', '"']).to_owned());
        if value.as_ref().is_some_and(String::is_empty) {
            return Err(Complaint::plain(
                "jsonpath wait has to have a value after equal sign, like --for=jsonpath='{.status.readyReplicas}'=3",
            ));
        }
        let template = Template::relaxed(path).map_err(Complaint::plain)?;
        Ok(Self::Path { template, value })
    }

    /// Whether an object has come to it.
    ///
    /// # Errors
    /// What the path finds cannot be compared.
    pub(super) fn is_met(&self, object: &Value) -> Result<bool, String> {
        match self {
            Self::Created => Ok(true),
            Self::Deleted => Ok(false),
            Self::Condition { name, value } => Ok(holds(object, name, value)),
            Self::Path { template, value } => finds(template, value.as_deref(), object),
        }
    }
}

/// Where a path ends; an equals sign within its braces is part of it.
fn end_of_path(typed: &str) -> usize {
    let (mut depth, mut quote) = (0_usize, None);
    for (at, letter) in typed.char_indices() {
        match (quote, letter) {
            (Some(open), _) if letter == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') if depth > 0 => quote = Some(letter),
            (None, '{') => depth += 1,
            (None, '}') => depth = depth.saturating_sub(1),
            (None, '=') if depth == 0 => return at,
            (None, _) => {}
        }
    }
    typed.len()
}

fn holds(object: &Value, name: &str, wanted: &str) -> bool {
    let none = Vec::new();
    let conditions = object["status"]["conditions"].as_array().unwrap_or(&none);
    let alike = |one: &str, other: &str| one.to_lowercase() == other.to_lowercase();
    let named = |condition: &&Value| condition["type"].as_str().is_some_and(|kind| alike(kind, name));
    let Some(condition) = conditions.iter().find(named) else { return false };
    // One that was seen before the last change says nothing of what is wanted now.
    let seen = condition["observedGeneration"].as_i64().or_else(|| object["status"]["observedGeneration"].as_i64());
    let is_old = seen.zip(object["metadata"]["generation"].as_i64()).is_some_and(|(seen, wanted)| seen < wanted);
    !is_old && condition["status"].as_str().is_some_and(|status| alike(status, wanted))
}

fn finds(template: &Template, wanted: Option<&str>, object: &Value) -> Result<bool, String> {
    let found = template.find(object).map_err(|error| error.to_string())?;
    let lists: Vec<Vec<Value>> = found
        .into_iter()
        .map(|part| match part {
            Found::Values(values) => values,
            Found::Text(text) => vec![Value::String(text)],
        })
        .collect();
    let values = match lists.as_slice() {
        [] => return Ok(false),
        [values] => values,
        _ => return Err("given jsonpath expression matches more than one list".to_owned()),
    };
    let value = match values.as_slice() {
        [] => return Ok(false),
        [value] => value,
        _ => return Err("given jsonpath expression matches more than one value".to_owned()),
    };
    let Some(wanted) = wanted else { return Ok(true) };
    let text = match value {
        Value::Array(_) | Value::Object(_) => {
            return Err("jsonpath leads to a nested object or list which is not supported".to_owned());
        }
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    Ok(text.trim() == wanted.trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn met(text: &str) -> Result<bool, String> {
        let object = json!({
            "metadata": { "generation": 2 },
            "status": { "phase": "Running", "n": 3, "list": [1, 2], "conditions": [
                { "type": "Ready", "status": "True", "observedGeneration": 2 },
                { "type": "Old", "status": "True", "observedGeneration": 1 },
                { "type": "Off", "status": "False" },
            ] },
        });
        Goal::parse(text).map_err(|complaint| format!("{complaint:?}")).and_then(|goal| goal.is_met(&object))
    }

    #[test]
    fn what_is_waited_for_is_told_as_by_kubectl() {
        for (text, expected) in [
            ("condition=ready", true),
            ("condition=Ready=TRUE", true),
            ("condition=Ready=false", false),
            ("condition=Off=false", true),
            ("condition=Old", false),
            ("condition=Nosuch", false),
            ("jsonpath={.status.phase}=Running", true),
            ("jsonpath=.status.phase=\"Running\"", true),
            ("jsonpath={.status.n}=3", true),
            ("jsonpath={.status.n}=4", false),
            ("jsonpath={.status.phase}", true),
            ("jsonpath={.status.nosuch}", false),
            ("jsonpath={.status.conditions[?(@.type==\"Ready\")].status}=True", true),
            ("create", true),
            ("delete", false),
        ] {
            assert_eq!(met(text), Ok(expected), "{text}");
        }
        for text in ["", "foo", "jsonpath={.a}=", "jsonpath={.a}=b=c", "jsonpath={.a[}=b"] {
            assert!(Goal::parse(text).is_err(), "{text}");
        }
        assert!(met("jsonpath={.status.list}=1").is_err_and(|trouble| trouble.contains("nested")));
        assert!(met("jsonpath={.status.list[*]}=1").is_err_and(|trouble| trouble.contains("more than one value")));
    }
}
