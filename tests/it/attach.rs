//! `pod add -i` and `-t`: workloads in the foreground, and who stands between.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use fixtures::find;
use libtest_mimic::Trial;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::container::rootfs;
use crate::house::{House, Ran, User, eventually, has_ended};
use crate::init::running::Running;
use crate::terminal::{CONTROL_C, CONTROLLED, Terminal};
use crate::trial::{Need, as_each_user};

pub(crate) fn trials() -> Vec<Trial> {
    let busybox = &[Need::Program("busybox")];
    let both = &[Need::Program("busybox"), Need::KernelReaps];
    [
        as_each_user("attach::stdin_and_both_outputs_are_ours_and_are_logged", busybox, piped),
        as_each_user("attach::a_terminal_is_the_workloads_own_and_as_large_as_ours", busybox, terminal),
        as_each_user("attach::a_workload_of_the_host_has_a_terminal_too", busybox, of_the_host),
        as_each_user("attach::signals_reach_it_and_its_death_is_ours", busybox, signals),
        as_each_user("attach::who_is_killed_leaves_the_workload_alone", busybox, killed_client),
        as_each_user("attach::a_killed_supervisor_costs_neither_terminal_nor_exit_code", both, killed_supervisor),
        as_each_user("attach::detached_it_has_a_terminal_all_the_same", busybox, detached),
        as_each_user("attach::who_never_reads_does_not_keep_the_pod", busybox, never_reads),
        as_each_user("attach::what_cannot_be_is_refused_and_leaves_no_console", busybox, refused),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A pod, and what puts a container into it.
fn place(house: &House) -> PathBuf {
    house.pod(&["create", "web"]).ok();
    rootfs(house)
}

fn words<'a>(options: &[&'a str], root: &'a Path, script: &'a str) -> Vec<&'a str> {
    let root = root.to_str().unwrap();
    [&["add", "web", "--name", "c"], options, &["--rootfs", root, "--", "sh", "-c", script]].concat()
}

fn typing(house: &House, words: &[&str], typed: &str) -> Ran {
    let path = house.work().join("typed");
    fs::write(&path, typed).unwrap();
    house.finish(house.command("pod").args(words).stdin(File::open(path).unwrap()))
}

/// Who is at a terminal of their own.
fn at_a_terminal(house: &House, words: &[&str]) -> (Terminal, Running) {
    let mut command = house.command(CONTROLLED[0]);
    command.args(&CONTROLLED[1..]).arg("pod").args(words);
    Terminal::start(command).unwrap()
}

/// The process that a record of a pod tells of.
fn recorded(house: &House, name: &str) -> i32 {
    let record = eventually("there is a record", || fs::read_to_string(house.state().join("web").join(name)).ok());
    record.split(' ').next().unwrap().parse().unwrap()
}

fn console(house: &House) -> i32 {
    recorded(house, "workloads/c/console")
}

fn piped(user: User) {
    let house = House::new(user);
    let root = place(&house);
    // More than any pipe holds, so each has to wait for the other.
    let long = "a line of what is typed\n".repeat(40_000);
    let ran = typing(&house, &words(&["-i"], &root, "cat; echo error >&2; printf prompt; exit 7"), &long).exits(7);
    assert_eq!(ran.out().len(), long.len() + "prompt".len());
    assert!(ran.out() == format!("{long}prompt") && ran.err() == "error\n");
    let logged = eventually("all of it is logged", || {
        let said = house.pod(&["logs", "web", "c"]).ok();
        said.out().ends_with("prompt").then_some(said)
    });
    assert!(logged.out() == ran.out() && logged.err() == "error\n");
    assert_eq!(house.workload("web", "c")["exit_code"], 7);
    eventually("its console has ended", || has_ended(console(&house).into()).then_some(()));
}

