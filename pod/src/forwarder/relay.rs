//! Carrying the packets of one UDP port: to the pod's localhost, and the answers back to who asked.
//!
//! UDP has no connections, so one is made of it: whoever sends from one address to one of ours has a socket of their own
//! in the pod's network, as long as something comes one way or the other. There are as many as there is room for, and
//! what nobody can be found a place for is lost, as packets may be. An answer comes from the address that was asked.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::OwnedFd;
use std::rc::{Rc, Weak};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::net::{self, AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, send};
use tokio::sync::Notify;
use tokio::task::{JoinSet, yield_now};
use tokio::time::timeout_at;

use super::dial::BREATH;
use super::means::{Means, Place};
use super::packet::{self, Way};
use super::sys::{Watched, watch};

/// How long nothing may come either way until a place is another's: of who has had an answer, and of who never had one.
const IDLE: Duration = Duration::from_secs(120);
const UNANSWERED: Duration = Duration::from_secs(30);

/// After so many packets others have their turn.
const TURN: usize = 64;

thread_local! {
    /// Where packets are put on their way. It is the same for all: nothing stays in it.
    static DESK: RefCell<Box<[u8]>> = RefCell::new(vec![0; 1 << 16].into());
}

/// Who has come, by the way that their packets take.
type Known = Rc<RefCell<BTreeMap<Way, Rc<Caller>>>>;

/// Somebody who has sent something.
struct Caller {
    socket: Watched,
    /// That whoever was there has gone, and another is looked for.
    gone: Notify,
    /// When something came last, from them or for them.
    last: Cell<Instant>,
    answered: Cell<bool>,
    _place: Place,
}

impl Caller {
    fn until(&self) -> Instant {
        self.last.get() + if self.answered.get() { IDLE } else { UNANSWERED }
    }
}

/// Carries what comes in to this port of the pod, until it is dropped.
pub(super) async fn relay(listener: Rc<Watched>, port: u16, means: Rc<Means>) {
    let known = Known::default();
    let mut answering = JoinSet::new();
    loop {
        let Ok(mut waiting) = listener.readable().await else { return };
        for _ in 0..TURN {
            let came = DESK.with_borrow_mut(|desk| {
                let (length, way) = packet::receive(listener.get_ref(), desk)?;
                Ok(take(&known, way, &desk[..length], port, &means))
            });
            match came {
                Ok(Some(caller)) => {
                    let (listener, known) = (Rc::downgrade(&listener), Rc::clone(&known));
                    answering.spawn_local(answer(listener, caller.0, caller.1, known));
                }
                Ok(None) => {}
                Err(Errno::AGAIN) => {
                    waiting.clear_ready();
                    break;
                }
                Err(errno @ (Errno::NOBUFS | Errno::NOMEM)) => {
                    means.short_of("receive a packet", &errno.into());
                    tokio::time::sleep(BREATH).await;
                    break;
                }
                // What an earlier answer has come to is told to whoever receives next, and is nobody's now.
                Err(_) => {}
            }
        }
        while answering.try_join_next().is_some() {}
        yield_now().await;
    }
}

/// Passes on a packet; hands back who has sent it, if nobody was known to come this way.
fn take(known: &Known, way: Way, packet: &[u8], port: u16, means: &Rc<Means>) -> Option<(Way, Rc<Caller>)> {
    let before = known.borrow().get(&way).cloned();
    if let Some(caller) = before {
        caller.last.set(Instant::now());
        if send(caller.socket.get_ref(), packet, SendFlags::NOSIGNAL) != Err(Errno::CONNREFUSED) {
            return None;
        }
        // Whoever was there has gone; somebody may be there again, or by the other IP.
        known.borrow_mut().remove(&way);
        caller.gone.notify_one();
    }
    let place = means.place_at_once()?;
    match reach(port, packet) {
        Ok(socket) => {
            let (last, answered) = (Cell::new(Instant::now()), Cell::new(false));
            let caller = Rc::new(Caller { socket, gone: Notify::new(), last, answered, _place: place });
            known.borrow_mut().insert(way, Rc::clone(&caller));
            Some((way, caller))
        }
        Err(error) => {
            // That nobody is there yet is nothing to be told of.
            if error.kind() != io::ErrorKind::ConnectionRefused {
                means.short_of("reach the pod", &error);
            }
            None
        }
    }
}

/// Brings a packet to a port on the pod's localhost, by IPv4 first; the kernel says at once whether somebody is there.
fn reach(port: u16, packet: &[u8]) -> io::Result<Watched> {
    let by = |address: IpAddr| -> Result<OwnedFd, Errno> {
        let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
        let socket = net::socket_with(family, SocketType::DGRAM, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK, None)?;
        net::connect(&socket, &SocketAddr::new(address, port))?;
        match send(&socket, packet, SendFlags::NOSIGNAL) {
            // There is no room for it just now; for the next there may be.
            Ok(_) | Err(Errno::AGAIN | Errno::NOBUFS) => {}
            Err(errno) => return Err(errno),
        }
        net::sockopt::socket_error(&socket)??;
        Ok(socket)
    };
    let reached = match by(Ipv4Addr::LOCALHOST.into()) {
        Err(Errno::CONNREFUSED) => by(Ipv6Addr::LOCALHOST.into()).map_err(|errno| match errno {
            Errno::AFNOSUPPORT | Errno::ADDRNOTAVAIL | Errno::NETUNREACH => Errno::CONNREFUSED,
            errno => errno,
        }),
        reached => reached,
    };
    watch(reached?)
}

/// Brings answers back, until none comes for long.
async fn answer(listener: Weak<Watched>, way: Way, caller: Rc<Caller>, known: Known) {
    loop {
        let ready = tokio::select! {
            ready = timeout_at(caller.until().into(), caller.socket.readable()) => ready,
            () = caller.gone.notified() => return,
        };
        let mut ready = match ready {
            Ok(Ok(ready)) => ready,
            // Something may have come from them meanwhile.
            Err(_) if caller.until() > Instant::now() => continue,
            _ => break,
        };
        let Some(listener) = listener.upgrade() else { break };
        let answered = DESK.with_borrow_mut(|desk| {
            let (_, length) = recv(caller.socket.get_ref(), &mut desk[..], RecvFlags::empty())?;
            // One that does not get through is lost, as packets may be.
            let _lost = packet::send(listener.get_ref(), &desk[..length], &way);
            Ok(())
        });
        match answered {
            Ok(()) => {
                caller.answered.set(true);
                caller.last.set(Instant::now());
            }
            Err(Errno::AGAIN) => ready.clear_ready(),
            // Nobody is there any more: whoever sends next looks for somebody anew.
            Err(_) => break,
        }
    }
    let is_known = known.borrow().get(&way).is_some_and(|known| Rc::ptr_eq(known, &caller));
    if is_known {
        known.borrow_mut().remove(&way);
    }
}
