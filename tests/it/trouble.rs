//! What goes wrong on machines that people have: shortage, damage, processes that do not go, places
//! from which little can be seen. Others are not troubled by it, and nothing is forgotten.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use nix::sys::ptrace;
use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::sys::wait::waitpid;
use nix::unistd::{Pid, mkfifo};
use serde_json::Value;

use crate::house::{House, User, eventually, has_ended};
use crate::trial::{Need, as_each_user, trial};

pub(crate) fn trials() -> Vec<Trial> {
    let unshare = Need::Program("unshare");
    let mut trials: Vec<Trial> = [
        as_each_user("trouble::a_supervisor_without_descriptors_stops_its_workloads_politely", &[], few_descriptors),
        as_each_user("trouble::one_pod_that_cannot_end_troubles_no_other", &[], stopped_outside),
        as_each_user("trouble::a_damaged_record_troubles_no_other_pod", &[], damaged),
        as_each_user("trouble::objects_that_cannot_be_read_are_not_taken_for_none", &[], unreadable_objects),
        as_each_user("trouble::what_nobody_can_tell_is_forgotten_by_force_alone", &[], forced),
        as_each_user("trouble::what_lies_about_in_the_registry_is_cleared_away", &[], lies_about),
        as_each_user("trouble::a_directory_that_is_gone_is_no_place_to_start", &[], nowhere),
        as_each_user("trouble::words_that_are_no_utf_8_arrive", &[], no_utf_8),
        as_each_user("trouble::a_killed_supervisor_costs_no_line_and_no_workload", &[], killed_supervisor),
        as_each_user("trouble::how_a_traced_workload_ended_is_told", &[Need::Root], traced),
        as_each_user(
            "trouble::descriptors_of_the_caller_stay_with_the_caller",
            &[Need::Program("flock")],
            callers_lock,
        ),
        as_each_user("trouble::a_workload_lives_under_its_callers_conditions", &[], conditions),
        as_each_user("trouble::a_supervisor_that_says_nothing_holds_nobody_up", &[], silent),
        as_each_user("trouble::who_is_in_a_hurry_need_not_wait_for_who_is_not", &[], hurried),
        as_each_user("trouble::who_waited_for_a_pod_leaves_the_next_of_its_name_alone", &[], the_next),
        as_each_user("trouble::a_log_does_not_grow_beyond_bounds", &[], bounded_log),
        as_each_user("trouble::what_others_wrote_does_not_rule_the_terminal", &[], escapes),
        as_each_user("trouble::records_are_their_owners_alone", &[], owners_alone),
        as_each_user("trouble::a_registry_that_others_may_move_is_not_ours", &[], movable),
        as_each_user("trouble::from_another_pid_namespace_nothing_is_forgotten", &[unshare], other_pids),
        as_each_user("trouble::from_another_time_namespace_nothing_is_forgotten", &[unshare], other_clock),
        as_each_user("trouble::without_a_proc_nothing_is_forgotten", &[unshare], no_proc),
        as_each_user("trouble::with_a_proc_of_others_nothing_is_forgotten", &[unshare], others_proc),
        as_each_user("trouble::a_full_disk_holds_no_workload_up", &[unshare], full_disk),
    ]
    .into_iter()
    .flatten()
    .collect();
    trials.push(trial(
        "trouble::a_pod_ends_where_the_first_process_reaps_nobody",
        &[Need::Root, unshare],
        first_process_reaps_nobody,
    ));
    trials.push(trial(
        "trouble::pods_are_found_with_and_without_a_session",
        &[Need::Root, unshare, Need::Program("setpriv")],
        sessions,
    ));
    trials
}

fn shell(house: &House, script: &str) -> Command {
    let mut command = house.command("sh");
    command.args(["-c", script]);
    command
}

