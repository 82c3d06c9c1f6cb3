//! What a process failed at on its way, and what it did without.

use std::fmt;

use nix::errno::Errno;

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
