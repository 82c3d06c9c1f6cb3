//! What a process failed at on its way, and what it did without.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use nix::errno::Errno;

use crate::error::Error;
use crate::op::Op;

/// What was not done, and how the kernel put it.
#[derive(Debug)]
pub struct Failure {
    /// What.
    pub at: At,
    /// Why.
    pub errno: Errno,
}

/// Where a process came to its end.
#[derive(Debug)]
pub enum At {
    /// It could not be made.
    Birth,
    /// At this operation.
    Step(Op),
    /// At executing a file that was there, and whose interpreter or loader was not.
    Interpreter,
    /// It was killed, and told nothing.
    Killed,
}

/// What was done without.
#[derive(Debug)]
pub struct Missed {
    /// What.
    pub op: Op,
    /// Why.
    pub errno: Errno,
}

/// As it follows `cannot`.
impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Birth => f.write_str("make a process"),
            Self::Step(op) => op.fmt(f),
            Self::Interpreter => f.write_str("find the interpreter of the command"),
            Self::Killed => f.write_str("finish launching: the process was killed"),
        }
    }
}

/// What a command is called where its launch fails.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// The program, as it was named.
    pub program: OsString,
    /// Whether it was looked for in another mount namespace or root than ours.
    pub inside: bool,
    /// Whether it was a sealed copy.
    pub sealed: bool,
    /// The directory, as it was named.
    pub directory: PathBuf,
}

impl Failure {
    /// The bare operation and errno, said with what we know and the child did not.
    #[must_use]
    pub fn explain(self, names: Names) -> Error {
        let Names { program, inside, sealed, directory } = names;
        let source = self.errno;
        match self.at {
            At::Birth => Error::Process { operation: "launch", source },
            At::Killed => Error::KilledBefore { program },
            At::Step(Op::Fchdir(_) | Op::Chdir(_)) => Error::Directory { directory, source: source.into() },
            At::Step(Op::StandWithin) if source == Errno::EXDEV => Error::Escaped { directory },
            // Too deep, say, for anybody to tell.
            At::Step(Op::StandWithin) => Error::Directory { directory, source: source.into() },
            At::Step(Op::Execute(_)) => Error::Execute { program, inside, sealed, source },
            At::Interpreter => Error::Interpreter { program, source },
            At::Step(op) => Error::Step { op: Box::new(op), source },
        }
    }
}
