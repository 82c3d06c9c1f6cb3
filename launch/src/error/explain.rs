//! What a bare operation and errno mean, said with what the launcher knows and the child did not.

use std::ffi::OsString;
use std::path::PathBuf;

use nix::errno::Errno;

use super::Error;
use crate::failure::{At, Failure};
use crate::op::Op;

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
