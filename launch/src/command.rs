//! What is launched, and the surroundings it is launched in: plain data, built word by word.

use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use crate::choice::{Copied, Environment, Label, OwnPids, OwnProc, Parent, Record, Session};
use crate::credentials::Credentials;
use crate::limits::Limit;
use crate::seccomp::Seccomp;
use crate::signals::Inherited;

/// A command, and the surroundings it is launched in.
#[derive(Debug)]
pub struct Command {
    /// As it is named: a path, or what is looked up in the `PATH` of its environment.
    pub program: OsString,
    /// What follows the name.
    pub arguments: Vec<OsString>,
    /// What its environment begins as.
    pub environment: Environment,
    /// Set on top of `environment`, in this order.
    pub variables: Vec<(OsString, OsString)>,
    /// Where it stands, looked up inside.
    pub directory: Option<PathBuf>,
    /// Its session.
    pub session: Session,
    /// Its pid namespace.
    pub own_pids: OwnPids,
    /// Its /proc.
    pub own_proc: OwnProc,
    /// Whose child it is.
    pub parent: Parent,
    /// What it is executed from.
    pub copy: Copied,
    /// Its stdin, stdout and stderr; none is ours.
    pub stdio: [Option<OwnedFd>; 3],
    /// Its terminal.
    pub terminal: Option<OwnedFd>,
    /// How many descriptors from 3 on it gets.
    pub preserved: u32,
    /// Its signal mask and dispositions; none are those of who launches it.
    pub signals: Option<Inherited>,
    /// Where it leaves word of itself.
    pub record: Option<Record>,
    /// Who it runs as.
    pub credentials: Credentials,
    /// Which system calls it may make.
    pub seccomp: Option<Seccomp>,
    /// Its security label.
    pub label: Option<Label>,
    /// Its limits.
    pub limits: Vec<Limit>,
    /// Its file mode creation mask.
    pub umask: Option<u32>,
    /// Its nice value.
    pub nice: Option<i32>,
    /// How readily it is killed when memory is short.
    pub oom_score_adj: Option<i32>,
}

impl Command {
    /// A command without arguments, in our environment, directory and session, with our stdio and
    /// credentials. A name without a slash is looked up in the `PATH` of its environment, inside.
    pub fn new(program: impl Into<OsString>) -> Self {
        Self {
            program: program.into(),
            arguments: Vec::new(),
            environment: Environment::Ours,
            variables: Vec::new(),
            directory: None,
            session: Session::Ours,
            own_pids: OwnPids::No,
            own_proc: OwnProc::No,
            parent: Parent::Us,
            copy: Copied::No,
            stdio: [None, None, None],
            terminal: None,
            preserved: 0,
            signals: None,
            record: None,
            credentials: Credentials::default(),
            seccomp: None,
            label: None,
            limits: Vec::new(),
            umask: None,
            nice: None,
            oom_score_adj: None,
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

    /// Chooses the environment that [`Command::env`] adds to.
    #[must_use]
    pub fn environment(mut self, environment: Environment) -> Self {
        self.environment = environment;
        self
    }

    /// Sets a variable; of two of the same name the last counts.
    #[must_use]
    pub fn env(mut self, key: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.variables.push((key.into(), value.into()));
        self
    }

    /// Sets variables.
    #[must_use]
    pub fn envs(mut self, variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        self.variables.extend(variables);
        self
    }

    /// Changes into this directory after joining, looked up inside. Without it, it stays in ours or,
    /// when the mount namespace is joined or another root taken, stands in the root of that.
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

    /// Chooses its /proc.
    #[must_use]
    pub fn own_proc(mut self, own_proc: OwnProc) -> Self {
        self.own_proc = own_proc;
        self
    }

    /// Chooses its parent.
    #[must_use]
    pub fn parent(mut self, parent: Parent) -> Self {
        self.parent = parent;
        self
    }

    /// Chooses what it is executed from.
    #[must_use]
    pub fn copied(mut self, copy: Copied) -> Self {
        self.copy = copy;
        self
    }

    /// Gives it these as stdin, stdout and stderr; `None` is ours.
    #[must_use]
    pub fn stdio(mut self, stdio: [Option<OwnedFd>; 3]) -> Self {
        self.stdio = stdio;
        self
    }

    /// Gives it this terminal as its stdin, stdout and stderr and as the one that controls its
    /// session, which is then one of its own. The other end of the pair is the caller's.
    #[must_use]
    pub fn terminal(mut self, terminal: OwnedFd) -> Self {
        self.terminal = Some(terminal);
        self.session = Session::New;
        self
    }

    /// Leaves this many descriptors from 3 on open for it; all further ones are closed.
    #[must_use]
    pub fn preserve_fds(mut self, number: u32) -> Self {
        self.preserved = number;
        self
    }

    /// Launches it with this signal mask and these dispositions, instead of those that the calling
    /// thread has at the spawn.
    #[must_use]
    pub fn signals(mut self, signals: Inherited) -> Self {
        self.signals = Some(signals);
        self
    }

    /// Has the process leave word of itself.
    #[must_use]
    pub fn record(mut self, record: Record) -> Self {
        self.record = Some(record);
        self
    }

    /// Chooses who it runs as.
    #[must_use]
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = credentials;
        self
    }

    /// Filters its system calls.
    #[must_use]
    pub fn seccomp(mut self, filters: Seccomp) -> Self {
        self.seccomp = Some(filters);
        self
    }

    /// Labels it.
    #[must_use]
    pub fn label(mut self, label: Label) -> Self {
        self.label = Some(label);
        self
    }

    /// Limits a resource.
    #[must_use]
    pub fn limit(mut self, limit: Limit) -> Self {
        self.limits.push(limit);
        self
    }

    /// Sets the file mode creation mask, octal digits 0 to 0777.
    #[must_use]
    pub fn umask(mut self, mask: u32) -> Self {
        self.umask = Some(mask & 0o777);
        self
    }

    /// Sets the nice value, from -20, served first, to 19, served last.
    #[must_use]
    pub fn nice(mut self, nice: i32) -> Self {
        self.nice = Some(nice);
        self
    }

    /// Sets how readily the kernel kills it when memory is short, from -1000, never, to 1000, first.
    ///
    /// # References
    /// `proc_pid_oom_score_adj`(5)
    #[must_use]
    pub fn oom_score_adj(mut self, value: i32) -> Self {
        self.oom_score_adj = Some(value);
        self
    }

    /// The program, as it was named.
    #[must_use]
    pub fn program(&self) -> &Path {
        Path::new(&self.program)
    }
}
