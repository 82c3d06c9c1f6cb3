//! Control groups, as the kernel shows them: made, limited, joined, run out of memory, removed.

// What goes wrong in a test should end it there, with all it has to say.
#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use container::cgroup::{Cgroup, Error, Machine, OomCounter, PodCgroup, TOLD, remove};
use container::limits::{
    Controller, HugePage, IoWeight, Limits, Memory, Quota, Shares, Swap, Version, Victims, weight_of,
};
use libtest_mimic::{Arguments, Failed, Trial};
use nix::unistd::geteuid;

fn main() {
    let arguments = Arguments::from_args();
    let trials = vec![
        trial("limits_are_what_the_kernel_says", limits_are_set),
        trial("a_limit_that_the_kernel_refuses_leaves_nothing", refused_limits),
        trial("who_joins_is_in_every_hierarchy_of_the_group", joined),
        trial("what_is_removed_is_removed_with_everybody_in_it", removed_with_all),
        trial("a_group_that_somebody_has_left_is_made_anew", made_anew),
        trial("the_next_container_is_one_step_away_as_long_as_the_pods_group_is_there", one_step_away),
        trial("memory_that_runs_out_is_counted", memory_runs_out),
        trial("who_is_killed_otherwise_has_not_run_out_of_memory", killed_otherwise),
        trial("usage_is_told", usage_is_told),
        trial("a_pod_is_limited_as_a_whole", pod_is_limited),
        trial("pods_that_come_and_go_at_once_do_not_disturb_each_other", at_once),
        trial("three_hundred_groups_leave_nothing", three_hundred),
    ];
    libtest_mimic::run(&arguments, trials).exit();
}

/// A test of this name, which needs to be root, and a memory controller to limit by.
fn trial(name: &str, test: fn()) -> Trial {
    let lacks = lacks();
    let required = std::env::var_os("REQUIRE_PEERS").is_some_and(|value| value == "1");
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

fn lacks() -> Option<String> {
    if !geteuid().is_root() {
        return Some("needs root".to_owned());
    }
    let pod = Pod::new();
    match pod.cgroup.make("probe", &memory(64 << 20), &Limits::default(), &[]) {
        Ok(_) => None,
        Err(error) => Some(format!("needs cgroups: {error}")),
    }
}

/// The groups of a pod, which go with it.
struct Pod {
    cgroup: PodCgroup,
}

impl Pod {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("test-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        Self { cgroup: Machine::look().unwrap().pod(&name) }
    }

    fn make(&self, limits: &Limits) -> Cgroup {
        let made = self.cgroup.make("app", limits, &Limits::default(), &TOLD).unwrap();
        assert!(made.missed.is_empty(), "{:?}", made.missed);
        made.cgroup
    }

    fn left(&self) -> Vec<PathBuf> {
        self.cgroup.directories().into_iter().filter(|directory| directory.exists()).collect()
    }
}

impl Drop for Pod {
    fn drop(&mut self) {
        let removed = remove(&self.cgroup.directories());
        if !std::thread::panicking() {
            removed.unwrap();
            assert!(self.left().is_empty());
        }
    }
}

fn memory(limit: u64) -> Limits {
    Limits { memory: Some(Memory { limit, swap: Swap::Bytes(0), victims: Victims::All }), ..Limits::default() }
}

/// A file of a group, in whichever hierarchy it is.
fn says(cgroup: &Cgroup, file: &str) -> String {
    let found = cgroup.directories().into_iter().map(|directory| directory.join(file)).find(|file| file.exists());
    fs::read_to_string(found.unwrap_or_else(|| panic!("no {file} in {cgroup:?}"))).unwrap().trim().to_owned()
}

/// A shell that waits for a line, does this, and waits for another.
struct Guest(Child);

impl Guest {
    fn new(script: &str) -> Self {
        let script = format!("read line\n{script}\nread line");
        Self(Command::new("sh").args(["-c", &script]).stdin(Stdio::piped()).spawn().unwrap())
    }

    /// Puts it into a group, as it would put itself.
    fn into(self, cgroup: &Cgroup) -> Self {
        for directory in cgroup.directories() {
            fs::write(directory.join("cgroup.procs"), self.0.id().to_string()).unwrap();
        }
        self
    }

    fn go_on(&mut self) {
        use std::io::Write;
        self.0.stdin.as_mut().unwrap().write_all(b"\n").unwrap();
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _reaped = self.0.wait();
    }
}

fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "not within 20 s: {what}");
        sleep(Duration::from_millis(2));
    }
}

