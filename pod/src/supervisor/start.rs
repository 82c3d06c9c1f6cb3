//! The client's side of a supervisor: starting it, and asking it.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, UnixAddr, connect, setsockopt, socket, sockopt};
use nix::sys::time::{TimeVal, TimeValLike};
use registry::{Lock, Name, PodDirectory, Process, Sharing, file};

use super::decide::PATIENCE;
use super::notes::Notes;
use crate::control::{Answer, Request, Start, Word, receive, send};
use crate::error::Error;
use crate::forwarder::Listening;
use crate::programs::Programs;
use crate::seal;

/// How long a supervisor may take to begin, or to launch something from a slow disk.
const SLOWLY: Duration = Duration::from_secs(30);
/// How long it may take to say that it has heard.
const HEARD: Duration = Duration::from_secs(5);

/// Whether a pod has a supervisor: whether its record is locked. That is told by the kernel, whatever
/// the record says and wherever we are.
///
/// # Errors
/// When it cannot be told.
pub(crate) fn is_living(directory: &PodDirectory) -> Result<bool, Error> {
    let path = directory.process(Process::Supervisor);
    match Lock::try_take(&path, Sharing::Shared)? {
        Some(_) => Ok(false),
        None => Ok(path.exists()),
    }
}

/// What a supervisor begins with, beside the pod.
#[derive(Debug)]
pub(crate) struct Service {
    /// The ports that are listened to already.
    pub(crate) listening: Vec<Listening>,
    /// This program's file.
    pub(crate) program: PathBuf,
    pub(crate) notes: Notes,
}

/// Starts a pod's supervisor unless one runs, and waits until it is ready.
pub(crate) fn ensure(
    programs: &Programs,
    name: &Name,
    directory: &PodDirectory,
    listening: &[Listening],
) -> Result<(), Error> {
    if is_living(directory)? {
        return Ok(());
    }
    let failed = |source| Error::Supervisor { operation: "start", name: name.clone(), source };
    let (ours, theirs) = UnixStream::pair().map_err(failed)?;
    let log = directory.supervisor_log();
    let said = File::options().append(true).create(true).mode(0o600).open(&log).map_err(file("open", &log))?;
    let place = File::open(directory.path()).map_err(file("open", directory.path()))?;
    let program = programs.pod()?;
    // Nobody in a container is to write to that file by way of us (CVE-2019-5736).
    let sealed = seal::sealed(&program)?;
    let by_number = sealed.as_ref().map(|file| PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd())));
    // Told to be in a directory, std would fork, and wait for ever for word of the child where that cannot be
    // read; the supervisor goes to the one that it is handed.
    let mut command = Command::new(by_number.as_ref().unwrap_or(&program));
    command.arg0("pod").arg("supervise").env_clear().stdin(OwnedFd::from(theirs)).stdout(Stdio::null()).stderr(said);
    let mut child = command.spawn().map_err(failed)?;
    // It has a copy now; with ours open, its end would never be seen.
    drop(command);
    ours.set_read_timeout(Some(SLOWLY)).map_err(failed)?;
    let start =
        Start { listening: listening.iter().map(|listening| listening.publish).collect(), program: program.into() };
    let listeners = listening.iter().map(|listening| listening.as_fd().as_raw_fd());
    let handed: Vec<_> = [place.as_raw_fd()].into_iter().chain(listeners).collect();
    let begun = send(&ours, &start, &handed).and_then(|()| receive::<Word>(&ours));
    let error = match begun {
        Ok(Some((Word::Answer(Answer::Started), _))) => return Ok(()),
        Ok(Some((Word::Answer(Answer::Refused(refusal)), _))) => Error::Refused(refusal),
        Ok(Some(_)) => failed(io::ErrorKind::InvalidData.into()),
        Ok(None) => failed(io::Error::other(format!("it has ended; {} may say why", log.display()))),
        Err(source) => failed(source),
    };
    let _gone = child.kill().and_then(|()| child.wait());
    Err(error)
}

/// A supervisor that has been called, and listens: that of the pod that was locked meanwhile, whoever bears
/// its name later.
#[derive(Debug)]
pub(crate) struct Called<'a> {
    name: &'a Name,
    directory: &'a PodDirectory,
    stream: UnixStream,
}

/// Calls a pod's supervisor; `None` when none is there to answer.
pub(crate) fn call<'a>(name: &'a Name, directory: &'a PodDirectory) -> Result<Option<Called<'a>>, Error> {
    let failed = |source| Error::Supervisor { operation: "ask", name: name.clone(), source };
    let stream = match connected(directory) {
        Err(Errno::ENOENT | Errno::ECONNREFUSED) => return Ok(None),
        Err(Errno::EAGAIN) => return Err(silent(name, directory)),
        connected => UnixStream::from(connected.map_err(|errno| failed(errno.into()))?),
    };
    stream.set_write_timeout(Some(HEARD)).map_err(failed)?;
    Ok(Some(Called { name, directory, stream }))
}

impl Called<'_> {
    /// Asks it, with these descriptors; `None` when it has ended before it answered.
    pub(crate) fn ask(&self, request: &Request, handed: &[RawFd]) -> Result<Option<Answer>, Error> {
        let Self { name, directory, stream } = self;
        let failed = |source| Error::Supervisor { operation: "ask", name: (*name).clone(), source };
        let slowly = match request {
            Request::Start(_) | Request::Publish(_) | Request::Reserve(_) => SLOWLY,
            Request::Stop { grace_ms } => Duration::from_millis(*grace_ms).saturating_add(PATIENCE * 2),
        };
        let mut patience = HEARD;
        let mut said = send(stream, request, handed).map(|()| None);
        loop {
            match said {
                Ok(Some((Word::Answer(answer), _))) => return Ok(Some(answer)),
                Ok(Some((Word::Heard, _))) => patience = slowly,
                Ok(Some((Word::Ended(_), _))) => return Err(failed(io::ErrorKind::InvalidData.into())),
                Ok(None) => {}
                // It has been killed with our request unread, or read.
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::UnexpectedEof
                    ) =>
                {
                    return Ok(None);
                }
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                    return Err(silent(name, directory));
                }
                Err(error) => return Err(failed(error)),
            }
            stream.set_read_timeout(Some(patience)).map_err(failed)?;
            said = match receive::<Word>(stream) {
                Ok(None) => return Ok(None),
                said => said,
            };
        }
    }
}

impl Called<'_> {
    /// Where it says how a workload has ended that we are attached to.
    pub(crate) fn into_stream(self) -> UnixStream {
        self.stream
    }
}

/// That the supervisor is there and says nothing.
fn silent(name: &Name, directory: &PodDirectory) -> Error {
    let pid = directory.recorded(Process::Supervisor).ok().flatten().map(|supervisor| supervisor.pid);
    Error::Silent { name: name.clone(), pid }
}

/// Connects to the supervisor's socket.
fn connected(directory: &PodDirectory) -> Result<OwnedFd, Errno> {
    // A socket's address holds 108 bytes; the directory's path may be longer than that.
    let opened =
        File::open(directory.path()).map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO)))?;
    let socket = socket(AddressFamily::Unix, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
    // One whose backlog is full would have us wait for ever.
    let patience = TimeVal::milliseconds(i64::try_from(HEARD.as_millis()).unwrap_or(i64::MAX));
    setsockopt(&socket, sockopt::SendTimeout, &patience)?;
    let address = format!("/proc/self/fd/{}/control", opened.as_raw_fd());
    connect(socket.as_raw_fd(), &UnixAddr::new(address.as_str())?)?;
    Ok(socket)
}
