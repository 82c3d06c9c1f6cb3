//! From an opened plan to a running command.

use std::ffi::{CString, NulError, OsStr};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use launch::sys::script::{Failure, Step};
use launch::{Child, Copied, Kind, OwnPids, Parent, run};
use nix::errno::Errno;

use crate::error::Error;
use crate::open::Opened;
use crate::sys;

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
        let script = self.script(us.as_ref())?;
        match run::spawn(&script) {
            Ok(child) => Ok(child),
            Err(failure) => Err(self.explain(failure)),
        }
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
        match self.script(None) {
            Ok(script) => {
                let failure = run::execute(&script);
                // What it held has been closed under it.
                let opened = std::mem::ManuallyDrop::new(self);
                opened.explain(failure)
            }
            Err(error) => error,
        }
    }

    /// What the child's bare step and errno mean, said with what we know and it did not.
    fn explain(&self, failure: Failure) -> Error {
        let command = &self.command;
        let Failure { step, errno: source } = failure;
        let program = || command.program.clone();
        let pid = self.process.as_ref().map(|process| process.identity.pid);
        match (step, pid) {
            (Step::Clone, _) => launch::Error::Process { operation: "launch", source },
            (Step::Vanish, _) => launch::Error::KilledBefore { program: program() },
            (Step::Join, Some(pid)) if source == Errno::ESRCH => return Error::Ended { pid },
            (Step::Join, pid) => {
                let kinds = self.namespaces.open.iter().map(|namespace| namespace.kind).collect();
                return Error::Join { kinds, pid, source };
            }
            (Step::Directory, _) => {
                launch::Error::Directory { directory: self.directory_name(), source: source.into() }
            }
            (Step::Escaped, _) => launch::Error::Escaped { directory: self.directory_name() },
            (Step::Execute, _) => launch::Error::Execute {
                program: program(),
                inside: self.is_elsewhere(),
                sealed: command.copy == Copied::Sealed,
                source,
            },
            (step, _) => launch::Error::Step { step, source },
        }
        .into()
    }

    fn directory_name(&self) -> PathBuf {
        self.command.directory.clone().unwrap_or_else(|| ".".into())
    }

    /// Whether paths mean something else inside.
    pub(crate) fn is_elsewhere(&self) -> bool {
        self.root.is_some() || self.namespaces.joins(Kind::Mount)
    }
}

/// A pidfd of this process.
fn ourselves() -> Result<OwnedFd, Error> {
    sys::pidfd_open(nix::unistd::getpid().as_raw())
        .map_err(|source| launch::Error::Process { operation: "launch", source }.into())
}

pub(crate) fn c_string(text: &OsStr) -> Result<CString, NulError> {
    CString::new(text.as_bytes())
}
