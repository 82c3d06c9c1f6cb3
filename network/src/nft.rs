//! What lets packets out, keeps networks apart, and addresses to those who have them: tables of our own, as nft reads them,
//! two for each network.
//!
//! They are written whole, when a network is made, and removed whole; nothing else of the machine's is read or changed.
//! Whoever joins a network changes nothing in them.

use std::fmt::Write as _;
use std::net::Ipv4Addr;

use crate::attachment::Mac;
use crate::range::{PREFIX, Range};

/// What every bridge of ours is called, and no other link.
pub const BRIDGES: &str = "pod-";

/// What the outer end of each pod's link is called, and no other link.
pub const LINKS: &str = "podv-";

/// What a bridge's tables are called.
#[must_use]
pub fn table(bridge: &str) -> String {
    format!("podkit_{}", bridge.trim_start_matches(BRIDGES).replace('-', "_"))
}

/// The way out of a network: its packets bear the machine's address outside of it, and none goes to another network's.
///
/// What goes from one in the network to another in it, by way of its own published port or not, is not touched.
#[must_use]
pub fn way_out(bridge: &str, range: &Range) -> String {
    let table = table(bridge);
    let mut text = remove_if_there("inet", &table);
    _ = writeln!(text, "table inet {table} {{");
    text.push_str(" chain forward {\n  type filter hook forward priority filter; policy accept;\n");
    _ = writeln!(text, "  iifname \"{bridge}\" oifname \"{BRIDGES}*\" oifname != \"{bridge}\" drop");
    text.push_str(" }\n chain postrouting {\n  type nat hook postrouting priority srcnat; policy accept;\n");
    let own = range.whole();
    _ = writeln!(text, "  ip saddr {own} ip daddr != {own} masquerade");
    if let Some(own) = range.whole_v6() {
        _ = writeln!(text, "  ip6 saddr {own} ip6 daddr != {own} masquerade");
    }
    text.push_str(" }\n}\n");
    text
}

/// What keeps those in a network from being taken for others in it: a packet bears its sender's own address, and so does
/// what its sender tells neighbours of itself. Nobody says that they are a router.
///
/// Who is who need not be written down: the address of a link is made of that of IPv4 ([`Mac::of`]), the last twelve bits
/// of which are those of IPv6, too, of the range and of the link's own. nft cannot compare two fields of a packet, but can look
/// both up together: in a set of all pairs of four bits that are the same, at three places. That the link's address is
/// its own is seen to by the bridge's port.
#[must_use]
pub fn guard(bridge: &str, range: &Range) -> String {
    let table = table(bridge);
    let mut text = remove_if_there("bridge", &table);
    _ = writeln!(text, "table bridge {table} {{");
    for (name, kind, second) in [
        (OWN, "type ether_addr . ipv4_addr", ip as fn(u16) -> String),
        (OWN_V6, "type ether_addr . ipv6_addr", ipv6),
        (TOLD_V6, &format!("typeof ether saddr . {TARGET}"), |bits| bits.to_string()),
    ] {
        let pairs = PLACES.iter().flat_map(|shift| (0..16).map(move |four: u16| four << shift));
        let pairs: Vec<_> = pairs.map(|bits| format!("{} . {}", mac(bits), second(bits))).collect();
        _ = writeln!(text, " set {name} {{ {kind}; elements = {{ {} }} }}", pairs.join(", "));
    }
    let Mac([a, b, c, d, e, _]) = Mac::of(range.v4);
    let whose = |field: &str| format!("{field} & ff:ff:ff:ff:f0:00 == {}", Mac([a, b, c, d, e & 0xf0, 0]));
    text.push_str(" chain ports {\n  type filter hook prerouting priority filter; policy accept;\n");
    _ = writeln!(text, "  iifname \"{LINKS}*\" {} jump pod", whose("ether saddr"));
    text.push_str(" }\n chain pod {\n");
    let own = range.whole();
    _ = writeln!(text, "  ip saddr {own} {} accept", same("ether saddr", "ip saddr", ip, OWN));
    let told = same("arp saddr ether", "arp saddr ip", ip, OWN);
    _ = writeln!(text, "  arp saddr ip {own} {} {told} accept", whose("arp saddr ether"));
    // Who asks whether an address is free says nothing of their own.
    text.push_str("  arp saddr ip 0.0.0.0 accept\n");
    if let Some(v6) = range.v6 {
        let link = Mac([a, b, c, d, e & 0xf0, 0]).link_local();
        text.push_str("  icmpv6 type { nd-router-advert, nd-redirect } drop\n  ip6 saddr :: accept\n");
        text.push_str("  icmpv6 type nd-neighbor-advert jump advert\n");
        let told = same("ether saddr", "ip6 saddr", ipv6, OWN_V6);
        _ = writeln!(text, "  ip6 saddr {{ {v6}/116, {link}/116 }} {told} accept");
    }
    text.push_str("  drop\n }\n chain advert {\n");
    let told = same("ether saddr", TARGET, |bits| bits.to_string(), TOLD_V6);
    _ = writeln!(text, "  {told} return\n  drop\n }}\n}}");
    text
}

