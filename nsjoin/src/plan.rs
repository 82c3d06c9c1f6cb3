//! What is wanted, as plain data: which process, which of its namespaces, which command.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use crate::identity::Identity;
use crate::kind::Kind;
use crate::name::Name;
use crate::sys::Inherited;

/// A join: into whose namespaces, into which of them, to launch what.
#[derive(Debug)]
pub struct Plan {
    /// Whose namespaces.
    pub target: Target,
    /// Which of them.
    pub select: Select,
    /// What to launch there.
    pub command: Command,
}

/// A process whose namespaces are joined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Whoever has this pid when the plan is opened.
    Pid(i32),
    /// This very process; one that only has its pid is refused.
    Process(Identity),
    /// The pause process of a pod of this user.
    Pod(Name),
}

/// Which namespaces to join. One in which we are already is never joined again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Select {
    /// Those of net, ipc, uts and pid in which the target differs from us; and its user namespace
    /// when we lack `CAP_SYS_ADMIN`, for it is what gives the right to the others.
    Differing,
    /// All that the kernel has.
    All,
    /// These; one that the kernel does not have is an error.
    These(BTreeSet<Kind>),
}

/// A command, and the surroundings it is launched in.
#[derive(Debug)]
pub struct Command {
    pub(crate) program: OsString,
    pub(crate) arguments: Vec<OsString>,
    pub(crate) environment: Option<Vec<(OsString, OsString)>>,
    pub(crate) directory: Option<PathBuf>,
    pub(crate) session: Session,
    pub(crate) own_pids: OwnPids,
    pub(crate) stdio: [Option<OwnedFd>; 3],
    pub(crate) signals: Option<Inherited>,
    pub(crate) record: Option<OwnedFd>,
}

/// The session and process group of the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Session {
    /// Ours, and with it our terminal.
    Ours,
    /// One of its own, without a terminal.
    New,
}

/// Whether the command gets a pid namespace of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnPids {
    /// No: it lives in the target's, if that is joined, else in ours.
    No,
    /// Yes: it is PID 1 of a new one, within the target's if that is joined, and has a fresh /proc of
    /// it in a mount namespace of its own.
    Yes,
}

impl Command {
    /// A command without arguments, in our environment, directory and session, with our stdio.
    /// A name without a slash is looked up in the `PATH` of its environment, inside.
    pub fn new(program: impl Into<OsString>) -> Self {
        Self {
            program: program.into(),
            arguments: Vec::new(),
            environment: None,
            directory: None,
            session: Session::Ours,
            own_pids: OwnPids::No,
            stdio: [None, None, None],
            signals: None,
            record: None,
        }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args(mut self, arguments: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// Gives it exactly this environment instead of ours.
    #[must_use]
    pub fn environment(mut self, variables: Vec<(OsString, OsString)>) -> Self {
        self.environment = Some(variables);
        self
    }

    /// Changes into this directory after joining. Without it, it stays in ours or, when the mount
    /// namespace is joined, stands in the root of that.
    #[must_use]
    pub fn directory(mut self, directory: impl Into<PathBuf>) -> Self {
        self.directory = Some(directory.into());
        self
    }

    /// Chooses its session.
    #[must_use]
    pub fn session(mut self, session: Session) -> Self {
        self.session = session;
        self
    }

    /// Chooses its pid namespace.
    #[must_use]
    pub fn own_pids(mut self, own_pids: OwnPids) -> Self {
        self.own_pids = own_pids;
        self
    }

    /// Gives it these as stdin, stdout and stderr; `None` is ours.
    #[must_use]
    pub fn stdio(mut self, stdio: [Option<OwnedFd>; 3]) -> Self {
        self.stdio = stdio;
        self
    }

    /// Launches it with this signal mask and these dispositions, instead of those that the calling
    /// thread has at the spawn.
    #[must_use]
    pub fn signals(mut self, signals: Inherited) -> Self {
        self.signals = Some(signals);
        self
    }

    /// Has the process write its line of `/proc/PID/stat`, as our /proc counts pids, into this file
    /// before it executes the command: whoever is killed in between, the record is there.
    #[must_use]
    pub fn record(mut self, record: OwnedFd) -> Self {
        self.record = Some(record);
        self
    }

    /// The program, as it was named.
    #[must_use]
    pub fn program(&self) -> &OsString {
        &self.program
    }
}
