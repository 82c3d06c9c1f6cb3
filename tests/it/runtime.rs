//! The same container by our own executor and by other runtimes, as the kernel shows it inside: what
//! differs is named here and in docs/CONTAINERS.md, and nothing else does.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use fixtures::find;
use libtest_mimic::Trial;
use serde_json::Value;

use crate::house::{House, Ran, User, eventually};
use crate::trial::{Need, trial};

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for runtime in ["crun", "runc"] {
        let needs = [Need::Root, Need::Program("busybox"), Need::Program("unshare"), Need::Program(runtime)];
        let mut add = |name: &str, test: fn(&'static str)| {
            trials.push(trial(&format!("runtime::{runtime}_{name}"), &needs, move || test(runtime)));
        };
        add("shows_the_same_container", same_container);
        add("refuses_the_same_calls", same_calls);
        add("ends_with_the_same_code_and_log", same_end);
        add("ends_when_it_is_told_to_and_leaves_nothing", ends);
        add("is_in_the_same_groups_with_the_same_limits", same_groups);
        add("tells_who_ran_out_of_memory", out_of_memory);
        add("is_entered_as_ours_is", entered);
    }
    // Of the two the one that takes hybrid hierarchies as an ordinary user, too.
    let ordinary = [Need::Userns, Need::Program("busybox"), Need::Program("runc")];
    for (name, test) in [
        ("runtime::runc_ends_for_an_ordinary_user_with_the_same_code_and_log", same_end_for as fn(User, &'static str)),
        ("runtime::runc_ends_for_an_ordinary_user_and_leaves_nothing", ends_for),
    ] {
        trials.push(trial(name, &ordinary, move || test(User::Ordinary, "runc")));
    }
    let needs = &[Need::Root, Need::Program("busybox")];
    trials.push(trial("runtime::one_that_is_not_there_is_refused", needs, not_there));
    trials.push(trial("runtime::without_a_root_directory_there_is_nothing_to_run", needs, without_root));
    trials
}

/// A pod called web, and a root directory for its containers.
struct Scene {
    house: House,
    root: PathBuf,
    runtime: &'static str,
}

impl Scene {
    fn new(runtime: &'static str) -> Self {
        Self::of(User::Root, runtime)
    }

    fn of(user: User, runtime: &'static str) -> Self {
        let house = House::new(user);
        let root = house.work().join("rootfs");
        for name in ["bin", "etc", "tmp"] {
            fs::create_dir_all(root.join(name)).unwrap();
        }
        fs::copy(find("busybox").unwrap(), root.join("bin/busybox")).unwrap();
        for applet in [
            "sh", "cat", "id", "pwd", "env", "mount", "sleep", "true", "stat", "head", "tail", "hostname", "sort",
            "chroot", "dmesg", "unshare", "date", "umount", "ls", "umask", "touch", "mknod", "rm", "swapoff", "grep",
            "sed", "readlink",
        ] {
            symlink("busybox", root.join("bin").join(applet)).unwrap();
        }
        fs::write(root.join("etc/passwd"), "root:x:0:0:root:/root:/bin/sh\nwww:x:33:34::/var/www:/bin/sh\n").unwrap();
        fs::write(root.join("etc/group"), "root:x:0:\nwww:x:34:\nextra:x:44:www\n").unwrap();
        user.owns(&root);
        let scene = Self { house, root, runtime };
        scene.pod(&["create", "web"]).ok();
        scene
    }

    /// crun refuses a machine that has version 1 of control groups and controllers in version 2 besides; for
    /// that one version 2 is not mounted.
    fn pod(&self, words: &[&str]) -> Ran {
        let unified = fs::read_to_string("/sys/fs/cgroup/unified/cgroup.controllers").unwrap_or_default();
        if self.runtime != "crun" || unified.trim().is_empty() {
            return self.house.pod(words);
        }
        let script = "umount -l /sys/fs/cgroup/unified; exec pod \"$@\"";
        self.house.run("unshare", &[&["-m", "sh", "-c", script, "pod"], words].concat())
    }

    fn add(&self, name: &str, options: &[&str], script: &str) {
        let begin = ["add", "web", "--name", name, "--rootfs", self.root.to_str().unwrap()];
        self.pod(&[&begin[..], options, &["--", "sh", "-c", script]].concat()).ok();
    }

    /// By the other runtime.
    fn add_theirs(&self, name: &str, options: &[&str], script: &str) {
        self.add(name, &[&["--runtime", self.runtime], options].concat(), script);
    }

    /// What a script says in a container of ours, and in one by that runtime.
    fn both(&self, options: &[&str], script: &str) -> [String; 2] {
        self.add("ours", options, script);
        self.add_theirs("theirs", options, script);
        ["ours", "theirs"].map(|name| {
            let workload = self.ended(name);
            let log = self.pod(&["logs", "web", name]).ok();
            assert_eq!(workload["exit_code"], 0, "{workload}\n{log}");
            log.out()
        })
    }

    fn ended(&self, name: &str) -> Value {
        eventually("the workload has ended", || {
            Some(self.house.workload("web", name)).filter(|workload| workload["ended"].is_string())
        })
    }

    fn end(&self) {
        self.pod(&["delete", "web", "--now"]).ok();
        self.house.nothing_is_left();
    }
}

/// Sections of what a script says, each after a line `== NAME`.
fn sections(said: &str) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut name = String::new();
    for line in said.lines() {
        match line.strip_prefix("== ") {
            Some(section) => {
                section.clone_into(&mut name);
                found.insert(name.clone(), Vec::new());
            }
            None => found.entry(name.clone()).or_default().push(line.to_owned()),
        }
    }
    found
}

