//! Our pause as the sandbox of containerd's CRI: what a kubelet does, done by hand.

// Who is asked.
mod containerd;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;

use fixtures::cri::{
    ContainerState, ContainerStatusRequest, ListPodSandboxRequest, PodSandboxState, RemoveContainerRequest,
    RemovePodSandboxRequest, RunPodSandboxRequest, StopContainerRequest, StopPodSandboxRequest, call,
};
use libtest_mimic::Trial;
use serde_json::Value;
use tokio::task::JoinSet;

use crate::engine::NEEDS;
use crate::house::{binaries, eventually};
use crate::trial::{Need, trial};
use containerd::{Pod, sandbox_config};

pub(crate) use containerd::Cri;
pub(crate) use fixtures::cri::NamespaceMode;

/// What it takes to have one.
pub(crate) fn needs() -> Vec<Need> {
    let programs = ["containerd", "ctr", "runc"].map(Need::Program);
    [&NEEDS[..], &programs, &[Need::Cni]].concat()
}

pub(crate) fn trials() -> Vec<Trial> {
    let needs = needs();
    vec![
        trial("cri::the_sandbox_is_our_pause", &needs, sandbox_is_pause),
        trial("cri::in_a_shared_pid_namespace_pause_is_the_first", &needs, shared_pids),
        trial("cri::containers_with_pids_of_their_own_share_the_rest", &needs, own_pids),
        trial("cri::containers_reach_each_other_and_the_bridge_reaches_them", &needs, network),
        trial("cri::orphans_leave_no_zombie", &needs, orphans),
        trial("cri::containers_come_and_go_around_pause", &needs, come_and_go),
        trial("cri::thirty_sandboxes_at_once_are_ready_and_removed", &needs, thirty_at_once),
    ]
}

fn sandbox_is_pause() {
    let cri = Cri::new();
    let pod = cri.sandbox(NamespaceMode::Pod);
    let proc = |name| fs::read(cri.engine.proc(cri.pid(&pod), name)).unwrap();
    // Containerd answers when it has started the sandbox; it executes pause a moment later.
    eventually("the sandbox is pause", || (proc("cmdline") == b"/pause\0").then_some(()));
    assert!(proc("exe") == fs::read(binaries().join("pause")).unwrap(), "it executes another file than our pause");
    let status = String::from_utf8(proc("status")).unwrap();
    assert!(status.contains("\nUid:\t65535\t65535\t65535\t65535\n"), "{status}");
    cri.remove(&pod);
}

fn shared_pids() {
    let cri = Cri::new();
    let pod = cri.sandbox(NamespaceMode::Pod);
    let containers = ["one", "other"].map(|name| cri.start(&pod, name, &["probe", "ready"]));
    for container in &containers {
        let processes = cri.exec(container, &["probe", "processes"]);
        assert!(processes.starts_with("    1 S /pause\n"), "{processes}");
        assert_eq!(processes.matches("probe ready").count(), 2, "{processes}");
        shares(&cri, &pod, container, &["net", "ipc", "uts", "pid"], &["mnt"]);
    }
    cri.remove(&pod);
}

fn own_pids() {
    let cri = Cri::new();
    let pod = cri.sandbox(NamespaceMode::Container);
    let container = cri.start(&pod, "one", &["probe", "ready"]);
    let processes = cri.exec(&container, &["probe", "processes"]);
    assert!(processes.starts_with("    1 S probe ready\n"), "{processes}");
    shares(&cri, &pod, &container, &["net", "ipc", "uts"], &["pid", "mnt"]);
    cri.remove(&pod);
}

/// A container has these namespaces of pause's, and not those.
fn shares(cri: &Cri, pod: &Pod, container: &str, these: &[&str], not_those: &[&str]) {
    let theirs: Value = serde_json::from_str(&cri.exec(container, &["probe", "ns"])).unwrap();
    let pause = cri.pid(pod);
    let held = |kind: &str| fs::metadata(cri.engine.proc(pause, &format!("ns/{kind}"))).unwrap().ino();
    for kind in these {
        assert_eq!(theirs[kind], held(kind), "the {kind} namespace");
    }
    for kind in not_those {
        assert_ne!(theirs[kind], held(kind), "the {kind} namespace");
    }
}

