//! A process that puts our terminal back as it was, should we be killed while what is typed goes through as it is.

use std::os::fd::{AsRawFd, OwnedFd};

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::prctl::set_name;
use nix::sys::signal::SigSet;
use nix::unistd::{pipe2, setsid, write};
use reaper::sys::terminal::Modes;

const STDIN: i32 = 0;
/// What it hears: that the terminal is as it was, or is not.
const AS_IT_WAS: u8 = b'c';
const RAW: u8 = b'r';

/// Who watches over the terminal that is our stdin; dropped, it is as it was.
#[derive(Debug)]
pub struct Guard {
    pid: libc::pid_t,
    /// With our end it ends, whatever has ended us.
    tells: Option<OwnedFd>,
}

impl Guard {
    /// Who watches; nobody where our stdin is no terminal, or there is no room for a process.
    #[must_use]
    pub fn of_stdin() -> Option<Self> {
        let before = Modes::of(STDIN)?;
        let (hears, tells) = pipe2(OFlag::O_CLOEXEC).ok()?;
        // SAFETY: it is a fork whose end nobody is told of by a signal, for the command's is minded; the child makes
        // nothing but system calls, and ends.
        let pid = Errno::result(unsafe { libc::syscall(libc::SYS_clone, 0, 0, 0, 0, 0) }).ok()?;
        if pid == 0 {
            watch(&hears, &before);
        }
        Some(Self { pid: libc::pid_t::try_from(pid).ok()?, tells: Some(tells) })
    }

    /// Before what is typed begins to go through as it is, and after it has ended to.
    pub fn is_raw(&self, is: bool) {
        if let Some(tells) = &self.tells {
            // One that has been killed cannot be told.
            let _gone = write(tells, &[if is { RAW } else { AS_IT_WAS }]);
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        drop(self.tells.take());
        let wait = || {
            // SAFETY: a status is not asked for; the child is ours, and nobody else waits for it.
            Errno::result(unsafe { libc::waitpid(self.pid, std::ptr::null_mut(), libc::__WALL) })
        };
        while wait() == Err(Errno::EINTR) {}
    }
}

/// In the child: waits until nobody tells anything any more. It makes system calls only, for others of our threads may
/// have held any lock.
fn watch(hears: &OwnedFd, before: &Modes) -> ! {
    const HEARS: i32 = 1;
    // In a session of its own no key reaches it, and it may set a terminal that is another's.
    let _all_blocked = SigSet::all().thread_block();
    let _session = setsid();
    let _named = set_name(c"pod-terminal");
    // SAFETY: takes numbers; what was open under the second nobody here uses any more.
    unsafe { libc::dup2(hears.as_raw_fd(), HEARS) };
    // SAFETY: takes numbers; what is closed nobody here uses any more.
    unsafe { libc::syscall(libc::SYS_close_range, 2_u32, u32::MAX, 0_u32) };
    let mut last = [AS_IT_WAS];
    // SAFETY: the kernel writes one byte at an address borrowed for the call.
    let hear = |last: &mut [u8; 1]| Errno::result(unsafe { libc::read(HEARS, last.as_mut_ptr().cast(), 1) });
    while let Ok(1..) | Err(Errno::EINTR) = hear(&mut last) {}
    if last == [RAW] {
        let _gone = before.set(STDIN);
    }
    // SAFETY: ends this process, running nothing of ours on the way.
    unsafe { libc::_exit(0) }
}
