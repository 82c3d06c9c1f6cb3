//! How a command is conducted: become or watched, with a terminal, detached, limited, told of.

mod detached;
mod ended;
mod told;
mod typed;

use std::fs;

use libtest_mimic::Trial;

use crate::house::{House, User, only_child};
use crate::init::running::Running;
use crate::trial::as_each_user;

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials: Vec<_> = [
        as_each_user("conduct::becomes_the_command_where_nobody_has_to_stay", &[], becomes_it),
        as_each_user("conduct::with_no_fork_becomes_it_whatever_is_joined", &[], no_fork),
        as_each_user("conduct::a_dry_run_finds_the_target_and_launches_nothing", &[], dry_run),
        as_each_user("conduct::a_dry_run_fails_as_the_run_would", &[], dry_run_fails),
    ]
    .into_iter()
    .flatten()
    .collect();
    trials.extend([typed::trials(), detached::trials(), ended::trials(), told::trials()].into_iter().flatten());
    trials
}

/// A pod called web, in a house.
fn pod(user: User) -> House {
    let house = House::new(user);
    house.pod(&["create", "web"]).ok();
    house
}

/// Starts `nsjoin -t web` and hears its command say that it is ready.
fn ready(house: &House, words: &[&str]) -> Running {
    Running::ready(house.command("nsjoin").args(["-t", "web"]).args(words)).unwrap()
}

/// The command that nsjoin stays with.
fn command_of(running: &Running) -> i32 {
    only_child(running.pid())
}

/// The inode of a namespace of a process.
fn namespace(pid: i32, kind: &str) -> String {
    fs::read_link(format!("/proc/{pid}/ns/{kind}")).unwrap().to_string_lossy().into_owned()
}

fn program(pid: i32) -> String {
    fs::read_to_string(format!("/proc/{pid}/comm")).unwrap().trim().to_owned()
}

fn becomes_it(user: User) {
    let house = pod(user);
    let running = ready(&house, &["-U", "-n", "-u", "--", "probe", "ready"]);
    assert_eq!(program(running.pid()), "probe");
    assert_eq!(namespace(running.pid(), "net"), namespace(house.pause("web"), "net"));
    // With somebody between, where the pid namespace is joined.
    let running = ready(&house, &["--", "probe", "ready"]);
    assert_eq!(program(running.pid()), "nsjoin");
    assert_eq!(namespace(command_of(&running), "pid"), namespace(house.pause("web"), "pid"));
}

fn no_fork(user: User) {
    let house = pod(user);
    let running = ready(&house, &["-F", "--", "probe", "ready"]);
    let pid = running.pid();
    assert_eq!(program(pid), "probe");
    assert_ne!(namespace(pid, "pid"), namespace(house.pause("web"), "pid"), "only children enter");
    assert_eq!(namespace(pid, "pid_for_children"), namespace(house.pause("web"), "pid"));
    assert_eq!(namespace(pid, "net"), namespace(house.pause("web"), "net"));
    drop(running);
    // What it becomes may fail, too.
    house.nsjoin(&["-t", "web", "-F", "--", "no-such-command"]).refuses(127, "cannot execute no-such-command");
    house.nsjoin(&["-t", "web", "-F", "-W", "/no/such", "--", "true"]).refuses(125, "/no/such");
    for option in [&["--tty"][..], &["--timeout", "1s"], &["--report", "1"], &["--detach"], &["--pid-file", "x"]] {
        house.nsjoin(&[&["-t", "web", "-F"], option, &["true"]].concat()).refuses(2, "cannot be used with");
    }
}

fn dry_run(user: User) {
    let house = pod(user);
    let pause = house.pause("web");
    let (mark, pid_file, report) = (house.work().join("mark"), house.work().join("pid"), house.work().join("report"));
    let [mark_name, pid_name, report_name] = [&mark, &pid_file, &report].map(|path| path.to_str().unwrap());
    let words =
        ["-t", "web", "--dry-run", "--pid-file", pid_name, "--report", report_name, "-o", "json", "touch", mark_name];
    let plan = house.nsjoin(&words).json();
    assert_eq!(plan["target"]["pid"], pause);
    assert_eq!(plan["command"], serde_json::json!(["touch", mark_name]));
    let joined = plan["joined"].as_array().unwrap();
    for namespace_of in joined {
        let kind = namespace_of["kind"].as_str().unwrap();
        let inode = namespace_of["inode"].as_u64().unwrap();
        assert_eq!(namespace(pause, kind), format!("{kind}:[{inode}]"));
    }
    assert_eq!(joined.len(), if user == User::Root { 4 } else { 5 }, "{plan}");
    let text = house.nsjoin(&["-t", "web", "--dry-run", "--", "touch", mark_name]).ok().out();
    assert!(text.lines().any(|line| line.starts_with("joined: ") && line.contains("net [")), "{text}");
    assert!(text.lines().any(|line| line == format!("command: touch {mark_name}")), "{text}");
    assert!(!mark.exists() && !pid_file.exists() && !report.exists(), "nothing is launched, nothing written");
}

fn dry_run_fails(user: User) {
    let house = pod(user);
    for words in [
        &["-t", "nobody"][..],
        &["-t", "4194305"],
        &["-t", "web", "-n=/dev/null"],
        &["-t", "web", "-n=/no/such"],
        &["-n"],
        &["-t", "web", "--run-as", "no-such-user"],
        &["-t", "web", "--join-cgroup=/no/such/cgroup"],
        &["-t", "web", "--apparmor", "x"],
        &["-t", "web", "--seal", "no-such-command"],
    ] {
        let run = house.nsjoin(&[words, &["--", "true"]].concat());
        let dry = house.nsjoin(&[words, &["--dry-run", "--", "true"]].concat());
        assert_eq!((run.output.status, run.err()), (dry.output.status, dry.err()), "{words:?}");
        assert!(!run.output.status.success(), "{words:?}: {run}");
    }
}
