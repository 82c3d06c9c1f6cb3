//! Records that an older or a newer `pod` has written: the former are understood, of the latter nothing is believed and
//! nothing is touched.

use std::fs;
use std::path::{Path, PathBuf};

use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::house::{House, User, has_ended};
use crate::pods::{BUSYBOX, image, pod, put, waiting};
use crate::trial::as_each_user;

pub(crate) fn trials() -> Vec<Trial> {
    [
        as_each_user("versions::a_pod_of_a_newer_version_is_left_alone", &[], newer),
        as_each_user("versions::a_pod_of_before_there_were_versions_is_as_any_other", &[], older),
        as_each_user("versions::objects_of_a_newer_version_are_left_alone", BUSYBOX, newer_objects),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The files below a directory that are of JSON.
fn records(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap().map(|entry| entry.unwrap()) {
        let path = entry.path();
        if entry.file_type().unwrap().is_dir() {
            found.extend(records(&path));
        } else if entry.file_type().unwrap().is_file() && fs::read(&path).unwrap().starts_with(b"{") {
            found.push(path);
        }
    }
    found
}

/// Changes what a record says; its owner stays.
fn change(path: &Path, to: impl Fn(&mut Value)) {
    let mut record: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    to(&mut record);
    fs::write(path, serde_json::to_vec(&record).unwrap()).unwrap();
}

fn newer(user: User) {
    let house = House::new(user);
    house.pod(&["create", "good"]).ok();
    house.pod(&["create", "newer"]).ok();
    house.pod(&["add", "newer", "--name", "app", "--", "probe", "ready"]).ok();
    let running = [i64::from(house.pause("newer")), house.workload("newer", "app")["process"]["pid"].as_i64().unwrap()];
    let written = records(&house.state().join("newer"));
    assert!(written.len() >= 3, "{written:?}");
    // Whatever else it says is not for us to understand.
    for path in &written {
        change(path, |record| {
            assert_eq!(record["version"], 1, "{}", path.display());
            *record = json!({ "version": 2, "was": record });
        });
    }
    let kept: Vec<_> = written.iter().map(|path| fs::read(path).unwrap()).collect();
    let says = "it is of version 2, and this program knows version 1";
    let listed = house.pod(&["get", "-o", "json"]).json();
    assert_eq!((&listed[0]["name"], &listed[0]["status"]), (&json!("good"), &json!("Running")), "{listed}");
    assert_eq!((&listed[1]["name"], &listed[1]["status"]), (&json!("newer"), &json!("Unknown")), "{listed}");
    assert!(listed[1]["reason"].as_str().unwrap().contains(says), "{listed}");
    house.pod(&["describe", "newer"]).refuses(125, says);
    house.pod(&["logs", "newer", "app"]).refuses(125, says);
    house.pod(&["exec", "newer", "--", "true"]).refuses(125, says);
    house.nsjoin(&["-t", "newer", "true"]).refuses(125, says);
    house.pod(&["add", "newer", "--name", "other", "--", "true"]).refuses(125, says);
    house.pod(&["delete", "newer"]).refuses(125, says);
    house.pod(&["delete", "--now", "newer"]).refuses(125, says);
    house.pod(&["create", "newer"]).exits(125);
    house.pod(&["exec", "good", "--", "true"]).ok();
    house.pod(&["delete", "--now", "good"]).ok();
    for pid in running {
        assert!(!has_ended(pid), "{pid} is not for us to end");
    }
    for (path, kept) in written.iter().zip(kept) {
        assert!(fs::read(path).is_ok_and(|now| now == kept), "{} was touched", path.display());
        change(path, |record| *record = record["was"].take());
    }
    house.pod(&["exec", "newer", "--", "true"]).ok();
    house.pod(&["delete", "--now", "newer"]).ok();
    house.nothing_is_left();
}

fn older(user: User) {
    let house = House::new(user);
    house.pod(&["create", "web", "-p", "127.0.0.1:0:80"]).ok();
    house.pod(&["add", "web", "--name", "app", "--", "probe", "ready"]).ok();
    for path in records(&house.state().join("web")) {
        change(&path, |record| drop(record.as_object_mut().unwrap().remove("version").unwrap()));
    }
    assert_eq!(house.describe("web")["status"], "Running");
    house.pod(&["exec", "web", "--", "true"]).ok();
    house.pod(&["add", "web", "--name", "other", "--", "probe", "ready"]).ok();
    house.logged("web", "app", "ready");
    house.pod(&["delete", "--now", "web"]).ok();
    house.nothing_is_left();
}

fn newer_objects(user: User) {
    let house = House::new(user);
    image(&house);
    let file = put(&house, "web.json", &pod("web", &json!({ "containers": [waiting("main", "echo ready;")] })));
    house.pod(&["apply", "-f", &file, "--wait", "--timeout", "30s"]).ok();
    house.pod(&["create", "cm", "conf", "--from-literal=a=b"]).ok();
    let data = house.work().join("data");
    let uid = crate::pods::shown(&house, "web", "{.metadata.uid}");
    let (version, machine) = (data.join("objects/.version"), data.join("pods").join(uid).join("machine.json"));
    let says = "it is of version 2, and this program knows version 1";
    fs::write(&version, "2\n").unwrap();
    let map = put(&house, "conf.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\ndata: {a: c}\n");
    let kept = fs::read(data.join("objects/default/configmaps/conf")).unwrap();
    for words in [
        &["apply", "-f", &map][..],
        &["get", "cm"],
        &["get", "pods"],
        &["describe", "pod", "web"],
        &["delete", "cm", "conf"],
        &["delete", "-f", &file],
        &["label", "cm", "conf", "a=b"],
    ] {
        let ran = house.pod(words);
        assert!(!ran.output.status.success() && ran.err().contains(says), "{ran}");
        assert_eq!(ran.err().lines().filter(|line| !line.starts_with("hint: ")).count(), 1, "{ran}");
    }
    assert!(fs::read(data.join("objects/default/configmaps/conf")).is_ok_and(|now| now == kept));
    fs::write(&version, "1\n").unwrap();
    assert_eq!(house.pod(&["apply", "-f", &map]).ok().out(), "configmap/conf configured\n");
    // Of what is known of a pod, too.
    change(&machine, |record| {
        assert_eq!(record["version"], 1);
        record["version"] = json!(2);
    });
    let ran = house.pod(&["get", "pod", "web"]);
    assert!(ran.err().contains(says), "{ran}");
    change(&machine, |record| record["version"] = json!(1));
    house.pod(&["get", "pod", "web"]).ok();
    house.pod(&["delete", "-f", &file]).ok();
    house.pod(&["delete", "cm", "conf"]).ok();
    house.nothing_is_left();
}
