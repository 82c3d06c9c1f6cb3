//! Mounts that are nowhere yet, as data.

use std::ffi::CString;
use std::fmt;

use super::Fd;

/// What is made and held: a mount that is attached to nothing, and the like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Made {
    /// Of a new file system.
    Fresh {
        /// Which.
        kind: CString,
        /// What it is told, in this order: a key and its value, or a flag.
        options: Vec<(CString, Option<CString>)>,
        /// What it is told after that: a key, and a file or directory that is held. Linux 6.13
        files: Vec<(CString, Fd)>,
        /// The `MOUNT_ATTR_…` that it has.
        attributes: u64,
    },
    /// A copy of what is mounted.
    Copy {
        /// Where.
        of: Origin,
        /// Whether with all that is mounted below.
        below: bool,
        /// The `MOUNT_ATTR_…` that it has besides.
        attributes: u64,
        /// The `MOUNT_ATTR_…` that it and all below have besides.
        attributes_below: u64,
        /// `MS_PRIVATE`, `MS_SLAVE` or `MS_SHARED`.
        propagation: u64,
        /// The user namespace whose ids the files in it, not below it, have in place of their own. Linux 5.12
        users: Option<Fd>,
    },
    /// The device that swallows everything; that it is this is made sure of (CVE-2025-31133).
    Null,
}

/// What a mount is a copy of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// What this path leads to now.
    Path(CString),
    /// What a path below a root leads to, which no link leads out of.
    Below(Fd, CString),
    /// This file or directory, which has to be of the mount namespace that the process is in.
    Held(Fd),
}

/// What is made at a place where something is to be mounted, and nothing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// A directory.
    Directory,
    /// An empty file.
    File,
    /// The one or the other, as this is: what is to be mounted there.
    As(Fd),
}

/// As it follows `cannot`.
impl fmt::Display for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fresh { kind, .. } => write!(f, "make a mount of {}", kind.to_string_lossy()),
            Self::Copy { of: Origin::Path(path) | Origin::Below(_, path), .. } => {
                write!(f, "mount {}", path.to_string_lossy())
            }
            Self::Copy { of: Origin::Held(_), .. } => f.write_str("mount what is held"),
            Self::Null => f.write_str("find the device /dev/null"),
        }
    }
}
