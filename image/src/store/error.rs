//! What can go wrong with the store, and how it is said.

use std::io;
use std::path::PathBuf;

use registry::RegistryError;

use crate::digest::{Digest, InvalidDigest};

/// The store, or what is in it, cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The directory belongs to somebody else, or others may write to it or move it.
    #[error("the data directory {} is not ours alone: {why}", root.display())]
    NotOurs {
        /// Which.
        root: PathBuf,
        /// What is wrong with it, or with a directory above it.
        why: String,
    },
    /// Another program has laid it out.
    #[error("the data directory {} has a layout that is not known: {found:?}", root.display())]
    Layout {
        /// Which.
        root: PathBuf,
        /// What it says of itself.
        found: String,
    },
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
    /// A lock, a listing or a removal failed.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// Nobody can collect while others use it.
    #[error("the data directory {} is in use{}", root.display(), by.map(|pid| format!(" by process {pid}")).unwrap_or_default())]
    InUse {
        /// Which.
        root: PathBuf,
        /// By whom, where the kernel tells.
        by: Option<i32>,
    },
    /// A descriptor has a digest that cannot be verified.
    #[error("cannot verify a blob")]
    Digest(#[from] InvalidDigest),
    /// A blob is not in the store.
    #[error("no blob {0} in the store")]
    NoBlob(Digest),
    /// More came than there should be.
    #[error("blob {digest} is longer than the {expected} bytes that it is said to have")]
    Longer {
        /// Of which blob.
        digest: Digest,
        /// How many bytes it should have.
        expected: u64,
    },
    /// Less came than there should be.
    #[error("blob {digest} ends after {found} of {expected} bytes")]
    Shorter {
        /// Of which blob.
        digest: Digest,
        /// How many bytes it should have.
        expected: u64,
        /// How many there are.
        found: u64,
    },
    /// Something else came.
    #[error("blob {expected} is none: what came has the digest {found}")]
    OtherDigest {
        /// What it should have been.
        expected: Digest,
        /// What it is.
        found: Digest,
    },
    /// A blob in the store is not what was put into it.
    #[error("blob {digest} in the store is damaged: {how}")]
    Damaged {
        /// Which.
        digest: Digest,
        /// How.
        how: String,
    },
    /// A record in the store is not what was written.
    #[error("{} is damaged", path.display())]
    DamagedRecord {
        /// Which.
        path: PathBuf,
        /// How.
        #[source]
        source: serde_json::Error,
    },
}

impl StoreError {
    /// What is nearly always the reason, or the way out, where one thing is.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NotOurs { .. } | Self::Layout { .. } => Some("$POD_DATA_DIR names another"),
            Self::File { source, .. } => match source.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                    Some("`pod image prune` removes what no image and no container needs")
                }
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                    Some("$POD_DATA_DIR names another place for images")
                }
                _ => None,
            },
            Self::InUse { .. } => Some("run it again when no image is being pulled, loaded or started"),
            Self::Damaged { .. } => Some("`pod image remove` the image, then pull or load it again"),
            _ => None,
        }
    }
}

/// Wraps the failure of an operation on a file.
pub(crate) fn file(operation: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> StoreError {
    move |source| StoreError::File { operation, path: path.into(), source }
}
