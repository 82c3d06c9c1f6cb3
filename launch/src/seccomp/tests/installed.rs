//! What the real kernel says to the filters.

use std::collections::HashSet;
use std::env;
use std::fs::File;
use std::thread;

use nix::errno::Errno;
use nix::sys::socket::{AddressFamily, SockFlag, SockProtocol, SockType, socket};
use nix::sys::utsname::uname;
use serde_json::json;
use syscalls::Sysno;

use super::evaluate::{Call, verdict};
use super::{ALLOW, EPERM, ERRNO, KERNEL, Seccomp, compiled};

/// Installs the filter in a thread, which is all that it holds for, and has it try something.
fn confined<T: Send>(seccomp: &Seccomp, attempt: impl FnOnce() -> T + Send) -> T {
    let confine = || {
        if let Some(program) = seccomp.program() {
            seccompiler::apply_filter(program).expect("a filter that the kernel takes");
        }
        attempt()
    };
    thread::scope(|scope| scope.spawn(confine).join().expect("a thread that ends by itself"))
}

#[test]
fn the_kernel_takes_the_filter_and_obeys_it() {
    let audit = json!([{"index": 0, "value": 16, "op": "SCMP_CMP_EQ"}, {"index": 2, "value": 9, "op": "SCMP_CMP_EQ"}]);
    let seccomp = compiled(&json!({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["uname", "seccomp"], "action": "SCMP_ACT_ERRNO", "errnoRet": 95},
        {"names": ["socket"], "action": "SCMP_ACT_ERRNO", "errnoRet": 62, "args": audit},
    ]}));
    let netlink = |protocol| socket(AddressFamily::Netlink, SockType::Raw, SockFlag::empty(), protocol).map(drop);
    let seen = confined(&seccomp, || {
        (uname().map(drop), netlink(SockProtocol::NetlinkAudit), netlink(SockProtocol::NetlinkRoute))
    });
    assert_eq!(seen, (Err(Errno::EOPNOTSUPP), Err(Errno::ETIME), Ok(())));
}

/// The profile that Podman starts every container with: package golang-github-containers-common.
const PODMANS: &str = "/usr/share/containers/seccomp.json";

#[test]
fn podmans_own_profile_compiles_and_holds() {
    let Ok(profile) = File::open(PODMANS) else {
        assert!(env::var_os("REQUIRE_PEERS").is_none_or(|value| value != "1"), "there is no {PODMANS}");
        eprintln!("skipped: there is no {PODMANS}");
        return;
    };
    let seccomp = Seccomp::from_json(profile, &HashSet::new(), KERNEL).expect("Podman's profile");
    println!("instructions: {:?}; unknown: {:?}", seccomp.program().map(Vec::len), seccomp.unknown());

    let rows: [(Sysno, &[u64], u32); 9] = [
        (Sysno::read, &[], ALLOW),
        (Sysno::execve, &[], ALLOW),
        (Sysno::setns, &[], EPERM),
        (Sysno::kexec_load, &[], EPERM),
        (Sysno::personality, &[8], ALLOW),
        (Sysno::personality, &[9], ERRNO | 38),
        (Sysno::socket, &[16, 3, 9], ERRNO | 22),
        (Sysno::socket, &[16, 3, 0], ALLOW),
        (Sysno::socket, &[1, 3, 9], ALLOW),
    ];
    for (call, arguments, expected) in rows {
        let seen = verdict(&seccomp, &Call::of(call, arguments));
        assert_eq!(seen, expected, "{call} {arguments:?}");
    }
    let audit =
        || socket(AddressFamily::Netlink, SockType::Raw, SockFlag::empty(), SockProtocol::NetlinkAudit).map(drop);
    assert_eq!(confined(&seccomp, audit), Err(Errno::EINVAL));
}

#[test]
fn where_the_default_profile_differs_from_podmans_is_known() {
    let Ok(profile) = File::open(PODMANS) else {
        assert!(env::var_os("REQUIRE_PEERS").is_none_or(|value| value != "1"), "there is no {PODMANS}");
        eprintln!("skipped: there is no {PODMANS}");
        return;
    };
    let none = HashSet::new();
    let podmans = Seccomp::from_json(profile, &none, KERNEL).expect("Podman's profile");
    let ours = Seccomp::runtime_default(&none).expect("filters");
    let (mut stricter, mut looser) = (Vec::new(), Vec::new());
    for call in Sysno::iter() {
        let [one, other] = [&ours, &podmans].map(|filters| verdict(filters, &Call::of(call, &[])) == ALLOW);
        match (one, other) {
            (false, true) => stricter.push(call.name()),
            (true, false) => looser.push(call.name()),
            _ => {}
        }
    }
    println!("refused by ours alone: {stricter:?}\nallowed by ours alone: {looser:?}");
    let unknown = |found: Vec<&'static str>, known: &[&str]| -> Vec<&str> {
        found.into_iter().filter(|call| !known.contains(call)).collect()
    };
    assert_eq!(unknown(stricter, &STRICTER), Vec::<&str>::new());
    assert_eq!(unknown(looser, &LOOSER), Vec::<&str>::new());
}

/// Podman lets its containers make user namespaces, and what is possible in those; engines and
/// Kubernetes do not.
const STRICTER: [&str; 21] = [
    "syslog",
    "pivot_root",
    "mount",
    "umount2",
    "reboot",
    "epoll_ctl_old",
    "epoll_wait_old",
    "mbind",
    "set_mempolicy",
    "get_mempolicy",
    "keyctl",
    "unshare",
    "open_tree",
    "move_mount",
    "fsopen",
    "fsconfig",
    "fsmount",
    "fspick",
    "clone3",
    "pidfd_getfd",
    "mount_setattr",
];

/// Newer than that profile, all but vmsplice, which only Podman refuses.
const LOOSER: [&str; 22] = [
    "vmsplice",
    "io_pgetevents",
    "uretprobe",
    "uprobe",
    "futex_waitv",
    "cachestat",
    "fchmodat2",
    "map_shadow_stack",
    "futex_wake",
    "futex_wait",
    "futex_requeue",
    "statmount",
    "listmount",
    "lsm_get_self_attr",
    "lsm_set_self_attr",
    "lsm_list_modules",
    "mseal",
    "setxattrat",
    "getxattrat",
    "listxattrat",
    "removexattrat",
    "file_getattr",
];
