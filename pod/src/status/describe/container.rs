//! A container, told at length.

use std::fmt;

use manifest::kind::{
    Container, ContainerPort, ContainerState, ContainerStatus, EnvVar, HTTPGetAction, Pod, Probe,
    ResourceFieldSelector, VolumeMount,
};
use manifest::value::{IntOrString, Quantity};

use super::{field, line, moment, or_none};
use crate::compile::{Facts, Resource, field as field_of, resource as resource_of};

pub(super) fn container(told: &mut String, container: &Container, status: Option<&ContainerStatus>, pod: &Pod) {
    line(told, 1, &format!("{}:", container.name));
    if let Some(status) = status {
        field(told, 2, "Container ID", status.container_id.as_deref().unwrap_or_default());
    }
    field(told, 2, "Image", container.image.as_deref().unwrap_or_default());
    if let Some(status) = status {
        field(told, 2, "Image ID", &status.image_id);
    }
    ports(told, &container.ports);
    let profile = container.security_context.as_ref().and_then(|context| context.seccomp_profile.as_ref());
    if let Some(profile) = profile {
        field(told, 2, "SeccompProfile", &profile.r#type);
    }
    for (name, words) in [("Command", &container.command), ("Args", &container.args)] {
        if !words.is_empty() {
            line(told, 2, &format!("{name}:"));
            words.iter().flat_map(|word| word.split('\n')).for_each(|word| line(told, 3, word));
        }
    }
    if let Some(status) = status {
        state(told, "State", status.state.as_ref());
        if status.last_state.as_ref().is_some_and(|state| state.terminated.is_some()) {
            state(told, "Last State", status.last_state.as_ref());
        }
        field(told, 2, "Ready", if status.ready { "True" } else { "False" });
        field(told, 2, "Restart Count", &status.restart_count.to_string());
    }
    if let Some(resources) = &container.resources {
        for (name, amounts) in [("Limits", &resources.limits), ("Requests", &resources.requests)] {
            if !amounts.is_empty() {
                line(told, 2, &format!("{name}:"));
                amounts
                    .iter()
                    .for_each(|(resource, amount): (_, &Quantity)| field(told, 3, resource, &amount.to_string()));
            }
        }
    }
    for (name, plan) in [
        ("Liveness", &container.liveness_probe),
        ("Readiness", &container.readiness_probe),
        ("Startup", &container.startup_probe),
    ] {
        if let Some(plan) = plan {
            field(told, 2, name, &probe(plan));
        }
    }
    environment(told, container, pod);
    mounts(told, &container.volume_mounts);
}

fn ports(told: &mut String, ports: &[ContainerPort]) {
    let plural = if ports.len() > 1 { "s" } else { "" };
    let listed = |number: fn(&ContainerPort) -> i32| {
        let one = |port: &ContainerPort| {
            let protocol = port.protocol.as_deref().unwrap_or("TCP");
            let name = port.name.as_deref().filter(|name| !name.is_empty());
            let name = name.map(|name| format!(" ({name})")).unwrap_or_default();
            format!("{}/{protocol}{name}", number(port))
        };
        ports.iter().map(one).collect::<Vec<_>>().join(", ")
    };
    field(told, 2, &format!("Port{plural}"), or_none(Some(&listed(|port| port.container_port))));
    let host = listed(|port| port.host_port.unwrap_or_default());
    field(told, 2, &format!("Host Port{plural}"), or_none(Some(&host)));
}

fn state(told: &mut String, name: &str, state: Option<&ContainerState>) {
    let none = ContainerState::default();
    let state = state.unwrap_or(&none);
    if let Some(running) = &state.running {
        field(told, 2, name, "Running");
        field(told, 3, "Started", &moment(running.started_at));
    } else if let Some(end) = &state.terminated {
        field(told, 2, name, "Terminated");
        for (name, text) in [("Reason", &end.reason), ("Message", &end.message)] {
            if let Some(text) = text.as_deref().filter(|text| !text.is_empty()) {
                field(told, 3, name, text);
            }
        }
        field(told, 3, "Exit Code", &end.exit_code.to_string());
        if let Some(signal) = end.signal.filter(|signal| *signal > 0) {
            field(told, 3, "Signal", &signal.to_string());
        }
        field(told, 3, "Started", &moment(end.started_at));
        field(told, 3, "Finished", &moment(end.finished_at));
    } else {
        field(told, 2, name, "Waiting");
        let reason = state.waiting.as_ref().and_then(|waiting| waiting.reason.as_deref());
        if let Some(reason) = reason.filter(|reason| !reason.is_empty()) {
            field(told, 3, "Reason", reason);
        }
    }
}

fn probe(probe: &Probe) -> String {
    let number = |number: Option<i32>| number.unwrap_or_default();
    let numbers = format!(
        "delay={}s timeout={}s period={}s #success={} #failure={}",
        number(probe.initial_delay_seconds),
        number(probe.timeout_seconds),
        number(probe.period_seconds),
        number(probe.success_threshold),
        number(probe.failure_threshold)
    );
    let port = |port: &Option<IntOrString>| port.as_ref().map(ToString::to_string).unwrap_or_default();
    if let Some(exec) = &probe.exec {
        format!("exec [{}] {numbers}", exec.command.join(" "))
    } else if let Some(get) = &probe.http_get {
        format!("http-get {} {numbers}", url(get, &port(&get.port)))
    } else if let Some(socket) = &probe.tcp_socket {
        format!("tcp-socket {}:{} {numbers}", socket.host.as_deref().unwrap_or_default(), port(&socket.port))
    } else if let Some(grpc) = &probe.grpc {
        format!("grpc <pod>:{} {} {numbers}", grpc.port, grpc.service.as_deref().unwrap_or_default())
    } else {
        format!("unknown {numbers}")
    }
}

fn url(get: &HTTPGetAction, port: &str) -> String {
    let scheme = get.scheme.as_deref().unwrap_or("HTTP").to_lowercase();
    let path = get.path.as_deref().unwrap_or_default();
    let slash = if path.starts_with('/') { "" } else { "/" };
    format!("{scheme}://{}:{port}{slash}{path}", get.host.as_deref().unwrap_or_default())
}

fn environment(told: &mut String, container: &Container, pod: &Pod) {
    if !container.env_from.is_empty() {
        line(told, 2, "Environment Variables from:");
        for source in &container.env_from {
            let (name, kind, optional) = match (&source.config_map_ref, &source.secret_ref) {
                (Some(map), _) => (&map.name, "ConfigMap", map.optional),
                (None, Some(secret)) => (&secret.name, "Secret", secret.optional),
                (None, None) => continue,
            };
            let prefix = source.prefix.as_deref().filter(|prefix| !prefix.is_empty());
            let prefix = prefix.map(|prefix| format!(" with prefix '{prefix}'")).unwrap_or_default();
            let name = name.as_deref().unwrap_or_default();
            line(told, 3, &format!("{name}\t{kind}{prefix}\tOptional: {}", optional.unwrap_or_default()));
        }
    }
    if container.env.is_empty() {
        return field(told, 2, "Environment", "<none>");
    }
    line(told, 2, "Environment:");
    container.env.iter().for_each(|one| variable(told, one, &container.name, pod));
}

fn variable(told: &mut String, variable: &EnvVar, container: &str, pod: &Pod) {
    let name = &variable.name;
    let set = |key: &str, of: fmt::Arguments<'_>, optional: Option<bool>| {
        format!("<set to the key '{key}' {of}>\tOptional: {}", optional.unwrap_or_default())
    };
    let Some(source) = &variable.value_from else {
        let value = variable.value.as_deref().unwrap_or_default();
        for (index, part) in value.split('\n').enumerate() {
            let name = if index == 0 { format!("{name}:") } else { String::new() };
            line(told, 3, &format!("{name}\t{part}"));
        }
        return;
    };
    let value = if let Some(of) = &source.field_ref {
        let version = of.api_version.as_deref().unwrap_or("v1");
        format!("{} ({version}:{})", known(pod, &of.field_path), of.field_path)
    } else if let Some(of) = &source.resource_field_ref {
        format!("{} ({})", amount(pod, container, of), of.resource)
    } else if let Some(of) = &source.secret_key_ref {
        set(&of.key, format_args!("in secret '{}'", of.name.as_deref().unwrap_or_default()), of.optional)
    } else if let Some(of) = &source.config_map_key_ref {
        set(&of.key, format_args!("of config map '{}'", of.name.as_deref().unwrap_or_default()), of.optional)
    } else if let Some(of) = &source.file_key_ref {
        set(&of.key, format_args!("in file '{}' of volume '{}'", of.path, of.volume_name), of.optional)
    } else {
        String::new()
    };
    line(told, 3, &format!("{name}:\t{value}"));
}

