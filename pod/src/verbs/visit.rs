//! Being with a container that runs: at its console or, where it has none, with what it says in its log.

use std::io::{self, IsTerminal, Write, pipe, stderr, stdin, stdout};
use std::os::fd::AsFd;
use std::thread;
use std::time::Duration;

use launch::relay::{Arrived, Sender, Signals};
use launch::{Pidfd, Typed};
use manifest::kind::Pod;
use manifest::value::duration;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use reaper::Signal;
use registry::{Found, Name, Process, RegistryError};

use super::logs::listen;
use crate::attach::{Attached, LEAVES, come};
use crate::console::Here;
use crate::error::Error;
use crate::plan::Console;
use crate::record::WorkloadRecord;

/// What somebody wants there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wish {
    /// To type.
    pub(crate) stdin: bool,
    /// To have what is typed at a terminal go through as it is.
    pub(crate) tty: bool,
    /// To hear nothing of ours.
    pub(crate) quiet: bool,
    /// To be shown what was said before, as far as nobody was.
    pub(crate) missed: bool,
}

/// How it came to an end.
#[derive(Debug)]
pub(crate) enum End {
    /// The container has ended.
    Ended {
        /// What is to be said at last.
        told: Option<String>,
    },
    /// We were asked to leave.
    Asked(Signal),
    /// It does not run.
    Absent,
}

/// A container to be with.
#[derive(Debug)]
pub(crate) struct Visit<'a> {
    pub(crate) found: Found,
    pub(crate) container: Name,
    /// What its pod's manifest says, if it has one.
    pub(crate) pod: Option<&'a Pod>,
    /// What this program is called.
    pub(crate) called: &'a str,
}

