//! Limits of workloads, their control groups, and what becomes of who has no memory left.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::house::{House, ORDINARY_ID, User, eventually, has_ended};
use crate::trial::{Need, trial};

pub(crate) fn trials() -> Vec<Trial> {
    let root = &[Need::Root];
    let delegated_to = &[Need::Root, Need::Userns];
    vec![
        trial("limits::of_a_workload_are_those_of_its_cgroup", root, are_set),
        trial("limits::who_runs_out_of_memory_is_told_as_oomkilled", root, out_of_memory),
        trial("limits::that_memory_ran_out_is_seen_by_the_next_supervisor", root, seen_by_the_next),
        trial("limits::what_a_limited_workload_leaves_behind_ends_with_it", root, left_behind),
        trial("limits::groups_go_with_a_pod_that_was_killed", root, go_with_the_pod),
        trial("limits::groups_go_where_their_record_is_damaged", root, damaged_record),
        trial("limits::are_refused_to_who_may_not_limit", &[Need::Userns], refused),
        trial("limits::that_make_no_sense_are_refused", root, senseless),
        trial("limits::of_a_delegated_subtree_are_an_ordinary_users", delegated_to, delegated),
    ]
}

/// Where cgroups are mounted.
fn hierarchies() -> Vec<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap();
    let mounts = mounts.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    mounts.filter(|words| words[2].starts_with("cgroup")).map(|words| words[1].into()).collect()
}

/// The groups that there are of a pod, whose pause has this pid.
fn groups(pod: &str, pause: i32) -> Vec<PathBuf> {
    let start = format!("{pod}-{pause}-");
    let mut found = Vec::new();
    for hierarchy in hierarchies() {
        let Ok(entries) = fs::read_dir(hierarchy.join("pod")) else { continue };
        let names = entries.map(|entry| entry.unwrap().path());
        found.extend(names.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(&start)));
    }
    found
}

fn none_left(pod: &str, pause: i32) {
    assert_eq!(groups(pod, pause), Vec::<PathBuf>::new());
}

/// A file of the group of a process, in whichever hierarchy it is.
fn says(pid: i64, file: &str) -> Option<String> {
    let path = group_with(pid, file)?.join(file);
    Some(fs::read_to_string(path).unwrap().trim().to_owned())
}

/// One of these files, as the versions call it, of the group around that of a process.
pub(crate) fn above(pid: i64, files: &[&str]) -> Option<String> {
    files.iter().find_map(|file| {
        let path = group_with(pid, file)?.parent()?.join(file);
        Some(fs::read_to_string(path).ok()?.trim().to_owned())
    })
}

/// The group of a process in which there is such a file.
fn group_with(pid: i64, file: &str) -> Option<PathBuf> {
    let groups = fs::read_to_string(format!("/proc/{pid}/cgroup")).unwrap();
    let paths: Vec<&str> = groups.lines().map(|line| line.splitn(3, ':').nth(2).unwrap()).collect();
    let mut all = hierarchies().into_iter().flat_map(|hierarchy| {
        paths.iter().map(move |path| hierarchy.join(path.trim_start_matches('/'))).collect::<Vec<_>>()
    });
    all.find(|path| path.components().any(|part| part.as_os_str() == "pod") && path.join(file).exists())
}

fn pid_of(house: &House, workload: &str) -> i64 {
    house.workload("web", workload)["process"]["pid"].as_i64().unwrap()
}

fn ended(house: &House, workload: &str) -> Value {
    eventually("the workload has ended", || {
        Some(house.workload("web", workload)).filter(|workload| workload["ended"].is_string())
    })
}

fn add(house: &House, words: &[&str], command: &[&str]) {
    house.pod(&[&["add", "web"], words, &["--"], command].concat()).ok();
}

fn are_set() {
    let house = House::new(User::Root);
    house.pod(&["create", "web"]).ok();
    let pause = house.pause("web");
    let limits = ["-m", "64m", "--cpus", "0.5", "--cpu-shares", "512", "--pids-limit", "20", "--blkio-weight", "300"];
    add(&house, &[&["--name", "app", "--cpuset-cpus", "0"], &limits[..]].concat(), &["probe", "ready"]);
    add(&house, &["--name", "free"], &["probe", "ready"]);
    let app = pid_of(&house, "app");
    let expected: BTreeMap<&str, &str> = if says(app, "memory.limit_in_bytes").is_some() {
        [
            ("memory.limit_in_bytes", "67108864"),
            ("memory.memsw.limit_in_bytes", "67108864"),
            ("cpu.cfs_quota_us", "50000"),
            ("cpu.shares", "512"),
            ("blkio.bfq.weight", "300"),
            ("pids.max", "20"),
            ("cpuset.cpus", "0"),
        ]
        .into()
    } else {
        [("memory.max", "67108864"), ("memory.swap.max", "0"), ("cpu.max", "50000 100000"), ("pids.max", "20")].into()
    };
    for (file, value) in expected {
        let found = says(app, file);
        // A machine that does not account for swap has nothing to say of it.
        assert!(found.as_deref() == Some(value) || (file.contains("sw") && found.is_none()), "{file}: {found:?}");
    }
    assert_eq!(says(pid_of(&house, "free"), "cgroup.procs"), None, "who was not limited is where the supervisor is");
    house.pod(&["delete", "web", "--now"]).ok();
    none_left("web", pause);
    house.nothing_is_left();
}

