//! The processes that look after pods of manifests, ours and podman's: what they take.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::time::{clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;

use crate::inits::number_in;

/// Some of them.
pub(crate) struct Keepers(Vec<i32>);

impl Keepers {
    /// Those of the pods in this directory: who has it in the environment, and whoever those have started.
    pub(crate) fn of(pods: &Path) -> Self {
        let variable = [b"POD_STATE_DIR=", pods.as_os_str().as_bytes(), b"\0"].concat();
        let named = called(|name| name == "pod" || name.starts_with("pod-"));
        let is_told = |pid: &i32| {
            let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            environment.windows(variable.len()).any(|part| part == variable)
        };
        let parents: BTreeMap<i32, i32> = named.iter().filter_map(|pid| Some((*pid, parent(*pid)?))).collect();
        let told: Vec<i32> = named.iter().copied().filter(is_told).collect();
        let is_started = |pid: &i32| parents.get(pid).is_some_and(|parent| told.contains(parent));
        Self(named.into_iter().filter(|pid| told.contains(pid) || is_started(pid)).collect())
    }

    /// Podman's, on this machine.
    pub(crate) fn podmans() -> Self {
        let theirs = ["conmon", "podman", "rootlessport", "aardvark-dns", "netavark"];
        Self(called(|name| theirs.iter().any(|one| name.starts_with(one))))
    }

    pub(crate) fn since(&self, before: &Self) -> Self {
        Self(self.0.iter().copied().filter(|pid| !before.0.contains(pid)).collect())
    }

    /// By their numbers.
    pub(crate) fn processes(&self) -> &[i32] {
        &self.0
    }

    /// Proportional, in bytes.
    pub(crate) fn memory(&self) -> f64 {
        let of = |pid: &i32| number_in(PathBuf::from(format!("/proc/{pid}/smaps_rollup")), "Pss").unwrap_or_default();
        self.0.iter().map(of).sum::<f64>() * 1024.0
    }

    /// Of all their threads, those that have ended, too. Not by /proc/PID/stat, which counts hundredths of a second: who is
    /// seldom woken would take nothing.
    pub(crate) fn processor_time(&self) -> Duration {
        let taken = |pid: &i32| clock_getcpuclockid(Pid::from_raw(*pid)).and_then(clock_gettime).ok();
        self.0.iter().filter_map(taken).map(Duration::from).sum()
    }

    /// How often their threads that are there now were switched to.
    pub(crate) fn switches(&self) -> f64 {
        let of = |pid: &i32| -> f64 {
            let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
            let kinds = ["voluntary_ctxt_switches", "nonvoluntary_ctxt_switches"];
            let of = |status: &PathBuf| kinds.iter().filter_map(|kind| number_in(status, kind)).sum::<f64>();
            threads.map(|thread| of(&thread.path().join("status"))).sum()
        };
        self.0.iter().map(of).sum()
    }
}

fn called(is_one: impl Fn(&str) -> bool) -> Vec<i32> {
    let pids = fs::read_dir("/proc").expect("/proc").flatten();
    let pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let name = |pid: &i32| fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    pids.filter(|pid| is_one(name(pid).trim())).collect()
}

fn parent(pid: i32) -> Option<i32> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    text.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}
