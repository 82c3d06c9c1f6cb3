//! What waits for a disk or for an execution, on a thread of its own and in order: launching
//! workloads, and recording how they ended.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime};

use caps::{CapSet, Capability};
use container::cgroup::OomCounter;
use container::limits::Limits;
use container::{ContainerPlan, Parts, Sandbox};
use launch::complain::line;
use launch::open::cgroup::Cgroups;
use launch::{Child, Environment, Identity, Inherited, Limit, OnDrop, OwnPids, Record, Session};
use nsjoin::{Command, Directory, Join, Select, Target};
use registry::{Name, PodDirectory, Process, RegistryError, file};
use tokio::sync::Notify;

use super::complain;
use super::log::Log;
use super::wires::{Wires, door, fifo};
use crate::bundle;
use crate::cgroup::{self, Group, Stand};
use crate::console::{self, Ends};
use crate::control::Refusal;
use crate::error::Error;
use crate::instance;
use crate::plan::{Conditions, Typing, WorkloadPlan};
use crate::record::{EndRecord, Missing, WorkloadRecord};
use crate::sandbox;
use crate::strays::Mounts;
use crate::volume;

/// How a workload ended has just been written down, by this process.
pub(crate) static RECORDED: Notify = Notify::const_new();

/// How long to wait before an end is recorded again that could not be.
const AGAIN: Duration = Duration::from_secs(2);

/// Something to do.
#[derive(Debug)]
pub(super) enum Job {
    /// Launch a workload, with the console's end of who is attached to it, if anybody is.
    Launch(Box<WorkloadPlan>, Option<OwnedFd>),
    /// Record how one ended.
    Record(Name, EndRecord),
    /// Let go of the mounts of one that has ended, and remove its control group, if it has any, with whoever it has
    /// left there.
    Clear(Name, bool, Option<Mounts>),
}

/// A workload that has been launched.
#[derive(Debug)]
pub(super) struct Launched {
    pub(super) child: Child,
    pub(super) console: Option<Child>,
    pub(super) output: Output,
    pub(super) grouped: Grouped,
    pub(super) mounts: Option<Mounts>,
}

/// Whether a workload has a control group of its own.
#[derive(Debug)]
pub(super) enum Grouped {
    /// It has none.
    No,
    /// It has; and where memory is counted, that it runs out is seen.
    Yes(Option<OomCounter>),
}

/// Our ends of a workload's fifos, and the log that they lead to.
#[derive(Debug)]
pub(super) struct Output {
    pub(super) stdout: OwnedFd,
    pub(super) stderr: OwnedFd,
    pub(super) log: Log,
}

/// Who launches, and where.
#[derive(Debug)]
pub(super) struct Worker {
    pub(super) directory: PodDirectory,
    pub(super) pod: Name,
    pub(super) pause: Identity,
    /// A pidfd of that.
    pub(super) pinned: OwnedFd,
    pub(super) own_pids: OwnPids,
    /// What all workloads may have together.
    pub(super) together: Limits,
    /// This program's file.
    pub(super) program: PathBuf,
    /// The pod's control group, once a workload has been put into it.
    pub(super) stand: RefCell<Option<Stand>>,
}

/// Starts the thread. It tells what came of each launch, and ends when nobody sends any more.
pub(super) fn work(
    worker: Worker,
    tell: impl Fn(Name, Result<Launched, Refusal>) + Send + 'static,
) -> io::Result<(Sender<Job>, JoinHandle<()>)> {
    let (sender, jobs) = channel();
    let thread = thread::Builder::new().name("pod-worker".to_owned()).spawn(move || worker.work(&jobs, tell))?;
    Ok((sender, thread))
}

