//! What can go wrong between what is wanted and a running command, and how it is said.

mod explain;
mod hint;

use std::ffi::{NulError, OsString};
use std::io;
use std::path::PathBuf;

use nix::errno::Errno;
use reaper::ExitCode;

use crate::op::Op;

pub use explain::Names;

/// A launch that did not come about.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Something of a process was asked for, and the target is none.
    #[error("the target is no process and has no {}", what.trim_start_matches("a ").trim_start_matches("an "))]
    NoProcess {
        /// What was asked for.
        what: &'static str,
    },
    /// /proc is missing, or is none.
    #[error("cannot use /proc")]
    Proc {
        /// Why.
        #[source]
        source: io::Error,
    },
    /// There is no such control group.
    #[error("no cgroup {} in any hierarchy that is mounted here", name.display())]
    NoSuchCgroup {
        /// As it was named.
        name: PathBuf,
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
    /// A word for the command has a zero byte in it, which no program can be given.
    #[error("cannot hand a zero byte to a command")]
    ZeroByte(#[from] NulError),
    /// A step between joining and executing failed.
    #[error("cannot {op}")]
    Step {
        /// Which.
        op: Box<Op>,
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
    /// The command's file is there; what it names as its interpreter or loader is not.
    #[error("cannot execute {}: its interpreter", program.display())]
    Interpreter {
        /// As it was named.
        program: OsString,
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
    /// No process could be made, waited for or signalled.
    #[error("cannot {operation} the command")]
    Process {
        /// Launch, wait for, signal.
        operation: &'static str,
        /// Why.
        #[source]
        source: Errno,
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
}

impl Error {
    /// What to exit with.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Execute { source, .. } | Self::Interpreter { source, .. } => ExitCode::of_exec_error(*source as i32),
            // What is named is not there: nothing was begun.
            Self::NoSuchCgroup { .. } | Self::NoSuchUser { .. } | Self::NoSuchGroup { .. } => ExitCode::Usage,
            _ => ExitCode::Failure,
        }
    }

    /// That everything was there that it takes, and a step between joining and executing failed.
    #[must_use]
    pub fn is_of_a_step(&self) -> bool {
        let before = matches!(self, Self::Step { .. } | Self::Directory { .. } | Self::Escaped { .. });
        before || matches!(self, Self::Execute { .. } | Self::Interpreter { .. } | Self::KilledBefore { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_failed_exec_has_the_codes_of_a_failed_exec() {
        let execute = |source| Error::Execute { program: "x".into(), inside: false, sealed: false, source };
        assert_eq!(execute(Errno::ENOENT).exit_code(), ExitCode::NotFound);
        assert_eq!(execute(Errno::EACCES).exit_code(), ExitCode::CannotExecute);
        let directory = Error::Directory { directory: "/x".into(), source: Errno::ENOENT.into() };
        assert_eq!(directory.exit_code(), ExitCode::Failure);
    }
}
