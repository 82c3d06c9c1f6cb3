//! What somebody in a network is given: an interface, addresses, the way out.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::kind::Network;

/// What somebody in a network is given; a pod's `network.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// The network.
    pub network: Network,
    /// What its link is called, in there; none while it has none.
    #[serde(default)]
    pub interface: Option<String>,
    /// The address of that.
    #[serde(default)]
    pub mac: Option<Mac>,
    /// Its addresses, the first first.
    #[serde(default)]
    pub addresses: Vec<Prefixed>,
    /// Who it sends to what is for others, of each family at most one.
    #[serde(default)]
    pub gateways: Vec<IpAddr>,
    /// The longest packet.
    #[serde(default)]
    pub mtu: Option<u32>,
    /// Name servers that only this network has.
    #[serde(default)]
    pub resolvers: Vec<IpAddr>,
    /// The domains that it searches.
    #[serde(default)]
    pub searches: Vec<String>,
    /// What the other end of its link is called, outside, and by which nobody else has its addresses.
    #[serde(default)]
    pub outside: Option<String>,
}

impl Attachment {
    /// One in this network that has nothing of it yet.
    #[must_use]
    pub fn new(network: Network) -> Self {
        Self { network, ..Self::default() }
    }

    /// Its addresses alone.
    #[must_use]
    pub fn ips(&self) -> Vec<IpAddr> {
        self.addresses.iter().map(|address| address.ip).collect()
    }
}

/// An address, and how long the part of it is that its neighbours share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Prefixed {
    /// The address.
    pub ip: IpAddr,
    /// Bits.
    pub prefix: u8,
}

impl Prefixed {
    /// Whether two have addresses in common.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        let shorter = self.prefix.min(other.prefix);
        self.network(shorter).is_some_and(|network| Some(network) == other.network(shorter))
    }

    /// The first so many bits; none where another family's would be compared with them.
    fn network(&self, bits: u8) -> Option<(bool, u128)> {
        let (number, width) = match self.ip {
            IpAddr::V4(ip) => (u128::from(u32::from(ip)), 32),
            IpAddr::V6(ip) => (u128::from(ip), 128),
        };
        let dropped = u32::from(u8::checked_sub(width, bits)?);
        Some((width == 32, number.checked_shr(dropped).unwrap_or(0)))
    }
}

impl fmt::Display for Prefixed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.ip, self.prefix)
    }
}

/// It is no address with a length.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no address with a prefix length, as 10.1.2.3/24 is")]
pub struct InvalidPrefixed(String);

impl FromStr for Prefixed {
    type Err = InvalidPrefixed;

    fn from_str(text: &str) -> Result<Self, InvalidPrefixed> {
        let parse = || {
            let (ip, prefix) = text.split_once('/')?;
            let (ip, prefix): (IpAddr, u8) = (ip.parse().ok()?, prefix.parse().ok()?);
            (prefix <= if ip.is_ipv4() { 32 } else { 128 }).then_some(Self { ip, prefix })
        };
        parse().ok_or_else(|| InvalidPrefixed(text.to_owned()))
    }
}

impl TryFrom<String> for Prefixed {
    type Error = InvalidPrefixed;

    fn try_from(text: String) -> Result<Self, InvalidPrefixed> {
        text.parse()
    }
}

impl From<Prefixed> for String {
    fn from(prefixed: Prefixed) -> Self {
        prefixed.to_string()
    }
}

/// The address of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Mac(pub [u8; 6]);

impl Mac {
    /// That of whoever has this address in a bridge's network: nobody else's, given by us (its second bit), and
    /// the same whenever somebody has the address, so that neighbours need not forget anything.
    #[must_use]
    pub fn of(ip: Ipv4Addr) -> Self {
        let [a, b, c, d] = ip.octets();
        Self([0x02, 0x70, a, b, c, d])
    }

    /// The address that a link gives to itself by this.
    ///
    /// # References
    /// RFC 4291, appendix A
    #[must_use]
    pub fn link_local(self) -> Ipv6Addr {
        let [a, b, c, d, e, f] = self.0.map(u16::from);
        Ipv6Addr::new(0xfe80, 0, 0, 0, ((a ^ 2) << 8) | b, (c << 8) | 0xff, 0xfe00 | d, (e << 8) | f)
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

/// It is no address of a link.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no address of a link, as 02:70:0a:01:02:03 is")]
pub struct InvalidMac(String);

impl FromStr for Mac {
    type Err = InvalidMac;

    fn from_str(text: &str) -> Result<Self, InvalidMac> {
        let byte = |part: &str| {
            (part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_hexdigit()))
                .then(|| u8::from_str_radix(part, 16).ok())
                .flatten()
        };
        let bytes: Option<Vec<u8>> = text.split(':').map(byte).collect();
        bytes.and_then(|bytes| bytes.try_into().ok()).map(Self).ok_or_else(|| InvalidMac(text.to_owned()))
    }
}

impl TryFrom<String> for Mac {
    type Error = InvalidMac;

    fn try_from(text: String) -> Result<Self, InvalidMac> {
        text.parse()
    }
}

impl From<Mac> for String {
    fn from(mac: Mac) -> Self {
        mac.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_down_is_read_as_the_same() {
        let attachment = Attachment {
            interface: Some("eth0".to_owned()),
            mac: Some(Mac::of(Ipv4Addr::new(10, 1, 2, 3))),
            addresses: vec!["10.1.2.3/20".parse().expect("one"), "fd00::3/64".parse().expect("another")],
            gateways: vec!["10.1.0.1".parse().expect("a gateway")],
            mtu: Some(1500),
            ..Attachment::new(Network::default_bridge())
        };
        let text = serde_json::to_string(&attachment).expect("text");
        assert_eq!(serde_json::from_str::<Attachment>(&text).expect("an attachment"), attachment);
        assert_eq!(serde_json::from_str::<Attachment>("{\"network\":\"none\"}").expect("one"), Attachment::default());
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in ["10.1.2.3", "10.1.2.3/33", "::1/129", "/8", "x/8", "10.1.2.3/"] {
            assert!(text.parse::<Prefixed>().is_err(), "{text}");
        }
        for text in ["", "02:70", "02:70:0a:01:02:3", "02:70:0a:01:02:03:04", "02:70:0a:01:02:zz", "+2:70:0a:01:02:03"]
        {
            assert!(text.parse::<Mac>().is_err(), "{text}");
        }
    }

    #[test]
    fn ranges_overlap_where_one_holds_the_other() {
        let overlap = |one: &str, other: &str| {
            let (one, other): (Prefixed, Prefixed) = (one.parse().expect("one"), other.parse().expect("other"));
            assert_eq!(one.overlaps(&other), other.overlaps(&one));
            one.overlaps(&other)
        };
        assert!(overlap("10.1.0.0/20", "10.0.0.0/8"));
        assert!(overlap("10.1.0.0/20", "0.0.0.0/0"));
        assert!(overlap("10.1.15.255/32", "10.1.0.0/20"));
        assert!(!overlap("10.1.16.0/32", "10.1.0.0/20"));
        assert!(!overlap("::/0", "0.0.0.0/0"));
        assert!(overlap("fd00::1/128", "fd00::/64"));
    }

    #[test]
    fn a_link_gives_itself_an_address_by_its_own() {
        let mac = Mac::of(Ipv4Addr::new(10, 214, 0, 2));
        assert_eq!(mac.to_string(), "02:70:0a:d6:00:02");
        assert_eq!(mac.link_local().to_string(), "fe80::70:aff:fed6:2");
    }
}
