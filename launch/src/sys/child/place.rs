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

/// Makes what a path below a root lacks.
pub(super) fn make(script: &Script, root: RawFd, path: &CStr, missing: Missing) -> Result<(), Errno> {
    match open(root, path, libc::O_PATH) {
        Err(Errno::ENOENT) => {}
        found => return found.map(drop),
    }
    let wants_file = match missing {
        Missing::Directory => false,
        Missing::File => true,
        Missing::As(tree) => kind_of(script.number(tree))? != libc::S_IFDIR,
    };
    let mut text = [0_u8; LONGEST];
    let bytes = path.to_bytes();
    text.get_mut(..bytes.len()).ok_or(Errno::ENAMETOOLONG)?.copy_from_slice(bytes);
    // As a rule all but the last step is there.
    let last = bytes.iter().rposition(|byte| *byte == b'/').unwrap_or_default();
    let (mut parent, mut start) = match directory(root, &mut text, last) {
        Err(Errno::ENOENT) => (open(root, c"/", libc::O_PATH | libc::O_DIRECTORY)?, 0),
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
        let file = is_last && wants_file;
        let kind = if file { 0 } else { libc::O_DIRECTORY };
        parent = match open(root, so_far, libc::O_PATH | kind) {
            Err(Errno::ENOENT) => {
                if file {
                    let flags = libc::O_CREAT | libc::O_EXCL | libc::O_WRONLY | libc::O_NOFOLLOW | libc::O_CLOEXEC;
                    // SAFETY: a descriptor of ours, a C string and numbers.
                    let made = unsafe { libc::openat(parent.as_raw_fd(), step.as_ptr(), flags, 0o644) };
                    owned(made.into())?
                } else {
                    // SAFETY: as above.
                    Errno::result(unsafe { libc::mkdirat(parent.as_raw_fd(), step.as_ptr(), 0o755) })?;
                    open(root, so_far, libc::O_PATH | libc::O_DIRECTORY)?
                }
            }
            found => found?,
        };
        text[end] = before;
        start = end;
    }
    Ok(())
}

/// Opens the directory that so much of a path leads to.
fn directory(root: RawFd, text: &mut [u8; LONGEST], length: usize) -> Result<OwnedFd, Errno> {
    if length == 0 {
        return open(root, c"/", libc::O_PATH | libc::O_DIRECTORY);
    }
    let before = std::mem::replace(text.get_mut(length).ok_or(Errno::ENAMETOOLONG)?, 0);
    let found = match CStr::from_bytes_until_nul(&text[..]) {
        Ok(path) => open(root, path, libc::O_PATH | libc::O_DIRECTORY),
        Err(_) => Err(Errno::EINVAL),
    };
    text[length] = before;
    found
}

/// Makes a device in a directory below a root.
pub(super) fn device(root: RawFd, directory: &CStr, name: &CStr, mode: u32, number: u64) -> Result<(), Errno> {
    let parent = open(root, directory, libc::O_PATH | libc::O_DIRECTORY)?;
    // SAFETY: a descriptor of ours, a C string and numbers.
    Errno::result(unsafe { libc::mknodat(parent.as_raw_fd(), name.as_ptr(), mode, number) }).map(drop)
}

/// Makes a symbolic link in a directory below a root.
pub(super) fn link(root: RawFd, directory: &CStr, name: &CStr, to: &CStr) -> Result<(), Errno> {
    let parent = open(root, directory, libc::O_PATH | libc::O_DIRECTORY)?;
    // SAFETY: a descriptor of ours and C strings.
    Errno::result(unsafe { libc::symlinkat(to.as_ptr(), parent.as_raw_fd(), name.as_ptr()) }).map(drop)
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
