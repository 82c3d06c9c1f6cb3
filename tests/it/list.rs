//! `nsjoin list`: what it says of namespaces is what lsns and /proc say.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::process::Stdio;

use libtest_mimic::Trial;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, geteuid};
use serde_json::{Value, json};

use crate::house::{House, Ran, User, eventually, has_ended};
use crate::trial::{Need, as_each_user, trial};

pub(crate) fn trials() -> Vec<Trial> {
    let unshare = [Need::Program("unshare")];
    let mut trials = vec![
        trial("list::an_ordinary_user_is_told_what_is_hidden", &[Need::Root, Need::Userns], hidden),
        trial("list::root_sees_the_pods_of_others_without_their_names", &[Need::Root, Need::Userns], pods_of_others),
    ];
    trials.extend(
        [
            as_each_user("list::shows_what_lsns_shows", &[Need::Program("lsns")], same_as_lsns),
            as_each_user("list::shows_who_proc_says_is_in_a_namespace", &[], same_as_proc),
            as_each_user("list::a_line_has_kind_inode_processes_pid_user_pod_and_command", &[], columns),
            as_each_user("list::names_pods_where_pause_is_and_the_host_is_not", &[], pods),
            as_each_user("list::shows_only_what_was_asked_for", &unshare, filters),
            as_each_user("list::shows_namespaces_that_only_a_mount_holds", &unshare, mounted),
            as_each_user("list::shows_namespaces_that_only_a_descriptor_holds", &unshare, held_by_descriptor),
            as_each_user("list::shows_pid_namespaces_that_only_children_would_be_in", &unshare, for_children),
            as_each_user("list::processes_may_come_and_go_meanwhile", &[], come_and_go),
            as_each_user("list::is_a_verb_only_as_the_first_word", &[], first_word),
        ]
        .into_iter()
        .flatten(),
    );
    trials
}

fn listed(house: &House, arguments: &[&str]) -> Vec<Value> {
    let Value::Array(all) = house.nsjoin(&[&["list", "-o", "json"], arguments].concat()).json() else {
        panic!("no array")
    };
    all
}

fn inode(pid: i32, kind: &str) -> u64 {
    fs::metadata(format!("/proc/{pid}/ns/{kind}")).unwrap().ino()
}

/// The one of this kind and number.
#[track_caller]
fn one(all: &[Value], kind: &str, inode: u64) -> Value {
    let mut found = all.iter().filter(|it| it["kind"] == kind && it["inode"] == inode);
    let one = found.next().unwrap_or_else(|| panic!("no {kind}:[{inode}] in {all:#?}"));
    assert!(found.next().is_none(), "{kind}:[{inode}] twice");
    one.clone()
}

fn same_as_lsns(user: User) {
    let house = House::new(user);
    house.pod(&["create", "web"]).ok();
    house.pod(&["add", "web", "--name", "app", "--", "probe", "signals", "--child"]).ok();
    house.logged("web", "app", "ready");
    // In the pod, so that nobody else comes and goes. Each program counts itself.
    let inside = |words: &[&str]| house.nsjoin(&[&["-t", "web", "-a", "--"], words].concat()).ok();
    let lsns = inside(&["lsns", "--noheadings", "--raw", "--output", "TYPE,NS,NPROCS,PID"]).out();
    let theirs: BTreeSet<Vec<String>> =
        lsns.lines().map(|line| line.split_whitespace().map(str::to_owned).collect()).collect();
    let ours = inside(&["nsjoin", "list", "--no-headers"]).out();
    let ours = ours.lines().map(|line| line.split_whitespace().take(4).map(str::to_owned).collect()).collect();
    assert_eq!(theirs, ours);
    assert!(theirs.iter().any(|row| row[0] == "net" && row[2] == "4" && row[3] == "1"), "{theirs:?}");
}

fn same_as_proc(user: User) {
    let house = House::new(user);
    house.pod(&["create", "web"]).ok();
    house.pod(&["add", "web", "--name", "app", "--", "probe", "signals", "--child"]).ok();
    house.logged("web", "app", "ready");
    let pause = house.pause("web");
    let all = listed(&house, &[]);
    for kind in ["net", "ipc", "uts", "pid", "mnt"] {
        let inode = inode(pause, kind);
        let pids = fs::read_dir("/proc").unwrap().filter_map(|it| it.unwrap().file_name().to_str()?.parse().ok());
        let inside = |pid: &i32| fs::metadata(format!("/proc/{pid}/ns/{kind}")).is_ok_and(|it| it.ino() == inode);
        let mut expected: Vec<i32> = pids.filter(inside).collect();
        expected.sort_unstable();
        let found = one(&all, kind, inode);
        assert_eq!(found["processes"], json!(expected), "{kind}");
        assert_eq!(found["first"]["pid"], expected[0], "{kind}");
        assert!(expected.contains(&pause));
    }
    let keys: Vec<_> = all.iter().map(|it| (order(&it["kind"]), it["inode"].as_u64().unwrap())).collect();
    assert!(keys.is_sorted(), "{keys:?}");
}

