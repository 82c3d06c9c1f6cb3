//! A machine within the machine, for an engine to have to itself: network, mounts, processes and
//! cgroups of its own, so that its bridges, firewall rules, shims and mounts all end with it.
//!
//! Its first process is our pause, which reaps the shims and monitors that engines leave behind.
//! Everything else enters it by nsjoin; clients come over a unix socket in the test's directory.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use fixtures::engine::BOOT;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::house::{Guest, House, User, binaries, eventually, has_ended};
use crate::trial::Need;

/// What every engine's tests need, beside the engine.
pub(crate) const NEEDS: [Need; 4] =
    [Need::Root, Need::Program("unshare"), Need::Program("ip"), Need::Program("busybox")];

/// An engine's own machine, and the test's house that it stands in. What ends first is declared first.
pub(crate) struct Engine {
    /// The parent of the machine's first process; ends with it.
    unshare: Guest,
    daemon: Option<Daemon>,
    cgroups: Cgroups,
    pub(crate) house: House,
    /// Its first process, as the machine outside counts.
    init: i32,
}

/// A process, as the kernel tells of it.
#[derive(Debug)]
pub(crate) struct Process {
    /// Its pid in its own pid namespace.
    pub(crate) pid: i32,
    pub(crate) state: char,
    pub(crate) command: String,
}

impl Engine {
    pub(crate) fn new() -> Self {
        let house = House::new(User::Root);
        let cgroups = Cgroups::new(format!("podkit-{}", house.marker()));
        let boot = house.work().join("boot");
        fs::write(&boot, BOOT).unwrap();
        let mut unshare = house.command("unshare");
        unshare.args(["--net", "--mount", "--pid", "--mount-proc", "--fork", "--kill-child", "sh"]).arg(boot);
        unshare.args(&cgroups.hierarchies).env("OURS", &cgroups.name);
        let unshare = house.start(&mut unshare);
        let outer = unshare.pid();
        let children = fs::read_to_string(format!("/proc/{outer}/task/{outer}/children")).unwrap();
        let init = children.trim().parse().unwrap();
        eventually("the engine's machine is up", || {
            (fs::read_to_string(format!("/proc/{init}/comm")).ok()?.trim() == "pause").then_some(())
        });
        Self { unshare, daemon: None, cgroups, house, init }
    }

    /// A program, run inside.
    pub(crate) fn inside(&self, program: &str) -> Command {
        let path = std::env::var("PATH").unwrap_or_default();
        let mut command = self.house.command("nsjoin");
        // Engines look for iptables and runc in PATH, and not everybody's has the administrator's programs.
        command.env("PATH", format!("{}:{path}:/usr/sbin:/sbin", binaries().display()));
        command.args(["--target", &self.init.to_string(), "--net", "--mount", "--pid", program]);
        command
    }

    /// Starts the engine's daemon inside, and waits until its client is answered.
    pub(crate) fn start<T>(&mut self, daemon: &mut Command, mut ask: impl FnMut(&Self) -> Option<T>) -> T {
        let log = File::create(self.log()).unwrap();
        self.daemon = Some(Daemon(daemon.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap()));
        eventually("the daemon answers", || ask(self))
    }

    fn log(&self) -> PathBuf {
        self.house.work().join("daemon.log")
    }

    /// Fetches a page from inside, not within a container.
    pub(crate) fn get(&self, url: &str) -> String {
        self.house.finish(self.inside("probe").args(["get", url])).ok().out()
    }

    /// A file in the /proc of a process, whose pid counts inside.
    pub(crate) fn proc(&self, pid: i64, name: &str) -> PathBuf {
        format!("/proc/{}/root/proc/{pid}/{name}", self.init).into()
    }

    /// Every process in the pid namespace of this one.
    pub(crate) fn beside(&self, pid: i64) -> Vec<Process> {
        let namespace = fs::read_link(self.proc(pid, "ns/pid")).unwrap();
        let entries = fs::read_dir(format!("/proc/{}/root/proc", self.init)).unwrap();
        let pids = entries.filter_map(|entry| entry.unwrap().file_name().to_str()?.parse::<i64>().ok());
        // One may end while we look.
        let of = |pid: i64| {
            (fs::read_link(self.proc(pid, "ns/pid")).ok()? == namespace).then_some(())?;
            let status = fs::read_to_string(self.proc(pid, "status")).ok()?;
            let line = |key| status.lines().find_map(|line: &str| line.strip_prefix(key));
            let command = fs::read(self.proc(pid, "cmdline")).ok()?;
            Some(Process {
                pid: line("NSpid:")?.split_whitespace().last()?.parse().ok()?,
                state: line("State:")?.trim().chars().next()?,
                command: String::from_utf8_lossy(&command).replace('\0', " ").trim_end().to_owned(),
            })
        };
        pids.filter_map(of).collect()
    }

