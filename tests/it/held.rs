//! Networks of an ordinary user: bridges that are held by a pause of their own, with pasta at the door.

use std::fs;
use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::process::Command;

use libtest_mimic::Trial;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;

use crate::house::{House, User, eventually, has_ended};
use crate::machine::{HERE, WORLD, on_a_machine};
use crate::networks::guards::{forget_neighbours, pretend};
use crate::networks::place::{Listening, inside, reaches, run};
use crate::pods::{BUSYBOX, image, pod, put, shown, waiting};
use crate::trial::{Need, trial};

const HELD: [Need; 5] = [Need::Root, Need::Userns, Need::Program("pasta"), Need::Program("nft"), Need::Program("ip")];

pub(crate) fn trials() -> Vec<Trial> {
    let on = |name: &str, needs: &[Need], house: fn() -> House, test: fn(&House)| {
        let needs = [&HELD[..], needs].concat();
        trial(&format!("held::{name}"), &needs, move || {
            let house = house();
            let place = tempfile::tempdir().unwrap();
            on_a_machine(place.path(), || test(&house));
        })
    };
    let anybody = || House::new(User::Ordinary);
    let lsns = [Need::Program("lsns")];
    vec![
        on("pods_reach_each_other_and_the_world::as_ordinary_user", &[], anybody, reached),
        on("pods_reach_each_other_and_the_world::with_ids_set_apart", &[], House::with_ranges, reached),
        on("a_pod_reaches_neither_the_machine_nor_another_network", &[], anybody, kept_apart),
        on("a_pod_is_taken_for_no_other_by_its_neighbours", &[], anybody, poisoning),
        on("what_nobody_uses_is_told_and_cleared_away", &[], anybody, unused),
        on("a_pod_has_no_right_in_who_holds_its_network::as_ordinary_user", &lsns, anybody, rights),
        on("a_pod_has_no_right_in_who_holds_its_network::with_ids_set_apart", &lsns, House::with_ranges, rights),
        on("what_was_killed_is_there_after_the_next_command", &[Need::Program("nsenter")], anybody, killed),
        on("who_holds_it_was_killed_and_the_next_pod_is_connected", &[], anybody, unheld),
        on("pods_of_manifests_find_each_other_and_ports_lead_in::as_ordinary_user", BUSYBOX, anybody, manifests),
        on(
            "pods_of_manifests_find_each_other_and_ports_lead_in::with_ids_set_apart",
            BUSYBOX,
            House::with_ranges,
            manifests,
        ),
        on("without_the_device_there_is_no_way_out_and_it_is_told", &[], anybody, no_device),
        on("without_nft_an_old_pasta_is_not_trusted_with_several", &[], anybody, no_nft),
    ]
}

fn create(house: &House, pod: &str, network: &str) {
    house.pod(&["create", pod, "--network", network]).ok();
}

fn addresses(house: &House, pod: &str) -> Vec<IpAddr> {
    let told = house.describe(pod);
    told["addresses"].as_array().unwrap().iter().map(|it| it.as_str().unwrap().parse().unwrap()).collect()
}

/// What somebody in the pod hears from the world.
fn world(house: &House, pod: &str) -> String {
    let script = format!("cat < /dev/tcp/{WORLD}/8080");
    house.pod(&["exec", pod, "--", "timeout", "10", "bash", "-c", &script]).out()
}

/// The first address of a name, as a pod is told.
fn resolved(house: &House, pod: &str, name: &str) -> String {
    let asked = house.pod(&["exec", pod, "--", "getent", "ahostsv4", name]);
    asked.out().split_whitespace().next().unwrap_or_default().to_owned()
}

/// Who is on record in the directory of a network; none while one is just being written down.
fn recorded(house: &House, network: &str, process: &str) -> Option<i32> {
    let record = fs::read_to_string(house.state().join(".networks").join(network).join(process)).ok()?;
    record.split(' ').next().unwrap().parse().ok()
}

fn delete(house: &House, pods: &[&str]) {
    house.pod(&[&["delete", "--now"], pods].concat()).ok();
}

