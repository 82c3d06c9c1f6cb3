//! Machines that were switched off and on again: what was there by hand is dead, what is of manifests goes on, and of no
//! process from before the boot anything is believed.

use libtest_mimic::Trial;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;
use std::fs;

use crate::house::{House, User, eventually, has_ended};
use crate::pods::{image, pod, put, shown, waiting};
use crate::trial::{Need, as_each_user};

pub(crate) fn trials() -> Vec<Trial> {
    let needs = [Need::Root, Need::Program("busybox"), Need::Program("unshare"), Need::Program("nsenter")];
    [
        as_each_user("booted::pods_of_manifests_go_on_where_they_were", &needs, |user| goes_on(user, false)),
        as_each_user("booted::pods_of_manifests_go_on_though_the_state_directory_stays", &needs, |user| {
            goes_on(user, true);
        }),
        as_each_user("booted::who_waited_to_be_started_again_waits_no_longer_than_before", &needs, waits),
        as_each_user("booted::pods_that_were_to_go_are_gone", &needs, was_going),
        as_each_user("booted::pods_by_hand_are_dead_whoever_has_their_pids", &needs, by_hand),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn goes_on(user: User, stays: bool) {
    let mut house = House::new(user);
    image(&house);
    let mut main = waiting("main", "echo again >>/kept/x; echo once >>/empty/x; cat /kept/x /empty/x; echo ready;");
    main["volumeMounts"] =
        json!([{ "name": "kept", "mountPath": "/kept" }, { "name": "empty", "mountPath": "/empty" }]);
    let claim = json!({ "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": { "name": "kept" },
        "spec": { "accessModes": ["ReadWriteOnce"], "resources": { "requests": { "storage": "1Mi" } } } });
    let claim = put(&house, "claim.json", &claim.to_string());
    let volumes = json!([{ "name": "kept", "persistentVolumeClaim": { "claimName": "kept" } },
        { "name": "empty", "emptyDir": { "medium": "Memory" } }]);
    let file = put(&house, "web.json", &pod("web", &json!({ "containers": [main], "volumes": volumes })));
    house.pod(&["apply", "-f", &claim, "-f", &file, "--wait", "--timeout", "30s"]).ok();
    let uid = shown(&house, "web", "{.metadata.uid}");
    house.boot(stays);
    // Looking starts nothing, and does not take it for running.
    let ran = house.pod(&["exec", "web", "--", "true"]);
    assert!(matches!(ran.output.status.code(), Some(1 | 125)), "{ran}");
    house.pod(&["start", "--all"]).ok();
    eventually("it is ready", || {
        let ready = "{.status.conditions[?(@.type=='Ready')].status} {.status.containerStatuses[0].restartCount}";
        (shown(&house, "web", ready) == "True 1").then_some(())
    });
    assert_eq!(shown(&house, "web", "{.metadata.uid}"), uid);
    let read = |path: &str| house.pod(&["exec", "web", "--", "cat", path]).ok().out();
    assert_eq!((read("/kept/x").as_str(), read("/empty/x").as_str()), ("again\nagain\n", "once\n"));
    assert_eq!(house.pod(&["apply", "-f", &file]).ok().out(), "pod/web unchanged\n");
    house.pod(&["delete", "-f", &file]).ok();
    house.nothing_is_left();
}

/// Times by which is waited are of a clock that begins anew.
fn waits(user: User) {
    let mut house = House::new(user);
    image(&house);
    let mut main = waiting("main", "exit 7;");
    main["livenessProbe"] = json!({ "exec": { "command": ["true"] }, "initialDelaySeconds": 1 });
    let file = put(&house, "crash.json", &pod("crash", &json!({ "containers": [main] })));
    let fast = |house: &House, arguments: &[&str]| {
        house.finish(house.command("pod").args(arguments).env("POD_CLOCK_SPEED", "100")).ok();
    };
    let restarts = |house: &House| -> u32 {
        shown(house, "crash", "{.status.containerStatuses[0].restartCount}").parse().unwrap_or(0)
    };
    fast(&house, &["apply", "-f", &file]);
    eventually("it crashes again and again", || (restarts(&house) >= 3).then_some(()));
    house.boot(false);
    let before = restarts(&house);
    fast(&house, &["start", "--all"]);
    // Three seconds are as long as it waits at most. The machine had been up for longer before.
    eventually("it is started again", || (restarts(&house) > before).then_some(()));
    fast(&house, &["delete", "-f", &file]);
    house.nothing_is_left();
}

fn was_going(user: User) {
    let mut house = House::new(user);
    image(&house);
    let mut deaf: serde_json::Value = serde_json::from_str(&pod(
        "deaf",
        &json!({ "containers": [{ "name": "main", "image": "box", "imagePullPolicy": "Never",
            "command": ["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.05; done"] }] }),
    ))
    .unwrap();
    deaf["spec"]["terminationGracePeriodSeconds"] = json!(600);
    let file = put(&house, "deaf.json", &deaf.to_string());
    house.pod(&["apply", "-f", &file, "--wait", "--timeout", "30s"]).ok();
    house.pod(&["delete", "-f", &file, "--wait=false"]).ok();
    house.boot(false);
    house.pod(&["start", "--all"]).ok();
    eventually("it is gone", || house.pod(&["get", "pods", "-o", "name"]).ok().out().is_empty().then_some(()));
    house.nothing_is_left();
    assert_eq!(fs::read_dir(house.work().join("data/pods")).map_or(0, Iterator::count), 0);
}

/// Pids and the times of starts are those of the boot. The worst case: somebody has both.
fn by_hand(user: User) {
    let mut house = House::new(user);
    house.boot(false);
    for name in ["web", "again"] {
        house.pod(&["create", name]).ok();
        house.pod(&["add", name, "--name", "app", "--", "probe", "ready"]).ok();
    }
    let theirs: Vec<i64> = ["web", "again"]
        .iter()
        .flat_map(|name| {
            [i64::from(house.pause(name)), house.workload(name, "app")["process"]["pid"].as_i64().unwrap()]
        })
        .collect();
    // Who supervises would have locks, which nobody has after a boot.
    for supervisor in house.all_named("pod supervise") {
        kill(Pid::from_raw(supervisor), Signal::SIGKILL).unwrap();
        eventually("its lock is free", || has_ended(supervisor.into()).then_some(()));
    }
    house.name_boot();
    let listed = house.pod(&["get", "-o", "json"]).json();
    let statuses: Vec<_> = listed.as_array().unwrap().iter().map(|pod| pod["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["Dead", "Dead"], "{listed}");
    house.pod(&["exec", "web", "--", "true"]).refuses(125, "pod web is dead");
    house.pod(&["add", "web", "--name", "other", "--", "true"]).refuses(125, "pod web is dead");
    house.pod(&["create", "web"]).refuses(125, "");
    house.pod(&["delete", "web"]).ok();
    house.pod(&["delete", "--now", "again"]).ok();
    assert_eq!(house.pod(&["get", "-o", "json"]).json(), json!([]));
    for pid in &theirs {
        assert!(!has_ended(*pid), "{pid} was killed, who only has the pid of one from before the boot");
    }
    for pid in theirs {
        // With who holds a pid namespace go all that are in it.
        let _gone = kill(Pid::from_raw(i32::try_from(pid).unwrap()), Signal::SIGKILL);
    }
    house.nothing_is_left();
}
