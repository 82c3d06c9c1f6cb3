//! What comes in goes out: bytes, ends, resets.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use nix::sys::socket::{setsockopt, sockopt};

use crate::place::{PATIENCE, Place, eventually, listen_at, pair, talk};
use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("carries::words_both_ways", words),
        trial("carries::an_end_in_each_direction_by_itself", half_closes),
        trial("carries::much_both_ways_at_once_and_intact", much),
        trial("carries::a_reset_from_either_side", resets),
        trial("carries::what_was_said_before_a_reset", said_before_a_reset),
        trial("carries::what_was_said_before_anybody_was_accepted", said_before_accepted),
        trial("carries::what_was_said_first_to_a_server_that_is_busy", said_to_who_is_busy),
        trial("carries::to_a_server_that_listens_by_ipv6_only", ipv6),
        trial("carries::nothing_to_nobody_and_says_so_at_once", nobody_listens),
        trial("carries::from_every_address_also_with_bindv6only", bindv6only),
    ]
}

fn words() {
    let place = Place::new();
    let (_forwarder, mut client, mut server) = place.connected();
    talk(&mut client, &mut server);
}

fn half_closes() {
    let place = Place::new();
    let (_forwarder, server, address) = place.carrying();
    for client_first in [true, false] {
        let (client, server) = pair(&server, address);
        let (mut first, mut second) = if client_first { (client, server) } else { (server, client) };
        first.write_all(b"all").unwrap();
        first.shutdown(Shutdown::Write).unwrap();
        let mut heard = Vec::new();
        second.read_to_end(&mut heard).unwrap();
        assert_eq!(heard, b"all", "{client_first}");
        // The other direction is as open as before.
        for word in [b"one", b"two"] {
            second.write_all(word).unwrap();
            let mut heard = [0; 3];
            first.read_exact(&mut heard).unwrap();
            assert_eq!(&heard, word);
        }
        drop(second);
        assert_eq!(first.read(&mut [0]).unwrap(), 0, "{client_first}");
    }
    eventually("both connections are given up", || (place.descriptors().len() < 12).then_some(()));
}

/// What nobody would guess at any place.
fn fill(place: &mut u64, buffer: &mut [u8]) {
    for eight in buffer.chunks_exact_mut(8) {
        *place = place.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = *place;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        eight.copy_from_slice(&(mixed ^ (mixed >> 27)).to_le_bytes());
    }
}

const BLOCK: usize = 64 << 10;

fn send_much(mut to: &TcpStream, length: usize) {
    let (mut place, mut block) = (0, vec![0; BLOCK]);
    for _ in 0..length / BLOCK {
        fill(&mut place, &mut block);
        to.write_all(&block).unwrap();
    }
    to.shutdown(Shutdown::Write).unwrap();
}

fn receive_much(mut from: &TcpStream, length: usize) {
    let (mut place, mut wanted, mut block) = (0, vec![0; BLOCK], vec![0; BLOCK]);
    for number in 0..length / BLOCK {
        fill(&mut place, &mut wanted);
        from.read_exact(&mut block).unwrap();
        assert!(wanted == block, "block {number} is not what was sent");
    }
    assert_eq!(from.read(&mut block).unwrap(), 0, "there is more than was sent");
}

fn much() {
    let place = Place::new();
    let (_forwarder, client, server) = place.connected();
    let length = if std::env::var_os("LONG").is_some() { 1 << 30 } else { 200 << 20 };
    thread::scope(|scope| {
        scope.spawn(|| send_much(&client, length));
        scope.spawn(|| send_much(&server, length));
        scope.spawn(|| receive_much(&client, length));
        scope.spawn(|| receive_much(&server, length));
    });
}

fn reset(socket: TcpStream) {
    setsockopt(&socket, sockopt::Linger, &libc::linger { l_onoff: 1, l_linger: 0 }).unwrap();
}

fn is_reset(mut socket: &TcpStream) -> bool {
    let read = socket.read(&mut [0]);
    read.is_err_and(|error| error.kind() == io::ErrorKind::ConnectionReset)
}

fn resets() {
    let place = Place::new();
    let (_forwarder, server, address) = place.carrying();
    let (mut client, mut at_server) = pair(&server, address);
    talk(&mut client, &mut at_server);
    reset(at_server);
    assert!(is_reset(&client), "by the server");
    let (mut client, mut at_server) = pair(&server, address);
    talk(&mut client, &mut at_server);
    reset(client);
    assert!(is_reset(&at_server), "by the client");
    eventually("both connections are given up", || (place.descriptors().len() < 12).then_some(()));
}

