//! A published port. Measured:
//! - how long a body of 256 MB takes to a client;
//! - how long a request of 64 bytes and its answer take, with 64 clients at a time on connections that stay;
//! - how long a new connection, a request and its answer take, with 64 clients at a time.
//!
//! Two networks of our own, with a cable between them: one is the machine's, and the clients'; the
//! other is the pod's, and the server's. Cases: `cable`, without a proxy; `forwarder`, from a listener in
//! the first to the localhost of the second; `docker-proxy`, docker's userland proxy, which goes by the cable;
//! `iptables`, a rule as docker makes it for a published port, by the cable, too; `pasta`, from a listener in the
//! first to the localhost of the second, as rootless podman has it carried.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use benches::Unit;
use fixtures::find;
use nix::sched::{CloneFlags, setns, unshare};
use nsjoin::{Identity, Pidfd};
use pod::Publish;
use pod::forwarder::{Forwarder, Start, listen, start};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream as Stream;
use tokio::task::{LocalSet, spawn_local};

use crate::place::{Place, time, works};
use crate::session::Session;
use crate::turns::{Case, Seen, Turns, case, nanoseconds};

const SUBJECT: &str = "ports";

/// How many bytes a body has, how many clients come at a time, and how often.
const BODY: usize = 256 << 20;
const CLIENTS: u32 = 64;
const TIMES: u32 = 25;

/// The ends of the cable, and the ports at which the forwarder listens.
const MACHINE: Ipv4Addr = Ipv4Addr::new(10, 88, 0, 1);
const POD: Ipv4Addr = Ipv4Addr::new(10, 88, 0, 2);
const PUBLISHED: [u16; 2] = [8080, 8081];

const QUESTION: [u8; 64] = [b'q'; 64];

pub(crate) fn measure(session: &mut Session, place: &Place) {
    if !nix::unistd::geteuid().is_root() {
        session.leave_out(SUBJECT, "all", "needs root");
        return;
    }
    let (machine, pod) = (Network::new(), Network::new());
    machine.connect(&pod);
    let addresses = pod.inside(serve);
    let _carrying = pod.carry(place, &machine, addresses);
    let forwarder = machine.inside(|| PUBLISHED.map(at_home));
    let at_pod = addresses.map(|address| SocketAddr::new(POD.into(), address.port()));
    let mut cases = vec![asked("cable", &machine, at_pod), asked("forwarder", &machine, forwarder)];
    let translated = machine.inside(|| at_pod.map(translate).into_iter().collect::<Result<Vec<_>, _>>());
    match translated.as_deref() {
        Ok([body, answer]) => cases.push(asked("iptables", &machine, [*body, *answer])),
        Ok(_) => unreachable!("two ports"),
        Err(reason) => session.leave_out(SUBJECT, "iptables", reason),
    }
    let pasta = find("pasta").ok_or_else(|| "it is not here".to_owned());
    let pasta = pasta.and_then(|program| machine.inside(|| Pasta::new(&program, place, &pod, addresses)));
    match &pasta {
        Ok(pasta) => cases.push(asked("pasta", &machine, pasta.addresses)),
        Err(reason) => session.leave_out(SUBJECT, "pasta", reason),
    }
    let docker = find("docker-proxy").map(|program| machine.inside(|| at_pod.map(|to| Proxied::new(&program, to))));
    match &docker {
        Some(proxies) => {
            cases.push(asked("docker-proxy", &machine, proxies.each_ref().map(|proxy| proxy.address)));
        }
        None => session.leave_out(SUBJECT, "docker-proxy", "it is not here"),
    }
    let measures = [("body", Unit::Time), ("request", Unit::Time), ("connection", Unit::Time)];
    let pairs = ["docker-proxy", "iptables", "pasta", "cable"].map(|theirs| ("forwarder", theirs));
    Turns { subject: SUBJECT, measures, pairs: &pairs, rounds: session.rounds(50) }.take(session, cases);
}

fn asked<'a>(name: &str, machine: &'a Network, [body, answer]: [SocketAddr; 2]) -> Case<'a, 3> {
    case(name, move || -> Seen<3> {
        let times = machine.inside(|| [whole_body(body), requests(answer), connections(answer)]);
        times.map(|time| Some(nanoseconds(time)))
    })
}

fn whole_body(at: SocketAddr) -> Duration {
    let mut buffer = vec![0; 1 << 20];
    let before = Instant::now();
    let mut client = TcpStream::connect(at).expect("a server");
    let mut length = 0;
    while let Ok(more @ 1..) = client.read(&mut buffer) {
        length += more;
    }
    assert_eq!(length, BODY, "the body is whole");
    before.elapsed()
}

