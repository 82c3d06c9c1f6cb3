//! Standing between a command and those who signal us: what we get it gets, what it does we do.
//!
//! Signals that the terminal sends go to the whole foreground process group. Of a command in our
//! session that is its group, too, so those are not handed on a second time; those that a process
//! sends are. A hang-up the kernel tells the leader of the session only: where we lead it, that is handed
//! on, and so is the CONT behind it. What may not be delivered is mentioned, and no reason to leave the
//! command alone. When the command is stopped we stop, so that a shell sees a stopped job, and when we
//! are continued it is continued.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::thread::sleep;
use std::time::Duration;

use nix::sys::signal::{SigEvent, SigevNotify};
use nix::sys::signalfd::{SfdFlags, SignalFd, siginfo};
use nix::sys::time::TimeSpec;
use nix::sys::timer::{Expiration, Timer, TimerSetTimeFlags};
use nix::time::ClockId;
use reaper::sys::file::{self, Await};
use reaper::{Signal, WaitStatus};

use crate::choice::Session;
use crate::complain::complain;
use crate::error::Error;
use crate::run::Child;
use crate::sys;
use crate::terminal::Terminal;

/// Every signal to this process, readable instead of delivered. Made before the command is
/// launched, so that none is lost between.
#[derive(Debug)]
pub struct Signals {
    readable: SignalFd,
}

impl Signals {
    /// Takes all signals to this thread from here on; call it before any other thread is made.
    ///
    /// # Errors
    /// When the kernel has no descriptor left for it.
    ///
    /// # References
    /// signalfd(2)
    pub fn take() -> Result<Self, Error> {
        sys::signals::block_all();
        let readable =
            SignalFd::with_flags(&sys::signals::set_of_all(), SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)
                .map_err(|source| Error::Process { operation: "read signals for", source })?;
        Ok(Self { readable })
    }

    /// The next that has arrived, if one has.
    #[must_use]
    pub fn arrived(&self) -> Option<Arrived> {
        let info = self.readable.read_signal().ok().flatten()?;
        let signal = Signal::new(info.ssi_signo.cast_signed())?;
        let sender = if info.ssi_code == FROM_THE_KERNEL { Sender::Kernel } else { Sender::Process };
        Some(Arrived { signal, sender })
    }
}

/// Readable when one has arrived.
impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.readable.as_fd()
    }
}

/// A signal to this process that was not delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrived {
    /// Which.
    pub signal: Signal,
    /// Whose.
    pub sender: Sender,
}

/// Who sends a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// The kernel: mostly because of our terminal.
    Kernel,
    /// A process.
    Process,
}

/// `SI_KERNEL`: from the terminal, mostly.
const FROM_THE_KERNEL: i32 = 0x80;

/// For how long a command may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limited {
    /// Until TERM.
    pub timeout: Duration,
    /// From TERM until KILL; without it, TERM is all there is.
    pub kill_after: Option<Duration>,
}

/// How long until the next look at a command that has ended, where we are not told yet.
const TOLD_LATER: Duration = Duration::from_millis(5);

/// What stands between us and the command.
#[derive(Debug)]
pub struct Relay {
    /// In whose name it is said that something could not be delivered.
    pub program: &'static str,
    /// The command's session: one of its own gets nothing from our terminal but by us.
    pub session: Session,
    /// The terminal it was given, if it was given one.
    pub terminal: Option<Terminal>,
    /// For how long it may run.
    pub limit: Option<Limited>,
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// Its status.
    pub status: WaitStatus,
    /// Whether its time was over before.
    pub timed_out: bool,
}

/// Waits for the command, one in our session, to end, handing signals on; in the name of this program.
///
/// # Errors
/// When the command cannot be waited for.
pub fn relay(program: &'static str, child: &Child, signals: &Signals) -> Result<WaitStatus, Error> {
    Relay { program, session: Session::Ours, terminal: None, limit: None }.run(child, signals).map(|end| end.status)
}

impl Relay {
    /// Waits for the command to end, handing on signals and what is typed and shown.
    ///
    /// # Errors
    /// When the command cannot be waited for.
    pub fn run(mut self, child: &Child, signals: &Signals) -> Result<End, Error> {
        let mut clock = Clock::new(self.limit);
        if let Some(terminal) = &self.terminal {
            terminal.begin();
        }
        loop {
            let [typed, room_in, shown, room_out] =
                self.terminal.as_ref().map_or([Await::Nothing; 4], Terminal::awaited);
            let us = [Await::Input(child.as_raw_fd()), Await::Input(signals.readable.as_fd().as_raw_fd())];
            let [ended, _, relayed @ ..] = file::wait([us[0], us[1], typed, room_in, shown, room_out], clock.left());
            if let Some(terminal) = &mut self.terminal {
                terminal.step(relayed);
            }
            while let Ok(Some(info)) = signals.readable.read_signal() {
                self.hand_on(&info, child);
            }
            if let Some(signal) = clock.struck() {
                self.send(child, signal);
                // One that is stopped would never hear of it.
                self.send(child, Signal::CONT);
            }
            match child.poll()? {
                Some(WaitStatus::Stopped(_)) => self.stop_too(child, clock.left())?,
                // A tracer of the command is told first how it has ended.
                None if ended => sleep(TOLD_LATER),
                Some(WaitStatus::Continued) | None => {}
                Some(status) => {
                    if let Some(terminal) = &mut self.terminal {
                        terminal.finish();
                    }
                    return Ok(End { status, timed_out: clock.timed_out });
                }
            }
        }
    }

