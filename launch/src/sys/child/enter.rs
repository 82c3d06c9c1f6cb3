//! In the child: what takes the rights of the outside, then the namespaces.

use std::ffi::{CStr, c_int};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, RawFd};

use nix::errno::Errno;

use crate::kind::Kind;
use crate::limits::Limit;
use crate::op::{Entry, Expected};
use crate::script::Script;
use crate::sys::{namespace, pidfd};

pub(super) fn join_cgroup(members: RawFd) -> Result<(), Errno> {
    // SAFETY: the kernel reads one byte. To a list of members, 0 is whoever writes it.
    Errno::result(unsafe { libc::write(members, c"0".as_ptr().cast(), 1) }).map(drop)
}

pub(super) fn own_cgroups() -> Result<(), Errno> {
    // SAFETY: takes a number.
    Errno::result(unsafe { libc::unshare(libc::CLONE_NEWCGROUP) }).map(drop)
}

/// Raises the hard limit where it is lower.
pub(super) fn raise(resource: libc::c_uint, hard: u64) -> Result<(), Errno> {
    let mut limit = MaybeUninit::<libc::rlimit64>::zeroed();
    // SAFETY: with no new limit given, the kernel only writes the old one, borrowed for the call.
    Errno::result(unsafe { libc::prlimit64(0, resource as _, std::ptr::null(), limit.as_mut_ptr()) })?;
    // SAFETY: the call has filled it, and it is numbers only.
    let limit = unsafe { limit.assume_init() };
    if limit.rlim_max >= hard {
        return Ok(());
    }
    set_limit(resource, libc::rlimit64 { rlim_max: hard, ..limit })
}

pub(super) fn limit(limit: &Limit) -> Result<(), Errno> {
    set_limit(limit.resource(), libc::rlimit64 { rlim_cur: limit.soft, rlim_max: limit.hard })
}

fn set_limit(resource: libc::c_uint, limit: libc::rlimit64) -> Result<(), Errno> {
    // SAFETY: the kernel reads one limit, borrowed for the call.
    Errno::result(unsafe { libc::prlimit64(0, resource as _, &raw const limit, std::ptr::null_mut()) }).map(drop)
}

pub(super) fn enter(script: &Script, all_of: Option<RawFd>, namespaces: &[Entry]) -> Result<(), Errno> {
    if let Some(target) = all_of {
        let every = namespaces.iter().fold(0, |flags, entry| flags | entry.kind.flag());
        // All or none, in the order that gains before it loses: the kernel sorts that out.
        // SAFETY: a descriptor of ours and a number.
        match Errno::result(unsafe { libc::setns(target, every) }) {
            // Before Linux 5.8 a pidfd is nothing that could be entered.
            Err(Errno::EINVAL) => {}
            entered => return entered.map(drop),
        }
    }
    one_by_one(script, namespaces)
}

/// Enters namespace after namespace; those we have no right to before entering the user
/// namespace we may have it for afterwards, and the other way round.
fn one_by_one(script: &Script, namespaces: &[Entry]) -> Result<(), Errno> {
    let user = namespaces.iter().find(|entry| entry.kind == Kind::User);
    let others = || namespaces.iter().filter(|entry| entry.kind != Kind::User);
    let enter = |entry: &Entry| {
        // SAFETY: a descriptor of the script and a number.
        Errno::result(unsafe { libc::setns(script.number(entry.file), entry.kind.flag()) }).map(drop)
    };
    let Some(user) = user else {
        return others().try_for_each(enter);
    };
    // What is entered twice is entered once: a second time changes nothing.
    let refused = others().filter(|entry| enter(entry).is_err()).count() > 0;
    enter(user)?;
    if refused { others().try_for_each(enter) } else { Ok(()) }
}

/// Compares what we are in with what was opened.
pub(super) fn verify(proc: RawFd, expected: &[Expected]) -> Result<(), Errno> {
    // By a pidfd where that is possible: to /proc we are new, and it takes its time to show us.
    // SAFETY: takes nothing.
    let me = pidfd::open(unsafe { libc::getpid() });
    for Expected { kind, inode: wanted } in expected {
        let held = me.as_ref().ok().and_then(|me| namespace::of_pidfd(me.as_fd(), kind.next_by_pidfd()));
        let inode = match held {
            Some(Ok(file)) => inode(file.as_raw_fd(), c"", libc::AT_EMPTY_PATH),
            Some(Err(_)) | None => inode(proc, kind.link(), 0),
        };
        match inode {
            Ok(inode) if inode == *wanted => {}
            Ok(_) => return Err(Errno::ESTALE),
            // A pid namespace whose init is dead cannot be looked at; making a process will tell.
            Err(Errno::ENOENT) if *kind == Kind::Pid => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

pub(super) fn inode(directory: RawFd, path: &CStr, flags: c_int) -> Result<u64, Errno> {
    let mut found = MaybeUninit::<libc::stat>::zeroed();
    // SAFETY: a descriptor and a C string, borrowed for the call; the kernel writes one stat.
    Errno::result(unsafe { libc::fstatat(directory, path.as_ptr(), found.as_mut_ptr(), flags) })?;
    // SAFETY: the call has filled it, and it is numbers only.
    Ok(unsafe { found.assume_init() }.st_ino)
}