fn reached(house: &House) {
    for pod in ["web", "db"] {
        create(house, pod, "bridge");
    }
    let (web, db) = (addresses(house, "web"), addresses(house, "db"));
    for address in &db {
        let listening = Listening::inside(house.pause("db"), SocketAddr::new(*address, 80));
        reaches(house.pause("web"), listening.address).unwrap();
        assert!(web.contains(&listening.who_came()), "pods see each other's own addresses");
    }
    assert_eq!(resolved(house, "web", "db"), db[0].to_string());
    assert_eq!(resolved(house, "db", "web"), web[0].to_string());
    for pod in ["web", "db"] {
        assert_eq!(world(house, pod), format!("the world sees {HERE}\n"));
    }
    let processes: Vec<i32> =
        ["holder", "pasta", "resolver"].map(|process| recorded(house, "default", process).unwrap()).into();
    delete(house, &["web"]);
    assert_eq!(resolved(house, "db", "web"), "");
    assert!(!processes.iter().any(|process| has_ended((*process).into())));
    delete(house, &["db"]);
    assert!(processes.iter().all(|process| has_ended((*process).into())), "{processes:?}");
    assert!(!house.state().join(".networks").exists());
}

fn poisoning(house: &House) {
    for pod in ["good", "bad", "other"] {
        create(house, pod, "bridge");
    }
    let (good, others) = (addresses(house, "good"), addresses(house, "other"));
    let described = house.pod(&["describe", "bad"]).ok().out();
    assert!(!described.contains("another's address"), "{described}");
    let heard = |family: usize| {
        let listening = Listening::inside(house.pause("good"), SocketAddr::new(good[family], 80));
        reaches(house.pause("bad"), listening.address).map(|()| listening.who_came()).ok()
    };
    for family in [0, 1] {
        assert!(heard(family).is_some());
        pretend(house.pause("bad"), &others[family], &good[family]);
        assert_eq!(heard(family), None);
    }
    let holder = recorded(house, "default", "holder").unwrap();
    let tables = inside(holder, || run("nft", &["list", "tables", "bridge"]));
    inside(holder, || run("nft", &["delete", "table", "bridge", tables.split_whitespace().last().unwrap()]));
    for (family, other) in others.iter().enumerate() {
        eventually("it is the guard that sees to that", || {
            forget_neighbours(house.pause("bad"));
            (heard(family) == Some(*other)).then_some(())
        });
    }
    delete(house, &["good", "bad", "other"]);
}

fn unused(house: &House) {
    create(house, "web", "bridge");
    let processes: Vec<i32> =
        ["holder", "pasta", "resolver"].map(|process| recorded(house, "default", process).unwrap()).into();
    kill(Pid::from_raw(house.pause("web")), Signal::SIGKILL).unwrap();
    fs::remove_dir_all(house.state().join("web")).unwrap();
    let told = house.pod(&["doctor"]).out();
    for process in &processes {
        assert!(told.contains(&format!("process {process}")), "{told}");
    }
    house.pod(&["prune"]).ok();
    assert!(processes.iter().all(|process| has_ended((*process).into())), "{processes:?}");
    assert!(!house.state().join(".networks").exists());
}

fn kept_apart(house: &House) {
    for (pod, network) in [("web", "bridge"), ("red", "bridge:red")] {
        create(house, pod, network);
    }
    let web = addresses(house, "web");
    for address in &web {
        let listening = Listening::inside(house.pause("web"), SocketAddr::new(*address, 80));
        reaches(house.pause("web"), listening.address).unwrap();
        assert!(reaches(house.pause("red"), listening.address).is_err(), "another network reaches {address}");
    }
    assert_eq!(resolved(house, "red", "web"), "");
    assert_eq!(world(house, "red"), format!("the world sees {HERE}\n"));
    let gateway = fs::read_to_string(house.state().join("web/etc/resolv.conf")).unwrap();
    let gateway: IpAddr = gateway.split_whitespace().nth(1).unwrap().parse().unwrap();
    for address in ["127.0.0.1:0", "0.0.0.0:0"] {
        let listener = TcpListener::bind(address).unwrap();
        let port = listener.local_addr().unwrap().port();
        for to in ["127.0.0.1".parse().unwrap(), HERE.parse().unwrap(), "169.254.1.1".parse().unwrap(), gateway] {
            let reached = reaches(house.pause("web"), SocketAddr::new(to, port));
            assert!(reached.is_err(), "{to} at {address} is reached");
        }
    }
    delete(house, &["web", "red"]);
}

