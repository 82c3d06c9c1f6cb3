//! How a pod lives: told what has happened and when, it says what is to be done. It knows no clock, no
//! kernel and no file, and is a value: it can be written down and read again by whoever goes on with it.
//!
//! Whatever has happened, what follows is found anew from where things stand (`settle`): volumes, then the
//! sandbox, then init containers one after the other, then the containers, one start at a time. A pod that
//! is over, was deleted, evicted or active for too long ends in the order that its sidecars want.
//!
//! Times are a kubelet's, but for three: what a kubelet notices when it next looks is noticed at once, a
//! container that has ended is shown as such for a second before it is shown as waiting, and the first
//! probe is due right when the initial delay is over.

mod action;
mod adopt;
mod backoff;
mod clock;
mod conditions;
mod container;
mod ended;
mod ending;
mod event;
mod log;
mod phase;
mod ports;
mod probing;
mod sandbox;
mod starting;
mod stopping;

use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::compile::{PodPlan, Rejection};

pub use action::Action;
pub use adopt::Found;
pub use clock::Clock;
pub use conditions::{Condition, Kind as ConditionKind};
pub use container::{Container, End, Image, Shown};
pub use event::{Event, Exit, Fetched, LaunchFailure, Launched, Outcome, ProbeKind};
pub use log::{Log, Note, Weight};
pub use phase::Phase;

use backoff::Backoff;
use ports::Ports;
use sandbox::{Sandbox, Volumes};

/// A point in time: since the machine came up, and as clocks have it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Stamp {
    /// By the pod's [`Clock`]: what is waited for is counted in this.
    pub at: Duration,
    /// Seconds since 1970: what is shown.
    pub wall: i64,
}

/// A number that tells one errand from another.
pub type Job = u64;

/// A pod, and all that is known of how it does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    plan: PodPlan,
    /// By what `at` is counted.
    #[serde(default)]
    clock: Clock,
    began: Stamp,
    life: Life,
    verdict: Option<Verdict>,
    /// Whether it was not even taken.
    rejected: bool,
    volumes: Volumes,
    sandbox: Sandbox,
    #[serde(default)]
    ports: Ports,
    containers: Vec<Container>,
    /// Whether a container that is no init container has run in this sandbox.
    was_up: bool,
    /// Whether all are being ended to be started again.
    again: bool,
    deleted: Option<Deleted>,
    jobs: Job,
    /// Until when everything has been done that could be.
    seen: Duration,
    conditions: Vec<Condition>,
    log: Log,
}

/// What the pod is up to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Life {
    /// Its containers are to run.
    Active,
    /// They are to end.
    Ending(Ending),
    /// They have ended, and nothing of it is left but what it says.
    Over,
    /// It is gone.
    Gone,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Ending {
    /// When what is left is killed.
    until: Duration,
    /// Nobody waits for hooks.
    hurry: bool,
}

/// Why a pod has failed, apart from its containers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// In a word.
    pub reason: String,
    /// In a sentence.
    pub message: String,
}

/// When and for how long a pod was asked to be deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deleted {
    /// When it has to be gone.
    pub by: Stamp,
    /// How many seconds it has.
    pub grace: u32,
}

impl Machine {
    /// A pod that is to be.
    #[must_use]
    pub fn new(plan: PodPlan, now: Stamp) -> Self {
        let containers = plan.containers.iter().map(|spec| Container::new(&spec.name)).collect();
        let mut machine = Self {
            plan,
            clock: Clock::default(),
            began: now,
            life: Life::Active,
            verdict: None,
            rejected: false,
            volumes: Volumes::default(),
            sandbox: Sandbox::Absent { retry: None },
            ports: Ports::default(),
            containers,
            was_up: false,
            again: false,
            deleted: None,
            jobs: 0,
            seen: now.at,
            conditions: Vec::new(),
            log: Log::default(),
        };
        machine.note_conditions(now);
        machine
    }

    /// A pod that is not taken: it has failed before it began.
    #[must_use]
    pub fn rejected(plan: PodPlan, rejection: &Rejection, now: Stamp) -> Self {
        let mut machine = Self::new(plan, now);
        machine.log.warn(None, &rejection.reason, &rejection.message, now);
        let verdict = Verdict { reason: rejection.reason.clone(), message: rejection.to_string() };
        machine.verdict = Some(verdict);
        machine.rejected = true;
        machine.life = Life::Over;
        machine.note_conditions(now);
        machine
    }

    /// What is to be done now that this has happened.
    pub fn on(&mut self, event: Event, now: Stamp) -> Vec<Action> {
        let mut actions = self.take(event, now);
        self.settle(now, &mut actions);
        self.seen = now.at;
        self.note_conditions(now);
        actions
    }

