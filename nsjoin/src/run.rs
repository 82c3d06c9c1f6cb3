//! From an opened plan to a running command.

use std::os::fd::OwnedFd;

use launch::op::Op;
use launch::open::our_proc;
use launch::{At, Child, Copied, Failure, Kind, Missed, Names, OwnPids, Parent, Script, run};
use nix::errno::Errno;

use crate::error::Error;
use crate::lower::{self, By};
use crate::open::{self, Opened};
use crate::plan::Select;
use crate::sys;
use crate::target::Target;

impl Opened {
    /// Enters the namespaces and launches the command; returns once it has been executed.
    ///
    /// # Errors
    /// When the kernel refuses the join or the execution. Nothing is left running then.
    pub fn spawn(self) -> Result<Child, Error> {
        let us = match self.command.parent {
            Parent::UsToTheEnd => Some(ourselves()?),
            Parent::Us | Parent::Init => None,
        };
        let joined = Joined::of(&self);
        let script = lower::script(self, By::Child, us).map_err(launch::Error::from)?;
        run::spawn(script).map(|launched| launched.child).map_err(|failure| joined.explain(failure))
    }

    /// Enters the namespaces and becomes the command, as execve(2) does: no process is made. Of a pid
    /// namespace that is joined only the children of the command will be.
    ///
    /// Only a program with one thread can do this and join a user or time namespace. It comes back
    /// only with an error, and then this process is neither here nor there: it should end.
    #[must_use]
    pub fn execute(self) -> Error {
        if self.command.own_pids == OwnPids::Yes || self.command.parent == Parent::Init {
            return launch::Error::Process { operation: "become", source: Errno::EINVAL }.into();
        }
        let joined = Joined::of(&self);
        match lower::script(self, By::Ourselves, None) {
            Ok(script) => joined.explain(run::execute(script)),
            Err(error) => launch::Error::from(error).into(),
        }
    }

    /// Whether paths mean something else inside.
    pub(crate) fn is_elsewhere(&self) -> bool {
        self.root.is_some() || self.namespaces.joins(Kind::Mount)
    }
}

/// Has a child do this in namespaces of a process and its root directory, and waits for the end of that;
/// what could not be done is told, if it may be missing.
///
/// # Errors
/// When the target is not there (any more), has no such namespaces, or they may not be entered; and when
/// something fails that may not be missing.
pub fn errand(
    target: &Target,
    kinds: impl IntoIterator<Item = Kind>,
    ops: impl IntoIterator<Item = Op>,
) -> Result<Vec<Missed>, Error> {
    let (process, namespaces) = open::namespaces_to_enter(target, &Select::These(kinds.into_iter().collect()))?;
    let pid = process.as_ref().map(|process| process.identity.pid);
    let joined = Joined { pid, kinds: namespaces.kinds(), names: Names::default() };
    let mut script = Script::new(our_proc()?);
    let directory = || pid.map_or("/".into(), |pid| format!("/proc/{pid}/root").into());
    let root = open::root_of(pid)().map_err(|source| launch::Error::Directory { directory: directory(), source })?;
    let root = script.hold(root);
    script.must(Op::Hide);
    lower::enter(&mut script, process, namespaces);
    script.must(Op::Chroot(root));
    for op in ops {
        script.prefer(op);
    }
    run::errand(script).map_err(|failure| joined.explain(failure))
}

/// Has a child make a socket in the network of a process at which the kernel answers for that network, and takes it over.
///
/// # Errors
/// When the target is not there (any more), or its network may not be entered.
pub fn netlink(target: &Target) -> Result<OwnedFd, Error> {
    let kinds = Select::These([Kind::User, Kind::Net].into());
    let (process, namespaces) = open::namespaces_to_enter(target, &kinds)?;
    let pid = process.as_ref().map(|process| process.identity.pid);
    let joined = Joined { pid, kinds: namespaces.kinds(), names: Names::default() };
    let mut script = Script::new(our_proc()?);
    script.must(Op::Hide);
    lower::enter(&mut script, process, namespaces);
    let socket = script.to_be_made();
    script.must(Op::Netlink(socket));
    let (made, _) = run::make(script, &[socket]).map_err(|failure| joined.explain(failure))?;
    let made = made.into_iter().flatten().next();
    made.ok_or_else(|| launch::Error::Process { operation: "hear of", source: Errno::ENOENT }.into())
}

/// What is known of a join and its command when all that it held has gone into its script.
struct Joined {
    pid: Option<i32>,
    kinds: Vec<Kind>,
    names: Names,
}

impl Joined {
    fn of(opened: &Opened) -> Self {
        let command = &opened.command;
        Self {
            pid: opened.process.as_ref().map(|process| process.identity.pid),
            kinds: opened.namespaces.kinds(),
            names: Names {
                program: command.program.clone(),
                inside: opened.is_elsewhere(),
                sealed: command.copy == Copied::Sealed,
                directory: command.directory.clone().unwrap_or_else(|| ".".into()),
            },
        }
    }

    /// What the process failed at, said with what we know and it did not.
    fn explain(self, failure: Failure) -> Error {
        let Self { pid, kinds, names } = self;
        match (&failure.at, pid) {
            (At::Step(Op::Enter { .. }), Some(pid)) if failure.errno == Errno::ESRCH => Error::Ended { pid },
            (At::Step(Op::Enter { .. }), pid) => Error::Join { kinds, pid, source: failure.errno },
            _ => failure.explain(names).into(),
        }
    }
}

/// A pidfd of this process.
fn ourselves() -> Result<OwnedFd, Error> {
    let us = sys::pidfd_open(nix::unistd::getpid().as_raw());
    us.map_err(|source| launch::Error::Process { operation: "launch", source }.into())
}
