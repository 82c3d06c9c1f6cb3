//! What `get` says of pods that do not simply run, each as it is seen while that goes on.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{container, image, line, pod, put, shown, waiting};
use crate::house::{House, User, eventually};

/// Applies pods, and looks until each has been seen in these words, one after the other; more may lie between them.
fn seen(house: &House, pods: &[(&str, Value, &[&str])]) {
    let mut files = Vec::new();
    for (name, spec, _) in pods {
        files.extend(["-f".to_owned(), put(house, &format!("{name}.json"), &pod(name, spec))]);
    }
    let words: Vec<&str> = ["apply"].into_iter().chain(files.iter().map(String::as_str)).collect();
    house.pod(&words).ok();
    let mut said: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        for line in house.pod(&["get", "pods", "--no-headers"]).ok().out().lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            let said = said.entry(words[0].to_owned()).or_default();
            if said.last().is_none_or(|last| last != words[2]) {
                said.push(words[2].to_owned());
            }
        }
        let is_seen = |(name, _, wanted): &(&str, Value, &[&str])| {
            let mut said = said.get(*name).into_iter().flatten();
            wanted.iter().all(|wanted| said.any(|word| word == wanted))
        };
        if pods.iter().all(is_seen) {
            return;
        }
        let missing: Vec<_> = pods.iter().filter(|pod| !is_seen(pod)).map(|(name, _, words)| (name, words)).collect();
        assert!(Instant::now() < deadline, "{missing:?} not seen: {said:?}");
    }
}

/// How the first of a pod's containers is shown to have ended, or why it waits.
fn state(house: &House, name: &str) -> String {
    let state = "{.status.containerStatuses[0].state";
    let path = format!("{state}.terminated.exitCode}} {state}.terminated.reason}} {state}.waiting.reason}}");
    shown(house, name, &path).trim().to_owned()
}

fn all_gone(house: &House) {
    house.pod(&["delete", "pods", "--all"]).ok();
    house.nothing_is_left();
}

/// A container with something besides.
fn with(mut container: Value, field: &str, value: Value) -> Value {
    container[field] = value;
    container
}

/// A pod of one container that is never started again.
fn once(script: &str) -> Value {
    json!({ "restartPolicy": "Never", "containers": [container("main", script)] })
}

pub(super) fn of_ends(user: User) {
    let house = House::new(user);
    image(&house);
    let mut signalled = once("kill -SEGV $$$$");
    signalled["shareProcessNamespace"] = json!(true);
    let half = json!({ "restartPolicy": "Never", "containers": [container("main", "exit 0"), waiting("other", "")] });
    let again = json!({ "containers": [container("main", "exit 0")] });
    let program = |policy: &str| {
        let main = with(container("main", ""), "command", json!(["/nosuch"]));
        json!({ "restartPolicy": policy, "containers": [main] })
    };
    seen(
        &house,
        &[
            ("completed", once("exit 0"), &["Completed"]),
            ("failed", once("exit 3"), &["Error"]),
            ("signalled", signalled, &["Error"]),
            ("half", half, &["NotReady"]),
            ("again", again, &["Completed", "CrashLoopBackOff"]),
            ("crash", json!({ "containers": [container("main", "exit 7")] }), &["Error", "CrashLoopBackOff"]),
            ("unstarted", program("Never"), &["StartError"]),
            ("unstartable", program("Always"), &["RunContainerError", "CrashLoopBackOff"]),
        ],
    );
    assert_eq!(state(&house, "completed"), "0 Completed");
    assert_eq!(state(&house, "failed"), "3 Error");
    assert_eq!(state(&house, "signalled"), "139 Error");
    assert_eq!(state(&house, "unstarted"), "128 StartError");
    assert_eq!(line(&house, "half"), ("1/2".to_owned(), "NotReady".to_owned(), "0".to_owned()));
    for (name, phase) in [("completed", "Succeeded"), ("failed", "Failed"), ("half", "Running"), ("crash", "Running")] {
        assert_eq!(shown(&house, name, "{.status.phase}"), phase, "{name}");
    }
    all_gone(&house);
}

