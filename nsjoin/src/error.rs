//! What can go wrong between a plan and a running command, and how it is said.

mod hint;

use std::ffi::{NulError, OsString};
use std::io;
use std::path::PathBuf;

use nix::errno::Errno;
use reaper::ExitCode;

use crate::container::ContainerError;
use crate::kind::Kind;
use crate::plan::InvalidPlan;
use crate::sys::Step;
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
    /// The plan makes no sense.
    #[error(transparent)]
    Plan(#[from] InvalidPlan),
    /// Something of a process was asked for, and the target is none.
    #[error("the target is no process and has no {}", what.trim_start_matches("a ").trim_start_matches("an "))]
    NoProcess {
        /// What was asked for.
        what: &'static str,
    },
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
    /// /proc is missing, or is none.
    #[error("cannot use /proc")]
    Proc {
        /// Why.
        #[source]
        source: io::Error,
    },
    /// There is no such control group.
    #[error("no cgroup {name} in any hierarchy that is mounted here")]
    NoSuchCgroup {
        /// As it was named.
        name: String,
    },
    /// A process's control group is not below what is mounted here.
    #[error("cannot join cgroup {}: it is not within what is mounted here", path.display())]
    HiddenCgroup {
        /// As the process calls it.
        path: PathBuf,
    },
    /// A control group is frozen, and what goes there with it.
    #[error("cannot join cgroup {}: it is frozen", path.display())]
    Frozen {
        /// Which.
        path: PathBuf,
    },
    /// A control group cannot be opened.
    #[error("cannot join cgroup {}", path.display())]
    Cgroup {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// No user has this name.
    #[error("no user named {name} in the target's /etc/passwd")]
    NoSuchUser {
        /// The name.
        name: String,
    },
    /// No group has this name.
    #[error("no group named {name} in the target's /etc/group")]
    NoSuchGroup {
        /// The name.
        name: String,
    },
    /// The target's users cannot be looked up.
    #[error("cannot read the target's /{name}")]
    Users {
        /// The file.
        name: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The target's user has no id in the target's own user namespace.
    #[error("cannot follow pid {pid}: its id {id} is not mapped into its user namespace")]
    Unmapped {
        /// Whose.
        pid: i32,
        /// As we see it.
        id: u32,
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
    /// The kernel has no such labels.
    #[error("cannot set a label of {module}: this kernel has none, or it is off")]
    NoLabels {
        /// Which module.
        module: &'static str,
    },
    /// The program cannot be copied.
    #[error("cannot seal {}", program.display())]
    Seal {
        /// Which.
        program: PathBuf,
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
    /// A word for the command has a zero byte in it, which no program can be given.
    #[error("cannot hand a zero byte to a command")]
    ZeroByte(#[from] NulError),
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
    /// A step between joining and executing failed.
    #[error("cannot {step}")]
    Step {
        /// Which.
        step: Step,
        /// Why.
        #[source]
        source: Errno,
    },
    /// The working or root directory cannot be entered.
    #[error("cannot change to directory {}", directory.display())]
    Directory {
        /// Which.
        directory: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The working directory leads out of the root that the command would have.
    #[error("cannot change to directory {}: it is outside of the root directory", directory.display())]
    Escaped {
        /// Which.
        directory: PathBuf,
    },
    /// The command could not be executed.
    #[error("cannot execute {}", program.display())]
    Execute {
        /// As it was named.
        program: OsString,
        /// Whether it was looked for in another mount namespace or root than ours.
        inside: bool,
        /// Whether it was a sealed copy.
        sealed: bool,
        /// Why.
        #[source]
        source: Errno,
    },
    /// The process that was to become the command was killed before it could.
    #[error("cannot execute {}: killed before it began", program.display())]
    KilledBefore {
        /// As it was named.
        program: OsString,
    },
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
    /// No process could be made, waited for or signalled.
    #[error("cannot {operation} the command")]
    Process {
        /// Launch, wait for, signal.
        operation: &'static str,
        /// Why.
        #[source]
        source: Errno,
    },
}

impl Error {
    /// What to exit with.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Execute { source, .. } => ExitCode::of_exec_error(*source as i32),
            // What is named is not there: nothing was begun.
            Self::Plan(_)
            | Self::NotANamespace { .. }
            | Self::WrongKind { .. }
            | Self::NoTarget { .. }
            | Self::Descriptor { .. }
            | Self::NoSuchCgroup { .. }
            | Self::NoSuchUser { .. }
            | Self::NoSuchGroup { .. } => ExitCode::Usage,
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

    #[test]
    fn only_a_failed_exec_has_the_codes_of_a_failed_exec() {
        let execute = |source| Error::Execute { program: "x".into(), inside: false, sealed: false, source };
        assert_eq!(execute(Errno::ENOENT).exit_code(), ExitCode::NotFound);
        assert_eq!(execute(Errno::EACCES).exit_code(), ExitCode::CannotExecute);
        assert_eq!(Error::NoSuchProcess { pid: 1 }.exit_code(), ExitCode::Failure);
        let directory = Error::Directory { directory: "/x".into(), source: Errno::ENOENT.into() };
        assert_eq!(directory.exit_code(), ExitCode::Failure);
    }
}
