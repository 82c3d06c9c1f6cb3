//! The door of a process that stays: a socket in a directory, at which later commands find it.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, Mode, fchmod, renameat, unlinkat};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, connect, listen, socket_with};

/// Makes a door of this name. Whoever was reached there before no longer is.
pub(crate) fn door(directory: &Path, name: &str) -> io::Result<OwnedFd> {
    let opened = File::open(directory)?;
    let draft = format!("{name}.draft");
    match unlinkat(&opened, &draft, AtFlags::empty()) {
        Err(Errno::NOENT) => {}
        removed => removed?,
    }
    let socket = socket()?;
    // The socket's file gets the mode that the socket has, whatever our umask leaves to others.
    fchmod(&socket, Mode::RUSR | Mode::WUSR)?;
    bind(&socket, &address(&opened, &draft)?)?;
    listen(&socket, 8)?;
    renameat(&opened, &draft, &opened, name)?;
    Ok(socket)
}

/// Knocks at a door; `None` when nobody is there.
pub(crate) fn call(directory: &Path, name: &str) -> io::Result<Option<OwnedFd>> {
    let opened = match File::open(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    let socket = socket()?;
    match connect(&socket, &address(&opened, name)?) {
        Ok(()) => Ok(Some(socket)),
        Err(Errno::NOENT | Errno::CONNREFUSED) => Ok(None),
        Err(errno) => Err(errno.into()),
    }
}

fn socket() -> Result<OwnedFd, Errno> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None)
}

/// A socket's address holds 108 bytes; the directory's path may be longer than that.
fn address(directory: &File, name: &str) -> Result<SocketAddrUnix, Errno> {
    SocketAddrUnix::new(format!("/proc/self/fd/{}/{name}", directory.as_raw_fd()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_door_is_for_its_owner_and_takes_the_place_of_another() {
        let directory = tempfile::tempdir().expect("a directory");
        let called = || call(directory.path(), "door").expect("looked").is_some();
        assert!(!called(), "there is none");
        let first = door(directory.path(), "door").expect("a door");
        let second = door(directory.path(), "door").expect("another");
        let mode = fs::metadata(directory.path().join("door")).expect("a socket").permissions().mode();
        let left = fs::read_dir(directory.path()).expect("a directory").count();
        assert_eq!((mode & 0o777, left), (0o600, 1));
        drop(first);
        assert!(called());
        drop(second);
        assert!(!called(), "nobody is behind it");
    }
}
