//! Where is asked: the pod's network, and the container.

use std::fs;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;

use launch::op::Made;
use launch::{Identity, Kind};
use nsjoin::Target;
use rustix::io::Errno;
use rustix::net::{self, AddressFamily, SocketFlags, SocketType, sockopt};
use tokio::net::TcpStream;

use super::exec::Command;

/// A container, and how it is reached.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// Who holds the pod's network.
    pub(crate) pause: Identity,
    /// The pod's address, in its own network.
    pub(crate) address: IpAddr,
    /// How a command is run in the container.
    pub(crate) command: Option<Command>,
}

/// Why there is no connection.
#[derive(Debug)]
pub(super) enum Unreached {
    /// Nobody is there, or not in time: in Go's words.
    Refused(String),
    /// It could not be tried.
    Untried(String),
}

impl Place {
    /// Connects to an address that is reached from the pod's network.
    pub(super) async fn connect(&self, host: Option<&str>, port: u16) -> Result<TcpStream, Unreached> {
        let host = host.filter(|host| !host.is_empty());
        let address = match host.map(|host| host.trim_matches(['[', ']']).parse::<IpAddr>()) {
            None => self.address,
            Some(Ok(address)) => address,
            // Names are the machine's to look up, as they are the kubelet's.
            Some(Err(_)) => self.look_up(host.unwrap_or_default(), port).await?,
        };
        let target = SocketAddr::new(address, port);
        let socket = self.socket(address).map_err(|error| Unreached::Untried(error.to_string()))?;
        let failed = |error: &io::Error| Unreached::Refused(format!("dial tcp {target}: connect: {}", plain(error)));
        match net::connect(&socket, &target) {
            Ok(()) | Err(Errno::INPROGRESS) => {}
            Err(errno) => return Err(failed(&errno.into())),
        }
        let stream = TcpStream::from_std(socket.into()).map_err(|error| Unreached::Untried(error.to_string()))?;
        stream.writable().await.map_err(|error| failed(&error))?;
        match stream.take_error() {
            Ok(None) => {}
            Ok(Some(error)) | Err(error) => return Err(failed(&error)),
        }
        // Whoever asks often is to leave no connection behind that waits for a minute.
        let _as_it_is = sockopt::set_socket_linger(&stream, Some(std::time::Duration::from_secs(1)));
        Ok(stream)
    }

    async fn look_up(&self, name: &str, port: u16) -> Result<IpAddr, Unreached> {
        let found = tokio::net::lookup_host((name, port)).await;
        let first = found.ok().and_then(|mut found| found.next());
        first
            .map(|found| found.ip())
            .ok_or_else(|| Unreached::Refused(format!("dial tcp: lookup {name}: no such host")))
    }

    /// A socket of the pod's network.
    fn socket(&self, address: IpAddr) -> io::Result<OwnedFd> {
        let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
        if self.is_ours()? {
            let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
            return Ok(net::socket_with(family, SocketType::STREAM, flags, None)?);
        }
        let made = Made::Stream { family: i32::from(family.as_raw()) };
        nsjoin::make(&Target::Process(self.pause), [Kind::User, Kind::Net], made).map_err(io::Error::other)
    }

    /// Whether the pod's network is the one that we are in.
    fn is_ours(&self) -> io::Result<bool> {
        let theirs = fs::metadata(format!("/proc/{}/ns/net", self.pause.pid))?;
        let ours = fs::metadata("/proc/self/ns/net")?;
        Ok((theirs.dev(), theirs.ino()) == (ours.dev(), ours.ino()))
    }
}

/// The system's words for an error, without its number, as Go has them.
pub(super) fn plain(error: &io::Error) -> String {
    let words = error.to_string();
    words.split(" (os error").next().unwrap_or_default().to_lowercase()
}
