//! Doing what the machine decides, and telling it what has happened.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::rc::Rc;
use std::sync::mpsc::Sender;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use launch::OwnPids;
use registry::{Lock, Name, Process, tree};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::{LocalSet, spawn_blocking, spawn_local};
use tokio::time::sleep_until;

use super::adopt::adopt;
use super::client::{self, Asked};
use super::decide::{Action, Client, Event, Machine};
use super::door;
use super::heard::{Heard, Tell};
use super::notes::Notes;
use super::pod::Pod;
use super::ports::Ports;
use super::worker::{self, Job, Worker};
use super::workloads::{Buried, Workloads};
use crate::control::{Answer, Refusal, Request, Word};
use crate::error::Error;
use crate::forwarder::{Listening, Said};
use crate::rest;
use crate::sandbox;
use crate::sys;

/// What a supervisor begins with.
#[derive(Debug)]
pub(super) struct Begun {
    pub(super) pod: Pod,
    pub(super) own_pids: OwnPids,
    pub(super) lock: Lock,
    pub(super) listening: Vec<Listening>,
    pub(super) notes: Notes,
}

/// The pod's workloads, ports and clients.
pub(super) struct Supervisor {
    pod: Pod,
    begun: Instant,
    machine: Machine,
    workloads: Workloads,
    ports: Ports,
    clients: BTreeMap<Client, Rc<UnixStream>>,
    asked: Client,
    /// The console's end of who asks just now.
    handed: Option<OwnedFd>,
    /// Who is attached to which workload, and is told of its end.
    attached: BTreeMap<Name, Client>,
    jobs: Sender<Job>,
    worker: JoinHandle<()>,
    tell: Tell,
    is_over: bool,
    /// When what the last busy while has taken of memory is given back, if it has not been.
    rest: Option<Instant>,
    notes: Notes,
    lock: Lock,
}

/// How long nothing may have been heard until then.
const REST: Duration = Duration::from_secs(3);

impl Supervisor {
    /// Supervises, until there is nothing left to. Says when it has begun: when it can be asked, and
    /// published ports are carried.
    pub(super) fn run(begun: Begun, ready: impl FnOnce()) -> Result<(), Error> {
        let runtime = rest::runtime().build();
        let runtime = runtime.map_err(|source| begun.pod.failed(source))?;
        LocalSet::new().block_on(&runtime, Self::serve(begun, ready))
    }

    /// The same as a task among others.
    pub(super) async fn serve(begun: Begun, ready: impl FnOnce()) -> Result<(), Error> {
        let (tell, heard) = unbounded_channel();
        spawn_local(sandbox::look_after(begun.pod.pause, begun.pod.directory.clone()));
        let mut supervisor = Self::new(begun, tell)?;
        let served = supervisor.hear_all(heard, ready).await;
        let served = served.map_err(|source| supervisor.pod.failed(source));
        supervisor.finish().await;
        served
    }

    /// Sees to it that what the worker has been given is done: the pod's directory is somebody else's after us.
    async fn finish(self) {
        let Self { workloads, ports, clients, jobs, worker, lock, .. } = self;
        drop((workloads, ports, clients, jobs));
        let _panicked = spawn_blocking(|| worker.join()).await;
        drop(lock);
    }

    fn new(begun: Begun, tell: Tell) -> Result<Self, Error> {
        let Begun { pod, own_pids, lock, listening, notes } = begun;
        let launched = {
            let tell = tell.clone();
            move |name, launched| {
                // Nobody hears it once we are at our end; what was launched ends with its Child's owner.
                let _at_the_end = tell.send(Heard::Launched(name, launched));
            }
        };
        let worker = Worker {
            directory: pod.directory.clone(),
            pod: pod.plan.name().clone(),
            pause: pod.pause,
            pinned: pod.pinned.as_fd().try_clone_to_owned().map_err(|source| pod.failed(source))?,
            own_pids,
            together: pod.plan.limits().clone(),
            program: pod.program.clone(),
            stand: RefCell::default(),
        };
        let (jobs, worker) = worker::work(worker, launched).map_err(|source| pod.failed(source))?;
        Ok(Self {
            begun: Instant::now(),
            machine: Machine::new(pod.plan.name().clone()),
            workloads: Workloads::new(tell.clone()).map_err(|source| pod.failed(source))?,
            ports: Ports::new(listening, tell.clone()),
            pod,
            clients: BTreeMap::new(),
            asked: 0,
            handed: None,
            attached: BTreeMap::new(),
            jobs,
            worker,
            tell,
            is_over: false,
            rest: Some(Instant::now() + REST),
            notes,
            lock,
        })
    }

