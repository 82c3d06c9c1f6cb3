//! Profiles, and what calls are answered under them.

use std::collections::HashSet;
use std::error::Error;

use libc::{
    SECCOMP_RET_ALLOW as ALLOW, SECCOMP_RET_ERRNO as ERRNO, SECCOMP_RET_KILL_PROCESS as KILL_PROCESS,
    SECCOMP_RET_KILL_THREAD as KILL_THREAD, SECCOMP_RET_LOG as LOG, SECCOMP_RET_TRACE as TRACE,
    SECCOMP_RET_TRAP as TRAP,
};
use serde_json::{Value, json};

use super::{Seccomp, SeccompError};

mod combined;
pub(super) mod evaluate;
mod format;
mod installed;

const EPERM: u32 = ERRNO | 1;
const KERNEL: (u32, u32) = (6, 1);

/// The actions with what the kernel returns for them, the most restrictive first.
const ACTIONS: [(&str, u32); 8] = [
    ("SCMP_ACT_KILL_PROCESS", KILL_PROCESS),
    ("SCMP_ACT_KILL", KILL_THREAD),
    ("SCMP_ACT_KILL_THREAD", KILL_THREAD),
    ("SCMP_ACT_TRAP", TRAP),
    ("SCMP_ACT_ERRNO", EPERM),
    ("SCMP_ACT_TRACE", TRACE | 1),
    ("SCMP_ACT_LOG", LOG),
    ("SCMP_ACT_ALLOW", ALLOW),
];

fn compiled(profile: &Value) -> Seccomp {
    Seccomp::from_json(profile.to_string().as_bytes(), &HashSet::new(), KERNEL)
        .unwrap_or_else(|error| panic!("{}: {profile}", said(&error)))
}

fn said(error: &SeccompError) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line += &format!(": {error}");
        cause = error.source();
    }
    line
}

/// Allows everything but getppid(2), which has EPERM unless these members of the rule say otherwise.
fn refusing(members: &Value) -> Value {
    let mut rule = json!({"names": ["getppid"], "action": "SCMP_ACT_ERRNO"});
    rule.as_object_mut().expect("a rule").extend(members.as_object().expect("members").clone());
    json!({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [rule]})
}
