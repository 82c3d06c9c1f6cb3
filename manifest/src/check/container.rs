//! Containers and init containers, ports and mounts.

use std::collections::BTreeSet;

use super::pod::Seen;
use super::{Found, Path, env, names, probe, resources, security};
use crate::kind::{Container, ContainerPort, ContainerRestartRule, PodSpec, VolumeMount};

/// What containers are checked beside.
pub(super) struct Containers<'a> {
    pub(super) pod: &'a PodSpec,
    /// Volumes that there are.
    pub(super) volumes: &'a BTreeSet<&'a str>,
}

pub(super) fn containers(of: &Containers<'_>, path: &Path, found: &mut Found) {
    if of.pod.containers.is_empty() {
        return found.required(path, "");
    }
    let mut names = Seen::new();
    for (index, one) in of.pod.containers.iter().enumerate() {
        let path = path.index(index);
        container(one, of, &path, found);
        if !names.first(&one.name) {
            found.duplicate(&path.child("name"), one.name.as_str());
        }
        probe::all(one, of.pod, &path, found);
        restart(one, &path, found);
    }
    host_ports(&of.pod.containers, path, found);
}

pub(super) fn init_containers(of: &Containers<'_>, path: &Path, found: &mut Found) {
    let mut names = Seen::new();
    for one in &of.pod.containers {
        names.first(&one.name);
    }
    for (index, one) in of.pod.init_containers.iter().enumerate() {
        let path = path.index(index);
        container(one, of, &path, found);
        if !names.first(&one.name) {
            found.duplicate(&path.child("name"), one.name.as_str());
        }
        if one.restart_policy.as_deref() == Some("Always") {
            probe::all(one, of.pod, &path, found);
        } else {
            let without = [
                ("lifecycle", one.lifecycle.is_some()),
                ("livenessProbe", one.liveness_probe.is_some()),
                ("readinessProbe", one.readiness_probe.is_some()),
                ("startupProbe", one.startup_probe.is_some()),
            ];
            for (field, _) in without.into_iter().filter(|(_, there)| *there) {
                found.forbidden(&path.child(field), "may not be set for init containers without restartPolicy=Always");
            }
        }
        restart(one, &path, found);
        host_ports(std::slice::from_ref(one), &path, found);
    }
}

fn container(one: &Container, of: &Containers<'_>, path: &Path, found: &mut Found) {
    if one.name.is_empty() {
        found.required(&path.child("name"), "");
    } else {
        found.named(&path.child("name"), &one.name, names::label(&one.name));
    }
    match one.image.as_deref().unwrap_or_default() {
        "" => found.required(&path.child("image"), ""),
        image if image.trim() != image => {
            found.value(&path.child("image"), image, "must not have leading or trailing whitespace");
        }
        _ => {}
    }
    found.required_one_of(
        &path.child("terminationMessagePolicy"),
        one.termination_message_policy.as_deref(),
        &["FallbackToLogsOnError", "File"],
    );
    ports(&one.ports, &path.child("ports"), found);
    env::variables(&one.env, &path.child("env"), found);
    env::sources(&one.env_from, &path.child("envFrom"), found);
    mounts(one, of.volumes, &path.child("volumeMounts"), found);
    found.required_one_of(
        &path.child("imagePullPolicy"),
        one.image_pull_policy.as_deref(),
        &["Always", "IfNotPresent", "Never"],
    );
    if let Some(resources) = &one.resources {
        resources::container(resources, &path.child("resources"), found);
    }
    for (index, policy) in one.resize_policy.iter().enumerate() {
        let path = path.child("resizePolicy").index(index);
        found.required_one_of(&path.child("resourceName"), Some(&policy.resource_name), &["cpu", "memory"]);
        found.required_one_of(
            &path.child("restartPolicy"),
            Some(&policy.restart_policy),
            &["NotRequired", "RestartContainer"],
        );
    }
    if let Some(context) = &one.security_context {
        security::container(context, of.pod, &path.child("securityContext"), found);
    }
}

fn restart(one: &Container, path: &Path, found: &mut Found) {
    let at = path.child("restartPolicyRules");
    if let Some(policy) = &one.restart_policy {
        found.one_of(&path.child("restartPolicy"), policy, &["Always", "Never", "OnFailure"]);
    } else if !one.restart_policy_rules.is_empty() {
        found.required(&path.child("restartPolicy"), "must specify restartPolicy when restart rules are used");
    }
    if one.restart_policy_rules.len() > 20 {
        found.add(&at, super::Trouble::TooMany(one.restart_policy_rules.len(), 20));
    }
    for (index, ContainerRestartRule { action, exit_codes }) in one.restart_policy_rules.iter().enumerate() {
        let path = at.index(index);
        found.required_one_of(&path.child("action"), Some(action), &["Restart", "RestartAllContainers"]);
        let Some(codes) = exit_codes else {
            found.required(&path.child("exitCodes"), "must be specified");
            continue;
        };
        let path = path.child("exitCodes");
        found.required_one_of(&path.child("operator"), Some(&codes.operator), &["In", "NotIn"]);
        match codes.values.len() {
            0 => found.required(&path.child("values"), "must specify at least 1 value"),
            count @ 256.. => found.add(&path.child("values"), super::Trouble::TooMany(count, 255)),
            _ => {}
        }
    }
}