/// One client after the other asks and hears, each as often as all others, in its own time.
fn clients<F: Future<Output = io::Result<()>> + 'static>(client: impl Fn() -> F) -> Duration {
    in_one_thread(async {
        let before = Instant::now();
        let clients: Vec<_> = (0..CLIENTS).map(|_| spawn_local(client())).collect();
        for client in clients {
            client.await.expect("a client").expect("an answer");
        }
        before.elapsed() / (CLIENTS * TIMES)
    })
}

fn requests(at: SocketAddr) -> Duration {
    clients(|| async move {
        let mut server = connect(at).await?;
        for _ in 0..TIMES {
            ask(&mut server).await?;
        }
        Ok(())
    })
}

fn connections(at: SocketAddr) -> Duration {
    clients(|| async move {
        for _ in 0..TIMES {
            ask(&mut connect(at).await?).await?;
        }
        Ok(())
    })
}

async fn connect(at: SocketAddr) -> io::Result<Stream> {
    let server = Stream::connect(at).await?;
    server.set_nodelay(true)?;
    Ok(server)
}

async fn ask(server: &mut Stream) -> io::Result<()> {
    server.write_all(&QUESTION).await?;
    server.read_exact(&mut QUESTION.clone()).await.map(drop)
}

/// As wrk and nginx do.
fn in_one_thread<T>(what: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    LocalSet::new().block_on(&runtime, what)
}

/// Sends bodies, and answers, in the network of this thread, for as long as we are here ourselves.
fn serve() -> [SocketAddr; 2] {
    let (sends, body) = listener();
    thread::spawn(move || sends.incoming().flatten().for_each(send_body));
    let (answers, answer) = listener();
    thread::spawn(move || in_one_thread(answer_all(answers)));
    [body, answer]
}

fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("0.0.0.0:0").expect("a listener");
    let address = listener.local_addr().expect("an address");
    (listener, address)
}

fn send_body(mut client: TcpStream) {
    let block = vec![7; 1 << 20];
    // A client that has enough may go.
    let _sent = (0..BODY >> 20).try_for_each(|_| client.write_all(&block));
}

async fn answer_all(listener: TcpListener) {
    listener.set_nonblocking(true).expect("an option");
    let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
    while let Ok((client, _)) = listener.accept().await {
        spawn_local(answer(client));
    }
}

async fn answer(mut client: Stream) -> io::Result<()> {
    client.set_nodelay(true)?;
    let mut question = QUESTION;
    loop {
        client.read_exact(&mut question).await?;
        client.write_all(&question).await?;
    }
}

/// A network of its own, and a process that holds it.
struct Network {
    holder: Child,
    file: File,
}

impl Network {
    fn new() -> Self {
        // In a thread of its own, which leaves our network for good.
        let made = thread::spawn(|| {
            unshare(CloneFlags::CLONE_NEWNET).expect("a network");
            ip("link set lo up");
            // So that there are ports for as many connections as are measured.
            fs::write("/proc/sys/net/ipv4/tcp_tw_reuse", "1").expect("an option of the network");
            fs::write("/proc/sys/net/ipv4/ip_local_port_range", "10000 65000").expect("an option of the network");
            Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("cat")
        });
        let holder = made.join().expect("a network");
        let file = File::open(format!("/proc/{}/ns/net", holder.id())).expect("a network");
        Self { holder, file }
    }

    fn inside<T: Send>(&self, what: impl FnOnce() -> T + Send) -> T {
        thread::scope(|scope| {
            let inside = scope.spawn(|| {
                setns(&self.file, CloneFlags::CLONE_NEWNET).expect("a network");
                what()
            });
            inside.join().expect("what is done inside")
        })
    }

    /// Lays a cable from here, the machine, to a pod.
    fn connect(&self, pod: &Self) {
        let up = |end: &str, address: Ipv4Addr| {
            ip(&format!("address add {address}/24 dev {end}"));
            ip(&format!("link set {end} up"));
        };
        self.inside(|| {
            ip(&format!("link add outside type veth peer name inside netns {}", pod.holder.id()));
            up("outside", MACHINE);
        });
        pod.inside(|| up("inside", POD));
    }

    /// Has a forwarder carry to this pod.
    fn carry(&self, place: &Place, machine: &Self, to: [SocketAddr; 2]) -> Forwarder {
        let ports = PUBLISHED.iter().zip(to);
        let listening = machine.inside(|| {
            let publish = ports.map(|(port, to)| format!("127.0.0.1:{port}:{}", to.port()).parse::<Publish>());
            publish.map(|publish| listen(publish.expect("a port")).expect("a listener")).collect()
        });
        let pause = Identity::of(self.holder.id().cast_signed()).expect("a process");
        let pinned = Pidfd::of(pause).expect("a pidfd").expect("a process");
        let record: OwnedFd = File::create(place.work().join("forwarder")).expect("a record").into();
        let (program, directory) = (place.ours("pod"), place.work());
        let program = Path::new(&program);
        start(Start { program, directory, pause, pinned: pinned.as_fd(), record, listening }).expect("a forwarder")
    }
}

