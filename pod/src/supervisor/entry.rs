//! A supervisor's own life: from being started to the end of its pod.

use std::fs::File;
use std::io;
use std::net::Shutdown;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixStream;

use launch::{Identity, Inherited, Origin, OwnPids, Pidfd, Seen};
use nix::sys::prctl::set_name;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::Signal;
use nix::sys::stat::{Mode, umask};
use nix::unistd::{fchdir, setsid};
use registry::{Lock, PodDirectory, Process, RegistryError, Sharing, file};
use tokio::task::LocalSet;

use super::act::{Begun, Supervisor};
use super::notes::Notes;
use super::pod::Pod;
use super::start::Service;
use crate::control::{Answer, Refusal, Start, Word, receive, send};
use crate::error::Error;
use crate::forwarder::Listening;
use crate::plan::Share;
use crate::record::PodRecord;
use crate::sys;

/// Supervises a pod, in its directory, until its pause process ends.
///
/// Stdin is a socket. Who starts us hands us there the directory, says which ports are listened to, with
/// the listeners, and hears whether we have begun.
///
/// # Errors
/// When the pod is not there (any more), or has a supervisor.
pub fn supervise() -> Result<(), Error> {
    // Whatever else was open where we come from is for whoever opened it to close.
    sys::close_inherited();
    become_nobodys_child();
    let who = sys::inherited(0).map(UnixStream::from);
    let who = who.ok_or(Error::Handed { what: "no socket on stdin" })?;
    let directory = PodDirectory::current();
    let said = |answer| {
        // Who has gone does not need to hear it.
        let _gone = send(&who, &Word::Answer(answer), &[]);
        let _heard = who.shutdown(Shutdown::Both);
    };
    let mut begun = false;
    let supervised = begin(&who, directory).and_then(|begin| {
        Supervisor::run(begin, || {
            begun = true;
            said(Answer::Started);
        })
    });
    if let (false, Err(error)) = (begun, &supervised) {
        said(Answer::Refused(Refusal::from(error)));
    }
    supervised
}

/// Leaves the terminal, the session, the signals, the mask and the limits of where we come from.
pub(crate) fn become_nobodys_child() {
    // Refused only to a group's leader, which a process just made is not.
    let _session = setsid();
    let _renamed = set_name(c"pod");
    Inherited::forget();
    // A log at the limit of a file's size is one that takes no more, and no reason to end.
    let _ignored = sys::ignore(Signal::SIGXFSZ);
    umask(Mode::S_IRWXG | Mode::S_IRWXO);
    for resource in [Resource::RLIMIT_NOFILE, Resource::RLIMIT_FSIZE, Resource::RLIMIT_NPROC, Resource::RLIMIT_AS] {
        if let Ok((_, hard)) = getrlimit(resource) {
            // To raise it to the hard one is everybody's right.
            let _raised = setrlimit(resource, hard, hard);
        }
    }
}

fn begin(who: &UnixStream, directory: PodDirectory) -> Result<Begun, Error> {
    let (start, handed) = receive::<Start>(who).map_err(Error::hearing)?.ok_or(Error::Handed { what: "nothing" })?;
    let mut handed = handed.into_iter();
    let place = handed.next().ok_or(Error::Handed { what: "no directory" })?;
    let listening: io::Result<Vec<Listening>> = start
        .listening
        .into_iter()
        .zip(handed)
        .map(|(publish, listener)| Listening::verified(publish, listener))
        .collect();
    let listening = listening.map_err(Error::hearing)?;
    begin_in(place.as_fd(), directory, Service { listening, program: start.program.into(), notes: Notes::logged() })
}

/// Supervises a pod in this process, beside whatever else it does: until its pause process ends. Says when it has begun.
///
/// # Errors
/// When the pod is not there (any more), or has a supervisor.
pub(crate) async fn host(place: &PodDirectory, service: Service, ready: impl FnOnce()) -> Result<(), Error> {
    let place = File::open(place.path()).map_err(file("open", place.path()))?;
    let begun = begin_in(place.as_fd(), PodDirectory::current(), service)?;
    drop(place);
    // What it leaves behind of tasks goes with it.
    LocalSet::new().run_until(Supervisor::serve(begun, ready)).await
}

fn begin_in(place: BorrowedFd<'_>, directory: PodDirectory, service: Service) -> Result<Begun, Error> {
    fchdir(place).map_err(|source| Error::Kernel { operation: "go to the pod's directory", source })?;
    let record: PodRecord = directory.pod()?;
    let name = record.plan.name().clone();
    let here = Origin::here().map_err(RegistryError::Blind)?;
    let pause = match directory.look(Process::Pause, &here) {
        (Some(pause), Seen::Alive) => pause,
        (_, Seen::Unknown(source)) => return Err(RegistryError::Unseen { name, source }.into()),
        _ => return Err(RegistryError::Dead { name }.into()),
    };
    let lock = leave_word(&directory)?;
    let pinned = pin(pause)?.ok_or_else(|| RegistryError::Dead { name: name.clone() })?;
    let own_pids = if record.plan.shares(Share::Pid) { OwnPids::No } else { OwnPids::Yes };
    let pod = Pod { directory, plan: record.plan, pause, pinned, here, program: service.program };
    Ok(Begun { pod, own_pids, lock, listening: service.listening, notes: service.notes })
}

fn pin(process: Identity) -> Result<Option<Pidfd>, Error> {
    Pidfd::of(process).map_err(|unseen| RegistryError::Blind(unseen).into())
}

/// Records who we are, in a file that is locked for as long as we live.
fn leave_word(directory: &PodDirectory) -> Result<Lock, Error> {
    let path = directory.process(Process::Supervisor);
    let options = &mut File::options();
    options.create(true).append(true).mode(0o600).open(&path).map_err(file("create", &path))?;
    let lock = Lock::take(&path, Sharing::Exclusive)?;
    let lock = lock.ok_or_else(|| file("lock", &path)(io::ErrorKind::NotFound.into()))?;
    let record = File::options().write(true).truncate(true).open(&path).map_err(file("write", &path))?;
    let proc = File::open("/proc").map_err(file("open", "/proc"))?;
    launch::leave_identity(proc.as_fd(), record.as_fd()).map_err(|errno| file("write", &path)(errno.into()))?;
    Ok(lock)
}
