//! In the child: its mounts and its root directory.

use std::ffi::{CStr, c_ulong};
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, RawFd};

use nix::errno::Errno;

use crate::op::Mount;
use crate::sys::{open_below, owned};

pub(super) fn own() -> Result<(), Errno> {
    // SAFETY: takes a number.
    Errno::result(unsafe { libc::unshare(libc::CLONE_NEWNS) }).map(drop)
}

/// Makes all mounts slaves: those of the outside still arrive, ours stay here.
pub(super) fn keep_to_ourselves(proc: RawFd) -> Result<(), Errno> {
    match slave() {
        // Our root directory is that of no mount, or one that another was put over: so from the root
        // of the namespace, which becomes ours by entering it, and back.
        Err(Errno::EINVAL) => {
            let root = open_below(libc::AT_FDCWD, c"/", libc::O_PATH | libc::O_DIRECTORY)?;
            let ours = open_below(proc, c"self/ns/mnt", libc::O_RDONLY)?;
            // SAFETY: a descriptor of this process, and a number.
            Errno::result(unsafe { libc::setns(ours.as_raw_fd(), libc::CLONE_NEWNS) })?;
            let done = slave();
            chroot(root.as_raw_fd())?;
            done
        }
        done => done,
    }
}

fn slave() -> Result<(), Errno> {
    raw(None, c"/", None, libc::MS_REC | libc::MS_SLAVE, None)
}

pub(super) fn mount(mount: &Mount) -> Result<(), Errno> {
    let Mount { source, target, kind, flags, data } = mount;
    raw(Some(source), target, kind.as_deref(), flags.bits(), data.as_deref())
}

fn raw(
    source: Option<&CStr>,
    target: &CStr,
    kind: Option<&CStr>,
    flags: c_ulong,
    data: Option<&CStr>,
) -> Result<(), Errno> {
    let pointer = |text: Option<&CStr>| text.map_or(std::ptr::null(), CStr::as_ptr);
    // SAFETY: C strings, or null where the call takes nothing.
    let mounted = unsafe { libc::mount(pointer(source), target.as_ptr(), pointer(kind), flags, pointer(data).cast()) };
    Errno::result(mounted).map(drop)
}

/// Attaches a tree that was made before, and is nowhere yet. What a path below a root means is looked
/// up only once, and by way of no link out of it.
///
/// # References
/// move_mount(2), Linux 5.2; openat2(2), Linux 5.6
pub(super) fn attach(tree: RawFd, below: Option<RawFd>, at: &CStr) -> Result<(), Errno> {
    // SAFETY: an open_how is numbers, for which all zeroes is valid.
    let mut how: libc::open_how = unsafe { MaybeUninit::zeroed().assume_init() };
    how.flags = (libc::O_PATH | libc::O_CLOEXEC).cast_unsigned().into();
    if below.is_some() {
        how.resolve = libc::RESOLVE_IN_ROOT | libc::RESOLVE_NO_MAGICLINKS;
    }
    let (from, size) = (below.unwrap_or(libc::AT_FDCWD), size_of::<libc::open_how>());
    // SAFETY: a descriptor of the script, a C string, and as many bytes as are said to be there.
    let place = unsafe { libc::syscall(libc::SYS_openat2, from, at.as_ptr(), &raw const how, size) };
    let place = owned(place)?;
    let by_descriptors = libc::MOVE_MOUNT_F_EMPTY_PATH | libc::MOVE_MOUNT_T_EMPTY_PATH;
    let nothing = c"".as_ptr();
    // SAFETY: two descriptors, C strings, and a number.
    let moved =
        unsafe { libc::syscall(libc::SYS_move_mount, tree, nothing, place.as_raw_fd(), nothing, by_descriptors) };
    Errno::result(moved).map(drop)
}

/// Covers a directory with an empty one, and a file with /dev/null.
pub(super) fn mask(path: &CStr) -> Result<(), Errno> {
    let mut found = MaybeUninit::<libc::stat>::zeroed();
    // SAFETY: a C string, and room for one stat.
    Errno::result(unsafe { libc::stat(path.as_ptr(), found.as_mut_ptr()) })?;
    // SAFETY: the call has filled it, and it is numbers only.
    let is_directory = unsafe { found.assume_init() }.st_mode & libc::S_IFMT == libc::S_IFDIR;
    if is_directory {
        raw(Some(c"tmpfs"), path, Some(c"tmpfs"), libc::MS_RDONLY | libc::MS_NOSUID | libc::MS_NODEV, Some(c"size=0k"))
    } else {
        raw(Some(c"/dev/null"), path, None, libc::MS_BIND, None)
    }
}

/// Makes a mount the root of everything here; what was the root before goes, with all below it.
///
/// # References
/// pivot_root(2), `pivot_root(".", ".")`
pub(super) fn pivot(root: RawFd) -> Result<(), Errno> {
    // SAFETY: a descriptor of the script.
    Errno::result(unsafe { libc::fchdir(root) })?;
    let here = c".".as_ptr();
    // SAFETY: two C strings.
    Errno::result(unsafe { libc::syscall(libc::SYS_pivot_root, here, here) })?;
    // The old root lies on top of the new one now, and `.` is the old one's.
    // SAFETY: a C string, and a number.
    Errno::result(unsafe { libc::umount2(here, libc::MNT_DETACH) })?;
    // SAFETY: a C string.
    Errno::result(unsafe { libc::chdir(c"/".as_ptr()) }).map(drop)
}

pub(super) fn chroot(root: RawFd) -> Result<(), Errno> {
    // SAFETY: a descriptor of this process.
    Errno::result(unsafe { libc::fchdir(root) })?;
    // SAFETY: a C string that lives for ever.
    Errno::result(unsafe { libc::chroot(c".".as_ptr()) })?;
    // Who stayed where he was would stand outside of the new root.
    // SAFETY: as above.
    Errno::result(unsafe { libc::chdir(c"/".as_ptr()) }).map(drop)
}
