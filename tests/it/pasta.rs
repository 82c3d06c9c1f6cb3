//! Pods with a way out by pasta, as root and as anybody.

use std::fs;

use libtest_mimic::Trial;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, geteuid};

use crate::house::{House, User, eventually, has_ended};
use crate::machine::{HERE, WORLD, on_a_machine};
use crate::trial::{Need, trial};

const PASTA: [Need; 3] = [Need::Root, Need::Program("pasta"), Need::Program("ip")];

pub(crate) fn trials() -> Vec<Trial> {
    let on = |name: &str, house: fn() -> House, test: fn(&House)| {
        trial(&format!("pasta::{name}"), &PASTA, move || {
            let house = house();
            let place = tempfile::tempdir().unwrap();
            on_a_machine(place.path(), || test(&house));
        })
    };
    let root = || House::new(User::Root);
    let anybody = || House::new(User::Ordinary);
    vec![
        on("reaches_the_world_and_a_name_server_and_not_the_machine::as_root", root, reaches),
        on("reaches_the_world_and_a_name_server_and_not_the_machine::as_ordinary_user", anybody, reaches),
        on("reaches_the_world_and_a_name_server_and_not_the_machine::with_ids_set_apart", House::with_ranges, reaches),
        on("killed_it_is_there_again::as_root", root, killed),
        on("killed_it_is_there_again::as_ordinary_user", anybody, killed),
        on("of_a_manifests_pod_killed_is_an_event", anybody, noted),
        on("is_where_manifests_ask_who_is_on_the_machines_loopback", anybody, asks),
        on("ends_with_the_pod_whoever_was_killed_before", root, ends),
        on("without_the_device_a_pod_is_refused", anybody, no_device),
        trial("pasta::without_a_way_out_of_the_machine_a_pod_is_refused", &PASTA, no_way_out),
    ]
}

/// What a shell in the pod hears from a server.
fn hears(house: &House, script: &str) -> String {
    house.pod(&["exec", "web", "--", "timeout", "10", "bash", "-c", script]).out()
}

fn world(house: &House) -> String {
    hears(house, &format!("cat < /dev/tcp/{WORLD}/8080"))
}

/// Who is on record; none while one is just being written down.
fn recorded(house: &House) -> Option<i32> {
    let record = fs::read_to_string(house.state().join("web/pasta")).unwrap();
    record.split(' ').next().unwrap().parse().ok()
}

fn holder(house: &House) -> i32 {
    recorded(house).unwrap()
}

fn reaches(house: &House) {
    house.pod(&["create", "web", "--network", "pasta"]).ok();
    assert_eq!(world(house), format!("the world sees {HERE}\n"));
    let hosts = hears(house, "cat /etc/hosts");
    assert!(hosts.contains(&format!("{HERE}\tweb\n")), "{hosts}");
    assert_eq!(hears(house, "cat /etc/resolv.conf"), format!("nameserver 169.254.1.1\nnameserver {WORLD}\n"));
    // A resolver asks the first of them, and it is the machine's that answers.
    let asked = "exec 3<>/dev/udp/169.254.1.1/53; printf hello >&3; head -c 15 <&3";
    assert_eq!(hears(house, asked), "answer to hello");
    // What listens on the machine, at its loopback or anywhere, is not found by the way out.
    for address in ["127.0.0.1:0", "0.0.0.0:0"] {
        let listener = std::net::TcpListener::bind(address).unwrap();
        let port = listener.local_addr().unwrap().port();
        for to in ["127.0.0.1", HERE, WORLD, "169.254.1.1"] {
            let tried =
                house.pod(&["exec", "web", "--", "timeout", "3", "bash", "-c", &format!("< /dev/tcp/{to}/{port}")]);
            assert!(!tried.output.status.success(), "{to} at {address} is reached: {tried}");
        }
    }
    house.pod(&["delete", "web"]).ok();
}

fn killed(house: &House) {
    house.pod(&["create", "web", "--network", "pasta"]).ok();
    let before = holder(house);
    kill(Pid::from_raw(before), Signal::SIGKILL).unwrap();
    eventually("another holds the way out open", || recorded(house).filter(|pid| *pid != before));
    eventually("the world is reached again", || (world(house) == format!("the world sees {HERE}\n")).then_some(()));
    let log = fs::read_to_string(house.state().join("web/supervisor.log")).unwrap();
    assert!(log.contains("pasta"), "{log}");
    let holder = holder(house);
    house.pod(&["delete", "web"]).ok();
    assert!(has_ended(holder.into()));
}

