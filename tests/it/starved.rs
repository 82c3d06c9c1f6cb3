//! Without memory, and where nothing can be written: whatever is typed is done, or said in one line not to be, and in
//! neither case anything is left that was not told.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};

use libtest_mimic::Trial;
use nix::sys::signal::Signal;
use serde_json::json;

use crate::house::{House, Ran, User, binaries};
use crate::pods::{image, pod, put, shown, waiting};
use crate::trial::{Need, as_each_user, trial};

pub(crate) fn trials() -> Vec<Trial> {
    let mounts = [Need::Root, Need::Program("busybox"), Need::Program("unshare"), Need::Program("setpriv")];
    [
        as_each_user("starved::of_address_space_commands_leave_nothing", &[Need::Program("prlimit")], of_address_space),
        as_each_user("starved::where_the_state_is_read_only_nothing_is_changed", &mounts, read_only_state),
        as_each_user("starved::where_the_data_are_read_only_nothing_is_changed", &mounts, read_only_data),
    ]
    .into_iter()
    .flatten()
    .chain([trial("starved::of_memory_commands_leave_nothing", &[Need::Root], of_memory)])
    .collect()
}

/// It was done, or refused in a line and a hint; or it has ended as programs do whose runtime has no memory.
fn is_clear(ran: &Ran) {
    let lines = ran.err().lines().filter(|line| !line.starts_with("hint: ")).count();
    match (ran.output.status.code(), ran.output.status.signal()) {
        (Some(0), _) => {}
        // 127 is that of a program that could not be started at all.
        (Some(1 | 2 | 125..=127), _) => assert_eq!(lines, 1, "{ran}"),
        (None, Some(signal)) => {
            let signal = Signal::try_from(signal).unwrap();
            assert!(matches!(signal, Signal::SIGABRT | Signal::SIGSEGV | Signal::SIGKILL), "{ran}");
        }
        _ => panic!("{ran}"),
    }
}

/// What is typed, and whether it makes the pod.
const TYPED: [(&[&str], bool); 6] = [
    (&["create", "web"], true),
    (&["get"], false),
    (&["add", "web", "--name", "app", "--", "probe", "ready"], false),
    (&["exec", "web", "--", "true"], false),
    (&["describe", "web"], false),
    (&["delete", "--now", "web"], false),
];

/// Types all of it, each time with as little as this; what was begun has to come to an end without any want.
fn each(house: &House, with: impl Fn(&[&str]) -> Ran) -> u32 {
    let mut done = 0;
    for (words, makes) in TYPED {
        if !makes {
            let there = house.pod(&["get", "-o", "json"]).json();
            if !there.as_array().unwrap().iter().any(|pod| pod["name"] == "web") {
                house.pod(&["create", "web"]).ok();
            }
        }
        let ran = with(words);
        is_clear(&ran);
        let there = house.pod(&["get", "-o", "json"]).json();
        let web = there.as_array().unwrap().iter().find(|pod| pod["name"] == "web");
        if ran.output.status.success() {
            done += 1;
            match words[0] {
                "create" => assert_eq!(web.unwrap()["status"], "Running", "{ran}"),
                "add" => {
                    let app = &web.unwrap()["workloads"][0];
                    // It has as little as who has added it, and may be who is killed for that.
                    assert!(app["status"] == "Running" || app["signal"] == "SIGKILL", "{ran}\n{app}");
                }
                "delete" => assert!(web.is_none(), "{ran}"),
                _ => {}
            }
        }
    }
    if house.pod(&["get", "-o", "json"]).json().as_array().unwrap().iter().any(|pod| pod["name"] == "web") {
        house.pod(&["delete", "--now", "web"]).ok();
    }
    // What a command that was cut short has left, the next one clears away.
    house.pod(&["create", "other"]).ok();
    house.pod(&["delete", "--now", "other"]).ok();
    house.nothing_is_left();
    done
}

fn of_address_space(user: User) {
    let house = House::new(user);
    let with = |bytes: u64| {
        let limit = format!("--as={bytes}");
        each(&house, |words| house.finish(house.command("prlimit").args([&limit, "pod"]).args(words)))
    };
    // From less than the program has by itself to more than it needs.
    let own = fs::metadata(binaries().join("pod")).unwrap().len();
    assert_eq!(with(own / 2), 0, "not even the program fits in there");
    for more in [1, 2, 3, 4, 6, 8, 12, 16, 24] {
        with(own + (more << 20));
    }
    assert_eq!(with(own + (1 << 30)), 6);
}

/// A control group beside ours that has so much, and us in it, one command at a time.
struct Scarce(PathBuf);

