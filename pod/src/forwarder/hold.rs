//! A supervisor's hold on its forwarder: saying which ports are carried, hearing what happened.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nsjoin::Child;

use super::door::call;
use super::listen::Listening;
use super::message::{AT_ONCE, Answer, Command, Event, SOCKET};
use super::say::{hear, say};
use crate::publish::Publish;

/// How long a forwarder has to do what it is asked.
const PATIENCE: Duration = Duration::from_secs(5);

/// A forwarder that runs, and the listeners of the ports that it carries.
///
/// It is readable when [`Forwarder::said`] has something to say. Dropping it leaves the forwarder
/// carrying.
#[derive(Debug)]
pub struct Forwarder {
    control: OwnedFd,
    /// Our child, if we have started it.
    child: Option<Child>,
    listening: Vec<Listening>,
    events: VecDeque<Event>,
}

/// What a forwarder has said of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// Something happened.
    Event(Event),
    /// It has ended.
    Ended,
}

/// A forwarder could not be started, found or asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ForwarderError {
    /// Its process could not be launched.
    #[error("cannot launch the forwarder of published ports")]
    Launch(#[source] Box<nsjoin::Error>),
    /// Something that it needs could not be had.
    #[error("cannot {operation} the forwarder of published ports")]
    Ask {
        /// What was to be done with it.
        operation: &'static str,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// It could not do what it was asked.
    #[error("the forwarder of published ports: {0}")]
    Refused(String),
}

pub(super) fn failed<E: Into<io::Error>>(operation: &'static str) -> impl FnOnce(E) -> ForwarderError {
    move |source| ForwarderError::Ask { operation, source: source.into() }
}

impl Forwarder {
    pub(super) fn new(control: OwnedFd, child: Option<Child>) -> Self {
        Self { control, child, listening: Vec::new(), events: VecDeque::new() }
    }

    /// Finds the forwarder that an earlier supervisor of the pod has started, and takes over its
    /// listeners; `None` when there is none. From now on it talks to us.
    ///
    /// # Errors
    /// When it does not answer, or hands over something else than listeners. It is to be killed then.
    pub fn adopt(directory: &Path) -> Result<Option<Self>, ForwarderError> {
        let Some(control) = call(directory, SOCKET).map_err(failed("reach"))? else { return Ok(None) };
        let mut forwarder = Self::new(control, None);
        match forwarder.ask(&Command::Adopt, &[]) {
            // It has ended between two words.
            Err(ForwarderError::Ask { source, .. }) if has_gone(&source) => Ok(None),
            asked => asked.map(|()| Some(forwarder)),
        }
    }

    /// Has it carry these ports and no others. What is connected to others already goes on.
    ///
    /// # Errors
    /// When it cannot, or does not answer.
    pub fn set_ports(&mut self, wanted: Vec<Listening>) -> Result<(), ForwarderError> {
        let is_wanted = |port: &Listening| wanted.iter().any(|wanted| wanted.publish == port.publish);
        let left: Vec<Publish> =
            self.listening.iter().filter(|port| !is_wanted(port)).map(|port| port.publish).collect();
        for some in left.chunks(AT_ONCE) {
            self.ask(&Command::Leave(some.to_vec()), &[])?;
        }
        self.listening.retain(|port| !left.contains(&port.publish));
        let known = |port: &Listening| self.listening.iter().any(|known| known.publish == port.publish);
        let mut new: Vec<Listening> = wanted.into_iter().filter(|port| !known(port)).collect();
        while !new.is_empty() {
            let rest = new.split_off(new.len().min(AT_ONCE));
            let ports = new.iter().map(|port| port.publish).collect();
            let listeners: Vec<_> = new.iter().map(AsFd::as_fd).collect();
            self.ask(&Command::Carry(ports), &listeners)?;
            self.listening.append(&mut new);
            new = rest;
        }
        Ok(())
    }

    /// The ports that it carries.
    #[must_use]
    pub fn listening(&self) -> &[Listening] {
        &self.listening
    }

    /// The listeners, for the forwarder that takes this one's place.
    #[must_use]
    pub fn into_listening(self) -> Vec<Listening> {
        self.listening
    }

    /// The forwarder's process, if we have started it.
    #[must_use]
    pub fn child(&self) -> Option<&Child> {
        self.child.as_ref()
    }

    /// What it has said and we have not heard yet; does not wait. One that we have started and that has ended is reaped.
    pub fn said(&mut self) -> Option<Said> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Some(Said::Event(event));
            }
            match hear::<Answer>(&self.control) {
                Ok(Some((answer, _))) => self.events.extend(event(answer)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return None,
                // What says something that nobody understands is none of ours.
                Ok(None) | Err(_) => {
                    self.bury();
                    return Some(Said::Ended);
                }
            }
        }
    }

    /// Makes sure that it has ended, if we have started it.
    pub(super) fn bury(&mut self) {
        if let Some(child) = self.child.take() {
            // Its socket is closed, or it is to be gone all the same; and nobody else waits for it.
            let _ended = child.kill();
            let _reaped = child.wait();
        }
    }

    /// Asks something, and waits until it is done.
    pub(super) fn ask(&mut self, command: &Command, with: &[BorrowedFd<'_>]) -> Result<(), ForwarderError> {
        let deadline = Instant::now() + PATIENCE;
        let heard = failed("ask");
        let mut asked = false;
        loop {
            let step = if asked {
                hear::<Answer>(&self.control).and_then(|heard| heard.ok_or_else(|| io::ErrorKind::BrokenPipe.into()))
            } else {
                say(&self.control, command, with).map(|()| {
                    asked = true;
                    (Answer::Carrying(Vec::new()), Vec::new())
                })
            };
            match step {
                Ok((Answer::Done, _)) => return Ok(()),
                Ok((Answer::Refused(reason), _)) => return Err(ForwarderError::Refused(reason)),
                Ok((Answer::Carrying(ports), listeners)) => {
                    self.take_over(ports, listeners).map_err(failed("adopt"))?
                }
                Ok((answer, _)) => self.events.extend(event(answer)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let flag = if asked { PollFlags::POLLIN } else { PollFlags::POLLOUT };
                    if !ready(self.control.as_fd(), flag, deadline) {
                        return Err(heard(io::Error::from(io::ErrorKind::TimedOut)));
                    }
                }
                Err(error) => return Err(heard(error)),
            }
        }
    }

    fn take_over(&mut self, ports: Vec<Publish>, listeners: Vec<OwnedFd>) -> io::Result<()> {
        if ports.len() != listeners.len() {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "listeners are missing"));
        }
        for (publish, listener) in ports.into_iter().zip(listeners) {
            self.listening.push(Listening::verified(publish, listener)?);
        }
        Ok(())
    }
}

impl AsFd for Forwarder {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.control.as_fd()
    }
}

fn event(answer: Answer) -> Option<Event> {
    match answer {
        Answer::Event(event) => Some(event),
        // An answer that came too late to be waited for.
        Answer::Done | Answer::Refused(_) | Answer::Carrying(_) => None,
    }
}

fn has_gone(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset)
}

/// Whether it is ready before the deadline.
pub(crate) fn ready(socket: BorrowedFd<'_>, flag: PollFlags, deadline: Instant) -> bool {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let patience = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
        match poll(&mut [PollFd::new(socket, flag)], patience) {
            Err(nix::errno::Errno::EINTR) => {}
            ready => return ready.is_ok_and(|ready| ready > 0),
        }
    }
}
