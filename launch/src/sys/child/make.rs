//! In the child: mounts that are nowhere yet.
//!
//! A descriptor that fails is a failure: what could be looked up by its name a second time might be
//! something else by then.
//!
//! # References
//! fsopen(2), fsconfig(2), fsmount(2), open_tree(2): Linux 5.2; mount_setattr(2): Linux 5.12

use std::ffi::{CStr, c_uint};
use std::os::fd::{AsRawFd, IntoRawFd, OwnedFd, RawFd};

use nix::errno::Errno;

use super::place;
use crate::op::{Made, Origin};
use crate::script::Script;
use crate::sys::{open_below, owned};

/// Numbers of the kernel's headers that the C libraries' lack.
const FSOPEN_CLOEXEC: c_uint = 1;
const FSMOUNT_CLOEXEC: c_uint = 1;
const FSCONFIG_SET_FLAG: c_uint = 0;
const FSCONFIG_SET_STRING: c_uint = 1;
const FSCONFIG_SET_FD: c_uint = 5;
const FSCONFIG_CMD_CREATE: c_uint = 6;
const AT_RECURSIVE: c_uint = 0x8000;

/// Makes one, whose descriptor stays open.
pub(super) fn make(script: &Script, made: &Made) -> Result<RawFd, Errno> {
    let mount = match made {
        Made::Fresh { kind, options, files, attributes } => {
            let options = options.iter().map(|(key, value)| (key.as_c_str(), value.as_deref()));
            let files = files.iter().map(|(key, file)| (key.as_c_str(), script.number(*file)));
            fresh(kind, options, files, *attributes)?
        }
        Made::Copy { of, below, attributes, attributes_below, propagation, users } => {
            let tree = match of {
                Origin::Path(path) => copy(libc::AT_FDCWD, path, *below)?,
                Origin::Below(root, path) => {
                    let found = place::open(script.number(*root), path, libc::O_PATH)?;
                    copy(found.as_raw_fd(), c"", *below)?
                }
                Origin::Held(file) => copy(script.number(*file), c"", *below)?,
            };
            attribute(tree.as_raw_fd(), true, *attributes_below, *propagation)?;
            if *attributes != 0 {
                attribute(tree.as_raw_fd(), false, *attributes, 0)?;
            }
            if let Some(users) = users {
                map_ids(tree.as_raw_fd(), script.number(*users))?;
            }
            tree
        }
        Made::Null => {
            let null = open_below(libc::AT_FDCWD, c"/dev/null", libc::O_PATH | libc::O_NOFOLLOW)?;
            if place::device_of(null.as_raw_fd())? != libc::makedev(1, 3) {
                return Err(Errno::ENXIO);
            }
            null
        }
    };
    Ok(mount.into_raw_fd())
}

/// A mount of a new file system.
pub(super) fn fresh<'a>(
    kind: &CStr,
    options: impl Iterator<Item = (&'a CStr, Option<&'a CStr>)>,
    files: impl Iterator<Item = (&'a CStr, RawFd)>,
    attributes: u64,
) -> Result<OwnedFd, Errno> {
    // SAFETY: a C string and a number.
    let context = owned(unsafe { libc::syscall(libc::SYS_fsopen, kind.as_ptr(), FSOPEN_CLOEXEC) })?;
    let context = context.as_raw_fd();
    let configure = |command: c_uint, key: Option<&CStr>, value: Option<&CStr>, file: RawFd| {
        let pointer = |text: Option<&CStr>| text.map_or(std::ptr::null(), CStr::as_ptr);
        let (key, value) = (pointer(key), pointer(value));
        // SAFETY: C strings, or null where the command takes none, and a descriptor of ours, or a number that it must be.
        Errno::result(unsafe { libc::syscall(libc::SYS_fsconfig, context, command, key, value, file) }).map(drop)
    };
    for (key, value) in options {
        let command = if value.is_some() { FSCONFIG_SET_STRING } else { FSCONFIG_SET_FLAG };
        configure(command, Some(key), value, 0)?;
    }
    for (key, file) in files {
        configure(FSCONFIG_SET_FD, Some(key), None, file)?;
    }
    configure(FSCONFIG_CMD_CREATE, None, None, 0)?;
    // SAFETY: a descriptor of ours and numbers.
    owned(unsafe { libc::syscall(libc::SYS_fsmount, context, FSMOUNT_CLOEXEC, attributes) })
}

/// A copy of what is mounted, of this file on or, with an empty path, of that which is open.
pub(super) fn copy(directory: RawFd, path: &CStr, below: bool) -> Result<OwnedFd, Errno> {
    let close = libc::O_CLOEXEC.cast_unsigned();
    let empty = if path.is_empty() { libc::AT_EMPTY_PATH.cast_unsigned() } else { 0 };
    let below = if below { AT_RECURSIVE } else { 0 };
    let flags = libc::OPEN_TREE_CLONE | close | empty | below;
    // SAFETY: a descriptor of ours, a C string and a number.
    owned(unsafe { libc::syscall(libc::SYS_open_tree, directory, path.as_ptr(), flags) })
}

/// Gives a mount attributes, and what others see of it.
pub(super) fn attribute(mount: RawFd, below: bool, attributes: u64, propagation: u64) -> Result<(), Errno> {
    let change = libc::mount_attr { attr_set: attributes, attr_clr: 0, propagation, userns_fd: 0 };
    change_attributes(mount, below, &change)
}

/// Has the files in a mount that is nowhere yet belong to the ids of a user namespace.
pub(in crate::sys) fn map_ids(mount: RawFd, users: RawFd) -> Result<(), Errno> {
    let userns_fd = users.try_into().map_err(|_| Errno::EBADF)?;
    let change = libc::mount_attr { attr_set: libc::MOUNT_ATTR_IDMAP, attr_clr: 0, propagation: 0, userns_fd };
    change_attributes(mount, false, &change)
}

fn change_attributes(mount: RawFd, below: bool, change: &libc::mount_attr) -> Result<(), Errno> {
    let flags = libc::AT_EMPTY_PATH.cast_unsigned() | if below { AT_RECURSIVE } else { 0 };
    let (nothing, size) = (c"".as_ptr(), size_of::<libc::mount_attr>());
    // SAFETY: a descriptor of ours, a C string, and as many bytes as are said to be there.
    let set =
        unsafe { libc::syscall(libc::SYS_mount_setattr, mount, nothing, flags, std::ptr::from_ref(change), size) };
    Errno::result(set).map(drop)
}
