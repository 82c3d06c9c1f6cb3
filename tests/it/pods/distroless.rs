//! Pods of an image that holds one static file, and nothing to look at it by.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpStream, UdpSocket};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
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

/// A port of the machine for packets is one in the pod, whoever carries them dies; and one of the same number for
/// connections is another.
pub(super) fn packets(user: User) {
    let house = House::new(user);
    image(&house);
    let port = crate::life::free_port();
    let server = |name: &str, protocol: &str, inside: u16| {
        json!({ "name": name, "image": "static", "imagePullPolicy": "Never",
            "command": ["/probe", name, "--listen", format!("0.0.0.0:{inside}")],
            "ports": [{ "containerPort": inside, "hostPort": port, "hostIP": "127.0.0.1", "protocol": protocol }] })
    };
    let containers = json!([server("udp", "UDP", 5353), server("tcp", "TCP", 8080)]);
    let file = put(&house, "dns.json", &pod("dns", &json!({ "containers": containers })));
    house.pod(&["apply", "-f", &file, "--wait", "--timeout", "30s"]).ok();
    house.logged("dns", "udp", "ready");
    house.logged("dns", "tcp", "ready");
    let asked = |port: u16| {
        let client = UdpSocket::bind("127.0.0.1:0").unwrap();
        client.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        eventually("an answer", || {
            client.send_to(b"hello", ("127.0.0.1", port)).unwrap();
            let mut room = [0; 10];
            let (length, from) = client.recv_from(&mut room).ok()?;
            assert_eq!((&room[..length], from.port()), (b"hello".as_slice(), port));
            Some(())
        })
    };
    asked(port);
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.write_all(b"body 3\n").unwrap();
    let mut said = Vec::new();
    stream.read_to_end(&mut said).unwrap();
    assert_eq!(said, [0, 1, 2]);
    for name in ["forwarder", "supervisor"] {
        let record = fs::read_to_string(house.state().join("dns").join(name)).unwrap();
        let pid = record.split_whitespace().next().unwrap().parse().unwrap();
        kill(Pid::from_raw(pid), Signal::SIGKILL).unwrap();
        asked(port);
    }
    gone(&house, &file);
    // By hand, too.
    let port = crate::life::free_port();
    house.pod(&["create", "web", "--publish", &format!("127.0.0.1:{port}:5353/udp")]).ok();
    assert!(house.pod(&["get"]).ok().out().contains(&format!("127.0.0.1:{port}->5353/udp")));
    let probe = binaries().join("probe");
    house.pod(&["add", "web", "--", probe.to_str().unwrap(), "udp", "--listen", "[::1]:5353"]).ok();
    asked(port);
    house.pod(&["delete", "web", "--now"]).ok();
}
