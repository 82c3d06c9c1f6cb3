//! Giving up, once started, what a forwarder has no use for.

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

use nix::sys::prctl::{set_dumpable, set_name};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use rustix::stdio::{dup2_stderr, dup2_stdin};

use super::limit::Limits;

/// Takes the control socket, which is our stdin, out of reach of whoever reads or writes by habit.
pub(crate) fn take_control() -> io::Result<OwnedFd> {
    let control = io::stdin().as_fd().try_clone_to_owned()?;
    dup2_stdin(io::stdout())?;
    // What we were executed from may have been here.
    dup2_stderr(io::stdout())?;
    Ok(control)
}

/// Keeps everybody of our user from looking at us, and takes all descriptors that there are for us.
pub(crate) fn confine(name: &CStr) -> io::Result<Limits> {
    // Executed by way of a descriptor, we would be called by its number.
    set_name(name)?;
    set_dumpable(false)?;
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?;
    Ok(Limits::of(usize::try_from(hard).unwrap_or(usize::MAX)))
}
