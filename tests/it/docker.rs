//! Our pause as docker's: the pod that people make by hand.

use std::fs;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use fixtures::engine::{PAUSE, docker, tell_docker, tell_dockerd};
use libtest_mimic::Trial;
use serde_json::Value;

use crate::engine::{Engine, NEEDS};
use crate::house::Ran;
use crate::image::{WORKLOAD, pause_image, workload_image};
use crate::trial::{Need, trial};

/// What it takes to have one.
pub(crate) fn needs() -> Vec<Need> {
    [&NEEDS[..], &[Need::Program("dockerd"), Need::Program("docker"), Need::Program("iptables")]].concat()
}

pub(crate) fn trials() -> Vec<Trial> {
    let needs = needs();
    let and_nginx = [&needs[..], &[Need::Program("nginx")]].concat();
    vec![
        trial("docker::holds_the_three_containers_of_a_pod_by_hand", &and_nginx, three_containers),
        trial("docker::orphans_leave_no_zombie", &needs, orphans),
        trial("docker::stop_ends_pause_at_once_and_with_0", &needs, stop),
        trial("docker::exec_top_inspect_and_logs_tell_the_truth", &needs, tells_the_truth),
        trial("docker::pause_needs_no_privilege_no_network_and_nothing_to_write", &needs, needs_nothing),
    ]
}

/// A daemon with our images, and its client.
pub(crate) struct Docker(pub(crate) Engine);

impl Docker {
    pub(crate) fn new() -> Self {
        Self::with(&[])
    }

    /// With more options for the daemon.
    pub(crate) fn with(options: &[&str]) -> Self {
        let mut engine = Engine::new();
        let work = engine.house.work();
        let mut dockerd = engine.inside("dockerd");
        tell_dockerd(&mut dockerd, &work, &work).unwrap();
        dockerd.args(options);
        engine.start(&mut dockerd, |engine| {
            engine.house.finish(client(engine).arg("version")).output.status.success().then_some(())
        });
        let docker = Self(engine);
        for image in [pause_image(), workload_image()] {
            docker.run(&["load", "--input", image.to_str().unwrap()]).ok();
        }
        docker
    }

    pub(crate) fn run(&self, words: &[&str]) -> Ran {
        self.0.house.finish(client(&self.0).args(words))
    }

    /// The client, as it is told of this daemon.
    pub(crate) fn client(&self) -> Command {
        client(&self.0)
    }

    /// Starts a container.
    pub(crate) fn start(&self, name: &str, words: &[&str]) {
        self.run(&[&["run", "--detach", "--name", name], words].concat()).ok();
    }

    /// Starts a container in the pod of this pause.
    fn join(&self, name: &str, options: &[&str], command: &[&str]) {
        let joins = ["--net=container:pause", "--ipc=container:pause", "--pid=container:pause"];
        self.start(name, &[&joins, options, &[WORKLOAD], command].concat());
    }

    pub(crate) fn inspect(&self, name: &str) -> Value {
        self.run(&["inspect", name]).json()[0].take()
    }

    /// The pid of a container's first process, as the engine's machine counts.
    pub(crate) fn pid(&self, name: &str) -> i64 {
        self.inspect(name)["State"]["Pid"].as_i64().unwrap()
    }
}

fn client(engine: &Engine) -> Command {
    let mut command = engine.house.command(docker().expect("docker"));
    tell_docker(&mut command, &engine.house.work());
    command
}

const APP: [&str; 6] = ["probe", "http", "--listen", "127.0.0.1:4000", "--body", "hello-from-the-application"];

