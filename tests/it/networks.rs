//! Networks of pods: who reaches whom, what is told of it, and what is left.
//!
//! Every one of these is in a network of its own ([`apart`]), so no bridge, rule or address of theirs comes to the
//! machine's. All other tests say `POD_NETWORK=none`.

pub(crate) mod guards;
pub(crate) mod place;

use std::fs;
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::forwarder::{client, talk};
use crate::house::{House, User, eventually, workspace};
use crate::pods::{BUSYBOX, image, pod, put, shown, waiting};
use crate::trial::{Need, trial};
use place::{Listening, World, apart, reaches, run};

pub(crate) fn trials() -> Vec<Trial> {
    let needs = [Need::Root, Need::Program("ip"), Need::Program("nft")];
    let with_images = [&needs[..], BUSYBOX].concat();
    let capturing = [&needs[..], &[Need::Program("tcpdump")]].concat();
    vec![
        trial("networks::pods_on_a_bridge_reach_each_other_and_the_world", &needs, || apart(bridged)),
        trial("networks::a_bridge_goes_with_its_last_pod", &needs, || apart(gone)),
        trial("networks::a_bridge_stays_for_a_while_after_the_last_pod_of_a_manifest", &with_images, || apart(staying)),
        trial("networks::a_pod_has_nobody_s_address_but_its_own", &needs, || apart(guards::spoofing)),
        trial("networks::a_pod_is_taken_for_no_other_by_its_neighbours", &needs, || apart(guards::poisoning)),
        trial("networks::a_kernel_without_guards_is_told_of", &needs, || apart(guards::unguarded)),
        trial("networks::what_nobody_uses_is_told_and_cleared_away", &needs, || apart(unused)),
        trial("networks::a_pod_reaches_nothing_of_the_machine_s_loopback", &needs, || apart(loopback)),
        trial("networks::without_nft_there_is_no_way_out_and_it_is_told", &needs, || apart(without_nft)),
        trial("networks::tables_go_that_a_broken_nft_has_left", &needs, || apart(broken_nft)),
        trial("networks::pods_of_manifests_have_addresses", &with_images, || apart(manifests)),
        trial("networks::what_passes_is_captured_by_the_example", &capturing, || apart(captured)),
        trial("networks::pods_with_ids_of_their_own_are_connected", &with_images, || apart(own_ids)),
        trial("networks::what_cannot_be_is_refused", &[Need::Root], || apart(refused)),
    ]
}

/// The addresses of a pod.
fn addresses(house: &House, pod: &str) -> Vec<IpAddr> {
    let told = house.describe(pod);
    told["addresses"].as_array().unwrap().iter().map(|it| it.as_str().unwrap().parse().unwrap()).collect()
}

fn bridged() {
    let house = House::new(User::Root);
    let world = World::new(&house);
    for (name, network) in [("web", "bridge"), ("db", "bridge"), ("red", "bridge:red")] {
        house.pod(&["create", name, "--network", network]).ok();
    }
    let pause = |name: &str| house.pause(name);
    let (web, db) = (addresses(&house, "web"), addresses(&house, "db"));
    assert_eq!((web.len(), db.len()), (2, 2), "{web:?} {db:?}");
    for address in db {
        let listening = Listening::inside(pause("db"), SocketAddr::new(address, 80));
        reaches(pause("web"), listening.address).unwrap();
        assert!(web.contains(&listening.who_came()), "pods see each other's own addresses");
        let other = reaches(pause("red"), listening.address);
        assert!(other.is_err(), "another network reaches {address}");
    }
    // The world has no way to pods: what it sees is the machine.
    for name in ["web", "red"] {
        let listening = Listening::inside(world.pid(), SocketAddr::new(World::ADDRESS, 80));
        reaches(pause(name), listening.address).unwrap();
        assert_eq!(listening.who_came(), World::MACHINE);
    }
    house.nsjoin(&["-t", &pause("web").to_string(), "-n", "ip", "-4", "addr", "show", "eth0"]).ok();
    let wide = house.pod(&["get", "-o", "wide"]).ok().out();
    assert!(wide.contains(&web[0].to_string()) && wide.contains("bridge:red"), "{wide}");
    let described = house.pod(&["describe", "web"]).ok().out();
    assert!(described.lines().any(|line| line.starts_with("Network:") && line.ends_with(" bridge")), "{described}");
    let hosts = house.pod(&["exec", "web", "--", "cat", "/etc/hosts"]).ok().out();
    assert!(hosts.contains(&format!("{}\tweb\n", web[0])), "{hosts}");
    let names = fs::read_to_string(house.state().join(".networks/default/names")).unwrap();
    assert!(names.contains(&format!("{}\tdb\n", addresses(&house, "db")[0])), "{names}");
    assert!(!names.contains("red"), "names of one network are no other's: {names}");
    // A port leads in that was not published when the pod was made, whatever its network.
    house.pod(&["add", "web", "--name", "app", "--", "probe", "tcp", "--listen", "127.0.0.1:80"]).ok();
    house.logged("web", "app", "ready");
    house.pod(&["publish", "web", "-p", "127.0.0.1:18090:80"]).ok();
    talk(&mut client(SocketAddr::from(([127, 0, 0, 1], 18090)), "echo"));
    for name in ["web", "db", "red"] {
        house.pod(&["delete", name, "--now"]).ok();
    }
    nothing_is_left();
}

