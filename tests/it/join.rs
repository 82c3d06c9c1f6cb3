//! Joining, flag by flag: each against what the kernel says of the command.

// By whom or what namespaces are found.
mod namespaces;
mod targets;
// What else is taken from the target, or from here.
mod cgroups;
mod taken;
// Who the command runs as, and what it may do.
mod capabilities;
mod credentials;
mod locks;
// What it finds, and what it is.
mod bytes;
mod descriptors;
mod programs;
mod sealed;
mod surroundings;
// The program whose scripts are to run unchanged.
mod nsenter;
// What only system calls tell.
mod kernel;

use std::fs;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::Trial;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::house::{Guest, House, binaries, eventually, status_of};
use crate::nsjoin::of_pid;

pub(crate) fn trials() -> Vec<Trial> {
    [
        targets::trials(),
        namespaces::trials(),
        taken::trials(),
        cgroups::trials(),
        credentials::trials(),
        capabilities::trials(),
        locks::trials(),
        surroundings::trials(),
        descriptors::trials(),
        bytes::trials(),
        programs::trials(),
        sealed::trials(),
        nsenter::trials(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Some probe that runs and has said so, whoever had to run before it; killed when it is dropped.
pub(crate) struct Started {
    pid: i32,
    guest: Guest,
}

impl Started {
    fn new(house: &House, command: &mut Command) -> Self {
        let guest = house.start(command);
        Self { pid: eventually("probe runs", || probe_of(guest.pid())), guest }
    }

    /// A line of its status.
    fn status(&self, key: &str) -> String {
        status_of(self.pid, key)
    }

    /// A file of its /proc.
    fn file(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// Where a link of its /proc leads.
    fn link(&self, name: &str) -> PathBuf {
        fs::read_link(self.path(name)).unwrap()
    }

    fn path(&self, name: &str) -> PathBuf {
        format!("/proc/{}/{name}", self.pid).into()
    }

    /// It is in these namespaces of another process, and in ours of every other kind.
    #[track_caller]
    fn shares_only(&self, kinds: &[&str], with: &Self) {
        let (its, theirs) = (of_pid(self.pid), of_pid(with.pid));
        let ours = of_pid(std::process::id().try_into().unwrap());
        for kind in ["cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"] {
            let expected = if kinds.contains(&kind) { theirs[kind] } else { ours[kind] };
            assert_eq!(its[kind], expected, "{kind}, where {kinds:?} are to be joined");
        }
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        // Its parent may have ended it already, or will end with it.
        let _ended = kill(Pid::from_raw(self.pid), Signal::SIGKILL);
    }
}

/// As messages and command lines have it.
impl Deref for Started {
    type Target = i32;

    fn deref(&self) -> &i32 {
        &self.pid
    }
}

/// This process, or what descends from it, once it is probe; any of them may go while we look.
fn probe_of(pid: i32) -> Option<i32> {
    let command = fs::read_to_string(format!("/proc/{pid}/cmdline")).ok()?;
    if command.split('\0').next()?.ends_with("probe") {
        return Some(pid);
    }
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).ok()?;
    children.split_whitespace().find_map(|child| probe_of(child.parse().ok()?))
}

/// A command that nsjoin has launched, and that can be looked at.
fn launched(house: &House, arguments: &[&str]) -> Started {
    Started::new(house, house.command("nsjoin").args(arguments).args(["--", "probe", "ready"]))
}

/// A process in namespaces of its own, the user namespace one of them, so that everybody may make it.
pub(crate) fn stranger(house: &House, flags: &[&str]) -> Started {
    stranger_that(house, flags, &["probe", "ready"])
}

pub(crate) fn stranger_that(house: &House, flags: &[&str], command: &[&str]) -> Started {
    let mut unshare = house.command("unshare");
    unshare.args(["--fork", "--kill-child", "--user", "--map-root-user"]).args(flags);
    Started::new(house, unshare.args(command))
}

/// A directory that can be somebody's root, with probe in it and these files.
pub(crate) fn root_directory(house: &House, files: &[(&str, &str)]) -> PathBuf {
    let root = house.work().join("root");
    fs::create_dir(&root).unwrap();
    for name in ["etc", "proc", "inner"] {
        fs::create_dir(root.join(name)).unwrap();
    }
    fs::copy(binaries().join("probe"), root.join("probe")).unwrap();
    for (name, text) in files {
        fs::write(root.join(name), text).unwrap();
    }
    root
}

/// A path, as a word of a command line.
fn word(path: &Path) -> &str {
    path.to_str().unwrap()
}