/// In namespaces of these kinds, as the root of a user namespace for who is not root.
fn apart(house: &House, kinds: &[&str], script: &str) -> Command {
    let mut command = house.command("unshare");
    if house.user == User::Ordinary {
        command.args(["--user", "--map-root-user"]);
    }
    command.args(kinds).args(["sh", "-c", script]);
    command
}

fn supervisor(house: &House, pod: &str) -> Pid {
    let record = fs::read_to_string(house.state().join(pod).join("supervisor")).unwrap();
    Pid::from_raw(record.split(' ').next().unwrap().parse().unwrap())
}

fn is_running(house: &House, pod: &str) -> bool {
    house.describe(pod)["status"] == "Running"
}

fn few_descriptors(user: User) {
    let house = House::new(user);
    let words = house.work().join("last-words");
    let polite = format!("trap 'echo bye >{}; exit 0' TERM; echo ready; while :; do sleep 0.1; done", words.display());
    house.finish(&mut shell(&house, "ulimit -n 64; pod create web && pod add web --name first -- sleep 1000")).ok();
    house.pod(&["add", "web", "--name", "polite", "--", "sh", "-c", &polite]).ok();
    house.logged("web", "polite", "ready");
    let refused = (0..40)
        .map(|index| house.pod(&["add", "web", "--name", &format!("more-{index}"), "--", "sleep", "1000"]))
        .find(|ran| !ran.output.status.success())
        .expect("descriptors for forty more");
    refused.refuses(125, "Too many open files");
    // Clients that say nothing take the rest, and go.
    let control = house.state().join("web/control");
    let idle: Vec<_> = (0..64).map(|_| UnixStream::connect(&control).unwrap()).collect();
    let open = format!("/proc/{}/fd", supervisor(&house, "web"));
    eventually("none is left", || (fs::read_dir(&open).unwrap().count() >= 63).then_some(()));
    drop(idle);
    assert!(is_running(&house, "web"));
    house.pod(&["delete", "--grace-period", "20", "web"]).ok();
    assert_eq!(fs::read_to_string(&words).unwrap(), "bye\n");
    house.nothing_is_left();
}

fn stopped_outside(user: User) {
    let house = House::new(user);
    house.pod(&["create", "stuck"]).ok();
    let guest = house.start(house.command("pod").args(["exec", "stuck", "--", "probe", "ready"]));
    let joiner = Pid::from_raw(guest.pid());
    kill(joiner, Signal::SIGSTOP).unwrap();
    let before = Instant::now();
    let ran = house.pod(&["delete", "--now", "stuck"]);
    assert_eq!(ran.output.status.code(), Some(125), "{ran}");
    assert!(ran.err().contains("cannot end pod stuck: process"), "{ran}");
    assert!(ran.err().contains("does not reap it: it is stopped"), "{ran}");
    assert!(before.elapsed() < Duration::from_secs(30), "it took {:?}", before.elapsed());
    // Nobody else waits for it.
    let before = Instant::now();
    house.pod(&["create", "other"]).ok();
    house.pod(&["exec", "other", "--", "true"]).ok();
    house.pod(&["delete", "--now", "other"]).ok();
    assert!(house.pod(&["get"]).ok().out().contains("stuck"), "it is not forgotten");
    assert!(before.elapsed() < Duration::from_secs(10), "it took {:?}", before.elapsed());
    kill(joiner, Signal::SIGCONT).unwrap();
    house.pod(&["delete", "--now", "stuck"]).ok();
    drop(guest);
    house.nothing_is_left();
}

fn first_process_reaps_nobody() {
    let house = House::new(User::Root);
    let guest = house.start(house.command("unshare").args([
        "--pid",
        "--fork",
        "--kill-child",
        "--mount-proc",
        "probe",
        "ready",
    ]));
    let children = fs::read_to_string(format!("/proc/{0}/task/{0}/children", guest.pid())).unwrap();
    let inside = |words: &[&str]| house.nsjoin(&[&["-t", children.trim(), "-p", "-m", "--"], words].concat());
    inside(&["pod", "create", "web"]).ok();
    inside(&["pod", "add", "web", "--name", "app", "--", "probe", "ready"]).ok();
    inside(&["pod", "delete", "--now", "web"]).ok();
    assert_eq!(inside(&["pod", "get", "-o", "json"]).json(), Value::Array(Vec::new()));
}

