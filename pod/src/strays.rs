//! The processes of a pod whose workloads are among the machine's: no pid namespace ends with it that they are in.
//!
//! Each container has mounts of its own, and whoever is not root a user namespace for all of them; whatever a
//! workload has started is known by these. They are looked at while the workloads run, for of what has ended nobody
//! tells what it was in.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::os::fd::BorrowedFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, Instant};

use container::plan::Pids;
use launch::{Identity, Kind, Look, Pidfd};
use procfs::process::all_processes;
use reaper::Signal;
use registry::{PodDirectory, Process};

use crate::holders::Holder;
use crate::record::PodRecord;

/// How long killed processes are waited for before it is looked again whether they have started others.
const BREATH: Duration = Duration::from_millis(20);

/// What the processes of a pod are known by.
#[derive(Debug, Default)]
pub(crate) struct Strays {
    mounts: BTreeSet<u64>,
    users: BTreeSet<u64>,
}

/// The mounts of one container, held: no others are known by the same number, and its process is seen to have ended
/// before they are taken apart, which takes the kernel as long as to start another.
#[derive(Debug)]
pub(crate) struct Mounts {
    held: File,
    /// Whether no end of a pid namespace ends what is in them.
    have_strays: bool,
}

impl Mounts {
    /// Those of a container with these pids.
    pub(crate) fn of(pids: Pids, process: BorrowedFd<'_>) -> Option<Self> {
        let have_strays = pids == Pids::Hosts;
        let held = match launch::namespace::of_pidfd(process, Kind::Mount.by_pidfd()) {
            Some(held) => File::from(held.ok()?),
            None => File::open(format!("/proc/{}/ns/mnt", launch::pidfd::pid_of(process)?)).ok()?,
        };
        let ours = inode("/proc/self/ns/mnt")?;
        held.metadata().is_ok_and(|found| found.ino() != ours).then_some(Self { held, have_strays })
    }

    /// Kills whoever is left in them that nothing else ends.
    pub(crate) fn end(&self, deadline: Instant) -> Vec<Holder> {
        if !self.have_strays {
            return Vec::new();
        }
        let mounts = self.held.metadata().map(|found| found.ino()).into_iter().collect();
        Strays { mounts, users: BTreeSet::new() }.end(deadline)
    }
}

impl Strays {
    /// Those of the pod in this directory; of one that has a pid namespace there are none.
    pub(crate) fn of(directory: &PodDirectory) -> Self {
        let mut strays = Self::default();
        let Ok(PodRecord { plan, pause, .. }) = directory.pod() else { return strays };
        if !plan.has_hosts_pids() {
            return strays;
        }
        strays.users.extend(own_namespace(pause, "user"));
        for workload in workloads(directory) {
            // Whoever shares ours has not come so far as to have their own, and ends with who launches it.
            strays.mounts.extend(own_namespace(workload, "mnt"));
            strays.users.extend(own_namespace(workload, "user"));
        }
        strays
    }

    /// Kills them, and those they start meanwhile; hands back who is not gone by then.
    pub(crate) fn end(&self, deadline: Instant) -> Vec<Holder> {
        loop {
            let found = self.find();
            if found.is_empty() || Instant::now() >= deadline {
                return found.into_iter().map(|pid| Holder::of(pid.pid)).collect();
            }
            for stray in found {
                let Ok(Some(pinned)) = Pidfd::of(stray) else { continue };
                // Whoever cannot be killed is found again, and told of in the end.
                let _found_again = pinned.signal(Signal::KILL);
                let _ended = pinned.ended_within(BREATH);
            }
        }
    }

    fn find(&self) -> Vec<Identity> {
        if self.mounts.is_empty() && self.users.is_empty() {
            return Vec::new();
        }
        let processes = all_processes().into_iter().flatten().flatten().map(|process| process.pid);
        let looked = processes.filter_map(|pid| Look::at(pid).ok()).filter(|look| !look.zombie);
        let mut found: Vec<Identity> = looked.map(|look| look.identity).collect();
        found.retain(|process| self.has(*process));
        found
    }

    fn has(&self, process: Identity) -> bool {
        let is_in = |kind, known: &BTreeSet<u64>| namespace(process, kind).is_some_and(|inode| known.contains(&inode));
        is_in("mnt", &self.mounts) || is_in("user", &self.users)
    }
}

/// Those that run, the one that is being launched included.
fn workloads(directory: &PodDirectory) -> Vec<Identity> {
    let (names, drafts) = (directory.workload_names().unwrap_or_default(), directory.draft_names().unwrap_or_default());
    let recorded = names.iter().filter_map(|name| directory.recorded(Process::Workload(name)).ok().flatten());
    let drafted = drafts.iter().filter_map(|name| directory.drafted(Process::Draft(name)).ok().flatten());
    recorded.chain(drafted).filter(|one| Look::at(one.pid).is_ok_and(|look| look.identity == *one)).collect()
}

/// The namespace of a process, if it is not ours.
fn own_namespace(process: Identity, kind: &str) -> Option<u64> {
    let ours = inode(format!("/proc/self/ns/{kind}"))?;
    namespace(process, kind).filter(|inode| *inode != ours)
}

/// The namespace of a process, which has the pid still when that was looked at.
fn namespace(process: Identity, kind: &str) -> Option<u64> {
    let inode = inode(format!("/proc/{}/ns/{kind}", process.pid))?;
    Look::at(process.pid).is_ok_and(|look| look.identity == process).then_some(inode)
}

fn inode(path: impl AsRef<Path>) -> Option<u64> {
    fs::metadata(path).ok().map(|found| found.ino())
}
