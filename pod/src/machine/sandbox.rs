//! What has to be there before containers are: volumes, and then the sandbox.

use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::ports::Ports;
use super::starting::{SYNC, Step};
use super::stopping::After;
use super::{Action, Life, Machine, Stamp};
use crate::compile::{PidSharing, Restart};

/// How long after a first failure volumes are tried again; twice as long after each further one.
const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(122);

/// The volumes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Volumes {
    Unready { retry: Option<Duration>, wait: Duration },
    Preparing { wait: Duration },
    Ready,
}

impl Default for Volumes {
    fn default() -> Self {
        Self::Unready { retry: None, wait: FIRST }
    }
}

/// The sandbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Sandbox {
    Absent {
        retry: Option<Duration>,
    },
    Making,
    Ready {
        addresses: Vec<IpAddr>,
    },
    /// It has ended by itself; what ran in it is to end, too.
    Lost {
        addresses: Vec<IpAddr>,
    },
    Removing {
        addresses: Vec<IpAddr>,
    },
    Removed {
        addresses: Vec<IpAddr>,
    },
}

impl Sandbox {
    pub(super) fn addresses(&self) -> &[IpAddr] {
        match self {
            Self::Absent { .. } | Self::Making => &[],
            Self::Ready { addresses }
            | Self::Lost { addresses }
            | Self::Removing { addresses }
            | Self::Removed { addresses } => addresses,
        }
    }
}

impl Machine {
    pub(super) fn mounted(&mut self, result: Result<(), Vec<String>>, now: Stamp) -> Vec<Action> {
        let Volumes::Preparing { wait } = self.volumes else { return Vec::new() };
        self.volumes = match result {
            Ok(()) => Volumes::Ready,
            Err(troubles) => {
                troubles.iter().for_each(|trouble| self.log.warn(None, "FailedMount", trouble, now));
                Volumes::Unready { retry: Some(now.at + wait), wait: (wait * 2).min(LONGEST) }
            }
        };
        Vec::new()
    }

    pub(super) fn sandbox_made(&mut self, result: Result<Vec<IpAddr>, String>, now: Stamp) -> Vec<Action> {
        if self.sandbox != Sandbox::Making {
            return Vec::new();
        }
        self.sandbox = match result {
            Ok(addresses) => Sandbox::Ready { addresses },
            Err(trouble) => {
                let message = format!("Failed to create pod sandbox: {trouble}");
                self.log.warn(None, "FailedCreatePodSandBox", &message, now);
                Sandbox::Absent { retry: Some(now.at + SYNC) }
            }
        };
        Vec::new()
    }

    pub(super) fn sandbox_gone(&mut self, now: Stamp) -> Vec<Action> {
        let addresses = self.sandbox.addresses().to_vec();
        match self.sandbox {
            Sandbox::Ready { .. } if self.life == Life::Active => {
                let message = "Pod sandbox changed, it will be killed and re-created.";
                self.log.tell(None, "SandboxChanged", message, now);
                self.sandbox = Sandbox::Lost { addresses };
            }
            Sandbox::Ready { .. } | Sandbox::Removing { .. } => self.sandbox = Sandbox::Removed { addresses },
            _ => return Vec::new(),
        }
        let mut actions = Vec::new();
        let grace = Duration::from_secs(self.plan.grace.into());
        for index in 0..self.containers.len() {
            match self.plan.sandbox.pids {
                PidSharing::Hosts => self.kill(index, grace, "Stopping container", After::Policy, now, &mut actions),
                PidSharing::Pods | PidSharing::Containers => self.has_fallen(index, now, &mut actions),
            }
        }
        actions
    }

    pub(super) fn sandbox_removed(&mut self) -> Vec<Action> {
        if matches!(self.sandbox, Sandbox::Removing { .. }) {
            self.sandbox = Sandbox::Removed { addresses: self.sandbox.addresses().to_vec() };
        }
        Vec::new()
    }

    /// Volumes, sandbox, containers: whichever is next. Says whether anything has changed.
    pub(super) fn advance(&mut self, now: Stamp, actions: &mut Vec<Action>) -> bool {
        if let Volumes::Unready { retry, wait } = self.volumes {
            let due = retry.is_none_or(|at| at <= now.at);
            if due {
                self.volumes = Volumes::Preparing { wait };
                actions.push(Action::PrepareVolumes);
            }
            return due;
        }
        if !matches!(self.volumes, Volumes::Ready) {
            return false;
        }
        match &self.sandbox {
            Sandbox::Absent { retry } => {
                let due = retry.is_none_or(|at| at <= now.at);
                if due {
                    self.sandbox = Sandbox::Making;
                    self.ports = Ports::Planned;
                    actions.push(Action::MakeSandbox);
                }
                due
            }
            Sandbox::Ready { .. } if self.again => self.begin_again(now, actions),
            Sandbox::Ready { .. } => self.start_next(now, actions),
            Sandbox::Lost { .. } => self.replace(now),
            Sandbox::Making | Sandbox::Removing { .. } | Sandbox::Removed { .. } => false,
        }
    }

    /// In place of a sandbox that is lost another is made, as soon as nothing of the former is left; not
    /// where containers have run that are never to run again.
    fn replace(&mut self, now: Stamp) -> bool {
        if self.containers.iter().any(|container| container.step != Step::Idle) {
            return false;
        }
        let has_run = self.containers.iter().any(|container| container.instances > 0);
        if has_run && self.plan.restart == Restart::Never {
            self.containers.iter_mut().for_each(|container| container.wanted = false);
            self.end_by(now.at + Duration::from_secs(self.plan.grace.into()));
            return true;
        }
        let keeps = self.plan.restart == Restart::OnFailure;
        for container in &mut self.containers {
            let succeeded = container.end.as_ref().is_some_and(|end| end.code == 0);
            container.wanted = !(keeps && succeeded);
        }
        self.retire();
        self.was_up = false;
        self.sandbox = Sandbox::Absent { retry: None };
        true
    }

    /// Where all containers are to begin anew: they are killed, and then as if they had never been.
    fn begin_again(&mut self, now: Stamp, actions: &mut Vec<Action>) -> bool {
        let before = actions.len();
        for index in 0..self.containers.len() {
            self.kill(index, Duration::ZERO, "Restarting all containers", After::Again, now, actions);
        }
        if self.containers.iter().any(|container| container.step != Step::Idle) {
            return actions.len() > before;
        }
        self.again = false;
        self.was_up = false;
        for container in &mut self.containers {
            container.wanted = true;
            container.retry = None;
            container.soon = None;
        }
        self.retire();
        true
    }

    /// When volumes or the sandbox are tried again.
    pub(super) fn retry_at(&self) -> Option<Duration> {
        match (&self.volumes, &self.sandbox) {
            (Volumes::Unready { retry, .. }, _) | (Volumes::Ready, Sandbox::Absent { retry }) => *retry,
            _ => None,
        }
    }
}
