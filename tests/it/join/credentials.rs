//! Who the command runs as: numbers, names as the target has them, and what is usual.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use libtest_mimic::Trial;

use super::{Started, launched, root_directory, stranger, word};
use crate::before_exec::answer_always;
use crate::house::{House, User};
use crate::trial::{Need, as_each_user, trial};

pub(super) fn trials() -> Vec<Trial> {
    let as_root = &[Need::Root, Need::Program("unshare")];
    let unshare = &[Need::Program("unshare")];
    let mut trials = vec![
        trial("join::credentials::a_user_by_number_has_what_the_targets_files_give_it", as_root, by_number),
        trial("join::credentials::a_user_by_name_is_the_targets_and_not_ours", as_root, by_name),
        trial("join::credentials::a_user_with_a_group_has_no_other", as_root, with_group),
        trial("join::credentials::parts_change_only_what_is_named", as_root, parts),
        trial("join::credentials::groups_are_just_those_that_are_named", as_root, groups),
        trial("join::credentials::the_target_can_be_followed", as_root, follow),
        trial(
            "join::credentials::the_target_is_followed_through_the_map_of_its_user_namespace",
            as_root,
            follow_mapped,
        ),
        trial("join::credentials::a_joined_user_namespace_is_entered_without_groups_of_ours", as_root, no_groups),
        trial("join::credentials::preserved_credentials_stay_as_they_are", as_root, preserved),
        trial("join::credentials::a_link_in_the_target_does_not_lead_out_of_it", as_root, links),
        trial("join::credentials::step_by_step_a_link_does_not_lead_out_of_it_either", as_root, links_step_by_step),
        trial("join::credentials::files_that_are_no_files_are_refused", as_root, no_files),
    ];
    trials.extend(
        [
            as_each_user("join::credentials::a_joined_user_namespace_makes_root_of_us", unshare, root_of_namespace),
            as_each_user("join::credentials::ids_that_the_user_namespace_lacks_are_refused", unshare, unmapped),
            as_each_user("join::credentials::users_and_groups_that_are_not_there_are_refused", unshare, unknown),
        ]
        .into_iter()
        .flatten(),
    );
    // Root, who has a user without ids set apart: others may change groups.
    let root = &[Need::Root, Need::Userns];
    trials.push(trial("join::credentials::groups_that_cannot_be_changed_stay", root, groups_given_up));
    trials.push(trial("join::credentials::nobody_becomes_somebody_else_without_the_right", &[Need::Userns], no_right));
    trials
}

const PASSWD: &str = "root:x:0:0::/:/bin/sh\nbad line\nalice:x:1234:2345::/:/bin/sh\nbob:x:77:78\n";
const GROUP: &str = "root:x:0:\nwheel:x:10:bob,alice\nstaff:x:50:alice\nalice:x:2345:alice\nother:x:60:alicia,bob\n";

/// A target with users of its own.
fn with_users(house: &House) -> Started {
    let root = root_directory(house, &[("etc/passwd", PASSWD), ("etc/group", GROUP)]);
    rooted(house, &root)
}

fn rooted(house: &House, root: &std::path::Path) -> Started {
    let mut unshare = house.command("unshare");
    unshare.args(["--fork", "--kill-child", "--uts", "--root", word(root), "/probe", "ready"]);
    Started::new(house, &mut unshare)
}

/// The ids of a process: user, group, supplementary groups; each is the real, effective, saved and file system's.
fn ids(process: &Started) -> (u32, u32, Vec<u32>) {
    let all = |key| process.status(key).split_whitespace().map(|id| id.parse().unwrap()).collect::<Vec<u32>>();
    let one = |key| {
        let four = all(key);
        assert!(four.iter().all(|id| *id == four[0]), "{key} {four:?}");
        four[0]
    };
    (one("Uid"), one("Gid"), all("Groups"))
}

fn as_user(house: &House, target: &Started, words: &[&str]) -> (u32, u32, Vec<u32>) {
    let pid = target.to_string();
    let line = [&["-t", &pid, "-u"], words].concat();
    ids(&launched(house, &line))
}

