//! A terminal of the container's own: in its devpts, and in no other.

use std::os::fd::{IntoRawFd, OwnedFd};

use launch::Number;
use launch::open::users::OpenIds;
use nix::errno::Errno;
use nix::fcntl::{OFlag, openat};
use nix::sys::stat::Mode;
use nix::unistd::{Uid, fchown};
use reaper::sys::terminal;

use crate::error::Error;
use crate::lower::Trees;
use crate::plan::{ContainerPlan, What};

/// The end of a container's terminal that is not the container's.
pub type Terminal = OwnedFd;

/// Makes a pair: the first of its devpts, which is nowhere yet.
pub(super) fn open(plan: &ContainerPlan, trees: &Trees<OwnedFd>, ids: &OpenIds) -> Result<(Terminal, OwnedFd), Error> {
    let failed = |errno: Errno| Error::Terminal(errno.into());
    let at = plan.parts().mounts.iter().position(|mount| mount.what == What::Devpts);
    let terminals = at.and_then(|at| trees.mounts.get(at)?.as_ref()).ok_or_else(|| failed(Errno::ENODEV))?;
    let flags = OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
    let ours = openat(terminals, "ptmx", flags, Mode::empty()).map_err(failed)?;
    let raw = |errno: reaper::sys::Errno| failed(Errno::from_raw(errno.number()));
    let kept = ours.try_clone().map_err(Error::Terminal)?;
    let master = terminal::adopt(ours.into_raw_fd()).map_err(raw)?;
    let theirs = terminal::peer(&master).map_err(raw)?;
    let theirs = launch::duplicate(theirs.number()).map_err(failed)?;
    // Who it is for must be able to open it again, as /dev/tty and by its name.
    if let Some(Number::Asked(user)) = ids.user
        && user != 0
    {
        match fchown(&theirs, Some(Uid::from_raw(user)), None) {
            // In a user namespace of one user it is that one's already.
            Ok(()) | Err(Errno::EPERM | Errno::EINVAL) => {}
            Err(errno) => return Err(failed(errno)),
        }
    }
    Ok((kept, theirs))
}
