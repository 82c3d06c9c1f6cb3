//! Pods made by hand, as the manifests that are generated of them have them.

use std::fs;

use super::{image, put};
use crate::house::{House, User};
use crate::life::free_port;

/// What a container sees of all that was typed.
const SEES: &str = "echo $COLOUR in $(pwd); cat /data/file; \
    while read key value; do case $key in Cap*|NoNewPrivs:) echo $key $value;; esac; done < /proc/self/status; \
    touch /other 2>/dev/null || echo root is kept; hostname; \
    test $(ls -d /proc/[0-9]* | wc -l) -gt 2 && echo shared; trap 'exit 0' TERM; echo ready; \
    while :; do sleep 0.05; done";

pub(super) fn of_pods_by_hand(user: User) {
    let house = House::new(user);
    image(&house);
    put(&house, "file", "of the machine\n");
    let port = free_port();
    let volume = format!("{}:/data/file:ro", house.work().join("file").display());
    house.pod(&["create", "web", "--hostname", "www", "-p", &format!("127.0.0.1:{port}:80")]).ok();
    house.pod(&["generate", "kube", "web"]).refuses(1, "no workload of it is a container of an image with a name");
    let typed = ["-e", "COLOUR=blue green", "-w", "/tmp", "-v", &volume, "--cap-drop", "all", "--cap-add", "chown"];
    let typed = [&typed[..], &["--read-only", "--security-opt", "no-new-privileges", "-i", "-d"]].concat();
    let add = ["add", "web", "--name", "app", "--image", "box"];
    house.pod(&[&add[..], &typed, &["--", "sh", "-c", SEES]].concat()).ok();
    house.pod(&["add", "web", "--name", "hosts", "--", "sleep", "1000"]).ok();
    house.logged("web", "app", "ready");
    let before = house.pod(&["logs", "web", "app"]).ok().out();
    let generated = house.pod(&["generate", "kube", "web"]).ok();
    let left_out = "workload hosts is a program of this machine, and left out";
    assert!(generated.err().contains(left_out), "{generated}");
    fs::write(house.work().join("web.yaml"), generated.out()).unwrap();
    house.pod(&["delete", "web", "--now"]).ok();
    house.pod(&["apply", "-f", "web.yaml", "--wait=ready", "--timeout", "30s"]).ok();
    house.logged("web", "app", "ready");
    assert_eq!(house.pod(&["logs", "web", "app"]).ok().out(), before, "{}", generated.out());
    assert!(before.starts_with("blue green in /tmp\nof the machine\n"), "{before}");
    let others =
        "CapBnd: 0000000000000001\nCapAmb: 0000000000000000\nNoNewPrivs: 1\nroot is kept\nwww\nshared\nready\n";
    assert!(before.ends_with(others), "{before}");
    let shown = |path: &str| house.pod(&["get", "pod", "web", "-o", &format!("jsonpath={path}")]).ok().out();
    assert_eq!(shown("{.spec.containers[*].name} {.spec.containers[0].stdin} {.spec.restartPolicy}"), "app true Never");
    let ports = "{.spec.containers[0].ports[0].hostIP} {.spec.containers[0].ports[0].hostPort}";
    assert_eq!(shown(ports), format!("127.0.0.1 {port}"));
    house.pod(&["generate", "kube", "web"]).refuses(1, "pod web is of a manifest: pod get pods web -n default -o yaml");
    house.pod(&["generate", "kube", "nosuch"]).refuses(125, "no pod named nosuch");
    house.pod(&["delete", "pod", "web"]).ok();
    house.nothing_is_left();
}
