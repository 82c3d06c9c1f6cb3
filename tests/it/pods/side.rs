//! Every state side by side, thirteen minutes on: the columns that a real cluster (1.36) showed of the same pods.
//! Those that its scheduler kept are not among them, for here nothing is scheduled.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::cluster::{hungry, of};
use super::{image, pod, put};
use crate::house::{House, User};

/// NAME, READY, STATUS, RESTARTS, phase, reason, and of the container why it waits, how it ended and with what, and how
/// it and with what it ended before.
const COLUMNS: &str = "
again    0/1 CrashLoopBackOff           7 Running   -                CrashLoopBackOff           -         -   Completed  0
badimage 0/1 InvalidImageName           0 Pending   -                InvalidImageName           -         -   -          -
crash    0/1 CrashLoopBackOff           7 Running   -                CrashLoopBackOff           -         -   Error      3
done1    0/1 Completed                  0 Succeeded -                -                          Completed 0   -          -
fail1    0/1 Error                      0 Failed    -                -                          Error     3   -          -
hook     0/1 CrashLoopBackOff           7 Running   -                CrashLoopBackOff           -         -   Error      137
hook2    1/1 Running                    0 Running   -                -                          -         -   -          -
missing  0/1 ImagePullBackOff           0 Pending   -                ImagePullBackOff           -         -   -          -
msg      0/1 Error                      0 Failed    -                -                          Error     2   -          -
msg2     0/1 Error                      0 Failed    -                -                          Error     2   -          -
never    0/1 ErrImageNeverPull          0 Pending   -                ErrImageNeverPull          -         -   -          -
nocm     0/1 CreateContainerConfigError 0 Pending   -                CreateContainerConfigError -         -   -          -
nocmd    0/1 CrashLoopBackOff           7 Running   -                CrashLoopBackOff           -         -   StartError 128
nodir    0/1 CrashLoopBackOff           7 Running   -                CrashLoopBackOff           -         -   StartError 128
nohost   0/1 ContainerCreating          0 Pending   -                ContainerCreating          -         -   -          -
nonroot  0/1 CreateContainerConfigError 0 Pending   -                CreateContainerConfigError -         -   -          -
nosec    0/1 CreateContainerConfigError 0 Pending   -                CreateContainerConfigError -         -   -          -
novol    0/1 ContainerCreating          0 Pending   -                ContainerCreating          -         -   -          -
oom      0/1 CrashLoopBackOff           7 Running   -                CrashLoopBackOff           -         -   OOMKilled  137
oomchild 0/1 OOMKilled                  0 Succeeded -                -                          OOMKilled 0   -          -
quota    0/1 Error                      0 Failed    Evicted          -                          Error     137 -          -
third    0/1 Completed                  2 Succeeded -                -                          Completed 0   Error      1
toolong  0/1 Error                      0 Failed    DeadlineExceeded -                          Error     137 -          -
";

/// What is shown of a pod.
type Row = [String; 10];

fn wanted() -> BTreeMap<&'static str, Row> {
    let row = |line: &'static str| {
        let mut words = line.split_whitespace();
        let name = words.next().unwrap();
        let row: Vec<String> = words.map(|word| word.replace('-', "<none>")).collect();
        (name, row.try_into().unwrap())
    };
    COLUMNS.lines().filter(|line| !line.is_empty()).map(row).collect()
}