/// The sets of pairs, and where the last bits are of the address that a neighbour tells of.
const OWN: &str = "own";
const OWN_V6: &str = "own_v6";
const TOLD_V6: &str = "told_v6";
const TARGET: &str = "@th,176,16";
/// Where four bits begin, of as many as are not the same for all.
const PLACES: [u32; 3] = [0, 4, 8];
const _: () = assert!(32 - PREFIX as usize == 4 * PLACES.len(), "they are all that tells one from another");

fn mac(bits: u16) -> Mac {
    let [high, low] = bits.to_be_bytes();
    Mac([0, 0, 0, 0, high, low])
}

fn ip(bits: u16) -> String {
    Ipv4Addr::from(u32::from(bits)).to_string()
}

fn ipv6(bits: u16) -> String {
    format!("::{bits:x}")
}

/// That the bits of both are the same, at each place.
fn same(one: &str, other: &str, bits: fn(u16) -> String, set: &str) -> String {
    let at = |shift: &u32| format!("{one} & {} . {other} & {} @{set}", mac(15 << shift), bits(15 << shift));
    PLACES.iter().map(at).collect::<Vec<_>>().join(" ")
}

/// Removes what is there of a network.
#[must_use]
pub fn removed(bridge: &str) -> String {
    without_way_out(bridge) + &unguarded(bridge)
}

/// Removes what lets packets of a network out.
#[must_use]
pub fn without_way_out(bridge: &str) -> String {
    remove_if_there("inet", &table(bridge))
}

/// Removes what keeps addresses to those who have them.
#[must_use]
pub fn unguarded(bridge: &str) -> String {
    remove_if_there("bridge", &table(bridge))
}

/// To remove what is not there is an error, so it is made first.
fn remove_if_there(family: &str, table: &str) -> String {
    format!("table {family} {table}\ndelete table {family} {table}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::IpAddr;

    #[test]
    fn a_network_s_tables_are_its_own_and_made_whole() {
        let range = Range { v4: "10.214.0.0".parse().expect("an address"), v6: "fd00::".parse().ok() };
        let text = way_out("pod-0a1b2c", &range);
        assert!(text.starts_with("table inet podkit_0a1b2c\ndelete table inet podkit_0a1b2c\n"), "{text}");
        for line in [
            "iifname \"pod-0a1b2c\" oifname \"pod-*\" oifname != \"pod-0a1b2c\" drop",
            "ip saddr 10.214.0.0/20 ip daddr != 10.214.0.0/20 masquerade",
            "ip6 saddr fd00::/64 ip6 daddr != fd00::/64 masquerade",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
        assert!(!way_out("pod-0a1b2c", &Range { v6: None, ..range }).contains("ip6"));
        assert_eq!(text.matches('{').count(), text.matches('}').count());
    }

    #[test]
    fn all_that_tells_one_from_another_is_looked_up() {
        let range = Range { v4: "10.214.16.0".parse().expect("an address"), v6: "fd01:2:3::".parse().ok() };
        let text = guard("pod-0a1b2c", &range);
        for line in [
            "iifname \"podv-*\" ether saddr & ff:ff:ff:ff:f0:00 == 02:70:0a:d6:10:00 jump pod",
            "ip saddr 10.214.16.0/20 ether saddr & 00:00:00:00:00:0f . ip saddr & 0.0.0.15 @own \
             ether saddr & 00:00:00:00:00:f0 . ip saddr & 0.0.0.240 @own \
             ether saddr & 00:00:00:00:0f:00 . ip saddr & 0.0.15.0 @own accept",
            "ip6 saddr { fd01:2:3::/116, fe80::70:aff:fed6:1000/116 } ether saddr & 00:00:00:00:00:0f . ip6 saddr & ::f @own_v6",
            "00:00:00:00:0f:00 . 0.0.15.0",
            "ether saddr & 00:00:00:00:0f:00 . @th,176,16 & 3840 @told_v6 return",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
        // Whoever has an address has that of the link which is made of it.
        for addresses in range.candidates("web").step_by(97) {
            let [IpAddr::V4(v4), IpAddr::V6(v6)] = [addresses[0].ip, addresses[1].ip] else { panic!("{addresses:?}") };
            let Mac([.., high, low]) = Mac::of(v4);
            let bits = u16::from_be_bytes([high, low]) & 0xfff;
            assert_eq!(bits, v6.segments()[7] & 0xfff);
            assert_eq!(bits, Mac::of(v4).link_local().segments()[7] & 0xfff);
        }
        assert!(!guard("pod-0a1b2c", &Range { v6: None, ..range }).contains("ip6"));
    }
}
