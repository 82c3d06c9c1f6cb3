//! Podman, which has no daemon, but a machine of its own all the same: nsjoin leads every command there.

use std::process::Command;
use std::time::Duration;

use fixtures::engine::{PAUSE, configure_podman, tell_podman};

use super::machine::Machine;
use super::{Engine, image, need, prepare};
use crate::place::{Place, time};

pub(super) struct Podman(Machine);

impl Podman {
    pub(super) fn start(place: &Place) -> Result<Self, String> {
        need(&["podman", "runc", "conmon"])?;
        let podman = Self(Machine::boot(place)?);
        configure_podman(podman.0.work()).map_err(|error| error.to_string())?;
        prepare("podman load", &mut podman.command(&["load", "--input", image(place)]))?;
        Ok(podman)
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut podman = self.0.inside("podman");
        tell_podman(&mut podman, self.0.work());
        podman.args(words);
        podman
    }
}

impl Engine for Podman {
    fn create(&self) -> Duration {
        time(&mut self.command(&["run", "--detach", "--network", "none", "--name", "bench", PAUSE]))
    }

    fn delete(&self) -> Duration {
        time(&mut self.command(&["rm", "--force", "--time", "0", "bench"]))
    }

    fn exec(&self) -> Option<Duration> {
        Some(time(&mut self.command(&["exec", "bench", "/pause", "-v"])))
    }
}
