//! What must be true when a fault has struck: the case model, and nothing else. Everything here is
//! decided from what was seen; nothing here looks.
//!
//! - The command ends in bounded time, by itself, with a documented code; a failure is one line.
//! - It says 0 only when what it promised is true.
//! - The next command works, about every pod: what is listed is there, what is published is listened
//!   to, workloads run on, and none of their lines is lost.
//! - After `pod delete --now` and a sweep, nothing is left.

mod manifests;

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::place::{End, Ran};
use crate::strike::{Blow, Report, Struck};
use crate::verbs::{POD, Promise, Verb, Victim, WORKLOAD};
use crate::world::{Process, Role};

pub(crate) use manifests::{
    Spoken, Standing, of_doubles, of_the_gone, of_the_kept, of_the_map, of_the_port, of_the_spoken, of_the_standing,
    of_the_word,
};

/// A promise that was not kept: its kind, for counting, and what was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    pub(crate) kind: String,
    pub(crate) seen: String,
}

impl Violation {
    pub(crate) fn new(kind: impl Into<String>, seen: impl Into<String>) -> Self {
        Self { kind: kind.into(), seen: seen.into() }
    }
}

/// The codes of our own failures, by docs/EXIT-CODES.md.
const OUR_CODES: [i32; 4] = [125, 126, 127, 2];

/// A pod, as `pod get` shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pod {
    pub(crate) name: String,
    pub(crate) running: bool,
    pub(crate) pause: Option<i32>,
    pub(crate) ports: Vec<u16>,
    pub(crate) workloads: Vec<Workload>,
}

/// A workload, as `pod get` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Workload {
    pub(crate) name: String,
    pub(crate) running: bool,
    pub(crate) process: Option<i32>,
    /// Whether it is shown to have been killed.
    pub(crate) killed: bool,
}

/// What a talking workload has said, by its own account and by its log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Talk {
    /// The number of its last line, by its own account.
    pub(crate) said: u64,
    /// How many of the lines until then its log lacks.
    pub(crate) missing: u64,
}

/// What there is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) pods: Vec<Pod>,
    pub(crate) processes: Vec<Process>,
    pub(crate) listeners: BTreeSet<u16>,
    pub(crate) unix_listeners: usize,
    pub(crate) mounts: usize,
    pub(crate) links: Vec<String>,
    pub(crate) leases: Vec<String>,
    pub(crate) tables: Vec<String>,
    pub(crate) cgroups: Vec<String>,
    pub(crate) entries: Vec<String>,
    pub(crate) talk: Option<Talk>,
}

/// Whether a verb ends so that fails as kubectl's does.
fn is_kubectls(verb: &Verb, code: i32) -> bool {
    verb.has_manifest() && code == 1
}

/// Of how a command ended in which a call failed.
pub(crate) fn of_the_end(verb: &Verb, struck: &Struck, ran: &Ran) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut broken = |kind: &str| violations.push(Violation::new(kind, format!("{:?}: {}", ran.end, ran.said())));
    if ran.err.contains("panicked") {
        broken("panic");
    }
    match ran.end {
        End::Hung => broken("hang"),
        End::Signaled(signal) => broken(&format!("died of signal {signal}")),
        End::Exited(code) if verb.codes.contains(&code) => {}
        End::Exited(code) if OUR_CODES.contains(&code) || is_kubectls(verb, code) => match lines(&ran.err) {
            1 => {}
            lines => broken(&format!("{lines} lines for one failure")),
        },
        End::Exited(code) => broken(&format!("exit code {code}, which is none of ours")),
    }
    violations.retain(|_| !is_of_the_start(struck, ran));
    violations
}

/// The lines of a failure but for its hint.
pub(crate) fn lines(err: &str) -> usize {
    err.lines().filter(|line| !line.trim().is_empty() && !line.starts_with("hint:")).count()
}

/// Where the C library's or std's own conduct is what is seen, and not ours: a call, whether only
/// before main, what is said there if anything, and why it stays.
pub(crate) struct Excuse {
    pub(crate) calls: &'static [&'static str],
    pub(crate) before_main: bool,
    /// Whether it may also wait for ever.
    pub(crate) hangs: bool,
    pub(crate) says: &'static str,
    pub(crate) reason: &'static str,
}

