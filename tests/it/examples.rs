//! The examples, run as a user would run them.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;

use libtest_mimic::Trial;

use crate::house::{House, User, has_ended, status_of, workspace};
use crate::trial::{Need, as_each_user, trial};

pub(crate) fn trials() -> Vec<Trial> {
    // Groups cannot be given up where an ordinary user has mapped them.
    let privileged = "examples::as_the_target_runs_a_command_without_privilege_and_ends_it";
    [
        as_each_user("examples::nginx_and_app_serves_its_page_on_8888", &[Need::Program("nginx")], with_nginx),
        as_each_user("examples::nginx_and_app_does_without_nginx", &[], without_nginx),
        as_each_user("examples::nginx_and_app_leaves_nothing_when_its_port_is_taken", &[], port_taken),
        as_each_user("examples::toolbox_looks_at_a_pod_with_the_hosts_tools", &[Need::Program("busybox")], toolbox),
        as_each_user("examples::in_a_network_runs_a_command_there", &[], in_a_network),
        as_each_user("examples::from_threads_joins_200_times_at_once", &[], from_threads),
    ]
    .into_iter()
    .flatten()
    .chain([trial(privileged, &[Need::Root], as_the_target)])
    .collect()
}

/// The example's port is one and the same for all.
static PORT_8888: Mutex<()> = Mutex::new(());

/// An example to be run, where every user can read it, wherever the workspace is.
fn example(house: &House, name: &str) -> std::process::Command {
    let script = house.work().join(name);
    fs::copy(workspace().join("examples").join(name), &script).unwrap();
    let mut command = house.command("sh");
    command.arg(&script);
    command
}

fn play(house: &House, nginx: Option<&str>) -> crate::house::Ran {
    let mut command = example(house, "nginx-and-app.sh");
    if let Some(nginx) = nginx {
        command.env("NGINX", nginx);
    }
    house.finish(&mut command)
}

fn with_nginx(user: User) {
    let house = House::new(user);
    let _port = PORT_8888.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let ran = play(&house, None).ok();
    assert!(ran.out().contains("\nhello-from-the-application\n"), "{ran}");
    assert!(ran.out().contains("nginx joins it (the real one"), "{ran}");
    assert!(ran.out().contains("nginx: master process"), "{ran}");
    assert!(ran.out().contains("\n# the same of images: one of nginx"), "{ran}");
    of_images(&house, &ran);
}

fn without_nginx(user: User) {
    let house = House::new(user);
    let _port = PORT_8888.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let ran = play(&house, Some("")).ok();
    assert!(ran.out().contains("\nhello-from-the-application\n"), "{ran}");
    assert!(ran.out().contains("a small bundled proxy joins it"), "{ran}");
    assert!(ran.out().contains("\n# the same of images: one of the bundled proxy"), "{ran}");
    of_images(&house, &ran);
}

/// The second part came about, and nothing is left of either.
fn of_images(house: &House, ran: &crate::house::Ran) {
    assert!(ran.out().contains("\nhello-from-a-container\n"), "{ran}");
    assert!(ran.out().contains("\nworkload/nginx started in pod/shop\n"), "{ran}");
    assert!(ran.out().ends_with("\npod/shop deleted\n"), "{ran}");
    house.nothing_is_left();
    assert_eq!(fs::read_dir(house.work()).unwrap().count(), 1, "its temporary directory is gone, images and all");
}

fn toolbox(user: User) {
    let house = House::new(user);
    let ran = house.finish(&mut example(&house, "toolbox.sh")).ok();
    for part in ["busybox ps", "\n    lo\n", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1", "command: true", "toolbox-"]
    {
        assert!(ran.out().contains(part), "{part:?}: {ran}");
    }
    house.nothing_is_left();
}

fn port_taken(user: User) {
    let house = House::new(user);
    let _port = PORT_8888.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let _taken = std::net::TcpListener::bind("127.0.0.1:8888").unwrap();
    let ran = play(&house, Some(""));
    assert!(!ran.output.status.success() && ran.err().contains("Address already in use"), "{ran}");
    house.nothing_is_left();
    assert_eq!(fs::read_dir(house.work()).unwrap().count(), 1, "its temporary directory is gone");
}

/// Builds an example of nsjoin, and runs it on a pod.
fn of_nsjoin(house: &House, name: &str) -> crate::house::Ran {
    let mut cargo = Command::new(env!("CARGO"));
    let built = cargo.args(["build", "--quiet", "--locked", "--package", "nsjoin", "--example", name]);
    let built = built.current_dir(workspace()).output().unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    // Where every user can execute it.
    let program = house.work().join(name);
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    fs::copy(target.join("debug/examples").join(name), &program).unwrap();
    house.pod(&["create", "web"]).ok();
    house.finish(house.command(&program).arg("web")).ok()
}

fn in_a_network(user: User) {
    let house = House::new(user);
    let ran = of_nsjoin(&house, "in_a_network");
    let net = fs::read_link(format!("/proc/{}/ns/net", house.pause("web"))).unwrap();
    assert!(ran.out().contains(&format!("joins {}\n", net.display())), "{ran}");
    let devices: Vec<_> = ran.out().lines().filter(|line| line.contains(": ")).map(str::to_owned).collect();
    assert!(devices.iter().any(|line| line.trim_start().starts_with("lo:")), "{ran}");
    assert!(ran.out().ends_with("Exited(0)\n"), "{ran}");
}

fn as_the_target() {
    let house = House::new(User::Root);
    let ran = of_nsjoin(&house, "as_the_target");
    let line = |key: &str| {
        let out = ran.out();
        let line = out.lines().find_map(|line| line.strip_prefix(key).map(str::trim).map(str::to_owned));
        line.unwrap_or_else(|| panic!("no {key}: {ran}"))
    };
    assert_eq!(line("Uid:"), status_of(house.pause("web"), "Uid"));
    assert_eq!(line("Gid:"), status_of(house.pause("web"), "Gid"));
    for set in ["CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:"] {
        assert_eq!(line(set), "0000000000000000", "{set} {ran}");
    }
    assert_eq!(line("NoNewPrivs:"), "1");
    assert!(has_ended(line("pid ").parse().unwrap()), "it outlives the program");
}

fn from_threads(user: User) {
    let house = House::new(user);
    let ran = of_nsjoin(&house, "from_threads");
    assert_eq!(ran.out(), "200 joined and ended well\ncan be debugged: true\n", "{ran}");
    let inside = house.nsjoin(&["-t", "web", "-a", "--", "probe", "processes"]).ok();
    assert_eq!(inside.out().lines().count(), 2, "{inside}");
}
