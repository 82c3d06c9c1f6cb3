//! The kinds of namespaces: one table that parser, opener and enterer share.

use std::ffi::CStr;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A kind of namespace.
///
/// The order is the one in which namespaces are entered one by one: the user namespace first,
/// because it gives the right to the others, and the mount namespace late, because after it no
/// path means what it meant.
///
/// # References
/// namespaces(7)
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// User and group ids, capabilities.
    User,
    /// The root of the cgroup tree as processes see it.
    Cgroup,
    /// System V queues, semaphores and shared memory; POSIX message queues.
    Ipc,
    /// Hostname and domain name.
    Uts,
    /// Network devices, addresses, routes, ports.
    Net,
    /// Process ids. Entered by children only, so entering it takes a fork.
    Pid,
    /// Mounts.
    #[serde(rename = "mnt")]
    Mount,
    /// The offsets of the monotonic and boot-time clocks.
    Time,
}

struct Row {
    kind: Kind,
    /// As in `/proc/PID/ns`, and in every message.
    name: &'static str,
    flag: libc::c_int,
    /// How command lines select it, as nsenter's do: the letter, the word, and what the help says.
    letter: char,
    long: &'static str,
    about: &'static str,
    /// Below /proc, what a process that has entered one is in.
    link: &'static CStr,
    /// The numbers of the ioctl(2) requests by which a pidfd leads to that of its process, and to what
    /// `link` leads to. Linux 6.11.
    by_pidfd: u8,
    next_by_pidfd: u8,
}

const TABLE: [Row; 8] = [
    Row {
        kind: Kind::User,
        name: "user",
        flag: libc::CLONE_NEWUSER,
        letter: 'U',
        long: "user",
        about: "user namespace: ids and capabilities",
        link: c"self/ns/user",
        by_pidfd: 9,
        next_by_pidfd: 9,
    },
    Row {
        kind: Kind::Cgroup,
        name: "cgroup",
        flag: libc::CLONE_NEWCGROUP,
        letter: 'C',
        long: "cgroup",
        about: "cgroup namespace: the root of the cgroup tree",
        link: c"self/ns/cgroup",
        by_pidfd: 1,
        next_by_pidfd: 1,
    },
    Row {
        kind: Kind::Ipc,
        name: "ipc",
        flag: libc::CLONE_NEWIPC,
        letter: 'i',
        long: "ipc",
        about: "IPC namespace: queues, semaphores, shared memory",
        link: c"self/ns/ipc",
        by_pidfd: 2,
        next_by_pidfd: 2,
    },
    Row {
        kind: Kind::Uts,
        name: "uts",
        flag: libc::CLONE_NEWUTS,
        letter: 'u',
        long: "uts",
        about: "UTS namespace: hostname and domain name",
        link: c"self/ns/uts",
        by_pidfd: 10,
        next_by_pidfd: 10,
    },
    Row {
        kind: Kind::Net,
        name: "net",
        flag: libc::CLONE_NEWNET,
        letter: 'n',
        long: "net",
        about: "network namespace",
        link: c"self/ns/net",
        by_pidfd: 4,
        next_by_pidfd: 4,
    },
    Row {
        kind: Kind::Pid,
        name: "pid",
        flag: libc::CLONE_NEWPID,
        letter: 'p',
        long: "pid",
        about: "pid namespace",
        link: c"self/ns/pid_for_children",
        by_pidfd: 5,
        next_by_pidfd: 6,
    },
    Row {
        kind: Kind::Mount,
        name: "mnt",
        flag: libc::CLONE_NEWNS,
        letter: 'm',
        long: "mount",
        about: "mount namespace",
        link: c"self/ns/mnt",
        by_pidfd: 3,
        next_by_pidfd: 3,
    },
    Row {
        kind: Kind::Time,
        name: "time",
        flag: CLONE_NEWTIME,
        letter: 'T',
        long: "time",
        about: "time namespace: offsets of the clocks since boot",
        link: c"self/ns/time",
        by_pidfd: 7,
        next_by_pidfd: 7,
    },
];

/// Not in the libc crate for every C library.
const CLONE_NEWTIME: libc::c_int = 0x80;

impl Kind {
    /// Every kind, in the order of entering.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|row| row.kind)
    }

    /// The name in `/proc/PID/ns`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// The `CLONE_NEW…` flag.
    #[must_use]
    pub fn flag(self) -> i32 {
        self.row().flag
    }

    /// The letter that selects it on a command line.
    #[must_use]
    pub fn letter(self) -> char {
        self.row().letter
    }

    /// The word that selects it on a command line.
    #[must_use]
    pub fn long(self) -> &'static str {
        self.row().long
    }

    /// What it is, in a few words.
    #[must_use]
    pub fn about(self) -> &'static str {
        self.row().about
    }

    /// The kind of this `CLONE_NEW…` flag.
    #[must_use]
    pub fn of_flag(flag: i32) -> Option<Self> {
        TABLE.iter().find(|row| row.flag == flag).map(|row| row.kind)
    }

    /// The link, below /proc, that tells a process which of these it is in or, where that takes being
    /// made there, its children will be.
    pub fn link(self) -> &'static CStr {
        self.row().link
    }

    /// The number of the request by which a pidfd leads to that of its process.
    pub fn by_pidfd(self) -> u8 {
        self.row().by_pidfd
    }

    /// The number of the request by which a pidfd leads to what [`Kind::link`] does.
    pub fn next_by_pidfd(self) -> u8 {
        self.row().next_by_pidfd
    }

    fn row(self) -> &'static Row {
        &TABLE[self as usize]
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What was given names no kind of namespace.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no kind of namespace")]
pub struct InvalidKind(String);

impl FromStr for Kind {
    type Err = InvalidKind;

    /// By its name in `/proc/PID/ns`.
    fn from_str(text: &str) -> Result<Self, InvalidKind> {
        Self::all().find(|kind| kind.name() == text).ok_or_else(|| InvalidKind(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_stands_in_the_order_of_the_enum() {
        for (index, row) in TABLE.iter().enumerate() {
            assert_eq!(row.kind as usize, index, "{}", row.name);
            assert_eq!(Kind::of_flag(row.flag), Some(row.kind));
        }
    }
    #[test]
    fn a_kind_is_found_by_its_name_only() {
        for kind in Kind::all() {
            assert_eq!(kind.name().parse(), Ok(kind));
        }
        assert!(["", "mount", "Net", "net "].iter().all(|text| text.parse::<Kind>().is_err()));
    }
}
