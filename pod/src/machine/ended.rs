//! What is done when a container has ended, or is to be another: whether there is a next one, and when.

use std::time::Duration;

use super::container::{End, Shown};
use super::event::Exit;
use super::starting::Step;
use super::stopping::After;
use super::{Action, Container, Life, Machine, Stamp, backoff};
use crate::compile::{ContainerSpec, PodPlan, Restart, RestartAction, Role, Waiting};

/// How long what has just happened is shown before what is waited for.
pub(super) const SOON: Duration = Duration::from_secs(1);

impl Machine {
    pub(super) fn exited(&mut self, name: &str, instance: u32, exit: Exit, now: Stamp) -> Vec<Action> {
        let Some(index) = self.index(name) else { return Vec::new() };
        let container = &mut self.containers[index];
        let runs = matches!(container.step, Step::PostStart(_) | Step::Up | Step::Down(_));
        if !runs || container.instance() != instance {
            return Vec::new();
        }
        let mut actions: Vec<Action> = container.errands().map(|job| Action::Abandon { job }).collect();
        let after = match &container.step {
            Step::Down(kill) => kill.after,
            _ => After::Itself,
        };
        if let Step::PostStart(job) = container.step {
            actions.push(Action::Abandon { job });
        }
        let (code, reason) = match exit {
            _ if after == After::Again => (137, "RestartingAllContainers"),
            Exit { unseen: true, .. } => (137, "ContainerStatusUnknown"),
            Exit { code, oom: true, .. } => (code, "OOMKilled"),
            Exit { code: 0, .. } => (0, "Completed"),
            Exit { code, .. } => (code, "Error"),
        };
        let started = container.since;
        let (reason, id) = (reason.to_owned(), container.id.clone());
        self.ended(index, End { code, reason, message: exit.message, started, finished: now, id }, after, now);
        actions
    }

    /// An instance has ended: whether there is to be another, and when.
    pub(super) fn ended(&mut self, index: usize, end: End, after: After, now: Stamp) -> bool {
        let spec = &self.plan.containers[index];
        let once = spec.role == Role::Ephemeral;
        let rule = if after == After::Itself { matching(spec, end.code) } else { None };
        let again = match (after, rule) {
            (After::Changed | After::Again, _) | (_, Some(_)) => true,
            (After::Probe, _) => spec.restart != Restart::Never,
            (After::Itself | After::Policy, None) => match (spec.role, spec.restart) {
                (Role::Sidecar, _) => true,
                (Role::Ephemeral, _) => false,
                // One that has done its work is done, whatever the policy.
                (Role::Init, restart) => end.code != 0 && restart != Restart::Never,
                (Role::Regular, Restart::Always) => true,
                (Role::Regular, Restart::OnFailure) => end.code != 0,
                (Role::Regular, Restart::Never) => false,
            },
        };
        let again = again && !once;
        let all = rule == Some(RestartAction::AllContainers) && self.life == Life::Active;
        let pod = self.called();
        let container = &mut self.containers[index];
        container.previous = container.end.take();
        container.step = Step::Idle;
        container.shown = Shown::Ended;
        (container.started, container.ready, container.since) = (false, false, None);
        container.probers.clear();
        container.wanted = again;
        let own = end.finished.at;
        // Who was killed to be started again is started in the same breath, in which nobody has seen its end
        // yet: the wait is counted from the end before.
        let at_once = matches!(after, After::Probe | After::Changed);
        let seen = if at_once { container.previous.as_ref().map(|end| end.finished.at) } else { Some(own) };
        container.end = Some(end);
        container.basis = seen;
        if after == After::Changed {
            (container.crashes, container.basis) = Default::default();
        }
        let until = container.basis.and_then(|at| container.crashes.until(at)).filter(|until| *until > now.at);
        if until.is_some() {
            container.basis = Some(own);
        }
        container.retry = until.and_then(|_| container.crashes.until(own)).filter(|until| *until > now.at);
        if again && container.retry.is_some() {
            let wait = backoff::told(container.crashes.wait());
            let message = format!("back-off {wait} restarting failed container={} pod={pod}", container.name);
            let shown = if at_once { now.at } else { now.at + SOON };
            container.soon = Some((shown, Waiting::CrashLoopBackOff, message));
        }
        if all {
            self.again = true;
        }
        again
    }

    /// What has just happened was shown for long enough: what is waited for is shown from now on.
    pub(super) fn show_waits(&mut self, now: Stamp) {
        let pod = self.called();
        let active = self.life == Life::Active;
        for (container, spec) in self.containers.iter_mut().zip(&self.plan.containers) {
            let Some((at, _, _)) = container.soon else { continue };
            if !active {
                container.soon = None;
            } else if at <= now.at
                && let Some((_, reason, message)) = container.soon.take()
            {
                container.waits(reason, &message);
                let name = Some(container.name.as_str());
                if reason == Waiting::CrashLoopBackOff {
                    let message = format!("Back-off restarting failed container {} in pod {pod}", container.name);
                    self.log.warn(name, "BackOff", &message, now);
                } else {
                    // Of an image that it mounts it is told of the pod.
                    let (of, image) = match &container.failed_volume {
                        Some(image) => (None, image),
                        None => (name, &spec.image),
                    };
                    self.log.tell(of, "BackOff", &format!("Back-off pulling image {image:?}"), now);
                    self.log.warn(name, "Failed", &format!("Error: {reason}"), now);
                }
            }
        }
    }

    /// What is wanted has changed: of a running pod that is images, ports, and how long it may be active.
    pub(super) fn changed(&mut self, plan: PodPlan, now: Stamp) -> Vec<Action> {
        let mut actions = Vec::new();
        let before = std::mem::replace(&mut self.plan, plan);
        for index in 0..self.containers.len() {
            let name = self.containers[index].name.clone();
            let image = |plan: &PodPlan| plan.container(&name).map(|spec| spec.image.clone());
            if self.plan.containers.get(index).map(|spec| &spec.name) != Some(&name) {
                // Containers neither come nor go: this is no plan of this pod.
                self.plan = before;
                return Vec::new();
            }
            if image(&before) == image(&self.plan) {
                continue;
            }
            let container = &mut self.containers[index];
            (container.pulls, container.pull_failed, container.failed_volume) = Default::default();
            (container.crashes, container.basis, container.soon, container.retry) = Default::default();
            if let Step::Image(job) = container.step {
                container.step = Step::Idle;
                actions.push(Action::Abandon { job });
            }
            let is_init = self.plan.containers[index].role == Role::Init;
            if !is_init && self.life == Life::Active {
                let grace = Duration::from_secs(self.plan.grace.into());
                let message = format!("Container {name} definition changed, will be restarted");
                self.kill(index, grace, &message, After::Changed, now, &mut actions);
            }
        }
        self.ports_changed(&before);
        // Who is to look into it comes later.
        for spec in self.plan.containers.iter().skip(self.containers.len()) {
            self.containers.push(Container::new(&spec.name));
        }
        actions
    }

    /// Whoever looks into a pod does so once, whatever begins anew.
    pub(super) fn retire(&mut self) {
        for (container, spec) in self.containers.iter_mut().zip(&self.plan.containers) {
            container.wanted &= spec.role != Role::Ephemeral || container.instances == 0;
        }
    }
}

/// The rule that says what is done about this code.
fn matching(spec: &ContainerSpec, code: i32) -> Option<RestartAction> {
    let rule = spec.rules.iter().find(|rule| rule.codes.contains(&code) == rule.inside)?;
    Some(rule.action)
}
