//! Changing objects by patches: strategic, merge, JSON, and the three-way merge of `apply`.

mod apply;
mod json;
mod merge;
mod order;
mod strategic;

use serde_json::Value;

pub use apply::{LAST_APPLIED, apply, last_applied, with_last_applied};
pub use json::json;
pub use merge::merge;
pub use strategic::strategic;

/// A patch that does not fit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatchError {
    /// A directive that there is not.
    #[error("unable to parse patch: unknown directive $patch: {0}")]
    Directive(String),
    /// A field that there is not, so nobody knows how to merge what is in it.
    #[error("unable to find api field in struct {of} for the json field {field:?}")]
    NoField {
        /// The type.
        of: &'static str,
        /// The field.
        field: String,
    },
    /// A list that is merged by a key, with an element without it.
    #[error("map: {map} does not contain declared merge key: {key}")]
    NoKey {
        /// The element.
        map: String,
        /// The key.
        key: &'static str,
    },
    /// A list that is merged, of which the elements are not alike.
    #[error("cannot merge lists of different types of elements at {0}")]
    Mixed(String),
    /// A directive whose value is not of its form.
    #[error("unable to parse patch: {0} has to be a list")]
    Form(String),
    /// A JSON patch that is no list of operations.
    #[error("unable to parse {0}: it is no list of operations")]
    NoOperations(String),
    /// An operation that does not apply.
    #[error("{operation} operation does not apply: {trouble}")]
    Operation {
        /// Which.
        operation: String,
        /// Why not.
        trouble: String,
    },
    /// A test that fails.
    #[error("testing value {0} failed: test failed")]
    Test(String),
}

/// Takes null out of objects, at any depth: what a patch removes is not there in what it adds, and what was applied has
/// none.
#[must_use]
pub fn without_null(value: Value) -> Value {
    match value {
        Value::Object(map) => map
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| (key, without_null(value)))
            .collect(),
        Value::Array(list) => list.into_iter().map(without_null).collect(),
        other => other,
    }
}
