//! Who a process is: its pid and its start time, which no later process with the same pid shares;
//! and whether it still runs, to which there are three answers.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::path::Path;

use nix::errno::Errno;
use procfs::FromRead;
use procfs::process::{Stat, StatFlags};
use serde::{Deserialize, Serialize};

use crate::sys;

/// A process, told apart from every other that has or will have its pid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The pid, in the pid namespace of the /proc it was read from.
    pub pid: i32,
    /// When it started, in clock ticks since boot.
    pub start_time: u64,
}

/// A line of `/proc/PID/stat` could not be understood.
#[derive(Debug, thiserror::Error)]
#[error("malformed line of /proc/PID/stat")]
pub struct IdentityError;

/// A record of a process could not be understood.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Its end is missing: the disk was full, and the process has given up.
    #[error("the record has no end")]
    Torn,
    /// It is not what was written.
    #[error("the record's sum is wrong")]
    Sum,
    /// It is none.
    #[error(transparent)]
    Line(#[from] IdentityError),
}

/// How long the sum of a record is, with what sets it apart: ` #0123abcd`.
pub(crate) const SUM_LENGTH: usize = 10;

/// What closes the record of a process, so that whoever reads it sees whether it is whole: FNV-1a, in
/// hexadecimal digits. Allocates nothing.
pub(crate) fn sum_of(line: &[u8]) -> [u8; SUM_LENGTH] {
    let sum = line.iter().fold(0x811c_9dc5_u32, |sum, byte| (sum ^ u32::from(*byte)).wrapping_mul(0x0100_0193));
    let mut text = *b" #00000000";
    for (index, digit) in text[2..].iter_mut().enumerate() {
        *digit = b"0123456789abcdef"[(sum >> (28 - 4 * index) & 0xf) as usize];
    }
    text
}

/// What a look at `/proc/PID/stat` tells.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Who it is.
    pub identity: Identity,
    /// Whether it is a thread of the kernel.
    pub kernel_thread: bool,
    /// Whether it has executed no program yet since it was made.
    pub never_executed: bool,
    /// It has ended, and only its parent has not noticed.
    pub zombie: bool,
}

impl Identity {
    /// The identity in a line of `/proc/PID/stat`.
    ///
    /// # Errors
    /// When the line is not one.
    ///
    /// # References
    /// proc_pid_stat(5)
    pub fn from_stat(line: impl Read) -> Result<Self, IdentityError> {
        Look::from_stat(line).map(|look| look.identity)
    }

    /// The identity in a process's record of itself: its line of `/proc/PID/stat`, closed by
    /// a sum; `None` while it has written nothing.
    ///
    /// # Errors
    /// When the record is not whole.
    pub fn from_record(record: &[u8]) -> Result<Option<Self>, RecordError> {
        if record.is_empty() {
            return Ok(None);
        }
        let line = record.strip_suffix(b"\n").ok_or(RecordError::Torn)?;
        let at = line.len().checked_sub(SUM_LENGTH).ok_or(RecordError::Torn)?;
        let (line, sum) = line.split_at(at);
        if sum != sum_of(line) {
            return Err(RecordError::Sum);
        }
        Ok(Some(Self::from_stat(line)?))
    }

    /// The identity of the process that has this pid now.
    ///
    /// # Errors
    /// When there is none, or /proc cannot be read.
    pub fn of(pid: i32) -> io::Result<Self> {
        Look::at(pid).map(|look| look.identity)
    }

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
    #[error("cannot ask the kernel for the process")]
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
    let shown = fs::read_link("/proc/self").map_err(|_| Unseen::NotOurProc)?;
    if shown == Path::new(&std::process::id().to_string()) { Ok(()) } else { Err(Unseen::NotOurProc) }
}

impl Look {
    /// Looks at the process that has this pid now.
    ///
    /// # Errors
    /// When there is none, or /proc cannot be read.
    pub fn at(pid: i32) -> io::Result<Self> {
        // Larger than any such line, so that one read takes all of it.
        let mut line = [0; 2048];
        let length = File::open(format!("/proc/{pid}/stat"))?.read(&mut line)?;
        Self::from_stat(&line[..length]).map_err(io::Error::other)
    }

    fn from_stat(line: impl Read) -> Result<Self, IdentityError> {
        // What procfs has to say of a line that is none names its own source files.
        let stat = Stat::from_read(line).map_err(|_| IdentityError)?;
        let flags = StatFlags::from_bits_truncate(stat.flags);
        Ok(Self {
            identity: Identity { pid: stat.pid, start_time: stat.starttime },
            kernel_thread: flags.contains(StatFlags::PF_KTHREAD),
            never_executed: flags.contains(StatFlags::PF_FORKNOEXEC),
            zombie: matches!(stat.state, 'Z' | 'X'),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "42 (a) b (c)) S 1 42 42 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 987654 1 2 \
        18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n";

    #[test]
    fn a_command_name_with_parentheses_does_not_shift_the_fields() {
        let identity = Identity::from_stat(LINE.as_bytes()).expect("a line");
        assert_eq!(identity, Identity { pid: 42, start_time: 987_654 });
    }

    #[test]
    fn a_record_that_is_not_whole_is_no_record() {
        let line = LINE.trim_end().as_bytes();
        let record = [line, &sum_of(line), b"\n"].concat();
        let identity = Identity { pid: 42, start_time: 987_654 };
        assert_eq!(Identity::from_record(&record).expect("a record"), Some(identity));
        assert_eq!(Identity::from_record(b"").expect("nothing yet"), None);
        for length in 1..record.len() {
            assert!(Identity::from_record(&record[..length]).is_err(), "cut to {length} bytes");
        }
        for (index, bit) in (0..record.len()).flat_map(|index| (0..8).map(move |bit| (index, bit))) {
            let mut damaged = record.clone();
            damaged[index] ^= 1 << bit;
            assert!(Identity::from_record(&damaged).is_err(), "bit {bit} of byte {index}");
        }
    }

    #[test]
    fn what_is_no_stat_line_is_refused() {
        for line in ["", "\n", "42", "42 (x", "x (x) S"] {
            assert!(Identity::from_stat(line.as_bytes()).is_err(), "{line:?}");
        }
    }

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
