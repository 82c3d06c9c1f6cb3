//! `pod add`: putting a workload into a pod.

use std::ffi::OsString;
use std::thread::sleep;
use std::time::Duration;

use clap::Args;
use launch::Seen;
use registry::{Name, Process, RegistryError};

use super::Surroundings;
use super::surroundings::program_and_arguments;
use crate::control::{Answer, Request};
use crate::error::Error;
use crate::plan::{Conditions, WorkloadPlan, name_after};
use crate::programs::Programs;
use crate::store::Store;
use crate::supervisor;

/// Put a workload into a pod.
#[derive(Debug, Args)]
pub struct Add {
    /// The pod's name
    pub pod: Name,

    /// The workload's name, a DNS label [default: the program's name]
    #[arg(long)]
    name: Option<Name>,

    #[command(flatten)]
    surroundings: Surroundings,

    /// The command, and its arguments
    #[arg(trailing_var_arg = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

impl Add {
    /// The workload that was typed.
    ///
    /// # Errors
    /// When it was given no name and none can be made of the program's, or it is to start nowhere.
    pub fn plan(self) -> Result<WorkloadPlan, Error> {
        let (program, arguments) = program_and_arguments(self.command);
        let name = self.name.or_else(|| name_after(&program));
        let name = name.ok_or_else(|| Error::NoName { program: program.clone() })?;
        let (directory, environment) = self.surroundings.resolve()?;
        let conditions = Conditions::ours();
        Ok(WorkloadPlan { name, program, arguments, environment, directory: directory.into(), conditions })
    }
}

/// How often a supervisor is asked that is killed before it answers.
const TRIES: u32 = 20;
/// How long between.
const BREATH: Duration = Duration::from_millis(10);

/// Launches a workload, which the pod's supervisor owns; comes back once it has been executed.
///
/// # Errors
/// When there is no such pod or it is dead, the name is in use, or the command cannot be executed.
pub fn add(store: &Store, pod: &Name, plan: WorkloadPlan, programs: &Programs) -> Result<(), Error> {
    let request = Request::Start(Box::new(plan));
    for _ in 0..TRIES {
        let (directory, lock) = store.locked(pod)?;
        match directory.look(Process::Pause, store.here()).1 {
            Seen::Alive => {}
            Seen::Ended => {
                drop(lock);
                return Err(store.registry().ended(pod).into());
            }
            Seen::Unknown(source) => return Err(RegistryError::Unseen { name: pod.clone(), source }.into()),
        }
        supervisor::ensure(programs, pod, &directory, &[])?;
        drop(lock);
        match supervisor::ask(pod, &directory, &request)? {
            Some(Answer::Started) => return Ok(()),
            // A pod that ends meanwhile is the reason for whatever did not go well in it.
            Some(Answer::Refused(refusal)) => {
                return Err(store.registry().gone(pod).map_or(Error::Refused(refusal), Error::from));
            }
            // It has ended, with the pod or before it; or is about to, and its lock with it.
            Some(Answer::Stopped | Answer::Left(_)) | None => sleep(BREATH),
        }
    }
    Err(Error::Unanswered { name: pod.clone() })
}
