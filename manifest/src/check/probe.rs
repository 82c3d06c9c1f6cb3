//! Probes and hooks.

use super::{Found, Path, names};
use crate::kind::{
    Container, ExecAction, GRPCAction, HTTPGetAction, LifecycleHandler, PodSpec, Probe, SleepAction, TCPSocketAction,
};
use crate::value::IntOrString;

/// Hooks and probes of a container that may have them.
pub(super) fn all(container: &Container, pod: &PodSpec, path: &Path, found: &mut Found) {
    if let Some(lifecycle) = &container.lifecycle {
        let path = path.child("lifecycle");
        let grace = pod.termination_grace_period_seconds.unwrap_or_default();
        for (field, hook) in [("postStart", &lifecycle.post_start), ("preStop", &lifecycle.pre_stop)] {
            if let Some(hook) = hook {
                handler(&of_hook(hook), Some(grace), &path.child(field), found);
            }
        }
        if lifecycle.stop_signal.is_some() && pod.os.is_none() {
            found.forbidden(&path.child("stopSignal"), "may not be set for containers with empty `spec.os.name`");
        }
    }
    let probes = [
        ("livenessProbe", &container.liveness_probe, true),
        ("readinessProbe", &container.readiness_probe, false),
        ("startupProbe", &container.startup_probe, true),
    ];
    for (field, probe, once) in probes {
        let Some(probe) = probe else { continue };
        let path = path.child(field);
        self::probe(probe, &path, found);
        if once && probe.success_threshold.is_some_and(|threshold| threshold != 1) {
            found.value(&path.child("successThreshold"), probe.success_threshold.unwrap_or_default(), "must be 1");
        }
        if !once && probe.termination_grace_period_seconds.is_some() {
            let seconds = probe.termination_grace_period_seconds.unwrap_or_default();
            found.value(&path.child("terminationGracePeriodSeconds"), seconds, "must not be set for readinessProbes");
        }
    }
}

fn probe(probe: &Probe, path: &Path, found: &mut Found) {
    let actions = Actions {
        exec: probe.exec.as_ref(),
        http_get: probe.http_get.as_ref(),
        tcp_socket: probe.tcp_socket.as_ref(),
        grpc: probe.grpc.as_ref(),
        sleep: None,
    };
    handler(&actions, None, path, found);
    found.not_negative(&path.child("initialDelaySeconds"), probe.initial_delay_seconds);
    found.not_negative(&path.child("timeoutSeconds"), probe.timeout_seconds);
    found.not_negative(&path.child("periodSeconds"), probe.period_seconds);
    found.not_negative(&path.child("successThreshold"), probe.success_threshold);
    found.not_negative(&path.child("failureThreshold"), probe.failure_threshold);
    if let Some(seconds) = probe.termination_grace_period_seconds.filter(|seconds| *seconds <= 0) {
        found.value(&path.child("terminationGracePeriodSeconds"), seconds, "must be greater than 0");
    }
}

/// What a probe or a hook does.
struct Actions<'a> {
    exec: Option<&'a ExecAction>,
    http_get: Option<&'a HTTPGetAction>,
    tcp_socket: Option<&'a TCPSocketAction>,
    grpc: Option<&'a GRPCAction>,
    sleep: Option<&'a SleepAction>,
}

fn of_hook(hook: &LifecycleHandler) -> Actions<'_> {
    Actions {
        exec: hook.exec.as_ref(),
        http_get: hook.http_get.as_ref(),
        tcp_socket: hook.tcp_socket.as_ref(),
        grpc: None,
        sleep: hook.sleep.as_ref(),
    }
}

fn handler(actions: &Actions<'_>, grace: Option<i64>, path: &Path, found: &mut Found) {
    let mut count = 0;
    let mut another = |field: &str, found: &mut Found| {
        count += 1;
        if count > 1 {
            found.forbidden(&path.child(field), "may not specify more than 1 handler type");
        }
        count == 1
    };
    if let Some(exec) = actions.exec
        && another("exec", found)
        && exec.command.is_empty()
    {
        found.required(&path.child("exec").child("command"), "");
    }
    if let Some(action) = actions.http_get
        && another("httpGet", found)
    {
        http(action, &path.child("httpGet"), found);
    }
    if let Some(action) = actions.tcp_socket
        && another("tcpSocket", found)
    {
        port(&action.port, &path.child("tcpSocket").child("port"), found);
    }
    if let Some(action) = actions.grpc
        && another("grpc", found)
    {
        found.range(&path.child("grpc").child("port"), action.port, 1, 65_535);
    }
    if let Some(action) = actions.sleep
        && another("sleep", found)
    {
        let most = grace.unwrap_or_default();
        if action.seconds < 0 || action.seconds > most {
            let detail = format!("must be non-negative and less than terminationGracePeriodSeconds ({most})");
            found.value(&path.child("sleep"), action.seconds, detail);
        }
    }
    if count == 0 {
        found.required(path, "must specify a handler type");
    }
}

fn http(action: &HTTPGetAction, path: &Path, found: &mut Found) {
    if action.path.as_deref().unwrap_or_default().is_empty() {
        found.required(&path.child("path"), "");
    }
    port(&action.port, &path.child("port"), found);
    found.required_one_of(&path.child("scheme"), action.scheme.as_deref(), &["HTTP", "HTTPS"]);
    for (index, header) in action.http_headers.iter().enumerate() {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if header.name.is_empty() || !header.name.bytes().all(fits) {
            let detail = "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')";
            found.value(&path.child("httpHeaders").index(index).child("name"), header.name.as_str(), detail);
        }
    }
}

/// A number of a port, or the name of one.
fn port(port: &Option<IntOrString>, path: &Path, found: &mut Found) {
    match port {
        None => found.range(path, 0, 1, 65_535),
        Some(IntOrString::Int(number)) => found.range(path, *number, 1, 65_535),
        Some(IntOrString::String(name)) => found.named(path, name, names::port(name)),
    }
}
