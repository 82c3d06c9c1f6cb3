//! Held against what a real cluster (1.36) showed of the same manifests: the row, the status, the description, the
//! events. Times, ids and addresses are masked on both sides; the volume that a cluster adds for its own token, its
//! tolerations and the event of its scheduler are in neither.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use super::seeds::{called, free_port};
use super::{image, line, put};
use crate::house::{House, User, eventually};

/// A manifest, and what was shown of it.
pub(super) struct Case(Value);

impl Case {
    pub(super) fn text(&self, field: &str) -> &str {
        self.0[field].as_str().unwrap()
    }

    fn lines(&self, field: &str) -> Vec<&str> {
        self.0[field].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect()
    }
}

fn cases() -> Vec<Case> {
    let cases: Vec<Value> = serde_json::from_str(include_str!("cluster.json")).unwrap();
    cases.into_iter().map(Case).collect()
}

/// Those that can be had: only root can be another user, or has a control group to run out of memory in.
pub(super) fn of(user: User) -> Vec<Case> {
    let roots = |case: &Case| ["full", "oom", "oomchild"].contains(&case.text("name"));
    cases().into_iter().filter(|case| user == User::Root || !roots(case)).collect()
}

pub(super) fn agree(user: User) {
    let house = House::new(user);
    image(&house);
    house.pod(&["image", "import", "root.tar", "busybox:1.36"]).ok();
    called(&house, "nginx:1.21", r#"["probe", "http", "--listen", "0.0.0.0:80", "--body", "well"]"#);
    hungry(&house);
    let cases = of(user);
    let seen = |how: &str| cases.iter().filter(|case| case.text("seen") == how).collect::<Vec<&Case>>();
    // What is seen for a moment only is looked at by itself; the last ones are what becomes of some that are at rest.
    let (passing, struck) = (seen("in passing"), seen("after its pause was killed"));
    let passing = passing.into_iter().map(|case| vec![case]).chain([seen("for a second")]);
    let mut troubles = Vec::new();
    for cases in passing.chain([seen("at rest"), struck]) {
        for case in &cases {
            match case.text("seen") {
                "after its pause was killed" => {
                    kill(Pid::from_raw(house.pause(case.text("name"))), Signal::SIGKILL).unwrap();
                }
                _ => apply(&house, case),
            }
        }
        for case in cases {
            let found = come(&house, case).map_or_else(|| held(&house, case), |trouble| vec![trouble]);
            troubles.extend(found.into_iter().map(|trouble| format!("{}: {trouble}", case.text("name"))));
        }
    }
    house.pod(&["delete", "pods", "--all", "--grace-period", "1"]).ok();
    house.nothing_is_left();
    assert!(troubles.is_empty(), "{}", troubles.join("\n"));
}

/// An image with a program that takes as many megabytes as it is told.
pub(super) fn hungry(house: &House) {
    let program = house.work().join("rootfs/bin/memhog");
    fs::write(&program, "#!/bin/sh\nexec dd if=/dev/zero of=/dev/null count=1 bs=${1}M 2>/dev/null\n").unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    house.user.owns(&program);
    house.run("busybox", &["tar", "-C", "rootfs", "-cf", "tools.tar", "."]).ok();
    house.pod(&["image", "import", "tools.tar", "tools:1"]).ok();
}

fn apply(house: &House, case: &Case) {
    // The port that the machine is to give is one that nobody has.
    let port = free_port().to_string();
    let file = put(house, "pod.yaml", &case.text("manifest").replace("18088", &port));
    let mut command = house.command("pod");
    // Where something is to pass that takes long.
    if let Some(speed) = case.0["speed"].as_u64() {
        command.env("POD_CLOCK_SPEED", speed.to_string());
    }
    house.finish(command.args(["apply", "-f", &file])).ok();
}

/// Waits until the row is the cluster's; what it is where it does not become that.
fn come(house: &House, case: &Case) -> Option<String> {
    let (name, wanted) = (case.text("name"), case.text("line"));
    if wanted.contains("Terminating") {
        eventually("it runs", || (line(house, name).1 == "Running").then_some(()));
        house.pod(&["delete", "pod", name, "--wait=false"]).ok();
    }
    let deadline = Instant::now() + Duration::from_secs(90);
    loop {
        let trouble = row(house, case)?;
        if Instant::now() > deadline {
            return Some(trouble);
        }
    }
}

/// How the row is another than the cluster's.
fn row(house: &House, case: &Case) -> Option<String> {
    let (ready, status, restarts) = line(house, case.text("name"));
    let found = format!("{ready} {status} {restarts}");
    (found != case.text("line")).then(|| format!("is {found}, not {}", case.text("line")))
}

/// What is not as in the cluster; looked at while nobody changes it, where it would be another in a second.
fn held(house: &House, case: &Case) -> Vec<String> {
    if case.text("seen") != "for a second" {
        return agreed(house, case);
    }
    let attendant = house.process_named(&format!("pod attend default {} ", case.text("name")));
    let attendant = Pid::from_raw(attendant);
    kill(attendant, Signal::SIGSTOP).unwrap();
    let troubles = compare(house, case);
    kill(attendant, Signal::SIGCONT).unwrap();
    troubles
}

/// What is not as in the cluster, and does not become so: a row may come a moment before what follows from it.
fn agreed(house: &House, case: &Case) -> Vec<String> {
    let deadline = Instant::now() + Duration::from_secs(3);
    loop {
        let troubles = compare(house, case);
        if troubles.is_empty() || Instant::now() > deadline {
            return troubles;
        }
    }
}

/// What is not as in the cluster.
fn compare(house: &House, case: &Case) -> Vec<String> {
    let name = case.text("name");
    let told = house.pod(&["describe", "pod", name]).ok().out();
    let pod = house.pod(&["get", "pod", name, "-o", "json"]).ok().json();
    let mut troubles: Vec<String> = row(house, case).into_iter().collect();
    if let Some(wanted) = case.0.get("status") {
        let mut found = pod["status"].clone();
        mask(&mut found, &pod);
        differ("status", wanted, &found, &mut troubles);
    }
    let (lines, events) = described(&told, &pod);
    let wanted = case.lines("describe");
    troubles.extend(diff(&wanted, &lines).map(|line| format!("describe: {line}")));
    let wanted: BTreeSet<String> = case.lines("events").into_iter().map(str::to_owned).collect();
    troubles.extend(wanted.difference(&events).map(|event| format!("no event {event}")));
    troubles.extend(events.difference(&wanted).map(|event| format!("an event more: {event}")));
    troubles
}

/// Takes out of a text what is another each time.
fn masked(text: &str, pod: &Value) -> String {
    let uid = pod["metadata"]["uid"].as_str().unwrap();
    let mut text = text.replace(uid, "UID").replace("docker.io/library/", "");
    for address in [&pod["status"]["podIP"], &pod["status"]["hostIP"]] {
        if let Some(address) = address.as_str() {
            text = text.replace(address, "ADDRESS");
        }
    }
    // Why a registry has no image is for each to say.
    for before in ["ErrImagePull: ", "Failed to pull image \"localhost:1/nosuch:1\": "] {
        if let Some((head, _cause)) = text.split_once(before) {
            text = format!("{head}{before}CAUSE");
        }
    }
    text
}

fn mask(value: &mut Value, pod: &Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match name.as_str() {
                    "startedAt" | "finishedAt" | "lastTransitionTime" | "startTime" => *value = json!("TIME"),
                    "containerID" => *value = json!("ID"),
                    "imageID" if value != "" => *value = json!("IMAGE"),
                    "podIP" | "hostIP" | "ip" => *value = json!("ADDRESS"),
                    _ => mask(value, pod),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| mask(item, pod)),
        Value::String(text) => *text = masked(text, pod),
        _ => {}
    }
}

