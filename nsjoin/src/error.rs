//! What can go wrong between a plan and a running command, and how it is said.

mod hint;

use std::io;
use std::path::PathBuf;

use nix::errno::Errno;
use reaper::ExitCode;

use crate::container::ContainerError;
use crate::plan::InvalidPlan;
use launch::Kind;
use registry::RegistryError;

/// A join that did not come about.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No process has this pid.
    #[error("cannot join pid {pid}: no such process")]
    NoSuchProcess {
        /// The pid.
        pid: i32,
    },
    /// The process has ended and has no namespaces any more; its parent has not waited for it.
    #[error("cannot join pid {pid}: it has ended")]
    Ended {
        /// The pid.
        pid: i32,
    },
    /// The main thread has ended, and its namespaces with it; others of the process run.
    #[error("cannot join pid {pid}: its main thread has ended")]
    MainThreadEnded {
        /// The pid.
        pid: i32,
    },
    /// Kernel threads run no program and are in nobody's pod.
    #[error("cannot join pid {pid}: it is a kernel thread")]
    KernelThread {
        /// The pid.
        pid: i32,
    },
    /// The process that was meant has ended, and its pid has gone to another.
    #[error("cannot join pid {pid}: it is another process now, the one that was meant has ended")]
    Recycled {
        /// The pid.
        pid: i32,
    },
    /// The pod's record cannot be used.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The container cannot be found.
    #[error(transparent)]
    Container(#[from] ContainerError),
    /// The command cannot be launched.
    #[error(transparent)]
    Launch(#[from] launch::Error),
    /// The plan makes no sense.
    #[error(transparent)]
    Plan(#[from] InvalidPlan),
    /// A file that was named cannot be opened.
    #[error("cannot open {}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file leads to no target.
    #[error("cannot join {}: it is neither a namespace nor a directory of namespaces nor a pid file", path.display())]
    NoTarget {
        /// Which.
        path: PathBuf,
    },
    /// A pid file is older than the process that has the pid now.
    #[error("cannot join pid {pid} of {}: the process began after the file was written", path.display())]
    OldPidFile {
        /// The file.
        path: PathBuf,
        /// The pid in it.
        pid: i32,
    },
    /// A descriptor is no pidfd.
    #[error("cannot join the process of descriptor {number}: it is no pidfd")]
    Descriptor {
        /// Which.
        number: i32,
        /// Why.
        #[source]
        source: Errno,
    },
    /// The process of a pidfd has ended.
    #[error("cannot join the process of descriptor {number}: it has ended")]
    DescriptorEnded {
        /// Which.
        number: i32,
    },
    /// A file is no namespace.
    #[error("cannot join {}: it is no namespace", path.display())]
    NotANamespace {
        /// Which.
        path: PathBuf,
    },
    /// A file is a namespace of another kind.
    #[error("cannot join {}: it is a {found} namespace, not a {wanted} namespace", path.display())]
    WrongKind {
        /// Which.
        path: PathBuf,
        /// The kind that was asked for.
        wanted: Kind,
        /// The kind that it is of.
        found: Kind,
    },
    /// A directory of namespaces lacks one.
    #[error("cannot join a {kind} namespace: there is none in {}", directory.display())]
    NotInDirectory {
        /// Which.
        kind: Kind,
        /// Where.
        directory: PathBuf,
    },
    /// No namespace of this id can be opened.
    #[error("cannot open the namespace of id {id}")]
    NamespaceId {
        /// The id.
        id: u64,
        /// Why.
        #[source]
        source: Errno,
    },
    /// The namespace of a socket cannot be had.
    #[error("cannot open the network namespace of socket {number} of pid {pid}")]
    Socket {
        /// The descriptor.
        number: i32,
        /// Whose.
        pid: i32,
        /// Why.
        #[source]
        source: Errno,
    },
    /// The user namespace that owns another cannot be had.
    #[error("cannot open the owning user namespace")]
    Owner {
        /// Why.
        #[source]
        source: Errno,
    },
    /// A namespace cannot be looked at.
    #[error("cannot look at the {kind} namespace of {name}")]
    Namespace {
        /// Which.
        kind: Kind,
        /// Whose.
        name: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The target's environment cannot be read.
    #[error("cannot read the environment of pid {pid}")]
    Environment {
        /// Whose.
        pid: i32,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A process could not be looked at.
    #[error("cannot look at pid {pid}")]
    Look {
        /// The pid.
        pid: i32,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A namespace file could not be opened.
    #[error("cannot open the {kind} namespace of pid {pid}")]
    Open {
        /// Which.
        kind: Kind,
        /// Whose.
        pid: i32,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The kernel has no such namespaces.
    #[error("cannot join a {kind} namespace: this kernel has none")]
    NoSuchKind {
        /// Which.
        kind: Kind,
    },
    /// The kernel refused the join.
    #[error("cannot join the {}{}", namespaces(kinds), of(*pid))]
    Join {
        /// Which namespaces were to be entered at once.
        kinds: Vec<Kind>,
        /// Whose; none for namespaces that were named as files.
        pid: Option<i32>,
        /// Why.
        #[source]
        source: Errno,
    },
    /// The command was to end with our parent, and that has ended.
    #[error("cannot launch the command: our parent, with which it was to end, has ended")]
    ParentEnded,
    /// The pid cannot be written down.
    #[error("cannot write the pid file {}", path.display())]
    PidFile {
        /// Where.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It cannot be told how the command goes.
    #[error("cannot write the report")]
    Events {
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Stdout takes nothing.
    #[error("cannot write to stdout")]
    Output {
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl Error {
    /// What to exit with.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Launch(error) => error.exit_code(),
            // What is named is not there: nothing was begun.
            Self::Plan(_)
            | Self::NotANamespace { .. }
            | Self::WrongKind { .. }
            | Self::NoTarget { .. }
            | Self::Descriptor { .. } => ExitCode::Usage,
            _ => ExitCode::Failure,
        }
    }
}

fn of(pid: Option<i32>) -> String {
    pid.map_or(String::new(), |pid| format!(" of pid {pid}"))
}

fn namespaces(kinds: &[Kind]) -> String {
    let names: Vec<_> = kinds.iter().map(|kind| kind.name()).collect();
    match names.as_slice() {
        [] => "namespaces".to_owned(),
        [one] => format!("{one} namespace"),
        [rest @ .., last] => format!("{} and {last} namespaces", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn namespaces_are_listed_as_a_sentence_would() {
        assert_eq!(namespaces(&[Kind::Net]), "net namespace");
        assert_eq!(namespaces(&[Kind::Ipc, Kind::Uts, Kind::Net]), "ipc, uts and net namespaces");
    }
}
