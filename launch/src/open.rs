//! Looking up and holding what a command needs, before anything is changed.

pub mod below;
pub mod cgroup;
pub mod label;
pub mod mounts;
pub mod program;
pub mod ranges;
pub mod users;

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;

use nix::sys::statfs::{PROC_SUPER_MAGIC, fstatfs};

use crate::error::Error;

/// Our /proc, which has to be one: what is written there says who a command will be.
///
/// # Errors
/// When there is none, or another file system in its place.
pub fn our_proc() -> Result<OwnedFd, Error> {
    let failed = |source| Error::Proc { source };
    let flags = libc::O_PATH | libc::O_DIRECTORY;
    let proc = File::options().read(true).custom_flags(flags).open("/proc").map_err(failed)?;
    match fstatfs(&proc) {
        Ok(found) if found.filesystem_type() == PROC_SUPER_MAGIC => Ok(proc.into()),
        Ok(_) => Err(failed(io::Error::other("it is another file system"))),
        Err(errno) => Err(failed(errno.into())),
    }
}
