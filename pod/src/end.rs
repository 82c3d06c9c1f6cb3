//! Ending a pod's processes, in bounded time, and telling who stands in the way.
//!
//! The pause goes first, and with it, by the kernel, everything in its pid namespace; workloads that are among the
//! machine's processes are killed by us. The supervisor, which is the parent of the workloads, reaps them and
//! leaves the pod by itself, as the forwarder does. A
//! process is gone when that was seen; nothing is forgotten that was not.

use std::thread::sleep;
use std::time::{Duration, Instant};

use launch::{Identity, Look, Origin, Pidfd, Reach, Unseen};
use nix::errno::Errno;
use reaper::Signal;
use registry::{Damage, Name, PodDirectory, Process, RegistryError};

use crate::connect;
use crate::error::Error;
use crate::holders::{Holder, holders, members};
use crate::record::PodRecord;
use crate::strays::Strays;
use crate::supervisor;

/// How long killed processes may take to be gone. The kernel needs milliseconds; a loaded machine more.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long the supervisor and the forwarder have to follow the pause by themselves.
const FOLLOW: Duration = Duration::from_secs(2);
/// How long a process has to be gone that has left a pod.
const LEAVE: Duration = Duration::from_millis(200);
/// How long between two looks at a lock, at first and at most.
const FIRST_BREATH: Duration = Duration::from_micros(250);
const BREATH: Duration = Duration::from_millis(5);

/// Ends all that runs of a pod.
pub(crate) fn end(name: &Name, directory: &PodDirectory, here: &Origin) -> Result<(), Error> {
    let pauses = pauses(directory, here).map_err(|source| RegistryError::Unseen { name: name.clone(), source })?;
    let deadline = Instant::now() + PATIENCE;
    let strays = Strays::of(directory);
    // While its network is there more of it can be undone; what this cannot is tried, and told, when the pod is forgotten.
    let _tried_again = connect::part(directory, here);
    for pause in pauses {
        let mut members = members(pause.identity.pid);
        members.extend(workloads(directory));
        kill(&pause)?;
        if !ended_by(&pause.pidfd, deadline)? {
            // A supervisor that is stopped reaps nobody. Its children find another parent.
            end_follower(directory, Process::Supervisor, here, Duration::ZERO)?;
            if !ended_by(&pause.pidfd, Instant::now() + FOLLOW)? {
                return Err(Error::Stuck { name: name.clone(), holders: holders(pause.identity.pid, &members) });
            }
        }
    }
    let left = strays.end(Instant::now() + PATIENCE);
    if !left.is_empty() {
        return Err(Error::Stuck { name: name.clone(), holders: left });
    }
    let names = directory.workload_names().unwrap_or_default();
    let consoles = names.iter().map(Process::Console);
    if !is_unsupervised(directory, Instant::now() + FOLLOW)? {
        let holder = end_follower(directory, Process::Supervisor, here, Duration::ZERO)?;
        // Where its record is not to be believed, the lock on it is.
        if holder.is_some() || !is_unsupervised(directory, Instant::now() + FOLLOW)? {
            return Err(Error::Stuck { name: name.clone(), holders: holder.into_iter().collect() });
        }
    }
    // It sees no end of what it holds open.
    if let Some(holder) = end_follower(directory, Process::Pasta, here, Duration::ZERO)? {
        return Err(Error::Stuck { name: name.clone(), holders: vec![holder] });
    }
    for follower in [Process::Forwarder].into_iter().chain(consoles) {
        if let Some(holder) = end_follower(directory, follower, here, FOLLOW)? {
            return Err(Error::Stuck { name: name.clone(), holders: vec![holder] });
        }
    }
    supervisor_leaves(directory, here)
}

/// Waits until nobody supervises the pod any more. Whose process goes on has other things to do.
fn is_unsupervised(directory: &PodDirectory, deadline: Instant) -> Result<bool, Error> {
    let mut breath = FIRST_BREATH;
    while supervisor::is_living(directory)? {
        if Instant::now() >= deadline {
            return Ok(false);
        }
        sleep(breath);
        breath = (breath * 2).min(BREATH);
    }
    Ok(true)
}

/// Waits for a supervisor to be gone that has left the pod, unless its process is there for more than that.
fn supervisor_leaves(directory: &PodDirectory, here: &Origin) -> Result<(), Error> {
    let Some(supervisor) = recorded(directory, Process::Supervisor, here) else { return Ok(()) };
    if is_us(supervisor) {
        return Ok(());
    }
    if let Some(pidfd) = Pidfd::of(supervisor).map_err(RegistryError::Blind)? {
        let _others_go_on = ended_by(&pidfd, Instant::now() + LEAVE)?;
    }
    Ok(())
}

fn is_us(process: Identity) -> bool {
    u32::try_from(process.pid) == Ok(std::process::id())
}

/// Who is recorded, if that was written where processes are counted as here.
fn recorded(directory: &PodDirectory, process: Process<'_>, here: &Origin) -> Option<Identity> {
    let identity = directory.recorded(process).ok().flatten()?;
    directory.origin().is_ok_and(|origin| matches!(origin.from_here(here), Reach::Here)).then_some(identity)
}

