//! A network of its own with a process that holds it, in place of a pod and its pause.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use launch::{Identity, Pidfd, Seen};
use nix::sched::{CloneFlags, setns, unshare};
use pod::Publish;
use pod::forwarder::{Forwarder, Listening, Start, listen, start};
use tempfile::TempDir;

/// Longer than anything takes that is not stuck.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) pause: Child,
    network: File,
    pub(crate) directory: TempDir,
    pub(crate) program: PathBuf,
}

impl Place {
    pub(crate) fn new() -> Self {
        let made = std::thread::spawn(|| {
            unshare(CloneFlags::CLONE_NEWNET).unwrap();
            assert!(Command::new("ip").args(["link", "set", "lo", "up"]).status().unwrap().success());
            let pause = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
            (pause, File::open("/proc/thread-self/ns/net").unwrap())
        });
        let (pause, network) = made.join().unwrap();
        Self::held(pause, network)
    }

    /// As anybody can make one: in a user namespace.
    pub(crate) fn of_an_ordinary_user() -> Self {
        let script = "ip link set lo up && echo up && exec cat > /dev/null";
        let mut unshare = Command::new("unshare");
        unshare.args(["--user", "--map-root-user", "--net", "sh", "-c", script]);
        let mut pause = unshare.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        pause.stdout.take().unwrap().read_exact(&mut [0; 3]).unwrap();
        let network = File::open(format!("/proc/{}/ns/net", pause.id())).unwrap();
        Self::held(pause, network)
    }

    fn held(pause: Child, network: File) -> Self {
        let program = PathBuf::from(env!("CARGO_BIN_EXE_pod"));
        Self { pause, network, directory: tempfile::tempdir().unwrap(), program }
    }

    /// Does something in its network.
    pub(crate) fn inside<T: Send>(&self, what: impl FnOnce() -> T + Send) -> T {
        std::thread::scope(|scope| {
            let inside = scope.spawn(|| {
                setns(&self.network, CloneFlags::CLONE_NEWNET).unwrap();
                what()
            });
            inside.join().unwrap()
        })
    }

    /// A server on its localhost.
    pub(crate) fn server(&self) -> TcpListener {
        self.inside(|| TcpListener::bind("127.0.0.1:0").unwrap())
    }

    pub(crate) fn start(&self, listening: Vec<Listening>) -> Forwarder {
        let pause = Identity::of(self.pause.id().try_into().unwrap()).unwrap();
        let pinned = Pidfd::of(pause).unwrap().unwrap();
        let record: OwnedFd = File::create(self.record()).unwrap().into();
        let directory = self.directory.path();
        start(Start { program: &self.program, directory, pause, pinned: pinned.as_fd(), record, listening })
            .unwrap_or_else(|error| panic!("{}", launch::complain::line(&error)))
    }

    fn record(&self) -> PathBuf {
        self.directory.path().join("forwarder")
    }

    /// The forwarder's process, by its record.
    pub(crate) fn process(&self) -> Identity {
        Identity::from_record(&fs::read(self.record()).unwrap()).unwrap().unwrap()
    }

    /// A forwarder that carries to a server, and where clients reach it.
    pub(crate) fn carrying(&self) -> (Forwarder, TcpListener, SocketAddr) {
        let server = self.server();
        let listening = publish(&server);
        let address = listening.publish.listen();
        (self.start(vec![listening]), server, address)
    }

    /// Both ends of a connection that is carried.
    pub(crate) fn connected(&self) -> (Forwarder, TcpStream, TcpStream) {
        let (forwarder, server, address) = self.carrying();
        let (client, server) = pair(&server, address);
        (forwarder, client, server)
    }

    pub(crate) fn proc(&self, entry: &str) -> PathBuf {
        Path::new("/proc").join(self.process().pid.to_string()).join(entry)
    }

    /// How many kilobytes of memory are the forwarder's own, its program's text apart.
    pub(crate) fn memory(&self) -> usize {
        let rollup = fs::read_to_string(self.proc("smaps_rollup")).unwrap();
        let line = rollup.lines().find(|line| line.starts_with("Anonymous:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    /// Whether somebody in its network has asked for a connection and has no answer.
    pub(crate) fn is_knocked_at(&self) -> bool {
        let connections = fs::read_to_string(format!("/proc/{}/net/tcp", self.pause.id())).unwrap();
        // The fourth word is the state; 2 is SYN_SENT.
        connections.lines().any(|line| line.split_whitespace().nth(3) == Some("02"))
    }

    pub(crate) fn descriptors(&self) -> Vec<String> {
        let entries = fs::read_dir(self.proc("fd")).unwrap().flatten();
        let mut links: Vec<_> =
            entries.flat_map(|entry| fs::read_link(entry.path())).map(|link| link.display().to_string()).collect();
        links.sort();
        links
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let process = self.record().exists().then(|| self.process());
        let _ended = self.pause.kill();
        let _reaped = self.pause.wait();
        if let Some(process) = process
            && !std::thread::panicking()
        {
            eventually("the forwarder ends with its pod", || has_ended(process).then_some(()));
        }
    }
}

pub(crate) fn has_ended(process: Identity) -> bool {
    matches!(process.look(), Seen::Ended)
}

/// A port of the host that leads to this server.
pub(crate) fn publish(server: &TcpListener) -> Listening {
    listen_at(&format!("127.0.0.1:0:{}", server.local_addr().unwrap().port()))
}

pub(crate) fn listen_at(text: &str) -> Listening {
    listen(text.parse::<Publish>().unwrap()).unwrap()
}

/// A client of this address, and what this server has of it.
pub(crate) fn pair(server: &TcpListener, address: SocketAddr) -> (TcpStream, TcpStream) {
    let client = TcpStream::connect(address).unwrap();
    let (server, _) = server.accept().unwrap();
    for end in [&client, &server] {
        end.set_read_timeout(Some(PATIENCE)).unwrap();
        end.set_write_timeout(Some(PATIENCE)).unwrap();
    }
    (client, server)
}

/// One says something and the other hears it, both ways.
pub(crate) fn talk(one: &mut TcpStream, other: &mut TcpStream) {
    for _ in 0..2 {
        one.write_all(b"hello").unwrap();
        let mut heard = [0; 5];
        other.read_exact(&mut heard).unwrap();
        assert_eq!(&heard, b"hello");
        other.write_all(b"world").unwrap();
        one.read_exact(&mut heard).unwrap();
        assert_eq!(&heard, b"world");
    }
}

pub(crate) fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(Instant::now() < deadline, "not in time: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
