//! Namespaces by their files.

use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use nix::errno::Errno;

use super::owned;
use crate::kind::Kind;

/// `SIOCGSKNS`: the network namespace of a socket.
const SIOCGSKNS: libc::c_ulong = 0x894c;

/// The kind of a namespace; `None` for a file that is none.
///
/// # References
/// ioctl_ns(2)
pub fn kind_of(file: BorrowedFd<'_>) -> Option<Kind> {
    // SAFETY: a descriptor that is borrowed for the call, and a number.
    let flag = Errno::result(unsafe { libc::ioctl(file.as_raw_fd(), libc::NS_GET_NSTYPE) }).ok()?;
    Kind::of_flag(flag)
}

/// `PIDFS_IOCTL_MAGIC`, of the requests that lead from a pidfd to namespaces.
const PIDFS: libc::c_ulong = 0xff00;

/// A namespace of the process of a pidfd, by the number of the request for it; `None` where the
/// kernel knows none such, before Linux 6.11 or for lack of such namespaces.
///
/// # References
/// `PIDFD_GET_NET_NAMESPACE` and the like, `pidfd_open`(2)
pub fn of_pidfd(pidfd: BorrowedFd<'_>, request: u8) -> Option<Result<OwnedFd, Errno>> {
    // SAFETY: a descriptor that is borrowed for the call, and numbers; the last has to be 0.
    let file = unsafe { libc::ioctl(pidfd.as_raw_fd(), (PIDFS | libc::c_ulong::from(request)) as _, 0) };
    match Errno::result(file) {
        Err(Errno::ENOTTY | Errno::EINVAL | Errno::EOPNOTSUPP) => None,
        // SAFETY: the kernel has just made this descriptor for us, and nobody else knows of it.
        opened => Some(opened.map(|file| unsafe { OwnedFd::from_raw_fd(file) })),
    }
}

/// The user namespace that owns a namespace, or the parent of a user namespace.
///
/// # References
/// ioctl_ns(2), Linux 4.9
pub fn owner_of(file: BorrowedFd<'_>) -> Result<OwnedFd, Errno> {
    // SAFETY: a descriptor that is borrowed for the call, and a number.
    owned(unsafe { libc::ioctl(file.as_raw_fd(), libc::NS_GET_USERNS) }.into())
}

/// The uid that owns a user namespace, or the user namespace that another namespace belongs to; as our
/// own user namespace counts.
///
/// # Errors
/// `EPERM` when that user namespace is neither ours nor within ours.
///
/// # References
/// ioctl_ns(2)
pub fn owner_uid(namespace: BorrowedFd<'_>, kind: Kind) -> Result<u32, Errno> {
    let owner;
    let user_namespace = if kind == Kind::User {
        namespace
    } else {
        owner = owner_of(namespace)?;
        owner.as_fd()
    };
    let mut uid: libc::uid_t = 0;
    // SAFETY: a descriptor that is borrowed for the call; the kernel writes one uid_t at `uid`.
    Errno::result(unsafe { libc::ioctl(user_namespace.as_raw_fd(), libc::NS_GET_OWNER_UID, &raw mut uid) })?;
    Ok(uid)
}

/// The network namespace of a socket. Takes `CAP_NET_ADMIN` in it.
pub fn of_socket(socket: BorrowedFd<'_>) -> Result<OwnedFd, Errno> {
    // SAFETY: a descriptor that is borrowed for the call, and a number.
    owned(unsafe { libc::ioctl(socket.as_raw_fd(), SIOCGSKNS as _) }.into())
}

/// A file handle of the file system of namespaces.
#[repr(C)]
struct Handle {
    /// How many bytes follow the type.
    length: u32,
    kind: i32,
    id: u64,
    /// Its flag and inode.
    rest: u64,
}

/// The id of a namespace, which the kernel gives no other, ever.
///
/// # References
/// name_to_handle_at(2), Linux 6.18
pub fn id_of(file: BorrowedFd<'_>) -> Result<u64, Errno> {
    Handle::of(file).map(|handle| handle.id)
}

/// The namespace of this id. `ESTALE` where there is none, or where the kernel wants more of a handle
/// than the id, as Linux 6.18 does.
///
/// # References
/// open_by_handle_at(2)
pub fn by_id(id: u64) -> Result<OwnedFd, Errno> {
    let ours = super::open_below(libc::AT_FDCWD, c"/proc/self/ns/mnt", libc::O_RDONLY)?;
    // Of which type such handles are, ours tells.
    let mut handle = Handle { id, rest: 0, ..Handle::of(ours.as_fd())? };
    let at = (&raw mut handle).cast::<libc::file_handle>();
    let flags = libc::O_RDONLY | libc::O_CLOEXEC;
    // SAFETY: the kernel reads as many bytes as `length` says behind the first two members.
    let file = Errno::result(unsafe { libc::open_by_handle_at(ours.as_raw_fd(), at, flags) })?;
    // SAFETY: the kernel has just made this descriptor for us, and nobody else knows of it.
    Ok(unsafe { OwnedFd::from_raw_fd(file) })
}

impl Handle {
    fn of(file: BorrowedFd<'_>) -> Result<Self, Errno> {
        const HANDLE_IS_ONLY_AN_ID: libc::c_int = 0x200;
        let mut handle = Self { length: 16, kind: 0, id: 0, rest: 0 };
        let mut mount = MaybeUninit::<libc::c_int>::uninit();
        let flags = libc::AT_EMPTY_PATH | HANDLE_IS_ONLY_AN_ID;
        let at = (&raw mut handle).cast::<libc::file_handle>();
        // SAFETY: the kernel writes as many bytes as `length` says behind the first two members, and a number.
        let named = unsafe { libc::name_to_handle_at(file.as_raw_fd(), c"".as_ptr(), at, mount.as_mut_ptr(), flags) };
        Errno::result(named).map(|_| handle)
    }
}
