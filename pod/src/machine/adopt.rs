//! How a pod goes on whose supervisor is another from now on: errands of the former are nobody's, and
//! what there is was looked at.

use super::event::{Exit, Launched};
use super::sandbox::{Sandbox, Volumes};
use super::starting::Step;
use super::{Action, Life, Machine, Stamp};

/// A container, as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its name.
    pub container: String,
    /// Which of its instances.
    pub instance: u32,
    /// What it is called.
    pub id: String,
    /// How it ended, if it has.
    pub exit: Option<Exit>,
}

impl Machine {
    /// Of each container the latest instance that was ever launched is among what was found.
    pub(super) fn adopted(&mut self, found: Vec<Found>, now: Stamp) -> Vec<Action> {
        if self.life == Life::Gone {
            // The former has ended before it had forgotten the pod.
            return vec![Action::Forget];
        }
        if let Volumes::Preparing { .. } = self.volumes {
            self.volumes = Volumes::default();
        }
        self.ports_adopted();
        let mut actions = Vec::new();
        match &self.sandbox {
            // Whether it came about is for who makes it to see.
            Sandbox::Making => self.sandbox = Sandbox::Absent { retry: None },
            Sandbox::Removing { .. } => actions.push(Action::RemoveSandbox),
            _ => {}
        }
        for index in 0..self.containers.len() {
            let name = self.containers[index].name.clone();
            let latest = found.iter().filter(|found| found.container == name).max_by_key(|found| found.instance);
            actions.extend(self.adopted_one(index, &name, latest, now));
        }
        actions
    }

    fn adopted_one(&mut self, index: usize, name: &str, found: Option<&Found>, now: Stamp) -> Vec<Action> {
        let mut actions = Vec::new();
        // What was to be done after its start was done, or begun and is not begun a second time.
        if let Step::PostStart(job) = self.containers[index].step {
            actions.extend(self.hooked(name, job, Ok(()), now));
        }
        let container = &mut self.containers[index];
        for prober in container.probers.values_mut() {
            prober.forget(now);
        }
        match &mut container.step {
            Step::Image(_) => container.step = Step::Idle,
            Step::Launching => match found.filter(|found| found.instance == container.instances) {
                Some(found) => {
                    let launched = Launched { id: found.id.clone() };
                    actions.extend(self.launched(name, found.instance, Ok(launched), now));
                }
                // Nobody has launched it.
                None => container.step = Step::Idle,
            },
            Step::Down(kill) => {
                // It is asked again; who has heard it twice is not worse off.
                kill.hook = None;
                kill.kill_at = None;
            }
            Step::Idle | Step::PostStart(_) | Step::Up => {}
        }
        let runs = matches!(self.containers[index].step, Step::PostStart(_) | Step::Up | Step::Down(_));
        let instance = self.containers[index].instance();
        let exit = match found.filter(|found| found.instance == instance) {
            Some(found) => found.exit.clone(),
            None => Some(Exit { unseen: true, ..Exit::default() }),
        };
        if runs && let Some(exit) = exit {
            actions.extend(self.exited(name, instance, exit, now));
        }
        actions
    }
}
