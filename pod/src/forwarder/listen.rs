//! Listening at a published address, and making sure of a listener that somebody hands us.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::{self, AddressFamily, SocketFlags, SocketType, sockopt};

use super::packet;
use crate::publish::{Publish, Transport};

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
    listener: OwnedFd,
}

/// Listens where a port is to be published. Every address is every one of IPv4, too, whatever
/// `net.ipv6.bindv6only` says; on a machine without IPv6 it is every one of IPv4.
///
/// # Errors
/// When the address is not here, or in use, or not for us to listen at.
pub fn listen(publish: Publish) -> io::Result<Listening> {
    listen_as(publish, Sharing::No)
}

/// Listens where a port is to be published, also where it is one of these listeners that is in the way, of every address or
/// of one: each connection is for who stands nearest. In the moment that it takes the kernel lets nobody in but us and
/// who has our uid.
///
/// # Errors
/// As [`listen`].
pub(crate) fn listen_beside(publish: Publish, ours: &[&Listening]) -> io::Result<Listening> {
    let listening = listen(publish);
    let is_in_the_way = |port: &&&Listening| {
        let (one, other) = (port.publish, publish);
        (one.host_port, one.protocol) == (other.host_port, other.protocol) && one.address != other.address
    };
    let mut in_the_way = ours.iter().filter(is_in_the_way).peekable();
    match listening {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse && in_the_way.peek().is_some() => {
            let shared = in_the_way.map(|port| Shared::with(port)).collect::<io::Result<Vec<_>>>()?;
            let listening = listen_as(publish, Sharing::Yes)?;
            drop(shared);
            sockopt::set_socket_reuseport(&listening.listener, false)?;
            Ok(listening)
        }
        listening => listening,
    }
}

/// A listener that lets another in at its port, as long as this is there.
struct Shared<'a>(&'a Listening);

impl<'a> Shared<'a> {
    fn with(port: &'a Listening) -> io::Result<Self> {
        sockopt::set_socket_reuseport(&port.listener, true)?;
        Ok(Self(port))
    }
}

impl Drop for Shared<'_> {
    fn drop(&mut self) {
        // What could be set can be unset.
        let _set = sockopt::set_socket_reuseport(&self.0.listener, false);
    }
}

/// Whether others of ours may be at the port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sharing {
    No,
    Yes,
}

fn listen_as(publish: Publish, sharing: Sharing) -> io::Result<Listening> {
    let bound = match bind(publish.listen(), publish.protocol, sharing) {
        Err(Errno::AFNOSUPPORT | Errno::ADDRNOTAVAIL) if is_every(publish.address) => {
            let every = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), publish.host_port);
            bind(every, publish.protocol, sharing)
        }
        bound => bound,
    };
    let listener = bound?;
    let host_port = stands(&listener)?.port();
    Ok(Listening { publish: Publish { host_port, ..publish }, listener })
}

fn is_every(address: IpAddr) -> bool {
    address.is_ipv6() && address.is_unspecified()
}

/// Where a listener stands.
fn stands(listener: &OwnedFd) -> io::Result<SocketAddr> {
    Ok(SocketAddr::try_from(net::getsockname(listener)?)?)
}

fn bind(address: SocketAddr, protocol: Transport, sharing: Sharing) -> Result<OwnedFd, Errno> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = net::socket_with(family, kind(protocol), flags, None)?;
    if is_every(address.ip()) {
        sockopt::set_ipv6_v6only(&socket, false)?;
    }
    if sharing == Sharing::Yes {
        sockopt::set_socket_reuseport(&socket, true)?;
    }
    if protocol == Transport::Udp {
        packet::say_where(&socket, address.is_ipv4())?;
        net::bind(&socket, &address)?;
        return Ok(socket);
    }
    // What is left of earlier connections does not keep us out.
    sockopt::set_socket_reuseaddr(&socket, true)?;
    // Each accepted connection inherits these.
    tune(socket.as_fd())?;
    net::bind(&socket, &address)?;
    // As many as net.core.somaxconn allows wait to be accepted.
    net::listen(&socket, i32::MAX)?;
    Ok(socket)
}

