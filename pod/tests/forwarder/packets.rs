//! UDP: packets come to the pod, and answers to who asked.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use libtest_mimic::Trial;
use pod::forwarder::{Event, Forwarder, Said};

use crate::place::{PATIENCE, Place, eventually, listen_at};
use crate::shares::limited;
use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("packets::come_in_and_answers_go_to_who_asked", answers),
        trial("packets::are_answered_from_the_address_that_was_asked", addresses),
        trial("packets::find_a_server_by_either_ip_that_comes_late_or_again", servers),
        trial("packets::go_on_under_the_next_supervisor", supervisor_dies),
        trial("packets::of_more_callers_than_there_is_room_for_are_lost_and_told_of", no_room),
    ]
}

fn server(place: &Place, at: &str) -> UdpSocket {
    let server = place.inside(|| UdpSocket::bind(at).unwrap());
    server.set_read_timeout(Some(PATIENCE)).unwrap();
    server
}

/// A socket of the host that talks to this address, and hears nobody else.
fn client(address: SocketAddr) -> UdpSocket {
    let any = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let client = UdpSocket::bind(any).unwrap();
    client.connect(address).unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    client
}

fn heard(socket: &UdpSocket) -> String {
    let mut room = [0; 100];
    let length = socket.recv(&mut room).unwrap();
    String::from_utf8_lossy(&room[..length]).into_owned()
}

/// Answers once, saying what it was asked.
fn serve(server: &UdpSocket) {
    let mut room = vec![0; 1 << 16];
    let (length, from) = server.recv_from(&mut room).unwrap();
    let answer = [b"you said ".as_slice(), &room[..length]].concat();
    server.send_to(&answer[..answer.len().min(60_000)], from).unwrap();
}

fn ask(client: &UdpSocket, server: &UdpSocket, word: &str) {
    client.send(word.as_bytes()).unwrap();
    serve(server);
    assert_eq!(heard(client), format!("you said {word}"));
}

fn published(place: &Place, port: u16) -> (Forwarder, SocketAddr) {
    let listening = listen_at(&format!("127.0.0.1:0:{port}/udp"));
    let address = listening.publish.listen();
    (place.start(vec![listening]), address)
}

fn answers() {
    let place = Place::new();
    let server = server(&place, "127.0.0.1:0");
    let (_forwarder, address) = published(&place, server.local_addr().unwrap().port());
    let (one, other) = (client(address), client(address));
    for word in ["a", "b"] {
        ask(&one, &server, word);
        ask(&other, &server, &format!("not {word}"));
    }
    // Both wait at once, and each hears its own.
    one.send(b"1").unwrap();
    other.send(b"2").unwrap();
    serve(&server);
    serve(&server);
    assert_eq!((heard(&one), heard(&other)), ("you said 1".to_owned(), "you said 2".to_owned()));
    // An empty one is one, and a large one is whole.
    ask(&one, &server, "");
    let large = "x".repeat(50_000);
    one.send(large.as_bytes()).unwrap();
    serve(&server);
    let mut room = vec![0; 1 << 16];
    assert_eq!(one.recv(&mut room).unwrap(), large.len() + 9);
}

fn addresses() {
    let place = Place::new();
    let server = server(&place, "127.0.0.1:0");
    let listening = listen_at(&format!("0:{}/udp", server.local_addr().unwrap().port()));
    let port = listening.publish.host_port;
    let _forwarder = place.start(vec![listening]);
    for address in [Ipv4Addr::LOCALHOST, Ipv4Addr::new(127, 0, 0, 2), Ipv4Addr::new(127, 3, 4, 5)] {
        ask(&client(SocketAddr::new(address.into(), port)), &server, "who are you");
    }
    if UdpSocket::bind("[::1]:0").is_ok() {
        ask(&client(format!("[::1]:{port}").parse().unwrap()), &server, "by ipv6");
    }
}

fn servers() {
    let place = Place::new();
    let first = server(&place, "127.0.0.1:0");
    let port = first.local_addr().unwrap().port();
    let (_forwarder, address) = published(&place, port);
    let client = client(address);
    ask(&client, &first, "first");
    drop(first);
    client.send(b"to nobody").unwrap();
    let second = server(&place, &format!("[::1]:{port}"));
    // Whether what was sent before is lost is the kernel's affair; what is sent from now on arrives.
    eventually("the second hears", || {
        client.send(b"second").unwrap();
        second.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        let mut room = [0; 100];
        let (length, from) = second.recv_from(&mut room).ok()?;
        (&room[..length] == b"second").then(|| second.send_to(b"by ipv6", from).unwrap())
    });
    assert_eq!(heard(&client), "by ipv6");
    drop(second);
    let third = server(&place, &format!("127.0.0.1:{port}"));
    third.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    eventually("the third hears", || {
        client.send(b"third").unwrap();
        third.recv(&mut [0; 100]).ok()
    });
}

fn supervisor_dies() {
    let place = Place::new();
    let server = server(&place, "127.0.0.1:0");
    let (forwarder, address) = published(&place, server.local_addr().unwrap().port());
    let client = client(address);
    ask(&client, &server, "before");
    drop(forwarder);
    ask(&client, &server, "meanwhile");
    let mut next = Forwarder::adopt(place.directory.path()).unwrap().expect("it runs");
    let carried: Vec<_> = next.listening().iter().map(|port| port.publish.to_string()).collect();
    assert!(matches!(&carried[..], [one] if one.ends_with("/udp")), "{carried:?}");
    ask(&client, &server, "after");
    // Whose port it is no more it is at once, and another may have it.
    next.set_ports(Vec::new()).unwrap();
    drop(listen_at(&format!("{address}:1/udp")));
}

fn no_room() {
    let place = limited(40);
    let server = server(&place, "127.0.0.1:0");
    let (mut forwarder, address) = published(&place, server.local_addr().unwrap().port());
    let clients: Vec<_> = (0..30).map(|_| client(address)).collect();
    for client in &clients {
        client.send(b"me").unwrap();
    }
    let told = eventually("it is told", || forwarder.said());
    assert!(matches!(told, Said::Event(Event::Full { .. })), "{told:?}");
    // Those who came first are served.
    serve(&server);
    assert_eq!(heard(&clients[0]), "you said me");
}
