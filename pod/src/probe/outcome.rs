//! What comes of asking.

use serde::{Deserialize, Serialize};

/// What comes of asking a container something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Outcome {
    /// It is well.
    Success,
    /// It is well, and this is to be told.
    Warning(String),
    /// It is not.
    Failure(String),
    /// It could not be asked: that says nothing of it.
    Error(String),
}
