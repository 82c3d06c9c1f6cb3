//! What kubectl's own structures have, set or not: fields that are written even where there is nothing in them.

use serde_json::{Value, json};

use crate::schema::{Holds, Root, Type};

/// An object as kubectl writes it out of a structure of its own.
#[must_use]
pub fn whole(mut value: Value, root: &Root) -> Value {
    fill(&mut value, root.of);
    value
}

fn fill(value: &mut Value, of: &'static Type) {
    let Value::Object(object) = value else { return };
    for (field, nothing) in always(of.name) {
        object.entry(*field).or_insert_with(nothing);
    }
    for (key, value) in object.iter_mut() {
        if let Some(field) = of.field(key) {
            inside(value, &field.holds);
        }
    }
}

fn inside(value: &mut Value, holds: &'static Holds) {
    match (holds, value) {
        (Holds::Type(of), value) => fill(value, of),
        (Holds::List(of), Value::Array(list)) => list.iter_mut().for_each(|value| inside(value, of)),
        (Holds::Map(of), Value::Object(map)) => map.values_mut().for_each(|value| inside(value, of)),
        _ => {}
    }
}

type Nothing = fn() -> Value;

/// The fields that a structure always has, each with what stands there for nothing.
fn always(of: &str) -> &'static [(&'static str, Nothing)] {
    const OBJECT: Nothing = || json!({});
    const NULL: Nothing = || Value::Null;
    const ZERO: Nothing = || json!(0);
    const EMPTY: Nothing = || json!("");
    const NONE: Nothing = || json!("0");
    match of {
        "Pod" | "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "Job" | "CronJob" => {
            &[("metadata", OBJECT), ("spec", OBJECT), ("status", OBJECT)]
        }
        "PodTemplateSpec" | "JobTemplateSpec" | "PersistentVolumeClaimTemplate" => {
            &[("metadata", OBJECT), ("spec", OBJECT)]
        }
        "PodSpec" => &[("containers", NULL)],
        "Container" | "EphemeralContainer" => &[("name", EMPTY), ("resources", OBJECT)],
        "DeploymentSpec" => &[("selector", NULL), ("template", OBJECT), ("strategy", OBJECT)],
        "StatefulSetSpec" => {
            &[("selector", NULL), ("template", OBJECT), ("serviceName", EMPTY), ("updateStrategy", OBJECT)]
        }
        "DaemonSetSpec" => &[("selector", NULL), ("template", OBJECT), ("updateStrategy", OBJECT)],
        "ReplicaSetSpec" => &[("selector", NULL)],
        "JobSpec" => &[("template", OBJECT)],
        "CronJobSpec" => &[("schedule", EMPTY), ("jobTemplate", OBJECT)],
        "StatefulSetStatus" => &[("replicas", ZERO), ("availableReplicas", ZERO)],
        "ReplicaSetStatus" => &[("replicas", ZERO)],
        "DaemonSetStatus" => &[
            ("currentNumberScheduled", ZERO),
            ("numberMisscheduled", ZERO),
            ("desiredNumberScheduled", ZERO),
            ("numberReady", ZERO),
        ],
        "PersistentVolumeClaim" => &[("metadata", OBJECT), ("spec", OBJECT), ("status", OBJECT)],
        "ResourceFieldSelector" => &[("divisor", NONE), ("resource", EMPTY)],
        "PersistentVolumeClaimSpec" => &[("resources", OBJECT)],
        _ => &[],
    }
}