/// No link, table or route of ours is there, now or in a moment: links go with their networks, in the kernel's time.
fn nothing_is_left() {
    eventually("no link is left", || (!run("ip", &["-o", "link"]).contains("pod")).then_some(()));
    let tables = run("nft", &["list", "tables"]);
    assert!(!tables.contains("podkit"), "{tables}");
}

fn gone() {
    let house = House::new(User::Root);
    run("nft", &["add table inet others; add chain inet others mine"]);
    house.pod(&["create", "one", "--network", "bridge"]).ok();
    let first = addresses(&house, "one")[0];
    house.pod(&["create", "two", "--network", "bridge"]).ok();
    house.pod(&["delete", "one", "--now"]).ok();
    // Who comes again has the address that it had.
    house.pod(&["create", "one", "--network", "bridge"]).ok();
    assert_eq!(addresses(&house, "one")[0], first);
    let links = run("ip", &["-o", "link", "show", "type", "bridge"]);
    assert_eq!(links.lines().count(), 1, "{links}");
    house.pod(&["delete", "one", "--now"]).ok();
    house.pod(&["delete", "two", "--now"]).ok();
    nothing_is_left();
    // One that has ended by itself is still there, and so is its address, until it is deleted.
    house.pod(&["create", "one", "--network", "bridge"]).ok();
    run("kill", &["-KILL", &house.pause("one").to_string()]);
    eventually("it is dead", || (house.describe("one")["status"] == "Dead").then_some(()));
    assert_eq!(addresses(&house, "one")[0], first);
    house.pod(&["delete", "one", "--now"]).ok();
    nothing_is_left();
    assert!(run("nft", &["list", "table", "inet", "others"]).contains("mine"), "what is others' is as it was");
}

/// What is left of networks: by who was killed that stayed, and by who removed a pod's directory by hand.
fn unused() {
    let house = House::new(User::Root);
    let doctor = || {
        let told = house.pod(&["doctor", "-o", "json"]);
        let told: Value = serde_json::from_str(&told.out()).unwrap();
        let found = told["findings"].as_array().unwrap().iter().find(|it| it["what"] == "networks").cloned().unwrap();
        [found["state"].clone(), found["found"].clone(), found["mend"].clone()]
            .map(|it| it.as_str().unwrap_or("").to_owned())
    };
    assert_eq!(doctor(), ["ok", "none is in use", ""]);
    for name in ["one", "two"] {
        house.pod(&["create", name, "--network", "bridge"]).ok();
    }
    assert_eq!(doctor(), ["ok", "default", ""]);
    let forget = |name: &str| {
        run("kill", &["-KILL", &house.pause(name).to_string()]);
        fs::remove_dir_all(house.state().join(name)).unwrap();
    };
    let (one, two) = (addresses(&house, "one"), addresses(&house, "two"));
    forget("one");
    let left = format!("left behind: default: {} {} of pods that are gone", one[0], one[1]);
    assert_eq!(doctor(), ["without", &left, "pod prune"]);
    assert!(house.pod(&["prune", "--dry-run"]).ok().out().starts_with("network \"default\" pruned (dry run)\n"));
    assert_eq!(doctor()[1], left, "nothing has changed");
    assert!(house.pod(&["prune"]).ok().out().starts_with("network \"default\" pruned\n"));
    assert_eq!(doctor(), ["ok", "default", ""]);
    // The other goes on, by its address and by its name.
    let names = fs::read_to_string(house.state().join(".networks/default/names")).unwrap();
    assert!(names.contains(&two[0].to_string()) && !names.contains(&one[0].to_string()), "{names}");
    forget("two");
    let [state, found, _] = doctor();
    assert_eq!(state, "without");
    for part in ["nobody is in it", "bridge pod-", "process "] {
        assert!(found.contains(part), "{part}: {found}");
    }
    house.pod(&["prune"]).ok();
    assert_eq!(doctor(), ["ok", "none is in use", ""]);
    nothing_is_left();
    // A bridge that is called as ours are may be of somebody else.
    run("ip", &["link", "add", "pod-01234567", "type", "bridge"]);
    let told = house.pod(&["doctor"]).ok().out();
    assert!(told.contains("pod-01234567: of no network in this state directory"), "{told}");
    run("ip", &["link", "delete", "pod-01234567"]);
}

