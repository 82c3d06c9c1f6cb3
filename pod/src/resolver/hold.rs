//! Keeping a network's resolver: one that runs and knows who is in the network.

use std::fs::File;
use std::io;
use std::net::IpAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use launch::Identity;
use nix::poll::PollFlags;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};

use super::error::{ResolverError, failed};
use super::message::{Answer, Command, Place};
use crate::forwarder::{call, door, hear, ready, say};
use crate::nobody::{Nobody, Trouble};
use crate::recorded::{self, Ended};

/// In a network's directory: the process, and where it is found.
const RECORD: &str = "resolver";
const DOOR: &str = "resolver.sock";

/// How long a resolver has to do what it is asked.
const PATIENCE: Duration = Duration::from_secs(5);

/// The resolver that a network is to have.
#[derive(Debug)]
pub(crate) struct Resolver<'a> {
    /// The `pod` program.
    pub(crate) program: &'a Path,
    /// The network's directory, which the caller has locked.
    pub(crate) directory: &'a Path,
    /// A process in the network where the gateway is, if one is known: without it none is started.
    pub(crate) inside: Option<Identity>,
    /// The gateway's addresses, the first of which it must answer at.
    pub(crate) at: Vec<IpAddr>,
    /// The addresses of the network, and how many bits all of them begin with alike.
    pub(crate) within: Vec<(IpAddr, u8)>,
    /// Who is called what.
    pub(crate) names: PathBuf,
    /// Who is asked for the rest.
    pub(crate) upstream: Vec<IpAddr>,
}

/// Sees to it that there is this resolver, and that it knows what there is to know.
///
/// # Errors
/// When it cannot be launched, or does not do what it is asked. None is left running then.
pub(crate) fn keep(resolver: &Resolver<'_>) -> Result<(), ResolverError> {
    if let Some(control) = call(resolver.directory, DOOR).map_err(failed("reach"))? {
        match know(&control, resolver) {
            // It has ended between two words.
            Err(ResolverError::Ask { source, .. }) if has_gone(&source) => {}
            // One that answers has its reasons, which another one would have, too.
            told @ (Ok(()) | Err(ResolverError::Refused(_))) => return told,
            Err(_mute) => {}
        }
    }
    let Some(inside) = resolver.inside else { return Ok(()) };
    end(resolver.directory)?;
    let started = start(resolver, inside);
    if started.is_err() {
        // Nobody could find it later; what is to be said is why it was not started.
        let _ended = end(resolver.directory);
    }
    started
}

/// Where who resolves a network's names leaves word of itself.
pub(crate) fn record(directory: &Path) -> PathBuf {
    directory.join(RECORD)
}

/// Ends the resolver of the network in this directory, if there is one.
///
/// # Errors
/// When it cannot be told who it is, or does not end.
pub(crate) fn end(directory: &Path) -> Result<(), ResolverError> {
    match recorded::end(&record(directory)).map_err(failed("end"))? {
        Ended::Stays(pid) => return Err(ResolverError::Stays(pid)),
        Ended::Gone => {}
    }
    match std::fs::remove_file(directory.join(DOOR)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("forget")(error)),
        _ => Ok(()),
    }
}

fn start(resolver: &Resolver<'_>, inside: Identity) -> Result<(), ResolverError> {
    let (ours, theirs) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)
        .map_err(failed("make a socket for"))?;
    let options = &mut File::options();
    let record = options.write(true).create(true).truncate(true).mode(0o600).open(resolver.directory.join(RECORD));
    let record = record.map_err(failed("record"))?.into();
    let nobody = Nobody { program: resolver.program, verb: "resolve", pause: inside, record, binds: true };
    let child = nobody.launch(&theirs).map_err(|trouble| match trouble {
        Trouble::Launch(error) => ResolverError::Launch(error),
        Trouble::Need(operation, source) => ResolverError::Ask { operation, source },
    })?;
    // With it open here, its end would never be seen.
    drop(theirs);
    let begun = door(resolver.directory, DOOR).map_err(failed("make a socket for")).and_then(|door| {
        let place = Place { at: resolver.at.clone(), within: resolver.within.clone() };
        ask(&ours, &Command::Begin(place), &[door.as_fd()])?;
        know(&ours, resolver)
    });
    if begun.is_err() {
        // It may have ended by itself, and is to be gone all the same.
        let _ended = child.kill();
        let _reaped = child.wait();
    }
    begun
}

fn know(control: &OwnedFd, resolver: &Resolver<'_>) -> Result<(), ResolverError> {
    let names = File::open(&resolver.names).map_err(failed("read the names for"))?;
    ask(control, &Command::Know { upstream: resolver.upstream.clone() }, &[names.as_fd()])
}

/// Asks something, and waits until it is done.
fn ask(control: &OwnedFd, command: &Command, with: &[BorrowedFd<'_>]) -> Result<(), ResolverError> {
    let deadline = Instant::now() + PATIENCE;
    let until = |flag, mut what: Box<dyn FnMut() -> io::Result<Option<Answer>> + '_>| loop {
        match what() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                if !ready(control.as_fd(), flag, deadline) {
                    return Err(io::Error::from(io::ErrorKind::TimedOut));
                }
            }
            done => return done,
        }
    };
    let said = until(PollFlags::POLLOUT, Box::new(|| say(control, command, with).map(|()| None)));
    said.map_err(failed("ask"))?;
    let heard = until(
        PollFlags::POLLIN,
        Box::new(|| {
            let heard = hear::<Answer>(control)?.ok_or_else(|| io::Error::from(io::ErrorKind::BrokenPipe))?;
            Ok(Some(heard.0))
        }),
    );
    match heard.map_err(failed("ask"))? {
        Some(Answer::Refused(reason)) => Err(ResolverError::Refused(reason)),
        Some(Answer::Done) | None => Ok(()),
    }
}

fn has_gone(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset)
}
