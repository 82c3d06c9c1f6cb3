//! The pod's published ports: that they are listened to, and that a forwarder carries them.

use std::cell::RefCell;
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::rc::Rc;
use std::time::Duration;

use launch::Pidfd;
use reaper::Signal;
use registry::Process;
use tokio::task::spawn_local;

use super::complain;
use super::heard::{Heard, Tell};
use super::pod::Pod;
use crate::error::Error;
use crate::forwarder::{self, Forwarder, Listening, Said};
use crate::sys;

/// The listeners, and who carries what comes in.
pub(super) struct Ports {
    listening: Vec<Listening>,
    forwarder: Option<Rc<RefCell<Forwarder>>>,
    tell: Tell,
}

impl Ports {
    /// Listened to, and not carried yet.
    pub(super) fn new(listening: Vec<Listening>, tell: Tell) -> Self {
        Self { listening, forwarder: None, tell }
    }

    /// Takes over the forwarder that there is, if it answers.
    pub(super) fn adopt(&mut self, pod: &Pod) {
        match Forwarder::adopt(pod.directory.path()) {
            Ok(Some(forwarder)) => {
                self.listening = forwarder.listening().iter().filter_map(|port| port.try_clone().ok()).collect();
                self.keep(pod, forwarder).unwrap_or_else(|error| complain(error, ()));
            }
            Ok(None) => {}
            Err(error) => {
                complain(error, ());
                end_recorded(pod);
            }
        }
    }

    /// Listens where nobody does, and has all ports carried; hands back whether they are.
    pub(super) fn carry(&mut self, pod: &Pod) -> bool {
        for publish in pod.plan.publish() {
            if !self.listening.iter().any(|port| port.publish == *publish) {
                match forwarder::listen(*publish) {
                    Ok(listening) => self.listening.push(listening),
                    Err(source) => complain(Error::Publish { publish: *publish, source }, ()),
                }
            }
        }
        let carried = match self.forwarder.clone() {
            Some(forwarder) => self.copies(pod).and_then(|ports| Ok(forwarder.borrow_mut().set_ports(ports)?)),
            None => self.start(pod).and_then(|forwarder| self.keep(pod, forwarder)),
        };
        let all = self.listening.len() == pod.plan.publish().len();
        carried.map_err(|error| complain(error, ())).is_ok() && all
    }

    /// Learns that the forwarder has ended.
    pub(super) fn forwarder_ended(&mut self) {
        self.forwarder = None;
    }

    /// Sees to it that the forwarder, which ends with the pod, has ended before we do.
    pub(super) fn bury_forwarder(&self, pod: &Pod) {
        if let Some(forwarder) = &self.forwarder {
            match forwarder.borrow().child() {
                Some(child) => {
                    let _ended = child.kill().and_then(|()| child.wait());
                }
                None => end_recorded(pod),
            }
        }
    }

    /// Copies of the listeners.
    fn copies(&self, pod: &Pod) -> Result<Vec<Listening>, Error> {
        let copies: io::Result<_> = self.listening.iter().map(Listening::try_clone).collect();
        copies.map_err(|source| pod.failed(source))
    }

    fn start(&self, pod: &Pod) -> Result<Forwarder, Error> {
        let path = pod.directory.process(Process::Forwarder);
        let options = &mut File::options();
        let record = options.write(true).create(true).truncate(true).mode(0o600).open(&path);
        let record = record.map_err(registry::file("create", &path))?;
        Ok(forwarder::start(forwarder::Start {
            program: &pod.program,
            directory: pod.directory.path(),
            pause: pod.pause,
            pinned: pod.pinned.as_fd(),
            record: record.into(),
            listening: self.copies(pod)?,
        })?)
    }

    /// Listens to what a forwarder says, until its end.
    fn keep(&mut self, pod: &Pod, forwarder: Forwarder) -> Result<(), Error> {
        let watched = forwarder.as_fd().try_clone_to_owned();
        let watched = watched.and_then(sys::watch);
        let watched = watched.map_err(|source| pod.failed(source))?;
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
}

/// Ends a forwarder that does not answer, or is no child of ours.
fn end_recorded(pod: &Pod) {
    let recorded = pod.directory.recorded(Process::Forwarder).ok().flatten();
    if let Some(Ok(Some(pidfd))) = recorded.map(Pidfd::of) {
        let ended = pidfd.signal(Signal::KILL).and_then(|()| pidfd.ended_within(Duration::from_secs(1)));
        if let Err(errno) = ended {
            complain(io::Error::from(errno), ());
        }
    }
}
