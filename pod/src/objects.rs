//! What was applied: objects, kept in the data directory until they are deleted.
//!
//! ```text
//! objects/                          locked by who changes something
//! objects/.version                  the version of all of this
//! objects/.revision                 the number of the last change
//! objects/.draft                    what is being written
//! objects/NAMESPACE/KINDS/NAME      an object, as JSON
//! objects/_/KINDS/NAME              one that is in no namespace
//! claims/UID/                       what is in the volume of a claim
//! objects/NAMESPACE/bell            rung when a config map or a secret of it has changed
//! pods/UID/bell                     rung when the object of this pod has
//! ```
//!
//! An object is written whole and renamed, so whoever reads needs no lock and never finds half of one; what a command
//! has told is on the disk. There is no list of them beside the files.

mod bell;
mod error;
mod key;
mod stamp;
mod store;
mod version;

use std::path::{Path, PathBuf};

pub(crate) use bell::{hang, listen, of_files, of_pod};
pub use error::ObjectsError;
pub use key::Key;
pub(crate) use store::{Changing, Objects, node_name, suffix, uid, would_become};

/// What goes with the pod of this uid, on disk.
pub(crate) fn kept(data: &Path, uid: &str) -> PathBuf {
    data.join("pods").join(uid)
}

/// Where all objects are.
fn root(data: &Path) -> PathBuf {
    data.join("objects")
}