    /// Sends a signal. Who has become somebody stronger than we are takes none of us, and is waited for all
    /// the same.
    fn send(&self, child: &Child, signal: Signal) {
        if let Err(error) = child.signal(signal) {
            complain(self.program, &error, None);
        }
    }

    /// Hands a signal on, if it is one that the command has not got already.
    fn hand_on(&self, info: &siginfo, child: &Child) {
        let Some(signal) = Signal::new(info.ssi_signo.cast_signed()) else { return };
        // Of a child's change of state the kernel tells with a code above zero, which no process can;
        // and a PIPE of our own is for what we write that nobody reads.
        let ours = match signal {
            Signal::CHLD => info.ssi_code > 0,
            Signal::PIPE => info.ssi_pid == std::process::id(),
            _ => false,
        };
        let hang_up = matches!(signal, Signal::HUP | Signal::CONT) && leads_session();
        let to_all = self.session == Session::Ours && info.ssi_code == FROM_THE_KERNEL && !hang_up;
        if ours || to_all {
            return;
        }
        match &self.terminal {
            // Its own terminal tells it.
            Some(terminal) if signal == Signal::WINCH => terminal.resize(),
            // Who continues us may have had the terminal meanwhile.
            Some(terminal) if signal == Signal::CONT => {
                terminal.begin();
                terminal.resize();
                self.send(child, signal);
            }
            _ => self.send(child, signal),
        }
    }

    fn stop_too(&self, child: &Child, left: Option<Duration>) -> Result<(), Error> {
        if let Some(terminal) = &self.terminal {
            terminal.pause();
        }
        // Who is stopped does not see that time is over.
        let _timer = left.map(continue_after).transpose()?;
        // STOP cannot be refused; we come back when somebody continues us.
        if nix::sys::signal::raise(nix::sys::signal::Signal::SIGSTOP).is_err() {
            debug_assert!(false, "a process may stop itself");
        }
        if let Some(terminal) = &self.terminal {
            terminal.begin();
            terminal.resize();
        }
        self.send(child, Signal::CONT);
        Ok(())
    }
}

/// Whether a hang-up of the terminal is told to us and to nobody else of our session.
fn leads_session() -> bool {
    nix::unistd::getsid(None).is_ok_and(|session| session == nix::unistd::getpid())
}

/// Has the kernel continue this process after that time, unless what is returned is dropped before.
fn continue_after(time: Duration) -> Result<Timer, Error> {
    let set = || {
        let notify = SigevNotify::SigevSignal { signal: nix::sys::signal::SIGCONT, si_value: 0 };
        let mut timer = Timer::new(ClockId::CLOCK_MONOTONIC, SigEvent::new(notify))?;
        // Zero would be never.
        let once = Expiration::OneShot(TimeSpec::from_duration(time.max(Duration::from_nanos(1))));
        timer.set(once, TimerSetTimeFlags::empty()).map(|()| timer)
    };
    set().map_err(|source| Error::Process { operation: "limit the time of", source })
}

/// When to send what to a command whose time is limited.
struct Clock {
    limit: Option<Limited>,
    /// When the next signal is due, and which.
    due: Option<(Duration, Signal)>,
    timed_out: bool,
}

impl Clock {
    fn new(limit: Option<Limited>) -> Self {
        let due = limit.map(|limit| (file::now() + limit.timeout, Signal::TERM));
        Self { limit, due, timed_out: false }
    }

    fn left(&self) -> Option<Duration> {
        self.due.map(|(when, _)| when.saturating_sub(file::now()))
    }

    /// The signal that is due by now.
    fn struck(&mut self) -> Option<Signal> {
        let (_, signal) = self.due.filter(|(when, _)| *when <= file::now())?;
        let kill_after = self.limit.and_then(|limit| limit.kill_after).filter(|_| signal == Signal::TERM);
        self.due = kill_after.map(|after| (file::now() + after, Signal::KILL));
        self.timed_out = true;
        Some(signal)
    }
}

/// Ends this process as the signal would have, so that a shell sees it too.
///
/// It comes back where the signal ends nothing; then the exit code has to tell.
pub fn die_by(signal: Signal) {
    sys::signals::die_by(signal);
}
