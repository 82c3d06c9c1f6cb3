//! Who a process is: its pid and its start time, which no later process with the same pid shares.

use std::fs::File;
use std::io::{self, Read};

use procfs::FromRead;
use procfs::process::{Stat, StatFlags};
use serde::{Deserialize, Serialize};

/// A process, told apart from every other that has or will have its pid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The pid, in the pid namespace of the /proc it was read from.
    pub pid: i32,
    /// When it started, in clock ticks since boot.
    pub start_time: u64,
}

/// A line of `/proc/PID/stat` could not be read or understood.
#[derive(Debug, thiserror::Error)]
#[error("malformed line of /proc/PID/stat")]
pub struct IdentityError(#[source] procfs::ProcError);

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

    /// The identity of the process that has this pid now.
    ///
    /// # Errors
    /// When there is none, or /proc cannot be read.
    pub fn of(pid: i32) -> io::Result<Self> {
        Look::at(pid).map(|look| look.identity)
    }

    /// Whether this very process still runs; one that has ended does not, reaped or not.
    #[must_use]
    pub fn is_alive(self) -> bool {
        Look::at(self.pid).is_ok_and(|look| look.identity == self && !look.zombie)
    }
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
        let stat = Stat::from_read(line).map_err(IdentityError)?;
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
    fn what_is_no_stat_line_is_refused() {
        for line in ["", "\n", "42", "42 (x", "x (x) S"] {
            assert!(Identity::from_stat(line.as_bytes()).is_err(), "{line:?}");
        }
    }

    #[test]
    fn another_start_time_is_another_process() {
        let pid = i32::try_from(std::process::id()).expect("a pid fits");
        let me = Identity::of(pid).expect("our own /proc entry");
        assert!(me.is_alive());
        assert!(!Identity { start_time: me.start_time + 1, ..me }.is_alive());
    }
}
