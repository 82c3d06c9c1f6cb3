//! What a container may try against the machine, its pod and others, tried: nothing comes of it.

use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use serde_json::json;

use crate::container::{exec, rootfs, waiting};
use crate::house::{House, User, eventually, has_ended};
use crate::pods::{BUSYBOX, image, pod, put, shown};
use crate::trial::{Need, as_each_user, trial};

pub(crate) fn trials() -> Vec<Trial> {
    let root = [Need::Root, Need::Program("busybox")];
    [
        as_each_user("hostile::what_a_container_tries_comes_to_nothing", BUSYBOX, tries),
        as_each_user("hostile::a_container_ends_nobody_but_itself", BUSYBOX, signals),
        as_each_user("hostile::what_a_container_says_does_not_rule_the_terminal", BUSYBOX, says),
        as_each_user("hostile::processes_without_end_end_with_the_pod", BUSYBOX, processes),
        as_each_user("hostile::links_in_volumes_lead_to_nothing_of_the_machine", BUSYBOX, links),
    ]
    .into_iter()
    .flatten()
    .chain([trial("hostile::a_fork_bomb_has_as_many_processes_as_it_may", &root, fork_bomb)])
    .collect()
}

/// Each that works says its name. What is written is what was there.
const TRIES: &str = r#"
b() { busybox "$@" 2>/dev/null; }
rewrites() { v=$(b cat "$1") && [ -n "$v" ] && echo "$v" 2>/dev/null >"$1" && echo "wrote $1"; }
for f in /proc/sys/kernel/core_pattern /proc/sys/kernel/modprobe /proc/sys/kernel/hostname /proc/sys/kernel/panic \
    /proc/sys/vm/overcommit_memory /proc/sys/fs/file-max /proc/sys/kernel/yama/ptrace_scope \
    /proc/sys/kernel/randomize_va_space /proc/sys/user/max_user_namespaces; do rewrites $f; done
echo h 2>/dev/null >/proc/sysrq-trigger && echo sysrq
for f in /proc/kcore /proc/keys /proc/timer_list /proc/latency_stats /proc/scsi/scsi /sys/firmware/efi/efivars/x; do
    [ "$(b head -c 1 $f | b wc -c)" != 0 ] && echo "read $f"
done
for f in /sys/kernel/uevent_helper /sys/kernel/mm/ksm/run /sys/power/state /sys/fs/cgroup/x; do
    b touch $f && echo "touched $f"
    echo 0 2>/dev/null >$f && echo "wrote $f"
