//! The names of a network's pods: from the file that says them, and from a question to its answer.
//!
//! A line of the file is one of `/etc/hosts`: an address, and its names, of which the first is the one that a reverse
//! look-up finds. A name may stand on several lines; then it has several addresses. Zone below `svc.cluster.local` are
//! kept without that, so that `web.default` is also `web.default.svc.cluster.local`.
//!
//! Nothing here asks or listens; what is not ours to answer is said to be somebody else's.

mod answer;
mod wire;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub use answer::{Over, Verdict, answer, failure};
pub use wire::{LONGEST, answers, question, set_id};

/// The domain that is a cluster's alone: whoever is not known in it does not exist.
pub const DOMAIN: &str = "cluster.local";

/// Where a cluster has its services, and ours have all names.
pub const SERVICES: &str = "svc.cluster.local";

/// Who is where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Zone {
    addresses: BTreeMap<String, Vec<IpAddr>>,
    names: BTreeMap<IpAddr, String>,
    /// What names are below: such a name is none, and is not said to be missing.
    above: BTreeSet<String>,
}

/// What is known of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known<'a> {
    /// It has these addresses.
    At(&'a [IpAddr]),
    /// This one has it.
    Called(&'a str),
    /// Only names below it are known.
    Above,
    /// There is none, and nobody else may know of one.
    Missing,
    /// Others may know it.
    Elsewhere,
}

impl Zone {
    /// Reads the file; what is no line of an address and names says nothing.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut all = Self::default();
        for line in text.lines() {
            let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
            let Some(address) = words.next().and_then(|word| word.parse().ok()) else { continue };
            for name in words {
                let name = name.trim_end_matches('.').to_ascii_lowercase();
                if name.is_empty() {
                    continue;
                }
                all.names.entry(address).or_insert_with(|| name.clone());
                let name = within_services(&name).unwrap_or(&name).to_owned();
                let mut rest = name.as_str();
                while let Some((_, above)) = rest.split_once('.') {
                    all.above.insert(above.to_owned());
                    rest = above;
                }
                let here = all.addresses.entry(name).or_default();
                if !here.contains(&address) {
                    here.push(address);
                }
            }
        }
        all
    }

    /// How many names there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.addresses.len()
    }

    /// Whether nobody is here.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.addresses.is_empty()
    }

    /// What is known of a name of small letters without a last dot.
    fn known(&self, name: &str) -> Known<'_> {
        if let Some(address) = reversed(name) {
            return self.names.get(&address).map_or(Known::Elsewhere, |name| Known::Called(name));
        }
        let of_cluster = name == DOMAIN || within(name, DOMAIN).is_some();
        let short = if of_cluster { within_services(name) } else { Some(name) };
        if let Some(addresses) = short.and_then(|short| self.addresses.get(short)) {
            return Known::At(addresses);
        }
        match short {
            _ if !of_cluster => Known::Elsewhere,
            Some(short) if self.above.contains(short) => Known::Above,
            None if name == DOMAIN || name == SERVICES => Known::Above,
            _ => Known::Missing,
        }
    }
}

fn within<'a>(name: &'a str, domain: &str) -> Option<&'a str> {
    name.strip_suffix(domain)?.strip_suffix('.')
}

fn within_services(name: &str) -> Option<&str> {
    within(name, SERVICES)
}

/// The address whose name is asked for by this one.
///
/// # References
/// RFC 1035, 3.5; RFC 3596, 2.5
fn reversed(name: &str) -> Option<IpAddr> {
    if let Some(digits) = within(name, "in-addr.arpa") {
        let parts: Vec<u8> = digits.split('.').map(|part| part.parse().ok()).collect::<Option<_>>()?;
        let [d, c, b, a] = <[u8; 4]>::try_from(parts).ok()?;
        return Some(Ipv4Addr::new(a, b, c, d).into());
    }
    let digits: Vec<u8> = within(name, "ip6.arpa")?
        .split('.')
        .map(|digit| u8::from_str_radix(digit, 16).ok().filter(|_| digit.len() == 1))
        .collect::<Option<_>>()?;
    if digits.len() != 32 {
        return None;
    }
    let number = digits.iter().rev().fold(0, |number: u128, digit| number << 4 | u128::from(*digit));
    Some(Ipv6Addr::from(number).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\
# made by a test
10.77.0.2\tweb web.default
10.77.0.3 db.default.svc.cluster.local. DB
10.77.0.4 one.many.other
10.77.0.5 two.many.other many.other   # a comment
10.77.0.4 many.other many.other
fd00::2 web web.default
10.77.0 broken
nothing
10.77.0.9
";

    fn known(name: &str) -> String {
        let zone = Zone::parse(FILE);
        match zone.known(name) {
            Known::At(addresses) => addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
            Known::Called(name) => format!("called {name}"),
            Known::Above => "above".into(),
            Known::Missing => "missing".into(),
            Known::Elsewhere => "elsewhere".into(),
        }
    }

    #[test]
    fn a_name_is_known_by_itself_and_among_the_services() {
        for (name, what) in [
            ("web", "10.77.0.2 fd00::2"),
            ("web.default", "10.77.0.2 fd00::2"),
            ("web.default.svc.cluster.local", "10.77.0.2 fd00::2"),
            ("web.svc.cluster.local", "10.77.0.2 fd00::2"),
            ("db", "10.77.0.3"),
            ("db.default", "10.77.0.3"),
            ("one.many.other.svc.cluster.local", "10.77.0.4"),
            ("many.other", "10.77.0.5 10.77.0.4"),
            ("other.svc.cluster.local", "above"),
            ("svc.cluster.local", "above"),
            ("cluster.local", "above"),
            ("web.other.svc.cluster.local", "missing"),
            ("web.cluster.local", "missing"),
            ("web.default.pod.cluster.local", "missing"),
            ("notcluster.local", "elsewhere"),
            ("example.com", "elsewhere"),
            ("default", "elsewhere"),
            ("broken", "elsewhere"),
            ("", "elsewhere"),
        ] {
            assert_eq!(known(name), what, "{name:?}");
        }
    }

    #[test]
    fn an_address_is_known_by_its_first_name() {
        let six = format!("2.{}d.f.ip6.arpa", "0.".repeat(29));
        for (name, what) in [
            ("2.0.77.10.in-addr.arpa", "called web"),
            ("3.0.77.10.in-addr.arpa", "called db.default.svc.cluster.local"),
            ("9.0.77.10.in-addr.arpa", "elsewhere"),
            ("0.77.10.in-addr.arpa", "elsewhere"),
            ("300.0.77.10.in-addr.arpa", "elsewhere"),
            ("in-addr.arpa", "elsewhere"),
            (six.as_str(), "called web"),
            (six[2..].trim(), "elsewhere"),
        ] {
            assert_eq!(known(name), what, "{name:?}");
        }
    }

    #[test]
    fn an_empty_file_knows_nobody() {
        assert!(Zone::parse("").is_empty());
        assert_eq!(Zone::parse(FILE).len(), 7);
    }
}
