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
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The example's port is one and the same for all.
static PORT_8888: Mutex<()> = Mutex::new(());

fn play(house: &House, nginx: Option<&str>) -> crate::house::Ran {
    // Where every user can read it, wherever the workspace is.
    let script = house.work().join("nginx-and-app.sh");
    fs::copy(workspace().join("examples/nginx-and-app.sh"), &script).unwrap();
    let mut command = house.command("sh");
    command.arg(&script);
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

fn port_taken(user: User) {
    let house = House::new(user);
    let _port = PORT_8888.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let _taken = std::net::TcpListener::bind("127.0.0.1:8888").unwrap();
    let ran = play(&house, Some(""));
    assert!(!ran.output.status.success() && ran.err().contains("Address already in use"), "{ran}");
    house.nothing_is_left();
    assert_eq!(fs::read_dir(house.work()).unwrap().count(), 1, "its temporary directory is gone");
}
