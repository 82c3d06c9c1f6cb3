//! What the containers of a pod share.

use std::collections::BTreeMap;

use manifest::kind::{ContainerPort, Pod, PodSpec};

use super::dns;
use super::facts::NodeFacts;
use super::plan::{Names, Network, PidSharing, PortPlan, Protocol, SandboxPlan, Users};
use super::pod::all_containers;
use super::reason::Rejection;

/// The domain that full names are in.
const DOMAIN: &str = "cluster.local";

/// The longest name that the kernel takes.
const LONGEST_HOSTNAME: usize = 64;

/// What every pod may set of the kernel in its namespaces.
const SAFE_SYSCTLS: [&str; 12] = [
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_wmem",
];

pub(super) fn sandbox(pod: &Pod, spec: &PodSpec, node: &NodeFacts) -> Result<SandboxPlan, Rejection> {
    let yes = |flag: Option<bool>| flag == Some(true);
    let network = if yes(spec.host_network) { Network::Hosts } else { Network::Pods };
    let privileged = |(container, _): (&manifest::kind::Container, bool)| {
        container.security_context.as_ref().is_some_and(|context| yes(context.privileged))
    };
    Ok(SandboxPlan {
        network,
        host_ipc: yes(spec.host_ipc),
        pids: if yes(spec.host_pid) {
            PidSharing::Hosts
        } else if yes(spec.share_process_namespace) {
            PidSharing::Pods
        } else {
            PidSharing::Containers
        },
        users: if spec.host_users == Some(false) { Users::Pods } else { Users::Hosts },
        privileged: all_containers(spec).any(privileged),
        names: names(pod, spec, network, node),
        dns: dns::dns(spec, node),
        cluster_dns: dns::cluster_dns(pod.metadata.namespace.as_deref().unwrap_or("default"), spec, node),
        host_aliases: spec.host_aliases.iter().map(|alias| (alias.ip.clone(), alias.hostnames.clone())).collect(),
        sysctls: sysctls(spec)?,
    })
}

fn sysctls(spec: &PodSpec) -> Result<BTreeMap<String, String>, Rejection> {
    let mut set = BTreeMap::new();
    for sysctl in spec.security_context.iter().flat_map(|context| &context.sysctls) {
        // Slashes separate, too, where the first separator is one: what are dots then belong to the name.
        let slashes_first = sysctl.name.find(['.', '/']).is_some_and(|at| sysctl.name.as_bytes()[at] == b'/');
        let name = if slashes_first { swapped(&sysctl.name) } else { sysctl.name.clone() };
        if !SAFE_SYSCTLS.contains(&name.as_str()) {
            let message = format!("forbidden sysctl: {:?} not allowlisted", sysctl.name);
            return Err(Rejection::new("SysctlForbidden", message));
        }
        set.insert(name, sysctl.value.clone());
    }
    Ok(set)
}

fn swapped(name: &str) -> String {
    let swap = |letter| match letter {
        '.' => '/',
        '/' => '.',
        other => other,
    };
    name.chars().map(swap).collect()
}

fn names(pod: &Pod, spec: &PodSpec, network: Network, node: &NodeFacts) -> Names {
    let name = pod.metadata.name.clone().unwrap_or_default();
    if let Some(said) = spec.hostname_override.clone().filter(|it| !it.is_empty()) {
        return Names { hostname: said.clone(), full: None, short: said };
    }
    if network == Network::Hosts {
        return Names { hostname: node.name.clone(), full: None, short: node.name.clone() };
    }
    let short = match spec.hostname.clone().filter(|it| !it.is_empty()) {
        Some(said) => said,
        None => shortened(&name),
    };
    let namespace = pod.metadata.namespace.as_deref().unwrap_or("default");
    let below = spec.subdomain.as_ref().filter(|it| !it.is_empty());
    let full = below.map(|below| format!("{short}.{below}.{namespace}.svc.{DOMAIN}"));
    let hostname = match &full {
        Some(full) if spec.set_hostname_as_fqdn == Some(true) => full.clone(),
        _ => short.clone(),
    };
    Names { hostname, full, short }
}

/// At most 63 bytes, that do not end with a separator.
fn shortened(name: &str) -> String {
    let cut = name.get(..63).unwrap_or(name);
    if cut.len() < name.len() { cut.trim_end_matches(['-', '.']).to_owned() } else { name.to_owned() }
}

impl Names {
    /// Why the kernel would not take the hostname; then the sandbox cannot be made.
    ///
    /// # Errors
    /// It is too long.
    pub fn check(&self) -> Result<(), String> {
        if self.hostname.len() <= LONGEST_HOSTNAME {
            return Ok(());
        }
        let hostname = &self.hostname;
        Err(format!(
            "failed to construct FQDN from pod hostname and cluster domain, FQDN {hostname} is too long ({LONGEST_HOSTNAME} characters is the max, {} characters requested)",
            hostname.len()
        ))
    }
}

/// A port; none where the number is none.
pub(super) fn port(port: &ContainerPort) -> Option<PortPlan> {
    Some(PortPlan {
        name: port.name.clone().filter(|name| !name.is_empty()),
        container: u16::try_from(port.container_port).ok()?,
        host: port.host_port.and_then(|port| u16::try_from(port).ok()).filter(|port| *port > 0),
        address: port.host_ip.as_deref().and_then(|address| address.parse().ok()),
        protocol: match port.protocol.as_deref() {
            Some("UDP") => Protocol::UDP,
            Some("SCTP") => Protocol::SCTP,
            _ => Protocol::TCP,
        },
    })
}
