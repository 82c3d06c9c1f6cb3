//! A resolver among clients and servers of all kinds, each on a port of this machine's loopback.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::rc::Rc;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use network::zone::{Zone, set_id};
use tokio::sync::oneshot;
use tokio::task::{LocalSet, spawn_local};

use super::message::Place;
use super::packets::answer_packets;
use super::share::{MOST_ASKED_BY_ONE, MOST_STREAMS_OF_ONE, Share};
use super::streams::answer_streams;

const PATIENCE: Duration = Duration::from_secs(10);

/// A question for an address of `web.default`, and of `example.com`, with an EDNS option that nobody knows.
const OURS: &[u8] = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03web\x07default\x00\x00\x01\x00\x01";
const OTHERS: &[u8] = b"\x56\x78\x01\x20\x00\x01\x00\x00\x00\x00\x00\x01\x07eXample\x03com\x00\x00\x01\x00\x01\
    \x00\x00\x29\x04\xd0\x00\x00\x80\x00\x00\x08\xff\xfa\x00\x04abcd";

/// A resolver in a thread of its own; gone when it is dropped.
struct Running {
    packets: SocketAddr,
    streams: SocketAddr,
    _end: oneshot::Sender<()>,
}

fn running(within: Ipv4Addr, upstream: &[SocketAddr]) -> Running {
    let (end, ended) = oneshot::channel::<()>();
    let (packets, streams) = (at_home(), TcpListener::bind("127.0.0.1:0").expect("a listener"));
    let upstream = upstream.to_vec();
    let there = (packets.local_addr().expect("an address"), streams.local_addr().expect("an address"));
    packets.set_nonblocking(true).expect("an option");
    streams.set_nonblocking(true).expect("an option");
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        LocalSet::new().block_on(&runtime, async move {
            let share = Share::new(Place { at: Vec::new(), within: vec![(within.into(), 8)] });
            share.know(Zone::parse("10.77.0.2 web web.default\n"), &upstream);
            let packets = tokio::net::UdpSocket::from_std(packets).expect("a socket");
            let streams = tokio::net::TcpListener::from_std(streams).expect("a listener");
            spawn_local(answer_packets(packets, Rc::clone(&share)));
            spawn_local(answer_streams(streams, share));
            let _dropped = ended.await;
        });
    });
    Running { packets: there.0, streams: there.1, _end: end }
}

fn of_everybody_here(upstream: &[SocketAddr]) -> Running {
    running(Ipv4Addr::new(127, 0, 0, 0), upstream)
}

fn at_home() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    socket.set_read_timeout(Some(PATIENCE)).expect("an option");
    socket
}

/// Asks in a packet; none where nobody answers in time.
fn ask_within(running: &Running, message: &[u8], patience: Duration) -> Option<Vec<u8>> {
    let client = at_home();
    client.set_read_timeout(Some(patience)).expect("an option");
    client.send_to(message, running.packets).expect("sent");
    let mut reply = vec![0; 65535];
    let length = client.recv(&mut reply).ok()?;
    reply.truncate(length);
    Some(reply)
}

/// As every client does, again where a packet was lost.
fn ask(running: &Running, message: &[u8]) -> Vec<u8> {
    let again = || ask_within(running, message, Duration::from_secs(7));
    (0..4).find_map(|_| again()).expect("an answer")
}

fn code(reply: &[u8]) -> u8 {
    reply[3] & 0xf
}

/// What was asked, as an answer of this code, with more behind it.
fn answered(question: &[u8], code: u8, more: &[u8]) -> Vec<u8> {
    let mut reply = [question, more].concat();
    reply[2] |= 0x80;
    reply[3] = 0x80 | code;
    reply
}

/// A server that says to each question what this says, to whoever has asked.
fn server(says: impl Fn(&[u8]) -> Vec<Vec<u8>> + Send + 'static) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let address = socket.local_addr().expect("an address");
    thread::spawn(move || {
        let mut question = [0; 4096];
        while let Ok((length, client)) = socket.recv_from(&mut question) {
            for reply in says(&question[..length]) {
                let _lost = socket.send_to(&reply, client);
            }
        }
    });
    address
}

