//! How a pod ends: because it is over, was deleted or evicted, or was active for too long.

use std::time::Duration;

use super::container::Shown;
use super::sandbox::{Sandbox, Volumes};
use super::starting::Step;
use super::stopping::After;
use super::{Action, Deleted, Ending, Life, Machine, Stamp, Verdict};

impl Machine {
    /// It ends, and has until then.
    pub(super) fn end_by(&mut self, until: Duration) {
        if self.life == Life::Active {
            self.life = Life::Ending(Ending { until, hurry: false });
        }
    }

    /// It has failed, whatever its containers say.
    pub(super) fn fail(&mut self, reason: &str, message: String, now: Stamp) -> Vec<Action> {
        if self.life != Life::Active {
            return Vec::new();
        }
        let evicted = reason == "Evicted";
        if evicted {
            self.log.warn(None, reason, &message, now);
        }
        self.verdict = Some(Verdict { reason: reason.to_owned(), message });
        // Who is evicted has no time left.
        let grace = if evicted { 1 } else { self.plan.grace };
        self.end_by(now.at + Duration::from_secs(grace.into()));
        Vec::new()
    }

    pub(super) fn delete(&mut self, grace: Option<u32>, now: Stamp) -> Vec<Action> {
        let seconds = grace.unwrap_or(self.plan.grace);
        let grace = Duration::from_secs(seconds.into());
        let until = now.at.saturating_add(grace);
        let by = Stamp { at: until, wall: now.wall.saturating_add(seconds.into()) };
        // It may only become less.
        if self.deleted.is_none_or(|deleted| by.at < deleted.by.at) {
            self.deleted = Some(Deleted { by, grace: seconds });
        }
        let hurry = seconds == 0;
        match &mut self.life {
            Life::Active => self.life = Life::Ending(Ending { until, hurry }),
            Life::Ending(ending) => {
                ending.until = ending.until.min(until);
                ending.hurry |= hurry;
                self.hasten(until, now);
            }
            Life::Over => {
                self.life = Life::Gone;
                return vec![Action::Forget];
            }
            Life::Gone => {}
        }
        Vec::new()
    }

    /// Goes on with the end: containers, then the sandbox. Says whether anything has changed.
    pub(super) fn wind_down(&mut self, now: Stamp, actions: &mut Vec<Action>) -> bool {
        let Life::Ending(ending) = &self.life else { return false };
        // Nobody waits for who is to be gone at once; a moment to end by itself everybody has.
        let (until, hurry) = (ending.until, ending.hurry);
        let before = actions.len();
        for index in 0..self.containers.len() {
            let grace = until.saturating_sub(now.at).max(Duration::from_millis(1));
            let runs = matches!(self.containers[index].step, Step::PostStart(_) | Step::Up | Step::Image(_));
            self.kill(index, grace, "Stopping container", After::Policy, now, actions);
            if hurry
                && runs
                && let Step::Down(kill) = &mut self.containers[index].step
                && let Some(job) = kill.hook.take()
            {
                actions.retain(|action| !matches!(action, Action::PreStop { job: known, .. } if *known == job));
            }
        }
        if self.containers.iter().any(|container| container.step != Step::Idle) {
            return actions.len() > before;
        }
        match &self.sandbox {
            Sandbox::Ready { addresses } | Sandbox::Lost { addresses } => {
                self.sandbox = Sandbox::Removing { addresses: addresses.clone() };
                actions.push(Action::RemoveSandbox);
                true
            }
            // What is being made has to be there before it can be removed.
            Sandbox::Making | Sandbox::Removing { .. } => false,
            Sandbox::Absent { .. } | Sandbox::Removed { .. } => {
                if matches!(self.volumes, Volumes::Preparing { .. }) {
                    return false;
                }
                self.life = if self.deleted.is_some() { Life::Gone } else { Life::Over };
                // Who has run and was to run again has ended now.
                let ended = self.containers.iter_mut().filter(|container| container.end.is_some());
                ended.for_each(|container| container.shown = Shown::Ended);
                if self.life == Life::Gone {
                    actions.push(Action::Forget);
                }
                true
            }
        }
    }
}