fn ip(words: &str) {
    time(Command::new("ip").args(words.split(' ')));
}

/// What was connected, and carried, ends with it.
impl Drop for Network {
    fn drop(&mut self) {
        let _gone = self.holder.kill();
        let _reaped = self.holder.wait();
    }
}

fn at_home(port: u16) -> SocketAddr {
    SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port)
}

/// Has this machine send on what comes to its end of the cable, as docker does.
fn translate(to: SocketAddr) -> Result<SocketAddr, String> {
    let at = SocketAddr::new(MACHINE.into(), to.port());
    let (port, to) = (at.port().to_string(), to.to_string());
    let from = ["-t", "nat", "-A", "OUTPUT", "-p", "tcp", "-d", "10.88.0.1", "--dport", &port];
    works(Command::new("iptables").args(from).args(["-j", "DNAT", "--to-destination", &to]))?;
    Ok(at)
}

/// pasta between two networks, for both ports.
struct Pasta {
    addresses: [SocketAddr; 2],
    pasta: Child,
}

impl Pasta {
    fn new(program: &Path, place: &Place, pod: &Network, to: [SocketAddr; 2]) -> Result<Self, String> {
        let addresses = to.map(|_| free());
        // It looks for the way out before anything else; and into a process of root's it may not look, only into a file.
        ip("route add default via 10.88.0.2 dev outside");
        let place = place.work().join("pasta");
        File::create(&place).map_err(|error| error.to_string())?;
        let mut pasta = Command::new("unshare");
        pasta.args(["--mount", "sh", "-c", r#"mount --bind "$0" "$1" && at=$1 && shift && exec "$@" --netns "$at""#]);
        pasta.arg(format!("/proc/{}/ns/net", pod.holder.id())).arg(&place).arg(program);
        pasta.args(["--foreground", "--quiet", "--runas", "0", "--netns-only"]);
        pasta.args(["-u", "none", "-T", "none", "-U", "none"]);
        for (at, to) in addresses.iter().zip(to) {
            pasta.args(["-t", &format!("127.0.0.1/{}:{}", at.port(), to.port())]);
        }
        pasta.stdin(Stdio::null()).stdout(Stdio::null());
        let mut pasta = pasta.stderr(Stdio::piped()).spawn().map_err(|error| error.to_string())?;
        let deadline = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(addresses[1]).is_err() {
            if pasta.try_wait().is_ok_and(|ended| ended.is_some()) || Instant::now() > deadline {
                let _gone = pasta.kill();
                let said = pasta.wait_with_output().map(|output| output.stderr).unwrap_or_default();
                let said = String::from_utf8_lossy(&said);
                return Err(said.lines().last().unwrap_or("it does not listen").to_owned());
            }
            thread::sleep(Duration::from_millis(5));
        }
        Ok(Self { addresses, pasta })
    }
}

impl Drop for Pasta {
    fn drop(&mut self) {
        let _gone = self.pasta.kill();
        let _reaped = self.pasta.wait();
    }
}

/// A port that nobody listens at.
fn free() -> SocketAddr {
    TcpListener::bind(at_home(0)).and_then(|free| free.local_addr()).expect("an address")
}

/// Docker's proxy for one port.
struct Proxied {
    address: SocketAddr,
    proxy: Child,
}

impl Proxied {
    fn new(program: &Path, to: SocketAddr) -> Self {
        let address = free();
        let (host, container, pod) = (address.port().to_string(), to.port().to_string(), to.ip().to_string());
        let ends = ["-host-ip", "127.0.0.1", "-host-port", &host, "-container-ip", &pod, "-container-port", &container];
        // It says that it is ready to whoever has given it this descriptor.
        let mut proxy = Command::new("sh");
        proxy
            .args(["-c", "exec \"$0\" \"$@\" 3> /dev/null"])
            .arg(program)
            .args(["-proto", "tcp"])
            .args(ends)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let proxy = proxy.spawn().expect("docker-proxy");
        let deadline = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(address).is_err() {
            assert!(Instant::now() < deadline, "docker-proxy does not listen");
            thread::yield_now();
        }
        Self { address, proxy }
    }
}

impl Drop for Proxied {
    fn drop(&mut self) {
        let _gone = self.proxy.kill();
        let _reaped = self.proxy.wait();
    }
}
