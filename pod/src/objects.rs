//! What was applied: objects, kept in the data directory until they are deleted.
//!
//! ```text
//! objects/                          locked by who changes something
//! objects/revision                  the number of the last change
//! objects/.draft                    what is being written
//! objects/NAMESPACE/KINDS/NAME      an object, as JSON
//! objects/_/KINDS/NAME              one that is in no namespace
//! claims/UID/                       what is in the volume of a claim
//! ```
//!
//! An object is written whole and renamed, so whoever reads needs no lock and never finds half of one; what a command
//! has told is on the disk. There is no list of them beside the files.

mod error;
mod key;
mod stamp;
mod store;

pub use error::ObjectsError;
pub use key::Key;
pub(crate) use store::{Changing, Objects, node_name, suffix, uid, would_become};
