//! Pods of an image that holds one static file, and nothing to look at it by.

use std::fs;

use serde_json::{Value, json};

use super::{gone, line, pod, put, shown};
use crate::house::{House, User, binaries, eventually};

fn image(house: &House) {
    let root = house.work().join("rootfs");
    fs::create_dir(&root).unwrap();
    fs::copy(binaries().join("probe"), root.join("probe")).unwrap();
    house.user.owns(&root);
    house.finish(house.command("tar").args(["-C", root.to_str().unwrap(), "-cf", "root.tar", "probe"])).ok();
    house.pod(&["image", "import", "root.tar", "static"]).ok();
}

/// A container that serves, and is asked whether it is well in all three ways.
fn server(name: &str, port: u16, words: &[&str], probe: Value) -> Value {
    let listen = format!("0.0.0.0:{port}");
    let command = [&["/probe"], words, &["--listen", &listen]].concat();
    let mut probe = probe;
    probe["periodSeconds"] = json!(1);
    json!({
        "name": name, "image": "static", "imagePullPolicy": "Never", "command": command,
        "startupProbe": probe, "readinessProbe": probe, "livenessProbe": probe,
    })
}

pub(super) fn probed(user: User) {
    let house = House::new(user);
    image(&house);
    let grpc =
        |port: u16, words: &[&str]| server(&format!("grpc-{port}"), port, words, json!({ "grpc": { "port": port } }));
    let web = json!({ "httpGet": { "path": "/", "port": 8080, "httpHeaders": [{ "name": "X", "value": "y" }] } });
    let web = server("http", 8080, &["http", "--body", "well"], web);
    let port = server("tcp", 8081, &["tcp"], json!({ "tcpSocket": { "port": 8081 } }));
    let file = put(&house, "web.json", &pod("web", &json!({ "containers": [web, port, grpc(8082, &["grpc"])] })));
    house.pod(&["apply", "-f", &file, "--wait", "--timeout", "30s"]).ok();
    assert_eq!(line(&house, "web"), ("3/3".to_owned(), "Running".to_owned(), "0".to_owned()));
    // There is nothing else in there.
    house.pod(&["exec", "web", "-c", "http", "--", "sh"]).exits(127);
    gone(&house, &file);
    // And who says that they are not well, or does not answer, is believed.
    let ill = grpc(8082, &["grpc", "--ill"]);
    let mut silent = server("silent", 8081, &["tcp"], json!({ "tcpSocket": { "port": 8083 } }));
    silent["startupProbe"]["failureThreshold"] = json!(1);
    let file = put(&house, "ill.json", &pod("ill", &json!({ "containers": [ill, silent] })));
    house.pod(&["apply", "-f", &file]).ok();
    eventually("one is started again", || {
        (shown(&house, "ill", "{.status.containerStatuses[1].restartCount}") != "0").then_some(())
    });
    assert_eq!(line(&house, "ill").0, "0/2");
    let told = house.pod(&["describe", "pod", "ill"]).ok().out();
    for event in [
        "Startup probe failed: dial tcp 127.0.0.1:8083: connect: connection refused",
        "Startup probe failed: service unhealthy (responded with \"NOT_SERVING\")",
    ] {
        assert!(told.contains(event), "{event}: {told}");
    }
    gone(&house, &file);
}