/// What the machine's topmost groups pass on, to be as it was when this goes.
struct PassedOn([(PathBuf, String); 2]);

impl PassedOn {
    fn now() -> Self {
        let tops = ["/sys/fs/cgroup/cgroup.subtree_control", "/sys/fs/cgroup/unified/cgroup.subtree_control"];
        Self(tops.map(|top| (top.into(), fs::read_to_string(top).unwrap_or_default())))
    }
}

impl Drop for PassedOn {
    fn drop(&mut self) {
        for (top, before) in &self.0 {
            let Ok(now) = fs::read_to_string(top) else { continue };
            for added in now.split_whitespace().filter(|name| !before.split_whitespace().any(|it| it == *name)) {
                // Another test's group may have it for a moment.
                let deadline = Instant::now() + Duration::from_secs(10);
                while let Err(error) = fs::write(top, format!("-{added}")) {
                    assert!(Instant::now() < deadline, "{}: {added}: {error}", top.display());
                    sleep(Duration::from_millis(10));
                }
            }
        }
    }
}

fn limits_are_set() {
    // Goes after the groups. Other runtimes take a machine for another when it passes on more.
    let _passed_on = PassedOn::now();
    let pod = Pod::new();
    let limits = Limits {
        shares: Some(Shares::nearest(512)),
        quota: Some(Quota::of_milli(1500)),
        pids: Some(77),
        io_weight: Some(IoWeight::new(300).unwrap()),
        cpus: Some("0".parse().unwrap()),
        ..memory(64 << 20)
    };
    let cgroup = pod.make(&limits);
    // Whichever version has them, huge pages are limited where there are some.
    let huge = Limits { huge_pages: [(HugePage::of_kib(2048), 4 << 20)].into(), ..Limits::default() };
    match pod.cgroup.make("huge", &huge, &Limits::default(), &[]) {
        Ok(made) => {
            let file = |end: &str| made.cgroup.directories().iter().any(|it| it.join(end).exists());
            let end = if file("hugetlb.2MB.max") { "max" } else { "limit_in_bytes" };
            assert_eq!(says(&made.cgroup, &format!("hugetlb.2MB.{end}")), (4 << 20).to_string());
        }
        Err(error) => {
            assert!(matches!(error, Error::Lacking { controller: Controller::HugePages, .. }), "{error}");
            let tops = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].map(|top| format!("{top}/cgroup.controllers"));
            let has = |top: &String| fs::read_to_string(top).is_ok_and(|text| text.contains("hugetlb"));
            assert!(!tops.iter().any(has) && !Path::new("/sys/fs/cgroup/hugetlb").exists(), "{error}");
        }
    }
    let version = |file: &str| {
        if cgroup.directories().iter().any(|it| it.join(file).exists()) { Version::One } else { Version::Two }
    };
    match version("memory.limit_in_bytes") {
        Version::One => {
            assert_eq!(says(&cgroup, "memory.limit_in_bytes"), (64 << 20).to_string());
            assert_eq!(says(&cgroup, "memory.memsw.limit_in_bytes"), (64 << 20).to_string());
        }
        Version::Two => {
            assert_eq!(says(&cgroup, "memory.max"), (64 << 20).to_string());
            assert_eq!(says(&cgroup, "memory.swap.max"), "0");
            assert_eq!(says(&cgroup, "memory.oom.group"), "1");
        }
    }
    match version("cpu.shares") {
        Version::One => {
            assert_eq!(says(&cgroup, "cpu.shares"), "512");
            assert_eq!(says(&cgroup, "cpu.cfs_quota_us"), "150000");
            assert_eq!(says(&cgroup, "cpu.cfs_period_us"), "100000");
        }
        Version::Two => {
            assert_eq!(says(&cgroup, "cpu.weight"), weight_of(Shares::nearest(512)).to_string());
            assert_eq!(says(&cgroup, "cpu.max"), "150000 100000");
        }
    }
    assert_eq!(says(&cgroup, "pids.max"), "77");
    match version("blkio.reset_stats") {
        Version::One => assert_eq!(says(&cgroup, "blkio.bfq.weight"), "300"),
        Version::Two => assert!(cgroup.has(Controller::Io)),
    }
    assert_eq!(says(&cgroup, "cpuset.cpus"), "0");
    if version("cpuset.mem_exclusive") == Version::One {
        assert_eq!(says(&cgroup, "cpuset.mems"), "0", "what is not limited is what the group above has");
    }
}

