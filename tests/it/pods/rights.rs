//! Containers that have more than others, or a terminal.

use std::fs;
use std::os::unix::fs::MetadataExt;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;

use super::{container, gone, image, pod, put, waiting};
use crate::house::{House, User, eventually, status_of};

pub(super) fn privileged(user: User) {
    let house = House::new(user);
    image(&house);
    let tell = "cat /proc/self/status; busybox grep -q ' /proc/sys ' /proc/mounts || echo unmasked; \
                busybox grep -q ' /sys sysfs ro' /proc/mounts || echo open; echo ready;";
    let mut main = waiting("main", tell);
    main["securityContext"] = json!({ "privileged": true });
    let usual = waiting("usual", tell);
    let file = put(&house, "web.json", &pod("web", &json!({ "containers": [main, usual] })));
    house.pod(&["apply", "-f", &file, "--wait", "--timeout", "30s"]).ok();
    let said = |name: &str| house.logged("web", name, "ready");
    let of = |said: &str, key: &str| {
        let line = said.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_else(|| panic!("no {key}: {said}"));
        line.trim().to_owned()
    };
    let (main, usual) = (said("main"), said("usual"));
    // All that there is to be had: what the pod's holder could not have, nobody in it can.
    let had = match user {
        User::Root => status_of(i32::try_from(std::process::id()).unwrap(), "CapBnd"),
        User::Ordinary => main.lines().find_map(|line| line.strip_prefix("CapBnd:")).unwrap().trim().to_owned(),
    };
    assert_eq!((of(&main, "CapEff:"), of(&main, "Seccomp:")), (had, "0".to_owned()));
    assert_eq!(of(&usual, "CapEff:"), "00000000a80425fb");
    assert_eq!(of(&usual, "Seccomp:"), "2");
    assert!(main.contains("unmasked\n") && !usual.contains("unmasked\n"), "{main}\n{usual}");
    if user == User::Root {
        assert!(main.contains("open\n") && !usual.contains("open\n"), "{main}\n{usual}");
        // Devices of the machine that others do not have.
        let devices = fs::read_dir("/dev").unwrap().filter(|entry| {
            use std::os::unix::fs::FileTypeExt;
            entry.as_ref().unwrap().file_type().unwrap().is_char_device()
        });
        let devices: Vec<_> = devices.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        let seen = |name: &str| house.pod(&["exec", "web", "-c", name, "--", "ls", "/dev"]).ok().out();
        let (mine, others) = (seen("main"), seen("usual"));
        let has = |seen: &str, name: &String| seen.lines().any(|line| line == name);
        let apart = ["console", "ptmx"];
        let missing: Vec<_> =
            devices.iter().filter(|name| !apart.contains(&name.as_str()) && !has(&mine, name)).collect();
        assert!(missing.is_empty(), "{missing:?}");
        assert!(devices.len() < 10 || devices.iter().any(|name| !has(&others, name)));
    }
    gone(&house, &file);
}

/// A terminal is one, and a standard input that stays open has no end.
pub(super) fn typed_at(user: User) {
    let house = House::new(user);
    image(&house);
    let mut terminal = container("terminal", "test -t 0 && test -t 1 && echo is one; echo to err >&2; exec cat");
    terminal["tty"] = json!(true);
    let mut open = container("open", "test -t 0 || echo is none; cat; echo ended");
    open["stdin"] = json!(true);
    let mut closed = container("closed", "echo by name > /dev/stdout; cat; echo ended; exec sleep 1000");
    if user == User::Root {
        // Whoever it is, what it says is its own.
        closed["securityContext"] = json!({ "runAsUser": 1000 });
    }
    let file = put(&house, "web.json", &pod("web", &json!({ "containers": [terminal, open, closed] })));
    house.pod(&["apply", "-f", &file, "--wait", "--timeout", "30s"]).ok();
    let said = house.logged("web", "terminal", "to err");
    assert_eq!(said, "is one\r\nto err\r\n");
    assert_eq!(house.logged("web", "closed", "ended"), "by name\nended\n");
    assert_eq!(house.logged("web", "open", "is none"), "is none\n");
    eventually("all run", || (super::line(&house, "web").0 == "3/3").then_some(()));
    gone(&house, &file);
}

/// They are among the machine's processes, and what they have started ends with them all the same.
pub(super) fn among_the_machines(user: User) {
    let house = House::new(user);
    image(&house);
    // An own session, an own group, and nobody's child any more.
    let leave = "busybox setsid sleep 98765 & echo stray $!; sh -c 'echo self $PPID'; \
                 test -d /proc/$SEEN && echo sees; echo ready;";
    let mut main = waiting("main", leave);
    main["env"] = json!([{ "name": "SEEN", "value": std::process::id().to_string() }]);
    let mut other = waiting("other", "");
    other["livenessProbe"] = json!({ "exec": { "command": ["test", "-d", format!("/proc/{}", std::process::id())] },
        "periodSeconds": 1, "failureThreshold": 1 });
    let file = put(&house, "web.json", &pod("web", &json!({ "hostPID": true, "containers": [main, other] })));
    let up = || {
        house.pod(&["apply", "-f", &file, "--wait", "--timeout", "30s"]).ok();
        let said = house.logged("web", "main", "ready");
        let number = |key: &str| -> i64 {
            let line =
                said.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_else(|| panic!("no {key}: {said}"));
            line.trim().parse().unwrap()
        };
        assert!(said.contains("sees\n"), "{said}");
        assert_eq!(number("self"), house.workload("web", "main")["process"]["pid"].as_i64().unwrap());
        let stray = number("stray");
        assert!(sleeps(stray));
        stray
    };
    let stray = up();
    let masked = house.pod(&["exec", "web", "-c", "main", "--", "busybox", "wc", "-c", "/proc/keys"]).ok().out();
    assert!(masked.starts_with("0 "), "{masked}");
    gone(&house, &file);
    assert!(!sleeps(stray), "{stray} is still there");
    // Killed all at once, as by a machine that is short of memory, it is ended by who comes next.
    let stray = up();
    let pause = house.pause("web");
    for pid in [house.process_named("pod attend"), pause] {
        kill(Pid::from_raw(pid), Signal::SIGKILL).unwrap();
    }
    gone(&house, &file);
    assert!(!sleeps(stray), "{stray} is still there");
}

