//! That nobody in a network is taken for another.

use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::place::{Listening, World, inside, reaches, run};
use super::{addresses, nothing_is_left};
use crate::house::{House, User, eventually};

pub(super) fn spoofing() {
    let house = House::new(User::Root);
    for name in ["good", "bad"] {
        house.pod(&["create", name, "--network", "bridge"]).ok();
    }
    let (good, bad) = (house.pause("good"), house.pause("bad"));
    let listening = || Listening::inside(good, SocketAddr::new(addresses(&house, "good")[0], 80));
    reaches(bad, listening().address).unwrap();
    inside(bad, || run("ip", &["link", "set", "eth0", "address", "02:70:01:02:03:04"]));
    assert!(reaches(bad, listening().address).is_err(), "it has another link's address");
    inside(bad, || run("ip", &["link", "set", "eth0", "address", &mac(&addresses(&house, "bad")[0])]));
    reaches(bad, listening().address).unwrap();
    house.pod(&["delete", "good", "--now"]).ok();
    house.pod(&["delete", "bad", "--now"]).ok();
}

/// One that gives itself another's address, and says so to its neighbours, is neither believed nor heard; the same pods
/// without the guard are.
pub(super) fn poisoning() {
    let house = House::new(User::Root);
    for name in ["good", "bad", "other"] {
        house.pod(&["create", name, "--network", "bridge"]).ok();
    }
    let [good, bad] = ["good", "bad"].map(|name| house.pause(name));
    let (theirs, own) = (addresses(&house, "good"), addresses(&house, "bad"));
    let liar = mac(&own[0]);
    let listening = |family: usize| Listening::inside(good, SocketAddr::new(theirs[family], 80));
    for family in [0, 1] {
        reaches(bad, listening(family).address).unwrap();
    }
    // What others have, and what nobody has.
    let others = addresses(&house, "other");
    for (family, other) in others.iter().enumerate() {
        pretend(bad, other, &theirs[family]);
    }
    let heard = |family: usize| {
        let listening = listening(family);
        reaches(bad, listening.address).map(|()| listening.who_came()).ok()
    };
    let believed =
        |address: &IpAddr| inside(good, || run("ip", &["neigh", "show", &address.to_string()])).contains(&liar);
    let ghost = nobodys(&own[1]);
    answer_for(bad, &ghost);
    let asked = || {
        let resolved = || {
            let said = inside(good, || run("ip", &["-6", "neigh", "show", &ghost.to_string()]));
            ["REACHABLE", "STALE", "DELAY", "PROBE", "FAILED"].iter().any(|state| said.contains(state)).then_some(said)
        };
        let _nobody = inside(good, || std::net::UdpSocket::bind("[::]:0").unwrap().send_to(b"x", (ghost, 9)));
        eventually("it is known who has it, or that nobody has", resolved).contains(&liar)
    };
    assert_eq!((heard(0), heard(1)), (None, None));
    assert!(!others.iter().any(&believed) && !asked());
    // And that it is the guard which sees to that.
    let tables = run("nft", &["list", "tables", "bridge"]);
    run("nft", &["delete", "table", "bridge", tables.split_whitespace().last().unwrap()]);
    for (family, other) in others.iter().enumerate() {
        eventually("another is taken for them", || {
            forget_neighbours(bad);
            (heard(family) == Some(*other)).then_some(())
        });
        assert!(believed(other), "{}", inside(good, || run("ip", &["neigh"])));
    }
    inside(good, || run("ip", &["-6", "neigh", "flush", "all"]));
    assert!(asked());
    for name in ["good", "bad", "other"] {
        house.pod(&["delete", name, "--now"]).ok();
    }
    nothing_is_left();
}

/// Gives a pod this address, as which it comes to that one from then on.
pub(crate) fn pretend(pod: i32, address: &IpAddr, to: &IpAddr) {
    let (family, bits) = if address.is_ipv4() { ("-4", 32) } else { ("-6", 128) };
    let (own, to) = (format!("{address}/{bits}"), format!("{to}/{bits}"));
    forget_neighbours(pod);
    inside(pod, || {
        let given = ["addr", "add", &own, "dev", "eth0", "nodad"];
        run("ip", if address.is_ipv4() { &given[..5] } else { &given });
        run("ip", &[family, "route", "replace", &to, "dev", "eth0", "src", &address.to_string()]);
    });
}

/// Has a pod ask again who has which address, and tell by that who it is; it may know of others because they have asked.
pub(crate) fn forget_neighbours(pod: i32) {
    inside(pod, || ["-4", "-6"].map(|family| run("ip", &[family, "neigh", "flush", "all"])));
}

/// An address of that network that no pod has.
fn nobodys(address: &IpAddr) -> std::net::Ipv6Addr {
    let IpAddr::V6(address) = address else { panic!("{address}") };
    let mut segments = address.segments();
    segments[7] = if segments[7] == 0xffe { 0xffd } else { 0xffe };
    segments.into()
}

/// Has a pod answer who asks for this address, by its own.
fn answer_for(pod: i32, address: &std::net::Ipv6Addr) {
    inside(pod, || {
        for name in ["all/forwarding", "eth0/proxy_ndp"] {
            fs::write(format!("/proc/sys/net/ipv6/conf/{name}"), "1").unwrap();
        }
        run("ip", &["-6", "neigh", "add", "proxy", &address.to_string(), "dev", "eth0"]);
    });
}

/// As on a kernel that was built without tables of bridges: by an nft that has none.
pub(super) fn unguarded() {
    let house = House::new(User::Root);
    let poor = house.work().join("bin");
    fs::create_dir(&poor).unwrap();
    let script = "#!/bin/sh\nrules=$(cat)\ncase $rules in *'table bridge'*) echo 'Error: Could not process rule: \
                  Operation not supported' >&2; exit 1;; esac\necho \"$rules\" | /usr/sbin/nft \"$@\"\n";
    fs::write(poor.join("nft"), script).unwrap();
    fs::set_permissions(poor.join("nft"), fs::Permissions::from_mode(0o755)).unwrap();
    let path =
        std::env::join_paths([poor.as_path(), crate::house::binaries(), Path::new("/usr/bin"), Path::new("/bin")])
            .unwrap();
    let pod = |words: &[&str]| house.finish(house.command("pod").env("PATH", &path).args(words)).ok();
    let world = World::new(&house);
    pod(&["create", "web", "--network", "bridge"]);
    let without = "that nobody has another's address in network bridge (nft: Error: Could not process rule: Operation not supported";
    let described = house.pod(&["describe", "web"]).ok().out();
    assert!(described.contains(without) && !described.contains("the way out"), "{described}");
    let listening = Listening::inside(world.pid(), SocketAddr::new(World::ADDRESS, 80));
    reaches(house.pause("web"), listening.address).unwrap();
    pod(&["delete", "web", "--now"]);
    nothing_is_left();
}

/// The address of the link of who has this one.
fn mac(address: &IpAddr) -> String {
    let IpAddr::V4(address) = address else { panic!("{address}") };
    let octets = address.octets().map(|octet| format!("{octet:02x}"));
    format!("02:70:{}", octets.join(":"))
}