fn refused_limits() {
    let _passed_on = PassedOn::now();
    let pod = Pod::new();
    let nowhere = Limits { cpus: Some("4000".parse().unwrap()), ..memory(64 << 20) };
    let error = pod.cgroup.make("app", &nowhere, &Limits::default(), &TOLD).unwrap_err();
    assert!(matches!(&error, Error::Limit { value, .. } if value == "4000"), "{error}");
    assert!(error.to_string().contains("cpuset.cpus to 4000"), "{error}");
    for directory in pod.cgroup.directories() {
        assert!(!directory.join("app").exists(), "{directory:?}");
    }
    let no_such_page = Limits { huge_pages: [(HugePage::of_kib(12), 0)].into(), ..Limits::default() };
    let error = pod.cgroup.make("app", &no_such_page, &Limits::default(), &[]).unwrap_err();
    assert!(matches!(error, Error::Lacking { controller: Controller::HugePages, .. }), "{error}");
}

fn joined() {
    let pod = Pod::new();
    let cgroup = pod.make(&memory(64 << 20));
    let guest = Guest::new("").into(&cgroup);
    let groups = fs::read_to_string(format!("/proc/{}/cgroup", guest.0.id())).unwrap();
    let name = pod.cgroup.directories()[0].file_name().unwrap().to_str().unwrap().to_owned();
    for controller in ["memory", "pids", "cpu"] {
        let is_in = |line: &str| {
            let mut parts = line.split(':').skip(1);
            let (controllers, path) = (parts.next().unwrap(), parts.next().unwrap());
            let is_its = controllers.is_empty() || controllers.split(',').any(|one| one == controller);
            is_its && path.ends_with(&format!("/pod/{name}/app"))
        };
        assert!(groups.lines().any(is_in), "{controller}: {groups}");
    }
    // What launches it is handed the same.
    let to_join = cgroup.to_join().unwrap();
    assert_eq!(to_join.paths().len(), cgroup.directories().len());
}

fn removed_with_all() {
    let pod = Pod::new();
    let cgroup = pod.make(&Limits::default());
    let mut guest =
        Guest::new("sleep 1000 & (sleep 1000 & setsid sleep 1000 &) & while :; do sleep 1000 & sleep 0.01; done");
    guest = guest.into(&cgroup);
    guest.go_on();
    let members = || says(&cgroup, "cgroup.procs").lines().map(str::to_owned).collect::<Vec<_>>();
    let some = eventually("it makes others", || Some(members()).filter(|members| members.len() > 6));
    // And a group that it has made itself.
    for directory in cgroup.directories() {
        fs::create_dir(directory.join("within")).unwrap();
        if !directory.join("cgroup.subtree_control").exists() {
            fs::write(directory.join("within/cgroup.procs"), &some[0]).unwrap();
        }
    }
    let (before, directories) = (Instant::now(), cgroup.directories());
    remove(&directories).unwrap();
    assert!(before.elapsed() < Duration::from_secs(4), "{:?}", before.elapsed());
    assert!(directories.iter().all(|directory| !directory.exists()));
    assert_eq!(guest.0.wait().unwrap().signal(), Some(9));
    for pid in some {
        let state = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        assert!(state.is_empty() || state.contains(") Z ") || state.contains(") X "), "{state}");
    }
    remove(&directories).unwrap();
}

fn made_anew() {
    let pod = Pod::new();
    let before = pod.make(&Limits { pids: Some(5), ..Limits::default() });
    let mut guest = Guest::new("").into(&before);
    let again = pod.make(&memory(64 << 20));
    assert_eq!(guest.0.wait().unwrap().signal(), Some(9), "who was in it is gone");
    assert_eq!((says(&again, "cgroup.procs"), says(&again, "pids.max")), (String::new(), "max".to_owned()));
}

fn one_step_away() {
    let (pod, together, more) = (Pod::new(), memory(64 << 20), Limits { pids: Some(5), ..Limits::default() });
    let first = pod.cgroup.make("first", &Limits::default(), &together, &TOLD).unwrap();
    let above = first.above.unwrap();
    let next = |name: &str, limits: &Limits| above.make(name, limits, &together, &TOLD).unwrap();
    let second = next("second", &more).unwrap().cgroup;
    let beside = |directory: &PathBuf| directory.with_file_name("second");
    assert_eq!(second.directories(), first.cgroup.directories().iter().map(beside).collect::<Vec<_>>());
    assert_eq!(says(&second, "pids.max"), "5");
    let has_all = TOLD.iter().all(|controller| second.has(*controller));
    assert!(has_all, "{second:?}");
    assert!(next("second", &more).is_none(), "one is there");
    let elsewhere = Limits { cpus: Some("0".parse().unwrap()), ..Limits::default() };
    assert!(next("third", &elsewhere).is_none(), "it needs what nobody has asked for");
    remove(&pod.cgroup.directories()).unwrap();
    assert!(next("fourth", &more).is_none(), "the pod's group has gone");
    assert!(pod.left().is_empty(), "{:?}", pod.left());
    pod.cgroup.make("fifth", &more, &together, &TOLD).unwrap();
}

