//! Podman, which has no daemon, but a machine of its own all the same: nsjoin leads every command there.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use fixtures::engine::{PAUSE, configure_podman, tell_podman};

use super::machine::Machine;
use super::{Engine, image, need, prepare};
use crate::place::{Place, time};

pub(crate) struct Podman(Machine);

impl Podman {
    pub(crate) fn start(place: &Place) -> Result<Self, String> {
        need(&["podman", "runc", "conmon"])?;
        let podman = Self(Machine::boot(place)?);
        configure_podman(podman.0.work()).map_err(|error| error.to_string())?;
        prepare("podman load", &mut podman.command(&["load", "--input", image(place)]))?;
        Ok(podman)
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut podman = self.0.inside("podman");
        tell_podman(&mut podman, self.0.work(), self.0.volatile());
        podman.args(words);
        podman
    }

    /// With a pod for containers to come into, whose pause is ours.
    pub(crate) fn with_pod(place: &Place) -> Result<Self, String> {
        let podman = Self::start(place)?;
        let words = ["pod", "create", "--name", "bench", "--network", "none", "--infra-image", PAUSE];
        prepare("podman pod create", &mut podman.command(&words))?;
        Ok(podman)
    }

    /// Runs a command that says a line in a container of that pod, and takes it away.
    pub(crate) fn run_in_pod(&self) -> Command {
        self.command(&["run", "--rm", "--pod", "bench", PAUSE, "-v"])
    }

    /// Makes the pod of a manifest.
    pub(crate) fn play(&self, manifest: &str) -> Command {
        self.command(&["kube", "play", "--network", "none", manifest])
    }

    /// Takes it away.
    pub(crate) fn down(&self, manifest: &str) -> Command {
        self.command(&["kube", "down", manifest])
    }

    /// Lists what runs.
    pub(crate) fn ps(&self) -> Command {
        self.command(&["ps"])
    }

    /// Enters a container with a command that ends at once.
    pub(crate) fn exec_in(&self, container: &str) -> Command {
        self.command(&["exec", container, "/pause", "-v"])
    }

    /// Where all of its own is.
    pub(crate) fn kept(&self) -> &Path {
        self.0.work()
    }

    /// The process of a container, as it is counted inside, and the file that tells of it.
    ///
    /// # Panics
    /// When it cannot tell.
    pub(crate) fn process_of(&self, container: &str) -> (i32, PathBuf) {
        let format = "{{.State.Pid}} {{.PidFile}}";
        let told = self.command(&["container", "inspect", "--format", format, container]);
        let told = { told }.stdout(Stdio::piped()).output().expect("podman");
        let text = String::from_utf8_lossy(&told.stdout).trim().to_owned();
        let (pid, file) = text.split_once(' ').expect("a process and a file");
        (pid.parse().expect("a process"), file.into())
    }

    /// Kills a process, as it is counted inside.
    pub(crate) fn kill(&self, pid: i32) {
        time(self.0.inside("kill").args(["-KILL", &pid.to_string()]));
    }

    /// A command with layers as they are usual, kept in this place: what is usual here is for small images.
    pub(crate) fn with_overlay(&self, store: &Path, words: &[&str]) -> Command {
        with_overlay(&self.0, store, words)
    }
}

/// Podman on this machine, with an overlay of each image's layers, kept in this place.
pub(super) fn with_overlay(machine: &Machine, store: &Path, words: &[&str]) -> Command {
    let mut podman = machine.inside("podman");
    podman.env("CONTAINERS_CONF", machine.work().join("containers.conf"));
    for (option, name) in [("--root", "root"), ("--runroot", "runroot"), ("--tmpdir", "tmp")] {
        podman.arg(option).arg(store.join(name));
    }
    podman.args(["--storage-driver", "overlay"]).args(words);
    podman
}

impl Engine for Podman {
    fn create(&self) -> Duration {
        time(&mut self.command(&["run", "--detach", "--network", "none", "--name", "bench", PAUSE]))
    }

    fn delete(&self) -> Duration {
        time(&mut self.command(&["rm", "--force", "--time", "0", "bench"]))
    }

    fn exec(&self) -> Option<Duration> {
        Some(time(&mut self.exec_in("bench")))
    }
}
