//! What time it is for a pod: it passes as for anybody, unless a test has no patience, and goes on where it was when the
//! machine is booted.
//!
//! What is waited for is counted by a clock that nobody sets, and that begins anew with every boot. What was written down
//! by that clock before would be due in as many days as the machine had been up; so from then on it is moved, by so much
//! that it goes on from where it stood last. While the machine is off it stands.

use std::env;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nix::time::{ClockId, clock_gettime};

use crate::error::Error;
use crate::machine::{Clock, Machine, Stamp};

/// How many times as fast, a whole number: for tests of what takes minutes.
pub(super) const VARIABLE: &str = "POD_CLOCK_SPEED";
/// The fastest that makes sense where starting a container takes some milliseconds.
const MOST: u32 = 1000;

/// How fast time passes, and from when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pace {
    speed: u32,
    clock: Clock,
}

impl Pace {
    /// As the environment has it.
    ///
    /// # Errors
    /// It has something else than a speed.
    pub(super) fn of_the_environment() -> Result<Self, Error> {
        let at = |speed| Self { speed, clock: Clock::default() };
        let Some(written) = env::var_os(VARIABLE) else { return Ok(at(1)) };
        let speed = written.to_str().and_then(|text| text.parse().ok());
        let speed = speed.filter(|speed| (1..=MOST).contains(speed));
        speed.map(at).ok_or_else(|| Error::ClockSpeed { written: written.to_string_lossy().into_owned() })
    }

    /// The same in this boot, going on from what is known of a pod, if anything is.
    pub(super) fn going_on(mut self, boot: &str, before: Option<&Machine>) -> Self {
        let up = self.up();
        self.clock = match before {
            Some(before) => before.clock().going_on(boot, up, before.seen()),
            None => Clock { boot: boot.to_owned(), ..Clock::default() },
        };
        self
    }

    /// By what it is counted.
    pub(super) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// How long the machine has been up.
    fn up(&self) -> Duration {
        let up = clock_gettime(ClockId::CLOCK_BOOTTIME).map(Duration::from).unwrap_or_default();
        up.saturating_mul(self.speed)
    }

    /// What time it is: the same for whoever asks at this pace.
    pub(super) fn now(&self) -> Stamp {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        Stamp { at: self.clock.at(self.up()), wall: i64::try_from(wall).unwrap_or(i64::MAX) }
    }

    /// How long that is for everybody else.
    pub(super) fn real(&self, duration: Duration) -> Duration {
        duration / self.speed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_waited_for_comes_sooner_by_that() {
        let at = |speed| Pace { speed, clock: Clock::default() };
        let (usual, fast) = (at(1), at(100));
        assert_eq!(usual.real(Duration::from_secs(5)), Duration::from_secs(5));
        assert_eq!(fast.real(Duration::from_secs(5)), Duration::from_millis(50));
        assert!(fast.now().at >= usual.now().at * 99);
    }
}