impl Scarce {
    fn new(name: &str, bytes: u64) -> Option<Self> {
        let ours = fs::read_to_string("/proc/self/cgroup").ok()?;
        let mounts = fs::read_to_string("/proc/self/mounts").ok()?;
        let of = |version_1: bool| {
            let path = ours.lines().find_map(|line| {
                let (controllers, path) = line.split_once(':')?.1.split_once(':')?;
                let is_it =
                    if version_1 { controllers.split(',').any(|it| it == "memory") } else { controllers.is_empty() };
                is_it.then_some(path)
            })?;
            let point = mounts.lines().find_map(|line| {
                let fields: Vec<&str> = line.split(' ').collect();
                let is_it = match version_1 {
                    true => fields[2] == "cgroup" && fields[3].split(',').any(|option| option == "memory"),
                    false => fields[2] == "cgroup2",
                };
                is_it.then(|| fields[1].to_owned())
            })?;
            Some(Path::new(&point).join(path.trim_start_matches('/')))
        };
        for (version_1, file) in [(true, "memory.limit_in_bytes"), (false, "memory.max")] {
            let Some(parent) = of(version_1) else { continue };
            let group = parent.join(format!("podkit-starved-{}-{name}", std::process::id()));
            if fs::create_dir(&group).is_ok() {
                if fs::write(group.join(file), bytes.to_string()).is_ok() {
                    return Some(Self(group));
                }
                fs::remove_dir(&group).unwrap();
            }
        }
        None
    }
}

impl Drop for Scarce {
    fn drop(&mut self) {
        // Whoever was killed in there may be on the way out.
        for _ in 0..200 {
            if fs::remove_dir(&self.0).is_ok() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    }
}

/// The kernel kills whoever wants more: a killed command, at a place that nobody chose.
fn of_memory() {
    let house = House::new(User::Root);
    let mut done = Vec::new();
    for kilobytes in [64_u64, 256, 512, 1024, 1536, 2048, 3072, 4096, 16384] {
        let Some(scarce) = Scarce::new(&kilobytes.to_string(), kilobytes << 10) else {
            // A machine whose groups have no memory of their own has nothing to run out of.
            return;
        };
        let script = format!("echo $$ >{}/cgroup.procs && exec pod \"$@\"", scarce.0.display());
        done.push(each(&house, |words| house.finish(house.command("sh").args(["-c", &script, "sh"]).args(words))));
    }
    assert_eq!(done.last(), Some(&6), "{done:?}");
}

/// Mounts a directory over itself, for nobody to write to.
fn read_only(directory: &Path) -> String {
    let directory = directory.display();
    format!("mount --bind {directory} {directory}; mount -o remount,bind,ro {directory}")
}

#[track_caller]
fn refused(ran: &Ran) {
    assert!(matches!(ran.output.status.code(), Some(1 | 125)), "{ran}");
    assert!(ran.err().contains("Read-only file system"), "{ran}");
    is_clear(ran);
}

fn read_only_state(user: User) {
    let mut house = House::new(user);
    house.pod(&["create", "web"]).ok();
    house.pod(&["add", "web", "--name", "app", "--", "probe", "ready"]).ok();
    house.logged("web", "app", "ready");
    house.after(&read_only(&house.state()));
    assert_eq!(house.pod(&["get", "-o", "json"]).json()[0]["status"], "Running");
    assert_eq!(house.workload("web", "app")["status"], "Running");
    house.pod(&["logs", "web", "app"]).ok();
    house.pod(&["exec", "web", "--", "true"]).ok();
    house.nsjoin(&["-t", "web", "true"]).ok();
    refused(&house.pod(&["create", "other"]));
    refused(&house.pod(&["create", "other", "-p", "127.0.0.1:0:80"]));
    refused(&house.pod(&["delete", "--now", "web"]));
    house.as_before();
    // A pod whose processes were ended before it could not be forgotten is deleted again.
    house.pod(&["get"]).ok();
    house.pod(&["delete", "--now", "web"]).ok();
    house.nothing_is_left();
}

fn read_only_data(user: User) {
    let mut house = House::new(user);
    image(&house);
    let file = put(&house, "web.json", &pod("web", &json!({ "containers": [waiting("main", "echo ready;")] })));
    house.pod(&["apply", "-f", &file, "--wait", "--timeout", "30s"]).ok();
    house.pod(&["create", "cm", "conf", "--from-literal=a=b"]).ok();
    let other = put(&house, "other.json", &pod("other", &json!({ "containers": [waiting("main", "")] })));
    let map = put(&house, "conf.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\ndata: {a: c}\n");
    house.after(&read_only(&house.work().join("data")));
    assert_eq!(shown(&house, "web", "{.status.phase}"), "Running");
    house.pod(&["describe", "pod", "web"]).ok();
    house.pod(&["exec", "web", "--", "true"]).ok();
    house.logged("web", "main", "ready");
    assert_eq!(house.pod(&["get", "cm", "conf", "-o", "jsonpath={.data.a}"]).ok().out(), "b");
    house.pod(&["image", "ls"]).ok();
    for words in [
        &["apply", "-f", &other][..],
        &["apply", "-f", &map],
        &["create", "cm", "more"],
        &["label", "cm", "conf", "a=b"],
        &["delete", "cm", "conf"],
        &["delete", "-f", &file],
        &["image", "import", "root.tar", "again"],
        &["image", "tag", "box", "again"],
    ] {
        refused(&house.pod(words));
    }
    house.as_before();
    assert_eq!(house.pod(&["get", "cm", "conf", "-o", "jsonpath={.data.a}"]).ok().out(), "b");
    assert_eq!(shown(&house, "web", "{.metadata.deletionTimestamp}"), "");
    assert_eq!(house.pod(&["get", "pods", "-o", "name"]).ok().out(), "pod/web\n");
    house.pod(&["exec", "web", "--", "true"]).ok();
    house.pod(&["delete", "-f", &file]).ok();
    house.pod(&["delete", "cm", "conf"]).ok();
    house.nothing_is_left();
}
