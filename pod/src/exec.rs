//! Joining a pod from outside, with a command.

use nsjoin::{Command, Join, Name, Opened, Select, Target};

use crate::error::Error;
use crate::store::Store;

/// Prepares to join a pod, or a workload in it, with a command; spawning it is the caller's.
///
/// Without a workload the command sees what the pause process sees: the whole pod.
///
/// # Errors
/// When there is no such pod or workload, or it has ended.
pub fn exec(store: &Store, pod: &Name, workload: Option<&Name>, command: Command) -> Result<Opened, Error> {
    let directory = store.pod(pod)?;
    let pause = directory.pause()?.filter(|pause| matches!(pause.look(), launch::Seen::Alive));
    let pause = pause.ok_or_else(|| Error::Dead { name: pod.clone() })?;
    let process = match workload {
        None => pause,
        Some(name) => {
            let found = directory.workload(name)?;
            let found = found.ok_or_else(|| Error::NoSuchWorkload { pod: pod.clone(), workload: name.clone() })?;
            let ended = || Error::WorkloadEnded { pod: pod.clone(), workload: name.clone() };
            found.process.filter(|process| matches!(process.look(), launch::Seen::Alive)).ok_or_else(ended)?
        }
    };
    let plan = Join::new(Target::Process(process), command).select(Select::All).plan().map_err(nsjoin::Error::from)?;
    Ok(plan.open()?)
}
