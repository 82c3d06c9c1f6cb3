//! One fault at one system call: a command is run, or a supervisor watched, under ptrace(2), and
//! the N-th call that our programs make is where it is struck.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, ensure};
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use syscalls::Sysno;

use crate::place::{End, PATIENCE, PROGRAMS, Place, Ran};
use crate::sys::trace::{self, Stop, What};

/// What is done at the point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Blow {
    /// Nothing: calls are just counted.
    Count,
    /// Whoever makes the call is killed.
    KillCaller,
    /// The command is killed, whoever makes the call; who is the victim, where it is another.
    KillMain,
    /// The call fails.
    Fail(Errno),
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Report {
    /// How many calls were made until then.
    pub(crate) calls: u64,
    /// Where it was struck, if it came so far.
    pub(crate) struck: Option<Struck>,
    pub(crate) ran: Ran,
}

/// Where a blow fell.
#[derive(Clone, Debug)]
pub(crate) struct Struck {
    pub(crate) program: String,
    pub(crate) call: String,
    /// Whether the program had done nothing yet but what every program does before its main.
    pub(crate) starting: bool,
}

/// What the C library and std do before main, of which nothing is ours.
const START: &[&str] = &[
    "brk",
    "arch_prctl",
    "set_tid_address",
    "set_robust_list",
    "rseq",
    "prlimit64",
    "readlink",
    "readlinkat",
    "getrandom",
    "mprotect",
    "mmap",
    "munmap",
    "poll",
    "ppoll",
    "rt_sigaction",
    "rt_sigprocmask",
    "sigaltstack",
    "gettid",
    "sched_getaffinity",
    "prctl",
];
/// The programs that have a C library.
const WITH_LIBRARY: [&str; 2] = ["pod", "nsjoin"];

/// A thread that is traced.
#[derive(Clone, Debug, Default)]
struct Tracee {
    /// The program it executes, when that is one of ours.
    program: Option<String>,
    starting: bool,
    /// Its call was skipped, and is to have failed.
    owed: Option<Errno>,
}

/// Whose calls are counted beside a command, and who is killed at one.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Prey {
    /// The command's and all that it starts; itself.
    Command,
    /// The same, from when there is a pause; that.
    NewPause,
    /// Those of the threads of the first; the second.
    Other { watched: i32, killed: i32 },
}

/// Runs a command, with its blow at this call of its own, or of the threads of somebody else.
pub(crate) fn strike(place: &Place, words: &[&str], prey: Prey, blow: Blow, point: u64) -> anyhow::Result<Report> {
    // It waits for us before it becomes the command.
    let gate = [&["faults", "gate"], words].concat();
    let started = place.start(&mut place.command(&gate)?).context("cannot start a command")?;
    let main = started.pid()?;
    let halted = waitpid(Pid::from_raw(main), Some(WaitPidFlag::WUNTRACED))?;
    ensure!(matches!(halted, WaitStatus::Stopped(..)), "{gate:?} does not wait: {halted:?}");
    let watched = if let Prey::Other { watched, .. } = prey { watched } else { main };
    let mut hunt = Hunt {
        main,
        watched,
        prey,
        tracees: BTreeMap::new(),
        blow,
        point,
        calls: 0,
        counting: watched != main,
        struck: None,
        end: None,
    };
    for thread in threads(watched)? {
        // One that had no more to do may have ended since it was listed.
        hunt.seize(thread).or_else(|error| if is_thread(watched, thread) { Err(error) } else { Ok(()) })?;
    }
    let guard = Guard::over(watched, main);
    kill(Pid::from_raw(main), Signal::SIGCONT)?;
    hunt.follow()?;
    let hung = guard.lift();
    let end = if hung { End::Hung } else { hunt.end.context("the command was lost")? };
    Ok(Report { calls: hunt.calls, struck: hunt.struck, ran: started.ran(words, end)? })
}

/// The threads of a process.
fn threads(pid: i32) -> anyhow::Result<Vec<i32>> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).context("who is watched has ended")?;
    tasks.map(|task| Ok(task?.file_name().to_string_lossy().parse()?)).collect()
}

