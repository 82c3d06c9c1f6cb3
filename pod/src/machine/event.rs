//! What has happened.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::{Found, Job, Weight};
use crate::compile::{PodPlan, Refusal};

/// What has happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// It is to begin.
    Begin,
    /// Its volumes are ready, or each of these is not, for a reason.
    Volumes(Result<(), Vec<String>>),
    /// Its sandbox is there, with these addresses, or is not.
    Sandbox(Result<Vec<IpAddr>, String>),
    /// Its sandbox has ended by itself.
    SandboxGone,
    /// Its sandbox has ended, as was asked.
    SandboxRemoved,
    /// A registry is being asked for an image.
    Pulling {
        /// The container.
        container: String,
        /// The errand.
        job: Job,
        /// The image of a volume that it mounts, where it is not its own.
        volume: Option<String>,
    },
    /// An image that a container mounts is here; its own is looked for next.
    VolumeImage {
        /// The container.
        container: String,
        /// The errand.
        job: Job,
        /// The image, as it was written.
        image: String,
        /// How it came here.
        fetched: Fetched,
    },
    /// A container's image is here, or is not.
    Image {
        /// The container.
        container: String,
        /// The errand.
        job: Job,
        /// The image of a volume that it mounts, where that is what is not here.
        volume: Option<String>,
        /// How it went.
        result: Result<Fetched, Refusal>,
    },
    /// A container runs, or does not.
    Launched {
        /// The container.
        container: String,
        /// Which of its instances.
        instance: u32,
        /// How it went.
        result: Result<Launched, LaunchFailure>,
    },
    /// A hook has come to its end.
    Hooked {
        /// The container.
        container: String,
        /// The errand.
        job: Job,
        /// How it went.
        result: Result<(), String>,
    },
    /// A container was asked how it is.
    Probed {
        /// The container.
        container: String,
        /// What it was asked.
        kind: ProbeKind,
        /// The errand.
        job: Job,
        /// What it answered.
        outcome: Outcome,
    },
    /// A container has ended.
    Exited {
        /// The container.
        container: String,
        /// Which of its instances.
        instance: u32,
        /// How.
        exit: Exit,
    },
    /// It is to be deleted.
    Delete {
        /// Seconds that it is given; its own where nothing is said. 0: nobody waits for it.
        grace: Option<u32>,
    },
    /// It has used too much of something.
    Evict {
        /// Of what.
        message: String,
    },
    /// What is wanted of it has changed.
    Changed(Box<PodPlan>),
    /// Its sandbox leads other ports in than are wanted.
    PortsDiffer,
    /// Its sandbox leads in those that are wanted, or does not.
    Published(Result<(), String>),
    /// Somebody else has seen to it before, and this is what there is of it.
    Adopted(Vec<Found>),
    /// Something that is to be told, and changes nothing.
    Noted {
        /// Whether it is trouble.
        weight: Weight,
        /// Of which container, if of one.
        container: Option<String>,
        /// In a word.
        reason: String,
        /// In a sentence.
        message: String,
    },
    /// It is later.
    Time,
}

/// An image that is here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fetched {
    /// The name that it is known by.
    pub name: String,
    /// Its digest, with its repository where that is known.
    pub id: String,
    /// What it took to fetch it, where it was fetched: `2.1s`, and its bytes.
    pub pulled: Option<(String, u64)>,
}

/// A container that runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Launched {
    /// What it is called: `podkit://…`.
    pub id: String,
}

/// Why a container does not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LaunchFailure {
    /// It could not even be made.
    Create(Refusal),
    /// It was made, and its program could not be started.
    Start(String),
    /// The sandbox has ended, or is about to.
    Fallen,
}

/// How a container ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exit {
    /// Its exit code, or 128 and the number of the signal that it died by.
    pub code: i32,
    /// Whether it, or something in it, was killed because memory had run out.
    pub oom: bool,
    /// Whether nobody saw how it ended.
    pub unseen: bool,
    /// The word that it left.
    pub message: String,
}

/// What a container is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ProbeKind {
    /// Whether it has come up.
    Startup,
    /// Whether it is alive.
    Liveness,
    /// Whether it is ready.
    Readiness,
}

/// What came of asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is well.
    Success,
    /// It is well, but this is to be told.
    Warning(String),
    /// It is not, for this reason.
    Failure(String),
    /// It could not be asked.
    Error(String),
}

impl ProbeKind {
    /// All, in the order in which they matter.
    pub const ALL: [Self; 3] = [Self::Startup, Self::Liveness, Self::Readiness];

    /// Its name, as messages begin.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Startup => "Startup",
            Self::Liveness => "Liveness",
            Self::Readiness => "Readiness",
        }
    }
}
