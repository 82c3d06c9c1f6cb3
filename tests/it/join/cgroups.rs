//! Control groups of both versions: the target's, or one by its path.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use libtest_mimic::Trial;

use super::{Started, launched, stranger};
use crate::house::{House, ORDINARY_ID, User};
use crate::trial::{Need, trial};

pub(super) fn trials() -> Vec<Trial> {
    let strace = &[Need::Root, Need::Program("strace"), Need::Program("timeout")];
    let unshare = &[Need::Root, Need::Program("unshare")];
    vec![
        trial("join::cgroups::those_of_the_target_are_joined_and_no_others", &[Need::Root], targets),
        trial("join::cgroups::those_of_a_target_in_pids_of_its_own", unshare, with_pids),
        trial("join::cgroups::a_path_is_joined_wherever_it_is", &[Need::Root], named),
        trial("join::cgroups::controllers_choose_among_the_hierarchies", &[Need::Root], of_controllers),
        trial("join::cgroups::one_that_is_not_there_is_refused", &[Need::Root], missing),
        trial("join::cgroups::one_that_is_frozen_is_refused", &[Need::Root], frozen),
        trial("join::cgroups::one_that_was_delegated_takes_no_root", &[Need::Root, Need::Userns], delegated),
        trial("join::cgroups::a_command_is_born_in_that_of_version_2", strace, born),
    ]
}

/// A cgroup of our own in a hierarchy, removed when all have left it.
struct Cgroup {
    directory: PathBuf,
    /// As every hierarchy calls it.
    path: String,
    hierarchy: Hierarchy,
}

struct Hierarchy {
    mounted: PathBuf,
    /// As lines of `/proc/PID/cgroup` have it; none for the unified one.
    controller: Option<&'static str>,
}

/// The hierarchies that this machine has, of those that tests use: the unified one, and two of version 1.
fn hierarchies() -> Vec<Hierarchy> {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap();
    let mounts = mounts.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    let found = mounts.filter_map(|words| {
        let controller = match words[2] {
            "cgroup2" => None,
            "cgroup" => Some(*["pids", "memory"].iter().find(|name| words[3].split(',').any(|word| word == **name))?),
            _ => return None,
        };
        Some(Hierarchy { mounted: words[1].into(), controller })
    });
    let found: Vec<_> = found.collect();
    assert!(!found.is_empty(), "no hierarchy of cgroups is mounted");
    found
}

impl Cgroup {
    fn new(house: &House, name: &str, hierarchy: Hierarchy) -> Self {
        let path = format!("podkit-{}-{name}", house.marker());
        let directory = hierarchy.mounted.join(&path);
        fs::create_dir(&directory).unwrap();
        Self { directory, path: format!("/{path}"), hierarchy }
    }

    fn take(&self, process: &Started) {
        fs::write(self.directory.join("cgroup.procs"), process.to_string()).unwrap();
    }

