//! The image archive as it is shipped: reproducible, small, and what skopeo makes of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Once;

use fixtures::engine::PAUSE;
use libtest_mimic::Trial;
use serde_json::Value;

use crate::arch::{ARCHES, Arch};
use crate::house::{House, User, workspace};
use crate::trial::{Need, trial};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("archive::built_twice_is_the_same_and_of_the_date_that_it_is_told", &[], reproducible),
        trial("archive::refuses_a_date_and_a_name_that_are_none", &[], refusals),
        trial("archive::skopeo_finds_every_architecture", &[Need::Program("skopeo")], skopeo),
        trial("archive::skopeo_unpacks_one_small_file", &[Need::Program("skopeo")], small),
    ]
}

/// Runs `cargo xtask image` for what can be built here, with a date.
fn image(house: &House, arguments: &[&str], date: &str) -> crate::house::Ran {
    static BUILT: Once = Once::new();
    BUILT.call_once(|| {
        // Which may take longer than any command of a test.
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--quiet", "--package", "xtask"]).current_dir(workspace());
        assert!(build.status().unwrap().success(), "xtask cannot be built");
    });
    let mut xtask = Command::new(env!("CARGO"));
    xtask.args(["run", "--quiet", "--package", "xtask", "--", "image"]).args(arguments);
    house.finish(xtask.current_dir(workspace()).env("SOURCE_DATE_EPOCH", date))
}

/// The archive, in the test's own place.
fn built(house: &House, name: &str, date: &str) -> PathBuf {
    let path = house.work().join(name);
    let arches = Arch::built();
    image(house, &["--arch", &arches, "--output", path.to_str().unwrap()], date).ok();
    path
}

fn reproducible() {
    let house = House::new(User::Root);
    let read = |name, date| fs::read(built(&house, name, date)).unwrap();
    let first = read("first", "1000000000");
    assert!(first == read("second", "1000000000"), "built twice, it differs");
    assert!(first != read("third", "1000000001"), "the date makes no difference");
}

fn refusals() {
    let house = House::new(User::Root);
    for date in ["yesterday", "-1", "8589934592"] {
        let ran = image(&house, &["--arch", Arch::native().name], date).exits(1);
        assert!(ran.err().contains("SOURCE_DATE_EPOCH"), "{ran}");
    }
    for (option, value) in [("--name", "pause"), ("--name", "localhost/pause:1"), ("--arch", "mips"), ("--arch", "")] {
        image(&house, &[option, value], "0").exits(2);
    }
}

fn skopeo_json(house: &House, arguments: &[&str]) -> Value {
    house.finish(house.command("skopeo").args(arguments)).json()
}

fn skopeo() {
    let house = House::new(User::Root);
    let archive = built(&house, "archive", "1000000000").display().to_string();
    let docker = |name: &str| format!("docker-archive:{archive}:{PAUSE}{name}");
    for (place, arch) in ARCHES.iter().filter(|arch| Arch::built().split(',').any(|name| name == arch.name)).enumerate()
    {
        let (go, variant) =
            arch.name.split_once('/').unwrap_or((arch.name, if arch.name == "arm64" { "v8" } else { "" }));
        let platform = ["--override-arch", go, "--override-variant", variant];
        let inspect = ["inspect", "--config"];
        let oci = format!("oci-archive:{archive}");
        let config = skopeo_json(&house, &[&platform[..], &inspect, &[&oci]].concat());
        assert_eq!(config["architecture"], go);
        assert_eq!(config["variant"].as_str().unwrap_or_default(), variant);
        assert_eq!(config["created"], "2001-09-09T01:46:40Z");
        assert_eq!(config["config"]["User"], "65535:65535");
        assert_eq!(config["config"]["Entrypoint"], serde_json::json!(["/pause"]));
        assert_eq!(config["config"]["Labels"]["org.opencontainers.image.title"], "pause");
        // Docker's part of the archive leads to the same.
        let own = docker(&format!("-{}", arch.name.replace('/', "-")));
        assert_eq!(skopeo_json(&house, &[&inspect[..], &[&own]].concat()), config);
        if place == 0 {
            assert_eq!(skopeo_json(&house, &[&inspect[..], &[&docker("")]].concat()), config);
        }
    }
}

fn small() {
    let house = House::new(User::Root);
    let archive = format!("oci-archive:{}", built(&house, "archive", "0").display());
    let to = house.work().join("unpacked");
    house.finish(house.command("skopeo").args(["copy", &archive, &format!("dir:{}", to.display())])).ok();
    let manifest: Value = serde_json::from_slice(&fs::read(to.join("manifest.json")).unwrap()).unwrap();
    let layers = manifest["layers"].as_array().unwrap();
    assert_eq!(layers.len(), 1, "{manifest}");
    let layer = to.join(layers[0]["digest"].as_str().unwrap().strip_prefix("sha256:").unwrap());
    let root = house.work().join("root");
    fs::create_dir(&root).unwrap();
    house.finish(house.command("tar").arg("-xf").arg(layer).arg("-C").arg(&root)).ok();
    let files: BTreeMap<_, _> = files(&root).into_iter().collect();
    assert_eq!(files.keys().collect::<Vec<_>>(), ["pause"], "{files:?}");
    assert!(files["pause"] <= 4096, "{files:?}");
    assert_eq!(fs::read(root.join("pause")).unwrap(), fs::read(Arch::native().pause()).unwrap());
}

/// What is in a directory, and how large it is.
fn files(directory: &Path) -> Vec<(String, u64)> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap());
    entries.map(|entry| (entry.file_name().into_string().unwrap(), entry.metadata().unwrap().len())).collect()
}
