//! Networks of a test's own: one to be in, one that is the world, and looking from inside of others.

use std::fs::File;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use nix::sched::{CloneFlags, setns, unshare};

use crate::house::{Guest, House};

/// How long a connection is waited for that is to come about, or not to.
const PATIENCE: Duration = Duration::from_millis(1500);

/// Runs a test in a network of its own, whose loopback is up: whatever it starts is in there. It is a thread's, so no
/// other test is.
pub(crate) fn apart(test: impl FnOnce() + Send + 'static) {
    let ran = thread::spawn(move || {
        unshare(CloneFlags::CLONE_NEWNET).unwrap();
        run("ip", &["link", "set", "lo", "up"]);
        test();
    });
    if let Err(panic) = ran.join() {
        std::panic::resume_unwind(panic);
    }
}

/// Does something in the network of a process.
pub(crate) fn inside<T: Send>(pid: i32, does: impl FnOnce() -> T + Send) -> T {
    let network = File::open(format!("/proc/{pid}/ns/net")).unwrap();
    let enter = || {
        setns(network, CloneFlags::CLONE_NEWNET).unwrap();
        does()
    };
    thread::scope(|scope| scope.spawn(enter).join().unwrap())
}

/// Runs a program of the machine's where we are, and hands back what it says.
pub(crate) fn run(program: &str, arguments: &[&str]) -> String {
    let program = fixtures::find(program).unwrap_or_else(|| program.into());
    let ran = Command::new(&program).args(arguments).stdin(Stdio::null()).output().unwrap();
    assert!(ran.status.success(), "{program:?} {arguments:?}: {}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).unwrap()
}

/// Whether a connection comes about from the network of this process.
pub(crate) fn reaches(from: i32, address: SocketAddr) -> io::Result<()> {
    inside(from, move || TcpStream::connect_timeout(&address, PATIENCE).map(drop))
}

/// Somebody who listens.
#[derive(Debug)]
pub(crate) struct Listening {
    listener: TcpListener,
    pub(crate) address: SocketAddr,
}

impl Listening {
    pub(crate) fn here(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let address = listener.local_addr().unwrap();
        Self { listener, address }
    }

    /// In the network of this process.
    pub(crate) fn inside(pid: i32, address: SocketAddr) -> Self {
        inside(pid, move || Self::here(address))
    }

    /// From where somebody has connected.
    pub(crate) fn who_came(&self) -> IpAddr {
        self.listener.accept().unwrap().1.ip()
    }
}

/// A network beyond the one that the test is in, which knows the way to that and to nobody behind it.
pub(crate) struct World(Guest);

impl World {
    /// The world's address.
    pub(crate) const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2));
    /// The machine's, as the world knows it.
    pub(crate) const MACHINE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

    pub(crate) fn new(house: &House) -> Self {
        let world = Self(house.start(house.command("unshare").args(["-n", "sh", "-c", "echo ready; exec sleep 600"])));
        let pid = world.pid();
        run("ip", &["link", "add", "out", "type", "veth", "peer", "name", "in", "netns", &pid.to_string()]);
        run("ip", &["addr", "add", "192.0.2.1/24", "dev", "out"]);
        run("ip", &["link", "set", "out", "up"]);
        run("ip", &["route", "add", "default", "via", "192.0.2.2"]);
        inside(pid, || {
            run("ip", &["addr", "add", "192.0.2.2/24", "dev", "in"]);
            run("ip", &["link", "set", "in", "up"]);
        });
        world
    }

    pub(crate) fn pid(&self) -> i32 {
        self.0.pid()
    }
}
