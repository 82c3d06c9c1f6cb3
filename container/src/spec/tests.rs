use std::path::PathBuf;

use serde_json::{Value, json};

use super::*;
use crate::limits::{Limits, Memory, Quota, Shares, Swap, Victims};
use crate::plan::{
    Capabilities, Device, MASKED, Process as PlanProcess, READ_ONLY, Root as PlanRoot, Seccomp, User as PlanUser,
};

fn process() -> PlanProcess {
    PlanProcess {
        command: vec!["sh".into(), "-c".into(), "true".into()],
        environment: vec![("PATH".into(), "/bin".into())],
        directory: "/srv".into(),
        user: PlanUser::root(),
        capabilities: Capabilities::usual(),
        no_new_privileges: false,
        seccomp: Seccomp::RuntimeDefault,
        limits: vec!["nofile=1024:4096".to_owned(), "core=unlimited:unlimited".to_owned()],
        umask: 0o027,
        oom_score: Some(100),
        terminal: false,
    }
}

fn parts() -> Parts {
    Parts {
        root: PlanRoot::Directory("/srv/root".into()),
        read_only: true,
        mounts: crate::plan::Mount::usual(),
        devices: Device::usual(),
        masked: MASKED.map(PathBuf::from).to_vec(),
        read_only_paths: READ_ONLY.map(PathBuf::from).to_vec(),
        process: process(),
        sysctls: [("net.ipv4.ip_forward".to_owned(), "1".to_owned())].into(),
        pids: Pids::Own,
        limits: Limits::default(),
        stop_signal: 15,
    }
}

fn around() -> Surroundings {
    Surroundings {
        root: "rootfs".into(),
        user: 0,
        group: 0,
        groups: vec![5, 7],
        home: "/root".to_owned(),
        namespaces: vec![(Namespace::Net, "/proc/7/ns/net".into()), (Namespace::Pid, "/proc/7/ns/pid".into())],
        shm: "/dev/shm".into(),
        mqueue: Some("/dev/mqueue".into()),
        cgroup: None,
        has_terminals_group: true,
    }
}

fn told(parts: Parts, around: &Surroundings) -> Value {
    let plan = ContainerPlan::new(parts).expect("a plan");
    serde_json::to_value(spec(&plan, around).expect("a specification")).expect("JSON")
}

fn changed(change: impl FnOnce(&mut Parts)) -> Value {
    let mut parts = parts();
    change(&mut parts);
    told(parts, &around())
}

#[test]
fn the_process_is_who_and_what_the_plan_says() {
    let spec = told(parts(), &around());
    let process = &spec["process"];
    assert_eq!(process["args"], json!(["sh", "-c", "true"]));
    assert_eq!(process["env"], json!(["PATH=/bin", "HOME=/root"]));
    assert_eq!(process["cwd"], "/srv");
    assert_eq!(process["user"], json!({"uid": 0, "gid": 0, "umask": 0o027, "additionalGids": [5, 7]}));
    assert_eq!((&process["noNewPrivileges"], &process["oomScoreAdj"]), (&json!(false), &json!(100)));
    assert_eq!(
        process["rlimits"],
        json!([
            {"type": "RLIMIT_NOFILE", "soft": 1024, "hard": 4096},
            {"type": "RLIMIT_CORE", "soft": u64::MAX, "hard": u64::MAX},
        ])
    );
    assert_eq!(spec["root"], json!({"path": "rootfs", "readonly": true}));
    assert_eq!(spec.get("hostname"), None, "it is the pod's");
}

