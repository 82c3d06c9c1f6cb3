//! What becomes of ports and connections when the supervisor, the forwarder or the pod ends.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;

use libtest_mimic::Trial;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use pod::forwarder::{Forwarder, SOCKET, Said};

use crate::place::{Place, eventually, has_ended, listen_at, pair, publish, talk};
use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("outlives::its_supervisor_and_is_found_by_the_next", supervisor_dies),
        trial("outlives::nobody_where_nobody_is", nobody_is_there),
        trial("outlives::its_listeners_outlive_it", forwarder_dies),
        trial("outlives::its_pod_it_does_not", pod_ends),
        trial("outlives::ports_come_and_go_while_it_runs", ports_change),
        trial("outlives::more_ports_than_go_into_a_message", many_ports),
    ]
}

fn supervisor_dies() {
    let place = Place::new();
    let (forwarder, server, address) = place.carrying();
    let (mut client, mut at_server) = pair(&server, address);
    talk(&mut client, &mut at_server);
    let process = place.process();
    let mode = fs::metadata(place.directory.path().join(SOCKET)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // As when it is killed: nothing is said, and everything it had is closed.
    drop(forwarder);
    talk(&mut client, &mut at_server);
    let (mut another, mut at_another) = pair(&server, address);
    talk(&mut another, &mut at_another);

    let mut next = Forwarder::adopt(place.directory.path()).unwrap().expect("it runs");
    assert_eq!(next.listening().iter().map(|port| port.publish.listen()).collect::<Vec<_>>(), [address]);
    assert!(next.said().is_none());
    talk(&mut client, &mut at_server);
    // What it has of the listeners is what the next forwarder needs.
    kill(Pid::from_raw(process.pid), Signal::SIGKILL).unwrap();
    eventually("its end is told", || next.said().filter(|said| *said == Said::Ended));
    let _again = place.start(next.into_listening());
    let (mut client, mut at_server) = pair(&server, address);
    talk(&mut client, &mut at_server);
    assert_ne!(place.process(), process);
}

fn nobody_is_there() {
    let place = Place::new();
    assert!(Forwarder::adopt(place.directory.path()).unwrap().is_none(), "no socket");
    assert!(Forwarder::adopt(&place.directory.path().join("none")).unwrap().is_none(), "no directory");
    let (forwarder, _server, _address) = place.carrying();
    let process = Pid::from_raw(place.process().pid);
    kill(process, Signal::SIGKILL).unwrap();
    nix::sys::wait::waitpid(process, None).unwrap();
    assert!(Forwarder::adopt(place.directory.path()).unwrap().is_none(), "a socket without a forwarder");
    drop(forwarder);
}

fn forwarder_dies() {
    let place = Place::new();
    let (mut forwarder, server, address) = place.carrying();
    kill(Pid::from_raw(place.process().pid), Signal::SIGKILL).unwrap();
    eventually("its end is told", || forwarder.said().filter(|said| *said == Said::Ended));
    assert!(forwarder.child().is_none(), "it is reaped");
    // Meanwhile clients wait, and are not refused.
    let mut client = TcpStream::connect(address).unwrap();
    let _again = place.start(forwarder.into_listening());
    let (mut at_server, _) = server.accept().unwrap();
    talk(&mut client, &mut at_server);
}

fn pod_ends() {
    let mut place = Place::new();
    let (mut forwarder, client, server) = place.connected();
    place.pause.kill().unwrap();
    eventually("its end is told", || forwarder.said().filter(|said| *said == Said::Ended));
    assert!(has_ended(place.process()));
    drop((client, server));
}

fn ports_change() {
    let place = Place::new();
    let (mut forwarder, server, address) = place.carrying();
    let (mut client, mut at_server) = pair(&server, address);
    let (other_server, kept) = (place.server(), listen_at("127.0.0.1:0:1"));
    let other = publish(&other_server);
    let (other_address, kept_address) = (other.publish.listen(), kept.publish.listen());
    forwarder.set_ports(vec![other, kept]).unwrap();
    let refused = TcpStream::connect(address).unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
    assert!(TcpListener::bind(address).is_ok(), "the port is free");
    talk(&mut client, &mut at_server);
    let (mut client, mut at_server) = pair(&other_server, other_address);
    talk(&mut client, &mut at_server);
    let adopted = Forwarder::adopt(place.directory.path()).unwrap().expect("it runs");
    let ports: Vec<_> = adopted.listening().iter().map(|port| port.publish.listen()).collect();
    assert_eq!(ports, [other_address, kept_address]);
}

fn many_ports() {
    let place = Place::new();
    let server = place.server();
    let ports: Vec<_> = (0..300).map(|_| publish(&server)).collect();
    let addresses: Vec<_> = ports.iter().map(|port| port.publish.listen()).collect();
    drop(place.start(ports));
    let adopted = Forwarder::adopt(place.directory.path()).unwrap().expect("it runs");
    let carried: Vec<_> = adopted.listening().iter().map(|port| port.publish.listen()).collect();
    assert_eq!(carried, addresses);
    for address in addresses.iter().step_by(77) {
        let (mut client, mut at_server) = pair(&server, *address);
        talk(&mut client, &mut at_server);
    }
}
