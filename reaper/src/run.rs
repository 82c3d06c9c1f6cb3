//! Being an init: waiting, reaping, handing on, until the machine says that it is over.
//!
//! All signals stay blocked and are read from a descriptor, so nothing ever interrupts anything.
//! Where the kernel can tell how a reaped child ended (`PIDFD_GET_INFO`, Linux 6.15), SIGCHLD is
//! ignored: the kernel reaps orphans, and only the main child's end wakes the init. Elsewhere, and
//! where each end has to be seen, SIGCHLD is read with the others and children are reaped in a loop.

use core::ffi::CStr;

use crate::decide::{Action, Actions, Event, Machine};
use crate::launch::{Failure, Inherited, Running, launch};
use crate::plan::{Leads, Plan, Reaping, Subreaper, Terminal, Verbosity, Whom};
use crate::relay::Relay;
use crate::report::Report;
use crate::sys::file::{self, Await, Fd};
use crate::sys::process::{self, Disposition, Strings, Waited};
use crate::sys::{self, Errno, terminal};
use crate::voice::Voice;
use crate::{Signal, SignalSet, WaitStatus, reap, tree};

const STDIN: i32 = 0;
const NOT_FIRST: &str = "not the first process";

/// Why there is no init.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The main child could not be started.
    Launch(Failure),
    /// The kernel would not have it.
    Kernel(&'static str, Errno),
    /// [`Reaping::Kernel`] was asked for, and the kernel cannot tell how a child ended that it reaped.
    CannotReap,
}

/// Is the init of this command, and hands back the code to exit with.
///
/// For a process with a single thread that has no children of its own in mind: every child of it
/// is reaped. `launched` is called each time when the command has been executed.
///
/// # Errors
/// Why the command could not be started. Then nothing was.
pub fn run<Words: Iterator<Item = &'static CStr> + Clone>(
    plan: &Plan,
    command: Words,
    environment: Strings,
    voice: Voice,
    launched: impl Fn(),
) -> Result<u8, Refusal> {
    let inherited = Inherited {
        mask: process::exchange_mask(&SignalSet::ALL),
        // Ours until it is known who reaps.
        chld: process::dispose(Signal::CHLD, Disposition::Default),
        pid: sys::getpid(),
    };
    let parent = process::getppid();
    let init = Init::prepare(plan, &inherited, voice)?;
    let ended = init.run(parent, command, environment, &inherited, launched);
    // Whoever called gets back what it had.
    process::dispose(Signal::CHLD, inherited.chld);
    sys::block_exactly(&inherited.mask);
    ended
}

struct Init<'plan> {
    plan: &'plan Plan,
    voice: Voice,
    /// Whether the kernel reaps.
    quiet: bool,
    first: bool,
    pid: i32,
    signals: Fd,
    /// The command's own terminal, if it has one.
    relay: Option<Relay>,
    main: Option<Running>,
    /// The pid of the main child, also when it has ended.
    leader: i32,
    /// Whether there may be somebody to reap.
    unreaped: bool,
    orphans: u32,
    /// Where to say that the command runs, until it has been said.
    ready: Option<i32>,
    /// The first HUP and CONT are the terminal's, which we gave up.
    swallow: [Option<Signal>; 2],
}

impl<'plan> Init<'plan> {
    fn prepare(plan: &'plan Plan, inherited: &Inherited, voice: Voice) -> Result<Self, Refusal> {
        let refused = |what| move |errno| Refusal::Kernel(what, errno);
        let first = inherited.pid == 1;
        if !first {
            match (plan.subreaper, adopt(plan.subreaper)) {
                (Subreaper::No, _) => {
                    voice.say(Verbosity::Warnings, format_args!("{NOT_FIRST}: orphans are not reaped"))
                }
                (_, Ok(())) => voice.say(Verbosity::Info, format_args!("{NOT_FIRST}: adopting orphans as a subreaper")),
                (Subreaper::Prefer, Err(errno)) => {
                    voice.say(Verbosity::Warnings, format_args!("{NOT_FIRST}, and cannot adopt orphans: {errno}"));
                }
                (Subreaper::Must, Err(errno)) => return Err(Refusal::Kernel("adopt orphans", errno)),
            }
        }
        if let Some(signal) = plan.parent_death {
            process::signal_on_parents_death(signal).map_err(refused("hear of the parent's end"))?;
        }
        // A stop of the child has to be seen where there is a terminal to stop from.
        let stops = plan.job_control && !first && terminal::foreground(STDIN).is_some();
        let quiet = match plan.reaping {
            Reaping::Loop => false,
            _ if plan.must_see_each() || stops => false,
            Reaping::Best => reap::kernel_tells(),
            Reaping::Kernel => reap::kernel_tells().then_some(true).ok_or(Refusal::CannotReap)?,
        };
        voice.say(Verbosity::Debug, format_args!("{} reaps", if quiet { "the kernel" } else { "init" }));
        if quiet {
            process::dispose(Signal::CHLD, Disposition::Ignore);
        }
        // Of who was executed before us there may be zombies, for whom no signal comes any more.
        while sys::reap_one() {}
        let signals = file::signals(&SignalSet::ALL).map_err(refused("read signals"))?;
        for fd in [plan.ready, plan.report].into_iter().flatten() {
            file::close_on_exec(fd).map_err(refused("use the descriptor"))?;
        }
        #[allow(clippy::cast_possible_truncation, reason = "pids are below 2^22")]
        let pid = inherited.pid as i32;
        let relay = match plan.child.terminal {
            Terminal::Ours => None,
            Terminal::Own => Some(Relay::new().map_err(refused("make a terminal"))?),
        };
        Ok(Self {
            plan,
            voice,
            relay,
            quiet,
            first,
            pid,
            signals,
            main: None,
            leader: 0,
            unreaped: false,
            orphans: 0,
            ready: plan.ready,
            swallow: [None; 2],
        })
    }