fn kind(protocol: Transport) -> SocketType {
    match protocol {
        Transport::Tcp => SocketType::STREAM,
        Transport::Udp => SocketType::DGRAM,
    }
}

/// Has small writes sent at once, and a connection whose other side has vanished noticed.
fn tune(socket: BorrowedFd<'_>) -> Result<(), Errno> {
    sockopt::set_tcp_nodelay(socket, true)?;
    sockopt::set_socket_keepalive(socket, true)?;
    sockopt::set_tcp_keepidle(socket, SILENT)?;
    sockopt::set_tcp_keepintvl(socket, BETWEEN)?;
    sockopt::set_tcp_keepcnt(socket, ASKED)
}

impl Listening {
    /// Another hold on the same listener.
    ///
    /// # Errors
    /// When no descriptor is left.
    pub fn try_clone(&self) -> io::Result<Self> {
        Ok(Self { publish: self.publish, listener: self.listener.try_clone()? })
    }

    /// The same listener for what leads to another port of the pod.
    ///
    /// # Errors
    /// When no descriptor is left.
    pub(crate) fn leading_to(&self, pod_port: u16) -> io::Result<Self> {
        Ok(Self { publish: Publish { pod_port, ..self.publish }, listener: self.listener.try_clone()? })
    }

    /// Takes a listener that somebody has handed us, if it is one and stands where it is said to.
    ///
    /// # Errors
    /// When it does not.
    pub(crate) fn verified(publish: Publish, listener: OwnedFd) -> io::Result<Self> {
        let is_listener = sockopt::socket_type(&listener)? == kind(publish.protocol)
            && matches!(sockopt::socket_domain(&listener)?, AddressFamily::INET | AddressFamily::INET6)
            && sockopt::socket_acceptconn(&listener)? == (publish.protocol == Transport::Tcp);
        let stands = stands(&listener)?;
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
    use std::net::{Ipv6Addr, TcpListener, TcpStream, UdpSocket};

    #[test]
    fn one_stands_beside_another_of_ours_and_nobody_else_does() {
        for protocol in ["tcp", "udp"] {
            let of = |address: &str, port: u16| publish(&format!("{address}:{port}:80/{protocol}"));
            let Ok(every) = listen(of("[::]", 0)) else { continue };
            let port = every.publish.host_port;
            let in_use = |tried: io::Result<Listening>| {
                assert_eq!(tried.map(drop).expect_err("it is taken").kind(), io::ErrorKind::AddrInUse, "{protocol}");
            };
            in_use(listen(of("127.0.0.1", port)));
            in_use(listen_beside(of("127.0.0.1", port), &[]));
            let one = listen_beside(of("127.0.0.1", port), &[&every]).expect("beside our own");
            // As before: who does not say so is not let in.
            in_use(listen(of("127.0.0.1", port)));
            drop(every);
            let again = listen_beside(of("[::]", port), &[&one]).expect("and wider again");
            assert_eq!((one.publish.host_port, again.publish.host_port), (port, port));
            drop((one, again));
            listen(of("127.0.0.1", port)).expect("it is free");
        }
    }

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
        let accepted = net::accept(&listening).expect("a connection");
        assert!(Listening::verified(there, accepted).is_err(), "it stands there, and does not listen");
        let packets = listen(publish("127.0.0.1:0:80/udp")).expect("a socket");
        let copy = packets.as_fd().try_clone_to_owned().expect("a copy");
        assert!(Listening::verified(Publish { protocol: Transport::Tcp, ..packets.publish }, copy).is_err());
        let another = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        let port = another.local_addr().expect("an address").port();
        let its_own = Publish { host_port: port, ..packets.publish };
        assert!(Listening::verified(its_own, another.into()).is_ok());
        assert!(Listening::verified(there, connected.into()).is_err());
        assert!(Listening::verified(there, std::fs::File::open("/dev/null").expect("a file").into()).is_err());
    }
}
