//! Defaults of what pods use: services, secrets, claims, namespaces.

use super::{text, volume};
use crate::kind::{Namespace, PersistentVolumeClaim, Secret, Service};
use crate::value::{Bytes, IntOrString};

pub(super) fn service(object: &mut Service) {
    let Some(spec) = &mut object.spec else { return };
    text(&mut spec.session_affinity, "None");
    if spec.session_affinity.as_deref() == Some("None") {
        spec.session_affinity_config = None;
    } else {
        let client = spec.session_affinity_config.get_or_insert_default().client_ip.get_or_insert_default();
        client.timeout_seconds.get_or_insert(10_800);
    }
    text(&mut spec.r#type, "ClusterIP");
    for port in &mut spec.ports {
        text(&mut port.protocol, "TCP");
        let unset = match &port.target_port {
            None | Some(IntOrString::Int(0)) => true,
            Some(IntOrString::String(name)) => name.is_empty(),
            Some(IntOrString::Int(_)) => false,
        };
        if unset {
            port.target_port = Some(IntOrString::Int(port.port));
        }
    }
    let kind = spec.r#type.as_deref().unwrap_or_default();
    if matches!(kind, "NodePort" | "LoadBalancer") {
        text(&mut spec.external_traffic_policy, "Cluster");
    }
    if matches!(kind, "ClusterIP" | "NodePort" | "LoadBalancer") {
        text(&mut spec.internal_traffic_policy, "Cluster");
    }
    if kind == "LoadBalancer" {
        spec.allocate_load_balancer_node_ports.get_or_insert(true);
    }
}

/// Text goes where bytes are, over those of the same key.
pub(super) fn secret(object: &mut Secret) {
    text(&mut object.r#type, "Opaque");
    for (key, value) in std::mem::take(&mut object.string_data) {
        object.data.insert(key, Bytes(value.into_bytes()));
    }
}

pub(super) fn claim(object: &mut PersistentVolumeClaim) {
    volume::claim_spec(object.spec.get_or_insert_default());
    text(&mut object.status.get_or_insert_default().phase, "Pending");
}

pub(super) fn namespace(object: &mut Namespace) {
    let name = object.metadata.name.clone().unwrap_or_default();
    object.metadata.labels.entry("kubernetes.io/metadata.name".to_owned()).or_insert(name);
    let spec = object.spec.get_or_insert_default();
    if spec.finalizers.is_empty() {
        spec.finalizers.push("kubernetes".to_owned());
    }
    text(&mut object.status.get_or_insert_default().phase, "Active");
}
