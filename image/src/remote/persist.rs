//! Trying again: what may go well the next time, not too soon, and not for ever.

use std::thread::sleep;
use std::time::Duration;

use crate::remote::error::RemoteError;
use crate::remote::event::{Event, Watch};
use crate::remote::wire::Patience;

/// Nobody waits longer than this because of somebody's `Retry-After`.
const LONGEST: Duration = Duration::from_secs(60);

/// How often something has failed.
#[derive(Debug)]
pub(crate) struct Tries<'a> {
    patience: Patience,
    failed: u32,
    watch: WatchOf<'a>,
}

/// A watch that can be shown.
struct WatchOf<'a>(&'a Watch<'a>);

impl std::fmt::Debug for WatchOf<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Watch")
    }
}

impl<'a> Tries<'a> {
    pub(crate) fn new(patience: Patience, watch: &'a Watch<'a>) -> Self {
        Self { patience, failed: 0, watch: WatchOf(watch) }
    }

    /// Counts a failure and waits; hands it back when it was one too many, or will not pass.
    pub(crate) fn failed(&mut self, error: RemoteError, middle: bool) -> Result<(), RemoteError> {
        let Some(after) = error.passes(middle).and_then(|asked| self.pause(asked)) else { return Err(error) };
        self.failed += 1;
        (self.watch.0)(&Event::Again { error: &error, after });
        sleep(after);
        Ok(())
    }

    /// What has come is no failure any more.
    pub(crate) fn went_on(&mut self) {
        self.failed = 0;
    }

    /// How long to wait now, if at all.
    fn pause(&self, asked: Option<Duration>) -> Option<Duration> {
        if self.failed >= self.patience.retries || asked.is_some_and(|asked| asked > LONGEST) {
            return None;
        }
        let grown = self.patience.pause.saturating_mul(1 << self.failed.min(16)).min(LONGEST);
        // Many who were turned away at once are not to come back at once.
        let spread = grown.mul_f64(fastrand::f64() / 4.0);
        Some(asked.map_or(grown + spread, |asked| asked.max(Duration::ZERO) + spread))
    }
}

/// Does something until it goes well, or will not.
pub(crate) fn persist<T>(
    patience: Patience,
    watch: &Watch<'_>,
    mut job: impl FnMut() -> Result<T, RemoteError>,
) -> Result<T, RemoteError> {
    let mut tries = Tries::new(patience, watch);
    loop {
        match job() {
            Ok(done) => return Ok(done),
            Err(error) => tries.failed(error, false)?,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    fn answered(status: u16, later: Option<Option<Duration>>) -> RemoteError {
        let (host, what) = ("q.io".to_owned(), "it".to_owned());
        RemoteError::Answered { host, what, status, said: None, later }
    }

    /// How long was waited until it was given up.
    fn waits(patience: Patience, error: impl Fn() -> RemoteError) -> Vec<Duration> {
        let waits = Mutex::new(Vec::new());
        let watch = |event: &Event<'_>| {
            if let Event::Again { after, .. } = event {
                waits.lock().expect("alone").push(*after);
            }
        };
        persist(patience, &watch, || Err::<(), _>(error())).expect_err("it never goes well");
        waits.into_inner().expect("alone")
    }

    const QUICK: Patience = Patience { silence: Duration::from_secs(1), retries: 3, pause: Duration::from_millis(4) };

    #[test]
    fn each_wait_is_longer_and_there_is_a_last_one() {
        let waited = waits(QUICK, || answered(500, Some(None)));
        assert_eq!(waited.len(), 3);
        for (wait, least) in waited.iter().zip([4, 8, 16]) {
            let least = Duration::from_millis(least);
            assert!(*wait >= least && *wait <= least * 2, "{wait:?} after {least:?}");
        }
    }

    #[test]
    fn who_says_when_is_believed_up_to_a_minute() {
        let waited = waits(QUICK, || answered(429, Some(Some(Duration::from_millis(30)))));
        assert!(waited.len() == 3 && waited.iter().all(|wait| *wait >= Duration::from_millis(30)), "{waited:?}");
        assert_eq!(waits(QUICK, || answered(429, Some(Some(Duration::from_secs(61))))), []);
    }

    #[test]
    fn what_will_not_change_is_not_tried_again() {
        assert_eq!(waits(QUICK, || answered(400, None)), []);
        let silent = || RemoteError::Silent { host: "q.io".to_owned(), time: Duration::ZERO };
        assert_eq!(waits(QUICK, silent), []);
        assert!(silent().passes(true).is_some());
    }
}