const FACTS: &str = r#"
echo == ids; id
echo == rights; grep -E '^(Cap|NoNewPrivs|Seccomp:|Groups|Umask)' /proc/self/status
echo == environment; env | grep -v '^SHLVL=\|^_=\|^PWD=\|^OLDPWD=' | sort
echo == place; pwd; hostname
echo == limits; grep -v '^Limit' /proc/self/limits
echo == oom; cat /proc/self/oom_score_adj
echo == nice; busybox awk '{ print $19 }' /proc/self/stat
echo == devices; cd /dev; for d in null zero full random urandom tty; do stat -c '%n %t:%T %a' $d; done
for l in fd stdin stdout stderr ptmx; do echo $l $(readlink $l); done; ls | grep -v core
echo == masked; cat /proc/timer_list /proc/keys /proc/interrupts 2>&1; ls /sys/firmware
echo == readonly
for f in /proc/sys/kernel/domainname /proc/sysrq-trigger; do ( : >>$f ) 2>/dev/null && echo $f can be written; done
touch /sys/x 2>&1; touch /nothing 2>&1; rm -f /nothing
echo == descriptors; ls /proc/self/fd
echo == mounts; cat /proc/self/mountinfo
"#;

/// What a mount is, as far as it is the same in two containers: place; options of the mount, propagation,
/// kind. Of what is masked or protected only that it is: by what is each runtime's own.
fn mount(line: &str) -> (String, String) {
    let words: Vec<_> = line.split(' ').collect();
    let dash = words.iter().position(|word| *word == "-").unwrap();
    if ["/proc/", "/sys/firmware"].iter().any(|start| words[4].starts_with(start)) && words[dash + 1] != "proc" {
        return (words[4].to_owned(), "masked".to_owned());
    }
    if words[4].starts_with("/proc/") && words[5].split(',').any(|option| option == "ro") {
        return (words[4].to_owned(), "protected".to_owned());
    }
    let mut own: Vec<_> = words[5].split(',').collect();
    own.sort_unstable();
    (words[4].to_owned(), format!("{} {} {}", own.join(","), words[6..dash].join(" "), words[dash + 1]))
}

fn same_container(runtime: &'static str) {
    let scene = Scene::new(runtime);
    for options in [
        &[][..],
        &["-u", "www", "-w", "/srv/here", "-e", "FLAVOUR=sweet", "--read-only", "--security-opt", "no-new-privileges"],
        &["--cap-drop", "ALL", "--cap-add", "NET_ADMIN", "-v", "/usr/share:/mnt/share:ro"],
    ] {
        let [ours, theirs] = scene.both(options, FACTS).map(|said| sections(&said));
        assert_eq!(ours.len(), 12, "{:?}", ours.keys());
        for (name, section) in &ours {
            if name != "mounts" {
                assert_eq!(Some(section), theirs.get(name), "{runtime} {options:?}: {name}");
            }
        }
        let mounts = |sections: &BTreeMap<String, Vec<String>>| -> BTreeMap<String, String> {
            let found = sections["mounts"].iter().map(|line| mount(line));
            found.filter(|(place, _)| !place.starts_with("/sys/fs/cgroup")).collect()
        };
        assert_eq!(mounts(&ours), mounts(&theirs), "{runtime} {options:?}");
    }
    scene.end();
}

/// Calls that are probed by programs: each tells whether it may be made.
const CALLS: &str = r"
try() { name=$1; shift; if ( $@ ) >/dev/null 2>&1; then echo $name goes; else echo $name refused; fi; }
try mount mount -t tmpfs none /tmp
try umount umount /proc
try unshare-user unshare -U true
try unshare-net unshare -n true
try sethostname hostname other
try swapoff swapoff /nothing
try dmesg dmesg
try chroot chroot / true
try mknod mknod /tmp/null-$$ c 1 3
";

fn same_calls(runtime: &'static str) {
    let scene = Scene::new(runtime);
    for options in [&[][..], &["--cap-add", "SYS_ADMIN"], &["--security-opt", "seccomp=unconfined"]] {
        let [ours, theirs] = scene.both(options, CALLS);
        assert_eq!(ours, theirs, "{runtime} {options:?}");
        assert!(ours.contains("chroot goes") && ours.contains("swapoff refused"), "{ours}");
    }
    scene.end();
}