fn is_thread(pid: i32, thread: i32) -> bool {
    Path::new(&format!("/proc/{pid}/task/{thread}")).exists()
}

/// The program that a thread executes, if it is one of ours.
fn program(pid: i32) -> Option<String> {
    let path = fs::read_link(format!("/proc/{pid}/exe")).ok()?;
    let name = match path.file_name() {
        Some(name) if !path.starts_with("/memfd:") => name.to_str()?.to_owned(),
        // It goes on from itself, sealed: a mount of its own, which has no name, or a copy in memory; the kernel calls it
        // by a descriptor's number until it says how it is called.
        _ => {
            let words = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
            let first = words.split(|byte| *byte == 0).next()?;
            Path::new(OsStr::from_bytes(first)).file_name()?.to_str()?.to_owned()
        }
    };
    PROGRAMS.contains(&name.as_str()).then_some(name)
}

/// Whether a call is no point to fail at: it never does, or a filter that the program has set would see that
/// it is skipped, which it is not when the kernel lets it fail.
fn cannot_fail(pid: i32, program: &str, call: &str) -> bool {
    let filtered = || fs::read_to_string(format!("/proc/{pid}/status")).is_ok_and(|text| text.contains("Seccomp:\t2"));
    matches!(call, "exit" | "exit_group" | "rt_sigreturn") || (program == "pause" && filtered())
}

struct Hunt {
    main: i32,
    watched: i32,
    prey: Prey,
    tracees: BTreeMap<i32, Tracee>,
    blow: Blow,
    point: u64,
    calls: u64,
    counting: bool,
    struck: Option<Struck>,
    end: Option<End>,
}

impl Hunt {
    fn seize(&mut self, pid: i32) -> anyhow::Result<()> {
        trace::seize(pid).with_context(|| format!("cannot trace {pid}"))?;
        trace::interrupt(pid)?;
        self.tracees.insert(pid, Tracee { program: program(pid), ..Tracee::default() });
        Ok(())
    }

    /// Follows the tree until the command has ended and nothing is traced any more.
    fn follow(&mut self) -> anyhow::Result<()> {
        while let Some(Stop { pid, what }) = trace::wait()? {
            let resumed = match what {
                What::Exited(code) => self.ended(pid, End::Exited(code)),
                What::Signaled(signal) => self.ended(pid, End::Signaled(signal)),
                What::Entry(number) => self.entry(pid, number),
                What::Leave => self.leave(pid),
                What::Exec => self.exec(pid),
                What::Born(child) => self.born(pid, child),
                What::Halted if !self.is_over(pid) => trace::listen(pid),
                What::Halted | What::Other => self.resume(pid, 0),
                What::Signal(signal) => self.resume(pid, signal),
            };
            match resumed {
                // Killed while it was stopped: its end comes next.
                Ok(()) | Err(Errno::ESRCH) => {}
                Err(errno) => return Err(errno).context("cannot follow a process"),
            }
        }
        Ok(())
    }

    fn tracee(&mut self, pid: i32) -> &mut Tracee {
        self.tracees.entry(pid).or_insert_with(|| Tracee { program: program(pid), ..Tracee::default() })
    }

    /// Who is killed where the caller is not, if there is one already.
    fn killed(&self) -> Option<i32> {
        let is_pause = |tracee: &Tracee| tracee.program.as_deref() == Some("pause");
        match self.prey {
            Prey::Command => Some(self.main),
            Prey::NewPause => self.tracees.iter().find(|(_, tracee)| is_pause(tracee)).map(|(pid, _)| *pid),
            Prey::Other { killed, .. } => Some(killed),
        }
    }

    /// Whether this one need not be followed any longer.
    fn is_over(&mut self, pid: i32) -> bool {
        let owes = self.tracee(pid).owed.is_some();
        !owes && (self.end.is_some() || self.struck.is_some())
    }

    fn resume(&mut self, pid: i32, signal: i32) -> nix::Result<()> {
        if self.is_over(pid) {
            self.tracees.remove(&pid);
            return trace::detach(pid, signal);
        }
        trace::go_on(pid, signal)
    }