/// Where a kind comes in the list.
fn order(kind: &Value) -> usize {
    let kinds = ["user", "cgroup", "ipc", "uts", "net", "pid", "mnt", "time"];
    kinds.iter().position(|name| kind == name).unwrap()
}

fn uid(house: &House) -> u32 {
    if house.user == User::Root { 0 } else { fs::metadata(house.work()).unwrap().uid() }
}

fn columns(user: User) {
    let house = House::new(user);
    let mut unshare = house.command("unshare");
    let guest = house.start(unshare.args(["--user", "--map-root-user", "--net", "probe", "ready"]));
    let (pid, inode) = (guest.pid().to_string(), inode(guest.pid(), "net").to_string());
    let lines = |options: &[&str]| house.nsjoin(&[&["list", "net", "-t", &pid], options].concat()).ok().out();
    let (with, without) = (lines(&[]), lines(&["--no-headers"]));
    let with: Vec<_> = with.lines().collect();
    assert_eq!(with.len(), 2, "{with:?}");
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(words(with[0]), ["KIND", "INODE", "PROCESSES", "PID", "USER", "POD", "COMMAND"]);
    // Nobody has this uid a name for.
    let user = if uid(&house) == 0 { "root".to_owned() } else { uid(&house).to_string() };
    let user = if geteuid().is_root() { user } else { words(with[1])[4].clone() };
    assert_eq!(words(with[1]), ["net", &inode, "1", &pid, &user, "-", "probe", "ready"]);
    assert_eq!(words(&without), words(with[1]));
    for (line, start) in [(with[0], "COMMAND"), (with[1], "probe ready")] {
        assert_eq!(line.find(start), with[0].find("COMMAND"), "{with:#?}");
    }
}

fn pods(user: User) {
    let house = House::new(user);
    house.pod(&["create", "web"]).ok();
    house.pod(&["create", "hosts", "--share", "ipc,uts,pid"]).ok();
    let (web, hosts) = (house.pause("web"), house.pause("hosts"));
    let own = i32::try_from(std::process::id()).unwrap();
    let all = listed(&house, &[]);
    for kind in ["user", "ipc", "uts", "net", "pid", "mnt", "cgroup", "time"] {
        for (pause, name) in [(web, "web"), (hosts, "hosts")] {
            let found = one(&all, kind, inode(pause, kind));
            let shared = inode(pause, kind) == inode(own, kind);
            let expected = if shared { Value::Null } else { name.into() };
            assert_eq!(found["pod"], expected, "{kind} of {name}");
            let owner = if kind == "cgroup" || kind == "time" || shared { 0 } else { uid(&house) };
            assert_eq!(found["owner"], owner, "{kind} of {name}");
        }
    }
    assert_eq!(one(&all, "net", inode(web, "net"))["pod"], "web");
    let lines = house.nsjoin(&["list", "ipc", "--pod", "web", "--no-headers"]).ok().out();
    assert!(lines.contains(" web "), "{lines}");
    // One whose pause has ended is in nothing.
    kill(Pid::from_raw(web), Signal::SIGKILL).unwrap();
    eventually("pause has ended", || has_ended(web.into()).then_some(()));
    assert!(listed(&house, &[]).iter().all(|it| it["pod"] != "web"));
}

fn pods_of_others() {
    let (house, others) = (House::new(User::Root), House::new(User::Ordinary));
    others.pod(&["create", "web"]).ok();
    let found = one(&listed(&house, &[]), "net", inode(others.pause("web"), "net"));
    assert_eq!((&found["pod"], &found["owner"]), (&Value::Null, &uid(&others).into()));
}

