//! Workloads with a root directory of their own, as they see themselves and as the kernel sees them.

mod escape;
mod flat;
mod kernel;
mod owners;
mod shared;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;

use libtest_mimic::Trial;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::house::{House, User, status_of};
use crate::trial::{Need, as_each_user, trial};
use fixtures::find;

/// All that its root directory has a program for.
const BUSYBOX: &[Need] = &[Need::Program("busybox")];

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials: Vec<_> = [
        as_each_user("container::its_root_is_all_that_it_sees", BUSYBOX, own_root),
        as_each_user("container::it_has_dockers_rights_and_devices", BUSYBOX, rights),
        as_each_user("container::exec_enters_it_wholly", BUSYBOX, entered),
        as_each_user("container::exec_gives_a_terminal_of_the_containers_own", BUSYBOX, terminal),
        as_each_user("container::what_is_typed_is_what_it_gets", BUSYBOX, typed),
        as_each_user("container::what_cannot_be_is_one_clear_line_and_leaves_nothing", BUSYBOX, refused),
        as_each_user("container::a_killed_supervisor_loses_none", BUSYBOX, adopted),
        as_each_user("container::of_an_image_it_keeps_the_layers_and_takes_its_own_along", BUSYBOX, of_an_image),
        as_each_user("container::of_what_its_pod_does_not_see_there_is_none", BUSYBOX, covered),
    ]
    .into_iter()
    .flatten()
    .collect();
    trials.push(trial("container::users_are_those_of_its_own_files", &[Need::Root, Need::Program("busybox")], users));
    trials.extend(
        [escape::trials(), flat::trials(), kernel::trials(), owners::trials(), shared::trials()].into_iter().flatten(),
    );
    trials
}

/// A root directory of busybox, with a few files of /etc.
pub(crate) fn rootfs(house: &House) -> PathBuf {
    let root = house.work().join("rootfs");
    for name in ["bin", "etc", "tmp"] {
        fs::create_dir_all(root.join(name)).unwrap();
    }
    fs::copy(find("busybox").unwrap(), root.join("bin/busybox")).unwrap();
    for applet in [
        "sh", "cat", "ls", "id", "pwd", "env", "mount", "touch", "sleep", "true", "readlink", "stat", "test", "head",
        "tty", "stty", "hostname", "mkdir", "chroot", "dmesg", "grep", "echo", "ln", "rm", "mv", "kill", "umask",
    ] {
        symlink("busybox", root.join("bin").join(applet)).unwrap();
    }
    let files = [
        ("passwd", "root:x:0:0:root:/root:/bin/sh\nwww:x:33:34::/var/www:/bin/sh\n"),
        ("group", "root:x:0:\nwww:x:34:\nextra:x:44:www\n"),
        ("secret-of-the-image", "inside\n"),
    ];
    for (name, text) in files {
        fs::write(root.join("etc").join(name), text).unwrap();
    }
    house.user.owns(&root);
    root
}

/// A pod with a container in it, which waits to be ended.
pub(crate) fn waiting(house: &House, options: &[&str]) -> PathBuf {
    let root = rootfs(house);
    house.pod(&["create", "web"]).ok();
    let begin = ["add", "web", "--name", "c", "--rootfs", root.to_str().unwrap()];
    let command = ["--", "sh", "-c", "trap 'exit 0' TERM; echo ready; while :; do sleep 0.05; done"];
    house.pod(&[&begin[..], options, &command].concat()).ok();
    house.logged("web", "c", "ready");
    root
}

/// The pid of its process, as the host counts.
fn pid_of(house: &House) -> i32 {
    i32::try_from(house.workload("web", "c")["process"]["pid"].as_i64().unwrap()).unwrap()
}

pub(crate) fn exec(house: &House, script: &str) -> String {
    house.pod(&["exec", "web", "-c", "c", "--", "sh", "-c", script]).ok().out()
}

