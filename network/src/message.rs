//! What the kernel is asked about links, addresses and routes: messages as bytes, which whoever sends them need not
//! understand.
//!
//! # References
//! netlink(7), rtnetlink(7); the kernel's `Documentation/netlink/specs/rt-link.yaml` and its neighbours

use std::net::IpAddr;

use crate::attachment::{Mac, Prefixed};

const CREATE: u16 = flags(libc::NLM_F_CREATE);
const REPLACE: u16 = flags(libc::NLM_F_REPLACE);
const EXCLUSIVE: u16 = flags(libc::NLM_F_EXCL);
const ASKED: u16 = flags(libc::NLM_F_REQUEST | libc::NLM_F_ACK);
const DUMP: u16 = flags(libc::NLM_F_REQUEST | libc::NLM_F_DUMP);
const NESTED: u16 = 1 << 15;
const UP: u32 = libc::IFF_UP.cast_unsigned();

/// Numbers of the kernel's headers that the C libraries' lack.
const VETH_INFO_PEER: u16 = 1;
const IFLA_BR_MCAST_SNOOPING: u16 = 23;
const IFLA_BRPORT_LEARNING: u16 = 8;
const IFLA_BRPORT_LOCKED: u16 = 39;
const IFA_F_NODAD: u32 = 0x02;

/// The inside end of a pair is the second link of a new network, after its loopback.
pub const INSIDE: u32 = 2;

/// One message after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Messages {
    bytes: Vec<u8>,
    /// Where the number of a descriptor belongs, of the network that the inside end is to be in.
    network_at: Option<usize>,
}

/// A pair of links, one end at a bridge, the other in a network by itself.
#[derive(Clone, Copy, Debug)]
pub struct Pair<'a> {
    /// What the outside end is called.
    pub outside: &'a str,
    /// Its number.
    pub index: u32,
    /// The number of the bridge.
    pub bridge: u32,
    /// What the inside end is called.
    pub inside: &'a str,
    /// Its address.
    pub mac: Mac,
    /// The longest packet.
    pub mtu: u32,
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the kernel has 16 bits for them")]
const fn flags(flags: libc::c_int) -> u16 {
    flags as u16
}

impl Messages {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes, and where in them the number of a descriptor belongs: of the network that the inside end of a pair is
    /// to be in.
    #[must_use]
    pub fn into_bytes(self) -> (Vec<u8>, Option<usize>) {
        (self.bytes, self.network_at)
    }

    /// Makes a bridge, or makes one that is there like it; it is down until it is [brought up](Self::up). It keeps this
    /// address: one that is given none has a port's, and another with each that comes or goes.
    #[must_use]
    pub fn bridge(self, name: &str, mac: Mac, mtu: u32) -> Self {
        self.message(libc::RTM_NEWLINK, ASKED | CREATE, &link(0, 0, 0), |all| {
            all.name(name);
            all.number(libc::IFLA_MTU, mtu);
            all.attribute(libc::IFLA_ADDRESS, &mac.0);
            all.nested(libc::IFLA_LINKINFO, |all| {
                all.text(libc::IFLA_INFO_KIND, "bridge");
                all.nested(libc::IFLA_INFO_DATA, |all| {
                    // Groups are few here; and nobody asks who is in them, so snooping would lose their packets.
                    all.attribute(IFLA_BR_MCAST_SNOOPING, &[0]);
                });
            });
        })
    }

    /// Brings a link up.
    #[must_use]
    pub fn up(self, index: u32) -> Self {
        self.message(libc::RTM_NEWLINK, ASKED, &link(0, index, UP), |_| {})
    }

    /// Removes a link.
    #[must_use]
    pub fn remove(self, name: &str) -> Self {
        self.message(libc::RTM_DELLINK, ASKED, &link(0, 0, 0), |all| all.name(name))
    }

