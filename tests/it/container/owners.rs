//! Containers of somebody who is not root: with ids that were set apart for them, and without.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::PathBuf;

use libtest_mimic::Trial;

use super::rootfs;
use crate::house::{House, ORDINARY_ID, RANGE, Ran, User, status_of};
use crate::trial::{Need, trial};

pub(crate) fn trials() -> Vec<Trial> {
    let needs = [Need::Root, Need::Userns, Need::Program("busybox")];
    let mapped = [&needs[..], &["unshare", "setpriv", "newuidmap"].map(Need::Program)].concat();
    vec![
        trial("container::with_ids_set_apart_it_has_root_and_65535_others", &mapped, set_apart),
        trial("container::with_ids_set_apart_nothing_of_any_owner_is_left", &mapped, nothing_left),
        trial("container::ids_set_apart_that_cannot_be_mapped_are_done_without_and_told", &mapped, not_mapped),
        trial("container::users_whom_no_file_names_have_pods_whoever_else_is_asked_for_names", &mapped, nameless),
        trial("container::without_ids_set_apart_files_are_its_own_and_that_is_told", &needs, squashed),
    ]
}

/// An archive with files of several owners, that only root can make.
fn archive(house: &House) -> PathBuf {
    let root = rootfs(house);
    let busybox = |words: &[&str]| {
        let status = std::process::Command::new(fixtures::find("busybox").unwrap()).args(words).status().unwrap();
        assert!(status.success(), "{words:?}");
    };
    busybox(&["chown", "-hR", "0:0", root.to_str().unwrap()]);
    for (name, uid, gid, mode) in [
        ("of-www", 33, 34, 0o640),
        ("of-nobody", 65534, 65534, 0o600),
        ("of-root", 0, 0, 0o600),
        ("high", 65535, 1, 0o4755),
    ] {
        fs::write(root.join("etc").join(name), format!("{name}\n")).unwrap();
        chown(root.join("etc").join(name), Some(uid), Some(gid)).unwrap();
        fs::set_permissions(root.join("etc").join(name), fs::Permissions::from_mode(mode)).unwrap();
    }
    let archive = house.work().join("root.tar");
    busybox(&["tar", "-C", root.to_str().unwrap(), "-cf", archive.to_str().unwrap(), "."]);
    fs::set_permissions(&archive, fs::Permissions::from_mode(0o644)).unwrap();
    archive
}

fn data(house: &House) -> PathBuf {
    house.work().join("data")
}

fn pod(house: &House, words: &[&str]) -> Ran {
    let mut command = house.command("pod");
    command.env("POD_DATA_DIR", data(house)).args(words);
    house.finish(&mut command)
}

fn exec(house: &House, options: &[&str], script: &str) -> String {
    pod(house, &[&["exec", "web", "-c", "c"][..], options, &["--", "sh", "-c", script]].concat()).ok().out()
}

const WAITS: &str = "echo ready; while :; do sleep 0.05; done";

fn imported(house: &House) -> String {
    let archive = archive(house);
    let said = pod(house, &["image", "import", archive.to_str().unwrap(), "mine"]).ok().err();
    pod(house, &["create", "web"]).ok();
    pod(house, &["add", "web", "--name", "c", "--image", "mine", "--", "sh", "-c", WAITS]).ok();
    house.logged("web", "c", "ready");
    said
}

