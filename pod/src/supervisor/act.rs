//! Doing what the machine decides, and telling it what has happened.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::rc::Rc;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant, SystemTime};

use launch::{Child, Identity, Origin, OwnPids, Pidfd, Seen};
use reaper::{Signal, WaitStatus};
use registry::{Lock, Name, PodDirectory, Process, tree};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::{LocalSet, spawn_local};
use tokio::time::sleep_until;

use super::client;
use super::decide::{Action, Client, Event, Machine};
use super::log::{self, Glass, Log, Stream};
use super::worker::{self, Job, Launched, Output, Place};
use crate::control::{Refusal, Request, Word};
use crate::error::Error;
use crate::forwarder::{self, Forwarder, Listening, Said};
use crate::plan::PodPlan;
use crate::programs;
use crate::record::{EndRecord, WorkloadRecord};
use crate::sandbox;
use crate::sys;

/// What a supervisor begins with.
#[derive(Debug)]
pub(super) struct Begun {
    pub(super) directory: PodDirectory,
    pub(super) plan: PodPlan,
    pub(super) pause: Identity,
    pub(super) pinned: Pidfd,
    pub(super) own_pids: OwnPids,
    pub(super) lock: Lock,
    pub(super) listening: Vec<Listening>,
    pub(super) here: Origin,
}

/// What reaches the supervisor, from its tasks and its worker.
#[derive(Debug)]
enum Heard {
    Event(Event),
    Asked(UnixStream, Request),
    Launched(Name, Result<Launched, Refusal>),
    /// The process of this launch has come to its end.
    Readable(Name, u64),
    Forwarder(Said),
}

/// The pod's workloads, ports and clients.
pub(super) struct Supervisor {
    directory: PodDirectory,
    plan: PodPlan,
    pause: Identity,
    pinned: Pidfd,
    here: Origin,
    begun: Instant,
    machine: Machine,
    running: BTreeMap<Name, Running>,
    launches: u64,
    clients: BTreeMap<Client, UnixStream>,
    asked: Client,
    jobs: Sender<Job>,
    tell: UnboundedSender<Heard>,
    listening: Vec<Listening>,
    forwarder: Option<Rc<RefCell<Forwarder>>>,
    glass: Rc<Glass>,
    is_over: bool,
    _lock: Lock,
}

/// A workload that runs.
#[derive(Debug)]
struct Running {
    launch: u64,
    process: Held,
}

/// Its process.
#[derive(Debug)]
enum Held {
    Ours(Child),
    /// That of a supervisor before us.
    Anothers(Pidfd),
}

impl Held {
    fn signal(&self, signal: Signal) -> Result<(), Error> {
        match self {
            Self::Ours(child) => Ok(child.signal(signal).map_err(nsjoin::Error::from)?),
            Self::Anothers(pidfd) => {
                pidfd.signal(signal).map_err(|errno| Error::Kernel { operation: "signal", source: errno })
            }
        }
    }

    fn copy(&self) -> io::Result<OwnedFd> {
        match self {
            Self::Ours(child) => child.as_fd().try_clone_to_owned(),
            Self::Anothers(pidfd) => pidfd.as_fd().try_clone_to_owned(),
        }
    }

    /// Whether it has ended, and how, if that can be told; does not wait. One of ours is reaped.
    fn end(&self) -> Option<Option<WaitStatus>> {
        match self {
            Self::Ours(child) => match child.poll() {
                Ok(Some(status @ (WaitStatus::Exited(_) | WaitStatus::Signaled { .. }))) => Some(Some(status)),
                Ok(_) => None,
                // Somebody else has reaped it.
                Err(_) => Some(None),
            },
            Self::Anothers(pidfd) => match pidfd.ended_within(Duration::ZERO) {
                Ok(true) => Some(pidfd.end()),
                Ok(false) | Err(_) => None,
            },
        }
    }
}

impl Supervisor {
    /// Supervises, until there is nothing left to. Says when it has begun: when it can be asked, and
    /// published ports are carried.
    pub(super) fn run(begun: Begun, ready: impl FnOnce()) -> Result<(), Error> {
        let failed = |source| Error::Supervisor { operation: "run", name: begun.plan.name().clone(), source };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let name = begun.plan.name().clone();
        LocalSet::new().block_on(&runtime, async {
            let (tell, heard) = unbounded_channel();
            spawn_local(sandbox::look_after(begun.pause, begun.directory.clone()));
            let mut supervisor = Self::new(begun, tell)?;
            supervisor.serve(heard, ready).await.map_err(|source| Error::Supervisor { operation: "run", name, source })
        })
    }

