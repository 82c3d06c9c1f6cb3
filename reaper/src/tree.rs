//! Our descendants, as /proc tells of them.

use core::ffi::CStr;
use core::fmt::{self, Write};

use crate::buffer::Buffer;
use crate::sys::file::{self, Fd};
use crate::sys::{self, Errno};
use crate::text::{self, Decimal};

/// As many descendants as are found at a time; who looks again finds others.
const MOST: usize = 1024;
/// As many generations are between us and who is known for a descendant. One further down is known when those
/// between have gone, for then it comes to us.
const DEEPEST: usize = 128;

/// Why nobody knows our descendants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unseen {
    /// /proc cannot be read.
    Unreadable(Errno),
    /// /proc counts pids as another namespace does: what it says of a number is said of somebody else.
    OtherPids,
}

impl fmt::Display for Unseen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(errno) => write!(f, "/proc: {errno}"),
            Self::OtherPids => f.write_str("/proc is of another pid namespace"),
        }
    }
}

impl From<Errno> for Unseen {
    fn from(errno: Errno) -> Self {
        Self::Unreadable(errno)
    }
}

/// Calls this with the pid of every descendant, as far as /proc shows them.
///
/// What is found may have gone by the time of the call, and another may have its pid, unless [`is_child`].
///
/// # Errors
/// Why nobody knows them.
pub fn each_descendant(mut call: impl FnMut(i32)) -> Result<(), Unseen> {
    if !counts_as_we_do()? {
        return Err(Unseen::OtherPids);
    }
    let mut found = [0_i32; MOST];
    let mut count = 0;
    let ours = ours();
    // A parent may stand behind its child in /proc, so it is read until there is nothing new.
    loop {
        let before = count;
        each_process(|pid| {
            if pid == ours || found[..count].contains(&pid) || count == MOST {
                return;
            }
            let parent = parent_of(pid);
            if parent == Some(ours) || parent.is_some_and(|parent| found[..count].contains(&parent)) {
                found[count] = pid;
                count += 1;
            }
        })?;
        if count == before {
            break;
        }
    }
    found[..count].iter().for_each(|pid| call(*pid));
    Ok(())
}

/// Whether this is a child of ours now, a zombie perhaps.
#[must_use]
pub fn is_child(pid: i32) -> bool {
    parent_of(pid) == Some(ours())
}

/// Whether this is a descendant of ours now. Of who holds it by then, and has asked after that, it is known of
/// just the process that is held.
#[must_use]
pub fn is_descendant(pid: i32) -> bool {
    descends(pid, ours(), parent_of)
}

/// Follows parents up to the ancestor, and then looks from above whether each of them is the parent still: one
/// that was so at both times was it all the while, so what was read of it in between was read of no other who
/// got its pid.
fn descends(pid: i32, ancestor: i32, parent_of: impl Fn(i32) -> Option<i32>) -> bool {
    let mut line = [0_i32; DEEPEST];
    let mut length = 0;
    let mut next = pid;
    while next != ancestor {
        let Some(slot) = line.get_mut(length).filter(|_| next > 0) else { return false };
        *slot = next;
        length += 1;
        let Some(parent) = parent_of(next) else { return false };
        next = parent;
    }
    line[..length].windows(2).rev().all(|pair| parent_of(pair[0]) == Some(pair[1]))
}

fn ours() -> i32 {
    #[allow(clippy::cast_possible_truncation, reason = "pids are below 2^22")]
    let ours = sys::getpid() as i32;
    ours
}

/// Whether /proc knows us by one pid, our own: by more where it is of a namespace above, by none of one beside.
fn counts_as_we_do() -> Result<bool, Errno> {
    const PIDS: &[u8] = b"\nNSpid:";
    let status = match file::open(c"/proc/self/status") {
        Err(Errno::ENOENT) if file::exists(c"/proc/uptime") => return Ok(false),
        opened => opened?,
    };
    let mut bytes = [0_u8; 2048];
    let length = file::read(status.number(), &mut bytes)?;
    let place = bytes[..length].windows(PIDS.len()).position(|window| window == PIDS);
    // Before Linux 4.1, and under emulators, there is no such line.
    let Some(place) = place else { return Ok(true) };
    let line = bytes[place + PIDS.len()..length].split(|byte| *byte == b'\n').next().unwrap_or_default();
    let mut pids = line.split(|byte| *byte == b'\t').filter(|pid| !pid.is_empty());
    let first = pids.next().and_then(text::number).and_then(|pid| i32::try_from(pid).ok());
    Ok(first == Some(ours()) && pids.next().is_none())
}

