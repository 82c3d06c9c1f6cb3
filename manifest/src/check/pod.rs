//! Pods: what their containers do not say.

use std::collections::BTreeSet;

use super::container::{self, Containers};
use super::{Found, Path, meta, names, placement, resources, security, shown, volume};
use crate::kind::{HostAlias, Pod, PodDNSConfig, PodSpec, Toleration};

pub(super) fn pod(pod: &Pod, found: &mut Found) {
    meta::metadata(&pod.metadata, names::subdomain, true, found);
    let path = Path::new("spec");
    let Some(spec) = &pod.spec else { return found.required(&path.child("containers"), "") };
    self::spec(spec, &path, found);
}

/// What cannot be there from the beginning.
pub(super) fn new(pod: &Pod, found: &mut Found) {
    if pod.spec.as_ref().is_some_and(|spec| !spec.ephemeral_containers.is_empty()) {
        found.forbidden(&Path::new("spec").child("ephemeralContainers"), "cannot be set on create");
    }
}

/// What a pod and a template have in common.
pub(super) fn spec(pod: &PodSpec, path: &Path, found: &mut Found) {
    let volumes = volume::volumes(&pod.volumes, &path.child("volumes"), found);
    let containers = Containers { pod, volumes: &volumes };
    container::containers(&containers, &path.child("containers"), found);
    container::init_containers(&containers, &path.child("initContainers"), found);
    if let Some(resources) = &pod.resources {
        resources::pod_level(pod, resources, &path.child("resources"), found);
    }
    found.required_one_of(
        &path.child("restartPolicy"),
        pod.restart_policy.as_deref(),
        &["Always", "OnFailure", "Never"],
    );
    found.required_one_of(
        &path.child("dnsPolicy"),
        pod.dns_policy.as_deref(),
        &["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"],
    );
    meta::labels(&pod.node_selector, &path.child("nodeSelector"), found);
    security::pod(pod, &path.child("securityContext"), found);
    for (index, secret) in pod.image_pull_secrets.iter().enumerate() {
        if secret.name.as_deref().unwrap_or_default().is_empty() {
            found.required(&path.child("imagePullSecrets").index(index).child("name"), "");
        }
    }
    dns(pod, &path.child("dnsConfig"), found);
    for (index, gate) in pod.readiness_gates.iter().enumerate() {
        let at = path.child("readinessGates").index(index).child("conditionType");
        found.named(&at, &gate.condition_type, names::qualified(&gate.condition_type));
    }
    for (field, name) in [("serviceAccountName", &pod.service_account_name), ("nodeName", &pod.node_name)] {
        if let Some(name) = name.as_deref().filter(|name| !name.is_empty()) {
            found.named(&path.child(field), name, names::subdomain(name));
        }
    }
    if let Some(seconds) = pod.active_deadline_seconds {
        found.range(&path.child("activeDeadlineSeconds"), seconds, 1, i32::MAX.into());
    }
    for (field, name) in [("hostname", &pod.hostname), ("subdomain", &pod.subdomain)] {
        if let Some(name) = name.as_deref().filter(|name| !name.is_empty()) {
            found.named(&path.child(field), name, names::label(name));
        }
    }
    hostname_override(pod, path, found);
    tolerations(&pod.tolerations, &path.child("tolerations"), found);
    if let Some(affinity) = &pod.affinity {
        placement::affinity(affinity, &path.child("affinity"), found);
    }
    placement::spread(&pod.topology_spread_constraints, &path.child("topologySpreadConstraints"), found);
    aliases(&pod.host_aliases, &path.child("hostAliases"), found);
    for (field, name) in
        [("priorityClassName", &pod.priority_class_name), ("runtimeClassName", &pod.runtime_class_name)]
    {
        if let Some(name) = name.as_deref().filter(|name| field == "runtimeClassName" || !name.is_empty()) {
            found.named(&path.child(field), name, names::subdomain(name));
        }
    }
    if let Some(policy) = &pod.preemption_policy {
        found.required_one_of(&path.child("preemptionPolicy"), Some(policy), &["Never", "PreemptLowerPriority"]);
    }
    resources::amounts(&pod.overhead, &path.child("overhead"), found);
    if let Some(os) = &pod.os {
        found.required_one_of(&path.child("os").child("name"), Some(&os.name), &["linux", "windows"]);
    }
}

