//! An attendant: the machine that decides, what it is told, and what it has said written down.

mod act;
mod ask;
mod ends;
mod host;
mod look;
mod written;

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use image::Image;
use launch::{Identity, Origin};
use manifest::kind::{Container, Pod, PodSpec};
use registry::{Lock, RegistryError};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::{JoinHandle, LocalSet};
use tokio::time::sleep;

use super::errand::{Sandbox, Scene};
use super::pace::Pace;
use crate::compile::{self, NodeFacts, PidSharing};
use crate::connect::Staying;
use crate::error::Error;
use crate::machine::{Action, Event, Job, LaunchFailure, Machine, Outcome};
use crate::objects::Objects;
use crate::place::{Place, machine_of};
use crate::probe::Prober;
use crate::programs::Programs;
use crate::rest;

/// What somebody told us.
enum Heard {
    Event(Event),
    /// This one, which held the sandbox, has ended.
    Ended(Identity),
    /// The sandbox was made, and waits for somebody who supervises it.
    Made(Box<Sandbox>),
    /// The object, or what it is made of, has changed.
    Changed,
    /// Nobody may supervise the sandbox any more.
    Unsupervised,
    /// The pod is forgotten, and these networks are empty now.
    Forgotten(Staying),
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
    /// The images that were fetched for containers that are not launched yet.
    fetched: Arc<Mutex<BTreeMap<String, Image>>>,
    /// Who asks in the pod's network, as long as that is there.
    prober: Option<Prober>,
    /// Whether we supervise the sandbox, or see the end of who does.
    is_supervised: bool,
    /// When tokens are to be made anew, in seconds since 1970.
    renewal: Option<i64>,
    /// When it is looked next whether a volume has become too large, where one may.
    weighing: Option<Duration>,
    /// What is to be done once it is written down.
    held: Vec<Action>,
    /// When it is tried again what the machine was too short of something for.
    again: Option<Instant>,
    /// Until when it may wait to be written down what is known, where it may.
    unwritten: Option<Instant>,
    /// When what the last busy while has taken of memory is given back, if it has not been.
    rest: Option<Instant>,
    tell: UnboundedSender<Heard>,
    is_forgotten: bool,
    is_over: bool,
    /// The networks that it has left empty.
    staying: Staying,
    _lock: Lock,
}

/// How long it may wait to be written down what is known.
const MOMENT: Duration = Duration::from_millis(20);
/// How long nothing but probes may have come back until what was needed before is given back.
const REST: Duration = Duration::from_secs(3);

