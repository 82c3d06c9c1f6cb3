//! What is done, step by step: drawn by the dice alone, so that any part of a story is a story.

use std::fmt;

use serde_json::{Value, json};

use crate::images::WAITS;
use crate::verbs::IMAGE;

/// How many pods there are to be had.
pub(super) const PODS: usize = 3;
/// What is kept of them all, and what all may see.
pub(super) const CLAIM: &str = "kept";
pub(super) const MAP: &str = "told";
/// The key of the map, and the file of the claim.
pub(super) const KEY: &str = "value";
/// Who a container is, as it may tell by its environment.
pub(super) const WHO: &str = "WHO";
/// What says the shape of a pod.
pub(super) const SHAPE: &str = "shape";

/// A step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The pod is to be of this shape.
    Apply { pod: usize, shape: Shape, under: Under },
    /// The pod is to be gone.
    Delete { pod: usize, now: bool, under: Under },
    /// A process of the pod is killed.
    Kill { pod: usize, whom: Whom },
    /// Something is written to what is kept, by way of whoever has it.
    Write { value: u32 },
    /// The map is to say this.
    Tell { value: u32 },
}

/// What a command meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Under {
    /// Nothing.
    Fair,
    /// Its end, after so many milliseconds.
    Cut(u64),
    /// A disk that is full.
    Full,
    /// No more than a few descriptors, unless it raises the limit.
    Starved,
}

/// What a pod is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Shape {
    pub(super) two: bool,
    pub(super) probed: bool,
    pub(super) published: bool,
    pub(super) keeps: bool,
    pub(super) told: bool,
}

/// Who is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whom {
    Container(usize),
    Pause,
    Attendant,
    Prober,
    Forwarder,
}

impl Step {
    fn draw(dice: &mut fastrand::Rng, has_disk: bool) -> Self {
        let pod = dice.usize(..PODS);
        match dice.u8(..20) {
            0..=7 => Self::Apply { pod, shape: Shape::draw(dice), under: Under::draw(dice, has_disk) },
            8..=10 => Self::Delete { pod, now: dice.bool(), under: Under::draw(dice, has_disk) },
            11..=16 => Self::Kill { pod, whom: Whom::draw(dice) },
            17..=18 => Self::Write { value: dice.u32(..) },
            _ => Self::Tell { value: dice.u32(..) },
        }
    }
}

impl Under {
    fn draw(dice: &mut fastrand::Rng, has_disk: bool) -> Self {
        match dice.u8(..10) {
            0..=5 => Self::Fair,
            6..=7 => Self::Cut(dice.u64(1..60)),
            8 if has_disk => Self::Full,
            _ => Self::Starved,
        }
    }
}

impl Shape {
    fn draw(dice: &mut fastrand::Rng) -> Self {
        let mut toss = || dice.bool();
        Self { two: toss(), probed: toss(), published: toss(), keeps: toss(), told: toss() }
    }

    pub(super) fn containers(self) -> usize {
        1 + usize::from(self.two)
    }

    fn of(self) -> [(char, bool); 5] {
        [('2', self.two), ('r', self.probed), ('p', self.published), ('k', self.keeps), ('t', self.told)]
    }

    /// The shape that is told of by a word of [`Shape::fmt`].
    pub(super) fn read(word: &str) -> Option<Self> {
        let has = |letter| word.contains(letter);
        let shape = Self { two: has('2'), probed: has('r'), published: has('p'), keeps: has('k'), told: has('t') };
        (shape.to_string() == word).then_some(shape)
    }
}

impl Whom {
    fn draw(dice: &mut fastrand::Rng) -> Self {
        match dice.u8(..8) {
            0..=3 => Self::Container(dice.usize(..2)),
            4 => Self::Pause,
            5 => Self::Attendant,
            6 => Self::Prober,
            _ => Self::Forwarder,
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s")?;
        self.of().into_iter().filter(|(_, has)| *has).try_for_each(|(letter, _)| write!(f, "{letter}"))
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Apply { pod, shape, under } => write!(f, "apply {} {shape} {under:?}", name(*pod)),
            Self::Delete { pod, now, under } => {
                write!(f, "delete {}{} {under:?}", name(*pod), if *now { " now" } else { "" })
            }
            Self::Kill { pod, whom } => write!(f, "kill {} {whom:?}", name(*pod)),
            Self::Write { value } => write!(f, "write {value}"),
            Self::Tell { value } => write!(f, "tell {value}"),
        }
    }
}

/// So many steps.
pub(super) fn story(dice: &mut fastrand::Rng, length: usize, has_disk: bool) -> Vec<Step> {
    std::iter::repeat_with(|| Step::draw(dice, has_disk)).take(length).collect()
}

/// What a pod is called, and who a container of it is.
pub(super) fn name(pod: usize) -> String {
    format!("p{pod}")
}

pub(super) fn who(pod: usize, container: usize) -> String {
    format!("p{pod}/c{container}")
}

/// The port of a pod that is published.
pub(super) fn port(pod: usize) -> u16 {
    8000 + u16::try_from(pod).unwrap_or_default()
}

/// What is kept of all pods, once and for all.
pub(super) fn claim() -> Value {
    json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": { "name": CLAIM },
        "spec": { "accessModes": ["ReadWriteOnce"], "resources": { "requests": { "storage": "1Mi" } } },
    })
}

/// What all may be told.
pub(super) fn map(value: u32) -> Value {
    json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": MAP }, "data": { KEY: value.to_string() } })
}

/// A pod of a shape. Its times are as short as they are on a clock that goes 200 times as fast.
pub(super) fn manifest(pod: usize, shape: Shape) -> Value {
    let mut mounts = Vec::new();
    let mut volumes = Vec::new();
    if shape.keeps {
        mounts.push(json!({ "name": CLAIM, "mountPath": "/kept" }));
        volumes.push(json!({ "name": CLAIM, "persistentVolumeClaim": { "claimName": CLAIM } }));
    }
    if shape.told {
        mounts.push(json!({ "name": MAP, "mountPath": "/told" }));
        volumes.push(json!({ "name": MAP, "configMap": { "name": MAP } }));
    }
    let containers = (0..shape.containers()).map(|number| {
        let mut container = json!({
            "name": format!("c{number}"), "image": IMAGE, "imagePullPolicy": "Never", "command": [WAITS],
            "env": [{ "name": WHO, "value": who(pod, number) }], "volumeMounts": mounts,
        });
        if shape.probed {
            let asked = json!({ "command": [WAITS, "-v"] });
            container["readinessProbe"] = json!({ "exec": asked, "periodSeconds": 40, "timeoutSeconds": 1000 });
        }
        if shape.published && number == 0 {
            container["ports"] = json!([{ "containerPort": 80, "hostPort": port(pod) }]);
        }
        container
    });
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": { "name": name(pod), "labels": { SHAPE: shape.to_string() } },
        "spec": {
            "terminationGracePeriodSeconds": 400,
            "containers": containers.collect::<Vec<_>>(),
            "volumes": volumes,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_is_read_as_it_is_told() {
        let mut dice = fastrand::Rng::with_seed(1);
        for _ in 0..64 {
            let shape = Shape::draw(&mut dice);
            assert_eq!(Shape::read(&shape.to_string()), Some(shape));
        }
        assert_eq!(Shape::read("s2x"), None);
    }

    #[test]
    fn a_seed_tells_one_story() {
        let told = |seed| story(&mut fastrand::Rng::with_seed(seed), 30, true);
        assert_eq!(told(1), told(1));
        assert_ne!(told(1), told(2));
    }
}
