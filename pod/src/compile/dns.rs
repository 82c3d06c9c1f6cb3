//! What /etc/resolv.conf and /etc/hosts of a pod have.
//!
//! A cluster's servers are the resolver of the pod's network, where that has one. Where it has none the policies that
//! want them mean the machine's, as where a kubelet knows of none.

use std::fmt::Write as _;
use std::net::IpAddr;

use manifest::kind::PodSpec;
use network::zone::{DOMAIN, SERVICES};

use super::facts::NodeFacts;
use super::plan::{Dns, Network, SandboxPlan};

const MOST_SERVERS: usize = 3;
const MOST_SEARCHES: usize = 32;
const LONGEST_SEARCHES: usize = 2048;

/// What it has where its network has no resolver, or none is wanted.
pub(super) fn dns(spec: &PodSpec, node: &NodeFacts) -> Dns {
    let none = spec.dns_policy.as_deref() == Some("None");
    let mut machines = if none { Dns::default() } else { parsed(&node.resolv_conf) };
    if spec.host_network != Some(true) {
        // The machine's loopback is not the pod's: nobody answers there.
        machines.nameservers.retain(|server| !server.parse().is_ok_and(|server: IpAddr| server.is_loopback()));
    }
    merged(machines, spec)
}

/// What it has beside the resolvers of its network, where those are wanted.
pub(super) fn cluster_dns(namespace: &str, spec: &PodSpec, node: &NodeFacts) -> Option<Dns> {
    let is_first = matches!(spec.dns_policy.as_deref(), None | Some("ClusterFirst" | "ClusterFirstWithHostNet"));
    if !is_first || spec.host_network == Some(true) {
        return None;
    }
    let mut searches: Vec<String> = [SERVICES, DOMAIN].map(str::to_owned).into();
    searches.insert(0, format!("{namespace}.{SERVICES}"));
    for search in parsed(&node.resolv_conf).searches {
        if !searches.contains(&search) {
            searches.push(search);
        }
    }
    let options = vec![("ndots".to_owned(), Some("5".to_owned()))];
    Some(merged(Dns { nameservers: Vec::new(), searches, options }, spec))
}

/// With what is said beside the policy.
fn merged(mut dns: Dns, spec: &PodSpec) -> Dns {
    if let Some(said) = &spec.dns_config {
        let add = |all: &mut Vec<String>, more: &[String]| {
            for one in more {
                if !all.contains(one) {
                    all.push(one.clone());
                }
            }
        };
        add(&mut dns.nameservers, &said.nameservers);
        add(&mut dns.searches, &said.searches);
        for option in &said.options {
            let Some(name) = &option.name else { continue };
            let value = option.value.clone().filter(|value| !value.is_empty());
            match dns.options.iter_mut().find(|(known, _)| known == name) {
                Some((_, known)) => *known = value,
                None => dns.options.push((name.clone(), value)),
            }
        }
    }
    dns.nameservers.truncate(MOST_SERVERS);
    dns.searches.truncate(MOST_SEARCHES);
    while dns.searches.iter().map(|search| search.len() + 1).sum::<usize>() > LONGEST_SEARCHES + 1 {
        dns.searches.pop();
    }
    dns
}

/// As the resolver reads the file: the last list of searches counts, options add up.
fn parsed(text: &str) -> Dns {
    let mut dns = Dns::default();
    for line in text.lines() {
        let mut words = line.split(['#', ';']).next().unwrap_or_default().split_whitespace();
        match words.next() {
            Some("nameserver") => dns.nameservers.extend(words.next().map(str::to_owned)),
            Some("search") => dns.searches = words.map(str::to_owned).collect(),
            Some("options") => {
                for word in words {
                    let (name, value) = word.split_once(':').map_or((word, None), |(name, value)| (name, Some(value)));
                    dns.options.retain(|(known, _)| known != name);
                    dns.options.push((name.to_owned(), value.map(str::to_owned)));
                }
            }
            _ => {}
        }
    }
    dns
}

impl Dns {
    /// What a pod by hand has whose network has these resolvers: names as they are typed are tried first, for that is what
    /// pods by hand are called; then what the machine tries.
    #[must_use]
    pub(crate) fn by_hand(resolvers: &[IpAddr], machines: &str) -> Self {
        let options = vec![("ndots".to_owned(), Some("0".to_owned()))];
        Self { nameservers: Vec::new(), searches: parsed(machines).searches, options }.asking(resolvers)
    }

    /// Who the machine asks, by its /etc/resolv.conf; servers on one link alone are left out.
    #[must_use]
    pub(crate) fn servers(machines: &str) -> Vec<IpAddr> {
        parsed(machines).nameservers.iter().filter_map(|server| server.parse().ok()).collect()
    }

    /// The same, with these asked first.
    #[must_use]
    pub fn asking(mut self, resolvers: &[IpAddr]) -> Self {
        let own = std::mem::take(&mut self.nameservers);
        self.nameservers = resolvers.iter().map(ToString::to_string).collect();
        for server in own {
            if !self.nameservers.contains(&server) {
                self.nameservers.push(server);
            }
        }
        self.nameservers.truncate(MOST_SERVERS);
        self
    }

    /// The text of /etc/resolv.conf.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        if !self.searches.is_empty() {
            _ = writeln!(text, "search {}", self.searches.join(" "));
        }
        for server in &self.nameservers {
            _ = writeln!(text, "nameserver {server}");
        }
        if !self.options.is_empty() {
            let option = |(name, value): &(String, Option<String>)| match value {
                Some(value) => format!("{name}:{value}"),
                None => name.clone(),
            };
            _ = writeln!(text, "options {}", self.options.iter().map(option).collect::<Vec<_>>().join(" "));
        }
        text
    }
}

/// The text of a pod's /etc/hosts, once it has these addresses.
#[must_use]
pub fn hosts(sandbox: &SandboxPlan, addresses: &[IpAddr], node: &NodeFacts) -> String {
    let mut text = "# Written by pod for this pod.\n".to_owned();
    match sandbox.network {
        Network::Hosts => text.push_str(&node.hosts),
        Network::Pods => {
            for line in [
                "127.0.0.1\tlocalhost",
                "::1\tlocalhost ip6-localhost ip6-loopback",
                "fe00::0\tip6-localnet",
                "fe00::0\tip6-mcastprefix",
                "fe00::1\tip6-allnodes",
                "fe00::2\tip6-allrouters",
            ] {
                _ = writeln!(text, "{line}");
            }
            for address in addresses {
                let names = &sandbox.names;
                _ = match &names.full {
                    Some(full) => writeln!(text, "{address}\t{full}\t{}", names.short),
                    None => writeln!(text, "{address}\t{}", names.short),
                };
            }
        }
    }
    if !sandbox.host_aliases.is_empty() {
        text.push_str("\n# Added by hostAliases.\n");
        for (address, names) in &sandbox.host_aliases {
            _ = writeln!(text, "{address}\t{}", names.join("\t"));
        }
    }
    text
}