/// A pod of a manifest and one by hand may have one name: whose it is has to be known.
fn unreadable_objects(user: User) {
    let house = House::new(user);
    house.pod(&["create", "web"]).ok();
    let pods = house.work().join("data/objects/default/pods");
    fs::create_dir_all(&pods).unwrap();
    fs::write(pods.join("web"), "no object").unwrap();
    user.owns(&house.work().join("data"));
    let told = house.pod(&["delete", "web"]).exits(125).err();
    assert!(told.contains("objects/default/pods/web"), "{told}");
    assert_eq!(house.describe("web")["status"], "Running");
    fs::remove_file(pods.join("web")).unwrap();
    house.pod(&["delete", "web"]).ok();
}

fn damaged(user: User) {
    let house = House::new(user);
    for name in ["pause", "pod.json", "origin", "supervisor", "workloads/app/process", "workloads/app/spec.json"] {
        house.pod(&["create", "good"]).ok();
        house.pod(&["create", "bad"]).ok();
        house.pod(&["add", "bad", "--name", "app", "--", "probe", "ready"]).ok();
        let (pause, app) = (house.pause("bad"), house.workload("bad", "app")["process"]["pid"].as_i64().unwrap());
        fs::write(house.state().join("bad").join(name), "garbage\n").unwrap();
        let listed = house.pod(&["get", "-o", "json"]).json();
        let names: Vec<_> = listed.as_array().unwrap().iter().map(|pod| pod["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["bad", "good"], "{name}");
        house.pod(&["exec", "good", "--", "true"]).ok();
        house.pod(&["delete", "--now", "good"]).ok();
        house.pod(&["delete", "--now", "bad"]).ok();
        assert!(has_ended(pause.into()) && has_ended(app), "{name}");
        house.nothing_is_left();
    }
}

fn forced(user: User) {
    let house = House::new(user);
    house.pod(&["create", "bad"]).ok();
    let pause = house.pause("bad");
    for name in ["pause", "pod.json"] {
        fs::write(house.state().join("bad").join(name), "garbage\n").unwrap();
    }
    house.pod(&["delete", "--now", "bad"]).refuses(125, "cannot tell whether pod bad runs");
    assert!(!has_ended(pause.into()));
    let ran = house.pod(&["delete", "--now", "--force", "bad"]).ok();
    assert!(ran.err().contains("cannot tell whether pod bad runs"), "{ran}");
    assert_eq!(house.pod(&["get", "-o", "json"]).json(), Value::Array(Vec::new()));
    kill(Pid::from_raw(pause), Signal::SIGKILL).unwrap();
    house.nothing_is_left();
}

fn lies_about(user: User) {
    let house = House::new(user);
    let at_work = house.state().join(".at-work");
    fs::create_dir(&at_work).unwrap();
    fs::create_dir(at_work.join("deleting-web-1")).unwrap();
    fs::write(at_work.join("file"), "x").unwrap();
    mkfifo(&at_work.join("fifo"), Mode::S_IRWXU).unwrap();
    fs::create_dir(house.state().join("stray")).unwrap();
    let within = ["deleting-web-1", "file", "fifo"].map(|name| at_work.join(name));
    for path in within.iter().chain([&at_work, &house.state().join("stray")]) {
        let owner = fs::metadata(house.state()).unwrap();
        std::os::unix::fs::chown(path, Some(owner.uid()), Some(owner.gid())).unwrap();
    }
    // Looking changes nothing, and is not stopped by it.
    let listed = house.pod(&["get", "-o", "json"]).json();
    assert_eq!((&listed[0]["name"], &listed[0]["status"]), (&"stray".into(), &"Damaged".into()), "{listed}");
    assert!(at_work.join("fifo").exists());
    house.pod(&["create", "web"]).ok();
    assert_eq!(within.map(|path| path.exists()), [false; 3]);
    house.pod(&["delete", "web", "stray"]).ok();
    assert!(!at_work.exists());
    house.nothing_is_left();
}

fn nowhere(user: User) {
    let house = House::new(user);
    house.pod(&["create", "web"]).ok();
    for verb in ["pod exec web -- pwd", "pod add web --name app -- pwd"] {
        let script =
            format!("mkdir gone; cd gone; rmdir ../gone; mkdir ../gone; {verb}; code=$?; rmdir ../gone; exit $code");
        house.finish(&mut shell(&house, &script)).refuses(125, "cannot start in the current directory");
    }
    house.pod(&["exec", "--workdir", "/", "web", "--", "true"]).ok();
    house.pod(&["delete", "web"]).ok();
}

fn no_utf_8(user: User) {
    let house = House::new(user);
    house.pod(&["create", "web"]).ok();
    let odd = |text: &[u8]| OsString::from_vec(text.to_vec());
    let directory = house.work().join(odd(b"d\xe5"));
    fs::create_dir(&directory).unwrap();
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o777)).unwrap();
    let mut add = house.command("pod");
    add.args(["add", "web", "--name", "app", "-e"]).arg(odd(b"ODD=\xff")).args(["--", "sh", "-c"]);
    add.arg("printf '%s %s\\n' \"$ODD\" \"${PWD##*/}\" >said; echo ready").current_dir(&directory);
    house.finish(&mut add).ok();
    house.logged("web", "app", "ready");
    assert_eq!(fs::read(directory.join("said")).unwrap(), b"\xff d\xe5\n");
    house.pod(&["delete", "web"]).ok();
}

