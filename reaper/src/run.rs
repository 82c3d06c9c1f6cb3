//! Being an init: what happens becomes events, the machine decides, and its actions are performed,
//! until it says that it is over.
//!
//! All signals stay blocked and are read from a descriptor, so nothing ever interrupts anything.
//! Where the kernel can tell how a reaped child ended (`PIDFD_GET_INFO`, Linux 6.15), SIGCHLD is
//! ignored: the kernel reaps orphans, and only the main child's end wakes the init. Elsewhere, and
//! where each end has to be seen, SIGCHLD is read with the others and children are reaped in a loop.

mod send;
mod wait;

use core::ffi::CStr;

use crate::Signal;
use crate::decide::{Action, Event, Machine};
use crate::launch::{Running, launch};
use crate::open::Opened;
use crate::outcome::Outcome;
use crate::plan::{Leads, Plan, Restart, Verbosity};
use crate::refusal::Refusal;
use crate::relay::Relay;
use crate::sys::file;
use crate::sys::process::{self, Strings};
use crate::sys::{self, terminal};
use crate::text::Decimal;
use crate::voice::Voice;

const STDIN: i32 = 0;

/// Is the init of this command, and hands back the code to exit with.
///
/// For a process with a single thread that has no children of its own in mind: every child of it
/// is reaped. `launched` is called each time when the command has been executed.
///
/// # Errors
/// Why the command could not be started. Then nothing was, and we are as before.
pub fn run<Words: Iterator<Item = &'static CStr> + Clone>(
    plan: &Plan,
    command: Words,
    environment: Strings,
    voice: Voice,
    launched: impl Fn(),
) -> Result<u8, Refusal> {
    let opened = Opened::open(plan, voice)?;
    let mut machine = Machine::new(plan, opened.first);
    let mut init = Init {
        plan,
        voice,
        opened,
        main: None,
        leader: 0,
        unreaped: false,
        orphans: 0,
        ready: plan.ready,
        swallow: [None; 2],
        caused: [None; 2],
    };
    let front = terminal::foreground(STDIN);
    init.give_up_the_terminal();
    let mut next = [Some(Action::Launch), None, None];
    loop {
        for action in next.into_iter().flatten() {
            match action {
                Action::Launch => {
                    init.launch(command.clone(), environment)?;
                    launched();
                }
                Action::Send(whom, signal) => init.send(whom, signal),
                Action::StopOurselves => init.stop(),
                Action::Exit(code) => {
                    init.finish(&machine, code, front);
                    return Ok(code);
                }
            }
        }
        next = init.wait(&machine).map_or([None; 3], |event| machine.on(event, file::now()));
    }
}

struct Init<'plan> {
    plan: &'plan Plan,
    voice: Voice,
    opened: Opened,
    main: Option<Running>,
    /// The pid of the main child, also when it has ended.
    leader: i32,
    /// Whether there may be somebody to reap.
    unreaped: bool,
    orphans: u32,
    /// Where to say that the command runs, until it has been said.
    ready: Option<i32>,
    /// The first of these that come were meant for us alone.
    swallow: [Option<Signal>; 2],
    /// What has come of our own doing, and the machine has not heard yet.
    caused: [Option<Event>; 2],
}

impl Init<'_> {
    /// Starts the main child.
    fn launch(&mut self, command: impl Iterator<Item = &'static CStr>, environment: Strings) -> Result<(), Refusal> {
        let master = self.opened.relay.as_ref().map(Relay::master);
        let inherited = &self.opened.before.inherited;
        let running = launch(&self.plan.child, master, command, environment, inherited);
        let running = running.map_err(Refusal::Launch)?;
        self.voice.say(Verbosity::Info, format_args!("started pid {}", Decimal::from(running.pid)));
        self.leader = running.pid;
        self.main = Some(running);
        if let Some(relay) = &self.opened.relay {
            relay.begin();
        }
        self.say_ready();
        // A directory that is held for as long as an init lives could not be unmounted.
        if self.plan.leaves_directory && self.plan.restart == Restart::Never {
            let _root_can_be_entered = sys::chdir(c"/");
        }
        // Our parent may have ended before we asked to be told.
        let orphaned = self.plan.parent_death.filter(|_| process::getppid() != self.opened.before.parent);
        self.caused = [Some(Event::Launched), orphaned.map(Event::Signal)];
        Ok(())
    }

    fn say_ready(&mut self) {
        let Some(fd) = self.ready.take() else { return };
        sys::write(fd, b"READY=1\n");
        // Who waits for its end has it, unless there is more to come.
        if self.plan.report != Some(fd) {
            file::close(fd);
        }
    }

    /// The terminal is the command's, when that is to lead a session.
    fn give_up_the_terminal(&mut self) {
        let ours = self.opened.relay.is_none() && terminal::foreground(STDIN).is_some();
        // Only who leads a session is told that it has lost its terminal.
        if ours
            && self.plan.child.leads == Leads::Session
            && terminal::control_terminal(STDIN, false)
            && process::leads_session()
        {
            self.swallow = [Some(Signal::HUP), Some(Signal::CONT)];
        }
    }

    /// It is over: the terminal is ours again, and who wanted to know how it went is told.
    fn finish(&mut self, machine: &Machine<'_>, code: u8, front: Option<i32>) {
        if let Some(relay) = &mut self.opened.relay {
            relay.finish();
        }
        if front == Some(process::group()) && terminal::foreground(STDIN) == Some(self.leader) {
            let _lost = terminal::set_foreground(STDIN, process::group());
        }
        if let Some(fd) = self.plan.report {
            let (main, kills) = (machine.main(), machine.kills());
            let outcome = Outcome { pid: self.leader, main, code, orphans: self.orphans, kills };
            sys::write(fd, outcome.line().bytes());
        }
    }
}
