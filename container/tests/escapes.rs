//! Ways out of containers that take a pod, or a plan, that no command line makes.

// What goes wrong in a test should end it there, with all it has to say.
#![allow(clippy::unwrap_used, missing_docs)]

use std::fs::{self, File};
use std::io::{Read, Seek};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use container::plan::{Attributes, Below, Capabilities, Mount, Process, Root, Seccomp, User, What};
use container::{Attached, ContainerPlan, Opened, Parts, Sandbox};
use launch::Identity;
use libtest_mimic::{Arguments, Failed, Trial};
use tempfile::TempDir;

fn main() {
    let arguments = Arguments::from_args();
    let trials = vec![
        trial("cve_2025_52881_a_sysctl_is_written_to_the_kernels_own_proc", fake_proc),
        trial("cve_2025_52565_the_console_is_the_containers_own_terminal", console),
    ];
    libtest_mimic::run(&arguments, trials).exit();
}

/// A test of this name, which needs to be root, and programs.
fn trial(name: &str, test: fn()) -> Trial {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let has = |program: &str| std::env::split_paths(&path).any(|directory| directory.join(program).is_file());
    let mut lacks: Vec<_> = ["busybox", "unshare", "nsenter"].into_iter().filter(|program| !has(program)).collect();
    lacks.extend((!nix::unistd::geteuid().is_root()).then_some("root"));
    let required = std::env::var_os("REQUIRE_PEERS").is_some_and(|value| value == "1");
    let lacks = (!lacks.is_empty()).then(|| format!("needs {}", lacks.join(", ")));
    let run = {
        let lacks = lacks.clone();
        move || match lacks {
            Some(lacks) => Err(Failed::from(lacks)),
            None => {
                test();
                Ok(())
            }
        }
    };
    let is_ignored = lacks.is_some() && !required;
    Trial::test(name, run).with_kind(lacks.unwrap_or_default()).with_ignored_flag(is_ignored)
}

/// A pod: a process in namespaces of its own, after a shell has said what else there is.
struct Pod {
    unshare: Child,
    place: TempDir,
}

impl Pod {
    fn new(script: &str) -> Self {
        let place = tempfile::tempdir().unwrap();
        let begun = place.path().join("begun");
        let script = format!("{script}; touch {}; exec sleep 1000", begun.display());
        let mut unshare = Command::new("unshare");
        unshare.args(["--net", "--ipc", "--uts", "--pid", "--mount", "--fork", "--kill-child", "--mount-proc"]);
        let unshare = unshare.args(["sh", "-ec", &script]).env("PLACE", place.path()).stdin(Stdio::null());
        let pod = Self { unshare: unshare.spawn().unwrap(), place };
        eventually("the pod has begun", || begun.exists().then_some(()));
        pod
    }

    fn path(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    fn pid(&self) -> i32 {
        let pid = self.unshare.id();
        eventually("it has a child", || {
            fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).ok()?.trim().parse().ok()
        })
    }

    /// What a command says as a container of this plan.
    fn says(&self, parts: Parts) -> String {
        let mut output = File::options().read(true).write(true).create_new(true).open(self.path("output")).unwrap();
        let attached = Attached {
            stdio: [None, Some(output.try_clone().unwrap().into()), Some(output.try_clone().unwrap().into())],
            ..Attached::default()
        };
        let sandbox = Sandbox::open(Identity::of(self.pid()).unwrap()).unwrap();
        let plan = ContainerPlan::new(parts).unwrap();
        let (opened, terminal) = Opened::open(plan, sandbox, attached).unwrap();
        let child = opened.spawn().unwrap().child;
        child.wait().unwrap();
        let mut said = String::new();
        match terminal {
            // At the end nobody has the other end any more.
            Some(terminal) => {
                let mut bytes = [0; 4096];
                let count = nix::unistd::read(&terminal, &mut bytes).unwrap();
                said.push_str(&String::from_utf8_lossy(&bytes[..count]));
            }
            None => {
                output.rewind().unwrap();
                output.read_to_string(&mut said).unwrap();
            }
        }
        said
    }
}

impl Drop for Pod {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended = self.unshare.kill();
        let _reaped = self.unshare.wait();
    }
}

fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "never came about: {what}");
        sleep(Duration::from_millis(5));
    }
}

fn rootfs(path: &Path) {
    fs::create_dir_all(path.join("bin")).unwrap();
    let search = std::env::var_os("PATH").unwrap();
    let mut found = std::env::split_paths(&search).map(|path| path.join("busybox"));
    fs::copy(found.find(|path| path.is_file()).unwrap(), path.join("bin/busybox")).unwrap();
    symlink("busybox", path.join("bin/sh")).unwrap();
}

fn parts(root: PathBuf, script: &str) -> Parts {
    let process = Process {
        command: ["sh", "-c", script].map(Into::into).into(),
        environment: vec![("PATH".into(), "/bin".into())],
        directory: "/".into(),
        user: User::root(),
        capabilities: Capabilities::usual(),
        no_new_privileges: false,
        seccomp: Seccomp::RuntimeDefault,
        limits: Vec::new(),
        umask: 0o022,
        oom_score: None,
        terminal: false,
    };
    Parts::usual(Root::Directory(root), process)
}

const FORWARDS: &str = "sys/net/ipv4/ip_forward";

/// What the pod has as /proc, and what the image has, are files that say what somebody wants to hear.
fn fake_proc() {
    let pod = Pod::new(&format!(
        "mkdir -p $PLACE/fake/sys/net/ipv4 $PLACE/fake/self; echo fake >$PLACE/fake/{FORWARDS}; mount --bind $PLACE/fake /proc"
    ));
    let root = pod.path("root");
    rootfs(&root);
    let images = root.join("image").join(FORWARDS);
    fs::create_dir_all(images.parent().unwrap()).unwrap();
    fs::write(&images, "fake\n").unwrap();
    symlink("/image", root.join("proc")).unwrap();
    let ours = fs::read_to_string(Path::new("/proc").join(FORWARDS)).unwrap();
    let mut plan = parts(root, &format!("busybox cat /proc/{FORWARDS}"));
    plan.sysctls = [("net.ipv4.ip_forward".to_owned(), "1".to_owned())].into();
    assert_eq!(pod.says(plan), "1\n");
    for path in [pod.path("fake").join(FORWARDS), images] {
        assert_eq!(fs::read_to_string(&path).unwrap(), "fake\n", "{path:?}");
    }
    assert_eq!(fs::read_to_string(Path::new("/proc").join(FORWARDS)).unwrap(), ours, "it is the pod's alone");
}

/// What /dev is, is somebody else's, and its console leads to a file of the kernel.
fn console() {
    let pod = Pod::new("mkdir -p $PLACE/dev/pts; ln -s /proc/version $PLACE/dev/console");
    let root = pod.path("root");
    rootfs(&root);
    let script = "busybox stat -L -c '%t:%T' /dev/console /dev/pts/0; busybox tty; \
        busybox grep -c ' /proc/version ' /proc/self/mountinfo";
    let mut plan = parts(root, script);
    plan.process.terminal = true;
    plan.devices.clear();
    for mount in &mut plan.mounts {
        if mount.at == Path::new("/dev") {
            let what = What::Bind { source: pod.path("dev"), below: Below::Left };
            *mount = Mount::new("/dev", what, Attributes::default());
        }
    }
    // What the console leads to is covered by the terminal, whose device it shows, and was not opened.
    assert_eq!(pod.says(plan), "88:0\r\n88:0\r\n/dev/pts/0\r\n1\r\n");
}
