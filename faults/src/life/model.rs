//! What must be true, by what was done and what was acknowledged; nothing here looks.

use std::collections::{BTreeMap, BTreeSet};

use super::story::{PODS, Shape, Step, Under, name, port, who};
use crate::place::{End, Ran};
use crate::promises::{Violation, lines};

/// What there is, as far as one can know who did all of it.
#[derive(Clone, Debug)]
pub(super) struct Model {
    pods: [Belief; PODS],
    /// What the map may say, and the one thing that is kept, if anything is.
    told: BTreeSet<u32>,
    pub(super) kept: Option<u32>,
}

/// Of one pod.
#[derive(Clone, Debug)]
struct Belief {
    /// What it may be; `None` is gone.
    may_be: BTreeSet<Option<Shape>>,
    /// Whether the last that happened to it was a command that said that it is so. Whoever was to look after it may be
    /// gone otherwise, until there is another command.
    is_certain: bool,
}

/// What is seen.
#[derive(Clone, Debug, Default)]
pub(super) struct Sight {
    /// The pods that are listed, by name.
    pub(super) listed: BTreeMap<String, Listed>,
    /// The containers that run, by who they say that they are.
    pub(super) workers: BTreeMap<String, Vec<Worker>>,
    /// Who attends to which pod.
    pub(super) attendants: Vec<String>,
    pub(super) listeners: BTreeSet<u16>,
    /// Ports that take a connection and say nothing of it, neither yes nor no.
    pub(super) dumb: BTreeSet<u16>,
}

/// A pod that is listed.
#[derive(Clone, Debug, Default)]
pub(super) struct Listed {
    pub(super) shape: Option<Shape>,
    pub(super) ready: usize,
    /// All that is said of it, to be told.
    pub(super) row: String,
}

/// A container that runs: what it sees of the map and of what is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Worker {
    pub(super) pid: i32,
    pub(super) told: Option<u32>,
    pub(super) kept: Option<u32>,
}

impl Belief {
    fn settle(&mut self, on: Option<Shape>) {
        *self = Self { may_be: [on].into(), is_certain: true };
    }

    fn doubt(&mut self, or: Option<Shape>) {
        self.may_be.insert(or);
        self.is_certain = false;
    }
}

impl Model {
    /// Nothing but the map, which says this.
    pub(super) fn new(told: u32) -> Self {
        let gone = Belief { may_be: [None].into(), is_certain: true };
        Self { pods: std::array::from_fn(|_| gone.clone()), told: [told].into(), kept: None }
    }

    /// A command has ended.
    pub(super) fn heard(&mut self, step: Step, ran: &Ran) -> Vec<Violation> {
        let (under, pod, is_to_be) = match step {
            Step::Apply { pod, shape, under } => (under, Some(pod), Some(shape)),
            Step::Delete { pod, under, .. } => (under, Some(pod), None),
            Step::Tell { value } => {
                self.told = [value].into();
                (Under::Fair, None, None)
            }
            Step::Kill { .. } | Step::Write { .. } => return Vec::new(),
        };
        if let Some(belief) = pod.and_then(|pod| self.pods.get_mut(pod)) {
            // What a command that was starved has started is as poor as it was.
            if ran.ok() && under != Under::Starved {
                belief.settle(is_to_be);
            } else if ran.ok() {
                *belief = Belief { may_be: [is_to_be].into(), is_certain: false };
            } else {
                belief.doubt(is_to_be);
                // A pod that is made anew is gone for a moment.
                belief.may_be.insert(None);
            }
        }
        of_the_command(under, ran)
    }

    /// Somebody was killed who looks after the pod, and has nobody who would look after it instead.
    pub(super) fn bereaved(&mut self, pod: usize) {
        if let Some(belief) = self.pods.get_mut(pod) {
            belief.is_certain = false;
        }
    }

    /// What is never true, however soon one looks.
    pub(super) fn never(&self, sight: &Sight) -> Vec<Violation> {
        let doubles = sight.workers.iter().filter(|(_, workers)| workers.len() > 1);
        doubles.map(|(who, workers)| Violation::new("a container runs twice", format!("{who} {workers:?}"))).collect()
    }

