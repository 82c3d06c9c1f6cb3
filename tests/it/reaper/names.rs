//! reaper under its rivals' names: what each of them does by itself, and people rely upon.

use std::os::unix::fs::symlink;
use std::process::Command;

use libtest_mimic::Trial;

use crate::arch::Arch;
use crate::before_exec::adopt_before_exec;
use crate::house::{House, Ran, User, eventually};
use crate::init::running::{Running, Seen, becomes, children, same, send};
use crate::trial::{Need, trial};

pub(super) fn trials() -> Vec<Trial> {
    let unshare = [Need::Userns, Need::Program("unshare")];
    vec![
        trial("reaper::under_another_name_has_its_command_line_and_its_codes", &[], other_names),
        trial("reaper::hands_the_stop_signals_on_and_stops_when_its_command_has_stopped", &[], || told(stops_with_it)),
        trial("reaper::as_dumb_init_stops_at_once_whatever_is_handed_on", &[], || told(dumb_init_stops)),
        trial("reaper::as_dumb_init_and_the_first_process_stops_its_command_alone", &unshare, || told(first_stops)),
        trial("reaper::leaves_the_directory_that_it_was_started_in_where_dumb_init_does", &[], || told(directories)),
        trial("reaper::says_nothing_of_orphans_that_come_to_it_all_the_same", &[], subreaper),
        trial("reaper::as_dumb_init_says_nothing_unasked", &[], quiet),
        trial("reaper::as_tini_takes_its_command_before_the_dashes_too", &[], dashes),
        trial("reaper::as_podman_init_is_itself", &[], podman_init),
    ]
}

fn told(test: fn(&House) -> Seen) {
    test(&House::new(User::Ordinary)).unwrap_or_else(|seen| panic!("{seen}"));
}

/// reaper under a name.
fn named(house: &House, name: &str, arguments: &[&str]) -> Command {
    let link = house.work().join(name);
    if !link.exists() {
        symlink(Arch::native().program("reaper"), &link).unwrap();
    }
    let mut command = house.command(&link);
    command.args(arguments);
    command
}

/// Runs it to its end.
fn runs(house: &House, name: &str, arguments: &[&str]) -> Ran {
    house.finish(&mut named(house, name, arguments))
}

fn other_names() {
    let house = House::new(User::Ordinary);
    for (name, missing) in [("tini", 127), ("docker-init", 127), ("dumb-init", 2), ("catatonit", 1), ("reaper", 127)] {
        runs(&house, name, &["--", "no-such-program"]).exits(missing);
        runs(&house, name, &["sh", "-c", "exit 7"]).exits(7);
        let usage = if name == "reaper" { 2 } else { 1 };
        let refused = runs(&house, name, &["-Z", "true"]).exits(usage);
        let says = if name == "docker-init" { "tini" } else { name };
        assert_eq!(refused.err(), format!("{says}: unknown option: -Z; see --help\n"));
        runs(&house, name, &[]).exits(usage);
    }
    // As `docker info` asks, and what it looks for.
    assert!(runs(&house, "docker-init", &["--version"]).ok().out().starts_with("tini version 0.19.0 - "));
    runs(&house, "tini", &["-s", "-e", "9", "--", "sh", "-c", "exit 9"]).ok();
    let rewritten = runs(&house, "dumb-init", &["-r", "15:2", "sh", "-c", "kill -TERM $PPID; sleep 5"]);
    rewritten.exits(130);
    // Who is left of its group is asked to end when its command has.
    let script = "mkfifo pipe; exec 3<>pipe; \
        (trap 'echo asked; exit' TERM; echo up >&3; while :; do sleep 0.02; done) & read up <&3; exit 3";
    assert_eq!(runs(&house, "dumb-init", &["sh", "-c", script]).exits(3).out(), "asked\n");
    // Options of one are none of another.
    runs(&house, "catatonit", &["--grace", "1s", "true"]).exits(1);
}

const STOPS: [i32; 3] = [libc::SIGTSTP, libc::SIGTTIN, libc::SIGTTOU];

/// An init beside us and its command, which has said that it is ready.
fn pair(command: &mut Command) -> Seen<(Running, i32)> {
    let init = Running::ready(command)?;
    let command = *children(init.pid()).first().ok_or("no command")?;
    Ok((init, command))
}

fn stops_with_it(house: &House) -> Seen {
    for way in ["kernel", "loop", "best"] {
        // One that hears them does not stop, and nor does its init.
        let (mut init, _) = pair(named(house, "reaper", &["probe", "signals"]).env("REAPER_REAP", way))?;
        for signal in STOPS {
            send(init.pid(), signal)?;
            same("the command got", init.line()?, format!("signal {signal}"))?;
        }
        becomes(init.pid(), 'S')?;
        send(init.pid(), libc::SIGTERM)?;
        init.hears("signal 15")?;
        init.exits(0)?;
        // One that does not stops, and its init with it.
        let (mut init, command) = pair(named(house, "reaper", &["probe", "ready"]).env("REAPER_REAP", way))?;
        for signal in STOPS {
            send(init.pid(), signal)?;
            becomes(command, 'T')?;
            becomes(init.pid(), 'T')?;
            send(init.pid(), libc::SIGCONT)?;
            becomes(init.pid(), 'S')?;
            becomes(command, 'S')?;
        }
        send(init.pid(), libc::SIGTERM)?;
        init.exits(143)?;
    }
    // To the leader of a session these three would do nothing.
    let (mut init, command) = pair(&mut named(house, "reaper", &["--session", "probe", "ready"]))?;
    send(init.pid(), libc::SIGTSTP)?;
    becomes(command, 'T')?;
    becomes(init.pid(), 'T')?;
    send(init.pid(), libc::SIGCONT)?;
    becomes(command, 'S')?;
    send(init.pid(), libc::SIGTERM)?;
    init.exits(143)
}

