//! Joining containers by name and by id: the first process is found, in engines and with runtimes by
//! themselves, and nobody else's is taken for it.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use fixtures::find;
use libtest_mimic::Trial;
use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::before_exec::{answer_always, fail, ignore_before_exec};
use crate::cri::{self, Cri, NamespaceMode};
use crate::docker::{self, Docker};
use crate::engine::{Engine, NEEDS, settled};
use crate::house::{Guest, House, Ran, User, binaries};
use crate::image::WORKLOAD;
use crate::podman::{self, Podman};
use crate::trial::{Need, as_each_user, trial};

pub(crate) fn trials() -> Vec<Trial> {
    let crun = [&NEEDS[..], &[Need::Program("crun")]].concat();
    let unshare = [Need::Program("unshare")];
    let mut trials = vec![
        trial("targets::a_container_of_docker_by_name_and_by_id", &docker::needs(), of_docker),
        trial("targets::a_container_of_podman_by_name_and_by_id", &podman::needs(), of_podman),
        trial("targets::a_container_of_containerd_by_id", &cri::needs(), of_containerd),
        trial("targets::a_container_of_a_runtime_by_itself", &crun, of_crun),
    ];
    trials.extend(
        [
            as_each_user("targets::a_client_is_asked_twice_and_has_to_stay_with_its_answer", &unshare, asked_twice),
            as_each_user("targets::a_process_without_a_mark_of_the_container_is_refused", &[], no_mark),
            as_each_user("targets::a_record_without_a_start_time_is_not_believed_of_a_stranger", &unshare, pid_only),
            as_each_user("targets::an_engine_is_asked_without_a_second_thread", &unshare, one_thread),
            as_each_user("targets::a_client_that_is_missing_or_refuses_is_said_in_a_line", &[], client_refuses),
            as_each_user("targets::containers_that_are_not_there", &[], not_there),
            as_each_user("targets::a_state_directory_that_others_may_write_to_is_not_believed", &[], not_believed),
        ]
        .into_iter()
        .flatten(),
    );
    trials
}

/// Joins all namespaces of a container, which has our probe in it, and they are those of this process.
#[track_caller]
fn joins(engine: &Engine, nsjoin: &mut Command, target: &str, pid: i64) {
    let inside = engine.house.finish(nsjoin.args(["-t", target, "-a", "--", "/bin/probe", "ns"])).json();
    for kind in ["net", "ipc", "uts", "pid", "mnt", "user", "cgroup", "time"] {
        let theirs = fs::metadata(engine.proc(pid, &format!("ns/{kind}"))).unwrap().ino();
        assert_eq!(inside[kind], theirs, "the {kind} namespace of {target}");
    }
}

#[track_caller]
fn refuses(engine: &Engine, nsjoin: &mut Command, target: &str, says: &str) {
    engine.house.finish(nsjoin.args(["-t", target, "--", "true"])).refuses(125, says);
}

