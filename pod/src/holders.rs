//! Who keeps a pod from ending.
//!
//! The kernel lets go of a pid namespace when the last process in it has been reaped. One that came
//! in from outside, by `pod exec` say, is reaped by its parent outside: if that is stopped, or never
//! reaps, or if the process itself is frozen or waits for a disk, the pause process waits with it.

use std::fmt;
use std::fs;
use std::os::unix::fs::MetadataExt;

use nix::unistd::geteuid;
use procfs::process::{Process, all_processes};

/// A process that is not gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    pid: i32,
    name: String,
    state: char,
    /// Who is to reap it.
    parent: Option<(i32, String, char)>,
}

impl Holder {
    pub(crate) fn of(pid: i32) -> Self {
        let (name, state, parent) = look(pid).unwrap_or(("?".to_owned(), '?', 0));
        let parent = look(parent).map(|(name, state, _)| (parent, name, state));
        Self { pid, name, state, parent }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {} ({}) ", self.pid, self.name)?;
        match (self.state, &self.parent) {
            ('Z', Some((pid, name, state))) => {
                write!(f, "has ended, and process {pid} ({name}) does not reap it")?;
                if matches!(state, 'T' | 't') { f.write_str(": it is stopped") } else { Ok(()) }
            }
            ('D', _) => f.write_str("is frozen, or waits for a disk"),
            ('T' | 't', _) => f.write_str("is stopped"),
            (state, _) => write!(f, "is not gone (state {state})"),
        }
    }
}

/// A process's name, state and parent.
fn look(pid: i32) -> Option<(String, char, i32)> {
    let stat = Process::new(pid).ok()?.stat().ok()?;
    Some((stat.comm, stat.state, stat.ppid))
}

/// Who is in a pod's pid namespace, or one within it; asked before it ends by who may not ask afterwards:
/// of what has ended, only root may see the namespaces.
pub(crate) fn members(pause: i32) -> Vec<i32> {
    if geteuid().is_root() {
        return Vec::new();
    }
    inode(pause).map(|namespace| within(pause, namespace)).unwrap_or_default()
}

/// Those that the end of this pause process waits for, as far as /proc tells; of these one may know
/// members from before.
pub(crate) fn holders(pause: i32, members: &[i32]) -> Vec<Holder> {
    let mut left = inode(pause).map(|namespace| within(pause, namespace)).unwrap_or_default();
    left.extend(members.iter().filter(|pid| look(**pid).is_some()));
    left.sort_unstable();
    left.dedup();
    if left.is_empty() {
        left.push(pause);
    }
    left.into_iter().map(Holder::of).collect()
}

/// All but this process that are in the namespace, or in one within it.
fn within(pause: i32, namespace: u64) -> Vec<i32> {
    let processes = all_processes().into_iter().flatten().flatten().map(|process| process.pid);
    processes.filter(|pid| *pid != pause && is_within(*pid, namespace)).collect()
}

fn inode(pid: i32) -> Option<u64> {
    fs::metadata(format!("/proc/{pid}/ns/pid")).ok().map(|found| found.ino())
}

/// Whether a process is in this pid namespace, or in one that is within it.
fn is_within(pid: i32, namespace: u64) -> bool {
    let Ok(mut file) = fs::File::open(format!("/proc/{pid}/ns/pid")) else { return false };
    loop {
        match file.metadata() {
            Ok(found) if found.ino() == namespace => return true,
            Ok(_) => {}
            Err(_) => return false,
        }
        match crate::sys::parent_namespace(&file) {
            Some(parent) => file = parent.into(),
            None => return false,
        }
    }
}