/// Calls this with every pid in /proc.
fn each_process(mut call: impl FnMut(i32)) -> Result<(), Errno> {
    let proc = file::open(c"/proc")?;
    let mut entries = [0_u8; 2048];
    loop {
        let length = file::entries(&proc, &mut entries)?;
        if length == 0 {
            return Ok(());
        }
        let mut rest = &entries[..length];
        // Of `struct linux_dirent64`: the length of the entry in bytes 16 and 17, the name from byte 19 on.
        while let Some(&[low, high]) = rest.get(16..18) {
            let length = usize::from(u16::from_ne_bytes([low, high]));
            let name = rest.get(19..length).and_then(|name| CStr::from_bytes_until_nul(name).ok());
            let pid = name.and_then(|name| text::number(name.to_bytes()));
            if let Some(pid) = pid.and_then(|pid| i32::try_from(pid).ok()) {
                call(pid);
            }
            let Some(more) = rest.get(length..).filter(|_| length > 0) else { break };
            rest = more;
        }
    }
}

/// The parent of a process: what stands behind its name and state in /proc/PID/stat.
fn parent_of(pid: i32) -> Option<i32> {
    let mut path = Buffer::<32>::new();
    write!(path, "/proc/{}/stat\0", Decimal::from(pid)).ok()?;
    let stat: Fd = file::open(CStr::from_bytes_until_nul(path.bytes()).ok()?).ok()?;
    let mut bytes = [0_u8; 128];
    let length = file::read(stat.number(), &mut bytes).ok()?;
    // The name may hold anything, a closing parenthesis too, but it is the last one that ends it.
    let behind = bytes[..length].iter().rposition(|byte| *byte == b')')?;
    let mut fields = bytes[behind..length].split(|byte| *byte == b' ');
    fields.nth(2).and_then(text::number).and_then(|pid| i32::try_from(pid).ok())
}

#[cfg(test)]
mod tests {
    extern crate std;
    use core::cell::RefCell;
    use std::vec::Vec;

    use super::*;

    /// Whether 30 descends from 1 where these parents are read, one after the other.
    fn told(reads: &[(i32, Option<i32>)]) -> bool {
        let reads = RefCell::new(reads.iter().collect::<Vec<_>>().into_iter());
        let answer = descends(30, 1, |pid| {
            let (expected, parent) = reads.borrow_mut().next().expect("no more is read than that");
            assert_eq!(pid, *expected);
            *parent
        });
        assert!(reads.borrow_mut().next().is_none(), "less is read than that");
        answer
    }

    #[test]
    fn parents_lead_to_the_ancestor_and_are_looked_at_again() {
        assert!(told(&[(30, Some(1))]));
        assert!(told(&[(30, Some(20)), (20, Some(10)), (10, Some(1)), (20, Some(10)), (30, Some(20))]));
    }

    #[test]
    fn who_does_not_come_from_us_is_no_descendant() {
        assert!(!told(&[(30, None)]));
        assert!(!told(&[(30, Some(20)), (20, Some(0))]));
        assert!(!descends(30, 1, |pid| Some(pid + 1)), "it never ends");
    }

    #[test]
    fn a_parent_whose_pid_has_become_anothers_is_not_believed() {
        // 20 ended between the two looks, its pid is now somebody's of ours, and 30 went to whom it was left.
        assert!(!told(&[(30, Some(20)), (20, Some(1)), (30, Some(7))]));
        assert!(!told(&[(30, Some(20)), (20, Some(10)), (10, Some(1)), (20, None)]));
    }

    #[test]
    fn proc_of_our_own_namespace_knows_us() {
        assert_eq!(counts_as_we_do(), Ok(true));
        assert!(!is_child(ours()) && !is_descendant(1));
        assert!(is_descendant(ours()));
    }
}
