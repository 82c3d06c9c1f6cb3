//! The floor: carrying a connection by the calls that no user space can do without, and nothing else.
//!
//! One thread; nothing is counted, limited, kept for a slow reader or told to anybody, and whatever is unusual ends
//! everything: what is measured is little, and is taken at once.

use std::collections::BTreeMap;
use std::mem;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::fd::{AsRawFd, OwnedFd};
use std::rc::Rc;
use std::sync::mpsc::channel;
use std::thread;

use nix::sched::{CloneFlags, setns};
use nix::unistd::{Pid, gettid};
use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::io::Errno;
use rustix::net::{self, AddressFamily, RecvFlags, SendFlags, Shutdown, SocketFlags, SocketType, recv, send, sockopt};

use super::at_home;
use crate::network::Network;

/// As much as is taken at once.
const LITTLE: usize = 16 << 10;

/// Carries from a port of the machine to a server in the pod for as long as we are here ourselves; hands back
/// where, and the thread that does.
pub(super) fn relay(machine: &Network, pod: &Network, to: SocketAddr) -> (SocketAddr, Pid) {
    let listener = machine.inside(|| TcpListener::bind(at_home(0)).expect("a listener"));
    listener.set_nonblocking(true).expect("an option");
    let at = listener.local_addr().expect("an address");
    let (tell, told) = channel();
    let network = pod.file().try_clone().expect("a copy");
    thread::spawn(move || {
        setns(network, CloneFlags::CLONE_NEWNET).expect("a network");
        tell.send(gettid()).expect("somebody waits for it");
        Relay::new(to.port()).run(&listener.into()).expect("what is usual")
    });
    (at, told.recv().expect("a thread"))
}

/// One end of a connection, and the other.
struct End {
    socket: Rc<OwnedFd>,
    other: Rc<OwnedFd>,
    is_over: bool,
}

struct Relay {
    port: u16,
    epoll: OwnedFd,
    ends: BTreeMap<u64, End>,
    desk: Vec<u8>,
}

impl Relay {
    fn new(port: u16) -> Self {
        let epoll = epoll::create(CreateFlags::CLOEXEC).expect("an epoll");
        Self { port, epoll, ends: BTreeMap::new(), desk: vec![0; LITTLE] }
    }

    fn run(mut self, listener: &OwnedFd) -> Result<(), Errno> {
        epoll::add(&self.epoll, listener, EventData::new_u64(number(listener)), EventFlags::IN)?;
        let mut events = Vec::with_capacity(256);
        loop {
            match epoll::wait(&self.epoll, spare_capacity(&mut events), None) {
                Err(Errno::INTR) => continue,
                waited => waited?,
            };
            for event in mem::replace(&mut events, Vec::with_capacity(256)) {
                let ready = event.data.u64();
                if ready == number(listener) { self.accept(listener)? } else { self.carry(ready)? }
            }
        }
    }

    fn accept(&mut self, listener: &OwnedFd) -> Result<(), Errno> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let client = match net::accept_with(listener, flags) {
            Err(Errno::AGAIN) => return Ok(()),
            client => Rc::new(client?),
        };
        let first = match recv(&*client, &mut self.desk[..], RecvFlags::empty()) {
            Err(Errno::AGAIN) => 0,
            said => said?.1,
        };
        let server = Rc::new(net::socket_with(AddressFamily::INET, SocketType::STREAM, flags, None)?);
        sockopt::set_tcp_nodelay(&*server, true)?;
        if first > 0 {
            sockopt::set_tcp_quickack(&*server, false)?;
        }
        match net::connect(&*server, &SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))) {
            Err(Errno::INPROGRESS) => {}
            connected => connected?,
        }
        if first > 0 {
            send(&*server, &self.desk[..first], SendFlags::NOSIGNAL)?;
        }
        for (socket, other) in [(&client, &server), (&server, &client)] {
            let number = number(socket);
            epoll::add(&self.epoll, &**socket, EventData::new_u64(number), EventFlags::IN | EventFlags::ET)?;
            let end = End { socket: Rc::clone(socket), other: Rc::clone(other), is_over: false };
            self.ends.insert(number, end);
        }
        Ok(())
    }

    fn carry(&mut self, ready: u64) -> Result<(), Errno> {
        // It may have been ended by the event before.
        let Some(end) = self.ends.get_mut(&ready) else { return Ok(()) };
        match recv(&*end.socket, &mut self.desk[..], RecvFlags::empty()) {
            Err(Errno::AGAIN) => {}
            Ok((_, length @ 1..)) => drop(send(&*end.other, &self.desk[..length], SendFlags::NOSIGNAL)?),
            // Whoever broke has ended, too.
            Ok(_) | Err(_) => {
                end.is_over = true;
                let other = number(&end.other);
                match self.ends.get(&other) {
                    Some(other) if !other.is_over => {
                        let _broken = net::shutdown(&*other.socket, Shutdown::Write);
                    }
                    _ => {
                        self.ends.remove(&ready);
                        self.ends.remove(&other);
                    }
                }
            }
        }
        Ok(())
    }
}

fn number(socket: &OwnedFd) -> u64 {
    u64::try_from(socket.as_raw_fd()).expect("a descriptor")
}
