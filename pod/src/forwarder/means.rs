//! What all connections share: room, pipes, and somebody to be told what is short.

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::limit::Limits;
use super::message::{Answer, Event};
use super::pipes::Pipes;
use super::say::say;
use super::sys::Watched;

use crate::rest;

/// How long nothing is said of what has been said already.
const QUIET: Duration = Duration::from_secs(60);

/// From so many connections on their memory is worth being given back.
const MANY: usize = 64;

/// What all connections share.
#[derive(Debug)]
pub(super) struct Means {
    pub(super) pipes: Rc<Pipes>,
    most: Cell<usize>,
    room: std::sync::Arc<Semaphore>,
    /// How many connections there are, and were since memory was given back last.
    now: Cell<usize>,
    peak: Cell<usize>,
    supervisor: RefCell<Option<Rc<Watched>>>,
    /// What was said when; by what it is about.
    said: RefCell<Vec<(&'static str, Instant)>>,
}

/// A connection's place, until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    means: Rc<Means>,
    _permit: OwnedSemaphorePermit,
}

impl Means {
    pub(super) fn new(limits: Limits) -> Rc<Self> {
        Rc::new(Self {
            pipes: Pipes::new(limits.pipes),
            most: Cell::new(limits.connections),
            room: std::sync::Arc::new(Semaphore::new(limits.connections)),
            now: Cell::new(0),
            peak: Cell::new(0),
            supervisor: RefCell::default(),
            said: RefCell::default(),
        })
    }

    /// A place for a connection, as soon as there is one. Nothing but the end of the process closes the room.
    pub(super) async fn place(self: &Rc<Self>) -> Option<Place> {
        let permit = if let Ok(permit) = std::sync::Arc::clone(&self.room).try_acquire_owned() {
            permit
        } else {
            self.tell("room", || Event::Full { connections: self.most.get() });
            std::sync::Arc::clone(&self.room).acquire_owned().await.ok()?
        };
        Some(self.taken(permit))
    }

    /// A place, if there is one just now.
    pub(super) fn place_at_once(self: &Rc<Self>) -> Option<Place> {
        let Ok(permit) = std::sync::Arc::clone(&self.room).try_acquire_owned() else {
            self.tell("room", || Event::Full { connections: self.most.get() });
            return None;
        };
        Some(self.taken(permit))
    }

    fn taken(self: &Rc<Self>, permit: OwnedSemaphorePermit) -> Place {
        self.now.set(self.now.get() + 1);
        self.peak.set(self.peak.get().max(self.now.get()));
        Place { means: Rc::clone(self), _permit: permit }
    }

    /// A listener takes the place of a connection: it is one descriptor, and the client that waits another.
    pub(super) fn make_less_room(&self) {
        // One is left in any case: listeners without any connection are of no use.
        if self.most.get() > 1 && self.room.forget_permits(1) == 1 {
            self.most.set(self.most.get() - 1);
        }
    }

    /// A listener has left its place to a connection.
    pub(super) fn make_more_room(&self) {
        self.room.add_permits(1);
        self.most.set(self.most.get() + 1);
    }

    /// Whoever is told from now on what happens.
    pub(super) fn tell_to(&self, supervisor: Option<Rc<Watched>>) {
        *self.supervisor.borrow_mut() = supervisor;
    }

    /// Whether this is who is told.
    pub(super) fn tells(&self, supervisor: &Rc<Watched>) -> bool {
        self.supervisor.borrow().as_ref().is_some_and(|told| Rc::ptr_eq(told, supervisor))
    }

    /// Tells that something could not be done for now.
    pub(super) fn short_of(&self, operation: &'static str, error: &io::Error) {
        let reason = error.raw_os_error().map_or_else(|| error.to_string(), errno_words);
        self.tell(operation, || Event::Shortage { operation: operation.to_owned(), reason });
    }

    fn tell(&self, about: &'static str, event: impl FnOnce() -> Event) {
        let Some(supervisor) = self.supervisor.borrow().clone() else { return };
        let now = Instant::now();
        let mut said = self.said.borrow_mut();
        match said.iter_mut().find(|(known, _)| *known == about) {
            Some((_, when)) if now.duration_since(*when) < QUIET => return,
            Some((_, when)) => *when = now,
            None => said.push((about, now)),
        }
        // One that does not listen, or has too much to hear, does without.
        let _unheard = say(supervisor.get_ref(), &Answer::Event(event()), &[]);
    }
}

fn errno_words(errno: i32) -> String {
    nix::errno::Errno::from_raw(errno).desc().to_owned()
}

impl Drop for Place {
    fn drop(&mut self) {
        let (now, peak) = (self.means.now.get() - 1, self.means.peak.get());
        self.means.now.set(now);
        if peak >= MANY && now <= peak / 4 {
            self.means.peak.set(now);
            rest::soon();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forwarder::say::hear;
    use crate::forwarder::sys::watch;
    use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
    use std::os::fd::OwnedFd;

    fn with_a_supervisor(test: impl AsyncFnOnce(Rc<Means>, OwnedFd)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
            let pair = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None);
            let (ours, theirs) = pair.expect("two sockets");
            let means = Means::new(Limits { connections: 2, pipes: 0 });
            means.tell_to(Some(Rc::new(watch(ours).expect("watched"))));
            test(means, theirs).await;
        });
    }

    fn heard(supervisor: &OwnedFd) -> Option<Answer> {
        hear(supervisor).ok().flatten().map(|(answer, _)| answer)
    }

    #[test]
    fn who_comes_when_it_is_full_waits_until_somebody_leaves_and_the_supervisor_is_told_once() {
        with_a_supervisor(async |means, supervisor| {
            let first = means.place().await;
            let _second = means.place().await;
            assert!(heard(&supervisor).is_none());
            for _ in 0..2 {
                let waits = tokio::time::timeout(Duration::ZERO, means.place()).await;
                assert!(waits.is_err(), "there is no third");
            }
            assert_eq!(heard(&supervisor), Some(Answer::Event(Event::Full { connections: 2 })));
            assert!(heard(&supervisor).is_none(), "it is told once");
            drop(first);
            assert!(means.place().await.is_some());
        });
    }

    #[test]
    fn each_shortage_is_told_once() {
        with_a_supervisor(async |means, supervisor| {
            let error = io::Error::from_raw_os_error(libc::EMFILE);
            for operation in ["accept a client", "make a pipe", "accept a client"] {
                means.short_of(operation, &error);
            }
            let told: Vec<_> = std::iter::from_fn(|| heard(&supervisor)).collect();
            let reason = || "Too many open files".to_owned();
            let shortage =
                |operation: &str| Answer::Event(Event::Shortage { operation: operation.into(), reason: reason() });
            assert_eq!(told, [shortage("accept a client"), shortage("make a pipe")]);
        });
    }

    #[test]
    fn a_listener_takes_a_connections_place_but_not_the_last() {
        let means = Means::new(Limits { connections: 2, pipes: 0 });
        means.make_less_room();
        means.make_less_room();
        assert_eq!((means.most.get(), means.room.available_permits()), (1, 1));
    }
}
