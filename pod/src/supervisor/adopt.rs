//! Taking over what supervisors before us have launched.

use std::os::fd::{AsFd, BorrowedFd};

use container::cgroup::OomCounter;
use launch::{Pidfd, Seen};
use registry::{Name, PodDirectory, Process};

use super::complain;
use super::log::Log;
use super::pod::Pod;
use super::wires;
use super::worker::{Grouped, Output};
use super::workloads::{Held, Workloads};
use crate::cgroup;
use crate::error::Error;
use crate::record::{EndRecord, WorkloadRecord};
use crate::strays::Mounts;

/// Takes over the workloads that their directory knows; hands back which of them may run.
pub(super) fn adopt(pod: &Pod, workloads: &mut Workloads) -> Vec<Name> {
    let directory = &pod.directory;
    for name in directory.draft_names().unwrap_or_else(|error| complain(error, Vec::new())) {
        finish_draft(directory, &name);
    }
    let mut adopted = Vec::new();
    for name in directory.workload_names().unwrap_or_else(|error| complain(error, Vec::new())) {
        read_on(directory, workloads, &name);
        if directory.end::<EndRecord>(&name).is_ok_and(|end| end.is_some()) {
            clear(directory, &name);
            continue;
        }
        let found = match directory.look(Process::Workload(&name), &pod.here) {
            (Some(process), Seen::Alive) => Pidfd::of(process),
            (_, Seen::Unknown(unseen)) => Err(unseen),
            _ => Ok(None),
        };
        match found {
            Ok(None) => {
                clear(directory, &name);
                continue;
            }
            Ok(Some(pidfd)) => {
                let grouped = group(directory, &name).unwrap_or_else(|error| complain(error, Grouped::No));
                let mounts = mounts(directory, &name, pidfd.as_fd());
                workloads
                    .hold(directory, &name, Held::Anothers(pidfd), (grouped, mounts))
                    .unwrap_or_else(|error| complain(error, ()));
            }
            // What may run is not to be launched again.
            Err(unseen) => complain(unseen, ()),
        }
        adopted.push(name);
    }
    adopted
}

/// The mounts of one that runs, if it is a container.
fn mounts(directory: &PodDirectory, name: &Name, process: BorrowedFd<'_>) -> Option<Mounts> {
    let record = directory.spec::<WorkloadRecord>(name).ok().flatten()?;
    Mounts::of(record.plan.container?.parts().pids, process)
}

/// The control group that was made for a workload.
fn group(directory: &PodDirectory, name: &Name) -> Result<Grouped, Error> {
    let groups = cgroup::of(directory, name)?;
    if !groups.iter().any(|group| group.is_dir()) {
        return Ok(Grouped::No);
    }
    Ok(Grouped::Yes(OomCounter::again(&groups)?))
}

/// Removes what is left of the control group of one that has ended, seen or not.
fn clear(directory: &PodDirectory, name: &Name) {
    cgroup::clear(directory, name).unwrap_or_else(|error| complain(error, ()));
}

/// Makes a workload of a launch that was cut short after its process was there, and nothing of
/// one before.
fn finish_draft(directory: &PodDirectory, name: &Name) {
    let process = directory.drafted(Process::Draft(name));
    let finished = match process {
        Ok(Some(process)) if !matches!(process.look(), Seen::Ended) => directory.promote(name),
        Ok(_) => directory.forget_draft(name),
        Err(error) => Err(error),
    };
    finished.unwrap_or_else(|error| complain(error, ()));
}

/// Reads on what a workload says, or those it has left behind.
fn read_on(directory: &PodDirectory, workloads: &Workloads, name: &Name) {
    let Ok(Some(record)) = directory.spec::<WorkloadRecord>(name) else { return };
    let end = |stream: &str| wires::read_end(&directory.workload(name).join(stream));
    let output = end("stdout").and_then(|stdout| Ok((stdout, end("stderr")?)));
    // One that was never launched has none.
    let Ok((stdout, stderr)) = output else { return };
    match Log::resume(directory, name, record.number) {
        Ok(log) => {
            workloads.read(Output { stdout, stderr, log }).unwrap_or_else(|error| complain(error, ()));
        }
        Err(error) => complain(error, ()),
    }
}
