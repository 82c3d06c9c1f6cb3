//! In the child: what a new network and a new hostname take.

use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use nix::errno::Errno;

pub(super) fn set_hostname(name: &[u8]) -> Result<(), Errno> {
    // SAFETY: the kernel reads that many bytes of the name.
    Errno::result(unsafe { libc::sethostname(name.as_ptr().cast(), name.len()) }).map(drop)
}

/// Brings `lo` up; the kernel gives it 127.0.0.1/8 and ::1 by itself.
///
/// # References
/// netdevice(7), `SIOCSIFFLAGS`
pub(super) fn bring_loopback_up() -> Result<(), Errno> {
    // SAFETY: takes numbers.
    let socket = Errno::result(unsafe { libc::socket(libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0) })?;
    // SAFETY: the kernel has just made this descriptor, and nobody else knows of it.
    let socket = unsafe { OwnedFd::from_raw_fd(socket) };
    // SAFETY: an ifreq is numbers and arrays of them, for which all zeroes is valid.
    let mut request: libc::ifreq = unsafe { MaybeUninit::zeroed().assume_init() };
    for (place, byte) in request.ifr_name.iter_mut().zip(b"lo") {
        *place = *byte as libc::c_char;
    }
    // Up, and nothing else: it is new, and was down.
    #[allow(clippy::cast_possible_truncation, reason = "IFF_UP is 1")]
    let up = libc::IFF_UP as libc::c_short;
    request.ifr_ifru.ifru_flags = up;
    // SAFETY: the kernel reads one ifreq, borrowed for the call.
    Errno::result(unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS as _, &raw mut request) }).map(drop)
}
