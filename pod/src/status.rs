//! What a pod's machine means to whoever asks: the object's status, and what `get` makes of it. Purely.

mod object;
mod row;

pub use object::pod;
pub use row::{Row, row};