pub(super) fn of_what_comes_before(user: User) {
    let house = House::new(user);
    image(&house);
    let main = || waiting("main", "");
    let slow = |name: &str| container(name, "sleep 0.7");
    let hooked = with(main(), "lifecycle", json!({ "postStart": { "sleep": { "seconds": 1 } } }));
    let failing = |policy: &str| json!({ "restartPolicy": policy, "initContainers": [container("setup", "exit 1")], "containers": [main()] });
    let never = with(container("setup", ""), "image", json!("nosuch:1"));
    seen(
        &house,
        &[
            (
                "two",
                json!({ "initContainers": [slow("one"), slow("two")], "containers": [hooked] }),
                &["Init:0/2", "Init:1/2", "PodInitializing", "Running"],
            ),
            (
                "creating",
                json!({ "containers": [with(main(), "lifecycle", json!({ "postStart": { "sleep": { "seconds": 1 } } }))] }),
                &["ContainerCreating", "Running"],
            ),
            ("trying", failing("Always"), &["Init:Error", "Init:CrashLoopBackOff"]),
            ("failing", failing("Never"), &["Init:Error"]),
            ("imageless", json!({ "initContainers": [never], "containers": [main()] }), &["Init:ErrImageNeverPull"]),
        ],
    );
    eventually("it has failed", || (shown(&house, "failing", "{.status.phase}") == "Failed").then_some(()));
    assert_eq!(shown(&house, "trying", "{.status.phase}"), "Pending");
    assert_eq!(state(&house, "failing"), "PodInitializing");
    all_gone(&house);
}

pub(super) fn of_images(user: User) {
    let house = House::new(user);
    image(&house);
    let of = |image: &str, policy: &str| {
        let main = with(waiting("main", ""), "image", json!(image));
        json!({ "containers": [with(main, "imagePullPolicy", json!(policy))] })
    };
    // Nobody listens to that port.
    let nowhere = "127.0.0.1:1/nosuch:1";
    let mounting = with(waiting("main", ""), "volumeMounts", json!([{ "name": "v", "mountPath": "/v" }]));
    let volume = json!([{ "name": "v", "image": { "reference": nowhere, "pullPolicy": "IfNotPresent" } }]);
    let mounting = json!({ "containers": [mounting], "volumes": volume });
    seen(
        &house,
        &[
            ("missing", of(nowhere, "IfNotPresent"), &["ErrImagePull", "ImagePullBackOff"]),
            ("mounting", mounting, &["ErrImagePull", "ImagePullBackOff"]),
            ("never", of("nosuch:1", "Never"), &["ErrImageNeverPull"]),
            ("misspelt", of("Nginx:1", "IfNotPresent"), &["InvalidImageName"]),
        ],
    );
    for name in ["missing", "mounting"] {
        let message = shown(&house, name, "{.status.containerStatuses[0].state.waiting.message}");
        assert!(message.starts_with("Back-off pulling image \"127.0.0.1:1/nosuch:1\": ErrImagePull: "), "{message}");
    }
    for name in ["missing", "mounting", "never", "misspelt"] {
        assert_eq!(shown(&house, name, "{.status.phase}"), "Pending", "{name}");
    }
    all_gone(&house);
}

pub(super) fn of_failures(user: User) {
    let house = House::new(user);
    image(&house);
    let main = || waiting("main", "");
    let rooted = json!({ "securityContext": { "runAsNonRoot": true }, "containers": [main()] });
    let forbidden = json!([{ "name": "kernel.msgmax", "value": "65536" }]);
    let forbidden = json!({ "securityContext": { "sysctls": forbidden }, "containers": [main()] });
    let late = json!({ "activeDeadlineSeconds": 1, "containers": [main()] });
    let unmounted = with(main(), "volumeMounts", json!([{ "name": "v", "mountPath": "/v" }]));
    let unmounted =
        json!({ "containers": [unmounted], "volumes": [{ "name": "v", "configMap": { "name": "nosuch" } }] });
    seen(
        &house,
        &[
            ("rooted", rooted, &["CreateContainerConfigError"]),
            ("forbidden", forbidden, &["SysctlForbidden"]),
            // A cluster has no other word for it either.
            ("late", late, &["Running", "Completed"]),
            ("unmounted", unmounted, &["ContainerCreating"]),
        ],
    );
    assert_eq!(shown(&house, "forbidden", "{.status.phase} {.status.reason}"), "Failed SysctlForbidden");
    assert_eq!(shown(&house, "late", "{.status.phase} {.status.reason}"), "Failed DeadlineExceeded");
    all_gone(&house);
}

pub(super) fn of_one_that_has_used_too_much(user: User) {
    let house = House::new(user);
    image(&house);
    let mut main = waiting("main", "busybox dd if=/dev/zero of=/v/x bs=1M count=2 2>/dev/null;");
    main["volumeMounts"] = json!([{ "name": "v", "mountPath": "/v" }]);
    let spec = json!({ "containers": [main], "volumes": [{ "name": "v", "emptyDir": { "sizeLimit": "1Mi" } }] });
    let file = put(&house, "full.json", &pod("full", &spec));
    // It is looked at every ten seconds.
    house.finish(house.command("pod").args(["apply", "-f", &file]).env("POD_CLOCK_SPEED", "20")).ok();
    eventually("it is evicted", || {
        (shown(&house, "full", "{.status.phase} {.status.reason}") == "Failed Evicted").then_some(())
    });
    let message = "Usage of EmptyDir volume \"v\" exceeds the limit \"1Mi\". ";
    assert_eq!(shown(&house, "full", "{.status.message}"), message);
    all_gone(&house);
}

