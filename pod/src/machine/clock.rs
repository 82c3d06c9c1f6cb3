//! By what a pod's time is counted: since the machine came up, and from one boot to the next as if there had been none.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A clock: in this boot, when the machine had been `up` for so long, it said `said`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// The kernel's word for the boot; none of a machine that was written down before there was one.
    pub boot: String,
    /// How long the machine had been up.
    pub up: Duration,
    /// What was said then.
    pub said: Duration,
}

impl Clock {
    /// What it says when the machine has been up for so long.
    #[must_use]
    pub fn at(&self, up: Duration) -> Duration {
        self.said.saturating_add(up.saturating_sub(self.up))
    }

    /// The same in this boot, in which the machine has been up for so long: in another one than before it goes on from
    /// what was seen last.
    #[must_use]
    pub fn going_on(&self, boot: &str, up: Duration, seen: Duration) -> Self {
        // Of a boot without a word it is known only that it was another one if the machine had been up for longer.
        let is_same = if self.boot.is_empty() { seen <= up } else { self.boot == boot };
        if is_same {
            return Self { boot: boot.to_owned(), ..self.clone() };
        }
        Self { boot: boot.to_owned(), up, said: seen }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn it_goes_on_from_one_boot_to_the_next() {
        let first = Clock { boot: "a".to_owned(), ..Clock::default() };
        assert_eq!(first.at(seconds(1_000_000)), seconds(1_000_000));
        assert_eq!(first.going_on("a", seconds(2_000_000), seconds(1_000_000)), first, "nothing has happened");
        let second = first.going_on("b", seconds(30), seconds(1_000_000));
        assert_eq!((second.at(seconds(30)), second.at(seconds(40))), (seconds(1_000_000), seconds(1_000_010)));
        let same = second.going_on("b", seconds(500), seconds(1_000_010));
        assert_eq!(same.at(seconds(500)), seconds(1_000_470), "whoever goes on in the same boot has the same time");
        let third = second.going_on("c", seconds(5_000_000), seconds(1_000_010));
        assert_eq!(third.at(seconds(5_000_001)), seconds(1_000_011), "up for longer, and no time has passed");
    }

    #[test]
    fn one_of_before_is_of_this_boot_if_it_can_be() {
        let former = Clock::default();
        assert_eq!(former.going_on("a", seconds(50), seconds(20)).at(seconds(50)), seconds(50));
        assert_eq!(former.going_on("a", seconds(50), seconds(90)).at(seconds(51)), seconds(91));
    }
}
