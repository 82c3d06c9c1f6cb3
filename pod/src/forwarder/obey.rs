//! Doing what the supervisor says; and what a later one says who comes to the forwarder's socket.

use std::cell::RefCell;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::rc::Rc;

use rustix::net::{SocketFlags, accept_with};
use tokio::io::Interest;
use tokio::task::{JoinHandle, spawn_local};
use tokio::time::sleep;

use super::accept::accept;
use super::dial::BREATH;
use super::means::Means;
use super::message::{AT_ONCE, Answer, Command};
use super::relay::relay;
use super::say::{hear, say};
use super::sys::{Watched, watch};
use crate::publish::{Publish, Transport};

/// The ports that are carried.
#[derive(Debug)]
pub(super) struct Ports {
    means: Rc<Means>,
    carried: RefCell<Vec<Port>>,
}

#[derive(Debug)]
struct Port {
    publish: Publish,
    listener: Rc<Watched>,
    accepting: JoinHandle<()>,
}

/// What comes with [`Command::Begin`].
#[derive(Debug)]
pub(super) struct Beginning {
    /// Readable once the pod is over.
    pub(super) pause: Watched,
    /// Where later supervisors come to.
    pub(super) door: Watched,
}

/// Waits to be told to begin; `None` when whoever was to say so is gone.
pub(super) async fn begin(supervisor: &Watched) -> io::Result<Option<Beginning>> {
    let Some((command, with)) = next(supervisor).await? else { return Ok(None) };
    let begun = match (command, <[OwnedFd; 2]>::try_from(with)) {
        (Command::Begin, Ok([pause, door])) => {
            let pause = watch(pause)?;
            Beginning { pause, door: watch(door)? }
        }
        (command, _) => return Err(io::Error::other(format!("{command:?} is no beginning"))),
    };
    answer(supervisor, &Answer::Done, &[]).await?;
    Ok(Some(begun))
}

impl Ports {
    pub(super) fn new(means: Rc<Means>) -> Rc<Self> {
        Rc::new(Self { means, carried: RefCell::default() })
    }

    /// Lets later supervisors in, one after the other.
    pub(super) async fn admit(self: Rc<Self>, door: Watched) {
        loop {
            let Ok(mut knocked) = door.readable().await else { return };
            match accept_with(door.get_ref(), SocketFlags::CLOEXEC | SocketFlags::NONBLOCK) {
                Ok(supervisor) => match watch(supervisor) {
                    Ok(supervisor) => drop(spawn_local(Rc::clone(&self).obey(Rc::new(supervisor)))),
                    Err(error) => self.means.short_of("hear a supervisor", &error),
                },
                Err(rustix::io::Errno::AGAIN) => knocked.clear_ready(),
                Err(errno) => {
                    self.means.short_of("hear a supervisor", &errno.into());
                    sleep(BREATH).await;
                }
            }
        }
    }

    /// Does what a supervisor says until it is gone, or another has come. Then everything goes on as it is.
    pub(super) async fn obey(self: Rc<Self>, supervisor: Rc<Watched>) {
        while let Ok(Some((command, with))) = next(&supervisor).await {
            if command == Command::Adopt {
                self.means.tell_to(Some(Rc::clone(&supervisor)));
            } else if !self.means.tells(&supervisor) {
                return;
            }
            let said = match self.perform(command, with, &supervisor).await {
                Ok(()) => answer(&supervisor, &Answer::Done, &[]).await,
                Err(error) => answer(&supervisor, &Answer::Refused(error.to_string()), &[]).await,
            };
            if said.is_err() {
                break;
            }
        }
        if self.means.tells(&supervisor) {
            self.means.tell_to(None);
        }
    }

    async fn perform(self: &Rc<Self>, command: Command, with: Vec<OwnedFd>, supervisor: &Watched) -> io::Result<()> {
        match command {
            Command::Begin => Err(io::Error::other("it has begun already")),
            Command::Carry(ports) if ports.len() == with.len() => {
                // All or none: a port that could not be watched would be listened to by nobody.
                let listeners = with.into_iter().map(watch).collect::<io::Result<Vec<_>>>()?;
                for (publish, listener) in ports.into_iter().zip(listeners) {
                    self.carry(publish, listener);
                }
                Ok(())
            }
            Command::Carry(ports) => {
                Err(io::Error::other(format!("{} listeners for {} ports", with.len(), ports.len())))
            }
            Command::Leave(ports) => {
                self.leave(&ports).await;
                Ok(())
            }
            Command::Adopt => self.hand_over(supervisor).await,
        }
    }

    fn carry(&self, publish: Publish, listener: Watched) {
        let listener = Rc::new(listener);
        let (source, means) = (Rc::clone(&listener), Rc::clone(&self.means));
        let accepting = match publish.protocol {
            Transport::Tcp => spawn_local(accept(source, publish.pod_port, means)),
            Transport::Udp => spawn_local(relay(source, publish.pod_port, means)),
        };
        self.means.make_less_room();
        self.carried.borrow_mut().push(Port { publish, listener, accepting });
    }

    /// Comes back when nobody listens there any more, as far as we are concerned.
    async fn leave(&self, ports: &[Publish]) {
        let (left, kept) = self.carried.take().into_iter().partition(|port: &Port| ports.contains(&port.publish));
        self.carried.replace(kept);
        for Port { listener, accepting, .. } in left {
            drop(listener);
            accepting.abort();
            let _aborted = accepting.await;
            self.means.make_more_room();
        }
    }

    /// Gives a supervisor a copy of each listener.
    async fn hand_over(&self, supervisor: &Watched) -> io::Result<()> {
        let carried: Vec<_> =
            self.carried.borrow().iter().map(|port| (port.publish, Rc::clone(&port.listener))).collect();
        for some in carried.chunks(AT_ONCE) {
            let ports = some.iter().map(|(publish, _)| *publish).collect();
            let listeners: Vec<_> = some.iter().map(|(_, listener)| listener.get_ref().as_fd()).collect();
            answer(supervisor, &Answer::Carrying(ports), &listeners).await?;
        }
        Ok(())
    }
}

async fn next(supervisor: &Watched) -> io::Result<Option<(Command, Vec<OwnedFd>)>> {
    supervisor.async_io(Interest::READABLE, |socket| hear(socket)).await
}

async fn answer(supervisor: &Watched, answer: &Answer, with: &[std::os::fd::BorrowedFd<'_>]) -> io::Result<()> {
    supervisor.async_io(Interest::WRITABLE, |socket| say(socket, answer, with)).await
}