    fn key(&self) -> &'static str {
        self.hierarchy.controller.unwrap_or_default()
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        // The last process may not have left yet.
        let deadline = Instant::now() + Duration::from_secs(5);
        while let Err(error) = fs::remove_dir(&self.directory) {
            if Instant::now() > deadline {
                assert!(std::thread::panicking(), "left behind: {}: {error}", self.directory.display());
                break;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// The cgroups of a process, by controllers; of the unified hierarchy, by none.
fn of(process: &Started) -> BTreeMap<String, String> {
    of_text(&process.file("cgroup"))
}

fn of_text(text: &str) -> BTreeMap<String, String> {
    let line = |line: &str| {
        let mut fields = line.splitn(3, ':').skip(1);
        Some((fields.next()?.to_owned(), fields.next()?.to_owned()))
    };
    text.lines().filter_map(line).collect()
}

/// Where we are, but for these.
fn ours_but(cgroups: &[&Cgroup]) -> BTreeMap<String, String> {
    let mut expected = of_text(&fs::read_to_string("/proc/self/cgroup").unwrap());
    for cgroup in cgroups {
        let line = expected.iter_mut().find(|(key, _)| key.split(',').any(|name| name == cgroup.key()));
        line.unwrap().1.clone_from(&cgroup.path);
    }
    expected
}

fn targets() {
    for hierarchy in hierarchies() {
        let house = House::new(User::Root);
        let cgroup = Cgroup::new(&house, "app", hierarchy);
        let target = Started::new(&house, house.command("probe").arg("ready"));
        cgroup.take(&target);
        for flag in ["-c", "--join-cgroup"] {
            let inside = launched(&house, &["-t", &target.to_string(), flag]);
            assert_eq!(of(&inside), ours_but(&[&cgroup]), "{flag}");
            assert_eq!(of(&inside), of(&target), "{flag}");
        }
        let other = launched(&house, &["-t", &target.to_string(), "-n"]);
        assert_eq!(of(&other), ours_but(&[]), "it was not asked for");
        drop((other, target));
    }
}

fn with_pids() {
    for hierarchy in hierarchies() {
        let house = House::new(User::Root);
        let cgroup = Cgroup::new(&house, "app", hierarchy);
        let target = stranger(&house, &["--pid", "--cgroup", "--time"]);
        cgroup.take(&target);
        for flags in [&["-p"][..], &["-U", "-p"], &["-C", "-T"], &["-a"]] {
            let inside = launched(&house, &[&["-t", &target.to_string(), "-c"], flags].concat());
            assert_eq!(of(&inside), ours_but(&[&cgroup]), "{flags:?}");
        }
        drop(target);
    }
}

fn named() {
    let house = House::new(User::Root);
    let cgroups: Vec<_> = hierarchies().into_iter().map(|hierarchy| Cgroup::new(&house, "app", hierarchy)).collect();
    let all: Vec<_> = cgroups.iter().collect();
    let path = &all[0].path;
    for spelled in
        [format!("-c={path}"), format!("-c{path}"), format!("--join-cgroup={path}"), format!("-c={}", &path[1..])]
    {
        assert_eq!(of(&launched(&house, &[&spelled])), ours_but(&all), "{spelled}");
    }
    if let Some(outer) = cgroups.iter().find(|cgroup| cgroup.hierarchy.controller.is_none()) {
        let hierarchy = Hierarchy { mounted: outer.directory.clone(), controller: None };
        let inner = Cgroup::new(&house, "inner", hierarchy);
        let path = format!("{}{}", outer.path, inner.path);
        assert_eq!(of(&launched(&house, &[&format!("-c={path}")]))[""], path);
    }
}

fn of_controllers() {
    let house = House::new(User::Root);
    let cgroups: Vec<_> = hierarchies().into_iter().map(|hierarchy| Cgroup::new(&house, "app", hierarchy)).collect();
    let old: Vec<_> = cgroups.iter().filter(|cgroup| cgroup.hierarchy.controller.is_some()).collect();
    for cgroup in &old {
        let inside = launched(&house, &[&format!("-c={}:{}", cgroup.key(), cgroup.path)]);
        assert_eq!(of(&inside), ours_but(&[cgroup]));
    }
    let keys = old.iter().map(|cgroup| cgroup.key()).collect::<Vec<_>>().join(",");
    if let Some(first) = old.first() {
        let inside = launched(&house, &[&format!("-c={keys}:{}", first.path)]);
        assert_eq!(of(&inside), ours_but(&old));
    }
    let path = &cgroups[0].path;
    house
        .nsjoin(&[&format!("-c=nothing:{path}"), "true"])
        .refuses(2, &format!("no cgroup nothing:{path} in any hierarchy"));
}

fn missing() {
    let house = House::new(User::Root);
    for name in ["/no/such/group", "no-such-group", "/..", "/../../etc", "", "memory:", "memory:/no/such/group"] {
        house.nsjoin(&[&format!("-c={name}"), "true"]).refuses(2, "in any hierarchy that is mounted here");
    }
    house.nsjoin(&["-c", "true"]).refuses(2, "cannot take the cgroup: no target is named");
}

fn frozen() {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap();
    let freezer = mounts.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    let freezer =
        freezer.into_iter().find(|words| words[2] == "cgroup" && words[3].split(',').any(|word| word == "freezer"));
    let freezer =
        freezer.map(|words| (Hierarchy { mounted: words[1].into(), controller: Some("freezer") }, "freezer.state"));
    let unified = hierarchies().into_iter().find(|hierarchy| hierarchy.controller.is_none());
    for (hierarchy, file) in freezer.into_iter().chain(unified.map(|unified| (unified, "cgroup.freeze"))) {
        let (on, off) = if file == "freezer.state" { ("FROZEN", "THAWED") } else { ("1", "0") };
        let house = House::new(User::Root);
        let cgroup = Cgroup::new(&house, "app", hierarchy);
        fs::write(cgroup.directory.join(file), on).unwrap();
        let says = format!("cannot join cgroup {}: it is frozen", cgroup.directory.display());
        house.nsjoin(&[&format!("-c={}", cgroup.path), "true"]).refuses(125, &says);
        fs::write(cgroup.directory.join(file), off).unwrap();
        house.nsjoin(&[&format!("-c={}", cgroup.path), "true"]).ok();
    }
}

fn delegated() {
    for hierarchy in hierarchies() {
        let house = House::new(User::Ordinary);
        let is_old = hierarchy.controller.is_some();
        let cgroup = Cgroup::new(&house, "app", hierarchy);
        let here = format!("-c={}", cgroup.path);
        let line = [&here, "--", "probe", "ready"];
        house.nsjoin(&line).refuses(125, "Permission denied");
        give(&cgroup.directory);
        if is_old {
            let inside = launched(&house, &[&here]);
            assert_eq!(of(&inside), ours_but(&[&cgroup]));
        } else {
            // Of version 2, who comes has to be allowed to leave, too.
            house.nsjoin(&line).refuses(125, "Permission denied");
        }
    }
}

fn give(directory: &Path) {
    for path in [directory.to_owned(), directory.join("cgroup.procs")] {
        chown(path, Some(ORDINARY_ID), Some(ORDINARY_ID)).unwrap();
    }
}

fn born() {
    let Some(hierarchy) = hierarchies().into_iter().find(|hierarchy| hierarchy.controller.is_none()) else { return };
    let house = House::new(User::Root);
    let cgroup = Cgroup::new(&house, "app", hierarchy);
    let target = stranger(&house, &["--pid"]);
    let (pid, path) = (target.to_string(), format!("-c={}", cgroup.path));
    for line in [&["-t", &pid, "-p", &path][..], &["--timeout=1m", &path]] {
        let trace = house.work().join("trace");
        // A tracer waits for all that it traces, whatever becomes of us.
        let mut strace = house.command("timeout");
        strace
            .args(["-s", "KILL", "30", "strace", "-f", "-e", "trace=clone3,open,openat,write,execve", "-o"])
            .arg(&trace);
        strace.arg("nsjoin").args(line).args(["--", "cat", "/proc/self/cgroup"]);
        let seen = of_text(&house.finish(&mut strace).ok().out());
        assert_eq!(seen[""], cgroup.path, "{line:?}");
        let text = fs::read_to_string(&trace).unwrap();
        let before = text.split("execve(").take(2).collect::<String>();
        assert!(before.contains("CLONE_INTO_CGROUP"), "{text}");
        let members = text.lines().find(|line| line.contains("cgroup.procs") && line.contains("O_WRONLY"));
        let number = members.and_then(|line| line.rsplit(" = ").next()).unwrap().trim();
        assert!(!text.contains(&format!("write({number}, \"0\"")), "{text}");
    }
}