fn own_root(user: User) {
    let house = House::new(user);
    waiting(&house, &[]);
    assert_eq!(exec(&house, "cat /etc/secret-of-the-image"), "inside\n");
    let names = exec(&house, "ls /");
    assert_eq!(names, "bin\ndev\netc\nproc\nsys\ntmp\n");
    // Every mount is below its own root: the old one has gone, with all that was below it.
    let mounts = exec(&house, "cat /proc/self/mountinfo");
    let at = |line: &str| line.split(' ').nth(4).unwrap().to_owned();
    let places: Vec<_> = mounts.lines().map(at).collect();
    let usual =
        ["/", "/proc", "/dev", "/dev/pts", "/dev/shm", "/sys", "/etc/hostname", "/etc/hosts", "/etc/resolv.conf"];
    for place in usual {
        assert!(places.iter().any(|found| found == place), "{place}: {places:?}");
    }
    let allowed = ["/dev/", "/proc/", "/sys/"];
    let strange =
        |place: &&String| !usual.contains(&place.as_str()) && !allowed.iter().any(|start| place.starts_with(start));
    assert_eq!(places.iter().find(strange), None);
    assert_eq!(exec(&house, "hostname; cat /etc/hostname"), "web\nweb\n");
    // The pod's memory is what it shares.
    exec(&house, "echo shared > /dev/shm/x");
    assert_eq!(house.pod(&["exec", "web", "--", "cat", "/dev/shm/x"]).ok().out(), "shared\n");
    house.pod(&["delete", "web"]).ok();
    house.nothing_is_left();
}

/// Two of one image: what one writes the other does not see, and with the pod it is gone.
fn of_an_image(user: User) {
    let house = House::new(user);
    let root = rootfs(&house);
    let data = house.work().join("data");
    let run = |program: &str, arguments: &[&str]| {
        let mut command = house.command(program);
        command.env("POD_DATA_DIR", &data).args(arguments);
        house.finish(&mut command)
    };
    run("busybox", &["tar", "-C", root.to_str().unwrap(), "-cf", "root.tar", "."]).ok();
    let words = ["-c", "ENTRYPOINT [\"/bin/sh\", \"-c\"]", "-c", "ENV COLOUR=blue", "-c", "WORKDIR /made"];
    run("pod", &[&["image", "import"][..], &words, &["root.tar", "mine"]].concat()).ok();
    run("pod", &["create", "web"]).ok();
    run("pod", &["add", "web", "--image", "yours", "--pull", "never", "--", "true"]).refuses(125, "image yours");
    let script = "echo $COLOUR in $(pwd) > /written; echo ready; while :; do sleep 0.05; done";
    for name in ["one", "two"] {
        run("pod", &["add", "web", "--name", name, "--image", "mine", "--", script]).ok();
        house.logged("web", name, "ready");
    }
    let exec = |name, script| run("pod", &["exec", "web", "-c", name, "--", "sh", "-c", script]).ok().out();
    assert_eq!(exec("one", "cat /written /etc/secret-of-the-image; echo more > /more"), "blue in /made\ninside\n");
    assert_eq!(exec("two", "ls -d /more /written 2>/dev/null; true"), "/written\n");
    let mounts = exec("one", "cat /proc/self/mountinfo");
    let over = mounts.lines().find(|line| line.contains(" / / ")).unwrap();
    // A kernel that is told layers by themselves need not write all of the disk when such a root is taken apart.
    assert!(over.contains("volatile") || !over.contains("lowerdir+"), "{over}");
    assert_eq!(fs::read_dir(data.join("layers")).unwrap().count(), 1);
    assert_eq!(fs::read_dir(data.join("containers")).unwrap().count(), 2);
    run("pod", &["image", "remove", "mine"]).refuses(125, "is in use by container");
    run("pod", &["delete", "web", "--now"]).ok();
    assert_eq!(fs::read_dir(data.join("containers")).unwrap().count(), 0);
    run("pod", &["image", "remove", "mine"]).ok();
    assert_eq!(fs::read_dir(data.join("layers")).unwrap().count(), 0);
    house.nothing_is_left();
}

