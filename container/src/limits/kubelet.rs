//! What the kubelet makes of requests and limits.
//!
//! # References
//! Kubernetes, `pkg/kubelet/cm/helpers_linux.go`, `pkg/kubelet/qos/policy.go`, `pkg/apis/core/v1/helper/qos/qos.go`

use super::{Limits, Memory, Quota, Shares, Swap, Victims};

/// What a container asks for, and what it gets at most. Nothing is 0, as in a manifest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resources {
    /// Thousandths of a processor that it asks for.
    pub cpu_request: Option<u64>,
    /// Those that it gets at most.
    pub cpu_limit: Option<u64>,
    /// Bytes of memory that it asks for.
    pub memory_request: Option<u64>,
    /// Those that it gets at most.
    pub memory_limit: Option<u64>,
}

/// How the kubelet ranks pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quality {
    /// Every container gets what it asks for and no more.
    Guaranteed,
    /// Something is asked for or limited.
    Burstable,
    /// Nothing is.
    BestEffort,
}

impl Resources {
    /// A limit without a request is the request, too.
    fn requests(self) -> (u64, u64) {
        let or = |request: Option<u64>, limit: Option<u64>| request.or(limit).unwrap_or(0);
        (or(self.cpu_request, self.cpu_limit), or(self.memory_request, self.memory_limit))
    }
}

impl Limits {
    /// Of a container: requests are shares, limits are quota and memory.
    #[must_use]
    pub fn of_container(resources: Resources) -> Self {
        let memory = resources.memory_limit.filter(|limit| *limit > 0);
        Self {
            shares: Some(shares(resources.requests().0)),
            quota: resources.cpu_limit.filter(|limit| *limit > 0).map(Quota::of_milli),
            memory: memory.map(|limit| Memory { limit, swap: Swap::Bytes(0), victims: Victims::All }),
            ..Self::default()
        }
    }

    /// Of the pod of these containers, which run at once: the sum of the requests, and that of the
    /// limits where every one has it.
    #[must_use]
    pub fn of_pod(containers: &[Resources]) -> Self {
        let sum = |limit: fn(&Resources) -> Option<u64>| -> Option<u64> {
            let limits: Option<Vec<u64>> = containers.iter().map(|one| limit(one).filter(|it| *it > 0)).collect();
            limits.filter(|limits| !limits.is_empty()).map(|limits| limits.iter().sum())
        };
        let memory = sum(|one| one.memory_limit);
        Self {
            shares: Some(shares(containers.iter().map(|one| one.requests().0).sum())),
            quota: sum(|one| one.cpu_limit).map(Quota::of_milli),
            memory: memory.map(|limit| Memory { limit, swap: Swap::Unsaid, victims: Victims::One }),
            ..Self::default()
        }
    }
}

/// Thousandths of a processor as shares.
#[must_use]
pub fn shares(milli: u64) -> Shares {
    Shares::nearest(milli.saturating_mul(1024) / 1000)
}

impl Quality {
    /// That of a pod of these containers, init containers included.
    #[must_use]
    pub fn of(containers: &[Resources]) -> Self {
        let all = |one: &Resources| {
            [one.cpu_request, one.cpu_limit, one.memory_request, one.memory_limit]
                .into_iter()
                .flatten()
                .any(|it| it > 0)
        };
        if !containers.iter().any(all) {
            return Self::BestEffort;
        }
        let guaranteed = |one: &Resources| {
            let (cpu, memory) = one.requests();
            matches!((one.cpu_limit, one.memory_limit), (Some(c), Some(m)) if c > 0 && m > 0 && c == cpu && m == memory)
        };
        if containers.iter().all(guaranteed) { Self::Guaranteed } else { Self::Burstable }
    }

