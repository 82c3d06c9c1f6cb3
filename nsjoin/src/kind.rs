//! The kinds of namespaces: one table that parser, opener and enterer share.

use std::fmt;

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
}

const TABLE: [Row; 8] = [
    Row { kind: Kind::User, name: "user", flag: libc::CLONE_NEWUSER },
    Row { kind: Kind::Cgroup, name: "cgroup", flag: libc::CLONE_NEWCGROUP },
    Row { kind: Kind::Ipc, name: "ipc", flag: libc::CLONE_NEWIPC },
    Row { kind: Kind::Uts, name: "uts", flag: libc::CLONE_NEWUTS },
    Row { kind: Kind::Net, name: "net", flag: libc::CLONE_NEWNET },
    Row { kind: Kind::Pid, name: "pid", flag: libc::CLONE_NEWPID },
    Row { kind: Kind::Mount, name: "mnt", flag: libc::CLONE_NEWNS },
    Row { kind: Kind::Time, name: "time", flag: CLONE_NEWTIME },
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

    fn row(self) -> &'static Row {
        &TABLE[self as usize]
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_stands_in_the_order_of_the_enum() {
        for (index, row) in TABLE.iter().enumerate() {
            assert_eq!(row.kind as usize, index, "{}", row.name);
        }
    }
}
