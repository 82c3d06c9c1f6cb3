//! The workloads of a pod: launching them, seeing their end, ending them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::{DirBuilder, File};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use nsjoin::{Child, Command, Environment, Identity, Inherited, Join, Name, OwnPids, Record, Select, Session, Target};
use reaper::{Signal, WaitStatus};
use tokio::io::unix::AsyncFd;
use tokio::net::unix::pipe;
use tokio::sync::Notify;
use tokio::task::spawn_local;
use tokio::time::timeout;

use super::log::{self, Stream};
use crate::control::{Answer, Refusal};
use crate::directory::{PodDirectory, Workload};
use crate::error::{Error, file};
use crate::plan::WorkloadPlan;
use crate::record::{EndRecord, WorkloadRecord};
use crate::sys;

/// The workloads that run, and where they are recorded.
#[derive(Debug)]
pub(super) struct Workloads {
    directory: PodDirectory,
    pause: Identity,
    own_pids: OwnPids,
    running: RefCell<BTreeMap<Name, Rc<AsyncFd<Child>>>>,
    /// Told whenever one has ended.
    one_less: Notify,
}

impl Workloads {
    pub(super) fn new(directory: PodDirectory, pause: Identity, own_pids: OwnPids) -> Self {
        Self { directory, pause, own_pids, running: RefCell::default(), one_less: Notify::new() }
    }

    /// Launches a workload.
    pub(super) async fn start(self: &Rc<Self>, plan: WorkloadPlan) -> Answer {
        let name = &plan.name;
        loop {
            let one_less = self.one_less.notified();
            // By its record, for it may be the workload of a supervisor before us.
            match self.directory.workload(name) {
                Ok(Some(Workload { process: Some(process), .. })) if matches!(process.look(), launch::Seen::Alive) => {
                    return Answer::Refused(Refusal::because(format!("a workload named {name} runs already")));
                }
                Ok(_) => {}
                Err(error) => return Answer::Refused(Refusal::because(nsjoin::report::line(&error))),
            }
            // One of that name that has just ended is to have its end recorded as its own.
            if !self.running.borrow().contains_key(name) {
                break;
            }
            one_less.await;
        }
        match self.launch(plan) {
            Ok(()) => Answer::Started,
            Err(refusal) => Answer::Refused(refusal),
        }
    }

    fn launch(self: &Rc<Self>, plan: WorkloadPlan) -> Result<(), Refusal> {
        let name = plan.name.clone();
        let refuse = |error: Error| Refusal::because(nsjoin::report::line(&error));
        let record = WorkloadRecord { plan, started: SystemTime::now() };
        let process = self.directory.begin_workload(&record).map_err(refuse)?;
        let launched = self.spawn(record.plan, process);
        if launched.is_err() {
            self.directory.forget_workload(&name).map_err(refuse)?;
        }
        let child = launched?;
        self.running.borrow_mut().insert(name.clone(), Rc::clone(&child));
        spawn_local(Rc::clone(self).see_the_end(name, child));
        Ok(())
    }

    /// Joins the pod with the workload, its output going to its log.
    fn spawn(&self, plan: WorkloadPlan, process: File) -> Result<Rc<AsyncFd<Child>>, Refusal> {
        let files = self.files(&plan.name).map_err(|error| Refusal::because(nsjoin::report::line(&error)))?;
        let command = Command::new(plan.program)
            .args(plan.arguments)
            .environment(Environment::Empty)
            .envs(plan.environment)
            .directory(plan.directory)
            .session(Session::New)
            .own_pids(self.own_pids)
            .stdio([Some(files.null), Some(files.stdout.0), Some(files.stderr.0)])
            .signals(Inherited::now())
            .record(Record::Stat(process.into()));
        let join = Join::new(Target::Process(self.pause), command).select(Select::All);
        let opened = join.plan().map_err(nsjoin::Error::from).and_then(nsjoin::Plan::open);
        let child = opened.and_then(nsjoin::Opened::spawn).map_err(|error| Refusal::from(&error))?;
        spawn_local(log::copy(files.stdout.1, Stream::Stdout, Rc::clone(&files.log)));
        spawn_local(log::copy(files.stderr.1, Stream::Stderr, files.log));
        sys::watch(child).map(Rc::new).map_err(|error| Refusal::because(format!("cannot watch the workload: {error}")))
    }

    fn files(&self, name: &Name) -> Result<Files, Error> {
        let path = self.directory.log(name);
        let logs = path.parent().unwrap_or(&path);
        DirBuilder::new().recursive(true).mode(0o700).create(logs).map_err(file("create", logs))?;
        let log = File::options().create(true).append(true).open(&path).map_err(file("open", &path))?;
        let piped = || output().map_err(file("make", "a pipe"));
        Ok(Files {
            null: File::open("/dev/null").map_err(file("open", "/dev/null"))?.into(),
            stdout: piped()?,
            stderr: piped()?,
            log: Rc::new(RefCell::new(log)),
        })
    }

    /// Waits for the end of a workload and records it.
    async fn see_the_end(self: Rc<Self>, name: Name, child: Rc<AsyncFd<Child>>) {
        let status = end_of(&child).await;
        if let Some(end) = status.ok().and_then(|status| EndRecord::of(status, SystemTime::now())) {
            // Where it cannot be recorded (disk full, pod deleted meanwhile), `get` sees by the
            // process itself that it has ended, if not how.
            let _unrecorded = self.directory.end_workload(&name, &end);
        }
        self.running.borrow_mut().remove(&name);
        self.one_less.notify_waiters();
    }

    /// Ends every workload: TERM, then so much grace, then KILL; comes back when all have ended.
    pub(super) async fn stop(&self, grace: Duration) {
        if !grace.is_zero() {
            self.signal_all(Signal::TERM);
            // Past the grace or before it, the rest is the same.
            let _in_time = timeout(grace, self.none_left()).await;
        }
        self.signal_all(Signal::KILL);
        self.none_left().await;
    }

    fn signal_all(&self, signal: Signal) {
        for child in self.running.borrow().values() {
            // Refused only for what runs as somebody stronger than us; the pause's end takes that.
            let _refused = child.get_ref().signal(signal);
        }
    }

    async fn none_left(&self) {
        loop {
            let one_less = self.one_less.notified();
            if self.running.borrow().is_empty() {
                return;
            }
            one_less.await;
        }
    }
}

/// What a workload's stdio is connected to, and our ends of it.
struct Files {
    null: OwnedFd,
    stdout: (OwnedFd, pipe::Receiver),
    stderr: (OwnedFd, pipe::Receiver),
    log: Rc<RefCell<File>>,
}

/// A pipe for a workload to write to, and us to read from.
fn output() -> io::Result<(OwnedFd, pipe::Receiver)> {
    let (ours, theirs) = io::pipe()?;
    Ok((theirs.into(), pipe::Receiver::from_owned_fd(ours.into())?))
}

async fn end_of(child: &AsyncFd<Child>) -> Result<WaitStatus, launch::Error> {
    // A pidfd becomes readable at the end; where it cannot be watched, waiting blocks.
    let _ready = child.readable().await;
    child.get_ref().wait()
}
