//! Who is called what in a network: text as /etc/hosts has it, a line for each address, the names behind it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::IpAddr;

/// Who has which address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names(pub BTreeMap<IpAddr, Vec<String>>);

impl Names {
    /// What stands in such a text; a line that begins with no address says nothing.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let line = |line: &str| {
            let mut words = line.split('#').next()?.split_whitespace();
            let ip: IpAddr = words.next()?.parse().ok()?;
            Some((ip, words.map(str::to_owned).collect()))
        };
        let mut names = Self::default();
        for (ip, of_it) in text.lines().filter_map(line) {
            let of_it: Vec<String> = of_it;
            names.0.entry(ip).or_default().extend(of_it);
        }
        names
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (ip, names) in &self.0 {
            _ = writeln!(text, "{ip}\t{}", names.join(" "));
        }
        text
    }

    /// The addresses of who is called so.
    #[must_use]
    pub fn addresses(&self, name: &str) -> Vec<IpAddr> {
        let is_called = |names: &[String]| names.iter().any(|it| it.eq_ignore_ascii_case(name));
        self.0.iter().filter(|(_, names)| is_called(names)).map(|(ip, _)| *ip).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_were_written() {
        let text = "10.214.0.2\tweb web.default\n10.214.0.7\tdb\nfd00::2\tweb\n";
        let names = Names::parse(text);
        assert_eq!(names.text(), text);
        let web: Vec<_> = names.addresses("WEB").iter().map(ToString::to_string).collect();
        assert_eq!(web, ["10.214.0.2", "fd00::2"]);
        assert!(names.addresses("we").is_empty());
        assert_eq!(Names::parse("# x\nnonsense here\n\n10.1.1.1 a # b\n10.1.1.1 c").text(), "10.1.1.1\ta c\n");
    }
}
