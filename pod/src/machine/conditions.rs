//! What holds of a pod, and since when.

use serde::{Deserialize, Serialize};

use super::container::Shown;
use super::sandbox::Sandbox;
use super::{Container, Machine, Phase, Stamp};
use crate::compile::{ContainerSpec, RestartAction, Role};

/// Something that holds of a pod, or does not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// What.
    pub kind: Kind,
    /// Whether it holds.
    pub holds: bool,
    /// Why, in a word.
    pub reason: Option<String>,
    /// Why, in a sentence.
    pub message: Option<String>,
    /// Since when.
    pub since: Stamp,
}

/// What may hold of a pod, in a kubelet's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// There is a sandbox.
    PodReadyToStartContainers,
    /// What comes before the containers has been done.
    Initialized,
    /// It can be used.
    Ready,
    /// All its containers can.
    ContainersReady,
    /// It has a place.
    PodScheduled,
    /// All its containers are about to begin anew; only of one that has a rule for that.
    AllContainersRestarting,
}

impl Kind {
    /// All, in order.
    pub const ALL: [Self; 6] = [
        Self::PodReadyToStartContainers,
        Self::Initialized,
        Self::Ready,
        Self::ContainersReady,
        Self::PodScheduled,
        Self::AllContainersRestarting,
    ];

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PodReadyToStartContainers => "PodReadyToStartContainers",
            Self::Initialized => "Initialized",
            Self::Ready => "Ready",
            Self::ContainersReady => "ContainersReady",
            Self::PodScheduled => "PodScheduled",
            Self::AllContainersRestarting => "AllContainersRestarting",
        }
    }
}

/// Whether it holds, and why.
type Found = (bool, Option<&'static str>, Option<String>);

const HOLDS: Found = (true, None, None);

impl Machine {
    /// Finds what holds by now; what held before holds since then.
    pub(super) fn note_conditions(&mut self, now: Stamp) {
        let may_begin_anew = self
            .plan
            .containers
            .iter()
            .flat_map(|spec| &spec.rules)
            .any(|rule| matches!(rule.action, RestartAction::AllContainers));
        let kinds = Kind::ALL.into_iter().filter(|kind| *kind != Kind::AllContainersRestarting || may_begin_anew);
        let found: Vec<Condition> = kinds
            .map(|kind| {
                let (holds, reason, message) = self.find(kind);
                let before = self.conditions.iter().find(|before| before.kind == kind && before.holds == holds);
                Condition {
                    kind,
                    holds,
                    reason: reason.map(str::to_owned),
                    message,
                    since: before.map_or(now, |before| before.since),
                }
            })
            .collect();
        self.conditions = found;
    }

    fn find(&self, kind: Kind) -> Found {
        match kind {
            Kind::PodScheduled => HOLDS,
            Kind::PodReadyToStartContainers => (matches!(self.sandbox, Sandbox::Ready { .. }), None, None),
            Kind::Initialized => self.initialized(),
            Kind::ContainersReady => self.containers_ready(),
            Kind::AllContainersRestarting => match self.phase() {
                Phase::Succeeded => (false, Some("PodCompleted"), None),
                Phase::Failed => (false, Some("PodFailed"), None),
                _ if self.again => {
                    let message = "container exited with restart policy rule".to_owned();
                    (true, Some("RestartAllContainersStarted"), Some(message))
                }
                _ => (false, None, None),
            },
            Kind::Ready => match self.containers_ready() {
                (true, ..) if !self.plan.readiness_gates.is_empty() => {
                    let gates = self.plan.readiness_gates.iter();
                    let missing = gates
                        .map(|gate| format!("corresponding condition of pod readiness gate {gate:?} does not exist."));
                    (false, Some("ReadinessGatesNotReady"), Some(missing.collect::<Vec<_>>().join(", ")))
                }
                found => found,
            },
        }
    }

    fn both(&self) -> impl Iterator<Item = (&Container, &ContainerSpec)> {
        self.containers.iter().zip(&self.plan.containers)
    }

    fn initialized(&self) -> Found {
        if self.phase() == Phase::Succeeded {
            return (true, Some("PodCompleted"), None);
        }
        if self.was_up {
            return HOLDS;
        }
        let incomplete = self.both().filter(|(container, spec)| match spec.role {
            Role::Init => !(container.shown == Shown::Ended && container.is_done()),
            Role::Sidecar => !container.started,
            Role::Regular | Role::Ephemeral => false,
        });
        listed("ContainersNotInitialized", "incomplete", incomplete)
    }

    fn containers_ready(&self) -> Found {
        let failed = self.verdict.is_some();
        match self.phase() {
            Phase::Succeeded if !failed => return (false, Some("PodCompleted"), None),
            Phase::Failed => return (false, Some("PodFailed"), None),
            _ if failed => return (false, Some("PodFailed"), None),
            _ => {}
        }
        let unready = self
            .both()
            .filter(|(container, spec)| matches!(spec.role, Role::Sidecar | Role::Regular) && !container.ready);
        listed("ContainersNotReady", "unready", unready)
    }
}

fn listed<'a>(
    reason: &'static str,
    what: &str,
    containers: impl Iterator<Item = (&'a Container, &'a ContainerSpec)>,
) -> Found {
    let names: Vec<&str> = containers.map(|(_, spec)| spec.name.as_str()).collect();
    if names.is_empty() {
        return HOLDS;
    }
    (false, Some(reason), Some(format!("containers with {what} status: [{}]", names.join(" "))))
}
