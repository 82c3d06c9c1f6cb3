//! Pid files: the pid in one, and whether the process that has it now can be the one that was meant.
//!
//! A process that began after the file was written has got the pid of another. When it began the kernel
//! counts from boot on, when the file was written is told by the clock of that moment; a machine without a
//! clock of its own sets it forward, by years, when it has found a network. How far, at least, /proc tells:
//! it was mounted at boot, by the clock as it was then.

use std::fs::{self, File};
use std::io::Read;
use std::os::linux::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use nix::time::{ClockId, clock_gettime};

use crate::error::Error;
use launch::Identity;

/// Larger than any file that holds a pid.
const LARGEST: u64 = 64;

/// How far the clocks of a file system and of processes may be apart.
const SLACK: Duration = Duration::from_secs(2);

/// A pid file that was read.
pub(super) struct PidFile {
    pub(super) pid: i32,
    written: SystemTime,
}

/// Whether a process can be the one that a pid file means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Age {
    /// It began before the file was written.
    Fits,
    /// It began after that, whatever the clock.
    Older,
    /// It began after that by the clock as it is now, and before by the clock as it was then.
    Doubtful,
}

impl PidFile {
    /// Reads what is held open; `None` when it holds no pid.
    pub(super) fn read(file: &File, path: &Path) -> Result<Option<Self>, Error> {
        let unreadable = |source| Error::File { path: path.to_owned(), source };
        let found = file.metadata().map_err(unreadable)?;
        if !found.is_file() || found.len() > LARGEST {
            return Ok(None);
        }
        let mut text = Vec::new();
        file.take(LARGEST + 1).read_to_end(&mut text).map_err(unreadable)?;
        let written = found.modified().map_err(unreadable)?;
        let pid = std::str::from_utf8(&text).ok().and_then(|text| text.trim().parse().ok()).filter(|pid| *pid > 0);
        Ok(pid.map(|pid| Self { pid, written }))
    }

    pub(super) fn age(&self, process: Identity) -> Result<Age, Error> {
        let clock = Clock::now().map_err(|source| launch::Error::Proc { source })?;
        Ok(clock.compare(self.written, clock.started(process)))
    }
}

/// The clock of the wall.
struct Clock {
    now: SystemTime,
    /// When the machine started, by the clock as it is now.
    boot: SystemTime,
    /// How far it has been set forward since it started, at least.
    forward: Duration,
}

impl Clock {
    fn now() -> std::io::Result<Self> {
        let uptime = Duration::from(clock_gettime(ClockId::CLOCK_BOOTTIME)?);
        let now = SystemTime::now();
        let boot = now.checked_sub(uptime).unwrap_or(SystemTime::UNIX_EPOCH);
        let mounted = fs::metadata("/proc")?;
        let mounted = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(mounted.st_mtime()).unwrap_or(0));
        // In a time namespace boot is when that namespace says, and /proc may be of before.
        let forward = if is_shifted() { Duration::ZERO } else { boot.duration_since(mounted).unwrap_or_default() };
        Ok(Self { now, boot, forward })
    }

    /// When a process began, by the clock as it is now.
    fn started(&self, process: Identity) -> SystemTime {
        let ticks = nix::unistd::sysconf(nix::unistd::SysconfVar::CLK_TCK).ok().flatten();
        let ticks = ticks.and_then(|ticks| u64::try_from(ticks).ok()).filter(|ticks| *ticks > 0).unwrap_or(100);
        self.boot + Duration::from_secs(process.start_time / ticks)
    }

    fn compare(&self, written: SystemTime, started: SystemTime) -> Age {
        if started <= written + SLACK {
            return Age::Fits;
        }
        let by_the_old_clock = written + self.forward;
        // What would have been written in time to come has been written since the clock was set.
        let is_old = self.forward > SLACK && by_the_old_clock <= self.now + SLACK;
        if is_old && started <= by_the_old_clock + SLACK { Age::Doubtful } else { Age::Older }
    }
}

/// Whether our time since boot is not the machine's.
fn is_shifted() -> bool {
    let offsets = fs::read_to_string("/proc/self/timens_offsets").unwrap_or_default();
    let boot = offsets.lines().find_map(|line| line.strip_prefix("boottime"));
    boot.is_some_and(|numbers| numbers.split_whitespace().any(|number| number != "0"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_too_old_only_where_no_clock_could_have_made_it_so() {
        let at = |seconds: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        // A machine that has run for 1,000 seconds, and thought at first that it was 100,000 earlier.
        let (boot, now) = (1_000_000, 1_001_000);
        let stepped = Clock { now: at(now), boot: at(boot), forward: Duration::from_secs(100_000) };
        let steady =
            Clock { forward: Duration::ZERO, ..Clock { now: at(now), boot: at(boot), forward: Duration::ZERO } };
        for (written, started, by_steady, by_stepped) in [
            (boot + 10, boot + 9, Age::Fits, Age::Fits),
            (boot + 10, boot + 12, Age::Fits, Age::Fits),
            // Both after the clock was set, if it was.
            (boot + 10, boot + 500, Age::Older, Age::Older),
            // The file by the old clock, 510 seconds after boot.
            (boot + 510 - 100_000, boot + 500, Age::Older, Age::Doubtful),
            (boot + 498 - 100_000, boot + 500, Age::Older, Age::Doubtful),
            (boot + 490 - 100_000, boot + 500, Age::Older, Age::Older),
            // Before boot, by each.
            (boot - 100, boot + 5, Age::Older, Age::Older),
            (boot - 100_100, boot + 5, Age::Older, Age::Older),
            (5, boot + 5, Age::Older, Age::Older),
        ] {
            assert_eq!(steady.compare(at(written), at(started)), by_steady, "{written} {started}");
            assert_eq!(stepped.compare(at(written), at(started)), by_stepped, "{written} {started}, clock set");
        }
    }

    #[test]
    fn a_process_that_has_just_begun_has_begun_just_now() {
        let clock = Clock::now().expect("a clock");
        let started = clock.started(Identity::of(std::process::id().cast_signed()).expect("our own"));
        let age = clock.now.duration_since(started).expect("we began before");
        assert!(age < Duration::from_secs(600), "{age:?}");
    }
}
