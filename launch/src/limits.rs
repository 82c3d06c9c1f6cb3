//! Resource limits, as the command is to have them.

use std::str::FromStr;

/// One resource's limits, in the resource's own unit: bytes, seconds, processes, descriptors.
///
/// # References
/// setrlimit(2)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    resource: libc::c_uint,
    name: &'static str,
    /// What counts.
    pub soft: u64,
    /// Up to where the command may raise it.
    pub hard: u64,
}

/// A limit that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidLimit {
    /// It does not have the form.
    #[error("{0:?} is not NAME=SOFT[:HARD], with a number or `unlimited`")]
    Form(String),
    /// There is no such resource.
    #[error("no resource is called {0:?}; there are {known}", known = known())]
    Resource(String),
    /// The soft limit may not exceed the hard one.
    #[error("{0:?} has a soft limit above its hard one")]
    Order(String),
}

/// The resources, by their names in limits.conf(5) and prlimit(1).
#[allow(clippy::unnecessary_cast, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "c_uint or c_int")]
const RESOURCES: [(&str, libc::c_uint); 16] = [
    ("as", libc::RLIMIT_AS as _),
    ("core", libc::RLIMIT_CORE as _),
    ("cpu", libc::RLIMIT_CPU as _),
    ("data", libc::RLIMIT_DATA as _),
    ("fsize", libc::RLIMIT_FSIZE as _),
    ("locks", libc::RLIMIT_LOCKS as _),
    ("memlock", libc::RLIMIT_MEMLOCK as _),
    ("msgqueue", libc::RLIMIT_MSGQUEUE as _),
    ("nice", libc::RLIMIT_NICE as _),
    ("nofile", libc::RLIMIT_NOFILE as _),
    ("nproc", libc::RLIMIT_NPROC as _),
    ("rss", libc::RLIMIT_RSS as _),
    ("rtprio", libc::RLIMIT_RTPRIO as _),
    ("rttime", libc::RLIMIT_RTTIME as _),
    ("sigpending", libc::RLIMIT_SIGPENDING as _),
    ("stack", libc::RLIMIT_STACK as _),
];

fn known() -> String {
    RESOURCES.map(|(name, _)| name).join(", ")
}

impl Limit {
    /// The number of the resource.
    pub fn resource(&self) -> libc::c_uint {
        self.resource
    }

    /// The name of the resource.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }
}

impl FromStr for Limit {
    type Err = InvalidLimit;

    fn from_str(text: &str) -> Result<Self, InvalidLimit> {
        let form = || InvalidLimit::Form(text.to_owned());
        let (name, values) = text.split_once('=').ok_or_else(form)?;
        let known = RESOURCES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        let &(name, resource) = known.ok_or_else(|| InvalidLimit::Resource(name.to_owned()))?;
        let (soft, hard) = values.split_once(':').unwrap_or((values, values));
        let value = |text: &str| match text {
            "unlimited" | "infinity" | "-1" => Ok(libc::RLIM_INFINITY),
            digits if digits.starts_with(|first: char| first.is_ascii_digit()) => digits.parse().map_err(|_| form()),
            _ => Err(form()),
        };
        let (soft, hard) = (value(soft)?, value(hard)?);
        if soft > hard {
            return Err(InvalidLimit::Order(text.to_owned()));
        }
        Ok(Self { resource, name, soft, hard })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_has_a_name_and_one_value_or_two() {
        for (text, name, soft, hard) in [
            ("nofile=64", "nofile", 64, 64),
            ("NOFILE=64:128", "nofile", 64, 128),
            ("core=0:unlimited", "core", 0, libc::RLIM_INFINITY),
            ("cpu=-1", "cpu", libc::RLIM_INFINITY, libc::RLIM_INFINITY),
        ] {
            let limit: Limit = text.parse().expect("a limit");
            assert_eq!((limit.name(), limit.soft, limit.hard), (name, soft, hard), "{text}");
        }
    }

    #[test]
    fn what_is_no_limit_is_refused() {
        for text in ["", "nofile", "nofile=", "nofile=x", "nofile=1:", "nofile=2:1", "files=1", "nofile=+1", "=1"] {
            assert!(text.parse::<Limit>().is_err(), "{text}");
        }
    }
}
