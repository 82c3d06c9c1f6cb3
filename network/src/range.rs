//! Ranges of addresses: which one a network has, and who in it has which.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

use crate::attachment::Prefixed;

/// Where ranges of bridges begin: what neither docker (172.17 to 172.31, 192.168) nor podman and its plugins
/// (10.88, 10.89) nor Kubernetes' distributions (10.42, 10.96, 10.244) take by themselves.
const FIRST: u32 = u32::from_be_bytes([10, 214, 0, 0]);
/// How many there are.
const RANGES: u32 = 64;
/// The bits that are the same in a range: 4096 addresses, where a bridge has but 1023 ports.
pub(crate) const PREFIX: u8 = 20;
const SIZE: u32 = 1 << (32 - PREFIX);

/// The addresses of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written")]
pub struct Range {
    /// The first, which is nobody's.
    pub v4: Ipv4Addr,
    /// The first 64 bits of those that are used nowhere else (RFC 4193); none where the machine has no IPv6.
    pub v6: Option<Ipv6Addr>,
}

/// A range on record, of which the first may be no first.
#[derive(Deserialize)]
struct Written {
    v4: Ipv4Addr,
    #[serde(default)]
    v6: Option<Ipv6Addr>,
}

impl TryFrom<Written> for Range {
    type Error = &'static str;

    fn try_from(Written { v4, v6 }: Written) -> Result<Self, Self::Error> {
        let begins = u32::from(v4).is_multiple_of(SIZE) && v6.is_none_or(|v6| v6.octets()[8..] == [0; 8]);
        if begins { Ok(Self { v4, v6 }) } else { Err("no range begins there") }
    }
}

impl Range {
    /// The first range that overlaps none of these, the machine's own and others'.
    #[must_use]
    pub fn free(taken: &[Prefixed], v6: Option<Ipv6Addr>) -> Option<Self> {
        let ranges = (0..RANGES).map(|number| Self { v4: Ipv4Addr::from(FIRST + number * SIZE), v6 });
        // The way to everywhere is no range of anybody's.
        let meant = || taken.iter().filter(|taken| taken.prefix > 0);
        ranges.into_iter().find(|range| !meant().any(|taken| taken.overlaps(&range.whole())))
    }

    /// All of it.
    #[must_use]
    pub fn whole(&self) -> Prefixed {
        Prefixed { ip: IpAddr::V4(self.v4), prefix: PREFIX }
    }

    /// All of it that is IPv6.
    #[must_use]
    pub fn whole_v6(&self) -> Option<Prefixed> {
        self.v6.map(|v6| Prefixed { ip: IpAddr::V6(v6), prefix: 64 })
    }

    /// The addresses of the bridge itself.
    #[must_use]
    pub fn gateway(&self) -> Vec<Prefixed> {
        self.numbered(1)
    }

    /// The addresses of this number, each with the length of its range.
    fn numbered(&self, number: u32) -> Vec<Prefixed> {
        let v4 = Prefixed { ip: IpAddr::V4(Ipv4Addr::from(u32::from(self.v4) + number)), prefix: PREFIX };
        let v6 = |v6: Ipv6Addr| IpAddr::V6(Ipv6Addr::from(u128::from(v6) + u128::from(number)));
        [v4].into_iter().chain(self.v6.map(|first| Prefixed { ip: v6(first), prefix: 64 })).collect()
    }

    /// All that somebody may be given, in the order in which they are tried for this one: beginning where the
    /// name leads, so that who comes again has the address that it had, if nobody else has it meanwhile.
    pub fn candidates(&self, name: &str) -> impl Iterator<Item = Vec<Prefixed>> + use<> {
        // Neither the first nor the bridge's, nor that of everybody.
        const GIVEN: u32 = SIZE - 3;
        let (range, start) = (*self, hash(name) % GIVEN);
        (0..GIVEN).map(move |step| range.numbered(2 + (start + step) % GIVEN))
    }
}

/// The bits of a name, well mixed.
///
/// # References
/// FNV-1a, RFC 9923
#[must_use]
pub fn hash(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash: u32, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// A range of IPv6 that nobody else has: of 40 random bits.
///
/// # References
/// RFC 4193, section 3.1
#[must_use]
pub fn unique_local(random: [u8; 5]) -> Ipv6Addr {
    let [a, b, c, d, e] = random;
    Ipv6Addr::from([0xfd, a, b, c, d, e, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_range_is_taken_that_overlaps_nothing() {
        let taken = |all: &[&str]| all.iter().map(|text| text.parse().expect(text)).collect::<Vec<Prefixed>>();
        let first = |all: &[&str]| Range::free(&taken(all), None).map(|range| range.whole().to_string());
        assert_eq!(first(&[]).as_deref(), Some("10.214.0.0/20"));
        assert_eq!(first(&["0.0.0.0/0", "::/0"]).as_deref(), Some("10.214.0.0/20"));
        assert_eq!(first(&["10.214.0.0/20", "10.214.17.3/32"]).as_deref(), Some("10.214.32.0/20"));
        assert_eq!(first(&["10.0.0.0/8"]), None);
        assert_eq!(first(&["10.214.0.0/15"]).as_deref(), Some("10.216.0.0/20"));
    }

    #[test]
    fn everybody_is_given_another_and_who_comes_again_the_same() {
        let range = Range { v4: Ipv4Addr::new(10, 214, 16, 0), v6: Some(unique_local([1, 2, 3, 4, 5])) };
        let all: BTreeSet<_> = range.candidates("web").map(|given| given[0].ip).collect();
        assert_eq!(all.len(), 4093);
        assert_eq!(all.first().map(ToString::to_string).as_deref(), Some("10.214.16.2"));
        assert_eq!(all.last().map(ToString::to_string).as_deref(), Some("10.214.31.254"));
        assert_eq!(range.candidates("web").next(), range.candidates("web").next());
        assert_ne!(range.candidates("web").next(), range.candidates("other").next());
        let bridge: Vec<_> = range.gateway().iter().map(ToString::to_string).collect();
        assert_eq!(bridge, ["10.214.16.1/20", "fd01:203:405::1/64"]);
        for given in range.candidates("web") {
            let (IpAddr::V4(v4), IpAddr::V6(v6)) = (given[0].ip, given[1].ip) else { panic!("{given:?}") };
            assert_eq!(u32::from(v4) - u32::from(range.v4), u32::from(v6.segments()[7]));
        }
    }
}
