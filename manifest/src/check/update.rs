//! What may not be changed of an object that is there.

use serde_json::Value;

use super::{Found, Path, shown};
use crate::emit::yaml;
use crate::kind::{LabelSelector, Object, Pod, PodSpec, PodTemplateSpec};

const IMMUTABLE: &str = "field is immutable";

pub(super) fn update(new: &Object, old: &Object, found: &mut Found) {
    match (new, old) {
        (Object::Pod(new), Object::Pod(old)) => pod(new, old, found),
        (Object::ConfigMap(new), Object::ConfigMap(old)) if old.immutable == Some(true) => {
            sealed(new.immutable, new.data != old.data, "data", found);
            sealed(Some(true), new.binary_data != old.binary_data, "binaryData", found);
        }
        (Object::Secret(new), Object::Secret(old)) => {
            if new.r#type != old.r#type {
                found.value(&Path::new("type"), shown(&new.r#type), IMMUTABLE);
            }
            if old.immutable == Some(true) {
                sealed(new.immutable, new.data != old.data, "data", found);
            }
        }
        (Object::PersistentVolumeClaim(new), Object::PersistentVolumeClaim(old)) => {
            let pinned = |spec: Option<&crate::kind::PersistentVolumeClaimSpec>| {
                spec.cloned().map(|mut spec| {
                    spec.resources = None;
                    spec.volume_attributes_class_name = None;
                    spec
                })
            };
            if pinned(new.spec.as_ref()) != pinned(old.spec.as_ref()) {
                let words = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";
                found.forbidden(&Path::new("spec"), words);
            }
        }
        (Object::Deployment(new), Object::Deployment(old)) => {
            let selector =
                |spec: &Option<crate::kind::DeploymentSpec>| spec.as_ref().and_then(|spec| spec.selector.clone());
            pinned_selector(selector(&new.spec), selector(&old.spec), found);
        }
        (Object::ReplicaSet(new), Object::ReplicaSet(old)) => {
            let selector =
                |spec: &Option<crate::kind::ReplicaSetSpec>| spec.as_ref().and_then(|spec| spec.selector.clone());
            pinned_selector(selector(&new.spec), selector(&old.spec), found);
        }
        (Object::DaemonSet(new), Object::DaemonSet(old)) => {
            let selector =
                |spec: &Option<crate::kind::DaemonSetSpec>| spec.as_ref().and_then(|spec| spec.selector.clone());
            pinned_selector(selector(&new.spec), selector(&old.spec), found);
        }
        (Object::StatefulSet(new), Object::StatefulSet(old)) => {
            let pinned = |spec: &Option<crate::kind::StatefulSetSpec>| {
                spec.clone().map(|mut spec| {
                    spec.replicas = None;
                    spec.ordinals = None;
                    spec.template = None;
                    spec.update_strategy = None;
                    spec.revision_history_limit = None;
                    spec.min_ready_seconds = None;
                    spec.persistent_volume_claim_retention_policy = None;
                    spec
                })
            };
            if pinned(&new.spec) != pinned(&old.spec) {
                let words = "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";
                found.forbidden(&Path::new("spec"), words);
            }
        }
        (Object::Job(new), Object::Job(old)) => {
            let template = |spec: &Option<crate::kind::JobSpec>| spec.as_ref().and_then(|spec| spec.template.clone());
            pinned_template(template(&new.spec), template(&old.spec), found);
        }
        _ => {}
    }
}

/// What a sealed object may not lose: its seal, and what is in it.
fn sealed(seal: Option<bool>, changed: bool, field: &str, found: &mut Found) {
    const WORDS: &str = "field is immutable when `immutable` is set";
    if seal != Some(true) {
        found.forbidden(&Path::new("immutable"), WORDS);
    }
    if changed {
        found.forbidden(&Path::new(field), WORDS);
    }
}

fn pinned_selector(new: Option<LabelSelector>, old: Option<LabelSelector>, found: &mut Found) {
    if new != old {
        found.value(&Path::new("spec").child("selector"), shown(&new), IMMUTABLE);
    }
}

fn pinned_template(new: Option<PodTemplateSpec>, old: Option<PodTemplateSpec>, found: &mut Found) {
    if new != old {
        found.value(&Path::new("spec").child("template"), shown(&new), IMMUTABLE);
    }
}

/// Of a live pod only images, deadlines and a few more may change.
fn pod(new: &Pod, old: &Pod, found: &mut Found) {
    let nothing = PodSpec::default();
    let (new, old) = (new.spec.as_ref().unwrap_or(&nothing), old.spec.as_ref().unwrap_or(&nothing));
    let path = Path::new("spec");
    for (field, new, old) in [
        ("containers", &new.containers, &old.containers),
        ("initContainers", &new.init_containers, &old.init_containers),
    ] {
        if new.len() != old.len() {
            found.forbidden(&path.child(field), "pod updates may not add or remove containers");
            return;
        }
    }
    deadline(new, old, &path, found);
    let mut allowed = new.clone();
    let pairs = allowed.containers.iter_mut().zip(&old.containers);
    for (new, old) in pairs.chain(allowed.init_containers.iter_mut().zip(&old.init_containers)) {
        new.image.clone_from(&old.image);
    }
    allowed.active_deadline_seconds = old.active_deadline_seconds;
    if old.tolerations.iter().all(|toleration| new.tolerations.contains(toleration)) {
        allowed.tolerations.clone_from(&old.tolerations);
    }
    let negative = |seconds: Option<i64>| seconds.is_some_and(|seconds| seconds < 0);
    if negative(old.termination_grace_period_seconds) && new.termination_grace_period_seconds == Some(1) {
        allowed.termination_grace_period_seconds = old.termination_grace_period_seconds;
    }
    if allowed != *old {
        let words = "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";
        found.forbidden(&path, format!("{words}\n{}", difference(&shown(old), &shown(&allowed))));
    }
}

fn deadline(new: &PodSpec, old: &PodSpec, path: &Path, found: &mut Found) {
    let at = path.child("activeDeadlineSeconds");
    match (new.active_deadline_seconds, old.active_deadline_seconds) {
        (Some(new), Some(old)) if new > old => {
            found.value(&at, new, "must be less than or equal to previous value");
        }
        (None, Some(_)) => found.value(&at, Value::Null, "must not update from a positive integer to nil value"),
        _ => {}
    }
}

/// The lines that differ, as a diff has them.
fn difference(old: &Value, new: &Value) -> String {
    crate::diff::unified(&yaml(old), &yaml(new), 3)
}
