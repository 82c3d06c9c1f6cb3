//! Stories told to a pod's machine, on a clock that is only counted: what it does, and what is shown of it.

mod adopting;
mod beginning;
mod clocks;
mod describing;
mod ending;
mod hooks;
mod images;
mod init;
mod nearly;
mod ports;
mod probes;
mod restarting;
mod sandbox;
mod sidecars;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use jiff::Timestamp;
use manifest::kind::{Object, Pod, PodStatus};
use manifest::read::{Validate, read};

use crate::compile::{self, NodeFacts, Refusal, Waiting};
use crate::machine::{Action, Event, Exit, Fetched, LaunchFailure, Launched, Machine, Outcome, ProbeKind, Stamp};
use crate::status;

/// When the stories begin, in seconds since 1970.
const BEGIN: i64 = 1_800_000_000;

/// A pod that lives in a story. What is done about it comes about at once, unless the story says otherwise.
struct Story {
    pod: Pod,
    machine: Machine,
    /// Milliseconds since the beginning.
    now: u64,
    /// By so many seconds somebody has set the clock that is shown.
    set_by: i64,
    /// What has been done, with the milliseconds.
    done: Vec<(u64, String)>,
    /// Containers that do not hear TERM.
    deaf: BTreeSet<String>,
    /// Hooks that take for ever, and hooks that fail.
    slow: BTreeSet<String>,
    failing: BTreeSet<String>,
    /// Hooks under way.
    hooks: BTreeMap<String, u64>,
    /// What probes are answered; success, where nothing is said.
    answers: BTreeMap<(String, ProbeKind), Outcome>,
    /// Containers whose images are not here.
    images: BTreeMap<String, Refusal>,
    /// Containers that mount an image which is not here.
    mounted: BTreeMap<String, (String, Refusal)>,
    /// Containers that do not start.
    launches: BTreeMap<String, LaunchFailure>,
    /// Why there is no sandbox, or no volume.
    no_sandbox: Option<String>,
    no_volume: Option<String>,
    /// What comes of publishing ports; nothing, as long as nothing is said.
    published: Option<Result<(), String>>,
}

/// The pod of this text.
fn pod(text: &str) -> Pod {
    let written = read(text, "story.yaml", &Default::default()).remove(0).expect("a document");
    let mut object = written.decode(Validate::Strict).expect("a pod").object;
    object.metadata_mut().uid = Some("u".to_owned());
    object.metadata_mut().namespace.get_or_insert("default".to_owned());
    object.metadata_mut().generation = Some(1);
    object.metadata_mut().creation_timestamp =
        Some(manifest::value::Time(Timestamp::from_second(BEGIN).expect("a time")));
    object.set_defaults();
    assert!(object.check().is_empty(), "{text}: {:?}", object.check());
    let Object::Pod(pod) = object else { panic!("no pod: {text}") };
    *pod
}

/// The pod with this spec, called `web`.
fn told(spec: &str) -> Story {
    let indented: String = spec.trim().lines().map(|line| format!("  {line}\n")).collect();
    told_of(pod(&format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: web}}\nspec:\n{indented}")))
}

fn told_of(pod: Pod) -> Story {
    let plan = compile::pod(&pod, &node()).expect("a plan");
    Story {
        machine: Machine::new(plan, stamp(0)),
        pod,
        now: 0,
        set_by: 0,
        done: Vec::new(),
        deaf: BTreeSet::new(),
        slow: BTreeSet::new(),
        failing: BTreeSet::new(),
        hooks: BTreeMap::new(),
        answers: BTreeMap::new(),
        images: BTreeMap::new(),
        mounted: BTreeMap::new(),
        launches: BTreeMap::new(),
        no_sandbox: None,
        no_volume: None,
        published: Some(Ok(())),
    }
}

fn node() -> NodeFacts {
    NodeFacts { name: "node1".to_owned(), addresses: vec![address("192.0.2.10")], ..NodeFacts::default() }
}