pub(crate) const EXCUSES: &[Excuse] = &[
    Excuse {
        calls: &[],
        before_main: true,
        hangs: false,
        says: "",
        reason: "before main, the C library and std end the process by a signal when they cannot start; nothing was done yet",
    },
    Excuse {
        calls: &["brk", "mmap", "mremap", "munmap", "mprotect", "madvise"],
        before_main: false,
        hangs: false,
        says: "",
        reason: "Rust's runtime aborts where there is no memory",
    },
    Excuse {
        calls: &["futex"],
        before_main: false,
        hangs: true,
        says: "",
        reason: "std's locks trust that who is woken by futex(2) is woken, and the kernel never lets that fail",
    },
    Excuse {
        calls: &["close"],
        before_main: false,
        hangs: false,
        says: "unexpected error during closedir",
        reason: "std aborts when closedir(3) fails, which the kernel never lets it",
    },
    Excuse {
        calls: &["rseq", "set_robust_list"],
        before_main: false,
        hangs: false,
        says: "Fatal glibc error",
        reason: "the C library ends a program of which a thread cannot begin, and the kernel never lets that fail",
    },
    Excuse {
        calls: &["getrandom"],
        before_main: false,
        hangs: false,
        says: "failed to generate random data",
        reason: "std panics where a set has no random keys, and the kernel never lets getrandom(2) fail so",
    },
    Excuse {
        calls: &["clock_nanosleep"],
        before_main: false,
        hangs: false,
        says: "library/std/src/sys/thread/unix.rs",
        reason: "std panics where a sleep fails that no signal has cut short, and the kernel never lets it",
    },
];

impl Excuse {
    /// In one line.
    pub(crate) fn told(&self) -> String {
        let calls = if self.calls.is_empty() { "any call".to_owned() } else { self.calls.join(", ") };
        format!("{calls}{}: {}", if self.before_main { " before main" } else { "" }, self.reason)
    }
}

/// Whether how it ended is not ours to answer for; what it left behind always is.
pub(crate) fn is_of_the_start(struck: &Struck, ran: &Ran) -> bool {
    excuse(struck, ran).is_some_and(|excuse| excuse.hangs || ran.end != End::Hung)
}

fn excuse(struck: &Struck, ran: &Ran) -> Option<&'static Excuse> {
    EXCUSES.iter().find(|excuse| {
        let call = excuse.calls.is_empty() || excuse.calls.contains(&struck.call.as_str());
        // What has no C library has no start but its own.
        let library = matches!(struck.program.as_str(), "pod" | "nsjoin");
        library && call && (struck.starting || !excuse.before_main) && ran.err.contains(excuse.says)
    })
}

/// Of the next command.
pub(crate) fn of_the_next(next: &Ran) -> Vec<Violation> {
    if next.ok() {
        return Vec::new();
    }
    vec![Violation::new("the next command fails", format!("{}: {:?}: {}", next.words, next.end, next.said()))]
}

/// Of what is said to a workload by its published port.
pub(crate) fn of_the_carried(talk: &Ran) -> Vec<Violation> {
    if talk.ok() { Vec::new() } else { vec![Violation::new("a published port is not answered", talk.said())] }
}

/// Of the images that are listed: names of those whose name was promised, and of no other.
pub(crate) fn of_the_images(verb: &Verb, ran: &Ran, names: &[String]) -> Vec<Violation> {
    let has = |name: &str| names.iter().any(|listed| listed == name);
    match verb.promise {
        Promise::Image(name) if ran.ok() && !has(name) => {
            vec![Violation::new("says that it is here, and there is no such image", names.join(" "))]
        }
        Promise::NoImage(name) if ran.ok() && has(name) => {
            vec![Violation::new("says that it is removed, and the image is listed", names.join(" "))]
        }
        Promise::Added if verb.has_image() && names.is_empty() => {
            vec![Violation::new("the image is lost", ran.said())]
        }
        _ => Vec::new(),
    }
}

/// Of the layers that are unpacked: each is one of those that are known to be whole.
pub(crate) fn of_the_layers(known: &[String], found: &[String]) -> Vec<Violation> {
    let half = found.iter().filter(|layer| !known.contains(layer));
    half.map(|layer| Violation::new("a layer is half there", layer.clone())).collect()
}

/// Of a store whose images were all removed.
pub(crate) fn of_the_emptied(left: &[String]) -> Vec<Violation> {
    if left.is_empty() {
        return Vec::new();
    }
    vec![Violation::new("something of an image is left", left.join(" "))]
}