#[test]
fn only_root_has_capabilities_at_once() {
    let names = |value: &Value| {
        let mut names: Vec<String> = serde_json::from_value(value.clone()).expect("names");
        names.sort();
        names
    };
    let mut usual: Vec<_> = Capabilities::usual().iter().map(|one| one.to_string()).collect();
    usual.sort();
    let of = |user| told(parts(), &Surroundings { user, ..around() })["process"]["capabilities"].clone();
    for (user, at_once) in [(0, &usual), (1000, &Vec::new())] {
        let sets = of(user);
        assert_eq!(names(&sets["bounding"]), usual, "{user}");
        assert_eq!((&names(&sets["effective"]), &names(&sets["permitted"])), (at_once, at_once), "{user}");
        assert_eq!((&sets["inheritable"], &sets["ambient"]), (&json!([]), &json!([])), "{user}");
    }
}

#[test]
fn the_pods_namespaces_are_joined_and_the_others_are_its_own() {
    let kinds = |spec: &Value| {
        let all = spec["linux"]["namespaces"].as_array().expect("namespaces").clone();
        let shown = |one: &Value| {
            format!(
                "{}{}",
                one["type"].as_str().unwrap_or_default(),
                one["path"].as_str().map(|path| format!("={path}")).unwrap_or_default()
            )
        };
        all.iter().map(shown).collect::<Vec<_>>()
    };
    assert_eq!(kinds(&told(parts(), &around())), ["mount", "pid", "cgroup", "network=/proc/7/ns/net"]);
    let shared = changed(|parts| parts.pids = Pids::Pods);
    assert_eq!(kinds(&shared), ["mount", "cgroup", "network=/proc/7/ns/net", "pid=/proc/7/ns/pid"]);
}

#[test]
fn mounts_keep_their_order_and_attributes() {
    let spec = changed(|parts| {
        let bind = |source: &str, below| What::Bind { source: source.into(), below };
        let read_only = Attributes { read_only: ReadOnly::AllBelow, noexec: true, ..Attributes::default() };
        parts.mounts.push(crate::plan::Mount::new("/data", bind("/srv/data", Below::Along), read_only));
        let mut slave = crate::plan::Mount::new("/x", bind("/srv/x", Below::Left), Attributes::default());
        slave.propagation = Propagation::Slave;
        parts.mounts.push(slave);
    });
    let mounts = spec["mounts"].as_array().expect("mounts");
    let shown: Vec<_> = mounts
        .iter()
        .map(|mount| {
            let options: Vec<String> = serde_json::from_value(mount["options"].clone()).expect("options");
            let word = |key: &str| mount[key].as_str().unwrap_or_default().to_owned();
            format!("{} {} {} {}", word("destination"), word("type"), word("source"), options.join(","))
        })
        .collect();
    assert_eq!(
        shown,
        [
            "/proc proc proc nosuid,nodev,noexec",
            "/dev tmpfs tmpfs nosuid,mode=755,size=67108864",
            "/dev/pts devpts devpts nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5",
            "/dev/shm bind /dev/shm nosuid,nodev,noexec,bind,private",
            "/dev/mqueue bind /dev/mqueue nosuid,nodev,noexec,bind,private",
            "/sys sysfs sysfs nosuid,nodev,noexec,ro",
            "/sys/fs/cgroup cgroup cgroup nosuid,nodev,noexec,ro",
            "/data bind /srv/data noexec,ro,rro,rbind,rprivate",
            "/x bind /srv/x bind,slave",
        ]
    );
}

#[test]
fn a_pod_without_message_queues_gives_none() {
    let spec = told(parts(), &Surroundings { mqueue: None, ..around() });
    let mounts = spec["mounts"].as_array().expect("mounts");
    assert!(mounts.iter().all(|mount| mount["destination"] != "/dev/mqueue"));
}

