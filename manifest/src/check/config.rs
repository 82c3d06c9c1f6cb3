//! Config maps, secrets, claims, accounts, namespaces, services.

use std::collections::BTreeMap;

use serde_json::Value;

use super::pod::Seen;
use super::{Found, Path, Trouble, meta, names};
use crate::kind::{
    ConfigMap, Namespace, PersistentVolumeClaim, PersistentVolumeClaimSpec, Secret, Service, ServiceAccount,
    ServiceSpec,
};
use crate::value::{Bytes, IntOrString};

/// What may be in a config map or a secret, all together.
const MOST: usize = 1 << 20;

pub(super) fn config_map(object: &ConfigMap, found: &mut Found) {
    meta::metadata(&object.metadata, names::subdomain, true, found);
    let mut size = 0;
    for (key, value) in &object.data {
        let path = Path::new("data").key(key);
        found.named(&path, key, names::config_key(key));
        if object.binary_data.contains_key(key) {
            found.value(&path, key.as_str(), "duplicate of key present in binaryData");
        }
        size += value.len();
    }
    for (key, value) in &object.binary_data {
        found.named(&Path::new("binaryData").key(key), key, names::config_key(key));
        size += value.0.len();
    }
    if size > MOST {
        // It is the object as a whole that is too large, and that has no path.
        found.add(&Path::new(""), Trouble::TooLong(MOST));
    }
}

pub(super) fn secret(object: &Secret, found: &mut Found) {
    meta::metadata(&object.metadata, names::subdomain, true, found);
    let path = Path::new("data");
    let mut size = 0;
    for (key, value) in &object.data {
        found.named(&path.key(key), key, names::config_key(key));
        size += value.0.len();
    }
    if size > MOST {
        found.add(&path, Trouble::TooLong(MOST));
    }
    let there = |key: &str| object.data.contains_key(key);
    match object.r#type.as_deref().unwrap_or_default() {
        "kubernetes.io/service-account-token" => {
            let name = object.metadata.annotations.get("kubernetes.io/service-account.name");
            if name.is_none_or(String::is_empty) {
                found.required(
                    &Path::new("metadata").child("annotations").key("kubernetes.io/service-account.name"),
                    "",
                );
            }
        }
        "kubernetes.io/dockercfg" => json(&object.data, ".dockercfg", &path, found),
        "kubernetes.io/dockerconfigjson" => json(&object.data, ".dockerconfigjson", &path, found),
        "kubernetes.io/basic-auth" if !there("username") && !there("password") => {
            found.required(&path.key("username"), "");
            found.required(&path.key("password"), "");
        }
        "kubernetes.io/ssh-auth" if object.data.get("ssh-privatekey").is_none_or(|key| key.0.is_empty()) => {
            found.required(&path.key("ssh-privatekey"), "");
        }
        "kubernetes.io/tls" => {
            for key in ["tls.crt", "tls.key"].into_iter().filter(|key| !there(key)) {
                found.required(&path.key(key), "");
            }
        }
        _ => {}
    }
}

/// A key that there has to be, with JSON in it.
fn json(data: &BTreeMap<String, Bytes>, key: &str, path: &Path, found: &mut Found) {
    let path = path.key(key);
    match data.get(key) {
        None => found.required(&path, ""),
        Some(bytes) => {
            if let Err(error) = serde_json::from_slice::<serde_json::Map<String, Value>>(&bytes.0) {
                // Its content is nobody's business.
                found.value(&path, "<secret contents redacted>", error.to_string());
            }
        }
    }
}

pub(super) fn account(object: &ServiceAccount, found: &mut Found) {
    meta::metadata(&object.metadata, names::subdomain, true, found);
}

pub(super) fn namespace(object: &Namespace, found: &mut Found) {
    meta::metadata(&object.metadata, names::label, false, found);
}

pub(super) fn claim(object: &PersistentVolumeClaim, found: &mut Found) {
    meta::metadata(&object.metadata, names::subdomain, true, found);
    claim_spec(object.spec.as_ref(), &Path::new("spec"), found);
}