fn noted(house: &House) {
    let path = house.work().join("pod.yaml");
    let spec = "{containers: [{name: c, image: none, imagePullPolicy: Never}]}";
    fs::write(&path, format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: web}}\nspec: {spec}\n")).unwrap();
    house.pod(&["apply", "--network", "pasta", "-f", path.to_str().unwrap()]).ok();
    let before = eventually("there is a way out", || {
        let record = fs::read_to_string(house.state().join("web/pasta")).ok()?;
        record.split(' ').next()?.parse::<i32>().ok()
    });
    eventually("who attends to it sees its end", || {
        // Who has just been recorded may not be looked at yet.
        let _gone = kill(Pid::from_raw(before), Signal::SIGKILL);
        let told = house.pod(&["describe", "pod", "web"]).ok().out();
        let says = |line: &str| line.contains("NetworkNotReady") && line.contains("pasta, by which the pod reaches");
        told.lines().any(says).then_some(())
    });
    eventually("another holds the way out open", || recorded(house).filter(|pid| *pid != before));
    house.pod(&["delete", "pod", "web", "--now"]).ok();
}

/// A server on the machine's loopback is reached by the way out, and nowhere else.
fn asks(house: &House) {
    fs::write("/etc/resolv.conf", "nameserver 127.0.0.53\nsearch a.example\n").unwrap();
    let path = house.work().join("pod.yaml");
    for (policy, asked) in [
        ("Default", "search a.example\nnameserver 169.254.1.1\n"),
        ("ClusterFirst", "search a.example\nnameserver 169.254.1.1\n"),
        ("None\n  dnsConfig: {nameservers: [127.0.0.1]}", "nameserver 127.0.0.1\n"),
    ] {
        let container = "{name: c, image: none, imagePullPolicy: Never}";
        let text = format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: web}}\nspec:\n  containers: [{container}]\n  dnsPolicy: {policy}\n"
        );
        fs::write(&path, text).unwrap();
        house.pod(&["apply", "--network", "pasta", "-f", path.to_str().unwrap()]).ok();
        eventually(&format!("{policy} is {asked}"), || {
            let pods = fs::read_dir(house.state()).unwrap().flatten();
            let mut texts = pods.filter_map(|pod| fs::read_to_string(pod.path().join("etc/resolv.conf")).ok());
            texts.any(|text| text == asked).then_some(())
        });
        house.pod(&["delete", "pod", "web", "--now"]).ok();
    }
}

fn ends(house: &House) {
    house.pod(&["create", "web", "--network", "pasta"]).ok();
    let holder = holder(house);
    let supervisor = fs::read_to_string(house.state().join("web/supervisor")).unwrap();
    let supervisor: i32 = supervisor.split(' ').next().unwrap().parse().unwrap();
    kill(Pid::from_raw(supervisor), Signal::SIGKILL).unwrap();
    kill(Pid::from_raw(house.pause("web")), Signal::SIGKILL).unwrap();
    assert!(!has_ended(holder.into()), "nobody tells it");
    house.pod(&["delete", "web"]).ok();
    assert!(has_ended(holder.into()), "whoever deletes the pod ends it");
    // One whose pause ends while it is supervised is not left, either.
    house.pod(&["create", "web", "--network", "pasta"]).ok();
    let holder = self::holder(house);
    kill(Pid::from_raw(house.pause("web")), Signal::SIGKILL).unwrap();
    eventually("it has ended with the pod", || has_ended(holder.into()).then_some(()));
    house.pod(&["delete", "web"]).ok();
}

fn no_device(house: &House) {
    nix::mount::umount("/dev/net/tun").unwrap();
    if geteuid().is_root() && fs::metadata("/dev/net/tun").is_ok_and(|found| is_everybodys(&found)) {
        let null = Some("/dev/null");
        nix::mount::mount(null, "/dev/net/tun", None::<&str>, nix::mount::MsFlags::MS_BIND, None::<&str>).unwrap();
        // Which can be opened, and makes no link.
        house.pod(&["create", "web", "--network", "pasta"]).refuses(125, "no way out by pasta: pasta: ");
    } else {
        let says = "no way out by pasta: cannot open /dev/net/tun: Permission denied";
        house.pod(&["create", "web", "--network", "pasta"]).refuses(125, says);
    }
    house.nothing_is_left();
}

fn is_everybodys(found: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    found.permissions().mode() & 0o6 == 0o6
}

fn no_way_out() {
    let house = House::new(User::Root);
    std::thread::scope(|scope| {
        let inside = scope.spawn(|| {
            nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWNET).unwrap();
            house.pod(&["create", "web", "--network", "pasta"]).refuses(125, "no way out by pasta: pasta: ");
            house.nothing_is_left();
        });
        inside.join().unwrap();
    });
}
