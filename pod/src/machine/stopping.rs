//! How a container is ended: what is to be done before, its signal, and what is left of the grace.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::container::Container;
use super::starting::Step;
use super::{Action, Job, Life, Machine, Stamp};
use crate::compile::Role;

/// What everybody has to end, however late it has become.
const LEAST: Duration = Duration::from_secs(2);
/// How often those are killed again that are not gone.
const AGAIN: Duration = Duration::from_secs(1);

/// The end of a container under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kill {
    /// When the grace is over.
    pub(super) until: Duration,
    /// What is being done before.
    pub(super) hook: Option<Job>,
    /// When it is killed, once it was asked to end.
    pub(super) kill_at: Option<Duration>,
    pub(super) after: After,
    /// It is killed without being asked.
    hurry: bool,
}

/// What is done when it has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum After {
    /// It ended by itself: what its rules and its policy say.
    Itself,
    /// What its policy says.
    Policy,
    /// It was not well: it is started again unless that is never done.
    Probe,
    /// It is to be another: it is started again.
    Changed,
    /// All are to begin anew.
    Again,
}

impl Machine {
    /// Begins to end a container that runs.
    pub(super) fn kill(
        &mut self,
        index: usize,
        grace: Duration,
        message: &str,
        after: After,
        now: Stamp,
        actions: &mut Vec<Action>,
    ) {
        let hook = self.plan.containers[index].pre_stop.is_some() && !grace.is_zero();
        if self.bring_down(index, grace, hook, after, now, actions) {
            let name = self.containers[index].name.clone();
            let message =
                if message == "Stopping container" { format!("{message} {name}") } else { message.to_owned() };
            self.log.tell(Some(&name), "Killing", &message, now);
        }
    }

    /// The same of one that has ended with the sandbox, though that was not told yet: it can do nothing any more.
    pub(super) fn has_fallen(&mut self, index: usize, now: Stamp, actions: &mut Vec<Action>) {
        let grace = Duration::from_secs(self.plan.grace.into());
        self.bring_down(index, grace, false, After::Policy, now, actions);
    }

    /// Says whether it ran.
    fn bring_down(
        &mut self,
        index: usize,
        grace: Duration,
        hook: bool,
        after: After,
        now: Stamp,
        actions: &mut Vec<Action>,
    ) -> bool {
        let job = self.jobs + 1;
        let container = &mut self.containers[index];
        match container.step {
            Step::PostStart(job) => actions.push(Action::Abandon { job }),
            Step::Up => {}
            // What is not there yet need not be ended.
            Step::Image(job) => {
                container.step = Step::Idle;
                actions.push(Action::Abandon { job });
                return false;
            }
            Step::Idle | Step::Launching | Step::Down(_) => return false,
        }
        let hurry = grace.is_zero();
        let hook = hook.then_some(job);
        container.step = Step::Down(Kill { until: now.at.saturating_add(grace), hook, kill_at: None, after, hurry });
        container.retry = None;
        if let Some(job) = hook {
            self.jobs = job;
            actions.push(Action::PreStop { container: container.name.clone(), job });
        }
        true
    }

    /// Goes on with those that are being ended.
    pub(super) fn press(&mut self, now: Stamp, actions: &mut Vec<Action>) {
        for index in 0..self.containers.len() {
            let is_turn = self.is_turn(index);
            let container = &mut self.containers[index];
            let (name, instance) = (container.name.clone(), container.instance());
            let Step::Down(kill) = &mut container.step else { continue };
            let late = kill.until <= now.at;
            if late && let Some(job) = kill.hook.take() {
                actions.push(Action::Abandon { job });
            }
            match kill.kill_at {
                None if kill.hook.is_some() || !(is_turn || late) => {}
                None if kill.hurry => {
                    kill.kill_at = Some(now.at + AGAIN);
                    actions.push(Action::Kill { container: name, instance });
                }
                None => {
                    kill.kill_at = Some(kill.until.max(now.at + LEAST));
                    actions.push(Action::Stop { container: name, instance });
                }
                Some(at) if at <= now.at => {
                    kill.kill_at = Some(now.at + AGAIN);
                    actions.push(Action::Kill { container: name, instance });
                }
                Some(_) => {}
            }
        }
    }

    /// Whether it may be asked to end: a sidecar serves all that started after it until they have ended.
    fn is_turn(&self, index: usize) -> bool {
        if !matches!(self.life, Life::Ending(_)) || self.plan.containers[index].role != Role::Sidecar {
            return true;
        }
        let both = self.containers.iter().zip(&self.plan.containers).enumerate();
        let mut served = both.filter(|(other, (_, spec))| match spec.role {
            Role::Regular | Role::Ephemeral => true,
            Role::Sidecar => *other > index,
            Role::Init => false,
        });
        served.all(|(_, (container, _))| container.step == Step::Idle)
    }

    /// Those that are being ended have until then, at most.
    pub(super) fn hasten(&mut self, until: Duration, now: Stamp) {
        for container in &mut self.containers {
            if let Step::Down(kill) = &mut container.step {
                kill.until = kill.until.min(until);
                if let Some(at) = &mut kill.kill_at {
                    *at = (*at).min(until.max(now.at));
                }
            }
        }
    }

    /// When something is due with one of the containers.
    pub(super) fn containers_due(&self) -> impl Iterator<Item = Duration> {
        self.containers.iter().enumerate().flat_map(move |(index, container)| {
            let active = self.life == Life::Active;
            let kill = match &container.step {
                Step::Down(kill) => Some(kill.kill_at.unwrap_or(kill.until)),
                _ => None,
            };
            let retry = container.retry.filter(|_| active && container.wanted && container.step == Step::Idle);
            let soon = container.soon.as_ref().filter(|_| active).map(|(at, _, _)| *at);
            [kill, retry, soon].into_iter().flatten().chain(self.probes_due(index))
        })
    }
}

impl Container {
    /// What is being asked or done about it.
    pub(super) fn errands(&self) -> impl Iterator<Item = Job> {
        let hook = match &self.step {
            Step::Down(kill) => kill.hook,
            _ => None,
        };
        self.probers.values().filter_map(|prober| prober.job).chain(hook)
    }
}
