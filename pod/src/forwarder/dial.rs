//! Reaching the pod's localhost.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::io::{Errno, retry_on_intr};
use rustix::net::{self, AddressFamily, SendFlags, SocketFlags, SocketType, sockopt};

use super::means::Means;
use super::sys::{Watched, watch};

/// How long to wait before something is tried again that the kernel had no means for.
pub(super) const BREATH: Duration = Duration::from_millis(50);

/// How often that is done for a client that waits.
const BREATHS: u32 = 100;

/// Who is reached in the pod.
pub(super) struct Reached {
    pub(super) server: Watched,
    /// How much of the first words has been said to it.
    pub(super) said: usize,
}

/// Reaches a port on the pod's localhost, by IPv4 first: that is what most servers listen on. What there is to say
/// already goes along, as much as is taken at once.
pub(super) async fn dial(port: u16, first: &[u8], means: &Means) -> io::Result<Reached> {
    for _ in 0..BREATHS {
        match either(port, first).await {
            Err(error) if is_shortage(&error) => means.short_of("reach the pod", &error),
            reached => return reached,
        }
        tokio::time::sleep(BREATH).await;
    }
    Err(io::ErrorKind::TimedOut.into())
}

async fn either(port: u16, first: &[u8]) -> io::Result<Reached> {
    match reach(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port), first).await {
        Err(error) if !is_shortage(&error) => {
            reach(SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), port), first).await
        }
        reached => reached,
    }
}

async fn reach(address: SocketAddr, first: &[u8]) -> io::Result<Reached> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = net::socket_with(family, SocketType::STREAM, flags, None)?;
    // Whoever is on the same machine cannot vanish without a word: nobody has to be asked whether they are still there.
    sockopt::set_tcp_nodelay(&socket, true)?;
    if !first.is_empty() {
        // The last packet of the handshake is not sent alone: what is said goes with it. Later ones are as ever.
        sockopt::set_tcp_quickack(&socket, false)?;
    }
    match net::connect(&socket, &address) {
        Ok(()) | Err(Errno::INPROGRESS) => {}
        Err(errno) => return Err(errno.into()),
    }
    let said = begun(&socket, &address, first)?;
    let server = watch(socket)?;
    if said.is_none() {
        server.writable().await?.retain_ready();
        sockopt::socket_error(server.get_ref())??;
    }
    Ok(Reached { server, said: said.unwrap_or_default() })
}

/// On one machine it is connected by now, or refused, and the next call says which, without waiting: how much has been
/// said; `None` when it is not yet known whether somebody is there.
fn begun(socket: &OwnedFd, address: &SocketAddr, first: &[u8]) -> Result<Option<usize>, Errno> {
    if first.is_empty() {
        return match net::connect(socket, address) {
            Ok(()) | Err(Errno::ISCONN) => Ok(Some(0)),
            Err(Errno::ALREADY | Errno::INPROGRESS) => Ok(None),
            Err(errno) => Err(errno),
        };
    }
    match retry_on_intr(|| net::send(socket, first, SendFlags::NOSIGNAL)) {
        Ok(said) => Ok(Some(said)),
        Err(Errno::AGAIN | Errno::NOBUFS | Errno::NOMEM) => Ok(None),
        Err(errno) => Err(errno),
    }
}

/// Whether the kernel was short of something, and may not be later.
pub(super) fn is_shortage(error: &io::Error) -> bool {
    let shortage = [
        libc::EMFILE,
        libc::ENFILE,
        libc::ENOBUFS,
        libc::ENOMEM,
        // As many descriptors are watched as a user may watch.
        libc::ENOSPC,
        // No port is left to come from.
        libc::EAGAIN,
    ];
    error.raw_os_error().is_some_and(|errno| shortage.contains(&errno))
}
