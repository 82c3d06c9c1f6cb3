//! Commands that are cut short: killed, without room, without the right to write.

use std::fs;

use super::layout::{Entry, Layer, Layout};
use super::{archive, data, image, is_tidy, small};
use crate::house::{House, Ran, User};

/// Calls that change something. Each is the last one of a command once.
const CALLS: &[&str] = &[
    "mkdir",
    "mkdirat",
    "openat",
    "write",
    "fsync",
    "syncfs",
    "rename",
    "renameat2",
    "unlink",
    "unlinkat",
    "chmod",
    "fchmod",
    "fchown",
    "utimensat",
    "flock",
    "symlinkat",
    "linkat",
    "mknodat",
];
/// Which of many calls of a kind.
const TIMES: &[usize] = &[1, 2, 3, 5, 8, 13, 21, 34];

fn image_of_two() -> Layout {
    let link = Entry { kind: tar::EntryType::Symlink, link: "f", ..Entry::default() };
    let hard = Entry { kind: tar::EntryType::Link, link: "a/f", ..Entry::default() };
    let lower = Layer::default().file("a/f", b"f").file("a/g", b"g").add("a/l", &link, b"").add("h", &hard, b"");
    let upper = Layer::default().file("a/.wh.g", b"").file("b", &[7; 300_000]);
    Layout::image("docker.io/library/two:1", [lower, upper])
}

/// Runs a verb that dies at a call; whether it came to it.
fn dies(house: &House, call: &str, at: usize, arguments: &[&str]) -> bool {
    let mut command = house.command("strace");
    // A call that this machine does not have by that name is nothing to die at.
    command.args(["-f", "-qqq", "-o", "/dev/null", "-e", &format!("trace=?{call}")]);
    command.args(["-e", &format!("inject=?{call}:signal=KILL:when={at}"), "pod", "image"]).args(arguments);
    let ran: Ran = house.finish(command.env("POD_DATA_DIR", data(house)));
    !ran.output.status.success()
}

pub(super) fn killed() {
    let house = House::new(User::Root);
    let path = archive(&house, "two.tar", &image_of_two());
    let mut deaths = [0; 3];
    for call in CALLS {
        for at in TIMES {
            if dies(&house, call, *at, &["load", &path]) {
                deaths[0] += 1;
                // Nothing that has a name is half there.
                let listed = image(&house, &["list", "-q"]).ok();
                assert_eq!(listed.err(), "", "{call} {at}");
                image(&house, &["load", &path]).ok();
            }
            let dead = dies(&house, call, *at, &["remove", "two:1"]);
            deaths[1] += usize::from(dead);
            let listed = image(&house, &["list", "-q"]).ok();
            assert_eq!(listed.err(), "", "{call} {at}");
            if !listed.out().is_empty() {
                image(&house, &["remove", "two:1"]).ok();
            }
            deaths[2] += usize::from(dies(&house, call, *at, &["prune"]));
            image(&house, &["prune"]).ok();
            is_tidy(&house, 0);
            assert_eq!(super::names(&data(&house).join("blobs/sha256")), [] as [&str; 0], "{call} {at}");
        }
    }
    // A test that never kills shows nothing.
    assert!(deaths.iter().all(|deaths| *deaths > 5), "{deaths:?}");
}

/// Runs a script in a mount namespace of its own.
fn within(house: &House, script: &str) -> Ran {
    let mut command = house.command("unshare");
    command.args(["--mount", "--propagation", "private", "sh", "-c", script]);
    house.finish(command.env("POD_DATA_DIR", data(house)))
}

pub(super) fn no_room() {
    let house = House::new(User::Root);
    // The blob has room, and what it becomes has not.
    let path = archive(&house, "two.tar", &image_of_two());
    fs::create_dir(data(&house)).unwrap();
    let data = data(&house).display().to_string();
    let script = format!(
        "mount -t tmpfs -o size=500k,mode=700 tmpfs {data} && pod image load {path}; code=$?; \
         ls -A {data}/work {data}/layers {data}/references >&2; exit $code"
    );
    let ran = within(&house, &script).exits(125);
    let err = ran.err();
    assert!(err.contains("No space left on device") && err.contains("hint: `pod image prune`"), "{ran}");
    let left: Vec<_> =
        err.lines().skip_while(|line| !line.ends_with("/work:")).filter(|line| !line.is_empty()).collect();
    assert!(left.iter().all(|line| line.ends_with(':') || line.starts_with("sha256-")), "{ran}");
}

pub(super) fn read_only() {
    let house = House::new(User::Root);
    let path = archive(&house, "small.tar", &small());
    image(&house, &["load", &path]).ok();
    let data = data(&house).display().to_string();
    let mount = format!("mount --bind {data} {data} && mount -o remount,bind,ro {data} &&");
    let listed = within(&house, &format!("{mount} pod image list -o name")).ok().out();
    assert_eq!(listed, "image/small:1\n");
    let other = archive(&house, "two.tar", &image_of_two());
    within(&house, &format!("{mount} pod image load {other}")).refuses(125, "Read-only file system");
}