fn sleeps(pid: i64) -> bool {
    fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| line.starts_with(b"sleep\x0098765"))
}

/// Who is root in them is nobody on the machine, and what they write to volumes is written as by any root.
pub(super) fn ids_of_their_own(user: User) {
    let house = House::new(user);
    image(&house);
    house.pod(&["create", "configmap", "conf", "--from-literal=greeting=hello"]).ok();
    let shared = house.work().join("shared");
    fs::create_dir(&shared).unwrap();
    user.owns(&shared);
    let uid = fs::metadata(&shared).unwrap().uid();
    let tell = "id -u; touch /made /data/x /memory/y /host/z; cat /conf/greeting; echo; ls -ln /bin/busybox /conf/..data/; \
                cat /etc/hostname; busybox chown 7:8 /data/x; ls -ln /data/x; echo ready;";
    let mut main = waiting("main", if user == User::Root { tell } else { "id -u; touch /host/z; echo ready;" });
    main["volumeMounts"] = json!([
        { "name": "data", "mountPath": "/data" },
        { "name": "memory", "mountPath": "/memory" },
        { "name": "conf", "mountPath": "/conf" },
        { "name": "host", "mountPath": "/host" },
        { "name": "data", "mountPath": "/part", "subPath": "a/b" },
    ]);
    let mut other = waiting("other", "id -u; test -t 0 && echo terminal; echo ready;");
    other["tty"] = json!(true);
    other["livenessProbe"] = json!({ "exec": { "command": ["test", "-d", "/proc/self"] }, "periodSeconds": 1 });
    if user == User::Root {
        other["securityContext"] = json!({ "runAsUser": 1000 });
    }
    let volumes = json!([
        { "name": "data", "emptyDir": {} },
        { "name": "memory", "emptyDir": { "medium": "Memory" } },
        { "name": "conf", "configMap": { "name": "conf" } },
        { "name": "host", "hostPath": { "path": shared } },
    ]);
    let spec = json!({ "hostUsers": false, "containers": [main, other], "volumes": volumes });
    let file = put(&house, "web.json", &pod("web", &spec));
    house.pod(&["apply", "-f", &file, "--wait", "--timeout", "30s"]).ok();
    let said = house.logged("web", "main", "ready");
    let told = house.logged("web", "other", "ready");
    assert!(told.contains("terminal"), "{told}");
    assert_eq!(fs::metadata(shared.join("z")).unwrap().uid(), uid);
    let exec = "id -u; echo x > /from-exec; echo y > /part/z; ls /data/a/b";
    let first = |name: &str, container: &str| -> u32 {
        let pid = house.workload(name, container)["process"]["pid"].as_i64().unwrap();
        status_of(i32::try_from(pid).unwrap(), "Uid").split_whitespace().next().unwrap().parse().unwrap()
    };
    let twin =
        put(&house, "twin.json", &pod("twin", &json!({ "hostUsers": false, "containers": [waiting("main", "")] })));
    house.pod(&["apply", "-f", &twin, "--wait", "--timeout", "30s"]).ok();
    if user == User::Root {
        assert!(said.starts_with("0\nhello\n-rwxr-xr-x    1 0        0 "), "{said}");
        assert!(said.contains("web\n-rw-r--r--    1 7        8 "), "{said}");
        assert!(told.starts_with("1000\r\n"), "{told}");
        assert_eq!(house.pod(&["exec", "web", "-c", "main", "--", "sh", "-c", exec]).ok().out(), "0\nz\n");
        fs::write(house.work().join("in"), "x").unwrap();
        house.pod(&["cp", "in", "web:/copied", "-c", "main"]).ok();
        let copied = house.pod(&["exec", "web", "-c", "main", "--", "ls", "-ln", "/copied"]).ok().out();
        assert!(copied.starts_with("-rw-r--r--    1 0        0 "), "{copied}");
        let (ours, theirs) = (first("web", "main"), first("twin", "main"));
        assert!(ours >= 0x6000_0000 && theirs >= 0x6000_0000 && ours.abs_diff(theirs) >= 0x1_0000, "{ours} {theirs}");
        assert_eq!(first("web", "other"), ours + 1000);
    } else {
        assert!(said.starts_with("0\n"), "{said}");
        assert_eq!(first("web", "main"), uid);
    }
    house.pod(&["delete", "-f", &twin]).ok();
    gone(&house, &file);
}
