//! Whether a process still runs, to which there are three answers.

use std::fs;
use std::io;
use std::os::fd::AsFd;
use std::path::Path;

use nix::errno::Errno;

use crate::identity::{Identity, Look};
use crate::sys;

impl Identity {
    /// Whether this very process still runs; one that has ended does not, reaped or not.
    ///
    /// What the kernel cannot tell us, for want of a /proc or of descriptors, is no end.
    #[must_use]
    pub fn look(self) -> Seen {
        match Look::at(self.pid) {
            Ok(look) if look.identity == self => {
                if look.zombie {
                    Seen::Ended
                } else {
                    Seen::Alive
                }
            }
            // Another process has its pid, if that is the /proc in which it was counted.
            Ok(_) => our_proc().map_or_else(Seen::Unknown, |()| Seen::Ended),
            Err(error) => self.ask(error),
        }
    }

    /// Asks the kernel, as /proc does not tell: not every /proc shows every process.
    fn ask(self, hidden: io::Error) -> Seen {
        match sys::pidfd::open(self.pid) {
            // EINVAL, and ENOENT since Linux 6.9, are for a thread that leads no process.
            Err(Errno::ESRCH | Errno::EINVAL | Errno::ENOENT) => Seen::Ended,
            Err(errno) => Seen::Unknown(Unseen::Kernel(errno)),
            // It may have come to its end between our two looks.
            Ok(pidfd) if !sys::pidfd::is_alive(pidfd.as_fd()) => Seen::Ended,
            Ok(_) => Seen::Unknown(match our_proc() {
                Err(unseen) => unseen,
                Ok(()) => Unseen::Hidden { pid: self.pid, source: hidden },
            }),
        }
    }
}

/// What a look at a process that we know of tells.
#[derive(Debug)]
pub enum Seen {
    /// It runs.
    Alive,
    /// It has ended, reaped or not, and no process will ever be it again.
    Ended,
    /// We cannot tell.
    Unknown(Unseen),
}

/// Why it cannot be told whether a process still runs.
#[derive(Debug, thiserror::Error)]
pub enum Unseen {
    /// There is a process of its pid, into which /proc does not let us look.
    #[error("cannot look at process {pid} in /proc")]
    Hidden {
        /// The pid.
        pid: i32,
        /// The kernel's word.
        #[source]
        source: io::Error,
    },
    /// /proc is not mounted, or is that of other processes.
    #[error("/proc does not show the processes of our pid namespace")]
    NotOurProc,
    /// The kernel could not be asked.
    #[error("cannot ask the kernel")]
    Kernel(#[source] Errno),
    /// It was counted in another pid namespace than ours.
    #[error("it was recorded in another pid namespace (pid:[{theirs}], and ours is pid:[{ours}])")]
    OtherPids {
        /// The inode of the namespace where it was recorded.
        theirs: u64,
        /// And of ours.
        ours: u64,
    },
    /// Its start was told by another clock than ours.
    #[error("it was recorded in another time namespace (time:[{theirs}], and ours is time:[{ours}])")]
    OtherClock {
        /// The inode of the namespace where it was recorded.
        theirs: u64,
        /// And of ours.
        ours: u64,
    },
    /// What was recorded of it cannot be read.
    #[error(transparent)]
    Record(Box<dyn std::error::Error + Send + Sync>),
}

/// Whether pids in /proc are what we call pids.
pub(crate) fn our_proc() -> Result<(), Unseen> {
    let shown = fs::read_link("/proc/self").map_err(no_proc)?;
    if shown == Path::new(&std::process::id().to_string()) { Ok(()) } else { Err(Unseen::NotOurProc) }
}

/// Why something is not to be had of a /proc: it is none, or the kernel has run short of something.
pub(crate) fn no_proc(error: io::Error) -> Unseen {
    match error.raw_os_error().map(Errno::from_raw) {
        None | Some(Errno::ENOENT | Errno::ENOTDIR) => Unseen::NotOurProc,
        Some(errno) => Unseen::Kernel(errno),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_start_time_is_another_process() {
        let pid = i32::try_from(std::process::id()).expect("a pid fits");
        let me = Identity::of(pid).expect("our own /proc entry");
        assert!(matches!(me.look(), Seen::Alive));
        assert!(matches!(Identity { start_time: me.start_time + 1, ..me }.look(), Seen::Ended));
    }

    #[test]
    fn a_process_that_has_ended_is_seen_to_have_reaped_or_not() {
        let mut child = std::process::Command::new("true").spawn().expect("a child");
        let identity = Identity::of(i32::try_from(child.id()).expect("a pid fits")).expect("not reaped yet");
        let ended = |seen| matches!(seen, Seen::Ended);
        while !ended(identity.look()) {
            std::thread::yield_now();
        }
        child.wait().expect("our own child");
        assert!(ended(identity.look()));
    }
}