#[test]
fn who_is_here_is_told_at_once_over_both() {
    let running = of_everybody_here(&[]);
    let reply = ask(&running, OURS);
    assert_eq!((&reply[..2], code(&reply), &reply[reply.len() - 4..]), (&OURS[..2], 0, &[10, 77, 0, 2][..]));
    let mut stream = TcpStream::connect(running.streams).expect("a stream");
    stream.set_read_timeout(Some(PATIENCE)).expect("an option");
    for _ in 0..3 {
        assert_eq!(over(&mut stream, OURS), reply);
    }
    // Nobody else is to be asked.
    assert_eq!(code(&ask(&running, OTHERS)), 2);
}

fn over(stream: &mut TcpStream, message: &[u8]) -> Vec<u8> {
    let length = u16::try_from(message.len()).expect("a length").to_be_bytes();
    stream.write_all(&[&length, message].concat()).expect("sent");
    let mut length = [0; 2];
    stream.read_exact(&mut length).expect("a length");
    let mut reply = vec![0; u16::from_be_bytes(length).into()];
    stream.read_exact(&mut reply).expect("an answer");
    reply
}

#[test]
fn others_are_asked_the_same_but_for_its_id_and_what_they_say_comes_back() {
    let (told, asked) = mpsc::channel();
    let server = server(move |question| {
        told.send(question.to_vec()).expect("told");
        vec![answered(question, 0, b"whatever it is")]
    });
    let running = of_everybody_here(&[server]);
    assert_eq!(ask(&running, OTHERS), answered(OTHERS, 0, b"whatever it is"));
    let mut ids = Vec::new();
    for _ in 0..8 {
        ask(&running, OTHERS);
        let mut question = asked.recv().expect("asked");
        ids.push([question[0], question[1]]);
        set_id(&mut question, 0x5678);
        assert_eq!(question, OTHERS);
    }
    ids.sort_unstable();
    ids.dedup();
    assert!(ids.len() > 1, "ids are drawn: {ids:?}");
}

#[test]
fn an_answer_to_something_else_is_none() {
    let server = server(|question| {
        let right = answered(question, 0, b"right");
        let mut other_id = answered(question, 0, b"wrong");
        other_id[0] ^= 1;
        let mut other_name = answered(question, 0, b"wrong");
        other_name[13] = b'z';
        let mut question_again = right.clone();
        question_again[2] &= 0x7f;
        vec![other_id, other_name, question_again, b"x".to_vec(), Vec::new(), vec![0xff; 60_000], right]
    });
    assert_eq!(ask(&of_everybody_here(&[server]), OTHERS), answered(OTHERS, 0, b"right"));
}

#[test]
fn who_says_nothing_or_has_failed_leaves_it_to_the_next() {
    let silent = server(|_| Vec::new());
    // A port that somebody has who does not listen, so that nobody else is given it meanwhile.
    let held = TcpListener::bind("127.0.0.1:0").expect("a listener");
    let nobody = held.local_addr().expect("an address");
    let failed = server(|question| vec![answered(question, 2, b"")]);
    let knows = server(|question| vec![answered(question, 3, b"none")]);
    assert_eq!(ask(&of_everybody_here(&[silent, nobody, knows]), OTHERS), answered(OTHERS, 3, b"none"));
    assert_eq!(ask(&of_everybody_here(&[failed, knows]), OTHERS), answered(OTHERS, 3, b"none"));
    assert_eq!(code(&ask(&of_everybody_here(&[failed]), OTHERS)), 2);
    let before = Instant::now();
    assert_eq!(code(&ask(&of_everybody_here(&[nobody]), OTHERS)), 2);
    assert!(before.elapsed() < Duration::from_secs(1), "{:?}", before.elapsed());
    let before = Instant::now();
    assert_eq!(code(&ask(&of_everybody_here(&[silent]), OTHERS)), 2);
    assert!(before.elapsed() < Duration::from_secs(5), "{:?}", before.elapsed());
}

