//! Standing between a command and those who signal us: what we get it gets, what it does we do.
//!
//! Signals that the terminal sends go to the whole foreground process group, the command in it, so
//! those are not handed on a second time; those that a process sends are. When the command is
//! stopped we stop, so that a shell sees a stopped job, and when we are continued it is continued.

use std::os::fd::AsFd;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::SigSet;
use nix::sys::signalfd::{SfdFlags, SignalFd, siginfo};
use reaper::{Signal, WaitStatus};

use crate::error::Error;
use crate::run::Child;
use crate::sys;

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
        sys::block_all();
        // The C library keeps two signals to itself, which is right: nobody sends these.
        let readable = SignalFd::with_flags(&SigSet::all(), SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)
            .map_err(|source| Error::Process { operation: "read signals for", source })?;
        Ok(Self { readable })
    }
}

/// Waits for the command to end, handing signals on.
///
/// # Errors
/// When the command cannot be waited for or signalled.
pub fn relay(child: &Child, signals: &Signals) -> Result<WaitStatus, Error> {
    loop {
        let mut ready =
            [PollFd::new(child.as_fd(), PollFlags::POLLIN), PollFd::new(signals.readable.as_fd(), PollFlags::POLLIN)];
        match poll(&mut ready, PollTimeout::NONE) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(source) => return Err(Error::Process { operation: "wait for", source }),
        }
        while let Ok(Some(info)) = signals.readable.read_signal() {
            if let Some(signal) = to_hand_on(&info) {
                child.signal(signal)?;
            }
        }
        match child.poll()? {
            Some(WaitStatus::Stopped(_)) => {
                stop_ourselves();
                child.signal(Signal::CONT)?;
            }
            Some(WaitStatus::Continued) | None => {}
            Some(ended) => return Ok(ended),
        }
    }
}

/// Ends this process as the signal would have, so that a shell sees it too.
///
/// It comes back where the signal ends nothing; then the exit code has to tell.
pub fn die_by(signal: Signal) {
    sys::die_by(signal);
}

/// The signal, if it is one that the command has not got already.
fn to_hand_on(info: &siginfo) -> Option<Signal> {
    /// `SI_KERNEL`: from the terminal, mostly.
    const FROM_THE_KERNEL: i32 = 0x80;
    let signal = Signal::new(info.ssi_signo.cast_signed())?;
    (signal != Signal::CHLD && info.ssi_code != FROM_THE_KERNEL).then_some(signal)
}

fn stop_ourselves() {
    // STOP cannot be refused; we come back when somebody continues us.
    if nix::sys::signal::raise(nix::sys::signal::Signal::SIGSTOP).is_err() {
        debug_assert!(false, "a process may stop itself");
    }
}
