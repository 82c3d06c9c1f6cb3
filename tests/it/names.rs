//! Who is called what in a network, and who is told.

use std::collections::BTreeMap;
use std::fs;
use std::net::UdpSocket;
use std::path::PathBuf;
use std::thread;

use libtest_mimic::Trial;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use serde_json::json;

use crate::house::{House, User, eventually, has_ended};
use crate::pods::{image, pod, put, waiting};
use crate::trial::{Need, trial};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("names::pods_of_a_network_find_each_other_and_others_do_not", &[Need::Root], found),
        trial("names::manifests_find_each_other_as_in_a_cluster", &[Need::Root], as_in_a_cluster),
        trial("names::the_rest_is_asked_of_the_machines_own_resolvers", &[Need::Root], elsewhere),
        trial("names::a_resolver_that_was_killed_is_there_after_the_next_command", &[Need::Root], killed),
        trial("names::beyond_are_not_known_where_it_cannot_be_told_who_to_ask", &[Need::Root], unread),
        trial("names::that_could_not_be_taken_back_are_told_of", &[Need::Root], untold),
        trial("names::a_resolver_may_do_nothing_but_resolve", &[Need::Root], confined),
    ]
}

/// A machine whose network and /etc/resolv.conf are a test's own: those of a thread, and of what it starts.
fn machine(test: impl FnOnce(&House) + Send) {
    let house = House::new(User::Root);
    thread::scope(|scope| {
        let inside = scope.spawn(|| {
            unshare(CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_FS | CloneFlags::CLONE_NEWNS).unwrap();
            mount(None::<&str>, "/", None::<&str>, MsFlags::MS_REC | MsFlags::MS_SLAVE, None::<&str>).unwrap();
            let own = house.work().join("resolv.conf");
            fs::write(&own, "nameserver 127.0.0.53\nsearch a.example\n").unwrap();
            mount(Some(&own), "/etc/resolv.conf", None::<&str>, MsFlags::MS_BIND, None::<&str>).unwrap();
            house.run("ip", &["link", "set", "lo", "up"]).ok();
            test(&house);
        });
        inside.join().unwrap();
    });
}