/// Whose memory is limited is not everybody's to say.
pub(super) fn of_one_without_memory() {
    let house = House::new(User::Root);
    image(&house);
    let main = container("main", "exec busybox tail /dev/zero");
    let main = with(main, "resources", json!({ "limits": { "memory": "16Mi" } }));
    let again = json!({ "containers": [main] });
    let mut once = again.clone();
    once["restartPolicy"] = json!("Never");
    seen(&house, &[("once", once, &["OOMKilled"]), ("again", again, &["OOMKilled", "CrashLoopBackOff"])]);
    assert_eq!(state(&house, "once"), "137 OOMKilled");
    all_gone(&house);
}

/// The waits of a kubelet, on a clock that goes a hundred times as fast.
pub(super) fn of_a_crash_loop(user: User) {
    const SPEED: f64 = 100.0;
    let house = House::new(user);
    image(&house);
    let file = put(&house, "crash.json", &pod("crash", &json!({ "containers": [container("main", "exit 7")] })));
    for wrong in ["", "0", "-1", "fast", "1001"] {
        let mut command = house.command("pod");
        let ran = house.finish(command.args(["apply", "-f", &file]).env("POD_CLOCK_SPEED", wrong));
        ran.refuses(125, "POD_CLOCK_SPEED is a whole number from 1 to 1000");
    }
    house.finish(house.command("pod").args(["apply", "-f", &file]).env("POD_CLOCK_SPEED", "100")).ok();
    let mut began = Vec::new();
    eventually("it has been started six times", || {
        let restarts: usize = line(&house, "crash").2.parse().unwrap();
        began.resize_with(restarts.max(began.len()), Instant::now);
        (began.len() >= 6).then_some(())
    });
    let waits: Vec<f64> = began.windows(2).map(|pair| (pair[1] - pair[0]).as_secs_f64() * SPEED).collect();
    for (wait, least) in waits.iter().zip([10.0, 20.0, 40.0, 80.0, 160.0]) {
        // How long it takes to start it comes on top, a hundred times as long.
        assert!((least * 0.8..least + 60.0).contains(wait), "{waits:?}");
    }
    all_gone(&house);
}

/// What a pod may have is more than what its containers may have: who has the most of it is killed, within its own limit.
pub(super) fn of_one_without_memory_together() {
    let house = House::new(User::Root);
    image(&house);
    let hold =
        container("hold", "x=$(busybox dd if=/dev/zero bs=1M count=24 2>/dev/null | busybox tr '\\0' x); sleep 1000");
    let grow = container("grow", "while test ! -e /all/go; do sleep 0.05; done; exec busybox tail /dev/zero");
    let mut grow = with(grow, "volumeMounts", json!([{ "name": "all", "mountPath": "/all" }]));
    grow["resources"] = json!({ "limits": { "memory": "40Mi" } });
    let spec = json!({
        "restartPolicy": "Never", "containers": [hold, grow], "volumes": [{ "name": "all", "emptyDir": {} }],
        "resources": { "limits": { "memory": "40Mi", "cpu": "500m" }, "requests": { "cpu": "250m" } },
    });
    let file = put(&house, "both.json", &pod("both", &spec));
    house.pod(&["apply", "-f", &file]).ok();
    eventually("both run", || (line(&house, "both").0 == "2/2").then_some(()));
    let pid = house.workload("both", "grow")["process"]["pid"].as_i64().unwrap();
    let together = |version1: &str, version2: &str| crate::limits::above(pid, &[version1, version2]);
    assert_eq!(together("memory.limit_in_bytes", "memory.max").as_deref(), Some("41943040"));
    let quota = together("cpu.cfs_quota_us", "cpu.max").unwrap();
    assert!(quota == "50000" || quota == "50000 100000", "{quota}");
    let shares = together("cpu.shares", "cpu.weight").unwrap();
    assert!(shares != "1024" && shares != "100", "{shares}");
    house.pod(&["exec", "both", "-c", "grow", "--", "touch", "/all/go"]).ok();
    let reason = |index: usize| {
        shown(&house, "both", &format!("{{.status.containerStatuses[{index}].state.terminated.reason}}"))
    };
    eventually("who held the most is killed", || (reason(0) == "OOMKilled").then_some(()));
    all_gone(&house);
}
