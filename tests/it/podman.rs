//! Our pause as podman's infra container.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::process::Command;

use fixtures::engine::{PAUSE, configure_podman, tell_podman};
use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::engine::{Engine, NEEDS};
use crate::house::Ran;
use crate::image::{WORKLOAD, pause_image, workload_image};
use crate::trial::{Need, trial};

/// What it takes to have one.
pub(crate) fn needs() -> Vec<Need> {
    [&NEEDS[..], &[Need::Program("podman"), Need::Program("runc"), Need::Program("conmon")]].concat()
}

pub(crate) fn trials() -> Vec<Trial> {
    let needs = needs();
    vec![
        trial("podman::containers_of_a_pod_share_what_pause_holds", &needs, share),
        trial("podman::orphans_leave_no_zombie", &needs, orphans),
        trial("podman::a_pod_stops_with_0_and_starts_again", &needs, stop),
        trial("podman::kube_play_runs_the_init_container_first_and_leaves_nothing", &needs, kube_play),
    ]
}

/// Podman with our images; it has no daemon, but a machine of its own all the same.
pub(crate) struct Podman(pub(crate) Engine);

impl Podman {
    pub(crate) fn new() -> Self {
        let podman = Self(Engine::new());
        configure_podman(&podman.work()).unwrap();
        for image in [pause_image(), workload_image()] {
            podman.run(&["load", "--input", image.to_str().unwrap()]).ok();
        }
        podman
    }

    fn work(&self) -> PathBuf {
        self.0.house.work()
    }

    pub(crate) fn run(&self, words: &[&str]) -> Ran {
        self.0.house.finish(self.told(&mut self.0.inside("podman")).args(words))
    }

    /// The client, as it is told where all is.
    pub(crate) fn told<'a>(&self, podman: &'a mut Command) -> &'a mut Command {
        tell_podman(podman, &self.work(), &self.work());
        podman
    }

    /// Makes a pod that shares all that pause holds; its network is a loopback.
    fn pod(&self, name: &str) {
        self.run(&["pod", "create", "--name", name, "--share", "net,ipc,uts,pid", "--network", "none"]).ok();
    }

    fn join(&self, pod: &str, name: &str, command: &[&str]) {
        self.run(&[&["run", "--detach", "--pod", pod, "--name", name, WORKLOAD], command].concat()).ok();
    }

    fn exec(&self, container: &str, command: &[&str]) -> String {
        self.run(&[&["exec", container], command].concat()).ok().out()
    }

    /// What podman knows of the pod's pause.
    fn pause(&self, pod: &str) -> Value {
        let pod = self.run(&["pod", "inspect", pod]).json();
        self.run(&["inspect", pod["InfraContainerID"].as_str().unwrap()]).json()[0].take()
    }

    /// Removes everything, and there is nothing left.
    fn remove(&self, pod: &str) {
        let id = self.run(&["pod", "inspect", pod]).json()["Id"].as_str().unwrap().to_owned();
        self.run(&["pod", "rm", "--force", pod]).ok();
        self.nothing_is_left_of(&id);
    }

    fn nothing_is_left_of(&self, pod: &str) {
        for list in [&["ps", "--all", "--quiet"][..], &["pod", "ps", "--quiet"]] {
            let ran = self.run(list).ok();
            assert_eq!(ran.out(), "", "{ran}");
        }
        self.0.nothing_is_left_of(pod);
    }
}

