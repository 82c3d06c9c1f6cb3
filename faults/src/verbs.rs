//! The command lines that are held against faults, in one table: how to get there, what is typed,
//! and what was promised by typing it.

/// How a workload is put into a pod.
const ADD: &[&str] = &["pod", "add"];

/// The pod that everything is about.
pub(crate) const POD: &str = "subject";
/// Another one, which has nothing to do with it.
pub(crate) const OTHER: &str = "bystander";
/// The workload.
pub(crate) const WORKLOAD: &str = "w";
/// What stands for the pid of the workload, where there is one.
pub(crate) const PID: &str = "PID";
/// The workload that counts its lines, and how many it has said.
const COUNTING: &[&str] = &["faults", "count", "said"];
/// A workload that says nothing.
const IDLE: &[&str] = &["sleep", "1000"];
/// One that says what it is told, and who tells it something; the port stands for the first that is published.
const ECHO: &[&str] = &["faults", "echo", "80"];
pub(crate) const PORT: &str = "PORT";
const MOVE: &[&str] = &["pod", "publish", POD, "-p", "127.0.0.1:0:82", "--remove", PORT];
const TALK: &[&str] = &["faults", "talk", PORT, "20"];

/// The image, by the name that it has in its archive and by the one that it has in the registry.
pub(crate) const IMAGE: &str = "subject:1";
const PULLED: &str = "127.0.0.1:5000/subject:1";
/// Where the registry listens.
pub(crate) const REGISTRY: &str = "127.0.0.1:5000";
/// How it is taken from its archive, and how another takes its name.
const LOAD: &[&str] = &["pod", "image", "load", "--quiet", "--input", "../images/subject.tar"];
/// The image of pods of manifests, which has a program that talks, too.
const LOAD_TALKER: &[&str] = &["pod", "image", "load", "--quiet", "--name", IMAGE, "--input", "../images/talker.tar"];
const SUPERSEDE: &[&str] = &["pod", "image", "load", "--quiet", "--name", IMAGE, "--input", "../images/other.tar"];

/// The config map, and the pod of a manifest that sees it.
pub(crate) const MAP: &str = "map";
/// The container that talks, and where it keeps what it has said.
pub(crate) const TALKS: &str = "two";
pub(crate) const SAID: &str = "said";
const KEEP: &[&str] = &["pod", "apply", "-f", "../images/map.json"];
pub(crate) const APPLY: &[&str] = &["pod", "apply", "-f", "../images/pod.json", "--wait", "--timeout", "10s"];
/// The same with a port of the machine's, and which that is.
const APPLY_PORT: &[&str] = &["pod", "apply", "-f", "../images/ported.json"];
pub(crate) const PORTED: u16 = 18_080;
const UNAPPLY: &[&str] = &["pod", "delete", "-f", "../images/pod.json"];

/// A pod on a bridge.
const CONNECT: &[&str] = &["pod", "create", POD, "--network", "bridge"];

/// A pod in a network that a plugin makes.
const PLUG: &[&str] = &["pod", "create", POD, "--network", "cni:plugged"];

/// A step towards the point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A pod of two published ports, or of none.
    Create { ports: bool },
    /// A pod on a bridge.
    Connect,
    /// A pod in a network that a plugin makes.
    Plug,
    /// The workload, idle or talking.
    Add { talks: bool },
    /// A workload that answers at the first published port.
    Echo,
    /// The image.
    Load,
    /// The image of pods of manifests.
    LoadTalker,
    /// Another under its name, so that nothing needs the first.
    Supersede,
    /// The config map.
    Keep,
    /// The pod of the manifest, ready.
    Apply,
}

/// What typing it promises, once it says 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Promise {
    /// The pod is there.
    Created,
    /// The workload runs in it.
    Added,
    /// The pod and all that was in it are gone.
    Deleted,
    /// One port has taken the place of another, or none has.
    Moved,
    /// Everything is as before.
    Kept,
    /// An image has this name.
    Image(&'static str),
    /// None has this name.
    NoImage(&'static str),
    /// The pod of the manifest is ready.
    Applied,
    /// It is gone.
    Unapplied,
}

/// Whose system calls are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Victim {
    /// Those of the command and of everything that it starts.
    Command,
    /// Those of what supervises the pod, from when the command begins.
    Supervisor,
    /// Those of who attends to the pod of the manifest, from when the command begins.
    Attendant,
    /// As the attendant; killed is pause.
    Pause,
    /// As the command, from when it has started a pause; killed is pause.
    NewPause,
    /// Those of who carries the published ports, from when the command begins.
    Forwarder,
    /// Those of who answers the network's pods, from when the command begins.
    Resolver,
}

