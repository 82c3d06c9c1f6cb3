//! What the command can never get out of: no-new-privs, filters of system calls, labels.

use std::fs;
use std::path::Path;

use libtest_mimic::Trial;

use super::{launched, stranger, word};
use crate::house::{House, User};
use crate::trial::{Need, as_each_user, trial};

pub(super) fn trials() -> Vec<Trial> {
    let unshare = &[Need::Program("unshare")];
    let mut trials: Vec<_> = [
        as_each_user("join::locks::no_new_privs_is_set_when_asked_for_and_only_then", unshare, no_new_privs),
        as_each_user("join::locks::a_profile_refuses_what_it_says", &[], filtered),
        as_each_user("join::locks::a_profile_holds_in_a_joined_user_namespace", unshare, filtered_inside),
        as_each_user("join::locks::a_profile_that_allows_nothing_allows_what_it_lists", &[], only_listed),
        as_each_user("join::locks::rules_look_at_the_capabilities_that_are_left", unshare, by_capability),
        as_each_user("join::locks::profiles_that_make_no_sense_are_refused", &[], malformed),
        as_each_user("join::locks::labels_that_the_kernel_lacks_are_refused", &[], labels),
    ]
    .into_iter()
    .flatten()
    .collect();
    trials.push(trial("join::locks::an_ordinary_user_filters_with_no_new_privs_only", &[Need::Userns], no_right));
    trials
}

fn no_new_privs(user: User) {
    let house = House::new(user);
    let target = stranger(&house, &["--uts", "--pid"]);
    let pid = target.to_string();
    for line in [&["-t", &pid, "-U"][..], &["-t", &pid, "-U", "-p"], &["-t", &pid, "-a"]] {
        assert_eq!(launched(&house, line).status("NoNewPrivs"), "0", "{line:?}");
        assert_eq!(launched(&house, &[line, &["--no-new-privs"]].concat()).status("NoNewPrivs"), "1", "{line:?}");
    }
}

/// A profile that refuses to make directories.
const NO_MKDIR: &str = r#"{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
    {"names": ["mkdir", "mkdirat", "no_such_call"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1}]}"#;

fn profile(house: &House, text: &str) -> String {
    let file = house.work().join("profile.json");
    fs::write(&file, text).unwrap();
    format!("--seccomp={}", file.display())
}

/// Whether a command launched so can make a directory.
fn can_make_one(house: &House, line: &[&str]) -> bool {
    let directory = house.work().join("made");
    let ran = house.nsjoin(&[line, &["mkdir", word(&directory)]].concat());
    let made = directory.is_dir();
    assert_eq!(ran.output.status.success(), made, "{ran}");
    if made {
        fs::remove_dir(directory).unwrap();
    } else {
        assert!(ran.err().contains("Operation not permitted"), "{ran}");
    }
    made
}

fn filtered(user: User) {
    let house = House::new(user);
    let target = house.start(house.command("probe").arg("ready"));
    let (pid, profile) = (target.pid().to_string(), profile(&house, NO_MKDIR));
    let here = ["-t", &pid, "-n"];
    let locked = [&here[..], &[&profile, "--no-new-privs"]].concat();
    assert_eq!(launched(&house, &locked).status("Seccomp"), "2");
    assert_eq!(launched(&house, &here).status("Seccomp"), "0");
    assert!(!can_make_one(&house, &locked));
    assert!(can_make_one(&house, &here));
    if user == User::Root {
        let free = [&here[..], &[&profile]].concat();
        let inside = launched(&house, &free);
        assert_eq!((inside.status("Seccomp"), inside.status("NoNewPrivs")), ("2".to_owned(), "0".to_owned()));
        assert!(!can_make_one(&house, &free));
        // Who is somebody else by then can have it all the same.
        assert_eq!(
            launched(&house, &[&free[..], &["--run-as", "1:1", "--cap-drop", "all"]].concat()).status("Seccomp"),
            "2"
        );
    }
}

fn filtered_inside(user: User) {
    let house = House::new(user);
    let target = stranger(&house, &["--uts", "--pid"]);
    let (pid, profile) = (target.to_string(), profile(&house, NO_MKDIR));
    // Root of a user namespace may filter without giving up privileges.
    for more in [&[][..], &["--no-new-privs"], &["-p"], &["--cap-drop", "all"]] {
        let line = [&["-t", &pid, "-U", &profile], more].concat();
        assert_eq!(launched(&house, &line).status("Seccomp"), "2", "{more:?}");
        assert!(!can_make_one(&house, &line), "{more:?}");
    }
}

