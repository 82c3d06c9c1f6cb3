//! Somebody inside looks at the process that joins, or types into the terminal of who started it.

use std::fs;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;

use libtest_mimic::Trial;
use nix::errno::Errno;
use serde_json::Value;

use super::pod;
use crate::house::{House, User, binaries, eventually, only_child, status_of};
use crate::init::running::{Running, children, send};
use crate::terminal::{CONTROLLED, Terminal};
use crate::trial::{Need, as_each_user, trial};

pub(crate) fn trials() -> Vec<Trial> {
    let setsid = [Need::Program("setsid")];
    let mut trials: Vec<_> = [
        as_each_user("threats::cve_2019_5736_a_sealed_command_leads_to_no_file_of_the_host", &[], sealed),
        as_each_user("threats::cve_2017_5226_no_terminal_of_ours_can_be_typed_into", &setsid, typed_into),
    ]
    .into_iter()
    .flatten()
    .collect();
    // Who is root outside may look at everybody.
    trials.extend([
        // Root, who sees what is hidden: where it is.
        trial("threats::cve_2016_9962_nobody_inside_can_look_at_nsjoin", &[Need::Root, Need::Userns], looked_at),
        trial("threats::nsjoin_can_be_looked_at_again_once_its_command_runs", &[Need::Userns], dumpable_again),
        trial(
            "threats::cve_2022_29162_no_capability_is_inheritable",
            &[Need::Root, Need::Program("setpriv")],
            inheritable,
        ),
    ]);
    trials
}

/// A copy of the payload that can be executed only when its guest has gone.
fn held_program(house: &House) -> PathBuf {
    let program = house.work().join("held");
    let probe = binaries().join("probe");
    house.run("cp", &[probe.to_str().unwrap(), program.to_str().unwrap()]).ok();
    program
}

/// The pid that a process has in its own pid namespace.
fn inner_pid(pid: i32) -> String {
    status_of(pid, "NSpid").split_whitespace().last().unwrap().to_owned()
}

fn looked_at() {
    let house = pod(User::Ordinary);
    let program = held_program(&house);
    let program = program.to_str().unwrap();
    let mut holder = house.start(house.command("probe").args(["lease", program]));
    let mut joining =
        Running::start(house.command("nsjoin").args(["-t", "web", "-a", "--", program, "ready"])).unwrap();
    assert_eq!(holder.line(), "wanted");
    // It has done everything but execute the command.
    let pause_pids = fs::read_link(format!("/proc/{}/ns/pid", house.pause("web"))).unwrap();
    let command = eventually("it is inside", || {
        let inside = |pid: &i32| fs::read_link(format!("/proc/{pid}/ns/pid")).is_ok_and(|pids| pids == pause_pids);
        children(joining.pid()).into_iter().find(inside)
    });
    let looks = |what: &str| {
        let path = format!("/proc/{}/{what}", inner_pid(command));
        // As the root of the pod's user namespace, with every capability in there.
        house.nsjoin(&[
            "-t",
            "web",
            "-a",
            "--",
            "sh",
            "-c",
            &format!("{{ readlink {path} || head -c 1 {path} || ls {path}/; }} 2>&1"),
        ])
    };
    for what in ["exe", "cwd", "root", "fd/0", "environ", "mem", "maps", "fd", "ns/net"] {
        let ran = looks(what);
        assert!(!ran.output.status.success() && ran.out().contains("ermission denied"), "{what}: {ran}");
    }
    drop(holder);
    joining.hears("ready").unwrap();
    // Now it is theirs.
    for what in ["exe", "cwd", "fd/0", "environ", "fd"] {
        looks(what).ok();
    }
    send(joining.pid(), libc::SIGTERM).unwrap();
    joining.ends().unwrap();
}

fn dumpable_again() {
    let house = pod(User::Ordinary);
    let running = Running::ready(house.command("nsjoin").args(["-t", "web", "-a", "--", "probe", "ready"])).unwrap();
    // What may not be dumped belongs to root.
    let owner = |what: &str| fs::metadata(format!("/proc/{}/{what}", running.pid())).unwrap().uid();
    let plain = house.start(house.command("probe").arg("ready"));
    let ours = fs::metadata(format!("/proc/{}/fd", plain.pid())).unwrap().uid();
    eventually("it belongs to its user", || (owner("fd") == ours).then_some(()));
}

