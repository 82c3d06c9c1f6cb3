//! A Pod told at length, as `kubectl describe` tells it.

mod container;
mod volume;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;

use jiff::Timestamp;
use manifest::kind::{Pod, PodSpec, PodStatus, Toleration};
use manifest::value::{Time, age};
use tabwriter::TabWriter;

use crate::machine::{Log, Note};

/// The annotation that apply keeps for itself.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// Longer values of annotations are cut.
const LONGEST: usize = 140;

/// All that there is to be told of a Pod, and what has happened to it.
#[must_use]
pub fn describe(pod: &Pod, log: &Log, now: Timestamp) -> String {
    let none = (PodSpec::default(), PodStatus::default());
    let spec = pod.spec.as_ref().unwrap_or(&none.0);
    let status = pod.status.as_ref().unwrap_or(&none.1);
    let mut told = String::new();
    head(&mut told, pod, spec, status, now);
    for (title, containers, statuses) in [
        ("Init Containers", &spec.init_containers, &status.init_container_statuses),
        ("Containers", &spec.containers, &status.container_statuses),
    ] {
        if !containers.is_empty() {
            line(&mut told, 0, &format!("{title}:"));
            for one in containers {
                let status = statuses.iter().find(|status| status.name == one.name);
                container::container(&mut told, one, status, pod);
            }
        }
    }
    let ephemeral = crate::compile::ephemeral(spec);
    if !ephemeral.is_empty() {
        line(&mut told, 0, "Ephemeral Containers:");
        for one in &ephemeral {
            let status = status.ephemeral_container_statuses.iter().find(|status| status.name == one.name);
            container::container(&mut told, one, status, pod);
        }
    }
    foot(&mut told, spec, status);
    events(&mut told, spec, log, now);
    aligned(&harmless(&told))
}

/// What others wrote moves no terminal: of control characters only tabs and line ends are left, which kubectl has, too.
fn harmless(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for letter in text.chars() {
        let kept = !letter.is_control() || matches!(letter, '\t' | '\n');
        if kept { plain.push(letter) } else { plain.extend(letter.escape_default()) }
    }
    plain
}

/// Columns as wide as what is in them, as far as lines follow each other that have them.
fn aligned(text: &str) -> String {
    let mut writer = TabWriter::new(Vec::new()).minwidth(0).padding(2);
    // Memory takes whatever is written to it.
    let bytes = writer.write_all(text.as_bytes()).ok().and_then(|()| writer.into_inner().ok());
    bytes.map_or_else(|| text.to_owned(), |bytes| String::from_utf8_lossy(&bytes).into_owned())
}

fn line(told: &mut String, level: usize, text: &str) {
    _ = writeln!(told, "{}{text}", "  ".repeat(level));
}

fn field(told: &mut String, level: usize, name: &str, value: &str) {
    line(told, level, &format!("{name}:\t{value}"));
}

fn moment(time: Option<Time>) -> String {
    time.map_or_else(String::new, |time| time.0.strftime("%a, %d %b %Y %H:%M:%S %z").to_string())
}

fn or_none(text: Option<&str>) -> &str {
    text.filter(|text| !text.is_empty()).unwrap_or("<none>")
}

