//! What can go wrong with the registry, and how it is said.

use std::io;
use std::path::PathBuf;

use launch::{RecordError, Unseen};

use crate::name::Name;

/// The registry, or what it has of a pod, cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// There is none of that name.
    #[error("no pod named {name} in {}", root.display())]
    NoSuchPod {
        /// The name asked for.
        name: Name,
        /// Where it was looked for.
        root: PathBuf,
    },
    /// The pod's pause process has ended, and everything in the pod with it.
    #[error("pod {name} is dead: its pause process has ended")]
    Dead {
        /// The pod.
        name: Name,
    },
    /// The pod has ended because somebody takes it apart.
    #[error("pod {name} is being deleted")]
    Deleting {
        /// The pod.
        name: Name,
    },
    /// It cannot be told whether the pod's pause process runs.
    #[error("cannot tell whether pod {name} runs")]
    Unseen {
        /// The pod.
        name: Name,
        /// Why.
        #[source]
        source: Unseen,
    },
    /// Nothing can be told of any process.
    #[error("cannot tell which processes run")]
    Blind(#[source] Unseen),
    /// The directory of pods belongs to somebody else, or others may write to it or move it: what it
    /// says may be meant to lead us astray.
    #[error("the state directory {} is not ours alone: {why}", root.display())]
    NotOurs {
        /// Which.
        root: PathBuf,
        /// What is wrong with it, or with a directory above it.
        why: String,
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
    /// A record is not what was written.
    #[error("the record {} is damaged", path.display())]
    Damaged {
        /// Which.
        path: PathBuf,
        /// How.
        #[source]
        source: Damage,
    },
    /// A record is of a version that we do not know.
    #[error("cannot understand the record {}: it is of version {theirs}, and this program knows version {ours}", path.display())]
    OtherVersion {
        /// Which.
        path: PathBuf,
        /// Its version.
        theirs: u32,
        /// The newest that we know.
        ours: u32,
    },
    /// Somebody else has had a lock for longer than we wait.
    #[error("{} is locked{}", path.display(), by.map(|pid| format!(" by process {pid}")).unwrap_or_default())]
    Locked {
        /// What is locked.
        path: PathBuf,
        /// By whom, where the kernel tells.
        by: Option<i32>,
    },
}

impl RegistryError {
    /// What is nearly always the reason, or the way out, where one thing is.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Dead { .. } => Some("`pod delete` removes what is left of it"),
            Self::NotOurs { .. } => Some("$POD_STATE_DIR names another"),
            Self::OtherVersion { .. } => Some("a newer pod has made it, and can delete it"),
            Self::File { operation: "create", source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                Some("$POD_STATE_DIR names another place for pods")
            }
            Self::Unseen { source: Unseen::Record(record), .. } => record.downcast_ref::<Self>().and_then(Self::hint),
            Self::Unseen { source, .. } | Self::Blind(source) => match source {
                Unseen::OtherPids { .. } | Unseen::OtherClock { .. } => Some("ask where the pod was made"),
                Unseen::NotOurProc => Some("mount a /proc of this pid namespace"),
                _ => None,
            },
            _ => None,
        }
    }
}

/// How a record is damaged.
#[derive(Debug, thiserror::Error)]
pub enum Damage {
    /// That of a process.
    #[error(transparent)]
    Process(#[from] RecordError),
    /// One in JSON.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// It is not there.
    #[error("it is missing")]
    Missing,
}

/// Wraps the failure of an operation on a file.
pub fn file(operation: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> RegistryError {
    move |source| RegistryError::File { operation, path: path.into(), source }
}

/// Wraps what is wrong with a record.
pub(crate) fn damaged<T: Into<Damage>>(path: PathBuf) -> impl FnOnce(T) -> RegistryError {
    move |source| RegistryError::Damaged { path, source: source.into() }
}
