//! `pod delete`: ending a pod.

use std::time::Duration;

use clap::Args;
use launch::Seen;
use registry::{Found, Lock, Name, Process};

use crate::control::{Answer, Request};
use crate::end;
use crate::error::Error;
use crate::programs::Programs;
use crate::store::Store;
use crate::supervisor;

/// End pods and forget them.
#[derive(Debug, Args)]
pub struct Delete {
    /// Their names
    #[arg(required = true)]
    pub names: Vec<Name>,

    /// Seconds between TERM to each workload and KILL
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    grace_period: u64,

    /// Kill at once, as --grace-period 0 does
    #[arg(long, conflicts_with = "grace_period")]
    now: bool,

    /// Forget a pod of which it cannot be told what runs; that runs on then, if it does
    #[arg(long)]
    pub force: bool,
}

impl Delete {
    /// How long between TERM and KILL.
    #[must_use]
    pub fn grace(&self) -> Duration {
        Duration::from_secs(if self.now { 0 } else { self.grace_period })
    }

    /// What to do with a pod of which it cannot be told what runs.
    #[must_use]
    pub fn unseen(&self) -> Unsure {
        if self.force { Unsure::Forget } else { Unsure::Refuse }
    }
}

/// What to do with a pod of which it cannot be told what runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsure {
    /// Leave it as it is.
    Refuse,
    /// Forget it.
    Forget,
}

/// Ends a pod, dead or alive, and forgets it. Its workloads get TERM and so much grace before they
/// are killed; what else is in the pod ends with the pause process. Hands back what did not go as it
/// should have.
///
/// # Errors
/// When there is no such pod, or something of it cannot be ended or told.
pub fn delete(
    store: &Store,
    name: &Name,
    grace: Duration,
    unsure: Unsure,
    programs: &Programs,
) -> Result<Vec<Error>, Error> {
    let mut told = Vec::new();
    let (found, mut lock) = store.locked(name)?;
    if !grace.is_zero() {
        // Where that cannot be done they are killed all the same, and it is told.
        told.extend(ask_to_stop(store, &found, lock, grace, programs)?);
        match store.lock(&found)? {
            Some(again) => lock = again,
            // While we waited for its workloads, somebody in a hurry has done what we were asked for. Who
            // bears the name since then is another.
            None => return Ok(told),
        }
    }
    match end::end(name, found.directory(), store.here()) {
        Err(error) if unsure == Unsure::Forget && error.is_unseen() => told.push(error),
        ended => ended?,
    }
    store.forget(name, found.directory(), &lock)?;
    Ok(told)
}

/// Has the pod's workloads end by themselves, as far as there are any.
fn ask_to_stop(
    store: &Store,
    found: &Found,
    lock: Lock,
    grace: Duration,
    programs: &Programs,
) -> Result<Option<Error>, Error> {
    let (name, directory) = (found.name(), found.directory());
    let is_running =
        |workload: &Name| matches!(directory.look(Process::Workload(workload), store.here()).1, Seen::Alive);
    let pause = directory.look(Process::Pause, store.here()).1;
    if !matches!(pause, Seen::Alive) || !directory.workload_names()?.iter().any(is_running) {
        return Ok(None);
    }
    let called = supervisor::ensure(programs, name, directory, &[]).and_then(|()| supervisor::call(name, directory));
    // Others may hurry us, or ask for something else, meanwhile.
    drop(lock);
    let grace_ms = u64::try_from(grace.as_millis()).unwrap_or(u64::MAX);
    let asked = called.and_then(|called| match called {
        Some(called) => called.ask(&Request::Stop { grace_ms }),
        None => Ok(None),
    });
    Ok(match asked {
        Ok(Some(Answer::Stopped | Answer::Left(_)) | None) => None,
        Ok(Some(Answer::Refused(refusal))) => Some(Error::Refused(refusal)),
        Ok(Some(Answer::Started)) => Some(Error::Unanswered { name: name.clone() }),
        Err(error) => Some(error),
    })
}
