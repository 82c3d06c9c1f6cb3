//! How containers start: one at a time, in order.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::container::{End, Image, Shown};
use super::ended::SOON;
use super::event::{Fetched, LaunchFailure, Launched};
use super::stopping::{After, Kill};
use super::{Action, Container, Job, Life, Machine, Stamp};
use crate::compile::{Refusal, Role, Waiting};

/// What could not be done is tried again after this.
pub(super) const SYNC: Duration = Duration::from_secs(10);

/// What is going on with a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Step {
    /// Nothing: it does not run.
    Idle,
    /// Its image is being fetched, or looked for.
    Image(Job),
    /// It is being launched.
    Launching,
    /// It runs, and what is to be done after its start is under way.
    PostStart(Job),
    /// It runs.
    Up,
    /// It is being ended.
    Down(Kill),
}

impl Step {
    fn is_starting(&self) -> bool {
        matches!(self, Self::Image(_) | Self::Launching | Self::PostStart(_))
    }
}

impl Machine {
    /// Starts whoever is next, if anybody is; or finds that there is nobody left.
    pub(super) fn start_next(&mut self, now: Stamp, actions: &mut Vec<Action>) -> bool {
        if self.is_finished() {
            self.end_by(now.at + Duration::from_secs(self.plan.grace.into()));
            return true;
        }
        if self.containers.iter().any(|container| container.step.is_starting()) {
            return false;
        }
        let is_due = |container: &Container| {
            container.step == Step::Idle && container.wanted && container.retry.is_none_or(|at| at <= now.at)
        };
        // Who is to look into a pod waits for nothing of it.
        let ephemeral = |index: &usize| self.plan.containers[*index].role == Role::Ephemeral;
        if let Some(index) = (0..self.containers.len()).filter(ephemeral).find(|index| is_due(&self.containers[*index]))
        {
            return self.start(index, now, actions);
        }
        for index in 0..self.containers.len() {
            let container = &self.containers[index];
            let due = is_due(container);
            match self.plan.containers[index].role {
                Role::Init if self.was_up || container.is_done() => {}
                Role::Init => return due && self.start(index, now, actions),
                Role::Sidecar | Role::Regular if due => return self.start(index, now, actions),
                Role::Sidecar if self.was_up || container.started => {}
                // The next one waits for it to come up.
                Role::Sidecar => return false,
                Role::Regular | Role::Ephemeral => {}
            }
        }
        false
    }

    /// Whether no container runs, or will, that the pod is for.
    fn is_finished(&self) -> bool {
        let of = |role: Role| {
            let both = self.containers.iter().zip(&self.plan.containers);
            both.filter(move |(_, spec)| spec.role == role).map(|(container, _)| container)
        };
        let failed = |container: &Container| {
            container.step == Step::Idle && !container.wanted && container.end.as_ref().is_some_and(|end| end.code != 0)
        };
        (!self.was_up && of(Role::Init).any(failed))
            || of(Role::Regular).all(|container| container.step == Step::Idle && !container.wanted)
    }

    fn start(&mut self, index: usize, now: Stamp, actions: &mut Vec<Action>) -> bool {
        let job = self.job();
        let container = &mut self.containers[index];
        if let Some(basis) = container.basis.take() {
            container.crashes.next(basis, now.at);
        }
        container.retry = None;
        container.soon = None;
        container.step = Step::Image(job);
        let failed = container.pull_failed.as_ref().map(|(at, _)| *at);
        let until = failed.and_then(|at| container.pulls.until(at));
        let may_fetch = until.is_none_or(|until| until <= now.at);
        actions.push(Action::FetchImage { container: container.name.clone(), job, may_fetch });
        true
    }

    /// The container that is on this errand for images, if there still is one.
    fn fetching(&self, name: &str, job: Job) -> Option<usize> {
        self.index(name).filter(|index| self.containers[*index].step == Step::Image(job))
    }

