//! A Pod as a row of `get`, by kubectl's rules.

use jiff::Timestamp;
use manifest::kind::{ContainerState, ContainerStateTerminated, ContainerStatus, Pod, PodSpec, PodStatus};
use manifest::value::{Time, age};

/// A Pod in a table: what is not there is `<none>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// How many of its containers are ready, of how many.
    pub ready: String,
    /// How it does, in a word.
    pub status: String,
    /// How often its containers were started again, and when last.
    pub restarts: String,
    /// How old it is.
    pub age: String,
    /// Its address.
    pub ip: String,
    /// Its node.
    pub node: String,
    /// The node that it is to have.
    pub nominated: String,
    /// How many of its readiness gates are open, of how many.
    pub gates: String,
}

/// The row of a Pod.
#[must_use]
pub fn row(pod: &Pod, now: Timestamp) -> Row {
    let none = (PodSpec::default(), PodStatus::default());
    let spec = pod.spec.as_ref().unwrap_or(&none.0);
    let status = pod.status.as_ref().unwrap_or(&none.1);
    let is_sidecar = |name: &str| {
        let found = spec.init_containers.iter().find(|container| container.name == name);
        found.is_some_and(|container| container.restart_policy.as_deref() == Some("Always"))
    };
    let mut told = Told {
        word: status.reason.clone().filter(|it| !it.is_empty()).or_else(|| status.phase.clone()).unwrap_or_default(),
        total: spec.containers.len(),
        ..Told::default()
    };
    told.total += spec.init_containers.iter().filter(|container| is_sidecar(&container.name)).count();
    let gated = status
        .conditions
        .iter()
        .any(|condition| condition.r#type == "PodScheduled" && condition.reason.as_deref() == Some("SchedulingGated"));
    if gated {
        told.word = "SchedulingGated".to_owned();
    }
    let initializing = told.init(status, spec.init_containers.len(), is_sidecar);
    if !initializing || holds(status, "Initialized") {
        told.regular(status);
    }
    if pod.metadata.deletion_timestamp.is_some() {
        let finished = matches!(status.phase.as_deref(), Some("Succeeded" | "Failed"));
        if status.reason.as_deref() == Some("NodeLost") {
            told.word = "Unknown".to_owned();
        } else if !finished {
            told.word = "Terminating".to_owned();
        }
    }
    let since = |time: Time| age(now.as_second().saturating_sub(time.0.as_second()));
    let text = |text: &Option<String>| match text.as_deref() {
        None | Some("") => "<none>".to_owned(),
        Some(text) => text.to_owned(),
    };
    Row {
        name: pod.metadata.name.clone().unwrap_or_default(),
        ready: format!("{}/{}", told.ready, told.total),
        restarts: match told.last {
            Some(last) if told.restarts > 0 => format!("{} ({} ago)", told.restarts, since(last)),
            _ => told.restarts.to_string(),
        },
        status: told.word,
        age: pod.metadata.creation_timestamp.map_or_else(|| "<unknown>".to_owned(), since),
        ip: status.pod_ips.first().map_or_else(|| text(&status.pod_ip), |ip| ip.ip.clone()),
        node: text(&spec.node_name),
        nominated: text(&status.nominated_node_name),
        gates: gates(spec, status),
    }
}

fn holds(status: &PodStatus, kind: &str) -> bool {
    status.conditions.iter().any(|condition| condition.r#type == kind && condition.status == "True")
}

fn gates(spec: &PodSpec, status: &PodStatus) -> String {
    if spec.readiness_gates.is_empty() {
        return "<none>".to_owned();
    }
    let open = spec.readiness_gates.iter().filter(|gate| holds(status, &gate.condition_type)).count();
    format!("{open}/{}", spec.readiness_gates.len())
}

/// What has been found so far.
#[derive(Debug, Default)]
struct Told {
    word: String,
    ready: usize,
    total: usize,
    restarts: i32,
    /// The latest end of an instance that was started again.
    last: Option<Time>,
    /// The same of sidecars, which count beside the others.
    beside: (i32, Option<Time>),
}

impl Told {
    /// Init containers, up to the first that is not done: whether there is one.
    fn init(&mut self, status: &PodStatus, total: usize, is_sidecar: impl Fn(&str) -> bool) -> bool {
        for (index, container) in status.init_container_statuses.iter().enumerate() {
            self.restarts += container.restart_count;
            self.note_last(container);
            let sidecar = is_sidecar(&container.name);
            if sidecar {
                self.beside.0 += container.restart_count;
                self.beside.1 = self.beside.1.max(last_end(container));
            }
            let none = ContainerState::default();
            let state = container.state.as_ref().unwrap_or(&none);
            match (&state.terminated, &state.waiting) {
                (Some(end), _) if end.exit_code == 0 => continue,
                _ if sidecar && container.started == Some(true) => {
                    self.ready += usize::from(container.ready);
                    continue;
                }
                (Some(end), _) => self.word = format!("Init:{}", word(end)),
                (None, Some(waiting)) => match waiting.reason.as_deref() {
                    None | Some("" | "PodInitializing") => self.word = format!("Init:{index}/{total}"),
                    Some(reason) => self.word = format!("Init:{reason}"),
                },
                (None, None) => self.word = format!("Init:{index}/{total}"),
            }
            return true;
        }
        false
    }

    /// The containers that the pod is for: of several that are not well the first by name has the word.
    fn regular(&mut self, status: &PodStatus) {
        (self.restarts, self.last) = self.beside;
        let (mut running, mut trouble) = (false, None);
        for container in status.container_statuses.iter().rev() {
            self.restarts += container.restart_count;
            self.note_last(container);
            let none = ContainerState::default();
            let state = container.state.as_ref().unwrap_or(&none);
            let waits =
                state.waiting.as_ref().and_then(|waiting| waiting.reason.as_deref()).filter(|it| !it.is_empty());
            if let Some(reason) = waits {
                reason.clone_into(&mut self.word);
            } else if let Some(end) = &state.terminated {
                self.word = word(end);
                if end.exit_code != 0 {
                    trouble = Some(self.word.clone());
                }
            } else if container.ready && state.running.is_some() {
                running = true;
                self.ready += 1;
            }
        }
        if self.word == "Completed" {
            if running && holds(status, "Ready") {
                "Running".clone_into(&mut self.word);
            } else if let Some(trouble) = trouble {
                self.word = trouble;
            } else if running {
                "NotReady".clone_into(&mut self.word);
            }
        }
    }

    fn note_last(&mut self, container: &ContainerStatus) {
        self.last = self.last.max(last_end(container));
    }
}

fn last_end(container: &ContainerStatus) -> Option<Time> {
    container.last_state.as_ref()?.terminated.as_ref()?.finished_at
}

/// How something ended, in a word.
fn word(end: &ContainerStateTerminated) -> String {
    match (end.reason.as_deref(), end.signal) {
        (Some(reason), _) if !reason.is_empty() => reason.to_owned(),
        (_, Some(signal)) if signal != 0 => format!("Signal:{signal}"),
        _ => format!("ExitCode:{}", end.exit_code),
    }
}
