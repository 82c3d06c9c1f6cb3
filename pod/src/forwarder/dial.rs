//! Reaching the pod's localhost.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::{self, AddressFamily, SocketFlags, SocketType, sockopt};

use super::means::Means;
use super::sys::{Watched, watch};

/// How long to wait before something is tried again that the kernel had no means for.
pub(super) const BREATH: Duration = Duration::from_millis(50);

/// How often that is done for a client that waits.
const BREATHS: u32 = 100;

/// Reaches a port on the pod's localhost, by IPv4 first: that is what most servers listen on.
pub(super) async fn dial(port: u16, means: &Means) -> io::Result<Watched> {
    for _ in 0..BREATHS {
        match either(port).await {
            Err(error) if is_shortage(&error) => means.short_of("reach the pod", &error),
            reached => return reached,
        }
        tokio::time::sleep(BREATH).await;
    }
    Err(io::ErrorKind::TimedOut.into())
}

async fn either(port: u16) -> io::Result<Watched> {
    match reach(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)).await {
        Err(error) if !is_shortage(&error) => reach(SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), port)).await,
        reached => reached,
    }
}

async fn reach(address: SocketAddr) -> io::Result<Watched> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = net::socket_with(family, SocketType::STREAM, flags, None)?;
    // Whoever is on the same machine cannot vanish without a word: nobody has to be asked whether they are still there.
    sockopt::set_tcp_nodelay(&socket, true)?;
    match net::connect(&socket, &address) {
        Ok(()) | Err(Errno::INPROGRESS) => {}
        Err(errno) => return Err(errno.into()),
    }
    // On one machine it is connected by now, or refused; asking again says which, without waiting.
    let is_connected = match net::connect(&socket, &address) {
        Ok(()) | Err(Errno::ISCONN) => true,
        Err(Errno::ALREADY | Errno::INPROGRESS) => false,
        Err(errno) => return Err(errno.into()),
    };
    let socket = watch(socket)?;
    if !is_connected {
        socket.writable().await?.retain_ready();
        sockopt::socket_error(socket.get_ref())??;
    }
    Ok(socket)
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
