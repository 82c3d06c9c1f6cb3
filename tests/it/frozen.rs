//! Pods whose processes are frozen: by the freezer of cgroups version 1 not even KILL ends them, by that of
//! version 2 it does. Each test makes a cgroup of its own beside where it runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use libtest_mimic::Trial;

use crate::house::{House, User, eventually};
use crate::trial::{Need, as_each_user};

pub(crate) fn trials() -> Vec<Trial> {
    let version_1 = as_each_user(
        "frozen::what_cannot_be_killed_is_named_in_bounded_time",
        &[Need::Root, Need::Freezer(Freezer::Version1)],
        named,
    );
    let version_2 = as_each_user(
        "frozen::what_can_be_killed_holds_up_no_delete",
        &[Need::Root, Need::Freezer(Freezer::Version2)],
        killed,
    );
    version_1.into_iter().chain(version_2).collect()
}

/// A freezer, by the version of its cgroups.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Freezer {
    Version1,
    Version2,
}

impl Freezer {
    /// Where we are in its hierarchy; `None` where there is none that we may use.
    pub(crate) fn ours(self) -> Option<PathBuf> {
        let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
        // ROOT MOUNTPOINT OPTIONS ... - TYPE SOURCE SUPER
        let mount = mounts.lines().find_map(|line| {
            let (head, tail) = line.split_once(" - ")?;
            let (kind, options) = (tail.split(' ').next()?, tail.rsplit(' ').next()?);
            let is_it = match self {
                Self::Version1 => kind == "cgroup" && options.split(',').any(|option| option == "freezer"),
                Self::Version2 => kind == "cgroup2",
            };
            let mut fields = head.split(' ').skip(3);
            let (root, point) = (fields.next()?, fields.next()?);
            is_it.then(|| (root.to_owned(), PathBuf::from(point)))
        });
        let (root, point) = mount?;
        let cgroups = fs::read_to_string("/proc/self/cgroup").ok()?;
        let path = cgroups.lines().find_map(|line| {
            let (controllers, path) = line.split_once(':')?.1.split_once(':')?;
            let is_it = match self {
                Self::Version1 => controllers.split(',').any(|controller| controller == "freezer"),
                Self::Version2 => controllers.is_empty(),
            };
            is_it.then_some(path)
        })?;
        let ours = point.join(Path::new(path).strip_prefix(&root).ok()?);
        // One that is made shows whether the freezer is to be had, and who may use it.
        static PROBES: AtomicU32 = AtomicU32::new(0);
        let number = PROBES.fetch_add(1, Ordering::Relaxed);
        let probe = ours.join(format!("podkit-probe-{}-{number}", std::process::id()));
        fs::create_dir(&probe).ok()?;
        let has_it = probe.join(self.switch().0).exists();
        fs::remove_dir(&probe).unwrap();
        has_it.then_some(ours)
    }

    /// The file that freezes, and what to write for that, and to undo it.
    fn switch(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Version1 => ("freezer.state", "FROZEN", "THAWED"),
            Self::Version2 => ("cgroup.freeze", "1", "0"),
        }
    }
}

/// A cgroup of our own; what is in it is thawed, and goes back to ours, when this is dropped.
struct Cgroup {
    freezer: Freezer,
    path: PathBuf,
    ours: PathBuf,
}

impl Cgroup {
    fn new(freezer: Freezer, house: &House) -> Self {
        let ours = freezer.ours().unwrap();
        let path = ours.join(format!("podkit-{}", house.marker()));
        fs::create_dir(&path).unwrap();
        Self { freezer, path, ours }
    }

    fn freeze(&self, pid: i64) {
        fs::write(self.path.join("cgroup.procs"), pid.to_string()).unwrap();
        let (file, freeze, _) = self.freezer.switch();
        fs::write(self.path.join(file), freeze).unwrap();
        eventually("it is frozen", || {
            let is_frozen = match self.freezer {
                Freezer::Version1 => fs::read_to_string(self.path.join(file)).unwrap().trim() == freeze,
                Freezer::Version2 => fs::read_to_string(self.path.join("cgroup.events")).unwrap().contains("frozen 1"),
            };
            is_frozen.then_some(())
        });
    }

    fn thaw(&self) {
        let (file, _, thaw) = self.freezer.switch();
        fs::write(self.path.join(file), thaw).unwrap();
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        self.thaw();
        eventually("the cgroup is empty", || {
            for pid in fs::read_to_string(self.path.join("cgroup.procs")).unwrap().lines() {
                // It may have ended by itself.
                let _gone = fs::write(self.ours.join("cgroup.procs"), pid);
            }
            fs::remove_dir(&self.path).ok()
        });
    }
}

/// A pod with a workload that is frozen.
fn pod_with_frozen(house: &House, freezer: Freezer) -> (Cgroup, i64) {
    house.pod(&["create", "cold"]).ok();
    house.pod(&["add", "cold", "--name", "app", "--", "probe", "ready"]).ok();
    let app = house.workload("cold", "app")["process"]["pid"].as_i64().unwrap();
    let cgroup = Cgroup::new(freezer, house);
    cgroup.freeze(app);
    (cgroup, app)
}

fn named(user: User) {
    let house = House::new(user);
    let (cgroup, app) = pod_with_frozen(&house, Freezer::Version1);
    for grace in ["1", "0"] {
        let before = Instant::now();
        let ran = house.pod(&["delete", "--grace-period", grace, "cold"]);
        assert!(before.elapsed() < Duration::from_secs(30), "it took {:?}", before.elapsed());
        assert_eq!(ran.output.status.code(), Some(125), "{ran}");
        assert!(ran.err().contains(&format!("cannot end pod cold: process {app} (probe) is frozen")), "{ran}");
    }
    // Nobody else waits for it, and it is not forgotten.
    let before = Instant::now();
    house.pod(&["create", "other"]).ok();
    house.pod(&["delete", "--now", "other"]).ok();
    assert!(house.pod(&["get"]).ok().out().contains("cold"), "it is not forgotten");
    assert!(before.elapsed() < Duration::from_secs(10), "it took {:?}", before.elapsed());
    cgroup.thaw();
    house.pod(&["delete", "--now", "cold"]).ok();
    drop(cgroup);
    house.nothing_is_left();
}

fn killed(user: User) {
    let house = House::new(user);
    let (cgroup, _) = pod_with_frozen(&house, Freezer::Version2);
    let before = Instant::now();
    house.pod(&["delete", "--grace-period", "1", "cold"]).ok();
    assert!(before.elapsed() < Duration::from_secs(10), "it took {:?}", before.elapsed());
    drop(cgroup);
    house.nothing_is_left();
}
