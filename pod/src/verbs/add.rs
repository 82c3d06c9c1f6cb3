//! `pod add`: putting a workload into a pod.

mod contained;
mod imaged;
mod limited;
mod volume;

use std::ffi::OsString;
use std::fs;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::Duration;

use clap::Args;
use container::limits::Limits;
use container::plan::Root;
use launch::{Pidfd, Seen, Typed};
use registry::{Found, Name, PodDirectory, Process, Registry, RegistryError, file};

use super::Surroundings;
use super::surroundings::program_and_arguments;
use crate::attach::{self, Attached};
use crate::control::{Answer, Request};
use crate::error::Error;
use crate::instance;
use crate::plan::{Conditions, Console, Size, Typing, WorkloadPlan, name_after};
use crate::programs::Programs;
use crate::record::{PodRecord, WorkloadRecord};
use crate::store::Store;
use crate::supervisor::{self, Called};
use contained::{Contained, Further, Usual};
pub(crate) use imaged::Pull;
use limited::Limited;

/// Put a workload into a pod.
#[derive(Debug, Args)]
pub struct Add {
    /// The pod's name
    pub pod: Name,

    /// The workload's name, a DNS label [default: the program's name]
    #[arg(long)]
    name: Option<Name>,

    /// Launch it and come back, as without -i and -t; what they give it, it has all the same
    #[arg(short, long)]
    detach: bool,

    /// Stay, and hand on what is typed, be it at a terminal or not: our stdin is the workload's
    #[arg(short, long)]
    interactive: bool,

    /// Stay, and give it a terminal of its own
    #[arg(short, long, conflicts_with = "runtime")]
    tty: bool,

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

/// What a workload is made of.
pub(crate) enum Of {
    /// What the pod sees.
    Nothing,
    /// An image, fetched if it has to be.
    Image(String, Pull),
}

impl Add {
    /// A workload of which nothing else was typed.
    pub(crate) fn plain(pod: Name, name: Option<Name>, of: Of, command: Vec<OsString>) -> Self {
        let contained = match of {
            Of::Nothing => Contained::default(),
            Of::Image(image, pull) => Contained::of(image, pull),
        };
        let (surroundings, limited) = (Surroundings::default(), Limited::default());
        Self { pod, name, detach: false, interactive: false, tty: false, surroundings, contained, limited, command }
    }

    /// Whose is what is typed, where we stay attached to it.
    #[must_use]
    pub fn attached(&self) -> Option<Typed> {
        let typed = if self.interactive { Typed::Stdin } else { Typed::OnlyAtATerminal };
        ((self.interactive || self.tty) && !self.detach).then_some(typed)
    }

    fn console(&self) -> Console {
        match (self.tty, self.interactive) {
            (true, _) if self.detach => Console::Terminal(Size::default()),
            (true, _) => Console::Terminal(attach::size()),
            (false, true) => Console::Pipe,
            (false, false) => Console::None,
        }
    }

    /// The workload that was typed, for a pod of this registry.
    ///
    /// # Errors
    /// When it was given no name and none can be made of the program's, it is to start nowhere, or what is to be
    /// a container cannot be one.
    pub fn plan(self, registry: &Registry) -> Result<WorkloadPlan, Error> {
        let console = self.console();
        let typing = if self.detach { Typing::Always } else { Typing::Once };
        let Self { pod, name, surroundings, contained, limited, command, .. } = self;
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
                console,
                typing,
                target: None,
                parts: Vec::new(),
                wishes_shares: false,
            });
        }
        let found = registry.pod(&pod)?;
        let directory = found.directory();
        let record: PodRecord = directory.pod()?;
        let source = Source::of(&contained)?;
        let usual = source.usual()?;
        let words = usual.words(command);
        // What has no name is refused before anything is made of it; what has no words has a reason of its own.
        let name = words.first().map(named).transpose()?;
        let runtime = contained.runtime()?;
        let root = source.root(directory)?;
        let made = root.clone();
        let (workdir, environment) = surroundings.typed();
        let terminal = matches!(console, Console::Terminal(_));
        let further = Further { command: words, environment, directory: workdir, terminal, limits };
        let container = contained.plan(root, usual, further, (&record.plan, directory)).inspect_err(|_| {
            // The error is what there is to tell; what stays goes with the pod.
            let _goes_with_the_pod = instance::remove_root(directory, &made);
        })?;
        let process = &container.parts().process;
        let (program, arguments) = program_and_arguments(process.command.clone());
        Ok(WorkloadPlan {
            name: name.ok_or_else(|| Error::NoName { program: program.clone() })?,
            program,
            arguments,
            environment: process.environment.clone(),
            directory: process.directory.clone().into(),
            conditions,
            container: Some(container),
            runtime,
            limits: Limits::default(),
            console,
            typing,
            target: None,
            parts: Vec::new(),
            wishes_shares: false,
        })
    }
}

