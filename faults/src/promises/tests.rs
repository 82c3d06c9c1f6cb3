//! Each promise, kept and broken.

use std::time::Duration;

use nix::errno::Errno;

use super::*;
use crate::verbs::VERBS;

const FAIL: Blow = Blow::Fail(Errno::EIO);

fn verb(name: &str) -> &'static Verb {
    VERBS.iter().find(|verb| verb.name == name).expect("a verb")
}

fn ran(end: End, err: &str) -> Ran {
    Ran { words: "pod".to_owned(), end, out: String::new(), err: err.to_owned(), took: Duration::ZERO }
}

fn struck(call: &str, starting: bool) -> Struck {
    Struck { program: "pod".to_owned(), call: call.to_owned(), starting }
}

fn report(ran: &Ran, program: &str) -> Report {
    let struck = Struck { program: program.to_owned(), call: String::new(), starting: false };
    Report { calls: 1, struck: Some(struck), ran: ran.clone() }
}

fn process(pid: i32, role: Role) -> Process {
    Process { pid, parent: 1, role, command: String::new() }
}

fn workload(running: bool, killed: bool) -> Workload {
    Workload { name: WORKLOAD.to_owned(), running, process: Some(7), killed }
}

fn pod(workloads: Vec<Workload>) -> Pod {
    Pod { name: POD.to_owned(), running: true, pause: Some(5), ports: vec![80], workloads }
}

fn kinds(violations: Vec<Violation>) -> Vec<String> {
    violations.into_iter().map(|violation| violation.kind).collect()
}

#[test]
fn a_change_of_ports_is_done_or_not() {
    let seen = |ports: &[u16], listeners: &[u16]| {
        let pod = Pod { ports: ports.to_vec(), ..pod(Vec::new()) };
        Seen { pods: vec![pod], listeners: listeners.iter().copied().collect(), ..Seen::default() }
    };
    let said =
        |code: i32| Ran { words: "pod publish subject --remove 80".to_owned(), ..ran(End::Exited(code), "no\n") };
    for (code, ports, listeners, expected) in [
        (0, &[81, 82][..], &[81, 82][..], &[][..]),
        (125, &[80, 81], &[80, 81], &[]),
        (125, &[81, 82], &[81, 82], &[]),
        (125, &[81], &[81], &["a change of ports is half done"]),
        (
            0,
            &[80, 81],
            &[80, 81],
            &["says removed, and the port is published", "says removed, and the port is listened to"],
        ),
        (0, &[81, 82], &[80, 81, 82], &["says removed, and the port is listened to"]),
    ] {
        let report = report(&said(code), "pod");
        let violations = of_what_there_is(verb("publish"), FAIL, &report, &seen(ports, listeners));
        assert_eq!(kinds(violations), expected, "{code} {ports:?} {listeners:?}");
    }
}

#[test]
fn a_failure_is_one_line_and_a_documented_code() {
    let table = [
        (End::Exited(0), "", &[][..]),
        (End::Exited(125), "pod: cannot open x: broken\nhint: look\n", &[]),
        (End::Exited(125), "", &["0 lines for one failure"]),
        (End::Exited(125), "one\ntwo\n", &["2 lines for one failure"]),
        (End::Exited(1), "one\n", &["exit code 1, which is none of ours"]),
        (End::Signaled(6), "thread main panicked\n", &["panic", "died of signal 6"]),
        (End::Hung, "", &["hang"]),
    ];
    for (end, err, expected) in table {
        assert_eq!(kinds(of_the_end(verb("create"), &struck("openat", false), &ran(end, err))), expected, "{end:?}");
    }
}

#[test]
fn only_the_start_and_memory_are_excused() {
    let died =
        |call, starting| kinds(of_the_end(verb("get"), &struck(call, starting), &ran(End::Signaled(6), ""))).len();
    assert_eq!((died("poll", true), died("mmap", false), died("poll", false), died("close", false)), (0, 0, 1, 1));
    assert_eq!(kinds(of_the_end(verb("get"), &struck("poll", true), &ran(End::Hung, ""))), ["hang"]);
    assert!(of_the_end(verb("get"), &struck("futex", false), &ran(End::Hung, "")).is_empty());
}

#[test]
fn what_was_said_has_to_be_true() {
    let listed = Seen { pods: vec![pod(vec![])], listeners: [80].into(), ..Seen::default() };
    let nothing = Seen::default();
    let left = Seen { processes: vec![process(5, Role::Pause)], ..Seen::default() };
    let (said, refused) = (ran(End::Exited(0), ""), ran(End::Exited(125), "no\n"));
    let table = [
        ("create", &said, &listed, &[][..]),
        ("create", &said, &nothing, &["says created, and there is no pod"]),
        ("create", &refused, &listed, &["create failed, and the pod is there"]),
        ("create", &refused, &nothing, &[]),
        ("add-first", &said, &listed, &["says started, and there is no workload"]),
        ("add-first", &refused, &nothing, &["the pod is lost"]),
        ("delete", &said, &listed, &["says deleted, and the pod is listed"]),
        ("delete", &said, &left, &["says deleted, and pause runs on"]),
        ("delete", &refused, &listed, &[]),
        ("get", &said, &listed, &["the workload is lost"]),
    ];
    for (name, ran, seen, expected) in table {
        assert_eq!(
            kinds(of_what_there_is(verb(name), FAIL, &report(ran, "pod"), seen)),
            expected,
            "{name} {:?}",
            ran.end
        );
    }
}

