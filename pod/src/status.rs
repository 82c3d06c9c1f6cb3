//! What a pod's machine means to whoever asks: the object's status, and what `get` makes of it. Purely.

mod describe;
mod event;
mod object;
mod resources;
mod row;

pub use describe::describe;
pub use event::{Event, LISTED, LISTED_WIDE, events};
pub use object::pod;
pub use row::{Row, row};
