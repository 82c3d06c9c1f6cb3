//! What can go wrong with a pod, and how it is said.

use std::io;
use std::path::PathBuf;

use nix::errno::Errno;
use nsjoin::Name;
use reaper::ExitCode;

use crate::control::Refusal;
use crate::plan::Contradiction;
use crate::publish::Publish;

/// An operation on a pod that did not come about. Nothing of it is left behind.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The pod's parts contradict each other.
    #[error(transparent)]
    Contradiction(#[from] Contradiction),
    /// There is no such pod.
    #[error("no pod named {name} in {}", root.display())]
    NoSuchPod {
        /// The name asked for.
        name: Name,
        /// Where it was looked for.
        root: PathBuf,
    },
    /// There is a pod of that name, dead or alive.
    #[error("a pod named {name} exists already")]
    NameInUse {
        /// The name asked for.
        name: Name,
    },
    /// Another process is at work on the pod.
    #[error("another command is at work on pod {name}")]
    Busy {
        /// The pod.
        name: Name,
    },
    /// The pod's pause process has ended, and everything in the pod with it.
    #[error("pod {name} is dead: its pause process has ended")]
    Dead {
        /// The pod.
        name: Name,
    },
    /// There is no such workload in the pod.
    #[error("no workload named {workload} in pod {pod}")]
    NoSuchWorkload {
        /// The pod.
        pod: Name,
        /// The name asked for.
        workload: Name,
    },
    /// The workload has ended.
    #[error("workload {workload} of pod {pod} has ended")]
    WorkloadEnded {
        /// The pod.
        pod: Name,
        /// The workload.
        workload: Name,
    },
    /// No workload's name can be made of the program's.
    #[error("no name can be made of {program:?}")]
    NoName {
        /// The program.
        program: std::ffi::OsString,
    },
    /// The registry cannot be trusted.
    #[error(transparent)]
    Registry(#[from] nsjoin::RegistryError),
    /// A file of the registry could not be used.
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
    /// A record is not what this program writes.
    #[error("the record {} is damaged", path.display())]
    Damaged {
        /// Which.
        path: PathBuf,
        /// How.
        #[source]
        source: serde_json::Error,
    },
    /// No pause program was found.
    #[error("cannot find the pause program")]
    NoPause,
    /// A port could not be published.
    #[error("cannot publish {publish}")]
    Publish {
        /// Which.
        publish: Publish,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The kernel refused a step of making the sandbox.
    #[error("cannot {step}")]
    Sandbox {
        /// Which.
        step: String,
        /// Why.
        #[source]
        source: Errno,
    },
    /// The pod's supervisor did not start, or did not answer.
    #[error("cannot {operation} the supervisor of pod {name}")]
    Supervisor {
        /// What was to be done.
        operation: &'static str,
        /// The pod.
        name: Name,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The supervisor could not do what it was asked; it has said why.
    #[error("{}", .0.message)]
    Refused(Refusal),
    /// A process of the pod could not be signalled or waited for.
    #[error("cannot end {what} of pod {name}")]
    End {
        /// Which.
        what: &'static str,
        /// The pod.
        name: Name,
        /// Why.
        #[source]
        source: Errno,
    },
    /// Joining the pod failed.
    #[error(transparent)]
    Join(#[from] nsjoin::Error),
    /// The command could not be launched, or is lost.
    #[error(transparent)]
    Launch(#[from] launch::Error),
    /// A forwarder could not do its work.
    #[error(transparent)]
    Forward(#[from] crate::forwarder::ForwardError),
    /// The output could not be written.
    #[error("cannot write the output")]
    Output(#[source] io::Error),
}

impl Error {
    /// What to exit with.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Contradiction(_) | Self::NoName { .. } => ExitCode::Usage,
            Self::Join(error) => error.exit_code(),
            Self::Launch(error) => error.exit_code(),
            Self::Refused(refusal) => refusal.exit_code(),
            _ => ExitCode::Failure,
        }
    }

    /// What is nearly always the reason, where one thing is.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::Dead { .. } => Some("`pod delete` removes what is left of it"),
            Self::NoName { .. } => Some("--name gives one"),
            Self::NoPause => Some("it is looked for beside this program, then in PATH; --pause names another"),
            Self::Registry(nsjoin::RegistryError::NotOurs { .. }) => Some("$POD_STATE_DIR names another"),
            Self::Publish { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                Some("ports below 1024 need root (net.ipv4.ip_unprivileged_port_start)")
            }
            Self::Sandbox { source: Errno::EPERM | Errno::EUSERS | Errno::ENOSPC, .. } => {
                Some("needs root, or user namespaces for everybody (user.max_user_namespaces and the like)")
            }
            Self::Join(error) => error.hint(),
            Self::Launch(error) => error.hint(),
            Self::Refused(refusal) => refusal.hint.as_deref(),
            _ => None,
        }
    }
}

/// Wraps the failure of an operation on a file.
pub(crate) fn file(operation: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Error {
    move |source| Error::File { operation, path: path.into(), source }
}
