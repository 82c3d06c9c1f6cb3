//! A command line that was understood, as plain data: what to join, and how that is conducted.

use std::path::PathBuf;

use crate::plan::Join;
use launch::Typed;
use launch::relay::Limited;

/// A command line, understood.
#[derive(Debug)]
pub struct Invocation {
    /// What to join, and to launch.
    pub join: Join,
    /// How.
    pub conduct: Conduct,
    /// In whose name we speak.
    pub name: &'static str,
}

/// How a launched command is conducted.
#[derive(Debug)]
pub struct Conduct {
    /// What becomes of us.
    pub start: Start,
    /// Where its pid is written.
    pub pid_file: Option<PathBuf>,
    /// Where it is told how it goes.
    pub events: Option<Events>,
}

/// What becomes of us when the command starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// Nothing: we only print what would be done, as text or else as JSON.
    DryRun {
        /// As JSON.
        json: bool,
    },
    /// We become the command, if we can: always or where nobody has to stay behind.
    Become(Fork),
    /// We stay with it.
    Stay {
        /// A terminal of its own, and what is typed there.
        terminal: Option<Typed>,
        /// For how long it may run.
        limit: Option<Limited>,
        /// Whether we end with our parent.
        die_with_parent: bool,
    },
    /// We end and it goes on, with this stdin.
    Detach(Stdin),
}

/// What a command has as stdin that goes on without us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stdin {
    /// Nothing to read: /dev/null.
    Null,
    /// Ours.
    Ours,
}

/// Whether a process is made for the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fork {
    /// Never.
    Never,
    /// Where it has to be, for it is to be in a pid namespace.
    IfNeeded,
}

/// Where it is told, in lines of JSON, how a command goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Events {
    /// A descriptor that was handed to us.
    Descriptor(i32),
    /// A file, made anew.
    File(PathBuf),
}
