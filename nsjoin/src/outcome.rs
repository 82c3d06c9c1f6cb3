//! What was really done, as plain data.

use std::path::PathBuf;

use nix::errno::Errno;
use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};

use launch::Identity;
use launch::Kind;

/// What opening a plan found, and spawning carried out: the command's process compares each inode
/// with its own before it executes the command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// The process that the target was resolved to; none for namespaces that were named as files.
    pub target: Option<Identity>,
    /// Namespaces that are joined, in the order of entering.
    pub joined: Vec<Joined>,
    /// Namespaces that were asked for and in which we already are.
    pub shared: Vec<Kind>,
    /// Namespaces that were left out, and why.
    pub skipped: Vec<Skipped>,
    /// The directories of the control groups that are joined. JSON has no bytes that are no UTF-8.
    #[serde(serialize_with = "lossy")]
    pub cgroups: Vec<PathBuf>,
    /// What is not certain, and was done all the same.
    pub doubts: Vec<Doubt>,
}

/// Something that speaks against what was done, without telling.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Doubt {
    /// The pid may have gone to another process since.
    #[error("{} is older than pid {pid}, unless the clock, which has been set since boot, makes it so", path.display())]
    OldPidFile {
        /// The pid file.
        path: PathBuf,
        /// The pid in it.
        pid: i32,
    },
    /// What asks there for the name of its terminal finds none.
    #[error("the command has a terminal of here, for want of one of the target's")]
    TerminalOfHere {
        /// Why.
        #[source]
        source: Errno,
    },
}

impl Serialize for Doubt {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A namespace that is joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Joined {
    /// Its kind.
    pub kind: Kind,
    /// Its inode, by which `/proc/PID/ns` names it.
    pub inode: u64,
}

/// A namespace that was left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// Its kind.
    pub kind: Kind,
    /// Why.
    pub reason: &'static str,
}

/// Paths as JSON can have them.
pub(crate) fn lossy<S: Serializer>(paths: &[PathBuf], serializer: S) -> Result<S::Ok, S::Error> {
    let mut sequence = serializer.serialize_seq(Some(paths.len()))?;
    for path in paths {
        sequence.serialize_element(&path.to_string_lossy())?;
    }
    sequence.end()
}
