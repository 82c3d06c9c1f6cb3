//! What lets packets out, and keeps networks apart: tables of our own, one for each network, as nft reads them.
//!
//! They are written whole, when a network is made, and removed whole; nothing else of the machine's is read or changed.
//! Whoever joins a network changes nothing in them.

use std::fmt::Write as _;

use crate::range::Range;

/// What every bridge of ours is called, and no other link.
pub const BRIDGES: &str = "pod-";

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

/// Removes what is there of a network.
#[must_use]
pub fn removed(bridge: &str) -> String {
    remove_if_there("inet", &table(bridge))
}

/// To remove what is not there is an error, so it is made first.
fn remove_if_there(family: &str, table: &str) -> String {
    format!("table {family} {table}\ndelete table {family} {table}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
