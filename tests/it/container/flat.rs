//! Containers where layers cannot be put on each other: their root directories are copies.

use std::fs;

use libtest_mimic::Trial;

use super::rootfs;
use crate::house::{House, User};
use crate::trial::{Need, trial};

pub(crate) fn trials() -> Vec<Trial> {
    let needs = ["busybox", "mount", "unshare"].map(Need::Program);
    let needs = [&[Need::Root][..], &needs].concat();
    vec![trial("container::on_a_file_system_without_overlays_its_root_is_a_copy", &needs, copied)]
}

/// All of it, in mounts that nobody else has: an overlay, which bears none on top of it, and a store on that.
const SCRIPT: &str = r#"
set -e
mkdir lower upper work top
mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work top
export POD_DATA_DIR=$PWD/top/data
pod image import root.tar mine >/dev/null
pod create web >/dev/null
for name in one two; do
    pod add web --name $name --image mine -- sh -c 'echo $HOSTNAME > /written; echo ready; sleep 1000' >/dev/null
    until pod logs web $name | grep -q ready; do sleep 0.02; done
done
pod describe web | grep -c 'its root directory is a copy.*Invalid argument'
pod exec web -c one -- sh -c 'cat /written /etc/secret-of-the-image; stat -c %h /etc/linked; echo more > /more; rm /etc/passwd'
pod exec web -c two -- sh -c 'ls -d /more /etc/passwd 2>/dev/null; true'
pod add web --name none --image mine -- no-such-command 2>/dev/null || echo $?
ls top/data/containers | wc -l
pod delete web --now >/dev/null
ls top/data/containers | wc -l
pod image remove mine >/dev/null
ls top/data/layers | wc -l
"#;

fn copied() {
    let house = House::new(User::Root);
    let root = rootfs(&house);
    fs::hard_link(root.join("etc/group"), root.join("etc/linked")).unwrap();
    house.run("busybox", &["tar", "-C", root.to_str().unwrap(), "-cf", "root.tar", "."]).ok();
    let said = house.run("unshare", &["-m", "sh", "-c", SCRIPT]).ok().out();
    assert_eq!(said, "2\nweb\ninside\n2\n/etc/passwd\n127\n2\n0\n0\n");
    house.nothing_is_left();
}
