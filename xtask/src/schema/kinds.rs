//! Rust's types for the objects, one structure for each type of the table, with the names of its fields.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::facts::{Expr, Facts, Field, ROOTS};
use super::words::{Words, of_field};

/// The files, by name, and what is in each.
pub(crate) fn write(facts: &Facts, words: &Words) -> BTreeMap<&'static str, String> {
    let mut files: BTreeMap<&str, String> = BTreeMap::new();
    for (name, fields) in facts {
        let room = room(name);
        let code = files
            .entry(room)
            .or_insert_with(|| format!("//! {} Written by `cargo xtask schema`.\n\nUSES\n", about(room)));
        write_type(code, name, fields, words);
    }
    for (room, code) in &mut files {
        let here: Vec<&str> = facts.keys().map(String::as_str).filter(|name| self::room(name) == *room).collect();
        let _ = write!(code, "\nshaped! {{ {} }}\n", here.join(" "));
        let foreign = facts.keys().any(|name| self::room(name) != *room && has_word(code, name));
        let uses = uses(code, foreign);
        *code = code.replacen("USES\n", &uses, 1);
    }
    files
}

fn room(name: &str) -> &'static str {
    const META: [&str; 6] = [
        "ObjectMeta",
        "OwnerReference",
        "ManagedFieldsEntry",
        "LabelSelector",
        "LabelSelectorRequirement",
        "Condition",
    ];
    const CONTAINER: [&str; 20] = [
        "Container",
        "EphemeralContainer",
        "ContainerPort",
        "EnvVar",
        "EnvVarSource",
        "EnvFromSource",
        "Probe",
        "Lifecycle",
        "LifecycleHandler",
        "ExecAction",
        "HTTPGetAction",
        "HTTPHeader",
        "TCPSocketAction",
        "GRPCAction",
        "SleepAction",
        "ResourceRequirements",
        "ContainerResizePolicy",
        "ResourceClaim",
        "ContainerRestartRule",
        "ContainerRestartRuleOnExitCodes",
    ];
    const CONFIG: [&str; 7] = [
        "ConfigMap",
        "Secret",
        "ServiceAccount",
        "Namespace",
        "NamespaceSpec",
        "ObjectReference",
        "LocalObjectReference",
    ];
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if META.contains(&name) {
        "meta"
    } else if has(&["Deployment", "ReplicaSet", "DaemonSet", "StatefulSet"]) {
        "apps"
    } else if has(&["Job", "PodFailurePolicy", "SuccessPolicy", "UncountedTerminatedPods"]) {
        "batch"
    } else if name.starts_with("Service") && name != "ServiceAccount" && name != "ServiceAccountTokenProjection"
        || has(&["LoadBalancer", "SessionAffinity", "ClientIPConfig", "PortStatus"])
    {
        "service"
    } else if CONTAINER.contains(&name) || has(&["KeySelector", "EnvSource", "FieldSelector"]) {
        "container"
    } else if CONFIG.contains(&name) {
        "config"
    } else if has(&["PersistentVolumeClaim", "ModifyVolumeStatus", "TypedLocal", "TypedObject", "VolumeResource"]) {
        "claim"
    } else if has(&[
        "Status",
        "Condition",
        "ContainerState",
        "ContainerUser",
        "PodIP",
        "HostIP",
        "ResourceHealth",
        "ContainerExtended",
    ]) {
        "status"
    } else if has(&["Security", "Seccomp", "AppArmor", "SELinux", "Capabilities", "Sysctl"]) {
        "security"
    } else if has(&["Volume", "Projection", "KeyToPath", "DownwardAPI"]) {
        "volume"
    } else if has(&["Affinity", "NodeSelector", "Toleration", "Topology", "PreferredScheduling"]) {
        "placement"
    } else {
        "pod"
    }
}

fn about(room: &str) -> &'static str {
    match room {
        "meta" => "Who an object is, and how labels are selected.",
        "apps" => "Deployments, replica sets, daemon sets and stateful sets.",
        "batch" => "Jobs and cron jobs.",
        "service" => "Services.",
        "container" => "Containers: environment, ports, probes, hooks, resources.",
        "config" => "Config maps, secrets, service accounts, namespaces.",
        "claim" => "Claims of storage.",
        "status" => "What has been seen of a pod and its containers.",
        "security" => "Users, rights and protection.",
        "volume" => "Volumes and where they are mounted.",
        "placement" => "Which node: noted, for there is one.",
        _ => "Pods.",
    }
}

