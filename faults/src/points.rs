//! `kill` and `fail`: each verb is struck at its N-th system call, and judged.

use std::time::Instant;

use anyhow::Context;
use nix::errno::Errno;

use crate::cli::{At, Options};
use crate::images;
use crate::look::{self, settled};
use crate::manifests;
use crate::place::Place;
use crate::promises::{self, Seen, Violation};
use crate::strike::{Blow, Prey, Report, strike};
use crate::tally::Tally;
use crate::verbs::{self, OTHER, PID, POD, PORT, Promise, VERBS, Verb, Victim, WORKLOAD};
use crate::world::{self, Role};

/// What is thrown at the points of a subject.
const KILLS: [Blow; 2] = [Blow::KillCaller, Blow::KillMain];
const FAILURES: [Blow; 7] = [
    Blow::Fail(Errno::ENOMEM),
    Blow::Fail(Errno::EPERM),
    Blow::Fail(Errno::EINTR),
    Blow::Fail(Errno::EAGAIN),
    Blow::Fail(Errno::EMFILE),
    Blow::Fail(Errno::ENOSPC),
    Blow::Fail(Errno::EIO),
];
/// How many points of a verb are tried in the short form, and where the long one gives up.
const FEW: usize = 30;
const MANY: u64 = 20_000;

impl Blow {
    /// How it is called on the command line.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Count => "count".to_owned(),
            Self::KillCaller => "caller".to_owned(),
            Self::KillMain => "main".to_owned(),
            Self::Fail(errno) => format!("{errno:?}"),
        }
    }
}

/// Kills at every call.
pub(crate) fn kill(place: &Place, options: &Options, tally: &mut Tally) -> anyhow::Result<()> {
    of_verbs(place, options, tally, "kill", &KILLS, |verb| verb.killed)
}

/// Lets every call fail.
pub(crate) fn fail(place: &Place, options: &Options, tally: &mut Tally) -> anyhow::Result<()> {
    // What fails of who attends to a pod is tried again, which may take longer than anybody waits here.
    let fits =
        |verb: &Verb| verb.victim == Victim::Command || verb.victim == Victim::Supervisor && !verb.has_manifest();
    of_verbs(place, options, tally, "fail", &FAILURES, fits)
}

fn of_verbs(
    place: &Place,
    options: &Options,
    tally: &mut Tally,
    subject: &'static str,
    blows: &[Blow],
    fits: impl Fn(&Verb) -> bool,
) -> anyhow::Result<()> {
    let began = Instant::now();
    for verb in VERBS.iter().filter(|verb| fits(verb) && options.wants(verb.name)) {
        // The supervisor and the main process are one there.
        let blows: Vec<_> =
            blows.iter().copied().filter(|blow| verb.victim == Victim::Command || *blow != Blow::KillCaller).collect();
        let mut course = Course { place, verb, subject, standing: false, before: Seen::default(), layers: Vec::new() };
        let calls = course.count().with_context(|| format!("{subject} {}", verb.name))?;
        let points = options.points(verb.name, calls, &blows, FEW);
        tally.begin(
            subject,
            verb.name,
            points.as_ref().map_or(calls * blows.len() as u64, |points| points.len() as u64),
        );
        match points {
            Some(points) => {
                for (at, blow) in points {
                    if options.is_over(began) {
                        tally.cut_short();
                        break;
                    }
                    course.try_at(at, blow, tally)?;
                }
            }
            None => course.try_all(&blows, options, began, tally)?,
        }
        tally.finish();
    }
    place.clear()?;
    // What was found of the programs stands all the same.
    if let Err(error) = world::remove_cgroups(POD, place.user()) {
        eprintln!("control groups are left: {error}");
    }
    Ok(())
}

/// The process that is this to the pod.
fn pid_of(role: Role) -> anyhow::Result<i32> {
    let found = world::processes()?.into_iter().find(|process| process.role == role);
    Ok(found.with_context(|| format!("no {role:?} runs"))?.pid)
}

/// The points of a verb, one after the other.
struct Course<'a> {
    place: &'a Place,
    verb: &'a Verb,
    subject: &'static str,
    /// Whether what was prepared still stands, untouched.
    standing: bool,
    /// What there was before anything was made.
    before: Seen,
    /// What is in each layer that is whole.
    layers: Vec<String>,
}