fn sealed(user: User) {
    let house = pod(user);
    let program = held_program(&house);
    let before = fs::read(&program).unwrap();
    for options in [&["-a"][..], &["-U", "-n"]] {
        let words = [&["-t", "web"], options, &["--seal", "--", program.to_str().unwrap(), "ready"]].concat();
        let mut running = Running::ready(house.command("nsjoin").args(&words)).unwrap();
        let pid = if options == ["-a"] { only_child(running.pid()) } else { running.pid() };
        let exe = format!("/proc/{pid}/exe");
        assert_eq!(fs::read_link(&exe).unwrap().to_str(), Some("/memfd:nsjoin (deleted)"));
        // Kept open for reading while it runs, to be opened for writing when it does no more.
        let kept = fs::File::open(&exe).unwrap();
        assert!(fs::File::options().write(true).open(&exe).is_err());
        send(running.pid(), libc::SIGTERM).unwrap();
        running.ends().unwrap();
        let again = fs::File::options().write(true).open(format!("/proc/self/fd/{}", kept.as_raw_fd()));
        let refused = again.and_then(|mut again| again.write_all(b"#!/bin/evil")).unwrap_err();
        assert_eq!(refused.raw_os_error(), Some(libc::EPERM));
    }
    assert_eq!(fs::read(&program).unwrap(), before);
    // Nothing that is not a program by itself can be.
    let script = house.work().join("script");
    fs::write(&script, "#!/bin/sh\n").unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    house.nsjoin(&["-t", "web", "--seal", "--", script.to_str().unwrap()]).refuses(125, "it is a script");
    house.nsjoin(&["-t", "web", "--seal", "--", "no-such-command"]).refuses(127, "cannot execute no-such-command");
}

/// Root might do it to any terminal; who is to be kept from it is not allowed everything.
const LESS: [&str; 2] = ["--cap-drop", "all"];

fn typed_into(user: User) {
    let house = pod(user);
    let options: &[&str] = if user == User::Root { &LESS } else { &[] };
    let said = house.work().join("said");
    let script = format!("exec 2>&1; probe inject \"$1\" >{0}.new; mv {0}.new {0}; echo ready now", said.display());
    for way in [&["--tty"][..], &["--detach", "--interactive"]] {
        // The shell holds the terminal's session, and nsjoin shares it with the shell.
        let words = [&["nsjoin", "-t", "web"], way, options, &["--", "sh", "-c", &script, "sh"]].concat();
        let outer = "\"$@\" $(tty); echo mine now; read line; echo typed $line.";
        let mut shell = house.command(CONTROLLED[0]);
        shell.args(&CONTROLLED[1..]).args(["sh", "-c", outer, "sh"]).args(words);
        let (mut terminal, _running) = Terminal::start(shell).unwrap();
        let text = eventually("it has tried", || fs::read_to_string(&said).ok());
        fs::remove_file(&said).unwrap();
        let tried: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        let refused = Errno::EPERM.to_string();
        assert_eq!((tried["typed"].as_str(), tried["taken"].as_str()), (Some(&*refused), Some(&*refused)));
        terminal.shows("ready now").unwrap();
        terminal.shows("mine now").unwrap();
        terminal.types("ours\r").unwrap();
        terminal.shows("typed ours.").unwrap();
    }
}

fn inheritable() {
    let house = pod(User::Root);
    for options in [&[][..], &["-n"], &["-n", "--timeout", "1h"], &["-S", "1234"]] {
        let before = ["--inh-caps", "+net_raw,+sys_admin", "nsjoin", "-t", "web"];
        let ids = house.run("setpriv", &[&before, options, &["--", "probe", "ids"]].concat()).json();
        assert_eq!(ids["CapInh"], "0000000000000000", "{options:?}");
    }
    // What it would be without.
    let ids = house.run("setpriv", &["--inh-caps", "+net_raw", "probe", "ids"]).json();
    assert_ne!(ids["CapInh"], "0000000000000000");
}
