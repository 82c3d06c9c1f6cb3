//! Doing what the machine decides, and telling it what has happened.

use std::collections::BTreeMap;
use std::io;
use std::time::{Duration, Instant};

use launch::{Identity, Pidfd};
use manifest::kind::{Container, Object, Pod, PodSpec, Resource};
use reaper::Signal;
use registry::Lock;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::{JoinHandle, LocalSet, spawn_blocking, spawn_local};
use tokio::time::sleep;

use super::errand::Scene;
use super::launch::named;
use super::pace::Pace;
use super::start::forget;
use super::watch;
use crate::compile::{self, HookPlan, Medium, NodeFacts, VolumeSource};
use crate::error::Error;
use crate::machine::{Action, Event, Exit, Job, LaunchFailure, Launched, Machine, Outcome, ProbeKind, Weight};
use crate::objects::{Key, Objects};
use crate::place::{Place, machine_of, save};
use crate::probe::{self, Prober, Purpose};
use crate::programs::Programs;
use crate::record::WorkloadRecord;
use crate::volume::usage;

/// What somebody told us.
enum Heard {
    Event(Event),
    /// The object, or what it is made of, has changed.
    Changed,
    /// The sandbox's supervisor has ended, and another may be there.
    Unsupervised,
    /// The pod is forgotten.
    Forgotten,
}

/// A container that runs.
#[derive(Clone, Copy, Debug)]
struct Running {
    instance: u32,
    process: Identity,
}

/// A pod, and whoever attends to it.
pub(super) struct Attendant {
    place: Place,
    pace: Pace,
    objects: Objects,
    programs: Programs,
    pod: Pod,
    node: NodeFacts,
    machine: Machine,
    /// What was saved last, as far as it is shown.
    shown: String,
    running: BTreeMap<String, Running>,
    errands: BTreeMap<Job, JoinHandle<()>>,
    /// Who asks in the pod's network, as long as that is there.
    prober: Option<Prober>,
    /// Whether the end of the sandbox's supervisor would be seen.
    is_supervised: bool,
    /// When tokens are to be made anew, in seconds since 1970.
    renewal: Option<i64>,
    /// When it is looked next whether a volume has become too large, where one may.
    weighing: Option<Duration>,
    /// When what the last busy while has taken of memory is given back, if it has not been.
    rest: Option<Instant>,
    tell: UnboundedSender<Heard>,
    is_forgotten: bool,
    is_over: bool,
    _lock: Lock,
}

/// How long a supervisor may take to write down how a container ended that has ended.
const WRITTEN: Duration = Duration::from_secs(2);
/// How long between two looks for that.
const BREATH: Duration = Duration::from_millis(5);
/// How long between two looks at how large volumes are.
const WEIGHED: Duration = Duration::from_secs(10);
/// How long nothing but probes may have come back until what was needed before is given back.
const REST: Duration = Duration::from_secs(3);
/// Longer than any hook is waited for.
const FOR_EVER: Duration = Duration::from_secs(365 * 24 * 3600);

impl Attendant {
    /// Attends to the pod until it is over or gone.
    pub(super) fn run(place: Place, pod: Pod, objects: Objects, programs: Programs, lock: Lock) -> Result<(), Error> {
        let failed = |source: io::Error| Error::Attend { pod: place.name.clone(), source };
        let pace = Pace::of_the_environment()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(16).build();
        let runtime = runtime.map_err(failed)?;
        let node = crate::gather::node(&place.data);
        let (tell, heard) = unbounded_channel();
        let before = machine_of(&place)?;
        let is_new = before.is_none();
        let machine = match (before, compile::pod(&pod, &node)) {
            (Some(machine), _) => machine,
            (None, Ok(plan)) => Machine::new(plan, pace.now()),
            (None, Err(rejection)) => {
                let plan = compile::pod(&bare(&pod), &node).unwrap_or_else(|_| unreachable!("it asks for nothing"));
                Machine::rejected(plan, &rejection, pace.now())
            }
        };
        let (running, errands) = (BTreeMap::new(), BTreeMap::new());
        let mut attendant = Self {
            place,
            pace,
            objects,
            programs,
            pod,
            node,
            machine,
            shown: String::new(),
            running,
            errands,
            prober: None,
            is_supervised: false,
            renewal: None,
            weighing: None,
            rest: Some(Instant::now() + REST),
            tell,
            is_forgotten: false,
            is_over: false,
            _lock: lock,
        };
        LocalSet::new().block_on(&runtime, attendant.serve(heard, is_new))
    }

