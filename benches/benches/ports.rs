//! A published port. Measured:
//! - how long a body of 256 MB takes to a client;
//! - how long a request of 64 bytes and its answer take, with 64 clients at a time on connections that stay;
//! - how long a new connection, a request and its answer take, with 64 clients at a time;
//! - how much CPU time a request, and a connection, take of who carries them.
//!
//! On few processors the clients, the server and who carries share what there is, so a ratio of times says less of who
//! carries than one of its own CPU time does; and the floor says how little of both there could be.
//!
//! Two networks of our own, with a cable between them: one is the machine's, and the clients'; the
//! other is the pod's, and the server's. Cases: `cable`, without a proxy; `forwarder`, from a listener in
//! the first to the localhost of the second; `docker-proxy`, docker's userland proxy, which goes by the cable;
//! `iptables`, a rule as docker makes it for a published port, by the cable, too; `pasta`, from a listener in the
//! first to the localhost of the second, as rootless podman may have it carried; `rootlessport`, as it
//! has it carried else; `floor`, from and to where the forwarder
//! does, by the calls that no user space can do without (`relay`), without bodies.

mod carrier;
mod relay;
mod rivals;

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use benches::Unit;
use fixtures::find;
use nsjoin::{Identity, Pidfd};
use pod::Publish;
use pod::forwarder::{Forwarder, Start, listen};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream as Stream;
use tokio::task::{LocalSet, spawn_local};

use self::carrier::Carrier;
use self::relay::relay;
use self::rivals::{Pasta, Proxied, Rootlessport};
use crate::network::Network;
use crate::place::{Place, works};
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
    machine.connect(MACHINE, &pod, POD);
    let addresses = pod.inside(serve);
    let (_carrying, carrier) = carry(place, &machine, &pod, addresses);
    let forwarder = machine.inside(|| PUBLISHED.map(at_home));
    let at_pod = addresses.map(|address| SocketAddr::new(POD.into(), address.port()));
    let mut cases = vec![asked("cable", &machine, at_pod), carried("forwarder", &machine, forwarder, carrier)];
    let translated = machine.inside(|| at_pod.map(translate).into_iter().collect::<Result<Vec<_>, _>>());
    match translated.as_deref() {
        Ok([body, answer]) => cases.push(asked("iptables", &machine, [*body, *answer])),
        Ok(_) => unreachable!("two ports"),
        Err(reason) => session.leave_out(SUBJECT, "iptables", reason),
    }
    let pasta = find("pasta").ok_or_else(|| "it is not here".to_owned());
    let pasta = pasta.and_then(|program| machine.inside(|| Pasta::new(&program, place, &pod, addresses)));
    match &pasta {
        Ok(pasta) => cases.push(carried("pasta", &machine, pasta.addresses, pasta.carrier())),
        Err(reason) => session.leave_out(SUBJECT, "pasta", reason),
    }
    let docker = find("docker-proxy").map(|program| machine.inside(|| at_pod.map(|to| Proxied::new(&program, to))));
    match &docker {
        Some(proxies) => {
            let at = proxies.each_ref().map(|proxy| proxy.address);
            cases.push(carried("docker-proxy", &machine, at, proxies[1].carrier()));
        }
        None => session.leave_out(SUBJECT, "docker-proxy", "it is not here"),
    }
    let podman = machine.inside(|| Rootlessport::new(place, &pod, addresses));
    match &podman {
        // Two processes carry, of which the other is not ours to find.
        Ok(port) => cases.push(asked("rootlessport", &machine, port.addresses)),
        Err(reason) => session.leave_out(SUBJECT, "rootlessport", reason),
    }
    let (floor, thread) = relay(&machine, &pod, addresses[1]);
    cases.push(case("floor", || answers(&machine, floor, Some(Carrier::Thread(thread)))));
    let times = ["body", "request", "connection", "CPU of a request", "CPU of a connection"];
    let pairs =
        ["docker-proxy", "iptables", "pasta", "rootlessport", "cable", "floor"].map(|theirs| ("forwarder", theirs));
    let pairs = [&pairs[..], &[("floor", "docker-proxy")]].concat();
    let measures = times.map(|measure| (measure, Unit::Time));
    Turns { subject: SUBJECT, measures, pairs: &pairs, rounds: session.rounds(50) }.take(session, cases);
}

/// Nobody's CPU time is looked at.
fn asked<'a>(name: &str, machine: &'a Network, at: [SocketAddr; 2]) -> Case<'a, 5> {
    case(name, move || all(machine, at, None))
}

fn carried<'a>(name: &str, machine: &'a Network, at: [SocketAddr; 2], carrier: Carrier) -> Case<'a, 5> {
    case(name, move || all(machine, at, Some(carrier)))
}

fn all(machine: &Network, [body, answer]: [SocketAddr; 2], carrier: Option<Carrier>) -> Seen<5> {
    let body = machine.inside(|| whole_body(body));
    let mut seen = answers(machine, answer, carrier);
    seen[0] = Some(nanoseconds(body));
    seen
}

/// All but the body.
fn answers(machine: &Network, at: SocketAddr, carrier: Option<Carrier>) -> Seen<5> {
    let measured = |what: fn(SocketAddr) -> Duration| {
        let before = carrier.map(Carrier::ran);
        let time = machine.inside(|| what(at));
        let ran = carrier.map(Carrier::ran).zip(before).map(|(after, before)| after - before);
        [Some(nanoseconds(time)), ran.map(|ran| ran / f64::from(CLIENTS * TIMES))]
    };
    let ([request, cpu_of_request], [connection, cpu_of_connection]) = (measured(requests), measured(connections));
    [None, request, connection, cpu_of_request, cpu_of_connection]
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

/// Has a forwarder carry from the machine to a pod; says who that is.
fn carry(place: &Place, machine: &Network, pod: &Network, to: [SocketAddr; 2]) -> (Forwarder, Carrier) {
    let ports = PUBLISHED.iter().zip(to);
    let listening = machine.inside(|| {
        let publish = ports.map(|(port, to)| format!("127.0.0.1:{port}:{}", to.port()).parse::<Publish>());
        publish.map(|publish| listen(publish.expect("a port")).expect("a listener")).collect()
    });
    let pause = Identity::of(pod.holder().cast_signed()).expect("a process");
    let pinned = Pidfd::of(pause).expect("a pidfd").expect("a process");
    let record: OwnedFd = File::create(place.work().join("forwarder")).expect("a record").into();
    let (program, directory) = (place.ours("pod"), place.work());
    let program = Path::new(&program);
    let start = Start { program, directory, pause, pinned: pinned.as_fd(), record, listening };
    let forwarder = pod::forwarder::start(start).expect("a forwarder");
    let record = fs::read_to_string(place.work().join("forwarder")).expect("a record");
    let pid = record.split(' ').next().and_then(|pid| pid.parse().ok()).expect("a line of /proc/PID/stat");
    (forwarder, Carrier::Process(pid))
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