/// The addresses of a name, or the names of an address, as a pod is told.
fn told(house: &House, pod: &str, asked: &str) -> String {
    let asked = house.pod(&["exec", pod, "--", "getent", "hosts", asked]);
    asked.out().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn address(house: &House, pod: &str) -> String {
    let record = fs::read_to_string(house.state().join(pod).join("network.json")).unwrap();
    let record: serde_json::Value = serde_json::from_str(&record).unwrap();
    let addresses = record["addresses"].as_array().unwrap().iter().filter_map(|address| address.as_str());
    addresses
        .filter(|address| !address.contains("::"))
        .map(|address| address.split('/').next().unwrap().to_owned())
        .next()
        .unwrap()
}

fn directory(house: &House, network: &str) -> PathBuf {
    house.state().join(".networks").join(network)
}

fn resolver(house: &House, network: &str) -> i32 {
    let record = fs::read_to_string(directory(house, network).join("resolver")).unwrap();
    record.split(' ').next().unwrap().parse().unwrap()
}

fn create(house: &House, pod: &str, network: &str) {
    house.pod(&["create", pod, "--network", network]).ok();
}

fn found() {
    machine(|house| {
        create(house, "web", "bridge:blue");
        create(house, "db", "bridge:blue");
        create(house, "other", "bridge:red");
        let web = address(house, "web");
        let v4 = |pod: &str, name: &str| {
            let asked = house.pod(&["exec", pod, "--", "getent", "ahostsv4", name]);
            asked.out().split_whitespace().next().unwrap_or_default().to_owned()
        };
        assert_eq!(v4("db", "web"), web);
        assert_eq!(v4("web", "db"), address(house, "db"));
        assert_eq!(told(house, "db", &web), format!("{web} web"));
        assert!(told(house, "db", "web").contains(" web"), "by IPv6, if there is that");
        assert_eq!(v4("other", "web"), "");
        assert_eq!(told(house, "other", &web), "");
        // Not even when it asks the other network's resolver itself.
        let gateway = fs::read_to_string(house.state().join("web/etc/resolv.conf")).unwrap();
        let gateway = gateway.lines().find_map(|line| line.strip_prefix("nameserver ")).unwrap().to_owned();
        let asks = format!(
            "printf 'nameserver {gateway}\\noptions timeout:1 attempts:1\\n' > /etc/resolv.conf; getent ahostsv4 web"
        );
        house.pod(&["exec", "other", "--", "sh", "-c", &asks]).exits(2);
        house.pod(&["delete", "--now", "web"]).ok();
        assert_eq!(v4("db", "web"), "");
        let blue = resolver(house, "blue");
        house.pod(&["delete", "--now", "db"]).ok();
        eventually("the resolver ends with its network", || has_ended(blue.into()).then_some(()));
        house.pod(&["delete", "--now", "other"]).ok();
        assert!(!house.state().join(".networks").exists());
    });
}

fn as_in_a_cluster() {
    machine(|house| {
        image(house);
        let containers = json!([waiting("main", "")]);
        let one = json!({ "hostname": "alpha", "subdomain": "many", "containers": containers });
        let (one, two) = (pod("one", &one), pod("two", &json!({ "containers": containers })));
        let file = put(house, "pods.json", &format!("{one}\n---\n{two}"));
        house.pod(&["apply", "--network", "bridge:blue", "-f", &file, "--wait", "--timeout", "30s"]).ok();
        let shown = |path: &str| house.pod(&["get", "pod", "one", "-o", &format!("jsonpath={path}")]).ok().out();
        let address = shown("{.status.podIP}");
        let asks = |words: &[&str]| house.pod(&[&["exec", "two", "--", "busybox"], words].concat());
        let conf = asks(&["cat", "/etc/resolv.conf"]).ok().out();
        assert!(
            conf.starts_with("search default.svc.cluster.local svc.cluster.local cluster.local a.example\n"),
            "{conf}"
        );
        assert!(conf.ends_with("options ndots:5\n"), "{conf}");
        for name in ["one.default", "alpha.many", "alpha.many.default.svc.cluster.local"] {
            let told = asks(&["nslookup", "-type=a", name]).ok().out();
            assert!(told.contains(&format!("Address: {address}")), "{name}: {told}");
        }
        let told = asks(&["nslookup", "-type=a", "nobody.default.svc.cluster.local"]).out();
        assert!(told.contains("NXDOMAIN"), "{told}");
        house.pod(&["delete", "-f", &file]).ok();
    });
}

/// Answers each question in this thread's network as the machine's own resolver would: everybody is at 192.0.2.7.
fn answering() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.53:53").unwrap();
    let answering = socket.try_clone().unwrap();
    thread::spawn(move || {
        let mut question = [0; 4096];
        while let Ok((length, client)) = answering.recv_from(&mut question) {
            let mut name = 12;
            while question[name] != 0 {
                name += 1 + usize::from(question[name]);
            }
            let is_a = question[name + 1..name + 3] == [0, 1];
            let mut reply = question[..name + 5].to_vec();
            reply[2..12].copy_from_slice(&[0x81, 0x80, 0, 1, 0, u8::from(is_a), 0, 0, 0, 0]);
            if is_a {
                reply.extend(b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x05\x00\x04\xc0\x00\x02\x07");
            }
            assert!(length >= reply.len() - 16);
            let _lost = answering.send_to(&reply, client);
        }
    });
    socket
}

fn elsewhere() {
    machine(|house| {
        let _answering = answering();
        create(house, "web", "bridge");
        assert_eq!(told(house, "web", "www.example.com"), "192.0.2.7 www.example.com");
        assert!(told(house, "web", "web").ends_with(" web"));
        house.pod(&["delete", "--now", "web"]).ok();
    });
}

fn killed() {
    machine(|house| {
        create(house, "web", "bridge:blue");
        let first = resolver(house, "blue");
        kill(Pid::from_raw(first), Signal::SIGKILL).unwrap();
        eventually("it is gone", || has_ended(first.into()).then_some(()));
        create(house, "db", "bridge:blue");
        assert_ne!(resolver(house, "blue"), first);
        assert!(told(house, "db", "web").ends_with(" web"));
        // And one that cannot be found any more is ended with the network.
        let second = resolver(house, "blue");
        fs::remove_file(directory(house, "blue").join("resolver.sock")).unwrap();
        house.pod(&["delete", "--now", "web", "db"]).ok();
        eventually("it is gone", || has_ended(second.into()).then_some(()));
    });
}

fn unread() {
    machine(|house| {
        // What is at the beginning of nobody's memory cannot be read, whoever asks.
        let unreadable = Some("/proc/self/mem");
        mount(unreadable, "/etc/resolv.conf", None::<&str>, MsFlags::MS_BIND, None::<&str>).unwrap();
        create(house, "web", "bridge");
        let described = house.pod(&["describe", "web"]).ok().out();
        let why = "names beyond network bridge (cannot read /etc/resolv.conf: Input/output error";
        assert!(described.contains(why), "{described}");
        assert!(told(house, "web", "web").ends_with(" web"));
        house.pod(&["delete", "--now", "web"]).ok();
    });
}

fn untold() {
    machine(|house| {
        for name in ["web", "db"] {
            create(house, name, "bridge:blue");
        }
        let lost = resolver(house, "blue");
        let record = directory(house, "blue").join("resolver");
        for name in ["resolver", "resolver.sock"] {
            fs::remove_file(directory(house, "blue").join(name)).unwrap();
        }
        fs::create_dir(&record).unwrap();
        let deleted = house.pod(&["delete", "--now", "web"]).ok();
        let why = "warning: names of network bridge:blue are not as they are: cannot ";
        assert!(deleted.err().starts_with(why) && deleted.err().lines().count() == 1, "{deleted}");
        fs::remove_dir(&record).unwrap();
        kill(Pid::from_raw(lost), Signal::SIGKILL).unwrap();
        house.pod(&["delete", "--now", "db"]).ok();
    });
}

fn confined() {
    machine(|house| {
        create(house, "web", "bridge:blue");
        let status = fs::read_to_string(format!("/proc/{}/status", resolver(house, "blue"))).unwrap();
        let status: BTreeMap<&str, &str> =
            status.lines().filter_map(|line| line.split_once(':')).map(|(key, value)| (key, value.trim())).collect();
        for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
            assert_eq!(status[set], "0000000000000000", "{set}");
        }
        assert_eq!((status["NoNewPrivs"], status["Seccomp"]), ("1", "2"));
        assert_eq!((status["Uid"], status["Groups"]), ("65535\t65535\t65535\t65535", ""));
        house.pod(&["delete", "--now", "web"]).ok();
    });
}
