//! A machine within the machine, for an engine to have to itself: network, mounts, processes and
//! cgroups of its own, so that its bridges, firewall rules, shims and mounts all end with it.
//!
//! Its first process is our pause; everything else enters it by nsjoin.

use std::fs::{self, File};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fixtures::engine::BOOT;
use fixtures::find;
use nix::sys::signal::Signal;
use tempfile::TempDir;

use super::{directory, need};
use crate::cgroup::{Cgroup, Hierarchy};
use crate::place::Place;
use crate::sys;

/// How long a daemon may take until it answers.
const PATIENCE: Duration = Duration::from_secs(60);

/// What ends first is declared first.
pub(super) struct Machine {
    unshare: Child,
    daemon: Option<Child>,
    _cgroups: Vec<Cgroup>,
    directory: TempDir,
    volatile: TempDir,
    path: String,
    nsjoin: PathBuf,
    /// Its first process, as the machine outside counts.
    init: i32,
}

impl Machine {
    pub(super) fn boot(place: &Place) -> Result<Self, String> {
        if !nix::unistd::geteuid().is_root() {
            return Err("needs root".to_owned());
        }
        need(&["unshare", "setpriv", "ip"])?;
        let directory = directory()?;
        let name = format!("podkit-{}", word_of(directory.path()));
        // A short name: podman takes no long one.
        let volatile =
            tempfile::Builder::new().prefix("").tempdir_in(place.work()).map_err(|error| error.to_string())?;
        let hierarchies = Hierarchy::all();
        let cgroups = hierarchies.iter().map(|hierarchy| Cgroup::new(hierarchy, &name));
        let cgroups = cgroups.collect::<Result<Vec<_>, _>>().map_err(|error| format!("no cgroup: {error}"))?;
        let boot = directory.path().join("boot.sh");
        fs::write(&boot, BOOT).map_err(|error| error.to_string())?;
        let path = std::env::var("PATH").unwrap_or_default();
        let path = format!("{}:{path}:/usr/sbin:/sbin", place.ours(""));
        // It ends with us, whatever ends us; and with it the whole machine.
        let mut unshare = Command::new("setpriv");
        unshare.args(["--pdeathsig", "KILL", "unshare", "--net", "--mount", "--pid", "--mount-proc", "--fork"]);
        unshare.args(["--kill-child", "sh"]).arg(&boot).args(hierarchies.iter().map(|hierarchy| &hierarchy.mount));
        unshare.env("OURS", &name).env("PATH", &path);
        unshare.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let unshare = unshare.spawn().map_err(|error| format!("unshare: {error}"))?;
        let nsjoin = place.ours("nsjoin").into();
        let mut machine = Self { unshare, daemon: None, _cgroups: cgroups, directory, volatile, path, nsjoin, init: 0 };
        machine.init = machine.wait_for("it to boot", Self::first)?;
        Ok(machine)
    }

    /// The first process, once it is pause.
    fn first(&self) -> Option<i32> {
        let outer = self.unshare.id();
        let children = fs::read_to_string(format!("/proc/{outer}/task/{outer}/children")).ok()?;
        let init = children.trim().parse().ok()?;
        (fs::read_to_string(format!("/proc/{init}/comm")).ok()?.trim() == "pause").then_some(init)
    }

    /// Where its engine keeps what it keeps.
    pub(super) fn work(&self) -> &Path {
        self.directory.path()
    }

    /// The same, for as long as it runs: in memory.
    pub(super) fn volatile(&self) -> &Path {
        self.volatile.path()
    }

    /// A program, run inside.
    pub(super) fn inside(&self, program: &str) -> Command {
        let mut command = Command::new(&self.nsjoin);
        let file = find(program).unwrap_or_else(|| program.into());
        command.args(["--target", &self.init.to_string(), "--net", "--mount", "--pid", "--"]).arg(file);
        // Engines look for iptables and runc in PATH, and not everybody's has the administrator's programs.
        command.env("PATH", &self.path).stdin(Stdio::null()).stdout(Stdio::null());
        command
    }

    /// A program of ours in its network only: no process is made for it.
    pub(super) fn beside(&self, program: PathBuf) -> Command {
        let mut command = Command::new(&self.nsjoin);
        command.args(["--target", &self.init.to_string(), "--net", "--"]).arg(program);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command
    }

    /// Starts the engine's daemon inside, and waits until it answers.
    pub(super) fn serve<T>(&mut self, daemon: &mut Command, ask: impl FnMut(&Self) -> Option<T>) -> Result<T, String> {
        let log = File::create(self.log()).map_err(|error| error.to_string())?;
        let stderr = log.try_clone().map_err(|error| error.to_string())?;
        self.daemon = Some(daemon.stdout(log).stderr(stderr).spawn().map_err(|error| error.to_string())?);
        self.wait_for("the daemon to answer", ask).map_err(|error| {
            let said = fs::read_to_string(self.log()).unwrap_or_default();
            format!("{error}: {}", said.lines().last().unwrap_or_default())
        })
    }

    fn log(&self) -> PathBuf {
        self.work().join("daemon.log")
    }

    pub(super) fn wait_for<T>(&self, what: &str, mut ask: impl FnMut(&Self) -> Option<T>) -> Result<T, String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(answer) = ask(self) {
                return Ok(answer);
            }
            if Instant::now() > deadline || sys::interrupted() {
                return Err(format!("waited in vain for {what}"));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn word_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

impl Drop for Machine {
    fn drop(&mut self) {
        // With a pid namespace's first process go all the others.
        match sys::pidfd_of(self.init) {
            Ok(init) if self.init != 0 => sys::send(init.as_fd(), Signal::SIGKILL),
            _ => {
                let _ended_already = self.unshare.kill();
            }
        }
        for child in [Some(&mut self.unshare), self.daemon.as_mut()].into_iter().flatten() {
            let _reaped = child.wait();
        }
    }
}
