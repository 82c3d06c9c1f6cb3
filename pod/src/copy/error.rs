//! What can go wrong with copying, and how it is said: in kubectl's words where it has some.

use std::io;
use std::path::PathBuf;

use reaper::ExitCode;
use rustix::io::Errno;

/// Something that was not copied, and why.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CopyError {
    /// It leads nowhere.
    #[error("filespec must match the canonical format: [POD:]file/path")]
    Spec,
    /// It leads to nothing.
    #[error("filepath can not be empty")]
    Empty,
    /// A workload's files are copied from here, or to here.
    #[error("one of src or dest must be a local file specification")]
    BothRemote,
    /// For files of here there is cp.
    #[error("one of src or dest must be a remote file specification")]
    BothLocal,
    /// There is nothing to be copied.
    #[error("{} doesn't exist in local filesystem", path.display())]
    NotLocal {
        /// Where it is not.
        path: PathBuf,
    },
    /// A link leads elsewhere where it is copied to.
    #[error("skipping symlink: {path:?} -> {to:?}")]
    Link {
        /// Where it is.
        path: PathBuf,
        /// Where it leads.
        to: PathBuf,
    },
    /// What is no file has no contents.
    #[error("skipping {kind}: {path:?}")]
    Special {
        /// What it is.
        kind: &'static str,
        /// Where it is.
        path: PathBuf,
    },
    /// Only a file has bytes, or a name that may be taken.
    #[error("cannot copy {}: it is no file", path.display())]
    NoFile {
        /// What.
        path: PathBuf,
    },
    /// A name that leads somewhere.
    #[error("file {path:?} is outside target destination, skipping")]
    Outside {
        /// As it was given.
        path: PathBuf,
    },
    /// Something about a file was refused.
    #[error("cannot {operation} {}", path.display())]
    File {
        /// What was to be done.
        operation: &'static str,
        /// With which.
        path: PathBuf,
        /// Why.
        #[source]
        source: Errno,
    },
    /// The bytes of a file cannot be copied.
    #[error("cannot copy {}", path.display())]
    Bytes {
        /// Whose.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// What comes is no archive, or cannot be written.
    #[error("cannot {operation} the archive")]
    Archive {
        /// What was to be done with it.
        operation: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl CopyError {
    pub(crate) fn file(operation: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(Errno) -> Self {
        move |source| Self::File { operation, path: path.into(), source }
    }

    /// What to exit with.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Spec | Self::Empty | Self::BothRemote | Self::BothLocal => ExitCode::Usage,
            _ => ExitCode::Failure,
        }
    }
}