fn share() {
    let podman = Podman::new();
    podman.pod("pod");
    podman.join("pod", "app", &["probe", "http", "--listen", "127.0.0.1:4000", "--body", "app"]);
    podman.join("pod", "web", &["probe", "http", "--listen", "127.0.0.1:80", "--proxy", "127.0.0.1:4000"]);
    assert_eq!(podman.exec("web", &["probe", "get", "http://127.0.0.1:4000/"]), "app\n");
    assert_eq!(podman.exec("app", &["probe", "get", "http://127.0.0.1:80/"]), "app\n");
    for container in ["app", "web"] {
        assert_eq!(podman.exec(container, &["hostname"]), "pod\n");
        let processes = podman.exec(container, &["ps", "-o", "pid,args"]);
        let first = processes.lines().nth(1).unwrap_or_default();
        assert!(first.split_whitespace().eq(["1", "/pause"]), "{processes}");
    }

    let pause = podman.pause("pod");
    assert!(pause["ImageName"].as_str().unwrap().ends_with(PAUSE), "{pause:#}");
    let pid = pause["State"]["Pid"].as_i64().unwrap();
    for container in ["app", "web"] {
        let theirs: Value = serde_json::from_str(&podman.exec(container, &["probe", "ns"])).unwrap();
        for kind in ["net", "ipc", "uts", "pid"] {
            let held = fs::metadata(podman.0.proc(pid, &format!("ns/{kind}"))).unwrap().ino();
            assert_eq!(theirs[kind], held, "the {kind} namespace of {container}");
        }
    }
    podman.remove("pod");
}

fn orphans() {
    let podman = Podman::new();
    podman.pod("pod");
    podman.join("pod", "app", &["probe", "ready"]);
    podman.exec("app", &["probe", "orphan", "20"]);
    let pause = podman.pause("pod")["State"]["Pid"].as_i64().unwrap();
    podman.0.orphans_are_gone(pause, 2);
}

fn stop() {
    let podman = Podman::new();
    podman.pod("pod");
    podman.join("pod", "app", &["probe", "ready"]);
    // Twice, for a pod may be started again.
    for _ in 0..2 {
        podman.run(&["pod", "start", "pod"]).ok();
        let running = podman.pause("pod");
        assert_eq!(running["State"]["Status"], "running", "{running:#}");
        podman.run(&["pod", "stop", "pod"]).ok();
        let stopped = podman.pause("pod");
        let state = (&stopped["State"]["Status"], &stopped["State"]["ExitCode"]);
        assert_eq!(state, (&"exited".into(), &0.into()), "{stopped:#}");
    }
    podman.remove("pod");
}

fn kube_play() {
    let podman = Podman::new();
    let shared = podman.work().join("shared");
    fs::create_dir(&shared).unwrap();
    let container = |name: &str, command: &[&str]| {
        json!({
            "name": name,
            "image": WORKLOAD,
            "imagePullPolicy": "Never",
            "command": command,
            "volumeMounts": [{ "name": "shared", "mountPath": "/shared" }],
        })
    };
    let app = "test -e /shared/first && exec probe http --listen 127.0.0.1:4000 --body played";
    let manifest = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        // Podman 4.3 does not see init containers end: it gives up waiting after twenty seconds and goes
        // on, but cannot remove those that are to run once only.
        "metadata": { "name": "played", "annotations": { "io.podman.annotations.init.container.type": "always" } },
        "spec": {
            "shareProcessNamespace": true,
            "initContainers": [container("first", &["touch", "/shared/first"])],
            "containers": [
                container("app", &["sh", "-c", app]),
                container("web", &["probe", "http", "--listen", "127.0.0.1:80", "--proxy", "127.0.0.1:4000"]),
            ],
            "volumes": [{ "name": "shared", "hostPath": { "path": shared, "type": "Directory" } }],
        },
    });
    let file = podman.work().join("pod.yaml");
    // What is JSON is YAML.
    fs::write(&file, manifest.to_string()).unwrap();
    let file = file.to_str().unwrap();
    podman.run(&["kube", "play", "--network", "none", file]).ok();
    assert_eq!(podman.exec("played-web", &["probe", "get", "http://127.0.0.1:80/"]), "played\n");
    let processes = podman.exec("played-app", &["probe", "processes"]);
    assert!(processes.starts_with("    1 S /pause\n"), "{processes}");

    let id = podman.run(&["pod", "inspect", "played"]).json()["Id"].as_str().unwrap().to_owned();
    // Podman 4.3 sometimes finds busy what its own cleaning up is just about to unmount.
    let down = || podman.run(&["kube", "down", file]);
    if !down().output.status.success() {
        down().ok();
    }
    podman.nothing_is_left_of(&id);
}
