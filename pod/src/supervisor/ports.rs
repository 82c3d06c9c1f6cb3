//! The pod's published ports: that they are listened to, and that a forwarder carries them; those that the pod was made
//! with, and what they are changed to while it lives.
//!
//! A change is all or nothing. What is new is listened to and carried first, then the list is written down, and only then
//! is left what is not in it any more; so whoever is killed at it leaves a forwarder that carries the list before, the
//! one after or both, and the next supervisor has it carry what is written.

use std::cell::RefCell;
use std::collections::BTreeMap;
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
use super::decide::Client;
use super::heard::{Heard, Tell};
use super::pod::Pod;
use crate::error::Error;
use crate::forwarder::{self, Forwarder, Listening, Said};
use crate::publish::Publish;
use crate::sys;

/// The listeners, and who carries what comes in.
pub(super) struct Ports {
    listening: Vec<Listening>,
    /// What is to be published by clients that have not said so yet.
    reserved: BTreeMap<Client, Vec<Publish>>,
    forwarder: Option<Rc<RefCell<Forwarder>>>,
    /// Whether the forwarder did the last that it was asked.
    carried: bool,
    tell: Tell,
}

impl Ports {
    /// Listened to, and not carried yet.
    pub(super) fn new(listening: Vec<Listening>, tell: Tell) -> Self {
        Self { listening, reserved: BTreeMap::new(), forwarder: None, carried: true, tell }
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

    /// Listens where nobody does, and has all ports carried and no others; hands back whether they are.
    pub(super) fn carry(&mut self, pod: &Pod) -> bool {
        let wanted = self.wanted(pod.plan.publish());
        let mut all = true;
        for publish in &wanted {
            if let Err(error) = self.listen(*publish, &wanted) {
                complain(error, ());
                all = false;
            }
        }
        self.listening.retain(|port| wanted.contains(&port.publish));
        self.carried = self.have_carried(pod).map_err(|error| complain(error, ())).is_ok();
        self.carried && all
    }

    /// Publishes these and no others; hands them back, with the numbers that the kernel has chosen.
    ///
    /// # Errors
    /// One cannot be had, nobody carries them, or it cannot be written down. All is as before then.
    pub(super) fn publish(&mut self, pod: &mut Pod, ports: Vec<Publish>) -> Result<Vec<Publish>, Error> {
        let ports = self.have_both(pod, ports).map_err(|error| self.as_before(pod, error))?;
        pod.publishes(ports.clone()).map_err(|error| self.as_before(pod, error))?;
        let wanted = self.wanted(&ports);
        if let Err(error) = self.turn_to(pod, &wanted, &wanted) {
            // It is written down, and somebody else is to carry it.
            complain(error, ());
            self.replace_forwarder(pod);
        }
        Ok(ports)
    }

    /// Has these carried beside what is published; hands them back, with the numbers that the kernel has chosen.
    fn have_both(&mut self, pod: &Pod, ports: Vec<Publish>) -> Result<Vec<Publish>, Error> {
        let mut chosen = Vec::<Publish>::new();
        for publish in ports {
            if let Some(there) = chosen.iter().find(|there| there.is_at(&publish)) {
                return Err(Error::PublishedAlready { publish, there: *there });
            }
            chosen.push(if publish.host_port == 0 { self.listen(publish, &[])? } else { publish });
        }
        let before = pod.plan.publish();
        let new = chosen.iter().filter(|port| !is_among(port, before));
        let both: Vec<Publish> = before.iter().chain(new).copied().collect();
        self.turn_to(pod, &self.wanted(&both), &chosen).map(|()| chosen)
    }

    /// Has these, too, until they are released: so that it is known that they can be had. What leads elsewhere until they are
    /// published goes on doing so.
    ///
    /// # Errors
    /// One cannot be had, or nobody carries it. All is as before then.
    pub(super) fn reserve(&mut self, pod: &Pod, client: Client, ports: Vec<Publish>) -> Result<Vec<Publish>, Error> {
        self.reserved.insert(client, ports.clone());
        match self.turn_to(pod, &self.wanted(pod.plan.publish()), &ports) {
            Ok(()) => Ok(ports),
            Err(error) => {
                self.reserved.remove(&client);
                Err(self.as_before(pod, error))
            }
        }
    }

    /// Gives up what was had for a client, unless it is published by now; hands back whether what is left is carried.
    pub(super) fn release(&mut self, pod: &Pod, client: Client) -> bool {
        self.reserved.remove(&client).is_none() || self.carry(pod)
    }

    /// Whether the forwarder did the last that it was asked: if not, it is to be asked again.
    pub(super) fn are_carried(&self) -> bool {
        self.carried
    }

    /// What is published, and what was reserved beside that and leads nowhere else.
    fn wanted(&self, published: &[Publish]) -> Vec<Publish> {
        let mut wanted = published.to_vec();
        for publish in self.reserved.values().flatten() {
            if !is_among(publish, &wanted) {
                wanted.push(*publish);
            }
        }
        wanted
    }

    /// Listens to these and has them carried, and then to no others; of them these are to stay.
    fn turn_to(&mut self, pod: &Pod, wanted: &[Publish], stay: &[Publish]) -> Result<(), Error> {
        for publish in wanted {
            self.listen(*publish, stay)?;
        }
        self.listening.retain(|port| wanted.contains(&port.publish));
        self.have_carried(pod)?;
        self.carried = true;
        Ok(())
    }

    /// Goes back to what is published, after this has gone wrong.
    fn as_before(&mut self, pod: &Pod, error: Error) -> Error {
        self.carry(pod);
        if !self.carried {
            self.replace_forwarder(pod);
        }
        error
    }

    /// Listens to a port, unless we do; hands back which it is. Of ours one that is not to stay gives it its listener, if it
    /// stands in the same place, and is not in its way elsewhere.
    fn listen(&mut self, publish: Publish, stay: &[Publish]) -> Result<Publish, Error> {
        if self.listening.iter().any(|port| port.publish == publish) {
            return Ok(publish);
        }
        let goes = |port: &&Listening| !stay.contains(&port.publish);
        let going: Vec<&Listening> = self.listening.iter().filter(goes).collect();
        let listening = match going.iter().find(|port| port.publish.is_at(&publish)) {
            Some(port) => port.leading_to(publish.pod_port),
            None => forwarder::listen_beside(publish, &going),
        };
        let listening = listening.map_err(|source| Error::Publish { publish, source })?;
        let publish = listening.publish;
        self.listening.push(listening);
        Ok(publish)
    }

    /// Has what is listened to carried, and nothing else.
    fn have_carried(&mut self, pod: &Pod) -> Result<(), Error> {
        match self.forwarder.clone() {
            Some(forwarder) => Ok(forwarder.borrow_mut().set_ports(self.copies(pod)?)?),
            None if self.listening.is_empty() => Ok(()),
            None => self.start(pod).and_then(|forwarder| self.keep(pod, forwarder)),
        }
    }

    /// Ends a forwarder that does not do what it is asked: its end is heard, and another takes its place.
    fn replace_forwarder(&mut self, pod: &Pod) {
        self.bury_forwarder(pod);
        self.carried = false;
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

/// Whether something of these is published in the place of this.
fn is_among(publish: &Publish, others: &[Publish]) -> bool {
    others.iter().any(|other| other.is_at(publish))
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
