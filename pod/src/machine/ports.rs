//! Ports of the machine that lead into the sandbox: that they are those of the plan, which may change while the pod lives.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::sandbox::Sandbox;
use super::starting::SYNC;
use super::{Action, Machine, Stamp};
use crate::compile::PodPlan;

/// Whether the sandbox has the plan's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Ports {
    /// It was made with them, or has them since.
    #[default]
    Planned,
    /// It has others; it is to have them, not before this.
    Others { retry: Option<Duration> },
    /// It is being given them; or others, if the plan has changed again since.
    Asked { again: bool },
}

impl Machine {
    /// The plan has changed from this one, as far as it matters here.
    pub(super) fn ports_changed(&mut self, before: &PodPlan) {
        if !before.published().eq(self.plan.published()) {
            self.ports_differ();
        }
    }

    /// The sandbox has others than the plan says.
    pub(super) fn ports_differ(&mut self) {
        self.ports = match self.ports {
            Ports::Asked { .. } => Ports::Asked { again: true },
            Ports::Planned | Ports::Others { .. } => Ports::Others { retry: None },
        };
    }

    /// Whoever was giving it them is nobody any more.
    pub(super) fn ports_adopted(&mut self) {
        if let Ports::Asked { .. } = self.ports {
            self.ports = Ports::Others { retry: None };
        }
    }

    /// It has been given them, or cannot be.
    pub(super) fn published(&mut self, result: Result<(), String>, now: Stamp) {
        let Ports::Asked { again } = self.ports else { return };
        self.ports = match result {
            _ if again => Ports::Others { retry: None },
            Ok(()) => Ports::Planned,
            Err(trouble) => {
                self.log.warn(None, "FailedPublish", &trouble, now);
                Ports::Others { retry: Some(now.at + SYNC) }
            }
        };
    }

    /// Has the sandbox given what it is to have, if it is time.
    pub(super) fn publish(&mut self, now: Stamp, actions: &mut Vec<Action>) {
        if matches!(self.sandbox, Sandbox::Ready { .. })
            && matches!(self.ports, Ports::Others { retry } if retry.is_none_or(|at| at <= now.at))
        {
            self.ports = Ports::Asked { again: false };
            actions.push(Action::Publish);
        }
    }

    /// When that is tried again.
    pub(super) fn publish_at(&self) -> Option<Duration> {
        match (self.ports, &self.sandbox) {
            (Ports::Others { retry }, Sandbox::Ready { .. }) => retry,
            _ => None,
        }
    }
}