    async fn hear_all(&mut self, mut heard: UnboundedReceiver<Heard>, ready: impl FnOnce()) -> io::Result<()> {
        for name in adopt(&self.pod, &mut self.workloads) {
            self.on(Event::Adopted(name));
        }
        // Who has carried what is not published any more carries what is still connected.
        if !self.pod.plan.publish().is_empty() || self.pod.directory.process(Process::Forwarder).exists() {
            self.ports.adopt(&self.pod);
            self.carry_ports();
        }
        if door::is_there(&self.pod) {
            door::watch(&self.pod, self.tell.clone());
        }
        let control = self.pod.directory.control();
        tree::remove(&control).map_err(io::Error::other)?;
        let control = UnixListener::bind(&control)?;
        let tell = self.tell.clone();
        spawn_local(client::accept(control, move |asked| {
            let _at_the_end = tell.send(Heard::Asked(asked));
        }));
        let pinned = sys::watch(self.pod.pinned.as_fd().try_clone_to_owned()?)?;
        let tell = self.tell.clone();
        spawn_local(async move {
            // Where it cannot be watched, nothing else can be told of it either.
            let _ended = pinned.readable().await;
            let _at_the_end = tell.send(Heard::Event(Event::PauseEnded));
        });
        ready();
        loop {
            let deadline = self.machine.deadline().map(|deadline| self.begun + deadline);
            let deadline = deadline.into_iter().chain(self.rest).min();
            let asleep = async {
                match deadline {
                    Some(deadline) => sleep_until(deadline.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                heard = heard.recv() => match heard {
                    Some(heard) => {
                        self.rest = Some(Instant::now() + REST);
                        self.hear(heard);
                    }
                    None => return Ok(()),
                },
                () = asleep => {
                    if self.rest.is_some_and(|at| at <= Instant::now()) {
                        self.rest = None;
                        rest::soon();
                    }
                    self.on(Event::Time);
                }
            }
            if self.is_over {
                self.ports.bury_forwarder(&self.pod);
                door::close(&self.pod);
                self.workloads.bury_consoles();
                self.workloads.hear_out().await;
                return Ok(());
            }
        }
    }

    fn hear(&mut self, heard: Heard) {
        match heard {
            Heard::Event(event) => self.on(event),
            Heard::Asked(Asked { client, request, handed }) => {
                self.asked += 1;
                self.clients.insert(self.asked, Rc::new(client));
                self.handed = handed.into_iter().next();
                match request {
                    Request::Start(plan) => {
                        // Who has just ended makes room, whether we have been told of it yet or not.
                        self.bury(&plan.name);
                        self.on(Event::Start(self.asked, plan));
                    }
                    Request::Stop { grace_ms } => {
                        self.on(Event::Stop(self.asked, Duration::from_millis(grace_ms)));
                    }
                    Request::Publish(ports) => self.on(Event::Publish(self.asked, ports)),
                    Request::Reserve(ports) => self.on(Event::Reserve(self.asked, ports)),
                }
                self.handed = None;
            }
            Heard::Launched(name, launched) => {
                let owned = launched.and_then(|launched| self.workloads.own(&self.pod.directory, &name, launched));
                self.on(Event::Launched(name, owned));
            }
            Heard::Readable(name, launch) => {
                if self.workloads.is_of(&name, launch) {
                    self.bury(&name);
                    self.workloads.look_again(name, launch);
                }
            }
            Heard::Forwarder(Said::Event(event)) => self.notes.take("PortsBusy", event.to_string()),
            Heard::Forwarder(Said::Ended) => {
                self.ports.forwarder_ended();
                self.on(Event::PortsDown);
            }
        }
    }

    fn on(&mut self, event: Event) {
        let actions = self.machine.on(event, self.begun.elapsed());
        for action in actions {
            self.act(action);
        }
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Launch(plan) => {
                let client = self.handed.take();
                if client.is_some() {
                    self.attached.insert(plan.name.clone(), self.asked);
                }
                let _lives_as_long_as_we = self.jobs.send(Job::Launch(plan, client));
            }
            Action::Signal(name, signal) => self.workloads.signal(&name, signal),
            Action::Record(name, end) => {
                if let Some(client) = self.attached.remove(&name) {
                    self.say(client, Word::Ended(end), false);
                }
                if let Some(end) = end {
                    let _lives_as_long_as_we = self.jobs.send(Job::Record(name, end));
                }
            }
            Action::Publish(client, ports) => {
                let published = self.ports.publish(&mut self.pod, ports).map(Answer::Published);
                self.tell_of_ports(client, published, false);
            }
            Action::Reserve(client, ports) => {
                let reserved = self.ports.reserve(&self.pod, client, ports).map(Answer::Published);
                let stays = reserved.is_ok();
                self.tell_of_ports(client, reserved, stays);
            }
            Action::Release(client) => {
                self.clients.remove(&client);
                if !self.ports.release(&self.pod, client) {
                    self.on(Event::PortsDown);
                }
            }
            Action::Answer(client, answer) => {
                let stays = answer == Answer::Started && self.attached.values().any(|attached| *attached == client);
                if !stays {
                    self.attached.retain(|_, attached| *attached != client);
                }
                self.say(client, Word::Answer(answer), stays);
            }
            Action::Forward => self.carry_ports(),
            Action::OpenDoor => {
                let message = "pasta, by which the pod reaches others, has ended: it is started again";
                self.notes.take("NetworkNotReady", message.to_owned());
                door::open(&self.pod, self.tell.clone());
            }
            Action::Exit => self.is_over = true,
        }
    }

    /// Says something to a client, who stays to hear more or does not.
    fn say(&mut self, client: Client, word: Word, stays: bool) {
        let heard_by = if stays { self.clients.get(&client).cloned() } else { self.clients.remove(&client) };
        if let Some(client) = heard_by {
            spawn_local(async move {
                let _gone = client::say(&client, &word).await;
            });
        }
    }

    /// Tells a client what came of its ports; one that stays is minded, for it may go without a word.
    fn tell_of_ports(&mut self, client: Client, came: Result<Answer, Error>, stays: bool) {
        let stream = self.clients.get(&client).cloned().filter(|_| stays);
        self.say(client, Word::Answer(came.unwrap_or_else(|error| Answer::Refused(Refusal::from(&error)))), stays);
        if let Some(stream) = stream {
            let tell = self.tell.clone();
            spawn_local(async move {
                client::gone(&stream).await;
                let _at_the_end = tell.send(Heard::Event(Event::Release(client)));
            });
        }
        if !self.ports.are_carried() {
            self.on(Event::PortsDown);
        }
    }

    /// Sees to a workload that may have ended.
    fn bury(&mut self, name: &Name) {
        if let Some(Buried { end, is_grouped, mounts }) = self.workloads.bury(name) {
            self.on(Event::Ended(name.clone(), end));
            if is_grouped || mounts.is_some() {
                // What it has left behind ends with it.
                let _lives_as_long_as_we = self.jobs.send(Job::Clear(name.clone(), is_grouped, mounts));
            }
        }
    }

    fn carry_ports(&mut self) {
        if !self.ports.carry(&self.pod) {
            // Somebody else has a port, or there is no room for a process: for now.
            self.on(Event::PortsDown);
        }
    }
}
