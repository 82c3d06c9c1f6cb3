//! Ways out of containers that were found in others, each tried here.

use std::fs;
use std::os::unix::fs::symlink;
use std::sync::atomic::{AtomicBool, Ordering};

use libtest_mimic::Trial;

use super::{BUSYBOX, exec, pid_of, rootfs, waiting};
use crate::house::{House, User};
use crate::trial::{Need, as_each_user, trial};

pub(crate) fn trials() -> Vec<Trial> {
    [
        as_each_user("container::cve_2024_21626_nothing_of_the_hosts_is_open_or_stood_in", BUSYBOX, leaked),
        as_each_user("container::cve_2019_19921_links_of_the_image_lead_no_mount_out", BUSYBOX, linked),
        as_each_user("container::cve_2021_30465_a_volume_whose_place_is_a_link_stays_inside", BUSYBOX, swapped),
        as_each_user("container::cve_2025_31133_masks_are_of_the_kernels_null_and_not_of_the_images", BUSYBOX, masked),
        as_each_user("container::cve_2023_27561_a_proc_that_is_a_link_is_no_proc", BUSYBOX, no_proc),
        as_each_user("container::cve_2022_0492_no_release_agent_can_be_written", BUSYBOX, release_agent),
        as_each_user("container::cve_2024_1086_nobody_inside_makes_a_user_namespace", BUSYBOX, no_namespaces),
        as_each_user("container::cve_2025_31133_masks_are_where_proc_is_whoever_moves_it", BUSYBOX, moved),
    ]
    .into_iter()
    .flatten()
    .chain([trial(
        "container::cve_2019_5736_our_own_file_is_on_a_mount_that_nobody_writes_to",
        &[Need::Root, BUSYBOX[0]],
        own_file,
    )])
    .collect()
}

/// Whoever is launched in a container may have been this program, for a moment or by its first line.
fn own_file() {
    let house = House::new(User::Root);
    waiting(&house, &[]);
    let record = fs::read_to_string(house.state().join("web/supervisor")).unwrap();
    let supervisor = format!("/proc/{}/exe", record.split(' ').next().unwrap());
    // While it runs nobody writes to it anyway; what counts is that nobody may.
    let found = nix::sys::statvfs::statvfs(supervisor.as_str()).unwrap();
    assert!(found.flags().contains(nix::sys::statvfs::FsFlags::ST_RDONLY), "{found:?}");
    // And a command that is this program again has it from there, too.
    let script = house.work().join("rootfs/bin/again");
    fs::write(&script, "#!/proc/self/exe\n").unwrap();
    fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let ours = fs::read(crate::house::binaries().join("pod")).unwrap();
    let _whatever_it_says = house.pod(&["exec", "web", "-c", "c", "--", "again"]);
    assert_eq!(fs::read(crate::house::binaries().join("pod")).unwrap(), ours);
}

fn leaked(user: User) {
    let house = House::new(user);
    waiting(&house, &[]);
    let pid = pid_of(&house);
    let open: Vec<_> = fs::read_dir(format!("/proc/{pid}/fd")).unwrap().map(|fd| fd.unwrap().file_name()).collect();
    // The shell keeps one that it has made of its own.
    assert!(open.iter().all(|fd| ["0", "1", "2", "10"].contains(&fd.to_str().unwrap())), "{open:?}");
    for directory in ["/proc/self/fd/7", "/proc/self/fd/8", "/proc/self/fd/3/../../.."] {
        let ran = house.pod(&["exec", "web", "-c", "c", "-w", directory, "--", "ls"]);
        assert_eq!(ran.output.status.code(), Some(125), "{ran}");
        let root = house.work().join("rootfs");
        let add = ["add", "web", "--name", "other", "--rootfs", root.to_str().unwrap(), "-w", directory, "--", "ls"];
        let ran = house.pod(&add);
        // One with `..` in it is none that a container can have.
        assert!(matches!(ran.output.status.code(), Some(125 | 2)), "{ran}");
    }
}

/// Every place below its root leads to the host, if links are followed there.
fn linked(user: User) {
    let house = House::new(user);
    let root = rootfs(&house);
    let outside = house.work().join("outside");
    for name in ["shm", "pts", "mqueue", "cgroup"] {
        fs::create_dir_all(outside.join(name)).unwrap();
    }
    symlink(&outside, root.join("dev")).unwrap();
    symlink("../../../../../../../../../../../../..", root.join("sys")).unwrap();
    house.user.owns(&house.work());
    house.pod(&["create", "web"]).ok();
    let _may_be_refused = house.pod(&[
        "add",
        "web",
        "--name",
        "c",
        "--rootfs",
        root.to_str().unwrap(),
        "--",
        "sh",
        "-c",
        "echo ready; sleep 60",
    ]);
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 4);
    assert!(fs::read_dir(outside.join("pts")).unwrap().next().is_none());
    let ours = fs::read_to_string("/proc/self/mountinfo").unwrap();
    assert!(!ours.lines().any(|line| line.contains(outside.to_str().unwrap())), "{ours}");
}