fn same_end(runtime: &'static str) {
    same_end_for(User::Root, runtime);
}

fn same_end_for(user: User, runtime: &'static str) {
    let scene = Scene::of(user, runtime);
    for (script, code) in [("echo out; echo err >&2; exit 7", 7), ("echo killed; kill -9 $$", 137)] {
        scene.add_theirs("app", &[], script);
        let app = scene.ended("app");
        assert_eq!(app["exit_code"], code, "{app}");
    }
    let log = scene.pod(&["logs", "web", "app"]).ok();
    assert_eq!(log.out(), "killed\n", "{log}");
    scene.end();
}

fn ends(runtime: &'static str) {
    ends_for(User::Root, runtime);
}

fn ends_for(user: User, runtime: &'static str) {
    for grace in ["--now", "--grace-period=20"] {
        let scene = Scene::of(user, runtime);
        scene.add_theirs("app", &[], "trap 'echo asked; exit 0' TERM; echo ready; while :; do sleep 0.05; done");
        scene.house.logged("web", "app", "ready");
        assert!(scene.house.state().join("web/bundles/app/config.json").exists());
        scene.pod(&["delete", "web", grace]).ok();
        scene.house.nothing_is_left();
    }
}

/// The groups and the limits are ours, whoever runs the container.
fn same_groups(runtime: &'static str) {
    let scene = Scene::new(runtime);
    let options = ["-m", "64m", "--cpus", "0.5", "--pids-limit", "30"];
    let script = "cat /proc/self/cgroup; cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null; \
        cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max 2>/dev/null; echo ready; sleep 1000";
    let seen = [("ours", &[][..]), ("theirs", &["--runtime", runtime])].map(|(name, by)| {
        scene.add(name, &[by, &options].concat(), script);
        let inside = scene.house.logged("web", name, "ready");
        let pid = scene.house.workload("web", name)["process"]["pid"].as_i64().unwrap();
        let outside = fs::read_to_string(format!("/proc/{pid}/cgroup")).unwrap();
        assert!(outside.contains(&format!("/{name}\n")), "{outside}");
        (inside, outside.replace(&format!("/{name}\n"), "/NAME\n"))
    });
    assert_eq!(seen[0], seen[1]);
    assert!(seen[0].0.contains("67108864\n") && seen[0].0.contains("\n30\n"), "{}", seen[0].0);
    scene.end();
}

fn out_of_memory(runtime: &'static str) {
    let scene = Scene::new(runtime);
    scene.add_theirs("app", &["-m", "48m"], "exec tail /dev/zero");
    let app = scene.ended("app");
    assert_eq!((&app["end_reason"], &app["exit_code"]), (&"OOMKilled".into(), &137.into()), "{app}");
    scene.end();
}

fn entered(runtime: &'static str) {
    let scene = Scene::new(runtime);
    let options = ["-u", "www", "-e", "FLAVOUR=sweet", "-w", "/etc"];
    scene.add_theirs("app", &options, "echo ready; while :; do sleep 0.05; done");
    scene.house.logged("web", "app", "ready");
    let script =
        "ls /; id; pwd; echo $FLAVOUR; readlink /proc/self/ns/mnt; grep -E '^(CapBnd|Seccomp):' /proc/self/status";
    let said = eventually("it has begun", || {
        let ran = scene.pod(&["exec", "web", "-c", "app", "--", "sh", "-c", script]);
        ran.output.status.success().then(|| ran.out())
    });
    let start = "bin\ndev\netc\nproc\nsys\ntmp\nuid=33(www) gid=34(www) groups=34(www),44(extra)\n/etc\nsweet\nmnt:[";
    assert!(said.starts_with(start), "{said}");
    assert!(said.ends_with("CapBnd:\t00000000a80425fb\nSeccomp:\t2\n"), "{said}");
    scene.pod(&["exec", "web", "-c", "app", "--", "no-such-command"]).refuses(127, "no-such-command");
    scene.end();
}

fn not_there() {
    let scene = Scene::new("runc");
    let root = scene.root.to_str().unwrap();
    scene
        .pod(&["add", "web", "--rootfs", root, "--runtime", "no-such-runtime", "--", "true"])
        .refuses(127, "no-such-runtime");
    scene
        .pod(&["add", "web", "--rootfs", root, "--runtime", "/no/such/runtime", "--", "true"])
        .refuses(125, "/no/such/runtime");
    assert!(!scene.house.state().join("web/bundles/true").exists());
    scene.end();
}

fn without_root() {
    let house = House::new(User::Root);
    house.pod(&["create", "web"]).ok();
    house.pod(&["add", "web", "--runtime", "crun", "--", "true"]).refuses(2, "there is no root directory");
    house.pod(&["delete", "web"]).ok();
    house.nothing_is_left();
}
