//! What a pod looks like from inside.

use std::fs;
use std::os::unix::fs::MetadataExt;

use libtest_mimic::Trial;
use serde_json::Value;

use crate::house::{House, User, eventually, has_ended, status_of};
use crate::trial::{Need, as_each_user};

pub(crate) fn trials() -> Vec<Trial> {
    [
        as_each_user("inside::workloads_are_in_the_namespaces_of_pause", &[], same_namespaces),
        as_each_user("inside::ps_lists_pause_as_1_and_only_the_pod", &[Need::Program("ps")], only_the_pod),
        as_each_user("inside::there_is_one_hostname_and_it_is_the_pods", &[], one_hostname),
        as_each_user("inside::a_system_v_queue_is_seen_in_the_pod_and_not_outside", &[], one_ipc),
        as_each_user("inside::a_file_in_dev_shm_is_seen_in_the_pod_and_not_outside", &[], one_shm),
        as_each_user("inside::loopback_is_up_and_the_pods_own", &[], own_loopback),
        as_each_user("inside::pause_has_no_capability_and_no_way_to_one", &[], pause_is_powerless),
        as_each_user("inside::pause_uses_at_most_12_kb", &[], pause_is_light),
        as_each_user("inside::an_orphan_leaves_no_zombie", &[], no_zombie),
        as_each_user("inside::300_orphans_cost_pause_no_context_switch", &[], no_context_switch),
        as_each_user("inside::what_is_not_shared_is_the_hosts", &[], not_shared),
        as_each_user("inside::without_shared_pids_each_workload_is_pid_1", &[], own_pids),
        as_each_user("inside::a_workload_gets_no_descriptor_and_no_terminal_of_ours", &[], hygiene),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A house with a pod `web` made so.
fn with_pod(user: User, arguments: &[&str]) -> House {
    let house = House::new(user);
    house.pod(&[&["create", "web"], arguments].concat()).ok();
    house
}

fn inode(pid: i64, kind: &str) -> u64 {
    fs::metadata(format!("/proc/{pid}/ns/{kind}")).unwrap().ino()
}

fn same_namespaces(user: User) {
    let house = with_pod(user, &[]);
    let pause = i64::from(house.pause("web"));
    for name in ["one", "two"] {
        house.pod(&["add", "web", "--name", name, "--", "probe", "ready"]).ok();
        let pid = house.workload("web", name)["process"]["pid"].as_i64().unwrap();
        for kind in ["net", "ipc", "uts", "pid", "mnt", "user"] {
            assert_eq!(inode(pid, kind), inode(pause, kind), "{kind} of {name}");
        }
    }
    let own = i64::from(std::process::id());
    for kind in ["net", "ipc", "uts", "pid", "mnt"] {
        assert_ne!(inode(pause, kind), inode(own, kind), "{kind} of pause");
    }
}

fn only_the_pod(user: User) {
    let house = with_pod(user, &[]);
    house.pod(&["add", "web", "--name", "app", "--", "probe", "ready"]).ok();
    let ps = house.pod(&["exec", "web", "--", "ps", "-eo", "pid=,args="]).ok().out();
    let lines: Vec<_> = ps.lines().map(str::trim).collect();
    assert_eq!(lines[..2], ["1 pause", "2 probe ready"], "{ps}");
    assert!(lines[2].contains("ps -eo"), "{ps}");
    assert_eq!(lines.len(), 3, "{ps}");
}

fn one_hostname(user: User) {
    let house = with_pod(user, &["--hostname", "shop.example"]);
    let ids = |house: &House| house.pod(&["exec", "web", "--", "probe", "ids"]).json();
    assert_eq!(ids(&house)["hostname"], "shop.example");
    if fs::exists("/etc/hostname").unwrap() {
        assert_eq!(house.pod(&["exec", "web", "--", "cat", "/etc/hostname"]).ok().out(), "shop.example\n");
    }
    assert_ne!(nix::unistd::gethostname().unwrap(), "shop.example");
}

fn one_ipc(user: User) {
    let house = with_pod(user, &[]);
    let id = house.pod(&["exec", "web", "--", "probe", "queue"]).ok().out().trim().to_owned();
    let queues = house.pod(&["exec", "web", "--", "cat", "/proc/sysvipc/msg"]).ok().out();
    assert!(queues.lines().skip(1).any(|line| line.split_whitespace().nth(1) == Some(&id)), "{id} not in {queues}");
    let here = fs::read_to_string("/proc/sysvipc/msg").unwrap();
    assert!(!here.lines().skip(1).any(|line| line.split_whitespace().nth(1) == Some(&id)), "{id} in {here}");
}

fn one_shm(user: User) {
    let house = with_pod(user, &[]);
    house.pod(&["exec", "web", "--", "sh", "-c", "echo word >/dev/shm/podkit-test"]).ok();
    assert_eq!(house.pod(&["exec", "web", "--", "cat", "/dev/shm/podkit-test"]).ok().out(), "word\n");
    assert!(!fs::exists("/dev/shm/podkit-test").unwrap());
    let mounts = house.pod(&["exec", "web", "--", "probe", "mounts"]).ok().out();
    let shm = mounts.lines().rfind(|line| line.contains(" /dev/shm ")).unwrap();
    assert!(shm.contains("size=65536k"), "{shm}");
}

fn own_loopback(user: User) {
    let house = with_pod(user, &[]);
    house
        .pod(&["add", "web", "--name", "app", "--", "probe", "http", "--listen", "127.0.0.1:4000", "--body", "hello"])
        .ok();
    let page = house.pod(&["exec", "web", "--", "probe", "get", "http://127.0.0.1:4000/"]).ok().out();
    assert_eq!(page, "hello\n");
    // Nobody outside can reach it: it is another loopback.
    house.run("probe", &["get", "http://127.0.0.1:4000/", "--patience", "0"]).exits(1);
}

fn pause_is_powerless(user: User) {
    let house = with_pod(user, &[]);
    let pause = house.pause("web");
    for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
        assert_eq!(status_of(pause, set), "0000000000000000", "{set}");
    }
    assert_eq!(status_of(pause, "NoNewPrivs"), "1");
    if user == User::Root {
        assert_eq!(status_of(pause, "Uid"), "65535\t65535\t65535\t65535");
        assert_eq!(status_of(pause, "Gid"), "65535\t65535\t65535\t65535");
        assert_eq!(status_of(pause, "Groups"), "");
    }
}

fn pause_is_light(user: User) {
    let house = House::new(user);
    // The kernel begins each stack somewhere else; it must not depend on that.
    for _ in 0..30 {
        house.pod(&["create", "web"]).ok();
        let pause = house.pause("web");
        eventually("pause waits", || status_of(pause, "State").starts_with('S').then_some(()));
        // Counted page by page; VmRSS of /proc/PID/status is an estimate.
        let rollup = fs::read_to_string(format!("/proc/{pause}/smaps_rollup")).unwrap();
        let resident = rollup.lines().find_map(|line| line.strip_prefix("Rss:")).unwrap();
        let kilobytes: u32 = resident.trim().trim_end_matches(" kB").parse().unwrap();
        assert!(kilobytes <= 12, "{rollup}");
        house.pod(&["delete", "web"]).ok();
    }
}

/// The processes that the pod shows, as (state, command).
fn processes(house: &House) -> Vec<(String, String)> {
    let shown = house.pod(&["exec", "web", "--", "probe", "processes"]).ok().out();
    let fields = |line: &str| {
        let mut fields = line.split_whitespace().skip(1);
        (fields.next().unwrap().to_owned(), fields.collect::<Vec<_>>().join(" "))
    };
    shown.lines().map(fields).collect()
}

fn no_zombie(user: User) {
    let house = with_pod(user, &[]);
    house.pod(&["exec", "web", "--", "probe", "orphan", "20"]).ok();
    eventually("only pause and the look itself are left", || {
        let shown = processes(&house);
        (shown.len() == 2 && shown.iter().all(|(state, _)| state != "Z")).then_some(())
    });
}

fn no_context_switch(user: User) {
    let house = with_pod(user, &[]);
    let pause = house.pause("web");
    let switches = || {
        let count = |key| status_of(pause, key).parse::<u64>().unwrap();
        count("voluntary_ctxt_switches") + count("nonvoluntary_ctxt_switches")
    };
    eventually("pause waits", || status_of(pause, "State").starts_with('S').then_some(()));
    let before = switches();
    house.pod(&["exec", "web", "--", "probe", "orphan", "300"]).ok();
    eventually("all orphans are gone", || (processes(&house).len() == 2).then_some(()));
    assert_eq!(switches() - before, 0, "pause woke up");
}

fn not_shared(user: User) {
    let house = with_pod(user, &["--share", "pid"]);
    let inside = house.pod(&["exec", "web", "--", "probe", "ns"]).json();
    let own = i64::from(std::process::id());
    for kind in ["net", "ipc", "uts"] {
        assert_eq!(inside[kind].as_u64(), Some(inode(own, kind)), "{kind}");
    }
    assert_ne!(inside["pid"].as_u64(), Some(inode(own, "pid")));
    assert_eq!(house.describe("web")["hostname"], Value::Null);
}

fn own_pids(user: User) {
    let house = with_pod(user, &["--share", "net,ipc,uts"]);
    for name in ["one", "two"] {
        house
            .pod(&["add", "web", "--name", name, "--", "sh", "-c", "probe ids; probe processes; exec probe ready"])
            .ok();
        let said = house.logged("web", name, "\nready ");
        // The shell is PID 1, so its child is 2 and sees nothing but the two of them.
        assert!(said.contains("\"pid\":2,\"ppid\":1"), "{said}");
        assert_eq!(
            said.lines().filter(|line| line.trim_start().starts_with(|c: char| c.is_ascii_digit())).count(),
            2,
            "{said}"
        );
    }
    let of = |name: &str| house.workload("web", name)["process"]["pid"].as_i64().unwrap();
    let (one, two, pause) = (of("one"), of("two"), i64::from(house.pause("web")));
    assert_ne!(inode(one, "pid"), inode(two, "pid"));
    assert_ne!(inode(one, "pid"), inode(pause, "pid"));
    assert_eq!(inode(one, "net"), inode(two, "net"));
    // Joining the one shows the one; joining the pod shows all.
    let inside_one = house.pod(&["exec", "web", "-c", "one", "--", "probe", "processes"]).ok().out();
    assert_eq!(inside_one.lines().count(), 2, "{inside_one}");
    assert_eq!(processes(&house).len(), 4);
    // They are within pause's pid namespace, so the kernel ends them with it.
    let pause = nix::unistd::Pid::from_raw(house.pause("web"));
    nix::sys::signal::kill(pause, nix::sys::signal::Signal::SIGKILL).unwrap();
    eventually("the workloads end with pause", || [one, two].into_iter().all(has_ended).then_some(()));
}

fn hygiene(user: User) {
    let house = with_pod(user, &[]);
    house
        .pod(&[
            "add",
            "web",
            "--name",
            "app",
            "--env",
            "A=b",
            "--workdir",
            "/",
            "--",
            "sh",
            "-c",
            "probe fds; probe ids; probe env; exec probe ready",
        ])
        .ok();
    let said = house.logged("web", "app", "\nready ");
    let mut lines = said.lines().map(|line| serde_json::from_str::<Value>(line).unwrap_or_default());
    let fds = lines.next().unwrap();
    assert_eq!(fds.as_object().unwrap().keys().collect::<Vec<_>>(), ["0", "1", "2"], "{fds}");
    let ids = lines.next().unwrap();
    assert_eq!(ids["sid"], ids["ppid"], "the shell leads a session of its own: {ids}");
    assert_eq!(ids["cwd"], "/");
    assert_eq!(lines.next().unwrap()["A"], "b");
}