/// Takes all the memory there is, once a file is there.
const EATS: &str = "while [ ! -e go ]; do sleep 0.02; done; exec tail /dev/zero";

fn out_of_memory() {
    let house = House::new(User::Root);
    house.pod(&["create", "web"]).ok();
    let pause = house.pause("web");
    add(&house, &["--name", "other", "-m", "64m"], &["probe", "ready"]);
    add(&house, &["--name", "app", "-m", "24m"], &["sh", "-c", EATS]);
    fs::write(house.work().join("go"), "").unwrap();
    let app = ended(&house, "app");
    assert_eq!(
        (&app["status"], &app["end_reason"], &app["exit_code"], &app["signal"]),
        (&"Exited".into(), &"OOMKilled".into(), &137.into(), &"SIGKILL".into()),
        "{app}"
    );
    let told = house.pod(&["describe", "web"]).ok().out();
    assert!(told.contains("OOMKilled (137)"), "{told}");
    assert_eq!(house.workload("web", "other")["status"], "Running");
    // Killed by somebody else it is not.
    add(&house, &["--name", "app", "-m", "24m"], &["sh", "-c", "kill -9 $$"]);
    let app = eventually("it has ended by the signal", || Some(ended(&house, "app")));
    assert_eq!((&app["end_reason"], &app["signal"]), (&Value::Null, &"SIGKILL".into()), "{app}");
    // One whose child it was has the code that it chose.
    add(&house, &["--name", "app", "-m", "24m"], &["sh", "-c", "tail /dev/zero; exit 3"]);
    let app = ended(&house, "app");
    assert_eq!((&app["end_reason"], &app["exit_code"]), (&"OOMKilled".into(), &3.into()), "{app}");
    house.pod(&["delete", "web", "--now"]).ok();
    none_left("web", pause);
    house.nothing_is_left();
}

fn kill_supervisor(house: &House) {
    let record = fs::read_to_string(house.state().join("web/supervisor")).unwrap();
    kill(Pid::from_raw(record.split(' ').next().unwrap().parse().unwrap()), Signal::SIGKILL).unwrap();
}

fn seen_by_the_next() {
    let house = House::new(User::Root);
    house.pod(&["create", "web"]).ok();
    let pause = house.pause("web");
    add(&house, &["--name", "app", "-m", "24m"], &["sh", "-c", EATS]);
    add(&house, &["--name", "gone", "-m", "24m"], &["sh", "-c", "while [ ! -e gone ]; do sleep 0.02; done"]);
    let gone = pid_of(&house, "gone");
    kill_supervisor(&house);
    fs::write(house.work().join("gone"), "").unwrap();
    eventually("it has ended, seen by nobody", || has_ended(gone).then_some(()));
    let groups_of = |name: &str| groups("web", pause).iter().filter(|group| group.join(name).exists()).count();
    assert!(groups_of("gone") > 0);
    add(&house, &["--name", "next"], &["probe", "ready"]);
    eventually("what it has left is removed", || (groups_of("gone") == 0).then_some(()));
    assert!(groups_of("app") > 0, "that of who runs on stays");
    fs::write(house.work().join("go"), "").unwrap();
    let app = ended(&house, "app");
    assert_eq!((&app["end_reason"], &app["exit_code"]), (&"OOMKilled".into(), &137.into()), "{app}");
    house.pod(&["delete", "web", "--now"]).ok();
    none_left("web", pause);
    house.nothing_is_left();
}

fn left_behind() {
    let house = House::new(User::Root);
    house.pod(&["create", "web"]).ok();
    let pause = house.pause("web");
    let script = "setsid sleep 4321 & echo $! >left; exit 3";
    add(&house, &["--name", "app", "--pids-limit", "50"], &["sh", "-c", script]);
    assert_eq!(ended(&house, "app")["exit_code"], 3);
    eventually("its group is gone", || groups("web", pause).iter().all(|it| !it.join("app").exists()).then_some(()));
    let left = fs::read_to_string(house.work().join("left")).unwrap();
    let inside = format!("kill -0 {} 2>/dev/null && echo there || echo gone", left.trim());
    assert_eq!(house.pod(&["exec", "web", "--", "sh", "-c", &inside]).ok().out().trim(), "gone");
    house.pod(&["delete", "web", "--now"]).ok();
    none_left("web", pause);
    house.nothing_is_left();
}

fn go_with_the_pod() {
    let house = House::new(User::Root);
    house.pod(&["create", "web"]).ok();
    let pause = house.pause("web");
    for name in ["one", "two"] {
        add(&house, &["--name", name, "-m", "32m"], &["probe", "ready"]);
    }
    kill_supervisor(&house);
    kill(Pid::from_raw(pause), Signal::SIGKILL).unwrap();
    assert!(!groups("web", pause).is_empty());
    house.pod(&["delete", "web"]).ok();
    none_left("web", pause);
    house.nothing_is_left();
}

