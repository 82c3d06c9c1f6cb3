//! What was really done, as plain data.

use serde::Serialize;

use crate::kind::Kind;

/// What opening a plan found, and spawning carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// Namespaces that were joined, in the order of entering.
    pub joined: Vec<Kind>,
    /// Namespaces that were asked for and in which we already were.
    pub shared: Vec<Kind>,
    /// Namespaces that were left out, and why.
    pub skipped: Vec<Skipped>,
}

/// A namespace that was left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// Its kind.
    pub kind: Kind,
    /// Why.
    pub reason: &'static str,
}