/// The workloads' processes that are not gone, reaped or not: who is not root knows no others of a pause
/// that ends already.
fn workloads(directory: &PodDirectory) -> Vec<i32> {
    let names = directory.workload_names().unwrap_or_default();
    let recorded = names.iter().filter_map(|name| directory.recorded(Process::Workload(name)).ok().flatten());
    let is_there = |workload: &Identity| Look::at(workload.pid).is_ok_and(|look| look.identity == *workload);
    recorded.filter(is_there).map(|workload| workload.pid).collect()
}

/// Ends what was made of a pod that never was one, or is none any more.
pub(crate) fn end_draft(directory: &PodDirectory, here: &Origin) -> Result<(), Error> {
    let processes = [directory.drafted(Process::Pause)?, directory.drafted(Process::Pasta)?];
    for process in processes.into_iter().flatten() {
        end_drafted(directory, here, process)?;
    }
    Ok(())
}

fn end_drafted(directory: &PodDirectory, here: &Origin, process: Identity) -> Result<(), Error> {
    let unseen = |source| Error::from(RegistryError::Blind(source));
    match directory.origin()?.from_here(here) {
        Reach::Past => return Ok(()),
        Reach::Elsewhere(source) => return Err(unseen(source)),
        Reach::Here => {}
    }
    let Some(pidfd) = Pidfd::of(process).map_err(unseen)? else { return Ok(()) };
    let process = Pinned { identity: process, pidfd };
    kill(&process)?;
    if ended_by(&process.pidfd, Instant::now() + FOLLOW)? {
        return Ok(());
    }
    Err(Error::Left { path: directory.path().to_owned(), holders: holders(process.identity.pid, &[]) })
}

struct Pinned {
    identity: Identity,
    pidfd: Pidfd,
}

/// The pause process, by its own record and by that of the pod; both are looked at, for one may be
/// damaged. It is an error when neither can be read: nobody knows then who holds the namespaces.
fn pauses(directory: &PodDirectory, here: &Origin) -> Result<Vec<Pinned>, Unseen> {
    let boxed = |error: RegistryError| Unseen::Record(Box::new(error));
    let pod = directory.pod::<PodRecord>();
    let own = directory.recorded(Process::Pause);
    let origin = match (directory.origin(), &pod) {
        (Err(_), Ok(pod)) => Ok(pod.origin.clone()),
        (origin, _) => origin,
    };
    let identities: Vec<Identity> = match (own, &pod) {
        (Ok(own), Ok(pod)) => own.into_iter().chain([pod.pause]).collect(),
        (Err(_), Ok(pod)) => vec![pod.pause],
        (Ok(Some(own)), Err(_)) => vec![own],
        // There was never a pod here.
        (Ok(None), Err(RegistryError::Damaged { source: Damage::Missing, .. })) => return Ok(Vec::new()),
        (Ok(None), Err(_)) => return Err(boxed(pod.err().unwrap_or_else(|| RegistryError::Blind(Unseen::NotOurProc)))),
        (Err(error), Err(_)) => return Err(boxed(error)),
    };
    match origin.map_err(boxed)?.from_here(here) {
        Reach::Past => return Ok(Vec::new()),
        Reach::Elsewhere(unseen) => return Err(unseen),
        Reach::Here => {}
    }
    let mut pinned: Vec<Pinned> = Vec::new();
    for identity in identities {
        if !pinned.iter().any(|pinned| pinned.identity == identity) {
            pinned.extend(Pidfd::of(identity)?.map(|pidfd| Pinned { identity, pidfd }));
        }
    }
    Ok(pinned)
}

fn kill(process: &Pinned) -> Result<(), Error> {
    process.pidfd.signal(Signal::KILL).map_err(kernel("end the pause process"))
}

fn ended_by(pidfd: &Pidfd, deadline: Instant) -> Result<bool, Error> {
    pidfd
        .ended_within(deadline.saturating_duration_since(Instant::now()))
        .map_err(kernel("wait for the pod's processes"))
}

fn kernel(operation: &'static str) -> impl FnOnce(Errno) -> Error {
    move |source| Error::Kernel { operation, source }
}

/// Waits for a process that ends with the pause, and kills it when it does not; tells it where even
/// that does not help.
fn end_follower(
    directory: &PodDirectory,
    process: Process<'_>,
    here: &Origin,
    patience: Duration,
) -> Result<Option<Holder>, Error> {
    // Where there is nothing to be read of it, its socket or its lock tells.
    let Some(identity) = recorded(directory, process, here) else { return Ok(None) };
    if is_us(identity) {
        return Ok(None);
    }
    let Some(pidfd) = Pidfd::of(identity).map_err(RegistryError::Blind)? else { return Ok(None) };
    if ended_by(&pidfd, Instant::now() + patience)? {
        return Ok(None);
    }
    pidfd.signal(Signal::KILL).map_err(kernel("end the supervisor"))?;
    if ended_by(&pidfd, Instant::now() + FOLLOW)? { Ok(None) } else { Ok(Some(Holder::of(identity.pid))) }
}
