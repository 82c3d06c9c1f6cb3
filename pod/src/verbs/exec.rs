//! `pod exec`: joining a pod from outside, with a command.

use std::ffi::OsString;

use clap::Args;
use launch::{Command, Environment, Origin, Seen};
use nsjoin::{Directory, Join, Opened, Select, Target};
use registry::{Name, Process, Registry, RegistryError};

use super::Surroundings;
use super::surroundings::program_and_arguments;
use crate::error::Error;
use crate::sandbox;

/// Join a pod with a command.
#[derive(Debug, Args)]
pub struct Exec {
    /// The pod's name
    pub pod: Name,

    /// Join this workload, which may have namespaces of its own
    #[arg(short = 'c', long, value_name = "NAME")]
    pub workload: Option<Name>,

    #[command(flatten)]
    surroundings: Surroundings,

    /// The command, and its arguments
    #[arg(trailing_var_arg = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

impl Exec {
    /// The command that was typed.
    ///
    /// # Errors
    /// When it is to start nowhere.
    pub fn command(self) -> Result<Command, Error> {
        let (program, arguments) = program_and_arguments(self.command);
        let (directory, environment) = self.surroundings.resolve()?;
        let command = Command::new(program).args(arguments).environment(Environment::Empty);
        Ok(command.envs(environment).directory(directory))
    }
}

/// Prepares to join a pod, or a workload in it, with a command; spawning it is the caller's.
///
/// Without a workload the command sees what the pause process sees: the whole pod.
///
/// # Errors
/// When there is no such pod or workload, or it has ended, or that cannot be told.
pub fn exec(registry: &Registry, pod: &Name, workload: Option<&Name>, command: Command) -> Result<Opened, Error> {
    let pause = registry.pause(pod)?;
    let process = match workload {
        None => pause,
        Some(name) => {
            let directory = registry.pod(pod)?;
            let here = Origin::here().map_err(RegistryError::Blind)?;
            match directory.look(Process::Workload(name), &here) {
                (Some(process), Seen::Alive) => process,
                (Some(_), Seen::Ended) => {
                    return Err(Error::WorkloadEnded { pod: pod.clone(), workload: name.clone() });
                }
                (None, Seen::Ended | Seen::Alive) => {
                    return Err(Error::NoSuchWorkload { pod: pod.clone(), workload: name.clone() });
                }
                (_, Seen::Unknown(source)) => return Err(RegistryError::Unseen { name: pod.clone(), source }.into()),
            }
        }
    };
    sandbox::mend(pause, &registry.pod(pod)?)?;
    let join = Join::new(Target::Process(process), command).select(Select::All).root(Directory::Targets);
    let plan = join.plan().map_err(nsjoin::Error::from)?;
    Ok(plan.open()?)
}
