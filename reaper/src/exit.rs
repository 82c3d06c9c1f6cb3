//! Exit codes: one vocabulary for every program that launches another.

use crate::{Signal, WaitStatus};

/// What a program of ours exits with.
///
/// # References
/// The shell's convention for 126, 127 and 128+n; 125 is that of env(1), timeout(1) and `docker run`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitCode {
    /// The command's own code, 0 to 255.
    Command(u8),
    /// The command died by this signal: 128 + n.
    Killed(Signal),
    /// We failed before the command ran: a bad target, no permission, the kernel said no.
    Failure,
    /// The command was found and could not be executed.
    CannotExecute,
    /// The command was not found.
    NotFound,
    /// The command line makes no sense.
    Usage,
}

/// What the codes of our own mean, for whoever tells of them.
pub const MEANINGS: [(ExitCode, &str); 4] = [
    (ExitCode::NotFound, "if there is no such command"),
    (ExitCode::CannotExecute, "if it cannot be executed"),
    (ExitCode::Failure, "for a failure of our own"),
    (ExitCode::Usage, "for a command line that makes no sense or names what is not there; then nothing was begun"),
];

impl ExitCode {
    /// The number to exit with.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Command(code) => code,
            Self::Killed(signal) => 128 + signal.number(),
            Self::Failure => 125,
            Self::CannotExecute => 126,
            Self::NotFound => 127,
            Self::Usage => 2,
        }
    }

    /// The code for a child that has ended; `None` while it is only stopped or continued.
    #[must_use]
    pub const fn of(status: WaitStatus) -> Option<Self> {
        match status {
            WaitStatus::Exited(code) => Some(Self::Command(code)),
            WaitStatus::Signaled { signal, .. } => Some(Self::Killed(signal)),
            WaitStatus::Stopped(_) | WaitStatus::Continued => None,
        }
    }

    /// The code for an exec that failed with this errno: what is missing is 127, all else 126.
    ///
    /// # References
    /// execve(2); POSIX shell, 2.8.2.
    #[must_use]
    pub const fn of_exec_error(errno: i32) -> Self {
        const ENOENT: i32 = linux_raw_sys::errno::ENOENT.cast_signed();
        match errno {
            ENOENT => Self::NotFound,
            _ => Self::CannotExecute,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vocabulary_is_the_documented_one() {
        for (exit, code) in [
            (ExitCode::Command(0), 0),
            (ExitCode::Command(255), 255),
            (ExitCode::Killed(Signal::TERM), 143),
            (ExitCode::Killed(Signal::KILL), 137),
            (ExitCode::Failure, 125),
            (ExitCode::CannotExecute, 126),
            (ExitCode::NotFound, 127),
            (ExitCode::Usage, 2),
            (ExitCode::of_exec_error(2), 127),
            (ExitCode::of_exec_error(13), 126),
            (ExitCode::of_exec_error(8), 126),
        ] {
            assert_eq!(exit.code(), code, "{exit:?}");
        }
    }

    #[test]
    fn a_stopped_child_has_no_exit_code_yet() {
        assert_eq!(ExitCode::of(WaitStatus::Stopped(Signal::STOP)), None);
        assert_eq!(ExitCode::of(WaitStatus::Continued), None);
    }
}
