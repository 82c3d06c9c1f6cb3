//! A process that a test started, and what one may ask of it; every answer comes in bounded time.

use std::ffi::OsStr;
use std::fmt::Debug;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// A fact that held, or what was seen in its place.
pub(crate) type Seen<T = ()> = Result<T, String>;

/// How long anything may take; it takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(5);

/// Waits for something to come about.
pub(crate) fn soon<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> Seen<T> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return Ok(found);
        }
        if Instant::now() > deadline {
            return Err(format!("never came about: {what}"));
        }
        sleep(Duration::from_millis(2));
    }
}

/// These are equal.
pub(crate) fn same<T: PartialEq + Debug>(what: &str, seen: T, expected: T) -> Seen {
    if seen == expected { Ok(()) } else { Err(format!("{what}: {seen:?}, not {expected:?}")) }
}

/// Started by us, killed and reaped when it is dropped; with unshare goes the namespace that it made.
pub(crate) struct Running {
    child: Child,
    lines: Receiver<String>,
}

impl Running {
    /// Starts it, for us to hear what it says.
    pub(crate) fn start(command: &mut Command) -> Seen<Self> {
        Self::start_on(command.stdout(Stdio::piped()))
    }

    /// Starts it on the stdout that it has been given.
    pub(crate) fn start_on(command: &mut Command) -> Seen<Self> {
        let mut child = command.spawn().map_err(|error| format!("{command:?}: {error}"))?;
        let (sender, lines) = channel();
        if let Some(out) = child.stdout.take() {
            // Read by somebody else, so that waiting for a line can have an end.
            let mut lines = BufReader::new(out).lines().map_while(Result::ok);
            std::thread::spawn(move || lines.try_for_each(|line| sender.send(line)));
        }
        Ok(Self { child, lines })
    }

    /// Starts it and waits until its payload says that it is ready.
    pub(crate) fn ready(command: &mut Command) -> Seen<Self> {
        let mut running = Self::start(command)?;
        running.hears("ready")?;
        Ok(running)
    }

    pub(crate) fn pid(&self) -> i32 {
        self.child.id().cast_signed()
    }

    /// The first process of the namespace that it made.
    pub(crate) fn first(&self) -> Seen<i32> {
        soon("the namespace has its first process", || children(self.pid()).first().copied())
    }

    /// The next line that it says.
    pub(crate) fn line(&mut self) -> Seen<String> {
        self.lines.recv_timeout(PATIENCE).map_err(|error| format!("it says nothing: {error}; {}", self.tree()))
    }

    /// Waits for a line that starts with this.
    pub(crate) fn hears(&mut self, start: &str) -> Seen {
        let deadline = Instant::now() + PATIENCE;
        let mut said = Vec::new();
        while let Ok(line) = self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            if line.starts_with(start) {
                return Ok(());
            }
            said.push(line);
        }
        Err(format!("never said {start:?}, but {said:?}; {}", self.tree()))
    }

    /// What it still says until nobody is left who could say anything.
    pub(crate) fn rest(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.lines.recv_timeout(PATIENCE).ok()).collect()
    }

    /// Waits for its end.
    pub(crate) fn ends(&mut self) -> Seen<ExitStatus> {
        let ended = soon("it ends", || self.child.try_wait().unwrap());
        ended.map_err(|error| format!("{error}; {}", self.tree()))
    }

    /// It ends, and exits with this code.
    pub(crate) fn exits(&mut self, code: i32) -> Seen {
        let status = self.ends()?;
        if status.code() == Some(code) { Ok(()) } else { Err(format!("{status}, not exit status {code}")) }
    }

    /// Its children, theirs, and so on.
    fn descendants(&self) -> Vec<i32> {
        let mut found = children(self.pid());
        let mut seen = 0;
        while let Some(pid) = found.get(seen) {
            found.extend(children(*pid));
            seen += 1;
        }
        found
    }

    /// It and its descendants, one line for all.
    fn tree(&self) -> String {
        let line = |pid: i32| {
            let command = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default().replace('\0', " ");
            format!("{pid} {} {}", state(pid), command.trim_end())
        };
        let lines: Vec<_> = std::iter::once(self.pid()).chain(self.descendants()).map(line).collect();
        format!("processes: {}", lines.join(", "))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // What an init leaves is no longer its own, so whose it is must be seen before.
        let pids = self.descendants();
        // It may have been waited for.
        let _ended = self.child.kill();
        for pid in pids {
            let _ended = send(pid, libc::SIGKILL);
        }
        let _reaped = self.child.wait();
    }
}

/// Runs it to its end, and it exits with this code.
pub(crate) fn exits(command: &mut Command, code: i32) -> Seen {
    let exited = Running::start(command).and_then(|mut running| running.exits(code));
    exited.map_err(|error| {
        let arguments: Vec<_> = command.get_args().map(OsStr::to_string_lossy).collect();
        format!("{} {}: {error}", command.get_program().display(), arguments.join(" "))
    })
}

/// The children of a process, zombies too.
pub(crate) fn children(pid: i32) -> Vec<i32> {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    children.split_whitespace().filter_map(|pid| pid.parse().ok()).collect()
}

/// The state of a process, as ps has it; `-` once it has gone.
pub(crate) fn state(pid: i32) -> char {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(") ").next().and_then(|rest| rest.chars().next()).unwrap_or('-')
}

/// Waits until a process is in this state.
pub(crate) fn becomes(pid: i32, letter: char) -> Seen {
    soon("", || (state(pid) == letter).then_some(())).map_err(|_| format!("{pid} is {}, not {letter}", state(pid)))
}

/// Waits until a process has that many children.
pub(crate) fn has_children(pid: i32, count: usize) -> Seen {
    let counted = soon("", || (children(pid).len() == count).then_some(()));
    counted.map_err(|_| {
        let states: Vec<_> = children(pid).into_iter().map(state).collect();
        format!("{} children, in the states {states:?}, not {count}", states.len())
    })
}

/// Sends a signal by its number: nix knows no real-time ones.
#[allow(unsafe_code, reason = "nix knows no real-time signals")]
pub(crate) fn send(pid: i32, signal: i32) -> Seen {
    // SAFETY: takes numbers.
    let sent = nix::errno::Errno::result(unsafe { libc::kill(pid, signal) });
    sent.map(drop).map_err(|error| format!("cannot send signal {signal} to {pid}: {error}"))
}