impl Worker {
    fn work(&self, jobs: &Receiver<Job>, tell: impl Fn(Name, Result<Launched, Refusal>)) {
        // Ends that could not be recorded, on a full disk, say.
        let mut owed: Vec<(Name, EndRecord)> = Vec::new();
        loop {
            let job = match jobs.recv_timeout(if owed.is_empty() { Duration::MAX } else { AGAIN }) {
                Ok(job) => Some(job),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            // Before anything else, so that no end is taken for that of a later launch.
            owed.retain(|(name, end)| self.record(name, end).is_err());
            match job {
                Some(Job::Launch(plan, client)) => {
                    let name = plan.name.clone();
                    let launched = self.launch(*plan, client.as_ref());
                    if launched.is_ok() {
                        // What it has replaced needs no end any more.
                        owed.retain(|(ended, _)| *ended != name);
                    }
                    tell(name, launched.map_err(|error| Refusal::from(&error)));
                }
                Some(Job::Record(name, end)) => {
                    if let Err(error) = self.record(&name, &end) {
                        complain(error, ());
                        owed.push((name, end));
                    }
                }
                Some(Job::Clear(name, is_grouped, mounts)) => {
                    if is_grouped {
                        cgroup::clear(&self.directory, &name).unwrap_or_else(|error| complain(error, ()));
                    }
                    // To take them apart takes the kernel as long as to start another, who may be waiting. What has no thread
                    // of its own is dropped right here.
                    let _dropped = thread::Builder::new().name("pod-mounts".to_owned()).spawn(move || drop(mounts));
                }
                None => {}
            }
        }
    }

    /// Writes down how one ended, and tells whoever in this process waits for that.
    fn record(&self, name: &Name, end: &EndRecord) -> Result<(), RegistryError> {
        self.directory.write_end(name, end)?;
        RECORDED.notify_waiters();
        Ok(())
    }

    /// Launches a workload; where the layers of its image cannot be put on each other, on a copy of them.
    fn launch(&self, plan: WorkloadPlan, client: Option<&OwnedFd>) -> Result<Launched, Error> {
        let again = plan.container.is_some().then(|| plan.clone());
        let error = match (self.launch_on(plan, Vec::new(), client), again) {
            (Err(Error::Container(error)), Some(plan)) if error.lacks_layers().is_some() => {
                if let Some(plan) = on_a_copy(plan)? {
                    let why = Error::Container(error);
                    let missing = vec![Missing { mount: NO_LAYERS.to_owned(), reason: line(&why) }];
                    return self.launch_on(plan, missing, client);
                }
                Error::Container(error)
            }
            (launched, _) => return launched,
        };
        Err(error)
    }

    fn launch_on(
        &self,
        plan: WorkloadPlan,
        mut missing: Vec<Missing>,
        client: Option<&OwnedFd>,
    ) -> Result<Launched, Error> {
        let name = plan.name.clone();
        // What was launched before under this name may be a record that nobody can read.
        let before = self.directory.spec::<WorkloadRecord>(&name).ok().flatten();
        let number = match &before {
            Some(before) => before.number + 1,
            // It has run in a sandbox before this one, or never.
            None => Log::last(&self.directory, &name)?.map_or(0, |last| last + 1),
        };
        let group = self.group(&plan)?;
        missing.extend(group.iter().flat_map(|group| group.missing.clone()));
        let record = WorkloadRecord { plan, started: SystemTime::now(), number, missing };
        let draft = self.directory.write_draft(&name, &record).map_err(Error::from);
        let is_grouped = group.is_some();
        let launched = draft.and_then(|process| self.spawn(record.plan, number, (process, client), group));
        let launched = launched.and_then(|launched| {
            let promoted = self.directory.promote(&name);
            if promoted.is_err() {
                // What cannot be recorded must not run.
                let _gone = launched.child.kill().and_then(|()| launched.child.wait());
            }
            promoted.map(|()| launched).map_err(Error::from)
        });
        if let (Ok(_), Some(before)) = (&launched, before.and_then(|before| before.plan.container)) {
            // What it has written goes with the container that this one has replaced.
            instance::remove(&self.directory, &before).unwrap_or_else(|error| complain(error, ()));
        }
        if launched.is_err() {
            bundle::remove(&self.directory, &name).unwrap_or_else(|error| complain(error, ()));
            self.directory.forget_draft(&name).unwrap_or_else(|error| complain(error, ()));
        }
        if launched.is_err() && is_grouped {
            cgroup::clear(&self.directory, &name).unwrap_or_else(|error| complain(error, ()));
        }
        launched
    }

    /// Makes the control group of a workload that is to have one: of every container, and of who has limits.
    fn group(&self, plan: &WorkloadPlan) -> Result<Option<Group>, Error> {
        if plan.limits().is_empty() && plan.container.is_none() {
            return Ok(None);
        }
        let made = |limits: &Limits, together: &Limits| {
            let (pod, stand) = ((&self.pod, self.pause), &mut *self.stand.borrow_mut());
            cgroup::make(&self.directory, pod, &plan.name, (limits, together), stand)
        };
        let without_shares = |limits: &Limits| Limits { shares: None, ..limits.clone() };
        let group = match made(plan.limits(), &self.together) {
            Err(Error::Cgroup(_)) if plan.wishes_shares => {
                made(&without_shares(plan.limits()), &without_shares(&self.together))
            }
            group => group,
        };
        group.map(Some)
    }

    /// Joins the pod with the workload, its output going to its log.
    fn spawn(
        &self,
        plan: WorkloadPlan,
        number: u32,
        (process, client): (File, Option<&OwnedFd>),
        group: Option<Group>,
    ) -> Result<Launched, Error> {
        sandbox::mend(self.pause, &self.directory)?;
        let draft = self.directory.draft(&plan.name);
        // Whoever runs in a container may open it again, as /dev/stdout; to its name nobody else comes.
        let for_anybody = plan.container.is_some();
        let fifo = |name| fifo(&draft.join(name), for_anybody);
        let (stdout, stderr) = (fifo("stdout")?, fifo("stderr")?);
        let log = Log::begin(&self.directory, &plan.name, number)?;
        let wires = Wires::new(plan.console, [stdout.theirs, stderr.theirs])?;
        let (grouped, cgroups) = match group {
            Some(Group { cgroup, .. }) => (Grouped::Yes(OomCounter::new(&cgroup)?), cgroup.to_join()?),
            None => (Grouped::No, Cgroups::default()),
        };
        let launching = Launching { wires, client, typing: plan.typing, process, cgroups };
        let pids = plan.container.as_ref().map(|container| container.parts().pids);
        let (child, console) = match plan.container {
            None => self.join(plan, launching),
            Some(_) => self.contain(plan, launching),
        }?;
        let mounts = pids.and_then(|pids| Mounts::of(pids, child.as_fd()));
        let output = Output { stdout: stdout.ours, stderr: stderr.ours, log };
        Ok(Launched { child, console, output, grouped, mounts })
    }

    /// Starts the console of a workload that has one, before its own process is there; it goes when that does
    /// not come about.
    fn attend(
        &self,
        name: &Name,
        ends: Option<Ends>,
        (typing, client): (Typing, Option<&OwnedFd>),
    ) -> Result<Option<Child>, Error> {
        let Some(ends) = ends else { return Ok(None) };
        let door = door(&self.directory.draft_door(name))?;
        let started = console::start(console::Start {
            program: &self.program,
            pause: self.pause,
            pinned: self.pinned.as_fd(),
            record: self.directory.draft_console(name),
            ends,
            typing,
            door: &door,
            client,
        })?;
        Ok(Some(started.on_drop(OnDrop::Kill)))
    }

    /// Joins the pod with a program of the host.
    fn join(&self, plan: WorkloadPlan, launching: Launching<'_>) -> Result<(Child, Option<Child>), Error> {
        let Launching { mut wires, client, typing, process, cgroups } = launching;
        let mut command = Command::new(plan.program)
            .args(plan.arguments)
            .environment(Environment::Empty)
            .envs(plan.environment)
            .directory(plan.directory)
            .session(Session::New)
            .own_pids(self.own_pids)
            .stdio(wires.stdio())
            .signals(Inherited::now())
            .record(Record::Stat(process.into()));
        command.umask = plan.conditions.umask;
        (command.nice, command.limits) = given(&plan.conditions);
        let join = Join::new(Target::Process(self.pause), command).select(Select::All).root(Directory::Targets);
        let attached = nsjoin::Attached { cgroups: Some(cgroups), ..nsjoin::Attached::default() };
        let opened = join.plan().map_err(nsjoin::Error::from).and_then(|plan| plan.open_with(attached));
        let mut opened = opened?;
        let terminal = wires.has_terminal().then(|| opened.make_bare_terminal()).transpose()?;
        let console = self.attend(&plan.name, wires.ends(terminal), (typing, client))?;
        Ok((opened.spawn()?, console))
    }

    /// Parts of volumes, opened in the pod: whoever is at work in a volume has nothing else mounted.
    fn parts(&self, plan: &WorkloadPlan) -> Result<BTreeMap<PathBuf, OwnedFd>, Error> {
        if plan.parts.is_empty() {
            return Ok(BTreeMap::new());
        }
        let root = volume::root_of(self.pause.pid)?;
        Ok(volume::parts(&plan.parts, root).map_err(file("open a part of a volume for", plan.name.as_str()))?)
    }

    /// The process of a container that runs.
    fn target(&self, name: &Name) -> Result<Identity, Error> {
        let process = self.directory.recorded(Process::Workload(name))?;
        process.ok_or_else(|| Error::NoSuchWorkload { pod: self.pod.clone(), workload: name.clone() })
    }

    /// Makes a container in the pod.
    fn contain(&self, plan: WorkloadPlan, launching: Launching<'_>) -> Result<(Child, Option<Child>), Error> {
        let Launching { mut wires, client, typing, process, cgroups } = launching;
        let sources = self.parts(&plan)?;
        let Some(container) = plan.container else { return Err(Error::NoRoot) };
        let (nice, limits) = given(&plan.conditions);
        let record = Some(process.into());
        let attached = container::Attached { stdio: wires.stdio(), record, cgroups, nice, limits, sources };
        let mut sandbox = Sandbox::open(self.pause)?;
        if let Some(target) = &plan.target {
            sandbox = sandbox.counting_as(self.target(target)?)?;
        }
        let (opened, terminal) = container::Opened::open(container, sandbox, attached)?;
        let console = self.attend(&plan.name, wires.ends(terminal), (typing, client))?;
        let launched = match plan.runtime {
            None => opened.spawn(),
            Some(runtime) => opened.spawn_by(&runtime, &bundle::make(&self.directory, &plan.name)?),
        };
        Ok((launched?.child, console))
    }
}

/// What is told of a container whose root directory is a copy.
const NO_LAYERS: &str = "layers that are shared (its root directory is a copy)";

/// The same on a copy of its layers, if it has any.
fn on_a_copy(plan: WorkloadPlan) -> Result<Option<WorkloadPlan>, Error> {
    let Some(container) = plan.container else { return Ok(None) };
    let parts = container.into_parts();
    let Some(root) = instance::copied(&parts.root)? else { return Ok(None) };
    let container = Some(ContainerPlan::new(Parts { root, ..parts })?);
    Ok(Some(WorkloadPlan { container, ..plan }))
}

/// What a launch is given, beside its plan.
struct Launching<'a> {
    wires: Wires,
    /// Who is attached to it.
    client: Option<&'a OwnedFd>,
    typing: Typing,
    process: File,
    cgroups: Cgroups,
}

/// The nice value and the limits of whoever asks, as far as we have the right to give them. Who asks for none is not held
/// against ours.
fn given(conditions: &Conditions) -> (Option<i32>, Vec<Limit>) {
    if conditions.nice.is_none() && conditions.limits.is_empty() {
        return (None, Vec::new());
    }
    let (ours, unlimited) = (Conditions::ours(), may(Capability::CAP_SYS_RESOURCE));
    let nice = conditions.nice.filter(|nice| Some(*nice) >= ours.nice || may(Capability::CAP_SYS_NICE));
    let others = conditions.limits.iter().filter(|limit| !ours.limits.contains(limit));
    let within = others.filter_map(|limit| if unlimited { Some(limit.clone()) } else { ours.within(limit) });
    (nice, within.filter_map(|limit| limit.parse().ok()).collect())
}

fn may(capability: Capability) -> bool {
    caps::has_cap(None, CapSet::Effective, capability).unwrap_or(false)
}
