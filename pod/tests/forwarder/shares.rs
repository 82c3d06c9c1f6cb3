//! Many clients at once: what one costs, and what it takes from the others.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use pod::forwarder::{Event, Said};

use crate::place::{Place, eventually, pair, talk};
use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = vec![
        trial("shares::an_idle_client_costs_little_and_it_is_given_back", idle),
        trial("shares::a_slow_reader_holds_up_its_sender_and_nobody_else", slow_reader),
        trial("shares::much_for_one_lets_others_have_their_turn", fair),
        trial("shares::with_forty_descriptors_clients_wait", || by_itself("shares::forty_descriptors")),
    ];
    if std::env::var_os(INNER).is_some() {
        trials.push(trial("shares::forty_descriptors", forty_descriptors));
    }
    trials
}

/// Set for a test that runs in a process of its own.
const INNER: &str = "FORWARDER_INNER_TEST";

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
}

/// Runs another of these tests in a process of its own, whose limits are nobody else's.
fn by_itself(test: &str) {
    let me = std::env::current_exe().unwrap();
    let ran = Command::new(me).args(["--exact", test]).env(INNER, "1").output().unwrap();
    assert!(ran.status.success(), "{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
}

fn forty_descriptors() {
    use nix::sys::resource::{Resource, setrlimit};
    let place = Place::new();
    let server = place.server();
    // The forwarder has it from us.
    setrlimit(Resource::RLIMIT_NOFILE, 40, 40).unwrap();
    let listening = crate::place::publish(&server);
    let address = listening.publish.listen();
    let mut forwarder = place.start(vec![listening]);
    let clients: Vec<_> = (0..13).map(|_| TcpStream::connect(address).unwrap()).collect();
    server.set_nonblocking(true).unwrap();
    let accepted = |server: &TcpListener| {
        std::iter::from_fn(|| server.accept().ok()).map(|(at_server, _)| at_server).collect::<Vec<_>>()
    };
    let full = eventually("it is told", || forwarder.said());
    let Said::Event(Event::Full { connections }) = full else { panic!("{full:?}") };
    let mut here = Vec::new();
    eventually("as many are served as there is room for", || {
        here.extend(accepted(&server));
        (here.len() == connections).then_some(())
    });
    println!("{connections} connections with 40 descriptors");
    // As some leave, the others come, and in the end everybody was served.
    for mut client in clients {
        let mut at_server = eventually("the next is served", || {
            here.extend(accepted(&server));
            (!here.is_empty()).then(|| here.remove(0))
        });
        at_server.set_nonblocking(false).unwrap();
        talk(&mut client, &mut at_server);
    }
    assert_eq!(forwarder.said(), None, "it is told once");
}