fn three_containers() {
    let docker = Docker::new();
    let conf = docker.0.house.work().join("nginx.conf");
    let text = "daemon off; error_log stderr; pid /run/nginx.pid; events { worker_connections 64; }
        http { access_log /dev/stdout; server { listen 80; location / { proxy_pass http://127.0.0.1:4000; } } }";
    fs::write(&conf, text).unwrap();
    docker.start("pause", &["--publish", "8888:80", "--ipc=shareable", PAUSE]);
    let mount = format!("{}:/etc/nginx/nginx.conf:ro", conf.display());
    docker.join("nginx", &["--volume", &mount, "--volume", "/usr:/usr:ro"], &["nginx"]);
    docker.join("app", &[], &APP);

    assert_eq!(docker.0.get("http://127.0.0.1:8888/"), "hello-from-the-application\n");
    let from = |container, port| docker.run(&["exec", container, "probe", "get", &format!("http://127.0.0.1:{port}/")]);
    assert_eq!(from("nginx", 4000).ok().out(), "hello-from-the-application\n");
    assert_eq!(from("app", 80).ok().out(), "hello-from-the-application\n");

    // Another nginx takes the place of the first, and the network has stayed.
    docker.run(&["rm", "--force", "nginx"]).ok();
    docker.join("another", &["--volume", &mount, "--volume", "/usr:/usr:ro"], &["nginx"]);
    assert_eq!(docker.0.get("http://127.0.0.1:8888/"), "hello-from-the-application\n");
}

fn orphans() {
    let docker = Docker::new();
    docker.start("pause", &["--ipc=shareable", PAUSE]);
    docker.join("app", &[], &APP);
    let pause = docker.pid("pause");
    docker.run(&["exec", "app", "probe", "orphan", "20"]).ok();
    docker.0.orphans_are_gone(pause, 2);
}

fn stop() {
    let docker = Docker::new();
    // Docker kills after ten seconds; a busy machine may keep anybody waiting for one.
    let mut took = Vec::new();
    for attempt in 0..3 {
        let name = format!("pause{attempt}");
        docker.start(&name, &[PAUSE]);
        docker.run(&["stop", &name]).ok();
        let state = docker.inspect(&name)["State"].take();
        assert_eq!((&state["ExitCode"], &state["Status"]), (&0.into(), &"exited".into()), "{state}");
        took.push(from_kill_to_die(&docker, &name));
        if took.last().unwrap() < &1_000_000_000 {
            return;
        }
    }
    panic!("pause never ended within a second: {took:?} ns");
}

/// The nanoseconds from the signal to the end, by docker's own clock.
fn from_kill_to_die(docker: &Docker, name: &str) -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let until = format!("{}.{:09}", now.as_secs(), now.subsec_nanos());
    let filter = format!("container={name}");
    let format = "{{.Action}} {{.TimeNano}}";
    let events =
        docker.run(&["events", "--since", "0", "--until", &until, "--filter", &filter, "--format", format]).ok();
    let out = events.out();
    let at = |action| out.lines().find_map(|line| line.strip_prefix(action)?.trim().parse::<u64>().ok());
    match (at("kill"), at("die")) {
        (Some(kill), Some(die)) => die - kill,
        _ => panic!("no kill or no die: {events}"),
    }
}

fn tells_the_truth() {
    let docker = Docker::new();
    docker.start("pause", &["--ipc=shareable", PAUSE]);
    docker.join("app", &[], &APP);

    let exec = docker.run(&["exec", "app", "probe", "processes"]).ok();
    assert!(exec.out().starts_with("    1 S /pause\n"), "{exec}");
    let top = docker.run(&["top", "pause", "-o", "pid,uid,args"]).ok();
    assert!(top.out().lines().any(|line| line.split_whitespace().skip(1).eq(["65535", "/pause"])), "{top}");

    let inspected = docker.inspect("pause");
    assert_eq!(inspected["Config"]["User"], "65535:65535");
    assert_eq!(inspected["State"]["Status"], "running");
    let pid = inspected["State"]["Pid"].as_i64().unwrap();
    let status = fs::read_to_string(docker.0.proc(pid, "status")).unwrap();
    for line in ["Name:\tpause\n", "Uid:\t65535\t65535\t65535\t65535\n", "Gid:\t65535\t65535\t65535\t65535\n"] {
        assert!(status.contains(line), "no {line} in {status}");
    }

    let logs = docker.run(&["logs", "pause"]).ok();
    assert_eq!(logs.out() + &logs.err(), "");
}

fn needs_nothing() {
    let docker = Docker::new();
    let nothing = [
        "--read-only",
        "--cap-drop",
        "ALL",
        "--security-opt",
        "no-new-privileges",
        "--network",
        "none",
        "--memory",
        "6m",
    ];
    docker.start("pause", &[&nothing[..], &[PAUSE]].concat());
    let state = docker.inspect("pause")["State"].take();
    assert_eq!(state["Status"], "running", "{state}");
    docker.run(&["stop", "pause"]).ok();
    let state = docker.inspect("pause")["State"].take();
    assert_eq!((&state["ExitCode"], &state["Status"]), (&0.into(), &"exited".into()), "{state}");
}
