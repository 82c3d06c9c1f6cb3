//! Whether it matters how many pods there are: pods of manifests of two containers, of which one has a readiness probe
//! every ten seconds. Cases:
//! - apply, get, exec, delete: of one pod more beside 1, 10, 100 and 1,000, which has no probe, so that no clock is waited
//!   for. Beside 1 it is measured before all others have come and once they have gone, so that a machine that becomes
//!   slower or faster meanwhile is not taken for ours;
//! - the same of podman (`kube play`, `ps`, `exec`, `kube down`) beside as many of its own, in turns: up to 100, and where
//!   it has to be quick up to 10, for each of them takes it half a second to make, and seconds to take down;
//! - memory, disk, processor time and wake-ups of each of 100 and of 1,000;
//! - wake-ups of pods of which nothing is due: more of them than a user may have inotify's.
//!
//! All of it needs root.

mod podman;

use std::fmt::Write as _;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;
use std::{env, fs};

use benches::{Entry, Unit};
use fixtures::engine::PAUSE;

use crate::applied::{Manifests, SERVER, pod, probe, server};
use crate::engines;
use crate::footprint::memory::Gauge;
use crate::keepers::Keepers;
use crate::place::Place;
use crate::session::Session;
use crate::sys;
use crate::turns::{nanoseconds, pair, said};

const SUBJECT: &str = "scale";
/// What is done with one pod more, each once a turn.
const VERBS: [&str; 4] = ["apply", "get", "exec", "delete"];
/// How many there are of which nothing is due.
const IDLE: usize = 200;
/// How long until those have come to rest that were just made: threads that have nothing to do end after ten seconds.
const REST: Duration = Duration::from_secs(12);
/// How long it is looked how often somebody is woken of whom nothing is due, and of whom something is: the period of a
/// probe.
const QUIET: Duration = Duration::from_secs(5);
const PERIOD: Duration = Duration::from_secs(10);

/// How many pods there are at each step, and what they are called together.
const STEPS: [(usize, &str); 4] = [(1, "1"), (10, "10"), (100, "100"), (1000, "1,000")];

/// How long each of the verbs took.
type Turn = [f64; VERBS.len()];

pub(crate) fn measure(session: &mut Session, place: &Place) {
    if !nix::unistd::geteuid().is_root() {
        session.leave_out(SUBJECT, "pods", "needs root");
        return;
    }
    place.time("pod", &["image", "load", "--quiet", "--input", engines::image(place)]);
    let directory = engines::directory().expect("a directory");
    let manifests = Manifests { directory: directory.path(), place };
    if let Err(reason) = server(place, directory.path()) {
        session.leave_out(SUBJECT, "pods with probes", &reason);
        return;
    }
    manifests.idle(session);
    manifests.grow(session);
    podman::beside(session, &manifests);
}

