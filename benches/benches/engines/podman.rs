//! Podman, which has no daemon, but a machine of its own all the same: nsjoin leads every command there.

use std::fs;
use std::process::Command;
use std::time::Duration;

use super::machine::Machine;
use super::{Engine, PAUSE, image, need, prepare};
use crate::place::{Place, time};

/// Its own defaults ask for more than every root may have, and for systemd; crun refuses a mixture
/// of both cgroup versions.
const CONTAINERS_CONF: &str = r#"
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
"#;

pub(super) struct Podman(Machine);

impl Podman {
    pub(super) fn start(place: &Place) -> Result<Self, String> {
        need(&["podman", "runc", "conmon"])?;
        let podman = Self(Machine::boot(place)?);
        fs::write(podman.0.work().join("containers.conf"), CONTAINERS_CONF).map_err(|error| error.to_string())?;
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