#[test]
fn what_is_listed_is_there() {
    let fine = Seen {
        pods: vec![pod(vec![workload(true, false)])],
        processes: vec![process(5, Role::Pause), process(6, Role::Supervisor), process(7, Role::Other)],
        listeners: [80].into(),
        talk: Some(Talk { said: 3, missing: 0 }),
        ..Seen::default()
    };
    let judged_of = |program, blow, change: &dyn Fn(&mut Seen)| {
        let mut seen = fine.clone();
        change(&mut seen);
        kinds(of_what_there_is(verb("supervisor-idle"), blow, &report(&ran(End::Exited(0), ""), program), &seen))
    };
    let judged = |blow, change: &dyn Fn(&mut Seen)| judged_of("pod", blow, change);
    let kill = Blow::KillMain;
    assert!(judged(kill, &|_| {}).is_empty());
    assert_eq!(judged(kill, &|seen| seen.pods[0].running = false)[0], "a pod is dead");
    assert!(
        judged_of("pause", Blow::KillCaller, &|seen| seen.pods[0].running = false)
            .iter()
            .all(|kind| kind != "a pod is dead")
    );
    assert_eq!(judged(kill, &|seen| seen.pods[0].workloads[0].running = false), ["a workload has ended"]);
    assert!(judged(Blow::KillCaller, &|seen| seen.pods[0].workloads = vec![workload(false, true)]).is_empty());
    assert_eq!(judged(kill, &|seen| seen.listeners.clear()), ["published ports are not listened to"]);
    assert_eq!(judged(kill, &|seen| seen.processes.push(process(8, Role::Supervisor))), ["a second supervisor"]);
    assert_eq!(judged(kill, &|seen| seen.processes.push(process(9, Role::Other))), ["a process that no pod knows"]);
    assert_eq!(judged(kill, &|seen| seen.talk = Some(Talk { said: 3, missing: 1 })), ["lines of a workload are lost"]);
}

#[test]
fn everything_that_is_left_is_named() {
    let before = Seen { mounts: 9, unix_listeners: 1, cgroups: vec!["old".to_owned()], ..Seen::default() };
    assert!(nothing_is_left(&before, &before).is_empty());
    let after = Seen {
        processes: vec![
            process(5, Role::Pause),
            process(6, Role::Supervisor),
            process(7, Role::Forwarder),
            process(8, Role::Other),
        ],
        listeners: [80].into(),
        unix_listeners: 2,
        mounts: 10,
        cgroups: vec!["old".to_owned(), "new".to_owned()],
        entries: vec![".at-work".to_owned()],
        ..Seen::default()
    };
    assert_eq!(nothing_is_left(&before, &after).len(), 9);
}

#[test]
fn a_delete_may_find_nothing_to_delete() {
    assert!(of_the_delete(&ran(End::Exited(125), "pod: no pod named x\n")).is_empty());
    assert_eq!(of_the_delete(&ran(End::Exited(125), "pod: timed out\n")).len(), 1);
    assert_eq!(of_the_delete(&ran(End::Hung, "")).len(), 1);
}

#[test]
fn an_image_is_whole_or_is_not_there() {
    let listed = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let of = |name: &str, end, names: &[&str]| kinds(of_the_images(verb(name), &ran(end, ""), &listed(names)));
    let done = End::Exited(0);
    assert_eq!(of("image-load", done, &["subject:1"]), [""; 0]);
    assert_eq!(of("image-load", done, &["other:1"]), ["says that it is here, and there is no such image"]);
    assert_eq!(of("image-load", End::Signaled(9), &[]), [""; 0]);
    assert_eq!(of("image-remove", done, &["subject:1"]), ["says that it is removed, and the image is listed"]);
    assert_eq!(of("image-remove", End::Signaled(9), &["subject:1"]), [""; 0]);
    assert_eq!(of("image-add", End::Signaled(9), &[]), ["the image is lost"]);
    let layers = listed(&["/f x\n", "/g y\n"]);
    assert_eq!(kinds(of_the_layers(&layers, &listed(&["/g y\n"]))), [""; 0]);
    assert_eq!(kinds(of_the_layers(&layers, &listed(&["/f \n"]))), ["a layer is half there"]);
    assert_eq!(kinds(of_the_emptied(&[])), [""; 0]);
    assert_eq!(kinds(of_the_emptied(&listed(&["blobs/sha256/x"]))), ["something of an image is left"]);
}
