//! A Pod of two containers whose image is here, beside `podman kube play` of the same manifest. Cases:
//! - apply, delete: `pod apply --wait` until it is Running, `pod delete` of containers that end on TERM;
//! - restart: from the death of a container to the process that comes after it, where nobody has to wait for that;
//! - memory: of whoever looks after the pod, when all has been quiet for a while; ours has a readiness probe every
//!   second, which podman leaves out;
//! - a hundred pods with such a probe each: until all of them are Ready, what looking after them takes of a processor,
//!   and the memory of each.
//!
//! All of it needs root. The containers are our pause, which ends on TERM, and where there are probes busybox's httpd.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use benches::{Entry, Unit};
use fixtures::engine::PAUSE;
use nix::sys::signal::Signal;
use nix::unistd::Pid;

use crate::applied::{Manifests, PATIENCE, SERVER, pod, probe, server};
use crate::engines::{self, Podman};
use crate::footprint::memory::Gauge;
use crate::keepers::Keepers;
use crate::place::{Place, time};
use crate::session::Session;
use crate::turns::{Turns, case, nanoseconds, pair, said, timed};

const SUBJECT: &str = "pods";
/// How many there are at once.
const MANY: usize = 100;
/// How long is waited between two looks.
const MOMENT: Duration = Duration::from_micros(50);
/// How long nothing is asked, before it is looked what that takes.
const QUIET: Duration = Duration::from_secs(5);

pub(crate) fn measure(session: &mut Session, place: &Place) {
    if !nix::unistd::geteuid().is_root() {
        session.leave_out(SUBJECT, "pods", "needs root");
        return;
    }
    place.time("pod", &["image", "load", "--quiet", "--input", engines::image(place)]);
    let directory = engines::directory().expect("a directory");
    let manifests = Manifests { directory: directory.path(), place };
    match Podman::start(place) {
        Ok(podman) => manifests.beside(session, &podman),
        Err(reason) => session.leave_out(SUBJECT, "podman kube play", &reason),
    }
    match server(place, directory.path()) {
        Ok(()) => manifests.many(session),
        Err(reason) => session.leave_out(SUBJECT, "pods with probes", &reason),
    }
}

impl Manifests<'_> {
    fn beside(&self, session: &mut Session, podman: &Podman) {
        let two = self.write("two.yaml", &pod("two", PAUSE, ""));
        let ours = case("pod", || [self.apply(&two), self.delete(&two)].map(|time| Some(nanoseconds(time))));
        let theirs = case("podman kube", || {
            [time(&mut podman.play(&two)), time(&mut podman.down(&two))].map(|time| Some(nanoseconds(time)))
        });
        let measures = [("apply", Unit::Time), ("delete", Unit::Time)];
        let pairs = [("pod", "podman kube")];
        Turns { subject: SUBJECT, measures, pairs: &pairs, rounds: session.rounds(20) }
            .take(session, vec![ours, theirs]);
        self.restarts(session, podman, &two);
        self.memory(session, podman, &two);
    }

    /// Each of ours is a pod's first: the second would wait for ten seconds.
    fn restarts(&self, session: &mut Session, podman: &Podman, two: &str) {
        time(&mut podman.play(two));
        let record = self.pods().join("two/workloads/first/process");
        let ours = timed("pod", || {
            self.apply(two);
            let taken = until_another(&record, |text| text.split(' ').next()?.parse().ok(), kill);
            self.delete(two);
            taken
        });
        let (theirs, pid_file) = podman.process_of("two-first");
        assert!(theirs > 0, "podman's container runs");
        let theirs =
            timed("podman kube", || until_another(&pid_file, |text| text.trim().parse().ok(), |pid| podman.kill(pid)));
        let measures = [("restart", Unit::Time)];
        let pairs = [("pod", "podman kube")];
        Turns { subject: SUBJECT, measures, pairs: &pairs, rounds: session.rounds(20) }
            .take(session, vec![ours, theirs]);
        time(&mut podman.down(two));
    }

    fn memory(&self, session: &mut Session, podman: &Podman, two: &str) {
        if let Err(reason) = server(self.place, self.directory) {
            session.leave_out(SUBJECT, "memory", &reason);
            return;
        }
        let probed = self.write("probed.yaml", &pod("probed", SERVER, &probe(0, 1)));
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..session.rounds(5) {
            let before = Keepers::of(&self.pods());
            self.apply(&probed);
            sleep(QUIET);
            ours.push(Keepers::of(&self.pods()).since(&before).memory());
            self.delete(&probed);
            let before = Keepers::podmans();
            time(&mut podman.play(two));
            sleep(QUIET);
            theirs.push(Keepers::podmans().since(&before).memory());
            time(&mut podman.down(two));
        }
        for (name, values) in [("pod", &ours), ("podman kube", &theirs)] {
            session.say(&Entry::Case(said(SUBJECT, "memory", name, Unit::Bytes, values)));
        }
        session.say(&Entry::Pair(pair([SUBJECT, "memory", "pod", "podman kube"], Unit::Bytes, &ours, &theirs)));
    }

    fn many(&self, session: &mut Session) {
        let mut text = String::new();
        for number in 0..MANY {
            let _written = write!(text, "---\n{}", pod(&format!("many-{number}"), SERVER, &probe(0, 1)));
        }
        let file = self.write("many.yaml", &text);
        let (gauge, before) = (Gauge::new(), Keepers::of(&self.pods()));
        let empty = gauge.read();
        let taken = self.apply(&file);
        let memory = (gauge.read() - empty) / MANY as f64;
        let keepers = Keepers::of(&self.pods()).since(&before);
        sleep(QUIET);
        let busy = keepers.processor_time();
        sleep(QUIET);
        let share = keepers.processor_time().saturating_sub(busy).as_secs_f64() / QUIET.as_secs_f64() / MANY as f64;
        let kept = keepers.memory() / MANY as f64;
        let deleted = self.delete(&file);
        let left = self.left();
        assert!(left.is_empty(), "left of {MANY} pods: {left:?}");
        // They were counted, too, and nobody is to be in the gauge's group any more when it goes.
        self.end_who_stays();
        let each = format!("each of {MANY} pods");
        for (measure, unit, value) in [
            ("until all are Ready", Unit::Time, nanoseconds(taken)),
            ("until all are gone", Unit::Time, nanoseconds(deleted)),
            ("memory with containers", Unit::Bytes, memory),
            ("memory of who looks after it", Unit::Bytes, kept),
            ("processor time in a second", Unit::Time, share * 1e9),
        ] {
            session.say(&Entry::Case(said(SUBJECT, measure, &each, unit, &[value])));
        }
    }
}

fn kill(pid: i32) {
    nix::sys::signal::kill(Pid::from_raw(pid), Signal::SIGKILL).expect("a process of ours");
}

/// Ends the process that a file tells of; from then until there it tells of another.
fn until_another(file: &Path, read: impl Fn(&str) -> Option<i32>, end: impl Fn(i32)) -> Duration {
    let told = || read(&fs::read_to_string(file).ok()?);
    let first = told().expect("a process");
    end(first);
    let before = Instant::now();
    // Not busy: who is measured needs every processor that there is.
    while told().is_none_or(|pid| pid == first) {
        assert!(before.elapsed() < PATIENCE, "{}: none came after {first}", file.display());
        sleep(MOMENT);
    }
    before.elapsed()
}
