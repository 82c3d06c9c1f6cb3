//! The pauses and inits that are measured, each started as the first process of a pid namespace.

use std::fs;
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fixtures::find;
use nix::poll::{PollFd, PollFlags, poll};

use crate::place::{INITS, PAUSES, Place, named_in, works};
use crate::rivals::name_of;
use crate::session::Session;
use crate::sys::{self, Process, Program};

/// What a first process is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Duty {
    /// It holds a pod, and runs nothing.
    Hold,
    /// It runs a command.
    Run,
}

/// A pause or an init.
#[derive(Debug)]
pub(crate) struct Init {
    pub(crate) name: String,
    pub(crate) duty: Duty,
    pub(crate) file: PathBuf,
    program: Program,
}

/// One that runs, until it is dropped.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) process: Process,
    /// The pid of its command.
    pub(crate) child: Option<i32>,
}

/// What an init runs: something that sleeps, and dies of TERM.
const COMMAND: &str = "sleep";
/// No machine takes so long to start a process.
const PATIENCE: Duration = Duration::from_secs(20);

/// Ours and those beside them, as far as they are here.
pub(crate) fn all(session: &mut Session, place: &Place, subject: &str) -> Vec<Init> {
    let mut inits = Vec::new();
    let sleep = find(COMMAND).expect("every machine can sleep").display().to_string();
    let mut add = |name: &str, file: PathBuf, duty, options: &[&str], variables: &[&str]| {
        let path = file.display().to_string();
        let command: &[&str] = match duty {
            Duty::Hold => &[],
            Duty::Run => &["--", &sleep, "1000000"],
        };
        let words = [&[path.as_str()], options, command].concat();
        let variables = [&["PATH=/usr/bin:/bin"], variables].concat();
        inits.push(Init { name: name.to_owned(), duty, file, program: Program::new(&words, &variables) });
    };
    let ours = |name| PathBuf::from(place.ours(name));
    add("pause", ours("pause"), Duty::Hold, &[], &[]);
    match works(place.command("reaper", &["true"]).env("REAPER_REAP", "kernel")) {
        Ok(()) => add("reaper", ours("reaper"), Duty::Run, &[], &["REAPER_REAP=kernel"]),
        Err(reason) => session.leave_out(subject, "reaper", &reason),
    }
    add("reaper, looping", ours("reaper"), Duty::Run, &[], &["REAPER_REAP=loop"]);
    for (name, program, duty, options) in [
        ("catatonit -P", "catatonit", Duty::Hold, &["-P"][..]),
        ("catatonit", "catatonit", Duty::Run, &[]),
        ("tini", "tini", Duty::Run, &[]),
        ("dumb-init", "dumb-init", Duty::Run, &[]),
    ] {
        match find(program) {
            Some(file) => add(name, file, duty, options, &[]),
            None => session.leave_out(subject, name, "not on this machine"),
        }
    }
    for (variable, duty) in [(PAUSES, Duty::Hold), (INITS, Duty::Run)] {
        for file in named_in(variable) {
            add(&name_of(&file), file.clone(), duty, &[], &[]);
        }
    }
    inits
}

/// Ours beside each of the others with the same duty.
pub(crate) fn pairs(inits: &[Init]) -> Vec<(&str, &str)> {
    let mut pairs = Vec::new();
    for (ours, duty) in [("pause", Duty::Hold), ("reaper", Duty::Run)] {
        let others = inits.iter().filter(|init| init.duty == duty && init.name != ours);
        pairs.extend(others.map(|init| (ours, init.name.as_str())));
    }
    pairs
}

impl Init {
    /// Starts it, and waits until it waits.
    ///
    /// # Panics
    /// When it does not start.
    pub(crate) fn start(&self) -> Running {
        let process = sys::start(&self.program, libc::CLONE_NEWPID).expect("a clone");
        let deadline = Instant::now() + PATIENCE;
        loop {
            let child = children(process.pid).into_iter().find(|child| comm(*child) == COMMAND);
            let is_complete = self.duty == Duty::Hold || child.is_some_and(sleeps);
            if is_complete && sleeps(process.pid) {
                return Running { process, child };
            }
            assert!(Instant::now() < deadline, "{} has not started", self.name);
            std::thread::sleep(Duration::from_micros(200));
        }
    }
}

fn comm(pid: i32) -> String {
    fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default().trim().to_owned()
}

fn sleeps(pid: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(')').next().is_some_and(|rest| rest.starts_with(" S"))
}

fn children(pid: i32) -> Vec<i32> {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    children.split_whitespace().filter_map(|child| child.parse().ok()).collect()
}

/// Sleeps until a pidfd tells one of these, or of a hang-up.
///
/// # Panics
/// When it does not.
pub(crate) fn wait_for(process: BorrowedFd<'_>, wanted: PollFlags) {
    let deadline = Instant::now() + PATIENCE;
    while poll(&mut [PollFd::new(process, wanted)], 100_u16) != Ok(1) {
        assert!(Instant::now() < deadline, "a process has neither ended nor been reaped");
    }
}

/// A number in a file of `KEY: NUMBER` lines, such as /proc/PID/status.
pub(crate) fn number_in(file: impl AsRef<Path>, key: &str) -> Option<f64> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
    line.split_whitespace().next()?.parse().ok()
}