fn by_number() {
    let house = House::new(User::Root);
    let target = with_users(&house);
    let alice = (1234, 2345, vec![10, 50, 2345]);
    assert_eq!(as_user(&house, &target, &["--run-as", "1234"]), alice);
    assert_eq!(as_user(&house, &target, &["--run-as=77"]), (77, 78, vec![10, 60, 78]));
    assert_eq!(as_user(&house, &target, &["--run-as", "0"]), (0, 0, vec![0]));
    // One that no file knows has the group of root, as in containers, and no other.
    assert_eq!(as_user(&house, &target, &["--run-as", "4321"]), (4321, 0, vec![0]));
    assert_eq!(as_user(&house, &target, &["--run-as", "4294967294"]).0, 4_294_967_294);
}

fn by_name() {
    let house = House::new(User::Root);
    let target = with_users(&house);
    assert_eq!(as_user(&house, &target, &["--run-as", "alice"]), (1234, 2345, vec![10, 50, 2345]));
    assert_eq!(as_user(&house, &target, &["--run-as", "alice:wheel"]), (1234, 10, vec![10]));
    // Its own root is not needed to be entered for that: the files are the target's either way.
    let inside = Started::new(
        &house,
        house.command("nsjoin").args(["-t", &target.to_string(), "-r", "--run-as", "bob", "/probe", "ready"]),
    );
    assert_eq!(ids(&inside), (77, 78, vec![10, 60, 78]));
    // A user of this machine is nobody there.
    let line = ["-t", &target.to_string(), "-u", "--run-as", "daemon", "true"];
    house.nsjoin(&line).refuses(2, "no user named daemon in the target's /etc/passwd");
}

fn with_group() {
    let house = House::new(User::Root);
    let target = with_users(&house);
    assert_eq!(as_user(&house, &target, &["--run-as", "1234:99"]), (1234, 99, vec![99]));
    assert_eq!(as_user(&house, &target, &["--run-as", "alice:0"]), (1234, 0, vec![0]));
    assert_eq!(as_user(&house, &target, &["--run-as", "5:staff"]), (5, 50, vec![50]));
    assert_eq!(as_user(&house, &target, &["--run-as", "5:6", "--groups", "7,staff"]), (5, 6, vec![7, 50]));
    let pid = target.to_string();
    for text in ["", ":", "1:", ":1", "1:2:3", "1x", "-1", "0x10", "4294967295", "99999999999"] {
        house.nsjoin(&["-t", &pid, "-u", &format!("--run-as={text}"), "true"]).refuses(2, "is neither an id");
    }
    house.nsjoin(&["-t", &pid, "-u", "--run-as", "1", "-S", "2", "true"]).refuses(2, "cannot be used with");
}

fn parts() {
    let house = House::new(User::Root);
    let target = with_users(&house);
    let own = || nix::unistd::getgroups().unwrap().into_iter().map(nix::unistd::Gid::as_raw).collect::<Vec<_>>();
    assert_eq!(as_user(&house, &target, &["-S", "1000"]), (1000, 0, own()));
    assert_eq!(as_user(&house, &target, &["--setuid=alice"]), (1234, 0, own()));
    assert_eq!(as_user(&house, &target, &["-G", "1000"]), (0, 1000, vec![]));
    assert_eq!(as_user(&house, &target, &["--setgid", "staff"]), (0, 50, vec![]));
    assert_eq!(as_user(&house, &target, &["-S1", "-G2"]), (1, 2, vec![]));
}

fn groups() {
    let house = House::new(User::Root);
    let target = with_users(&house);
    assert_eq!(as_user(&house, &target, &["--groups", "5,4,wheel"]), (0, 0, vec![4, 5, 10]));
    assert_eq!(as_user(&house, &target, &["-G", "3", "--groups", "5"]), (0, 3, vec![5]));
    assert_eq!(as_user(&house, &target, &["--run-as", "alice", "--groups", "5"]), (1234, 2345, vec![5]));
    let line = ["-t", &target.to_string(), "-u", "--groups", "1,x y,2", "true"];
    house.nsjoin(&line).refuses(2, "no group named x y in the target's /etc/group");
}

fn follow() {
    let house = House::new(User::Root);
    let root = root_directory(&house, &[("etc/passwd", PASSWD), ("etc/group", GROUP)]);
    let mut command = house.command("unshare");
    command.args(["--uts", "--root", word(&root), "--setgid=77", "--setuid", "1234", "/probe", "ready"]);
    let target = Started::new(&house, &mut command);
    assert_eq!(ids(&target), (1234, 77, vec![]));
    assert_eq!(as_user(&house, &target, &["-S", "follow", "-G", "follow"]), (1234, 77, vec![]));
    assert_eq!(as_user(&house, &target, &["-G", "follow"]), (0, 77, vec![]));
    assert_eq!(as_user(&house, &target, &["--run-as", "9:follow"]), (9, 77, vec![77]));
    // The user in full has the groups that the files give it, beside the group that it has.
    assert_eq!(as_user(&house, &target, &["--run-as", "follow"]), (1234, 77, vec![10, 50, 77, 2345]));
    house
        .nsjoin(&["-S", "follow", "-n=/proc/self/ns/net", "true"])
        .refuses(2, "cannot take the ids: no target is named");
}

