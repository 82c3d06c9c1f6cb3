//! Who pause runs as, and whether it takes a user namespace.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;

use caps::{CapSet, Capability};
use launch::Kind;

use registry::file;

use crate::error::Error;

/// pause runs as this user and group in a cluster, too.
pub(super) const NOBODY: u32 = 65535;

/// What pause runs as. Either way without capabilities, and with no way to new ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RunsAs {
    /// 65535:65535, as in a cluster.
    Nobody,
    /// Who we are, in our user namespace, which has no such user or lets nobody become it.
    Ourselves,
    /// The root of a user namespace of its own, in which nobody else is.
    RootOfItsOwn,
}

fn has(capability: Capability) -> bool {
    caps::has_cap(None, CapSet::Effective, capability).unwrap_or(false)
}

/// Whether pods are made without user namespaces, unless they are to have ids of their own.
pub(crate) fn is_admin() -> bool {
    has(Capability::CAP_SYS_ADMIN)
}

/// What is entered of a pod to mount in it what is ours: whoever need not be in its user namespace for that stays out,
/// for what is root's alone is not found from there.
pub(crate) fn entered_to_mount() -> Vec<Kind> {
    if is_admin() { vec![Kind::Mount] } else { vec![Kind::User, Kind::Mount] }
}

/// Who it is to be here.
pub(super) fn runs_pause() -> Result<RunsAs, Error> {
    if !is_admin() {
        return Ok(RunsAs::RootOfItsOwn);
    }
    // Being admin says nothing about ids: in a small user namespace there is hardly one.
    let may_change = has(Capability::CAP_SETUID) && has(Capability::CAP_SETGID);
    let there = may_change
        && (is_of_the_machine() || holds("/proc/self/uid_map")? && holds("/proc/self/gid_map")? && may_set_groups()?);
    Ok(if there { RunsAs::Nobody } else { RunsAs::Ourselves })
}

/// Whether our user namespace is the machine's own, which has every id: a look instead of three files.
///
/// # References
/// user_namespaces(7); the kernel's `include/linux/proc_ns.h`, `PROC_USER_INIT_INO`
fn is_of_the_machine() -> bool {
    const FIRST: u64 = 0xEFFF_FFFD;
    fs::metadata("/proc/self/ns/user").is_ok_and(|found| found.ino() == FIRST)
}

/// Whether our user namespace has this id of everybody's nobody.
fn holds(map: &str) -> Result<bool, Error> {
    Ok(read(map)?.is_none_or(|map| has_id(&map, NOBODY)))
}

/// # References
/// user_namespaces(7): inside, outside, how many
pub(super) fn has_id(map: &str, id: u32) -> bool {
    map.lines().any(|line| {
        let mut numbers = line.split_whitespace().map_while(|number| number.parse::<u32>().ok());
        match (numbers.next(), numbers.next(), numbers.next()) {
            (Some(first), Some(_), Some(length)) => id.checked_sub(first).is_some_and(|offset| offset < length),
            _ => false,
        }
    })
}

/// Whether who made our user namespace has left it the right to change groups.
fn may_set_groups() -> Result<bool, Error> {
    Ok(read("/proc/self/setgroups")?.is_none_or(|text| text.trim() != "deny"))
}

/// The text of a file that kernels without user namespaces do not have.
fn read(path: &str) -> Result<Option<String>, Error> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(file("read", path)(error).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_holds_an_id_or_does_not() {
        for (map, held) in [
            ("         0          0 4294967295\n", true),
            ("         0       1000          1\n", false),
            ("         0       1000          1\n         1     100000      65536\n", true),
            ("         0     100000      65535\n", false),
            ("     65535          7          1\n", true),
            ("", false),
            ("0 0", false),
        ] {
            assert_eq!(has_id(map, NOBODY), held, "{map:?}");
        }
    }
}
