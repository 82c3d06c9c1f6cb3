//! An init as the engines' own: what `--init` starts in a container.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use serde_json::Value;

use super::program::Program;
use crate::docker::{self, Docker};
use crate::engine::{Engine, settled};
use crate::house::Ran;
use crate::image::WORKLOAD;
use crate::podman::{self, Podman};
use crate::trial::trial;

type Test = fn(&Inits);

const TESTS: [(&str, Test); 4] = [
    ("exit_with_the_code_of_the_command", exit_code),
    ("are_the_first_process", first),
    ("end_at_once_when_the_container_is_stopped", stop),
    ("leave_no_zombie", orphans),
];

pub(crate) fn trials(ours: &Program) -> Vec<Trial> {
    // An engine takes one file.
    let [path] = &ours.words[..] else { return Vec::new() };
    let with = |engine: &str, needs: &[_], inits: fn(&str) -> Inits| {
        let make = |(name, test): (&str, Test)| {
            let path = path.clone();
            trial(&format!("init::containers_of_{engine}::{name}"), needs, move || test(&inits(&path)))
        };
        TESTS.into_iter().map(make).collect::<Vec<_>>()
    };
    let of_docker = with("docker", &docker::needs(), Inits::of_docker);
    of_docker.into_iter().chain(with("podman", &podman::needs(), Inits::of_podman)).collect()
}

/// An engine with an init for its containers.
struct Inits {
    machine: Machine,
    /// The init's file.
    path: String,
    /// What makes it run containers with the init.
    options: Vec<String>,
}

enum Machine {
    Docker(Docker),
    Podman(Podman),
}

impl Inits {
    fn of_docker(path: &str) -> Self {
        let docker = Docker::with(&["--init-path", path]);
        Self { machine: Machine::Docker(docker), path: path.to_owned(), options: vec!["--init".to_owned()] }
    }

    fn of_podman(path: &str) -> Self {
        let options = ["--init", "--init-path", path].map(str::to_owned).to_vec();
        Self { machine: Machine::Podman(Podman::new()), path: path.to_owned(), options }
    }

    fn engine(&self) -> &Engine {
        match &self.machine {
            Machine::Docker(docker) => &docker.0,
            Machine::Podman(podman) => &podman.0,
        }
    }

    fn ask(&self, words: &[&str]) -> Ran {
        match &self.machine {
            Machine::Docker(docker) => docker.run(words),
            Machine::Podman(podman) => podman.run(words),
        }
    }

    /// Runs a container; with the machine's libraries, for a distribution's init may want them.
    fn run(&self, options: &[&str], command: &[&str]) -> Ran {
        let run = ["run", "--name", "one", "--network", "none", "--volume", "/usr:/usr:ro"];
        let init: Vec<_> = self.options.iter().map(String::as_str).collect();
        self.ask(&[&run, &init[..], options, &[WORKLOAD], command].concat())
    }

    fn state(&self) -> Value {
        self.ask(&["inspect", "one"]).json()[0]["State"].take()
    }

    fn pid(&self) -> i64 {
        self.state()["Pid"].as_i64().unwrap()
    }
}

fn exit_code(inits: &Inits) {
    for (script, code) in [("exit 0", 0), ("exit 7", 7), ("exit 255", 255), ("kill -9 $$", 137)] {
        inits.run(&["--rm"], &["sh", "-c", script]).exits(code);
    }
}

fn first(inits: &Inits) {
    inits.run(&["--detach"], &["probe", "ready"]).ok();
    // The very file, wherever the engine has mounted it.
    let runs = fs::metadata(inits.engine().proc(inits.pid(), "exe")).unwrap();
    let file = fs::metadata(&inits.path).unwrap();
    assert_eq!((runs.dev(), runs.ino()), (file.dev(), file.ino()));
    let processes = settled(|| inits.engine().beside(inits.pid()), |processes| processes.len() == 2);
    let commands: Vec<_> = processes.iter().map(|process| (process.pid, process.command.as_str())).collect();
    assert!(matches!(commands[..], [(1, _), (2.., "probe ready")]), "{processes:#?}");
}

fn stop(inits: &Inits) {
    // A first process would not die of TERM.
    inits.run(&["--detach"], &["probe", "ready"]).ok();
    let begun = Instant::now();
    inits.ask(&["stop", "--time", "30", "one"]).ok();
    let state = inits.state();
    assert_eq!((&state["ExitCode"], &state["Status"]), (&143.into(), &"exited".into()), "{state}");
    assert!(begun.elapsed() < Duration::from_secs(20), "after {:?}", begun.elapsed());
}

fn orphans(inits: &Inits) {
    inits.run(&["--detach"], &["probe", "ready"]).ok();
    inits.ask(&["exec", "one", "probe", "orphan", "20"]).ok();
    let processes = settled(|| inits.engine().beside(inits.pid()), |processes| processes.len() == 2);
    assert!(processes.iter().all(|process| process.state != 'Z'), "zombies: {processes:#?}");
    assert_eq!(processes.len(), 2, "{processes:#?}");
}
