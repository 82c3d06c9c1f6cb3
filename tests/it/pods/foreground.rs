//! Pods that somebody stays with: what is shown, who is told, and how that ends.

use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::Path;
use std::time::{Duration, Instant};
use std::{fs, io};

use nix::sys::signal::Signal;
use serde_json::json;

use super::{container, image, line, pod, put, waiting};
use crate::house::{Guest, House, User, eventually};

fn stay(house: &House, file: &str, manager: &str) -> Guest {
    let mut command = house.command("pod");
    command.args(["apply", "--foreground", "-f", file]).env("NOTIFY_SOCKET", manager);
    house.start(&mut command)
}

fn hear(manager: &UnixDatagram) -> Option<String> {
    let mut word = [0; 64];
    match manager.recv(&mut word) {
        Ok(count) => Some(String::from_utf8(word[..count].to_vec()).unwrap()),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => None,
        Err(error) => panic!("{error}"),
    }
}

fn at(path: &Path) -> UnixDatagram {
    let manager = UnixDatagram::bind(path).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o666)).unwrap();
    manager.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    manager
}

/// Who asks for an end has an orderly one, of which the worst counts; a manager hears of it.
pub(super) fn to_the_end(user: User) {
    let house = House::new(user);
    image(&house);
    let path = house.work().join("notify");
    let manager = at(&path);
    let bad = container("bad", "trap 'echo going; sleep 0.2; exit 3' TERM; echo ready; while :; do sleep 0.05; done");
    let mut slow = waiting("slow", "sleep 0.5; touch /well; echo well;");
    slow["readinessProbe"] = json!({ "exec": { "command": ["test", "-e", "/well"] }, "periodSeconds": 1 });
    let file = put(&house, "web.json", &pod("web", &json!({ "containers": [bad, slow] })));
    let mut guest = stay(&house, &file, path.to_str().unwrap());
    assert!(guest.said.ends_with("[pod/web/bad] ready\n"), "{}", guest.said);
    assert!(guest.said.starts_with("pod/web created\n"), "{}", guest.said);
    assert_eq!(hear(&manager).as_deref(), Some("READY=1"));
    assert_eq!(line(&house, "web").0, "2/2");
    assert_eq!(guest.line(), "[pod/web/slow] well");
    guest.signal(Signal::SIGTERM);
    assert_eq!(hear(&manager).as_deref(), Some("STOPPING=1"));
    assert_eq!(guest.line(), "[pod/web/bad] going");
    assert_eq!(guest.ends().code(), Some(3));
    assert_eq!(house.pod(&["get", "pods", "-o", "name"]).ok().out(), "");
    house.nothing_is_left();
}

/// A pod that ends by itself is the end, and nothing of it stays.
pub(super) fn by_itself(user: User) {
    let house = House::new(user);
    image(&house);
    // As some managers call themselves: by a name that is in no file system.
    let name = format!("podkit-{}", house.marker());
    let manager = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
    manager.set_nonblocking(true).unwrap();
    let mut again =
        container("again", "if test -e /data/x; then echo second; else touch /data/x; echo first; exit 1; fi");
    again["volumeMounts"] = json!([{ "name": "data", "mountPath": "/data" }]);
    let policy = |name: &str, script: &str| {
        let spec =
            json!({ "restartPolicy": "Never", "containers": [container("main", "true"), container("bad", script)] });
        put(&house, name, &pod("job", &spec))
    };
    let spec =
        json!({ "restartPolicy": "OnFailure", "containers": [again], "volumes": [{ "name": "data", "emptyDir": {} }] });
    let file = put(&house, "job.json", &pod("job", &spec));
    let mut command = house.command("pod");
    command.args(["apply", "--foreground", "-f", &file]).env("NOTIFY_SOCKET", format!("@{name}"));
    let ran = house.finish(&mut command).ok();
    assert_eq!(ran.out(), "pod/job created\n[pod/job/again] first\n[pod/job/again] second\n");
    let told: Vec<_> = std::iter::from_fn(|| hear(&manager)).collect();
    assert_eq!(told, ["READY=1", "STOPPING=1"]);
    assert_eq!(house.pod(&["get", "pods", "-o", "name"]).ok().out(), "");
    house.nothing_is_left();
    let file = policy("bad.json", "echo no >&2; exit 4");
    let ran = house.pod(&["apply", "--foreground", "-f", &file]).exits(4);
    assert_eq!((ran.out().as_str(), ran.err().as_str()), ("pod/job created\n", "[pod/job/bad] no\n"));
    // Who waits for what is not there says so, and ends when he is asked to.
    let mut absent = waiting("main", "");
    absent["image"] = json!("nosuch");
    let spec = json!({ "containers": [absent, waiting("other", "echo ready;")] });
    let guest = stay(&house, &put(&house, "absent.json", &pod("job", &spec)), "");
    guest.signal(Signal::SIGINT);
    assert_eq!(guest.ends().code(), Some(0));
    house.nothing_is_left();
}

/// Who is killed has the pod go on, and who comes next stays with that one; who asks twice is in a hurry.
pub(super) fn killed(user: User) {
    let house = House::new(user);
    image(&house);
    let deaf = container("deaf", "trap '' TERM; echo ready; while :; do sleep 0.05; done");
    let spec = json!({ "containers": [deaf] });
    let text = pod("web", &spec).replace("\"terminationGracePeriodSeconds\":2", "\"terminationGracePeriodSeconds\":60");
    let file = put(&house, "web.json", &text);
    let guest = stay(&house, &file, "");
    let process = || house.workload("web", "deaf")["process"]["pid"].as_i64().unwrap();
    let before = process();
    guest.signal(Signal::SIGKILL);
    guest.ends();
    assert_eq!((process(), line(&house, "web").1.as_str()), (before, "Running"));
    let guest = stay(&house, &file, "");
    assert_eq!(guest.said, "pod/web unchanged\n[pod/web/deaf] ready\n");
    assert_eq!(process(), before);
    guest.signal(Signal::SIGINT);
    eventually("it is going", || (line(&house, "web").1 == "Terminating").then_some(()));
    let began = Instant::now();
    guest.signal(Signal::SIGINT);
    assert_eq!(guest.ends().code(), Some(137));
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    house.nothing_is_left();
}