fn head(told: &mut String, pod: &Pod, spec: &PodSpec, status: &PodStatus, now: Timestamp) {
    let metadata = &pod.metadata;
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    field(told, 0, "Name", &text(&metadata.name));
    field(told, 0, "Namespace", &text(&metadata.namespace));
    field(told, 0, "Priority", &spec.priority.unwrap_or_default().to_string());
    if let Some(class) = spec.priority_class_name.as_deref().filter(|class| !class.is_empty()) {
        field(told, 0, "Priority Class Name", class);
    }
    if let Some(class) = &spec.runtime_class_name {
        field(told, 0, "Runtime Class Name", class);
    }
    field(told, 0, "Service Account", &text(&spec.service_account_name));
    let node = match (&spec.node_name, &status.host_ip) {
        (Some(name), Some(address)) if !name.is_empty() => format!("{name}/{address}"),
        (Some(name), None) if !name.is_empty() => format!("{name}/"),
        _ => "<none>".to_owned(),
    };
    field(told, 0, "Node", &node);
    if status.start_time.is_some() {
        field(told, 0, "Start Time", &moment(status.start_time));
    }
    let labels = metadata.labels.iter().map(|(key, value)| format!("{key}={value}"));
    several(told, "Labels", labels.collect());
    annotations(told, &metadata.annotations);
    match metadata.deletion_timestamp {
        Some(by) => {
            let since = age(now.as_second().saturating_sub(by.0.as_second()));
            field(told, 0, "Status", &format!("Terminating (lasts {since})"));
            let grace = metadata.deletion_grace_period_seconds.unwrap_or_default();
            field(told, 0, "Termination Grace Period", &format!("{grace}s"));
        }
        None => field(told, 0, "Status", &text(&status.phase)),
    }
    for (name, value) in [("Reason", &status.reason), ("Message", &status.message)] {
        if let Some(value) = value.as_deref().filter(|value| !value.is_empty()) {
            field(told, 0, name, value);
        }
    }
    let profile = spec.security_context.as_ref().and_then(|context| context.seccomp_profile.as_ref());
    if let Some(profile) = profile {
        field(told, 0, "SeccompProfile", &profile.r#type);
    }
    field(told, 0, "IP", &text(&status.pod_ip));
    if status.pod_ips.is_empty() {
        field(told, 0, "IPs", "<none>");
    } else {
        line(told, 0, "IPs:");
        status.pod_ips.iter().for_each(|address| field(told, 1, "IP", &address.ip));
    }
    if let Some(owner) = metadata.owner_references.iter().find(|owner| owner.controller == Some(true)) {
        field(told, 0, "Controlled By", &format!("{}/{}", owner.kind, owner.name));
    }
}

/// The first beside its name, the others below it.
fn several(told: &mut String, name: &str, values: Vec<String>) {
    match values.split_first() {
        None => field(told, 0, name, "<none>"),
        Some((first, others)) => {
            field(told, 0, name, first);
            others.iter().for_each(|other| line(told, 0, &format!("\t{other}")));
        }
    }
}

fn annotations(told: &mut String, annotations: &BTreeMap<String, String>) {
    let shown = annotations.iter().filter(|(key, _)| *key != LAST_APPLIED);
    let value = |(key, value): (&String, &String)| {
        let value = value.trim_end_matches('\n');
        if value.len() + key.len() + 2 < LONGEST && !value.contains('\n') {
            return format!("{key}: {value}");
        }
        let cut = |one: &str| match one.char_indices().nth(LONGEST - 3) {
            Some((at, _)) if one.len() > LONGEST => format!("{}...", &one[..at]),
            _ => one.to_owned(),
        };
        let lines: Vec<_> = value.lines().map(|one| format!("\n\t  {}", cut(one))).collect();
        format!("{key}:{}", lines.concat())
    };
    several(told, "Annotations", shown.map(value).collect());
}

fn foot(told: &mut String, spec: &PodSpec, status: &PodStatus) {
    if !spec.readiness_gates.is_empty() {
        line(told, 0, "Readiness Gates:");
        line(told, 1, "Type\tStatus");
        for gate in &spec.readiness_gates {
            let found = status.conditions.iter().find(|condition| condition.r#type == gate.condition_type);
            let status = found.map_or("<none>", |condition| condition.status.as_str());
            line(told, 1, &format!("{} \t{status} ", gate.condition_type));
        }
    }
    if !status.conditions.is_empty() {
        line(told, 0, "Conditions:");
        line(told, 1, "Type\tStatus");
        for condition in &status.conditions {
            line(told, 1, &format!("{} \t{} ", condition.r#type, condition.status));
        }
    }
    volume::volumes(told, &spec.volumes);
    field(told, 0, "QoS Class", status.qos_class.as_deref().unwrap_or_default());
    let selectors = spec.node_selector.iter().map(|(key, value)| format!("{key}={value}"));
    several(told, "Node-Selectors", selectors.collect());
    let mut tolerations: Vec<&Toleration> = spec.tolerations.iter().collect();
    tolerations.sort_by(|one, other| one.key.cmp(&other.key));
    several(told, "Tolerations", tolerations.into_iter().map(toleration).collect());
}

fn toleration(toleration: &Toleration) -> String {
    let mut text = toleration.key.clone().unwrap_or_default();
    let value = toleration.value.as_deref().filter(|value| !value.is_empty());
    if let Some(value) = value {
        _ = write!(text, "={value}");
    }
    if let Some(effect) = toleration.effect.as_deref().filter(|effect| !effect.is_empty()) {
        _ = write!(text, ":{effect}");
    }
    if value.is_none() && toleration.operator.as_deref() == Some("Exists") {
        text.push_str(if text.is_empty() { "op=Exists" } else { " op=Exists" });
    }
    if let Some(seconds) = toleration.toleration_seconds {
        _ = write!(text, " for {seconds}s");
    }
    text
}

fn events(told: &mut String, spec: &PodSpec, log: &Log, now: Timestamp) {
    if log.notes().is_empty() {
        return field(told, 0, "Events", "<none>");
    }
    line(told, 0, "Events:");
    line(told, 1, "Type\tReason\tAge\tFrom\tMessage");
    line(told, 1, "----\t------\t----\t----\t-------");
    let since = |wall: i64| age(now.as_second().saturating_sub(wall));
    for note in log.notes() {
        let weight = note.weight_word();
        let when = match note.count {
            1 => since(note.last.wall),
            count => format!("{} (x{count} over {})", since(note.last.wall), since(note.first.wall)),
        };
        let message = message(spec, note);
        // What others wrote may have tabs and line ends, which would be ours here.
        let message = message.trim().replace(['\t', '\n'], " ");
        line(told, 1, &format!("{weight}\t{}\t{when}\tpod\t{message}", note.reason));
    }
}

/// The sentence, after what it is about.
fn message(spec: &PodSpec, note: &Note) -> String {
    let Some(name) = &note.container else { return note.message.clone() };
    let is_init = spec.init_containers.iter().any(|container| container.name == *name);
    let is_ephemeral = spec.ephemeral_containers.iter().any(|container| container.name == *name);
    let list = match (is_init, is_ephemeral) {
        (true, _) => "initContainers",
        (_, true) => "ephemeralContainers",
        _ => "containers",
    };
    format!("spec.{list}{{{name}}}: {}", note.message)
}
