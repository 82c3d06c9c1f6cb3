//! What is nearly always the reason of an error, where one thing is.

use std::io;

use nix::errno::Errno;

use super::Error;
use launch::Kind;

impl Error {
    /// What is nearly always the reason, where one thing is.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Join { kinds, source: Errno::EPERM, .. } if !kinds.contains(&Kind::User) => {
                Some("needs root, or the user namespace that owns the others (-U)")
            }
            Self::Join { source: Errno::EPERM, .. } => Some("needs root, or to be the owner of the user namespace"),
            Self::Open { source, .. } | Self::Look { source, .. } | Self::Environment { source, .. }
                if source.kind() == io::ErrorKind::PermissionDenied =>
            {
                Some("the process belongs to somebody else; needs root")
            }
            Self::Look { source, .. } if source.raw_os_error() == Some(Errno::ENOSYS as i32) => {
                Some("needs Linux 5.4 or later")
            }
            Self::NamespaceId { source: Errno::EOPNOTSUPP | Errno::EINVAL, .. } => Some("needs Linux 6.18 or later"),
            Self::NamespaceId { source: Errno::ESTALE, .. } => Some("there is none of that id (any more)"),
            Self::MainThreadEnded { .. } => Some("a thread that runs can be named by its own id, see /proc/PID/task"),
            Self::OldPidFile { .. } => Some("name the pid itself if it is the one that is meant"),
            Self::Registry(error) => error.hint(),
            Self::Container(error) => error.hint(),
            Self::Launch(error) => error.hint(),
            _ => None,
        }
    }
}