fn killed_supervisor(user: User) {
    let house = House::new(user);
    house.pod(&["create", "web"]).ok();
    // It talks all the while: there is always something that nobody has read yet.
    let enough = house.work().join("enough");
    let counting = format!(
        "i=0; until [ -e {} ]; do i=$((i+1)); echo line $i; sleep 0.002; done; echo said $i; echo ready; exec sleep 1000",
        enough.display()
    );
    house.pod(&["add", "web", "--name", "app", "--", "sh", "-c", &counting]).ok();
    let app = house.workload("web", "app")["process"]["pid"].as_i64().unwrap();
    for index in 0..5 {
        kill(supervisor(&house, "web"), Signal::SIGKILL).unwrap();
        house.pod(&["add", "web", "--name", &format!("next-{index}"), "--", "true"]).ok();
    }
    fs::write(&enough, "").unwrap();
    let said = house.logged("web", "app", "ready");
    let last: u32 = said.lines().find_map(|line| line.strip_prefix("said ")).unwrap().parse().unwrap();
    // Whoever is killed between writing and taking has it written twice.
    let lines: BTreeSet<&str> = said.lines().collect();
    let missing = (1..=last).find(|number| !lines.contains(&*format!("line {number}")));
    assert_eq!(missing, None, "of {last} lines");
    assert!(!has_ended(app));
    house.pod(&["delete", "--now", "web"]).ok();
    house.nothing_is_left();
}

fn traced(user: User) {
    let house = House::new(user);
    house.pod(&["create", "web"]).ok();
    house.pod(&["add", "web", "--name", "app", "--", "probe", "ready"]).ok();
    let app = Pid::from_raw(house.workload("web", "app")["process"]["pid"].as_i64().unwrap().try_into().unwrap());
    ptrace::seize(app, ptrace::Options::empty()).unwrap();
    kill(app, Signal::SIGKILL).unwrap();
    eventually("it has ended", || has_ended(app.as_raw().into()).then_some(()));
    // Whoever is answered is so after the supervisor has seen that.
    house.pod(&["add", "web", "--name", "other", "--", "probe", "ready"]).ok();
    assert_eq!(house.workload("web", "app")["signal"], Value::Null, "its tracer is told first");
    waitpid(app, None).unwrap();
    eventually("it is told how it has ended", || (house.workload("web", "app")["signal"] == "SIGKILL").then_some(()));
    house.pod(&["delete", "--now", "web"]).ok();
    house.nothing_is_left();
}