    /// Makes a pair of links, the inside end, which is down, in the network of a descriptor whose number is put in later. It
    /// goes with that network. Nobody at the bridge may have the inside end's address but who is at this port, and it
    /// no other, where the kernel can see to that (Linux 5.16).
    #[must_use]
    pub fn pair(self, pair: &Pair<'_>) -> Self {
        let made = self.message(libc::RTM_NEWLINK, ASKED | CREATE | EXCLUSIVE, &link(0, pair.index, UP), |all| {
            all.name(pair.outside);
            all.number(libc::IFLA_MTU, pair.mtu);
            all.number(libc::IFLA_MASTER, pair.bridge);
            all.nested(libc::IFLA_LINKINFO, |all| {
                all.text(libc::IFLA_INFO_KIND, "veth");
                all.nested(libc::IFLA_INFO_DATA, |all| {
                    all.nested(VETH_INFO_PEER, |all| {
                        // Neither end comes up before the two are a pair.
                        all.bytes.extend(link(0, INSIDE, 0));
                        all.name(pair.inside);
                        all.number(libc::IFLA_MTU, pair.mtu);
                        all.attribute(libc::IFLA_ADDRESS, &pair.mac.0);
                        all.number(libc::IFLA_NET_NS_FD, 0);
                        all.network_at = Some(all.bytes.len() - 4);
                    });
                });
            });
        });
        let bridge_port = link(family(libc::AF_BRIDGE), pair.index, 0);
        let bound = made.message(libc::RTM_SETLINK, ASKED, &bridge_port, |all| {
            all.nested(libc::IFLA_PROTINFO, |all| {
                all.attribute(IFLA_BRPORT_LEARNING, &[0]);
                all.attribute(IFLA_BRPORT_LOCKED, &[1]);
            });
        });
        // struct ndmsg: family, two of padding, index, state, flags, type
        let mut neighbour = vec![family(libc::AF_BRIDGE), 0, 0, 0];
        neighbour.extend(pair.index.to_ne_bytes());
        neighbour.extend(libc::NUD_NOARP.to_ne_bytes());
        neighbour.extend([libc::NTF_MASTER, 0]);
        bound.message(libc::RTM_NEWNEIGH, ASKED | CREATE | REPLACE, &neighbour, |all| {
            all.attribute(libc::NDA_LLADDR, &pair.mac.0);
        })
    }

    /// Gives a link an address. Nobody else has it, so nobody is asked.
    #[must_use]
    pub fn address(self, index: u32, address: Prefixed) -> Self {
        // struct ifaddrmsg: family, prefix length, flags, scope, index
        let mut header = vec![family_of(address.ip), address.prefix, 0, 0];
        header.extend(index.to_ne_bytes());
        self.message(libc::RTM_NEWADDR, ASKED | CREATE | REPLACE, &header, |all| {
            all.ip(libc::IFA_LOCAL, address.ip);
            all.ip(libc::IFA_ADDRESS, address.ip);
            if address.ip.is_ipv6() {
                all.number(libc::IFA_FLAGS, IFA_F_NODAD);
            }
        })
    }

    /// Sends by a link what is for others, to this neighbour.
    #[must_use]
    pub fn way_out(self, index: u32, gateway: IpAddr) -> Self {
        // struct rtmsg: family, destination's and source's length, tos, table, protocol, scope, type, flags
        let mut header = vec![family_of(gateway), 0, 0, 0];
        header.extend([libc::RT_TABLE_MAIN, libc::RTPROT_STATIC, libc::RT_SCOPE_UNIVERSE, libc::RTN_UNICAST]);
        header.extend([0; 4]);
        self.message(libc::RTM_NEWROUTE, ASKED | CREATE | REPLACE, &header, |all| {
            all.ip(libc::RTA_GATEWAY, gateway);
            all.number(libc::RTA_OIF, index);
        })
    }

    /// Asks for a link.
    #[must_use]
    pub fn ask_link(self, name: &str) -> Self {
        self.message(libc::RTM_GETLINK, ASKED, &link(0, 0, 0), |all| all.name(name))
    }

    /// Asks for all links.
    #[must_use]
    pub fn ask_links(self) -> Self {
        self.message(libc::RTM_GETLINK, DUMP, &link(0, 0, 0), |_| {})
    }

    /// Asks for all addresses.
    #[must_use]
    pub fn ask_addresses(self) -> Self {
        self.message(libc::RTM_GETADDR, DUMP, &[0; 8], |_| {})
    }

    /// Asks for all routes.
    #[must_use]
    pub fn ask_routes(self) -> Self {
        self.message(libc::RTM_GETROUTE, DUMP, &[0; 12], |_| {})
    }

