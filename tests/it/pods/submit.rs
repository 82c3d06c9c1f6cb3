//! How long a verb waits, where manifests come from, and what takes the place of what is there.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::thread;
use std::time::Instant;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use super::{container, gone, image, line, pod, put, shown, waiting};
use crate::house::{House, User, eventually};

/// A pod that has something to do is waited for until it has done it, and not only until it is at it.
pub(super) fn waited_for(user: User) {
    let house = House::new(user);
    image(&house);
    let of = |policy: &str, script: &str| {
        pod("job", &json!({ "restartPolicy": policy, "containers": [container("main", script)] }))
    };
    let file = put(&house, "job.json", &of("Never", "echo ready; sleep 0.5; exit 3"));
    house.pod(&["apply", "-f", &file, "--wait", "--timeout", "30s"]).refuses(1, "pod \"job\" has failed");
    house.pod(&["delete", "-f", &file]).ok();
    let file = put(&house, "job.json", &of("OnFailure", "sleep 0.5; exit 0"));
    house.pod(&["create", "-f", &file, "--wait", "--timeout", "30s"]).ok();
    assert_eq!(shown(&house, "job", "{.status.phase}"), "Succeeded");
    house.pod(&["delete", "-f", &file]).ok();
    // Unless it is said what of it counts.
    let file = put(&house, "job.json", &of("Never", "trap 'exit 0' TERM; while :; do sleep 0.05; done"));
    house.pod(&["apply", "-f", &file, "--wait=ready", "--timeout", "30s"]).ok();
    assert_eq!(line(&house, "job").1, "Running");
    let late = "timed out waiting for the condition on pods/job";
    house.pod(&["apply", "-f", &file, "--wait", "--timeout", "200ms"]).refuses(1, late);
    house.pod(&["apply", "-f", &file, "--timeout", "1s"]).exits(1);
    gone(&house, &file);
}

/// What cannot become what is wanted goes, if that is asked for, and what is wanted takes its place.
pub(super) fn by_force(user: User) {
    let house = House::new(user);
    image(&house);
    let of = |name: &str| pod("web", &json!({ "containers": [waiting(name, "echo ready;")] }));
    let first = put(&house, "first.json", &of("first"));
    house.pod(&["apply", "-f", &first, "--wait", "--timeout", "30s"]).ok();
    let uid = |house: &House| shown(house, "web", "{.metadata.uid}");
    let before = uid(&house);
    let second = put(&house, "second.json", &of("second"));
    house.pod(&["apply", "-f", &second]).exits(1);
    assert_eq!(uid(&house), before);
    // What is like what is wanted stays.
    assert_eq!(house.pod(&["apply", "--force", "-f", &first]).ok().out(), "pod/web unchanged\n");
    assert_eq!(uid(&house), before);
    let ran = house.pod(&["apply", "--force", "-f", &second, "--wait", "--timeout", "30s"]).ok();
    assert_eq!(ran.out(), "pod/web configured\n");
    assert_ne!(uid(&house), before);
    assert_eq!(shown(&house, "web", "{.spec.containers[0].name} {.status.phase}"), "second Running");
    let ran = house.pod(&["replace", "--force", "-f", &first, "--wait", "--timeout", "30s"]).ok();
    assert_eq!(ran.out(), "pod \"web\" deleted from default namespace\npod/web replaced\n");
    assert_eq!(line(&house, "web").0, "1/1");
    // Without force there is no grace to be given, and who is not valid has nobody go.
    house.pod(&["replace", "-f", &first, "--grace-period", "1"]).exits(1);
    let before = uid(&house);
    let bad = put(&house, "bad.json", &pod("web", &json!({ "containers": [] })));
    house.pod(&["replace", "--force", "-f", &bad]).exits(1);
    assert_eq!(uid(&house), before);
    // A deaf one has a moment, and not the time that it would have.
    let spec = json!({ "containers": [container("main", "trap '' TERM; echo ready; while :; do sleep 0.05; done")] });
    let patient =
        pod("deaf", &spec).replace("\"terminationGracePeriodSeconds\":2", "\"terminationGracePeriodSeconds\":60");
    let deaf = put(&house, "deaf.json", &patient);
    house.pod(&["apply", "-f", &deaf, "--wait", "--timeout", "30s"]).ok();
    house.logged("deaf", "main", "ready");
    let began = Instant::now();
    let force = house.pod(&["delete", "-f", &deaf, "--force"]).ok();
    assert_eq!(force.out(), "pod \"deaf\" force deleted from default namespace\n");
    assert!(began.elapsed().as_secs() < 8, "{:?}", began.elapsed());
    let both = "--force and --grace-period greater than 0 cannot be specified together";
    house.pod(&["delete", "pod", "web", "--force", "--grace-period", "5"]).refuses(1, both);
    gone(&house, &first);
}