#[test]
fn limits_are_told_as_they_are() {
    let limits = Limits {
        memory: Some(Memory { limit: 1 << 30, swap: Swap::Bytes(1 << 20), victims: Victims::All }),
        shares: Some(Shares::nearest(512)),
        quota: Some(Quota::of_milli(1500)),
        pids: Some(40),
        cpus: Some("0-1".parse().expect("a set")),
        ..Limits::default()
    };
    let limited = || Parts { limits: limits.clone(), ..parts() };
    let grouped = Surroundings { cgroup: Some("/pod/web/app".into()), ..around() };
    let spec = told(limited(), &grouped);
    assert_eq!(spec["linux"]["cgroupsPath"], "/pod/web/app");
    let resources = &spec["linux"]["resources"];
    assert_eq!(resources["memory"], json!({"limit": 1 << 30, "swap": (1 << 30) + (1 << 20)}));
    assert_eq!(resources["cpu"], json!({"shares": 512, "quota": 150_000, "period": 100_000, "cpus": "0-1"}));
    assert_eq!(resources["pids"], json!({"limit": 40}));
    let none = told(parts(), &grouped);
    for kind in ["memory", "cpu", "pids", "blockIO", "hugepageLimits"] {
        assert_eq!(none["linux"]["resources"].get(kind), None, "{kind}");
    }
    let first = &none["linux"]["resources"]["devices"][0];
    assert_eq!((&first["allow"], &first["access"]), (&json!(false), &json!("rwm")));
    // Who is to leave groups alone is told nothing that would take one.
    let alone = told(limited(), &around());
    assert_eq!((alone["linux"].get("resources"), alone["linux"].get("cgroupsPath")), (None, None));
}

#[test]
fn what_is_hidden_and_set_is_told() {
    let spec = told(parts(), &around());
    let linux = &spec["linux"];
    assert_eq!(linux["maskedPaths"], json!(MASKED));
    assert_eq!(linux["readonlyPaths"], json!(READ_ONLY));
    assert_eq!(linux["sysctl"], json!({"net.ipv4.ip_forward": "1"}));
    assert_eq!(linux["devices"].as_array().map(Vec::len), Some(6));
    assert_eq!(
        linux["devices"][0],
        json!({"path": "/dev/null", "type": "c", "major": 1, "minor": 3, "fileMode": 0o666, "uid": 0, "gid": 0})
    );
}

#[test]
fn what_our_filters_refuse_is_refused() {
    let spec = told(parts(), &around());
    let seccomp = &spec["linux"]["seccomp"];
    assert_eq!(seccomp["defaultAction"], "SCMP_ACT_ALLOW");
    let names = |spec: &Value| {
        let names = spec["linux"]["seccomp"]["syscalls"][0]["names"].clone();
        serde_json::from_value::<Vec<String>>(names).expect("names")
    };
    assert!(["mount", "keyctl", "bpf"].iter().all(|call| names(&spec).iter().any(|name| name == call)));
    let admin = changed(|parts| parts.process.capabilities = Capabilities::all());
    assert!(!names(&admin).iter().any(|name| name == "mount"), "a capability frees it");
    assert!(names(&admin).iter().any(|name| name == "keyctl"), "no capability frees it");
    let free = changed(|parts| parts.process.seccomp = Seccomp::Unconfined);
    assert_eq!(free["linux"].get("seccomp"), None);
}

#[test]
fn what_is_no_text_is_refused() {
    use std::os::unix::ffi::OsStringExt;
    let refusal = |change: &dyn Fn(&mut Parts)| {
        let mut parts = parts();
        change(&mut parts);
        spec(&ContainerPlan::new(parts).expect("a plan"), &around()).expect_err("unspeakable").to_string()
    };
    let latin = || std::ffi::OsString::from_vec(vec![b'a', 0xe9]);
    assert!(refusal(&|parts| parts.process.command.push(latin())).contains("a word of the command"));
    assert!(refusal(&|parts| parts.process.environment.push(("A".into(), latin()))).contains("a variable"));
    assert!(refusal(&|parts| parts.process.limits.push("nothing=1:1".to_owned())).contains("nothing=1:1"));
    assert!(refusal(&|parts| parts.process.seccomp = Seccomp::Localhost("/p".into())).contains("profile"));
}