/// Where two values differ.
fn differ(path: &str, wanted: &Value, found: &Value, troubles: &mut Vec<String>) {
    match (wanted, found) {
        (Value::Object(one), Value::Object(other)) => {
            let names: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            for name in names {
                differ(&format!("{path}.{name}"), &wanted[name], &found[name], troubles);
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            one.iter().zip(other).enumerate().for_each(|(index, (one, other))| {
                differ(&format!("{path}[{index}]"), one, other, troubles);
            });
        }
        _ if wanted == found => {}
        _ => troubles.push(format!("{path} is {found}, not {wanted}")),
    }
}

/// A description: its lines, columns made one blank wide, and its events in no order.
fn described(told: &str, pod: &Value) -> (Vec<String>, BTreeSet<String>) {
    let (told, events) = told.split_once("Events:").unwrap();
    let line = |line: &str| {
        let text = line.split_whitespace().collect::<Vec<_>>().join(" ");
        let indent = line.len() - line.trim_start().len();
        let text = match text.split_once(": ") {
            Some(("Node", _)) => "Node: NODE".to_owned(),
            Some(("Container ID", _)) => "Container ID: ID".to_owned(),
            Some(("Image ID", _)) => "Image ID: IMAGE".to_owned(),
            Some(("Host Port", port)) if port.ends_with("/TCP") => "Host Port: PORT".to_owned(),
            Some((name @ ("Start Time" | "Started" | "Finished"), _)) => format!("{name}: TIME"),
            _ => masked(&text, pod),
        };
        format!("{}{text}", " ".repeat(indent))
    };
    let kept =
        |line: &&str| !line.trim().is_empty() && !line.starts_with("Tolerations:") && !line.contains(":NoExecute op=");
    let event = |line: &str| {
        let (weight, rest) = line.trim().split_once(' ')?;
        let (reason, rest) = rest.trim_start().split_once(' ')?;
        let (_age, message) = rest.split_once(" pod ")?;
        Some(masked(&format!("{weight} {reason} {}", message.trim()), pod))
    };
    (told.lines().filter(kept).map(line).collect(), events.lines().filter_map(event).collect())
}

/// The first lines that are not the same.
fn diff(wanted: &[&str], found: &[String]) -> Option<String> {
    let none = String::from("nothing");
    let line = |index: usize| (wanted.get(index).copied().unwrap_or("nothing"), found.get(index).unwrap_or(&none));
    let differs = (0..wanted.len().max(found.len())).map(line).find(|(wanted, found)| wanted != found);
    differs.map(|(wanted, found)| format!("{found:?}, not {wanted:?}"))
}