/// What is held against faults.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Verb {
    pub(crate) name: &'static str,
    pub(crate) prepare: &'static [Step],
    pub(crate) command: &'static [&'static [&'static str]],
    pub(crate) victim: Victim,
    pub(crate) promise: Promise,
    /// Whether it may also be killed: what holds nothing of a pod leaves nothing to look for.
    pub(crate) killed: bool,
    /// Its exit codes when nothing of ours failed; ours are the same everywhere.
    pub(crate) codes: &'static [i32],
}

const CONNECTED: &[Step] = &[Step::Connect];
const PLUGGED: &[Step] = &[Step::Plug];
const EMPTY: &[Step] = &[Step::Create { ports: false }];
const PORTS: &[Step] = &[Step::Create { ports: true }];
const BUSY: &[Step] = &[Step::Create { ports: true }, Step::Add { talks: false }];
const TALKING: &[Step] = &[Step::Create { ports: true }, Step::Add { talks: true }];
const PLAIN: &[Step] = &[Step::Create { ports: false }, Step::Add { talks: false }];
const LOADED: &[Step] = &[Step::Load];
const SUPERSEDED: &[Step] = &[Step::Load, Step::Supersede];
const HOUSED: &[Step] = &[Step::Create { ports: false }, Step::Load];
const ANSWERED: &[Step] = &[Step::Create { ports: true }, Step::Echo];
const KEPT: &[Step] = &[Step::LoadTalker, Step::Keep];
const APPLIED: &[Step] = &[Step::LoadTalker, Step::Keep, Step::Apply];
const PUBLISH: &[&str] = &["-p", "127.0.0.1:0:80", "-p", "127.0.0.1:0:81"];
const GRACE: &[&str] = &["--grace-period", "2"];
const NAMED: &[&str] = &[POD, "--name", WORKLOAD, "--"];