fn callers_lock(user: User) {
    let house = House::new(user);
    let script = "exec 9>lock; flock 9; pod create web --publish 127.0.0.1:0:80; exec 9>&-; flock -n lock true";
    house.finish(&mut shell(&house, script)).ok();
    house.pod(&["delete", "web"]).ok();
}

fn conditions(user: User) {
    let house = House::new(user);
    house.pod(&["create", "web"]).ok();
    house.pod(&["add", "web", "--name", "first", "--", "sleep", "1000"]).ok();
    let told = "umask; ulimit -n; nice; echo ready";
    let script = format!("umask 027; ulimit -n 77; nice -n 5 pod add web --name app -- sh -c '{told}'");
    house.finish(&mut shell(&house, &script)).ok();
    let here = house.finish(&mut shell(&house, "nice")).ok().out();
    let nicer = here.trim().parse::<i32>().unwrap() + 5;
    assert_eq!(house.logged("web", "app", "ready"), format!("0027\n77\n{}\nready\n", nicer.min(19)));
    house.pod(&["delete", "--now", "web"]).ok();
}

fn silent(user: User) {
    let house = House::new(user);
    house.pod(&["create", "web"]).ok();
    house.pod(&["add", "web", "--name", "app", "--", "probe", "ready"]).ok();
    kill(supervisor(&house, "web"), Signal::SIGSTOP).unwrap();
    let before = Instant::now();
    house.pod(&["add", "web", "--name", "more", "--", "true"]).refuses(125, "does not answer");
    house.pod(&["delete", "--now", "web"]).ok();
    assert!(before.elapsed() < Duration::from_secs(30), "it took {:?}", before.elapsed());
    house.nothing_is_left();
}

fn hurried(user: User) {
    let house = House::new(user);
    house.pod(&["create", "web"]).ok();
    house.pod(&["add", "web", "--name", "deaf", "--", "sh", "-c", "trap '' TERM; probe ready & wait"]).ok();
    house.logged("web", "deaf", "ready");
    let mut patient = patient(&house);
    let before = Instant::now();
    house.pod(&["delete", "--now", "web"]).ok();
    assert!(before.elapsed() < Duration::from_secs(30), "it took {:?}", before.elapsed());
    assert!(patient.wait().unwrap().success(), "what it was asked for is done");
    house.nothing_is_left();
}

/// Somebody who has asked for the end of a pod, and has time.
fn patient(house: &House) -> std::process::Child {
    let mut patient = house.command("pod");
    let patient = patient.args(["delete", "--grace-period", "1000", "web"]);
    let patient = patient.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    eventually("it has asked", || {
        let refused = house.pod(&["add", "web", "--name", "late", "--", "sleep", "1000"]);
        refused.err().contains("is being deleted").then_some(())
    });
    patient
}

fn the_next(user: User) {
    let house = House::new(user);
    house.pod(&["create", "web"]).ok();
    house.pod(&["add", "web", "--name", "deaf", "--", "sh", "-c", "trap '' TERM; probe ready & wait"]).ok();
    house.logged("web", "deaf", "ready");
    let mut patient = patient(&house);
    let stopped = Pid::from_raw(patient.id().try_into().unwrap());
    kill(stopped, Signal::SIGSTOP).unwrap();
    house.pod(&["delete", "--now", "web"]).ok();
    house.pod(&["create", "web"]).ok();
    kill(stopped, Signal::SIGCONT).unwrap();
    assert!(patient.wait().unwrap().success(), "what it was asked for is done");
    assert!(is_running(&house, "web"));
    house.pod(&["delete", "--now", "web"]).ok();
    house.nothing_is_left();
}

