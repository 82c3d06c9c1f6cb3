//! Where pids and start times mean something: one boot of one machine, one pid namespace, one clock.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;

use serde::{Deserialize, Serialize};

use crate::identity::Identity;
use crate::seen::{Seen, Unseen, no_proc, our_proc};

/// What the [`Identity`] of a process is counted in. Whoever records one records this with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The kernel's word for this boot.
    pub boot: String,
    /// The inode of the pid namespace.
    pub pids: u64,
    /// The inode of the time namespace, which moves the clock that starts are told by; 0 where the
    /// kernel has none.
    pub clock: u64,
}

impl Origin {
    /// Ours.
    ///
    /// # Errors
    /// When /proc cannot be read, or is that of other processes.
    ///
    /// # References
    /// random(4), `boot_id`
    pub fn here() -> Result<Self, Unseen> {
        our_proc()?;
        let inode = |path: &str| fs::metadata(path).map(|found| found.ino());
        let boot = boot().map_err(no_proc)?;
        let pids = inode("/proc/self/ns/pid").map_err(no_proc)?;
        let clock = match inode("/proc/self/ns/time") {
            Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
            clock => clock.map_err(no_proc)?,
        };
        Ok(Self { boot: boot.trim().to_owned(), pids, clock })
    }

    /// Whether what was recorded in this origin can be told from here; and if it was recorded before
    /// the machine was booted, that it has ended.
    #[must_use]
    pub fn from_here(&self, here: &Self) -> Reach {
        if self.boot != here.boot {
            Reach::Past
        } else if self.pids != here.pids {
            Reach::Elsewhere(Unseen::OtherPids { theirs: self.pids, ours: here.pids })
        } else if self.clock != here.clock {
            Reach::Elsewhere(Unseen::OtherClock { theirs: self.clock, ours: here.clock })
        } else {
            Reach::Here
        }
    }

    /// Whether a process recorded in this origin still runs.
    #[must_use]
    pub fn look(&self, here: &Self, process: Identity) -> Seen {
        match self.from_here(here) {
            Reach::Here => process.look(),
            Reach::Past => Seen::Ended,
            Reach::Elsewhere(unseen) => Seen::Unknown(unseen),
        }
    }
}

/// The kernel's word for this boot: a line that fits, so that its length need not be asked for.
fn boot() -> io::Result<String> {
    let mut text = String::with_capacity(64);
    File::open("/proc/sys/kernel/random/boot_id")?.take(u64::MAX).read_to_string(&mut text)?;
    Ok(text)
}

/// Whether an origin's processes can be seen.
#[derive(Debug)]
pub enum Reach {
    /// They count as ours do.
    Here,
    /// They were there before this boot.
    Past,
    /// They are, but not to us.
    Elsewhere(Unseen),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_another_boot_ends_what_is_not_here() {
        let here = Origin::here().expect("a /proc of our own");
        let me = Identity::of(std::process::id().cast_signed()).expect("our own /proc entry");
        let past = Origin { boot: "another".to_owned(), ..here.clone() };
        let pids = Origin { pids: here.pids + 1, ..here.clone() };
        let clock = Origin { clock: here.clock + 1, ..here.clone() };
        assert!(matches!(here.look(&here, me), Seen::Alive));
        assert!(matches!(past.look(&here, me), Seen::Ended));
        assert!(matches!(pids.look(&here, me), Seen::Unknown(Unseen::OtherPids { .. })));
        assert!(matches!(clock.look(&here, me), Seen::Unknown(Unseen::OtherClock { .. })));
    }
}