/// One that is killed and failed at every call of its own.
const fn command(
    name: &'static str,
    prepare: &'static [Step],
    command: &'static [&'static [&'static str]],
    promise: Promise,
) -> Verb {
    Verb { name, prepare, command, victim: Victim::Command, promise, killed: true, codes: &[0] }
}

/// One during which the supervisor is killed and failed.
const fn supervised(
    name: &'static str,
    prepare: &'static [Step],
    command: &'static [&'static [&'static str]],
    promise: Promise,
) -> Verb {
    Verb { name, prepare, command, victim: Victim::Supervisor, promise, killed: true, codes: &[0] }
}

/// One during which who attends to the pod of the manifest is killed.
const fn attended(name: &'static str, command: &'static [&'static [&'static str]], promise: Promise) -> Verb {
    Verb { name, prepare: APPLIED, command, victim: Victim::Attendant, promise, killed: true, codes: &[0] }
}

/// One during which somebody else than the command is killed.
const fn bereft(
    name: &'static str,
    prepare: &'static [Step],
    command: &'static [&'static [&'static str]],
    victim: Victim,
    promise: Promise,
) -> Verb {
    Verb { name, prepare, command, victim, promise, killed: true, codes: &[0] }
}

/// One that only reads or joins: failing is what matters.
const fn failed(
    name: &'static str,
    prepare: &'static [Step],
    command: &'static [&'static [&'static str]],
    codes: &'static [i32],
) -> Verb {
    Verb { name, prepare, command, victim: Victim::Command, promise: Promise::Kept, killed: false, codes }
}

pub(crate) const VERBS: &[Verb] = &[
    command("create", &[], &[&["pod", "create", POD]], Promise::Created),
    command("create-ports", &[], &[&["pod", "create", POD], PUBLISH], Promise::Created),
    command("network-create", &[], &[CONNECT], Promise::Created),
    command("network-delete", CONNECTED, &[&["pod", "delete", "--now", POD]], Promise::Deleted),
    command("cni-create", &[], &[PLUG], Promise::Created),
    command("cni-delete", PLUGGED, &[&["pod", "delete", "--now", POD]], Promise::Deleted),
    command("add-first", EMPTY, &[ADD, NAMED, IDLE], Promise::Added),
    command("add-second", PORTS, &[ADD, NAMED, IDLE], Promise::Added),
    command("publish", PORTS, &[MOVE], Promise::Moved),
    supervised("supervisor-publish", PORTS, &[MOVE], Promise::Moved),
    command("exec", EMPTY, &[&["pod", "exec", POD, "--", "true"]], Promise::Kept),
    command("delete", BUSY, &[&["pod", "delete", POD], GRACE], Promise::Deleted),
    command("delete-now", BUSY, &[&["pod", "delete", "--now", POD]], Promise::Deleted),
    command("get", BUSY, &[&["pod", "get"]], Promise::Kept),
    command("describe", BUSY, &[&["pod", "describe", POD]], Promise::Kept),
    command("logs", PLAIN, &[&["pod", "logs", POD, WORKLOAD]], Promise::Kept),
    command("image-load", &[], &[LOAD], Promise::Image(IMAGE)),
    command("image-pull", &[], &[&["pod", "image", "pull", "--quiet", PULLED]], Promise::Image(PULLED)),
    command("image-remove", LOADED, &[&["pod", "image", "remove", IMAGE]], Promise::NoImage(IMAGE)),
    command("image-prune", SUPERSEDED, &[&["pod", "image", "prune"]], Promise::Image(IMAGE)),
    command(
        "image-add",
        HOUSED,
        &[ADD, &[POD, "--name", WORKLOAD, "--image", IMAGE, "--pull", "never"]],
        Promise::Added,
    ),
    supervised("supervisor-add", PORTS, &[ADD, NAMED, COUNTING], Promise::Added),
    supervised("supervisor-delete", TALKING, &[&["pod", "delete", POD], GRACE], Promise::Deleted),
    supervised("supervisor-idle", TALKING, &[&["sleep", "0.1"]], Promise::Kept),
    command("apply", KEPT, &[APPLY], Promise::Applied),
    command("unapply", APPLIED, &[UNAPPLY], Promise::Unapplied),
    command("apply-port", APPLIED, &[APPLY_PORT], Promise::Applied),
    attended("attendant-port", &[APPLY_PORT], Promise::Applied),
    attended("attendant-idle", &[&["sleep", "1.5"]], Promise::Kept),
    attended("attendant-delete", &[UNAPPLY], Promise::Unapplied),
    bereft("pause-apply", KEPT, &[APPLY], Victim::NewPause, Promise::Applied),
    bereft("pause-idle", APPLIED, &[&["sleep", "1.5"]], Victim::Pause, Promise::Kept),
    bereft("pause-delete", APPLIED, &[UNAPPLY], Victim::Pause, Promise::Unapplied),
    bereft("forwarder-talk", ANSWERED, &[TALK], Victim::Forwarder, Promise::Kept),
    bereft("resolver-ask", CONNECTED, &[&ask(POD)], Victim::Resolver, Promise::Kept),
    failed("nsjoin-pod", EMPTY, &[&["nsjoin", "-t", POD, "--", "true"]], &[0]),
    failed("nsjoin-pid", PLAIN, &[&["nsjoin", "-t", PID, "-a", "--", "true"]], &[0]),
    failed("nsjoin-list", EMPTY, &[&["nsjoin", "list", "--pod", POD]], &[0]),
    failed("reaper", &[], &[&["reaper", "--", "true"]], &[0]),
    failed(
        "reaper-grace",
        &[],
        &[&["reaper", "--grace", "1s", "--kill-all", "--", "sh", "-c", "sleep 1000 & exit 3"]],
        &[3],
    ),
];

impl Verb {
    /// What is typed.
    pub(crate) fn words(&self) -> Vec<&'static str> {
        self.command.concat()
    }

    /// Whether a workload runs before it.
    pub(crate) fn has_workload(&self) -> bool {
        self.prepare.iter().any(|step| matches!(step, Step::Add { .. } | Step::Echo))
    }

    /// Whether a workload talks, before it or by it.
    pub(crate) fn talks(&self) -> bool {
        self.prepare.contains(&Step::Add { talks: true }) || self.command.contains(&COUNTING)
    }

    /// Whether it is about a pod at all.
    pub(crate) fn has_pod(&self) -> bool {
        self.prepare.iter().any(|step| matches!(step, Step::Create { .. } | Step::Connect | Step::Plug))
            || self.promise == Promise::Created
    }

    /// Whether it is about a network at all.
    pub(crate) fn has_network(&self) -> bool {
        self.prepare.contains(&Step::Connect) || self.command.contains(&CONNECT)
    }

    /// Whether it is about an image at all.
    pub(crate) fn has_image(&self) -> bool {
        !self.has_manifest() && self.prepare.contains(&Step::Load) || matches!(self.promise, Promise::Image(_))
    }

    /// Whether it is about the pod of the manifest.
    pub(crate) fn has_manifest(&self) -> bool {
        self.prepare.contains(&Step::Keep)
    }

    /// Whether it gives the pod of the manifest a port.
    pub(crate) fn has_port(&self) -> bool {
        self.command.contains(&APPLY_PORT)
    }

    /// Whether it may be typed again when it has been done.
    pub(crate) fn repeats(&self) -> bool {
        matches!(self.promise, Promise::Image(_))
    }
}

impl Step {
    /// What is typed.
    pub(crate) fn words(self) -> Vec<&'static str> {
        match self {
            Self::Create { ports: false } => create(POD),
            Self::Create { ports: true } => [&["pod", "create", POD], PUBLISH].concat(),
            Self::Connect => CONNECT.to_vec(),
            Self::Plug => PLUG.to_vec(),
            Self::Add { talks: false } => add(POD, WORKLOAD, IDLE),
            Self::Add { talks: true } => add(POD, WORKLOAD, COUNTING),
            Self::Echo => add(POD, WORKLOAD, ECHO),
            Self::Load => LOAD.to_vec(),
            Self::LoadTalker => LOAD_TALKER.to_vec(),
            Self::Supersede => SUPERSEDE.to_vec(),
            Self::Keep => KEEP.to_vec(),
            Self::Apply => APPLY.to_vec(),
        }
    }
}

/// Takes the image from its archive.
pub(crate) fn load() -> Vec<&'static str> {
    LOAD.to_vec()
}