fn loopback() {
    let house = House::new(User::Root);
    house.pod(&["create", "web", "--network", "bridge"]).ok();
    let ours = Listening::here(SocketAddr::from(([127, 0, 0, 1], 0)));
    let gateway = {
        let record = fs::read_to_string(house.state().join("web/network.json")).unwrap();
        let record: Value = serde_json::from_str(&record).unwrap();
        record["gateways"][0].as_str().unwrap().parse::<IpAddr>().unwrap()
    };
    let port = ours.address.port();
    for address in [gateway, IpAddr::from([127, 0, 0, 1])] {
        assert!(reaches(house.pause("web"), SocketAddr::new(address, port)).is_err(), "{address}");
    }
    // What listens everywhere is reached, as under docker.
    let everywhere = Listening::here(SocketAddr::from(([0, 0, 0, 0], 0)));
    reaches(house.pause("web"), SocketAddr::new(gateway, everywhere.address.port())).unwrap();
    house.pod(&["delete", "web", "--now"]).ok();
}

fn without_nft() {
    let house = House::new(User::Root);
    let world = World::new(&house);
    let bare = house.work().join("bin");
    fs::create_dir(&bare).unwrap();
    let create = |name: &str| {
        let mut command = house.command("unshare");
        let script = "mount -t tmpfs none /usr/sbin && exec pod create \"$0\" --network bridge";
        house.finish(command.args(["-m", "sh", "-c", script, name])).ok();
    };
    create("web");
    create("db");
    let described = house.pod(&["describe", "web"]).ok().out();
    assert!(described.contains("the way out of network bridge (cannot run nft"), "{described}");
    let listening = Listening::inside(house.pause("db"), SocketAddr::new(addresses(&house, "db")[0], 80));
    reaches(house.pause("web"), listening.address).unwrap();
    let out = Listening::inside(world.pid(), SocketAddr::new(World::ADDRESS, 80));
    assert!(reaches(house.pause("web"), out.address).is_err());
    // Who listens in there keeps a network, and its links, when all of the pod is gone.
    drop((listening, out));
    house.pod(&["delete", "web", "--now"]).ok();
    house.pod(&["delete", "db", "--now"]).ok();
    nothing_is_left();
}

/// Where it cannot be told whether there is a way out there may be one, and it goes all the same.
fn broken_nft() {
    let house = House::new(User::Root);
    let broken = house.work().join("bin");
    fs::create_dir(&broken).unwrap();
    fs::write(broken.join("nft"), "#!/bin/sh\n/usr/sbin/nft \"$@\"\nexit 7\n").unwrap();
    fs::set_permissions(broken.join("nft"), fs::Permissions::from_mode(0o755)).unwrap();
    let mut create = house.command("pod");
    let path =
        std::env::join_paths([broken.as_path(), crate::house::binaries(), Path::new("/usr/bin"), Path::new("/bin")])
            .unwrap();
    house.finish(create.env("PATH", path).args(["create", "web", "--network", "bridge"])).ok();
    let described = house.pod(&["describe", "web"]).ok().out();
    assert!(described.contains("the way out of network bridge (nft: "), "{described}");
    assert!(run("nft", &["list", "tables"]).contains("podkit"), "it has done what it says it has not");
    house.pod(&["delete", "web", "--now"]).ok();
    nothing_is_left();
}

