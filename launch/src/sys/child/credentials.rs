//! In the child: who the command runs as, and with which rights.
//!
//! By raw calls: the C library's would make the threads of our parent follow.

use std::ffi::{CStr, c_int, c_long, c_ulong};
use std::os::fd::RawFd;

use nix::errno::Errno;

use crate::op::Kept;
use crate::sys::write_below;

/// The three sets that capset(2) takes.
#[derive(Clone, Copy)]
struct Sets {
    effective: u64,
    permitted: u64,
    inheritable: u64,
}

/// Maps ids into the user namespace that we are in.
///
/// # References
/// `user_namespaces`(7): who has no privilege outside must first give up setgroups.
pub(super) fn map_ids(proc: RawFd, uid: &[u8], gid: &[u8]) -> Result<(), Errno> {
    let files: [(&CStr, &[u8]); 3] = [(c"self/setgroups", b"deny"), (c"self/uid_map", uid), (c"self/gid_map", gid)];
    files.into_iter().try_for_each(|(path, text)| write_below(proc, path, text))
}

pub(super) fn demand(demanded: u64) -> Result<(), Errno> {
    if demanded & !sets()?.permitted == 0 { Ok(()) } else { Err(Errno::EPERM) }
}

pub(super) fn take_groups(groups: &[libc::gid_t]) -> Result<(), Errno> {
    // SAFETY: the kernel reads as many ids as are said to be there.
    Errno::result(unsafe { libc::syscall(libc::SYS_setgroups, groups.len(), groups.as_ptr()) }).map(drop)
}

/// Takes an id, as the real, the effective and the saved one.
pub(super) fn take(call: c_long, id: u32) -> Result<(), Errno> {
    // SAFETY: takes three numbers.
    Errno::result(unsafe { libc::syscall(call, id, id, id) }).map(drop)
}

/// Sets the capabilities, from those that there are now.
pub(super) fn set(kept: Kept) -> Result<(), Errno> {
    let now = sets()?;
    let ambient = if kept.all_ambient { now.permitted } else { 0 };
    let ambient = (ambient | kept.ambient) & !kept.removed;
    let permitted = now.permitted & !kept.removed;
    let wanted = Sets {
        effective: if kept.effective { permitted } else { now.effective & permitted },
        permitted,
        // What is inheritable beyond what is ambient is a trap for whoever executes a file that has
        // capabilities of its own (CVE-2022-29162).
        inheritable: ambient | (now.inheritable & ambient_among(now.inheritable) & !kept.removed),
    };
    wanted.set(now)?;
    for capability in bits(ambient) {
        prctl(libc::PR_CAP_AMBIENT, libc::PR_CAP_AMBIENT_RAISE as c_ulong, capability)?;
    }
    Ok(())
}

pub(super) fn filter(program: &libc::sock_fprog) -> Result<(), Errno> {
    let mode = c_long::from(libc::SECCOMP_SET_MODE_FILTER);
    // SAFETY: the kernel reads one sock_fprog, and as many instructions as that says, which the
    // script owns.
    let set = unsafe { libc::syscall(libc::SYS_seccomp, mode, 0 as c_long, std::ptr::from_ref(program)) };
    Errno::result(set).map(drop)
}

/// `_LINUX_CAPABILITY_VERSION_3`, with two words a set.
const VERSION: u32 = 0x2008_0522;

#[repr(C)]
struct Header {
    version: u32,
    pid: c_int,
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Words {
    effective: u32,
    permitted: u32,
    inheritable: u32,
}

fn sets() -> Result<Sets, Errno> {
    let mut header = Header { version: VERSION, pid: 0 };
    let mut words = [Words::default(); 2];
    // SAFETY: the kernel reads one header and writes two triples of words, borrowed for the call.
    let got = unsafe { libc::syscall(libc::SYS_capget, &raw mut header, words.as_mut_ptr()) };
    Errno::result(got)?;
    let join = |low: u32, high: u32| u64::from(low) | u64::from(high) << 32;
    let [low, high] = words;
    Ok(Sets {
        effective: join(low.effective, high.effective),
        permitted: join(low.permitted, high.permitted),
        inheritable: join(low.inheritable, high.inheritable),
    })
}

impl Sets {
    /// Sets them, where they are not these already.
    #[allow(clippy::cast_possible_truncation, reason = "the halves of 64 bits")]
    fn set(self, now: Self) -> Result<(), Errno> {
        let same = |one: fn(&Self) -> u64| one(&self) == one(&now);
        if same(|sets| sets.effective) && same(|sets| sets.permitted) && same(|sets| sets.inheritable) {
            return Ok(());
        }
        let header = Header { version: VERSION, pid: 0 };
        let half = |shift: u32| Words {
            effective: (self.effective >> shift) as u32,
            permitted: (self.permitted >> shift) as u32,
            inheritable: (self.inheritable >> shift) as u32,
        };
        let words = [half(0), half(32)];
        // SAFETY: the kernel reads one header and two triples of words, borrowed for the call.
        let set = unsafe { libc::syscall(libc::SYS_capset, &raw const header, words.as_ptr()) };
        Errno::result(set).map(drop)
    }
}

pub(super) fn drop_from_bounding(removed: u64) -> Result<(), Errno> {
    for capability in bits(removed) {
        // SAFETY: takes numbers. One that the kernel does not know, or that is gone, need not be dropped.
        if unsafe { libc::prctl(libc::PR_CAPBSET_READ, capability, 0, 0, 0) } == 1 {
            prctl(libc::PR_CAPBSET_DROP, capability, 0)?;
        }
    }
    Ok(())
}

/// Those of the inheritable capabilities that are ambient.
fn ambient_among(inheritable: u64) -> u64 {
    let is_set = |capability: &c_ulong| {
        let asked = libc::PR_CAP_AMBIENT_IS_SET as c_ulong;
        // SAFETY: takes numbers.
        unsafe { libc::prctl(libc::PR_CAP_AMBIENT, asked, *capability, 0, 0) == 1 }
    };
    bits(inheritable).filter(is_set).fold(0, |set, capability| set | 1 << capability)
}

fn bits(set: u64) -> impl Iterator<Item = c_ulong> {
    (0..64).filter(move |bit| set & (1 << bit) != 0)
}

pub(super) fn prctl(option: c_int, first: c_ulong, second: c_ulong) -> Result<(), Errno> {
    // SAFETY: takes numbers.
    Errno::result(unsafe { libc::prctl(option, first, second, 0, 0) }).map(drop)
}