fn uses(code: &str, foreign: bool) -> String {
    let mut uses = String::new();
    if code.contains("BTreeMap<") {
        uses.push_str("use std::collections::BTreeMap;\n\n");
    }
    uses.push_str("use serde_json::{Map, Value};\n");
    uses.push('\n');
    uses.push_str("use super::shape::{Held, Mismatch, Shape, drawn, fill, give, shaped, take};\n");
    if foreign {
        uses.push_str("use super::*;\n");
    }
    let values: Vec<&str> =
        ["Bytes", "IntOrString", "Quantity", "Time"].into_iter().filter(|word| has_word(code, word)).collect();
    if !values.is_empty() {
        let _ = writeln!(uses, "use crate::value::{{{}}};", values.join(", "));
    }
    uses
}

fn has_word(code: &str, word: &str) -> bool {
    [format!("<{word}>"), format!(", {word}>"), format!(": {word},")].iter().any(|part| code.contains(part))
}

fn write_type(code: &mut String, name: &str, fields: &[Field], words: &Words) {
    let help = &words[name].0.help;
    let _ = write!(code, "\n/// {help}\n#[derive(Clone, Debug, Default, PartialEq)]\npub struct {name} {{\n");
    let is_root = ROOTS.iter().any(|(kind, _)| *kind == name);
    let (mut set, mut put) = (String::new(), String::new());
    for field in fields {
        let word = of_field(words, name, &field.name);
        let help = if word.help.is_empty() { format!("`{}`.", field.name) } else { word.help };
        let snake = snake(&field.name);
        let head = is_root && matches!(field.name.as_str(), "apiVersion" | "kind");
        let rust = rust(&field.expr, field.required || head, name == "Volume");
        let identifier = if snake == "type" { "r#type".to_owned() } else { snake };
        let _ = writeln!(code, "    /// {help}\n    pub {identifier}: {rust},");
        let _ = writeln!(set, "{:?} => take(&mut self.{identifier}, value),", field.name);
        // What is always there, but need not say anything.
        if head || rust == "ObjectMeta" {
            let _ = write!(put, "if !self.{identifier}.is_empty() {{ ");
        }
        let _ = write!(put, "give(map, {:?}, &self.{identifier});", field.name);
        put.push_str(if head || rust == "ObjectMeta" { " }\n" } else { "\n" });
    }
    code.push_str("}\n");
    let _ = write!(
        code,
        "\nimpl Shape for {name} {{\n\
         fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {{\n\
         match key {{\n{set}_ => Ok(()),\n}}\n}}\n\n\
         fn put(&self, map: &mut Map<String, Value>) {{\n{put}}}\n}}\n"
    );
}

/// A field's type.
fn rust(expr: &Expr, required: bool, boxed: bool) -> String {
    match expr {
        Expr::List(_) | Expr::Map(_) => inner(expr),
        Expr::Type(name) if name == "ObjectMeta" => name.clone(),
        Expr::Type(name) if boxed => format!("Option<Box<{name}>>"),
        Expr::Plain(word) if required && matches!(word.as_str(), "string" | "int32" | "int64" | "bool") => inner(expr),
        _ => format!("Option<{}>", inner(expr)),
    }
}

fn inner(expr: &Expr) -> String {
    match expr {
        Expr::Plain(word) => match word.as_str() {
            "string" => "String",
            "int32" => "i32",
            "int64" => "i64",
            "bool" => "bool",
            "bytes" => "Bytes",
            "time" => "Time",
            "quantity" => "Quantity",
            "intorstring" => "IntOrString",
            _ => "Value",
        }
        .to_owned(),
        Expr::List(of) => format!("Vec<{}>", inner(of)),
        Expr::Map(of) => format!("BTreeMap<String, {}>", inner(of)),
        Expr::Type(name) => name.clone(),
    }
}

/// `hostIPs` → `host_ips`.
pub(crate) fn snake(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut snake = String::new();
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| letters[at]);
        let next = letters.get(at + 1);
        let plural = next == Some(&'s') && at + 2 == letters.len();
        let starts = letter.is_uppercase()
            && before.is_some_and(|before| {
                !before.is_uppercase() || next.is_some_and(|next| next.is_lowercase()) && !plural
            });
        if starts {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}
