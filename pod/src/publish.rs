//! Published ports: `[ADDRESS:]HOST:POD[/PROTOCOL]`, as text and as data.

mod range;

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

pub(crate) use range::{Published, range};
use serde::{Deserialize, Serialize};

/// A port of the host that leads to a port on the pod's localhost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publish {
    /// The host's address; `::` is every address, of IPv4 too.
    pub address: IpAddr,
    /// The host's port; 0 until the kernel has chosen one.
    pub host_port: u16,
    /// The port on the pod's localhost.
    pub pod_port: u16,
    /// What is spoken there.
    #[serde(default, skip_serializing_if = "Transport::is_tcp")]
    pub protocol: Transport,
}

/// What is spoken on a published port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// Connections.
    #[default]
    Tcp,
    /// Packets.
    Udp,
}

impl Transport {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
    fn is_tcp(&self) -> bool {
        *self == Self::Tcp
    }
}

/// What was given is not `[ADDRESS:]HOST:POD[/PROTOCOL]`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPublish {
    /// It has the wrong shape.
    #[error("{0:?} is not [ADDRESS:]HOST:POD[/PROTOCOL]")]
    Shape(String),
    /// A port is none.
    #[error("{0:?} is no port")]
    Port(String),
    /// An address is none.
    #[error("{0:?} is no IP address")]
    Address(String),
    /// Another protocol was asked for.
    #[error("{0:?}: only tcp and udp can be published")]
    Protocol(String),
    /// The end of a range is before its beginning.
    #[error("{0:?} ends before it begins")]
    Backwards(String),
    /// Two ranges do not go together.
    #[error("{0:?} and {1:?} are not as many ports")]
    Uneven(String, String),
}

impl Publish {
    /// Whether it is the same port of the host, wherever it leads.
    #[must_use]
    pub fn is_at(&self, other: &Self) -> bool {
        (self.address, self.host_port, self.protocol) == (other.address, other.host_port, other.protocol)
    }

    /// Where the host listens.
    #[must_use]
    pub fn listen(&self) -> SocketAddr {
        SocketAddr::new(self.address, self.host_port)
    }
}

impl FromStr for Publish {
    type Err = InvalidPublish;

    fn from_str(text: &str) -> Result<Self, InvalidPublish> {
        let Parts { address, host, pod, protocol } = Parts::of(text)?;
        let pod_port = match port(pod)? {
            0 => return Err(InvalidPublish::Port(pod.to_owned())),
            port => port,
        };
        Ok(Self { address, host_port: port(host)?, pod_port, protocol })
    }
}

/// What a text of that form is made of.
struct Parts<'a> {
    address: IpAddr,
    host: &'a str,
    pod: &'a str,
    protocol: Transport,
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Result<Self, InvalidPublish> {
        let shape = || InvalidPublish::Shape(text.to_owned());
        let (ports, protocol) = protocol(text)?;
        // From the right, for an IPv6 address has colons of its own.
        let (rest, pod) = ports.rsplit_once(':').ok_or_else(shape)?;
        let (address, host) = match rest.rsplit_once(':') {
            Some((address, host)) => (ip(address)?, host),
            None => (ANY, rest),
        };
        Ok(Self { address, host, pod, protocol })
    }
}

/// What stands before the protocol, and that.
pub(crate) fn protocol(text: &str) -> Result<(&str, Transport), InvalidPublish> {
    match text.split_once('/') {
        Some((ports, "tcp")) => Ok((ports, Transport::Tcp)),
        Some((ports, "udp")) => Ok((ports, Transport::Udp)),
        Some((_, protocol)) => Err(InvalidPublish::Protocol(protocol.to_owned())),
        None => Ok((text, Transport::Tcp)),
    }
}

const ANY: IpAddr = IpAddr::V6(Ipv6Addr::UNSPECIFIED);

fn port(text: &str) -> Result<u16, InvalidPublish> {
    // `parse` would take a sign.
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits).ok_or_else(|| InvalidPublish::Port(text.to_owned()))
}

pub(crate) fn ip(text: &str) -> Result<IpAddr, InvalidPublish> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    bare.parse().map_err(|_| InvalidPublish::Address(text.to_owned()))
}

/// `8888->80`, or with the address where it is not every one, and with the protocol where it is not TCP.
impl fmt::Display for Publish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.address == ANY {
            write!(f, "{}->{}", self.host_port, self.pod_port)?;
        } else {
            write!(f, "{}->{}", self.listen(), self.pod_port)?;
        }
        if self.protocol == Transport::Udp { f.write_str("/udp") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_means_what_it_says() {
        for (text, listen, pod_port, shown) in [
            ("8888:80", "[::]:8888", 80, "8888->80"),
            ("8888:80/tcp", "[::]:8888", 80, "8888->80"),
            ("53:53/udp", "[::]:53", 53, "53->53/udp"),
            ("127.0.0.1:53:54/udp", "127.0.0.1:53", 54, "127.0.0.1:53->54/udp"),
            ("0:80", "[::]:0", 80, "0->80"),
            ("127.0.0.1:8888:80", "127.0.0.1:8888", 80, "127.0.0.1:8888->80"),
            ("[::1]:8888:80", "[::1]:8888", 80, "[::1]:8888->80"),
            ("::1:8888:80", "[::1]:8888", 80, "[::1]:8888->80"),
        ] {
            let publish: Publish = text.parse().expect(text);
            assert_eq!(publish.listen().to_string(), listen, "{text}");
            assert_eq!(publish.pod_port, pod_port, "{text}");
            assert_eq!(publish.to_string(), shown, "{text}");
        }
    }

    #[test]
    fn what_is_no_pair_of_ports_is_refused() {
        for text in [
            "",
            "80",
            ":",
            "80:",
            ":80",
            "80:0",
            "+1:80",
            "65536:80",
            "80:65536",
            "a:80",
            "host:80:80",
            "80:80/sctp",
            "1.2.3:80:80",
        ] {
            assert!(text.parse::<Publish>().is_err(), "{text}");
        }
    }
}
