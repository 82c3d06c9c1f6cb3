//! Why a container's first process was not found.

use std::io;
use std::path::PathBuf;

/// A container that cannot be joined, or cannot be found.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ContainerError {
    /// Two characters may begin the ids of many.
    #[error("no container has the id {id}, and the beginning of one takes {least} characters")]
    TooShort {
        /// What was asked for.
        id: String,
        /// How many it takes.
        least: usize,
    },
    /// No runtime has left word of such a container.
    #[error("no container {id} in {}{}", paths(looked), passed_over(passed))]
    NoSuchContainer {
        /// What was asked for.
        id: String,
        /// The directories that were looked into.
        looked: Vec<PathBuf>,
        /// Those that were not.
        passed: Vec<Passed>,
    },
    /// Two containers are meant by it.
    #[error("{id} is two containers: {} and {}", one.display(), other.display())]
    Ambiguous {
        /// What was asked for.
        id: String,
        /// The state directory of the first.
        one: PathBuf,
        /// The state directory of another.
        other: PathBuf,
    },
    /// Others may write to what tells of the container: it may be meant to lead us astray.
    #[error("{} is not root's or ours alone", path.display())]
    NotOurs {
        /// Which directory or file.
        path: PathBuf,
    },
    /// What the runtime has left could not be read.
    #[error("cannot read the state of container {id}")]
    Unreadable {
        /// Whose.
        id: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// What the runtime has left is not what runtimes leave.
    #[error("cannot make sense of {}", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// How.
        #[source]
        source: serde_json::Error,
    },
    /// It was made, and its command has not been started.
    #[error("container {id} has not been started")]
    NotStarted {
        /// Which.
        id: String,
    },
    /// Its first process has ended.
    #[error("container {id} has ended")]
    Ended {
        /// Which.
        id: String,
    },
    /// The engine says that it does not run.
    #[error("container {id} does not run: it is {status}")]
    NotRunning {
        /// Which.
        id: String,
        /// In the engine's word.
        status: String,
    },
    /// The engine named another process the second time.
    #[error("container {id} was started anew while it was looked up")]
    StartedAnew {
        /// Which.
        id: String,
    },
    /// The process that the engine names bears no mark of the container.
    #[error("cannot find container {id}: pid {pid} here is not of it")]
    Elsewhere {
        /// Which.
        id: String,
        /// The pid, as the engine counts.
        pid: i32,
    },
    /// The record names a pid and no start time, and who has that pid bears no mark of the container.
    #[error("cannot find container {id}: pid {pid} bears no mark of it")]
    Unmarked {
        /// Which.
        id: String,
        /// The pid in the record.
        pid: i32,
    },
    /// Its process could not be looked at.
    #[error("cannot look at pid {pid} of container {id}")]
    Look {
        /// Whose.
        id: String,
        /// Which.
        pid: i32,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The engine's client could not be run.
    #[error("cannot ask {client} for container {id}")]
    NoClient {
        /// The program.
        client: &'static str,
        /// What was asked for.
        id: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The engine's client had another answer than a pid.
    #[error("cannot find container {id}")]
    Refused {
        /// What was asked for.
        id: String,
        /// In the client's words.
        #[source]
        source: Said,
    },
}

/// A state directory that was not looked into.
#[derive(Debug)]
pub struct Passed {
    /// Which.
    pub root: PathBuf,
    /// Why; without a reason, because others may write to it.
    pub reason: Option<io::Error>,
}

/// The last line that a client said.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Said(pub String);

impl ContainerError {
    /// What is nearly always the reason, where one thing is.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        let denied = |error: &io::Error| error.kind() == io::ErrorKind::PermissionDenied;
        match self {
            Self::NoSuchContainer { passed, .. } if passed.iter().any(|it| it.reason.as_ref().is_some_and(denied)) => {
                Some("the containers of root take root to find")
            }
            Self::NoSuchContainer { .. } => Some("$NSJOIN_RUNTIME_ROOTS names other state directories"),
            Self::Unreadable { source, .. } | Self::Look { source, .. } if denied(source) => Some("needs root"),
            Self::Elsewhere { .. } => Some("the engine is on another machine, or counts pids for itself"),
            Self::Unmarked { .. } => Some("its record has no start time: the pid may have gone to another since"),
            _ => None,
        }
    }
}

fn paths(looked: &[PathBuf]) -> String {
    if looked.is_empty() {
        return "any state directory of a runtime".to_owned();
    }
    looked.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

fn passed_over(passed: &[Passed]) -> String {
    let each = passed.iter().map(|it| match &it.reason {
        Some(reason) => format!("; cannot look into {}: {}", it.root.display(), reason.kind()),
        None => format!("; {} is not root's or ours alone", it.root.display()),
    });
    each.collect()
}
