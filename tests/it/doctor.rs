//! `pod doctor`: what a machine offers to pods, and what is said where it does not.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use libtest_mimic::Trial;
use serde_json::Value;

use crate::house::{House, ORDINARY_ID, Ran, User};
use crate::trial::{Need, as_each_user, trial};

pub(crate) fn trials() -> Vec<Trial> {
    let apart = [Need::Root, Need::Userns, Need::Program("newuidmap"), Need::Program("setpriv")];
    let mut trials = vec![
        trial("doctor::user_namespaces_that_are_off", &[Need::Root, Need::Program("setpriv")], no_user_namespaces),
        trial("doctor::ids_that_are_set_apart_are_mapped", &apart, ranges),
        trial("doctor::ids_that_cannot_be_mapped", &apart, no_mapper),
        trial("doctor::who_has_no_ids_and_no_name_is_told_how_to_get_ids", &apart, nameless),
    ];
    trials.extend(
        [
            as_each_user("doctor::says_that_pods_can_run_and_leaves_nothing", &[], fine),
            as_each_user("doctor::a_pause_that_cannot_be_executed", &[], no_pause),
            as_each_user("doctor::directories_that_pods_cannot_be_in", &[], no_place),
            as_each_user("doctor::sweeps_what_one_has_left_that_was_killed", &[], killed),
            as_each_user("doctor::a_registries_conf_that_says_nothing", &[], no_registries),
        ]
        .into_iter()
        .flatten(),
    );
    trials
}

/// What is said of one thing, by who may have exited so.
fn finding(ran: Ran, code: i32, what: &str) -> Value {
    let ran = ran.exits(code);
    let said: Value = serde_json::from_str(&ran.out()).unwrap_or_else(|error| panic!("{error}: {ran}"));
    assert_eq!(said["pods"], code == 0, "{ran}");
    let all = said["findings"].as_array().unwrap();
    all.iter().find(|finding| finding["what"] == what).unwrap_or_else(|| panic!("no {what}: {ran}")).clone()
}

fn says(finding: &Value, state: &str, found: &str) {
    let text = finding["found"].as_str().unwrap();
    assert!(finding["state"] == state && text.contains(found), "not {state} with {found:?}: {finding}");
}

fn fine(user: User) {
    let house = House::new(user);
    let before = entries(&house);
    let doctor = || house.pod(&["doctor", "-o", "json"]);
    says(&finding(doctor(), 0, "namespaces"), "ok", "made");
    says(&finding(doctor(), 0, "state directory"), "ok", house.state().to_str().unwrap());
    says(&finding(doctor(), 0, "data directory"), "ok", " MiB free");
    let text = house.pod(&["doctor"]).ok().out();
    assert!(text.ends_with("\nPods can run here.\n"), "{text}");
    for (what, says) in [
        ("bridge ", "--network bridge"),
        ("pasta ", "--network pasta"),
        ("/dev/net/tun ", "pasta needs it"),
        ("CNI ", "cni"),
        ("nft ", "--network bridge"),
    ] {
        let line = text.lines().find(|line| line.starts_with(what)).unwrap_or_else(|| panic!("no {what}: {text}"));
        assert!(line.to_lowercase().contains(says), "{line}");
    }
    assert_eq!(entries(&house), before);
    house.pod(&["create", "web"]).ok();
    house.pod(&["delete", "web"]).ok();
    house.nothing_is_left();
}

fn killed(user: User) {
    let house = House::new(user);
    let left = |name: &str| {
        let path = house.work().join(name);
        fs::create_dir_all(path.join("work/work")).unwrap();
        fs::set_permissions(path.join("work/work"), fs::Permissions::from_mode(0o000)).unwrap();
        user.owns(&path);
        path
    };
    let (dead, alive) = (left(".pod-doctor-1"), left(".pod-doctor-2"));
    let held = fs::File::open(&alive).unwrap();
    held.lock().unwrap();
    let foreign = house.work().join(".pod-doctor-3");
    fs::write(&foreign, "no directory").unwrap();
    house.pod(&["doctor"]).ok();
    assert!(!dead.exists() && alive.exists() && foreign.exists());
    drop(held);
    house.pod(&["doctor"]).ok();
    assert!(!alive.exists(), "stays when it is nobody's any more");
    house.nothing_is_left();
}