/// Manifests that the cluster had and nothing else is compared of.
fn others() -> Vec<(&'static str, Value)> {
    let main = |what: &Value| {
        let mut it = json!({ "name": "main", "image": "busybox:1.36" });
        it.as_object_mut().unwrap().extend(what.as_object().unwrap().clone());
        json!({ "containers": [it], "terminationGracePeriodSeconds": 1 })
    };
    let mut fails = main(&json!({ "command": ["sh", "-c", "exit 3"] }));
    fails["restartPolicy"] = json!("Never");
    let key = json!({ "configMapKeyRef": { "name": "nosuch", "key": "k" } });
    let hook = json!({ "postStart": { "exec": { "command": ["sh", "-c", "exit 1"] } } });
    let sleeps = ["sh", "-c", "sleep 1000"];
    vec![
        ("fail1", fails),
        ("hook", main(&json!({ "command": sleeps, "lifecycle": hook }))),
        ("nocm", main(&json!({ "command": sleeps, "env": [{ "name": "A", "valueFrom": key }] }))),
        ("nocmd", main(&json!({ "command": ["/no/such/program"] }))),
        ("nodir", main(&json!({ "command": sleeps, "workingDir": "/etc/passwd" }))),
    ]
}

pub(super) fn by_side(user: User) {
    let house = House::new(user);
    image(&house);
    house.pod(&["image", "import", "root.tar", "busybox:1.36"]).ok();
    hungry(&house);
    let mut wanted = wanted();
    let cases = of(user);
    let manifests = cases.iter().filter(|case| case.text("seen") != "after its pause was killed");
    let manifests: BTreeMap<&str, String> = manifests
        .map(|case| (case.text("name"), case.text("manifest").to_owned()))
        .chain(others().into_iter().map(|(name, spec)| (name, pod(name, &spec))))
        .filter(|(name, _)| wanted.contains_key(name))
        .collect();
    wanted.retain(|name, _| manifests.contains_key(name));
    // Only who waits for minutes has them pass quickly: a deadline of seconds would be over before a container starts.
    let (loops, others): (Vec<_>, Vec<_>) = manifests.into_iter().partition(|(name, _)| wanted[name][2] == "7");
    for (file, manifests, speed) in [("loops.yaml", loops, "100"), ("others.yaml", others, "1")] {
        let documents: Vec<String> = manifests.into_iter().map(|(_, manifest)| manifest).collect();
        let file = put(&house, file, &documents.join("\n---\n"));
        house.finish(house.command("pod").args(["apply", "-f", &file]).env("POD_CLOCK_SPEED", speed)).ok();
    }
    // Each comes to be shown so, though not all of them at one moment: here a container's own time is no faster.
    let deadline = Instant::now() + Duration::from_secs(120);
    while !wanted.is_empty() {
        let found = shown(&house);
        wanted.retain(|name, row| found.get(*name) != Some(row));
        let differs = |(name, row): (&&str, &Row)| format!("{name}: {row:?}, not {:?}", found.get(*name));
        let differ = || wanted.iter().map(differs).collect::<Vec<String>>().join("\n");
        assert!(Instant::now() < deadline, "{}", differ());
    }
    house.pod(&["delete", "pods", "--all", "--grace-period", "1"]).ok();
    house.nothing_is_left();
}

fn shown(house: &House) -> BTreeMap<String, Row> {
    let of_container = [
        ".state.waiting.reason",
        ".state.terminated.reason",
        ".state.terminated.exitCode",
        ".lastState.terminated.reason",
        ".lastState.terminated.exitCode",
    ];
    let of_container = of_container.map(|path| format!(",C:.status.containerStatuses[0]{path}")).concat();
    let format = format!("custom-columns=N:.metadata.name,P:.status.phase,R:.status.reason{of_container}");
    let table = house.pod(&["get", "pods", "--no-headers"]).ok().out();
    let values = house.pod(&["get", "pods", "--no-headers", "-o", &format]).ok().out();
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<String>>();
    let values: BTreeMap<String, Vec<String>> =
        values.lines().map(|line| (words(line)[0].clone(), words(line)[1..].to_vec())).collect();
    let row = |line: &str| {
        let line = words(line);
        let row: Vec<String> = line[1..4].iter().chain(values.get(&line[0])?).cloned().collect();
        Some((line[0].clone(), row.try_into().ok()?))
    };
    table.lines().filter_map(row).collect()
}