/// Makes a pod.
pub(crate) fn create(pod: &str) -> Vec<&str> {
    vec!["pod", "create", pod]
}

/// Makes a pod in the network that the first is in.
pub(crate) fn connect(pod: &str) -> Vec<&str> {
    vec!["pod", "create", pod, "--network", "bridge"]
}

/// Asks in the pod for the address of one of that name.
pub(crate) const fn ask(name: &str) -> [&str; 7] {
    ["pod", "exec", POD, "--", "faults", "ask", name]
}

/// Talks to the workload by its published port.
pub(crate) fn talk(port: &str) -> Vec<&str> {
    vec!["faults", "talk", port, "1"]
}

/// What a container of the pod of the manifest has said, now or in its launch before.
pub(crate) fn logs_of_the_pod(previous: bool) -> Vec<&'static str> {
    let words = vec!["pod", "logs", POD, "-c", TALKS];
    if previous { [words, vec!["--previous"]].concat() } else { words }
}

/// Puts a workload into a pod.
pub(crate) fn add<'a>(pod: &'a str, name: &'a str, command: &[&'a str]) -> Vec<&'a str> {
    [ADD, &[pod, "--name", name, "--"], command].concat()
}

/// Ends a pod at once.
pub(crate) fn delete(pod: &str) -> Vec<&str> {
    vec!["pod", "delete", "--now", pod]
}

/// Deletes the pod of the manifest, if there is one.
pub(crate) fn unapply() -> Vec<&'static str> {
    [UNAPPLY, &["--ignore-not-found"]].concat()
}

/// All pods, for programs.
pub(crate) fn get() -> Vec<&'static str> {
    vec!["pod", "get", "-o", "json"]
}

/// The names of all images.
pub(crate) fn images() -> Vec<&'static str> {
    vec!["pod", "image", "list", "-o", "name"]
}

/// An image, in an archive of its own.
pub(crate) fn save(image: &str) -> Vec<&str> {
    vec!["pod", "image", "save", "--output", "saved.tar", image]
}

/// Takes the name of an image away, and what nothing else needs.
pub(crate) fn remove_image(image: &str) -> Vec<&str> {
    vec!["pod", "image", "remove", image]
}

/// Removes what nothing needs.
pub(crate) fn prune() -> Vec<&'static str> {
    vec!["pod", "image", "prune"]
}

/// What a workload has said.
pub(crate) fn logs<'a>(pod: &'a str, name: &'a str) -> Vec<&'a str> {
    vec!["pod", "logs", pod, name]
}