fn bounded_log(user: User) {
    let house = House::new(user);
    house.pod(&["create", "web"]).ok();
    let much = "yes 0123456789012345678901234567890123456789 | head -c 70000000; echo; echo ready";
    house.pod(&["add", "web", "--name", "app", "--", "sh", "-c", much]).ok();
    house.logged("web", "app", "ready");
    let logs = house.state().join("web/logs/app");
    let sizes: Vec<u64> = fs::read_dir(&logs).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).collect();
    assert!(sizes.len() == 5 && sizes.iter().all(|size| *size <= 10 << 20), "{sizes:?}");
    // The next of its name begins anew.
    house.pod(&["add", "web", "--name", "app", "--", "echo", "second"]).ok();
    assert_eq!(house.logged("web", "app", "second"), "second\n");
    house.pod(&["delete", "--now", "web"]).ok();
}

fn escapes(user: User) {
    let house = House::new(user);
    house.pod(&["create", "web"]).ok();
    house
        .pod(&["add", "web", "--name", "app", "--", "sh", "-c", "probe ready # \x1b[2J\n  evil:\n    Status:\tfine"])
        .ok();
    let told = house.pod(&["describe", "web"]).ok().out();
    assert!(!told.contains('\x1b') && !told.lines().any(|line| line.trim() == "evil:"), "{told:?}");
    assert!(told.contains("\\u{1b}[2J\\n"), "{told:?}");
    let refused = house.pod(&["exec", "web", "--", "\x1b[2Jno"]);
    assert!(!refused.err().contains('\x1b'), "{refused}");
    house.pod(&["delete", "--now", "web"]).ok();
}

fn owners_alone(user: User) {
    let house = House::new(user);
    let script = "umask 000; pod create web --publish 127.0.0.1:0:80; pod add web --name app -- probe ready";
    house.finish(&mut shell(&house, script)).ok();
    let own_etc = house.state().join("web/etc");
    let mut open = Vec::new();
    each_below(&house.state().join("web"), &mut |path| {
        let mode = fs::symlink_metadata(path).unwrap().mode();
        if mode & 0o077 != 0 && !path.starts_with(&own_etc) {
            open.push((path.to_owned(), mode));
        }
    });
    assert!(open.is_empty(), "{open:?}");
    house.pod(&["delete", "--now", "web"]).ok();
}

fn each_below(path: &Path, tell: &mut impl FnMut(&Path)) {
    for entry in fs::read_dir(path).unwrap() {
        let entry = entry.unwrap();
        tell(&entry.path());
        if entry.file_type().unwrap().is_dir() {
            each_below(&entry.path(), tell);
        }
    }
}

fn movable(user: User) {
    let house = House::new(user);
    let open = house.work().join("open");
    fs::create_dir(&open).unwrap();
    fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).unwrap();
    let state = open.join("state");
    for verb in [&["create", "web"][..], &["get"]] {
        let mut command = house.command("pod");
        house.finish(command.args(verb).env("POD_STATE_DIR", &state)).refuses(125, "others may move it");
    }
    assert!(fs::read_dir(&state).map_or(true, |mut entries| entries.next().is_none()));
}

/// A pod that cannot be told from where this script runs is neither said to have ended nor forgotten.
fn from_elsewhere(user: User, kinds: &[&str], script: &str, reason: &str) {
    let house = House::new(user);
    house.pod(&["create", "web"]).ok();
    house.pod(&["add", "web", "--name", "app", "--", "probe", "ready"]).ok();
    for words in ["delete --now web", "add web --name more -- true", "exec web -- true"] {
        house.finish(&mut apart(&house, kinds, &format!("{script} pod {words}"))).refuses(125, reason);
    }
    assert!(is_running(&house, "web"));
    assert_eq!(house.workload("web", "app")["status"], "Running");
    house.pod(&["delete", "--now", "web"]).ok();
    house.nothing_is_left();
}

