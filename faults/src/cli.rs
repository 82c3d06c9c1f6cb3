//! The command line: which subjects, how much of them, and which point again.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::{Duration, Instant};

use clap::{Parser, ValueEnum};

use crate::strike::Blow;

/// Hold the programs against faults, and judge what is left
///
/// Everything happens in namespaces of its own, and ends with them. Exits with 1 where a promise was not
/// kept, and names the command that shows it again.
#[derive(Clone, Debug, Parser)]
#[command(name = "cargo xtask faults", max_term_width = 100)]
pub(crate) struct Options {
    /// What to try [default: everything]
    #[arg(value_enum)]
    subjects: Vec<Subject>,
    /// What the sampled points are drawn by
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// A few points of each verb, a few thousandths of each soak
    #[arg(long)]
    pub(crate) short: bool,
    /// Only these verbs of kill and fail, parts of soak and race, or files of state
    #[arg(long = "verb", value_name = "VERB", value_delimiter = ',')]
    verbs: Vec<String>,
    /// Run the programs as an ordinary user
    #[arg(long)]
    pub(crate) as_user: bool,
    /// How many points of each verb to try, drawn by the seed [default: all of them; 30 with --short]
    #[arg(long, value_name = "N")]
    points: Option<usize>,
    /// Stop each subject after this time, whatever is left of it
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub(crate) time: Option<Duration>,
    /// Try this one point again, and tell all that is seen: 17, 17:caller, 17:main, 17:ENOMEM
    #[arg(long, value_name = "POINT")]
    pub(crate) at: Option<At>,
    /// Where the programs are
    #[arg(long, value_name = "DIRECTORY")]
    pub(crate) programs: PathBuf,
}

/// What is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Subject {
    /// Killed at any system call
    Kill,
    /// Every system call failing
    Fail,
    /// Ten thousand of everything
    Soak,
    /// Everybody at once
    Race,
    /// Damaged records
    State,
    /// Pods of manifests made, changed, killed, starved and deleted at random
    Life,
}

/// A point, as it is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct At {
    pub(crate) point: u64,
    /// Which blow; any, when none is named.
    pub(crate) how: Option<String>,
}

impl FromStr for At {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (point, how) = text.split_once(':').map_or((text, None), |(point, how)| (point, Some(how.to_owned())));
        Ok(Self { point: point.parse()?, how })
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.point)?;
        self.how.as_ref().map_or(Ok(()), |how| write!(f, ":{how}"))
    }
}

impl Options {
    /// The subjects, each once.
    pub(crate) fn subjects(&self) -> Vec<Subject> {
        let all = Subject::value_variants().iter().copied();
        all.filter(|subject| self.subjects.is_empty() || self.subjects.contains(subject)).collect()
    }

    /// What has to be typed beside the point to repeat it.
    pub(crate) fn repeated(&self) -> String {
        let seed = if self.seed == 1 { String::new() } else { format!(" --seed {}", self.seed) };
        seed + if self.as_user { " --as-user" } else { "" }
    }

    /// Whether a verb, or a part, is to be tried.
    pub(crate) fn wants(&self, verb: &str) -> bool {
        self.verbs.is_empty() || self.verbs.iter().any(|wanted| wanted == verb)
    }

    /// Whether a subject has had its time.
    pub(crate) fn is_over(&self, began: Instant) -> bool {
        self.time.is_some_and(|time| began.elapsed() > time)
    }

    /// How many of a number of things are done.
    pub(crate) fn scaled(&self, many: u64, few: u64) -> u64 {
        if self.short { few } else { many }
    }

    /// How many points, unless all of them.
    pub(crate) fn sample(&self, few: usize) -> Option<usize> {
        self.points.or(self.short.then_some(few))
    }

    /// What is drawn by, for one verb: another verb's points do not change these.
    pub(crate) fn dice(&self, verb: &str) -> fastrand::Rng {
        let seed = verb.bytes().fold(self.seed, |seed, byte| seed.wrapping_mul(31).wrapping_add(u64::from(byte)));
        fastrand::Rng::with_seed(seed)
    }

    /// The points of a verb to try, in order; none when it is all of them.
    pub(crate) fn points(&self, verb: &str, calls: u64, blows: &[Blow], few: usize) -> Option<Vec<(u64, Blow)>> {
        if let Some(at) = &self.at {
            let fits = |blow: &&Blow| at.how.as_ref().is_none_or(|how| how.eq_ignore_ascii_case(&blow.name()));
            return Some(blows.iter().filter(fits).map(|blow| (at.point, *blow)).collect());
        }
        let wanted = self.sample(few)?;
        let mut all: Vec<_> = blows.iter().flat_map(|blow| (1..=calls).map(move |point| (point, *blow))).collect();
        let mut dice = self.dice(verb);
        let mut drawn = Vec::new();
        while drawn.len() < wanted && !all.is_empty() {
            drawn.push(all.swap_remove(dice.usize(..all.len())));
        }
        drawn.sort_by_key(|(point, blow)| (blow.name(), *point));
        Some(drawn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(words: &[&str]) -> Options {
        let words = [&["faults", "--programs", "/"], words].concat();
        Options::try_parse_from(words).expect("options")
    }

    #[test]
    fn the_same_seed_draws_the_same_points() {
        let blows = [Blow::KillCaller, Blow::KillMain];
        let drawn = |seed| options(&["--short", "--seed", seed]).points("create", 250, &blows, 12);
        assert_eq!(drawn("7"), drawn("7"));
        assert_ne!(drawn("7"), drawn("8"));
        assert_eq!(drawn("7").map(|points| points.len()), Some(12));
    }

    #[test]
    fn a_named_point_is_the_only_one() {
        let blows = [Blow::KillCaller, Blow::KillMain];
        assert_eq!(options(&["--at", "17:main"]).points("get", 99, &blows, 12), Some(vec![(17, Blow::KillMain)]));
        assert_eq!(options(&["--at", "17"]).points("get", 99, &blows, 12).map(|points| points.len()), Some(2));
    }

    #[test]
    fn everything_is_tried_unless_told_otherwise() {
        assert_eq!(options(&[]).subjects().len(), 6);
        assert_eq!(options(&["fail", "kill", "kill"]).subjects(), [Subject::Kill, Subject::Fail]);
        assert!(options(&["--verb", "create,get"]).wants("get") && !options(&["--verb", "create"]).wants("get"));
    }
}
