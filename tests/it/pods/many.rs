//! Many pods at once, many documents, and documents that are wrong.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{image, line, pod, put, waiting};
use crate::house::{House, User, eventually, workspace};

/// How many pods of two containers.
const MANY: usize = 10;

/// How much of the stack of who attends to a pod is resident while nothing is due, in kB: what launching has touched of it
/// is given back. Of the program as much is as there is in folios of the page cache, which nobody chooses.
const AT_REST: u64 = 96;

pub(super) fn at_once(user: User) {
    let house = House::new(user);
    image(&house);
    let probed = |name: &str| {
        let mut it = waiting(name, "touch /up;");
        it["readinessProbe"] = json!({ "exec": { "command": ["test", "-e", "/up"] }, "periodSeconds": 1 });
        it
    };
    let spec = json!({ "containers": [probed("one"), probed("two")] });
    let documents: Vec<String> = (0..MANY).map(|number| pod(&format!("web-{number}"), &spec)).collect();
    let file = put(&house, "many.yaml", &documents.join("\n---\n"));
    let ran = house.pod(&["apply", "-f", &file]).ok();
    assert_eq!(ran.out().lines().count(), MANY, "{ran}");
    eventually("all are ready", || {
        let out = house.pod(&["get", "pods", "--no-headers"]).ok().out();
        (out.lines().filter(|line| line.contains("2/2") && line.contains("Running")).count() == MANY).then_some(())
    });
    house.pod(&["delete", "-f", &file]).ok();
    house.nothing_is_left();
    assert_eq!(house.pod(&["get", "pods", "-o", "name"]).ok().out(), "");
}

/// Where a user may watch nothing more, pods begin, change and end all the same: in a user namespace, which has a limit
/// of its own.
pub(super) fn unwatched() {
    let house = House::new(User::Root);
    image(&house);
    let spec = json!({ "containers": [waiting("main", "")] });
    let file = put(&house, "web.yaml", &pod("web", &spec));
    let script = "echo 0 > /proc/sys/user/max_inotify_instances && pod apply -f \"$1\" --wait --timeout 20s &&
        pod get pods --no-headers && pod delete -f \"$1\" --timeout 20s";
    let mut command = house.command("unshare");
    command.args(["--user", "--map-root-user", "sh", "-c", script, "sh", &file]);
    let ran = house.finish(&mut command).ok();
    assert!(ran.out().contains("1/1") && ran.out().contains("Running"), "{ran}");
    house.nothing_is_left();
}

/// Whoever attends to a pod of which nothing is due sleeps, whatever becomes of others; and is woken by what is about it.
pub(super) fn asleep(user: User) {
    let house = House::new(user);
    image(&house);
    house.pod(&["create", "configmap", "conf", "--from-literal=greeting=hello"]).ok();
    let mut reader = waiting("main", "");
    reader["volumeMounts"] = json!([{ "name": "conf", "mountPath": "/conf" }]);
    let two = json!({ "containers": [waiting("one", ""), waiting("two", "")] });
    let of_files = json!({ "containers": [reader], "volumes": [{ "name": "conf", "configMap": { "name": "conf" } }] });
    let file = put(&house, "idle.yaml", &[pod("idle", &two), pod("reader", &of_files)].join("\n---\n"));
    house.pod(&["apply", "-f", &file, "--wait", "--timeout", "30s"]).ok();
    let attendants = ["idle", "reader"].map(|name| house.process_named(&format!("pod attend default {name} ")));
    let woken = |before: &[BTreeMap<PathBuf, u64>; 2]| [0, 1].map(|which| was_woken(attendants[which], &before[which]));
    // What was busy gives memory back after a while.
    let deadline = Instant::now() + Duration::from_secs(30);
    let mut before = attendants.map(switches);
    loop {
        sleep(Duration::from_secs(3));
        if woken(&before) == [false, false] {
            break;
        }
        assert!(Instant::now() < deadline, "somebody who attends to an idle pod is woken again and again: {before:?}");
        before = attendants.map(switches);
    }
    for attendant in attendants {
        let resident = stack(attendant);
        assert!(resident <= AT_REST, "{resident} kB of the stack of who attends to an idle pod are resident");
    }
    // One comes, changes, and goes.
    let other = put(&house, "other.yaml", &pod("other", &two));
    house.pod(&["apply", "-f", &other, "--wait", "--timeout", "30s"]).ok();
    house.pod(&["label", "pod", "other", "tier=front"]).ok();
    house.pod(&["delete", "-f", &other]).ok();
    assert_eq!(woken(&before), [false, false], "what happens to others wakes nobody");
    let changed = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\ndata: {greeting: bye}\n";
    house.pod(&["apply", "-f", &put(&house, "conf.yaml", changed)]).ok();
    let seen = || house.pod(&["exec", "reader", "--", "cat", "/conf/greeting"]).ok().out();
    eventually("the volume is as the config map", || (seen() == "bye").then_some(()));
    assert_eq!(woken(&before), [false, true], "who has no files of it is not woken by a config map");
    house.pod(&["delete", "-f", &file]).ok();
    house.pod(&["delete", "cm", "--all"]).ok();
    house.nothing_is_left();
}