/// A user namespace in which 0 and what follows are 100000 and what follows here, with somebody else in it.
fn mapped(house: &House) -> (Started, Started) {
    let outer = Started::new(house, house.command("unshare").args(["--user", "probe", "ready"]));
    for map in ["uid_map", "gid_map"] {
        fs::write(outer.path(map), "0 100000 65536").unwrap();
    }
    let inner = launched(house, &["-t", &outer.to_string(), "-U", "--run-as", "5:6"]);
    assert_eq!(ids(&inner), (100_005, 100_006, vec![100_006]));
    (outer, inner)
}

fn follow_mapped() {
    let house = House::new(User::Root);
    let (_outer, target) = mapped(&house);
    let pid = target.to_string();
    let inside = ["-t", &pid, "-U"];
    let follow = ["-S", "follow", "-G", "follow"];
    assert_eq!(ids(&launched(&house, &[&inside[..], &follow].concat())), (100_005, 100_006, vec![]));
    // Where its user namespace is not joined, the numbers are those of here.
    assert_eq!(ids(&launched(&house, &[&["-t", &pid, "-n"][..], &follow].concat())), (100_005, 100_006, vec![]));
    assert_eq!(ids(&launched(&house, &[&inside[..], &["-S", "7"]].concat())), (100_007, 100_000, vec![]));
}

fn no_groups() {
    let house = House::new(User::Root);
    let (_outer, target) = mapped(&house);
    let mut command = house.command("setpriv");
    command.args(["--groups", "4,5", "nsjoin", "-t", &target.to_string(), "-U", "probe", "ready"]);
    assert_eq!(ids(&Started::new(&house, &mut command)), (100_000, 100_000, vec![]));
}

fn preserved() {
    let house = House::new(User::Root);
    let (_outer, target) = mapped(&house);
    let mut command = house.command("setpriv");
    command.args(["--groups", "4,5", "nsjoin", "-t", &target.to_string(), "-U", "--preserve-credentials"]);
    assert_eq!(ids(&Started::new(&house, command.args(["probe", "ready"]))), (0, 0, vec![4, 5]));
    let line = ["-t", &target.to_string(), "-U", "--preserve-credentials", "--run-as", "1", "true"];
    house.nsjoin(&line).refuses(2, "cannot be used with");
}

fn links() {
    links_with(|_| ());
}

/// Where the kernel, or a filter before it, has no call that would keep us within a root.
fn links_step_by_step() {
    for errno in [libc::ENOSYS, libc::EPERM] {
        links_with(|command| answer_always(command, libc::SYS_openat2, errno));
    }
}

fn links_with(prepare: impl Fn(&mut Command)) {
    let house = House::new(User::Root);
    let root = root_directory(&house, &[("passwd", "eve:x:666:666::/:/bin/sh\n"), ("etc/group", GROUP)]);
    let target = rooted(&house, &root);
    let pid = target.to_string();
    let line = |user, command: &[&str]| {
        let mut nsjoin = house.command("nsjoin");
        nsjoin.args(["-t", &pid, "-u", "--run-as", user]).args(command);
        prepare(&mut nsjoin);
        nsjoin
    };
    // Of here these lead to the file beside the root; of there to the file in it.
    fs::write(house.work().join("passwd"), "eve:x:0:0::/:/bin/sh\n").unwrap();
    for lead in ["../passwd", "../../passwd", "/passwd", "../../../../passwd"] {
        symlink(lead, root.join("etc/passwd")).unwrap();
        let eve = Started::new(&house, &mut line("eve", &["probe", "ready"]));
        assert_eq!(ids(&eve), (666, 666, vec![666]), "{lead}");
        house.finish(&mut line("daemon", &["true"])).refuses(2, "no user named daemon");
        fs::remove_file(root.join("etc/passwd")).unwrap();
    }
    // A link of /proc leads wherever it likes.
    for lead in ["/proc/self/root/etc/passwd", &format!("/proc/{}/root/etc/passwd", std::process::id())] {
        symlink(lead, root.join("etc/passwd")).unwrap();
        house.finish(&mut line("daemon", &["true"])).refuses(125, "cannot read the target's /etc/passwd");
        fs::remove_file(root.join("etc/passwd")).unwrap();
    }
}