fn only_listed(user: User) {
    let house = House::new(user);
    let target = house.start(house.command("probe").arg("ready"));
    let text = r#"{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
        {"names": ["execve", "exit_group", "write", "writev"], "action": "SCMP_ACT_ALLOW"}]}"#;
    let line = ["-t", &target.pid().to_string(), "-n", "--no-new-privs", &profile(&house, text)];
    // Not even a program's start: it cannot ask for memory, map a library or set up a thread.
    let ran = house.nsjoin(&[&line[..], &["probe", "ids"]].concat());
    assert!(!ran.output.status.success() && ran.out().is_empty(), "{ran}");
    // A profile that forbids to execute forbids just that.
    let text =
        r#"{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["execve"], "action": "SCMP_ACT_ERRNO"}]}"#;
    let line = ["-t", &target.pid().to_string(), "-n", "--no-new-privs", &profile(&house, text)];
    house.nsjoin(&[&line[..], &["probe", "ids"]].concat()).refuses(126, "Operation not permitted");
}

fn by_capability(user: User) {
    let house = House::new(user);
    let target = stranger(&house, &["--uts"]);
    let text = r#"{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"],
        "action": "SCMP_ACT_ERRNO", "errnoRet": 1, "excludes": {"caps": ["CAP_NET_RAW"]}}]}"#;
    let line = ["-t", &target.to_string(), "-U", &profile(&house, text)];
    assert!(can_make_one(&house, &line));
    assert!(!can_make_one(&house, &[&line[..], &["--cap-drop", "net_raw"]].concat()));
    assert!(can_make_one(&house, &[&line[..], &["--cap-drop", "all", "--cap-add", "net_raw"]].concat()));
}

fn malformed(user: User) {
    let house = House::new(user);
    house.nsjoin(&["-t", "1", "-n", "--seccomp=/no/such/file", "true"]).refuses(2, "cannot read /no/such/file");
    let nobody = r#"{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"action": "SCMP_ACT_ERRNO"}]}"#;
    let asks =
        r#"{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_NOTIFY"}]}"#;
    for (text, says) in [
        ("", "malformed seccomp profile: EOF"),
        ("{", "malformed seccomp profile: EOF"),
        ("[]", "malformed seccomp profile: "),
        ("{}", "malformed seccomp profile: missing field `defaultAction`"),
        (r#"{"defaultAction": "SCMP_ACT_NO_SUCH"}"#, "malformed seccomp profile: unknown variant"),
        (nobody, "a rule needs either name or names"),
        (asks, "nothing here answers for SCMP_ACT_NOTIFY"),
    ] {
        // Nothing of the target was looked at: there is none of this pid.
        let line = ["-t", "4194303", "-n", &profile(&house, text), "true"];
        house.nsjoin(&line).refuses(2, says);
    }
}

fn no_right() {
    let house = House::new(User::Ordinary);
    let target = house.start(house.command("probe").arg("ready"));
    let line = ["-t", &target.pid().to_string(), "-n", &profile(&house, NO_MKDIR), "true"];
    let ran = house.nsjoin(&line);
    assert!(ran.err().contains("hint: needs root, or --no-new-privs"), "{ran}");
    ran.refuses(125, "Permission denied");
}

fn labels(user: User) {
    let house = House::new(user);
    let target = house.start(house.command("probe").arg("ready"));
    let line = |words: &[&str]| house.nsjoin(&[&["-t", &target.pid().to_string(), "-n"], words, &["true"]].concat());
    let has_apparmor =
        fs::read_to_string("/sys/module/apparmor/parameters/enabled").is_ok_and(|text| text.trim() == "Y");
    let has_selinux = Path::new("/sys/fs/selinux/enforce").exists();
    for (option, module, there) in [
        ("--apparmor=none-of-this-name", "AppArmor", has_apparmor),
        ("--selinux=none:of:this:name", "SELinux", has_selinux),
    ] {
        let missing = format!("cannot set a label of {module}: this kernel has none, or it is off");
        line(&[option]).refuses(125, if there { "cannot " } else { &missing });
    }
    line(&["--apparmor=a", "--selinux=b"]).refuses(2, "cannot be used with");
    // nsenter's letter follows a context where there is one.
    line(&["-Z"]).ok();
}
