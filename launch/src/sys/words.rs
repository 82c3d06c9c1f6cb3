//! The system's errors in the same words whatever C library we are linked with: documents, tests and people's scripts
//! know glibc's. std asks the C library for them by the functions below, which are in the place of musl's.
//!
//! # Safety
//! The functions have the names and the signatures of the C library's, and do what those do.

use std::borrow::Cow;
use std::ffi::CStr;

/// What is said of each error, from 1 on; of those that there are not, nothing.
const WORDS: [&str; 133] = [
    "Operation not permitted",
    "No such file or directory",
    "No such process",
    "Interrupted system call",
    "Input/output error",
    "No such device or address",
    "Argument list too long",
    "Exec format error",
    "Bad file descriptor",
    "No child processes",
    "Resource temporarily unavailable",
    "Cannot allocate memory",
    "Permission denied",
    "Bad address",
    "Block device required",
    "Device or resource busy",
    "File exists",
    "Invalid cross-device link",
    "No such device",
    "Not a directory",
    "Is a directory",
    "Invalid argument",
    "Too many open files in system",
    "Too many open files",
    "Inappropriate ioctl for device",
    "Text file busy",
    "File too large",
    "No space left on device",
    "Illegal seek",
    "Read-only file system",
    "Too many links",
    "Broken pipe",
    "Numerical argument out of domain",
    "Numerical result out of range",
    "Resource deadlock avoided",
    "File name too long",
    "No locks available",
    "Function not implemented",
    "Directory not empty",
    "Too many levels of symbolic links",
    "",
    "No message of desired type",
    "Identifier removed",
    "Channel number out of range",
    "Level 2 not synchronized",
    "Level 3 halted",
    "Level 3 reset",
    "Link number out of range",
    "Protocol driver not attached",
    "No CSI structure available",
    "Level 2 halted",
    "Invalid exchange",
    "Invalid request descriptor",
    "Exchange full",
    "No anode",
    "Invalid request code",
    "Invalid slot",
    "",
    "Bad font file format",
    "Device not a stream",
    "No data available",
    "Timer expired",
    "Out of streams resources",
    "Machine is not on the network",
    "Package not installed",
    "Object is remote",
    "Link has been severed",
    "Advertise error",
    "Srmount error",
    "Communication error on send",
    "Protocol error",
    "Multihop attempted",
    "RFS specific error",
    "Bad message",
    "Value too large for defined data type",
    "Name not unique on network",
    "File descriptor in bad state",
    "Remote address changed",
    "Can not access a needed shared library",
    "Accessing a corrupted shared library",
    ".lib section in a.out corrupted",
    "Attempting to link in too many shared libraries",
    "Cannot exec a shared library directly",
    "Invalid or incomplete multibyte or wide character",
    "Interrupted system call should be restarted",
    "Streams pipe error",
    "Too many users",
    "Socket operation on non-socket",
    "Destination address required",
    "Message too long",
    "Protocol wrong type for socket",
    "Protocol not available",
    "Protocol not supported",
    "Socket type not supported",
    "Operation not supported",
    "Protocol family not supported",
    "Address family not supported by protocol",
    "Address already in use",
    "Cannot assign requested address",
    "Network is down",
    "Network is unreachable",
    "Network dropped connection on reset",
    "Software caused connection abort",
    "Connection reset by peer",
    "No buffer space available",
    "Transport endpoint is already connected",
    "Transport endpoint is not connected",
    "Cannot send after transport endpoint shutdown",
    "Too many references: cannot splice",
    "Connection timed out",
    "Connection refused",
    "Host is down",
    "No route to host",
    "Operation already in progress",
    "Operation now in progress",
    "Stale file handle",
    "Structure needs cleaning",
    "Not a XENIX named type file",
    "No XENIX semaphores available",
    "Is a named type file",
    "Remote I/O error",
    "Disk quota exceeded",
    "No medium found",
    "Wrong medium type",
    "Operation canceled",
    "Required key not available",
    "Key has expired",
    "Key has been revoked",
    "Key was rejected by service",
    "Owner died",
    "State not recoverable",
    "Operation not possible due to RF-kill",
    "Memory page has hardware error",
];

/// What is said of a failure to find the address of a name, from -1 downwards.
const NAMES: [&CStr; 11] = [
    c"Bad value for ai_flags",
    c"Name or service not known",
    c"Temporary failure in name resolution",
    c"Non-recoverable failure in name resolution",
    c"No address associated with hostname",
    c"ai_family not supported",
    c"ai_socktype not supported",
    c"Servname not supported for ai_socktype",
    c"Address family for hostname not supported",
    c"Memory allocation failure",
    c"System error",
];

fn words(error: i32) -> Cow<'static, str> {
    let known = usize::try_from(error).ok().and_then(|number| WORDS.get(number.checked_sub(1)?));
    match known.filter(|words| !words.is_empty()) {
        Some(words) => (*words).into(),
        None => format!("Unknown error {error}").into(),
    }
}

fn words_of_name(error: i32) -> &'static CStr {
    let known = usize::try_from(error.unsigned_abs()).ok().and_then(|number| NAMES.get(number.checked_sub(1)?));
    known.filter(|_| error < 0).copied().unwrap_or(c"Unknown error")
}

#[cfg(target_env = "musl")]
#[unsafe(no_mangle)]
extern "C" fn __xpg_strerror_r(error: i32, buffer: *mut libc::c_char, room: usize) -> i32 {
    let words = words(error);
    let length = words.len().min(room.saturating_sub(1));
    if room > 0 {
        // SAFETY: the caller has `room` bytes at `buffer`, of which these and a zero are at most so many.
        unsafe { std::ptr::copy_nonoverlapping(words.as_ptr(), buffer.cast(), length) };
        // SAFETY: as above.
        unsafe { buffer.add(length).write(0) };
    }
    if length < words.len() { libc::ERANGE } else { 0 }
}

#[cfg(target_env = "musl")]
#[unsafe(no_mangle)]
extern "C" fn gai_strerror(error: i32) -> *const libc::c_char {
    words_of_name(error).as_ptr()
}

#[cfg(all(test, target_env = "gnu"))]
mod tests {
    use std::ffi::CStr;
    use std::io;

    use super::{words, words_of_name};

    #[test]
    fn are_those_of_glibc() {
        for error in 1..150 {
            let theirs = io::Error::from_raw_os_error(error).to_string();
            assert_eq!(format!("{} (os error {error})", words(error)), theirs);
        }
        for error in -13..2 {
            // SAFETY: it takes any number.
            let theirs = unsafe { libc::gai_strerror(error) };
            // SAFETY: what it hands back ends with a zero, and is never changed.
            let theirs = unsafe { CStr::from_ptr(theirs) };
            assert_eq!(words_of_name(error), theirs, "{error}");
        }
    }
}
