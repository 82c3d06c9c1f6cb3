//! How far a pod has come, in a word.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::container::Shown;
use super::{Container, Machine};
use crate::compile::{ContainerSpec, Role};

/// How far a pod has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// Not all of it has run.
    Pending,
    /// It runs, or may run again.
    Running,
    /// It has ended well, and stays so.
    Succeeded,
    /// It has not, and stays so.
    Failed,
}

impl Phase {
    /// The phase's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Running => "Running",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a container counts as.
enum Counts {
    Running,
    /// It has never run.
    Waiting,
    /// It has ended like this, and waits or not.
    Stopped(i32),
}

fn counts(container: &Container) -> Counts {
    match (&container.shown, &container.end) {
        (Shown::Running, _) => Counts::Running,
        (Shown::Waiting { .. } | Shown::Ended, Some(end)) => Counts::Stopped(end.code),
        (Shown::Waiting { .. } | Shown::Ended, None) => Counts::Waiting,
    }
}

impl Machine {
    fn each(&self) -> impl Iterator<Item = (&Container, &ContainerSpec)> {
        self.containers.iter().zip(&self.plan.containers)
    }

    /// Whether a container that is no init container has ever been started.
    pub(super) fn has_been_up(&self) -> bool {
        self.was_up || self.each().any(|(container, spec)| spec.role == Role::Regular && container.end.is_some())
    }

    /// How far it has come.
    #[must_use]
    pub fn phase(&self) -> Phase {
        if self.verdict.is_some() && self.is_over() {
            return Phase::Failed;
        }
        let (mut pending, mut failed, mut running, mut waiting) = (0, 0, 0, 0);
        let (mut stopped, mut succeeded, mut may_run_again) = (0, 0, 0);
        for (container, spec) in self.each() {
            match (spec.role, counts(container)) {
                (Role::Ephemeral, _) => {}
                (Role::Init, Counts::Running | Counts::Waiting) => pending += 1,
                (Role::Init, Counts::Stopped(code)) => {
                    failed += u32::from(code != 0 && !container.wanted);
                }
                (Role::Sidecar, Counts::Running) => {
                    running += 1;
                    pending += u32::from(!container.started && !self.has_been_up());
                }
                (Role::Sidecar, Counts::Waiting) => {
                    waiting += 1;
                    pending += u32::from(!self.has_been_up());
                }
                (Role::Sidecar, Counts::Stopped(_)) => {}
                (Role::Regular, Counts::Running) => running += 1,
                (Role::Regular, Counts::Waiting) => waiting += 1,
                (Role::Regular, Counts::Stopped(code)) => {
                    stopped += 1;
                    succeeded += u32::from(code == 0);
                    may_run_again += u32::from(container.wanted);
                }
            }
        }
        if failed > 0 {
            return Phase::Failed;
        }
        if pending > 0 || waiting > 0 {
            return Phase::Pending;
        }
        if running > 0 {
            return Phase::Running;
        }
        let outcome = if succeeded == stopped { Phase::Succeeded } else { Phase::Failed };
        match (stopped, self.is_over()) {
            (0, _) => Phase::Pending,
            (_, true) => outcome,
            (_, false) if may_run_again > 0 => Phase::Running,
            (_, false) => outcome,
        }
    }
}