/// What the root directory of a container is made of.
enum Source {
    Directory(PathBuf),
    Image(Box<(image::Store, image::Prepared)>),
}

impl Source {
    fn of(contained: &Contained) -> Result<Self, Error> {
        if let Some(rootfs) = &contained.rootfs {
            return Ok(Self::Directory(fs::canonicalize(rootfs).map_err(file("find", rootfs))?));
        }
        let name = contained.image.as_deref().unwrap_or_default();
        Ok(Self::Image(Box::new(imaged::prepare(name, contained.pull)?)))
    }

    /// What it says of how its program is to run.
    fn usual(&self) -> Result<Usual, Error> {
        match self {
            Self::Directory(_) => Ok(Usual::default()),
            Self::Image(found) => imaged::usual(&found.1.image),
        }
    }

    /// Makes it, for a pod in this directory.
    fn root(self, directory: &PodDirectory) -> Result<Root, Error> {
        match self {
            Self::Directory(directory) => Ok(Root::Directory(directory)),
            Self::Image(found) => {
                let (store, prepared) = *found;
                let writable = instance::make(directory, &store, &prepared)?;
                Ok(Root::Layers { lowers: prepared.lowers, writable })
            }
        }
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
    launched(store, pod, plan, programs, None).map(drop)
}

/// Launches a workload, and attaches us to it; comes back once it has been executed.
///
/// # Errors
/// As [`add`], and when there is no room to attach to it.
pub fn attach(store: &Store, pod: &Name, plan: WorkloadPlan, programs: &Programs) -> Result<Attached, Error> {
    let (console, theirs) = attach::pair()?;
    let workload = plan.name.clone();
    let has_terminal = matches!(plan.console, Console::Terminal(_));
    let (found, supervisor) = launched(store, pod, plan, programs, Some(&theirs))?;
    drop(theirs);
    // One that has ended already says so by the supervisor.
    let process = found.directory().recorded(Process::Workload(&workload))?;
    let process = process.map(Pidfd::of).transpose().map_err(RegistryError::Blind)?.flatten();
    let supervisor = Some(supervisor);
    Ok(Attached { found, workload, has_terminal, console, supervisor, process })
}

type Launched = (Found, UnixStream);

fn launched(
    store: &Store,
    pod: &Name,
    plan: WorkloadPlan,
    programs: &Programs,
    console: Option<&OwnedFd>,
) -> Result<Launched, Error> {
    let added = ask(store, pod, &plan, programs, console);
    if let (Err(_), Some(container), Ok(found)) = (&added, &plan.container, store.registry().pod(pod))
        && !was_launched(found.directory(), &plan)
    {
        // The error is what there is to tell; what stays goes with the pod.
        let _goes_with_the_pod = instance::remove(found.directory(), container);
    }
    added
}

fn ask(
    store: &Store,
    pod: &Name,
    plan: &WorkloadPlan,
    programs: &Programs,
    console: Option<&OwnedFd>,
) -> Result<Launched, Error> {
    let request = Request::Start(Box::new(plan.clone()));
    let handed: Vec<_> = console.map(AsRawFd::as_raw_fd).into_iter().collect();
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
        // Whoever was asked before may have done it, and been killed before they said so.
        if console.is_none() && was_launched(directory, plan) {
            let stream = called.map(Called::into_stream);
            drop(lock);
            match stream {
                Some(stream) => return Ok((found, stream)),
                None => sleep(BREATH),
            }
            continue;
        }
        drop(lock);
        let (answer, stream) = match called {
            Some(called) => (called.ask(&request, &handed)?, Some(called.into_stream())),
            None => (None, None),
        };
        match answer {
            Some(Answer::Started) => {
                // Who has answered has a stream.
                let stream = stream.ok_or_else(|| Error::Unanswered { name: pod.clone() })?;
                return Ok((found, stream));
            }
            // A pod that ends meanwhile is the reason for whatever did not go well in it.
            Some(Answer::Refused(refusal)) => {
                return Err(found.gone().map_or(Error::Refused(refusal), Error::from));
            }
            // It has ended, with the pod or before it; or is about to, and its lock with it.
            Some(Answer::Stopped | Answer::Left(_) | Answer::Published(_)) | None => sleep(BREATH),
        }
    }
    Err(Error::Unanswered { name: pod.clone() })
}

/// Whether this very container has been launched: by the directory of its own that it has, which no other had.
fn was_launched(directory: &PodDirectory, plan: &WorkloadPlan) -> bool {
    let Some(own) = plan.container.as_ref().and_then(instance::own) else { return false };
    let before = directory.spec::<WorkloadRecord>(&plan.name).ok().flatten();
    before.and_then(|before| before.plan.container).is_some_and(|before| instance::own(&before) == Some(own))
}