fn no_files() {
    let house = House::new(User::Root);
    let root = root_directory(&house, &[]);
    let target = rooted(&house, &root);
    let line = ["-t", &target.to_string(), "-u", "--run-as"];
    house.nsjoin(&[&line[..], &["alice", "true"]].concat()).refuses(125, "cannot read the target's /etc/passwd");
    assert_eq!(as_user(&house, &target, &["--run-as", "1234"]), (1234, 0, vec![0]), "numbers need no file");
    // Nobody waits for the other end of a fifo.
    nix::unistd::mkfifo(&root.join("etc/passwd"), nix::sys::stat::Mode::from_bits_truncate(0o644)).unwrap();
    house.nsjoin(&[&line[..], &["alice", "true"]].concat()).refuses(125, "cannot read the target's /etc/passwd");
}

fn root_of_namespace(user: User) {
    let house = House::new(user);
    let target = stranger(&house, &["--uts"]);
    let outside = user.id();
    let inside = launched(&house, &["-t", &target.to_string(), "-U", "-u"]);
    assert_eq!((ids(&inside).0, ids(&inside).1), (outside, outside));
    let seen = house.nsjoin(&["-t", &target.to_string(), "-U", "-u", "probe", "ids"]).json();
    assert_eq!((&seen["Uid"], &seen["Gid"]), (&"0\t0\t0\t0".into(), &"0\t0\t0\t0".into()));
    let follow = ["-t", &target.to_string(), "-U", "-S", "follow", "probe", "ids"];
    assert_eq!(house.nsjoin(&follow).json()["Uid"], "0\t0\t0\t0");
}

fn unmapped(user: User) {
    let house = House::new(user);
    let target = stranger(&house, &["--uts"]);
    let line = |words: &[&str]| house.nsjoin(&[&["-t", &target.to_string(), "-U"], words, &["true"]].concat());
    line(&["-S", "5"]).refuses(125, "Invalid argument");
    line(&["-G", "5"]).refuses(125, "cannot ");
    line(&["--run-as", "5:5"]).refuses(125, "cannot ");
    // Who made the map without privilege gave up for it to change groups.
    line(&["--groups", "0"]).refuses(125, "Operation not permitted");
    line(&["-S", "0"]).ok();
}

fn unknown(user: User) {
    let house = House::new(user);
    let target = stranger(&house, &["--uts"]);
    let line = |words: &[&str]| house.nsjoin(&[&["-t", &target.to_string(), "-U"], words, &["true"]].concat());
    for words in [&["--run-as", "nosuchuser"][..], &["-S", "nosuchuser"], &["--run-as", "nosuchuser:0"]] {
        line(words).refuses(2, "no user named nosuchuser in the target's /etc/passwd");
    }
    for words in [&["--run-as", "0:nosuchgroup"][..], &["-G", "nosuchgroup"], &["--groups", "0,nosuchgroup"]] {
        line(words).refuses(2, "no group named nosuchgroup in the target's /etc/group");
    }
}

fn no_right() {
    let house = House::new(User::Ordinary);
    let target = house.start(house.command("probe").arg("ready"));
    let pid = target.pid().to_string();
    for words in [&["-S", "0"][..], &["-G", "0"], &["--run-as", "0"], &["--groups", "0"]] {
        house.nsjoin(&[&["-t", &pid, "-n"], words, &["true"]].concat()).refuses(125, "Operation not permitted");
    }
}

fn groups_given_up() {
    let house = House::new(User::Ordinary);
    house.pod(&["create", "web"]).ok();
    for words in [&["--run-as", "0:0"][..], &["-S", "follow", "-G", "follow"], &["--run-as", "0", "-p", "-n"]] {
        let command = launched(&house, &[&["-t", "web", "-U", "-u"], words].concat());
        assert_eq!(
            command.status("Uid").split_whitespace().next(),
            Some(User::Ordinary.id().to_string().as_str()),
            "{words:?}"
        );
    }
    let line = ["-t", "web", "-a", "--run-as", "0", "--groups", "1", "true"];
    house.nsjoin(&line).refuses(125, "cannot set the supplementary groups");
}
