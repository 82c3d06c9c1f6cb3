//! The pod of the manifest, when a fault has struck: what is shown of it, and what becomes of it.

use std::fs;

use crate::images::WAITS;
use crate::look::settled;
use crate::place::{Place, Ran};
use crate::promises::{self, Spoken, Standing, Violation};
use crate::strike::Report;
use crate::verbs::{self, Promise, SAID, Verb};
use crate::world;

/// Where the store of objects and of containers has what is of a pod.
const OF_PODS: [&str; 3] = ["pods", "containers", "objects/default/pods"];

/// What is said of containers that wait.
const WHY: &str = "jsonpath={.items[*].status.containerStatuses[*].state.waiting.message}";

/// Judges what a fault has left of the pod: by what is shown, and by typing the same again.
pub(crate) fn judge(place: &Place, verb: &Verb, report: &Report) -> anyhow::Result<Vec<Violation>> {
    let mut violations = promises::of_the_word(verb, &report.ran, &named(place, "pods")?);
    violations.extend(promises::of_the_map(&named(place, "configmaps")?));
    if verb.has_port() && report.ran.ok() {
        violations.extend(settled(|| Ok(promises::of_the_port(&world::listeners()?)))?);
    }
    let (again, is_to_run) = match verb.promise {
        Promise::Unapplied => (verbs::unapply(), false),
        _ => (verbs::APPLY.to_vec(), true),
    };
    // Whatever is seen on the way counts, and not only what it comes to.
    let mut twice = promises::of_doubles(&standing(place)?);
    let next = place.run(&again)?;
    violations.extend(promises::of_the_next(&next));
    violations.extend(settled(|| {
        let standing = standing(place)?;
        twice.extend(promises::of_doubles(&standing));
        Ok(if is_to_run { promises::of_the_standing(&standing) } else { promises::of_the_gone(&standing) })
    })?);
    violations.extend(twice.into_iter().next());
    if is_to_run {
        violations.extend(settled(|| Ok(promises::of_the_spoken(&spoken(place)?)))?);
    }
    Ok(violations)
}

/// What the container that talks has said until now, and what of it is logged.
fn spoken(place: &Place) -> anyhow::Result<Spoken> {
    let mut said = 0;
    for pod in world::entries(&place.data().join("pods"))? {
        if let Some(path) = world::find(&place.data().join("pods").join(pod), SAID)? {
            said = fs::read_to_string(path)?.trim().parse().unwrap_or(0);
        }
    }
    let lines = |previous: bool| -> anyhow::Result<Vec<u64>> {
        // Where there was no launch before this one it is an error to ask for it.
        let log = place.run(&verbs::logs_of_the_pod(previous))?;
        Ok(log.out.lines().filter_map(|line| line.parse().ok()).collect())
    };
    Ok(Spoken { said, now: lines(false)?, before: lines(true)? })
}

/// Deletes it, and tells what stays of it where objects are kept.
pub(crate) fn end(place: &Place) -> anyhow::Result<Vec<Violation>> {
    let mut violations = promises::of_the_next(&place.run(&verbs::unapply())?);
    violations.extend(kept(place)?);
    Ok(violations)
}

/// What stays of pods where objects are kept, when there is none.
pub(crate) fn kept(place: &Place) -> anyhow::Result<Vec<Violation>> {
    settled(|| {
        let mut left = Vec::new();
        for directory in OF_PODS.map(|name| place.data().join(name)) {
            if let Ok(entries) = world::entries(&directory) {
                left.extend(entries.into_iter().map(|entry| format!("{}/{entry}", directory.display())));
            }
        }
        Ok(promises::of_the_kept(&left))
    })
}

fn named(place: &Place, kind: &str) -> anyhow::Result<Ran> {
    place.run(&["pod", "get", kind, "-o", "name"])
}

fn standing(place: &Place) -> anyhow::Result<Standing> {
    let mut row = place.run(&["pod", "get", "pods", "--no-headers"])?.out;
    // Why a container waits is to be told with it.
    row.push_str(&place.run(&["pod", "get", "pods", "-o", WHY])?.out);
    let processes = world::processes()?;
    let is_container = |command: &str| command == WAITS || command.ends_with(&format!("count /data/{SAID}"));
    let containers = processes.iter().filter(|process| is_container(&process.command)).count();
    Ok(Standing { row, containers, processes })
}
