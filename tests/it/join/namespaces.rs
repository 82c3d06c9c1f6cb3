//! Namespaces by their files, their ids, a socket, or one that belongs to them.

use std::fs;
use std::os::unix::fs::MetadataExt;

use libtest_mimic::Trial;
use serde_json::Value;

use super::kernel::namespace_id;
use super::{Started, launched, stranger, stranger_that, word};
use crate::house::{House, User};
use crate::nsjoin::of_pid;
use crate::trial::{Need, as_each_user, trial};

pub(super) fn trials() -> Vec<Trial> {
    let unshare = &[Need::Program("unshare")];
    let as_root = &[Need::Root, Need::Program("unshare")];
    let mut trials = vec![
        trial("join::namespaces::a_directory_of_bind_mounts_is_a_target", as_root, bound_directory),
        trial("join::namespaces::an_id_is_that_namespace_and_no_other", as_root, by_id),
        trial("join::namespaces::a_file_alone_is_a_target", as_root, file_as_target),
    ];
    trials.extend(
        [
            as_each_user("join::namespaces::the_directory_of_a_process_is_a_target", unshare, proc_directory),
            as_each_user("join::namespaces::a_file_goes_with_each_spelling_of_an_option", unshare, files),
            as_each_user("join::namespaces::files_and_a_target_go_together", unshare, files_and_target),
            as_each_user("join::namespaces::a_file_that_is_no_namespace_is_refused", unshare, no_namespace),
            as_each_user("join::namespaces::a_socket_leads_to_the_network_in_which_it_was_made", unshare, socket),
            as_each_user("join::namespaces::the_parent_of_a_user_namespace_can_be_joined", unshare, user_parent),
        ]
        .into_iter()
        .flatten(),
    );
    trials
}

fn file_of(process: &Started, kind: &str) -> String {
    format!("/proc/{}/ns/{kind}", **process)
}

fn bound_directory() {
    const SCRIPT: &str = "set -e; target=$1; directory=$2; shift 2
        for kind in net uts ipc pid user; do
            : > $directory/$kind
            mount --bind /proc/$target/ns/$kind $directory/$kind
        done
        exec \"$@\"";
    let house = House::new(User::Root);
    let target = stranger(&house, &["--net", "--uts", "--ipc", "--pid"]);
    let directory = house.work().join("ns");
    fs::create_dir(&directory).unwrap();
    let within = |command: &[&str]| {
        // The mounts are of a namespace that ends with the command.
        let mut unshare = house.command("unshare");
        unshare.args(["--mount", "sh", "-c", SCRIPT, "sh", &target.to_string(), word(&directory)]).args(command);
        unshare
    };
    let theirs = of_pid(target.pid);
    let place = word(&directory);
    for (line, joined) in [
        (&["-t", place][..], &["net", "uts", "ipc", "pid"][..]),
        (&["-t", place, "-u"], &["uts"]),
        (&["-t", place, "-a"], &["net", "uts", "ipc", "pid", "user"]),
    ] {
        let inside = Started::new(&house, &mut within(&[&["nsjoin"], line, &["--", "probe", "ready"]].concat()));
        let its = of_pid(inside.pid);
        for kind in ["net", "uts", "ipc", "pid", "user"] {
            assert_eq!(its[kind] == theirs[kind], joined.contains(&kind), "{kind} after {line:?}");
        }
    }
    let refused = |line: &[&str], says: &str| {
        house.finish(&mut within(&[&["nsjoin"], line, &["true"]].concat())).refuses(125, says)
    };
    refused(&["-t", place, "-m"], &format!("cannot join a mnt namespace: there is none in {place}"));
    refused(&["-t", place, "-u", "-w"], "the target is no process and has no directories");
}

fn by_id() {
    let house = House::new(User::Root);
    let target = stranger(&house, &["--net", "--uts"]);
    let id = |kind| namespace_id(&file_of(&target, kind));
    let (Some(net), Some(uts)) = (id("net"), id("uts")) else {
        // Before Linux 6.18 they have none.
        return house.nsjoin(&["-n:1", "true"]).refuses(125, "cannot open the namespace of id 1");
    };
    launched(&house, &[&format!("-n:{net}")]).shares_only(&["net"], &target);
    launched(&house, &[&format!("--uts=:{uts}"), &format!("--net=:{net}")]).shares_only(&["net", "uts"], &target);
    house.nsjoin(&[&format!("-n:{uts}"), "true"]).refuses(2, "it is a uts namespace, not a net namespace");
    house.nsjoin(&["-n:999999999999", "true"]).refuses(125, "cannot open the namespace of id 999999999999");
    launched(&house, &["-U", "-t", &target.to_string(), &format!("-n:{net}")]).shares_only(&["user", "net"], &target);
    house.nsjoin(&["-n:x", "true"]).refuses(2, "is not :ID");
}

fn file_as_target() {
    let house = House::new(User::Root);
    let target = stranger(&house, &["--net", "--uts", "--pid", "--mount"]);
    for kind in ["net", "uts", "pid", "mnt", "user"] {
        launched(&house, &["-t", &file_of(&target, kind)]).shares_only(&[kind], &target);
    }
    let (net, uts) = (file_of(&target, "net"), file_of(&target, "uts"));
    launched(&house, &["-t", &net, "-n", &format!("-u{uts}")]).shares_only(&["net", "uts"], &target);
    house.nsjoin(&["-t", &net, "-u", "true"]).refuses(2, "it is a net namespace, not a uts namespace");
}

