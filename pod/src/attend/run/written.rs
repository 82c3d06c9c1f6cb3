//! What is known is written down before anything is done about it, as soon as there is room for that.

use std::time::{Duration, Instant};

use super::{Attendant, complain};
use crate::attend::short::is_short;
use crate::error::Error;
use crate::place::save;

/// How long the machine is given to have again what it was short of.
const BREATH: Duration = Duration::from_secs(1);

impl Attendant {
    /// Writes down what is known, unless nothing of it is new that anybody could see or has to know. Says whether it
    /// stands there; what the machine is too short of something for is tried again.
    pub(super) fn save(&mut self) -> Result<bool, Error> {
        self.unwritten = None;
        // What is being forgotten is not to be remembered.
        if self.is_forgotten {
            return Ok(true);
        }
        let containers: Vec<_> = self
            .machine
            .containers()
            .iter()
            .map(|it| (&it.shown, it.ready, it.started, it.instances, it.since, &it.id, &it.image))
            .collect();
        let seen = (self.machine.conditions(), self.machine.log(), self.machine.addresses(), self.machine.verdict());
        let shown = serde_json::to_string(&(containers, seen, self.machine.deleted(), self.machine.is_over()));
        let shown = shown.unwrap_or_default();
        if shown != self.shown {
            if let Err(error) = save(&self.machine, &self.place.machine()) {
                return self.put_off(error).map(|()| false);
            }
            self.shown = shown;
        }
        Ok(true)
    }

    /// Tries again after a breath what has failed, if the machine may have by then what it was short of.
    pub(super) fn put_off(&mut self, error: Error) -> Result<(), Error> {
        if !is_short(&error) {
            return Err(error);
        }
        if self.again.is_none() {
            complain(&error);
        }
        self.again = Some(Instant::now() + BREATH);
        Ok(())
    }
}