/// The user namespace that the one of this process belongs to, and its own.
fn users(pid: i32) -> (u64, u64) {
    let told =
        Command::new("lsns").args(["-n", "-t", "user", "-o", "PNS,NS", "-p", &pid.to_string()]).output().unwrap();
    let told = String::from_utf8(told.stdout).unwrap();
    let numbers: Vec<u64> = told.split_whitespace().map(|word| word.parse().unwrap()).collect();
    (numbers[0], numbers[1])
}

fn rights(house: &House) {
    for pod in ["web", "db"] {
        create(house, pod, "bridge");
    }
    let holder = users(recorded(house, "default", "holder").unwrap());
    let (web, db) = (users(house.pause("web")), users(house.pause("db")));
    assert_eq!((web.0, db.0), (holder.1, holder.1), "a pod's belongs to the holder's");
    assert!(web.1 != db.1 && web.1 != holder.1, "and is nobody else's: {web:?} {db:?} {holder:?}");
    // Its root is that of its own network, and of nothing else.
    house.pod(&["exec", "web", "--", "ip", "link", "add", "more", "type", "bridge"]).ok();
    let ids = |pid: i32| fs::read_to_string(format!("/proc/{pid}/uid_map")).unwrap();
    assert_eq!(ids(house.pause("web")), ids(recorded(house, "default", "holder").unwrap()), "ids are the same");
    delete(house, &["web", "db"]);
}

fn end(pid: i32) {
    kill(Pid::from_raw(pid), Signal::SIGKILL).unwrap();
    eventually("it has ended", || has_ended(pid.into()).then_some(()));
}

/// Has packets in the network that is held not forwarded any more: new networks may inherit that they are.
fn shut(house: &House) {
    let (holder, file) = (recorded(house, "default", "holder").unwrap(), "/proc/sys/net/ipv4/ip_forward");
    let mut shut = Command::new("nsenter");
    let ended = shut.args(["-t", &holder.to_string(), "-n", "sh", "-c", &format!("echo 0 > {file}")]).status();
    assert!(ended.unwrap().success());
}

fn killed(house: &House) {
    for pod in ["web", "db", "more"] {
        create(house, pod, "bridge");
    }
    let next: [(&str, &dyn Fn()); 2] =
        [("more", &|| delete(house, &["more"])), ("again", &|| create(house, "again", "bridge"))];
    for (what, command) in next {
        for process in ["pasta", "resolver"] {
            end(recorded(house, "default", process).unwrap());
        }
        shut(house);
        assert_ne!(world(house, "web"), format!("the world sees {HERE}\n"));
        command();
        assert_eq!(world(house, "web"), format!("the world sees {HERE}\n"), "after {what}");
        assert_eq!(resolved(house, "db", "web"), addresses(house, "web")[0].to_string());
    }
    delete(house, &["web", "db", "again"]);
}

fn unheld(house: &House) {
    create(house, "web", "bridge");
    let before = ["holder", "pasta", "resolver"].map(|process| recorded(house, "default", process).unwrap());
    end(before[0]);
    for pod in ["db", "more"] {
        create(house, pod, "bridge");
    }
    assert_eq!(world(house, "db"), format!("the world sees {HERE}\n"));
    let listening = Listening::inside(house.pause("more"), SocketAddr::new(addresses(house, "more")[0], 80));
    reaches(house.pause("db"), listening.address).unwrap();
    drop(listening);
    assert!(before.iter().all(|process| has_ended((*process).into())), "{before:?}");
    // And where all of it is gone at the end, whoever deletes the last does not mind.
    end(recorded(house, "default", "holder").unwrap());
    delete(house, &["web", "db", "more"]);
    assert!(!house.state().join(".networks").exists());
}