/// The files of the one layer.
fn layer(house: &House) -> PathBuf {
    let layers: Vec<_> = fs::read_dir(data(house).join("layers")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(layers.len(), 1);
    layers[0].join("fs")
}

/// What knows users beside files is a library, and our programs are static.
fn nameless() {
    let house = House::with_ranges_and_without_a_name();
    pod(&house, &["create", "web"]).ok();
    assert_eq!(pod(&house, &["exec", "web", "--", "id", "-u"]).ok().out(), "0\n");
    pod(&house, &["delete", "web"]).ok();
    // That a host is not there is told, too.
    let mut pull = house.command("pod");
    pull.env("HOME", house.work()).args(["image", "pull", "nobody.invalid/there:1"]);
    let told = house.finish(&mut pull).exits(125).err();
    assert!(told.contains("nobody.invalid"), "{told}");
}

fn set_apart() {
    let house = House::with_ranges();
    assert_eq!(imported(&house), "", "nothing is missed");
    let files = layer(&house);
    for (name, uid, gid) in [
        ("of-www", RANGE + 32, RANGE + 33),
        ("of-nobody", RANGE + 65533, RANGE + 65533),
        ("of-root", ORDINARY_ID, ORDINARY_ID),
        ("high", RANGE + 65534, RANGE),
    ] {
        let found = fs::metadata(files.join("etc").join(name)).unwrap();
        assert_eq!((found.uid(), found.gid()), (uid, gid), "{name}");
    }
    assert_eq!(fs::metadata(files.join("etc/high")).unwrap().mode() & 0o7777, 0o4755);
    let pause = house.pause("web");
    let map = fs::read_to_string(format!("/proc/{pause}/uid_map")).unwrap();
    let map: Vec<Vec<_>> = map.lines().map(|line| line.split_whitespace().map(str::to_owned).collect()).collect();
    let numbers = |numbers: [u32; 3]| numbers.map(|number| number.to_string()).to_vec();
    assert_eq!(map, [numbers([0, ORDINARY_ID, 1]), numbers([1, RANGE, 65536])]);
    // As in a cluster, pause is nobody who owns anything.
    let uid = (RANGE + 65534).to_string();
    assert_eq!(status_of(pause, "Uid").split_whitespace().next(), Some(uid.as_str()));
    assert!(!house.describe("web")["missing"].to_string().contains("/etc/subuid"));
    let owners = exec(&house, &[], "cd /etc; stat -c '%n %u:%g %a' of-www of-nobody of-root high");
    assert_eq!(owners, "of-www 33:34 640\nof-nobody 65534:65534 600\nof-root 0:0 600\nhigh 65535:1 4755\n");
    // Root may become and give away, and the others are kept apart.
    assert_eq!(exec(&house, &[], "touch /given; chown 1234:5678 /given; stat -c %u:%g /given"), "1234:5678\n");
    assert_eq!(exec(&house, &["-u", "www"], "id -u; id -g; id -G; cat /etc/of-www"), "33\n34\n34 44\nof-www\n");
    assert_eq!(exec(&house, &["-u", "www"], "cat /etc/of-root 2>/dev/null || echo kept"), "kept\n");
    assert_eq!(
        exec(&house, &["-u", "5000:6000"], "id -u; id -g; touch /tmp/x 2>/dev/null || echo no"),
        "5000\n6000\nno\n"
    );
    // A terminal belongs to the group of terminals.
    let terminal = exec(&house, &["-t"], "stat -c %g $(tty)");
    assert_eq!(terminal.trim(), "5");
    // Outside, what the container's root makes is who made the pod, and nobody else has it.
    let pid = i32::try_from(house.workload("web", "c")["process"]["pid"].as_i64().unwrap()).unwrap();
    assert_eq!(status_of(pid, "Uid").split_whitespace().next(), Some(ORDINARY_ID.to_string().as_str()));
    pod(&house, &["delete", "web", "--now"]).ok();
    pod(&house, &["image", "remove", "mine"]).ok();
    house.nothing_is_left();
}

fn nothing_left() {
    let house = House::with_ranges();
    imported(&house);
    exec(&house, &[], "mkdir -m 700 /deep /deep/er; touch /deep/er/x; chown -R 77:77 /deep");
    // One of the same name takes its place, and what the first one has written goes.
    pod(&house, &["exec", "web", "-c", "c", "--", "kill", "-9", "-1"]);
    crate::house::eventually("it has ended", || house.workload("web", "c")["ended"].is_string().then_some(()));
    pod(&house, &["add", "web", "--name", "c", "--image", "mine", "--", "sh", "-c", WAITS]).ok();
    crate::house::eventually("the first one's files are gone", || {
        (fs::read_dir(data(&house).join("containers")).unwrap().count() == 1).then_some(())
    });
    exec(&house, &[], "mkdir -m 700 /deep; touch /deep/x; chown -R 78:78 /deep");
    pod(&house, &["delete", "web", "--now"]).ok();
    pod(&house, &["image", "remove", "mine"]).ok();
    for name in ["containers", "layers", "work"] {
        assert_eq!(fs::read_dir(data(&house).join(name)).unwrap().count(), 0, "{name}");
    }
    house.nothing_is_left();
}

fn not_mapped() {
    let house = House::with_ranges_that_cannot_be_mapped();
    let said = imported(&house);
    assert!(said.contains("3 entries owned by root instead of an id that is not ours"), "{said}");
    let told = house.describe("web")["missing"].to_string();
    assert!(told.contains("/etc/subuid") && told.contains("cannot run newuidmap: Permission denied"), "{told}");
    assert_eq!(exec(&house, &[], "stat -c %u:%g /etc/of-www; id -u"), "0:0\n0\n");
    pod(&house, &["delete", "web", "--now"]).ok();
    house.nothing_is_left();
}

fn squashed() {
    let house = House::new(User::Ordinary);
    let said = imported(&house);
    assert!(said.contains("3 entries owned by root instead of an id that is not ours"), "{said}");
    assert_eq!(exec(&house, &[], "cd /etc; stat -c %u:%g of-www of-root; cat of-www"), "0:0\n0:0\nof-www\n");
    let refused = pod(&house, &["exec", "web", "-c", "c", "-u", "www", "--", "true"]);
    assert_eq!(refused.output.status.code(), Some(125), "{refused}");
    pod(&house, &["delete", "web", "--now"]).ok();
    house.nothing_is_left();
}