fn address(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn stamp(now: u64) -> Stamp {
    let seconds = i64::try_from(now / 1000).expect("not for ever");
    Stamp { at: Duration::from_millis(now), wall: BEGIN + seconds }
}

fn seconds(milliseconds: u64) -> f64 {
    f64::from(u32::try_from(milliseconds).expect("not for ever")) / 1000.0
}

fn refusal(reason: Waiting, message: &str) -> Refusal {
    Refusal { reason, message: message.to_owned() }
}

impl Story {
    /// It begins.
    fn begin(mut self) -> Self {
        self.tell(Event::Begin);
        self
    }

    /// This has happened.
    fn tell(&mut self, event: Event) {
        // Whatever is written down and read again goes on as before.
        let text = serde_json::to_string(&self.machine).expect("a machine is text");
        self.machine = serde_json::from_str(&text).expect("and text is a machine");
        let actions = self.machine.on(event, self.stamp());
        for action in actions {
            self.act(action);
        }
    }

    /// What time it is, by both clocks.
    fn stamp(&self) -> Stamp {
        let stamp = stamp(self.now);
        Stamp { wall: stamp.wall.saturating_add(self.set_by), ..stamp }
    }

    /// So many seconds after the beginning; on the way it is told the time as it wants to be.
    fn at(&mut self, seconds: f64) {
        let until = Duration::from_secs_f64(seconds);
        let mut times = 0;
        while let Some(due) = self.machine.deadline().filter(|due| *due <= until) {
            times += 1;
            assert!(times < 10_000, "it is woken again and again at {due:?}: {:?}", self.done.last());
            self.now = self.now.max(u64::try_from(due.as_millis()).expect("not for ever"));
            self.tell(Event::Time);
        }
        self.now = u64::try_from(until.as_millis()).expect("not for ever");
    }

    /// A container ends by itself.
    fn exits(&mut self, container: &str, code: i32) {
        self.ends(container, Exit { code, ..Exit::default() });
    }

    fn ends(&mut self, container: &str, exit: Exit) {
        let found = self.machine.containers().iter().find(|one| one.name == container).expect("the container");
        let instance = found.instances.checked_sub(1).expect("an instance");
        self.note(format!("{container} ends with {}", exit.code));
        self.tell(Event::Exited { container: container.to_owned(), instance, exit });
    }

    /// A hook comes to its end.
    fn hook_ends(&mut self, container: &str, result: Result<(), &str>) {
        let job = self.hooks.remove(container).expect("a hook");
        let (container, result) = (container.to_owned(), result.map_err(str::to_owned));
        self.tell(Event::Hooked { container, job, result });
    }

    fn note(&mut self, what: String) {
        self.done.push((self.now, what));
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::PrepareVolumes => {
                let result = self.no_volume.clone().map_or(Ok(()), |trouble| Err(vec![trouble]));
                self.tell(Event::Volumes(result));
            }
            Action::MakeSandbox => {
                self.note("make the sandbox".to_owned());
                let result = self.no_sandbox.clone().map_or_else(|| Ok(vec![address("10.0.0.1")]), Err);
                self.tell(Event::Sandbox(result));
            }
            Action::Publish => {
                let ports = self
                    .machine
                    .plan()
                    .published()
                    .filter_map(|port| Some(format!("{}->{}", port.host?, port.container)));
                self.note(format!("publish {}", ports.collect::<Vec<_>>().join(" ")));
                if let Some(result) = self.published.clone() {
                    self.tell(Event::Published(result));
                }
            }
            Action::RemoveSandbox => {
                self.note("remove the sandbox".to_owned());
                self.tell(Event::SandboxRemoved);
            }
            Action::FetchImage { container, job, may_fetch } => self.fetch(container, job, may_fetch),
            Action::Launch { container, instance } => {
                self.note(format!("launch {container}"));
                let result = match self.launches.get(&container) {
                    // There is another sandbox the next time.
                    Some(LaunchFailure::Fallen) => Err(self.launches.remove(&container).expect("it is there")),
                    Some(failure) => Err(failure.clone()),
                    None => Ok(Launched { id: format!("podkit://{container}-{instance}") }),
                };
                self.tell(Event::Launched { container, instance, result });
            }
            Action::PostStart { container, job } => self.hook("postStart", container, job),
            Action::PreStop { container, job } => self.hook("preStop", container, job),
            Action::Abandon { job } => {
                if let Some(container) =
                    self.hooks.iter().find(|(_, known)| **known == job).map(|(name, _)| name.clone())
                {
                    self.hooks.remove(&container);
                    self.note(format!("give up on the hook of {container}"));
                }
            }
            Action::Probe { container, kind, job } => {
                self.note(format!("probe {container} {}", kind.as_str()));
                let answer = self.answers.get(&(container.clone(), kind)).cloned().unwrap_or(Outcome::Success);
                self.tell(Event::Probed { container, kind, job, outcome: answer });
            }
            Action::Stop { container, .. } => {
                self.note(format!("stop {container}"));
                if !self.deaf.contains(&container) {
                    self.exits(&container, 143);
                }
            }
            Action::Kill { container, .. } => {
                self.note(format!("kill {container}"));
                self.exits(&container, 137);
            }
            Action::Forget => self.note("forget the pod".to_owned()),
        }
    }

    fn fetch(&mut self, container: String, job: u64, may_fetch: bool) {
        let (volume, refused) = match self.mounted.get(&container) {
            Some((image, refusal)) => (Some(image.clone()), Some(refusal)),
            None => (None, self.images.get(&container)),
        };
        let result = match refused {
            Some(refusal) if refusal.reason == Waiting::ErrImagePull && !may_fetch => {
                Err(self::refusal(Waiting::ImagePullBackOff, ""))
            }
            Some(refusal) => Err(refusal.clone()),
            None => Ok(Fetched { name: "docker.io/library/i:1".to_owned(), id: "i@sha256:1".to_owned(), pulled: None }),
        };
        if matches!(&result, Err(refusal) if refusal.reason == Waiting::ErrImagePull) {
            self.note(match &volume {
                Some(image) => format!("pull {image} for {container}"),
                None => format!("pull the image of {container}"),
            });
            self.tell(Event::Pulling { container: container.clone(), job, volume: volume.clone() });
        }
        self.tell(Event::Image { container, job, volume, result });
    }

    fn hook(&mut self, which: &str, container: String, job: u64) {
        self.note(format!("{which} {container}"));
        self.hooks.insert(container.clone(), job);
        if self.failing.contains(&container) {
            self.hook_ends(&container, Err("it went wrong"));
        } else if !self.slow.contains(&container) {
            self.hook_ends(&container, Ok(()));
        }
    }

    /// The pod as it is shown by now.
    fn shown(&self) -> Pod {
        status::pod(&self.pod, &self.machine, &node())
    }

    fn status(&self) -> PodStatus {
        self.shown().status.expect("a status")
    }

    /// READY, STATUS and RESTARTS.
    fn row(&self) -> String {
        let row = status::row(&self.shown(), Timestamp::from_second(self.stamp().wall).expect("a time"));
        format!("{} {} {}", row.ready, row.status, row.restarts)
    }

    fn phase(&self) -> String {
        self.status().phase.expect("a phase")
    }

    /// What is `True` of it.
    fn holds(&self, kind: &str) -> bool {
        self.status().conditions.iter().any(|it| it.r#type == kind && it.status == "True")
    }

    /// Why something is not.
    fn why_not(&self, kind: &str) -> String {
        let status = self.status();
        let found = status.conditions.iter().find(|it| it.r#type == kind && it.status == "False").expect("false");
        format!("{}: {}", found.reason.clone().unwrap_or_default(), found.message.clone().unwrap_or_default())
    }

    /// Why a container waits.
    fn waits(&self, container: &str) -> String {
        let status = self.status();
        let mut all = status.container_statuses.iter().chain(&status.init_container_statuses);
        let found = all.find(|it| it.name == container).expect("the container");
        let waiting = found.state.as_ref().and_then(|state| state.waiting.clone()).expect("it waits");
        format!("{}: {}", waiting.reason.unwrap_or_default(), waiting.message.unwrap_or_default())
    }

    /// What has been done that begins so, with the seconds.
    fn when(&self, what: &str) -> Vec<f64> {
        let these = self.done.iter().filter(|(_, done)| done.starts_with(what));
        these.map(|(at, _)| seconds(*at)).collect()
    }

    /// All that has been done, since the last time that was asked.
    fn took(&mut self) -> Vec<String> {
        std::mem::take(&mut self.done).into_iter().map(|(_, done)| done).collect()
    }

    /// Of which container something was told, each time.
    fn told_of(&self, message: &str) -> Vec<Option<String>> {
        let these = self.machine.log().notes().iter().filter(|note| note.message == message);
        these.map(|note| note.container.clone()).collect()
    }

    /// What has been told of it: reason, how often, and message.
    fn notes(&self, reason: &str) -> Vec<String> {
        let these = self.machine.log().notes().iter().filter(|note| note.reason == reason);
        these.map(|note| format!("{}x {}", note.count, note.message)).collect()
    }
}