fn swapped(user: User) {
    let house = House::new(user);
    let data = house.work().join("data");
    let outside = house.work().join("outside");
    for directory in [&data, &outside] {
        fs::create_dir(directory).unwrap();
    }
    fs::write(data.join("file"), "x").unwrap();
    let root = rootfs(&house);
    // Where the volume is to be, the image has a way out; in one volume there is a way out for another.
    symlink(&outside, root.join("data")).unwrap();
    symlink("../../../../../../../../..", data.join("out")).unwrap();
    house.user.owns(&house.work());
    house.pod(&["create", "web"]).ok();
    let (one, other) = (format!("{}:/data/x", data.display()), format!("{}:/volume", data.display()));
    let nested = format!("{}:/volume/out/made", data.display());
    let add = |volumes: &[&str]| {
        let begin = ["add", "web", "--name", "c", "--rootfs", root.to_str().unwrap()];
        let volumes = volumes.iter().flat_map(|volume| ["-v", volume]).collect::<Vec<_>>();
        house.pod(&[&begin[..], &volumes, &["--", "sh", "-c", "echo ready; sleep 60"]].concat())
    };
    // Where that leads there is nothing inside, and nothing is made of it outside.
    add(&[&one]).refuses(125, "cannot attach a mount at /data/x");
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
    add(&[&other, &nested]).ok();
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
    // What leads out leads to its own root.
    assert_eq!(exec(&house, "cat /made/file"), "x");
}

fn masked(user: User) {
    let house = House::new(user);
    let root = rootfs(&house);
    fs::create_dir(root.join("dev")).unwrap();
    symlink("/proc/sys/kernel/core_pattern", root.join("dev/null")).unwrap();
    house.user.owns(&root);
    house.pod(&["create", "web"]).ok();
    let words = ["--", "sh", "-c", "echo ready; sleep 60"];
    house.pod(&[&["add", "web", "--name", "c", "--rootfs", root.to_str().unwrap()][..], &words].concat()).ok();
    house.logged("web", "c", "ready");
    assert_eq!(exec(&house, "stat -c %t:%T /proc/timer_list /dev/null"), "1:3\n1:3\n");
    assert_eq!(exec(&house, "cat /proc/keys"), "");
}

/// A /proc of the image's own would have what is believed of the kernel be the image's word.
fn no_proc(user: User) {
    let house = House::new(user);
    let root = rootfs(&house);
    fs::create_dir_all(root.join("fake/self")).unwrap();
    symlink("/fake", root.join("proc")).unwrap();
    house.user.owns(&root);
    house.pod(&["create", "web"]).ok();
    let words = ["--", "sh", "-c", "echo ready; sleep 60"];
    let added = house.pod(&[&["add", "web", "--name", "c", "--rootfs", root.to_str().unwrap()][..], &words].concat());
    // What is masked is masked by way of the same link, and nothing is written by any such path.
    if added.output.status.success() {
        house.logged("web", "c", "ready");
        assert_eq!(exec(&house, "cat /proc/keys; head -c 3 /proc/self/stat >/dev/null && echo kernel"), "kernel\n");
        house
            .pod(&["exec", "web", "-c", "c", "--", "sh", "-c", "echo 1 2>/dev/null > /proc/sys/kernel/panic"])
            .exits(1);
    }
}

fn release_agent(user: User) {
    let house = House::new(user);
    waiting(&house, &[]);
    let script = "for f in /sys/fs/cgroup/*/release_agent; do echo x 2>/dev/null > $f && echo written; done; true";
    assert_eq!(exec(&house, script), "");
    let mounts = "mkdir -p /tmp/m; mount -t cgroup -o cpu none /tmp/m 2>/dev/null && echo mounted; true";
    assert_eq!(exec(&house, mounts), "");
}

/// Most ways from inside to the kernel's own mistakes begin by being root of something.
fn no_namespaces(user: User) {
    let house = House::new(user);
    let root = rootfs(&house);
    fs::copy(crate::house::binaries().join("probe"), root.join("bin/probe")).unwrap();
    house.pod(&["create", "web"]).ok();
    for (name, options, succeeds) in
        [("usual", &[][..], false), ("free", &["--security-opt", "seccomp=unconfined"][..], true)]
    {
        let begin = ["add", "web", "--name", name, "--rootfs", root.to_str().unwrap()];
        let script = "busybox unshare -U true && echo unshared; probe userns && echo cloned; echo ready; sleep 60";
        house.pod(&[&begin[..], options, &["--", "sh", "-c", script]].concat()).ok();
        let said = house.logged("web", name, "ready");
        for word in ["unshared", "cloned"] {
            assert_eq!(said.lines().any(|line| line == word), succeeds, "{name}: {said}");
        }
    }
}

/// Somebody who shares the root directory renames what /proc is mounted at, while a container is made.
fn moved(user: User) {
    let house = House::new(user);
    let root = rootfs(&house);
    fs::create_dir(root.join("proc")).unwrap();
    house.user.owns(&root);
    house.pod(&["create", "web"]).ok();
    let done = AtomicBool::new(false);
    let (here, there) = (root.join("proc"), root.join("aside"));
    std::thread::scope(|scope| {
        let moving = scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                // Where a container has made another meanwhile, there is none to move.
                let _moved = fs::rename(&here, &there);
                std::thread::sleep(std::time::Duration::from_micros(200));
                let _moved_back = fs::rename(&there, &here);
                std::thread::sleep(std::time::Duration::from_micros(200));
            }
        });
        let script = "cat /*/keys /*/timer_list 2>/dev/null; \
            for f in /*/sys/kernel/panic /*/sysrq-trigger; do ( : >>$f ) 2>/dev/null && echo $f is open; done; true";
        let mut made = 0;
        for _ in 0..60 {
            let begin = ["add", "web", "--name", "c", "--rootfs", root.to_str().unwrap()];
            let added = house.pod(&[&begin[..], &["--", "sh", "-c", script]].concat());
            if added.output.status.success() {
                made += 1;
                let ended = || house.workload("web", "c")["ended"].is_string().then_some(());
                crate::house::eventually("it has looked", ended);
                assert_eq!(house.pod(&["logs", "web", "c"]).ok().out(), "");
            }
        }
        done.store(true, Ordering::Relaxed);
        moving.join().unwrap();
        assert!(made > 0, "none could be made");
    });
}
