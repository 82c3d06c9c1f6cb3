//! A terminal of the command's own, so that nobody inside can type into ours (CVE-2017-5226).

use std::os::fd::OwnedFd;

use nix::errno::Errno;
use reaper::sys::file::Await;
use reaper::sys::terminal;

use crate::error::Error;
use crate::sys;

/// What is typed that the command gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Typed {
    /// What comes from our stdin, be it a terminal or not.
    Stdin,
    /// What comes from our stdin if that is a terminal.
    OnlyAtATerminal,
}

/// Our end of the command's terminal, between our stdin and stdout and it. While it runs, a terminal
/// of ours passes on what is typed as it is; dropped, it is again as it was.
#[derive(Debug)]
pub struct Terminal {
    relay: reaper::relay::Relay,
}

impl Terminal {
    /// A pair of terminals, as large as ours: our end, and the command's.
    ///
    /// # Errors
    /// When there are none left, or no /dev/ptmx.
    ///
    /// # References
    /// pty(7); `TIOCGPTPEER`, ioctl_tty(2), Linux 4.13
    pub fn pair(typed: Typed) -> Result<(Self, OwnedFd), Error> {
        let failed = |source| Error::Process { operation: "make a terminal for", source };
        let raw = |errno: reaper::sys::Errno| failed(Errno::from_raw(errno.number()));
        let mut relay = reaper::relay::Relay::new().map_err(raw)?;
        if typed == Typed::OnlyAtATerminal && !std::io::IsTerminal::is_terminal(&std::io::stdin()) {
            relay.hear_nothing();
        }
        let theirs = terminal::peer(relay.master()).map_err(raw)?;
        let theirs = sys::duplicate(theirs.number()).map_err(failed)?;
        Ok((Self { relay }, theirs))
    }

    pub(crate) fn begin(&self) {
        self.relay.begin();
    }

    pub(crate) fn pause(&self) {
        self.relay.pause();
    }

    pub(crate) fn resize(&self) {
        self.relay.resize();
    }

    pub(crate) fn awaited(&self) -> [Await; 4] {
        self.relay.awaited()
    }

    pub(crate) fn step(&mut self, ready: [bool; 4]) {
        self.relay.step(ready);
    }

    pub(crate) fn finish(&mut self) {
        self.relay.finish();
    }
}