#[test]
fn who_is_not_of_the_network_is_not_answered() {
    let running = running(Ipv4Addr::new(10, 0, 0, 0), &[]);
    assert_eq!(ask_within(&running, OURS, Duration::from_millis(300)), None);
    let mut stream = TcpStream::connect(running.streams).expect("accepted by the kernel");
    stream.set_read_timeout(Some(PATIENCE)).expect("an option");
    let _refused = stream.write_all(&[0, 1, 0]);
    assert!(matches!(stream.read(&mut [0]), Ok(0) | Err(_)));
}

#[test]
fn what_is_asked_over_a_stream_is_asked_over_one() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
    let server = listener.local_addr().expect("an address");
    let large = vec![7; 60_000];
    let more = large.clone();
    thread::spawn(move || {
        for client in listener.incoming() {
            let mut client = client.expect("a client");
            let mut length = [0; 2];
            client.read_exact(&mut length).expect("a length");
            let mut question = vec![0; u16::from_be_bytes(length).into()];
            client.read_exact(&mut question).expect("a question");
            let reply = answered(&question, 0, &more);
            let length = u16::try_from(reply.len()).expect("a length").to_be_bytes();
            client.write_all(&[&length, &reply[..]].concat()).expect("an answer");
        }
    });
    let running = of_everybody_here(&[server]);
    let mut stream = TcpStream::connect(running.streams).expect("a stream");
    stream.set_read_timeout(Some(PATIENCE)).expect("an option");
    assert_eq!(over(&mut stream, OTHERS), answered(OTHERS, 0, &large));
    assert_eq!(over(&mut stream, OTHERS), answered(OTHERS, 0, &large));
}

#[test]
fn hostile_clients_keep_nobody_from_being_answered() {
    let silent = server(|_| Vec::new());
    let running = of_everybody_here(&[silent]);
    let hostile = at_home();
    for _ in 0..4 * MOST_ASKED_BY_ONE {
        hostile.send_to(OTHERS, running.packets).expect("sent");
    }
    for length in 0..600 {
        hostile.send_to(&vec![0xc0; length], running.packets).expect("sent");
        hostile.send_to(&OURS[..length.min(OURS.len())], running.packets).expect("sent");
    }
    hostile.send_to(&vec![0; 60_000], running.packets).expect("sent");
    // Streams that say half a length, a length and nothing, or garbage; and one too many.
    let mut streams = Vec::new();
    for said in [&b"\x01"[..], b"\xff\xff", b"\x00\x00", b"\x00\x04\xff\xff\xff\xff", b"\xff\xffabc"] {
        let mut stream = TcpStream::connect(running.streams).expect("a stream");
        stream.write_all(said).expect("said");
        streams.push(stream);
    }
    streams.extend((0..MOST_STREAMS_OF_ONE).map(|_| TcpStream::connect(running.streams).expect("a stream")));
    assert_eq!(code(&ask(&running, OURS)), 0);
    // Another client has room of its own.
    let other = UdpSocket::bind((IpAddr::from([127, 0, 0, 2]), 0)).expect("a socket");
    other.set_read_timeout(Some(PATIENCE)).expect("an option");
    // All that was sent by others has been taken by now: there is room for it.
    other.send_to(OURS, running.packets).expect("sent");
    other.recv(&mut [0; 512]).expect("an answer");
    // Whoever was one too many is turned away, and there is room again when they have gone.
    let mut last = streams.pop().expect("one");
    last.set_read_timeout(Some(PATIENCE)).expect("an option");
    assert!(matches!(last.read(&mut [0]), Ok(0) | Err(_)));
    drop(streams);
    let deadline = Instant::now() + PATIENCE;
    loop {
        let mut stream = TcpStream::connect(running.streams).expect("a stream");
        let length = u16::try_from(OURS.len()).expect("a length").to_be_bytes();
        let heard = stream.write_all(&[&length, OURS].concat()).and_then(|()| stream.read_exact(&mut [0; 2]));
        if heard.is_ok() {
            break;
        }
        assert!(Instant::now() < deadline, "there is room again");
    }
}