impl Manifests<'_> {
    /// Writes the pods of these numbers down, each with a probe.
    fn probed(&self, numbers: std::ops::RangeInclusive<usize>) -> String {
        let mut text = String::new();
        let name = format!("to-{}.yaml", numbers.end());
        for number in numbers {
            let _written = write!(text, "---\n{}", pod(&format!("pod-{number}"), SERVER, &probe(1, 10)));
        }
        self.write(&name, &text)
    }

    /// One pod more comes, is looked at and entered, and goes.
    fn turn(&self) -> Turn {
        assert!(!sys::interrupted(), "interrupted");
        let next = self.write("next.yaml", &pod("next", PAUSE, ""));
        let taken = [
            self.apply(&next),
            self.pod(&["get", "pod", "next"]),
            self.pod(&["exec", "next", "-c", "first", "--", "/pause", "-v"]),
            self.delete(&next),
        ];
        taken.map(nanoseconds)
    }

    /// How often who attends to pods is woken of which nothing is due.
    fn idle(&self, session: &mut Session) {
        let documents: Vec<_> = (0..IDLE).map(|number| pod(&format!("idle-{number}"), PAUSE, "")).collect();
        let file = self.write("idle.yaml", &documents.join("---\n"));
        self.apply(&file);
        sleep(REST);
        let keepers = Keepers::of(&self.pods());
        let before = keepers.switches();
        sleep(QUIET);
        let woken = [keepers.switches() - before];
        self.delete(&file);
        let measure = format!("wake-ups in {} s", QUIET.as_secs());
        session.say(&Entry::Case(said(SUBJECT, &measure, "idle pods", Unit::Count, &woken)));
        let names = [SUBJECT, &measure, "idle pods", "pods"];
        session.say(&Entry::Pair(pair(names, Unit::Count, &woken, &[IDLE as f64])));
    }

    /// More and more of them.
    fn grow(&self, session: &mut Session) {
        let rounds = session.rounds(40);
        let bar = session.bar(SUBJECT, STEPS.last().map_or(0, |(count, _)| *count));
        let (gauge, files, mut there) = (Gauge::new(), Files::now(self), 0);
        let empty = gauge.read();
        let mut turns: Vec<Vec<Turn>> = Vec::new();
        let mut written = Vec::new();
        for (count, _) in STEPS {
            bar.set_message("pods");
            let file = self.probed(there + 1..=count);
            let taken = self.apply(&file);
            written.push(file);
            there = count;
            bar.set_position(count as u64);
            if count >= 100 {
                self.each(session, count, &[("until all are Ready", Unit::Time, nanoseconds(taken))]);
                sleep(REST);
                let memory = (gauge.read() - empty) / count as f64;
                let (data, state) = files.since(self);
                self.each(
                    session,
                    count,
                    &[
                        ("memory with containers", Unit::Bytes, memory),
                        ("files in the data directory", Unit::Bytes, data / count as f64),
                        ("files in the state directory", Unit::Bytes, state / count as f64),
                    ],
                );
                self.looked_after(session, count);
            }
            turns.push((0..rounds).map(|_| self.turn()).collect());
        }
        // At once, for servers do not end on TERM, and have some seconds.
        let gone =
            self.pod(&[&["delete"], &*written[1..].iter().flat_map(|file| ["-f", file]).collect::<Vec<_>>()].concat());
        self.each(session, there, &[("until all are gone", Unit::Time, nanoseconds(gone))]);
        turns[0].extend((0..rounds).map(|_| self.turn()));
        self.delete(&written[0]);
        bar.finish_and_clear();
        let left = self.left();
        assert!(left.is_empty(), "left of {there} pods: {left:?}");
        // They are in the gauge's group, and it could not be removed.
        self.end_who_stays();
        say(session, &turns);
    }

    /// What looking after each of so many takes, while their probes are asked.
    fn looked_after(&self, session: &mut Session, count: usize) {
        let keepers = Keepers::of(&self.pods());
        let memory = keepers.memory();
        let (busy, woken) = (keepers.processor_time(), keepers.switches());
        sleep(PERIOD);
        let share = keepers.processor_time().saturating_sub(busy).as_secs_f64() / PERIOD.as_secs_f64();
        let woken = (keepers.switches() - woken) / PERIOD.as_secs_f64();
        let of_each = |all: f64| all / count as f64;
        self.each(
            session,
            count,
            &[
                ("memory of who looks after it", Unit::Bytes, of_each(memory)),
                ("processor time in a second", Unit::Time, of_each(share * 1e9)),
                ("wake-ups in a minute", Unit::Count, (of_each(woken) * 60.0 * 10.0).round() / 10.0),
            ],
        );
    }

    fn each(&self, session: &mut Session, count: usize, measured: &[(&str, Unit, f64)]) {
        let name = STEPS.iter().find(|(step, _)| *step == count).map_or("them", |(_, name)| name);
        for (measure, unit, value) in measured {
            session.say(&Entry::Case(said(SUBJECT, measure, &format!("each of {name} pods"), *unit, &[*value])));
        }
    }
}

/// Says how long it took beside how many, and how much longer beside the most than beside one.
fn say(session: &mut Session, turns: &[Vec<Turn>]) {
    let of = |verb: usize, turns: &[Turn]| turns.iter().map(|turn| turn[verb]).collect::<Vec<_>>();
    for (index, verb) in VERBS.iter().enumerate() {
        for ((_, name), turns) in STEPS.iter().zip(turns) {
            let name = format!("pod, beside {name}");
            session.say(&Entry::Case(said(SUBJECT, verb, &name, Unit::Time, &of(index, turns))));
        }
        if let [first, .., last] = turns {
            let names = [SUBJECT, verb, "beside 1,000", "beside 1"];
            session.say(&Entry::Pair(pair(names, Unit::Time, &of(index, last), &of(index, first))));
        }
    }
}

/// What is on the disk of pods.
struct Files {
    data: f64,
    state: f64,
}

impl Files {
    fn now(manifests: &Manifests<'_>) -> Self {
        let data = env::var_os("POD_DATA_DIR").expect("the place has one");
        Self { data: on_disk(Path::new(&data)), state: on_disk(&manifests.pods()) }
    }

    /// What has come since, in the data directory and in that of pods.
    fn since(&self, manifests: &Manifests<'_>) -> (f64, f64) {
        let now = Self::now(manifests);
        (now.data - self.data, now.state - self.state)
    }
}

/// What a directory takes on its disk, in bytes; what goes meanwhile takes nothing.
fn on_disk(path: &Path) -> f64 {
    /// In which the kernel counts.
    const BLOCK: f64 = 512.0;
    let Ok(found) = fs::symlink_metadata(path) else { return 0.0 };
    let within = if found.is_dir() { fs::read_dir(path).ok() } else { None };
    let within = within.into_iter().flatten().flatten().map(|entry| on_disk(&entry.path()));
    found.blocks() as f64 * BLOCK + within.sum::<f64>()
}
