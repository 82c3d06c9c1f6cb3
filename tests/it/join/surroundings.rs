//! What the command finds: mask, limits, priority, /proc.

use std::collections::BTreeMap;
use std::fs;

use libtest_mimic::Trial;

use super::{Started, launched, stranger};
use crate::house::{House, User, status_of};
use crate::nsjoin::of_pid;
use crate::trial::{Need, as_each_user, trial};

pub(super) fn trials() -> Vec<Trial> {
    let unshare = &[Need::Program("unshare")];
    let mut trials: Vec<_> = [
        as_each_user("join::surroundings::a_umask", unshare, umask),
        as_each_user("join::surroundings::limits", unshare, limits),
        as_each_user("join::surroundings::a_nice_value", unshare, nice),
        as_each_user("join::surroundings::an_oom_score_adjustment", unshare, oom_score_adj),
        as_each_user("join::surroundings::values_that_make_no_sense_are_refused", &[], malformed),
        as_each_user("join::surroundings::a_proc_of_the_joined_pids", unshare, own_proc),
        as_each_user("join::surroundings::a_proc_where_the_target_has_none_of_its_own", unshare, own_proc_of_stranger),
    ]
    .into_iter()
    .flatten()
    .collect();
    trials.extend([
        trial("join::surroundings::root_raises_a_limit_for_who_is_in_a_user_namespace", &[Need::Root], raised),
        trial("join::surroundings::only_root_goes_beyond_what_it_was_given", &[Need::Userns], no_right),
    ]);
    trials
}

fn umask(user: User) {
    let house = House::new(user);
    let target = stranger(&house, &["--uts", "--pid"]);
    let pid = target.to_string();
    for (mask, shown) in [("0", "0000"), ("027", "0027"), ("0077", "0077"), ("777", "0777")] {
        for line in [&["-t", &pid, "-U"][..], &["-t", &pid, "-a"]] {
            assert_eq!(launched(&house, &[line, &["--umask", mask]].concat()).status("Umask"), shown);
        }
    }
    let ours = fs::read_to_string("/proc/self/status").unwrap();
    let ours = ours.lines().find_map(|line| line.strip_prefix("Umask:")).unwrap().trim().to_owned();
    assert_eq!(launched(&house, &["-t", &pid, "-U"]).status("Umask"), ours);
}

/// The soft and hard limits of a process, by the words that /proc has for the resources.
fn limits_of(process: &Started) -> BTreeMap<String, (String, String)> {
    let text = process.file("limits");
    let line = |line: &str| {
        let words: Vec<_> = line[26..].split_whitespace().collect();
        (line[..26].trim().to_owned(), (words[0].to_owned(), words[1].to_owned()))
    };
    text.lines().skip(1).map(line).collect()
}

fn limits(user: User) {
    let house = House::new(user);
    let target = stranger(&house, &["--uts", "--pid"]);
    let pid = target.to_string();
    let words = [
        "--rlimit=nofile=64:128",
        "--rlimit=core=0",
        "--rlimit=NPROC=500:501",
        "--rlimit=as=4294967296",
        "--rlimit=cpu=100:unlimited",
        "--rlimit=cpu=60:70",
        "--rlimit=stack=1048576",
        "--rlimit=memlock=4096:8192",
    ];
    let before = limits_of(&launched(&house, &["-t", &pid, "-U"]));
    let expected = [
        ("Max open files", "64", "128"),
        ("Max core file size", "0", "0"),
        ("Max processes", "500", "501"),
        ("Max address space", "4294967296", "4294967296"),
        // Of two, the last counts.
        ("Max cpu time", "60", "70"),
        ("Max stack size", "1048576", "1048576"),
        ("Max locked memory", "4096", "8192"),
    ];
    for line in [&["-t", &pid, "-U"][..], &["-t", &pid, "-a"]] {
        let mut after = limits_of(&launched(&house, &[line, &words].concat()));
        for (name, soft, hard) in expected {
            assert_eq!(
                after.insert(name.to_owned(), before[name].clone()),
                Some((soft.to_owned(), hard.to_owned())),
                "{name}"
            );
        }
        assert_eq!(after, before, "the others");
    }
}

/// Whether root is here what it is elsewhere: some machines keep this right from it.
fn may_raise() -> bool {
    const SYS_RESOURCE: u64 = 1 << 24;
    let effective = status_of(std::process::id().try_into().unwrap(), "CapEff");
    u64::from_str_radix(&effective, 16).unwrap() & SYS_RESOURCE != 0
}

fn raised() {
    let house = House::new(User::Root);
    let target = stranger(&house, &["--uts", "--pid"]);
    let raised = |line: &[&str]| {
        let mut command = house.command("prlimit");
        command.args(["--nofile=100:200", "nsjoin", "-t", &target.to_string(), "-U"]).args(line);
        limits_of(&Started::new(&house, command.args(["probe", "ready"])))["Max open files"].clone()
    };
    let pair = |soft: &str, hard: &str| (soft.to_owned(), hard.to_owned());
    assert_eq!(raised(&[]), pair("100", "200"));
    if may_raise() {
        assert_eq!(raised(&["--rlimit=nofile=1024:2048"]), pair("1024", "2048"));
        assert_eq!(raised(&["-p", "--rlimit=nofile=1024:2048"]), pair("1024", "2048"));
    }
    assert_eq!(raised(&["--rlimit=nofile=50"]), pair("50", "50"));
}

