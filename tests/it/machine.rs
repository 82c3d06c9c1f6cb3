//! A machine's network of a test's own: a link, an address, and a world beyond, which answers.

use std::fs;
use std::io::{ErrorKind, Write};
use std::net::{TcpListener, UdpSocket};
use std::os::fd::AsFd;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::channel;
use std::thread;

use nix::mount::{MsFlags, mount};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sched::{CloneFlags, unshare};
use nix::sys::stat::{Mode, SFlag, makedev, mknod};
use nix::unistd::gettid;

/// The machine's address, and the world's.
pub(crate) const HERE: &str = "192.0.2.2";
pub(crate) const WORLD: &str = "192.0.2.1";

/// Runs a test in a thread on a machine with a network and mounts of its own: who it starts is there, too. The world
/// says by TCP at port 8080 who it sees, and answers by UDP at port 53; by /etc/resolv.conf it is who is asked.
pub(crate) fn on_a_machine(place: &Path, test: impl FnOnce() + Send) {
    thread::scope(|scope| {
        let inside = scope.spawn(|| {
            unshare(CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS).unwrap();
            mount(None::<&str>, "/", None::<&str>, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None::<&str>).unwrap();
            everybody_may_make_links(place);
            let resolv_conf = place.join("resolv.conf");
            fs::write(&resolv_conf, format!("nameserver {WORLD}\n")).unwrap();
            mount(Some(&resolv_conf), "/etc/resolv.conf", None::<&str>, MsFlags::MS_BIND, None::<&str>).unwrap();
            let (stop, stopped) = nix::unistd::pipe().unwrap();
            let (tell, told) = channel();
            thread::scope(|scope| {
                scope.spawn(move || world(&tell, &stopped));
                let world: i32 = told.recv().unwrap();
                ip("link set lo up");
                ip(&format!("link add up0 type veth peer name down0 netns {world}"));
                ip(&format!("address add {HERE}/24 dev up0"));
                ip("link set up0 up");
                ip(&format!("route add default via {WORLD}"));
                assert_eq!(told.recv().unwrap(), world, "the world is there");
                let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(test));
                drop(stop);
                ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            });
        });
        inside.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    });
}

/// Where /dev/net/tun is root's alone, there is another here, as on most machines.
fn everybody_may_make_links(place: &Path) {
    let devices = place.join("devices");
    fs::create_dir(&devices).unwrap();
    mount(Some("tmpfs"), &devices, Some("tmpfs"), MsFlags::empty(), None::<&str>).unwrap();
    let tun = devices.join("tun");
    mknod(&tun, SFlag::S_IFCHR, Mode::from_bits_truncate(0o666), makedev(10, 200)).unwrap();
    nix::sys::stat::fchmodat(
        nix::fcntl::AT_FDCWD,
        &tun,
        Mode::from_bits_truncate(0o666),
        nix::sys::stat::FchmodatFlags::FollowSymlink,
    )
    .unwrap();
    mount(Some(&tun), "/dev/net/tun", None::<&str>, MsFlags::MS_BIND, None::<&str>).unwrap();
}

pub(crate) fn ip(words: &str) -> String {
    let ran = Command::new("ip").args(words.split(' ')).output().unwrap();
    assert!(ran.status.success(), "ip {words}: {}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).unwrap()
}

/// The world, until this pipe is closed: a network namespace that is this thread's.
fn world(tell: &std::sync::mpsc::Sender<i32>, stopped: &impl AsFd) {
    unshare(CloneFlags::CLONE_NEWNET).unwrap();
    tell.send(gettid().as_raw()).unwrap();
    // The link is made from the other side.
    crate::house::eventually("the world's link is there", || {
        Command::new("ip").args(["link", "show", "down0"]).output().unwrap().status.success().then_some(())
    });
    ip("link set lo up");
    ip(&format!("address add {WORLD}/24 dev down0"));
    ip("link set down0 up");
    let doors = TcpListener::bind((WORLD, 8080)).unwrap();
    let questions = UdpSocket::bind((WORLD, 53)).unwrap();
    doors.set_nonblocking(true).unwrap();
    questions.set_nonblocking(true).unwrap();
    tell.send(gettid().as_raw()).unwrap();
    loop {
        let mut all = [
            PollFd::new(stopped.as_fd(), PollFlags::POLLIN),
            PollFd::new(doors.as_fd(), PollFlags::POLLIN),
            PollFd::new(questions.as_fd(), PollFlags::POLLIN),
        ];
        poll(&mut all, PollTimeout::NONE).unwrap();
        if all[0].any().unwrap() {
            return;
        }
        match doors.accept() {
            Ok((mut client, from)) => writeln!(client, "the world sees {}", from.ip()).unwrap(),
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
        }
        let mut question = [0; 512];
        match questions.recv_from(&mut question) {
            Ok((length, from)) => {
                let answer = [b"answer to ", &question[..length]].concat();
                questions.send_to(&answer, from).unwrap();
            }
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
        }
    }
}
