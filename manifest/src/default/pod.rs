//! Defaults of pods and their containers.

use std::collections::BTreeMap;

use super::{text, volume};
use crate::image;
use crate::kind::{
    Container, ContainerPort, HTTPGetAction, LifecycleHandler, Pod, PodSpec, Probe, ResourceRequirements, Toleration,
};
use crate::value::Quantity;

/// Defaults of a pod, and what admission adds to one.
pub(super) fn defaults(pod: &mut Pod) {
    let Some(pod) = &mut pod.spec else { return };
    for container in pod.init_containers.iter_mut().chain(&mut pod.containers) {
        requests_from_limits(container.resources.get_or_insert_default());
    }
    pod_level_requests(pod);
    pod.enable_service_links.get_or_insert(true);
    spec(pod);
    pod.priority.get_or_insert(0);
    text(&mut pod.preemption_policy, "PreemptLowerPriority");
    let account = pod.service_account_name.clone().or_else(|| pod.service_account.clone());
    text(&mut pod.service_account_name, account.as_deref().unwrap_or("default"));
    pod.service_account.clone_from(&pod.service_account_name);
    for taint in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
        tolerate(&mut pod.tolerations, taint);
    }
}

/// A pod stays on a node in trouble for five minutes, unless it says how long.
fn tolerate(tolerations: &mut Vec<Toleration>, taint: &str) {
    let covers = |toleration: &Toleration| {
        toleration.key.as_deref().is_none_or(|key| key == taint || key.is_empty())
            && matches!(toleration.effect.as_deref(), None | Some("" | "NoExecute"))
    };
    if !tolerations.iter().any(covers) {
        tolerations.push(Toleration {
            effect: Some("NoExecute".to_owned()),
            key: Some(taint.to_owned()),
            operator: Some("Exists".to_owned()),
            toleration_seconds: Some(300),
            value: None,
        });
    }
}

/// Defaults of what a pod and a template have in common.
pub(super) fn spec(pod: &mut PodSpec) {
    text(&mut pod.dns_policy, "ClusterFirst");
    text(&mut pod.restart_policy, "Always");
    text(&mut pod.scheduler_name, "default-scheduler");
    pod.termination_grace_period_seconds.get_or_insert(30);
    pod.security_context.get_or_insert_default();
    for container in pod.init_containers.iter_mut().chain(&mut pod.containers) {
        self::container(container);
    }
    if pod.host_network == Some(true) {
        let containers = pod.init_containers.iter_mut().chain(&mut pod.containers);
        for port in containers.flat_map(|container| &mut container.ports) {
            if port.host_port.unwrap_or_default() == 0 {
                port.host_port = Some(port.container_port);
            }
        }
    }
    pod.volumes.iter_mut().for_each(volume::volume);
    if let Some(overhead) = &mut pod.overhead_mut() {
        to_milli(overhead);
    }
    if let Some(resources) = &mut pod.resources {
        to_milli(&mut resources.limits);
        to_milli(&mut resources.requests);
    }
}

impl PodSpec {
    fn overhead_mut(&mut self) -> Option<&mut BTreeMap<String, Quantity>> {
        (!self.overhead.is_empty()).then_some(&mut self.overhead)
    }
}

fn container(container: &mut Container) {
    let tag = image::tag(container.image.as_deref().unwrap_or_default());
    text(&mut container.image_pull_policy, if tag == Some("latest") { "Always" } else { "IfNotPresent" });
    text(&mut container.termination_message_path, "/dev/termination-log");
    text(&mut container.termination_message_policy, "File");
    let resources = container.resources.get_or_insert_default();
    to_milli(&mut resources.limits);
    to_milli(&mut resources.requests);
    container.ports.iter_mut().for_each(port);
    let probes = [&mut container.liveness_probe, &mut container.readiness_probe, &mut container.startup_probe];
    probes.into_iter().flatten().for_each(probe);
    if let Some(lifecycle) = &mut container.lifecycle {
        [&mut lifecycle.post_start, &mut lifecycle.pre_stop].into_iter().flatten().for_each(handler);
    }
    for source in container.env.iter_mut().filter_map(|variable| variable.value_from.as_mut()) {
        if let Some(field) = &mut source.field_ref {
            text(&mut field.api_version, "v1");
        }
        if let Some(resource) = &mut source.resource_field_ref {
            resource.divisor.get_or_insert_default();
        }
        if let Some(file) = &mut source.file_key_ref {
            file.optional.get_or_insert(false);
        }
    }
}

fn port(port: &mut ContainerPort) {
    text(&mut port.protocol, "TCP");
}

fn probe(probe: &mut Probe) {
    for (field, value) in [
        (&mut probe.timeout_seconds, 1),
        (&mut probe.period_seconds, 10),
        (&mut probe.success_threshold, 1),
        (&mut probe.failure_threshold, 3),
    ] {
        if field.unwrap_or_default() == 0 {
            *field = Some(value);
        }
    }
    if let Some(action) = &mut probe.http_get {
        http(action);
    }
    if let Some(action) = &mut probe.grpc {
        action.service.get_or_insert_default();
    }
}

fn handler(handler: &mut LifecycleHandler) {
    if let Some(action) = &mut handler.http_get {
        http(action);
    }
}

fn http(action: &mut HTTPGetAction) {
    text(&mut action.path, "/");
    text(&mut action.scheme, "HTTP");
}

fn to_milli(amounts: &mut BTreeMap<String, Quantity>) {
    for amount in amounts.values_mut() {
        *amount = amount.to_milli();
    }
}

/// What is limited and not requested is requested up to its limit.
fn requests_from_limits(resources: &mut ResourceRequirements) {
    for (name, limit) in &resources.limits {
        resources.requests.entry(name.clone()).or_insert(*limit);
    }
}

/// What the pod as a whole requests: what its containers do, or its limit where none of them asks for any.
fn pod_level_requests(pod: &mut PodSpec) {
    let mut sums: BTreeMap<String, Quantity> = BTreeMap::new();
    let is_sidecar = |container: &Container| container.restart_policy.as_deref() == Some("Always");
    let all_along = pod.containers.iter().chain(pod.init_containers.iter().filter(|container| is_sidecar(container)));
    for (name, amount) in all_along.filter_map(|container| container.resources.as_ref()).flat_map(|one| &one.requests) {
        let sum = sums.entry(name.clone()).or_default();
        *sum = sum.plus(*amount);
    }
    for container in pod.init_containers.iter().filter(|container| !is_sidecar(container)) {
        for (name, amount) in container.resources.iter().flat_map(|one| &one.requests) {
            let most = sums.entry(name.clone()).or_default();
            *most = (*most).max(*amount);
        }
    }
    let Some(resources) = &mut pod.resources else { return };
    if resources.limits.is_empty() && resources.requests.is_empty() {
        return;
    }
    for (name, sum) in sums.iter().filter(|(name, _)| matches!(name.as_str(), "cpu" | "memory")) {
        resources.requests.entry(name.clone()).or_insert(*sum);
    }
    for (name, limit) in &resources.limits {
        resources.requests.entry(name.clone()).or_insert(*limit);
    }
}
