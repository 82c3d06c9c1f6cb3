//! What a pod's directory remembers, as plain data. Liveness is never stored: it is asked of the kernel.

use std::time::{SystemTime, UNIX_EPOCH};

use launch::{Identity, Origin};
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
    /// Its pause process, and what that was counted in: what its own record says, once more.
    pub pause: Identity,
    /// See `pause`.
    pub origin: Origin,
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
    /// How many were launched under its name before.
    #[serde(default)]
    pub number: u32,
    /// What there was no right to, or no place for.
    #[serde(default)]
    pub missing: Vec<Missing>,
}

/// What the log of a launch is called, in the directory of the workload's logs.
#[must_use]
pub fn log_name(number: u32) -> String {
    format!("{number}.log")
}

/// A time in a log: RFC 3339 with nine digits. A clock that stands before 1970 is taken for one that stands there.
pub(crate) fn nanos(time: SystemTime) -> impl std::fmt::Display {
    humantime::format_rfc3339_nanos(time.max(UNIX_EPOCH))
}

/// A time as people read it, likewise.
pub(crate) fn seconds(time: SystemTime) -> impl std::fmt::Display {
    humantime::format_rfc3339_seconds(time.max(UNIX_EPOCH))
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
    /// Why, where that can be told.
    #[serde(default)]
    pub reason: Option<Reason>,
}

/// Why a workload has ended, beyond how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reason {
    /// A process of it was killed because its memory had run out.
    #[serde(rename = "OOMKilled")]
    OomKilled,
}

impl Reason {
    /// As Kubernetes calls it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::OomKilled => "OOMKilled",
        }
    }
}

impl EndRecord {
    /// The record of a child that has ended so; `None` for one that has not.
    #[must_use]
    pub fn of(status: WaitStatus, ended: SystemTime) -> Option<Self> {
        match status {
            WaitStatus::Exited(code) => Some(Self { ended, exit_code: Some(code), signal: None, reason: None }),
            WaitStatus::Signaled { signal, .. } => {
                Some(Self { ended, exit_code: None, signal: Some(signal.number()), reason: None })
            }
            WaitStatus::Stopped(_) | WaitStatus::Continued => None,
        }
    }

    /// The end of one of which more or less is known: how it ended, and why.
    #[must_use]
    pub fn known(status: Option<WaitStatus>, reason: Option<Reason>, ended: SystemTime) -> Option<Self> {
        let seen = status.and_then(|status| Self::of(status, ended));
        let unseen = reason.map(|_| Self { ended, exit_code: None, signal: None, reason });
        seen.map(|end| Self { reason, ..end }).or(unseen)
    }

    /// The code that it is told with: its own; where its memory had run out and it has none, that of
    /// who was killed.
    #[must_use]
    pub fn told_code(&self) -> Option<u8> {
        let killed = 128 + Signal::KILL.number();
        self.exit_code.or_else(|| self.reason.map(|Reason::OomKilled| killed))
    }

    /// The signal that ended it.
    #[must_use]
    pub fn signal(&self) -> Option<Signal> {
        self.signal.and_then(|number| Signal::new(number.into()))
    }
}

/// Times as RFC 3339, in UTC.
pub(crate) mod timestamp {
    use std::time::{SystemTime, UNIX_EPOCH};

    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(crate) fn serialize<S: Serializer>(time: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&humantime::format_rfc3339_millis((*time).max(UNIX_EPOCH)))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SystemTime, D::Error> {
        let text = String::deserialize(deserializer)?;
        humantime::parse_rfc3339(&text).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use fixtures::fuzz::{JSON, rounds};
    use registry::version::{Versioned, parse};

    use super::*;
    use crate::nearly::{LAW, MEMORY, near};

    const POD: &str = r#"{"version":1,"plan":{"name":"web","hostname":"web","share":["net","ipc","uts","pid"],"publish":[
        {"address":"127.0.0.1","host_port":8080,"pod_port":80,"protocol":"udp"}],"network":"none","wish":"Asked","full":null,
        "object":null,"key":null,"unshared":"Own","users":"Ours","limits":{"memory":null,"shares":null,"quota":null,
        "pids":null,"huge_pages":{},"io_weight":null,"cpus":null,"memory_nodes":null}},"created":"2026-11-27T20:02:14.929Z",
        "missing":[{"mount":"/dev/mqueue","reason":"No such file or directory"}],"pause":{"pid":18600,"start_time":2957260},
        "origin":{"boot":"12decabf","pids":4026531836,"clock":4026531834}}"#;
    const WORKLOAD: &str = r#"{"plan":{"name":"app","program":{"Unix":[116]},"arguments":[],"environment":[[{"Unix":[65]},
        {"Unix":[98]}]],"directory":{"Unix":[47]},"conditions":{"umask":18,"nice":0,"limits":["core=0:unlimited","nofile=20000:20000"]},
        "container":null,"runtime":null,"limits":{"memory":1048576,"shares":2,"quota":null,"pids":7,"huge_pages":{},
        "io_weight":null,"cpus":null,"memory_nodes":null},"console":"None","typing":"Once","target":null,"parts":[],
        "wishes_shares":false},"started":"2026-11-27T20:02:14.953Z","number":0,"missing":[]}"#;
    const END: &str =
        r#"{"version":1,"ended":"2026-11-27T20:02:14.970Z","exit_code":0,"signal":9,"reason":"OOMKilled"}"#;

    /// What is read is written, and read again as the same text.
    fn keeps<T: Serialize + serde::de::DeserializeOwned>(text: &[u8]) -> Option<T> {
        let path = Path::new("/record");
        let record: T = parse(path, text).map_err(|error| assert!(!error.to_string().is_empty())).ok()?;
        let written = serde_json::to_string(&Versioned::of(&record)).expect("JSON");
        let again: T = parse(path, written.as_bytes()).expect("what we have written");
        assert_eq!(serde_json::to_string(&Versioned::of(&again)).expect("JSON"), written);
        Some(record)
    }

    #[test]
    fn nearly_right_records_are_read_or_refused() {
        let mut taken = [0_u32; 3];
        rounds(2000, &MEMORY, LAW, |dice| {
            let text = near(&[POD, WORKLOAD, END], dice, &JSON);
            taken[0] += u32::from(keeps::<PodRecord>(&text).is_some());
            taken[1] += u32::from(keeps::<WorkloadRecord>(&text).is_some());
            if let Some(end) = keeps::<EndRecord>(&text) {
                taken[2] += 1;
                let _whatever_it_is = (end.told_code(), end.signal(), nanos(end.ended).to_string());
            }
            text.len()
        });
        assert!(taken.iter().all(|taken| *taken > 0), "{taken:?}");
    }
}
