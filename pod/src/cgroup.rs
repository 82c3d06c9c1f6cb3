//! The control groups of a pod: one for the pod, and within it one for each of its workloads that has
//! limits or a root directory of its own.
//!
//! Their names have the pause's pid and start time in them, for other registries have pods of the same
//! name. Which directories they can have is recorded before any is made, so whoever is killed wherever,
//! they go with the pod.

use std::path::PathBuf;

use container::cgroup::{self, Above, Cgroup, Error as CgroupError, Machine, Made, Missed, PodCgroup, TOLD};
use container::limits::Limits;
use launch::Identity;
use registry::{Name, PodDirectory, RegistryError};

use crate::error::Error;
use crate::record::{Missing, PodRecord};

/// The group of a workload, and what it does without.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) cgroup: Cgroup,
    pub(crate) missing: Vec<Missing>,
}

/// A pod's own group, as the last workload was put into it: held, so that the next takes a step and not the whole way.
#[derive(Debug)]
pub(crate) struct Stand {
    above: Above,
    together: Limits,
}

/// Makes the group of a workload, with its limits, and those of all of the pod together.
pub(crate) fn make(
    directory: &PodDirectory,
    (pod, pause): (&Name, Identity),
    workload: &Name,
    (limits, together): (&Limits, &Limits),
    stand: &mut Option<Stand>,
) -> Result<Group, Error> {
    if let Some(there) = stand.as_ref().filter(|stand| stand.together == *together)
        && let Some(made) = there.above.make(workload.as_str(), limits, together, &TOLD)?
    {
        return Ok(group(made.cgroup, made.missed));
    }
    let pods = of_pod(pod, pause)?;
    let mut recorded = directory.cgroups()?;
    let before = recorded.len();
    recorded.extend(pods.directories());
    recorded.sort();
    recorded.dedup();
    if recorded.len() > before {
        directory.write_cgroups(&recorded)?;
    }
    // The pod's limits each time: whoever was the last in it may have taken it along.
    let Made { cgroup, missed, above } = pods.make(workload.as_str(), limits, together, &TOLD)?;
    *stand = above.map(|above| Stand { above, together: together.clone() });
    Ok(group(cgroup, missed))
}

fn group(cgroup: Cgroup, all_missed: Vec<Missed>) -> Group {
    // Those that are done without for one reason are told together.
    let mut missing: Vec<Missing> = Vec::new();
    for missed in all_missed {
        let (mount, reason) = (format!("cgroup {}", missed.controller), missed.lack.to_string());
        match missing.iter_mut().find(|told| told.reason == reason) {
            Some(told) => told.mount = format!("{}, {}", told.mount, missed.controller),
            None => missing.push(Missing { mount, reason }),
        }
    }
    Group { cgroup, missing }
}

fn of_pod(pod: &Name, pause: Identity) -> Result<PodCgroup, CgroupError> {
    Ok(Machine::look()?.pod(&format!("{pod}-{}-{}", pause.pid, pause.start_time)))
}

/// Those of a workload: where they are, if they are.
pub(crate) fn of(directory: &PodDirectory, workload: &Name) -> Result<Vec<PathBuf>, Error> {
    Ok(recorded(directory)?.into_iter().map(|group| group.join(workload.as_str())).collect())
}

/// Removes those of a workload, with whoever it has left in them.
pub(crate) fn clear(directory: &PodDirectory, workload: &Name) -> Result<(), Error> {
    Ok(cgroup::remove(&of(directory, workload)?)?)
}

/// Removes all of a pod.
pub(crate) fn clear_all(directory: &PodDirectory) -> Result<(), Error> {
    Ok(cgroup::remove(&recorded(directory)?)?)
}

/// Where the record of them cannot be read, what there is of them can still be found.
fn recorded(directory: &PodDirectory) -> Result<Vec<PathBuf>, Error> {
    match directory.cgroups() {
        Ok(recorded) => Ok(recorded),
        Err(newer @ RegistryError::OtherVersion { .. }) => Err(newer.into()),
        Err(damaged) => {
            let PodRecord { plan, pause, .. } = directory.pod().map_err(|_| damaged)?;
            Ok(of_pod(plan.name(), pause)?.directories())
        }
    }
}
