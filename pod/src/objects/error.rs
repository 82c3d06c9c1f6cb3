//! What can go wrong with objects that are kept.

use std::path::PathBuf;

use registry::RegistryError;

use super::key::Key;

/// Objects cannot be read or kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ObjectsError {
    /// There is one of that name.
    #[error("{} already exists", .0.quoted())]
    Exists(Key),
    /// There is none of that name.
    #[error("{} not found", .0.quoted())]
    Missing(Key),
    /// It is another one than was meant, or was changed meanwhile.
    #[error("Operation cannot be fulfilled on {}: {trouble}", key.quoted())]
    Conflict {
        /// Which.
        key: Key,
        /// In an API server's words.
        trouble: String,
    },
    /// Where it would be is about to go.
    #[error("{} is forbidden: unable to create new content in namespace {} because it is being terminated", .0.quoted(), .0.namespace().unwrap_or_default())]
    Terminating(Key),
    /// It cannot go.
    #[error("{} is forbidden: this namespace may not be deleted", .0.quoted())]
    Needed(Key),
    /// The directory, or something in it, cannot be used.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// Others could have written what is in there.
    #[error("the data directory {} is not ours alone: {why}", root.display())]
    NotOurs {
        /// Which.
        root: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// What is kept there is no object, or another one.
    #[error("the object {} is damaged: {trouble}", path.display())]
    Damaged {
        /// Where.
        path: PathBuf,
        /// In what way.
        trouble: String,
    },
}
