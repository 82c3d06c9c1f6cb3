//! What a forwarder may not do, as the kernel shows it.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::Command;

use libtest_mimic::Trial;

use crate::place::{PATIENCE, Place, listen_at, pair, talk};
use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("confined::nobody_without_rights_behind_a_filter", without_rights),
        trial("confined::nothing_is_open_but_what_it_was_given", descriptors),
        trial("confined::its_surroundings_are_its_own", surroundings),
        trial("confined::an_ordinary_users_is_that_user_without_rights", ordinary_user),
        trial("confined::a_program_that_nobody_can_reach_is_held", out_of_reach),
    ]
}

fn status(place: &Place) -> BTreeMap<String, String> {
    let text = fs::read_to_string(place.proc("status")).unwrap();
    let pairs = text.lines().filter_map(|line| line.split_once(':'));
    pairs.map(|(key, value)| (key.to_owned(), value.split_whitespace().collect::<Vec<_>>().join(" "))).collect()
}

fn without_rights() {
    let place = Place::new();
    let (_forwarder, _server, _address) = place.carrying();
    let status = status(&place);
    for (key, value) in [
        ("Name", "pod-forwarder"),
        ("Uid", "65535 65535 65535 65535"),
        ("Gid", "65535 65535 65535 65535"),
        ("Groups", ""),
        ("CapInh", "0000000000000000"),
        ("CapPrm", "0000000000000000"),
        ("CapEff", "0000000000000000"),
        ("CapBnd", "0000000000000000"),
        ("CapAmb", "0000000000000000"),
        ("NoNewPrivs", "1"),
        ("Seccomp", "2"),
        ("Threads", "1"),
        ("Umask", "0077"),
        ("SigBlk", "0000000000000000"),
    ] {
        assert_eq!(status[key], value, "{key}: {status:#?}");
    }
    // Root's, for it is not dumpable.
    assert_eq!(std::os::unix::fs::MetadataExt::uid(&fs::metadata(place.proc("maps")).unwrap()), 0);
}

fn descriptors() {
    let place = Place::new();
    let (mut forwarder, server, address) = place.carrying();
    let kinds = |links: Vec<String>| {
        let mut counts = BTreeMap::new();
        for link in links {
            *counts.entry(link.split(":[").next().unwrap().to_owned()).or_insert(0) += 1;
        }
        counts
    };
    let open = kinds(place.descriptors());
    let given = [
        // Its stdio.
        ("/dev/null", 3),
        // What tokio waits with, and a pidfd of the pod.
        ("anon_inode", 4),
        // The listener, the door, the control socket and its copy.
        ("socket", 4),
    ];
    let given: BTreeMap<_, _> = given.into_iter().map(|(kind, count)| (kind.to_owned(), count)).collect();
    assert_eq!(open, given, "{:#?}", place.descriptors());

    let (mut client, mut at_server) = pair(&server, address);
    talk(&mut client, &mut at_server);
    assert_eq!(kinds(place.descriptors())["socket"], 6, "two for a connection");
    drop((client, at_server));
    crate::place::eventually("it is as before", || (kinds(place.descriptors()) == given).then_some(()));
    assert!(forwarder.said().is_none());
}

fn surroundings() {
    let place = Place::new();
    let (_forwarder, _server, _address) = place.carrying();
    assert_eq!(fs::read_link(place.proc("cwd")).unwrap().to_str(), Some("/"));
    assert_eq!(fs::read(place.proc("environ")).unwrap(), b"");
    let limits = fs::read_to_string(place.proc("limits")).unwrap();
    let files: Vec<_> =
        limits.lines().find(|line| line.starts_with("Max open files")).unwrap().split_whitespace().collect();
    assert_eq!(files[3], files[4], "the soft limit is the hard one: {files:?}");
    let stat = fs::read_to_string(place.proc("stat")).unwrap();
    let session: i32 = stat.rsplit(')').next().unwrap().split_whitespace().nth(3).unwrap().parse().unwrap();
    assert_eq!(session, place.process().pid, "it leads its session");
    let network = |process: String| fs::read_link(format!("/proc/{process}/ns/net")).unwrap();
    assert_eq!(network(place.process().pid.to_string()), network(place.pause.id().to_string()));
}

fn out_of_reach() {
    let mut place = Place::new();
    let hidden = place.directory.path().join("hidden");
    fs::create_dir(&hidden).unwrap();
    fs::set_permissions(&hidden, fs::Permissions::from_mode(0o700)).unwrap();
    let program = hidden.join("pod");
    fs::copy(&place.program, &program).unwrap();
    place.program = program;
    let (_forwarder, server, address) = place.carrying();
    let (mut client, mut at_server) = pair(&server, address);
    talk(&mut client, &mut at_server);
    assert_eq!(status(&place)["Uid"], "65535 65535 65535 65535");
    assert!(!place.descriptors().iter().any(|link| link.ends_with("/pod")), "{:?}", place.descriptors());
}

/// What the test's program is to do instead of testing.
pub(crate) const AS_ORDINARY_USER: &str = "as-ordinary-user";

/// By a process that is an ordinary user for good.
fn ordinary_user() {
    let directory = tempfile::tempdir().unwrap();
    let program = directory.path().join("test");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    for path in [directory.path(), &program] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let mut test = Command::new(program);
    let ran = test.arg(AS_ORDINARY_USER).current_dir("/").uid(61234).gid(61234).output().unwrap();
    assert!(ran.status.success(), "{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
}

pub(crate) fn as_ordinary_user() {
    let place = Place::of_an_ordinary_user();
    let listening = listen_at("127.0.0.1:0:80");
    let address = listening.publish.listen();
    let _forwarder = place.start(vec![listening]);
    let status = status(&place);
    for (key, value) in [
        ("Uid", "61234 61234 61234 61234"),
        ("CapPrm", "0000000000000000"),
        ("CapEff", "0000000000000000"),
        ("CapBnd", "0000000000000000"),
        ("NoNewPrivs", "1"),
        ("Seccomp", "2"),
    ] {
        assert_eq!(status[key], value, "{key}: {status:#?}");
    }
    // It is there and carries; in there nobody listens.
    let mut client = TcpStream::connect(address).unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    assert_eq!(client.read(&mut [0]).unwrap_err().kind(), io::ErrorKind::ConnectionReset);
}
