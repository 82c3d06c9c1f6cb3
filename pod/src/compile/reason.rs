//! Why a container does not start, and why a pod is not taken at all, in the words of a cluster.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a container waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Waiting {
    /// Nothing has been tried yet, or the sandbox or a volume is not there.
    ContainerCreating,
    /// The same, in a pod with init containers.
    PodInitializing,
    /// The image's name is none.
    InvalidImageName,
    /// The image is not here, and is never to be fetched.
    ErrImageNeverPull,
    /// The image is here, and cannot be read.
    ImageInspectError,
    /// The image could not be fetched.
    ErrImagePull,
    /// Its registry does not answer.
    RegistryUnavailable,
    /// The image could not be fetched, and is tried again later.
    ImagePullBackOff,
    /// What its process is to be made of is missing or contradicts itself.
    CreateContainerConfigError,
    /// It could not be made.
    CreateContainerError,
    /// It was made and could not be started.
    RunContainerError,
    /// What was to be done after its start failed.
    PostStartHookError,
    /// It has ended, and is started again later.
    CrashLoopBackOff,
}

/// Why a container cannot be started now; it is tried again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// The reason.
    pub reason: Waiting,
    /// What is wrong.
    pub message: String,
}

/// Why a pod is not taken: it has failed, and stays so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("Pod was rejected: {message}")]
pub struct Rejection {
    /// The reason: `SysctlForbidden`.
    pub reason: String,
    /// What is wrong.
    pub message: String,
}

impl Waiting {
    /// The reason's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ContainerCreating => "ContainerCreating",
            Self::PodInitializing => "PodInitializing",
            Self::InvalidImageName => "InvalidImageName",
            Self::ErrImageNeverPull => "ErrImageNeverPull",
            Self::ImageInspectError => "ImageInspectError",
            Self::ErrImagePull => "ErrImagePull",
            Self::RegistryUnavailable => "RegistryUnavailable",
            Self::ImagePullBackOff => "ImagePullBackOff",
            Self::CreateContainerConfigError => "CreateContainerConfigError",
            Self::CreateContainerError => "CreateContainerError",
            Self::RunContainerError => "RunContainerError",
            Self::PostStartHookError => "PostStartHookError",
            Self::CrashLoopBackOff => "CrashLoopBackOff",
        }
    }
}

impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Refusal {
    /// Its process cannot be said.
    pub(super) fn config(message: impl Into<String>) -> Self {
        Self { reason: Waiting::CreateContainerConfigError, message: message.into() }
    }

    /// It cannot be made.
    pub(super) fn create(message: impl Into<String>) -> Self {
        Self { reason: Waiting::CreateContainerError, message: message.into() }
    }
}

impl Rejection {
    pub(super) fn new(reason: &str, message: impl Into<String>) -> Self {
        Self { reason: reason.to_owned(), message: message.into() }
    }
}
