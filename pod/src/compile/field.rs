//! What a pod says of itself: fields, and what its containers ask for.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::IpAddr;

use manifest::kind::{Container, Pod, PodSpec};
use manifest::value::Quantity;

use super::facts::Facts;
use super::plan::Resource;
use super::pod::all_containers;

/// The value of a field of the Pod.
///
/// # Errors
/// There is no such field.
pub(crate) fn of_pod(pod: &Pod, path: &str, facts: &Facts) -> Result<String, String> {
    let metadata = &pod.metadata;
    let spec = pod.spec.as_ref();
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    if let Some((map, key)) = subscript(path) {
        let map = match map {
            "metadata.labels" => &metadata.labels,
            "metadata.annotations" => &metadata.annotations,
            _ => return Err(format!("unsupported fieldPath: {path}")),
        };
        return Ok(map.get(key).cloned().unwrap_or_default());
    }
    let on_host = spec.is_some_and(|spec| spec.host_network == Some(true));
    let own = if on_host { &facts.node.addresses } else { &facts.addresses };
    Ok(match path {
        "metadata.name" => text(&metadata.name),
        "metadata.namespace" => metadata.namespace.clone().unwrap_or_else(|| "default".to_owned()),
        "metadata.uid" => text(&metadata.uid),
        "metadata.labels" => lines(&metadata.labels),
        "metadata.annotations" => lines(&metadata.annotations),
        "spec.nodeName" => facts.node.name.clone(),
        "spec.serviceAccountName" => spec.map(|spec| text(&spec.service_account_name)).unwrap_or_default(),
        "status.hostIP" => first(&facts.node.addresses),
        "status.hostIPs" => joined(&facts.node.addresses),
        "status.podIP" => first(own),
        "status.podIPs" => joined(own),
        _ => return Err(format!("unsupported fieldPath: {path}")),
    })
}

/// `metadata.labels['a']`: the map and the key.
fn subscript(path: &str) -> Option<(&str, &str)> {
    let (map, rest) = path.split_once("['")?;
    Some((map, rest.strip_suffix("']")?))
}

fn first(addresses: &[IpAddr]) -> String {
    addresses.first().map(ToString::to_string).unwrap_or_default()
}

fn joined(addresses: &[IpAddr]) -> String {
    addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

/// `key="value"`, a line each, in order.
fn lines(map: &BTreeMap<String, String>) -> String {
    map.iter().map(|(key, value)| format!("{key}={}", quoted(value))).collect::<Vec<_>>().join("\n")
}

/// As Go quotes text.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\u{b}' => out.push_str("\\v"),
            control if control.is_ascii_control() => _ = write!(out, "\\x{:02x}", u32::from(control)),
            control if control.is_control() => _ = write!(out, "\\u{:04x}", u32::from(control)),
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

/// What a container asks for or gets at most, in so many of the divisor, rounded up. What is not limited is
/// limited by the pod's limit or the machine.
///
/// # Errors
/// There is no such container, or nothing called so that it could ask for.
pub(crate) fn of_resource(pod: &Pod, wanted: &Resource, asks: Option<&str>, facts: &Facts) -> Result<String, String> {
    let none = PodSpec::default();
    let spec = pod.spec.as_ref().unwrap_or(&none);
    let name = wanted.container.as_deref().or(asks).unwrap_or_default();
    let found = all_containers(spec).map(|(container, _)| container).find(|container| container.name == name);
    let container = found.ok_or_else(|| format!("container {name} not found"))?;
    let (side, resource) = wanted.resource.split_once('.').unwrap_or_default();
    let amount = match side {
        "limits" => limit(container, spec, resource, facts),
        "requests" => request(container, resource),
        _ => return Err(format!("unsupported container resource : {}", wanted.resource)),
    };
    let divisor: Quantity = wanted.divisor.parse().unwrap_or(Quantity::whole(1));
    // A divisor of nothing is one that was not given.
    let divisor = if divisor.is_zero() { Quantity::whole(1) } else { divisor };
    let (amount, divisor) =
        if resource == "cpu" { (amount.milli(), divisor.milli()) } else { (amount.value(), divisor.value()) };
    Ok((amount.div_euclid(divisor) + i128::from(amount.rem_euclid(divisor) != 0)).to_string())
}

fn limit(container: &Container, spec: &PodSpec, resource: &str, facts: &Facts) -> Quantity {
    let of = |said: &Option<manifest::kind::ResourceRequirements>| {
        said.as_ref().and_then(|said| said.limits.get(resource).copied()).filter(|limit| !limit.is_zero())
    };
    of(&container.resources).or_else(|| of(&spec.resources)).unwrap_or_else(|| {
        let whole = |amount: u64| i64::try_from(amount).map_or_else(|_| Quantity::whole(i64::MAX), Quantity::whole);
        match resource {
            "cpu" => format!("{}m", facts.node.cpu).parse().unwrap_or_default(),
            "memory" => whole(facts.node.memory),
            "ephemeral-storage" => whole(facts.node.ephemeral_storage),
            _ => Quantity::default(),
        }
    })
}

fn request(container: &Container, resource: &str) -> Quantity {
    let said = container.resources.as_ref();
    let asked = said.and_then(|said| said.requests.get(resource).or_else(|| said.limits.get(resource)));
    asked.copied().unwrap_or_default()
}
