//! What it takes to have them. Measured:
//! - of every pause and init: the bytes of its file, and, while it waits, its resident and proportional
//!   memory and its page tables;
//! - of sandboxes made by `pod create`: the memory of each when there are 1, 100 and 1,000, the kernel's
//!   part included, and whether the last of 1,000 takes longer to make than the first; by how much more, where the
//!   kernel itself takes longer: the furnished floor of startup, which knows of no other, is made as often beside.
//!
//! Cases: as for reap; and the sandboxes.

pub(crate) mod memory;

use std::fs;
use std::time::{Duration, Instant};

use benches::statistics::median;
use benches::{Entry, Unit};
use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::inits::{self, Init, Running, number_in};
use crate::place::Place;
use crate::session::Session;
use crate::startup::POD;
use crate::sys::{self, Program};
use crate::turns::{Seen, Turns, case, nanoseconds, pair, said};

use self::memory::Gauge;

const SUBJECT: &str = "footprint";
/// How many sandboxes there are in the end.
const ALL: usize = 1000;
/// Those that are counted as the first, and as many as the last: one alone says nothing.
const SOME: usize = 50;

pub(crate) fn measure(session: &mut Session, place: &Place) {
    if nix::unistd::geteuid().is_root() {
        processes(session, place);
    } else {
        session.leave_out(SUBJECT, "pauses and inits", "needs root");
    }
    sandboxes(session, place);
}

/// The memory of the first processes themselves.
fn processes(session: &mut Session, place: &Place) {
    let inits = inits::all(session, place, SUBJECT);
    let cases = inits.iter().map(|init| case(&init.name, || look(init))).collect();
    let measures = [("bytes", Unit::Bytes), ("RSS", Unit::Bytes), ("PSS", Unit::Bytes), ("page tables", Unit::Bytes)];
    // What is linked dynamically has more bytes than its file; this one's build is static.
    let static_build =
        [("pause", "catatonit")].into_iter().filter(|_| inits.iter().any(|init| init.name == "catatonit"));
    let pairs: Vec<_> = inits::pairs(&inits).into_iter().chain(static_build).collect();
    Turns { subject: SUBJECT, measures, pairs: &pairs, rounds: session.rounds(50) }.take(session, cases);
}

fn look(init: &Init) -> Seen<4> {
    let Running { process, .. } = &init.start();
    let (status, rollup) = (format!("/proc/{}/status", process.pid), format!("/proc/{}/smaps_rollup", process.pid));
    let kilobytes = [(&status, "VmRSS"), (&rollup, "Pss"), (&status, "VmPTE")];
    let [rss, pss, tables] = kilobytes.map(|(file, key)| number_in(file, key).map(|number| number * 1024.0));
    // No program has so many bytes that a float would lose one.
    let bytes = fs::metadata(&init.file).ok().map(|file| file.len() as f64);
    [bytes, rss, pss, tables]
}

/// A thousand of them, several times over.
fn sandboxes(session: &mut Session, place: &Place) {
    let gauge = Gauge::new();
    session.note(gauge.explained());
    let series = session.rounds(5);
    let bar = session.bar(SUBJECT, series * ALL);
    let (mut firsts, mut lasts) = (Vec::new(), Vec::new());
    let mut memory = [1, 100, ALL].map(|count| (count, Vec::new()));
    for _ in 0..series {
        let _cleared = Cleared(place);
        let empty = gauge.read();
        for number in 1..=ALL {
            assert!(!sys::interrupted(), "interrupted");
            bar.set_message("sandboxes");
            let taken = nanoseconds(place.time("pod", &["create", &format!("bench-{number}")]));
            bar.inc(1);
            if number <= SOME {
                firsts.push(taken);
            } else if number > ALL - SOME {
                lasts.push(taken);
            }
            if let Some((_, each)) = memory.iter_mut().find(|(count, _)| *count == number) {
                each.push((gauge.read() - empty) / number as f64);
            }
        }
    }
    bar.finish_and_clear();
    for (count, each) in &memory {
        let name = if *count == 1 { "1 sandbox".to_owned() } else { format!("each of {count} sandboxes") };
        session.say(&Entry::Case(said(SUBJECT, "memory", &name, Unit::Bytes, each)));
    }
    for (name, times) in [("1st", &firsts), ("1,000th", &lasts)] {
        session.say(&Entry::Case(said(SUBJECT, "create", name, Unit::Time, times)));
    }
    session.say(&Entry::Pair(pair([SUBJECT, "create", "1,000th", "1st"], Unit::Time, &lasts, &firsts)));
    if nix::unistd::geteuid().is_root() {
        beside_the_kernel(session, place, &firsts, &lasts);
    } else {
        session.leave_out(SUBJECT, "a floor beside the 1,000th", "needs root");
    }
}

/// What the last takes longer, beside what the kernel alone takes longer for the last of as many.
fn beside_the_kernel(session: &mut Session, place: &Place, firsts: &[f64], lasts: &[f64]) {
    let (floor_firsts, floor_lasts) = floors(session, place);
    for (name, times) in [("floor, 1st", &floor_firsts), ("floor, 1,000th", &floor_lasts)] {
        session.say(&Entry::Case(said(SUBJECT, "create", name, Unit::Time, times)));
    }
    let names = [SUBJECT, "create", "floor, 1,000th", "floor, 1st"];
    session.say(&Entry::Pair(pair(names, Unit::Time, &floor_lasts, &floor_firsts)));
    let grown = (median(&floor_lasts) - median(&floor_firsts)).max(0.0);
    let grown: Vec<f64> = firsts.iter().map(|time| time + grown).collect();
    let names = [SUBJECT, "create", "1,000th", "1st, as the floor grows"];
    session.say(&Entry::Pair(pair(names, Unit::Time, lasts, &grown)));
}

/// A thousand of the furnished floor, several times over: how long the first and the last take.
fn floors(session: &Session, place: &Place) -> (Vec<f64>, Vec<f64>) {
    // Each is held by a descriptor.
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).expect("a limit");
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).expect("a limit that is raised");
    let pause = Program::new(&[&place.ours("pause")], &[]);
    let series = session.rounds(5);
    let bar = session.bar(SUBJECT, series * ALL);
    let (mut firsts, mut lasts) = (Vec::new(), Vec::new());
    for _ in 0..series {
        let _cleared = Cleared(place);
        let mut held = Vec::new();
        for number in 1..=ALL {
            assert!(!sys::interrupted(), "interrupted");
            bar.set_message("floors");
            let directory = place.work().join(format!("floor-{number}"));
            let before = Instant::now();
            held.push(sys::start_furnished(&pause, POD, &directory).expect("a sandbox"));
            let taken = nanoseconds(before.elapsed());
            bar.inc(1);
            if number <= SOME {
                firsts.push(taken);
            } else if number > ALL - SOME {
                lasts.push(taken);
            }
        }
    }
    bar.finish_and_clear();
    setrlimit(Resource::RLIMIT_NOFILE, soft, hard).expect("a limit that is put back");
    (firsts, lasts)
}

/// Has no pod left when it is dropped.
struct Cleared<'a>(&'a Place);

impl Drop for Cleared<'_> {
    fn drop(&mut self) {
        self.0.clear();
        // The kernel takes a thousand networks down in its own time, and whoever makes one meanwhile waits.
        std::thread::sleep(Duration::from_secs(2));
    }
}
