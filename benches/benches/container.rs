//! Containers of an image that is here, in a pod that is. Cases:
//! - until it has run: `pod add` of a command that says a line and ends, until its end is on record, beside `run` of runc
//!   and crun, from a bundle that says of the same container what our library says of it, in the same pod's namespaces,
//!   and beside `podman run --pod`; of these until the line is there, for what they do afterwards is not waited for;
//! - launch: the library, from an opened store to the command's end, beside a floor in C that makes the same mounts;
//! - exec: `pod exec -c` beside `podman exec` and `docker exec`, in a container that waits;
//! - memory: each of 300 containers of one image.
//!
//! All of it needs root.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use benches::{Entry, Unit};
use container::plan::{Capabilities, Process, Root, Seccomp, User, Writable};
use container::spec::{Namespace, Surroundings, spec};
use container::{Attached, ContainerPlan, Opened, Parts, Sandbox};
use fixtures::engine::PAUSE;
use fixtures::find;
use launch::Identity;

use crate::engines::{self, Podman};
use crate::floor::{self, Loop};
use crate::footprint::memory::Gauge;
use crate::place::{Place, time, works};
use crate::session::Session;
use crate::turns::{Case, Turns, said, timed};

const SUBJECT: &str = "container";
const POD: &str = "container";
/// How many of one image there are at once.
const MANY: usize = 300;

pub(crate) fn measure(session: &mut Session, place: &Place) {
    if !nix::unistd::geteuid().is_root() {
        session.leave_out(SUBJECT, "containers", "needs root");
        return;
    }
    place.time("pod", &["image", "load", "--quiet", "--input", engines::image(place)]);
    let housed = Housed::new(place);
    housed.runs(session);
    housed.launches(session);
    housed.execs(session);
    drop(housed);
    memory(session, place);
}

/// A pod, and what containers in it are made of besides the image.
struct Housed<'a> {
    place: &'a Place,
    pause: i32,
    /// With the layers of the containers that are not the store's.
    directory: tempfile::TempDir,
}

impl<'a> Housed<'a> {
    fn new(place: &'a Place) -> Self {
        let directory = engines::directory().expect("a directory");
        for name in ["lower", "upper", "work"] {
            fs::create_dir(directory.path().join(name)).expect("a directory");
        }
        fs::copy(place.ours("pause"), directory.path().join("lower/pause")).expect("a pause");
        let mut housed = Self { place, pause: 0, directory };
        time(&mut housed.pod(&["create", POD]));
        let record = fs::read_to_string(housed.pods().join(POD).join("pause")).expect("a pod");
        housed.pause = record.split(' ').next().and_then(|pid| pid.parse().ok()).expect("a line of /proc/PID/stat");
        housed
    }

    fn pods(&self) -> PathBuf {
        self.place.work().join("pods")
    }

    fn pod(&self, words: &[&str]) -> Command {
        self.place.command("pod", words)
    }

