//! Ports that are to be published no longer, as they are typed: `8080`, `127.0.0.1:8080`, `8080:80`, or a range of them.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use crate::publish::{InvalidPublish, Publish, Transport, ip, protocol, range};

/// What one `--remove` asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Removed {
    first: One,
    /// How many come after it.
    more: u16,
}

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct One {
    address: Option<IpAddr>,
    host: u16,
    pod: Option<u16>,
    protocol: Transport,
}

impl Removed {
    /// All of them, one by one.
    pub(super) fn each(&self) -> impl Iterator<Item = One> {
        let Self { first, more } = *self;
        (0..=more).map(move |at| One { host: first.host + at, pod: first.pod.map(|pod| pod + at), ..first })
    }
}

impl One {
    /// Whether it is this one.
    pub(super) fn is(&self, publish: &Publish) -> bool {
        self.host == publish.host_port
            && self.protocol == publish.protocol
            && self.address.is_none_or(|address| address == publish.address)
            && self.pod.is_none_or(|pod| pod == publish.pod_port)
    }
}

impl fmt::Display for One {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.address {
            Some(IpAddr::V6(address)) => write!(f, "[{address}]:")?,
            Some(address) => write!(f, "{address}:")?,
            None => {}
        }
        write!(f, "{}", self.host)?;
        if let Some(pod) = self.pod {
            write!(f, "->{pod}")?;
        }
        f.write_str(if self.protocol == Transport::Udp { "/udp" } else { "" })
    }
}

impl FromStr for Removed {
    type Err = InvalidPublish;

    fn from_str(text: &str) -> Result<Self, InvalidPublish> {
        let (ports, protocol) = protocol(text)?;
        // From the right, for an IPv6 address has colons of its own. What stands before the last one is an address, or a
        // port of the host with or without one.
        let (address, hosts, pods) = match ports.rsplit_once(':') {
            None => (None, ports, None),
            Some((before, last)) => match (ip(before), before.rsplit_once(':')) {
                (Ok(address), _) => (Some(address), last, None),
                (Err(_), None) => (None, before, Some(last)),
                (Err(_), Some((address, host))) => (Some(ip(address)?), host, Some(last)),
            },
        };
        let (host, more) = range(hosts)?;
        let pod = match pods.map(range).transpose()? {
            Some((_, others)) if others != more => {
                return Err(InvalidPublish::Uneven(hosts.to_owned(), pods.unwrap_or_default().to_owned()));
            }
            pod => pod.map(|(first, _)| first),
        };
        Ok(Self { first: One { address, host, pod, protocol }, more })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn removed(text: &str) -> String {
        match text.parse::<Removed>() {
            Ok(removed) => removed.each().map(|one| one.to_string()).collect::<Vec<_>>().join(" "),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn every_form_means_what_it_says() {
        for (text, ports) in [
            ("8080", "8080"),
            ("53/udp", "53/udp"),
            ("8080:80", "8080->80"),
            ("127.0.0.1:8080", "127.0.0.1:8080"),
            ("[::1]:8080", "[::1]:8080"),
            ("::1:8080", "[::1]:8080"),
            ("127.0.0.1:8080:80/udp", "127.0.0.1:8080->80/udp"),
            ("[::1]:8080:80", "[::1]:8080->80"),
            ("8000-8002", "8000 8001 8002"),
            ("65535", "65535"),
            ("8000-8001:80-81", "8000->80 8001->81"),
            ("8000-8001:80", r#""8000-8001" and "80" are not as many ports"#),
            ("0", r#""0" is no port"#),
            ("", r#""" is no port"#),
            ("8080/sctp", r#""sctp": only tcp and udp can be published"#),
            ("host:8080:80", r#""host" is no IP address"#),
        ] {
            assert_eq!(removed(text), ports, "{text}");
        }
    }

    #[test]
    fn what_is_not_said_may_be_any() {
        let publish: Publish = "127.0.0.1:8080:80".parse().expect("a port");
        for (text, is) in [
            ("8080", true),
            ("8080:80", true),
            ("127.0.0.1:8080", true),
            ("8081", false),
            ("8080:81", false),
            ("8080/udp", false),
            ("[::1]:8080", false),
        ] {
            let removed: Removed = text.parse().expect(text);
            assert_eq!(removed.each().any(|one| one.is(&publish)), is, "{text}");
        }
    }
}
