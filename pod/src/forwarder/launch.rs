//! Starting a forwarder in a pod's network, with nothing but what it is given.

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use caps::{CapSet, Capability};
use nix::errno::Errno;
use nsjoin::{
    Capabilities, Child, Credentials, Environment, Id, Identity, Ids, Inherited, Join, Kind, Record, Rest, Select,
    Session, Target,
};
use rustix::fs::Mode;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, listen, socket_with, socketpair};

use super::hold::{Forwarder, ForwarderError, failed};
use super::listen::Listening;
use super::message::{Command, SOCKET};

/// Nobody, as Kubernetes' pause has it.
const NOBODY: u32 = 65535;

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
    let null = File::options().read(true).write(true).open("/dev/null").map_err(failed("open /dev/null for"))?;
    let null = OwnedFd::from(null);
    match spawn(start, start.program, control, &null, &null) {
        // Nobody may not go where the program is; we may, and hold it. It is found as stderr, which
        // is the only descriptor that it does not need at once.
        Err(ForwarderError::Launch(error)) if is_out_of_reach(&error) => {
            let program = File::options().read(true).custom_flags(libc::O_PATH).open(start.program);
            let program = OwnedFd::from(program.map_err(failed("open the program of"))?);
            // Who could not be executed has left word already.
            rustix::fs::ftruncate(&start.record, 0).map_err(failed("record"))?;
            rustix::fs::seek(&start.record, rustix::fs::SeekFrom::Start(0)).map_err(failed("record"))?;
            spawn(start, Path::new("/proc/self/fd/2"), control, &null, &program)
        }
        launched => launched,
    }
}

fn is_out_of_reach(error: &nsjoin::Error) -> bool {
    let nsjoin::Error::Launch(error) = error else { return false };
    matches!(error, launch::Error::Execute { source: Errno::EACCES | Errno::ENOENT, .. })
}

fn spawn(
    start: &Start<'_>,
    program: &Path,
    control: &OwnedFd,
    null: &OwnedFd,
    stderr: &OwnedFd,
) -> Result<Child, ForwarderError> {
    let copy = |file: &OwnedFd| file.try_clone().map_err(failed("hand descriptors to"));
    let command = nsjoin::Command::new(program)
        .arg("forward")
        .environment(Environment::Empty)
        .directory("/")
        .session(Session::New)
        .stdio([Some(copy(control)?), Some(copy(null)?), Some(copy(stderr)?)])
        .signals(Inherited::now())
        .record(Record::Stat(copy(&start.record)?))
        .umask(0o077)
        .credentials(credentials());
    let kinds = Select::These([Kind::User, Kind::Net].into());
    let opened = Join::new(Target::Process(start.pause), command).select(kinds).plan().map_err(nsjoin::Error::from);
    let launched = opened.and_then(nsjoin::Plan::open).and_then(nsjoin::Opened::spawn);
    launched.map_err(|error| ForwarderError::Launch(Box::new(error)))
}

/// Nobody, where we can become it; without any capability in any case.
fn credentials() -> Credentials {
    let nobody = || Some(Id::Number(NOBODY));
    let becomes_nobody = can_become_nobody();
    let ids =
        if becomes_nobody { Ids::Parts { user: nobody(), group: nobody(), rest: Rest::Kept } } else { Ids::default() };
    Credentials {
        ids,
        groups: becomes_nobody.then(Vec::new),
        capabilities: Capabilities { drop: caps::all(), ..Capabilities::default() },
        no_new_privileges: true,
    }
}

/// Whether we have the right to other ids, and there is one that is nobody's.
///
/// # References
/// `user_namespaces`(7), "Defining user and group ID mappings"
fn can_become_nobody() -> bool {
    let may = |capability| caps::has_cap(None, CapSet::Effective, capability).unwrap_or(false);
    let is_mapped = |map: &str| fs::read_to_string(map).is_ok_and(|map| has_id(&map, NOBODY));
    let may_set_groups = fs::read_to_string("/proc/self/setgroups").map_or(true, |word| word.trim() == "allow");
    may(Capability::CAP_SETUID)
        && may(Capability::CAP_SETGID)
        && may_set_groups
        && ["/proc/self/uid_map", "/proc/self/gid_map"].into_iter().all(is_mapped)
}

/// Whether a map of ids has this one inside.
fn has_id(map: &str, id: u32) -> bool {
    map.lines().any(|line| {
        let numbers: Vec<u64> = line.split_whitespace().filter_map(|number| number.parse().ok()).collect();
        matches!(numbers[..], [first, _, count] if (first..first + count).contains(&u64::from(id)))
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
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn nobody_is_looked_for_in_every_range() {
        for (map, has) in [
            ("         0          0 4294967295\n", true),
            ("0 1000 1\n", false),
            ("0 1000 1\n1 100000 65536\n", true),
            ("0 100000 65535\n", false),
            ("0 100000 65536\n", true),
            ("", false),
        ] {
            assert_eq!(has_id(map, NOBODY), has, "{map:?}");
        }
    }

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
