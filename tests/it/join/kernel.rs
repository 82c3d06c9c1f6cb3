//! What only system calls tell of processes and namespaces, and no crate asks.

use std::fs::File;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::fs::MetadataExt;

use nix::errno::Errno;

/// A descriptor of a process, closed on exec.
#[allow(unsafe_code, reason = "no crate that is here has pidfd_open")]
pub(super) fn pidfd(pid: i32) -> OwnedFd {
    // SAFETY: takes two numbers.
    let pidfd = Errno::result(unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) }).unwrap();
    // SAFETY: the kernel has just made this descriptor for us.
    unsafe { OwnedFd::from_raw_fd(pidfd.try_into().unwrap()) }
}

/// The inode of a process in the pidfd file system.
pub(super) fn pidfd_inode(pid: i32) -> u64 {
    File::from(pidfd(pid)).metadata().unwrap().ino()
}

/// The id of a namespace, which no other will ever have; none before Linux 6.18.
#[allow(unsafe_code, reason = "no crate that is here has NS_GET_ID")]
pub(super) fn namespace_id(path: &str) -> Option<u64> {
    const NS_GET_ID: libc::Ioctl = 0x8008_b70d_u32 as libc::Ioctl;
    let namespace = File::open(path).unwrap();
    let mut id = 0_u64;
    // SAFETY: the kernel writes 64 bits to `id`, borrowed for the call.
    Errno::result(unsafe { libc::ioctl(namespace.as_raw_fd(), NS_GET_ID, &raw mut id) }).ok()?;
    Some(id)
}
