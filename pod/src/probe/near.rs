//! Connections within the pod's network.

use std::io;
use std::net::{IpAddr, SocketAddr};

use rustix::io::Errno;
use rustix::net::{self, AddressFamily, SocketFlags, SocketType, sockopt};
use tokio::net::TcpStream;

use super::message::Near;

/// Why there is no connection.
#[derive(Debug)]
pub(super) enum Unreached {
    /// Nobody is there, or not in time: in Go's words.
    Refused(String),
    /// It could not be tried.
    Untried(String),
}

impl Near {
    /// Connects to an address that is reached from here.
    pub(super) async fn connect(&self, host: Option<&str>, port: u16) -> Result<TcpStream, Unreached> {
        let host = host.filter(|host| !host.is_empty());
        let target = SocketAddr::new(self.find(host)?, port);
        let socket = socket(target.ip()).map_err(|error| Unreached::Untried(error.to_string()))?;
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

    fn find(&self, host: Option<&str>) -> Result<IpAddr, Unreached> {
        let Some(host) = host else { return Ok(self.address) };
        let known = self.known.as_ref().filter(|(known, _)| known == host).map(|(_, address)| *address);
        let address = host.trim_matches(['[', ']']).parse().ok().or(known);
        address.ok_or_else(|| Unreached::Refused(format!("dial tcp: lookup {host}: no such host")))
    }
}

fn socket(address: IpAddr) -> io::Result<std::os::fd::OwnedFd> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    Ok(net::socket_with(family, SocketType::STREAM, flags, None)?)
}

/// The system's words for an error, without its number, as Go has them.
fn plain(error: &io::Error) -> String {
    let words = error.to_string();
    words.split(" (os error").next().unwrap_or_default().to_lowercase()
}