impl Course<'_> {
    /// How many calls there are when nothing is done to them.
    fn count(&mut self) -> anyhow::Result<u64> {
        self.prepare()?;
        let mut report = self.strike(Blow::Count, 0)?;
        self.standing = false;
        if report.ran.end == crate::place::End::Hung || report.ran.err.contains("timed out") {
            // What is traced is slow, and a busy machine slower still.
            self.prepare()?;
            report = self.strike(Blow::Count, 0)?;
            self.standing = false;
        }
        if self.verb.has_image() {
            self.layers.extend(images::layers(&self.place.data())?);
        }
        anyhow::ensure!(
            self.verb.codes.iter().any(|code| report.ran.end == crate::place::End::Exited(*code)),
            "fails by itself: {:?}: {}",
            report.ran.end,
            report.ran.said()
        );
        anyhow::ensure!(report.calls > 0, "no call of our programs was seen");
        Ok(report.calls)
    }

    /// Every call until one is not made.
    fn try_all(&mut self, blows: &[Blow], options: &Options, began: Instant, tally: &mut Tally) -> anyhow::Result<()> {
        for blow in blows {
            for at in 1..MANY {
                if options.is_over(began) {
                    tally.cut_short();
                    return Ok(());
                }
                if !self.try_at(at, *blow, tally)? {
                    break;
                }
            }
        }
        Ok(())
    }

    fn prepare(&mut self) -> anyhow::Result<()> {
        if self.standing {
            return Ok(());
        }
        self.place.clear()?;
        self.before = Seen { cgroups: world::cgroups(POD, self.place.user()), ..look::around(self.place, &[])? };
        for step in self.verb.prepare {
            self.place.must(&step.words())?;
            if self.verb.has_image() && self.layers.is_empty() {
                self.layers = images::layers(&self.place.data())?;
            }
        }
        self.standing = true;
        Ok(())
    }

    fn strike(&self, blow: Blow, at: u64) -> anyhow::Result<Report> {
        let mut words = self.verb.words();
        let pid = if words.contains(&PID) { Some(self.pid_of_the_workload()?) } else { None };
        let port = if words.contains(&PORT) { Some(self.port()?) } else { None };
        for word in &mut words {
            for (stands, meant) in [(PID, &pid), (PORT, &port)] {
                if let Some(meant) = meant.as_deref().filter(|_| *word == stands) {
                    *word = meant;
                }
            }
        }
        let one = |role| pid_of(role).map(|pid| Prey::Other { watched: pid, killed: pid });
        let prey = match self.verb.victim {
            Victim::Command => Prey::Command,
            Victim::Supervisor => one(Role::Supervisor)?,
            Victim::Attendant => one(Role::Attendant)?,
            Victim::Forwarder => one(Role::Forwarder)?,
            Victim::Resolver => one(Role::Resolver)?,
            Victim::NewPause => Prey::NewPause,
            Victim::Pause => Prey::Other { watched: pid_of(Role::Attendant)?, killed: pid_of(Role::Pause)? },
        };
        strike(self.place, &words, prey, blow, at)
    }

    /// The first port that is published.
    fn port(&self) -> anyhow::Result<String> {
        let pods = look::pods(&self.place.must(&verbs::get())?)?;
        let port = pods.iter().find_map(|pod| pod.ports.first());
        Ok(port.context("no port is published")?.to_string())
    }

    fn pid_of_the_workload(&self) -> anyhow::Result<String> {
        let pods = look::pods(&self.place.must(&verbs::get())?)?;
        let mut workloads = pods.iter().flat_map(|pod| &pod.workloads);
        let process = workloads.find_map(|workload| workload.process.filter(|_| workload.name == WORKLOAD));
        Ok(process.context("no workload runs")?.to_string())
    }

    /// Strikes at a point and judges; whether there was such a point.
    fn try_at(&mut self, at: u64, blow: Blow, tally: &mut Tally) -> anyhow::Result<bool> {
        self.prepare()?;
        let report = self.strike(blow, at)?;
        let Some(struck) = report.struck.clone() else {
            // What it did by itself was right, but the pod may be gone by it.
            self.standing &= self.verb.promise == Promise::Kept && self.verb.victim == Victim::Command;
            return Ok(false);
        };
        let violations = self.judge(&report, blow)?;
        tally.tell(|| format!("{struck:?}\n{:#?}", report.ran));
        let repeat = At { point: at, how: Some(blow.name()) };
        tally.tried(
            self.subject,
            self.verb.name,
            &repeat.to_string(),
            &format!("{} of {}", struck.call, struck.program),
            violations,
        );
        Ok(true)
    }

    fn judge(&mut self, report: &Report, blow: Blow) -> anyhow::Result<Vec<Violation>> {
        let mut violations = Vec::new();
        if let (Blow::Fail(_), Some(struck)) = (blow, &report.struck) {
            violations.extend(promises::of_the_end(self.verb, struck, &report.ran));
        }
        if self.verb.has_pod() {
            violations.extend(self.judge_the_next(report, blow)?);
        }
        violations.extend(self.judge_who_answers()?);
        if self.verb.has_image() {
            violations.extend(self.judge_the_store(report)?);
        }
        if self.verb.has_manifest() {
            violations.extend(manifests::judge(self.place, self.verb, report)?);
        }
        let intact = violations.is_empty() && self.verb.promise == Promise::Kept && self.verb.victim == Victim::Command;
        if !intact || !self.verb.has_pod() {
            violations.extend(self.judge_the_end()?);
            self.standing = false;
        }
        Ok(violations)
    }

    /// The next command, and what there is then.
    fn judge_the_next(&self, report: &Report, blow: Blow) -> anyhow::Result<Vec<Violation>> {
        let next = self.place.run(&verbs::get())?;
        let mut violations = promises::of_the_next(&next);
        if !violations.is_empty() {
            return Ok(violations);
        }
        let mut talk = None;
        if promises::is_listened_to(self.verb, blow) {
            // What nobody has read yet is read when the pod is next used.
            violations.extend(promises::of_the_next(&self.place.run(&verbs::add(POD, "later", &["sleep", "1000"]))?));
            talk = look::talk(self.place)?;
        }
        violations.extend(settled(|| {
            // Each time: a workload that is just being launched is shown when it has been.
            let pods = look::pods(&self.place.run(&verbs::get())?)?;
            let seen = Seen { talk, ..look::around(self.place, &pods)? };
            Ok(promises::of_what_there_is(self.verb, blow, report, &seen))
        })?);
        Ok(violations)
    }

    /// Who carries or answers is there again: by itself, or with the next pod.
    fn judge_who_answers(&self) -> anyhow::Result<Vec<Violation>> {
        match self.verb.victim {
            Victim::Forwarder => settled(|| {
                Ok(match self.port() {
                    Ok(port) => promises::of_the_carried(&self.place.run(&verbs::talk(&port))?),
                    Err(error) => vec![Violation::new("nothing is carried", format!("{error:#}"))],
                })
            }),
            Victim::Resolver => {
                let mut violations = promises::of_the_next(&self.place.run(&verbs::connect(OTHER))?);
                violations.extend(promises::of_the_next(&self.place.run(&verbs::ask(OTHER))?));
                violations.extend(promises::of_the_next(&self.place.run(&verbs::delete(OTHER))?));
                Ok(violations)
            }
            _ => Ok(Vec::new()),
        }
    }

    /// What is listed is whole, and what was typed can be typed again.
    fn judge_the_store(&self, report: &Report) -> anyhow::Result<Vec<Violation>> {
        let listed = self.place.run(&verbs::images())?;
        let mut violations = promises::of_the_next(&listed);
        let names = look::images(&listed);
        violations.extend(promises::of_the_images(self.verb, &report.ran, &names));
        violations.extend(promises::of_the_layers(&self.layers, &images::layers(&self.place.data())?));
        for name in &names {
            violations.extend(promises::of_the_next(&self.place.run(&verbs::save(name))?));
        }
        if self.verb.repeats() {
            violations.extend(promises::of_the_next(&self.place.run(&self.verb.words())?));
            let names = look::images(&self.place.run(&verbs::images())?);
            violations.extend(promises::of_the_images(self.verb, &report.ran, &names));
        }
        Ok(violations)
    }

    /// What is listed is removed, and then nothing of any image is left.
    fn empty_the_store(&self) -> anyhow::Result<Vec<Violation>> {
        let mut violations = Vec::new();
        for name in look::images(&self.place.run(&verbs::images())?) {
            violations.extend(promises::of_the_next(&self.place.run(&verbs::remove_image(&name))?));
        }
        violations.extend(promises::of_the_next(&self.place.run(&verbs::prune())?));
        violations.extend(promises::of_the_emptied(&images::left(&self.place.data())?));
        Ok(violations)
    }

    /// The pod is deleted, and then nothing is left.
    fn judge_the_end(&self) -> anyhow::Result<Vec<Violation>> {
        let mut violations = Vec::new();
        if self.verb.has_pod() {
            violations.extend(promises::of_the_delete(&self.place.run(&verbs::delete(POD))?));
        }
        if self.verb.has_image() {
            violations.extend(self.empty_the_store()?);
        }
        if self.verb.has_manifest() {
            violations.extend(manifests::end(self.place)?);
        }
        let look = || {
            let seen = look::around(self.place, &[])?;
            Ok(promises::nothing_is_left(&self.before, &seen))
        };
        let left = settled(look)?;
        if left.is_empty() {
            let tables = if self.verb.has_network() { world::tables()? } else { Vec::new() };
            let seen =
                Seen { cgroups: world::cgroups(POD, self.place.user()), tables, ..look::around(self.place, &[])? };
            violations.extend(promises::nothing_is_left(&self.before, &seen));
            return Ok(violations);
        }
        // One more command: is it left for good?
        for words in [verbs::create(OTHER), verbs::delete(OTHER)] {
            violations.extend(promises::of_the_next(&self.place.run(&words)?));
        }
        let forever = settled(look)?;
        let when = if forever.is_empty() { "for one more command" } else { "for good" };
        violations.extend(left.into_iter().map(|left| Violation::new(format!("{} {when}", left.kind), left.seen)));
        Ok(violations)
    }
}