/// How much of a process's first stack is resident, in kB.
fn stack(process: i32) -> u64 {
    let maps = fs::read_to_string(format!("/proc/{process}/smaps")).unwrap();
    let mut of_it = maps.lines().skip_while(|line| !line.ends_with("[stack]"));
    let line = of_it.find(|line| line.starts_with("Rss:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// How often each thread of a process was switched to.
fn switches(process: i32) -> BTreeMap<PathBuf, u64> {
    let threads = fs::read_dir(format!("/proc/{process}/task")).unwrap().map(|thread| thread.unwrap().path());
    let of = |status: String| {
        let counted = status.lines().filter(|line| line.contains("ctxt_switches:"));
        counted.map(|line| line.split_whitespace().last().unwrap().parse::<u64>().unwrap()).sum()
    };
    // A thread may end meanwhile.
    threads.filter_map(|thread| Some((thread.clone(), of(fs::read_to_string(thread.join("status")).ok()?)))).collect()
}

/// Whether a process has done anything since; threads that have had nothing to do for ten seconds end.
fn was_woken(process: i32, before: &BTreeMap<PathBuf, u64>) -> bool {
    switches(process).iter().any(|(thread, count)| before.get(thread) != Some(count))
}

/// One bad document among good ones keeps none of the others from being applied.
pub(super) fn one_bad_among_good(user: User) {
    let house = House::new(user);
    image(&house);
    let good = |name: &str| pod(name, &json!({ "containers": [waiting("main", "")] }));
    let misspelt = good("misspelt").replace("\"command\"", "\"comand\"");
    let invalid = good("invalid").replace("\"main\"", "\"Main_1\"");
    let unknown = "apiVersion: v1\nkind: Pods\nmetadata: {name: a}\n";
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: map}\ndata: {a: b}\n";
    let documents = [&good("first"), &misspelt, map, &invalid, unknown, &good("last")];
    let file = put(&house, "many.yaml", &documents.join("\n---\n"));
    let ran = house.pod(&["apply", "-f", &file]).exits(1);
    assert_eq!(ran.out(), "pod/first created\nconfigmap/map created\npod/last created\n", "{ran}");
    let said = ran.err();
    for words in [
        "strict decoding error: unknown field \"spec.containers[0].comand\"",
        "The Pod \"invalid\" is invalid: spec.containers[0].name: Invalid value: \"Main_1\"",
        "no matches for kind \"Pods\" in version \"v1\"",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    for name in ["first", "last"] {
        eventually("it runs", || (line(&house, name).1 == "Running").then_some(()));
    }
    assert_eq!(house.pod(&["get", "pods", "-o", "name"]).ok().out(), "pod/first\npod/last\n");
    house.pod(&["delete", "pods,cm", "--all"]).ok();
    house.nothing_is_left();
}

/// What a cluster refuses is refused in its words, and nothing is made of it.
pub(super) fn refused(user: User) {
    let house = House::new(user);
    let known = fs::read_to_string(workspace().join("manifest/tests/data/cluster.json")).unwrap();
    let known: Value = serde_json::from_str(&known).unwrap();
    for case in known["refused"].as_array().unwrap() {
        let (manifest, said) = (case["manifest"].as_str().unwrap(), case["said"].as_str().unwrap());
        // Nothing runs Deployments here, and not every pod may see all processes: that comes before what is wrong.
        if said.contains("Deployment") || said.contains("HostPID") {
            continue;
        }
        let file = said.split('"').find(|part| part.ends_with(".yaml")).unwrap_or("x.yaml");
        put(&house, file, manifest);
        let ran = house.pod(&["create", "-f", file]).exits(1);
        assert!(ran.err().starts_with(said) && ran.out().is_empty(), "not {said}: {ran}");
    }
    assert_eq!(house.pod(&["get", "pods", "-o", "name"]).ok().out(), "");
}
