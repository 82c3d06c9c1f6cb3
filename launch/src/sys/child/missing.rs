//! In the child: what the kernel's answer means to an operation that may be done without.

use nix::errno::Errno;

use crate::op::Op;

/// Where there is no place for it, or the kernel lacks it, or a container around us hides or forbids it.
const NOT_HERE: [Errno; 7] =
    [Errno::ENOENT, Errno::ENODEV, Errno::EPERM, Errno::ENOTDIR, Errno::EINVAL, Errno::ENOSYS, Errno::EOPNOTSUPP];

/// Whether this answer says that it cannot be had here, and not that something went wrong.
pub(super) fn can_do_without(op: &Op, errno: Errno) -> bool {
    match op {
        // The kernel has no IPv6, or none in this network.
        Op::Tell(_) => matches!(errno, Errno::EAFNOSUPPORT | Errno::EOPNOTSUPP | Errno::EACCES | Errno::ENODEV),
        Op::Mount(_) | Op::Make { .. } | Op::OwnCgroups => NOT_HERE.contains(&errno),
        // Of what was not made there is no descriptor.
        Op::Attach { .. } | Op::Install { .. } => errno == Errno::EBADF || NOT_HERE.contains(&errno),
        // There is nothing that could be seen.
        Op::Mask { .. } | Op::Protect { .. } => matches!(errno, Errno::ENOENT | Errno::ENOTDIR),
        // A link that leads nowhere is there.
        Op::Place { .. } => errno == Errno::EEXIST || NOT_HERE.contains(&errno),
        // The kernel has no such thing, or it is not a user namespace's.
        Op::Write { .. } => matches!(errno, Errno::ENOENT | Errno::EACCES | Errno::EPERM),
        // Refused where setgroups was given up for the right to write the gid map, or in a user
        // namespace that has no such groups.
        Op::Groups(_) => matches!(errno, Errno::EPERM | Errno::EINVAL),
        // The namespace has no such id.
        Op::Gid(_) | Op::Uid(_) => errno == Errno::EINVAL,
        // It may be the user's who the process is about to become, and nobody else's.
        Op::Chdir(_) => errno == Errno::EACCES,
        _ => false,
    }
}
