//! Printing what would be done.

use std::io::Write;

use serde_json::{Value, json};

use crate::error::Error;
use crate::open::Opened;
use launch::Copied;
use launch::Number;

/// Prints an opened plan: what it would join, and as whom it would launch what.
pub(crate) fn plan(opened: &Opened, as_json: bool, out: &mut impl Write) -> Result<(), Error> {
    let facts = facts(opened);
    let text = if as_json {
        let object = facts.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        format!("{:#}\n", Value::Object(object))
    } else {
        facts
            .iter()
            .filter(|(_, value)| is_there(value))
            .map(|(key, value)| format!("{key}: {}\n", plain(value)))
            .collect()
    };
    out.write_all(text.as_bytes()).map_err(|source| Error::Output { source })
}

/// In the order of doing.
fn facts(opened: &Opened) -> Vec<(&'static str, Value)> {
    let (outcome, command, ids) = (opened.outcome(), &opened.command, &opened.ids);
    let number = |number: Option<Number>| number.map(|(Number::Asked(id) | Number::Usual(id))| id);
    let lossy = |text: &std::ffi::OsStr| text.to_string_lossy().into_owned();
    let capabilities = |set: &caps::CapsHashSet| {
        let mut names: Vec<_> = set.iter().map(ToString::to_string).collect();
        names.sort();
        names
    };
    let rights = &command.credentials.capabilities;
    let words: Vec<_> = std::iter::once(&command.program).chain(&command.arguments).map(|word| lossy(word)).collect();
    let limits: Vec<_> = command.limits.iter().map(|limit| json!({ limit.name(): [limit.soft, limit.hard] })).collect();
    vec![
        ("target", json!(outcome.target)),
        ("joined", json!(outcome.joined)),
        ("shared", json!(outcome.shared)),
        ("skipped", json!(outcome.skipped)),
        ("cgroups", json!(outcome.cgroups.iter().map(|path| lossy(path.as_os_str())).collect::<Vec<_>>())),
        ("doubts", json!(outcome.doubts)),
        ("other_root", json!(opened.root.is_some())),
        ("directory", json!(command.directory.as_ref().map(|path| lossy(path.as_os_str())))),
        ("user", json!(number(ids.user))),
        ("group", json!(number(ids.group))),
        ("groups", json!(ids.groups)),
        ("dropped", json!(capabilities(&rights.drop))),
        ("added", json!(capabilities(&rights.add))),
        ("ambient", json!(capabilities(&rights.ambient))),
        ("no_new_privileges", json!(command.credentials.no_new_privileges)),
        ("seccomp_filters", json!(command.seccomp.as_ref().map(|seccomp| usize::from(seccomp.program().is_some())))),
        ("unknown_system_calls", json!(command.seccomp.as_ref().map(|seccomp| seccomp.unknown().len()))),
        ("limits", json!(limits)),
        ("nice", json!(command.nice)),
        ("oom_score_adj", json!(command.oom_score_adj)),
        ("sealed", json!(command.copy == Copied::Sealed)),
        ("command", json!(words)),
    ]
}

fn is_there(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Array(values) => !values.is_empty(),
        _ => true,
    }
}

/// A value as people read it.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(_) => "yes".to_owned(),
        Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join(" "),
        Value::Object(fields) => {
            let values = fields.iter().map(|(key, value)| match key.as_str() {
                "kind" | "pid" => plain(value),
                "inode" => format!("[{}]", plain(value)),
                "reason" => format!("({})", plain(value)),
                key => format!("{key} {}", plain(value)),
            });
            values.collect::<Vec<_>>().join(" ")
        }
        other => other.to_string(),
    }
}