done
b mkdir /sys/fs/cgroup/x && echo "made a group"
b mount -t tmpfs none /tmp && echo mounted
b mount -t proc none /tmp && echo "mounted proc"
b mount -t cgroup none /tmp && echo "mounted cgroup"
b mount -o remount,rw /proc/sys && echo remounted
b mount --bind / /tmp && echo bound
b umount /proc/sys && echo "unmounted /proc/sys"
b umount -l /etc/hosts && echo "unmounted /etc/hosts"
b mknod /tmp/disk b 8 0 && b head -c 1 /tmp/disk && echo "read a disk"
b mknod /tmp/mem c 1 1 && b head -c 1 /tmp/mem && echo "read memory"
b mknod /tmp/kmsg c 1 11 && b head -c 1 /tmp/kmsg && echo "read kmsg"
b unshare -m true && echo "unshared mounts"
b unshare -r true && echo "unshared users"
b unshare -n true && echo "unshared networks"
for p in /proc/[0-9]*; do
    [ "$(b readlink $p/ns/mnt)" = "$(b readlink /proc/self/ns/mnt)" ] || b nsenter -t ${p#/proc/} -m true && \
        [ "$(b readlink $p/ns/mnt)" != "$(b readlink /proc/self/ns/mnt)" ] && echo "entered $p"
done
b mkdir /tmp/root && b chroot /tmp/root true && echo "chrooted into nothing"
[ "$(b ls -id / | b awk '{print $1}')" = "$(b ls -id /../../../.. | b awk '{print $1}')" ] || echo "above the root"
[ -e /proc/1/root/etc/secret-of-the-image ] || b ls /proc/1/root/ | b grep -q . && [ ! -e /proc/1/root/etc/secret-of-the-image ] && echo "saw the root of pause"
b hostname evil && echo "named the pod"
b dmesg | b grep -q . && echo "read dmesg"
b insmod /tmp/x.ko && echo "loaded a module"
b nice -n -5 true && [ "$(b nice -n -5 busybox nice)" = -5 ] && echo "is more important than others"
:
"#;

fn tries(user: User) {
    let house = House::new(user);
    let root = rootfs(&house);
    std::fs::write(root.join("tries"), TRIES).unwrap();
    house.user.owns(&root);
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    house.pod(&["create", "web"]).ok();
    let begin = ["add", "web", "--name", "c", "--rootfs", root.to_str().unwrap()];
    house.pod(&[&begin[..], &["--", "sh", "-c", "sh /tries; echo ready; sleep 1000"]].concat()).ok();
    let said = house.logged("web", "c", "ready");
    assert_eq!(said, "ready\n", "something came of what it has tried");
    // Whoever enters has no more.
    assert_eq!(exec(&house, "sh /tries"), "");
    assert_eq!(std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap(), name);
    house.pod(&["delete", "--now", "web"]).ok();
    house.nothing_is_left();
}

fn signals(user: User) {
    let house = House::new(user);
    waiting(&house, &[]);
    house.pod(&["create", "other"]).ok();
    house.pod(&["add", "other", "--name", "app", "--", "probe", "ready"]).ok();
    let app = house.workload("other", "app")["process"]["pid"].as_i64().unwrap();
    let (pause, theirs) = (house.pause("web"), [i64::from(house.pause("other")), app]);
    // The first process of a pid namespace hears nothing from inside that it does not wait for, and others are not there.
    // TERM it waits for, as a cluster's pause does: who may say that to it ends their own pod.
    let script =
        "[ \"$(busybox cat /proc/1/comm)\" = pause ] && for s in KILL STOP SEGV; do kill -$s 1 2>/dev/null; done; :";
    house.pod(&["exec", "web", "-c", "c", "--", "sh", "-c", script]).ok();
    for pid in theirs {
        house.pod(&["exec", "web", "-c", "c", "--", "kill", "-0", &pid.to_string()]).exits(1);
    }
    assert!(!has_ended(pause.into()) && theirs.iter().all(|pid| !has_ended(*pid)));
    assert_eq!(
        (house.describe("web")["status"].clone(), house.workload("other", "app")["status"].clone()),
        (json!("Running"), json!("Running"))
    );
    house.pod(&["exec", "web", "--", "true"]).ok();
    for name in ["web", "other"] {
        house.pod(&["delete", "--now", name]).ok();
    }
    house.nothing_is_left();
}

/// Words that containers leave: why they ended, what a probe was answered.
fn says(user: User) {
    let house = House::new(user);
    image(&house);
    let evil = r"\033[2J\033]0;evil\007\r\nStatus: Running\n";
    let script = format!("printf '{evil}' >/dev/termination-log; printf '{evil}'; exit 3");
    let one = json!({ "name": "main", "image": "box", "imagePullPolicy": "Never", "command": ["sh", "-c", script],
        "readinessProbe": { "exec": { "command": ["sh", "-c", format!("printf '{evil}'; exit 1")] } } });
    let two = json!({ "name": "two", "image": "box", "imagePullPolicy": "Never", "command": ["sleep", "1000"],
        "readinessProbe": { "exec": { "command": ["sh", "-c", format!("printf '{evil}'; exit 1")] }, "periodSeconds": 1 } });
    let file = put(&house, "evil.json", &pod("evil", &json!({ "restartPolicy": "Never", "containers": [one, two] })));
    house.pod(&["apply", "-f", &file]).ok();
    eventually("it has ended", || {
        (shown(&house, "evil", "{.status.containerStatuses[0].state.terminated.exitCode}") == "3").then_some(())
    });
    eventually("the probe was answered", || house.pod(&["events"]).ok().out().contains("Unhealthy").then_some(()));
    let wide: &[&[&str]] = &[
        &["get", "pods"],
        &["get", "pods", "-o", "wide"],
        &["describe", "pod", "evil"],
        &["events"],
        &["get", "events"],
    ];
    for words in wide {
        let told = house.pod(words).ok().out();
        let rules = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\t');
        assert!(!told.contains(rules), "{words:?}: {told:?}");
    }
    // What it has said itself is given as it is, as kubectl does: whoever asks for that asks for bytes.
    assert!(house.pod(&["logs", "evil", "-c", "main"]).ok().out().contains('\u{1b}'));
    house.pod(&["delete", "-f", &file, "--now"]).ok();
    house.nothing_is_left();
}

fn processes(user: User) {
    let house = House::new(user);
    waiting(&house, &[]);
    house.pod(&["create", "other"]).ok();
    // So many that are nobody's children any more, each of which makes others as it is killed.
    let script = "i=0; while [ $i -lt 300 ]; do (trap '' TERM HUP; sleep 1000 & sleep 1000) & i=$((i+1)); done; echo begun; wait";
    let begin =
        ["add", "web", "--name", "many", "--rootfs", house.work().join("rootfs").to_str().unwrap()].map(str::to_owned);
    let words: Vec<&str> = begin.iter().map(String::as_str).chain(["--", "sh", "-c", script]).collect();
    house.pod(&words).ok();
    house.logged("web", "many", "begun");
    house.pod(&["exec", "other", "--", "true"]).ok();
    let began = Instant::now();
    house.pod(&["delete", "--now", "web"]).ok();
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    house.pod(&["delete", "--now", "other"]).ok();
    house.nothing_is_left();
}

fn fork_bomb() {
    let house = House::new(User::Root);
    waiting(&house, &[]);
    house.pod(&["create", "other"]).ok();
    let begin = [
        "add",
        "web",
        "--name",
        "bomb",
        "--pids-limit",
        "64",
        "--rootfs",
        house.work().join("rootfs").to_str().unwrap(),
    ]
    .map(str::to_owned);
    let script = "echo begun; b() { b | b & }; while :; do b 2>/dev/null; done";
    let words: Vec<&str> = begin.iter().map(String::as_str).chain(["--", "sh", "-c", script]).collect();
    house.pod(&words).ok();
    house.logged("web", "bomb", "begun");
    for _ in 0..5 {
        house.pod(&["exec", "other", "--", "true"]).ok();
        house.pod(&["exec", "web", "-c", "c", "--", "true"]).ok();
        let bombs = house.processes().into_values().filter(|command| command.contains("b | b")).count();
        assert!(bombs <= 64, "{bombs}");
    }
    let began = Instant::now();
    house.pod(&["delete", "--now", "web"]).ok();
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    house.pod(&["delete", "--now", "other"]).ok();
    house.nothing_is_left();
}

/// One container makes of a volume that two share what it likes; what the pod does with it stays in there.
fn links(user: User) {
    let house = House::new(user);
    image(&house);
    let outside = house.work().join("outside");
    std::fs::create_dir(&outside).unwrap();
    std::fs::write(outside.join("secret"), "of the machine\n").unwrap();
    house.user.owns(&outside);
    let path = outside.display();
    let script = format!(
        "ln -s {path} /v/out; ln -s {path}/secret /v/file; ln -s ../../../../../../../.. /v/up; \
         ln -sf {path}/secret /dev/termination-log; ln -sf {path} /v/sub; echo ready; sleep 1000"
    );
    let mount = json!([{ "name": "v", "mountPath": "/v" }]);
    let maker = json!({ "name": "maker", "image": "box", "imagePullPolicy": "Never", "command": ["sh", "-c", script],
        "volumeMounts": mount, "readinessProbe": { "exec": { "command": ["test", "-h", "/v/sub"] }, "periodSeconds": 1 } });
    let spec = json!({ "containers": [maker], "volumes": [{ "name": "v", "emptyDir": {} }] });
    let file = put(&house, "links.json", &pod("links", &spec));
    house.pod(&["apply", "-f", &file, "--wait", "--timeout", "30s"]).ok();
    for name in ["/v/file", "/v/out/secret"] {
        let read = house.pod(&["exec", "links", "--", "cat", name]);
        assert!(!read.out().contains("of the machine"), "{read}");
        // A link is none of what is copied, and never what it leads to.
        let target = house.work().join("copied");
        let _may_be_skipped = house.pod(&["cp", &format!("links:{name}"), target.to_str().unwrap()]);
        assert!(std::fs::read_to_string(&target).is_err(), "{name}");
        let into = house.work().join("into");
        std::fs::write(&into, "changed").unwrap();
        let _may_be_refused = house.pod(&["cp", into.to_str().unwrap(), &format!("links:{name}")]);
    }
    assert_eq!(std::fs::read_to_string(outside.join("secret")).unwrap(), "of the machine\n");
    assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 1);
    house.pod(&["delete", "-f", &file, "--now"]).ok();
    // What is removed with the pod are links.
    assert_eq!(std::fs::read_to_string(outside.join("secret")).unwrap(), "of the machine\n");
    house.nothing_is_left();
}