    /// What is not true yet, or is not at all.
    pub(super) fn missing(&self, sight: &Sight) -> Vec<Violation> {
        (0..PODS).zip(&self.pods).flat_map(|(pod, belief)| self.of_a_pod(pod, belief, sight)).collect()
    }

    fn of_a_pod(&self, pod: usize, belief: &Belief, sight: &Sight) -> Vec<Violation> {
        let listed = sight.listed.get(&name(pod));
        let seen = listed.map(|listed| listed.shape);
        let told = || format!("{}: {listed:?}, may be {:?}", name(pod), belief.may_be);
        let fits = match seen {
            None => belief.may_be.contains(&None),
            Some(shape) => shape.is_some() && belief.may_be.contains(&shape),
        };
        if !fits {
            let kind = if seen.is_none() { "a pod is lost" } else { "a pod is what nobody wants" };
            return vec![Violation::new(kind, told())];
        }
        match (belief.is_certain, seen.flatten()) {
            (true, Some(shape)) => self.of_one_that_is_there(pod, shape, sight),
            (true, None) => of_one_that_is_gone(pod, sight),
            (false, _) => Vec::new(),
        }
    }

    fn of_one_that_is_there(&self, pod: usize, shape: Shape, sight: &Sight) -> Vec<Violation> {
        let mut violations = Vec::new();
        let mut broken = |kind: &str, seen: String| violations.push(Violation::new(kind, seen));
        let listed = sight.listed.get(&name(pod)).cloned().unwrap_or_default();
        if listed.ready != shape.containers() {
            broken("a pod does not become ready", listed.row);
        }
        let attended = sight.attendants.iter().filter(|attended| **attended == name(pod)).count();
        if attended != 1 {
            broken("a pod has not one attendant", format!("{} has {attended}", name(pod)));
        }
        for who in (0..shape.containers()).map(|number| who(pod, number)) {
            let Some([worker]) = sight.workers.get(&who).map(Vec::as_slice) else {
                broken("a container does not run", who);
                continue;
            };
            if shape.told && worker.told.is_none_or(|value| !self.told.contains(&value)) {
                broken("a container sees an old map", format!("{who} {worker:?} {:?}", self.told));
            }
            if shape.keeps && worker.kept != self.kept {
                broken("what was kept is lost", format!("{who} {worker:?} {:?}", self.kept));
            }
        }
        let strangers = sight.workers.keys().filter(|key| key.starts_with(&format!("{}/", name(pod))));
        if strangers.count() != shape.containers() {
            broken("a container of an earlier shape runs", format!("{:?}", sight.workers));
        }
        if shape.published != sight.listeners.contains(&port(pod)) {
            broken("a port is not as it is published", format!("{} {:?}", name(pod), sight.listeners));
        }
        if shape.published && sight.dumb.contains(&port(pod)) {
            broken("a port is not carried", name(pod));
        }
        violations
    }
}

fn of_one_that_is_gone(pod: usize, sight: &Sight) -> Vec<Violation> {
    let runs: Vec<_> = sight.workers.keys().filter(|who| who.starts_with(&format!("{}/", name(pod)))).collect();
    let mut violations = Vec::new();
    if !runs.is_empty() {
        violations.push(Violation::new("a container of a pod that is gone runs", format!("{runs:?}")));
    }
    if sight.attendants.contains(&name(pod)) {
        violations.push(Violation::new("a pod that is gone is attended to", name(pod)));
    }
    if sight.listeners.contains(&port(pod)) {
        violations.push(Violation::new("a port of a pod that is gone is listened to", port(pod).to_string()));
    }
    violations
}

