//! What containers use now: what the kernel counts for their control groups, looked at twice.

use std::thread::sleep;
use std::time::{Duration, Instant};

use container::cgroup::{Cgroup, Usage};
use registry::{Name, PodDirectory, Registry, RegistryError};

use crate::cgroup;
use crate::error::Error;
use crate::record::PodRecord;

/// For how long processor time is counted.
const WHILE: Duration = Duration::from_millis(500);

/// What something uses; what nobody counts is not told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Used {
    /// Thousandths of a processor.
    pub(crate) cpu: Option<u64>,
    /// Memory that cannot be taken away easily, in bytes.
    pub(crate) memory: Option<u64>,
}

/// A container, and its group if it has one: held open, so that another of its name does not take its place.
pub(crate) struct Watched {
    group: Option<Cgroup>,
    before: Option<Duration>,
    since: Instant,
}

/// These containers of a pod of a manifest, that has this sandbox and this uid; none of one that is gone.
///
/// # Errors
/// Their groups cannot be found or read.
pub(crate) fn watch(
    registry: &Registry,
    (sandbox, uid): (&Name, &str),
    containers: &[&str],
) -> Result<Vec<Watched>, Error> {
    let found = match registry.pod(sandbox) {
        Err(RegistryError::NoSuchPod { .. }) => return Ok(Vec::new()),
        found => found?,
    };
    let look = || {
        let record: PodRecord = found.directory().pod()?;
        if record.plan.object() != Some(uid) {
            return Ok(Vec::new());
        }
        containers.iter().map(|container| one(found.directory(), container)).collect()
    };
    look().or_else(|error| if found.gone().is_some() { Ok(Vec::new()) } else { Err(error) })
}

fn one(directory: &PodDirectory, container: &str) -> Result<Watched, Error> {
    let group = Cgroup::again(&cgroup::of(directory, &Name::try_from(container.to_owned())?)?)?;
    let counted = group.usage()?;
    let is_counted = counted.cpu.is_some() || counted.memory.is_some();
    Ok(Watched { group: is_counted.then_some(group), before: counted.cpu, since: Instant::now() })
}

/// What they use, counted for a while; `None` of one that has ended meanwhile.
pub(crate) fn measure(watched: &[Watched]) -> Vec<Option<Used>> {
    if watched.iter().any(|one| one.before.is_some()) {
        sleep(WHILE);
    }
    let measured = |one: &Watched| match &one.group {
        Some(group) => group.usage().ok().map(|now| used(one.before, &now, one.since.elapsed())),
        None => Some(Used::default()),
    };
    watched.iter().map(measured).collect()
}

fn used(before: Option<Duration>, now: &Usage, elapsed: Duration) -> Used {
    let taken = before.zip(now.cpu).map(|(before, now)| now.saturating_sub(before));
    // What was begun of a thousandth is one.
    let share = |taken: Duration| (taken.as_nanos() * 1000).div_ceil(elapsed.as_nanos().max(1));
    Used {
        cpu: taken.map(|taken| u64::try_from(share(taken)).unwrap_or(u64::MAX)),
        memory: now.working_set.or(now.memory),
    }
}

impl std::ops::Add for Used {
    type Output = Self;

    /// Where one is not known, neither is the sum.
    fn add(self, other: Self) -> Self {
        let both = |one: Option<u64>, other: Option<u64>| Some(one?.saturating_add(other?));
        Self { cpu: both(self.cpu, other.cpu), memory: both(self.memory, other.memory) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_told_in_thousandths_that_were_begun() {
        let after = |micros| Usage { cpu: Some(Duration::from_micros(micros)), ..Usage::default() };
        for (micros, cpu) in [(1000, 0), (1001, 1), (1500, 1), (1501, 2), (501_000, 1000), (1_001_000, 2000), (900, 0)]
        {
            let used = used(Some(Duration::from_millis(1)), &after(micros), Duration::from_millis(500));
            assert_eq!(used, Used { cpu: Some(cpu), memory: None }, "{micros}");
        }
    }

    #[test]
    fn what_is_not_known_of_one_is_not_known_of_both() {
        let known = Used { cpu: Some(1), memory: Some(2) };
        assert_eq!(known + known, Used { cpu: Some(2), memory: Some(4) });
        assert_eq!(known + Used { cpu: None, memory: Some(1) }, Used { cpu: None, memory: Some(3) });
    }
}