fn nice_of(process: &Started) -> i32 {
    let stat = process.file("stat");
    stat.rsplit(") ").next().unwrap().split(' ').nth(16).unwrap().parse().unwrap()
}

fn nice(user: User) {
    let house = House::new(user);
    let target = stranger(&house, &["--uts", "--pid"]);
    let pid = target.to_string();
    let ours = nice_of(&target);
    assert_eq!(nice_of(&launched(&house, &["-t", &pid, "-U"])), ours);
    for line in [&["-t", &pid, "-U"][..], &["-t", &pid, "-a"]] {
        assert_eq!(nice_of(&launched(&house, &[line, &["--nice", "15"]].concat())), 15);
        assert_eq!(nice_of(&launched(&house, &[line, &["--nice=19"]].concat())), 19);
        if user == User::Root {
            assert_eq!(nice_of(&launched(&house, &[line, &["--nice", "-5"]].concat())), -5);
        }
    }
}

fn oom_score_adj(user: User) {
    let house = House::new(user);
    let target = stranger(&house, &["--uts", "--pid"]);
    let pid = target.to_string();
    let score = |line: &[&str]| launched(&house, line).file("oom_score_adj").trim().to_owned();
    let ours = target.file("oom_score_adj").trim().to_owned();
    assert_eq!(score(&["-t", &pid, "-U"]), ours);
    for line in [&["-t", &pid, "-U"][..], &["-t", &pid, "-a"]] {
        assert_eq!(score(&[line, &["--oom-score-adj", "700"]].concat()), "700");
        if user == User::Root && may_raise() {
            assert_eq!(score(&[line, &["--oom-score-adj", "-900"]].concat()), "-900");
        }
    }
}

fn no_right() {
    let house = House::new(User::Ordinary);
    let target = stranger(&house, &["--uts"]);
    let pid = target.to_string();
    for word in ["--nice=-5", "--oom-score-adj=-900", "--rlimit=nofile=99999999"] {
        for user in [&["-n"][..], &["-U"]] {
            let ran = house.nsjoin(&[&["-t", &pid], user, &[word, "true"]].concat());
            if user == ["-n"] && ran.err().contains("cannot join") {
                continue;
            }
            assert!(ran.err().contains("hint: to raise it beyond what we were given needs root"), "{word}: {ran}");
            ran.refuses(125, "cannot ");
        }
    }
}

fn malformed(user: User) {
    let house = House::new(user);
    for (word, says) in [
        ("--umask=8", "is no mask of 0 to 777"),
        ("--umask=1000", "is no mask of 0 to 777"),
        ("--rlimit=nofile", "is not NAME=SOFT[:HARD]"),
        ("--rlimit=nofile=2:1", "has a soft limit above its hard one"),
        ("--rlimit=files=1", "no resource is called \"files\""),
        ("--nice=20", "is not in -20..=19"),
        ("--oom-score-adj=-1001", "is not in -1000..=1000"),
        ("--preserve-fds=-1", "invalid value"),
    ] {
        house.nsjoin(&["-t", "1", "-n", word, "true"]).refuses(2, says);
    }
}

/// What is mounted for a process.
fn mounts(pid: i32) -> String {
    fs::read_to_string(format!("/proc/{pid}/mountinfo")).unwrap()
}

fn own_proc(user: User) {
    let house = House::new(user);
    house.pod(&["create", "web"]).ok();
    let (pause, us) = (house.pause("web"), std::process::id().try_into().unwrap());
    let before = (mounts(pause), mounts(us));
    // Without the pod's mounts, /proc is ours but for this.
    let shown = house.nsjoin(&["-t", "web", "--mount-proc", "--", "probe", "processes"]).ok().out();
    let commands: Vec<_> =
        shown.lines().map(|line| line.split_whitespace().skip(2).collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(commands, ["pause", "probe processes"]);
    // With them, and with the pod's root, it is mounted in the copy of these.
    for line in [&["-a", "--mount-proc"][..], &["-U", "-m", "-r", "-p", "--mount-proc"]] {
        let shown = house.nsjoin(&[&["-t", "web"], line, &["--", "probe", "processes"]].concat()).ok().out();
        assert_eq!(shown.lines().count(), 2, "{line:?}: {shown}");
    }
    let inside = launched(&house, &["-t", "web", "--mount-proc"]);
    let (its, theirs) = (of_pid(inside.pid), of_pid(pause));
    assert_eq!(its["pid"], theirs["pid"]);
    assert!(its["mnt"] != theirs["mnt"] && its["mnt"] != of_pid(us)["mnt"], "mounts of its own");
    assert_eq!((mounts(pause), mounts(us)), before);
    // Nor does what is mounted there get out.
    drop(inside);
    assert_eq!((mounts(pause), mounts(us)), before);
}

fn own_proc_of_stranger(user: User) {
    let house = House::new(user);
    // In pids of its own and with the /proc of ours; what is mounted there would arrive elsewhere.
    let target = stranger(&house, &["--pid", "--mount", "--propagation", "shared"]);
    let (pid, before) = (target.to_string(), mounts(target.pid));
    let shown = |more: &[&str]| {
        let line = [&["-t", &pid, "-U", "-m", "-p"], more, &["probe", "processes"]].concat();
        house.nsjoin(&line).ok().out().lines().count()
    };
    assert!(shown(&[]) > 2);
    assert_eq!(shown(&["--mount-proc"]), 2);
    assert_eq!(mounts(target.pid), before);
}
