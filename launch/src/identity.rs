//! Who a process is: its pid and its start time, which no later process with the same pid shares.

use std::fs::File;
use std::io::{self, Read};

use procfs::FromRead;
use procfs::process::{Stat, StatFlags};
use serde::{Deserialize, Serialize};

use crate::sum::{SUM_LENGTH, sum_of};

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

/// What a look at `/proc/PID/stat` tells.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Who it is.
    pub identity: Identity,
    /// Whether it is a thread of the kernel.
    pub kernel_thread: bool,
    /// Whether it has executed no program yet since it was made.
    pub never_executed: bool,
    /// It is on its way to its end, and may wait for others there, as the first of a pid namespace does.
    pub exiting: bool,
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

    fn from_stat(mut line: impl Read) -> Result<Self, IdentityError> {
        let mut text = Vec::with_capacity(512);
        line.read_to_end(&mut text).map_err(|_| IdentityError)?;
        if !is_framed(&text) {
            return Err(IdentityError);
        }
        // What procfs has to say of a line that is none names its own source files.
        let stat = Stat::from_read(text.as_slice()).map_err(|_| IdentityError)?;
        let flags = StatFlags::from_bits_truncate(stat.flags);
        Ok(Self {
            identity: Identity { pid: stat.pid, start_time: stat.starttime },
            kernel_thread: flags.contains(StatFlags::PF_KTHREAD),
            never_executed: flags.contains(StatFlags::PF_FORKNOEXEC),
            exiting: flags.contains(StatFlags::PF_EXITING),
            zombie: matches!(stat.state, 'Z' | 'X'),
        })
    }
}

/// Whether a line begins as one of the kernel's, `PID (NAME) STATE`: procfs counts on that, and panics otherwise.
fn is_framed(line: &[u8]) -> bool {
    let (open, close) = (line.iter().position(|byte| *byte == b'('), line.iter().rposition(|byte| *byte == b')'));
    let (Some(open), Some(close)) = (open, close) else { return false };
    let pid = line[..open].strip_suffix(b" ");
    let state = line[close + 1..].strip_prefix(b" ");
    pid.is_some_and(|pid| !pid.is_empty() && pid.iter().all(u8::is_ascii_digit))
        && open < close
        && state.is_some_and(|state| state.first().is_some_and(u8::is_ascii_alphabetic))
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
    fn what_is_no_line_is_refused() {
        let shapes = [
            "",
            "42",
            "(a) S 1",
            "42(a) S 1",
            "4\u{e9} (a) S 1",
            "42 )a( S 1",
            "42 (a)",
            "42 (a) ",
            "42 (a)S 1",
            "-1 (a) S 1",
        ];
        for line in shapes {
            assert!(Identity::from_stat(line.as_bytes()).is_err(), "{line}");
        }
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
}
