//! What a pod's directory remembers, as plain data. Liveness is never stored: it is asked of the kernel.

use std::time::SystemTime;

use reaper::{Signal, WaitStatus};
use serde::{Deserialize, Serialize};

use crate::plan::{PodPlan, WorkloadPlan};

/// A pod that was made; `pod.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PodRecord {
    /// What was asked for, with the ports that the kernel has given.
    pub plan: PodPlan,
    /// When it was made.
    #[serde(with = "timestamp")]
    pub created: SystemTime,
    /// What the sandbox had to do without.
    pub missing: Vec<Missing>,
}

/// A mount that the sandbox had to do without.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// Where it would have been.
    pub mount: String,
    /// Why it is not: the kernel's word.
    pub reason: String,
}

/// A workload that was launched; `workloads/NAME/spec.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WorkloadRecord {
    /// What was asked for.
    pub plan: WorkloadPlan,
    /// When it was launched.
    #[serde(with = "timestamp")]
    pub started: SystemTime,
}

/// How a workload ended; `workloads/NAME/end.json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndRecord {
    /// When.
    #[serde(with = "timestamp")]
    pub ended: SystemTime,
    /// Its exit code, unless a signal ended it.
    pub exit_code: Option<u8>,
    /// The number of the signal that ended it.
    pub signal: Option<u8>,
}

impl EndRecord {
    /// The record of a child that has ended so; `None` for one that has not.
    #[must_use]
    pub fn of(status: WaitStatus, ended: SystemTime) -> Option<Self> {
        match status {
            WaitStatus::Exited(code) => Some(Self { ended, exit_code: Some(code), signal: None }),
            WaitStatus::Signaled { signal, .. } => Some(Self { ended, exit_code: None, signal: Some(signal.number()) }),
            WaitStatus::Stopped(_) | WaitStatus::Continued => None,
        }
    }

    /// The signal that ended it.
    #[must_use]
    pub fn signal(&self) -> Option<Signal> {
        self.signal.and_then(|number| Signal::new(number.into()))
    }
}

/// Times as RFC 3339, in UTC.
pub(crate) mod timestamp {
    use std::time::SystemTime;

    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(crate) fn serialize<S: Serializer>(time: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&humantime::format_rfc3339_millis(*time))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SystemTime, D::Error> {
        let text = String::deserialize(deserializer)?;
        humantime::parse_rfc3339(&text).map_err(de::Error::custom)
    }
}