    fn take(&mut self, event: Event, now: Stamp) -> Vec<Action> {
        match event {
            Event::Begin | Event::Time => Vec::new(),
            Event::Volumes(result) => self.mounted(result, now),
            Event::Sandbox(result) => self.sandbox_made(result, now),
            Event::SandboxGone => self.sandbox_gone(now),
            Event::SandboxRemoved => self.sandbox_removed(),
            Event::Pulling { container, job, volume } => self.pulling(&container, job, volume, now),
            Event::VolumeImage { container, job, image, fetched } => {
                self.volume_image(&container, job, &image, &fetched, now)
            }
            Event::Image { container, job, volume, result } => self.image(&container, job, volume, result, now),
            Event::Launched { container, instance, result } => self.launched(&container, instance, result, now),
            Event::Hooked { container, job, result } => self.hooked(&container, job, result, now),
            Event::Probed { container, kind, job, outcome } => self.probed(&container, kind, job, outcome, now),
            Event::Exited { container, instance, exit } => self.exited(&container, instance, exit, now),
            Event::Delete { grace } => self.delete(grace, now),
            Event::Evict { message } => self.fail("Evicted", message, now),
            Event::Changed(plan) => self.changed(*plan, now),
            Event::PortsDiffer => {
                self.ports_differ();
                Vec::new()
            }
            Event::Published(result) => {
                self.published(result, now);
                Vec::new()
            }
            Event::Adopted(found) => self.adopted(found, now),
            Event::Noted { weight, container, reason, message } => {
                self.log.add(weight, container.as_deref(), &reason, &message, now);
                Vec::new()
            }
        }
    }

    /// What follows from where things stand by now, until nothing more does.
    fn settle(&mut self, now: Stamp, actions: &mut Vec<Action>) {
        loop {
            let before = actions.len();
            let changed = self.step(now, actions);
            if actions.len() == before && !changed {
                return;
            }
        }
    }

    /// Whether anything has changed that something may follow from.
    fn step(&mut self, now: Stamp, actions: &mut Vec<Action>) -> bool {
        self.show_waits(now);
        let changed = match &self.life {
            Life::Active => {
                if self.is_overdue(now) {
                    let message = "Pod was active on the node longer than the specified deadline".to_owned();
                    self.log.add(Weight::Normal, None, "DeadlineExceeded", &message, now);
                    actions.extend(self.fail("DeadlineExceeded", message, now));
                    return true;
                }
                self.publish(now, actions);
                self.probe(now, actions);
                self.advance(now, actions)
            }
            Life::Ending(_) => {
                self.probe(now, actions);
                self.wind_down(now, actions)
            }
            Life::Over | Life::Gone => false,
        };
        self.press(now, actions);
        changed
    }

    fn is_overdue(&self, now: Stamp) -> bool {
        self.deadline_at().is_some_and(|at| at <= now.at)
    }

    fn deadline_at(&self) -> Option<Duration> {
        self.plan.deadline.map(|seconds| self.began.at.saturating_add(Duration::from_secs(seconds)))
    }

    /// When it wants to be told the time, at the latest. What was due before and could not be done waits for
    /// something else, and nobody has to be woken for it.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        let own = match self.life {
            Life::Over | Life::Gone => return None,
            Life::Active => [self.deadline_at(), self.retry_at(), self.publish_at()],
            Life::Ending(_) => [None; 3],
        };
        own.into_iter().flatten().chain(self.containers_due()).filter(|due| *due > self.seen).min()
    }

    /// By what its time is counted.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Has its time counted by this from now on.
    pub fn count_by(&mut self, clock: Clock) {
        self.clock = clock;
    }

    /// Until when everything has been done that could be.
    #[must_use]
    pub fn seen(&self) -> Duration {
        self.seen
    }

    /// The plan that it goes by.
    #[must_use]
    pub fn plan(&self) -> &PodPlan {
        &self.plan
    }

    /// When it began.
    #[must_use]
    pub fn began(&self) -> Stamp {
        self.began
    }

    /// Why it has failed, apart from its containers.
    #[must_use]
    pub fn verdict(&self) -> Option<&Verdict> {
        self.verdict.as_ref()
    }

    /// Its containers, in the plan's order.
    #[must_use]
    pub fn containers(&self) -> &[Container] {
        &self.containers
    }

    /// Whether it was taken: of one that was not there is nothing to be told but why.
    #[must_use]
    pub fn is_taken(&self) -> bool {
        !self.rejected
    }

    /// Its addresses, as long as it has a sandbox, or had one last.
    #[must_use]
    pub fn addresses(&self) -> &[IpAddr] {
        self.sandbox.addresses()
    }

    /// What holds of it, and since when.
    #[must_use]
    pub fn conditions(&self) -> &[Condition] {
        &self.conditions
    }

    /// What has happened to it.
    #[must_use]
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Whether somebody has asked for it to be deleted.
    #[must_use]
    pub fn deleted(&self) -> Option<Deleted> {
        self.deleted
    }

    /// Whether it has ended, deleted or not.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self.life, Life::Over | Life::Gone)
    }

    fn job(&mut self) -> Job {
        self.jobs += 1;
        self.jobs
    }

    fn index(&self, name: &str) -> Option<usize> {
        self.containers.iter().position(|container| container.name == name)
    }

    /// `web_default(0d2829d9)`, as kubelets call pods.
    fn called(&self) -> String {
        let PodPlan { name, namespace, uid, .. } = &self.plan;
        format!("{name}_{namespace}({uid})")
    }
}