fn ports(ports: &[ContainerPort], path: &Path, found: &mut Found) {
    let mut names = Seen::new();
    for (index, port) in ports.iter().enumerate() {
        let path = path.index(index);
        if let Some(name) = port.name.as_deref().filter(|name| !name.is_empty()) {
            let troubles = names::port(name);
            if troubles.is_empty() {
                if !names.first(name) {
                    found.duplicate(&path.child("name"), name);
                }
            } else {
                found.named(&path.child("name"), name, troubles);
            }
        }
        match port.container_port {
            0 => found.required(&path.child("containerPort"), ""),
            number => found.range(&path.child("containerPort"), number, 1, 65_535),
        }
        if let Some(number) = port.host_port.filter(|number| *number != 0) {
            found.range(&path.child("hostPort"), number, 1, 65_535);
        }
        found.required_one_of(&path.child("protocol"), port.protocol.as_deref(), &["SCTP", "TCP", "UDP"]);
        if let Some(address) = port.host_ip.as_deref().filter(|address| !address.is_empty()) {
            found.named(&path.child("hostIP"), address, names::address(address));
        }
    }
}

/// A port of the machine leads to one container.
fn host_ports(containers: &[Container], path: &Path, found: &mut Found) {
    let mut taken = Seen::new();
    for (number, container) in containers.iter().enumerate() {
        for (index, port) in container.ports.iter().enumerate() {
            let Some(host) = port.host_port.filter(|host| *host != 0) else { continue };
            let protocol = port.protocol.as_deref().unwrap_or_default();
            let taken_by = format!("{protocol}/{}/{host}", port.host_ip.as_deref().unwrap_or_default());
            if !taken.first(&taken_by) {
                let path = if path.0.ends_with(']') { path.clone() } else { path.index(number) };
                found.duplicate(&path.child("ports").index(index).child("hostPort"), taken_by);
            }
        }
    }
}

fn mounts(container: &Container, volumes: &BTreeSet<&str>, path: &Path, found: &mut Found) {
    let mut places = Seen::new();
    for (index, mount) in container.volume_mounts.iter().enumerate() {
        let path = path.index(index);
        if mount.name.is_empty() {
            found.required(&path.child("name"), "");
        }
        if !volumes.contains(mount.name.as_str()) {
            found.add(&path.child("name"), super::Trouble::NotFound(mount.name.as_str().into()));
        }
        if mount.mount_path.is_empty() {
            found.required(&path.child("mountPath"), "");
        }
        if !places.first(&mount.mount_path) {
            found.value(&path.child("mountPath"), mount.mount_path.as_str(), "must be unique");
        }
        sub_paths(mount, &path, found);
        propagation(mount, container, &path, found);
    }
}

fn sub_paths(mount: &VolumeMount, path: &Path, found: &mut Found) {
    let given = |path: &Option<String>| path.clone().filter(|path| !path.is_empty());
    let sub_path = given(&mount.sub_path);
    if let Some(sub) = &sub_path {
        descends(sub, &path.child("subPath"), found);
    }
    if let Some(sub) = given(&mount.sub_path_expr) {
        if sub_path.is_some() {
            found.value(&path.child("subPathExpr"), sub.as_str(), "subPathExpr and subPath are mutually exclusive");
        }
        descends(&sub, &path.child("subPathExpr"), found);
    }
}

/// A path that stays below where it starts.
pub(super) fn descends(text: &str, path: &Path, found: &mut Found) {
    if text.starts_with('/') {
        found.value(path, text, "must be a relative path");
    }
    if text.split('/').any(|part| part == "..") {
        found.value(path, text, "must not contain '..'");
    }
}

fn propagation(mount: &VolumeMount, container: &Container, path: &Path, found: &mut Found) {
    let privileged = container.security_context.as_ref().and_then(|context| context.privileged) == Some(true);
    if let Some(propagation) = &mount.mount_propagation {
        let at = path.child("mountPropagation");
        found.one_of(&at, propagation, &["Bidirectional", "HostToContainer", "None"]);
        if propagation == "Bidirectional" && !privileged {
            found.forbidden(&at, "Bidirectional mount propagation is available only to privileged containers");
        }
    }
    let Some(recursive) = &mount.recursive_read_only else { return };
    let at = path.child("recursiveReadOnly");
    found.one_of(&at, recursive, &["Disabled", "Enabled", "IfPossible"]);
    if recursive != "Disabled" {
        if mount.read_only != Some(true) {
            found.forbidden(&at, "may only be specified when readOnly is true");
        }
        if mount.mount_propagation.as_deref().is_some_and(|propagation| propagation != "None") {
            found.forbidden(&at, "may only be specified when mountPropagation is None or not specified");
        }
    }
}
