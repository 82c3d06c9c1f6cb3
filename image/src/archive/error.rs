//! What can go wrong with images in files, and how it is said.

use std::io;
use std::path::PathBuf;

use crate::image::ImageError;
use crate::reference::BadReference;
use crate::store::StoreError;
use crate::unpack::UnpackError;

/// An image that could not be read from a file or written to one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The image.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// A file could not be used.
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
    /// What was read is no archive of images.
    #[error("cannot read images from {from}")]
    Archive {
        /// Where it is.
        from: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// There is nothing to be found in it.
    #[error("{from} has no image: {why}")]
    Nothing {
        /// Where it is.
        from: String,
        /// What was looked for.
        why: String,
    },
    /// A root file system could not be read.
    #[error("cannot import {from}")]
    Import {
        /// Where it is.
        from: String,
        /// Why.
        #[source]
        source: UnpackError,
    },
    /// An image in it has a name that is none.
    #[error(transparent)]
    Name(#[from] BadReference),
}

impl ArchiveError {
    /// What is nearly always the reason, or the way out, where one thing is.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::Store(error) => error.hint(),
            Self::Image(error) => error.hint(),
            Self::Import { source, .. } => source.hint(),
            Self::Nothing { .. } => {
                Some("a root file system without an image's configuration is for `pod image import`")
            }
            _ => None,
        }
    }
}

/// Wraps the failure of an operation on a file.
pub(super) fn file(operation: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> ArchiveError {
    move |source| ArchiveError::File { operation, path: path.into(), source }
}
