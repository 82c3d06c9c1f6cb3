//! What has happened to a pod, as the events of an API server.

use jiff::Timestamp;
use manifest::kind::Pod;
use manifest::value::age;
use serde_json::{Value, json};

use crate::machine::{Log, Note, Stamp};

/// What an event comes from.
const SOURCE: &str = "pod";

/// Something that has happened to a pod.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    note: Note,
    namespace: String,
    pod: String,
    uid: Option<String>,
    /// The container that it is about, as a path of the pod's spec.
    part: Option<String>,
}

/// The events of a pod, the latest last.
#[must_use]
pub fn events(pod: &Pod, log: &Log) -> Vec<Event> {
    let inits = pod.spec.iter().flat_map(|spec| &spec.init_containers);
    let inits: Vec<&str> = inits.map(|container| container.name.as_str()).collect();
    let ephemeral = pod.spec.iter().flat_map(|spec| &spec.ephemeral_containers);
    let ephemeral: Vec<&str> = ephemeral.map(|container| container.name.as_str()).collect();
    let event = |note: &Note| Event {
        note: note.clone(),
        namespace: pod.metadata.namespace.clone().unwrap_or_else(|| "default".to_owned()),
        pod: pod.metadata.name.clone().unwrap_or_default(),
        uid: pod.metadata.uid.clone(),
        part: note.container.as_deref().map(|name| {
            let list = match name {
                name if inits.contains(&name) => "initContainers",
                name if ephemeral.contains(&name) => "ephemeralContainers",
                _ => "containers",
            };
            format!("spec.{list}{{{name}}}")
        }),
    };
    log.notes().iter().map(event).collect()
}

impl Event {
    /// Its name, which stays the same however often it happens.
    #[must_use]
    pub fn name(&self) -> String {
        // FNV-1a: what makes it one thing and not another.
        let word = self.note.weight_word();
        let parts = [word, &self.note.reason, &self.note.message, self.part.as_deref().unwrap_or_default()];
        let bytes = parts.iter().flat_map(|part| part.bytes().chain([0]));
        let hash =
            bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        format!("{}.{hash:016x}", self.pod)
    }

    /// The namespace of its pod.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The name of its pod.
    #[must_use]
    pub fn pod(&self) -> &str {
        &self.pod
    }

    /// `Normal` or `Warning`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.note.weight_word()
    }

    /// When it was seen first and last.
    #[must_use]
    pub fn seen(&self) -> (Stamp, Stamp) {
        (self.note.first, self.note.last)
    }

    /// How often.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.note.count
    }

    /// A row of `kubectl events`.
    #[must_use]
    pub fn row(&self, now: Timestamp) -> Vec<String> {
        let since = |stamp: Stamp| age(now.as_second().saturating_sub(stamp.wall));
        let when = match self.note.count {
            1 => since(self.note.last),
            count => format!("{} (x{count} over {})", since(self.note.last), since(self.note.first)),
        };
        let object = format!("Pod/{}", self.pod);
        vec![when, self.kind().to_owned(), self.note.reason.clone(), object, self.message()]
    }

    /// A row of `kubectl get events`.
    #[must_use]
    pub fn listed(&self, wide: bool, now: Timestamp) -> Vec<String> {
        let since = |stamp: Stamp| age(now.as_second().saturating_sub(stamp.wall));
        let object = format!("pod/{}", self.pod);
        let mut row = vec![since(self.note.last), self.kind().to_owned(), self.note.reason.clone(), object];
        if !wide {
            row.push(self.message());
            return row;
        }
        let part = self.part.clone().unwrap_or_default();
        let (first, count) = (since(self.note.first), self.note.count.to_string());
        row.extend([part, SOURCE.to_owned(), self.message(), first, count, self.name()]);
        row
    }

    fn message(&self) -> String {
        self.note.message.trim().to_owned()
    }

    /// The event as an object.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let time = |stamp: Stamp| Timestamp::from_second(stamp.wall).unwrap_or_default().to_string();
        let mut object = json!({ "apiVersion": "v1", "kind": "Pod", "name": self.pod, "namespace": self.namespace });
        for (key, value) in [("uid", &self.uid), ("fieldPath", &self.part)] {
            if let Some(value) = value {
                object[key] = json!(value);
            }
        }
        json!({
            "apiVersion": "v1",
            "count": self.note.count,
            "firstTimestamp": time(self.note.first),
            "involvedObject": object,
            "kind": "Event",
            "lastTimestamp": time(self.note.last),
            "message": self.note.message,
            "metadata": {
                "creationTimestamp": time(self.note.first),
                "name": self.name(),
                "namespace": self.namespace,
            },
            "reason": self.note.reason,
            "reportingComponent": SOURCE,
            "reportingInstance": "",
            "source": { "component": SOURCE },
            "type": self.kind(),
        })
    }
}

/// The headings of `kubectl get events`.
pub const LISTED: [&str; 5] = ["LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"];

/// The same of `-o wide`.
pub const LISTED_WIDE: [&str; 10] =
    ["LAST SEEN", "TYPE", "REASON", "OBJECT", "SUBOBJECT", "SOURCE", "MESSAGE", "FIRST SEEN", "COUNT", "NAME"];
