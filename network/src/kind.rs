//! Which networks there are to be in, as they are typed.

use std::fmt;
use std::str::FromStr;

use registry::Name;
use serde::{Deserialize, Serialize};

/// The network that is meant where a bridge has no name.
pub const DEFAULT: &str = "default";

/// Which network somebody is in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Network {
    /// One of its own, with nothing in it but a loopback.
    #[default]
    None,
    /// The machine's.
    Host,
    /// One of its own, at a bridge with others: by the name of that.
    Bridge(Name),
    /// One of its own, with the machine's connections, by pasta.
    Pasta,
    /// One of its own, as plugins make it: by the name of their configuration.
    Cni(CniName),
}

/// The name of a configuration of plugins.
///
/// # References
/// The Container Network Interface's specification 1.1.0, section 1: "must start with an alphanumeric
/// character, optionally followed by any combination of …"
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CniName(String);

/// It names no network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no network: none, host, bridge, bridge:NAME, pasta or cni:NAME")]
pub struct InvalidNetwork(pub String);

impl CniName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for CniName {
    type Err = InvalidNetwork;

    fn from_str(text: &str) -> Result<Self, InvalidNetwork> {
        let inner = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.' | '-');
        let begins = text.starts_with(|letter: char| letter.is_ascii_alphanumeric());
        let is_name = begins && text.len() <= 255 && text.chars().all(inner);
        if is_name { Ok(Self(text.to_owned())) } else { Err(InvalidNetwork(format!("cni:{text}"))) }
    }
}

impl Network {
    /// The bridge that is meant where none is named.
    #[must_use]
    pub fn default_bridge() -> Self {
        DEFAULT.parse().map_or(Self::None, Self::Bridge)
    }

    /// Whether one in it has a network of its own.
    #[must_use]
    pub fn is_own(&self) -> bool {
        *self != Self::Host
    }
}

impl FromStr for Network {
    type Err = InvalidNetwork;

    fn from_str(text: &str) -> Result<Self, InvalidNetwork> {
        let invalid = || InvalidNetwork(text.to_owned());
        match text.split_once(':') {
            None => match text {
                "none" => Ok(Self::None),
                "host" => Ok(Self::Host),
                "bridge" => Ok(Self::default_bridge()),
                "pasta" => Ok(Self::Pasta),
                _ => Err(invalid()),
            },
            Some(("bridge", name)) => name.parse().map(Self::Bridge).map_err(|_| invalid()),
            Some(("cni", name)) => name.parse().map(Self::Cni),
            Some(_) => Err(invalid()),
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Host => f.write_str("host"),
            Self::Bridge(name) if name.as_str() == DEFAULT => f.write_str("bridge"),
            Self::Bridge(name) => write!(f, "bridge:{name}"),
            Self::Pasta => f.write_str("pasta"),
            Self::Cni(name) => write!(f, "cni:{}", name.0),
        }
    }
}

impl TryFrom<String> for Network {
    type Error = InvalidNetwork;

    fn try_from(text: String) -> Result<Self, InvalidNetwork> {
        text.parse()
    }
}

impl From<Network> for String {
    fn from(network: Network) -> Self {
        network.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_said_as_they_are_typed() {
        for text in ["none", "host", "bridge", "bridge:blue", "pasta", "cni:my_net.0"] {
            assert_eq!(text.parse::<Network>().expect(text).to_string(), text);
        }
        assert_eq!("bridge:default".parse(), Ok(Network::default_bridge()));
        let long = format!("cni:{}", "x".repeat(256));
        for text in ["", "bridges", "bridge:", "bridge:Blue", "bridge:a/b", "cni", "cni:", "cni:../x", "pasta:x", &long]
        {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
    }
}