    fn add(&self, name: &str) {
        time(&mut self.pod(&["add", POD, "--name", name, "--image", PAUSE, "--pull", "never"]));
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn runs(&self, session: &mut Session) {
        for name in ["runc", "crun"] {
            match self.runtime(name) {
                Ok(runtime) => {
                    let theirs = timed(&format!("{name} run"), || until_said(&mut runtime.command("bench")));
                    self.run_beside(session, 100, &format!("{name} run"), theirs);
                }
                Err(reason) => session.leave_out(SUBJECT, &format!("{name} run"), &reason),
            }
        }
        match Podman::with_pod(self.place) {
            Ok(podman) => {
                let theirs = timed("podman run --pod", || until_said(&mut podman.run_in_pod()));
                self.run_beside(session, 30, "podman run --pod", theirs);
            }
            Err(reason) => session.leave_out(SUBJECT, "podman run --pod", &reason),
        }
    }

    fn run_beside(&self, session: &mut Session, rounds: usize, name: &str, theirs: Case<'_, 1>) {
        let mut number = 0;
        let ours = timed("pod add", || {
            number += 1;
            self.add_until_it_has_run(&format!("{}-{number}", name.split(' ').next().unwrap_or_default()))
        });
        take(session, "until it has run", &[("pod add", name)], rounds, vec![ours, theirs]);
    }

    fn add_until_it_has_run(&self, name: &str) -> Duration {
        let end = self.pods().join(POD).join("workloads").join(name).join("end.json");
        let _told = fs::remove_file(&end);
        let words = ["add", POD, "--name", name, "--image", PAUSE, "--pull", "never", "--", "-v"];
        let before = Instant::now();
        time(&mut self.pod(&words));
        // Not busy: who is measured needs every processor that there is.
        while !end.exists() {
            assert!(before.elapsed() < Duration::from_secs(10), "{name} has not ended");
            std::thread::sleep(Duration::from_micros(50));
        }
        before.elapsed()
    }

    /// A bundle of the same container, and who runs it: tried, for not every runtime takes every machine's cgroups.
    fn runtime(&self, name: &str) -> Result<Runtime, String> {
        let program = find(name).ok_or("not on this machine")?;
        let of_pause = |file: &str| PathBuf::from(format!("/proc/{}/{file}", self.pause));
        let namespaces = [
            (Namespace::Net, "ns/net"),
            (Namespace::Ipc, "ns/ipc"),
            (Namespace::Uts, "ns/uts"),
            (Namespace::Pid, "ns/pid"),
        ];
        let around = Surroundings {
            root: self.path("lower"),
            user: 0,
            group: 0,
            groups: Vec::new(),
            home: "/".to_owned(),
            namespaces: namespaces.map(|(kind, file)| (kind, of_pause(file))).into(),
            // The pod's own are in mounts that a runtime is not in; the machine's take as long to mount.
            shm: "/dev/shm".into(),
            mqueue: Some(PathBuf::from("/dev/mqueue")).filter(|path| path.is_dir()),
            cgroup: Some(format!("/podkit-bench-{}", std::process::id()).into()),
            has_terminals_group: true,
        };
        let spec = spec(&self.plan(), &around).map_err(|error| error.to_string())?;
        let bundle = self.path(&format!("bundle-{name}"));
        fs::create_dir_all(&bundle).map_err(|error| error.to_string())?;
        let text = serde_json::to_string(&spec).map_err(|error| error.to_string())?;
        fs::write(bundle.join("config.json"), text).map_err(|error| error.to_string())?;
        let runtime = Runtime { program, state: self.place.work().join("runtimes"), bundle };
        works(&mut runtime.command("try"))?;
        Ok(runtime)
    }

    fn plan(&self) -> ContainerPlan {
        let process = Process {
            command: ["/pause", "-v"].map(Into::into).into(),
            environment: vec![("PATH".into(), "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".into())],
            directory: "/".into(),
            user: User::root(),
            capabilities: Capabilities::usual(),
            no_new_privileges: false,
            seccomp: Seccomp::RuntimeDefault,
            limits: Vec::new(),
            umask: 0o022,
            oom_score: None,
            terminal: false,
        };
        let writable = Writable { upper: self.path("upper"), work: self.path("work"), volatile: false };
        let root = Root::Layers { lowers: vec![self.path("lower")], writable };
        ContainerPlan::new(Parts::usual(root, process)).expect("a plan")
    }

    fn launches(&self, session: &mut Session) {
        let floor = match floor::compile(self.place, "container") {
            Ok(floor) => floor,
            Err(reason) => {
                session.leave_out(SUBJECT, "floor", &reason);
                return;
            }
        };
        let layers = ["lower", "upper", "work"].map(|name| self.path(name).display().to_string());
        let target = self.pause.to_string();
        let words = [&target, &layers[0], &layers[1], &layers[2], "/pause", "-v"];
        let mut floor = Loop::of(self.place.command(&floor, &words));
        let cases = vec![timed("library", || self.by_library()), timed("floor", || floor.once())];
        take(session, "launch", &[("library", "floor")], 500, cases);
    }

    fn by_library(&self) -> Duration {
        let null: OwnedFd = fs::File::options().write(true).open("/dev/null").expect("/dev/null").into();
        let attached = Attached { stdio: [None, Some(null), None], ..Attached::default() };
        let before = Instant::now();
        let sandbox = Sandbox::open(Identity::of(self.pause).expect("a process")).expect("a pod");
        let (opened, _) = Opened::open(self.plan(), sandbox, attached).expect("a container");
        let launched = opened.spawn().expect("a process");
        launched.child.wait().expect("its end");
        before.elapsed()
    }

    fn execs(&self, session: &mut Session) {
        self.add("waits");
        let ours = || time(&mut self.pod(&["exec", POD, "-c", "waits", "--", "/pause", "-v"]));
        for choice in engines::all() {
            let Some(name) = &choice.exec else { continue };
            match choice.start(self.place) {
                Ok(engine) => {
                    engine.create();
                    let theirs = timed(name, || engine.exec().expect("it can join"));
                    take(session, "exec", &[("pod exec", name)], 60, vec![timed("pod exec", ours), theirs]);
                    engine.delete();
                }
                Err(reason) => session.leave_out(SUBJECT, name, &reason),
            }
        }
    }
}

impl Drop for Housed<'_> {
    fn drop(&mut self) {
        // Whatever cannot be deleted is told by pod itself.
        let _told = self.pod(&["delete", "--now", POD]).status();
    }
}

/// A runtime that is spoken to as runc is, and a bundle.
struct Runtime {
    program: PathBuf,
    state: PathBuf,
    bundle: PathBuf,
}

impl Runtime {
    /// In the foreground: it is gone when it has run.
    fn command(&self, id: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command.arg("--root").arg(&self.state).args(["run", "--bundle"]).arg(&self.bundle).arg(format!("podkit-{id}"));
        command
    }
}

/// Runs a command that says a line, until it has been said; waits for its end, which has to be a good one.
fn until_said(command: &mut Command) -> Duration {
    let before = Instant::now();
    let mut child = command.stdout(Stdio::piped()).spawn().expect("a command");
    let mut line = String::new();
    let said = BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
    let taken = before.elapsed();
    let ended = child.wait().expect("a child");
    assert!(said > 0 && ended.success(), "{command:?}: {ended}");
    taken
}

/// What each of many containers of one image takes, the kernel's part included.
fn memory(session: &mut Session, place: &Place) {
    let gauge = Gauge::new();
    let mut each = Vec::new();
    for _ in 0..session.rounds(3) {
        let housed = Housed::new(place);
        // With what supervises the pod, which is there once.
        housed.add("first");
        let empty = gauge.read();
        (0..MANY).for_each(|number| housed.add(&format!("c{number}")));
        each.push((gauge.read() - empty) / MANY as f64);
    }
    let name = format!("each of {MANY} containers");
    session.say(&Entry::Case(said(SUBJECT, "memory", &name, Unit::Bytes, &each)));
}

fn take(session: &mut Session, measure: &str, pairs: &[(&str, &str)], rounds: usize, cases: Vec<Case<'_, 1>>) {
    let measures = [(measure, Unit::Time)];
    Turns { subject: SUBJECT, measures, pairs, rounds: session.rounds(rounds) }.take(session, cases);
}