    pub(super) fn pulling(&mut self, name: &str, job: Job, volume: Option<String>, now: Stamp) -> Vec<Action> {
        if let Some(index) = self.fetching(name, job) {
            let image = volume.as_ref().unwrap_or(&self.plan.containers[index].image);
            let message = format!("Pulling image {image:?}");
            self.log.tell(Some(name).filter(|_| volume.is_none()), "Pulling", &message, now);
        }
        Vec::new()
    }

    pub(super) fn volume_image(
        &mut self,
        name: &str,
        job: Job,
        image: &str,
        fetched: &Fetched,
        now: Stamp,
    ) -> Vec<Action> {
        if self.fetching(name, job).is_some() {
            self.log.tell(None, "Pulled", &pulled(image, fetched), now);
        }
        Vec::new()
    }

    pub(super) fn image(
        &mut self,
        name: &str,
        job: Job,
        volume: Option<String>,
        result: Result<Fetched, Refusal>,
        now: Stamp,
    ) -> Vec<Action> {
        let Some(index) = self.fetching(name, job) else { return Vec::new() };
        let container = &mut self.containers[index];
        if container.failed_volume != volume {
            // Each image is waited for by itself.
            (container.pulls, container.pull_failed) = Default::default();
            container.failed_volume = volume;
        }
        let written = self.plan.containers[index].image.clone();
        match result {
            Ok(fetched) => {
                self.log.tell(Some(name), "Pulled", &pulled(&written, &fetched), now);
                let container = &mut self.containers[index];
                container.pull_failed = None;
                container.image = Some(Image { name: fetched.name, id: fetched.id });
                container.step = Step::Launching;
                vec![Action::Launch { container: name.to_owned(), instance: container.instances }]
            }
            Err(refusal) => {
                self.no_image(index, &refusal, now);
                Vec::new()
            }
        }
    }

    fn no_image(&mut self, index: usize, refusal: &Refusal, now: Stamp) {
        let Refusal { reason, message } = refusal;
        let container = &mut self.containers[index];
        let name = container.name.clone();
        let written = container.failed_volume.as_ref().unwrap_or(&self.plan.containers[index].image).clone();
        // What is said of an image that it mounts is said of the pod; that it does not start is its own affair.
        let of = Some(name.as_str()).filter(|_| container.failed_volume.is_none());
        container.step = Step::Idle;
        container.retry = Some(now.at + SYNC);
        let backs_off = |cause: &str| format!("Back-off pulling image {written:?}: ErrImagePull: {cause}");
        match reason {
            Waiting::ImagePullBackOff => {
                // It is looked for here, too, but no registry is asked before its time.
                let (at, cause) = container.pull_failed.clone().unwrap_or((now.at, message.clone()));
                let until = container.pulls.until(at).unwrap_or(now.at + SYNC);
                container.retry = Some(until.min(now.at + SYNC).max(now.at + SOON));
                container.waits(Waiting::ImagePullBackOff, &backs_off(&cause));
                return;
            }
            Waiting::ErrImagePull | Waiting::RegistryUnavailable => {
                container.pulls.next(now.at, now.at);
                container.pull_failed = Some((now.at, message.clone()));
                container.waits(*reason, message);
                container.soon = Some((now.at + SOON, Waiting::ImagePullBackOff, backs_off(message)));
                self.log.warn(of, "Failed", &format!("Failed to pull image {written:?}: {message}"), now);
            }
            Waiting::InvalidImageName => {
                container.waits(*reason, message);
                self.log.warn(of, "InspectFailed", message, now);
            }
            Waiting::ErrImageNeverPull => {
                container.waits(*reason, message);
                self.log.warn(of, "ErrImageNeverPull", message, now);
            }
            _ => {
                container.waits(*reason, message);
                self.log.warn(of, "Failed", message, now);
            }
        }
        self.log.warn(Some(&name), "Failed", &format!("Error: {reason}"), now);
    }

