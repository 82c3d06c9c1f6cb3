//! What can go wrong with a container, and how it is said.

use std::io;
use std::path::PathBuf;

use launch::seccomp::SeccompError;
use launch::{InvalidLimit, Unseen};
use nix::errno::Errno;
use reaper::ExitCode;

use crate::spec::Unspeakable;

/// A container that did not come about. Nothing of it is left.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The process that holds the pod's namespaces has ended.
    #[error("the pod has ended")]
    Ended,
    /// Whether it has cannot be told.
    #[error("cannot tell whether the pod lives")]
    Unseen(#[source] Unseen),
    /// The pod's namespaces cannot be looked at.
    #[error("cannot look at the pod's namespaces")]
    Look(#[source] io::Error),
    /// They cannot be entered.
    #[error("cannot enter the pod")]
    Enter(#[source] Errno),
    /// Layers cannot be put on each other.
    #[error("cannot make a root directory of the image's layers")]
    Layers(#[source] Errno),
    /// What is there cannot be the pod's.
    #[error("cannot mount {what} with the ids of the pod's user namespace")]
    Mapped {
        /// What.
        what: String,
        /// Why.
        #[source]
        source: Errno,
    },
    /// The kernel is too old.
    #[error("cannot make a container's mounts: this kernel cannot make mounts apart from their places")]
    TooOld,
    /// The container's terminal cannot be had.
    #[error("cannot make a terminal in the container")]
    Terminal(#[source] io::Error),
    /// A limit makes no sense.
    #[error(transparent)]
    Limit(#[from] InvalidLimit),
    /// A seccomp profile cannot be opened.
    #[error("cannot open the seccomp profile {}", path.display())]
    Profile {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A seccomp profile cannot be used.
    #[error(transparent)]
    Seccomp(#[from] SeccompError),
    /// Another runtime cannot be told of it.
    #[error(transparent)]
    Unspeakable(#[from] Unspeakable),
    /// What another runtime is told cannot be written.
    #[error("cannot write the bundle {}", path.display())]
    Bundle {
        /// Where.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A step on the way to the command failed.
    #[error(transparent)]
    Launch(#[from] launch::Error),
}

impl Error {
    /// What to exit with.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self {
            // There is no such user in the image: nothing that was typed could be told to be wrong.
            Self::Launch(launch::Error::NoSuchUser { .. } | launch::Error::NoSuchGroup { .. }) => ExitCode::Failure,
            Self::Launch(error) => error.exit_code(),
            Self::Limit(_) => ExitCode::Usage,
            _ => ExitCode::Failure,
        }
    }

    /// That layers cannot be put on each other here, be it for the kernel, for the file system or for who
    /// we are, though there is nothing wrong with any of them.
    #[must_use]
    pub fn lacks_layers(&self) -> Option<Errno> {
        match self {
            Self::Layers(errno @ (Errno::ENODEV | Errno::EINVAL | Errno::EPERM | Errno::EOPNOTSUPP)) => Some(*errno),
            _ => None,
        }
    }

    /// What is nearly always the reason, where one thing is.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::TooOld => Some("needs Linux 5.12"),
            Self::Mapped { source: Errno::EINVAL | Errno::EPERM, .. } => {
                Some("a file system that maps ids has to be there, and we have to be the machine's root")
            }
            Self::Launch(launch::Error::Execute { source: Errno::ENOENT, .. }) => {
                Some("it was looked for in the container's own PATH, below its own root directory")
            }
            Self::Launch(error) => error.hint(),
            _ => None,
        }
    }
}
