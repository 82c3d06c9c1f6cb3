//! What comes after what: sidecars, hooks, and the end.

use std::fs;

use serde_json::json;

use super::{container, gone, image, line, pod, put, waiting};
use crate::house::{House, User, eventually};

/// Who has said what in which order, in a file that outlives the pod.
fn told(house: &House) -> Vec<String> {
    let text = fs::read_to_string(house.work().join("told/log")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

pub(super) fn of_sidecars_and_hooks(user: User) {
    let house = House::new(user);
    image(&house);
    let place = house.work().join("told");
    fs::create_dir(&place).unwrap();
    house.user.owns(&place);
    let mount = json!([{ "name": "told", "mountPath": "/told" }]);
    let teller = |name: &str| {
        let say = |what: &str| format!("echo {name} {what} >> /told/log");
        let mut it = waiting(name, &format!("{}; touch /up;", say("up")));
        it["command"][2] = json!(format!(
            "trap '{}; exit 0' TERM; {}; touch /up; while :; do sleep 0.05; done",
            say("down"),
            say("up")
        ));
        it["volumeMounts"] = mount.clone();
        it
    };
    let mut before = container("before", "echo before up >> /told/log");
    before["volumeMounts"] = mount.clone();
    let mut side = teller("side");
    side["restartPolicy"] = json!("Always");
    side["startupProbe"] = json!({ "exec": { "command": ["test", "-e", "/up"] }, "periodSeconds": 1 });
    let mut main = teller("main");
    let hook = |what: &str| json!({ "exec": { "command": ["sh", "-c", format!("echo main {what} >> /told/log")] } });
    main["lifecycle"] = json!({ "postStart": hook("hooked"), "preStop": hook("asked") });
    let volumes = json!([{ "name": "told", "hostPath": { "path": place, "type": "Directory" } }]);
    let spec = json!({ "initContainers": [before, side], "containers": [main], "volumes": volumes });
    let file = put(&house, "web.json", &pod("web", &spec));
    house.pod(&["apply", "-f", &file, "--wait", "--timeout", "30s"]).ok();
    assert_eq!(line(&house, "web").0, "2/2");
    eventually("both have said so", || (told(&house).len() >= 4).then_some(()));
    let begun = told(&house);
    assert_eq!(begun[..2], ["before up", "side up"], "{begun:?}");
    assert!(begun[2..].contains(&"main up".to_owned()) && begun[2..].contains(&"main hooked".to_owned()), "{begun:?}");
    gone(&house, &file);
    assert_eq!(told(&house)[4..], ["main asked", "main down", "side down"]);
}

/// What takes longer than it is given is killed, and not before.
pub(super) fn of_ends(user: User) {
    let house = House::new(user);
    image(&house);
    let deaf = container("deaf", "trap '' TERM; echo ready; while :; do sleep 0.05; done");
    let file = put(&house, "web.json", &pod("web", &json!({ "containers": [deaf] })));
    house.pod(&["apply", "-f", &file, "--wait", "--timeout", "30s"]).ok();
    house.logged("web", "deaf", "ready");
    let before = std::time::Instant::now();
    house.pod(&["delete", "-f", &file, "--wait=false"]).ok();
    eventually("it is going", || (line(&house, "web").1 == "Terminating").then_some(()));
    eventually("it is gone", || {
        house.pod(&["get", "pod", "web", "--ignore-not-found"]).ok().out().is_empty().then_some(())
    });
    assert!((1800..6000).contains(&before.elapsed().as_millis()), "{:?}", before.elapsed());
    house.nothing_is_left();
    // Who hears of it goes at once.
    let file = put(&house, "web.json", &pod("web", &json!({ "containers": [waiting("main", "echo ready;")] })));
    house.pod(&["apply", "-f", &file, "--wait", "--timeout", "30s"]).ok();
    house.logged("web", "main", "ready");
    let before = std::time::Instant::now();
    gone(&house, &file);
    assert!(before.elapsed().as_millis() < 1500, "{:?}", before.elapsed());
}

/// How much room is left on the disk when the end is asked for is up to others: there may be just enough to say so.
pub(super) fn of_ends_without_room() {
    let house = House::new(User::Root);
    image(&house);
    let spec = json!({ "containers": [container("deaf", "trap '' TERM; while :; do sleep 0.05; done")] });
    put(&house, "web.json", &pod("web", &spec));
    let script = "mkdir small && mount -t tmpfs small small || exit 9
        export POD_DATA_DIR=$PWD/small/data POD_STATE_DIR=$PWD/small/state
        pod image import root.tar box || exit 8
        for pages in 1 2 3 4 6 8; do
            pod apply -f web.json --wait --timeout 30s || exit 7
            # What is written meanwhile makes it too small for what there is.
            for attempt in 1 2 3 4 5 6; do
                used=$(df -B1 --output=used small | tail -n 1)
                mount -o remount,size=$((used + 4096 * pages)) small 2>mounted && break
            done
            [ -s mounted ] && exit 6
            timeout 20 pod delete -f web.json --now || echo with $pages pages: $?
            mount -o remount,size=1g small || exit 5
            pod delete -f web.json --ignore-not-found
        done";
    let said = house.run("unshare", &["--mount", "sh", "-c", script]).ok().out();
    assert!(!said.contains("pages: 124"), "{said}");
    house.nothing_is_left();
}