    pub(super) fn launched(
        &mut self,
        name: &str,
        instance: u32,
        result: Result<Launched, LaunchFailure>,
        now: Stamp,
    ) -> Vec<Action> {
        let is_it = |container: &Container| container.step == Step::Launching && container.instances == instance;
        let Some(index) = self.index(name).filter(|index| is_it(&self.containers[*index])) else { return Vec::new() };
        match result {
            Ok(launched) => return self.is_up(index, launched, now),
            Err(LaunchFailure::Create(refusal)) => {
                let container = &mut self.containers[index];
                container.step = Step::Idle;
                container.retry = Some(now.at + SYNC);
                container.waits(refusal.reason, &refusal.message);
                self.log.warn(Some(name), "Failed", &format!("Error: {}", refusal.message), now);
            }
            Err(LaunchFailure::Fallen) => {
                self.containers[index].step = Step::Idle;
                return self.sandbox_gone(now);
            }
            Err(LaunchFailure::Start(message)) => {
                self.log.tell(Some(name), "Created", "Container created", now);
                self.log.warn(Some(name), "Failed", &format!("Error: {message}"), now);
                let container = &mut self.containers[index];
                container.instances += 1;
                container.id = None;
                let reason = "StartError".to_owned();
                let end = End { code: 128, reason, message: message.clone(), started: None, finished: now, id: None };
                let again = self.ended(index, end, After::Policy, now);
                if again && self.life == Life::Active {
                    self.containers[index].waits(Waiting::RunContainerError, &message);
                }
            }
        }
        Vec::new()
    }

    fn is_up(&mut self, index: usize, launched: Launched, now: Stamp) -> Vec<Action> {
        let (has_hook, role) = {
            let spec = &self.plan.containers[index];
            (spec.post_start.is_some(), spec.role)
        };
        let job = if has_hook { Some(self.job()) } else { None };
        let container = &mut self.containers[index];
        let name = container.name.clone();
        container.instances += 1;
        container.id = Some(launched.id);
        container.since = Some(now);
        container.soon = None;
        self.was_up |= role == Role::Regular;
        self.log.tell(Some(&name), "Created", "Container created", now);
        self.log.tell(Some(&name), "Started", "Container started", now);
        match job {
            Some(job) => {
                self.containers[index].step = Step::PostStart(job);
                vec![Action::PostStart { container: name, job }]
            }
            None => {
                self.settled(index, now);
                Vec::new()
            }
        }
    }

    /// It runs, and its start is complete.
    fn settled(&mut self, index: usize, now: Stamp) {
        let probes = &self.plan.containers[index].probes;
        let container = &mut self.containers[index];
        container.step = Step::Up;
        container.shown = Shown::Running;
        container.started = probes.startup.is_none();
        container.ready = container.started && probes.readiness.is_none();
        self.begin_probes(index, now);
    }

    pub(super) fn hooked(&mut self, name: &str, job: Job, result: Result<(), String>, now: Stamp) -> Vec<Action> {
        let Some(index) = self.index(name) else { return Vec::new() };
        let mut actions = Vec::new();
        match (&mut self.containers[index].step, result) {
            (Step::PostStart(known), result) if *known == job => match result {
                Ok(()) => self.settled(index, now),
                Err(trouble) => {
                    self.log.warn(Some(name), "FailedPostStartHook", "PostStartHook failed", now);
                    self.containers[index].waits(Waiting::PostStartHookError, &trouble);
                    self.containers[index].step = Step::Up;
                    let grace = Duration::from_secs(self.plan.grace.into());
                    self.kill(index, grace, "FailedPostStartHook", After::Policy, now, &mut actions);
                }
            },
            (Step::Down(kill), result) if kill.hook == Some(job) => {
                kill.hook = None;
                if result.is_err() {
                    self.log.warn(Some(name), "FailedPreStopHook", "PreStopHook failed", now);
                }
            }
            _ => {}
        }
        actions
    }
}

/// What is told of an image that is here.
fn pulled(written: &str, fetched: &Fetched) -> String {
    match &fetched.pulled {
        Some((took, size)) => format!(
            "Successfully pulled image {written:?} in {took} ({took} including waiting). Image size: {size} bytes."
        ),
        None => format!("Container image {written:?} already present on machine and can be accessed by the pod"),
    }
}
