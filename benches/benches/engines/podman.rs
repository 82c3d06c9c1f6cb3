//! Podman, which has no daemon, but a machine of its own all the same: nsjoin leads every command there.

use std::fs;
use std::process::Command;
use std::time::Duration;

use super::machine::Machine;
use super::{Engine, PAUSE, image, need, prepare};
use crate::place::{Place, time};

/// What the tests tell it, too.
const CONTAINERS_CONF: &str = include_str!("../../../tests/it/engine/containers.conf");

pub(super) struct Podman(Machine);

impl Podman {
    pub(super) fn start(place: &Place) -> Result<Self, String> {
        need(&["podman", "runc", "conmon"])?;
        let podman = Self(Machine::boot(place)?);
        let conf = CONTAINERS_CONF.replace("PAUSE", PAUSE);
        fs::write(podman.0.work().join("containers.conf"), conf).map_err(|error| error.to_string())?;
        prepare("podman load", &mut podman.command(&["load", "--input", image(place)]))?;
        Ok(podman)
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut podman = self.0.inside("podman");
        podman.env("CONTAINERS_CONF", self.0.work().join("containers.conf"));
        for (option, name) in [("--root", "root"), ("--runroot", "runroot"), ("--tmpdir", "tmp")] {
            podman.arg(option).arg(self.0.work().join(name));
        }
        podman.args(["--storage-driver", "vfs"]).args(words);
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
