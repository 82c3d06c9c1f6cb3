//! Docker, with a daemon of its own. Without a network, which would cost it a bridge's port for each.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::machine::Machine;
use super::{Engine, PAUSE, image, need, prepare, word};
use crate::place::{Place, find, time};

pub(super) struct Docker(Machine);

impl Docker {
    pub(super) fn start(place: &Place) -> Result<Self, String> {
        need(&["dockerd", "docker", "iptables"])?;
        let mut machine = Machine::boot(place)?;
        let work = machine.work().to_owned();
        fs::write(work.join("daemon.json"), "{}").map_err(|error| error.to_string())?;
        let mut dockerd = machine.inside("dockerd");
        for (option, name) in [
            ("--config-file", "daemon.json"),
            ("--data-root", "data"),
            ("--exec-root", "exec"),
            ("--pidfile", "docker.pid"),
        ] {
            dockerd.arg(option).arg(work.join(name));
        }
        dockerd.args(["--storage-driver", "vfs", "--log-level", "warn", "--host"]);
        dockerd.arg(format!("unix://{}", word(work.join("docker.sock"))));
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
    // Another in PATH may be too new for a distribution's daemon.
    let packaged = Some("/usr/bin/docker".into()).filter(|packaged| fs::exists(packaged).unwrap_or(false));
    let mut docker = Command::new(packaged.or_else(|| find("docker")).unwrap_or_else(|| "docker".into()));
    let socket = format!("unix://{}", word(machine.work().join("docker.sock")));
    docker.env("DOCKER_CONFIG", machine.work()).env("DOCKER_HOST", socket);
    docker.args(words).stdin(Stdio::null()).stdout(Stdio::null());
    docker
}