fn filters(user: User) {
    let house = House::new(user);
    house.pod(&["create", "web"]).ok();
    let pause = house.pause("web");
    let kinds_of =
        |all: &[Value]| all.iter().map(|it| it["kind"].as_str().unwrap().to_owned()).collect::<BTreeSet<_>>();
    let all = listed(&house, &["--pod", "web"]);
    let expected: BTreeMap<String, u64> = fs::read_dir(format!("/proc/{pause}/ns"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.ends_with("_for_children"))
        .map(|name| (name.clone(), inode(pause, &name)))
        .collect();
    let found = all.iter().map(|it| (it["kind"].as_str().unwrap().to_owned(), it["inode"].as_u64().unwrap()));
    assert_eq!(found.collect::<BTreeMap<_, _>>(), expected);
    for target in ["web", "pod/web", &pause.to_string()] {
        assert_eq!(kinds_of(&listed(&house, &["-t", target, "net", "uts"])), ["net", "uts"].map(str::to_owned).into());
    }
    assert_eq!(kinds_of(&listed(&house, &["mnt"])), ["mnt".to_owned()].into());
    house.nsjoin(&["list", "network"]).refuses(2, "invalid value 'network'");
    house.nsjoin(&["list", "--pod", "web", "-t", "web"]).refuses(2, "cannot be used with");
    house.nsjoin(&["list", "--pod", "none"]).refuses(125, "no pod named none in ");
    house.nsjoin(&["list", "-t", "2147483647"]).refuses(125, "cannot join pid 2147483647: no such process");
}

/// Runs a line of shell as root of a user namespace, with mounts of its own.
fn in_mounts(house: &House, script: &str) -> Ran {
    let unshare = ["--user", "--map-root-user", "--mount", "--fork", "--kill-child", "sh", "-ec", script];
    house.finish(house.command("unshare").args(unshare))
}

fn mounted(user: User) {
    let house = House::new(user);
    let script = "touch 'a b' number; unshare --net='a b' readlink /proc/self/ns/net > number; nsjoin list";
    let all = in_mounts(&house, &format!("{script} net -o json"));
    let all: Vec<Value> = serde_json::from_str(&all.ok().out()).unwrap();
    let link = fs::read_to_string(house.work().join("number")).unwrap();
    let inode = link.trim().trim_start_matches("net:[").trim_end_matches(']').parse().unwrap();
    let found = one(&all, "net", inode);
    let place = house.work().join("a b").display().to_string();
    assert_eq!(found["held_by"], json!([place]));
    assert_eq!((&found["processes"], &found["first"]), (&json!([]), &Value::Null));
    let text = in_mounts(&house, &format!("{script} net")).ok().out();
    let line = text.lines().find(|line| line.contains(&place)).unwrap_or_else(|| panic!("no {place} in {text}"));
    let words: Vec<_> = line.split_whitespace().skip(2).collect();
    assert_eq!(words[..4], ["0", "-", "-", "-"], "{line}");
    assert!(line.ends_with(&format!("held by {place}")), "{line}");
}

fn held_by_descriptor(user: User) {
    let house = House::new(user);
    let mut unshare = house.command("unshare");
    let guest = house.start(unshare.args(["--user", "--map-root-user", "--uts", "probe", "ready"]));
    let uts = inode(guest.pid(), "uts");
    let script = format!("exec 7</proc/{}/ns/uts; exec probe ready", guest.pid());
    let holder = house.start(house.command("sh").args(["-c", &script]));
    let held = json!([format!("/proc/{}/fd/7", holder.pid())]);
    let before = one(&listed(&house, &["uts"]), "uts", uts);
    assert_eq!((&before["processes"], &before["held_by"]), (&json!([guest.pid()]), &held));
    drop(guest);
    let after = one(&listed(&house, &["uts"]), "uts", uts);
    assert_eq!((&after["processes"], &after["held_by"]), (&json!([]), &held));
    assert_eq!(after["owner"], uid(&house), "asked of the descriptor");
    drop(holder);
    assert!(listed(&house, &["uts"]).iter().all(|it| it["inode"] != uts));
}

fn for_children(user: User) {
    let house = House::new(user);
    // The first child has been and gone, so the namespace has an entry and nobody in it.
    let script = "probe exit 0; exec probe ready";
    let mut unshare = house.command("unshare");
    let guest = house.start(unshare.args(["--user", "--map-root-user", "--pid", "sh", "-c", script]));
    let entry = format!("/proc/{}/ns/pid_for_children", guest.pid());
    let found = one(&listed(&house, &["pid"]), "pid", fs::metadata(&entry).unwrap().ino());
    assert_eq!((&found["processes"], &found["held_by"]), (&json!([]), &json!([entry])));
}

fn hidden() {
    let house = House::new(User::Ordinary);
    let ran = house.nsjoin(&["list"]).ok();
    let err = ran.err();
    let count = err.strip_prefix("nsjoin: ").and_then(|rest| rest.split_once(' ')).unwrap().0;
    assert!(count.parse::<u32>().unwrap() > 0);
    assert!(err.ends_with(" could not be looked at; needs root\n") && err.lines().count() == 1, "{ran}");
    // Those of root are not in it, and ours is.
    let all = listed(&house, &["net"]);
    assert!(all.iter().all(|it| it["processes"].as_array().unwrap().iter().all(|pid| pid != 2)), "{all:?}");
    assert!(!all.is_empty());
}

fn come_and_go(user: User) {
    let house = House::new(user);
    let script = "echo ready; while :; do true | true; (true); done";
    let _guest = house.start(house.command("sh").args(["-c", script]).stderr(Stdio::null()));
    for _ in 0..30 {
        let ran = house.nsjoin(&["list"]).ok();
        assert!(ran.err().lines().all(|line| line.contains("could not be looked at")), "{ran}");
    }
}

fn first_word(user: User) {
    let house = House::new(user);
    house.pod(&["create", "web"]).ok();
    for words in [&["-t", "web", "list"][..], &["-t", "web", "--", "list"]] {
        house.nsjoin(words).refuses(127, "cannot execute list: No such file");
    }
    house.nsjoin(&["--", "list"]).refuses(2, "--target");
    let help = house.nsjoin(&["list", "--help"]).ok().out();
    assert!(help.contains("Usage: nsjoin list "), "{help}");
}
