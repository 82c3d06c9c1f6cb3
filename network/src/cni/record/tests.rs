use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Instant;

use super::*;

const PATIENCE: Duration = Duration::from_secs(20);

/// Plugins that are scripts, in a directory of their own.
struct Plugins {
    place: tempfile::TempDir,
}

impl Plugins {
    fn new(scripts: &[(&str, &str)]) -> Self {
        let place = tempfile::tempdir().expect("a directory");
        for (name, script) in scripts {
            let path = place.path().join(name);
            fs::write(&path, format!("#!/bin/sh\ncd {}\n{script}\n", place.path().display())).expect("a file");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("executable");
        }
        Self { place }
    }

    fn record(&self, version: &str) -> CniRecord {
        let list =
            format!(r#"{{"cniVersion":"{version}","name":"web","plugins":[{{"type":"one"}},{{"type":"two"}}]}}"#);
        let places = CniPlaces { configurations: "/".into(), plugins: vec![self.place.path().to_owned()] };
        let list = NetworkList::parse(&list).expect("a list");
        CniRecord::new(list, places, "id".to_owned(), &[("A", "1"), ("B", "2")], Runtime::default()).expect("plugins")
    }

    /// What they have written to this file.
    fn wrote(&self, name: &str) -> String {
        fs::read_to_string(self.place.path().join(name)).unwrap_or_default()
    }
}

/// Says who was asked what, and what it was told.
const NOTES: &str = r#"echo "$(basename $0) $CNI_COMMAND $CNI_CONTAINERID $CNI_NETNS $CNI_IFNAME $CNI_ARGS" >>notes
cat >>told; echo >>told"#;

fn saying(said: &str) -> String {
    format!("{NOTES}\n[ $CNI_COMMAND != ADD ] || echo '{said}'")
}

#[test]
fn plugins_are_asked_in_order_told_what_was_said_and_undo_it_the_last_first() {
    let one = saying(r#"{"cniVersion":"0.4.0","ips":[{"address":"10.1.2.3/24"}]}"#);
    let two = saying(r#"{"cniVersion":"0.4.0","ips":[{"address":"10.1.2.4/24"}]}"#);
    let plugins = Plugins::new(&[("one", &one), ("two", &two)]);
    let mut record = plugins.record("0.4.0");
    let given = record.add(Path::new("/n"), PATIENCE).expect("a network");
    assert_eq!(given.addresses[0].to_string(), "10.1.2.4/24");
    assert!(record.check(Path::new("/n"), PATIENCE).expect("a check"));
    // Whoever finds the record knows as much.
    let text = serde_json::to_string(&record).expect("text");
    let record: CniRecord = serde_json::from_str(&text).expect("a record");
    assert_eq!(record.given(), Some(given));
    record.delete(None, PATIENCE).expect("gone");
    let words = "one ADD id /n eth0 A=1;B=2\ntwo ADD id /n eth0 A=1;B=2\none CHECK id /n eth0 A=1;B=2\n\
                 two CHECK id /n eth0 A=1;B=2\ntwo DEL id  eth0 A=1;B=2\none DEL id  eth0 A=1;B=2\n";
    assert_eq!(plugins.wrote("notes"), words);
    let told: Vec<Value> =
        plugins.wrote("told").lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let previous = |told: &Value| told.pointer("/prevResult/ips/0/address").and_then(Value::as_str).map(str::to_owned);
    let previous: Vec<_> = told.iter().map(|told| previous(told).unwrap_or_default()).collect();
    assert_eq!(previous, ["", "10.1.2.3/24", "10.1.2.4/24", "10.1.2.4/24", "10.1.2.4/24", "10.1.2.4/24"]);
}

#[test]
fn before_0_4_nobody_is_asked_whether_all_is_well_or_told_what_was_said_to_undo_it() {
    let said = saying(r#"{"cniVersion":"0.3.1"}"#);
    let plugins = Plugins::new(&[("one", &said), ("two", &said)]);
    let mut record = plugins.record("0.3.1");
    record.add(Path::new("/n"), PATIENCE).expect("a network");
    assert!(!record.check(Path::new("/n"), PATIENCE).expect("no check"));
    record.delete(Some(Path::new("/n")), PATIENCE).expect("gone");
    assert!(!plugins.wrote("notes").contains("CHECK"));
    let undoing = plugins.wrote("told").lines().skip(2).collect::<String>();
    assert!(!undoing.is_empty() && !undoing.contains("prevResult"), "{undoing}");
}

#[test]
fn a_plugin_that_fails_is_quoted_and_the_others_undo_what_they_did() {
    let fails = format!(
        "{NOTES}\n[ $CNI_COMMAND = DEL ] && {{ echo no way >&2; exit 3; }}\n\
         echo '{{\"code\":7,\"msg\":\"no address\",\"details\":\"left\"}}'; exit 1"
    );
    let plugins = Plugins::new(&[("one", &saying(r#"{"cniVersion":"1.0.0"}"#)), ("two", &fails)]);
    let mut record = plugins.record("1.0.0");
    let error = record.add(Path::new("/n"), PATIENCE).expect_err("a failure").to_string();
    assert_eq!(error, "CNI plugin two (ADD) failed: no address: left");
    assert_eq!(record.given(), None);
    let error = record.delete(None, PATIENCE).expect_err("a failure").to_string();
    assert_eq!(error, "CNI plugin two (DEL) failed: it ended with 3: no way");
    assert!(plugins.wrote("notes").ends_with("two DEL id  eth0 A=1;B=2\none DEL id  eth0 A=1;B=2\n"));
}

#[test]
fn a_plugin_that_hangs_is_killed_with_all_that_it_has_started() {
    let hangs = "sleep 100 & echo $! >sleeper; wait";
    let plugins = Plugins::new(&[("one", hangs), ("two", "")]);
    let began = Instant::now();
    let patience = Duration::from_millis(1500);
    let error = plugins.record("1.0.0").add(Path::new("/n"), patience).expect_err("a failure");
    assert_eq!(error.to_string(), "CNI plugin one (ADD) was killed: it had not ended after 1500 ms");
    assert!(began.elapsed() < Duration::from_secs(20));
    let sleeper = plugins.wrote("sleeper");
    // Killed, and reaped by whoever takes orphans; a zombie has no command line.
    let line = fs::read(format!("/proc/{}/cmdline", sleeper.trim())).unwrap_or_default();
    assert!(line.is_empty() || !String::from_utf8_lossy(&line).contains("sleep"), "{line:?}");
}

#[test]
fn a_plugin_that_says_too_much_is_killed_and_one_that_lies_is_not_believed() {
    let add = |script: &str| {
        let plugins = Plugins::new(&[("one", script), ("two", "")]);
        plugins.record("1.0.0").add(Path::new("/n"), PATIENCE).expect_err("a failure").to_string()
    };
    assert_eq!(add("yes"), "CNI plugin one (ADD) was killed: it had said more than 1048576 bytes");
    assert_eq!(add("yes >&2"), "CNI plugin one (ADD) was killed: it had said more than 1048576 bytes");
    assert_eq!(add("true"), "CNI plugin one (ADD) gives no result: it says nothing");
    assert_eq!(add("kill -SEGV $$"), "CNI plugin one (ADD) failed: it ended by SIGSEGV");
    let other = "CNI plugin one (ADD) gives no result: it is of version \"9.9.9\", and 1.0.0 was asked for";
    assert_eq!(add(r#"echo '{"cniVersion":"9.9.9"}'"#), other);
    assert!(add("echo garbage").starts_with("CNI plugin one (ADD) gives no result: expected value"));
}

#[test]
fn who_is_left_behind_with_its_output_is_not_waited_for() {
    let daemon = r#"[ $CNI_COMMAND = ADD ] || exit 0; sleep 60 & echo $! >sleeper; echo '{"cniVersion":"1.0.0"}'"#;
    let plugins = Plugins::new(&[("one", daemon), ("two", r#"echo '{"cniVersion":"1.0.0"}'"#)]);
    let began = Instant::now();
    plugins.record("1.0.0").add(Path::new("/n"), PATIENCE).expect("a network");
    assert!(began.elapsed() < Duration::from_secs(20));
    let sleeper: i32 = plugins.wrote("sleeper").trim().parse().expect("a pid");
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(sleeper), nix::sys::signal::Signal::SIGKILL).expect("ours");
}

#[test]
fn a_plugin_that_is_not_there_is_missed_before_any_is_run() {
    let plugins = Plugins::new(&[("one", "touch ran")]);
    let list = NetworkList::parse(r#"{"cniVersion":"1.0.0","name":"x","plugins":[{"type":"one"},{"type":"two"}]}"#);
    let places = CniPlaces { configurations: "/".into(), plugins: vec![plugins.place.path().to_owned()] };
    let error = CniRecord::new(list.expect("a list"), places, "id".to_owned(), &[], Runtime::default());
    let said = error.expect_err("a plugin is missing").to_string();
    assert_eq!(said, format!("no CNI plugin two in {}", plugins.place.path().display()));
    assert_eq!(plugins.wrote("ran"), "");
}