/// Puts a program into a directory of its own, and nsjoin's PATH begins with it.
fn with_client(house: &House, mut nsjoin: Command, name: &str, script: &str) -> Command {
    let directory = house.work().join("clients");
    fs::create_dir_all(&directory).unwrap();
    let client = directory.join(name);
    fs::write(&client, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(client, fs::Permissions::from_mode(0o755)).unwrap();
    let path = std::env::var("PATH").unwrap();
    nsjoin.env("PATH", format!("{}:{}:{path}", directory.display(), binaries().display()));
    nsjoin
}

/// A prepared command as a line of shell, to which more words may be given.
fn line(command: &Command) -> String {
    let quoted = |word: &std::ffi::OsStr| format!("'{}'", word.to_str().unwrap());
    let set = command.get_envs().filter_map(|(name, value)| Some(format!("{}={}", name.to_str()?, quoted(value?))));
    let words = [command.get_program()].into_iter().chain(command.get_args()).map(quoted);
    format!("exec env {} \"$@\"", set.chain(words).collect::<Vec<_>>().join(" "))
}

fn of_docker() {
    let docker = Docker::with(&["--exec-root", "/run/docker"]);
    docker.start("app", &["--network", "none", WORKLOAD, "probe", "ready"]);
    docker.start("another", &["--network", "none", WORKLOAD, "probe", "ready"]);
    let (pid, id) = (docker.pid("app"), docker.inspect("app")["Id"].as_str().unwrap().to_owned());
    let nsjoin = || with_client(&docker.0.house, docker.0.inside("nsjoin"), "docker", &line(&docker.client()));
    for target in ["docker/app".to_owned(), format!("docker/{}", &id[..12]), format!("container/{id}")] {
        joins(&docker.0, &mut nsjoin(), &target, pid);
    }
    joins(&docker.0, &mut nsjoin(), &format!("container/{}", &id[..12]), pid);
    // Where no state directory is to be seen, docker's word and the marks of the process have to do.
    let mut without = with_client(&docker.0.house, docker.0.inside("unshare"), "docker", &line(&docker.client()));
    let script = "mount -t tmpfs tmpfs /run/docker && exec nsjoin \"$@\"";
    joins(&docker.0, without.args(["--mount", "sh", "-c", script, "nsjoin"]), "docker/app", pid);

    refuses(&docker.0, &mut nsjoin(), "docker/nobody", "cannot find container docker/nobody: ");
    docker.run(&["create", "--name", "idle", WORKLOAD]).ok();
    refuses(&docker.0, &mut nsjoin(), "docker/idle", "container docker/idle does not run: it is created");
    docker.run(&["kill", "app"]).ok();
    docker.run(&["wait", "app"]).ok();
    refuses(&docker.0, &mut nsjoin(), "docker/app", "container docker/app does not run: it is exited");
    refuses(&docker.0, &mut nsjoin(), &format!("container/{id}"), &format!("no container {id} in /run/docker/"));
    // Seen from outside, where its pid is somebody else's or nobody's.
    let mut outside = with_client(&docker.0.house, docker.0.house.command("nsjoin"), "docker", &line(&docker.client()));
    refuses(&docker.0, &mut outside, "docker/another", "cannot find container docker/another: pid ");
}

fn of_podman() {
    let podman = Podman::new();
    podman.run(&["run", "--detach", "--network", "none", "--name", "app", WORKLOAD, "probe", "ready"]).ok();
    let inspected = podman.run(&["inspect", "app"]).json()[0].take();
    let (pid, id) = (inspected["State"]["Pid"].as_i64().unwrap(), inspected["Id"].as_str().unwrap().to_owned());
    let mut client = Command::new(find("podman").unwrap());
    let script = line(podman.told(&mut client));
    let nsjoin = || with_client(&podman.0.house, podman.0.inside("nsjoin"), "podman", &script);
    for target in ["podman/app".to_owned(), format!("container/{id}"), format!("container/{}", &id[..12])] {
        joins(&podman.0, &mut nsjoin(), &target, pid);
    }
    refuses(&podman.0, &mut nsjoin(), "podman/nobody", "cannot find container podman/nobody: ");
    podman.run(&["kill", "app"]).ok();
    podman.run(&["wait", "app"]).ok();
    refuses(&podman.0, &mut nsjoin(), "podman/app", "container podman/app does not run: it is exited");
    podman.run(&["rm", "--force", "app"]).ok();
}

fn of_containerd() {
    let cri = Cri::new();
    let pod = cri.sandbox(NamespaceMode::Pod);
    let id = cri.start(&pod, "app", &["probe", "ready"]);
    let tasks = cri.ctr(&["tasks", "list"]).ok().out();
    let task = tasks.lines().find(|line| line.starts_with(&id)).unwrap();
    let pid = task.split_whitespace().nth(1).unwrap().parse().unwrap();
    for target in [format!("containerd/{id}"), format!("containerd/{}", &id[..8]), format!("container/{id}")] {
        joins(&cri.engine, &mut cri.engine.inside("nsjoin"), &target, pid);
    }
    // What only containerd itself knows, of whatever runtime.
    let tasks = cri.engine.house.work().join("run/io.containerd.runtime.v2.task/k8s.io");
    let mut by_task = cri.engine.inside("nsjoin");
    by_task.env("NSJOIN_RUNTIME_ROOTS", tasks);
    joins(&cri.engine, &mut by_task, &format!("container/{id}"), pid);
    cri.remove(&pod);
}

/// A directory for a runtime by itself: a root with our probe in it, and no cgroup to be made.
fn bundle(house: &House, runtime: &str) -> PathBuf {
    let bundle = house.work().join("bundle");
    fs::create_dir_all(bundle.join("rootfs/bin")).unwrap();
    fs::copy(binaries().join("probe"), bundle.join("rootfs/bin/probe")).unwrap();
    house.finish(house.command(find(runtime).unwrap()).arg("spec").current_dir(&bundle)).ok();
    let path = bundle.join("config.json");
    let mut config: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    config["process"]["terminal"] = false.into();
    config["process"]["args"] = json!(["/bin/probe", "ready"]);
    config["process"]["rlimits"] = json!([]);
    let mounts = config["mounts"].as_array_mut().unwrap();
    mounts.retain(|mount| !mount["destination"].as_str().unwrap().contains("cgroup"));
    fs::write(path, config.to_string()).unwrap();
    bundle
}

fn of_crun() {
    let engine = Engine::new();
    let bundle = bundle(&engine.house, "crun");
    let crun = |words: &[&str]| engine.house.finish(engine.inside("crun").args(words)).ok();
    let bundle = bundle.to_str().unwrap();
    // What the container has of our pipes would keep us waiting for their end.
    let script = format!("crun run --detach --bundle {bundle} app-1 && crun create --bundle {bundle} app-2");
    engine.house.finish(engine.inside("sh").args(["-c", &format!("{{ {script}; }} >/dev/null 2>&1")])).ok();
    let pid = crun(&["state", "app-1"]).json()["pid"].as_i64().unwrap();
    joins(&engine, &mut engine.inside("nsjoin"), "container/app-1", pid);
    let refused = |target, says| refuses(&engine, &mut engine.inside("nsjoin"), target, says);
    refused("container/app-2", "container app-2 has not been started");
    refused("container/app-", "app- is two containers: /run/crun/app-");
    refused("container/app", "no container has the id app, and the beginning of one takes 4 characters");
    refused("containerd/app-1", "no container app-1 in ");
    crun(&["kill", "app-1", "KILL"]);
    settled(|| engine.proc(pid, "stat").exists(), |exists| !exists);
    refused("container/app-1", "container app-1 has ended");
    crun(&["delete", "app-1"]);
    crun(&["delete", "--force", "app-2"]);
}

const ID: &str = "3f2a99b67cfc78b050a3a34cabe267608c14196d70d676500124d63a3a9de3a2";

/// A process in namespaces of its own, with a mount that is called after a container.
fn marked(house: &House) -> Guest {
    let script = format!("mount -t tmpfs {ID} /mnt && exec probe ready");
    house.start(house.command("unshare").args(["--user", "--map-root-user", "--mount", "--net", "sh", "-c", &script]))
}

fn asked_twice(user: User) {
    let house = House::new(user);
    let (one, other) = (marked(&house), marked(&house));
    let join = |name: &str, script: &str| {
        let mut nsjoin = with_client(&house, house.command("nsjoin"), name, script);
        // Then nobody is told how a client ends; all that counts is what it says.
        ignore_before_exec(&mut nsjoin, Signal::SIGCHLD);
        house.finish(nsjoin.args(["-t", &format!("{name}/web"), "-a", "--", "probe", "ns"]))
    };
    for name in ["docker", "podman"] {
        let steadily = format!("echo \"$@\" >> asked\necho {} {ID} running", one.pid());
        let inside = join(name, &steadily).json();
        assert_eq!(inside["net"], fs::metadata(format!("/proc/{}/ns/net", one.pid())).unwrap().ino());
        let asked = fs::read_to_string(house.work().join("asked")).unwrap();
        let asks = "container inspect --format {{.State.Pid}} {{.Id}} {{.State.Status}} web\n";
        assert_eq!(asked, asks.repeat(2));
        fs::remove_file(house.work().join("asked")).unwrap();

        let then = |second: String| format!("mkdir asked && echo {} {ID} running || {{ {second}; }}", one.pid());
        let another_pid = then(format!("echo {} {ID} running", other.pid()));
        join(name, &another_pid).refuses(125, &format!("container {name}/web was started anew while it was looked up"));
        fs::remove_dir(house.work().join("asked")).unwrap();
        join(name, &then("echo gone >&2".to_owned())).refuses(125, &format!("cannot find container {name}/web: gone"));
        fs::remove_dir(house.work().join("asked")).unwrap();
    }
    // It ends between the two answers, the second of which is late.
    let end = format!("kill {0}; until grep -q 'State:.Z' /proc/{0}/status; do :; done", one.pid());
    let ends = format!("mkdir asked || {{ {end}; }}; echo {} {ID} running", one.pid());
    join("docker", &ends).refuses(125, "container docker/web has ended");
}

fn no_mark(user: User) {
    let house = House::new(user);
    let guest = house.start(house.command("probe").arg("ready"));
    for pid in [guest.pid(), 1, i32::MAX] {
        let script = format!("echo {pid} {ID} running");
        let mut nsjoin = with_client(&house, house.command("nsjoin"), "docker", &script);
        let says = format!("cannot find container docker/web: pid {pid} here is not of it");
        house.finish(nsjoin.args(["-t", "docker/web", "true"])).refuses(125, &says);
    }
}

/// What containerd leaves of a container: its pid may have gone to another since.
fn pid_only(user: User) {
    let house = House::new(user);
    let (stranger, own) = (house.start(house.command("probe").arg("ready")), marked(&house));
    let root = house.work().join("task");
    fs::create_dir_all(root.join(ID)).unwrap();
    let record = |pid: i32| fs::write(root.join(ID).join("init.pid"), pid.to_string()).unwrap();
    record(stranger.pid());
    let says = format!("cannot find container {ID}: pid {} bears no mark of it", stranger.pid());
    join_from(&house, &root).refuses(125, &says);
    record(own.pid());
    join_from(&house, &root).exits(7);
}

/// To enter a user namespace takes to be alone, and a thread that has just ended still counts.
fn one_thread(user: User) {
    let house = House::new(user);
    let target = marked(&house);
    let script = format!("echo a warning >&2; echo {} {ID} running", target.pid());
    let mut nsjoin = with_client(&house, house.command("nsjoin"), "docker", &script);
    nsjoin.args(["-t", "docker/web", "-U", "-n", "--", "probe", "exit", "7"]);
    // As the C library makes one.
    answer_always(&mut nsjoin, libc::SYS_clone3, libc::ENOSYS);
    fail(&mut nsjoin, libc::SYS_clone, 0, 0x003d_0f00, libc::EAGAIN);
    house.finish(&mut nsjoin).exits(7);
}

fn client_refuses(user: User) {
    let house = House::new(user);
    let ask = |script: &str| -> Ran {
        let mut nsjoin = with_client(&house, house.command("nsjoin"), "docker", script);
        house.finish(nsjoin.args(["-t", "docker/web", "true"]))
    };
    for (script, says) in [
        ("echo; echo 'Error: No such container: web' >&2; exit 1", ": Error: No such container: web"),
        ("echo 'a warning' >&2; echo 'the cause' >&2; exit 125", ": the cause"),
        ("exit 1", ": docker said nothing"),
        ("echo 7", ": 7"),
    ] {
        ask(script).refuses(125, &format!("cannot find container docker/web{says}"));
    }
    ask(&format!("echo 0 {ID} exited")).refuses(125, "container docker/web does not run: it is exited");
    let mut nsjoin = house.command(binaries().join("nsjoin"));
    nsjoin.env("PATH", house.work());
    house
        .finish(nsjoin.args(["-t", "docker/web", "true"]))
        .refuses(125, "cannot ask docker for container docker/web: No such file");
    for text in ["docker/", "lxc/web", "container/../x", "docker/-web"] {
        house
            .nsjoin(&["-t", text, "true"])
            .refuses(2, "is none of docker/NAME, podman/NAME, containerd/ID and container/ID");
    }
}

/// A state directory as crun's, with a container that runs.
fn state(house: &House, pid: i32, start_time: u64) -> PathBuf {
    let root = house.work().join("crun");
    let directory = root.join(ID);
    fs::create_dir_all(&directory).unwrap();
    let status = json!({ "pid": pid, "process-start-time": start_time });
    fs::write(directory.join("status"), status.to_string()).unwrap();
    root
}

fn start_time(pid: i32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    stat.rsplit(") ").next().unwrap().split(' ').nth(19).unwrap().parse().unwrap()
}

fn join_from(house: &House, root: &Path) -> Ran {
    let mut nsjoin = house.command("nsjoin");
    nsjoin.env("NSJOIN_RUNTIME_ROOTS", root);
    house.finish(nsjoin.args(["-t", &format!("container/{}", &ID[..4]), "probe", "exit", "7"]))
}

fn not_there(user: User) {
    let house = House::new(user);
    let guest = house.start(house.command("probe").arg("ready"));
    let started = start_time(guest.pid());
    let root = state(&house, guest.pid(), started);
    join_from(&house, &root).exits(7);
    let mut of_our_own = house.command("nsjoin");
    of_our_own.env("XDG_RUNTIME_DIR", house.work()).args(["-t", &format!("container/{ID}"), "probe", "exit", "7"]);
    house.finish(&mut of_our_own).exits(7);
    join_from(&house, &state(&house, guest.pid(), started + 1)).refuses(125, &format!("container {ID} has ended"));
    fs::write(root.join(ID).join("status"), "{").unwrap();
    join_from(&house, &root).refuses(125, "cannot make sense of ");
    fs::remove_dir_all(root.join(ID)).unwrap();
    join_from(&house, &root).refuses(125, &format!("no container {} in {}", &ID[..4], root.display()));
    guest.signal(Signal::SIGTERM);
    state(&house, guest.pid(), started);
    guest.ends();
    join_from(&house, &root).refuses(125, &format!("container {ID} has ended"));
}

fn not_believed(user: User) {
    let house = House::new(user);
    let guest = house.start(house.command("probe").arg("ready"));
    let root = state(&house, guest.pid(), start_time(guest.pid()));
    join_from(&house, &root).exits(7);
    for (path, mode) in [(root.clone(), 0o777), (root.join(ID), 0o757), (root.join(ID).join("status"), 0o646)] {
        let before = fs::metadata(&path).unwrap().permissions();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        join_from(&house, &root).refuses(125, "is not root's or ours alone");
        fs::set_permissions(&path, before).unwrap();
    }
}
