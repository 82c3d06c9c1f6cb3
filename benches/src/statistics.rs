//! Medians, and ratios of them with their spread.

/// In so many parts a run is cut, to see how far the ratio of one is from that of another.
const PARTS: usize = 5;

/// The value that half of them are not above; not a number when there is none.
#[must_use]
pub fn median(values: &[f64]) -> f64 {
    percentile(values, 50)
}

/// The value that this percentage of them are not above.
#[must_use]
pub fn percentile(values: &[f64], percentage: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = (sorted.len() * percentage / 100).min(sorted.len().saturating_sub(1));
    sorted.get(place).copied().unwrap_or(f64::NAN)
}

/// The ratio of two medians, and its lowest and highest in parts of the run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ratio {
    /// Of all.
    pub whole: f64,
    /// In the part where it is lowest.
    pub lowest: f64,
    /// In the part where it is highest.
    pub highest: f64,
}

impl Ratio {
    /// Ours by theirs, turn by turn: one of each for each turn.
    #[must_use]
    pub fn of(ours: &[f64], theirs: &[f64]) -> Self {
        let whole = by(median(ours), median(theirs));
        let length = ours.len().div_ceil(PARTS).max(1);
        let parts =
            ours.chunks(length).zip(theirs.chunks(length)).map(|(ours, theirs)| by(median(ours), median(theirs)));
        let (lowest, highest) =
            parts.fold((whole, whole), |(lowest, highest), part| (lowest.min(part), highest.max(part)));
        Self { whole, lowest, highest }
    }
}

/// Nothing is no part of nothing.
fn by(ours: f64, theirs: f64) -> f64 {
    if ours == 0.0 && theirs == 0.0 { 0.0 } else { ours / theirs }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle_and_the_percentile_near_the_end() {
        let values: Vec<f64> = (1..=100).rev().map(f64::from).collect();
        assert_eq!((median(&values), percentile(&values, 99)), (51.0, 100.0));
        assert_eq!(median(&[3.0]), 3.0);
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn the_spread_is_that_of_the_parts() {
        let ratio = Ratio::of(&[1.0, 1.0, 1.0, 1.0, 4.0], &[2.0; 5]);
        assert_eq!(ratio, Ratio { whole: 0.5, lowest: 0.5, highest: 2.0 });
        assert_eq!(Ratio::of(&[0.0], &[0.0]).whole, 0.0);
    }
}
