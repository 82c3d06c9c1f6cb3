//! Docker, with a daemon of its own. Without a network, which would cost it a bridge's port for each.

use std::process::{Command, Stdio};
use std::time::Duration;

use fixtures::engine::{PAUSE, docker, tell_docker, tell_dockerd};

use super::machine::Machine;
use super::{Engine, image, need, prepare};
use crate::place::{Place, time};

pub(super) struct Docker(Machine);

impl Docker {
    pub(super) fn start(place: &Place) -> Result<Self, String> {
        need(&["dockerd", "docker", "iptables"])?;
        let mut machine = Machine::boot(place)?;
        let work = machine.work().to_owned();
        let mut dockerd = machine.inside("dockerd");
        tell_dockerd(&mut dockerd, &work, machine.volatile()).map_err(|error| error.to_string())?;
        machine.serve(&mut dockerd, |machine| {
            let mut version = client(machine, &["version"]);
            version.stderr(Stdio::null()).status().is_ok_and(|status| status.success()).then_some(())
        })?;
        prepare("docker load", &mut client(&machine, &["load", "--input", image(place)]))?;
        Ok(Self(machine))
    }
}

impl Engine for Docker {
    fn create(&self) -> Duration {
        time(&mut client(&self.0, &["run", "--detach", "--network", "none", "--name", "bench", PAUSE]))
    }

    fn delete(&self) -> Duration {
        time(&mut client(&self.0, &["rm", "--force", "bench"]))
    }

    fn exec(&self) -> Option<Duration> {
        Some(time(&mut client(&self.0, &["exec", "bench", "/pause", "-v"])))
    }
}

/// It talks over a socket, and so needs not be inside.
fn client(machine: &Machine, words: &[&str]) -> Command {
    let mut docker = Command::new(docker().unwrap_or_else(|| "docker".into()));
    tell_docker(&mut docker, machine.work());
    docker.args(words).stdin(Stdio::null()).stdout(Stdio::null());
    docker
}