fn network() {
    let cri = Cri::new();
    let pod = cri.sandbox(NamespaceMode::Container);
    let app = cri.start(&pod, "app", &["probe", "http", "--listen", "127.0.0.1:4000", "--body", "app"]);
    let web = cri.start(&pod, "web", &["probe", "http", "--listen", "0.0.0.0:80", "--proxy", "127.0.0.1:4000"]);
    assert_eq!(cri.exec(&web, &["probe", "get", "http://127.0.0.1:4000/"]), "app\n");
    assert_eq!(cri.exec(&app, &["probe", "get", "http://127.0.0.1:80/"]), "app\n");

    let ip = cri.status(&pod.id).status.unwrap().network.unwrap().ip;
    assert!(ip.starts_with("10.88."), "{ip}");
    assert_eq!(cri.engine.get(&format!("http://{ip}:80/")), "app\n");
    assert_eq!(cri.exec(&app, &["hostname"]), "pod\n");
    cri.remove(&pod);
}

fn orphans() {
    let cri = Cri::new();
    let pod = cri.sandbox(NamespaceMode::Pod);
    let app = cri.start(&pod, "app", &["probe", "ready"]);
    cri.exec(&app, &["probe", "orphan", "20"]);
    cri.engine.orphans_are_gone(cri.pid(&pod), 2);
}

fn come_and_go() {
    let cri = Cri::new();
    let pod = cri.sandbox(NamespaceMode::Pod);
    let pause = cri.pid(&pod);
    for round in 0..2 {
        let id =
            cri.start(&pod, &format!("app{round}"), &["probe", "http", "--listen", "127.0.0.1:4000", "--body", "app"]);
        assert_eq!(cri.exec(&id, &["probe", "get", "http://127.0.0.1:4000/"]), "app\n");
        cri.call(StopContainerRequest { id: id.clone(), timeout: 10 });
        let status = cri.call(ContainerStatusRequest { id: id.clone() }).status.unwrap();
        // TERM ended it.
        assert_eq!((status.state(), status.exit_code), (ContainerState::Exited, 143), "{status:?}");
        cri.call(RemoveContainerRequest { id });
    }
    assert_eq!(cri.pid(&pod), pause);
    assert_eq!(cri.status(&pod.id).status.unwrap().state(), PodSandboxState::Ready);
    cri.remove(&pod);
}

fn thirty_at_once() {
    let cri = Cri::new();
    let ids = cri.runtime.block_on(async {
        let mut runs = JoinSet::new();
        for number in 0..30 {
            let config = Some(sandbox_config(&format!("pod{number}"), NamespaceMode::Pod));
            runs.spawn(call(cri.channel.clone(), RunPodSandboxRequest { config }));
        }
        let answers = runs.join_all().await.into_iter();
        answers.map(|answer| answer.unwrap_or_else(|status| panic!("RunPodSandbox: {status}")).id).collect::<Vec<_>>()
    });
    let mut addresses = BTreeSet::new();
    for id in &ids {
        let status = cri.status(id).status.unwrap();
        assert_eq!(status.state(), PodSandboxState::Ready, "{status:?}");
        addresses.insert(status.network.unwrap().ip);
    }
    assert_eq!(addresses.len(), 30, "each has its own address: {addresses:?}");
    cri.runtime.block_on(async {
        let mut removals = JoinSet::new();
        for id in ids.clone() {
            let channel = cri.channel.clone();
            removals.spawn(async move {
                call(channel.clone(), StopPodSandboxRequest { id: id.clone() }).await?;
                call(channel, RemovePodSandboxRequest { id }).await
            });
        }
        for answer in removals.join_all().await {
            answer.unwrap_or_else(|status| panic!("StopPodSandbox, RemovePodSandbox: {status}"));
        }
    });
    assert_eq!(cri.call(ListPodSandboxRequest {}).items, []);
    ids.iter().for_each(|id| cri.engine.nothing_is_left_of(id));
}