fn said_before_a_reset() {
    let place = Place::new();
    let (_forwarder, server, address) = place.carrying();
    let (mut client, mut at_server) = pair(&server, address);
    // What a server has not read when it closes makes its end a reset, and its answer is whole all the same.
    client.write_all(b"more than is read").unwrap();
    at_server.read_exact(&mut [0; 4]).unwrap();
    at_server.write_all(b"answer").unwrap();
    drop(at_server);
    let mut heard = [0; 6];
    client.read_exact(&mut heard).unwrap();
    assert_eq!(&heard, b"answer");
    assert!(is_reset(&client));
}

/// Little that is all of it, more than is taken at once, and nothing at all: by IPv4, and where IPv4 is refused.
fn said_before_accepted() {
    for address in ["127.0.0.1:0", "[::1]:0"] {
        for length in [0, BLOCK, 16 * BLOCK] {
            let place = Place::new();
            let server = place.inside(|| TcpListener::bind(address).unwrap());
            let listening = crate::place::publish(&server);
            // The kernel takes who comes, and what they say, before there is a forwarder.
            let mut client = TcpStream::connect(listening.publish.listen()).unwrap();
            thread::scope(|scope| {
                let mut little = TcpStream::connect(listening.publish.listen()).unwrap();
                little.write_all(b"little").unwrap();
                scope.spawn(|| send_much(&client, length));
                let _forwarder = place.start(vec![listening]);
                let (mut at_server, _) = server.accept().unwrap();
                receive_much(&at_server, length);
                at_server.write_all(b"answer").unwrap();
                drop(at_server);
                let (mut at_server, _) = server.accept().unwrap();
                at_server.read_exact(&mut [0; 6]).unwrap();
                talk(&mut little, &mut at_server);
            });
            let mut heard = Vec::new();
            client.read_to_end(&mut heard).unwrap();
            assert_eq!(heard, b"answer", "{address}, {length}");
        }
    }
}

/// Who has no room for one more yet is not reached at once: what was said waits, and is said once.
fn said_to_who_is_busy() {
    let place = Place::new();
    let (_forwarder, server, address) = place.carrying();
    rustix::net::listen(&server, 0).unwrap();
    let at = server.local_addr().unwrap();
    let _waits = place.inside(|| TcpStream::connect(at).unwrap());
    let mut client = TcpStream::connect(address).unwrap();
    client.write_all(b"first").unwrap();
    eventually("somebody knocks and is not let in", || place.is_knocked_at().then_some(()));
    let _waited = server.accept().unwrap();
    let (mut at_server, _) = server.accept().unwrap();
    at_server.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut heard = [0; 5];
    at_server.read_exact(&mut heard).unwrap();
    assert_eq!(&heard, b"first");
    talk(&mut client, &mut at_server);
}

fn ipv6() {
    let place = Place::new();
    let server = place.inside(|| TcpListener::bind("[::1]:0").unwrap());
    let listening = crate::place::publish(&server);
    let address = listening.publish.listen();
    let _forwarder = place.start(vec![listening]);
    let (mut client, mut at_server) = pair(&server, address);
    talk(&mut client, &mut at_server);
}

fn nobody_listens() {
    let place = Place::new();
    let (_forwarder, server, address) = place.carrying();
    drop(server);
    let before = Instant::now();
    let client = TcpStream::connect(address).unwrap();
    assert!(is_reset(&client));
    assert!(before.elapsed() < Duration::from_secs(5));
}

fn bindv6only() {
    let (place, outside) = (Place::new(), Place::new());
    let server = place.server();
    let listening = outside.inside(|| {
        std::fs::write("/proc/sys/net/ipv6/bindv6only", "1").unwrap();
        listen_at(&format!("0:{}", server.local_addr().unwrap().port()))
    });
    let port = listening.publish.host_port;
    let _forwarder = place.start(vec![listening]);
    for address in ["127.0.0.1", "::1"] {
        let mut client = outside.inside(|| TcpStream::connect((address, port)).unwrap());
        let (mut at_server, _) = server.accept().unwrap();
        talk(&mut client, &mut at_server);
    }
}
