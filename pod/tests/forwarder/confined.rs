//! What a forwarder may not do, as the kernel shows it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use libtest_mimic::Trial;

use crate::place::{Place, pair, talk};
use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("confined::nobody_without_rights_behind_a_filter", without_rights),
        trial("confined::nothing_is_open_but_what_it_was_given", descriptors),
        trial("confined::its_surroundings_are_its_own", surroundings),
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
