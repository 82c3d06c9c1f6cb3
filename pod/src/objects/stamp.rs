//! What is written on an object when it comes and when it changes: who it is, since when, and how often. Pure.

use manifest::kind::{Object, PersistentVolumeClaim};
use manifest::value::Time;

/// What only whoever keeps objects can know of a new one.
#[derive(Clone, Debug)]
pub(super) struct Birth {
    pub(super) uid: String,
    pub(super) now: Time,
    pub(super) revision: u64,
    /// The machine, which pods are on.
    pub(super) node: String,
}

/// Makes an object that comes one that is there.
pub(super) fn born(object: &mut Object, birth: Birth) {
    let generation = counts_generations(object).then_some(1);
    let metadata = object.metadata_mut();
    if metadata.namespace.as_deref().is_none_or(str::is_empty) {
        metadata.namespace = Some("default".to_owned());
    }
    let Birth { uid, now, revision, node } = birth;
    metadata.uid = Some(uid);
    metadata.creation_timestamp = Some(now);
    metadata.resource_version = Some(revision.to_string());
    metadata.generation = generation;
    if !object.resource().namespaced {
        object.metadata_mut().namespace = None;
    }
    match object {
        Object::PersistentVolumeClaim(claim) => bind(claim),
        Object::Pod(pod) => {
            pod.spec.get_or_insert_default().node_name.get_or_insert(node);
        }
        _ => {}
    }
}

/// Makes what is to become of an object the next of it. What only whoever keeps it may write stays as it was.
pub(super) fn changed(object: &mut Object, before: &Object, revision: u64) {
    let same_spec = object.to_value()["spec"] == before.to_value()["spec"];
    let metadata = object.metadata_mut();
    let was = before.metadata();
    metadata.uid.clone_from(&was.uid);
    metadata.creation_timestamp = was.creation_timestamp;
    metadata.deletion_timestamp = was.deletion_timestamp;
    metadata.deletion_grace_period_seconds = was.deletion_grace_period_seconds;
    metadata.generation = was.generation.map(|generation| if same_spec { generation } else { generation + 1 });
    metadata.resource_version = Some(revision.to_string());
    if let Object::PersistentVolumeClaim(claim) = object {
        bind(claim);
    }
}

/// Which revision comes after these: an object's own grows, whatever became of the count.
pub(super) fn next(counted: u64, before: Option<&Object>) -> u64 {
    let own = before.and_then(|object| object.metadata().resource_version.as_deref()?.parse().ok()).unwrap_or(0);
    counted.max(own) + 1
}

fn counts_generations(object: &Object) -> bool {
    use Object::{ConfigMap, Namespace, PersistentVolumeClaim, Secret, ServiceAccount};
    !matches!(object, ConfigMap(_) | Secret(_) | Namespace(_) | ServiceAccount(_) | PersistentVolumeClaim(_))
}

/// A claim's volume is a directory, which is there for whoever claims it.
fn bind(claim: &mut PersistentVolumeClaim) {
    let Some(uid) = claim.metadata.uid.clone() else { return };
    let spec = claim.spec.get_or_insert_default();
    spec.volume_name.get_or_insert_with(|| format!("pvc-{uid}"));
    let capacity = spec.resources.as_ref().map(|resources| resources.requests.clone()).unwrap_or_default();
    let modes = spec.access_modes.clone();
    let status = claim.status.get_or_insert_default();
    status.phase = Some("Bound".to_owned());
    status.access_modes = modes;
    status.capacity = capacity;
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn born_of(kind: &str, value: serde_json::Value) -> Object {
        let mut object = Object::from_value(kind, value).expect("an object");
        object.set_defaults();
        born(&mut object, Birth { uid: "u".to_owned(), now: Time::default(), revision: 7, node: "n".to_owned() });
        object
    }

    #[test]
    fn what_comes_is_told_who_it_is() {
        let map = born_of("ConfigMap", json!({ "metadata": { "name": "a" } })).to_value();
        let expected = json!({ "name": "a", "namespace": "default", "uid": "u", "resourceVersion": "7",
            "creationTimestamp": "1970-01-01T00:00:00Z" });
        assert_eq!(map["metadata"], expected);
        let pod = born_of("Pod", json!({ "metadata": { "name": "a", "namespace": "b" }, "spec": {} })).to_value();
        assert_eq!((&pod["metadata"]["generation"], &pod["metadata"]["namespace"]), (&json!(1), &json!("b")));
        let namespace = born_of("Namespace", json!({ "metadata": { "name": "a", "namespace": "b" } })).to_value();
        assert_eq!(namespace["metadata"]["namespace"], json!(null));
    }

    #[test]
    fn a_claim_has_its_volume_at_once_and_as_much_as_it_asks_for() {
        let value = json!({ "metadata": { "name": "a" }, "spec": { "accessModes": ["ReadWriteOnce"],
            "resources": { "requests": { "storage": "1Gi" } } } });
        let claim = born_of("PersistentVolumeClaim", value).to_value();
        assert_eq!(claim["spec"]["volumeName"], json!("pvc-u"));
        let expected = json!({ "accessModes": ["ReadWriteOnce"], "capacity": { "storage": "1Gi" }, "phase": "Bound" });
        assert_eq!(claim["status"], expected);
    }

    #[test]
    fn what_changes_stays_who_it_is_and_only_another_spec_is_another_generation() {
        let before = born_of("Pod", json!({ "metadata": { "name": "a" }, "spec": { "hostname": "h" } }));
        let become_of = |hostname: &str| {
            let value = json!({ "metadata": { "name": "a", "uid": "other" }, "spec": { "hostname": hostname, "nodeName": "n" } });
            let mut object = Object::from_value("Pod", value).expect("an object");
            object.set_defaults();
            changed(&mut object, &before, 9);
            let value = object.to_value();
            (value["metadata"]["generation"].clone(), value["metadata"]["uid"].clone())
        };
        assert_eq!(become_of("h"), (json!(1), json!("u")));
        assert_eq!(become_of("i"), (json!(2), json!("u")));
    }

    #[test]
    fn revisions_grow_even_if_the_count_is_lost() {
        let object = born_of("ConfigMap", json!({ "metadata": { "name": "a" } }));
        assert_eq!((next(3, None), next(3, Some(&object)), next(9, Some(&object))), (4, 8, 10));
    }
}
