//! What the kernel says when it refuses.

use core::fmt;

use linux_raw_sys::errno as nr;

use crate::text::Decimal;

/// An error of a system call.
///
/// # References
/// errno(3)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Errno(i32);

/// The ones that starting a program meets; the others are numbers.
const TEXTS: [(u32, &str); 17] = [
    (nr::EPERM, "Operation not permitted"),
    (nr::ENOENT, "No such file or directory"),
    (nr::ESRCH, "No such process"),
    (nr::EIO, "Input/output error"),
    (nr::E2BIG, "Argument list too long"),
    (nr::ENOEXEC, "Exec format error"),
    (nr::EBADF, "Bad file descriptor"),
    (nr::EAGAIN, "Resource temporarily unavailable"),
    (nr::ENOMEM, "Cannot allocate memory"),
    (nr::EACCES, "Permission denied"),
    (nr::ENOTDIR, "Not a directory"),
    (nr::EISDIR, "Is a directory"),
    (nr::EINVAL, "Invalid argument"),
    (nr::EMFILE, "Too many open files"),
    (nr::ETXTBSY, "Text file busy"),
    (nr::ELOOP, "Too many levels of symbolic links"),
    (nr::ENOSYS, "Function not implemented"),
];

impl Errno {
    /// No such file or directory.
    pub const ENOENT: Self = Self(nr::ENOENT.cast_signed());
    /// Not an executable that the kernel knows.
    pub const ENOEXEC: Self = Self(nr::ENOEXEC.cast_signed());
    /// Permission denied.
    pub const EACCES: Self = Self(nr::EACCES.cast_signed());
    /// Not a directory.
    pub const ENOTDIR: Self = Self(nr::ENOTDIR.cast_signed());
    /// An argument that the kernel does not know.
    pub const EINVAL: Self = Self(nr::EINVAL.cast_signed());
    /// There is no child.
    pub const ECHILD: Self = Self(nr::ECHILD.cast_signed());
    /// Not now.
    pub const EAGAIN: Self = Self(nr::EAGAIN.cast_signed());
    /// More than fits.
    pub const E2BIG: Self = Self(nr::E2BIG.cast_signed());

    /// The error of this number.
    #[must_use]
    pub const fn new(number: i32) -> Self {
        Self(number)
    }

    /// Its number.
    #[must_use]
    pub const fn number(self) -> i32 {
        self.0
    }

    /// What a raw call came back with: a value, or an error below zero.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the kernel's own range of errors")]
    pub(crate) const fn check(result: isize) -> Result<usize, Self> {
        if result < 0 { Err(Self(-(result as i32))) } else { Ok(result as usize) }
    }
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match TEXTS.iter().find(|(number, _)| number.cast_signed() == self.0) {
            Some((_, text)) => f.write_str(text),
            None => f.write_str("error ").and_then(|()| Decimal::from(self.0).fmt(f)),
        }
    }
}
