//! A terminal of the place that the command is in: one that its /dev/pts has, so that `tty` and ttyname(3)
//! find it there.
//!
//! The ptmx of a file system of terminals makes terminals of that one. The target's is a file that the
//! target may have put there: it is opened only if it is the device that it should be, below its root.

use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::stat::{Mode, SFlag, fstat, makedev};
use nix::unistd::fchown;

use launch::open::below::open_below;
use launch::{Kind, Number, Session, Terminal, Typed};

use super::Opened;
use crate::error::Error;
use crate::outcome::Doubt;

/// The device that makes terminals.
///
/// # References
/// pts(4)
const PTMX: (u64, u64) = (5, 2);

impl Opened {
    /// Makes the command's terminal, and hands back our end of it. Where the target has no terminals of
    /// its own it is one of here.
    ///
    /// # Errors
    /// When there are none left.
    pub fn make_terminal(&mut self, typed: Typed) -> Result<Terminal, Error> {
        let ptmx = self.ptmx_of_inside();
        let (ours, theirs) = Terminal::pair(typed, ptmx)?;
        self.take_terminal(theirs);
        Ok(ours)
    }

    /// The same, for somebody else to look and type at: our end of it as it is.
    ///
    /// # Errors
    /// When there are none left.
    pub fn make_bare_terminal(&mut self) -> Result<OwnedFd, Error> {
        let ptmx = self.ptmx_of_inside();
        let (ours, theirs) = Terminal::bare_pair(ptmx)?;
        self.take_terminal(theirs);
        Ok(ours)
    }

    fn ptmx_of_inside(&mut self) -> Option<OwnedFd> {
        let ptmx = self.is_elsewhere().then(|| self.ptmx());
        if let Some(Err(errno)) = &ptmx {
            self.outcome.doubts.push(Doubt::TerminalOfHere { source: *errno });
        }
        ptmx.and_then(Result::ok)
    }

    fn take_terminal(&mut self, theirs: OwnedFd) {
        if let (Some(Number::Asked(uid)), false) = (self.ids.user, self.namespaces.joins(Kind::User)) {
            // As a login gives somebody theirs. Who may not do that has one that is its own already.
            let _stays_ours = fchown(&theirs, Some(uid.into()), None);
        }
        (self.command.terminal, self.command.session) = (Some(theirs), Session::New);
    }

    /// The ptmx of inside.
    fn ptmx(&self) -> Result<OwnedFd, Errno> {
        let of_process;
        let root = match (&self.root, &self.process) {
            (Some(root), _) => root.as_fd(),
            (None, Some(process)) if self.namespaces.joins(Kind::Mount) && self.namespaces.of_process => {
                let flags = libc::O_DIRECTORY | libc::O_PATH;
                let root = format!("/proc/{}/root", process.identity.pid);
                let opened = File::options().read(true).custom_flags(flags).open(root);
                of_process = opened.map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO)))?;
                of_process.as_fd()
            }
            // Of a mount namespace that is only a file there is nobody by whom to look into it.
            (None, _) => return Err(Errno::ENODEV),
        };
        let found = open_below(root, Path::new("dev/ptmx"), OFlag::O_PATH)?;
        let status = fstat(&found)?;
        let is_device = SFlag::from_bits_truncate(status.st_mode) & SFlag::S_IFMT == SFlag::S_IFCHR;
        if !is_device || status.st_rdev != makedev(PTMX.0, PTMX.1) {
            return Err(Errno::ENODEV);
        }
        let flags = OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
        let number = std::os::fd::AsRawFd::as_raw_fd(&found);
        open(format!("/proc/self/fd/{number}").as_str(), flags, Mode::empty())
    }
}