fn rights(user: User) {
    let house = House::new(user);
    waiting(&house, &[]);
    let pid = pid_of(&house);
    for (key, value) in [
        ("CapBnd", "00000000a80425fb"),
        ("CapEff", "00000000a80425fb"),
        ("CapInh", "0000000000000000"),
        ("CapAmb", "0000000000000000"),
        ("Seccomp", "2"),
        ("NoNewPrivs", "0"),
    ] {
        assert_eq!(status_of(pid, key), value, "{key}");
    }
    let devices = exec(&house, "cd /dev; stat -c '%n %t:%T' null zero full random urandom tty");
    assert_eq!(devices, "null 1:3\nzero 1:5\nfull 1:7\nrandom 1:8\nurandom 1:9\ntty 5:0\n");
    let links = exec(&house, "cd /dev; for l in fd stdin stdout stderr ptmx; do readlink $l; done");
    assert_eq!(links, "/proc/self/fd\n/proc/self/fd/0\n/proc/self/fd/1\n/proc/self/fd/2\npts/ptmx\n");
    assert_eq!(exec(&house, "echo x > /dev/null; head -c 2 /dev/zero | cat -v"), "^@^@");
    for refused in [
        "mount -t tmpfs none /tmp",
        "echo 1 > /proc/sys/kernel/panic",
        "touch /sys/x",
        "echo b > /proc/sysrq-trigger",
        "dmesg",
    ] {
        house.pod(&["exec", "web", "-c", "c", "--", "sh", "-c", &format!("{refused} 2>/dev/null")]).exits(1);
    }
    // What is masked is there, and empty.
    assert_eq!(exec(&house, "cat /proc/timer_list /proc/keys; ls /sys/firmware"), "");
}

fn entered(user: User) {
    let house = House::new(user);
    waiting(
        &house,
        &[
            "-e",
            "FLAVOUR=sweet",
            "-w",
            "/made/on/the/way",
            "--cap-drop",
            "CHOWN",
            "--security-opt",
            "no-new-privileges",
        ],
    );
    let pid = pid_of(&house);
    let theirs = |name: &str| fs::read_link(format!("/proc/{pid}/{name}")).unwrap();
    for kind in ["user", "mnt", "pid", "net", "ipc", "uts", "cgroup"] {
        let inside = exec(&house, &format!("readlink /proc/self/ns/{kind}"));
        assert_eq!(inside.trim(), theirs(&format!("ns/{kind}")).to_str().unwrap(), "{kind}");
    }
    let own = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let others = exec(&house, "cat /proc/self/status");
    let line = |text: &str, key: &str| text.lines().find(|line| line.starts_with(key)).unwrap().to_owned();
    for key in ["CapBnd", "CapEff", "CapPrm", "CapInh", "NoNewPrivs", "Seccomp:"] {
        assert_eq!(line(&own, key), line(&others, key));
    }
    assert_eq!(line(&own, "NoNewPrivs"), "NoNewPrivs:\t1");
    assert_eq!(exec(&house, "pwd; echo $FLAVOUR $HOME; umask"), "/made/on/the/way\nsweet /root\n0022\n");
    house
        .pod(&[
            "exec",
            "web",
            "-c",
            "c",
            "-w",
            "/etc",
            "-e",
            "FLAVOUR=sour",
            "--",
            "sh",
            "-c",
            "echo $PWD $FLAVOUR; exit 7",
        ])
        .exits(7);
    house.pod(&["exec", "web", "-c", "c", "--", "no-such-command"]).refuses(127, "cannot execute no-such-command");
}

fn terminal(user: User) {
    let house = House::new(user);
    waiting(&house, &[]);
    let said = house.pod(&["exec", "web", "-c", "c", "-t", "--", "sh", "-c", "tty; test -t 0 && echo yes"]).ok().out();
    assert!(said.starts_with("/dev/pts/0\r\nyes\r\n"), "{said:?}");
}

fn typed(user: User) {
    let house = House::new(user);
    let work = house.work();
    fs::write(work.join("env"), "# colours\nRED=1\nBLUE=2\n").unwrap();
    fs::create_dir(work.join("data")).unwrap();
    fs::write(work.join("data/file"), "of the host\n").unwrap();
    house.user.owns(&work);
    let (env, data) = (work.join("env"), work.join("data"));
    let volume = format!("{}:/deep/data:ro", data.display());
    let other = format!("{}:/other", data.display());
    waiting(
        &house,
        &[
            "--env-file",
            env.to_str().unwrap(),
            "-e",
            "BLUE=3",
            "-v",
            &volume,
            "-v",
            &other,
            "--read-only",
            "--cap-drop",
            "all",
            "--cap-add",
            "kill",
        ],
    );
    assert_eq!(exec(&house, "echo $RED $BLUE; cat /deep/data/file"), "1 3\nof the host\n");
    let fails = |script: &str| {
        house.pod(&["exec", "web", "-c", "c", "--", "sh", "-c", &format!("{script} 2>/dev/null")]).exits(1);
    };
    fails("touch /deep/data/new");
    fails("touch /new");
    exec(&house, "touch /other/new /dev/shm/new");
    assert!(data.join("new").exists());
    let pid = pid_of(&house);
    assert_eq!(status_of(pid, "CapEff"), "0000000000000020");
}