    fn run<Words: Iterator<Item = &'static CStr> + Clone>(
        mut self,
        parent: isize,
        command: Words,
        environment: Strings,
        inherited: &Inherited,
        launched: impl Fn(),
    ) -> Result<u8, Refusal> {
        let mut machine = Machine::new(self.plan, self.first);
        if self.relay.is_none() && self.plan.child.leads == Leads::Session && terminal::foreground(STDIN).is_some() {
            // Only who leads a session is told that it has lost its terminal.
            if terminal::control_terminal(STDIN, false) && process::leads_session() {
                self.swallow = [Some(Signal::HUP), Some(Signal::CONT)];
            }
        }
        let front = terminal::foreground(STDIN);
        let mut next = [Some(Action::Launch), None, None];
        loop {
            for action in next.into_iter().flatten() {
                match action {
                    Action::Launch => {
                        let running = launch(
                            &self.plan.child,
                            self.relay.as_ref().map(Relay::master),
                            command.clone(),
                            environment,
                            inherited,
                        );
                        let running = running.map_err(Refusal::Launch)?;
                        self.voice.say(Verbosity::Info, format_args!("started pid {}", running.pid));
                        self.leader = running.pid;
                        self.main = Some(running);
                        if let Some(relay) = &self.relay {
                            relay.begin();
                        }
                        self.say_ready();
                        launched();
                        machine.on(Event::Launched, file::now());
                        // Our parent may have ended before we asked to be told.
                        if let Some(signal) = self.plan.parent_death.filter(|_| process::getppid() != parent) {
                            self.perform_sends(machine.on(Event::Signal(signal), file::now()));
                        }
                    }
                    Action::Send(whom, signal) => self.send(whom, signal),
                    Action::StopOurselves => self.stop(),
                    Action::Exit(code) => {
                        if let Some(relay) = &mut self.relay {
                            relay.finish();
                        }
                        self.take_terminal_back(front);
                        if let Some(fd) = self.plan.report {
                            let (main, kills) = (machine.main(), machine.kills());
                            let report = Report { pid: self.leader, main, code, orphans: self.orphans, kills };
                            sys::write(fd, report.line().bytes());
                        }
                        return Ok(code);
                    }
                }
            }
            next = self.wait(&mut machine);
        }
    }

    /// Waits until something happens, and hands back what is to be done.
    fn wait(&mut self, machine: &mut Machine<'_>) -> Actions {
        let now = file::now();
        // First of all, for no flood of signals may put it off.
        if machine.deadline().is_some_and(|deadline| deadline <= now) {
            return machine.on(Event::Time, now);
        }
        // What was found last may have been one of many, and nobody says that there is nobody.
        if !self.quiet
            && (self.unreaped || machine.is_draining())
            && let Some(actions) = self.reap(machine)
        {
            return actions;
        }
        let timeout = machine.deadline().map(|deadline| deadline.saturating_sub(now));
        let pidfd = self.main.as_ref().filter(|_| self.quiet).and_then(|main| main.pidfd.as_ref());
        let relayed = self.relay.as_ref().map_or([Await::Nothing; 4], Relay::awaited);
        // Readable already when it has ended, it would have us ask, and keep the CPU from the kernel that reaps.
        let ended = pidfd.map_or(Await::Nothing, |pidfd| Await::HangUp(pidfd.number()));
        let [typed, room_in, shown, room_out] = relayed;
        let awaited = [Await::Input(self.signals.number()), ended, typed, room_in, shown, room_out];
        let [signalled, hung_up, ready @ ..] = file::wait(awaited, timeout);
        if let Some(relay) = &mut self.relay {
            relay.step(ready);
        }
        if hung_up && let Some(status) = pidfd.and_then(process::reaped_status) {
            self.main = None;
            return machine.on(Event::Ended(status), file::now());
        }
        if signalled {
            match file::next_signal(&self.signals) {
                Some((Signal::CHLD, _)) => self.unreaped = true,
                // Our own writing, to somebody who does not read, is no affair of the command.
                Some((Signal::PIPE, sender)) if sender == self.pid => {}
                Some((signal, _)) => return self.heard(machine, signal),
                None => {}
            }
        }
        Actions::default()
    }

    fn heard(&mut self, machine: &mut Machine<'_>, signal: Signal) -> Actions {
        if let Some(relay) = self.relay.as_ref().filter(|_| signal == Signal::WINCH) {
            // The command's terminal tells the command.
            relay.resize();
            return Actions::default();
        }
        if let Some(expected) = self.swallow.iter_mut().find(|expected| **expected == Some(signal)) {
            *expected = None;
            return Actions::default();
        }
        self.voice.say(Verbosity::Debug, format_args!("received {signal}"));
        machine.on(Event::Signal(signal), file::now())
    }

    /// Reaps until there is something to do, or nobody to reap.
    fn reap(&mut self, machine: &mut Machine<'_>) -> Option<Actions> {
        loop {
            match process::wait_any() {
                Waited::Child(pid, status) if self.main.as_ref().is_some_and(|main| main.pid == pid) => {
                    let event = match status {
                        WaitStatus::Stopped(signal) => Event::Stopped(signal),
                        WaitStatus::Continued => continue,
                        ended => {
                            self.main = None;
                            Event::Ended(ended)
                        }
                    };
                    return Some(machine.on(event, file::now()));
                }
                Waited::Child(_, WaitStatus::Stopped(_) | WaitStatus::Continued) => {}
                Waited::Child(pid, _) => {
                    self.orphans += 1;
                    let weight = if self.plan.warn_on_reap { Verbosity::Warnings } else { Verbosity::Debug };
                    self.voice.say(weight, format_args!("reaped orphan {pid}"));
                }
                Waited::NoChild if machine.is_draining() => {
                    return Some(machine.on(Event::NobodyLeft, file::now()));
                }
                Waited::Nothing | Waited::NoChild => {
                    self.unreaped = false;
                    return None;
                }
            }
        }
    }

    fn perform_sends(&self, actions: Actions) {
        for action in actions.into_iter().flatten() {
            if let Action::Send(whom, signal) = action {
                self.send(whom, signal);
            }
        }
    }

    /// Sends a signal; who has gone by now needs none.
    fn send(&self, whom: Whom, signal: Signal) {
        self.voice.say(Verbosity::Debug, format_args!("sending {signal}"));
        let sent = match (whom, &self.main) {
            (Whom::All, _) if self.first => process::kill(-1, signal),
            (Whom::All, _) => {
                tree::each_descendant(|pid| {
                    let _gone = process::kill(pid, signal);
                });
                Ok(())
            }
            // A group outlives its leader, and has its number for as long as somebody is in it.
            (Whom::Group, _) if self.plan.child.leads != Leads::Nothing => process::kill(-self.leader, signal),
            (Whom::Child | Whom::Group, Some(Running { pidfd: Some(pidfd), .. })) => process::kill_pidfd(pidfd, signal),
            (Whom::Child | Whom::Group, Some(main)) => process::kill(main.pid, signal),
            (Whom::Child | Whom::Group, None) => Ok(()),
        };
        if let Err(errno) = sent {
            self.voice.say(Verbosity::Info, format_args!("cannot send {signal}: {errno}"));
        }
    }

    /// Stops, as the child has; goes on when somebody continues us. The first process cannot.
    fn stop(&self) {
        if self.first {
            return;
        }
        if let Some(relay) = &self.relay {
            relay.pause();
        }
        // It comes back when somebody has continued us.
        let _always_allowed = process::kill(self.pid, Signal::STOP);
        if let Some(relay) = &self.relay {
            relay.begin();
            relay.resize();
        }
        let Some(main) = &self.main else { return };
        if self.relay.is_none() && terminal::foreground(STDIN) == Some(process::group()) {
            let _lost = terminal::set_foreground(STDIN, main.pid);
        }
        self.send(Whom::Group, Signal::CONT);
    }

    /// The terminal's foreground is ours again if it was, and the main child's last.
    fn take_terminal_back(&self, front: Option<i32>) {
        if front == Some(process::group()) && terminal::foreground(STDIN) == Some(self.leader) {
            let _lost = terminal::set_foreground(STDIN, process::group());
        }
    }

    fn say_ready(&mut self) {
        let Some(fd) = self.ready.take() else { return };
        sys::write(fd, b"READY=1\n");
        // Who waits for its end has it, unless there is more to come.
        if self.plan.report != Some(fd) {
            file::close(fd);
        }
    }
}

/// What came too late for the command, or by our own writing, is to end nobody once it is unblocked.
impl Drop for Init<'_> {
    fn drop(&mut self) {
        while file::next_signal(&self.signals).is_some() {}
    }
}

fn adopt(subreaper: Subreaper) -> Result<(), Errno> {
    if subreaper == Subreaper::No { Ok(()) } else { process::adopt_orphans() }
}
