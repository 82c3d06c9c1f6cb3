//! What becomes of signals between who started nsjoin, nsjoin, and its command.
//!
//! Each is asked of every way in which a command can be run, and of every mask and disposition that
//! nsjoin can be started with.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::process::Command;

use fixtures::find;
use libtest_mimic::Trial;

use crate::before_exec::{block_all_before_exec, ignore_all_before_exec};
use crate::house::{House, User, eventually, has_ended, only_child, status_of};
use crate::init::running::{Running, becomes, children, send};
use crate::terminal::{CONTROL_C, CONTROL_Z, CONTROLLED, Terminal};
use crate::trial::{Need, as_each_user, trial};

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for way in &WAYS {
        for given in GIVEN {
            let name = |sentence: &str| format!("signals::{sentence}::{}::{}", way.name, given.name());
            let mask = move |user| mask_and_dispositions(user, way, given);
            trials.extend(as_each_user(&name("command_has_those_that_nsjoin_was_started_with"), &[], mask));
            let every = move |user| every_signal(user, way, given);
            trials.extend(as_each_user(&name("every_one_reaches_the_command_once"), &[], every));
        }
        let name = format!("signals::one_that_ends_the_command_ends_nsjoin::{}", way.name);
        trials.extend(as_each_user(&name, &[], move |user| deadly(user, way)));
    }
    let shell = [Need::Program("setsid")];
    trials.extend(
        [
            as_each_user("signals::control_z_stops_the_job_and_fg_continues_it", &shell, control_z),
            as_each_user("signals::control_c_reaches_the_command_once", &shell, control_c),
            as_each_user("signals::a_hang_up_ends_the_command_of_a_session_that_we_lead", &shell, hang_up),
            as_each_user("signals::stops_that_are_sent_to_nsjoin_stop_both", &shell, stopped_by_nsjoin),
        ]
        .into_iter()
        .flatten(),
    );
    let setpriv = [Need::Root, Need::Userns, Need::Program("setpriv")];
    trials.push(trial("signals::one_that_may_not_be_delivered_is_mentioned_and_no_end", &setpriv, stronger));
    trials
}

/// A way in which a command can be run.
struct Way {
    name: &'static str,
    options: &'static [&'static str],
    /// Whether there is a process between us and the command.
    forks: bool,
}

static WAYS: [Way; 3] = [
    Way { name: "become", options: &["-U", "-n"], forks: false },
    Way { name: "forked_into_the_pid_namespace", options: &[], forks: true },
    Way { name: "watched", options: &["-U", "-n", "--timeout", "1h"], forks: true },
];

impl Way {
    /// A payload without nsjoin, or with it.
    fn command(&self, house: &House, nsjoin: bool, payload: &[&str]) -> Command {
        let before = [&["nsjoin", "-t", "web"], self.options, &["--"]].concat();
        let words = [if nsjoin { &before } else { &[][..] }, payload].concat();
        let mut command = house.command(words[0]);
        command.args(&words[1..]);
        command
    }

    /// The pid of the command, when it is executed: it goes by this name then.
    fn pid(&self, running: &Running, name: &str) -> i32 {
        eventually(&format!("{name} runs"), || {
            let pid = if self.forks { *children(running.pid()).first()? } else { running.pid() };
            let comm = std::fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
            (comm.trim() == name).then_some(pid)
        })
    }
}

/// What nsjoin is started with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Given {
    Nothing,
    AllBlocked,
    AllIgnored,
}

const GIVEN: [Given; 3] = [Given::Nothing, Given::AllBlocked, Given::AllIgnored];

impl Given {
    fn name(self) -> &'static str {
        match self {
            Self::Nothing => "plain",
            Self::AllBlocked => "all_blocked",
            Self::AllIgnored => "all_ignored",
        }
    }

    fn prepare(self, mut command: Command) -> Command {
        match self {
            Self::Nothing => {}
            Self::AllBlocked => block_all_before_exec(&mut command),
            Self::AllIgnored => ignore_all_before_exec(&mut command),
        }
        command
    }
}

/// All that can be caught and that the C library does not keep to itself, TERM the last.
fn every_catchable() -> Vec<i32> {
    let never = [libc::SIGKILL, libc::SIGSTOP, 32, 33, libc::SIGTERM];
    (1..=64).filter(|signal| !never.contains(signal)).chain([libc::SIGTERM]).collect()
}

