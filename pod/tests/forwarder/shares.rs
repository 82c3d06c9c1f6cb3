//! Many clients at once: what one costs, and what it takes from the others.

use std::fs;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::thread;
use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use pod::forwarder::{Event, Said};

use crate::place::{Place, eventually, has_ended, pair, talk};
use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("shares::an_idle_client_costs_little_and_it_is_given_back", idle),
        trial("shares::a_slow_reader_holds_up_its_sender_and_nobody_else", slow_reader),
        trial("shares::much_for_one_lets_others_have_their_turn", fair),
        trial("shares::with_forty_descriptors_clients_wait", forty_descriptors),
        trial("shares::with_too_few_descriptors_for_anybody_it_lives_and_says_so", too_few_descriptors),
    ]
}

fn idle() {
    const MANY: usize = 2000;
    let place = Place::new();
    let (_forwarder, server, address) = place.carrying();
    let (mut client, mut at_server) = pair(&server, address);
    talk(&mut client, &mut at_server);
    let (memory, descriptors) = (place.memory(), place.descriptors().len());
    let mut connections: Vec<_> = (0..MANY).map(|_| pair(&server, address)).collect();
    // Each has been used.
    for (client, at_server) in &mut connections {
        talk(client, at_server);
    }
    let each = (place.memory() - memory) * 1024 / MANY;
    assert!(each <= 4096, "{each} bytes for each idle connection");
    assert_eq!(place.descriptors().len() - descriptors, 2 * MANY);
    drop(connections);
    eventually("descriptors are given back", || (place.descriptors().len() == descriptors).then_some(()));
    let kept = place.memory().saturating_sub(memory);
    println!("{each} bytes for each idle connection; {kept} kB kept of {}", each * MANY / 1024);
    assert!(kept <= 512, "{kept} kB are kept of {}", each * MANY / 1024);
    talk(&mut client, &mut at_server);
}

/// Sends until nobody takes any more, and says how much that was.
fn fill_up(mut to: &TcpStream) -> usize {
    to.set_write_timeout(Some(Duration::from_millis(300))).unwrap();
    let block = [7; 64 << 10];
    let mut sent = 0;
    while let Ok(length) = to.write(&block) {
        sent += length;
    }
    sent
}

fn slow_reader() {
    let place = Place::new();
    let (_forwarder, server, address) = place.carrying();
    let (mut client, mut at_server) = pair(&server, address);
    talk(&mut client, &mut at_server);
    let memory = place.memory();
    let slow: Vec<_> = (0..20).map(|_| pair(&server, address)).collect();
    let mut filled: Vec<usize> = Vec::new();
    thread::scope(|scope| {
        let threads: Vec<_> = slow.iter().map(|(_, at_server)| scope.spawn(|| fill_up(at_server))).collect();
        filled = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    });
    let grown = place.memory().saturating_sub(memory);
    println!("{grown} kB for 20 slow readers");
    assert!(grown <= 256, "{grown} kB for slow readers of {filled:?}");
    talk(&mut client, &mut at_server);
    // What was sent is all there, once somebody reads it.
    for ((mut client, at_server), filled) in slow.into_iter().zip(filled) {
        drop(at_server);
        let mut heard = Vec::new();
        client.read_to_end(&mut heard).unwrap();
        assert_eq!(heard.len(), filled);
    }
}

fn fair() {
    let place = Place::new();
    let (_forwarder, server, address) = place.carrying();
    let bulk: Vec<_> = (0..4).map(|_| pair(&server, address)).collect();
    let (mut client, mut at_server) = pair(&server, address);
    thread::scope(|scope| {
        for (client, at_server) in &bulk {
            scope.spawn(move || {
                let block = vec![7; 1 << 20];
                let mut at_server = at_server;
                while at_server.write_all(&block).is_ok() {}
            });
            scope.spawn(move || {
                let (mut client, mut block) = (client, vec![0; 1 << 20]);
                while client.read(&mut block).is_ok_and(|length| length > 0) {}
            });
        }
        let before = Instant::now();
        for _ in 0..20 {
            talk(&mut client, &mut at_server);
        }
        println!("80 words beside 4 flows in {:?}", before.elapsed());
        for (client, _) in &bulk {
            client.shutdown(std::net::Shutdown::Both).unwrap();
        }
    });
    // Who left in the middle of a flow has taken nobody along.
    talk(&mut client, &mut at_server);
}

/// A place whose forwarder may have so many descriptors.
pub(crate) fn limited(descriptors: usize) -> Place {
    let mut place = Place::new();
    let program = place.directory.path().join("limited");
    let script = format!("#!/bin/sh\nulimit -n {descriptors}\nexec {} \"$@\"\n", place.program.display());
    fs::write(&program, script).unwrap();
    // Nobody is to execute it.
    for path in [place.directory.path(), &program] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    place.program = program;
    place
}

fn forty_descriptors() {
    let place = limited(40);
    let (mut forwarder, server, address) = place.carrying();
    let clients: Vec<_> = (0..30).map(|_| TcpStream::connect(address).unwrap()).collect();
    server.set_nonblocking(true).unwrap();
    let mut here = Vec::new();
    let accept =
        |here: &mut Vec<TcpStream>| here.extend(std::iter::from_fn(|| server.accept().ok()).map(|(one, _)| one));
    let full = eventually("it is told", || forwarder.said());
    let Said::Event(Event::Full { connections }) = full else { panic!("{full:?}") };
    eventually("as many are served as there is room for", || {
        accept(&mut here);
        (here.len() == connections).then_some(())
    });
    println!("{connections} connections with 40 descriptors");
    // As some leave, the others come, and in the end everybody was served.
    for mut client in clients {
        let mut at_server = eventually("the next is served", || {
            accept(&mut here);
            (!here.is_empty()).then(|| here.remove(0))
        });
        at_server.set_nonblocking(false).unwrap();
        talk(&mut client, &mut at_server);
    }
    assert_eq!(forwarder.said(), None, "it is told once");
}

fn too_few_descriptors() {
    let place = limited(12);
    let (mut forwarder, _server, address) = place.carrying();
    let mut client = TcpStream::connect(address).unwrap();
    client.set_read_timeout(Some(crate::place::PATIENCE)).unwrap();
    assert_eq!(client.read(&mut [0]).unwrap_err().kind(), io::ErrorKind::ConnectionReset, "it is told in the end");
    let mut told = Vec::new();
    while let Some(said) = forwarder.said() {
        let Said::Event(Event::Shortage { operation, reason }) = said else { panic!("{said:?}") };
        assert_eq!(reason, "Too many open files");
        told.push(operation);
    }
    println!("told: {told:?}");
    assert!(!told.is_empty());
    let all = told.len();
    told.sort();
    told.dedup();
    assert_eq!(told.len(), all, "each is told once");
    assert!(!has_ended(place.process()));
}
