//! A terminal of the command's own, so that nobody inside can type into ours (CVE-2017-5226).

use std::os::fd::{IntoRawFd, OwnedFd};

use nix::errno::Errno;
use reaper::sys::file::{Await, Fd};
use reaper::sys::terminal;

use crate::error::Error;
use crate::sys;
pub use crate::sys::guard::Guard;

/// What is typed that the command gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Typed {
    /// What comes from our stdin, be it a terminal or not.
    Stdin,
    /// What comes from our stdin if that is a terminal.
    OnlyAtATerminal,
}

/// Our end of the command's terminal, between our stdin and stdout and it. While it runs, a terminal
/// of ours passes on what is typed as it is; dropped, or killed, it is again as it was.
#[derive(Debug)]
pub struct Terminal {
    relay: reaper::relay::Relay,
    guard: Option<Guard>,
}

impl Terminal {
    /// A pair of terminals, as large as ours: our end, and the command's. `ptmx` was opened in the place
    /// whose terminal it is to be, to read and write without waiting; without it, that is here.
    ///
    /// # Errors
    /// When there are none left, or no /dev/ptmx.
    ///
    /// # References
    /// pty(7); `TIOCGPTPEER`, ioctl_tty(2), Linux 4.13
    pub fn pair(typed: Typed, ptmx: Option<OwnedFd>) -> Result<(Self, OwnedFd), Error> {
        let (master, theirs) = opened(ptmx)?;
        let mut relay = reaper::relay::Relay::on(master);
        if typed == Typed::OnlyAtATerminal && !std::io::IsTerminal::is_terminal(&std::io::stdin()) {
            relay.hear_nothing();
        }
        Ok((Self { relay, guard: Guard::of_stdin() }, theirs))
    }

    /// The same pair, of which nobody here looks and types: our end as it is.
    ///
    /// # Errors
    /// As [`Terminal::pair`].
    pub fn bare_pair(ptmx: Option<OwnedFd>) -> Result<(OwnedFd, OwnedFd), Error> {
        let (master, theirs) = opened(ptmx)?;
        Ok((sys::duplicate(master.number()).map_err(failed)?, theirs))
    }

    /// Begins to pass on what is typed, unless we are in the background, where a terminal of ours is
    /// for others to type at.
    pub(crate) fn begin(&self) {
        if !in_background() {
            self.guard.iter().for_each(|guard| guard.is_raw(true));
            self.relay.begin();
        }
    }

    pub(crate) fn pause(&self) {
        if !in_background() {
            self.relay.pause();
            self.guard.iter().for_each(|guard| guard.is_raw(false));
        }
    }

    pub(crate) fn resize(&self) {
        self.relay.resize();
    }

    pub(crate) fn awaited(&self) -> [Await; 4] {
        let [typed, room_in, shown, room_out] = self.relay.awaited();
        [if in_background() { Await::Nothing } else { typed }, room_in, shown, room_out]
    }

    pub(crate) fn step(&mut self, ready: [bool; 4]) {
        self.relay.step(ready);
    }

    pub(crate) fn finish(&mut self) {
        self.relay.finish();
    }
}

fn failed(source: Errno) -> Error {
    Error::Process { operation: "make a terminal for", source }
}

fn opened(ptmx: Option<OwnedFd>) -> Result<(Fd, OwnedFd), Error> {
    let raw = |errno: reaper::sys::Errno| failed(Errno::from_raw(errno.number()));
    let master = match ptmx {
        None => terminal::pair(),
        Some(ptmx) => terminal::adopt(ptmx.into_raw_fd()),
    };
    let master = master.map_err(raw)?;
    let theirs = terminal::peer(&master).map_err(raw)?;
    let theirs = sys::duplicate(theirs.number()).map_err(failed)?;
    Ok((master, theirs))
}

/// Whether our stdin is the terminal that controls our session, and another process group's turn to
/// read from.
#[must_use]
pub fn in_background() -> bool {
    let foreground = terminal::foreground(0);
    foreground.is_some_and(|group| group != nix::unistd::getpgrp().as_raw())
}