fn mask_and_dispositions(user: User, way: &Way, given: Given) {
    let house = House::new(user);
    house.pod(&["create", "web"]).ok();
    // Not a payload of ours: Rust's runtime has its own mind about SIGPIPE.
    let of = |nsjoin: bool| {
        let running = Running::start(&mut given.prepare(way.command(&house, nsjoin, &["sleep", "1000"]))).unwrap();
        let direct = Way { name: "", options: &[], forks: false };
        let pid = if nsjoin { way } else { &direct }.pid(&running, "sleep");
        ["SigBlk", "SigIgn", "SigCgt"].map(|key| status_of(pid, key))
    };
    let direct = of(false);
    let [blocked, ignored, _] = direct.each_ref().map(|mask| u64::from_str_radix(mask, 16).unwrap().count_ones());
    assert_eq!((blocked > 50, ignored > 50), (given == Given::AllBlocked, given == Given::AllIgnored), "{direct:?}");
    assert_eq!(of(true), direct);
}

fn every_signal(user: User, way: &Way, given: Given) {
    let house = House::new(user);
    house.pod(&["create", "web"]).ok();
    let mut running = Running::ready(&mut given.prepare(way.command(&house, true, &["probe", "signals"]))).unwrap();
    for signal in every_catchable() {
        send(running.pid(), signal).unwrap();
        // One that came twice would be in the place of the next.
        let line = running.line().unwrap_or_else(|error| panic!("after signal {signal} {error}"));
        assert_eq!(line, format!("signal {signal}"));
    }
    running.exits(0).unwrap();
}

fn deadly(user: User, way: &Way) {
    let house = House::new(user);
    house.pod(&["create", "web"]).ok();
    let harmless = [libc::SIGCHLD, libc::SIGCONT, libc::SIGURG, libc::SIGWINCH];
    let stops = [libc::SIGTSTP, libc::SIGTTIN, libc::SIGTTOU];
    let of_the_library = [32, 33];
    let all = every_catchable().into_iter().chain(of_the_library);
    for signal in all.filter(|signal| !harmless.contains(signal) && !stops.contains(signal)) {
        let mut running = Running::start(&mut way.command(&house, true, &["sleep", "1000"])).unwrap();
        way.pid(&running, "sleep");
        send(running.pid(), signal).unwrap();
        assert_eq!(running.ends().unwrap().signal(), Some(signal));
    }
}

/// A user's shell on a terminal of its own.
fn shell(house: &House) -> (Terminal, Running) {
    let mut shell = house.command(CONTROLLED[0]);
    shell.args(&CONTROLLED[1..]).args(["sh", "-i"]).env("PS1", "prompt> ").env_remove("ENV");
    let (terminal, running) = Terminal::start(shell).unwrap();
    terminal.shows("prompt> ").unwrap();
    (terminal, running)
}

fn control_z(user: User) {
    let house = House::new(user);
    house.pod(&["create", "web"]).ok();
    for options in ["", "-U -n --timeout 1h", "-U -n"] {
        let (mut terminal, running) = shell(&house);
        let shell = running.pid();
        terminal.types(&format!("nsjoin -t web {options} -- probe ready\n")).unwrap();
        // With its pid: not the typed words.
        terminal.shows("ready ").unwrap();
        let job = only_child(shell);
        let command = if options.ends_with("-n") { job } else { only_child(job) };
        for _ in 0..2 {
            terminal.types(CONTROL_Z).unwrap();
            becomes(command, 'T').unwrap();
            becomes(job, 'T').unwrap();
            terminal.foreground(shell, true).unwrap();
            terminal.types("fg\n").unwrap();
            becomes(job, 'S').unwrap();
            becomes(command, 'S').unwrap();
            terminal.foreground(shell, false).unwrap();
        }
        terminal.types(CONTROL_C).unwrap();
        terminal.foreground(shell, true).unwrap();
        terminal.types("echo code $?\n").unwrap();
        terminal.shows("code 130").unwrap();
    }
}

fn control_c(user: User) {
    let house = House::new(user);
    house.pod(&["create", "web"]).ok();
    let (mut terminal, running) = shell(&house);
    terminal.types("nsjoin -t web -- probe signals\n").unwrap();
    terminal.shows("ready ").unwrap();
    let nsjoin = only_child(running.pid());
    for (typed, signal) in [(CONTROL_C, libc::SIGINT), ("\u{1c}", libc::SIGQUIT)] {
        for round in 1..=10 {
            terminal.types(typed).unwrap();
            // Had it come by way of nsjoin too, it would be there before what is sent to nsjoin now.
            eventually("it came", || (said(&terminal, signal) >= round).then_some(()));
            send(nsjoin, libc::SIGUSR1).unwrap();
            eventually("the next came", || (said(&terminal, libc::SIGUSR1) >= round).then_some(()));
            assert_eq!(said(&terminal, signal), round, "{}", terminal.shown());
        }
        send(nsjoin, libc::SIGUSR2).unwrap();
    }
    send(nsjoin, libc::SIGTERM).unwrap();
    terminal.foreground(running.pid(), true).unwrap();
}

