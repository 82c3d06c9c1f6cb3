//! kubectl's jsonpath: a template of text and paths in braces, with ranges. Not the JSONPath of RFC 9535.

mod columns;
mod eval;
mod parse;

use serde_json::Value;

use crate::emit;

pub use columns::{Columns, InvalidColumns};
pub use eval::EvalError;
pub use parse::ParseError;

/// A template that was understood.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    parts: Vec<parse::Part>,
    strict: bool,
}

/// What a part of a template found: text, or values.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// Text of the template.
    Text(String),
    /// Values of the object.
    Values(Vec<Value>),
}

impl Template {
    /// Reads a template, as `-o jsonpath=` takes it.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        parse::template(text).map(|parts| Self { parts, strict: false })
    }

    /// Reads a path that need not be in braces nor begin with a dot, as `--sort-by` and columns take it.
    ///
    /// # Errors
    /// It is none.
    pub fn relaxed(text: &str) -> Result<Self, ParseError> {
        let inner = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or(text);
        let dot = if inner.starts_with(['.', '[', '$']) || inner.is_empty() { "" } else { "." };
        Self::parse(&format!("{{{dot}{inner}}}"))
    }

    /// The same, for which a field that is not there is an error: `--allow-missing-template-keys=false`.
    #[must_use]
    pub fn strict(self, strict: bool) -> Self {
        Self { strict, ..self }
    }

    /// What it finds in a value, part by part.
    ///
    /// # Errors
    /// An index out of bounds, a filter on what is no list, or a comparison of what cannot be compared.
    pub fn find(&self, value: &Value) -> Result<Vec<Found>, EvalError> {
        eval::find(&self.parts, value, self.strict)
    }

    /// What `-o jsonpath=` prints.
    ///
    /// # Errors
    /// As `find`.
    pub fn print(&self, value: &Value) -> Result<String, EvalError> {
        let parts = self.find(value)?.into_iter().map(|found| match found {
            Found::Text(text) => text,
            Found::Values(values) => values.iter().map(show).collect::<Vec<_>>().join(" "),
        });
        Ok(parts.collect())
    }

    /// What `-o jsonpath-as-json=` prints: a list for each part.
    ///
    /// # Errors
    /// As `find`.
    pub fn print_json(&self, value: &Value) -> Result<String, EvalError> {
        let lists = self.find(value)?.into_iter().map(|found| match found {
            Found::Text(text) => emit::json(&Value::from(vec![text])),
            Found::Values(values) => emit::json(&Value::Array(values)),
        });
        Ok(lists.collect())
    }
}

/// A value in a line of text.
fn show(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Number(number) => match number.as_f64().filter(|_| number.is_f64()) {
            Some(float) => emit::general(float),
            None => number.to_string(),
        },
        other => emit::compact(other),
    }
}
