//! What is to be done.

use serde::{Deserialize, Serialize};

use super::{Job, ProbeKind};

/// What is to be done. What takes time is answered by an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    /// Make the volumes ready.
    PrepareVolumes,
    /// Make the sandbox.
    MakeSandbox,
    /// Have the ports lead into the sandbox that the plan has, and no others.
    Publish,
    /// End the sandbox, and whatever is left in it.
    RemoveSandbox,
    /// See that a container's image is here.
    FetchImage {
        /// The container.
        container: String,
        /// The errand.
        job: Job,
        /// Whether a registry may be asked: not, while it is left in peace after a failure.
        may_fetch: bool,
    },
    /// Launch a container.
    Launch {
        /// The container.
        container: String,
        /// How many there were before this one.
        instance: u32,
    },
    /// Do what is to be done after a container's start.
    PostStart {
        /// The container.
        container: String,
        /// The errand.
        job: Job,
    },
    /// Do what is to be done before a container is asked to end.
    PreStop {
        /// The container.
        container: String,
        /// The errand.
        job: Job,
    },
    /// Give up on a hook, a probe or an image.
    Abandon {
        /// The errand.
        job: Job,
    },
    /// Ask a container how it is.
    Probe {
        /// The container.
        container: String,
        /// What it is asked.
        kind: ProbeKind,
        /// The errand.
        job: Job,
    },
    /// Ask a container to end, by the signal that it wants.
    Stop {
        /// The container.
        container: String,
        /// Which of its instances.
        instance: u32,
    },
    /// Kill a container.
    Kill {
        /// The container.
        container: String,
        /// Which of its instances.
        instance: u32,
    },
    /// The pod was deleted, and has ended: forget it.
    Forget,
}

impl Action {
    /// Whether whoever finds it not done, or does not know that it was, would do the same again and no harm by it.
    #[must_use]
    pub fn can_be_done_again(&self) -> bool {
        matches!(self, Self::PrepareVolumes | Self::MakeSandbox | Self::FetchImage { .. })
    }
}