/// Of what there is after the next command.
pub(crate) fn of_what_there_is(verb: &Verb, blow: Blow, report: &Report, seen: &Seen) -> Vec<Violation> {
    let ran = &report.ran;
    let mut violations = Vec::new();
    let mut broken = |kind: &str, what: String| violations.push(Violation::new(kind, what));
    let pod = seen.pods.iter().find(|pod| pod.name == POD);
    let workload = pod.and_then(|pod| pod.workloads.iter().find(|workload| workload.name == WORKLOAD));
    let says_ok = ran.ok();
    match verb.promise {
        Promise::Created if says_ok && pod.is_none() => broken("says created, and there is no pod", ran.out.clone()),
        // One that cannot say so has created it all the same.
        Promise::Created if failed(ran, blow) && pod.is_some() && !ran.err.contains("cannot write the output") => {
            broken("create failed, and the pod is there", ran.said());
        }
        Promise::Added if says_ok && workload.is_none() => {
            broken("says started, and there is no workload", ran.out.clone())
        }
        Promise::Deleted if says_ok && pod.is_some() => broken("says deleted, and the pod is listed", ran.out.clone()),
        Promise::Deleted if says_ok && seen.processes.iter().any(|process| process.role == Role::Pause) => {
            broken("says deleted, and pause runs on", format!("{:?}", seen.processes));
        }
        Promise::Kept if verb.has_pod() && pod.is_none() => broken("the pod is lost", String::new()),
        Promise::Added | Promise::Moved if pod.is_none() => broken("the pod is lost", String::new()),
        _ => {}
    }
    if verb.promise == Promise::Kept && verb.has_workload() && workload.is_none() {
        broken("the workload is lost", String::new());
    }
    // A pod that is half deleted is owed no more than its end.
    let killed = report.struck.as_ref().filter(|_| blow == Blow::KillCaller).map(becoming);
    if verb.promise != Promise::Deleted {
        of_the_pods(&seen.pods, killed, &mut broken);
    }
    of_the_ports(verb, seen, &mut broken);
    if verb.promise == Promise::Moved {
        of_the_moved(ran, pod, seen, &mut broken);
    }
    of_the_processes(verb, seen, &mut broken);
    if let Some(talk) = seen.talk.filter(|talk| talk.missing > 0) {
        broken("lines of a workload are lost", format!("{} of {}", talk.missing, talk.said));
    }
    violations
}

/// Whether it failed in words of its own, rather than was killed.
fn failed(ran: &Ran, blow: Blow) -> bool {
    matches!(blow, Blow::Fail(_)) && matches!(ran.end, End::Exited(code) if code != 0)
}

/// What a process is, or is about to be: who executes pause is as good as pause.
fn becoming(struck: &Struck) -> &str {
    if struck.call.starts_with("execve") { "pause" } else { &struck.program }
}

/// What is listed runs, but for who was killed: pause, or who was just about to become the workload.
fn of_the_pods(pods: &[Pod], killed: Option<&str>, broken: &mut impl FnMut(&str, String)) {
    for pod in pods {
        if !pod.running && killed != Some("pause") {
            broken("a pod is dead", pod.name.clone());
        }
        let was_ours = |workload: &Workload| workload.killed && killed.is_some();
        for workload in pod.workloads.iter().filter(|workload| !workload.running && !was_ours(workload)) {
            let never = workload.process.is_none();
            broken(
                if never { "a workload that never ran is listed" } else { "a workload has ended" },
                format!("{workload:?}"),
            );
        }
    }
}

/// What is shown as carried is listened to.
fn of_the_ports(verb: &Verb, seen: &Seen, broken: &mut impl FnMut(&str, String)) {
    let running = seen.pods.iter().filter(|pod| pod.running);
    let published: BTreeSet<u16> = running.flat_map(|pod| pod.ports.iter().copied()).collect();
    let silent: Vec<_> = published.difference(&seen.listeners).collect();
    if verb.promise != Promise::Deleted && !silent.is_empty() {
        broken("published ports are not listened to", format!("{silent:?}"));
    }
}