fn other_pids(user: User) {
    from_elsewhere(user, &["--pid", "--fork", "--mount-proc"], "", "in another pid namespace");
}

fn other_clock(user: User) {
    from_elsewhere(user, &["--time", "--boottime", "100000", "--fork"], "", "in another time namespace");
}

fn no_proc(user: User) {
    from_elsewhere(user, &["--mount"], "mount -t tmpfs none /proc;", "/proc does not show the processes");
}

fn others_proc(user: User) {
    from_elsewhere(user, &["--pid", "--fork"], "", "/proc does not show the processes");
}

fn full_disk(user: User) {
    let house = House::new(user);
    let script = "mkdir small; mount -t tmpfs -o size=4m none small; head -c 2000000 /dev/zero >small/ballast; export POD_STATE_DIR=$PWD/small/state
        pod create web || exit 9
        pod add web --name app -- sh -c 'yes 0123456789 | head -c 8000000; echo done >done; read word <go; echo after; sleep 1000' || exit 8
        mkfifo go; i=0; until [ -e done ] || [ $i -gt 3000 ]; do i=$((i+1)); sleep 0.01; done
        [ -e done ] || exit 7
        rm small/ballast
        echo word >go
        i=0; until pod logs web app 2>/dev/null | grep after || [ $i -gt 500 ]; do i=$((i+1)); sleep 0.01; done
        pod logs web app 2>&1 | grep 'entries were lost' || exit 5
        pod delete --now web";
    let script = script.replace("read word <go", "while ! [ -p go ]; do sleep 0.01; done; read word <go");
    let said = house.finish(&mut apart(&house, &["--mount"], &script)).ok().out();
    assert!(said.contains("after\n"), "{said}");
    house.nothing_is_left();
}

fn sessions() {
    let house = House::new(User::Ordinary);
    let run = house.work().join("run");
    fs::create_dir(&run).unwrap();
    let owner = fs::metadata(house.state()).unwrap();
    std::os::unix::fs::chown(&run, Some(owner.uid()), Some(owner.gid())).unwrap();
    let pod = |session: bool, words: &[&str]| {
        let mut command = house.command("pod");
        command.args(words).env_remove("POD_STATE_DIR").env_remove("XDG_RUNTIME_DIR");
        if session {
            command.env("XDG_RUNTIME_DIR", &run);
        }
        house.finish(&mut command)
    };
    for made_in_one in [true, false] {
        pod(made_in_one, &["create", "of-a-session"]).ok();
        for session in [true, false] {
            assert!(pod(session, &["get"]).ok().out().contains("of-a-session"), "{made_in_one} {session}");
            pod(session, &["exec", "of-a-session", "--", "true"]).ok();
        }
        pod(!made_in_one, &["delete", "of-a-session"]).ok();
    }
    // A session that begins later hides none of those before.
    pod(false, &["create", "before-a-session"]).ok();
    let (uid, gid) = (owner.uid(), owner.gid());
    let begun = format!(
        "mount -t tmpfs none /run; mkdir -p /run/user/{uid}; chown {uid}:{gid} /run/user/{uid}
        exec setpriv --reuid {uid} --regid {gid} --clear-groups pod get"
    );
    let root = House::new(User::Root);
    let mut later = root.command("unshare");
    later.args(["--mount", "sh", "-ec", &begun]).env_remove("POD_STATE_DIR").env_remove("XDG_RUNTIME_DIR");
    assert!(root.finish(&mut later).ok().out().contains("before-a-session"));
    pod(false, &["delete", "before-a-session"]).ok();
    let _made_by_us = fs::remove_dir(format!("/tmp/pod-{}", owner.uid()));
}