fn hostname_override(pod: &PodSpec, path: &Path, found: &mut Found) {
    let Some(name) = &pod.hostname_override else { return };
    let at = path.child("hostnameOverride");
    if pod.host_network == Some(true) {
        found.forbidden(&at, "may not be specified when `hostNetwork` is true");
    }
    if pod.set_hostname_as_fqdn == Some(true) {
        found.forbidden(&at, "may not be specified when `setHostnameAsFQDN` is true");
    }
    if name.len() > 64 {
        found.add(&at, super::Trouble::TooLong(64));
    }
    found.named(&at, name, names::subdomain(name));
}

fn dns(pod: &PodSpec, path: &Path, found: &mut Found) {
    const SERVERS: usize = 3;
    const SEARCHES: usize = 32;
    let none = pod.dns_policy.as_deref() == Some("None");
    let Some(PodDNSConfig { nameservers, options, searches }) = &pod.dns_config else {
        if none {
            found.required(path, "must provide `dnsConfig` when `dnsPolicy` is None");
        }
        return;
    };
    if none && nameservers.is_empty() {
        found.required(&path.child("nameservers"), "must provide at least one DNS nameserver when `dnsPolicy` is None");
    }
    if nameservers.len() > SERVERS {
        found.value(&path.child("nameservers"), shown(nameservers), "must not have more than 3 nameservers");
    }
    for (index, server) in nameservers.iter().enumerate() {
        found.named(&path.child("nameservers").index(index), server, names::address(server));
    }
    if searches.len() > SEARCHES {
        found.value(&path.child("searches"), shown(searches), "must not have more than 32 search paths");
    }
    if searches.join(" ").len() > 2048 {
        found.value(
            &path.child("searches"),
            shown(searches),
            "must not have more than 2048 characters (including spaces) in the search list",
        );
    }
    for (index, search) in searches.iter().enumerate().filter(|(_, search)| *search != ".") {
        let domain = search.strip_suffix('.').unwrap_or(search);
        // Underscores are no letters of a hostname, but domains have them.
        let troubles = names::subdomain(&domain.replace('_', "-").trim_start_matches('-').replace(".-", "."));
        found.named(&path.child("searches").index(index), search, troubles);
    }
    for (index, option) in options.iter().enumerate() {
        if option.name.as_deref().unwrap_or_default().is_empty() {
            found.required(&path.child("options").index(index), "must not be empty");
        }
    }
}

fn tolerations(tolerations: &[Toleration], path: &Path, found: &mut Found) {
    for (index, toleration) in tolerations.iter().enumerate() {
        let path = path.index(index);
        let key = toleration.key.as_deref().unwrap_or_default();
        let operator = toleration.operator.as_deref().unwrap_or_default();
        let effect = toleration.effect.as_deref().unwrap_or_default();
        if !key.is_empty() {
            found.named(&path.child("key"), key, names::qualified(key));
        } else if operator != "Exists" {
            found.value(
                &path.child("operator"),
                operator,
                "operator must be Exists when `key` is empty, which means \"match all values and all keys\"",
            );
        }
        if toleration.toleration_seconds.is_some() && effect != "NoExecute" {
            found.value(&path.child("effect"), effect, "effect must be 'NoExecute' when `tolerationSeconds` is set");
        }
        let value = toleration.value.as_deref().unwrap_or_default();
        match operator {
            "" | "Equal" => found.named(&path.child("operator"), value, names::label_value(value)),
            "Exists" if !value.is_empty() => {
                found.value(&path.child("operator"), value, "value must be empty when `operator` is 'Exists'");
            }
            _ => found.one_of(&path.child("operator"), operator, &["Equal", "Exists", "Gt", "Lt"]),
        }
        if !effect.is_empty() {
            found.one_of(&path.child("effect"), effect, &["NoSchedule", "PreferNoSchedule", "NoExecute"]);
        }
    }
}

fn aliases(aliases: &[HostAlias], path: &Path, found: &mut Found) {
    for (index, alias) in aliases.iter().enumerate() {
        let path = path.index(index);
        found.named(&path.child("ip"), &alias.ip, names::address(&alias.ip));
        for (index, name) in alias.hostnames.iter().enumerate() {
            found.named(&path.child("hostnames").index(index), name, names::subdomain(name));
        }
    }
}

/// Names, and whether one of them comes again.
pub(super) struct Seen(BTreeSet<String>);

impl Seen {
    pub(super) fn new() -> Self {
        Self(BTreeSet::new())
    }

    /// Whether it was not seen before.
    pub(super) fn first(&mut self, name: &str) -> bool {
        self.0.insert(name.to_owned())
    }
}