/// Of how it ended.
fn of_the_command(under: Under, ran: &Ran) -> Vec<Violation> {
    let told = || format!("{}: {:?}: {}", ran.words, ran.end, ran.said());
    let kind = match (ran.end, under) {
        _ if ran.err.contains("panicked") => "panic",
        (End::Hung, _) => "hang",
        (End::Exited(0), _) | (End::Signaled(9), Under::Cut(_)) => return Vec::new(),
        (End::Exited(_), Under::Full | Under::Starved) if lines(&ran.err) == 1 => return Vec::new(),
        (End::Exited(_), Under::Full | Under::Starved) => "more than a line for one failure",
        (End::Signaled(_), _) => "died of a signal",
        (End::Exited(_), Under::Fair | Under::Cut(_)) => "a command fails for no reason",
    };
    vec![Violation::new(kind, told())]
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const SHAPE: Shape = Shape { two: true, probed: false, published: true, keeps: false, told: true };

    fn ended(end: End) -> Ran {
        let (words, out, err) = ("pod".to_owned(), String::new(), String::new());
        Ran { words, end, out, err, took: Duration::ZERO }
    }

    fn apply(under: Under) -> Step {
        Step::Apply { pod: 0, shape: SHAPE, under }
    }

    fn kinds(violations: Vec<Violation>) -> Vec<String> {
        violations.into_iter().map(|violation| violation.kind).collect()
    }

    /// All as it is to be.
    fn whole() -> Sight {
        let listed = Listed { shape: Some(SHAPE), ready: 2, row: String::new() };
        let worker = |pid| vec![Worker { pid, told: Some(7), kept: None }];
        Sight {
            listed: [(name(0), listed)].into(),
            workers: [(who(0, 0), worker(8)), (who(0, 1), worker(9))].into(),
            attendants: vec![name(0)],
            listeners: [port(0)].into(),
            dumb: BTreeSet::new(),
        }
    }

    fn applied() -> Model {
        let mut model = Model::new(7);
        assert_eq!(model.heard(apply(Under::Fair), &ended(End::Exited(0))), []);
        model
    }

    #[test]
    fn what_was_acknowledged_is_kept() {
        let model = applied();
        assert_eq!(model.missing(&whole()), []);
        assert_eq!(kinds(model.missing(&Sight::default())), ["a pod is lost"]);
        let mut gone = applied();
        gone.heard(Step::Delete { pod: 0, now: true, under: Under::Fair }, &ended(End::Exited(0)));
        assert_eq!(gone.missing(&Sight::default()), []);
        assert_eq!(kinds(gone.missing(&whole())), ["a pod is what nobody wants"]);
        let unlisted = Sight { listed: BTreeMap::new(), ..whole() };
        assert_eq!(gone.missing(&unlisted).len(), 3);
    }

    #[test]
    fn each_thing_that_is_wrong_is_told() {
        let wrong = |spoil: fn(&mut Sight)| {
            let mut sight = whole();
            spoil(&mut sight);
            kinds(applied().missing(&sight))
        };
        let first = |sight: &mut Sight| sight.workers.get_mut("p0/c0").map(|workers| workers.remove(0));
        assert_eq!(wrong(|sight| sight.dumb.extend([8000])), ["a port is not carried"]);
        assert_eq!(wrong(|sight| sight.listeners.clear()), ["a port is not as it is published"]);
        assert_eq!(wrong(|sight| sight.attendants.clear()), ["a pod has not one attendant"]);
        assert_eq!(
            wrong(|sight| sight.listed.values_mut().for_each(|it| it.ready = 1)),
            ["a pod does not become ready"]
        );
        let mut halved = whole();
        first(&mut halved);
        assert_eq!(kinds(applied().missing(&halved)), ["a container does not run"]);
        let mut old = whole();
        old.workers.values_mut().flatten().for_each(|worker| worker.told = Some(6));
        assert_eq!(kinds(applied().missing(&old)), ["a container sees an old map"; 2]);
        let mut twice = whole();
        let one = twice.workers["p0/c1"][0];
        twice.workers.get_mut("p0/c1").into_iter().for_each(|workers| workers.push(one));
        assert_eq!(kinds(applied().never(&twice)), ["a container runs twice"]);
    }

    #[test]
    fn of_what_was_cut_short_either_may_be() {
        let mut model = Model::new(7);
        assert_eq!(model.heard(apply(Under::Cut(5)), &ended(End::Signaled(9))), []);
        let half = Sight { workers: BTreeMap::new(), ..whole() };
        assert_eq!((model.missing(&Sight::default()), model.missing(&half)), (vec![], vec![]));
        model.heard(apply(Under::Fair), &ended(End::Exited(0)));
        assert_eq!(model.missing(&Sight::default()).len(), 1);
        assert_eq!(kinds(model.heard(apply(Under::Fair), &ended(End::Exited(1)))), ["a command fails for no reason"]);
        assert_eq!(kinds(model.heard(apply(Under::Fair), &ended(End::Hung))), ["hang"]);
    }
}
