//! Who carries, and how long it has run.

use std::fs;
use std::path::PathBuf;

use nix::unistd::Pid;

/// Whose CPU time is looked at.
#[derive(Clone, Copy)]
pub(super) enum Carrier {
    Process(u32),
    /// One of ours.
    Thread(Pid),
}

impl Carrier {
    /// In nanoseconds, all its threads together.
    pub(super) fn ran(self) -> f64 {
        match self {
            Self::Thread(thread) => ran(format!("/proc/self/task/{thread}").into()),
            Self::Process(pid) => {
                let tasks = fs::read_dir(format!("/proc/{pid}/task")).expect("a process");
                tasks.flatten().map(|task| ran(task.path())).sum()
            }
        }
    }
}

/// The first word of a task's schedstat.
fn ran(task: PathBuf) -> f64 {
    let text = fs::read_to_string(task.join("schedstat")).expect("a thread");
    text.split(' ').next().and_then(|word| word.parse().ok()).expect("nanoseconds")
}
