//! What can go wrong with control groups, and what there is none of.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::limits::Controller;

/// A group could not be made, limited or removed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// It cannot be told where groups are.
    #[error("cannot find the cgroups of this machine")]
    Look(#[source] launch::Error),
    /// A limit needs what there is not.
    #[error("cannot limit {controller}: {lack}")]
    Lacking {
        /// What was to be limited.
        controller: Controller,
        /// Why it cannot be.
        lack: Lack,
    },
    /// A directory could not be made.
    #[error("cannot make cgroup {}", path.display())]
    Make {
        /// The group's.
        path: PathBuf,
        /// What the kernel says.
        source: io::Error,
    },
    /// A limit is not one that the kernel takes.
    #[error("cannot set {} to {value}", file.display())]
    Limit {
        /// The limit's file.
        file: PathBuf,
        /// What was written to it.
        value: String,
        /// What the kernel says.
        source: io::Error,
    },
    /// Nobody may be put there.
    #[error("cannot join cgroup {}", path.display())]
    Join {
        /// The group's directory.
        path: PathBuf,
        /// What the kernel says.
        source: io::Error,
    },
    /// A group stays that was to go.
    #[error("cannot remove cgroup {}", path.display())]
    Remove {
        /// The group's directory.
        path: PathBuf,
        /// What the kernel says.
        source: io::Error,
    },
    /// Something of a group could not be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the kernel says.
        source: io::Error,
    },
}

impl Error {
    /// What is nearly always the reason.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Lacking { lack: Lack::NotOurs { .. }, .. } => Some(
                "only root has all cgroups; systemd hands a subtree out: systemd-run --user --scope -p Delegate=yes",
            ),
            Self::Lacking { lack: Lack::Occupied { .. }, .. } => {
                Some("begin in a group without other processes: systemd-run --user --scope -p Delegate=yes")
            }
            Self::Limit { source, .. } => match source.raw_os_error() {
                Some(libc::EBUSY) => Some("more than that is in use already"),
                Some(libc::EINVAL | libc::ERANGE) => Some("the group above it, or the machine, has less"),
                _ => None,
            },
            _ => None,
        }
    }
}

/// A controller that is done without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missed {
    /// Which.
    pub controller: Controller,
    /// Why.
    pub lack: Lack,
}

/// Why a controller cannot be had.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lack {
    /// No hierarchy that is mounted here has it.
    NotHere,
    /// There is no directory of it that we may make a group in.
    NotOurs {
        /// Where it is mounted.
        mounted: PathBuf,
    },
    /// The group that we make ours in does not have it, and cannot pass it on.
    NotPassedOn {
        /// That group.
        path: PathBuf,
        /// What the kernel says.
        reason: String,
    },
    /// The group that we make ours in passes nothing on, for there are processes in it.
    Occupied {
        /// That group.
        path: PathBuf,
    },
    /// Ours could not be made.
    NotMade {
        /// Its directory.
        path: PathBuf,
        /// What the kernel says.
        reason: String,
    },
    /// The group that we make ours in is one of threads.
    Threaded {
        /// That group.
        path: PathBuf,
    },
    /// This kernel has no such limit.
    NoFile {
        /// The file that is not there.
        file: String,
    },
}

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotHere => f.write_str("no cgroup hierarchy with it is mounted here"),
            Self::NotOurs { mounted } => write!(f, "no cgroup below {} is ours to divide", mounted.display()),
            Self::NotPassedOn { path, reason } => {
                write!(f, "cgroup {} does not pass it on: {reason}", path.display())
            }
            Self::Occupied { path } => {
                write!(f, "cgroup {} does not pass it on: processes are in it", path.display())
            }
            Self::NotMade { path, reason } => write!(f, "cannot make cgroup {}: {reason}", path.display()),
            Self::Threaded { path } => write!(f, "cgroup {} is one of threads", path.display()),
            Self::NoFile { file } => write!(f, "this kernel has no {file}"),
        }
    }
}
