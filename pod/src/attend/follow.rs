//! After a verb: somebody attends to the pods that it is about, and some of that is waited for.

use std::thread::sleep;
use std::time::{Duration, Instant};

use manifest::kind::{Pod, Resource};
use registry::Registry;

use super::start::{ensure, forget, is_attended};
use crate::answer::{Complaint, Pending, Until};
use crate::changes::Glance;
use crate::error::Error;
use crate::machine::{ConditionKind, Phase};
use crate::objects::{Key, Objects};
use crate::place::{Place, machine_of};
use crate::programs::Programs;

/// How long between two looks, at first and at most. To have the kernel tell would take longer: an inotify is closed in
/// some ten milliseconds.
const FIRST: Duration = Duration::from_micros(500);
const LAST: Duration = Duration::from_millis(50);

/// Sees to the pods that a verb has brought or sent away. What is said of those that do not become what was waited for
/// is handed back.
///
/// # Errors
/// Nobody can attend to one.
pub fn follow(pending: &[Pending], programs: &Programs) -> Result<Vec<Complaint>, Error> {
    let objects = Objects::of_this_user()?;
    let (data, registry) = (image::store::data_directory(), Registry::of_this_user());
    let places: Vec<(Place, &Pending)> =
        pending.iter().map(|one| (Place::of(&one.pod, &data, &registry), one)).collect();
    // All of them first: they come at the same time.
    for (place, pending) in &places {
        let goes = matches!(pending.until, Until::Going | Until::Gone(_));
        if goes && is_over(place)? && !is_attended(place)? {
            forget(place, &objects)?;
        } else if goes || !is_over(place)? {
            ensure(place, programs)?;
        }
    }
    let mut complaints = Vec::new();
    for (place, pending) in &places {
        match pending.until {
            Until::Attended | Until::Going => {}
            Until::Meant(patience) | Until::Ready(patience) | Until::Ended(patience) => {
                let may_run = match pending.until {
                    Until::Ended(_) => false,
                    Until::Meant(_) => !is_meant_to_end(&pending.pod),
                    _ => true,
                };
                complaints.extend(came(place, &pending.pod, may_run, patience, programs)?);
            }
            Until::Gone(patience) => {
                let mut glance = key(place).and_then(|key| objects.file(&key)).map(Glance::at);
                let is_gone = |place: &Place| {
                    let stays = glance.as_mut().is_some_and(Glance::is_as_before);
                    Ok(!stays && uid(place, &objects)?.is_none() && !objects.is_emptied(&place.namespace)?)
                };
                // Whoever has attended to it may have gone before they were told.
                let nudge = |place: &Place| {
                    if objects.is_emptied(&place.namespace)? {
                        return Ok(objects.change()?.finish(&place.namespace)?);
                    }
                    let left = is_over(place)? && !is_attended(place)?;
                    // Whoever is waited for does not stay with what is empty now.
                    if left {
                        Ok(forget(place, &objects)?.gone_at_once(place.registry.root())?)
                    } else {
                        ensure(place, programs)
                    }
                };
                if !waited(place, patience, nudge, is_gone)? {
                    complaints.push(late(&pending.pod));
                }
            }
        }
    }
    Ok(complaints)
}

/// Whether nothing of the pod runs, and nothing will.
fn is_over(place: &Place) -> Result<bool, Error> {
    Ok(machine_of(place)?.is_some_and(|machine| machine.is_over()))
}

/// The uid of whoever is called so, if that is this pod's.
fn uid(place: &Place, objects: &Objects) -> Result<Option<String>, Error> {
    let Some(key) = key(place) else { return Ok(None) };
    let found = objects.get(&key)?;
    Ok(found.and_then(|found| found.metadata().uid.clone()).filter(|uid| *uid == place.uid))
}

/// How its object is found.
fn key(place: &Place) -> Option<Key> {
    Resource::find("pods").map(|pods| Key::new(pods, &place.namespace, &place.name))
}

/// Whether it is over once all of it has ended well.
fn is_meant_to_end(pod: &Pod) -> bool {
    let policy = pod.spec.as_ref().and_then(|spec| spec.restart_policy.as_deref());
    policy.is_some_and(|policy| policy != "Always")
}

/// Waits until a pod has ended or, where it `may_run`, is ready.
fn came(
    place: &Place,
    pod: &Pod,
    may_run: bool,
    patience: Option<Duration>,
    programs: &Programs,
) -> Result<Option<Complaint>, Error> {
    let (mut failed, mut glance) = (false, Glance::at(place.machine()));
    let has_come = |place: &Place| {
        if glance.is_as_before() {
            return Ok(false);
        }
        let Some(machine) = machine_of(place)? else { return Ok(false) };
        failed = machine.phase() == Phase::Failed;
        let ready = |condition: &crate::machine::Condition| condition.kind == ConditionKind::Ready && condition.holds;
        let is_ready = || may_run && machine.conditions().iter().any(ready);
        Ok(failed || machine.phase() == Phase::Succeeded || is_ready())
    };
    let nudge = |place: &Place| if is_over(place)? { Ok(()) } else { ensure(place, programs) };
    let came = waited(place, patience, nudge, has_come)?;
    Ok(match (came, failed) {
        (true, false) => None,
        (true, true) => Some(Complaint::Plain(format!("pod {:?} has failed", name(pod)))),
        (false, _) => Some(late(pod)),
    })
}

fn late(pod: &Pod) -> Complaint {
    Complaint::Plain(format!("timed out waiting for the condition on pods/{}", name(pod)))
}

fn name(pod: &Pod) -> &str {
    pod.metadata.name.as_deref().unwrap_or_default()
}

/// Waits for something; a nudge now and then, for who attends to the pod may have ended meanwhile.
fn waited(
    place: &Place,
    patience: Option<Duration>,
    nudge: impl Fn(&Place) -> Result<(), Error>,
    mut came: impl FnMut(&Place) -> Result<bool, Error>,
) -> Result<bool, Error> {
    let began = Instant::now();
    let mut looked = Instant::now();
    while !came(place)? {
        if patience.is_some_and(|patience| began.elapsed() >= patience) {
            return Ok(false);
        }
        // A hundredth of what was waited for already is little to wait for more.
        sleep((began.elapsed() / 100).clamp(FIRST, LAST));
        if looked.elapsed() > Duration::from_secs(1) {
            looked = Instant::now();
            nudge(place)?;
        }
    }
    Ok(true)
}
