//! The pod of the manifest, when a fault has struck: what is shown of it, and what becomes of it.

use crate::images::WAITS;
use crate::look::settled;
use crate::place::{Place, Ran};
use crate::promises::{self, Standing, Violation};
use crate::strike::Report;
use crate::verbs::{self, Promise, Verb};
use crate::world;

/// Where the store of objects and of containers has what is of a pod.
const OF_PODS: [&str; 3] = ["pods", "containers", "objects/default/pods"];

/// What is said of containers that wait.
const WHY: &str = "jsonpath={.items[*].status.containerStatuses[*].state.waiting.message}";

/// Judges what a fault has left of the pod: by what is shown, and by typing the same again.
pub(crate) fn judge(place: &Place, verb: &Verb, report: &Report) -> anyhow::Result<Vec<Violation>> {
    let mut violations = promises::of_the_word(verb, &report.ran, &named(place, "pods")?);
    violations.extend(promises::of_the_map(&named(place, "configmaps")?));
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
    Ok(violations)
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
    let containers = processes.iter().filter(|process| process.command == WAITS).count();
    Ok(Standing { row, containers, processes })
}