    /// Waits until the orphans that were made beside this pause have gone, and shows that none of them
    /// is left as a zombie: of so many processes pause is the first.
    pub(crate) fn orphans_are_gone(&self, pause: i64, left: usize) {
        let processes = settled(|| self.beside(pause), |processes| processes.len() == left);
        assert!(processes.iter().all(|process| process.state != 'Z'), "zombies: {processes:#?}");
        assert!(processes.iter().any(|process| process.pid == 1 && process.command == "/pause"), "{processes:#?}");
        assert_eq!(processes.len(), left, "{processes:#?}");
    }

    /// Nothing of a container or pod of this id is left on the engine's machine: no process, no cgroup
    /// with a process in it. Empty ones podman leaves in hierarchies that have no controller.
    pub(crate) fn nothing_is_left_of(&self, id: &str) {
        let left = || {
            let commands = self.beside(1).into_iter().map(|process| process.command);
            let cgroups = self.cgroups.directories().flat_map(|directory| below(&directory)).filter(|cgroup| {
                fs::read_to_string(cgroup.join("cgroup.procs")).is_ok_and(|processes| !processes.is_empty())
            });
            let all = commands.chain(cgroups.map(|path| path.display().to_string()));
            all.filter(|text| text.contains(id)).collect::<Vec<_>>()
        };
        assert_eq!(settled(left, Vec::is_empty), Vec::<String>::new(), "left of {id}");
    }
}

/// What is seen once it is as it should be, or at last.
pub(crate) fn settled<T>(look: impl Fn() -> T, good: impl Fn(&T) -> bool) -> T {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let seen = look();
        if good(&seen) || Instant::now() > deadline {
            return seen;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if std::thread::panicking() && self.daemon.is_some() {
            let log = fs::read_to_string(self.log()).unwrap_or_default();
            let lines: Vec<_> = log.lines().collect();
            eprintln!("--- the engine said at last\n{}", lines[lines.len().saturating_sub(40)..].join("\n"));
        }
        // With a pid namespace's first process go all the others. Each is left to its own parent to reap.
        let _ended_already = kill(Pid::from_raw(self.init), Signal::SIGTERM);
        let deadline = Instant::now() + Duration::from_secs(5);
        while !has_ended(self.unshare.pid().into()) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

/// A daemon's way in, reaped when it is dropped.
struct Daemon(Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        // It ends when it has reaped the daemon; killed before, it would leave that to the machine's init.
        self.0.wait().unwrap();
    }
}

/// A cgroup of our own in every hierarchy, for the engine to take for the root.
struct Cgroups {
    name: String,
    /// Where the machine has its hierarchies: several, one, or a mixture.
    hierarchies: Vec<PathBuf>,
}

impl Cgroups {
    fn new(name: String) -> Self {
        let mounts = fs::read_to_string("/proc/self/mounts").unwrap();
        let hierarchies = mounts.lines().filter_map(|line| {
            let words: Vec<_> = line.split(' ').collect();
            words[2].starts_with("cgroup").then(|| PathBuf::from(words[1]))
        });
        let this = Self { name, hierarchies: hierarchies.collect() };
        for directory in this.directories() {
            fs::create_dir(&directory).unwrap();
            // In the first version these start empty, and then nobody may enter.
            for name in ["cpuset.cpus", "cpuset.mems"] {
                if let Ok(all) = fs::read_to_string(directory.with_file_name(name)) {
                    fs::write(directory.join(name), all).unwrap();
                }
            }
        }
        this
    }

    fn directories(&self) -> impl Iterator<Item = PathBuf> {
        self.hierarchies.iter().map(|hierarchy| hierarchy.join(&self.name))
    }
}

impl Drop for Cgroups {
    fn drop(&mut self) {
        // The last process may not have left yet.
        let deadline = Instant::now() + Duration::from_secs(5);
        for directory in self.directories() {
            while let Err(error) = remove_tree(&directory) {
                if Instant::now() > deadline {
                    assert!(std::thread::panicking(), "left behind: {}: {error}", directory.display());
                    break;
                }
                std::thread::sleep(Duration::from_millis(5));
            }
        }
    }
}

/// Removes a cgroup and all within; their files are not ours to remove.
fn remove_tree(cgroup: &Path) -> io::Result<()> {
    for inner in below(cgroup) {
        fs::remove_dir(inner)?;
    }
    fs::remove_dir(cgroup)
}

/// All cgroups below this one.
fn below(cgroup: &Path) -> Vec<PathBuf> {
    // One may be removed while we look.
    let Ok(entries) = fs::read_dir(cgroup) else { return Vec::new() };
    let paths = entries.filter_map(|entry| entry.ok().filter(|entry| entry.path().is_dir()).map(|entry| entry.path()));
    paths.flat_map(|path| [below(&path), vec![path]].concat()).collect()
}