fn manifests(house: &House) {
    image(house);
    let containers = |script: &str| json!([waiting("main", script)]);
    let mut serves = containers("mkdir /www; echo hello > /www/index.html; httpd -p 80 -h /www;");
    serves[0]["ports"] = json!([{ "containerPort": 80, "hostPort": 18080, "hostIP": "127.0.0.1" }]);
    let (one, two) = (
        pod("one", &json!({ "hostname": "alpha", "subdomain": "many", "containers": serves })),
        pod("two", &json!({ "containers": containers("") })),
    );
    let file = put(house, "pods.json", &format!("{one}\n---\n{two}"));
    // What tests have said for all pods is not said here.
    let mut apply = house.command("pod");
    apply.env_remove("POD_NETWORK").args(["apply", "-f", &file, "--wait", "--timeout", "30s"]);
    house.finish(&mut apply).ok();
    let address = shown(house, "one", "{.status.podIP}");
    assert!(address.starts_with("10."), "{address}");
    for name in ["one.default", "alpha.many.default.svc.cluster.local"] {
        let told = house.pod(&["exec", "two", "--", "busybox", "nslookup", "-type=a", name]).ok().out();
        assert!(told.contains(&format!("Address: {address}")), "{name}: {told}");
    }
    let says = |port: u16| -> io::Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
        let mut said = String::new();
        stream.read_to_string(&mut said).map(|_| said)
    };
    let hello = |said: &String| said.ends_with("\r\nhello\n");
    eventually("its published port leads in", || says(18080).ok().filter(hello));
    // Another leads in since it is said, and the one before no more.
    let moved = fs::read_to_string(&file).unwrap().replace("18080", "18081");
    house.pod(&["apply", "-f", &put(house, "moved.json", &moved)]).ok();
    assert!(hello(&says(18081).unwrap()));
    assert_eq!(says(18080).unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
    house.pod(&["delete", "-f", &file]).ok();
    eventually("nothing of the network is left", || (!house.state().join(".networks").exists()).then_some(()));
    house.pod(&["image", "remove", "box"]).ok();
}

fn no_device(house: &House) {
    nix::mount::umount("/dev/net/tun").unwrap();
    let null = Some("/dev/null");
    nix::mount::mount(null, "/dev/net/tun", None::<&str>, nix::mount::MsFlags::MS_BIND, None::<&str>).unwrap();
    // Which can be opened, and makes no link.
    for pod in ["web", "db"] {
        create(house, pod, "bridge");
        let described = house.pod(&["describe", pod]).ok().out();
        assert!(described.contains("the way out of network bridge (pasta: "), "{described}");
    }
    assert_eq!(resolved(house, "web", "db"), addresses(house, "db")[0].to_string());
    let listening = Listening::inside(house.pause("db"), SocketAddr::new(addresses(house, "db")[0], 80));
    reaches(house.pause("web"), listening.address).unwrap();
    assert_eq!(world(house, "web"), "");
    drop(listening);
    delete(house, &["web", "db"]);
}

fn no_nft(house: &House) {
    let bare = house.work().join("bare");
    fs::create_dir(&bare).unwrap();
    nix::mount::mount(Some(&bare), "/usr/sbin", None::<&str>, nix::mount::MsFlags::MS_BIND, None::<&str>).unwrap();
    for pod in ["web", "db"] {
        create(house, pod, "bridge");
    }
    let told = Command::new("pasta").arg("--help").output().unwrap();
    let is_new =
        [told.stdout, told.stderr].iter().any(|text| String::from_utf8_lossy(text).contains("--map-guest-addr"));
    let described = house.pod(&["describe", "web"]).ok().out();
    let says =
        "the way out of network bridge (cannot run nft: it is not in PATH, and this pasta answers one address alone)";
    assert_eq!(described.contains(says), !is_new, "{described}");
    for pod in ["web", "db"] {
        assert_eq!(world(house, pod) == format!("the world sees {HERE}\n"), is_new);
    }
    assert_eq!(resolved(house, "web", "db"), addresses(house, "db")[0].to_string());
    delete(house, &["web", "db"]);
}
