//! What is refused: one clear line, the documented exit code, and nothing left behind.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use libtest_mimic::Trial;

use crate::house::{House, User, eventually, has_ended};
use crate::trial::{Need, as_each_user, trial};

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = vec![
        trial("refused::a_process_of_somebody_else", &[Need::Root, Need::Userns], somebody_elses),
        trial("refused::user_namespaces_that_are_off", &[Need::Root, Need::Program("unshare")], no_user_namespaces),
    ];
    trials.extend(
        [
            as_each_user("refused::command_lines_that_make_no_sense", &[], usage),
            as_each_user("refused::pods_and_workloads_that_are_not_there", &[], not_there),
            as_each_user("refused::names_that_are_in_use", &[], in_use),
            as_each_user("refused::ports_that_are_in_use", &[], port_in_use),
            as_each_user("refused::commands_that_cannot_be_executed", &[], commands),
            as_each_user("refused::pids_that_are_dead_zombies_or_kernel_threads", &[], pids),
            as_each_user("refused::a_pid_that_belongs_to_another_process_now", &[], recycled),
            as_each_user("refused::a_pause_that_is_missing_or_cannot_be_executed", &[], no_pause),
            as_each_user("refused::a_state_directory_that_others_may_write_to", &[], not_ours),
        ]
        .into_iter()
        .flatten(),
    );
    trials
}

fn usage(user: User) {
    let house = House::new(user);
    let long = "a".repeat(64);
    for name in ["Web", "-web", "web-", "a.b", "a/b", "..", "", "a_b", &long] {
        house.pod(&["create", "--", name]).refuses(2, "invalid value");
    }
    house.pod(&["create", "web", "--publish", "80"]).refuses(2, "is not [ADDRESS:]HOST:POD");
    house.pod(&["create", "web", "--publish", "80:80/sctp"]).refuses(2, "only tcp");
    house.pod(&["create", "web", "--share", "mnt"]).refuses(2, "invalid value");
    house.pod(&["create", "web", "--share", "net", "--hostname", "x"]).refuses(2, "does not share uts");
    house.pod(&["create", "web", "--share", "uts", "--publish", "80:80"]).refuses(2, "does not share net");
    house.pod(&["add", "web", "--", "/"]).refuses(2, "no name can be made of");
    house.nsjoin(&["true"]).refuses(2, "--target");
    house.nsjoin(&["-t", "0", "true"]).refuses(2, "is no pid");
    house.nsjoin(&["-t", "1", "-t", "2", "true"]).refuses(2, "cannot be used multiple times");
    house.nsjoin(&["-t", "Web", "true"]).refuses(2, "neither a pid nor a pod");
    house.nothing_is_left();
}

fn not_there(user: User) {
    let house = House::new(user);
    for verb in [
        &["exec", "web", "true"][..],
        &["add", "web", "true"],
        &["get", "web"],
        &["describe", "web"],
        &["logs", "web", "app"],
        &["delete", "web"],
    ] {
        house.pod(verb).refuses(125, "no pod named web in ");
    }
    house.nsjoin(&["-t", "web", "true"]).refuses(125, "no pod named web in ");
    house.pod(&["create", "web"]).ok();
    house.pod(&["exec", "web", "-c", "app", "true"]).refuses(125, "no workload named app in pod web");
    house.pod(&["add", "web", "--name", "app", "--", "probe", "exit", "0"]).ok();
    eventually("the workload has ended", || house.describe("web")["workloads"][0]["ended"].is_string().then_some(()));
    house.pod(&["exec", "web", "-c", "app", "true"]).refuses(125, "workload app of pod web has ended");
}

fn in_use(user: User) {
    let house = House::new(user);
    house.pod(&["create", "web"]).ok();
    let before = house.describe("web");
    house.pod(&["create", "web"]).refuses(125, "a pod named web exists already");
    house.pod(&["add", "web", "--name", "app", "--", "probe", "ready"]).ok();
    house
        .pod(&["add", "web", "--name", "app", "--", "probe", "ready"])
        .refuses(125, "a workload named app runs already");
    let after = house.describe("web");
    assert_eq!(before["pause"], after["pause"]);
    assert_eq!(after["workloads"].as_array().unwrap().len(), 1);
}

fn port_in_use(user: User) {
    let house = House::new(user);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    house.pod(&["create", "web", "--publish", &format!("127.0.0.1:{port}:80")]).refuses(125, "Address already in use");
    house.nothing_is_left();
    if user == User::Ordinary {
        house.pod(&["create", "web", "--publish", "127.0.0.1:81:80"]).refuses(125, "Permission denied");
        house.nothing_is_left();
    }
}

fn commands(user: User) {
    let house = House::new(user);
    house.pod(&["create", "web"]).ok();
    let plain = house.work().join("plain");
    fs::write(&plain, "no program").unwrap();
    let plain = plain.to_str().unwrap();
    let cases = [
        ("no-such-command", 127, "No such file or directory"),
        ("./no-such-command", 127, "No such file or directory"),
        (plain, 126, "Permission denied"),
        ("/", 126, "Permission denied"),
    ];
    for (command, code, says) in cases {
        let says = format!("cannot execute {command}: {says}");
        house.nsjoin(&["-t", "web", "--", command]).refuses(code, &says);
        house.pod(&["exec", "web", "--", command]).refuses(code, &says);
        house.pod(&["add", "web", "--name", "app", "--", command]).refuses(code, &says);
    }
    house.pod(&["exec", "web", "-w", "/no/such", "--", "true"]).refuses(125, "cannot change to directory /no/such");
    assert!(house.describe("web")["workloads"].as_array().unwrap().is_empty(), "nothing that failed is listed");
}

