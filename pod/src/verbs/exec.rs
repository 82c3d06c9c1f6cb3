//! `pod exec`: joining a pod from outside, with a command.

use std::ffi::OsString;
use std::fs::File;
use std::os::unix::fs::OpenOptionsExt;

use clap::Args;
use container::ContainerPlan;
use launch::{Command, Environment, Identity, Ids, Origin, Seen, Typed, User};
use nsjoin::{Directory, Join, Opened, Select, Target};
use registry::{Found, Name, PodDirectory, Process, Registry, RegistryError, file};

use super::Surroundings;
use super::meant::none_such;
use super::named;
use super::surroundings::program_and_arguments;
use crate::bundle;
use crate::error::Error;
use crate::record::WorkloadRecord;
use crate::sandbox;

/// Join a pod with a command.
#[derive(Debug, Args)]
pub struct Exec {
    /// The pod's name: web, pod/web
    #[arg(value_name = "POD", value_parser = named::called)]
    pod: Name,

    /// The namespace of a manifest's pod
    #[arg(short, long, value_name = "NAME")]
    namespace: Option<String>,

    /// Join this workload, which may have namespaces of its own [default: the whole pod; of the pod of a manifest its
    /// default container]
    #[arg(short = 'c', long, visible_alias = "container", value_name = "NAME")]
    pub workload: Option<Name>,

    #[command(flatten)]
    surroundings: Surroundings,

    /// Run as this user, by name or id, as the files inside have it
    #[arg(short, long, value_name = "USER[:GROUP]")]
    user: Option<User>,

    /// Hand on what is typed, be it at a terminal or not: with --tty; without it, our stdin is the command's
    #[arg(short, long)]
    interactive: bool,

    /// Give it a terminal of its own
    #[arg(short, long)]
    tty: bool,

    /// Say nothing of our own but errors
    #[arg(short, long)]
    pub quiet: bool,

    /// The command, and its arguments
    #[arg(trailing_var_arg = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

impl Exec {
    /// The pod that is meant.
    ///
    /// # Errors
    /// There is none of its name.
    pub fn found(&self, registry: &Registry) -> Result<Found, Error> {
        named::found(registry, self.namespace.as_deref(), &self.pod)
    }

    /// What was read as the command.
    #[must_use]
    pub fn words(&self) -> &[OsString] {
        &self.command
    }

    /// The same as kubectl has it: a terminal is for somebody who types at one, and only who asks for it hands on what
    /// is typed. With it, a sentence, where something was asked for that is not to be had.
    #[must_use]
    pub fn kubectls(mut self, at_a_terminal: bool) -> (Self, Option<&'static str>) {
        let none = self.tty && self.interactive && !at_a_terminal;
        self.tty = self.tty && self.interactive && at_a_terminal;
        let told =
            (none && !self.quiet).then_some("Unable to use a TTY - input is not a terminal or the right kind of file");
        (self, told)
    }

    /// Whether what is typed is handed on.
    #[must_use]
    pub fn is_interactive(&self) -> bool {
        self.interactive
    }

    /// The command that was typed; in a container, with all that is the container's.
    ///
    /// # Errors
    /// When it is to start nowhere, or the container's user or profile is not there any more.
    pub fn command(self, contained: Option<&ContainerPlan>) -> Result<Command, Error> {
        let Self { surroundings, user, command: words, tty, .. } = self;
        let Some(container) = contained else {
            let (program, arguments) = program_and_arguments(words);
            let (directory, environment) = surroundings.resolve()?;
            let mut command = Command::new(program).args(arguments).environment(Environment::Empty);
            if let Some(user) = user {
                command.credentials.ids = Ids::User(user);
            }
            return Ok(command.envs(environment).directory(directory));
        };
        let mut process = container.parts().process.clone();
        let (directory, environment) = surroundings.typed();
        process.command = words;
        if tty && !process.environment.iter().any(|(key, _)| key == "TERM") {
            process.environment.push(("TERM".into(), "xterm".into()));
        }
        process.directory = directory.unwrap_or(process.directory);
        let mut command = container::command(&process)?;
        if let Some(user) = user {
            command.credentials.ids = Ids::User(user);
        }
        Ok(command.envs(environment))
    }

    /// Whose is what is typed, where it has a terminal of its own.
    #[must_use]
    pub fn typed(&self) -> Option<Typed> {
        let typed = if self.interactive { Typed::Stdin } else { Typed::OnlyAtATerminal };
        self.tty.then_some(typed)
    }
}

/// The container that a workload is, if it is one.
///
/// # Errors
/// When its record cannot be read.
pub fn contained(found: &Found, workload: Option<&Name>) -> Result<Option<ContainerPlan>, Error> {
    let Some(name) = workload else { return Ok(None) };
    let record: Option<WorkloadRecord> = found.directory().spec(name)?;
    Ok(record.and_then(|record| record.plan.container))
}

/// Prepares to join a pod, or a workload in it, with a command; spawning it is the caller's.
///
/// Without a workload the command sees what the pause process sees: the whole pod.
///
/// # Errors
/// When the pod has ended, or there is no such workload or it has, or that cannot be told.
pub fn exec(found: &Found, workload: Option<&Name>, command: Command) -> Result<Opened, Error> {
    let pause = found.pause()?;
    let process = process(found, workload)?;
    sandbox::mend(pause, found.directory())?;
    let command = at_home(command, process)?;
    let join = Join::new(Target::Process(process), command).select(Select::All).root(Directory::Targets);
    let plan = join.plan().map_err(nsjoin::Error::from)?;
    Ok(plan.open()?)
}

/// The process of a workload, where the one that was launched is a runtime that runs it.
fn own(directory: &PodDirectory, name: &Name, launched: Identity) -> Result<Option<Identity>, Error> {
    let record: Option<WorkloadRecord> = directory.spec(name)?;
    match record.and_then(|record| record.plan.runtime) {
        None => Ok(Some(launched)),
        Some(_) => bundle::process(directory, name, launched),
    }
}

/// The process of a workload; without one, the pause process, which sees the whole pod.
///
/// # Errors
/// As [`exec`].
pub(super) fn process(found: &Found, workload: Option<&Name>) -> Result<Identity, Error> {
    let pause = found.pause()?;
    let Some(name) = workload else { return Ok(pause) };
    let (pod, here) = (found.name(), Origin::here().map_err(RegistryError::Blind)?);
    match found.directory().look(Process::Workload(name), &here) {
        (Some(process), Seen::Alive) => own(found.directory(), name, process)?
            .ok_or_else(|| Error::NotYet { pod: pod.clone(), workload: name.clone() }),
        (Some(_), Seen::Ended) => Err(Error::WorkloadEnded { pod: pod.clone(), workload: name.clone() }),
        (None, Seen::Ended | Seen::Alive) => Err(none_such(found, name)),
        (_, Seen::Unknown(source)) => Err(RegistryError::Unseen { name: pod.clone(), source }.into()),
    }
}

/// Who comes as somebody is told where that one is at home.
fn at_home(command: Command, process: Identity) -> Result<Command, Error> {
    let is_told = command.variables.iter().any(|(key, _)| key == "HOME");
    if is_told || !matches!(command.credentials.ids, Ids::User(_)) {
        return Ok(command);
    }
    let path = format!("/proc/{}/root", process.pid);
    let root = File::options().read(true).custom_flags(libc::O_PATH | libc::O_DIRECTORY).open(&path);
    let home = container::home(&command, &root.map_err(file("open", path))?.into())?;
    Ok(command.env("HOME", home))
}
