//! Making a sandbox until its first process runs and its loopback is up, and taking it down. Cases:
//! - the floor: a clone into new namespaces and the execution of pause, by the kernel alone; all of
//!   the namespaces of a pod together, and each by itself; and furnished, with the files, the records, the mounts,
//!   the hostname, the loopback and the lack of rights of a pod, by the fewest calls;
//! - the library: `pod::create`, without the start of a process of our own;
//! - `pod create`, a whole process: net, ipc, uts, pid and mnt namespaces, lo up, a /proc, /dev/shm
//!   and /etc of the pod's own, a record on disk, and pause running in it when it comes back;
//! - `unshare` and `bwrap`, which do less and hold nothing afterwards: just the making is measured;
//! - `runc`, `crun` and whoever is named in RUNTIME_RIVALS, from a bundle with the same pause;
//! - `podman run` and `docker run` without a network, and containerd's CRI, with an image of the same pause.

use std::io;
use std::time::{Duration, Instant};

use benches::Unit;
use fixtures::find;
use nix::sys::wait::waitpid;
use nix::unistd::Pid;
use pod::{PodPlan, Programs, Share, Store, Unsure};

use crate::engines;
use crate::place::{Place, works};
use crate::session::Session;
use crate::sys::{self, Program};
use crate::turns::{Seen, Turns, case, nanoseconds};

const SUBJECT: &str = "startup";
const MEASURES: [(&str, Unit); 2] = [("create", Unit::Time), ("delete", Unit::Time)];

/// What a pod has of its own.
pub(crate) const POD: i32 =
    libc::CLONE_NEWNET | libc::CLONE_NEWIPC | libc::CLONE_NEWUTS | libc::CLONE_NEWPID | libc::CLONE_NEWNS;

const FLOORS: [(&str, i32); 7] = [
    ("floor, no namespace", 0),
    ("floor, net", libc::CLONE_NEWNET),
    ("floor, ipc", libc::CLONE_NEWIPC),
    ("floor, uts", libc::CLONE_NEWUTS),
    ("floor, pid", libc::CLONE_NEWPID),
    ("floor, mnt", libc::CLONE_NEWNS),
    ("floor", POD),
];

pub(crate) fn measure(session: &mut Session, place: &Place) {
    if nix::unistd::geteuid().is_root() {
        floors(session, place);
        library(session, place);
    } else {
        session.leave_out(SUBJECT, "floor", "needs root");
    }
    processes(session, place);
}

/// What each namespace costs the kernel.
fn floors(session: &mut Session, place: &Place) {
    let cases = FLOORS.iter().map(|(name, namespaces)| case(name, floor(place, *namespaces))).collect();
    // Each is a part of another, and none is anybody's rival.
    Turns { subject: SUBJECT, measures: MEASURES, pairs: &[], rounds: session.rounds(300) }.take(session, cases);
}

/// What the library adds to it.
fn library(session: &mut Session, place: &Place) {
    let cases = vec![
        case("library", by_library(place)),
        case("floor", floor(place, POD)),
        case("floor, furnished", furnished(place)),
    ];
    let pairs = [("library", "floor"), ("library", "floor, furnished"), ("floor, furnished", "floor")];
    Turns { subject: SUBJECT, measures: MEASURES, pairs: &pairs, rounds: session.rounds(500) }.take(session, cases);
}

/// Whole processes, each beside ours.
fn processes(session: &mut Session, place: &Place) {
    let payload = place.ours("pause");
    let namespaces = ["--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-pid"];
    let bwrap = [&namespaces[..], &["--dev-bind", "/", "/", &payload, "-v"]].concat();
    let unshare = ["--fork", "--pid", "--net", "--ipc", "--uts", &payload, "-v"];
    for (name, arguments, rounds) in [("unshare", &unshare[..], 500), ("bwrap", &bwrap, 200)] {
        let tried = find(name).ok_or_else(|| "not on this machine".to_owned());
        match tried.and_then(|_| works(&mut place.command(name, arguments))) {
            Ok(()) => {
                let theirs = || [Some(nanoseconds(place.time(name, arguments))), None];
                beside(session, place, rounds, name, theirs);
            }
            Err(reason) => session.leave_out(SUBJECT, name, &reason),
        }
    }
    for choice in engines::all() {
        match choice.start(place) {
            Ok(engine) => {
                let theirs = || created_and_deleted(|| engine.create(), || engine.delete());
                beside(session, place, 60, &choice.create, theirs);
            }
            Err(reason) => session.leave_out(SUBJECT, &choice.create, &reason),
        }
    }
}

/// `pod create` and somebody else, in turns.
fn beside(session: &mut Session, place: &Place, rounds: usize, name: &str, theirs: impl FnMut() -> Seen<2>) {
    let ours = || created_and_deleted(|| place.time("pod", &["create", "bench"]), || delete(place));
    let pairs = [("pod create", name)];
    let turns = Turns { subject: SUBJECT, measures: MEASURES, pairs: &pairs, rounds: session.rounds(rounds) };
    turns.take(session, vec![case("pod create", ours), case(name, theirs)]);
}

fn delete(place: &Place) -> Duration {
    place.time("pod", &["delete", "--now", "bench"])
}

fn floor(place: &Place, namespaces: i32) -> impl FnMut() -> Seen<2> {
    let pause = Program::new(&[&place.ours("pause")], &[]);
    move || made_and_ended(|| sys::start(&pause, namespaces))
}

fn furnished(place: &Place) -> impl FnMut() -> Seen<2> {
    let pause = Program::new(&[&place.ours("pause")], &[]);
    let directory = place.work().join("floor");
    move || made_and_ended(|| sys::start_furnished(&pause, POD, &directory))
}

fn made_and_ended(make: impl FnOnce() -> io::Result<sys::Process>) -> Seen<2> {
    let before = Instant::now();
    let process = make().expect("a clone");
    let created = before.elapsed();
    let before = Instant::now();
    drop(process);
    both(created, before.elapsed())
}

fn by_library(place: &Place) -> impl FnMut() -> Seen<2> {
    let store = Store::open().expect("a registry");
    let name: nsjoin::Name = "library".parse().expect("a name");
    let programs = Programs { pause: Some(place.ours("pause").into()), pod: Some(place.ours("pod").into()) };
    move || {
        let plan = PodPlan::new(name.clone(), None, Share::all(), Vec::new()).expect("a plan");
        let before = Instant::now();
        let made = pod::create(&store, plan, &programs).expect("a pod");
        let created = before.elapsed();
        let pid = made.recorded(registry::Process::Pause).ok().flatten().expect("a pause").pid;
        let before = Instant::now();
        pod::delete(&store, &name, Duration::ZERO, Unsure::Refuse, &programs).expect("a pod that is deleted");
        let deleted = before.elapsed();
        // It was a child of ours.
        let _reaped = waitpid(Pid::from_raw(pid), None);
        both(created, deleted)
    }
}

fn created_and_deleted(create: impl FnOnce() -> Duration, delete: impl FnOnce() -> Duration) -> Seen<2> {
    let created = create();
    both(created, delete())
}

fn both(created: Duration, deleted: Duration) -> Seen<2> {
    [Some(nanoseconds(created)), Some(nanoseconds(deleted))]
}
