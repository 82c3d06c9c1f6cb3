//! What can go wrong between a plan and a running command, and how it is said.

use std::ffi::{NulError, OsString};
use std::io;

use nix::errno::Errno;
use reaper::ExitCode;

use crate::kind::Kind;
use crate::name::Name;
use crate::registry::RegistryError;
use crate::sys::Step;

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
    /// The pod is recorded, but its pause process has ended and its namespaces with it.
    #[error("cannot join pod {name}: its pause process has ended")]
    PodIsDead {
        /// The pod.
        name: Name,
    },
    /// The pod's record cannot be used.
    #[error(transparent)]
    Registry(#[from] RegistryError),
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
    #[error("cannot join the {} of pid {pid}", namespaces(kinds))]
    Join {
        /// Which namespaces were to be entered at once.
        kinds: Vec<Kind>,
        /// Whose.
        pid: i32,
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
    /// The working directory cannot be entered.
    #[error("cannot change to directory {}", directory.display())]
    Directory {
        /// Which.
        directory: std::path::PathBuf,
        /// Why.
        #[source]
        source: Errno,
    },
    /// The command could not be executed.
    #[error("cannot execute {}", program.display())]
    Execute {
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
}

impl Error {
    /// What to exit with.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Execute { source, .. } => ExitCode::of_exec_error(*source as i32),
            _ => ExitCode::Failure,
        }
    }

    /// What is nearly always the reason, where one thing is.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Join { kinds, source: Errno::EPERM, .. } if !kinds.contains(&Kind::User) => {
                Some("needs root, or the user namespace that owns the others (-U)")
            }
            Self::Join { source: Errno::EPERM, .. } => Some("needs root, or to be the owner of the user namespace"),
            Self::Open { source, .. } | Self::Look { source, .. }
                if source.kind() == io::ErrorKind::PermissionDenied =>
            {
                Some("the process belongs to somebody else; needs root")
            }
            Self::Step { step: Step::Fork, source: Errno::ENOMEM } => {
                Some("the init of the target's pid namespace is dead, and nothing can be started there any more")
            }
            Self::Look { source, .. } if source.raw_os_error() == Some(Errno::ENOSYS as i32) => {
                Some("needs Linux 5.4 or later")
            }
            Self::Registry(RegistryError::NotOurs { .. }) => Some("$POD_STATE_DIR names another"),
            Self::PodIsDead { .. } => Some("`pod delete` removes what is left of it"),
            _ => None,
        }
    }
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
        let execute = |source| Error::Execute { program: "x".into(), source };
        assert_eq!(execute(Errno::ENOENT).exit_code(), ExitCode::NotFound);
        assert_eq!(execute(Errno::EACCES).exit_code(), ExitCode::CannotExecute);
        assert_eq!(Error::NoSuchProcess { pid: 1 }.exit_code(), ExitCode::Failure);
        let directory = Error::Directory { directory: "/x".into(), source: Errno::ENOENT };
        assert_eq!(directory.exit_code(), ExitCode::Failure);
    }
}