fn entries(house: &House) -> Vec<std::ffi::OsString> {
    fs::read_dir(house.work()).unwrap().map(|entry| entry.unwrap().file_name()).collect()
}

fn no_user_namespaces() {
    let house = House::new(User::Root);
    // Within a user namespace of our own there are to be no more of them.
    let script = "echo 0 >/proc/sys/user/max_user_namespaces && \
                  exec setpriv --bounding-set -all --inh-caps -all pod doctor -o json";
    let mut command = house.command("unshare");
    command.args(["--user", "--map-root-user", "--", "sh", "-c", script]);
    let found = finding(house.finish(&mut command), 1, "namespaces");
    says(&found, "missing", "cannot make: ");
    assert_eq!(found["mend"], "sysctl -w user.max_user_namespaces=15000");
    house.nothing_is_left();
}

fn ranges() {
    let house = House::with_ranges();
    says(&finding(house.pod(&["doctor", "-o", "json"]), 0, "subordinate ids"), "ok", "65536, mapped by newuidmap");
    house.nothing_is_left();
}

fn no_mapper() {
    let house = House::with_ranges_that_cannot_be_mapped();
    let found = finding(house.pod(&["doctor", "-o", "json"]), 0, "subordinate ids");
    says(&found, "without", "cannot run newuidmap: Permission denied");
    house.nothing_is_left();
}

fn nameless() {
    let house = House::without_ranges_and_a_name();
    let found = finding(house.pod(&["doctor", "-o", "json"]), 0, "subordinate ids");
    says(&found, "without", "none in /etc/subuid and /etc/subgid");
    let mend = found["mend"].as_str().unwrap();
    assert!(mend.ends_with(&format!(" {ORDINARY_ID}")), "{mend}");
    house.nothing_is_left();
}

fn no_pause(user: User) {
    let house = House::new(user);
    let plain = house.work().join("pause");
    fs::write(&plain, "no program").unwrap();
    let ran = house.pod(&["doctor", "-o", "json", "--pause", plain.to_str().unwrap()]);
    says(&finding(ran, 1, "pause program"), "missing", "Permission denied");
    let text = house.pod(&["doctor", "--pause", "/no/such/pause"]).exits(1).out();
    assert!(text.contains("cannot execute /no/such/pause") && text.ends_with("\nPods cannot run here.\n"), "{text}");
    house.nothing_is_left();
}

fn no_place(user: User) {
    let house = House::new(user);
    let open = house.work().join("open");
    fs::create_dir(&open).unwrap();
    fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).unwrap();
    let with = |variable: &str, path: &str| {
        house.finish(house.command("pod").args(["doctor", "-o", "json"]).env(variable, path))
    };
    let found = finding(with("POD_STATE_DIR", open.to_str().unwrap()), 1, "state directory");
    says(&found, "missing", "is not ours alone");
    assert!(found["mend"].as_str().unwrap().starts_with("export POD_STATE_DIR="), "{found}");
    let file = house.work().join("file");
    fs::write(&file, "").unwrap();
    let below = file.join("data");
    says(&finding(with("POD_DATA_DIR", below.to_str().unwrap()), 1, "data directory"), "missing", "cannot write to");
    // What cannot be tried is not said to be missing.
    says(&finding(with("POD_DATA_DIR", below.to_str().unwrap()), 1, "overlay"), "unknown", "cannot make");
    house.nothing_is_left();
}

fn no_registries(user: User) {
    let house = House::new(user);
    let file = house.work().join("registries.conf");
    fs::write(&file, "unqualified-search-registries = 3\n").unwrap();
    let mut command = house.command("pod");
    command.args(["doctor", "-o", "json"]).env("CONTAINERS_REGISTRIES_CONF", &file);
    says(&finding(house.finish(&mut command), 0, "registries.conf"), "without", "no image is pulled");
    house.nothing_is_left();
}
