//! `pod add`: putting a workload into a pod.

mod contained;
mod imaged;
mod limited;
mod volume;

use std::ffi::OsString;
use std::fs;
use std::thread::sleep;
use std::time::Duration;

use clap::Args;
use container::limits::Limits;
use container::plan::Root;
use launch::Seen;
use registry::{Name, PodDirectory, Process, Registry, RegistryError, file};

use super::Surroundings;
use super::surroundings::program_and_arguments;
use crate::control::{Answer, Request};
use crate::error::Error;
use crate::instance;
use crate::plan::{Conditions, WorkloadPlan, name_after};
use crate::programs::Programs;
use crate::record::PodRecord;
use crate::store::Store;
use crate::supervisor;
use contained::{Contained, Typed, Usual};
use limited::Limited;

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

    #[command(flatten)]
    contained: Contained,

    #[command(flatten)]
    limited: Limited,

    /// The command, and its arguments
    #[arg(trailing_var_arg = true, required_unless_present = "image", value_name = "COMMAND")]
    command: Vec<OsString>,
}

impl Add {
    /// The workload that was typed, for a pod of this registry.
    ///
    /// # Errors
    /// When it was given no name and none can be made of the program's, it is to start nowhere, or what is to be
    /// a container cannot be one.
    pub fn plan(self, registry: &Registry) -> Result<WorkloadPlan, Error> {
        let Self { pod, name, surroundings, contained, limited, command } = self;
        let limits = limited.limits()?;
        let named = |program: &OsString| {
            let name = name.or_else(|| name_after(program));
            name.ok_or_else(|| Error::NoName { program: program.clone() })
        };
        let conditions = Conditions::ours();
        if contained.rootfs.is_none() && contained.image.is_none() {
            if contained.is_typed() {
                return Err(Error::NoRoot);
            }
            let (program, arguments) = program_and_arguments(command);
            let name = named(&program)?;
            let (directory, environment) = surroundings.resolve()?;
            let directory = directory.into();
            let (container, runtime) = (None, None);
            return Ok(WorkloadPlan {
                name,
                program,
                arguments,
                environment,
                directory,
                conditions,
                container,
                runtime,
                limits,
            });
        }
        let found = registry.pod(&pod)?;
        let directory = found.directory();
        let (root, usual) = root(&contained, directory)?;
        let made = root.clone();
        let record: PodRecord = directory.pod()?;
        let (workdir, environment) = surroundings.typed();
        let runtime = contained.runtime()?;
        let typed = Typed { command, environment, directory: workdir, terminal: false, limits };
        let container = contained.plan(root, usual, typed, (&record.plan, directory)).inspect_err(|_| {
            // The error is what there is to tell; what stays goes with the pod.
            let _goes_with_the_pod = instance::remove_root(directory, &made);
        })?;
        let process = &container.parts().process;
        let (program, arguments) = program_and_arguments(process.command.clone());
        Ok(WorkloadPlan {
            name: named(&program)?,
            program,
            arguments,
            environment: process.environment.clone(),
            directory: process.directory.clone().into(),
            conditions,
            container: Some(container),
            runtime,
            limits: Limits::default(),
        })
    }
}

/// The root directory that a container is to have, and what it says of how its program is to run.
fn root(contained: &Contained, directory: &PodDirectory) -> Result<(Root, Usual), Error> {
    if let Some(rootfs) = &contained.rootfs {
        return Ok((Root::Directory(fs::canonicalize(rootfs).map_err(file("find", rootfs))?), Usual::default()));
    }
    let name = contained.image.as_deref().unwrap_or_default();
    let (store, prepared) = imaged::prepare(name, contained.pull)?;
    let usual = imaged::usual(&prepared.image)?;
    let writable = instance::make(directory, &store, &prepared)?;
    Ok((Root::Layers { lowers: prepared.lowers, writable }, usual))
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
    let container = plan.container.clone();
    let added = ask(store, pod, plan, programs);
    if let (Err(_), Some(container), Ok(found)) = (&added, container, store.registry().pod(pod)) {
        // The error is what there is to tell; what stays goes with the pod.
        let _goes_with_the_pod = instance::remove(found.directory(), &container);
    }
    added
}

fn ask(store: &Store, pod: &Name, plan: WorkloadPlan, programs: &Programs) -> Result<(), Error> {
    let request = Request::Start(Box::new(plan));
    for _ in 0..TRIES {
        let (found, lock) = store.locked(pod)?;
        let directory = found.directory();
        match directory.look(Process::Pause, store.here()).1 {
            Seen::Alive => {}
            Seen::Ended => {
                drop(lock);
                return Err(found.ended().into());
            }
            Seen::Unknown(source) => return Err(RegistryError::Unseen { name: pod.clone(), source }.into()),
        }
        supervisor::ensure(programs, pod, directory, &[])?;
        let called = supervisor::call(pod, directory)?;
        drop(lock);
        let answer = match called {
            Some(called) => called.ask(&request)?,
            None => None,
        };
        match answer {
            Some(Answer::Started) => return Ok(()),
            // A pod that ends meanwhile is the reason for whatever did not go well in it.
            Some(Answer::Refused(refusal)) => {
                return Err(found.gone().map_or(Error::Refused(refusal), Error::from));
            }
            // It has ended, with the pod or before it; or is about to, and its lock with it.
            Some(Answer::Stopped | Answer::Left(_)) | None => sleep(BREATH),
        }
    }
    Err(Error::Unanswered { name: pod.clone() })
}