/// What can be told of a field without its machine.
fn known(pod: &Pod, path: &str) -> String {
    let of_itself = path.starts_with("metadata.");
    if of_itself { field_of(pod, path, &Facts::default()).unwrap_or_default() } else { String::new() }
}

fn amount(pod: &Pod, asks: &str, of: &ResourceFieldSelector) -> String {
    let resource = Resource {
        container: of.container_name.clone().filter(|name| !name.is_empty()),
        resource: of.resource.clone(),
        divisor: of.divisor.map_or_else(|| "1".to_owned(), |divisor| divisor.to_string()),
    };
    resource_of(pod, &resource, Some(asks), &Facts::default()).unwrap_or_default()
}

fn mounts(told: &mut String, mounts: &[VolumeMount]) {
    if mounts.is_empty() {
        return field(told, 2, "Mounts", "<none>");
    }
    line(told, 2, "Mounts:");
    let mut sorted: Vec<_> = mounts.iter().collect();
    sorted.sort_by(|one, other| one.mount_path.cmp(&other.mount_path));
    for mount in sorted {
        let mode = if mount.read_only == Some(true) { "ro" } else { "rw" };
        let path = mount.sub_path.as_deref().filter(|path| !path.is_empty());
        let path = path.map(|path| format!(",path={path:?}")).unwrap_or_default();
        line(told, 3, &format!("{} from {} ({mode}{path})", mount.mount_path, mount.name));
    }
}