fn terminal(user: User) {
    let house = House::new(user);
    let root = place(&house);
    let script = "tty; echo ready; read line; echo got $line; stty size; read line; exit 3";
    let (mut terminal, mut running) = at_a_terminal(&house, &words(&["-it"], &root, script));
    terminal.shows("/dev/pts/0\r\nready\r\n").unwrap();
    terminal.becomes_raw(true).unwrap();
    terminal.is_as_large_as(33, 99);
    terminal.types("words\r").unwrap();
    terminal.shows("got words\r\n33 99\r\n").unwrap();
    terminal.types("\r").unwrap();
    running.exits(3).unwrap();
    terminal.becomes_raw(false).unwrap();
    // What is typed it has shown, and that is logged, too.
    house.logged("web", "c", "words\r\ngot words\r\n33 99\r\n");
    // In the beginning it is as large as ours is.
    let sized =
        format!("stty rows 21 cols 42; exec pod {}", words(&["-it"], Path::new("$ROOT"), "'stty size'").join(" "));
    let mut command = house.command(CONTROLLED[0]);
    command.args(&CONTROLLED[1..]).args(["sh", "-c", &sized]).env("ROOT", &root);
    let (terminal, mut running) = Terminal::start(command).unwrap();
    terminal.shows("21 42\r\n").unwrap();
    running.exits(0).unwrap();
}

fn of_the_host(user: User) {
    let house = House::new(user);
    place(&house);
    let script = ["--", "sh", "-c", "test -t 0 && tty <&1 && exit 5"];
    let ran = house.pod(&[&["add", "web", "--name", "c", "-t"][..], &script].concat()).exits(5);
    assert!(ran.out().starts_with("/dev/pts/") && ran.out().ends_with("\r\n"), "{ran}");
    let script = ["--", "sh", "-c", "read word; echo got $word"];
    let ran = typing(&house, &[&["add", "web", "--name", "c", "-i"][..], &script].concat(), "this\n").ok();
    assert_eq!(ran.out(), "got this\n");
}

fn signals(user: User) {
    let house = House::new(user);
    let root = place(&house);
    let script = "trap 'echo trapped; exit 5' TERM; echo ready; while :; do sleep 0.05; done";
    let mut command = house.command("pod");
    command.args(words(&["-i"], &root, script));
    let mut running = Running::ready(&mut command).unwrap();
    kill(Pid::from_raw(running.pid()), Signal::SIGTERM).unwrap();
    running.hears("trapped").unwrap();
    running.exits(5).unwrap();
    // The terminal's own way: what is typed at it.
    let script = "trap 'echo interrupted; kill -9 $$' INT; echo ready; while :; do sleep 0.05; done";
    let (mut terminal, mut running) = at_a_terminal(&house, &words(&["-it"], &root, script));
    terminal.shows("ready").unwrap();
    terminal.types(CONTROL_C).unwrap();
    terminal.shows("interrupted").unwrap();
    let status = running.ends().unwrap();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(libc::SIGKILL), "{status}");
}

fn killed_client(user: User) {
    let house = House::new(user);
    let root = place(&house);
    let script = "echo ready; while read line; do echo got $line; done; echo over; sleep 1000";
    // Who needs the supervisor first is its parent; here that is to be somebody else.
    house.pod(&["add", "web", "--name", "first", "--", "true"]).ok();
    for options in ["-it", "-i"] {
        let mut command = house.command("pod");
        command.args(words(&[options], &root, script)).stdin(Stdio::piped());
        let running = Running::ready(&mut command).unwrap();
        drop(running);
        let workload = house.workload("web", "c");
        assert_eq!(workload["status"], "Running", "{workload}");
        // A stdin ends with who types; a terminal stays, and nobody types there any more.
        if options == "-i" {
            house.logged("web", "c", "over\n");
        }
        // The supervisor does what it is asked, and the console goes with its workload.
        house.pod(&["add", "web", "--name", "other", "--", "true"]).ok();
        let (console, pid) = (console(&house), workload["process"]["pid"].as_i64().unwrap());
        kill(Pid::from_raw(i32::try_from(pid).unwrap()), Signal::SIGKILL).unwrap();
        eventually("the console has ended", || has_ended(console.into()).then_some(()));
        eventually("its end is known", || (house.workload("web", "c")["status"] == "Exited").then_some(()));
    }
}

