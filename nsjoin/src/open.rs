//! Looking at the target and holding all that joining needs, before anything is changed.
//!
//! The target is pinned first, by a pidfd. Everything else is then read by pid, and only after
//! that the pidfd is asked whether the target still lives: if it does, the pid cannot have gone to
//! another process meanwhile, and all that was read was the target's.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::linux::fs::MetadataExt;

use caps::{CapSet, Capability};

use crate::error::Error;
use crate::identity::Look;
use crate::kind::Kind;
use crate::outcome::{Outcome, Skipped};
use crate::plan::{Command, Plan, Select, Target};
use crate::registry::Registry;
use crate::sys;

/// A plan whose target is pinned and whose namespaces are held open.
#[derive(Debug)]
pub struct Opened {
    pub(crate) pid: i32,
    pub(crate) pidfd: OwnedFd,
    /// What is to be entered, in the order of entering.
    pub(crate) namespaces: Vec<(Kind, OwnedFd)>,
    pub(crate) command: Command,
    outcome: Outcome,
}

impl Opened {
    /// What spawning will join, and what it leaves out.
    #[must_use]
    pub fn outcome(&self) -> &Outcome {
        &self.outcome
    }
}

impl Plan {
    /// Finds and pins the target, opens its namespaces and compares them with ours.
    ///
    /// # Errors
    /// When the target is not there (any more) or is a kernel thread, may not be looked at, or has
    /// no namespace of a kind that was named.
    pub fn open(self) -> Result<Opened, Error> {
        let (pid, pidfd) = pin(&self.target)?;
        let mut namespaces = Vec::new();
        let mut outcome = Outcome { joined: Vec::new(), shared: Vec::new(), skipped: Vec::new() };
        for kind in Kind::all().filter(|kind| self.select.wants(*kind)) {
            match theirs(pid, kind, &self.select)? {
                Namespace::Differs(file) => {
                    outcome.joined.push(kind);
                    namespaces.push((kind, file));
                }
                Namespace::Shared => outcome.shared.push(kind),
                Namespace::Unknown => outcome.skipped.push(Skipped { kind, reason: "this kernel has none" }),
            }
        }
        if !sys::is_alive(pidfd.as_fd()) {
            return Err(Error::Ended { pid });
        }
        Ok(Opened { pid, pidfd, namespaces, command: self.command, outcome })
    }
}

impl Select {
    fn wants(&self, kind: Kind) -> bool {
        match self {
            Self::Differing => match kind {
                Kind::Net | Kind::Ipc | Kind::Uts | Kind::Pid => true,
                Kind::User => !caps::has_cap(None, CapSet::Effective, Capability::CAP_SYS_ADMIN).unwrap_or(false),
                Kind::Cgroup | Kind::Mount | Kind::Time => false,
            },
            Self::All => true,
            Self::These(kinds) => kinds.contains(&kind),
        }
    }
}

/// Resolves the target once, to a pidfd of a process that has namespaces.
fn pin(target: &Target) -> Result<(i32, OwnedFd), Error> {
    let (pid, meant) = match target {
        Target::Pid(pid) => (*pid, None),
        Target::Process(identity) => (identity.pid, Some(*identity)),
        Target::Pod(name) => {
            let identity = Registry::of_this_user().pause(name)?;
            if !identity.is_alive() {
                return Err(Error::PodIsDead { name: name.clone() });
            }
            (identity.pid, Some(identity))
        }
    };
    let look_error = |source: io::Error| match source.raw_os_error() {
        Some(libc::ESRCH | libc::ENOENT) => Error::NoSuchProcess { pid },
        _ => Error::Look { pid, source },
    };
    let pidfd = sys::pidfd_open(pid).map_err(|errno| match errno {
        // What a number that can be no pid gets, and, since Linux 6.9, a thread that leads no process.
        nix::errno::Errno::EINVAL | nix::errno::Errno::ENOENT => Error::NoSuchProcess { pid },
        errno => look_error(errno.into()),
    })?;
    let look = Look::at(pid).map_err(look_error)?;
    if meant.is_some_and(|meant| meant != look.identity) {
        return Err(Error::Recycled { pid });
    }
    if look.kernel_thread {
        return Err(Error::KernelThread { pid });
    }
    if look.zombie {
        return Err(Error::Ended { pid });
    }
    Ok((pid, pidfd))
}

enum Namespace {
    Differs(OwnedFd),
    Shared,
    Unknown,
}

/// Opens the target's namespace of this kind, and says whether it is ours too.
fn theirs(pid: i32, kind: Kind, select: &Select) -> Result<Namespace, Error> {
    let file = match File::open(format!("/proc/{pid}/ns/{kind}")) {
        Ok(file) => file,
        Err(source) if source.kind() == io::ErrorKind::NotFound => {
            return match select {
                Select::These(_) => Err(Error::NoSuchKind { kind }),
                Select::Differing | Select::All => Ok(Namespace::Unknown),
            };
        }
        Err(source) => return Err(Error::Open { kind, pid, source }),
    };
    let look_error = |source| Error::Look { pid, source };
    let inode = file.metadata().map_err(look_error)?.st_ino();
    let ours = std::fs::metadata(format!("/proc/self/ns/{kind}")).map_err(look_error)?.st_ino();
    Ok(if inode == ours { Namespace::Shared } else { Namespace::Differs(file.into()) })
}