    /// When the command has ended, whatever it left behind goes its own way.
    fn ended(&mut self, pid: i32, end: End) -> nix::Result<()> {
        self.tracees.remove(&pid);
        if pid == self.main {
            self.end = Some(end);
            for pid in self.tracees.keys() {
                match trace::interrupt(*pid) {
                    Ok(()) | Err(Errno::ESRCH) => {}
                    error => return error,
                }
            }
        }
        Ok(())
    }

    fn born(&mut self, pid: i32, child: i32) -> nix::Result<()> {
        let parent = self.tracee(pid).clone();
        self.tracees.entry(child).or_insert(Tracee { owed: None, ..parent });
        self.resume(pid, 0)
    }

    fn exec(&mut self, pid: i32) -> nix::Result<()> {
        let program = program(pid);
        let starting = program.as_deref().is_some_and(|program| WITH_LIBRARY.contains(&program));
        let ours = program.is_some();
        self.tracees.insert(pid, Tracee { program, starting, owed: None });
        self.counting |= pid == self.main && self.watched == self.main;
        if !ours && self.counting && pid != self.main {
            // Others' programs are not to be examined, nor what they start.
            self.tracees.remove(&pid);
            return trace::detach(pid, 0);
        }
        self.resume(pid, 0)
    }

    fn entry(&mut self, pid: i32, number: u64) -> nix::Result<()> {
        let call = usize::try_from(number)
            .ok()
            .and_then(Sysno::new)
            .map_or_else(|| number.to_string(), |call| call.name().to_owned());
        let counting = self.counting && self.struck.is_none() && self.end.is_none();
        let tracee = self.tracee(pid);
        tracee.starting &= START.contains(&call.as_str());
        let Some(program) = tracee.program.clone().filter(|_| counting) else { return self.resume(pid, 0) };
        let Some(killed) = self.killed() else { return self.resume(pid, 0) };
        if matches!(self.blow, Blow::Fail(_)) && cannot_fail(pid, &program, &call) {
            return self.resume(pid, 0);
        }
        self.calls += 1;
        if self.blow == Blow::Count || self.calls != self.point {
            return self.resume(pid, 0);
        }
        let starting = self.tracee(pid).starting;
        let closes = call == "close";
        self.struck = Some(Struck { program, call, starting });
        match self.blow {
            Blow::Count => {}
            Blow::KillCaller => kill(Pid::from_raw(pid), Signal::SIGKILL)?,
            Blow::KillMain => kill(Pid::from_raw(killed), Signal::SIGKILL)?,
            Blow::Fail(errno) => {
                self.tracee(pid).owed = Some(errno);
                // A descriptor is closed even where close(2) says that it failed.
                if !closes {
                    trace::skip(pid)?;
                }
            }
        }
        self.resume(pid, 0)
    }

    fn leave(&mut self, pid: i32) -> nix::Result<()> {
        if let Some(errno) = self.tracee(pid).owed.take() {
            trace::answer(pid, errno)?;
        }
        self.resume(pid, 0)
    }
}

/// Somebody who ends a command that does not.
struct Guard {
    lift: Sender<()>,
    ended: Arc<AtomicBool>,
    watch: JoinHandle<()>,
}

impl Guard {
    fn over(watched: i32, main: i32) -> Self {
        let (lift, lifted) = channel();
        let ended = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&ended);
        let watch = std::thread::spawn(move || {
            while lifted.recv_timeout(if told.load(Ordering::Relaxed) { Duration::from_secs(1) } else { PATIENCE })
                == Err(RecvTimeoutError::Timeout)
            {
                told.store(true, Ordering::Relaxed);
                for pid in [main, watched] {
                    // It may have ended this very moment.
                    let _gone = kill(Pid::from_raw(pid), Signal::SIGKILL);
                }
            }
        });
        Self { lift, ended, watch }
    }

    /// Takes it away; whether it had to act.
    fn lift(self) -> bool {
        // It listens until it is told.
        let _told = self.lift.send(());
        let _watched = self.watch.join();
        self.ended.load(Ordering::Relaxed)
    }
}
