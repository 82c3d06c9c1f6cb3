//! In the child: what a new network and a new hostname take.
//!
//! Links, addresses and routes are messages that were laid out beforehand; here they are sent, and each is answered.
//!
//! # References
//! netlink(7), rtnetlink(7)

use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};

use nix::errno::Errno;

use crate::sys::{open_below, owned};

/// More than the messages of one operation are.
const MESSAGES: usize = 1024;
/// What comes before each message, and before what an answer says: length, type, flags, sequence, port.
const HEADER: usize = 16;

/// Opens a socket of the network that we are in, which stays open.
pub(super) fn open() -> Result<RawFd, Errno> {
    let kind = libc::SOCK_RAW | libc::SOCK_CLOEXEC;
    // SAFETY: takes numbers.
    let socket = owned(unsafe { libc::socket(libc::AF_NETLINK, kind, libc::NETLINK_ROUTE) }.into())?;
    Ok(socket.into_raw_fd())
}

/// Sends messages, and comes back when each is answered; the first that failed tells.
pub(super) fn tell(proc: RawFd, socket: RawFd, messages: &[u8], network_at: Option<usize>) -> Result<(), Errno> {
    let mut buffer = [0_u8; MESSAGES];
    let bytes = buffer.get_mut(..messages.len()).ok_or(Errno::EMSGSIZE)?;
    bytes.copy_from_slice(messages);
    // Open until they are answered.
    let network = network_at.map(|_| open_below(proc, c"self/ns/net", libc::O_RDONLY)).transpose()?;
    if let (Some(at), Some(network)) = (network_at, &network) {
        let place = bytes.get_mut(at..at + size_of::<RawFd>()).ok_or(Errno::EMSGSIZE)?;
        place.copy_from_slice(&network.as_raw_fd().to_ne_bytes());
    }
    // SAFETY: the kernel reads `bytes.len()` bytes of `bytes`.
    let sent = Errno::result(unsafe { libc::send(socket, bytes.as_ptr().cast(), bytes.len(), 0) })?;
    if sent.cast_unsigned() != bytes.len() {
        return Err(Errno::EMSGSIZE);
    }
    let mut failed = Ok(());
    let mut rest = &*bytes;
    while let Some(length) = rest.get(..4).and_then(|length| length.try_into().ok()).map(u32::from_ne_bytes) {
        let told = answer(socket)?;
        failed = failed.and(told);
        rest = rest.get(length.max(1) as usize..).unwrap_or_default();
    }
    failed
}

/// What one message has come to; what it was follows that in the answer, and need not be read.
fn answer(socket: RawFd) -> Result<Result<(), Errno>, Errno> {
    let mut answer = [0_u8; HEADER + size_of::<i32>()];
    // SAFETY: the kernel writes at most `answer.len()` bytes to `answer`.
    let length = Errno::result(unsafe { libc::recv(socket, answer.as_mut_ptr().cast(), answer.len(), 0) })?;
    let kind = u16::from_ne_bytes([answer[4], answer[5]]);
    let is_answer = libc::c_int::from(kind) == libc::NLMSG_ERROR && length.cast_unsigned() == answer.len();
    match i32::from_ne_bytes([answer[16], answer[17], answer[18], answer[19]]) {
        _ if !is_answer => Err(Errno::EPROTO),
        0 => Ok(Ok(())),
        errno => Ok(Err(Errno::from_raw(-errno))),
    }
}

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
