//! Asking the kernel about links, addresses and routes of the network that we are in.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::socket::{AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, recv, sendto, socket};

use crate::answer::{Address, Link, Route};
use crate::message::Messages;

const HEADER: usize = 16;
const DONE: u16 = 3;
const ERROR: u16 = 2;

/// A socket at which the kernel answers for the network in which it was made.
#[derive(Debug)]
pub struct Netlink(OwnedFd);

impl Netlink {
    /// Opens one.
    ///
    /// # Errors
    /// The kernel has none, or no descriptor is left.
    pub fn open() -> Result<Self, Errno> {
        socket(AddressFamily::Netlink, SockType::Raw, SockFlag::SOCK_CLOEXEC, SockProtocol::NetlinkRoute).map(Self)
    }

    /// Has all of it done, one after the other.
    ///
    /// # Errors
    /// What the first of them failed with; the others were done, where they could be.
    pub fn tell(&self, messages: &Messages) -> Result<(), Errno> {
        self.tell_bytes(messages.bytes())
    }

    /// The same of messages as bytes.
    ///
    /// # Errors
    /// As [`tell`](Self::tell).
    pub fn tell_bytes(&self, bytes: &[u8]) -> Result<(), Errno> {
        self.send(bytes)?;
        let mut failed = None;
        for _ in 0..count(bytes) {
            // Each is answered by itself; what it was follows the answer, and need not be read.
            let mut answer = [0; 64];
            let length = self.receive(&mut answer, MsgFlags::empty())?;
            if let Some(errno) = answer.get(..length).and_then(error) {
                failed = failed.or(Some(errno));
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// The link that is called so.
    ///
    /// # Errors
    /// It cannot be told.
    pub fn link(&self, name: &str) -> Result<Option<Link>, Errno> {
        match self.ask(&Messages::new().ask_link(name)) {
            Err(Errno::ENODEV) => Ok(None),
            answers => Ok(answers?.iter().find_map(|bytes| Link::parse(bytes))),
        }
    }

    /// All links.
    ///
    /// # Errors
    /// They cannot be told.
    pub fn links(&self) -> Result<Vec<Link>, Errno> {
        Ok(self.ask(&Messages::new().ask_links())?.iter().filter_map(|bytes| Link::parse(bytes)).collect())
    }

    /// All addresses.
    ///
    /// # Errors
    /// They cannot be told.
    pub fn addresses(&self) -> Result<Vec<Address>, Errno> {
        Ok(self.ask(&Messages::new().ask_addresses())?.iter().filter_map(|bytes| Address::parse(bytes)).collect())
    }

    /// All routes but those to what is here.
    ///
    /// # Errors
    /// They cannot be told.
    pub fn routes(&self) -> Result<Vec<Route>, Errno> {
        Ok(self.ask(&Messages::new().ask_routes())?.iter().filter_map(|bytes| Route::parse(bytes)).collect())
    }

    /// What is answered, each without its header.
    fn ask(&self, messages: &Messages) -> Result<Vec<Vec<u8>>, Errno> {
        self.send(messages.bytes())?;
        let mut answers = Vec::new();
        loop {
            let length = self.receive(&mut [], MsgFlags::MSG_PEEK | MsgFlags::MSG_TRUNC)?;
            let mut answer = vec![0; length];
            let length = self.receive(&mut answer, MsgFlags::empty())?;
            let mut rest = &answer[..length.min(answer.len())];
            while let Some((kind, length)) = head(rest) {
                match kind {
                    DONE => return Ok(answers),
                    ERROR => return error(rest).map_or(Ok(answers), Err),
                    _ => answers.extend(rest.get(HEADER..length).map(<[u8]>::to_vec)),
                }
                rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
            }
        }
    }

    fn send(&self, bytes: &[u8]) -> Result<(), Errno> {
        sendto(self.0.as_raw_fd(), bytes, &NetlinkAddr::new(0, 0), MsgFlags::empty()).map(drop)
    }

    fn receive(&self, bytes: &mut [u8], flags: MsgFlags) -> Result<usize, Errno> {
        loop {
            match recv(self.0.as_raw_fd(), bytes, flags) {
                Err(Errno::EINTR) => {}
                received => return received,
            }
        }
    }
}

/// One that was made in another network, and answers for that.
impl From<OwnedFd> for Netlink {
    fn from(socket: OwnedFd) -> Self {
        Self(socket)
    }
}

impl From<Netlink> for OwnedFd {
    fn from(socket: Netlink) -> Self {
        socket.0
    }
}

/// What a message is, and how long.
fn head(bytes: &[u8]) -> Option<(u16, usize)> {
    let length = usize::try_from(u32::from_ne_bytes(bytes.get(..4)?.try_into().ok()?)).ok()?;
    let kind = u16::from_ne_bytes(bytes.get(4..6)?.try_into().ok()?);
    (length >= HEADER && bytes.len() >= HEADER).then_some((kind, length))
}

/// What an answer says that something failed with.
fn error(bytes: &[u8]) -> Option<Errno> {
    let (kind, _) = head(bytes)?;
    let number = i32::from_ne_bytes(bytes.get(HEADER..HEADER + 4)?.try_into().ok()?);
    (kind == ERROR && number != 0).then(|| Errno::from_raw(-number))
}

/// How many messages these are.
fn count(mut bytes: &[u8]) -> usize {
    let mut count = 0;
    while let Some((_, length)) = head(bytes) {
        count += 1;
        bytes = bytes.get(length..).unwrap_or_default();
    }
    count
}

/// The network that we are in, by its inode.
///
/// # Errors
/// It cannot be told.
pub fn own_network() -> io::Result<u64> {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self/ns/net").map(|found| found.ino())
}