/// How often the payload said that this signal came.
fn said(terminal: &Terminal, signal: i32) -> usize {
    terminal.shown().matches(&format!("signal {signal}\r")).count()
}

/// As where somebody's remote shell becomes this command, and the line is cut.
fn hang_up(user: User) {
    let house = House::new(user);
    house.pod(&["create", "web"]).ok();
    for line in [
        "nsjoin -t web -- sleep 1000",
        "nsjoin -t web -U -n -- sleep 1000",
        "nsjoin -t web -U -n --timeout 1h -- sleep 1000",
        "nsjoin -t web --tty -- sleep 1000",
        "pod exec web -- sleep 1000",
    ] {
        let mut command = house.command(CONTROLLED[0]);
        command.args(&CONTROLLED[1..]).args(line.split(' '));
        let (terminal, mut running) = Terminal::start(command).unwrap();
        let leader = running.pid();
        let payload = eventually("the command runs", || {
            let pids = children(leader).into_iter().chain([leader]);
            pids.into_iter().find(|pid| fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|it| it == "sleep\n"))
        });
        terminal.hang_up();
        let ended = running.ends().unwrap_or_else(|error| panic!("after a hang-up of {line}: {error}"));
        assert_eq!(ended.signal(), Some(libc::SIGHUP), "{line}");
        assert!(has_ended(payload.into()), "{line}");
    }
}

/// A command that has become root, which nobody else may signal.
fn stronger() {
    let house = House::new(User::Ordinary);
    let target = house.start(house.command("probe").arg("ready"));
    let (pid, becomes) = (target.pid().to_string(), house.work().join("become-root"));
    fs::copy(find("setpriv").unwrap(), &becomes).unwrap();
    fs::set_permissions(&becomes, fs::Permissions::from_mode(0o4755)).unwrap();
    let start = |options: &[&str]| {
        let mut command = house.command("nsjoin");
        command.args(["-t", &pid, "-n"]).args(options).arg("--").arg(&becomes);
        command.args(["--reuid=0", "--regid=0", "--clear-groups", "sh", "-c", "echo ready; exec sleep 1000"]);
        let said = fs::File::create(house.work().join("said")).unwrap();
        let running = Running::ready(command.stderr(said)).unwrap();
        let payload = only_child(running.pid());
        assert_eq!(status_of(payload, "Uid").split_whitespace().next(), Some("0"));
        (running, payload)
    };
    let says = |text: &str| {
        eventually(&format!("it says {text}"), || {
            fs::read_to_string(house.work().join("said")).unwrap().contains(text).then_some(())
        });
    };
    let (mut running, payload) = start(&["--timeout", "1h"]);
    send(running.pid(), libc::SIGTERM).unwrap();
    says("nsjoin: cannot signal the command: Operation not permitted\n");
    assert!(!has_ended(running.pid().into()));
    send(payload, libc::SIGUSR1).unwrap();
    assert_eq!(running.ends().unwrap().signal(), Some(libc::SIGUSR1));
    // Nor does the end of its time make an end of waiting for it.
    let (mut running, payload) = start(&["--timeout", "1s", "--kill-after", "100ms"]);
    says("nsjoin: cannot signal the command: Operation not permitted\n");
    assert!(!has_ended(running.pid().into()));
    send(payload, libc::SIGKILL).unwrap();
    running.exits(124).unwrap();
}

fn stopped_by_nsjoin(user: User) {
    let house = House::new(user);
    house.pod(&["create", "web"]).ok();
    // Of a shell's job: the kernel lets a terminal's signals stop nobody whom no shell looks after.
    let (mut terminal, running) = shell(&house);
    terminal.types("nsjoin -t web -- probe ready\n").unwrap();
    terminal.shows("ready ").unwrap();
    let job = only_child(running.pid());
    let command = only_child(job);
    for signal in [libc::SIGTSTP, libc::SIGTTIN, libc::SIGTTOU] {
        send(job, signal).unwrap();
        becomes(command, 'T').unwrap();
        becomes(job, 'T').unwrap();
        terminal.foreground(running.pid(), true).unwrap();
        terminal.types("fg\n").unwrap();
        becomes(command, 'S').unwrap();
        becomes(job, 'S').unwrap();
        terminal.foreground(running.pid(), false).unwrap();
    }
    send(job, libc::SIGTERM).unwrap();
    terminal.foreground(running.pid(), true).unwrap();
}
