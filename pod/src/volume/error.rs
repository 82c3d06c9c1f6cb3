//! What can go wrong with a volume, as the kubelet says so in an event.

use std::io;
use std::path::PathBuf;

/// A volume, or a part of it, cannot be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VolumeError {
    /// What it is made of is not there, or a path of the machine is not what it has to be.
    #[error("{0}")]
    Refused(String),
    /// A file or directory could not be used.
    #[error("cannot {operation} {}", path.display())]
    File {
        /// What was to be done with it.
        operation: &'static str,
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A directory tree could not be listed or removed.
    #[error(transparent)]
    Registry(#[from] registry::RegistryError),
    /// Nothing could be mounted in the pod.
    #[error(transparent)]
    Join(#[from] nsjoin::Error),
    /// The kernel mounts no such thing there.
    #[error("cannot mount {what}")]
    Mount {
        /// What.
        what: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A part of a volume is not there, is somewhere else, or cannot be made. Where is nobody's business.
    #[error("failed to prepare subPath for volumeMount {volume:?} of container {container:?}")]
    SubPath {
        /// The volume.
        volume: String,
        /// Who mounts it.
        container: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The kernel gives no random numbers.
    #[error("cannot make a key for tokens")]
    Key,
}

/// Wraps the failure of an operation on a file.
pub(super) fn file(operation: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> VolumeError {
    move |source| VolumeError::File { operation, path: path.into(), source }
}
