//! In the child: places below a root that is somebody else's, looked up and made. No link leads out of it.

use std::ffi::CStr;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

use nix::errno::Errno;

use crate::op::Missing;
use crate::script::Script;
use crate::sys::owned;

/// Longer than any path that the kernel takes.
const LONGEST: usize = 4096;

/// Opens what a path below a root leads to.
///
/// # References
/// openat2(2), Linux 5.6
pub(super) fn open(root: RawFd, path: &CStr, flags: libc::c_int) -> Result<OwnedFd, Errno> {
    // SAFETY: an open_how is numbers, for which all zeroes is valid.
    let mut how: libc::open_how = unsafe { MaybeUninit::zeroed().assume_init() };
    how.flags = (flags | libc::O_CLOEXEC).cast_unsigned().into();
    how.resolve = libc::RESOLVE_IN_ROOT | libc::RESOLVE_NO_MAGICLINKS;
    let size = size_of::<libc::open_how>();
    // SAFETY: a descriptor of the script, a C string, and as many bytes as are said to be there.
    owned(unsafe { libc::syscall(libc::SYS_openat2, root, path.as_ptr(), &raw const how, size) })
}

/// Makes what a path below a root lacks, and opens what it leads to then.
pub(super) fn make(script: &Script, root: RawFd, path: &CStr, missing: Missing) -> Result<OwnedFd, Errno> {
    match open(root, path, libc::O_PATH) {
        Err(Errno::ENOENT) => {}
        found => return found,
    }
    let wants_file = match missing {
        Missing::Directory => false,
        Missing::File => true,
        Missing::As(tree) => kind_of(script.number(tree))? != libc::S_IFDIR,
    };
    let mut text = [0_u8; LONGEST];
    let bytes = path.to_bytes();
    text.get_mut(..bytes.len()).ok_or(Errno::ENAMETOOLONG)?.copy_from_slice(bytes);
    // As a rule all but the last step is there. Without a parent there is the root itself.
    let last = bytes.iter().rposition(|byte| *byte == b'/').unwrap_or_default();
    let (mut parent, mut start) = match directory(root, &mut text, last) {
        Err(Errno::ENOENT) => (None, 0),
        found => (found?, last),
    };
    while let Some(length) = bytes[start..].iter().position(|byte| *byte != b'/') {
        let first = start + length;
        let end = bytes[first..].iter().position(|byte| *byte == b'/').map_or(bytes.len(), |length| first + length);
        let is_last = bytes[end..].iter().all(|byte| *byte == b'/');
        // The path up to here, and the last step of it.
        let before = std::mem::replace(text.get_mut(end).ok_or(Errno::ENAMETOOLONG)?, 0);
        let so_far = CStr::from_bytes_until_nul(&text).map_err(|_| Errno::EINVAL)?;
        let step = CStr::from_bytes_until_nul(&text[first..]).map_err(|_| Errno::EINVAL)?;
        let within = parent.as_ref().map_or(root, AsRawFd::as_raw_fd);
        // The last is what was not there.
        let found = if is_last { Err(Errno::ENOENT) } else { open(root, so_far, libc::O_PATH | libc::O_DIRECTORY) };
        parent = Some(match found {
            Err(Errno::ENOENT) if is_last && wants_file => {
                let flags = libc::O_CREAT | libc::O_EXCL | libc::O_WRONLY | libc::O_NOFOLLOW | libc::O_CLOEXEC;
                // SAFETY: a descriptor of ours, a C string and numbers.
                owned(unsafe { libc::openat(within, step.as_ptr(), flags, 0o644) }.into())?
            }
            Err(Errno::ENOENT) => {
                // SAFETY: as above.
                Errno::result(unsafe { libc::mkdirat(within, step.as_ptr(), 0o755) })?;
                open(root, so_far, libc::O_PATH | libc::O_DIRECTORY)?
            }
            found => found?,
        });
        text[end] = before;
        start = end;
    }
    parent.ok_or(Errno::ENOENT)
}

/// Opens the directory that so much of a path leads to; none is opened for the root itself.
fn directory(root: RawFd, text: &mut [u8; LONGEST], length: usize) -> Result<Option<OwnedFd>, Errno> {
    if length == 0 {
        return Ok(None);
    }
    let before = std::mem::replace(text.get_mut(length).ok_or(Errno::ENAMETOOLONG)?, 0);
    let found = match CStr::from_bytes_until_nul(&text[..]) {
        Ok(path) => open(root, path, libc::O_PATH | libc::O_DIRECTORY).map(Some),
        Err(_) => Err(Errno::EINVAL),
    };
    text[length] = before;
    found
}

/// Makes a device below a root.
pub(super) fn device(root: RawFd, path: &CStr, mode: u32, number: u64) -> Result<(), Errno> {
    let (parent, name) = parent(root, path)?;
    let parent = parent.as_ref().map_or(root, AsRawFd::as_raw_fd);
    // SAFETY: a descriptor of ours, a C string and numbers.
    Errno::result(unsafe { libc::mknodat(parent, name.as_ptr(), mode, number) }).map(drop)
}

/// Makes a symbolic link below a root.
pub(super) fn link(root: RawFd, path: &CStr, to: &CStr) -> Result<(), Errno> {
    let (parent, name) = parent(root, path)?;
    let parent = parent.as_ref().map_or(root, AsRawFd::as_raw_fd);
    // SAFETY: a descriptor of ours and C strings.
    Errno::result(unsafe { libc::symlinkat(to.as_ptr(), parent, name.as_ptr()) }).map(drop)
}

/// The directory of a path below a root, if it is not the root itself, and the name in there.
fn parent(root: RawFd, path: &CStr) -> Result<(Option<OwnedFd>, &CStr), Errno> {
    let bytes = path.to_bytes_with_nul();
    let last = bytes.iter().rposition(|byte| *byte == b'/');
    let name = bytes.get(last.map_or(0, |last| last + 1)..).unwrap_or_default();
    let name = CStr::from_bytes_with_nul(name).map_err(|_| Errno::EINVAL)?;
    let mut text = [0_u8; LONGEST];
    text.get_mut(..bytes.len()).ok_or(Errno::ENAMETOOLONG)?.copy_from_slice(bytes);
    Ok((directory(root, &mut text, last.unwrap_or_default())?, name))
}

/// What kind of file is open, as `S_IF…`.
pub(super) fn kind_of(file: RawFd) -> Result<libc::mode_t, Errno> {
    look(file).map(|found| found.st_mode & libc::S_IFMT)
}

/// The number of the device that is open; of what is none, 0.
pub(super) fn device_of(file: RawFd) -> Result<libc::dev_t, Errno> {
    look(file).map(|found| if found.st_mode & libc::S_IFMT == libc::S_IFCHR { found.st_rdev } else { 0 })
}

fn look(file: RawFd) -> Result<libc::stat, Errno> {
    let mut found = MaybeUninit::<libc::stat>::zeroed();
    // SAFETY: a descriptor of ours, and room for one stat.
    Errno::result(unsafe { libc::fstat(file, found.as_mut_ptr()) })?;
    // SAFETY: the call has filled it, and it is numbers only.
    Ok(unsafe { found.assume_init() })
}