fn manifests() {
    let house = House::new(User::Root);
    image(&house);
    let mut waits = waiting("main", "echo address $POD_IP;");
    waits["env"] = json!([{ "name": "POD_IP", "valueFrom": { "fieldRef": { "fieldPath": "status.podIP" } } }]);
    let spec = json!({ "containers": [waits], "hostname": "host", "subdomain": "sub" });
    let file = put(&house, "web.json", &pod("web", &spec));
    let apply = |more: &[&str]| {
        let mut command = house.command("pod");
        command.env_remove("POD_NETWORK").args(["apply", "-f", &file, "--wait", "--timeout", "30s"]).args(more);
        house.finish(&mut command)
    };
    apply(&[]).ok();
    let address = shown(&house, "web", "{.status.podIP}");
    assert!(address.starts_with("10."), "{address}");
    assert_eq!(shown(&house, "web", "{.status.podIPs[*].ip}").split(' ').count(), 2);
    house.logged("web", "main", &format!("address {address}"));
    let hosts = house.pod(&["exec", "web", "--", "cat", "/etc/hosts"]).ok().out();
    assert!(hosts.contains(&format!("{address}\thost.sub.default.svc.cluster.local\thost\n")), "{hosts}");
    let names = fs::read_to_string(house.state().join(".networks/default/names")).unwrap();
    let line = format!("{address}\tweb web.default host.sub host.sub.default host.sub.default.svc.cluster.local\n");
    assert!(names.contains(&line), "{names}");
    assert!(house.pod(&["get", "pods", "-o", "wide"]).ok().out().contains(&address));
    house.pod(&["delete", "-f", &file]).ok();
    nothing_is_left();
    apply(&["--network", "none"]).ok();
    assert_eq!(shown(&house, "web", "{.status.podIP}"), "127.0.0.1");
    assert_eq!(shown(&house, "web", "{.metadata.annotations.podkit/network}"), "none");
    assert_eq!(apply(&[]).ok().out(), "pod/web unchanged\n");
    house.pod(&["delete", "-f", &file]).ok();
    house.pod(&["image", "remove", "box"]).ok();
}

/// A network is there for who comes again soon; who stays with it may be killed, or asked to end.
fn staying() {
    let house = House::new(User::Root);
    image(&house);
    let file = put(&house, "web.json", &pod("web", &json!({ "containers": [waiting("main", "")] })));
    let comes_and_goes = |stays: &str| {
        let mut command = house.command("pod");
        command.env_remove("POD_NETWORK").env("POD_NETWORK_STAYS", stays);
        house.finish(command.args(["apply", "-f", &file, "--wait", "--timeout", "30s"])).ok();
        house.pod(&["delete", "-f", &file, "--now"]).ok();
    };
    let link = || run("ip", &["-o", "link", "show", "type", "bridge"]).split(':').next().unwrap_or_default().to_owned();
    let who_stays = || {
        let state = house.state();
        let is_there = |pid: &i32| fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd.starts_with(&state));
        let attends =
            |pid: &i32| fs::read_to_string(format!("/proc/{pid}/cmdline")).is_ok_and(|it| it.contains("attend"));
        let pids = fs::read_dir("/proc").unwrap().filter_map(|it| it.unwrap().file_name().to_str()?.parse().ok());
        pids.filter(is_there).filter(attends).collect::<Vec<i32>>()
    };
    comes_and_goes("1h");
    let first = link();
    assert!(!first.is_empty() && run("nft", &["list", "tables"]).contains("podkit"), "it stays");
    assert_eq!(fs::read_to_string(house.state().join(".networks/default/names")).unwrap(), "", "nobody is in it");
    comes_and_goes("1h");
    assert_eq!(link(), first, "it was there for who came again");
    // The second has found somebody who stays, and went.
    eventually("one stays", || (who_stays().len() == 1).then_some(()));
    let who = who_stays()[0].to_string();
    // Whoever does something else leaves it alone as long as somebody stays.
    house.pod(&["create", "other"]).ok();
    assert_eq!(link(), first);
    run("kill", &["-KILL", &who]);
    eventually("nobody stays", || who_stays().is_empty().then_some(()));
    house.pod(&["create", "another"]).ok();
    nothing_is_left();
    comes_and_goes("1h");
    run("kill", &["-TERM", &who_stays()[0].to_string()]);
    eventually("nobody stays", || who_stays().is_empty().then_some(()));
    nothing_is_left();
    comes_and_goes("100ms");
    eventually("its time has come", || who_stays().is_empty().then_some(()));
    nothing_is_left();
    // Who comes from another network has one made there, with a resolver of its own.
    comes_and_goes("1h");
    house.finish(house.command("unshare").args(["-n", "pod", "create", "there", "--network", "bridge"])).ok();
    let written = |name: &str| fs::read_to_string(house.state().join(".networks/default").join(name)).unwrap();
    let inside = serde_json::from_str::<serde_json::Value>(&written("network.json")).unwrap()["inside"].to_string();
    let resolver = written("resolver").split(' ').next().unwrap().to_owned();
    let stands = fs::read_link(format!("/proc/{resolver}/ns/net")).unwrap();
    assert_eq!(stands.to_string_lossy(), format!("net:[{inside}]"));
    house.pod(&["delete", "there", "--now"]).ok();
    run("kill", &["-TERM", &who_stays()[0].to_string()]);
    eventually("nobody stays", || who_stays().is_empty().then_some(()));
    nothing_is_left();
    for name in ["other", "another"] {
        house.pod(&["delete", name, "--now"]).ok();
    }
    let mut command = house.command("pod");
    command.env("POD_NETWORK_STAYS", "soon").args(["apply", "-f", &file]);
    house.finish(&mut command).refuses(125, "POD_NETWORK_STAYS is \"soon\", and no time");
    house.pod(&["delete", "-f", &file, "--now"]).ok();
    house.pod(&["image", "remove", "box"]).ok();
}