    fn new(begun: Begun, tell: UnboundedSender<Heard>) -> Result<Self, Error> {
        let Begun { directory, plan, pause, pinned, own_pids, lock, listening, here } = begun;
        let launched = {
            let tell = tell.clone();
            move |name, launched| {
                // Nobody hears it once we are at our end; what was launched ends with its Child's owner.
                let _at_the_end = tell.send(Heard::Launched(name, launched));
            }
        };
        let place = Place { directory: directory.clone(), pause, own_pids };
        let failed = |source| Error::Supervisor { operation: "run", name: plan.name().clone(), source };
        let jobs = worker::work(place, launched).map_err(failed)?;
        let glass = Rc::new(Glass::new().map_err(failed)?);
        Ok(Self {
            machine: Machine::new(plan.name().clone()),
            directory,
            plan,
            pause,
            pinned,
            here,
            begun: Instant::now(),
            running: BTreeMap::new(),
            launches: 0,
            clients: BTreeMap::new(),
            asked: 0,
            jobs,
            tell,
            listening,
            forwarder: None,
            glass,
            is_over: false,
            _lock: lock,
        })
    }

    async fn serve(&mut self, mut heard: UnboundedReceiver<Heard>, ready: impl FnOnce()) -> io::Result<()> {
        self.adopt();
        self.take_ports();
        let control = self.directory.control();
        tree::remove(&control).map_err(io::Error::other)?;
        let control = UnixListener::bind(&control)?;
        let tell = self.tell.clone();
        spawn_local(client::accept(control, move |client, request| {
            let _at_the_end = tell.send(Heard::Asked(client, request));
        }));
        let pinned = sys::watch(self.pinned.as_fd().try_clone_to_owned()?)?;
        let tell = self.tell.clone();
        spawn_local(async move {
            // Where it cannot be watched, nothing else can be told of it either.
            let _ended = pinned.readable().await;
            let _at_the_end = tell.send(Heard::Event(Event::PauseEnded));
        });
        ready();
        loop {
            let deadline = self.machine.deadline().map(|deadline| self.begun + deadline);
            let asleep = async {
                match deadline {
                    Some(deadline) => sleep_until(deadline.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                heard = heard.recv() => match heard {
                    Some(heard) => self.hear(heard),
                    None => return Ok(()),
                },
                () = asleep => self.on(Event::Time),
            }
            if self.is_over {
                self.bury_forwarder();
                return Ok(());
            }
        }
    }

    fn hear(&mut self, heard: Heard) {
        match heard {
            Heard::Event(event) => self.on(event),
            Heard::Asked(client, request) => {
                self.asked += 1;
                self.clients.insert(self.asked, client);
                match request {
                    Request::Start(plan) => {
                        // Who has just ended makes room, whether we have been told of it yet or not.
                        self.bury(&plan.name);
                        self.on(Event::Start(self.asked, plan));
                    }
                    Request::Stop { grace_ms } => {
                        self.on(Event::Stop(self.asked, Duration::from_millis(grace_ms)));
                    }
                }
            }
            Heard::Launched(name, launched) => {
                let launched = launched.and_then(|launched| self.own(&name, launched));
                self.on(Event::Launched(name, launched));
            }
            Heard::Readable(name, launch) => {
                if self.running.get(&name).is_some_and(|running| running.launch == launch) {
                    self.bury(&name);
                }
            }
            Heard::Forwarder(Said::Event(event)) => eprintln!("{event}"),
            Heard::Forwarder(Said::Ended) => {
                self.forwarder = None;
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
                let _lives_as_long_as_we = self.jobs.send(Job::Launch(plan));
            }
            Action::Signal(name, signal) => {
                if let Some(Err(error)) = self.running.get(&name).map(|running| running.process.signal(signal)) {
                    // It runs as somebody stronger than us; the pause's end takes it along.
                    nsjoin::report::report("pod", &error, None);
                }
            }
            Action::Record(name, end) => {
                if let Some(end) = end {
                    let _lives_as_long_as_we = self.jobs.send(Job::Record(name, end));
                }
            }
            Action::Answer(client, answer) => {
                if let Some(client) = self.clients.remove(&client) {
                    spawn_local(async move {
                        let _gone = client::say(&client, &Word::Answer(answer)).await;
                    });
                }
            }
            Action::Forward => self.forward(),
            Action::Exit => self.is_over = true,
        }
    }

    /// Takes over what supervisors before us have launched.
    fn adopt(&mut self) {
        for name in self.directory.draft_names().unwrap_or_else(|error| complain(error, Vec::new())) {
            self.finish_draft(&name);
        }
        for name in self.directory.workload_names().unwrap_or_else(|error| complain(error, Vec::new())) {
            self.read_on(&name);
            if self.directory.end::<EndRecord>(&name).is_ok_and(|end| end.is_some()) {
                continue;
            }
            let found = match self.directory.look(Process::Workload(&name), &self.here) {
                (Some(process), Seen::Alive) => Pidfd::of(process),
                (_, Seen::Unknown(unseen)) => Err(unseen),
                _ => Ok(None),
            };
            match found {
                Ok(None) => continue,
                Ok(Some(pidfd)) => {
                    self.hold(&name, Held::Anothers(pidfd)).unwrap_or_else(|error| complain(error, ()));
                }
                // What may run is not to be launched again.
                Err(unseen) => complain(unseen, ()),
            }
            self.on(Event::Adopted(name));
        }
    }

    /// Makes a workload of a launch that was cut short after its process was there, and nothing of
    /// one before.
    fn finish_draft(&self, name: &Name) {
        let process = self.directory.drafted(Process::Draft(name));
        let finished = match process {
            Ok(Some(process)) if !matches!(process.look(), Seen::Ended) => self.directory.promote(name),
            Ok(_) => self.directory.forget_draft(name),
            Err(error) => Err(error),
        };
        finished.unwrap_or_else(|error| complain(error, ()));
    }

    /// Reads on what a workload says, or those it has left behind.
    fn read_on(&self, name: &Name) {
        let Ok(Some(record)) = self.directory.spec::<WorkloadRecord>(name) else { return };
        let end = |stream: &str| worker::read_end(&self.directory.workload(name).join(stream));
        let output = end("stdout").and_then(|stdout| Ok((stdout, end("stderr")?)));
        // One that was never launched has none.
        let Ok((stdout, stderr)) = output else { return };
        match Log::resume(&self.directory, name, record.number) {
            Ok(log) => {
                if let Err(error) = self.read(Output { stdout, stderr, log }) {
                    complain(error, ());
                }
            }
            Err(error) => complain(error, ()),
        }
    }

    /// Takes a workload into our keeping. What cannot be watched must not run.
    fn own(&mut self, name: &Name, launched: Launched) -> Result<(), Refusal> {
        let Launched { child, output } = launched;
        let kept = match self.read(output) {
            Ok(()) => self.hold(name, Held::Ours(child)),
            Err(error) => {
                let _gone = child.kill().and_then(|()| child.wait());
                Err(error)
            }
        };
        if kept.is_err() {
            tree::remove(&self.directory.workload(name)).unwrap_or_else(|error| complain(error, ()));
        }
        kept.map_err(|error| Refusal::because(format!("cannot watch the workload: {}", nsjoin::report::line(&error))))
    }

    fn hold(&mut self, name: &Name, process: Held) -> io::Result<()> {
        self.launches += 1;
        let launch = self.launches;
        let watched = process.copy().and_then(sys::watch);
        let watched = match watched {
            Ok(watched) => watched,
            Err(error) => {
                if let Held::Ours(child) = &process {
                    let _gone = child.kill().and_then(|()| child.wait());
                }
                return Err(error);
            }
        };
        self.running.insert(name.clone(), Running { launch, process });
        let (tell, name) = (self.tell.clone(), name.clone());
        spawn_local(async move {
            let _ended = watched.readable().await;
            let _at_the_end = tell.send(Heard::Readable(name, launch));
        });
        Ok(())
    }

    /// Sees to a workload that may have ended.
    fn bury(&mut self, name: &Name) {
        let Some(status) = self.running.get(name).and_then(|running| running.process.end()) else { return };
        self.running.remove(name);
        let end = status.and_then(|status| EndRecord::of(status, SystemTime::now()));
        self.on(Event::Ended(name.clone(), end));
    }

    /// Has the pod's ports carried: by the forwarder that there is, or by one of ours.
    fn take_ports(&mut self) {
        if self.plan.publish().is_empty() {
            return;
        }
        match Forwarder::adopt(self.directory.path()) {
            Ok(Some(forwarder)) => {
                self.listening = forwarder.listening().iter().filter_map(|port| port.try_clone().ok()).collect();
                self.keep(forwarder).unwrap_or_else(|error| complain(error, ()));
            }
            Ok(None) => {}
            Err(error) => {
                complain(error, ());
                self.end_forwarder();
            }
        }
        self.forward();
    }

    /// Ends a forwarder that does not answer.
    fn end_forwarder(&self) {
        let recorded = self.directory.recorded(Process::Forwarder).ok().flatten();
        if let Some(Ok(Some(pidfd))) = recorded.map(Pidfd::of) {
            let ended = pidfd.signal(Signal::KILL).and_then(|()| pidfd.ended_within(Duration::from_secs(1)));
            if let Err(errno) = ended {
                complain(io::Error::from(errno), ());
            }
        }
    }

    /// Has all published ports carried, and listens where nobody does.
    fn forward(&mut self) {
        for publish in self.plan.publish() {
            if !self.listening.iter().any(|port| port.publish == *publish) {
                match forwarder::listen(*publish) {
                    Ok(listening) => self.listening.push(listening),
                    Err(source) => complain(Error::Publish { publish: *publish, source }, ()),
                }
            }
        }
        let carried = match self.forwarder.clone() {
            Some(forwarder) => self.ports().and_then(|ports| Ok(forwarder.borrow_mut().set_ports(ports)?)),
            None => self.start_forwarder().and_then(|forwarder| self.keep(forwarder)),
        };
        let all = self.listening.len() == self.plan.publish().len();
        if carried.map_err(|error| complain(error, ())).is_err() || !all {
            // Somebody else has a port, or there is no room for a process: for now.
            self.on(Event::PortsDown);
        }
    }

    /// Copies of the listeners.
    fn ports(&self) -> Result<Vec<Listening>, Error> {
        let copies: io::Result<_> = self.listening.iter().map(Listening::try_clone).collect();
        copies.map_err(|source| self.failed(source))
    }

    fn start_forwarder(&self) -> Result<Forwarder, Error> {
        let path = self.directory.process(Process::Forwarder);
        let options = &mut File::options();
        let record = options.write(true).create(true).truncate(true).mode(0o600).open(&path);
        let record = record.map_err(registry::file("create", &path))?;
        Ok(forwarder::start(forwarder::Start {
            program: &programs::ourselves().map_err(|source| self.failed(source))?,
            directory: self.directory.path(),
            pause: self.pause,
            pinned: self.pinned.as_fd(),
            record: record.into(),
            listening: self.ports()?,
        })?)
    }

    /// Listens to what a forwarder says, until its end.
    fn keep(&mut self, forwarder: Forwarder) -> Result<(), Error> {
        let watched = forwarder.as_fd().try_clone_to_owned();
        let watched = watched.and_then(sys::watch);
        let watched = watched.map_err(|source| self.failed(source))?;
        let forwarder = Rc::new(RefCell::new(forwarder));
        self.forwarder = Some(Rc::clone(&forwarder));
        let tell = self.tell.clone();
        spawn_local(async move {
            while let Ok(mut ready) = watched.readable().await {
                loop {
                    let said = forwarder.borrow_mut().said();
                    let Some(said) = said else { break };
                    let ended = said == Said::Ended;
                    let _at_the_end = tell.send(Heard::Forwarder(said));
                    if ended {
                        return;
                    }
                }
                ready.clear_ready();
            }
        });
        Ok(())
    }

    /// Sees to it that the forwarder, which ends with the pod, has ended before we do.
    fn bury_forwarder(&self) {
        if let Some(forwarder) = &self.forwarder {
            match forwarder.borrow().child() {
                Some(child) => {
                    let _ended = child.kill().and_then(|()| child.wait());
                }
                None => self.end_forwarder(),
            }
        }
    }

    /// Reads what a workload says into its log, until nobody says any more.
    fn read(&self, output: Output) -> io::Result<()> {
        let Output { stdout, stderr, log } = output;
        let (stdout, stderr) = (sys::watch(stdout)?, sys::watch(stderr)?);
        let log = Rc::new(RefCell::new(log));
        spawn_local(log::copy(stdout, Stream::Stdout, Rc::clone(&log), Rc::clone(&self.glass)));
        spawn_local(log::copy(stderr, Stream::Stderr, log, Rc::clone(&self.glass)));
        Ok(())
    }

    fn failed(&self, source: io::Error) -> Error {
        Error::Supervisor { operation: "run", name: self.plan.name().clone(), source }
    }
}

/// Says what went wrong where nobody waits for an answer, and goes on with this.
fn complain<T>(error: impl std::error::Error, otherwise: T) -> T {
    nsjoin::report::report("pod", &error, None);
    otherwise
}