fn dumb_init_stops(house: &House) -> Seen {
    // Without a session of its own the command gets them as they are.
    let mut dumb_init = named(house, "dumb-init", &["probe", "signals"]);
    let (mut init, command) = pair(dumb_init.env("DUMB_INIT_SETSID", "0"))?;
    for signal in STOPS {
        send(init.pid(), signal)?;
        same("the command got", init.line()?, format!("signal {signal}"))?;
        becomes(init.pid(), 'T')?;
        // It has not stopped: it waits for the next.
        becomes(command, 'S')?;
        send(init.pid(), libc::SIGCONT)?;
        same("the command got", init.line()?, format!("signal {}", libc::SIGCONT))?;
    }
    send(init.pid(), libc::SIGTERM)?;
    same("the command got", init.line()?, "signal 15".to_owned())?;
    init.exits(0)?;
    // With one it is stopped.
    let (mut init, command) = pair(&mut named(house, "dumb-init", &["probe", "ready"]))?;
    send(init.pid(), libc::SIGTTIN)?;
    becomes(command, 'T')?;
    becomes(init.pid(), 'T')?;
    send(init.pid(), libc::SIGCONT)?;
    becomes(command, 'S')?;
    becomes(init.pid(), 'S')?;
    send(init.pid(), libc::SIGTERM)?;
    init.exits(143)?;
    // And whatever the command gets in its place.
    let (mut init, _) = pair(&mut named(house, "dumb-init", &["-r", "21:18", "-r", "20:0", "probe", "signals"]))?;
    send(init.pid(), libc::SIGTTIN)?;
    same("the command got", init.line()?, "signal 18".to_owned())?;
    becomes(init.pid(), 'T')?;
    send(init.pid(), libc::SIGCONT)?;
    same("the command got", init.line()?, "signal 18".to_owned())?;
    send(init.pid(), libc::SIGTSTP)?;
    becomes(init.pid(), 'T')?;
    send(init.pid(), libc::SIGCONT)?;
    same("the command got", init.line()?, "signal 18".to_owned())?;
    send(init.pid(), libc::SIGTERM)?;
    same("the command got", init.line()?, "signal 15".to_owned())?;
    init.exits(0)
}

fn first_stops(house: &House) -> Seen {
    let link = house.work().join("dumb-init");
    symlink(Arch::native().program("reaper"), &link).unwrap();
    let mut unshare = house.command("unshare");
    unshare.args(["--user", "--map-root-user", "--pid", "--fork", "--kill-child"]).arg(&link).args(["probe", "ready"]);
    let mut running = Running::ready(&mut unshare)?;
    let pid = running.first()?;
    let command = *children(pid).first().ok_or("no command")?;
    send(pid, libc::SIGTSTP)?;
    becomes(command, 'T')?;
    becomes(pid, 'S')?;
    send(pid, libc::SIGCONT)?;
    becomes(command, 'S')?;
    send(pid, libc::SIGTERM)?;
    running.exits(143)
}

fn directories(house: &House) -> Seen {
    let work = house.work();
    for (name, options, leaves) in [
        ("reaper", &[][..], true),
        // It is started there again.
        ("reaper", &["--restart", "on-failure"], false),
        ("dumb-init", &[], true),
        ("tini", &[], false),
        ("catatonit", &[], false),
    ] {
        let (mut init, command) = pair(&mut named(house, name, &[options, &["probe", "ready"]].concat()))?;
        let directory = |pid: i32| std::fs::read_link(format!("/proc/{pid}/cwd")).unwrap();
        same("the command is in", directory(command), work.canonicalize().unwrap())?;
        let expected = if leaves { "/".into() } else { work.canonicalize().unwrap() };
        eventually(&format!("{name} is in {}", expected.display()), || {
            (directory(init.pid()) == expected).then_some(())
        });
        send(init.pid(), libc::SIGTERM)?;
        init.ends()?;
    }
    Ok(())
}

fn subreaper() {
    let house = House::new(User::Ordinary);
    for name in ["tini", "docker-init", "reaper", "catatonit", "dumb-init"] {
        let mut init = named(&house, name, &["--", "true"]);
        adopt_before_exec(&mut init);
        assert_eq!(house.finish(&mut init).ok().err(), "", "{name}");
    }
    // Who is none and does not become one says so.
    assert_eq!(runs(&house, "tini", &["true"]).ok().err(), "tini: not the first process: orphans are not reaped\n");
}

fn quiet() {
    let house = House::new(User::Ordinary);
    assert_eq!(runs(&house, "dumb-init", &["true"]).ok().err(), "");
    assert!(runs(&house, "dumb-init", &["-v", "true"]).ok().err().contains("not the first process"));
}

fn dashes() {
    let house = House::new(User::Ordinary);
    for (words, code) in [
        (&["-s", "sh", "--", "-c", "exit 3"][..], 3),
        (&["-s", "--", "sh", "-c", "exit 4"], 4),
        // Those behind an option of the command are the command's.
        (&["-s", "sh", "-c", "test $1 = -- && exit 5", "sh", "--"], 5),
    ] {
        runs(&house, "tini", words).exits(code);
    }
    assert_eq!(runs(&house, "tini", &["-s", "echo", "a", "--", "b", "--"]).ok().out(), "a b --\n");
    // Under its own name the command begins at its first word.
    assert_eq!(runs(&house, "reaper", &["echo", "a", "--", "b"]).ok().out(), "a -- b\n");
}

fn podman_init() {
    let house = House::new(User::Ordinary);
    runs(&house, "podman-init", &["--", "no-such-program"]).exits(127);
    runs(&house, "podman-init", &["--grace", "1s", "--", "true"]).ok();
}