fn killed_supervisor(user: User) {
    let house = House::new(user);
    let root = place(&house);
    let script = "echo ready; while read line; do echo got $line; done; exit 6";
    let (mut terminal, mut running) = at_a_terminal(&house, &words(&["-it"], &root, script));
    terminal.shows("ready").unwrap();
    kill(Pid::from_raw(recorded(&house, "supervisor")), Signal::SIGKILL).unwrap();
    terminal.types("first\r").unwrap();
    terminal.shows("got first").unwrap();
    // The next one reads on.
    house.pod(&["add", "web", "--name", "other", "--", "true"]).ok();
    house.logged("web", "c", "got first\r\n");
    terminal.types("second\r").unwrap();
    terminal.shows("got second").unwrap();
    terminal.types("\u{4}").unwrap();
    // The kernel tells when whoever was given the process has reaped it.
    running.exits(6).unwrap();
}

fn detached(user: User) {
    let house = House::new(user);
    let root = place(&house);
    let script = "tty; trap 'exit 0' TERM; while :; do sleep 0.05; done";
    let ran = house.pod(&words(&["-d", "-i", "-t"], &root, script)).ok();
    assert_eq!(ran.out(), "workload/c started in pod/web\n");
    house.logged("web", "c", "/dev/pts/0\r\n");
    let console = console(&house);
    house.pod(&["delete", "web"]).ok();
    assert!(has_ended(console.into()));
    house.nothing_is_left();
    house.pod(&["create", "web"]).ok();
    // And -d alone is what is done anyway.
    let ran = house.pod(&["add", "web", "-d", "--name", "c", "--", "true"]).ok();
    assert_eq!(ran.out(), "workload/c started in pod/web\n");
}

/// One who is stopped takes nothing, and a log that nobody reads neither: all the same the pod can go.
fn never_reads(user: User) {
    let house = House::new(user);
    let root = place(&house);
    let script = "echo ready; while :; do echo and so on, and so on, and so on; done";
    let mut command = house.command("pod");
    let running = Running::ready(command.args(words(&["-i"], &root, script)).stdin(Stdio::piped())).unwrap();
    kill(Pid::from_raw(running.pid()), Signal::SIGSTOP).unwrap();
    let supervisor = recorded(&house, "supervisor");
    kill(Pid::from_raw(supervisor), Signal::SIGSTOP).unwrap();
    let console = console(&house);
    house.pod(&["delete", "web", "--now"]).ok();
    eventually("the console has ended", || has_ended(console.into()).then_some(()));
    drop(running);
    house.nothing_is_left();
}

fn refused(user: User) {
    let house = House::new(user);
    let root = place(&house);
    let root = root.to_str().unwrap();
    let add = |words: &[&str]| house.pod(&[&["add", "web", "--name", "c"][..], words].concat());
    add(&["-i", "-o", "json", "--", "true"]).refuses(2, "its own output is shown");
    add(&["-t", "--rootfs", root, "--", "no-such-command"]).refuses(127, "cannot execute no-such-command");
    add(&["-i", "--rootfs", root, "--", "no-such-command"]).refuses(127, "cannot execute no-such-command");
    let supervisor = recorded(&house, "supervisor");
    eventually("the supervisor has no child", || crate::init::running::children(supervisor).is_empty().then_some(()));
    assert_eq!(house.describe("web")["workloads"].as_array().unwrap().len(), 0);
    // A name is decided on before a layer is made.
    let data = house.work().join("data");
    let run = |words: &[&str]| house.finish(house.command("pod").env("POD_DATA_DIR", &data).args(words));
    house.finish(house.command(find("busybox").unwrap()).args(["tar", "-C", root, "-cf", "root.tar", "."])).ok();
    run(&["image", "import", "root.tar", "mine"]).ok();
    run(&["add", "web", "--image", "mine", "--", "___"]).refuses(2, "no name can be made");
    run(&["add", "web", "--image", "mine"]).refuses(2, "no command is given");
    assert!(fs::read_dir(data.join("containers")).map_or(true, |mut found| found.next().is_none()));
    run(&["delete", "web"]).ok();
}