/// What a pod would be is shown, and nothing of it is done.
pub(super) fn planned(user: User) {
    let house = House::new(user);
    let file =
        put(&house, "web.json", &pod("web", &json!({ "containers": [waiting("main", "")], "hostNetwork": true })));
    let ran = house.pod(&["apply", "--dry-run=server", "-o", "plan", "-f", &file]).ok();
    let plan = ran.out();
    for line in ["name: web\n", "  network: Hosts\n", "- image: box\n"] {
        assert!(plan.contains(line), "{line:?}: {ran}");
    }
    house.pod(&["apply", "-o", "plan", "-f", &file]).refuses(1, "it takes --dry-run=client or --dry-run=server");
    let profile = json!({ "appArmorProfile": { "type": "RuntimeDefault" } });
    let spec = json!({ "containers": [waiting("main", "")], "securityContext": profile });
    let bad = put(&house, "bad.json", &pod("web", &spec));
    house.pod(&["create", "--dry-run=client", "-o", "plan", "-f", &bad]).refuses(1, "Cannot enforce AppArmor");
    assert_eq!(house.pod(&["get", "pods", "-o", "name"]).ok().out(), "");
}

/// What is answered to each path.
fn server(answers: Vec<(&'static str, String)>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
            let asked = lines.next().unwrap_or_default();
            while lines.next().is_some_and(|line| !line.is_empty()) {}
            let path = asked.split(' ').nth(1).unwrap_or_default().to_owned();
            let found = answers.iter().find(|(known, _)| *known == path);
            let answer = found.map_or("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", |(_, answer)| answer);
            // Who has seen enough reads no more.
            let _gone = stream.write_all(answer.as_bytes());
        }
    });
    port
}

pub(super) fn from_addresses(user: User) {
    let house = House::new(user);
    let map = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "there" } }).to_string();
    let given =
        |body: &str| format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
    let elsewhere =
        |to: &str| format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    let port = server(vec![
        ("/map.json", given(&map)),
        ("/moved", elsewhere("/map.json")),
        ("/away", elsewhere("http://192.0.2.1/map.json")),
        ("/round", elsewhere("/round")),
        ("/large", given(&"# a line of a comment\n".repeat(800_000))),
    ]);
    let apply = |path: &str| house.pod(&["apply", "-f", &format!("http://127.0.0.1:{port}{path}")]);
    assert_eq!(apply("/map.json").ok().out(), "configmap/there created\n");
    assert_eq!(apply("/moved").ok().out(), "configmap/there unchanged\n");
    apply("/nosuch").refuses(1, "answers 404 when asked for /nosuch");
    apply("/away").refuses(1, "leads to http://192.0.2.1/map.json, where anybody could read and change what is said");
    apply("/round").refuses(1, "without an end");
    apply("/large").refuses(1, "is larger than the 16777216 bytes that are read of it");
    let far = "is read over http from this machine only; https will do";
    house.pod(&["apply", "-f", "http://192.0.2.1/x.yaml"]).refuses(1, far);
    // Nobody who does not prove who it is is believed by https.
    house.pod(&["apply", "-f", &format!("https://127.0.0.1:{port}/map.json")]).exits(1);
    let kept: Value = house.pod(&["get", "cm", "there", "-o", "json"]).json();
    assert_eq!(kept["metadata"]["name"], "there");
    house.pod(&["delete", "cm", "--all"]).ok();
    assert!(fs::read_dir(house.state()).unwrap().next().is_none());
}

/// Without a name it is the container that a kubectl would take, and not the sandbox.
pub(super) fn entered(user: User) {
    let house = House::new(user);
    image(&house);
    let one = waiting("one", "echo one; touch /one;");
    let other = waiting("other", "echo other; touch /other;");
    let mut value: serde_json::Value =
        serde_json::from_str(&pod("two", &json!({ "containers": [one, other] }))).unwrap();
    let file = put(&house, "two.json", &value.to_string());
    house.pod(&["apply", "-f", &file, "--wait", "--timeout", "30s"]).ok();
    house.logged("two", "one", "one");
    let said = "Defaulted container \"one\" out of: one, other\n";
    let ran = house.pod(&["exec", "two", "--", "ls", "/one"]).ok();
    assert_eq!((ran.out().as_str(), ran.err().as_str()), ("/one\n", said));
    let ran = house.pod(&["logs", "two"]).ok();
    assert_eq!((ran.out().as_str(), ran.err().as_str()), ("one\n", said));
    let ran = house.pod(&["exec", "two", "-c", "other", "--", "ls", "/other"]).ok();
    assert_eq!((ran.out().as_str(), ran.err().as_str()), ("/other\n", ""));
    house.pod(&["cp", "two:/one", "copied"]).ok();
    house.pod(&["cp", "two:/other", "copied"]).refuses(125, "cannot find two:/other");
    // Who wrote it may have said which, and may say so later.
    value["metadata"]["annotations"] = json!({ "kubectl.kubernetes.io/default-container": "other" });
    let file = put(&house, "two.json", &value.to_string());
    house.pod(&["apply", "-f", &file]).ok();
    house.logged("two", "other", "other");
    let ran = house.pod(&["exec", "two", "--", "ls", "/other"]).ok();
    assert_eq!((ran.out().as_str(), ran.err().as_str()), ("/other\n", ""));
    gone(&house, &file);
}

