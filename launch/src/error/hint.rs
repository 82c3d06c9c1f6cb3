//! What is nearly always the reason of an error, where one thing is.

use std::io;

use nix::errno::Errno;

use super::Error;
use crate::sys::script::Step;

impl Error {
    /// What is nearly always the reason, where one thing is.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Look { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                Some("the process belongs to somebody else; needs root")
            }
            Self::Step { step, source } => hint_of_step(*step, *source),
            Self::Execute { inside: true, source: Errno::ENOENT, .. } => {
                Some("it was looked for in the target's mount namespace; --seal takes one from here")
            }
            Self::Execute { sealed: true, source: Errno::ENOENT, .. } => {
                Some("the interpreter or loader that it names is not there inside; a static one needs none")
            }
            Self::NoProcess { .. } => Some("name a process with --target"),
            _ => None,
        }
    }
}

fn hint_of_step(step: Step, source: Errno) -> Option<&'static str> {
    match (step, source) {
        (Step::Fork, Errno::ENOMEM) => {
            Some("the init of the target's pid namespace is dead, and nothing can be started there any more")
        }
        (Step::Filter, Errno::EACCES) => Some("needs root, or --no-new-privs"),
        (Step::Proc | Step::OwnMounts, Errno::EPERM) => {
            Some("needs root, or the user namespace that owns the pid namespace (-U -p)")
        }
        (Step::Capabilities, Errno::EPERM) => Some("only what we have ourselves can be added, and dropping takes root"),
        (Step::User | Step::Group, Errno::EINVAL) => Some("the user namespace has no such id"),
        (Step::Groups, Errno::EPERM) => {
            Some("needs root; who makes a user namespace without it gives up changing groups")
        }
        (Step::User | Step::Group, Errno::EPERM) => Some("needs root, or a user namespace (-U)"),
        (Step::Root, Errno::EPERM) => Some("needs root, or a user namespace (-U)"),
        (Step::Cgroup, Errno::EACCES | Errno::EPERM) => Some("needs root, or a cgroup that was delegated to us"),
        (Step::Limit | Step::OomScore | Step::Nice, Errno::EPERM | Errno::EACCES) => {
            Some("to raise it beyond what we were given needs root")
        }
        _ => None,
    }
}
