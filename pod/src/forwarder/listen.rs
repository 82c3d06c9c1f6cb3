//! Listening at a published address, and making sure of a listener that somebody hands us.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::{self, AddressFamily, SocketFlags, SocketType, sockopt};

use crate::publish::Publish;

/// How long a connection is silent before the other side is asked whether it is still there, how long
/// each answer is waited for, and how many are.
const SILENT: Duration = Duration::from_secs(60);
const BETWEEN: Duration = Duration::from_secs(15);
const ASKED: u32 = 8;

/// A published port, listened to.
#[derive(Debug)]
pub struct Listening {
    /// Where; its port is the one that the kernel has given.
    pub publish: Publish,
    listener: TcpListener,
}

/// Listens where a port is to be published. Every address is every one of IPv4, too, whatever
/// `net.ipv6.bindv6only` says; on a machine without IPv6 it is every one of IPv4.
///
/// # Errors
/// When the address is not here, or in use, or not for us to listen at.
pub fn listen(publish: Publish) -> io::Result<Listening> {
    let bound = match bind(publish.listen()) {
        Err(Errno::AFNOSUPPORT | Errno::ADDRNOTAVAIL) if is_every(publish.address) => {
            bind(SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), publish.host_port))
        }
        bound => bound,
    };
    let listener = TcpListener::from(bound?);
    let host_port = listener.local_addr()?.port();
    Ok(Listening { publish: Publish { host_port, ..publish }, listener })
}

fn is_every(address: IpAddr) -> bool {
    address.is_ipv6() && address.is_unspecified()
}

fn bind(address: SocketAddr) -> Result<OwnedFd, Errno> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let socket = net::socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK, None)?;
    // What is left of earlier connections does not keep us out.
    sockopt::set_socket_reuseaddr(&socket, true)?;
    if is_every(address.ip()) {
        sockopt::set_ipv6_v6only(&socket, false)?;
    }
    // Each accepted connection inherits these.
    tune(socket.as_fd())?;
    net::bind(&socket, &address)?;
    // As many as net.core.somaxconn allows wait to be accepted.
    net::listen(&socket, i32::MAX)?;
    Ok(socket)
}

/// Has small writes sent at once, and a connection whose other side has vanished noticed.
pub(super) fn tune(socket: BorrowedFd<'_>) -> Result<(), Errno> {
    sockopt::set_tcp_nodelay(socket, true)?;
    sockopt::set_socket_keepalive(socket, true)?;
    sockopt::set_tcp_keepidle(socket, SILENT)?;
    sockopt::set_tcp_keepintvl(socket, BETWEEN)?;
    sockopt::set_tcp_keepcnt(socket, ASKED)
}

impl Listening {
    /// Takes a listener that somebody has handed us, if it is one and stands where it is said to.
    ///
    /// # Errors
    /// When it does not.
    pub(super) fn verified(publish: Publish, listener: OwnedFd) -> io::Result<Self> {
        let is_listener = sockopt::socket_type(&listener)? == SocketType::STREAM
            && matches!(sockopt::socket_domain(&listener)?, AddressFamily::INET | AddressFamily::INET6)
            && sockopt::socket_acceptconn(&listener)?;
        let listener = TcpListener::from(listener);
        let stands = listener.local_addr()?;
        let fallen_back = is_every(publish.address) && stands.ip() == IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        let is_there = stands.port() == publish.host_port && (stands.ip() == publish.address || fallen_back);
        if is_listener && is_there {
            Ok(Self { publish, listener })
        } else {
            Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("what was handed over does not listen at {publish}"),
            ))
        }
    }
}

impl AsFd for Listening {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.listener.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv6Addr, TcpStream};

    fn publish(text: &str) -> Publish {
        text.parse().expect("a port")
    }

    #[test]
    fn every_address_is_one_of_ipv4_too() {
        let listening = listen(publish("0:80")).expect("a listener");
        let port = listening.publish.host_port;
        assert_ne!(port, 0);
        TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("by IPv4");
        if TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok() {
            TcpStream::connect((Ipv6Addr::LOCALHOST, port)).expect("by IPv6");
        }
    }

    #[test]
    fn an_address_that_is_in_use_is_refused() {
        let taken = listen(publish("127.0.0.1:0:80")).expect("a listener");
        let again = listen(taken.publish).expect_err("it is taken");
        assert_eq!(again.kind(), io::ErrorKind::AddrInUse);
    }

    #[test]
    fn a_connection_is_tuned_as_its_listener() {
        let listening = listen(publish("127.0.0.1:0:80")).expect("a listener");
        let _client = TcpStream::connect(listening.publish.listen()).expect("a client");
        let accepted = net::accept(&listening).expect("a connection");
        assert!(sockopt::socket_keepalive(&accepted).expect("an option"));
        assert!(sockopt::tcp_nodelay(&accepted).expect("an option"));
        assert_eq!(sockopt::tcp_keepidle(&accepted).expect("an option"), SILENT);
    }

    #[test]
    fn only_a_listener_at_the_published_address_is_taken() {
        let listening = listen(publish("127.0.0.1:0:80")).expect("a listener");
        let there = listening.publish;
        let copy = || listening.as_fd().try_clone_to_owned().expect("a copy");
        assert!(Listening::verified(there, copy()).is_ok());
        let elsewhere = Publish { host_port: there.host_port ^ 1, ..there };
        assert!(Listening::verified(elsewhere, copy()).is_err());
        let connected = TcpStream::connect(there.listen()).expect("a client");
        let (accepted, _) = listening.listener.accept().expect("a connection");
        assert!(Listening::verified(there, accepted.into()).is_err(), "it stands there, and does not listen");
        assert!(Listening::verified(there, connected.into()).is_err());
        assert!(Listening::verified(there, std::fs::File::open("/dev/null").expect("a file").into()).is_err());
    }
}
