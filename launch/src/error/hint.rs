//! What is nearly always the reason of an error, where one thing is.

use std::io;

use nix::errno::Errno;

use super::Error;
use crate::op::Op;

impl Error {
    /// Why who has made a user namespace may still not mount in it, where the answer is `EACCES`.
    pub const POLICY: &'static str =
        "a policy of the machine forbids it (AppArmor: kernel.apparmor_restrict_unprivileged_userns); needs root";

    /// What is nearly always the reason, where one thing is.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Look { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                Some("the process belongs to somebody else; needs root")
            }
            Self::Step { op, source } => hint_of(op, *source),
            Self::Interpreter { .. } => {
                Some("the file is there; what its first line names (a line ending of DOS counts) or its loader is not")
            }
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

fn hint_of(op: &Op, source: Errno) -> Option<&'static str> {
    match (op, source) {
        (Op::Fork(_), Errno::ENOMEM) => {
            Some("the init of the target's pid namespace is dead, and nothing can be started there any more")
        }
        (Op::Filter(_), Errno::EACCES) => Some("needs root, or --no-new-privs"),
        (Op::Mount(_) | Op::Attach { .. } | Op::Install { .. } | Op::OwnMounts | Op::SlaveMounts, Errno::EACCES) => {
            Some(Error::POLICY)
        }
        (Op::Mount(_) | Op::OwnMounts | Op::SlaveMounts, Errno::EPERM) => {
            Some("needs root, or the user namespace that owns the pid namespace (-U -p)")
        }
        (Op::Demand(_) | Op::DropBounding(_) | Op::Capabilities(_), Errno::EPERM) => {
            Some("only what we have ourselves can be added, and dropping takes root")
        }
        (Op::Uid(_) | Op::Gid(_), Errno::EINVAL) => Some("the user namespace has no such id"),
        (Op::Groups(_), Errno::EPERM) => {
            Some("needs root; who makes a user namespace without it gives up changing groups")
        }
        (Op::Uid(_) | Op::Gid(_) | Op::Chroot(_), Errno::EPERM) => Some("needs root, or a user namespace (-U)"),
        (Op::JoinCgroup { .. }, Errno::EACCES | Errno::EPERM) => {
            Some("needs root, or a cgroup that was delegated to us")
        }
        (Op::RaiseLimit(_) | Op::SetLimit(_) | Op::OomScore(_) | Op::Nice(_), Errno::EPERM | Errno::EACCES) => {
            Some("to raise it beyond what we were given needs root")
        }
        _ => None,
    }
}