/// Of two ports one is another, or none is; and what was removed is closed.
fn of_the_moved(ran: &Ran, pod: Option<&Pod>, seen: &Seen, broken: &mut impl FnMut(&str, String)) {
    let ports = pod.map(|pod| pod.ports.as_slice()).unwrap_or_default();
    // Where nobody carries them just now they are not shown as ports that are.
    if !ports.is_empty() && ports.len() != 2 {
        broken("a change of ports is half done", format!("{ports:?}"));
    }
    let removed = ran.words.split_whitespace().last().and_then(|word| word.parse::<u16>().ok());
    if let Some(removed) = removed.filter(|_| ran.ok()) {
        if ports.contains(&removed) {
            broken("says removed, and the port is published", removed.to_string());
        }
        if seen.listeners.contains(&removed) {
            broken("says removed, and the port is listened to", removed.to_string());
        }
    }
}

/// No pod has two of what it may have one, and knows what runs in it.
fn of_the_processes(verb: &Verb, seen: &Seen, broken: &mut impl FnMut(&str, String)) {
    for (role, kind) in [
        (Role::Supervisor, "a second supervisor"),
        (Role::Forwarder, "a second forwarder"),
        // One network is made at most.
        (Role::Resolver, "a second resolver"),
        (Role::Pasta, "a second pasta"),
    ] {
        let found: Vec<_> = seen.processes.iter().filter(|process| process.role == role).collect();
        if verb.promise != Promise::Deleted && found.len() > seen.pods.len() && !seen.pods.is_empty() {
            broken(kind, format!("{found:?}"));
        }
    }
    let known: Vec<i32> =
        seen.pods.iter().flat_map(|pod| pod.workloads.iter().filter_map(|workload| workload.process)).collect();
    let unknown: Vec<_> =
        seen.processes.iter().filter(|process| process.role == Role::Other && !known.contains(&process.pid)).collect();
    if verb.promise != Promise::Deleted && !seen.pods.is_empty() && !unknown.is_empty() {
        broken("a process that no pod knows", format!("{unknown:?}"));
    }
}

/// Of the command that deletes what the fault has left.
pub(crate) fn of_the_delete(delete: &Ran) -> Vec<Violation> {
    let none = delete.end == End::Exited(125) && lines(&delete.err) == 1 && delete.err.contains("no pod");
    if delete.ok() || none {
        return Vec::new();
    }
    vec![Violation::new("delete --now fails", format!("{:?}: {}", delete.end, delete.said()))]
}

/// Nothing is left.
pub(crate) fn nothing_is_left(before: &Seen, seen: &Seen) -> Vec<Violation> {
    let mut left: BTreeMap<&str, String> = BTreeMap::new();
    for process in &seen.processes {
        let kind = match process.role {
            Role::Pause => "pause is left",
            Role::Attendant => "an attendant is left",
            Role::Prober => "a prober is left",
            Role::Supervisor => "a supervisor is left",
            Role::Forwarder => "a forwarder is left",
            Role::Resolver => "a resolver is left",
            Role::Pasta => "pasta is left",
            Role::Other => "a process is left",
        };
        left.entry(kind).or_default().push_str(&format!("{} {} ", process.pid, process.command));
    }
    if seen.mounts != before.mounts {
        left.insert("a mount is left", format!("{} instead of {}", seen.mounts, before.mounts));
    }
    let listeners: Vec<_> = seen.listeners.difference(&before.listeners).collect();
    if !listeners.is_empty() {
        left.insert("a listener is left", format!("{listeners:?}"));
    }
    if !seen.links.is_empty() {
        left.insert("a link is left", seen.links.join(" "));
    }
    if !seen.leases.is_empty() {
        left.insert("what a plugin made is left", seen.leases.join(" "));
    }
    if !seen.tables.is_empty() {
        left.insert("a table of nft's is left", seen.tables.join(" "));
    }
    if seen.unix_listeners > before.unix_listeners {
        left.insert("a socket is left", seen.unix_listeners.to_string());
    }
    if !seen.entries.is_empty() {
        left.insert("an entry is left", seen.entries.join(" "));
    }
    let cgroups: Vec<_> = seen.cgroups.iter().filter(|cgroup| !before.cgroups.contains(cgroup)).collect();
    if !cgroups.is_empty() {
        left.insert("a cgroup is left", format!("{cgroups:?}"));
    }
    left.into_iter().map(|(kind, seen)| Violation::new(kind, seen)).collect()
}

/// Whether a workload's log is to be compared with what it has said. A disk that is full, or broken, keeps no lines.
pub(crate) fn is_listened_to(verb: &Verb, blow: Blow) -> bool {
    !matches!(blow, Blow::Fail(_))
        && verb.talks()
        && verb.victim == Victim::Supervisor
        && verb.promise != Promise::Deleted
}

#[cfg(test)]
mod tests;