    async fn serve(&mut self, mut heard: UnboundedReceiver<Heard>, is_new: bool) -> Result<(), Error> {
        let place = self.place.clone();
        let failed = |source: io::Error| Error::Attend { pod: place.name.clone(), source };
        let objects = watch::objects(&self.place.data, &self.place.namespace).map_err(failed)?;
        let tell = self.tell.clone();
        spawn_local(
            async move { while watch::changed(&objects).await.is_ok() && tell.send(Heard::Changed).is_ok() {} },
        );
        if is_new {
            self.on(Event::Begin)?;
        } else {
            self.adopt()?;
        }
        self.look_again()?;
        self.weigh()?;
        loop {
            if self.is_over || self.machine.is_over() && self.machine.deleted().is_none() && self.errands.is_empty() {
                return Ok(());
            }
            let due = self.machine.deadline().map(|due| self.pace.real(due.saturating_sub(self.pace.now().at)));
            let renewal =
                self.renewal.map(|at| Duration::from_secs(u64::try_from(at - self.pace.now().wall).unwrap_or(0)));
            let weighing = self.weighing.map(|at| self.pace.real(at.saturating_sub(self.pace.now().at)));
            let rest = self.rest.map(|at| at.saturating_duration_since(Instant::now()));
            let asleep = async {
                match due.into_iter().chain(renewal).chain(weighing).chain(rest).min() {
                    Some(due) => sleep(due).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                heard = heard.recv() => match heard {
                    Some(Heard::Event(event)) => {
                        if !matches!(event, Event::Probed { .. }) {
                            self.rest = Some(Instant::now() + REST);
                        }
                        self.hear(event)?;
                    }
                    Some(Heard::Changed) => self.look_again()?,
                    Some(Heard::Unsupervised) => {
                        self.is_supervised = false;
                        if !self.running.is_empty() {
                            self.watch_supervisor();
                        }
                    }
                    Some(Heard::Forgotten) => self.is_over = true,
                    None => return Ok(()),
                },
                () = asleep => {
                    if self.renewal.is_some_and(|at| at <= self.pace.now().wall) {
                        self.refresh();
                    }
                    if self.weighing.is_some_and(|at| at <= self.pace.now().at) {
                        self.weigh()?;
                    }
                    if self.rest.is_some_and(|at| at <= Instant::now()) {
                        self.rest = None;
                        launch::give_memory_back();
                    }
                    self.on(Event::Time)?;
                }
            }
        }
    }

    /// Goes on where somebody else has left off.
    fn adopt(&mut self) -> Result<(), Error> {
        let scene = self.scene();
        let found = scene.found();
        for one in found.iter().filter(|one| one.exit.is_none()) {
            self.watch(&one.container, one.instance);
        }
        self.on(Event::Adopted(found))?;
        match scene.pause() {
            Some(pause) => self.watch_sandbox(pause),
            None => self.on(Event::SandboxGone)?,
        }
        Ok(())
    }

    fn scene(&self) -> Scene {
        Scene {
            place: self.place.clone(),
            objects: self.objects.clone(),
            programs: self.programs.clone(),
            pod: self.pod.clone(),
            plan: self.machine.plan().clone(),
            node: self.node.clone(),
            addresses: self.machine.addresses().to_vec(),
        }
    }

    /// Has the sandbox's supervisor replaced when it ends before the sandbox: how containers end is seen by it.
    fn watch_supervisor(&mut self) {
        let scene = self.scene();
        let Some(supervisor) = scene.supervisor().filter(|_| !self.is_supervised) else { return };
        self.is_supervised = true;
        let tell = self.tell.clone();
        spawn_local(async move {
            watch::end_of(supervisor).await;
            let again = move || scene.supervise().unwrap_or_else(|error| complain(&error));
            let _as_well_as_can_be = spawn_blocking(again).await;
            let _at_the_end = tell.send(Heard::Unsupervised);
        });
    }

    /// What was heard, and what follows from it besides.
    fn hear(&mut self, event: Event) -> Result<(), Error> {
        match &event {
            Event::SandboxGone => self.prober = None,
            Event::Sandbox(Ok(_)) => {
                if let Some(pause) = self.scene().pause() {
                    self.watch_sandbox(pause);
                }
            }
            Event::Launched { container, instance, result: Ok(_) } => {
                let (container, instance) = (container.clone(), *instance);
                self.watch(&container, instance);
            }
            Event::Exited { container, instance, .. } => {
                self.running.retain(|name, running| name != container || running.instance != *instance);
            }
            Event::Hooked { job, .. } | Event::Probed { job, .. } | Event::Image { job, .. } => {
                self.errands.remove(job);
            }
            _ => {}
        }
        self.on(event)
    }

    fn on(&mut self, event: Event) -> Result<(), Error> {
        let actions = self.machine.on(event, self.pace.now());
        // What is to be done is written down before it is done.
        self.save()?;
        for action in actions {
            self.act(action);
        }
        Ok(())
    }

    /// Writes down what is known, unless nothing of it is new that anybody could see or has to know.
    fn save(&mut self) -> Result<(), Error> {
        // What is being forgotten is not to be remembered.
        if self.is_forgotten {
            return Ok(());
        }
        let containers: Vec<_> = self
            .machine
            .containers()
            .iter()
            .map(|it| (&it.shown, it.ready, it.started, it.instances, it.since, &it.id, &it.image))
            .collect();
        let seen = (self.machine.conditions(), self.machine.log(), self.machine.addresses(), self.machine.verdict());
        let shown = serde_json::to_string(&(containers, seen, self.machine.deleted(), self.machine.is_over()));
        let shown = shown.unwrap_or_default();
        if shown != self.shown {
            save(&self.machine, &self.place.machine())?;
            self.shown = shown;
        }
        Ok(())
    }

    fn act(&mut self, action: Action) {
        let scene = self.scene();
        match action {
            Action::PrepareVolumes => self.errand(move || Event::Volumes(scene.prepare_volumes())),
            Action::MakeSandbox => self
                .errand(move || Event::Sandbox(scene.make_sandbox().map_err(|error| launch::complain::line(&error)))),
            Action::RemoveSandbox => self.errand(move || {
                scene.end_sandbox().unwrap_or_else(|error| complain(&error));
                Event::SandboxRemoved
            }),
            Action::FetchImage { container, job, may_fetch } => {
                let spec = scene.plan.container(&container).cloned();
                let tell = self.tell.clone();
                self.errand(move || {
                    let asks = {
                        let container = container.clone();
                        move || {
                            let _at_the_end = tell.send(Heard::Event(Event::Pulling { container, job }));
                        }
                    };
                    let result = match spec {
                        Some(spec) => scene.fetch(&spec.image, spec.pull, may_fetch, asks),
                        None => Err(compile::Refusal {
                            reason: compile::Waiting::CreateContainerError,
                            message: format!("the pod has no container {container}"),
                        }),
                    };
                    Event::Image { container, job, result }
                });
            }
            Action::Launch { container, instance } => self.errand(move || {
                let result: Result<Launched, LaunchFailure> = scene.launch(&container, instance);
                Event::Launched { container, instance, result }
            }),
            Action::PostStart { container, job } => {
                let hook = scene.plan.container(&container).and_then(|spec| spec.post_start.clone());
                self.hook(&scene, container, job, hook);
            }
            Action::PreStop { container, job } => {
                let hook = scene.plan.container(&container).and_then(|spec| spec.pre_stop.clone());
                self.hook(&scene, container, job, hook);
            }
            Action::Abandon { job } => {
                if let Some(errand) = self.errands.remove(&job) {
                    errand.abort();
                }
            }
            Action::Probe { container, kind, job } => self.probe(&scene, container, kind, job),
            Action::Stop { container, instance } => {
                let signal = self.stop_signal(&container);
                self.signal(&container, instance, signal);
            }
            Action::Kill { container, instance } => self.signal(&container, instance, Signal::KILL),
            Action::Forget => {
                self.prober = None;
                self.is_forgotten = true;
                let (place, objects, tell) = (self.place.clone(), self.objects.clone(), self.tell.clone());
                spawn_blocking(move || {
                    forget(&place, &objects).unwrap_or_else(|error| complain(&error));
                    let _at_the_end = tell.send(Heard::Forgotten);
                });
            }
        }
    }

    /// Does something on a thread of its own, and tells what came of it.
    fn errand(&self, work: impl FnOnce() -> Event + Send + 'static) {
        let tell = self.tell.clone();
        spawn_blocking(move || {
            let event = work();
            let _at_the_end = tell.send(Heard::Event(event));
        });
    }

    fn stop_signal(&self, container: &str) -> Signal {
        let plan = named(container).and_then(|name| {
            let directory = self.place.registry.directory(&self.place.sandbox());
            directory.spec::<WorkloadRecord>(&name).ok().flatten()?.plan.container
        });
        plan.and_then(|plan| Signal::new(plan.parts().stop_signal.into())).unwrap_or(Signal::TERM)
    }

    fn signal(&self, container: &str, instance: u32, signal: Signal) {
        let Some(running) = self.running.get(container).filter(|running| running.instance == instance) else { return };
        match Pidfd::of(running.process) {
            Ok(Some(pidfd)) => pidfd.signal(signal).unwrap_or_else(|error| complain(&error)),
            Ok(None) => {}
            Err(unseen) => complain(&unseen),
        }
    }

    /// Tells when the sandbox is gone.
    fn watch_sandbox(&self, pause: Identity) {
        let tell = self.tell.clone();
        spawn_local(async move {
            watch::end_of(pause).await;
            let _at_the_end = tell.send(Heard::Event(Event::SandboxGone));
        });
    }

    /// Tells when an instance of a container has ended, and how.
    fn watch(&mut self, container: &str, instance: u32) {
        let scene = self.scene();
        let process = named(container).and_then(|name| scene.process(&name));
        let (tell, container) = (self.tell.clone(), container.to_owned());
        let Some(process) = process else {
            let exit = Exit { code: 137, unseen: true, ..Exit::default() };
            let _at_the_end = tell.send(Heard::Event(Event::Exited { container, instance, exit }));
            return;
        };
        self.running.insert(container.clone(), Running { instance, process });
        self.watch_supervisor();
        spawn_local(async move {
            watch::end_of(process).await;
            let exit = exit(&scene, &container, instance).await;
            let _at_the_end = tell.send(Heard::Event(Event::Exited { container, instance, exit }));
        });
    }

    /// Who asks in the network that this process holds.
    fn prober(&mut self, pause: Identity) -> Option<Prober> {
        if self.prober.as_ref().is_none_or(|prober| prober.pause() != pause) {
            let program = self.programs.pod().ok()?;
            let record = self.place.volatile().join("prober");
            self.prober = Some(Prober::new(probe::Start { program, pause, record }));
        }
        self.prober.clone()
    }

    fn asked(&mut self, scene: &Scene, container: &str) -> Option<probe::Place> {
        let pause = scene.pause()?;
        let prober = self.prober(pause)?;
        let address = self.machine.addresses().first().copied()?;
        let directory = self.place.registry.directory(&self.place.sandbox());
        let running = self.running.get(container).copied();
        let plan =
            named(container).and_then(|name| directory.spec::<WorkloadRecord>(&name).ok().flatten()?.plan.container);
        let command =
            running.zip(plan).map(|(running, container)| probe::Command { process: running.process, container });
        Some(probe::Place { prober, address, command })
    }

    fn hook(&mut self, scene: &Scene, container: String, job: Job, hook: Option<HookPlan>) {
        let place = self.asked(scene, &container);
        let (tell, pace) = (self.tell.clone(), self.pace);
        let errand = spawn_local(async move {
            let result = match (hook, place) {
                (None, _) => Ok(()),
                (Some(HookPlan::Sleep(seconds)), _) => {
                    sleep(pace.real(Duration::from_secs(seconds.into()))).await;
                    Ok(())
                }
                (Some(HookPlan::Do(handler)), Some(place)) => {
                    match probe::ask(&handler, Purpose::Hook, &place, FOR_EVER).await {
                        probe::Outcome::Success | probe::Outcome::Warning(_) => Ok(()),
                        probe::Outcome::Failure(words) | probe::Outcome::Error(words) => Err(words),
                    }
                }
                (Some(HookPlan::Do(_)), None) => Err("the sandbox has ended".to_owned()),
            };
            let _at_the_end = tell.send(Heard::Event(Event::Hooked { container, job, result }));
        });
        self.errands.insert(job, errand);
    }

    fn probe(&mut self, scene: &Scene, container: String, kind: ProbeKind, job: Job) {
        let probes = scene.plan.container(&container).map(|spec| spec.probes.clone()).unwrap_or_default();
        let plan = match kind {
            ProbeKind::Startup => probes.startup,
            ProbeKind::Liveness => probes.liveness,
            ProbeKind::Readiness => probes.readiness,
        };
        let place = self.asked(scene, &container);
        let tell = self.tell.clone();
        let errand = spawn_local(async move {
            let outcome = match (plan, place) {
                (Some(plan), Some(place)) => {
                    let patience = Duration::from_secs(plan.timeout.into());
                    match probe::ask(&plan.handler, Purpose::Probe, &place, patience).await {
                        probe::Outcome::Success => Outcome::Success,
                        probe::Outcome::Warning(words) => Outcome::Warning(words),
                        probe::Outcome::Failure(words) => Outcome::Failure(words),
                        probe::Outcome::Error(words) => Outcome::Error(words),
                    }
                }
                _ => Outcome::Error("the sandbox has ended".to_owned()),
            };
            let _at_the_end = tell.send(Heard::Event(Event::Probed { container, kind, job, outcome }));
        });
        self.errands.insert(job, errand);
    }

    /// Looks at the object, and at what it is made of.
    fn look_again(&mut self) -> Result<(), Error> {
        let Some(pods) = Resource::find("pods") else { return Ok(()) };
        let key = Key::new(pods, &self.place.namespace, &self.place.name);
        let found = self.objects.get(&key)?;
        let Some(Object::Pod(pod)) = found.filter(|it| it.metadata().uid.as_deref() == Some(&self.place.uid)) else {
            // Somebody has removed it by force.
            return if self.machine.deleted().is_none() { self.on(Event::Delete { grace: Some(0) }) } else { Ok(()) };
        };
        let spec_changed = pod.metadata.generation != self.pod.metadata.generation;
        self.pod = *pod;
        let metadata = &self.pod.metadata;
        if metadata.deletion_timestamp.is_some() {
            let grace = metadata.deletion_grace_period_seconds.and_then(|it| u32::try_from(it).ok());
            let is_told =
                self.machine.deleted().is_some_and(|deleted| grace.is_none_or(|grace| deleted.grace <= grace));
            if !is_told {
                self.on(Event::Delete { grace })?;
            }
        } else if spec_changed && let Ok(plan) = compile::pod(&self.pod, &self.node) {
            self.on(Event::Changed(Box::new(plan)))?;
        }
        self.refresh();
        Ok(())
    }

    /// Looks whether a volume on disk has become larger than it may: the pod is evicted then.
    fn weigh(&mut self) -> Result<(), Error> {
        self.weighing = None;
        let limited: Vec<_> = self
            .machine
            .plan()
            .volumes
            .iter()
            .filter_map(|volume| match volume.source {
                VolumeSource::EmptyDir { medium: Medium::Disk, size_limit: Some(limit) } => {
                    Some((volume.name.clone(), limit))
                }
                _ => None,
            })
            .collect();
        if limited.is_empty() || self.machine.is_over() {
            return Ok(());
        }
        self.weighing = Some(self.pace.now().at + WEIGHED);
        for (name, limit) in limited {
            if usage(&self.place.kept().join("volumes").join(&name)) <= limit {
                continue;
            }
            let said = self.pod.spec.as_ref().and_then(|spec| spec.volumes.iter().find(|volume| volume.name == name));
            let said = said.and_then(|volume| volume.empty_dir.as_ref()?.size_limit.map(|limit| limit.to_string()));
            let limit = said.unwrap_or_else(|| limit.to_string());
            let message = format!("Usage of EmptyDir volume {name:?} exceeds the limit {limit:?}. ");
            self.weighing = None;
            return self.on(Event::Evict { message });
        }
        Ok(())
    }

    /// Writes volumes of files as their objects are now; what cannot be written is told, and stays as it was.
    fn refresh(&mut self) {
        let scene = self.scene();
        let Some(pause) = scene.pause() else { return };
        let Ok(facts) = scene.facts() else { return };
        let volumes = scene.volumes(Some(pause));
        let mut renewal = None::<i64>;
        let mut troubles = Vec::new();
        for volume in &scene.plan.volumes {
            match volumes.write(volume, &scene.pod, &facts) {
                Ok(written) => renewal = renewal.into_iter().chain(written.renewal).min(),
                Err(error) => troubles.push(format!(
                    "MountVolume.SetUp failed for volume {:?} : {}",
                    volume.name,
                    launch::complain::line(&error)
                )),
            }
        }
        self.renewal = renewal;
        for message in troubles {
            let reason = "FailedMount".to_owned();
            let event = Event::Noted { weight: Weight::Warning, container: None, reason, message };
            let _at_the_end = self.tell.send(Heard::Event(event));
        }
    }
}

/// A pod that was not taken, as far as there is anything to be said of it: its containers.
fn bare(pod: &Pod) -> Pod {
    let named = |container: &Container| Container {
        name: container.name.clone(),
        image: container.image.clone(),
        ..Container::default()
    };
    let spec = pod.spec.as_ref().map(|spec| PodSpec {
        init_containers: spec.init_containers.iter().map(named).collect(),
        containers: spec.containers.iter().map(named).collect(),
        ..PodSpec::default()
    });
    Pod { spec, ..pod.clone() }
}

/// How an instance of a container ended: once whoever saw it has written that down.
async fn exit(scene: &Scene, container: &str, instance: u32) -> Exit {
    let Some(spec) = scene.plan.container(container) else { return Exit::default() };
    let mut left = WRITTEN;
    loop {
        let exit = scene.exit_of(spec, instance);
        if !exit.unseen || left.is_zero() {
            return exit;
        }
        sleep(BREATH).await;
        left = left.saturating_sub(BREATH);
    }
}

/// Says what went wrong where nobody waits for an answer.
fn complain(error: &dyn std::error::Error) {
    launch::complain::complain("pod", error, None);
}
