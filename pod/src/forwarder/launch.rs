//! Starting a forwarder in a pod's network, with nothing but what it is given.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::Path;

use nsjoin::{Child, Identity};
use rustix::fs::Mode;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, listen, socket_with, socketpair};

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
    let begun = door(start.directory).map_err(failed("make a socket for")).and_then(|door| {
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
    let nobody = Nobody { program: start.program, verb: "forward", pause: start.pause, record };
    nobody.launch(control).map_err(|trouble| match trouble {
        Trouble::Launch(error) => ForwarderError::Launch(error),
        Trouble::Need(operation, source) => ForwarderError::Ask { operation, source },
    })
}

/// The socket at which later supervisors reach the forwarder. Whoever was reached there before no longer is.
fn door(directory: &Path) -> io::Result<OwnedFd> {
    let opened = File::open(directory)?;
    let draft = format!("{SOCKET}.draft");
    match rustix::fs::unlinkat(&opened, &draft, rustix::fs::AtFlags::empty()) {
        Err(rustix::io::Errno::NOENT) => {}
        removed => removed?,
    }
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None)?;
    // The socket's file gets the mode that the socket has, whatever our umask leaves to others.
    rustix::fs::fchmod(&socket, Mode::RUSR | Mode::WUSR)?;
    // A socket's address holds 108 bytes; the directory's path may be longer than that.
    bind(&socket, &SocketAddrUnix::new(format!("/proc/self/fd/{}/{draft}", opened.as_raw_fd()))?)?;
    listen(&socket, 8)?;
    rustix::fs::renameat(&opened, &draft, &opened, SOCKET)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_door_is_for_its_owner_and_takes_the_place_of_another() {
        let directory = std::env::temp_dir().join(format!("pod-door-{}", std::process::id()));
        fs::create_dir(&directory).expect("a directory");
        let _first = door(&directory).expect("a door");
        let _second = door(&directory).expect("another");
        let mode = fs::metadata(directory.join(SOCKET)).expect("a socket").permissions().mode();
        let left = fs::read_dir(&directory).expect("a directory").count();
        fs::remove_dir_all(&directory).expect("removed");
        assert_eq!((mode & 0o777, left), (0o600, 1));
    }
}
