//! Terminals: whose they are, how large, how they treat what is typed, and a pair of our own.

use linux_raw_sys::general as nr;
use linux_raw_sys::ioctl;

use super::file::{Fd, open_with, raw};
use super::{Errno, address, arch};

/// The process group in the foreground of the terminal; `None` if it is no terminal of ours.
///
/// # References
/// `TIOCGPGRP`, ioctl_tty(2)
#[must_use]
pub fn foreground(terminal: i32) -> Option<i32> {
    let mut group = 0_i32;
    let at = core::ptr::from_mut(&mut group) as usize;
    // SAFETY: the kernel writes one pid at an address borrowed for the call.
    let done = unsafe { arch::syscall5(nr::__NR_ioctl, raw(terminal), ioctl::TIOCGPGRP as usize, at, 0, 0) };
    (done == 0).then_some(group)
}

/// Puts a process group into the foreground of the terminal. TTOU should be blocked.
///
/// # Errors
/// Those of ioctl_tty(2), `TIOCSPGRP`; that it is no terminal of ours among them.
pub fn set_foreground(terminal: i32, group: i32) -> Result<(), Errno> {
    // SAFETY: the kernel reads one pid at an address borrowed for the call.
    let done =
        unsafe { arch::syscall5(nr::__NR_ioctl, raw(terminal), ioctl::TIOCSPGRP as usize, address(&group), 0, 0) };
    Errno::check(done).map(drop)
}

/// Gives up the controlling terminal, or takes this one, in a session that we lead.
///
/// # References
/// `TIOCNOTTY` and `TIOCSCTTY`, ioctl_tty(2)
#[must_use]
pub fn control_terminal(terminal: i32, take: bool) -> bool {
    let request = if take { ioctl::TIOCSCTTY } else { ioctl::TIOCNOTTY };
    // SAFETY: takes numbers only.
    unsafe { arch::syscall5(nr::__NR_ioctl, raw(terminal), request as usize, 0, 0, 0) == 0 }
}

/// Makes a pair of terminals, and hands back the end of who is to look and type: reading and
/// writing never wait there.
///
/// # Errors
/// Those of open(2) on /dev/ptmx, and of `TIOCSPTLCK`, ioctl_tty(2).
pub fn pair() -> Result<Fd, Errno> {
    unlocked(open_with(c"/dev/ptmx", nr::O_RDWR | nr::O_NOCTTY | nr::O_NONBLOCK)?)
}

/// Takes over the end of a pair that somebody has opened as [`pair`] does, by a ptmx of another place.
///
/// # Errors
/// Those of `TIOCSPTLCK`, ioctl_tty(2).
pub fn adopt(master: i32) -> Result<Fd, Errno> {
    unlocked(Fd::from_raw(master))
}

fn unlocked(master: Fd) -> Result<Fd, Errno> {
    let unlocked = 0_i32;
    // SAFETY: the kernel reads one int at an address borrowed for the call.
    let done = unsafe {
        arch::syscall5(nr::__NR_ioctl, raw(master.number()), ioctl::TIOCSPTLCK as usize, address(&unlocked), 0, 0)
    };
    Errno::check(done)?;
    Ok(master)
}

/// The other end of a pair, which the command has as its terminal.
///
/// # Errors
/// Those of `TIOCGPTPEER`, ioctl_tty(2).
pub fn peer(master: &Fd) -> Result<Fd, Errno> {
    let flags = (nr::O_RDWR | nr::O_NOCTTY | nr::O_CLOEXEC) as usize;
    // SAFETY: takes numbers only.
    Fd::of(unsafe { arch::syscall5(nr::__NR_ioctl, raw(master.number()), ioctl::TIOCGPTPEER as usize, flags, 0, 0) })
}

/// Has stdin, stdout and stderr be this descriptor.
///
/// # Errors
/// Those of dup3(2).
pub fn become_stdio(fd: &Fd) -> Result<(), Errno> {
    for standard in 0..=2 {
        // SAFETY: takes numbers only; what was open under the number is closed, and nobody's.
        Errno::check(unsafe { arch::syscall5(nr::__NR_dup3, raw(fd.number()), standard, 0, 0, 0) })?;
    }
    Ok(())
}

/// Makes one terminal as large as another; false if that is none.
#[must_use]
pub fn take_size(of: i32, terminal: &Fd) -> bool {
    // `struct winsize`: rows, columns, and both in pixels.
    let mut size = [0_u16; 4];
    let at = core::ptr::from_mut(&mut size) as usize;
    // SAFETY: the kernel writes one winsize at an address borrowed for the call.
    let got = unsafe { arch::syscall5(nr::__NR_ioctl, raw(of), ioctl::TIOCGWINSZ as usize, at, 0, 0) };
    // SAFETY: the kernel reads one winsize at an address borrowed for the call.
    let set = || unsafe {
        arch::syscall5(nr::__NR_ioctl, raw(terminal.number()), ioctl::TIOCSWINSZ as usize, address(&size), 0, 0)
    };
    got == 0 && set() == 0
}

/// How a terminal treats what is typed.
#[derive(Clone, Copy)]
pub struct Modes(nr::termios);

impl core::fmt::Debug for Modes {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Modes")
    }
}

impl Modes {
    /// How this terminal treats it; `None` if it is none.
    #[must_use]
    pub fn of(terminal: i32) -> Option<Self> {
        // SAFETY: numbers only, for which zero is a value.
        let mut modes = unsafe { core::mem::zeroed::<nr::termios>() };
        let at = core::ptr::from_mut(&mut modes) as usize;
        // SAFETY: the kernel writes one termios at an address borrowed for the call.
        let done = unsafe { arch::syscall5(nr::__NR_ioctl, raw(terminal), ioctl::TCGETS as usize, at, 0, 0) };
        (done == 0).then_some(Self(modes))
    }

    /// The same, but every byte goes through as it is, at once.
    ///
    /// # References
    /// termios(3), `cfmakeraw`
    #[must_use]
    pub const fn raw(self) -> Self {
        let mut modes = self.0;
        modes.c_iflag &=
            !(nr::IGNBRK | nr::BRKINT | nr::PARMRK | nr::ISTRIP | nr::INLCR | nr::IGNCR | nr::ICRNL | nr::IXON);
        modes.c_oflag &= !nr::OPOST;
        modes.c_lflag &= !(nr::ECHO | nr::ECHONL | nr::ICANON | nr::ISIG | nr::IEXTEN);
        modes.c_cflag &= !(nr::CSIZE | nr::PARENB);
        modes.c_cflag |= nr::CS8;
        modes.c_cc[nr::VMIN as usize] = 1;
        modes.c_cc[nr::VTIME as usize] = 0;
        Self(modes)
    }

    /// Has this terminal treat it so; false if it does not.
    #[must_use]
    pub fn set(&self, terminal: i32) -> bool {
        // SAFETY: the kernel reads one termios at an address borrowed for the call.
        unsafe { arch::syscall5(nr::__NR_ioctl, raw(terminal), ioctl::TCSETS as usize, address(&self.0), 0, 0) == 0 }
    }
}
