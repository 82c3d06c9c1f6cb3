//! The workload that is meant where none was named: of a pod by hand the only one, of the pod of a manifest the
//! container that a kubectl would take.

use manifest::kind::{Object, Pod, Resource};
use registry::{Found, Name};

use crate::error::Error;
use crate::objects::{Key, Objects};
use crate::record::PodRecord;

/// Names the container that is meant.
const DEFAULT: &str = "kubectl.kubernetes.io/default-container";

/// A workload, and what is to be said of having chosen it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meant {
    /// Its name.
    pub workload: Name,
    /// A sentence, where somebody may have meant another.
    pub told: Option<String>,
}

impl Meant {
    fn plainly(workload: Name) -> Self {
        Self { workload, told: None }
    }
}

/// The container that is meant of the pod of a manifest; `None` of a pod by hand.
///
/// # Errors
/// It cannot be read whose pod it is.
pub fn container(found: &Found) -> Result<Option<Meant>, Error> {
    Ok(manifests(found)?.and_then(|pod| chosen(&pod)))
}

/// That there is no such workload: of the pod of a manifest, whose containers there are.
#[must_use]
pub fn none_such(found: &Found, workload: &Name) -> Error {
    let pod = || found.name().clone();
    match manifests(found) {
        Ok(Some(manifest)) if !names(&manifest).any(|(name, _)| name == workload.as_str()) => Error::NoSuchContainer {
            pod: called(&manifest),
            container: workload.clone(),
            containers: listed(&manifest),
        },
        _ => Error::NoSuchWorkload { pod: pod(), workload: workload.clone() },
    }
}

/// The pod of a manifest whose sandbox this is, if it is one.
fn manifests(found: &Found) -> Result<Option<Box<Pod>>, Error> {
    let record: PodRecord = found.directory().pod()?;
    let Some((uid, (namespace, name))) = record.plan.object().zip(record.plan.key()) else { return Ok(None) };
    let Some(pods) = Resource::find("pods") else { return Ok(None) };
    match Objects::of_this_user()?.get(&Key::new(pods, namespace, name))? {
        Some(Object::Pod(pod)) if pod.metadata.uid.as_deref() == Some(uid) => Ok(Some(pod)),
        // It is just being forgotten.
        _ => Ok(None),
    }
}

/// The workload that is meant, if any was ever launched.
///
/// # Errors
/// There are several, and nothing says which.
pub(super) fn meant(found: &Found) -> Result<Option<Meant>, Error> {
    if let Some(container) = container(found)? {
        return Ok(Some(container));
    }
    let names = found.directory().workload_names()?;
    match names.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(Meant::plainly(one.clone()))),
        _ => Err(Error::WhichWorkload { pod: found.name().clone(), workloads: names }),
    }
}

fn called(pod: &Pod) -> String {
    pod.metadata.name.clone().unwrap_or_default()
}

/// The names of a pod's containers, and what is said of those that are beside the regular ones.
pub(super) fn names(pod: &Pod) -> impl Iterator<Item = (&str, &'static str)> {
    pod.spec.iter().flat_map(|spec| {
        let regular = spec.containers.iter().map(|container| (container.name.as_str(), ""));
        let inits = spec.init_containers.iter().map(|container| (container.name.as_str(), " (init)"));
        let ephemeral = spec.ephemeral_containers.iter().map(|container| (container.name.as_str(), " (ephem)"));
        regular.chain(inits).chain(ephemeral)
    })
}

/// All of them in a line.
pub(super) fn listed(pod: &Pod) -> String {
    names(pod).map(|(name, kind)| format!("{name}{kind}")).collect::<Vec<_>>().join(", ")
}

pub(super) fn chosen(pod: &Pod) -> Option<Meant> {
    let spec = pod.spec.as_ref()?;
    let named = pod.metadata.annotations.get(DEFAULT);
    if let Some((one, _)) = named.and_then(|wanted| names(pod).find(|(name, _)| name == wanted)) {
        return one.parse().ok().map(Meant::plainly);
    }
    let first = spec.containers.first()?.name.as_str();
    let workload = first.parse().ok()?;
    if names(pod).count() < 2 {
        return Some(Meant::plainly(workload));
    }
    Some(Meant { workload, told: Some(format!("Defaulted container {first:?} out of: {}", listed(pod))) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(annotation: Option<&str>, containers: &[&str], inits: &[&str]) -> (String, Option<String>) {
        let named = |names: &[&str]| names.iter().map(|name| json!({ "name": name, "image": "x" })).collect::<Vec<_>>();
        let annotations =
            annotation.map(|name| (DEFAULT, name)).into_iter().collect::<std::collections::BTreeMap<_, _>>();
        let value = json!({ "metadata": { "annotations": annotations },
            "spec": { "containers": named(containers), "initContainers": named(inits) } });
        let Ok(Object::Pod(pod)) = Object::from_value("Pod", value) else { panic!("a pod") };
        let meant = chosen(&pod).expect("a container");
        (meant.workload.to_string(), meant.told)
    }

    #[test]
    fn the_container_is_kubectls_and_it_is_said_where_there_are_others() {
        let plainly = |name: &str| (name.to_owned(), None);
        assert_eq!(of(None, &["one"], &[]), plainly("one"));
        let told = "Defaulted container \"one\" out of: one, other";
        assert_eq!(of(None, &["one", "other"], &[]), ("one".to_owned(), Some(told.to_owned())));
        let told = "Defaulted container \"one\" out of: one, first (init)";
        assert_eq!(of(None, &["one"], &["first"]), ("one".to_owned(), Some(told.to_owned())));
        assert_eq!(of(Some("other"), &["one", "other"], &[]), plainly("other"));
        assert_eq!(of(Some("nosuch"), &["one"], &[]), plainly("one"));
    }
}
