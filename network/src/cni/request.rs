//! What a plugin is told: its configuration on stdin, the rest in its environment. Pure.

use std::ffi::OsString;
use std::net::IpAddr;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::config::{CniPlaces, NetworkList};

/// What plugins may be asked for, of those that say that they are capable of it.
///
/// # References
/// CNI's CONVENTIONS.md, "Dynamic Plugin specific fields"
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Runtime {
    /// Ports of the machine's that are the pod's.
    #[serde(default)]
    pub ports: Vec<PortMapping>,
    /// How much may come and go.
    #[serde(default)]
    pub bandwidth: Option<Bandwidth>,
}

/// A port of the machine's that is somebody's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PortMapping {
    /// The machine's.
    pub host_port: u16,
    /// Theirs.
    pub container_port: u16,
    /// `tcp` or `udp`.
    pub protocol: String,
    /// At which of the machine's addresses; none at any.
    #[serde(rename = "hostIP", default, skip_serializing_if = "Option::is_none")]
    pub host_ip: Option<IpAddr>,
}

/// How much may come and go, in bits a second, and in bits at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Bandwidth {
    /// To the pod.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ingress_rate: Option<u64>,
    /// Of it at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ingress_burst: Option<u64>,
    /// From the pod.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub egress_rate: Option<u64>,
    /// Of it at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub egress_burst: Option<u64>,
}

impl Runtime {
    /// By the name of the capability.
    fn of(&self, capability: &str) -> Option<Value> {
        match capability {
            "portMappings" if !self.ports.is_empty() => Some(json!(self.ports)),
            "bandwidth" => self.bandwidth.map(|bandwidth| json!(bandwidth)),
            _ => None,
        }
    }
}

/// Whether a plugin says that it is capable of leading the machine's ports in.
pub(super) fn leads_in(plugin: &Map<String, Value>) -> bool {
    plugin.get("capabilities").is_some_and(|capabilities| capabilities["portMappings"] == Value::Bool(true))
}

/// What is asked of a plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Add,
    Check,
    Del,
}

impl Command {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Add => "ADD",
            Self::Check => "CHECK",
            Self::Del => "DEL",
        }
    }
}

/// The configuration that a plugin reads.
///
/// # References
/// The specification, section 3, "Deriving request configuration from plugin configuration"
pub(super) fn configuration(
    list: &NetworkList,
    plugin: &Map<String, Value>,
    runtime: &Runtime,
    previous: Option<&Value>,
) -> Value {
    let mut told = plugin.clone();
    let capabilities = told.remove("capabilities");
    told.insert("name".to_owned(), json!(list.name));
    told.insert("cniVersion".to_owned(), json!(list.version));
    let asked = capabilities.as_ref().and_then(Value::as_object).into_iter().flatten();
    let asked = asked.filter(|(_, wanted)| **wanted == Value::Bool(true));
    let given: Map<String, Value> = asked.filter_map(|(name, _)| Some((name.clone(), runtime.of(name)?))).collect();
    if !given.is_empty() {
        told.insert("runtimeConfig".to_owned(), Value::Object(given));
    }
    if let Some(previous) = previous {
        told.insert("prevResult".to_owned(), previous.clone());
    }
    Value::Object(told)
}

/// Who it is about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Whom<'a> {
    pub(super) container: &'a str,
    pub(super) interface: &'a str,
    pub(super) args: &'a str,
    /// Nothing where there is no network any more.
    pub(super) network: Option<&'a Path>,
}

/// What a plugin finds in its environment, beside where programs are.
///
/// # References
/// The specification, section 2, "Parameters"
pub(super) fn environment(command: Command, whom: Whom<'_>, places: &CniPlaces) -> Vec<(OsString, OsString)> {
    let plugins = std::env::join_paths(&places.plugins).unwrap_or_default();
    let network = whom.network.map(|path| path.as_os_str().to_owned()).unwrap_or_default();
    let words: [(&str, OsString); 6] = [
        ("CNI_COMMAND", command.name().into()),
        ("CNI_CONTAINERID", whom.container.into()),
        ("CNI_NETNS", network),
        ("CNI_IFNAME", whom.interface.into()),
        ("CNI_ARGS", whom.args.into()),
        ("CNI_PATH", plugins),
    ];
    words.into_iter().map(|(name, value)| (name.into(), value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list() -> NetworkList {
        let text = r#"{"cniVersion":"0.4.0","name":"web","plugins":[
            {"type":"bridge","name":"not this","ipam":{"type":"host-local"}},
            {"type":"portmap","capabilities":{"portMappings":true,"bandwidth":false,"mac":true},"snat":true}]}"#;
        NetworkList::parse(text).expect("a list")
    }

    #[test]
    fn a_plugin_is_told_the_lists_name_and_version_and_what_the_one_before_it_said() {
        let list = list();
        let runtime = Runtime::default();
        let told = configuration(&list, &list.plugins[0], &runtime, Some(&json!({"ips": []})));
        assert_eq!(
            told,
            json!({"type":"bridge","name":"web","cniVersion":"0.4.0","ipam":{"type":"host-local"},"prevResult":{"ips":[]}})
        );
    }

    #[test]
    fn a_plugin_is_given_what_it_says_that_it_is_capable_of_and_no_more() {
        let list = list();
        let host_ip = Some("127.0.0.1".parse().expect("an address"));
        let port = PortMapping { host_port: 8080, container_port: 80, protocol: "tcp".to_owned(), host_ip };
        let bandwidth = Some(Bandwidth { ingress_rate: Some(1), ..Bandwidth::default() });
        let runtime = Runtime { ports: vec![port], bandwidth };
        let ports = json!([{"hostPort":8080,"containerPort":80,"protocol":"tcp","hostIP":"127.0.0.1"}]);
        assert_eq!(
            configuration(&list, &list.plugins[1], &runtime, None),
            json!({"type":"portmap","name":"web","cniVersion":"0.4.0","snat":true,"runtimeConfig":{"portMappings":ports}})
        );
        let first = configuration(&list, &list.plugins[0], &runtime, None);
        assert_eq!(first.get("runtimeConfig"), None);
        let without = configuration(&list, &list.plugins[1], &Runtime::default(), None);
        assert_eq!(without.get("runtimeConfig"), None);
    }

    #[test]
    fn who_it_is_about_stands_in_the_environment() {
        let places = CniPlaces { configurations: "/c".into(), plugins: vec!["/a".into(), "/b".into()] };
        let whom = Whom { container: "id", interface: "eth0", args: "A=1;B=2", network: Some(Path::new("/n")) };
        let said = environment(Command::Add, whom, &places);
        let expected = [
            ("CNI_COMMAND", "ADD"),
            ("CNI_CONTAINERID", "id"),
            ("CNI_NETNS", "/n"),
            ("CNI_IFNAME", "eth0"),
            ("CNI_ARGS", "A=1;B=2"),
            ("CNI_PATH", "/a:/b"),
        ];
        let expected = expected.map(|(name, value)| (OsString::from(name), OsString::from(value)));
        assert_eq!(said, expected);
        let gone = environment(Command::Del, Whom { network: None, ..whom }, &places);
        assert!(gone.contains(&("CNI_NETNS".into(), OsString::new())));
    }
}