    /// How readily a container that asks for so much memory is killed when the machine, which has so
    /// much of it, runs out: from -1000, never, to 1000, first.
    #[must_use]
    pub fn oom_score_adj(self, memory_request: u64, capacity: u64) -> i32 {
        match self {
            Self::Guaranteed => -997,
            Self::BestEffort => 1000,
            Self::Burstable => {
                let part = u128::from(memory_request) * 1000 / u128::from(capacity.max(1));
                i32::try_from(part).map_or(3, |part| (1000 - part).clamp(3, 999))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1 << 30;

    fn cpu(request: Option<u64>, limit: Option<u64>) -> Resources {
        Resources { cpu_request: request, cpu_limit: limit, ..Resources::default() }
    }

    fn memory(request: Option<u64>, limit: Option<u64>) -> Resources {
        Resources { memory_request: request, memory_limit: limit, ..Resources::default() }
    }

    #[test]
    fn requests_are_shares_and_limits_are_quota() {
        for (resources, shares, quota) in [
            (cpu(None, None), 2, None),
            (cpu(Some(0), None), 2, None),
            (cpu(Some(1), None), 2, None),
            (cpu(Some(100), None), 102, None),
            (cpu(Some(250), Some(500)), 256, Some(50_000)),
            (cpu(None, Some(1000)), 1024, Some(100_000)),
            (cpu(None, Some(1)), 2, Some(1000)),
            (cpu(Some(1_000_000), None), 262_144, None),
        ] {
            let limits = Limits::of_container(resources);
            assert_eq!(limits.shares.map(Shares::get), Some(shares), "{resources:?}");
            assert_eq!(limits.quota.map(Quota::quota), quota, "{resources:?}");
        }
    }

    #[test]
    fn a_container_has_no_swap_and_ends_whole() {
        let limits = Limits::of_container(memory(Some(1), Some(GIB)));
        assert_eq!(limits.memory, Some(Memory { limit: GIB, swap: Swap::Bytes(0), victims: Victims::All }));
        assert_eq!(Limits::of_container(memory(Some(GIB), None)).memory, None);
        assert_eq!(Limits::of_container(memory(None, Some(0))).memory, None);
    }

    #[test]
    fn a_pod_is_limited_where_every_container_is() {
        let limits = Limits::of_pod(&[memory(None, Some(GIB)), memory(None, Some(GIB))]);
        assert_eq!(limits.memory.map(|memory| memory.limit), Some(2 * GIB));
        assert_eq!(Limits::of_pod(&[memory(None, Some(GIB)), memory(None, None)]).memory, None);
        assert_eq!(Limits::of_pod(&[]), Limits { shares: Some(Shares::LEAST), ..Limits::default() });
        let limits = Limits::of_pod(&[cpu(Some(100), Some(200)), cpu(Some(150), Some(300))]);
        assert_eq!((limits.shares.map(Shares::get), limits.quota.map(Quota::quota)), (Some(256), Some(50_000)));
    }

    #[test]
    fn pods_have_one_of_three_qualities() {
        let both = |cpu: u64, memory: u64| Resources {
            cpu_request: None,
            cpu_limit: Some(cpu),
            memory_request: Some(memory),
            memory_limit: Some(memory),
        };
        for (containers, quality) in [
            (vec![], Quality::BestEffort),
            (vec![cpu(None, None), cpu(Some(0), None)], Quality::BestEffort),
            (vec![cpu(Some(1), None)], Quality::Burstable),
            (vec![cpu(None, Some(1))], Quality::Burstable),
            (vec![both(100, GIB)], Quality::Guaranteed),
            (vec![both(100, GIB), cpu(None, None)], Quality::Burstable),
            (vec![Resources { memory_request: Some(1), ..both(100, GIB) }], Quality::Burstable),
        ] {
            assert_eq!(Quality::of(&containers), quality, "{containers:?}");
        }
    }

    #[test]
    fn who_asks_for_more_memory_is_killed_later() {
        for (quality, request, score) in [
            (Quality::Guaranteed, GIB, -997),
            (Quality::BestEffort, 0, 1000),
            (Quality::Burstable, 0, 999),
            (Quality::Burstable, GIB, 750),
            (Quality::Burstable, 4 * GIB, 3),
            (Quality::Burstable, u64::MAX, 3),
        ] {
            assert_eq!(quality.oom_score_adj(request, 4 * GIB), score, "{quality:?} {request}");
        }
        assert_eq!(Quality::Burstable.oom_score_adj(1, 0), 3);
    }
}
