//! The lines of a run.

use serde::{Deserialize, Serialize};

/// A line of what the benches say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "entry")]
pub enum Entry {
    /// A program that was measured beside ours.
    Rival(Rival),
    /// What was not measured.
    LeftOut(LeftOut),
    /// What one case took: printed, and never the verdict.
    Case(Case),
    /// Two cases in turns: the result.
    Pair(Pair),
    /// Something that has to be known to read the others.
    Note {
        /// In a sentence.
        text: String,
    },
}

/// A program that was measured beside ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rival {
    /// As it is called.
    pub name: String,
    /// What it says of itself.
    pub version: String,
}

/// A case that was not measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Where it would have been measured.
    pub subject: String,
    /// Its name.
    pub case: String,
    /// Why, in its own words where it had some.
    pub reason: String,
}

/// What one case took.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// The file of the bench.
    pub subject: String,
    /// What was measured of it.
    pub measure: String,
    /// Its name.
    pub case: String,
    /// In what.
    pub unit: Unit,
    /// How often.
    pub n: usize,
    /// Half of them were not above.
    pub median: f64,
    /// Of a hundred, 99 were not above.
    pub p99: f64,
}

/// Two cases that were measured in turns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pair {
    /// The file of the bench.
    pub subject: String,
    /// What was measured of both.
    pub measure: String,
    /// The one that is ours.
    pub ours: String,
    /// The one beside it.
    pub theirs: String,
    /// In what.
    pub unit: Unit,
    /// How often each.
    pub n: usize,
    /// Ours.
    pub our_median: f64,
    /// Theirs.
    pub their_median: f64,
    /// Of the medians: ours by theirs.
    pub ratio: f64,
    /// The lowest of five parts of the run.
    pub lowest: f64,
    /// The highest of them.
    pub highest: f64,
    /// What the ratio is promised not to be above.
    pub promise: Option<f64>,
}

impl Pair {
    /// Whether it is promised to be otherwise.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        // What is not a number keeps no promise.
        self.promise.is_some_and(|at_most| self.ratio.is_nan() || self.ratio > at_most)
    }
}

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Nanoseconds.
    Time,
    /// Bytes.
    Bytes,
    /// How often something happened.
    Count,
}

impl Unit {
    /// For people, in three digits or so.
    #[must_use]
    pub fn say(self, number: f64) -> String {
        let steps: &[(f64, &str)] = match self {
            Self::Time => &[(1.0, "ns"), (1e3, "µs"), (1e6, "ms"), (1e9, "s")],
            Self::Bytes => &[(1.0, "bytes"), (1024.0, "kB"), (1024.0 * 1024.0, "MB")],
            Self::Count => &[(1.0, "")],
        };
        let (step, name) = steps.iter().rev().find(|(step, _)| number >= *step).unwrap_or(&steps[0]);
        let scaled = number / step;
        let digits = if scaled.fract() == 0.0 || scaled >= 100.0 { 0 } else { 2 - usize::from(scaled >= 10.0) };
        format!("{scaled:.digits$} {name}").trim_end().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_said_with_three_digits_in_their_unit() {
        for (unit, number, said) in [
            (Unit::Time, 0.0, "0 ns"),
            (Unit::Time, 874.0, "874 ns"),
            (Unit::Time, 1_512_345.0, "1.51 ms"),
            (Unit::Time, 17_800.0, "17.8 µs"),
            (Unit::Time, 251e6, "251 ms"),
            (Unit::Bytes, 1152.0, "1.12 kB"),
            (Unit::Bytes, 8192.0, "8 kB"),
            (Unit::Count, 10_000.0, "10000"),
        ] {
            assert_eq!(unit.say(number), said);
        }
    }

    #[test]
    fn a_promise_is_broken_above_its_limit_only() {
        let pair = |ratio, promise| Pair {
            subject: String::new(),
            measure: String::new(),
            ours: String::new(),
            theirs: String::new(),
            unit: Unit::Time,
            n: 1,
            our_median: 1.0,
            their_median: 1.0,
            ratio,
            lowest: ratio,
            highest: ratio,
            promise,
        };
        for (ratio, promise, broken) in
            [(0.9, Some(1.0), false), (1.0, Some(1.0), false), (1.1, Some(1.0), true), (9.0, None, false)]
        {
            assert_eq!(pair(ratio, promise).is_broken(), broken, "{ratio} {promise:?}");
        }
        assert!(pair(f64::NAN, Some(1.0)).is_broken());
    }
}
