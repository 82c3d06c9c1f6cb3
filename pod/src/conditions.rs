//! What a process inherits and can see nowhere written, read off our own.

use std::fs;

use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit};

use crate::plan::Conditions;

const RESOURCES: [(&str, Resource); 16] = [
    ("as", Resource::RLIMIT_AS),
    ("core", Resource::RLIMIT_CORE),
    ("cpu", Resource::RLIMIT_CPU),
    ("data", Resource::RLIMIT_DATA),
    ("fsize", Resource::RLIMIT_FSIZE),
    ("locks", Resource::RLIMIT_LOCKS),
    ("memlock", Resource::RLIMIT_MEMLOCK),
    ("msgqueue", Resource::RLIMIT_MSGQUEUE),
    ("nice", Resource::RLIMIT_NICE),
    ("nofile", Resource::RLIMIT_NOFILE),
    ("nproc", Resource::RLIMIT_NPROC),
    ("rss", Resource::RLIMIT_RSS),
    ("rtprio", Resource::RLIMIT_RTPRIO),
    ("rttime", Resource::RLIMIT_RTTIME),
    ("sigpending", Resource::RLIMIT_SIGPENDING),
    ("stack", Resource::RLIMIT_STACK),
];

impl Conditions {
    /// Ours, as far as they can be told.
    #[must_use]
    pub fn ours() -> Self {
        let limits = RESOURCES.iter().filter_map(|(name, resource)| {
            let (soft, hard) = getrlimit(*resource).ok()?;
            Some(format!("{name}={}:{}", shown(soft), shown(hard)))
        });
        Self { umask: umask(), nice: nice(), limits: limits.collect() }
    }

    /// A limit `NAME=SOFT:HARD`, lowered to what these allow who may raise none.
    #[must_use]
    pub fn within(&self, limit: &str) -> Option<String> {
        let (name, soft, hard) = parts(limit)?;
        let (_, _, most) = self.limits.iter().filter_map(|ours| parts(ours)).find(|ours| ours.0 == name)?;
        Some(format!("{name}={}:{}", shown(soft.min(most)), shown(hard.min(most))))
    }
}

fn shown(limit: u64) -> String {
    if limit == RLIM_INFINITY { "unlimited".to_owned() } else { limit.to_string() }
}

fn parts(limit: &str) -> Option<(&str, u64, u64)> {
    let number = |text: &str| if text == "unlimited" { Some(RLIM_INFINITY) } else { text.parse().ok() };
    let (name, values) = limit.split_once('=')?;
    let (soft, hard) = values.split_once(':')?;
    Some((name, number(soft)?, number(hard)?))
}

/// The mode bits that we make files without; to ask umask(2) is to change it.
fn umask() -> Option<u32> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let mask = status.lines().find_map(|line| line.strip_prefix("Umask:"))?;
    u32::from_str_radix(mask.trim(), 8).ok()
}

fn nice() -> Option<i32> {
    rustix::process::getpriority_process(None).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_raise_nothing_gets_what_there_is() {
        let ours = Conditions {
            limits: vec!["nofile=1024:4096".to_owned(), "core=0:unlimited".to_owned()],
            ..Conditions::default()
        };
        for (asked, within) in [
            ("nofile=2000:3000", Some("nofile=2000:3000")),
            ("nofile=2000:5000", Some("nofile=2000:4096")),
            ("nofile=unlimited:unlimited", Some("nofile=4096:4096")),
            ("core=unlimited:unlimited", Some("core=unlimited:unlimited")),
            ("cpu=1:1", None),
        ] {
            assert_eq!(ours.within(asked).as_deref(), within, "{asked}");
        }
    }

    #[test]
    fn ours_can_be_told() {
        let ours = Conditions::ours();
        assert!(ours.umask.is_some_and(|mask| mask <= 0o777), "{ours:?}");
        assert!(ours.nice.is_some_and(|nice| (-20..20).contains(&nice)), "{ours:?}");
        assert_eq!(ours.limits.len(), RESOURCES.len());
        assert!(ours.limits.iter().all(|limit| limit.parse::<launch::Limit>().is_ok()), "{ours:?}");
    }
}
