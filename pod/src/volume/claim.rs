//! Claims: of others, and a pod's own, which are made with it and go with it.

use manifest::kind::{Object, ObjectMeta, OwnerReference, PersistentVolumeClaim, Pod, Resource};

use super::error::VolumeError;
use crate::objects::{Key, Objects, ObjectsError};

fn refused(error: &ObjectsError) -> VolumeError {
    VolumeError::Refused(launch::complain::line(error))
}

/// The uid of a claim.
///
/// # Errors
/// There is none of this name.
pub(super) fn uid(objects: &Objects, namespace: &str, name: &str) -> Result<String, VolumeError> {
    let missing = || VolumeError::Refused(format!("persistentvolumeclaim {name:?} not found"));
    find(objects, namespace, name)?.and_then(|claim| claim.metadata.uid).ok_or_else(missing)
}

/// The uid of a pod's own claim for one of its volumes, which is made if it is not there.
///
/// # Errors
/// It cannot be made, or somebody else's is called so.
pub(super) fn own(objects: &Objects, pod: &Pod, volume: &str, name: &str) -> Result<String, VolumeError> {
    let namespace = pod.metadata.namespace.as_deref().unwrap_or("default");
    let found = match find(objects, namespace, name)? {
        Some(found) => found,
        None => make(objects, pod, volume, name)?,
    };
    if !is_of(&found.metadata, pod.metadata.uid.as_deref().unwrap_or_default()) {
        let pod = pod.metadata.name.as_deref().unwrap_or_default();
        let words = format!("PVC {namespace}/{name} was not created for pod {namespace}/{pod} (pod is not owner)");
        return Err(VolumeError::Refused(words));
    }
    let missing = || VolumeError::Refused(format!("persistentvolumeclaim {name:?} has no uid"));
    found.metadata.uid.ok_or_else(missing)
}

/// Whether something belongs to a pod.
pub(crate) fn is_of(metadata: &ObjectMeta, uid: &str) -> bool {
    let is_it = |owner: &OwnerReference| owner.controller == Some(true) && owner.kind == "Pod" && owner.uid == uid;
    metadata.owner_references.iter().any(is_it)
}

fn find(objects: &Objects, namespace: &str, name: &str) -> Result<Option<PersistentVolumeClaim>, VolumeError> {
    let Some(resource) = Resource::find("persistentvolumeclaim") else { return Ok(None) };
    match objects.get(&Key::new(resource, namespace, name)).map_err(|error| refused(&error))? {
        Some(Object::PersistentVolumeClaim(claim)) => Ok(Some(*claim)),
        _ => Ok(None),
    }
}

fn make(objects: &Objects, pod: &Pod, volume: &str, name: &str) -> Result<PersistentVolumeClaim, VolumeError> {
    let said = pod.spec.iter().flat_map(|spec| &spec.volumes).find(|known| known.name == volume);
    let template = said.and_then(|volume| volume.ephemeral.as_ref()?.volume_claim_template.clone()).unwrap_or_default();
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let owner = OwnerReference {
        api_version: "v1".to_owned(),
        kind: "Pod".to_owned(),
        name: text(&pod.metadata.name),
        uid: text(&pod.metadata.uid),
        controller: Some(true),
        block_owner_deletion: Some(true),
    };
    let metadata = ObjectMeta {
        name: Some(name.to_owned()),
        namespace: pod.metadata.namespace.clone(),
        owner_references: vec![owner],
        labels: template.metadata.labels,
        annotations: template.metadata.annotations,
        ..ObjectMeta::default()
    };
    let (api_version, kind) = ("v1".to_owned(), "PersistentVolumeClaim".to_owned());
    let claim = PersistentVolumeClaim { api_version, kind, metadata, spec: template.spec, status: None };
    let mut object = Object::PersistentVolumeClaim(Box::new(claim));
    object.set_defaults();
    let made = objects.change().and_then(|changing| changing.create(object));
    match made.map_err(|error| refused(&error))?.object {
        Object::PersistentVolumeClaim(claim) => Ok(*claim),
        _ => unreachable!("it is what was made"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_pods_own_claim_is_made_once_and_nobody_elses_is_taken_for_it() {
        let place = tempfile::tempdir().expect("a directory");
        let objects = Objects::at(place.path().to_owned()).expect("ours");
        let spec = json!({ "accessModes": ["ReadWriteOnce"], "resources": { "requests": { "storage": "1Gi" } } });
        let template = json!({ "metadata": { "labels": { "a": "b" } }, "spec": spec });
        let volumes = json!([{ "name": "v", "ephemeral": { "volumeClaimTemplate": template } }]);
        let value = |uid: &str| {
            json!({ "apiVersion": "v1", "kind": "Pod", "spec": { "containers": [], "volumes": volumes },
                "metadata": { "name": "web", "namespace": "default", "uid": uid } })
        };
        let pod = |uid: &str| match Object::from_value("Pod", value(uid)) {
            Ok(Object::Pod(pod)) => *pod,
            other => panic!("{other:?}"),
        };
        let made = own(&objects, &pod("one"), "v", "web-v").expect("a claim");
        assert_eq!(own(&objects, &pod("one"), "v", "web-v").expect("the same"), made);
        assert_eq!(uid(&objects, "default", "web-v").expect("there"), made);
        let claim = find(&objects, "default", "web-v").expect("read").expect("there");
        assert_eq!(claim.metadata.labels.get("a").map(AsRef::as_ref), Some("b"));
        let other = own(&objects, &pod("two"), "v", "web-v").expect_err("somebody else's").to_string();
        assert_eq!(other, "PVC default/web-v was not created for pod default/web (pod is not owner)");
    }
}
