//! How pods and workloads come and go, killed half-way included.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use fixtures::find;
use libtest_mimic::Trial;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::house::{House, User, eventually, has_ended};
use crate::trial::{Need, as_each_user};

pub(crate) fn trials() -> Vec<Trial> {
    [
        as_each_user("life::nginx_dies_and_another_takes_its_place", &[Need::Program("nginx")], nginx_dies),
        as_each_user("life::pause_dies_and_the_pod_with_it", &[], pause_dies),
        as_each_user("life::a_killed_create_leaves_nothing", &[], killed_create),
        as_each_user("life::a_killed_delete_is_finished_by_the_next_command", &[], killed_delete),
        as_each_user("life::a_killed_supervisor_is_replaced", &[], killed_supervisor),
        as_each_user("life::how_a_workload_ended_is_remembered", &[], ends_are_remembered),
        as_each_user("life::delete_asks_before_it_kills", &[], delete_asks),
        as_each_user("life::logs_give_back_both_streams_line_by_line", &[], logs),
        as_each_user("life::a_port_carries_many_connections_and_large_answers", &[], a_port_carries),
        as_each_user("life::the_kernel_may_choose_the_port", &[], chosen_port),
        as_each_user("life::create_holds_no_pipe_of_its_caller", &[], holds_no_pipe),
        as_each_user("life::pods_made_at_once_do_not_disturb_each_other", &[], made_at_once),
        as_each_user("life::one_among_many_takes_no_more_calls_than_alone", &[Need::Program("strace")], among_many),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What the making of a pod asks of the kernel, call by call, but for memory, which lies elsewhere each time.
fn calls_of_create(house: &House, name: &str) -> Vec<String> {
    let trace = house.work().join(name);
    let mut strace = house.command("strace");
    strace.arg("-o").arg(&trace).args(["-e", "trace=!brk,mmap,munmap,mprotect,madvise", "pod", "create", name]);
    house.finish(&mut strace).ok();
    let trace = fs::read_to_string(trace).unwrap();
    trace.lines().filter_map(|line| Some(line.split_once('(')?.0.to_owned())).collect()
}

fn among_many(user: User) {
    let house = House::new(user);
    // Which makes what all are made in.
    house.pod(&["create", "first"]).ok();
    let alone = calls_of_create(&house, "alone");
    assert!(alone.iter().any(|call| call == "clone"), "{alone:?}");
    // However many there are, a listing of them would be a few calls.
    assert!(!alone.iter().any(|call| call.starts_with("getdents")), "{alone:?}");
    for number in 0..20 {
        house.pod(&["create", &format!("many-{number}")]).ok();
    }
    assert_eq!(calls_of_create(&house, "among"), alone);
}

/// A port that nobody listened on a moment ago.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn get(house: &House, port: u16) -> String {
    house.run("probe", &["get", &format!("http://127.0.0.1:{port}/")]).ok().out()
}

fn nginx_conf(house: &House) -> String {
    let work = house.work().display().to_string();
    // As the root of a user namespace there is no other user for the workers to become.
    let user = if house.user == User::Root { "" } else { "user root;" };
    let temporary =
        ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(|kind| format!("{kind}_temp_path {work}/{kind};"));
    let conf = format!(
        "daemon off; {user} pid {work}/nginx.pid; error_log stderr; events {{ worker_connections 64; }}
         http {{ access_log /dev/stdout; {} server {{ listen 80; location / {{ proxy_pass http://127.0.0.1:4000; }} }} }}",
        temporary.join(" ")
    );
    let path = format!("{work}/nginx.conf");
    fs::write(&path, conf).unwrap();
    path
}

fn nginx_dies(user: User) {
    let house = House::new(user);
    let port = free_port();
    house.pod(&["create", "web", "--publish", &format!("127.0.0.1:{port}:80")]).ok();
    let (nginx, conf) = (find("nginx").unwrap().display().to_string(), nginx_conf(&house));
    let start = || house.pod(&["add", "web", "--name", "nginx", "--", &nginx, "-e", "stderr", "-c", &conf]).ok();
    start();
    let app = ["add", "web", "--name", "app", "--", "probe", "http", "--listen", "127.0.0.1:4000", "--body", "hello"];
    house.pod(&app).ok();
    assert_eq!(get(&house, port), "hello\n");

    let every_nginx = "kill -9 $(grep -l '^nginx$' /proc/[0-9]*/comm | cut -d/ -f3)";
    house.pod(&["exec", "web", "--", "sh", "-c", every_nginx]).ok();
    eventually("nginx is seen to have ended", || {
        let pod = house.describe("web");
        let nginx = pod["workloads"].as_array()?.iter().find(|workload| workload["name"] == "nginx")?;
        (nginx["status"] == "Exited" && nginx["signal"] == "SIGKILL").then_some(())
    });
    let inside = house.pod(&["exec", "web", "--", "probe", "get", "http://127.0.0.1:4000/"]).ok().out();
    assert_eq!(inside, "hello\n", "the application answers on the pod's localhost");
    house.run("probe", &["get", &format!("http://127.0.0.1:{port}/"), "--patience", "0"]).exits(1);
    start();
    assert_eq!(get(&house, port), "hello\n", "the published port works again");
}

fn pause_dies(user: User) {
    let house = House::new(user);
    let port = free_port();
    house.pod(&["create", "web", "--publish", &format!("127.0.0.1:{port}:80")]).ok();
    house.pod(&["add", "web", "--name", "app", "--", "probe", "ready"]).ok();
    let pod = house.describe("web");
    let (pause, app) = (&pod["pause"]["pid"], &pod["workloads"][0]["process"]["pid"]);
    kill(Pid::from_raw(i32::try_from(pause.as_i64().unwrap()).unwrap()), Signal::SIGKILL).unwrap();
    eventually("the workload has ended", || has_ended(app.as_i64().unwrap()).then_some(()));
    eventually("nobody listens on the port", || TcpListener::bind(("127.0.0.1", port)).ok());

    let told = house.pod(&["get", "-o", "json"]).json();
    assert_eq!((&told[0]["name"], &told[0]["status"]), (&"web".into(), &"Dead".into()), "{told}");
    assert_eq!(told[0]["workloads"][0]["status"], "Exited");
    assert!(house.pod(&["get"]).ok().out().contains("Dead"));
    house.pod(&["exec", "web", "true"]).refuses(125, "pod web is dead");
    house.pod(&["add", "web", "--", "true"]).refuses(125, "pod web is dead");
    house.nsjoin(&["-t", "web", "true"]).refuses(125, "its pause process has ended");
    house.pod(&["create", "web"]).refuses(125, "exists already");
    house.pod(&["delete", "web"]).ok();
    house.nothing_is_left();
}

fn killed_create(user: User) {
    let house = House::new(user);
    // Killed after more and more time, from before it has done anything to after it has done all.
    for step in 0..40 {
        let mut create = house.command("pod");
        create.args(["create", "web", "--publish", "127.0.0.1:0:80"]).stdout(Stdio::null()).stderr(Stdio::null());
        let mut create = create.spawn().unwrap();
        sleep(Duration::from_micros(150 * step));
        create.kill().unwrap();
        create.wait().unwrap();
        let pods = house.pod(&["get", "-o", "json"]).json();
        // Whoever looks changes nothing; the next who makes or changes a pod clears away what is left.
        house.pod(&["create", "other"]).ok();
        house.pod(&["delete", "other"]).ok();
        match pods.as_array().unwrap().as_slice() {
            [] => house.nothing_is_left(),
            [pod] => {
                assert_eq!(pod["status"], "Running", "a pod is whole or not there: {pod}");
                house.pod(&["delete", "web"]).ok();
            }
            more => panic!("{more:?}"),
        }
    }
    house.nothing_is_left();
}

fn killed_delete(user: User) {
    let house = House::new(user);
    for step in 0..20 {
        house.pod(&["create", "web", "--publish", "127.0.0.1:0:80"]).ok();
        house.pod(&["add", "web", "--", "probe", "ready"]).ok();
        let mut delete = house.command("pod");
        let mut delete = delete.args(["delete", "web"]).stdout(Stdio::null()).spawn().unwrap();
        sleep(Duration::from_micros(150 * step));
        delete.kill().unwrap();
        delete.wait().unwrap();
        // Whatever it has come to, the next one finishes it.
        let pods = house.pod(&["get", "-o", "json"]).json();
        if pods.as_array().unwrap().is_empty() {
            house.pod(&["create", "other"]).ok();
            house.pod(&["delete", "other"]).ok();
        } else {
            house.pod(&["delete", "--now", "web"]).ok();
        }
        house.nothing_is_left();
    }
}

fn killed_supervisor(user: User) {
    let house = House::new(user);
    house.pod(&["create", "web"]).ok();
    house.pod(&["add", "web", "--name", "one", "--", "probe", "ready"]).ok();
    let record = fs::read_to_string(house.state().join("web/supervisor")).unwrap();
    let pid = record.split(' ').next().unwrap().parse().unwrap();
    kill(Pid::from_raw(pid), Signal::SIGKILL).unwrap();
    house.pod(&["add", "web", "--name", "two", "--", "probe", "ready"]).ok();
    house.pod(&["add", "web", "--name", "one", "--", "probe", "ready"]).refuses(125, "one runs already");
    let told = house.describe("web");
    let status = |index: usize| told["workloads"][index]["status"].as_str().unwrap().to_owned();
    assert_eq!((status(0), status(1)), ("Running".to_owned(), "Running".to_owned()), "{told}");
    house.pod(&["delete", "web"]).ok();
    house.nothing_is_left();
}

/// A pod's first workload by name, once it has ended.
fn ended(house: &House, pod: &str) -> Value {
    eventually("the workload has ended", || {
        let workload = house.describe(pod)["workloads"][0].clone();
        (workload["ended"].is_string()).then_some(workload)
    })
}

fn ends_are_remembered(user: User) {
    let house = House::new(user);
    house.pod(&["create", "web"]).ok();
    for code in [0, 3, 255] {
        house.pod(&["add", "web", "--name", "app", "--", "probe", "exit", &code.to_string()]).ok();
        assert_eq!(ended(&house, "web")["exit_code"], code);
    }
    // One that has ended makes room at once, whether its end has been recorded yet or not.
    for _ in 0..20 {
        house.pod(&["add", "web", "--name", "short", "--", "probe", "exit", "0"]).ok();
        let process = house.workload("web", "short")["process"]["pid"].as_i64().unwrap();
        eventually("it has ended", || has_ended(process).then_some(()));
    }
    house.pod(&["add", "web", "--name", "app", "--", "sh", "-c", "kill -TERM $$"]).ok();
    let app = ended(&house, "web");
    assert_eq!((&app["signal"], &app["exit_code"]), (&"SIGTERM".into(), &Value::Null), "{app}");
}

fn delete_asks(user: User) {
    let house = House::new(user);
    house.pod(&["create", "web"]).ok();
    let last_words = house.work().join("last-words");
    let script = format!("trap 'echo bye >{}; exit 0' TERM; probe ready & wait", last_words.display());
    house.pod(&["add", "web", "--name", "polite", "--", "sh", "-c", &script]).ok();
    house.logged("web", "polite", "ready");
    house.pod(&["delete", "web"]).ok();
    assert_eq!(fs::read_to_string(&last_words).unwrap(), "bye\n");

    // Who does not listen has until the grace is over, and no longer.
    house.pod(&["create", "web"]).ok();
    house.pod(&["add", "web", "--name", "deaf", "--", "sh", "-c", "trap '' TERM; probe ready & wait"]).ok();
    house.logged("web", "deaf", "ready");
    let before = Instant::now();
    house.pod(&["delete", "web", "--grace-period", "1"]).ok();
    assert!(before.elapsed() >= Duration::from_secs(1), "it was killed before its grace was over");
    house.nothing_is_left();
}

fn logs(user: User) {
    let house = House::new(user);
    house.pod(&["create", "web"]).ok();
    house.pod(&["add", "web", "--name", "app", "--", "sh", "-c", "echo out; echo err >&2; printf 'no end'"]).ok();
    ended(&house, "web");
    let said = eventually("all is logged", || {
        let said = house.pod(&["logs", "web", "app"]).ok();
        (said.out().contains("no end") && said.err().contains("err")).then_some(said)
    });
    assert_eq!((said.out().as_str(), said.err().as_str()), ("out\nno end", "err\n"));
    let log = house.describe("web")["workloads"][0]["log"].as_str().unwrap().to_owned();
    let log = fs::read_to_string(Path::new(&log)).unwrap();
    assert!(
        log.contains("Z stdout F out\n") && log.contains("Z stderr F err\n") && log.contains("Z stdout P no end\n"),
        "{log}"
    );
    house.pod(&["logs", "web", "other"]).refuses(125, "no workload named other in pod web");
}

fn a_port_carries(user: User) {
    let house = House::new(user);
    let port = free_port();
    house.pod(&["create", "web", "--publish", &format!("127.0.0.1:{port}:80")]).ok();
    let body = "x".repeat(100_000);
    house.pod(&["add", "web", "--name", "app", "--", "probe", "http", "--listen", "0.0.0.0:80", "--body", &body]).ok();
    get(&house, port);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..8).for_each(|_| assert_eq!(get(&house, port).len(), body.len() + 1)));
        }
    });
}

fn chosen_port(user: User) {
    let house = House::new(user);
    let told = house.pod(&["create", "web", "--publish", "127.0.0.1:0:80", "-o", "json"]).json();
    let port = u16::try_from(told["publish"][0]["host_port"].as_u64().unwrap()).unwrap();
    assert_ne!(port, 0);
    house
        .pod(&["add", "web", "--name", "app", "--", "probe", "http", "--listen", "0.0.0.0:80", "--body", "hello"])
        .ok();
    assert_eq!(get(&house, port), "hello\n");
    // A server that listens on IPv6 alone is found, too.
    if fs::exists("/proc/net/if_inet6").unwrap() {
        house.pod(&["delete", "web"]).ok();
        house.pod(&["create", "web", "--publish", &format!("127.0.0.1:{port}:80")]).ok();
        house
            .pod(&["add", "web", "--name", "app", "--", "probe", "http", "--listen", "[::1]:80", "--body", "six"])
            .ok();
        assert_eq!(get(&house, port), "six\n");
    }
}

fn holds_no_pipe(user: User) {
    let house = House::new(user);
    // `finish` reads to the end of both pipes: it would not come back if anybody held them.
    house.pod(&["create", "web", "--publish", "127.0.0.1:0:80"]).ok();
    house.pod(&["add", "web", "--", "probe", "ready"]).ok();
}

fn made_at_once(user: User) {
    let house = House::new(user);
    std::thread::scope(|scope| {
        for index in 0..8 {
            let house = &house;
            scope.spawn(move || {
                let name = format!("pod-{index}");
                house.pod(&["create", &name, "--publish", "127.0.0.1:0:80"]).ok();
                house.pod(&["add", &name, "--", "probe", "ready"]).ok();
                house.pod(&["delete", &name]).ok();
            });
        }
    });
    // Of several with one name, one is made.
    let made: usize = std::thread::scope(|scope| {
        let create = || scope.spawn(|| usize::from(house.pod(&["create", "web"]).output.status.success()));
        let creating: Vec<_> = (0..4).map(|_| create()).collect();
        creating.into_iter().map(|made| made.join().unwrap()).sum()
    });
    assert_eq!(made, 1);
}
