//! The programs beside ours, and what they say of themselves.

use std::path::Path;
use std::process::{Command, Stdio};

use fixtures::find;

use crate::place::{INITS, PAUSES, RUNTIMES, named_in};
use crate::session::Session;

/// Which there may be. The first word that is no option of theirs is what they are asked for their version by.
const PROGRAMS: [&str; 15] = [
    "unshare",
    "nsenter",
    "bwrap",
    "runc",
    "crun",
    "podman",
    "docker",
    "dockerd",
    "containerd",
    "umoci",
    "docker-registry",
    "catatonit",
    "tini",
    "dumb-init",
    "cc",
];

/// Says who is here.
pub(crate) fn introduce(session: &mut Session) {
    for program in PROGRAMS {
        if let Some(path) = find(program) {
            session.introduce(program, &version(&path));
        }
    }
    for path in [PAUSES, INITS, RUNTIMES].into_iter().flat_map(named_in) {
        session.introduce(&name_of(&path), &format!("{} ({})", version(&path), path.display()));
    }
}

/// What a program is called by in the tables.
pub(crate) fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The first line that it prints.
fn version(path: &Path) -> String {
    // Kubernetes' pause knows the letter only, and would wait for ever without it.
    let word = if name_of(path).starts_with("pause") { "-v" } else { "--version" };
    let ran = Command::new(path).arg(word).stdin(Stdio::null()).output();
    let said = ran.map(|ran| String::from_utf8_lossy(&[ran.stdout, ran.stderr].concat()).into_owned());
    said.unwrap_or_default().lines().next().unwrap_or("?").trim().to_owned()
}