fn damaged_record() {
    let house = House::new(User::Root);
    house.pod(&["create", "web"]).ok();
    let pause = house.pause("web");
    add(&house, &["--name", "app", "-m", "32m"], &["probe", "ready"]);
    fs::write(house.state().join("web/cgroups.json"), "[\"/sys/fs").unwrap();
    house.pod(&["delete", "web", "--now"]).ok();
    none_left("web", pause);
    house.nothing_is_left();
}

fn refused() {
    let house = House::new(User::Ordinary);
    house.pod(&["create", "web"]).ok();
    let command = ["--name", "app", "--", "probe", "ready"];
    let refused = house.pod(&[&["add", "web", "-m", "64m"], &command[..]].concat());
    let hint = refused.err();
    refused.refuses(125, "cannot limit memory: no cgroup below");
    assert!(hint.contains("hint: ") && hint.contains("Delegate=yes"), "{hint}");
    assert_eq!(house.describe("web")["workloads"], Value::Array(Vec::new()), "nothing of it is left");
    house.pod(&[&["add", "web"], &command[..]].concat()).ok();
    house.pod(&["delete", "web", "--now"]).ok();
    house.nothing_is_left();
}

fn senseless() {
    let house = House::new(User::Root);
    house.pod(&["create", "web"]).ok();
    let pause = house.pause("web");
    for (limits, code, says) in [
        (&["-m", "lots"][..], 2, "no number of bytes"),
        (&["-m", "0"], 2, "nothing runs without memory"),
        (&["--memory-swap", "1g"], 2, "--memory"),
        (&["-m", "64m", "--memory-swap", "32m"], 125, "no less than --memory"),
        (&["--cpus", "0"], 2, "no number of processors"),
        (&["--cpuset-cpus", "a-b"], 2, "no list of numbers"),
        (&["--blkio-weight", "5"], 2, "not within 10 and 1000"),
        (&["--cpuset-cpus", "4000"], 125, "cpuset.cpus to 4000"),
    ] {
        let words = [&["add", "web"], limits, &["--name", "app", "--", "probe", "ready"]].concat();
        house.pod(&words).refuses(code, says);
    }
    assert_eq!(house.describe("web")["workloads"], Value::Array(Vec::new()));
    house.pod(&["delete", "web", "--now"]).ok();
    none_left("web", pause);
    house.nothing_is_left();
}

/// A group of the tests' own, handed to the ordinary user as systemd hands out subtrees.
struct Delegated(PathBuf);

impl Delegated {
    fn new(house: &House, hierarchy: &Path) -> Self {
        let directory = hierarchy.join(format!("podkit-{}", house.marker()));
        fs::create_dir(&directory).unwrap();
        for file in ["", "cgroup.procs", "cgroup.subtree_control", "cgroup.threads"] {
            if directory.join(file).exists() {
                chown(directory.join(file), Some(ORDINARY_ID), Some(ORDINARY_ID)).unwrap();
            }
        }
        Self(directory)
    }
}

impl Drop for Delegated {
    fn drop(&mut self) {
        let deadline = Instant::now() + Duration::from_secs(5);
        while let Err(error) = fs::remove_dir(&self.0) {
            if Instant::now() > deadline {
                assert!(std::thread::panicking(), "left behind: {}: {error}", self.0.display());
                break;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

fn delegated() {
    let house = House::new(User::Ordinary);
    let hierarchies = hierarchies();
    // Where there is but one, its controllers are ours as far as the one above passes them on.
    let memory = hierarchies.iter().find(|path| path.join("memory.limit_in_bytes").exists()).unwrap_or(&hierarchies[0]);
    let delegated = Delegated::new(&house, memory);
    // The shell is put there, and what it starts is there too.
    let inside = |words: &str| {
        let script = format!("echo ready; until [ -e put ]; do sleep 0.01; done; {words}");
        let shell = house.start(house.command("sh").args(["-c", &script]));
        fs::write(delegated.0.join("cgroup.procs"), shell.pid().to_string()).unwrap();
        fs::write(house.work().join("put"), "").unwrap();
        shell.ends()
    };
    house.pod(&["create", "web"]).ok();
    assert!(
        inside("pod add web --name app -m 24m -- sh -c 'while [ ! -e go ]; do sleep 0.02; done; exec tail /dev/zero'")
            .success()
    );
    let app = house.workload("web", "app");
    assert!(delegated.0.join("pod").is_dir());
    let missing = app["missing"].as_array().unwrap();
    assert!(missing.iter().any(|one| one["mount"].as_str().unwrap().contains("pids")), "{app}");
    let told = house.pod(&["describe", "web"]).ok().out();
    assert!(told.contains("Without:") && told.contains("is ours to divide"), "{told}");
    fs::write(house.work().join("go"), "").unwrap();
    let app = ended(&house, "app");
    assert_eq!((&app["end_reason"], &app["exit_code"]), (&"OOMKilled".into(), &137.into()), "{app}");
    house.pod(&["delete", "web", "--now"]).ok();
    assert!(!delegated.0.join("pod").exists());
    house.nothing_is_left();
}
