//! Pods that have ended, and are made room of.

use std::fs;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;

use super::{becomes, container, image, pod, put, waiting};
use crate::house::{House, User, eventually};

pub(super) fn ended(user: User) {
    let house = House::new(user);
    image(&house);
    let once = |name: &str, script: &str| {
        let spec = json!({ "restartPolicy": "Never", "containers": [container("main", script)] });
        put(&house, &format!("{name}.json"), &pod(name, &spec))
    };
    let done = once("done", "dd if=/dev/zero of=/big bs=65536 count=64; exit 0");
    let failed = once("failed", "exit 3");
    let runs = put(&house, "runs.json", &pod("runs", &json!({ "containers": [waiting("main", "")] })));
    house.pod(&["apply", "-f", &done, "-f", &failed]).ok();
    house.pod(&["apply", "-f", &runs, "--wait", "--timeout", "30s"]).ok();
    becomes(&house, "done", "Completed");
    becomes(&house, "failed", "Error");
    house.pod(&["create", "dead"]).ok();
    house.pod(&["create", "alive"]).ok();
    kill(Pid::from_raw(house.pause("dead")), Signal::SIGKILL).unwrap();
    eventually("it is dead", || (house.describe("dead")["status"] == "Dead").then_some(()));
    let names = |house: &House| house.pod(&["get", "pods", "-o", "name"]).ok().out();
    let all = "pod/done\npod/failed\npod/runs\n";
    let tried = house.pod(&["prune", "--dry-run"]).ok().out();
    let lines = "pod \"done\" pruned from default namespace (dry run)\npod \"failed\" pruned from default namespace (dry \
                 run)\npod \"dead\" pruned (dry run)\nTotal reclaimed space: ";
    assert!(tried.starts_with(lines) && tried.ends_with("MB (dry run)\n"), "{tried}");
    assert_eq!(names(&house), all);
    assert!(house.pod(&["prune", "-n", "other"]).ok().out().starts_with("Total reclaimed space: 0B"));
    let one = house.pod(&["prune", "-l", "app=failed"]).ok().out();
    assert!(one.starts_with("pod \"failed\" pruned from default namespace\nTotal reclaimed space: "), "{one}");
    assert_eq!(names(&house), "pod/done\npod/runs\n");
    let rest = house.pod(&["prune"]).ok().out();
    let lines = "pod \"done\" pruned from default namespace\npod \"dead\" pruned\nTotal reclaimed space: ";
    assert!(rest.starts_with(lines) && rest.ends_with("MB\n"), "{rest}");
    assert_eq!(names(&house), "pod/runs\n");
    house.pod(&["describe", "dead"]).exits(125);
    for (kept, many) in [("pods", 1), ("containers", 1)] {
        let found = fs::read_dir(house.work().join("data").join(kept)).unwrap().count();
        assert_eq!(found, many, "{kept}");
    }
    // Who runs is nobody's to make room of.
    assert_eq!(house.pod(&["prune"]).ok().out(), "Total reclaimed space: 0B\n");
    becomes(&house, "runs", "Running");
    assert_eq!(house.describe("alive")["status"], "Running");
    house.pod(&["delete", "alive"]).ok();
    let of = |phase: &str| house.pod(&["delete", "pods", "--field-selector", &format!("status.phase={phase}")]).ok();
    assert_eq!(of("Failed").err(), "No resources found\n");
    assert_eq!(of("Running").out(), "pod \"runs\" deleted from default namespace\n");
    house.nothing_is_left();
}
