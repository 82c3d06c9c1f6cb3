//! Probes and hooks.

use manifest::kind::{Container, ExecAction, HTTPGetAction, LifecycleHandler, Probe, TCPSocketAction};
use manifest::value::{IntOrString, expand};

use super::plan::{Handler, HookPlan, HttpGet, PortRef, ProbePlan, Probes, Scheme};

/// The probes of a container.
pub(super) fn probes(container: &Container) -> Probes {
    let plan = |probe: &Option<Probe>| probe.as_ref().and_then(|probe| self::probe(probe, container));
    Probes {
        startup: plan(&container.startup_probe),
        liveness: plan(&container.liveness_probe),
        readiness: plan(&container.readiness_probe),
    }
}

fn probe(probe: &Probe, container: &Container) -> Option<ProbePlan> {
    let handler = if let Some(exec) = &probe.exec {
        Handler::Exec { command: expanded(exec, container) }
    } else if let Some(get) = &probe.http_get {
        Handler::Http(http(get, container))
    } else if let Some(socket) = &probe.tcp_socket {
        tcp(socket, container)
    } else {
        let grpc = probe.grpc.as_ref()?;
        Handler::Grpc { port: u16::try_from(grpc.port).ok()?, service: grpc.service.clone().unwrap_or_default() }
    };
    let number = |given: Option<i32>, otherwise| {
        given.and_then(|given| u32::try_from(given).ok()).filter(|given| *given > 0).unwrap_or(otherwise)
    };
    Some(ProbePlan {
        handler,
        initial_delay: number(probe.initial_delay_seconds, 0),
        period: number(probe.period_seconds, 10),
        timeout: number(probe.timeout_seconds, 1),
        success: number(probe.success_threshold, 1),
        failure: number(probe.failure_threshold, 3),
        grace: probe.termination_grace_period_seconds.and_then(|grace| u32::try_from(grace).ok()),
    })
}

/// What is done at a container's beginning or end.
pub(super) fn hook(handler: &LifecycleHandler, container: &Container) -> Option<HookPlan> {
    if let Some(exec) = &handler.exec {
        return Some(HookPlan::Do(Handler::Exec { command: exec.command.clone() }));
    }
    if let Some(get) = &handler.http_get {
        return Some(HookPlan::Do(Handler::Http(http(get, container))));
    }
    if let Some(socket) = &handler.tcp_socket {
        return Some(HookPlan::Do(tcp(socket, container)));
    }
    let sleep = handler.sleep.as_ref()?;
    Some(HookPlan::Sleep(u32::try_from(sleep.seconds).unwrap_or_default()))
}

/// A probe's words see the variables that are said in so many words, and no others.
fn expanded(exec: &ExecAction, container: &Container) -> Vec<String> {
    let known = |name: &str| {
        let plain = container.env.iter().rev().filter(|variable| variable.value_from.is_none());
        plain.into_iter().find(|variable| variable.name == name).map(|variable| variable.value.as_deref().unwrap_or(""))
    };
    exec.command.iter().map(|word| expand(word, known)).collect()
}

fn http(get: &HTTPGetAction, container: &Container) -> HttpGet {
    HttpGet {
        scheme: match get.scheme.as_deref() {
            Some(scheme) if scheme.eq_ignore_ascii_case("https") => Scheme::Https,
            _ => Scheme::Http,
        },
        host: get.host.clone().filter(|host| !host.is_empty()),
        port: port(get.port.as_ref(), container),
        path: get.path.clone().unwrap_or_else(|| "/".to_owned()),
        headers: get.http_headers.iter().map(|header| (header.name.clone(), header.value.clone())).collect(),
    }
}

fn tcp(socket: &TCPSocketAction, container: &Container) -> Handler {
    let host = socket.host.clone().filter(|host| !host.is_empty());
    Handler::Tcp { host, port: port(socket.port.as_ref(), container) }
}

fn port(port: Option<&IntOrString>, container: &Container) -> PortRef {
    let number = |number: i32| u16::try_from(number).ok().filter(|number| *number > 0).map(PortRef::Number);
    match port {
        None => PortRef::Unknown(String::new()),
        Some(IntOrString::Int(given)) => number(*given).unwrap_or_else(|| PortRef::Unknown(given.to_string())),
        Some(IntOrString::String(name)) => {
            let named = container.ports.iter().find(|port| port.name.as_ref() == Some(name));
            let found = named.map(|port| port.container_port).or_else(|| name.parse().ok());
            found.and_then(number).unwrap_or_else(|| PortRef::Unknown(name.clone()))
        }
    }
}
