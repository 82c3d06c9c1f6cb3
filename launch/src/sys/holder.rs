//! A process that does nothing but be in a new user namespace, for as long as it is needed.

use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::unistd::{pipe2, read, write};

/// The process; dropping this ends it.
#[derive(Debug)]
pub(crate) struct Holder {
    pid: libc::pid_t,
    /// It ends when nobody has this end any more.
    until: Option<OwnedFd>,
}

impl Holder {
    /// Makes it, in a user namespace that belongs to this one, if one is given, and to ours otherwise. Its ids are
    /// nobody's there until somebody maps them.
    pub(crate) fn in_new_users(within: Option<BorrowedFd<'_>>) -> Result<Self, Errno> {
        let (waits, until) = pipe2(OFlag::O_CLOEXEC)?;
        let (told, tells) = pipe2(OFlag::O_CLOEXEC)?;
        // SAFETY: the child makes nothing but system calls, and ends.
        let pid = Errno::result(unsafe { libc::fork() })?;
        if pid == 0 {
            hold(within, &waits, until, tells);
        }
        let holder = Self { pid, until: Some(until) };
        drop((waits, tells));
        let mut answer = [0; size_of::<i32>()];
        let length = read(&told, &mut answer)?;
        match i32::from_ne_bytes(answer) {
            0 if length == answer.len() => Ok(holder),
            errno if length == answer.len() => Err(Errno::from_raw(errno)),
            _ => Err(Errno::ECHILD),
        }
    }

    pub(crate) fn pid(&self) -> libc::pid_t {
        self.pid
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        drop(self.until.take());
        // SAFETY: a status is not asked for; the child is ours, and nobody else waits for it.
        while Errno::result(unsafe { libc::waitpid(self.pid, std::ptr::null_mut(), 0) }) == Err(Errno::EINTR) {}
    }
}

/// In the child: is there, says so, and waits for its end. What it cannot tell or read is the same to it: it
/// ends. It makes system calls only, for others of our threads may have held any lock.
fn hold(within: Option<BorrowedFd<'_>>, waits: &OwnedFd, until: OwnedFd, tells: OwnedFd) -> ! {
    drop(until);
    // SAFETY: takes a descriptor of ours and a number.
    let enter = |users: BorrowedFd<'_>| unsafe { libc::setns(users.as_raw_fd(), libc::CLONE_NEWUSER) };
    let entered = within.map_or(Ok(0), |users| Errno::result(enter(users)));
    // SAFETY: takes a number.
    let made = entered.and_then(|_| Errno::result(unsafe { libc::unshare(libc::CLONE_NEWUSER) }));
    let answer = made.map_or_else(|errno| errno as i32, |_| 0).to_ne_bytes();
    let _told = write(&tells, &answer);
    drop(tells);
    while read(waits, &mut [0; 1]) == Err(Errno::EINTR) {}
    // SAFETY: ends this process, running nothing of ours on the way.
    unsafe { libc::_exit(0) }
}