    fn message(mut self, kind: u16, flags: u16, header: &[u8], fill: impl FnOnce(&mut Self)) -> Self {
        let at = self.bytes.len();
        // struct nlmsghdr: length, type, flags, sequence, port
        self.bytes.extend([0; 4]);
        self.bytes.extend(kind.to_ne_bytes());
        self.bytes.extend(flags.to_ne_bytes());
        self.bytes.extend([0; 8]);
        self.bytes.extend(header);
        self.pad();
        fill(&mut self);
        let length = u32::try_from(self.bytes.len() - at).unwrap_or(u32::MAX);
        self.bytes[at..at + 4].copy_from_slice(&length.to_ne_bytes());
        self
    }

    fn attribute(&mut self, kind: u16, value: &[u8]) {
        let length = u16::try_from(4 + value.len()).unwrap_or(u16::MAX);
        self.bytes.extend(length.to_ne_bytes());
        self.bytes.extend(kind.to_ne_bytes());
        self.bytes.extend(value);
        self.pad();
    }

    fn nested(&mut self, kind: u16, fill: impl FnOnce(&mut Self)) {
        let at = self.bytes.len();
        self.attribute(kind | NESTED, &[]);
        fill(self);
        let length = u16::try_from(self.bytes.len() - at).unwrap_or(u16::MAX);
        self.bytes[at..at + 2].copy_from_slice(&length.to_ne_bytes());
    }

    fn pad(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }

    fn number(&mut self, kind: u16, number: u32) {
        self.attribute(kind, &number.to_ne_bytes());
    }

    fn text(&mut self, kind: u16, text: &str) {
        self.attribute(kind, &[text.as_bytes(), &[0]].concat());
    }

    fn name(&mut self, name: &str) {
        self.text(libc::IFLA_IFNAME, name);
    }

    fn ip(&mut self, kind: u16, ip: IpAddr) {
        match ip {
            IpAddr::V4(ip) => self.attribute(kind, &ip.octets()),
            IpAddr::V6(ip) => self.attribute(kind, &ip.octets()),
        }
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the kernel has eight bits for them")]
fn family(family: libc::c_int) -> u8 {
    family as u8
}

fn family_of(ip: IpAddr) -> u8 {
    family(if ip.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 })
}

/// struct ifinfomsg: family, padding, type, index, flags, which flags
fn link(family: u8, index: u32, flags: u32) -> Vec<u8> {
    let mut header = vec![family, 0, 0, 0];
    header.extend(index.to_ne_bytes());
    header.extend(flags.to_ne_bytes());
    header.extend(flags.to_ne_bytes());
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The kinds and lengths of messages one after the other.
    fn outline(bytes: &[u8]) -> Vec<(u16, usize)> {
        let mut found = Vec::new();
        let mut rest = bytes;
        while !rest.is_empty() {
            let length = usize::try_from(u32::from_ne_bytes(rest[..4].try_into().expect("four"))).expect("a length");
            found.push((u16::from_ne_bytes(rest[4..6].try_into().expect("two")), length));
            rest = &rest[length..];
        }
        found
    }

    #[test]
    fn messages_follow_each_other_and_say_how_long_they_are() {
        let address: Prefixed = "10.214.0.1/20".parse().expect("an address");
        let all = Messages::new().bridge("pod-1", Mac([2; 6]), 1500).address(7, address).up(7);
        let kinds: Vec<u16> = outline(all.bytes()).iter().map(|(kind, _)| *kind).collect();
        assert_eq!(kinds, [libc::RTM_NEWLINK, libc::RTM_NEWADDR, libc::RTM_NEWLINK]);
        assert_eq!(outline(all.bytes())[1].1, 16 + 8 + 8 + 8);
    }

    #[test]
    fn a_pair_has_room_for_the_number_of_a_descriptor() {
        let mac = Mac([2, 0x70, 10, 214, 0, 2]);
        let pair = Pair { outside: "v1", index: 99, bridge: 7, inside: "eth0", mac, mtu: 1400 };
        let (bytes, at) = Messages::new().pair(&pair).into_bytes();
        let at = at.expect("a place");
        assert_eq!(bytes[at - 4..at - 2], 8_u16.to_ne_bytes());
        assert_eq!(bytes[at - 2..at], libc::IFLA_NET_NS_FD.to_ne_bytes());
        assert_eq!(bytes[at..at + 4], [0; 4]);
        assert_eq!(outline(&bytes).len(), 3);
    }
}
