//! The client's side of a supervisor: binding its listeners, starting it, asking it.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write, pipe};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use command_fds::{CommandFdExt, FdMapping};
use nsjoin::Name;

use crate::control::{Answer, Request, SOCKET};
use crate::directory::PodDirectory;
use crate::error::{Error, file};
use crate::plan::{PodPlan, Share};
use crate::publish::Publish;

/// The descriptors that a supervisor is handed: where it says that it is ready; the lock on its
/// directory, until it has left word there; and from the last one on the listeners.
pub(super) const READY: i32 = 3;
pub(super) const LOCK: i32 = 4;
pub(super) const LISTENERS: i32 = 5;
/// What it says there.
pub(super) const IS_READY: &[u8] = b"ready\n";

/// A published port, listened to.
#[derive(Debug)]
pub(crate) struct Listening {
    pub(crate) publish: Publish,
    listener: TcpListener,
}

/// Listens where a port is to be published.
pub(crate) fn listen(publish: Publish) -> Result<Listening, Error> {
    let error = |source| Error::Publish { publish, source };
    let listener = match TcpListener::bind(publish.listen()) {
        // Every address, on a machine without IPv6.
        Err(found) if publish.address.is_unspecified() && no_ipv6(&found) => {
            TcpListener::bind(SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), publish.host_port)).map_err(error)?
        }
        bound => bound.map_err(error)?,
    };
    let host_port = listener.local_addr().map_err(error)?.port();
    Ok(Listening { publish: Publish { host_port, ..publish }, listener })
}

fn no_ipv6(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EAFNOSUPPORT | libc::EADDRNOTAVAIL))
}

/// Starts a pod's supervisor, and waits until it is ready. It shares the lock until the directory
/// knows of it: whoever kills us meanwhile, nobody takes the directory for nobody's.
pub(crate) fn start(
    plan: &PodPlan,
    directory: &PodDirectory,
    lock: &File,
    listening: &[Listening],
) -> Result<(), Error> {
    let name = plan.name();
    let failed = |source| Error::Supervisor { operation: "start", name: name.clone(), source };
    let (mut ready, theirs) = pipe().map_err(failed)?;
    let lock = lock.try_clone().map_err(failed)?;
    let mut fds = vec![
        FdMapping { parent_fd: theirs.into(), child_fd: READY },
        FdMapping { parent_fd: lock.into(), child_fd: LOCK },
    ];
    for (number, listening) in (LISTENERS..).zip(listening) {
        let copy = listening.listener.try_clone().map_err(failed)?;
        fds.push(FdMapping { parent_fd: OwnedFd::from(copy), child_fd: number });
    }
    let log = directory.path().join("supervisor.log");
    let mut command = Command::new("/proc/self/exe");
    command
        .arg0("pod")
        .args(["supervise", name.as_str()])
        .args((!plan.shares(Share::Pid)).then_some("--own-pids"))
        .args(listening.iter().map(|listening| listening.publish.pod_port.to_string()))
        .current_dir(directory.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(File::options().append(true).create(true).open(&log).map_err(file("open", &log))?)
        .fd_mappings(fds)
        .map_err(|error| failed(io::Error::other(error)))?;
    let mut child = command.spawn().map_err(failed)?;
    // It has copies now; with ours open, the end of the pipe would never be seen.
    drop(command);
    let mut word = Vec::new();
    ready.read_to_end(&mut word).map_err(failed)?;
    if word == IS_READY {
        return Ok(());
    }
    // It has ended, or is about to, and has said why in its log.
    child.wait().map_err(failed)?;
    let said = std::fs::read_to_string(&log).map_err(file("read", &log))?;
    let reason = said.lines().last().unwrap_or("it said nothing").to_owned();
    Err(failed(io::Error::other(reason)))
}

/// Starts a pod's supervisor unless one runs.
pub(crate) fn ensure(plan: &PodPlan, directory: &PodDirectory, lock: &File) -> Result<(), Error> {
    match directory.supervisor()? {
        Some(identity) if matches!(identity.look(), launch::Seen::Alive) => Ok(()),
        _ => start(plan, directory, lock, &[]),
    }
}

/// Asks a pod's supervisor; `None` when none is there to answer.
pub(crate) fn ask(name: &Name, directory: &PodDirectory, request: &Request) -> Result<Option<Answer>, Error> {
    let failed = |source| Error::Supervisor { operation: "ask", name: name.clone(), source };
    // A socket's address holds 108 bytes; the directory's path may be longer than that.
    let opened = File::open(directory.path()).map_err(file("open", directory.path()))?;
    let address: PathBuf = format!("/proc/self/fd/{}/{SOCKET}", opened.as_fd().as_raw_fd()).into();
    let mut stream = match UnixStream::connect(address) {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
            return Ok(None);
        }
        connected => connected.map_err(failed)?,
    };
    let mut line = serde_json::to_vec(request).map_err(|error| failed(error.into()))?;
    line.push(b'\n');
    stream.write_all(&line).map_err(failed)?;
    let mut answer = String::new();
    match BufReader::new(stream).read_line(&mut answer) {
        // It has been killed with our request unread, or read.
        Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Ok(None),
        read => read.map_err(failed)?,
    };
    if answer.is_empty() {
        return Ok(None);
    }
    serde_json::from_str(&answer).map(Some).map_err(|error| failed(error.into()))
}
