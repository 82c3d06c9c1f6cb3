//! Containers of one image share its layers.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use libtest_mimic::Trial;

use super::rootfs;
use crate::house::{House, User};
use crate::trial::{Need, trial};

/// How many stand on one image.
const MANY: usize = 300;
/// The bytes of a file that only the image has.
const LARGE: u64 = 8 << 20;

pub(crate) fn trials() -> Vec<Trial> {
    let needs = [Need::Root, Need::Program("busybox"), Need::Descriptors(4096)];
    let own = [Need::Root, Need::Program("busybox"), Need::Program("unshare")];
    vec![
        trial("container::three_hundred_of_one_image_have_one_copy_of_its_layers", &needs, many),
        trial("container::in_a_user_namespace_its_layers_are_marked_as_there_they_can_be", &own, user_marks),
    ]
}

/// The bytes that a tree takes of the disk.
fn on_disk(path: &Path) -> u64 {
    let found = fs::symlink_metadata(path).unwrap();
    let below =
        if found.is_dir() { fs::read_dir(path).unwrap().map(|entry| on_disk(&entry.unwrap().path())).sum() } else { 0 };
    found.blocks() * 512 + below
}

fn many() {
    let house = House::new(User::Root);
    let root = rootfs(&house);
    let noise: Vec<u8> = (0..LARGE).map(|at| (at.wrapping_mul(2_654_435_761) >> 7).to_le_bytes()[0]).collect();
    fs::write(root.join("large"), noise).unwrap();
    let data = house.work().join("data");
    let run = |program: &str, arguments: &[&str]| {
        let mut command = house.command(program);
        command.env("POD_DATA_DIR", &data).args(arguments);
        house.finish(&mut command)
    };
    run("busybox", &["tar", "-C", root.to_str().unwrap(), "-cf", "root.tar", "."]).ok();
    run("pod", &["image", "import", "root.tar", "mine"]).ok();
    let before = on_disk(&data);
    assert!(before > LARGE, "{before}");
    run("pod", &["create", "web"]).ok();
    for number in 0..MANY {
        let name = format!("c{number}");
        let script = "head -c 4 /large > /own; exec sleep 1000";
        run("pod", &["add", "web", "--name", &name, "--image", "mine", "--", "sh", "-c", script]).ok();
    }
    assert_eq!(fs::read_dir(data.join("layers")).unwrap().count(), 1);
    assert_eq!(fs::read_dir(data.join("containers")).unwrap().count(), MANY);
    let workloads = house.describe("web")["workloads"].as_array().unwrap().clone();
    assert_eq!(workloads.iter().filter(|one| one["status"] == "Running").count(), MANY);
    let each = (on_disk(&data) - before) / MANY as u64;
    assert!(each < 64 << 10, "each has {each} bytes of its own");
    // They see it all the same, and each by itself.
    let script = "[ $(stat -c %s /large) = 8388608 ] && stat -c %s /own && rm /large";
    for name in ["c0", "c299"] {
        assert_eq!(run("pod", &["exec", "web", "-c", name, "--", "sh", "-c", script]).ok().out(), "4\n");
    }
    run("pod", &["delete", "web", "--now"]).ok();
    assert_eq!(fs::read_dir(data.join("containers")).unwrap().count(), 0);
    // A directory keeps the room that its names have taken.
    assert!(on_disk(&data) - before < 64 << 10, "{} of {before}", on_disk(&data));
    house.nothing_is_left();
}

/// As the root of a user namespace that somebody else has made, in a container of another engine, say.
fn user_marks() {
    let house = House::new(User::Root);
    let root = rootfs(&house);
    house.run("busybox", &["tar", "-C", root.to_str().unwrap(), "-cf", "root.tar", "."]).ok();
    let script = "set -e; pod image import root.tar mine >/dev/null; pod create web >/dev/null; \
        pod add web --name c --image mine -- grep -o 'overlay rw.*' /proc/self/mountinfo >/dev/null; \
        until pod logs web c | grep .; do sleep 0.02; done; pod delete web --now >/dev/null";
    for (way, marked) in [(&[][..], false), (&["unshare", "-Ur"][..], true)] {
        let data = house.work().join(format!("data-{marked}"));
        let words = [way, &["sh", "-c", script]].concat();
        let mut command = house.command(words[0]);
        let said = house.finish(command.env("POD_DATA_DIR", &data).args(&words[1..])).ok().out();
        assert_eq!(said.contains(",userxattr"), marked, "{said}");
    }
    house.nothing_is_left();
}
