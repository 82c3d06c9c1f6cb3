//! Starting a forwarder in a pod's network, with nothing but what it is given.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use nsjoin::{Child, Identity};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};

use super::door::door;
use super::hold::{Forwarder, ForwarderError, failed};
use super::listen::Listening;
use super::message::{Command, SOCKET};
use crate::nobody::{Nobody, Trouble};

/// What a forwarder is started with.
#[derive(Debug)]
pub struct Start<'a> {
    /// The `pod` program.
    pub program: &'a Path,
    /// The pod's directory, in which later supervisors find its socket.
    pub directory: &'a Path,
    /// The pod's pause process, whose network it enters.
    pub pause: Identity,
    /// A pidfd of that, with whose end it ends.
    pub pinned: BorrowedFd<'a>,
    /// Where its line of `/proc/PID/stat` is written before it is executed.
    pub record: OwnedFd,
    /// The ports that it carries.
    pub listening: Vec<Listening>,
}

/// Starts a forwarder, and comes back when it carries all ports.
///
/// # Errors
/// When it cannot be launched or does not do what it is asked. None is left running then.
pub fn start(start: Start<'_>) -> Result<Forwarder, ForwarderError> {
    let (ours, theirs) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)
        .map_err(failed("make a socket for"))?;
    let child = launch(&start, &theirs)?;
    // With it open here, the forwarder's end would never be seen.
    drop(theirs);
    let mut forwarder = Forwarder::new(ours, Some(child));
    let begun = door(start.directory, SOCKET).map_err(failed("make a socket for")).and_then(|door| {
        forwarder.ask(&Command::Begin, &[start.pinned, door.as_fd()])?;
        forwarder.set_ports(start.listening)
    });
    match begun {
        Ok(()) => Ok(forwarder),
        Err(error) => {
            forwarder.bury();
            Err(error)
        }
    }
}

fn launch(start: &Start<'_>, control: &OwnedFd) -> Result<Child, ForwarderError> {
    let record = start.record.try_clone().map_err(failed("hand descriptors to"))?;
    let nobody = Nobody { program: start.program, verb: "forward", pause: start.pause, record, binds: false };
    nobody.launch(control).map_err(|trouble| match trouble {
        Trouble::Launch(error) => ForwarderError::Launch(error),
        Trouble::Need(operation, source) => ForwarderError::Ask { operation, source },
    })
}