impl Attendant {
    /// Attends to the pod until it is over or gone; hands back the networks that it has left empty.
    pub(super) fn run(
        place: Place,
        pod: Pod,
        objects: Objects,
        programs: Programs,
        lock: Lock,
    ) -> Result<Staying, Error> {
        let failed = |source: io::Error| Error::Attend { pod: place.name.clone(), source };
        let boot = Origin::here().map_err(RegistryError::Blind)?.boot;
        let runtime = rest::runtime().max_blocking_threads(16).build();
        let runtime = runtime.map_err(failed)?;
        let node = crate::gather::node(&place.data);
        let (tell, heard) = unbounded_channel();
        let before = machine_of(&place)?;
        let pace = Pace::of_the_environment()?.going_on(&boot, before.as_ref());
        let is_new = before.is_none();
        let mut machine = match (before, compile::pod(&pod, &node)) {
            (Some(machine), _) => machine,
            (None, Ok(plan)) => Machine::new(plan, pace.now()),
            (None, Err(rejection)) => {
                let plan = compile::pod(&bare(&pod), &node).unwrap_or_else(|_| unreachable!("it asks for nothing"));
                Machine::rejected(plan, &rejection, pace.now())
            }
        };
        machine.count_by(pace.clock().clone());
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
            fetched: Arc::default(),
            prober: None,
            is_supervised: false,
            renewal: None,
            weighing: None,
            held: Vec::new(),
            again: None,
            unwritten: None,
            rest: Some(Instant::now() + REST),
            tell,
            is_forgotten: false,
            is_over: false,
            staying: Staying::default(),
            _lock: lock,
        };
        LocalSet::new().block_on(&runtime, attendant.serve(heard, is_new))?;
        Ok(attendant.staying)
    }

    async fn serve(&mut self, mut heard: UnboundedReceiver<Heard>, is_new: bool) -> Result<(), Error> {
        self.listen();
        if is_new {
            self.on(Event::Begin)?;
        } else {
            self.adopt()?;
        }
        self.look_again()?;
        if !is_new && self.scene().ports_differ() {
            // Whoever was changing them was killed at that.
            self.on(Event::PortsDiffer)?;
        }
        self.weigh()?;
        loop {
            if self.is_over || self.machine.is_over() && self.machine.deleted().is_none() && self.errands.is_empty() {
                return Ok(());
            }
            let due = self.machine.deadline().map(|due| self.pace.real(due.saturating_sub(self.pace.now().at)));
            let renewal =
                self.renewal.map(|at| Duration::from_secs(u64::try_from(at - self.pace.now().wall).unwrap_or(0)));
            let weighing = self.weighing.map(|at| self.pace.real(at.saturating_sub(self.pace.now().at)));
            let ours = self
                .rest
                .into_iter()
                .chain(self.again)
                .chain(self.unwritten)
                .map(|at| at.saturating_duration_since(Instant::now()));
            let asleep = async {
                match due.into_iter().chain(renewal).chain(weighing).chain(ours).min() {
                    Some(due) => sleep(due).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                heard = heard.recv() => match heard {
                    Some(Heard::Event(event)) => {
                        if !matches!(event, Event::Probed { .. }) {
                            self.rest = Some(Instant::now() + REST);
                        } else if self.rest.is_none() {
                            rest::soon();
                        }
                        self.hear(event)?;
                    }
                    Some(Heard::Ended(pause)) => self.sandbox_ended(pause)?,
                    Some(Heard::Changed) => self.look_again()?,
                    Some(Heard::Made(sandbox)) => self.supervise_made(*sandbox),
                    Some(Heard::Unsupervised) => {
                        self.is_supervised = false;
                        self.supervise();
                    }
                    Some(Heard::Forgotten(staying)) => {
                        self.staying = staying;
                        self.is_over = true;
                    }
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
                        rest::soon();
                    }
                    if self.again.is_some_and(|at| at <= Instant::now()) {
                        self.again = None;
                        self.look_again()?;
                    }
                    // Which writes down what is not yet.
                    self.on(Event::Time)?;
                }
            }
        }
    }

    /// Goes on where somebody else has left off.
    fn adopt(&mut self) -> Result<(), Error> {
        let scene = self.scene();
        if scene.plan.sandbox.pids == PidSharing::Hosts && scene.pause().is_none() {
            // Its end has ended no container by itself, and who sees to that may have been killed.
            scene.end_sandbox()?;
        }
        let found = scene.found();
        for one in found.iter().filter(|one| one.exit.is_none()) {
            self.watch(&one.container, one.instance);
        }
        self.on(Event::Adopted(found))?;
        match scene.pause() {
            Some(pause) => {
                // Whoever made the sandbox may have been killed at that.
                scene.put_logs_back(&self.place.registry.directory(&self.place.sandbox()))?;
                self.watch_sandbox(pause);
                self.supervise();
            }
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
            fetched: Arc::clone(&self.fetched),
        }
    }

    /// What was heard, and what follows from it besides.
    fn hear(&mut self, event: Event) -> Result<(), Error> {
        match &event {
            Event::SandboxGone | Event::Launched { result: Err(LaunchFailure::Fallen), .. } => self.prober = None,
            Event::Sandbox(Ok(_)) => match self.scene().pause() {
                Some(pause) => self.watch_sandbox(pause),
                // It has ended since it was made.
                None => {
                    let _at_the_end = self.tell.send(Heard::Event(Event::SandboxGone));
                }
            },
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
        // Most probes succeed again, and nothing is to be said of that.
        let is_ready = matches!(event, Event::Probed { outcome: Outcome::Success, .. }).then(|| self.readiness());
        let actions = self.machine.on(event, self.pace.now());
        self.held.extend(actions);
        // What is to be done is written down before it is done. Where whoever comes after us would find the same to do, and
        // something follows from that in a moment, that is written down with it.
        let can_wait = !self.held.is_empty()
            && self.machine.deleted().is_none()
            && self.held.iter().all(Action::can_be_done_again);
        let is_written = match is_ready {
            Some(before) if before == self.readiness() => self.again.is_none(),
            _ if can_wait && self.unwritten.is_none_or(|at| at > Instant::now()) => {
                self.unwritten.get_or_insert_with(|| Instant::now() + MOMENT);
                true
            }
            _ => self.save()?,
        };
        // Whose end is wanted has it on a full disk, too: whoever comes after us would find the same to do.
        if is_written || self.machine.deleted().is_some() {
            for action in std::mem::take(&mut self.held) {
                self.act(action);
            }
        }
        Ok(())
    }

    fn readiness(&self) -> Vec<(bool, bool, u32)> {
        self.machine.containers().iter().map(|it| (it.ready, it.started, it.instances)).collect()
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

/// Says what went wrong where nobody waits for an answer.
fn complain(error: &dyn std::error::Error) {
    launch::complain::complain("pod", error, None);
}
