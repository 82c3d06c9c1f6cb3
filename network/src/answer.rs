//! What the kernel answers about links, addresses and routes, read from its bytes. What is cut short says nothing.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::attachment::{Mac, Prefixed};

/// A link.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// Its number.
    pub index: u32,
    /// What it is called.
    pub name: String,
    /// Whether it is up.
    pub is_up: bool,
    /// Its address, where that is as long as Ethernet's.
    pub mac: Option<Mac>,
    /// The longest packet.
    pub mtu: u32,
}

/// An address of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// The link's number.
    pub index: u32,
    /// The address.
    pub address: Prefixed,
    /// Whether it is for everybody, and not for this link or this machine alone.
    pub is_global: bool,
}

/// A route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// To where.
    pub to: Prefixed,
    /// By which link.
    pub by: Option<u32>,
    /// By which neighbour.
    pub gateway: Option<IpAddr>,
}

/// The attributes that follow a header of this length.
fn attributes(bytes: &[u8], header: usize) -> impl Iterator<Item = (u16, &[u8])> {
    let mut rest = bytes.get(header..).unwrap_or_default();
    std::iter::from_fn(move || {
        let length = usize::from(u16::from_ne_bytes(rest.get(..2)?.try_into().ok()?));
        let kind = u16::from_ne_bytes(rest.get(2..4)?.try_into().ok()?) & 0x3fff;
        let value = rest.get(4..length)?;
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((kind, value))
    })
}

fn number(bytes: &[u8]) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(..4)?.try_into().ok()?))
}

fn ip(bytes: &[u8]) -> Option<IpAddr> {
    match bytes.len() {
        4 => Some(Ipv4Addr::from(<[u8; 4]>::try_from(bytes).ok()?).into()),
        16 => Some(Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?).into()),
        _ => None,
    }
}

impl Link {
    /// Of what follows the header of an answer.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let flags = number(bytes.get(8..)?)?;
        let mut link = Self { index: number(bytes.get(4..)?)?, ..Self::default() };
        link.is_up = flags & libc::IFF_UP.cast_unsigned() != 0;
        for (kind, value) in attributes(bytes, 16) {
            match kind {
                libc::IFLA_IFNAME => {
                    let text = value.split(|byte| *byte == 0).next().unwrap_or_default();
                    link.name = String::from_utf8_lossy(text).into_owned();
                }
                libc::IFLA_ADDRESS => link.mac = value.try_into().ok().map(Mac),
                libc::IFLA_MTU => link.mtu = number(value)?,
                _ => {}
            }
        }
        Some(link)
    }
}

impl Address {
    /// Of what follows the header of an answer.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (prefix, scope, index) = (*bytes.get(1)?, *bytes.get(3)?, number(bytes.get(4..)?)?);
        let (mut local, mut peer) = (None, None);
        for (kind, value) in attributes(bytes, 8) {
            match kind {
                libc::IFA_LOCAL => local = ip(value),
                libc::IFA_ADDRESS => peer = ip(value),
                _ => {}
            }
        }
        let address = Prefixed { ip: local.or(peer)?, prefix };
        Some(Self { index, address, is_global: scope == libc::RT_SCOPE_UNIVERSE })
    }
}

impl Route {
    /// Of what follows the header of an answer; none of one that is of the kernel's own making, for what comes here.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (family, prefix) = (*bytes.first()?, *bytes.get(1)?);
        if *bytes.get(4)? == libc::RT_TABLE_LOCAL {
            return None;
        }
        let nowhere: IpAddr = match libc::c_int::from(family) {
            libc::AF_INET => Ipv4Addr::UNSPECIFIED.into(),
            libc::AF_INET6 => Ipv6Addr::UNSPECIFIED.into(),
            _ => return None,
        };
        let mut route = Self { to: Prefixed { ip: nowhere, prefix }, by: None, gateway: None };
        for (kind, value) in attributes(bytes, 12) {
            match kind {
                libc::RTA_DST => route.to.ip = ip(value)?,
                libc::RTA_OIF => route.by = number(value),
                libc::RTA_GATEWAY => route.gateway = ip(value),
                _ => {}
            }
        }
        Some(route)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_is_read_and_one_cut_short_is_none() {
        let mut bytes = vec![2, 24, 0, 0, libc::RT_TABLE_MAIN, 3, 0, 1, 0, 0, 0, 0];
        bytes.extend([8, 0, 1, 0, 10, 1, 2, 0, 8, 0, 4, 0]);
        bytes.extend(7_u32.to_ne_bytes());
        let to = "10.1.2.0/24".parse().expect("a route");
        assert_eq!(Route::parse(&bytes), Some(Route { to, by: Some(7), gateway: None }));
        bytes[4] = libc::RT_TABLE_LOCAL;
        assert_eq!(Route::parse(&bytes), None);
        for length in 0..12 {
            assert_eq!(Route::parse(&bytes[..length]), None, "{length}");
        }
    }

    #[test]
    fn attributes_that_lie_about_their_length_end_it() {
        let read = |bytes: &[u8]| attributes(bytes, 0).count();
        assert_eq!(read(&[8, 0, 1, 0, 1, 2, 3, 4]), 1);
        assert_eq!(read(&[9, 0, 1, 0, 1, 2, 3, 4]), 0);
        assert_eq!(read(&[0, 0, 1, 0, 1, 2, 3, 4]), 0);
        assert_eq!(read(&[5, 0, 1, 0, 1]), 1, "the last need not be padded");
    }
}