impl Visit<'_> {
    /// Stays until the container has ended, or we are asked to leave.
    ///
    /// # Errors
    /// It cannot be told how it does, or what it says not be shown.
    pub(crate) fn stay(self, wish: Wish, signals: &Signals) -> Result<End, Error> {
        let (directory, name) = (self.found.directory(), &self.container);
        let record: Option<WorkloadRecord> = directory.spec(name)?;
        let console = record.as_ref().map(|record| record.plan.console).unwrap_or_default();
        let raw = self.terminal(wish, matches!(console, Console::Terminal(_)));
        if !wish.quiet {
            say("All commands and output from this session will be recorded in container logs, including credentials \
                 and sensitive information passed through the command prompt.\n\
                 If you don't see a command prompt, try pressing enter.");
        }
        let process = directory.recorded(Process::Workload(name))?.map(Pidfd::of).transpose();
        let process = process.map_err(RegistryError::Blind)?.flatten();
        // Who wants what was missed has it from the log where it is too late for more.
        let too_late = |visit: Self| if wish.missed { visit.read(signals) } else { Ok(End::Absent) };
        let (Some(record), Some(process)) = (record, process) else { return too_late(self) };
        if console == Console::None {
            return self.listen(record.number, wish.missed, signals);
        }
        let here = Here { types: wish.stdin, missed: wish.missed };
        let Some(console) = come(&self.found, name, here)? else { return too_late(self) };
        let told = self.farewell(wish, raw);
        let Self { found, container: workload, .. } = self;
        let (supervisor, process) = (None, Some(process));
        let attached = Attached { found, workload, has_terminal: raw, console, supervisor, process };
        if raw {
            attached.redraw();
        }
        let left = attached.visit(wish.stdin.then_some(Typed::Stdin), signals)?;
        Ok(left.map_or(End::Ended { told }, End::Asked))
    }

    /// Shows what the container has said, and goes on to say.
    ///
    /// # Errors
    /// It cannot be shown.
    pub(crate) fn read(self, signals: &Signals) -> Result<End, Error> {
        match self.found.directory().spec::<WorkloadRecord>(&self.container)? {
            Some(record) => self.listen(record.number, true, signals),
            None => Ok(End::Absent),
        }
    }

    /// Whether what is typed goes through as it is; says why not, where that was wanted.
    fn terminal(&self, wish: Wish, has_one: bool) -> bool {
        if wish.tty && !has_one && !wish.quiet {
            say(&format!("error: Unable to use a TTY - container {} did not allocate one", self.container));
        }
        if !has_one || !wish.stdin {
            return false;
        }
        let at_one = stdin().is_terminal();
        if !at_one && !wish.quiet {
            say("Unable to use a TTY - input is not a terminal or the right kind of file");
        }
        at_one
    }

    /// What is said to who has typed at a container that will be started again.
    fn farewell(&self, wish: Wish, raw: bool) -> Option<String> {
        let spec = self.pod.and_then(|pod| pod.spec.as_ref()).filter(|_| raw && !wish.quiet)?;
        let again = spec.restart_policy.as_deref().unwrap_or("Always") == "Always";
        let (called, name, container) = (self.called, self.pod?.metadata.name.as_deref()?, &self.container);
        if spec.ephemeral_containers.iter().any(|one| one.name == container.as_str()) {
            let resume = format!("{called} attach {name} -c {container} -i -t");
            return again.then(|| {
                format!(
                    "Session ended, the ephemeral container will not be restarted but may be reattached using '{resume}' \
                     if it is still running\n"
                )
            });
        }
        again.then(|| {
            format!(
                "Session ended, resume using '{called} attach {name} -c {container} -i -t' command when the pod is running\n"
            )
        })
    }

    /// Shows what a container says that nobody types at.
    fn listen(self, launch: u32, missed: bool, signals: &Signals) -> Result<End, Error> {
        let failed = |source| Error::Kernel { operation: "wait for the container", source };
        // Its other end goes with who follows the log.
        let (ended, held) = pipe().map_err(|error| failed(Errno::from_raw(error.raw_os_error().unwrap_or(0))))?;
        let follow = move || {
            let followed = listen(&self.found, &self.container, launch, missed, &mut stdout(), &mut stderr());
            drop(held);
            followed
        };
        let follower = thread::Builder::new().name("pod-log".to_owned()).spawn(follow);
        let follower = follower.map_err(|error| failed(Errno::from_raw(error.raw_os_error().unwrap_or(0))))?;
        loop {
            let readable = |file| PollFd::new(file, PollFlags::POLLIN);
            let mut files = [readable(signals.as_fd()), readable(ended.as_fd())];
            match poll(&mut files, PollTimeout::NONE) {
                Ok(_) | Err(Errno::EINTR) => {}
                Err(errno) => return Err(failed(errno)),
            }
            if files[1].any() == Some(true) {
                let followed = follower.join().unwrap_or_else(|_| Err(failed(Errno::ECANCELED)));
                return followed.map(|()| End::Ended { told: None });
            }
            if let Some(signal) = asked(signals) {
                return Ok(End::Asked(signal));
            }
        }
    }
}

/// How long is waited for something, as kubectl has it written.
pub(crate) fn patience(text: &str) -> Result<Duration, String> {
    match duration(text) {
        Ok((false, duration)) if !duration.is_zero() => Ok(duration),
        Ok(_) => Err("it has to be higher than zero".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// A signal by which we are to leave, if one has arrived.
pub(crate) fn asked(signals: &Signals) -> Option<Signal> {
    while let Some(Arrived { signal, sender }) = signals.arrived() {
        if LEAVES.contains(&signal) {
            return Some(signal);
        }
        if Signal::TERMINAL_STOPS.contains(&signal) && sender == Sender::Kernel {
            let _always = nix::sys::signal::raise(nix::sys::signal::Signal::SIGSTOP);
        }
    }
    None
}

/// Says something of ours; a stderr that takes nothing is no reason to show nothing.
pub(crate) fn say(line: &str) {
    let _lost: io::Result<()> = writeln!(stderr(), "{line}");
}
