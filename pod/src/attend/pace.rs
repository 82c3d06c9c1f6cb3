//! How fast time passes for a pod: as for anybody, unless a test has no patience.

use std::env;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nix::time::{ClockId, clock_gettime};

use crate::error::Error;
use crate::machine::Stamp;

/// How many times as fast, a whole number: for tests of what takes minutes.
pub(super) const VARIABLE: &str = "POD_CLOCK_SPEED";
/// The fastest that makes sense where starting a container takes some milliseconds.
const MOST: u32 = 1000;

/// How fast time passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pace(u32);

impl Pace {
    /// As the environment has it.
    ///
    /// # Errors
    /// It has something else than a speed.
    pub(super) fn of_the_environment() -> Result<Self, Error> {
        let Some(written) = env::var_os(VARIABLE) else { return Ok(Self(1)) };
        let speed = written.to_str().and_then(|text| text.parse().ok());
        let speed = speed.filter(|speed| (1..=MOST).contains(speed));
        speed.map(Self).ok_or_else(|| Error::ClockSpeed { written: written.to_string_lossy().into_owned() })
    }

    /// What time it is: the same for whoever asks at this pace.
    pub(super) fn now(self) -> Stamp {
        let at = clock_gettime(ClockId::CLOCK_BOOTTIME).map(Duration::from).unwrap_or_default();
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        Stamp { at: at.saturating_mul(self.0), wall: i64::try_from(wall).unwrap_or(i64::MAX) }
    }

    /// How long that is for everybody else.
    pub(super) fn real(self, duration: Duration) -> Duration {
        duration / self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_waited_for_comes_sooner_by_that() {
        let (usual, fast) = (Pace(1), Pace(100));
        assert_eq!(usual.real(Duration::from_secs(5)), Duration::from_secs(5));
        assert_eq!(fast.real(Duration::from_secs(5)), Duration::from_millis(50));
        assert!(fast.now().at >= usual.now().at * 99);
    }
}
