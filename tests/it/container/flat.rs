//! Containers where layers cannot be put on each other: their root directories are copies.

use std::fs;
use std::path::Path;

use libtest_mimic::Trial;

use super::rootfs;
use crate::house::{House, User};
use crate::trial::{Need, trial};

pub(crate) fn trials() -> Vec<Trial> {
    let needs = [Need::Root, Need::Program("busybox"), Need::Program("mount")];
    vec![trial("container::on_a_file_system_without_overlays_its_root_is_a_copy", &needs, copied)]
}

/// An overlay on an overlay, which bears none on top of it; unmounted when it is dropped.
struct Stacked<'a>(&'a House);

impl<'a> Stacked<'a> {
    fn new(house: &'a House) -> Self {
        let work = house.work();
        let mut below = work.join("ground");
        fs::create_dir(&below).unwrap();
        for name in ["first", "second"] {
            let at = work.join(name);
            fs::create_dir(&at).unwrap();
            for part in ["upper", "work", "lower"] {
                fs::create_dir(below.join(part)).unwrap();
            }
            let of = |part: &str| below.join(part).display().to_string();
            // Neither of them writes attributes, which the one below keeps to itself.
            let options = format!("lowerdir={},upperdir={},workdir={},userxattr", of("lower"), of("upper"), of("work"));
            house.run("mount", &["-t", "overlay", "overlay", "-o", &options, at.to_str().unwrap()]).ok();
            below = at;
        }
        Self(house)
    }

    fn path(&self) -> std::path::PathBuf {
        self.0.work().join("second")
    }
}

impl Drop for Stacked<'_> {
    fn drop(&mut self) {
        for name in ["second", "first"] {
            let _gone = self.0.run("umount", &["-l", self.0.work().join(name).to_str().unwrap()]);
        }
    }
}

fn copied() {
    let house = House::new(User::Root);
    let root = rootfs(&house);
    fs::hard_link(root.join("etc/group"), root.join("etc/linked")).unwrap();
    let stacked = Stacked::new(&house);
    let data = stacked.path().join("data");
    let run = |program: &str, arguments: &[&str]| {
        let mut command = house.command(program);
        command.env("POD_DATA_DIR", &data).args(arguments);
        house.finish(&mut command)
    };
    run("busybox", &["tar", "-C", root.to_str().unwrap(), "-cf", "root.tar", "."]).ok();
    run("pod", &["image", "import", "root.tar", "mine"]).ok();
    run("pod", &["create", "web"]).ok();
    let count = |path: &Path| fs::read_dir(path).unwrap().count();
    for name in ["one", "two", "one-more"] {
        let script = "echo $HOSTNAME > /written; echo ready; while :; do sleep 0.05; done";
        run("pod", &["add", "web", "--name", name, "--image", "mine", "--", "sh", "-c", script]).ok();
        house.logged("web", name, "ready");
        let told = house.workload("web", name)["missing"].to_string();
        assert!(told.contains("its root directory is a copy") && told.contains("Invalid argument"), "{told}");
    }
    let exec = |name, script| run("pod", &["exec", "web", "-c", name, "--", "sh", "-c", script]).ok().out();
    let script = "cat /written /etc/secret-of-the-image; stat -c %h /etc/linked; echo more > /more; rm /etc/passwd";
    assert_eq!(exec("one", script), "web\ninside\n2\n");
    assert_eq!(exec("two", "ls -d /more /etc/passwd 2>/dev/null; true"), "/etc/passwd\n");
    run("pod", &["add", "web", "--name", "none", "--image", "mine", "--", "no-such-command"]).refuses(127, "no-such");
    assert_eq!(count(&data.join("containers")), 3);
    run("pod", &["delete", "web", "--now"]).ok();
    assert_eq!(count(&data.join("containers")), 0);
    run("pod", &["image", "remove", "mine"]).ok();
    assert_eq!(count(&data.join("layers")), 0);
    drop(stacked);
    house.nothing_is_left();
}