fn refused(user: User) {
    let house = House::new(user);
    let root = rootfs(&house);
    fs::write(root.join("bin/not-executable"), "x").unwrap();
    fs::set_permissions(root.join("bin/not-executable"), fs::Permissions::from_mode(0o644)).unwrap();
    house.user.owns(&root);
    house.pod(&["create", "web"]).ok();
    let root = root.to_str().unwrap();
    let add = |options: &[&str], command: &[&str]| {
        house.pod(&[&["add", "web", "--name", "c"][..], options, &["--"], command].concat())
    };
    add(&["--rootfs", root], &["no-such-command"]).refuses(127, "cannot execute no-such-command");
    add(&["--rootfs", root], &["/bin/not-executable"]).refuses(126, "cannot execute /bin/not-executable");
    add(&["--rootfs", root, "-u", "nobody-here"], &["true"]).refuses(125, "no user named nobody-here");
    add(&["--rootfs", root, "-v", "/no/such/source:/x"], &["true"]).refuses(125, "/no/such/source");
    add(&["--rootfs", "/no/such/root"], &["true"]).refuses(125, "/no/such/root");
    add(&["--rootfs", root, "-v", "x:/y"], &["true"]).refuses(2, "a volume has no name here");
    add(&["--rootfs", root, "-v", "/tmp:/proc/x"], &["true"]).refuses(2, "nothing can be mounted below /proc");
    add(&["--rootfs", root, "--cap-add", "no-such"], &["true"]).refuses(2, "no capability is called");
    add(&["--read-only"], &["true"]).refuses(2, "only a container can have that");
    assert_eq!(house.describe("web")["workloads"].as_array().unwrap().len(), 0);
    house.pod(&["delete", "web"]).ok();
    house.nothing_is_left();
}

fn covered(user: User) {
    let house = House::new(user);
    let root = rootfs(&house);
    let data = tempfile::tempdir_in("/dev/shm").unwrap();
    user.owns(data.path());
    let run = |program: &str, arguments: &[&str]| {
        let mut command = house.command(program);
        command.env("POD_DATA_DIR", data.path()).args(arguments);
        house.finish(&mut command)
    };
    run("busybox", &["tar", "-C", root.to_str().unwrap(), "-cf", "root.tar", "."]).ok();
    run("pod", &["image", "import", "root.tar", "mine"]).ok();
    run("pod", &["create", "web"]).ok();
    let add = ["add", "web", "--name", "c", "--image", "mine", "--", "true"];
    run("pod", &add).refuses(125, "the pod has a /dev/shm of its own");
    assert_eq!(house.describe("web")["workloads"].as_array().unwrap().len(), 0);
    run("pod", &["delete", "web"]).ok();
    run("pod", &["create", "web", "--share", "net,uts,pid"]).ok();
    run("pod", &add).ok();
    run("pod", &["delete", "web", "--now"]).ok();
    run("pod", &["image", "prune", "--all"]).ok();
    house.nothing_is_left();
}

fn adopted(user: User) {
    let house = House::new(user);
    waiting(&house, &[]);
    let record = fs::read_to_string(house.state().join("web/supervisor")).unwrap();
    let pid = record.split(' ').next().unwrap().parse().unwrap();
    kill(Pid::from_raw(pid), Signal::SIGKILL).unwrap();
    assert_eq!(exec(&house, "cat /etc/secret-of-the-image"), "inside\n");
    house.pod(&["delete", "web"]).ok();
    house.nothing_is_left();
}

fn users() {
    let house = House::new(User::Root);
    waiting(&house, &["-u", "www"]);
    assert_eq!(exec(&house, "id -u; id -g; id -G; echo $HOME"), "33\n34\n34 44\n/var/www\n");
    let pid = pid_of(&house);
    // Who is not root has none at once, and may come by the usual ones.
    assert_eq!(
        (status_of(pid, "CapEff").as_str(), status_of(pid, "CapBnd").as_str()),
        ("0000000000000000", "00000000a80425fb")
    );
    let said =
        house.pod(&["exec", "web", "-c", "c", "-u", "0:44", "--", "sh", "-c", "id -u; id -g; id -G; echo $HOME"]).ok();
    assert_eq!(said.out(), "0\n44\n44\n/root\n");
}