pub(super) fn claim_spec(spec: Option<&PersistentVolumeClaimSpec>, path: &Path, found: &mut Found) {
    let nothing = PersistentVolumeClaimSpec::default();
    let spec = spec.unwrap_or(&nothing);
    let modes = path.child("accessModes");
    if spec.access_modes.is_empty() {
        found.required(&modes, "at least 1 access mode is required");
    }
    for mode in &spec.access_modes {
        found.one_of(&modes, mode, &["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"]);
    }
    if spec.access_modes.len() > 1 && spec.access_modes.iter().any(|mode| mode == "ReadWriteOncePod") {
        found.forbidden(&modes, "may not use ReadWriteOncePod with other access modes");
    }
    if let Some(selector) = &spec.selector {
        meta::selector(selector, &path.child("selector"), found);
    }
    let storage = path.child("resources").key("storage");
    match spec.resources.as_ref().and_then(|resources| resources.requests.get("storage")) {
        None => found.required(&storage, ""),
        Some(amount) if amount.is_negative() || amount.is_zero() => {
            found.value(&storage, amount.to_string(), "must be greater than zero");
        }
        Some(_) => {}
    }
    if let Some(class) = spec.storage_class_name.as_deref().filter(|class| !class.is_empty()) {
        found.named(&path.child("storageClassName"), class, names::subdomain(class));
    }
    if let Some(mode) = &spec.volume_mode {
        found.one_of(&path.child("volumeMode"), mode, &["Block", "Filesystem"]);
    }
}

pub(super) fn service(object: &Service, found: &mut Found) {
    meta::metadata(&object.metadata, names::label, true, found);
    let nothing = ServiceSpec::default();
    let spec = object.spec.as_ref().unwrap_or(&nothing);
    let path = Path::new("spec");
    let kind = spec.r#type.as_deref().unwrap_or_default();
    let headless = spec.cluster_ip.as_deref() == Some("None");
    if spec.ports.is_empty() && !headless && kind != "ExternalName" {
        found.required(&path.child("ports"), "");
    }
    match kind {
        "LoadBalancer" | "NodePort" if headless => {
            found.value(
                &path.child("clusterIPs").index(0),
                "None",
                format!("may not be set to 'None' for {kind} services"),
            );
        }
        "ExternalName" => match spec.external_name.as_deref().unwrap_or_default() {
            "" => found.required(&path.child("externalName"), ""),
            name => {
                let domain = name.strip_suffix('.').unwrap_or(name);
                found.named(&path.child("externalName"), name, names::subdomain(domain));
            }
        },
        _ => {}
    }
    service_ports(spec, &path.child("ports"), found);
    meta::labels(&spec.selector, &path.child("selector"), found);
    found.required_one_of(&path.child("sessionAffinity"), spec.session_affinity.as_deref(), &["ClientIP", "None"]);
    found.required_one_of(&path.child("type"), Some(kind), &["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"]);
    for (index, address) in spec.external_ips.iter().enumerate() {
        found.named(&path.child("externalIPs").index(index), address, names::address(address));
    }
}

fn service_ports(spec: &ServiceSpec, path: &Path, found: &mut Found) {
    let mut names = Seen::new();
    let mut numbers = Seen::new();
    for (index, port) in spec.ports.iter().enumerate() {
        let path = path.index(index);
        let protocol = port.protocol.as_deref().unwrap_or_default();
        match port.name.as_deref().unwrap_or_default() {
            "" if spec.ports.len() > 1 => found.required(&path.child("name"), ""),
            "" => {}
            name => {
                found.named(&path.child("name"), name, names::label(name));
                if !names.first(name) {
                    found.duplicate(&path.child("name"), name);
                }
            }
        }
        found.range(&path.child("port"), port.port, 1, 65_535);
        found.required_one_of(&path.child("protocol"), Some(protocol), &["SCTP", "TCP", "UDP"]);
        match &port.target_port {
            Some(IntOrString::Int(number)) => found.range(&path.child("targetPort"), *number, 1, 65_535),
            Some(IntOrString::String(name)) => found.named(&path.child("targetPort"), name, names::port(name)),
            None => {}
        }
        if !numbers.first(&format!("{protocol}/{}", port.port)) {
            found.duplicate(&path, super::shown(&serde_json::json!({ "protocol": protocol, "port": port.port })));
        }
        let node = port.node_port.unwrap_or_default();
        if node != 0 && matches!(spec.r#type.as_deref(), Some("ClusterIP" | "ExternalName")) {
            found.forbidden(
                &path.child("nodePort"),
                format!("may not be used when `type` is '{}'", spec.r#type.as_deref().unwrap_or_default()),
            );
        }
    }
}