/// A namespace goes with what is in it, its pods first, and each of these in its time.
pub(super) fn with_their_namespace(user: User) {
    let house = House::new(user);
    image(&house);
    let slow = container("main", "trap 'sleep 0.5; exit 0' TERM; echo ready; while :; do sleep 0.05; done");
    let file = put(&house, "a.json", &pod("a", &json!({ "containers": [slow] })));
    let other = put(&house, "b.json", &pod("b", &json!({ "containers": [waiting("main", "")] })));
    let apply = |wait: &[&str]| {
        house.pod(&["create", "cm", "conf", "-n", "space", "--from-literal=a=b"]).ok();
        house.pod(&[&["apply", "-n", "space", "-f", &file, "-f", &other], wait].concat()).ok();
    };
    apply(&["--wait", "--timeout", "30s"]);
    let ran = house.pod(&["delete", "ns", "space"]).ok();
    assert_eq!((ran.out().as_str(), ran.err().as_str()), ("namespace \"space\" deleted\n", ""));
    assert_eq!(house.pod(&["get", "pods,cm", "-A", "-o", "name"]).ok().out(), "");
    assert_eq!(house.pod(&["get", "ns", "-o", "name"]).ok().out(), "namespace/default\n");
    house.nothing_is_left();
    // Nothing new comes where all goes, and somebody else sees to it that it does.
    apply(&["--wait", "--timeout", "30s"]);
    // Whoever attends to it waits until all has been looked at.
    let attendant = Pid::from_raw(house.process_named("pod attend space a "));
    kill(attendant, Signal::SIGSTOP).unwrap();
    house.pod(&["delete", "ns", "space", "--wait=false"]).ok();
    let seen = house.pod(&["get", "ns", "space", "--no-headers"]).ok().out();
    assert!(seen.contains("Terminating"), "{seen}");
    let trouble = "Error from server (Forbidden): configmaps \"new\" is forbidden: unable to create new content in \
                   namespace space because it is being terminated";
    house.pod(&["create", "cm", "new", "-n", "space"]).exits(1);
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: new, namespace: space}\n";
    let ran = house.pod(&["create", "-f", &put(&house, "map.yaml", map)]).exits(1);
    let said = ran.err().replace(&format!("error when creating {:?}: ", house.work().join("map.yaml")), "");
    assert_eq!(said, format!("{trouble}\n"));
    kill(attendant, Signal::SIGCONT).unwrap();
    eventually("the namespace is gone", || {
        (house.pod(&["get", "ns", "-o", "name"]).ok().out() == "namespace/default\n").then_some(())
    });
    assert_eq!(house.pod(&["get", "pods,cm", "-A", "-o", "name"]).ok().out(), "");
    house.nothing_is_left();
}

/// What was kept of a pod that is no more goes when pods are started, and nothing of one that is.
pub(super) fn swept(user: User) {
    let house = House::new(user);
    image(&house);
    let file = put(&house, "web.json", &pod("web", &json!({ "containers": [waiting("main", "echo ready;")] })));
    house.pod(&["apply", "-f", &file, "--wait", "--timeout", "30s"]).ok();
    let kept = house.work().join("data/pods");
    let left = kept.join("0f6ff0e1-3a7b-4a8f-8a44-0a7c2d0b5f11");
    fs::create_dir_all(left.join("volumes/data")).unwrap();
    fs::write(left.join("machine.json"), "{").unwrap();
    house.user.owns(&left);
    house.pod(&["start", "--all"]).ok();
    let names: Vec<_> = fs::read_dir(&kept).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    let uid = shown(&house, "web", "{.metadata.uid}");
    assert_eq!(names, [uid.as_str()]);
    house.logged("web", "main", "ready");
    gone(&house, &file);
}
