//! The root directory of a container, before anything is mounted below it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The root directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Root {
    /// Layers that many containers share, with one of its own on top.
    Layers {
        /// The unpacked layers, the topmost first. There is at least one.
        lowers: Vec<PathBuf>,
        /// Where its own changes go.
        writable: Writable,
    },
    /// A directory of its own.
    Directory(PathBuf),
}

/// The layer that takes a container's own changes: two directories of one file system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Writable {
    /// The changes.
    pub upper: PathBuf,
    /// What the kernel needs besides.
    pub work: PathBuf,
    /// Whether that may be lost with the machine: then nothing of it is written to a disk for its own sake, neither for
    /// an fsync(2) in the container nor, with all else that is on that disk, when its root is taken apart. Such layers can
    /// be mounted once. Linux 6.5 keeps to it, before that they are as others.
    #[serde(default)]
    pub volatile: bool,
}

impl Root {
    /// Every directory that it is made of, with what it is called in complaints.
    pub(super) fn paths(&self) -> Vec<(&'static str, &PathBuf)> {
        match self {
            Self::Directory(path) => vec![("the root directory", path)],
            Self::Layers { lowers, writable } => {
                let own = [("the writable layer", &writable.upper), ("the work directory", &writable.work)];
                lowers.iter().map(|path| ("a layer", path)).chain(own).collect()
            }
        }
    }
}
