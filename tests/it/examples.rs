//! The examples, run as a user would run them.

use std::fs;
use std::sync::Mutex;

use libtest_mimic::Trial;

use crate::house::{House, User, workspace};
use crate::trial::{Need, as_each_user};

pub(crate) fn trials() -> Vec<Trial> {
    [
        as_each_user("examples::nginx_and_app_serves_its_page_on_8888", &[Need::Program("nginx")], with_nginx),
        as_each_user("examples::nginx_and_app_does_without_nginx", &[], without_nginx),
        as_each_user("examples::nginx_and_app_leaves_nothing_when_its_port_is_taken", &[], port_taken),
        as_each_user("examples::toolbox_looks_at_a_pod_with_the_hosts_tools", &[Need::Program("busybox")], toolbox),
    ]
    .into_iter()
    .flatten()
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
    house.nothing_is_left();
}

fn without_nginx(user: User) {
    let house = House::new(user);
    let _port = PORT_8888.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let ran = play(&house, Some("")).ok();
    assert!(ran.out().contains("\nhello-from-the-application\n"), "{ran}");
    assert!(ran.out().contains("a small bundled proxy joins it"), "{ran}");
    house.nothing_is_left();
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