/// Takes memory until there is none.
const EATS: &str = "tail /dev/zero";

fn memory_runs_out() {
    let pod = Pod::new();
    let cgroup = pod.make(&memory(24 << 20));
    let mut counter = OomCounter::new(&cgroup).unwrap().unwrap();
    assert_eq!(counter.killed().unwrap(), None);
    let mut guest = Guest::new(&format!("exec {EATS}")).into(&cgroup);
    guest.go_on();
    assert_eq!(guest.0.wait().unwrap().signal(), Some(9));
    let killed = counter.killed().unwrap().unwrap();
    assert_eq!(killed.kills, 1);
    let mut again = OomCounter::again(&cgroup.directories()).unwrap().unwrap();
    assert_eq!(again.killed().unwrap(), Some(killed));
    assert_eq!(Cgroup::again(&cgroup.directories()).unwrap().usage().unwrap().oom_kills, Some(1));
}

fn killed_otherwise() {
    let pod = Pod::new();
    let cgroup = pod.make(&memory(24 << 20));
    let mut counter = OomCounter::new(&cgroup).unwrap().unwrap();
    let mut guest = Guest::new("kill -9 $$").into(&cgroup);
    guest.go_on();
    assert_eq!(guest.0.wait().unwrap().signal(), Some(9));
    assert_eq!(counter.killed().unwrap(), None);
}

fn usage_is_told() {
    let pod = Pod::new();
    let cgroup = pod.make(&memory(64 << 20));
    let mut guest = Guest::new("i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; head -c 8m /dev/zero >/dev/shm/podkit-$$; rm /dev/shm/podkit-$$")
        .into(&cgroup);
    guest.go_on();
    let usage = eventually("it has computed", || {
        let usage = cgroup.usage().unwrap();
        (usage.cpu? > Duration::from_millis(20)).then_some(usage)
    });
    assert_eq!(usage.memory_limit, Some(64 << 20));
    assert!(usage.pids.is_some_and(|pids| (1..=3).contains(&pids)), "{usage:?}");
    assert!(usage.memory.unwrap() >= usage.working_set.unwrap() && usage.oom_kills == Some(0), "{usage:?}");
    assert_eq!(Pod::new().make(&Limits::default()).usage().unwrap().memory_limit, None);
}

fn pod_is_limited() {
    let pod = Pod::new();
    let made = pod.cgroup.make("app", &Limits::default(), &memory(24 << 20), &TOLD).unwrap();
    let cgroup = made.cgroup;
    let mut counter = OomCounter::new(&cgroup).unwrap().unwrap();
    let mut guest = Guest::new(&format!("exec {EATS}")).into(&cgroup);
    guest.go_on();
    assert_eq!(guest.0.wait().unwrap().signal(), Some(9));
    assert!(counter.killed().unwrap().is_some(), "it is told of the container whose process was killed");
}

fn at_once() {
    let threads: Vec<_> = (0..8)
        .map(|_| {
            std::thread::spawn(|| {
                for _ in 0..20 {
                    let pod = Pod::new();
                    pod.make(&Limits::default());
                    remove(&pod.cgroup.directories()).unwrap();
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

fn three_hundred() {
    let pod = Pod::new();
    let begun = Instant::now();
    let groups: Vec<_> = (0..300)
        .map(|number| {
            pod.cgroup
                .make(&format!("app-{number}"), &memory(64 << 20), &Limits::default(), &TOLD)
                .unwrap()
                .cgroup
                .directories()
        })
        .collect();
    let made = begun.elapsed();
    assert!(groups.iter().flatten().all(|directory| directory.is_dir()));
    remove(&pod.cgroup.directories()).unwrap();
    eprintln!("300 groups: made in {made:?}, removed in {:?}", begun.elapsed() - made);
    assert!(groups.iter().flatten().all(|directory| !directory.exists()));
    for directory in pod.cgroup.directories() {
        let counted = fs::read_dir(Path::new(&directory).parent().unwrap()).map_or(0, Iterator::count);
        assert!(!directory.exists(), "{directory:?} of {counted}");
    }
}
