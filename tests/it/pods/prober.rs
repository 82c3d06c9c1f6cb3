//! Who asks a pod's containers how they do: somebody who can do nothing else.

use std::fs;
use std::path::PathBuf;

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, geteuid};
use serde_json::json;

use super::{becomes, container, gone, image, line, pod, put, waiting};
use crate::house::{Guest, House, ORDINARY_ID, User, eventually, has_ended, status_of};

/// Where a prober leaves word of itself, if there is one.
fn word(house: &House) -> Option<PathBuf> {
    let volumes = fs::read_dir(house.state().join(".volumes")).ok()?;
    volumes.map(|entry| entry.unwrap().path().join("prober")).find(|path| path.exists())
}

/// Who asks, if somebody does.
fn asking(house: &House) -> Option<i32> {
    let word = fs::read_to_string(word(house)?).ok()?;
    word.split(' ').next()?.parse().ok().filter(|pid: &i32| !has_ended(i64::from(*pid)))
}

fn prober(house: &House) -> i32 {
    eventually("somebody asks", || asking(house))
}

pub(super) fn without_rights(user: User) {
    let house = House::new(user);
    image(&house);
    // Whoever only runs commands needs nobody.
    let mut main = waiting("main", "echo ready;");
    main["readinessProbe"] = json!({ "exec": { "command": ["true"] }, "periodSeconds": 1 });
    let file = put(&house, "exec.json", &pod("exec", &json!({ "containers": [main] })));
    house.pod(&["apply", "-f", &file, "--wait", "--timeout", "30s"]).ok();
    assert_eq!(word(&house), None);
    gone(&house, &file);
    let mut main = container("main", "exec probe http --listen 0.0.0.0:8080 --body well");
    main["readinessProbe"] =
        json!({ "httpGet": { "path": "/", "port": 8080, "host": "localhost" }, "periodSeconds": 1 });
    main["livenessProbe"] = json!({ "tcpSocket": { "port": 8080 }, "periodSeconds": 1, "failureThreshold": 3 });
    main["lifecycle"] = json!({ "postStart": { "exec": { "command": ["true"] } } });
    let file = put(&house, "web.json", &pod("web", &json!({ "containers": [main] })));
    house.pod(&["apply", "-f", &file, "--wait", "--timeout", "30s"]).ok();
    let pid = prober(&house);
    for (key, value) in [
        ("CapEff", "0000000000000000"),
        ("CapPrm", "0000000000000000"),
        ("CapBnd", "0000000000000000"),
        ("NoNewPrivs", "1"),
        ("Seccomp", "2"),
    ] {
        assert_eq!(status_of(pid, key), value, "{key}");
    }
    let id = match user {
        User::Root => 65535,
        User::Ordinary if geteuid().is_root() => ORDINARY_ID,
        User::Ordinary => geteuid().as_raw(),
    };
    assert_eq!(status_of(pid, "Uid"), format!("{id}\t{id}\t{id}\t{id}"));
    if geteuid().is_root() {
        let network = |pid: i32| fs::read_link(format!("/proc/{pid}/ns/net")).unwrap();
        assert_eq!(network(pid), network(house.pause("web")));
        assert_ne!(network(pid), network(i32::try_from(std::process::id()).unwrap()));
        // It holds nothing but its socket, and what it waits with.
        let held = fs::read_dir(format!("/proc/{pid}/fd")).unwrap();
        let held: Vec<_> = held.filter_map(|fd| fs::read_link(fd.unwrap().path()).ok()).collect();
        let is_its = |path: &PathBuf| {
            let path = path.to_string_lossy();
            path == "/dev/null" || path.starts_with("socket:") || path.starts_with("anon_inode:")
        };
        assert!(held.iter().all(is_its), "{held:?}");
    }
    // One that is killed is another the next time, and nobody is blamed for it.
    kill(Pid::from_raw(pid), Signal::SIGKILL).unwrap();
    let next = eventually("another asks", || Some(prober(&house)).filter(|next| *next != pid));
    becomes(&house, "web", "Running");
    eventually("it is ready", || (line(&house, "web").0 == "1/1").then_some(()));
    assert_eq!(line(&house, "web").2, "0");
    // It goes with who attends to the pod, and with the pod.
    let attendant = house.process_named("pod attend");
    kill(Pid::from_raw(attendant), Signal::SIGKILL).unwrap();
    eventually("it has gone", || has_ended(i64::from(next)).then_some(()));
    // Who attended holds its lock until the last of its threads has ended, and is taken to attend so long.
    let last = eventually("somebody asks again", || {
        house.pod(&["apply", "-f", &file, "--wait", "--timeout", "30s"]).ok();
        asking(&house)
    });
    gone(&house, &file);
    eventually("it has gone, too", || has_ended(i64::from(last)).then_some(()));
}

/// A server of TLS that nobody vouches for.
fn serves_tls(house: &House) -> (Guest, u16) {
    let request = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=nobody -days 1";
    let files = ["-keyout", "key.pem", "-out", "certificate.pem"];
    house.run("openssl", &request.split(' ').chain(files).collect::<Vec<_>>()).ok();
    let serve = "s_server -accept 127.0.0.1:0 -cert certificate.pem -key key.pem -www";
    let mut server = house.start(house.command("sh").args(["-c", &format!("echo ready; exec openssl {serve}")]));
    let address = std::iter::repeat_with(|| server.line()).find(|line| line.starts_with("ACCEPT"));
    let port = address.unwrap().trim().rsplit_once(':').unwrap().1.parse().unwrap();
    (server, port)
}

pub(super) fn over_tls(user: User) {
    let house = House::new(user);
    image(&house);
    let (server, port) = serves_tls(&house);
    let mut main = waiting("main", "");
    let probe = json!({ "scheme": "HTTPS", "host": "127.0.0.1", "port": port, "path": "/" });
    main["readinessProbe"] = json!({ "httpGet": probe, "periodSeconds": 1, "failureThreshold": 1 });
    let file = put(&house, "tls.json", &pod("tls", &json!({ "containers": [main], "hostNetwork": true })));
    house.pod(&["apply", "-f", &file, "--wait", "--timeout", "30s"]).ok();
    assert_eq!(line(&house, "tls").0, "1/1");
    drop(server);
    eventually("it is seen that nobody answers", || (line(&house, "tls").0 == "0/1").then_some(()));
    let told = house.pod(&["describe", "pod", "tls"]).ok().out();
    let words = format!(
        "Readiness probe failed: Get \"https://127.0.0.1:{port}/\": dial tcp 127.0.0.1:{port}: connect: connection refused"
    );
    assert!(told.contains(&words), "{told}");
    gone(&house, &file);
}