fn captured() {
    let house = House::new(User::Root);
    house.pod(&["create", "web", "--network", "bridge"]).ok();
    let script = workspace().join("examples/capture.sh");
    let mut command = house.command("sh");
    // The first packet of a connection, and no more.
    command.arg(&script).args(["web", "-c", "1", "tcp[tcpflags] == tcp-syn"]).stderr(Stdio::piped());
    let mut capture = command.stdout(Stdio::piped()).spawn().unwrap();
    let address = addresses(&house, "web")[0];
    let knock = || TcpStream::connect_timeout(&SocketAddr::new(address, 4242), Duration::from_millis(100));
    eventually("a packet was captured", || {
        assert!(knock().is_err(), "nobody listens there");
        capture.try_wait().unwrap()
    });
    let said = capture.wait_with_output().unwrap();
    assert!(String::from_utf8_lossy(&said.stdout).contains(&format!("> {address}.4242: Flags [S]")), "{said:?}");
    house.pod(&["delete", "web", "--now"]).ok();
}

/// Their own process may make no links outside of their user namespace.
fn own_ids() {
    let house = House::new(User::Root);
    image(&house);
    let world = World::new(&house);
    let spec = json!({ "containers": [waiting("main", "")], "hostUsers": false });
    let file = put(&house, "own.json", &pod("own", &spec));
    let mut command = house.command("pod");
    command.env_remove("POD_NETWORK").args(["apply", "-f", &file, "--wait", "--timeout", "30s"]);
    house.finish(&mut command).ok();
    let listening = Listening::inside(world.pid(), SocketAddr::new(World::ADDRESS, 80));
    reaches(house.pause("own"), listening.address).unwrap();
    assert_eq!(listening.who_came(), World::MACHINE);
    let addresses = addresses(&house, "own");
    assert_eq!(addresses[0].to_string(), shown(&house, "own", "{.status.podIP}"));
    house.pod(&["delete", "-f", &file]).ok();
    nothing_is_left();
    house.pod(&["image", "remove", "box"]).ok();
}

fn refused() {
    let house = House::new(User::Root);
    for (words, says) in [
        (
            &["--network", "host", "--share", "net,ipc"][..],
            "a pod is in the host's network where it does not share net",
        ),
        (&["--network", "bridge", "--share", "ipc"], "a pod is in the host's network where it does not share net"),
        (&["--network", "bridge:No"], "is no network: none, host, bridge, bridge:NAME, pasta or cni:NAME"),
    ] {
        let ran = house.pod(&[&["create", "web"], words].concat());
        assert!(!ran.output.status.success() && ran.err().contains(says), "{ran}");
    }
    house.pod(&["create", "web", "--network", "host"]).ok();
    assert_eq!(house.describe("web")["share"], json!(["ipc", "uts", "pid"]));
    house.pod(&["delete", "web", "--now"]).ok();
    let mut manifest: Value =
        serde_json::from_str(&pod("web", &json!({ "containers": [waiting("main", "")] }))).unwrap();
    let policy = json!({ "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": { "name": "p" } });
    let ran = house.pod(&["apply", "-f", &put(&house, "policy.json", &policy.to_string())]);
    assert!(!ran.output.status.success() && ran.err().contains("a NetworkPolicy is refused"), "{ran}");
    assert_eq!(ran.err().trim().lines().count(), 1, "{ran}");
    for (network, says) in [("nowhere", "is no network"), ("host", "and hostNetwork is not true")] {
        manifest["metadata"]["annotations"] = json!({ "podkit/network": network });
        let file = put(&house, "bad.json", &manifest.to_string());
        let ran = house.pod(&["apply", "-f", &file]);
        assert!(!ran.output.status.success() && ran.err().contains(says), "{ran}");
    }
}
