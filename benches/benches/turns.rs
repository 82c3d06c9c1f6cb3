//! Cases that are measured in turns, A B A B: on a noisy machine the ratio in one run is what can be trusted.

use std::time::Duration;

use benches::statistics::{Ratio, median, percentile};
use benches::{Case as Said, Entry, Pair, Promise, Unit};
use indicatif::ProgressBar;

use crate::session::Session;
use crate::sys;

/// A case: something to be done, and what was seen of each of the subject's measures.
pub(crate) struct Case<'a, const M: usize> {
    name: String,
    run: Box<dyn FnMut() -> Seen<M> + 'a>,
}

/// What one turn of a case has seen, for each measure; nothing where it has no such thing.
pub(crate) type Seen<const M: usize> = [Option<f64>; M];

/// What is measured in turns, by which names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Turns<'a, const M: usize> {
    pub(crate) subject: &'a str,
    pub(crate) measures: [(&'a str, Unit); M],
    /// Ours, and theirs.
    pub(crate) pairs: &'a [(&'a str, &'a str)],
    pub(crate) rounds: usize,
}

pub(crate) fn case<'a, const M: usize>(name: &str, run: impl FnMut() -> Seen<M> + 'a) -> Case<'a, M> {
    Case { name: name.to_owned(), run: Box::new(run) }
}

/// A case of which just the time is seen.
pub(crate) fn timed<'a>(name: &str, mut run: impl FnMut() -> Duration + 'a) -> Case<'a, 1> {
    case(name, move || [Some(nanoseconds(run()))])
}

/// As they are counted everywhere here.
pub(crate) fn nanoseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e9
}

impl<const M: usize> Turns<'_, M> {
    /// Measures them, and says what was seen.
    ///
    /// # Panics
    /// When somebody interrupts us.
    pub(crate) fn take(&self, session: &mut Session, mut cases: Vec<Case<'_, M>>) {
        let mut seen: Vec<Vec<Seen<M>>> = vec![Vec::new(); cases.len()];
        let bar = session.bar(self.subject, self.rounds * cases.len());
        // The machine warms up over the first tenth.
        let warming = self.rounds.div_ceil(10);
        for round in 0..self.rounds + warming {
            for (case, seen) in cases.iter_mut().zip(&mut seen) {
                assert!(!sys::interrupted(), "interrupted");
                let these = turn(&bar, case);
                if round >= warming {
                    seen.push(these);
                    bar.inc(1);
                }
            }
        }
        bar.finish_and_clear();
        self.say(session, &cases, &seen);
        // Criterion shows times, and of each case the first, where it has that.
        if self.measures[0].1 == Unit::Time {
            let has_first = |seen: &[Seen<M>]| seen.iter().any(|seen| seen[0].is_some());
            for (case, _) in cases.iter_mut().zip(&seen).filter(|(_, seen)| has_first(seen)) {
                session.show(self.subject, &case.name, || first((case.run)()));
            }
        }
    }

    fn say(&self, session: &mut Session, cases: &[Case<'_, M>], seen: &[Vec<Seen<M>>]) {
        let named = |name: &str| cases.iter().position(|case| case.name == name);
        for (index, (measure, unit)) in self.measures.iter().enumerate() {
            let values = |case: usize| seen[case].iter().filter_map(|seen| seen[index]).collect::<Vec<_>>();
            for (place, case) in cases.iter().enumerate() {
                let values = values(place);
                if !values.is_empty() {
                    session.say(&Entry::Case(said(self.subject, measure, &case.name, *unit, &values)));
                }
            }
            for (ours, theirs) in self.pairs {
                // One that is not on this machine has been named.
                let (Some(our_place), Some(their_place)) = (named(ours), named(theirs)) else { continue };
                let (our_values, their_values) = (values(our_place), values(their_place));
                if our_values.is_empty() || their_values.is_empty() {
                    continue;
                }
                let names = [self.subject, measure, ours, theirs];
                session.say(&Entry::Pair(pair(names, *unit, &our_values, &their_values)));
            }
        }
    }
}

fn turn<const M: usize>(bar: &ProgressBar, case: &mut Case<'_, M>) -> Seen<M> {
    bar.set_message(case.name.clone());
    (case.run)()
}

fn first<const M: usize>(seen: Seen<M>) -> Duration {
    Duration::from_secs_f64(seen[0].unwrap_or_default() / 1e9)
}

/// A case of which these values were seen.
pub(crate) fn said(subject: &str, measure: &str, case: &str, unit: Unit, values: &[f64]) -> Said {
    Said {
        subject: subject.to_owned(),
        measure: measure.to_owned(),
        case: case.to_owned(),
        unit,
        n: values.len(),
        median: median(values),
        p99: percentile(values, 99),
    }
}

/// Two of which these values were seen: subject, measure, ours, theirs.
pub(crate) fn pair(names: [&str; 4], unit: Unit, our_values: &[f64], their_values: &[f64]) -> Pair {
    let ratio = Ratio::of(our_values, their_values);
    let [subject, measure, ours, theirs] = names;
    Pair {
        subject: subject.to_owned(),
        measure: measure.to_owned(),
        ours: ours.to_owned(),
        theirs: theirs.to_owned(),
        unit,
        n: our_values.len(),
        our_median: median(our_values),
        their_median: median(their_values),
        ratio: ratio.whole,
        lowest: ratio.lowest,
        highest: ratio.highest,
        promise: Promise::of(subject, measure, ours, theirs),
    }
}
