//! What there is to choose of the surroundings that a command is launched in.

use std::ffi::OsString;
use std::os::fd::OwnedFd;

/// Where the environment comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    /// Ours.
    Ours,
    /// That which the target was started with.
    Targets,
    /// None.
    Empty,
}

/// The session and process group of the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Session {
    /// Ours, and with it our terminal.
    Ours,
    /// One of its own, without a terminal but for that which [`Command::terminal`](crate::Command::terminal) gives it.
    New,
}

/// Whether the command gets a pid namespace of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnPids {
    /// No: it lives in the target's, if that is joined, else in ours.
    No,
    /// Yes: it is PID 1 of a new one, within the target's if that is joined, and has a fresh /proc of
    /// it in a mount namespace of its own.
    Yes,
}

/// Whether the command gets a /proc of the pid namespace it is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnProc {
    /// No: it has that of its mount namespace.
    No,
    /// Yes, in a mount namespace of its own, a copy of the one it is in.
    Yes,
}

/// Whose child the command is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parent {
    /// Ours: we wait for it.
    Us,
    /// Ours, and when we end it is killed. That is the thread that spawns it: when that one ends the kernel
    /// kills the command, though others of the process go on.
    UsToTheEnd,
    /// Where a pid namespace is joined, that one's init's; else, once we have ended, that of who
    /// takes our orphans. It can be watched by its pidfd, but not waited for.
    Init,
}

/// From what the command is executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Copied {
    /// The file, looked up inside.
    No,
    /// A sealed copy in memory of the file, looked up before joining: nobody inside can write to the
    /// original by way of `/proc/PID/exe`. It cannot be a script.
    Sealed,
}

/// A security label for the command, from the moment that it is executed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Label {
    /// This AppArmor profile.
    AppArmor(String),
    /// This SELinux context.
    SeLinux(String),
    /// The target's SELinux context; nothing where the kernel has no SELinux.
    Follow,
}

/// A control group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cgroup {
    /// The target's, in every hierarchy in which it is not ours.
    Targets,
    /// The one of this path: in the unified hierarchy and in each of version 1 that has one of it, or
    /// in those of the controllers named before a colon (`memory,cpu:/web`).
    Named(OsString),
}

/// A file in which the command's process leaves word of itself before it executes the command:
/// whoever is killed in between, the word is there.
#[derive(Debug)]
pub enum Record {
    /// Its line of `/proc/PID/stat`, as our /proc counts pids.
    Stat(OwnedFd),
    /// Its pid, as our /proc counts, and a newline.
    Pid(OwnedFd),
}
