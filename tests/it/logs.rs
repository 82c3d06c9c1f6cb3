//! `pod logs`: which of what was said, and what is said meanwhile.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::house::{House, User, eventually};
use crate::init::running::Running;
use crate::trial::as_each_user;

pub(crate) fn trials() -> Vec<Trial> {
    [
        as_each_user("logs::show_what_was_asked_for_and_no_more", &[], chosen),
        as_each_user("logs::followed_end_with_the_workload_and_have_all_of_it", &[], followed),
        as_each_user("logs::followed_miss_nothing_while_they_are_put_aside", &[], put_aside),
        as_each_user("logs::followed_go_on_with_the_next_launch", &[], launched_again),
        as_each_user("logs::followed_end_when_nobody_reads_them_or_the_pod_has_gone", &[], nobody_reads),
        as_each_user("logs::followed_take_no_time_of_the_processor", &[], idle),
        as_each_user("logs::that_are_not_there_are_refused_in_kubectls_words", &[], refused),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn pod(house: &House) {
    house.pod(&["create", "web"]).ok();
}

fn add(house: &House, script: &str) {
    house.pod(&["add", "web", "--name", "app", "--", "sh", "-c", script]).ok();
}

fn follow(house: &House, options: &[&str]) -> Running {
    let mut command = house.command("pod");
    Running::start(command.args(["logs", "web", "app", "-f"]).args(options)).unwrap()
}

fn chosen(user: User) {
    let house = House::new(user);
    pod(&house);
    add(&house, "echo before");
    house.logged("web", "app", "before\n");
    add(&house, "echo one; sleep 1.2; echo two; echo three; echo error >&2");
    house.logged("web", "app", "three\n");
    let logs = |options: &[&str]| house.pod(&[&["logs", "web"], options].concat()).ok();
    // Its name is needed where there are more of them.
    assert_eq!(logs(&[]).out(), "one\ntwo\nthree\n");
    assert_eq!(logs(&["-c", "app"]).out(), "one\ntwo\nthree\n");
    assert_eq!(logs(&["app", "-p"]).out(), "before\n");
    eventually("both streams are logged", || logs(&["app"]).err().contains("error").then_some(()));
    let ran = logs(&["app", "--tail", "2"]);
    // Two entries, of whichever stream.
    assert_eq!(ran.out().lines().count() + ran.err().lines().count(), 2, "{ran}");
    assert_eq!(logs(&["app", "--tail=0"]).out(), "");
    assert_eq!(logs(&["app", "--tail=-1"]).out(), "one\ntwo\nthree\n");
    assert_eq!(logs(&["app", "--since", "1h"]).out(), "one\ntwo\nthree\n");
    let stamped = logs(&["app", "--timestamps"]).out();
    let time = |line: &str| line.split_once(' ').unwrap().0.to_owned();
    let times: Vec<_> = stamped.lines().map(time).collect();
    assert!(times.is_sorted() && times.iter().all(|time| time.len() == 30 && time.ends_with('Z')), "{stamped}");
    assert_eq!(logs(&["app", "--since-time", &times[1]]).out(), "two\nthree\n");
    // The same moment as it is written elsewhere.
    let elsewhere = format!("{}+00:00", times[1].trim_end_matches('Z'));
    assert_eq!(logs(&["app", "--since-time", &elsewhere]).out(), "two\nthree\n");
    assert_eq!(logs(&["app", "--prefix", "--tail", "4"]).out().lines().next(), Some("[pod/web/app] one"));
    assert_eq!(logs(&["app", "--limit-bytes", "6"]).out(), "one\ntw");
}

fn followed(user: User) {
    let house = House::new(user);
    pod(&house);
    house.pod(&["exec", "web", "--", "mkfifo", "/dev/shm/go"]).ok();
    add(&house, "echo one; read line < /dev/shm/go; for i in 1 2 3; do echo $i; done; printf end");
    let mut running = follow(&house, &["--tail", "5"]);
    running.hears("one").unwrap();
    house.pod(&["exec", "web", "--", "sh", "-c", "echo > /dev/shm/go"]).ok();
    assert_eq!(running.rest(), ["1", "2", "3", "end"]);
    running.exits(0).unwrap();
    // Of one that has ended already there is what it has said.
    let mut running = follow(&house, &[]);
    assert_eq!(running.rest(), ["one", "1", "2", "3", "end"]);
    running.exits(0).unwrap();
}

fn put_aside(user: User) {
    let house = House::new(user);
    pod(&house);
    // 24 MB, so that logs are put aside twice.
    let line = "x".repeat(89);
    add(&house, &format!("i=0; while [ $i -lt 240000 ]; do echo $i {line}; i=$((i+1)); done"));
    let mut command = house.command("pod");
    let mut logs = command.args(["logs", "web", "app", "-f"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut expected = 0;
    for read in BufReader::new(logs.stdout.take().unwrap()).lines() {
        let read = read.unwrap();
        assert!(read == format!("{expected} {line}"), "{read} in place of {expected}");
        expected += 1;
    }
    assert_eq!(expected, 240_000);
    assert!(logs.wait().unwrap().success());
    let kept = fs::read_dir(house.state().join("web/logs/app")).unwrap().count();
    assert!(kept > 2, "{kept}");
}

fn launched_again(user: User) {
    let house = House::new(user);
    pod(&house);
    add(&house, "echo first; exec sleep 1000");
    let mut running = follow(&house, &[]);
    running.hears("first").unwrap();
    // Stopped, it does not see that the one has ended before there is the other.
    kill(Pid::from_raw(running.pid()), Signal::SIGSTOP).unwrap();
    let pid = house.workload("web", "app")["process"]["pid"].as_i64().unwrap();
    kill(Pid::from_raw(i32::try_from(pid).unwrap()), Signal::SIGKILL).unwrap();
    add(&house, "echo second");
    house.logged("web", "app", "second\n");
    kill(Pid::from_raw(running.pid()), Signal::SIGCONT).unwrap();
    running.hears("second").unwrap();
    running.exits(0).unwrap();
}

fn nobody_reads(user: User) {
    let house = House::new(user);
    pod(&house);
    add(&house, "echo one; exec sleep 1000");
    house.logged("web", "app", "one\n");
    let ran = house.run("sh", &["-c", "pod logs -f web app | head -n 1"]).ok();
    assert_eq!(ran.out(), "one\n");
    let mut running = follow(&house, &[]);
    running.hears("one").unwrap();
    house.pod(&["delete", "web", "--now"]).ok();
    running.exits(0).unwrap();
}

/// It waits for what is to come, and does not look again and again.
fn idle(user: User) {
    let house = House::new(user);
    pod(&house);
    add(&house, "echo one; exec sleep 1000");
    let mut running = follow(&house, &[]);
    running.hears("one").unwrap();
    let switches = || -> u64 {
        let text = fs::read_to_string(format!("/proc/{}/status", running.pid())).unwrap();
        text.lines()
            .filter(|line| line.contains("_switches"))
            .map(|line| line.rsplit('\t').next().unwrap().parse::<u64>().unwrap())
            .sum()
    };
    let begun = Instant::now();
    let before = eventually("it waits", || {
        let before = switches();
        std::thread::sleep(Duration::from_millis(50));
        (switches() == before).then_some(before)
    });
    std::thread::sleep(Duration::from_millis(300));
    assert!(switches() <= before + 1, "{} in {:?}", switches() - before, begun.elapsed());
}

fn refused(user: User) {
    let house = House::new(user);
    pod(&house);
    house.pod(&["logs", "web"]).refuses(125, "no workload was ever launched in pod web");
    add(&house, "echo one");
    house
        .pod(&["logs", "web", "app", "-p"])
        .refuses(125, "previous terminated container \"app\" in pod \"web\" not found");
    house.pod(&["logs", "web", "-c", "other"]).refuses(125, "no workload named other in pod web");
    house.pod(&["add", "web", "--name", "b", "--", "true"]).ok();
    let which = "a container name must be specified for pod web, choose one of: [app b]";
    house.pod(&["logs", "web", "-f"]).refuses(125, which);
    house.pod(&["logs", "web", "app", "--since", "soon"]).refuses(2, "invalid duration");
    house.pod(&["logs", "web", "app", "--since-time", "yesterday"]).refuses(2, "--since-time");
    house
        .pod(&["logs", "web", "app", "--since", "1s", "--since-time", "2026-01-01T00:00:00Z"])
        .refuses(2, "cannot be used with");
}