fn pids(user: User) {
    let house = House::new(user);
    // The pid of a process that has been reaped; the kernel counts up, so it is nobody's for a while.
    let mut gone = house.command("probe").args(["exit", "0"]).spawn().unwrap();
    gone.wait().unwrap();
    let pid = gone.id().to_string();
    house.nsjoin(&["-t", &pid, "true"]).refuses(125, &format!("cannot join pid {pid}: no such process"));
    house.nsjoin(&["-t", "4194305", "true"]).refuses(125, "no such process");

    let mut zombie = house.command("probe").args(["exit", "0"]).stdout(Stdio::null()).spawn().unwrap();
    let pid = zombie.id().to_string();
    eventually("a zombie", || fs::read_to_string(format!("/proc/{pid}/stat")).unwrap().contains(") Z ").then_some(()));
    house.nsjoin(&["-t", &pid, "true"]).refuses(125, "it has ended");
    zombie.wait().unwrap();

    // pid 2 is the father of all kernel threads, where we are in the first pid namespace.
    if fs::read_to_string("/proc/2/comm").is_ok_and(|name| name.trim() == "kthreadd") {
        house.nsjoin(&["-t", "2", "true"]).refuses(125, "it is a kernel thread");
    }
}

fn recycled(user: User) {
    let house = House::new(user);
    house.pod(&["create", "web"]).ok();
    let pause = house.pause("web");
    // What the records would look like if pause had been another process of the same pid.
    let path = house.state().join("web/pause");
    let record = fs::read_to_string(&path).unwrap();
    let (line, _) = record.rsplit_once(" #").unwrap();
    let start_time = house.describe("web")["pause"]["start_time"].as_u64().unwrap();
    let line = line.replace(&format!(" {start_time} "), &format!(" {} ", start_time - 1));
    fs::write(&path, format!("{line} #{:08x}\n", sum_of(line.as_bytes()))).unwrap();
    let path = house.state().join("web/pod.json");
    let record = fs::read_to_string(&path).unwrap();
    fs::write(&path, record.replace(&start_time.to_string(), &(start_time - 1).to_string())).unwrap();
    house.nsjoin(&["-t", "web", "true"]).refuses(125, "its pause process has ended");
    house.pod(&["exec", "web", "true"]).refuses(125, "pod web is dead");
    assert_eq!(house.describe("web")["status"], "Dead");
    house.pod(&["delete", "web"]).ok();
    assert!(!has_ended(pause.into()), "a process that only has its pid was killed");
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pause), nix::sys::signal::Signal::SIGKILL).unwrap();
}

/// What closes a record: FNV-1a.
fn sum_of(line: &[u8]) -> u32 {
    line.iter().fold(0x811c_9dc5, |sum, byte| (sum ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

fn somebody_elses() {
    let roots = House::new(User::Root);
    roots.pod(&["create", "web"]).ok();
    let pause = roots.pause("web").to_string();
    let house = House::new(User::Ordinary);
    house.nsjoin(&["-t", &pause, "true"]).refuses(125, "Permission denied");
    house.nsjoin(&["-t", "1", "-n", "true"]).refuses(125, "Permission denied");
    // A target that may be looked at, in a network that may not be joined.
    let guest = house.start(house.command("unshare").args(["--user", "--net", "probe", "ready"]));
    house.nsjoin(&["-t", &guest.pid().to_string(), "-n", "true"]).refuses(125, "cannot join the net namespace of pid");
}

fn no_user_namespaces() {
    let house = House::new(User::Root);
    // Within a user namespace of our own there are to be no more of them.
    let script =
        "echo 0 >/proc/sys/user/max_user_namespaces && exec setpriv --bounding-set -all --inh-caps -all pod create web";
    let mut command = house.command("unshare");
    command.args(["--user", "--map-root-user", "--", "sh", "-c", script]);
    let ran = house.finish(&mut command);
    assert_eq!(ran.output.status.code(), Some(125), "{ran}");
    assert!(
        ran.err().contains("cannot make the namespaces of the pod") && ran.err().contains("hint: needs root"),
        "{ran}"
    );
    house.nothing_is_left();
}

fn no_pause(user: User) {
    let house = House::new(user);
    house.pod(&["create", "web", "--pause", "/no/such/pause"]).refuses(125, "cannot open /no/such/pause");
    let plain = house.work().join("pause");
    fs::write(&plain, "no program").unwrap();
    house
        .pod(&["create", "web", "--pause", plain.to_str().unwrap()])
        .refuses(125, "cannot execute the pause program: Permission denied");
    house.nothing_is_left();
}

fn not_ours(user: User) {
    let house = House::new(user);
    let open = house.work().join("open");
    fs::create_dir(&open).unwrap();
    fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).unwrap();
    house
        .finish(house.command("pod").args(["create", "web"]).env("POD_STATE_DIR", &open))
        .refuses(125, "is not ours alone");
    house
        .finish(house.command("nsjoin").args(["-t", "web", "true"]).env("POD_STATE_DIR", &open))
        .refuses(125, "is not ours alone");
    // A file where a directory is looked for, and one that no directory can be in.
    let beneath = house.work().join("file/state");
    fs::write(house.work().join("file"), "").unwrap();
    house
        .finish(house.command("nsjoin").args(["-t", "web", "true"]).env("POD_STATE_DIR", &beneath))
        .refuses(125, "cannot look at");
    house.finish(house.command("pod").args(["create", "web"]).env("POD_STATE_DIR", "/proc")).exits(125);
}
