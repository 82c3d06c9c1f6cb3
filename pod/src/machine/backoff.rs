//! How long to wait before something is tried again that has failed.

use std::time::Duration;

use serde::{Deserialize, Serialize};

const FIRST: Duration = Duration::from_secs(10);
const LONGEST: Duration = Duration::from_secs(300);
/// What went well for so long begins anew.
const FORGOTTEN: Duration = Duration::from_secs(600);

/// A wait that doubles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Backoff {
    /// What is waited for, and when it was said.
    entry: Option<(Duration, Duration)>,
}

impl Backoff {
    /// When it is over, counted from when it went wrong; nothing where nothing is waited for.
    pub(super) fn until(&self, wrong: Duration) -> Option<Duration> {
        let (wait, said) = self.entry?;
        (wrong.saturating_sub(said) <= FORGOTTEN).then(|| wrong.saturating_add(wait))
    }

    /// What is waited for by now.
    pub(super) fn wait(&self) -> Duration {
        self.entry.map_or(Duration::ZERO, |(wait, _)| wait)
    }

    /// It is tried again, having gone wrong then; the next time it takes longer.
    pub(super) fn next(&mut self, wrong: Duration, now: Duration) {
        let wait = match self.entry {
            Some((wait, said)) if wrong.saturating_sub(said) <= FORGOTTEN => (wait * 2).min(LONGEST),
            _ => FIRST,
        };
        self.entry = Some((wait, now));
    }
}

/// As Go writes it: `40s`, `1m20s`, `5m0s`.
pub(super) fn told(wait: Duration) -> String {
    let seconds = wait.as_secs();
    match (seconds / 60, seconds % 60) {
        (0, seconds) => format!("{seconds}s"),
        (minutes, seconds) => format!("{minutes}m{seconds}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn waits_double_up_to_five_minutes() {
        let mut backoff = Backoff::default();
        assert_eq!(backoff.until(seconds(5)), None);
        let mut now = seconds(5);
        for wait in [10, 20, 40, 80, 160, 300, 300] {
            backoff.next(now, now);
            assert_eq!(backoff.until(now), Some(now + seconds(wait)));
            now += seconds(wait);
        }
    }

    #[test]
    fn what_went_well_for_ten_minutes_begins_anew() {
        let mut backoff = Backoff::default();
        backoff.next(seconds(0), seconds(0));
        backoff.next(seconds(10), seconds(20));
        assert_eq!(backoff.until(seconds(620)), Some(seconds(640)));
        assert_eq!(backoff.until(seconds(621)), None);
        backoff.next(seconds(621), seconds(621));
        assert_eq!(backoff.wait(), seconds(10));
    }

    #[test]
    fn waits_are_told_as_go_tells_them() {
        for (wait, text) in [(10, "10s"), (80, "1m20s"), (160, "2m40s"), (300, "5m0s")] {
            assert_eq!(told(seconds(wait)), text);
        }
    }
}