fn proc_directory(user: User) {
    let house = House::new(user);
    let target = stranger(&house, &["--net", "--uts", "--ipc", "--pid", "--mount", "--cgroup"]);
    let directory = format!("/proc/{}/ns", *target);
    launched(&house, &["-t", &directory, "-U", "-u"]).shares_only(&["user", "uts"], &target);
    let all = ["net", "uts", "ipc", "pid", "mnt", "cgroup", "user"];
    launched(&house, &["-t", &directory, "--all"]).shares_only(&all, &target);
    let usual = &all[..4];
    let usual = if user == User::Root { usual.to_vec() } else { [usual, &["user"]].concat() };
    launched(&house, &["-t", &directory]).shares_only(&usual, &target);
}

fn files(user: User) {
    let house = House::new(user);
    let target = stranger(&house, &["--net", "--uts"]);
    let (owner, uts) = (format!("--user={}", file_of(&target, "user")), file_of(&target, "uts"));
    for spelled in [format!("-u={uts}"), format!("-u{uts}"), format!("--uts={uts}")] {
        launched(&house, &[&owner, &spelled]).shares_only(&["user", "uts"], &target);
    }
    let net = file_of(&target, "net");
    launched(&house, &[&owner, &format!("-n{net}"), &format!("-u={uts}")])
        .shares_only(&["user", "net", "uts"], &target);
    house.nsjoin(&[&owner, "-n", "true"]).refuses(2, "cannot take the namespaces: no target is named");
}

fn files_and_target(user: User) {
    let house = House::new(user);
    let (one, other) = (stranger(&house, &["--net", "--uts"]), stranger(&house, &["--uts", "--net"]));
    // A namespace may be entered by whoever owns it; of the second, that is who is in the first only as root.
    if user == User::Root {
        let inside = launched(&house, &["-t", &one.to_string(), "-u", &format!("-n={}", file_of(&other, "net"))]);
        let its = of_pid(inside.pid);
        assert_eq!((its["uts"], its["net"]), (of_pid(one.pid)["uts"], of_pid(other.pid)["net"]));
    }
    let inside = launched(&house, &["-t", &one.to_string(), "-U", "-u", &format!("-n={}", file_of(&one, "net"))]);
    inside.shares_only(&["user", "uts", "net"], &one);
}

fn no_namespace(user: User) {
    let house = House::new(user);
    let target = stranger(&house, &["--uts"]);
    for path in ["/etc/passwd", "/dev/null", "/", "/proc/self/status"] {
        house.nsjoin(&[&format!("-n={path}"), "true"]).refuses(2, &format!("cannot join {path}: it is no namespace"));
    }
    house.nsjoin(&["-n=/no/such/file", "true"]).refuses(125, "No such file or directory");
    let (uts, pid) = (file_of(&target, "uts"), target.to_string());
    let wrong = format!("cannot join {uts}: it is a uts namespace, not a net namespace");
    house.nsjoin(&["-t", &pid, "-U", &format!("-n={uts}"), "true"]).refuses(2, &wrong);
    // All of them are looked at before any is entered.
    house.nsjoin(&["-t", &pid, "-U", "-u", "-m=/etc/passwd", "true"]).refuses(2, "it is no namespace");
}

fn socket(user: User) {
    let house = House::new(user);
    let target = stranger_that(&house, &["--net"], &["probe", "socket"]);
    let said: Value = serde_json::from_str(target.guest.said.lines().next().unwrap()).unwrap();
    let (number, net) = (said["socket"].as_i64().unwrap().to_string(), said["net"].as_u64().unwrap());
    assert_ne!(of_pid(target.pid)["net"], net, "it has left the network of its socket");
    for spelled in [&["-N", &number][..], &["--net-socket", &number]] {
        let inside = launched(&house, &[&["-t", &target.to_string(), "-U"], spelled].concat());
        let its = of_pid(inside.pid);
        assert_eq!((its["net"], its["user"]), (net, of_pid(target.pid)["user"]));
    }
    let line = |number| house.nsjoin(&["-t", &target.to_string(), "-U", "-N", number, "true"]);
    line("0").refuses(125, "cannot open the network namespace of socket 0 of pid");
    line("900").refuses(125, "cannot open the network namespace of socket 900 of pid");
    line("x").refuses(2, "invalid value");
    house.nsjoin(&["-N", &number, "true"]).refuses(2, "cannot take a socket: no target is named");
}

fn user_parent(user: User) {
    let house = House::new(user);
    let inner = ["unshare", "--fork", "--kill-child", "--user", "--map-root-user", "--uts", "probe", "ready"];
    let target = stranger_that(&house, &[], &inner);
    let parent = fs::read_to_string(target.path("stat")).unwrap();
    let parent: i32 = parent.rsplit(") ").next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    // unshare stays in the user namespace that it has made, and its child has made another within.
    let outer = fs::metadata(format!("/proc/{}/ns/user", target.guest.pid())).unwrap().ino();
    assert_eq!(of_pid(parent)["user"], of_pid(target.pid)["user"]);
    assert_ne!(of_pid(target.pid)["user"], outer);
    let pid = target.to_string();
    let inside = launched(&house, &["-t", &pid, "--user-parent"]);
    assert_eq!(of_pid(inside.pid)["user"], outer);
    drop(inside);
    let inside = of_pid(launched(&house, &["-t", &pid, "--user-parent", "-u"]).pid);
    assert_eq!((inside["user"], inside["uts"]), (outer, of_pid(target.pid)["uts"]));
    // Of a file alone, it is the one that owns it.
    let file = format!("-u={}", file_of(&target, "uts"));
    let inside = of_pid(launched(&house, &["--user-parent", &file]).pid);
    assert_eq!((inside["user"], inside["uts"]), (of_pid(target.pid)["user"], of_pid(target.pid)["uts"]));
}
