//! What a Pod means on this machine, as plain data.

mod probe;
mod sandbox;
mod start;
mod volume;

use container::limits::Limits;
use serde::{Deserialize, Serialize};

pub use probe::{Handler, HookPlan, HttpGet, PortRef, ProbePlan, Probes, Scheme};
pub use sandbox::{Dns, Names, Network, PidSharing, PortPlan, Protocol, SandboxPlan, Users};
pub use start::{MountPlan, MountPropagation, Recursive, Start};
pub use volume::{
    Downward, Field, FsGroup, HostPathKind, ImageVolume, Item, Medium, Projection, Resource, VolumePlan, VolumeSource,
};

/// A pod.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PodPlan {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its uid.
    pub uid: String,
    /// Which version of its spec this is.
    pub generation: i64,
    /// What is done about containers that end, unless they say otherwise.
    pub restart: Restart,
    /// Seconds from being asked to end to being killed.
    pub grace: u32,
    /// Seconds that it may be active.
    pub deadline: Option<u64>,
    /// What its containers share.
    pub sandbox: SandboxPlan,
    /// Its volumes, whether they are mounted or not.
    pub volumes: Vec<VolumePlan>,
    /// The group that owns its volumes.
    pub fs_group: Option<FsGroup>,
    /// Its containers: init containers first, each in the Pod's order.
    pub containers: Vec<ContainerSpec>,
    /// How it ranks when the machine is short of something.
    pub quality: Quality,
    /// What all of it may use together.
    pub limits: Limits,
    /// Conditions that somebody else sets, without which it is not ready.
    pub readiness_gates: Vec<String>,
}

/// A container, as far as it follows from the Pod.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerSpec {
    /// Its name.
    pub name: String,
    /// When it runs.
    pub role: Role,
    /// Its image, as it was written.
    pub image: String,
    /// Whether the image is fetched.
    pub pull: Pull,
    /// What is done when it ends.
    pub restart: Restart,
    /// What is done instead when it ends with certain codes: the first that fits.
    pub rules: Vec<RestartRule>,
    /// How it is asked whether it is well.
    pub probes: Probes,
    /// What is done after it has started.
    pub post_start: Option<HookPlan>,
    /// What is done before it is asked to end.
    pub pre_stop: Option<HookPlan>,
    /// Its ports.
    pub ports: Vec<PortPlan>,
    /// Where it may leave word of why it ended.
    pub termination: TerminationMessage,
    /// Whether its standard input is kept open.
    pub stdin: bool,
    /// Whether that is closed after the first who attached has gone.
    pub stdin_once: bool,
    /// Whether it has a terminal.
    pub tty: bool,
}

/// When a container runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    /// Before the others, to its end.
    Init,
    /// From before the others until they have ended.
    Sidecar,
    /// All along.
    Regular,
    /// Once, at any time: it was put into the pod to look into it.
    Ephemeral,
}

/// What is done when a container ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Restart {
    /// It is started again.
    Always,
    /// It is started again unless it ended with 0.
    OnFailure,
    /// Nothing.
    Never,
}

/// What is done when a container ends with certain codes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestartRule {
    /// What.
    pub action: RestartAction,
    /// Whether the codes are those that it is done for, or those that it is not done for.
    pub inside: bool,
    /// The codes.
    pub codes: Vec<i32>,
}

/// What a rule has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RestartAction {
    /// The container is started again.
    Container,
    /// All containers are ended and started again, init containers first.
    AllContainers,
}

/// Whether an image is fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pull {
    /// At each start: its registry is asked what the name means today.
    Always,
    /// Where it is not here.
    IfNotPresent,
    /// In no case.
    Never,
}

/// How a pod ranks when the machine is short of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Quality {
    /// It gets what it asks for and no more.
    Guaranteed,
    /// It asks for something, or is limited somehow.
    Burstable,
    /// It neither asks nor is limited.
    BestEffort,
}

/// Where a container may leave word of why it ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TerminationMessage {
    /// The file, as the container sees it.
    pub path: String,
    /// Whether the end of its log is taken where it failed without a word.
    pub or_log: bool,
}

impl PodPlan {
    /// The container of this name.
    #[must_use]
    pub fn container(&self, name: &str) -> Option<&ContainerSpec> {
        self.containers.iter().find(|container| container.name == name)
    }

    /// The init containers, sidecars among them.
    pub fn init(&self) -> impl DoubleEndedIterator<Item = &ContainerSpec> {
        self.containers.iter().filter(|container| matches!(container.role, Role::Init | Role::Sidecar))
    }

    /// The ports of its containers that are the machine's, too.
    pub fn published(&self) -> impl Iterator<Item = &PortPlan> {
        let has_own = self.sandbox.network == Network::Pods;
        self.regular().flat_map(|container| &container.ports).filter(move |port| has_own && port.host.is_some())
    }

    /// The containers that the pod is for.
    pub fn regular(&self) -> impl DoubleEndedIterator<Item = &ContainerSpec> {
        self.containers.iter().filter(|container| container.role == Role::Regular)
    }
}
