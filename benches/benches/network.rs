//! Networks of the bench's own: nothing of what is measured is ever in the machine's.

use std::fs::{self, File};
use std::net::Ipv4Addr;
use std::process::{Child, Command, Stdio};
use std::thread;

use nix::sched::{CloneFlags, setns, unshare};

use crate::place::time;

/// A network of its own, and a process that holds it.
pub(crate) struct Network {
    holder: Child,
    file: File,
}

impl Network {
    pub(crate) fn new() -> Self {
        // In a thread of its own, which leaves our network for good.
        let made = thread::spawn(|| {
            unshare(CloneFlags::CLONE_NEWNET).expect("a network");
            ip("link set lo up");
            // So that there are ports for as many connections as are measured.
            fs::write("/proc/sys/net/ipv4/tcp_tw_reuse", "1").expect("an option of the network");
            fs::write("/proc/sys/net/ipv4/ip_local_port_range", "10000 65000").expect("an option of the network");
            Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("cat")
        });
        let holder = made.join().expect("a network");
        let file = File::open(format!("/proc/{}/ns/net", holder.id())).expect("a network");
        Self { holder, file }
    }

    /// Does something inside.
    pub(crate) fn inside<T: Send>(&self, what: impl FnOnce() -> T + Send) -> T {
        thread::scope(|scope| {
            let inside = scope.spawn(|| {
                setns(&self.file, CloneFlags::CLONE_NEWNET).expect("a network");
                what()
            });
            inside.join().expect("what is done inside")
        })
    }

    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// The process that holds it.
    pub(crate) fn holder(&self) -> u32 {
        self.holder.id()
    }

    /// Lays a cable from here to another, with these addresses.
    pub(crate) fn connect(&self, here: Ipv4Addr, pod: &Self, there: Ipv4Addr) {
        let up = |end: &str, address: Ipv4Addr| {
            ip(&format!("address add {address}/24 dev {end}"));
            ip(&format!("link set {end} up"));
        };
        self.inside(|| {
            ip(&format!("link add outside type veth peer name inside netns {}", pod.holder.id()));
            up("outside", here);
        });
        pod.inside(|| up("inside", there));
    }
}

/// Has `ip` do something in the network of this thread.
pub(crate) fn ip(words: &str) {
    time(Command::new("ip").args(words.split(' ')));
}

/// What was connected, and carried, ends with it.
impl Drop for Network {
    fn drop(&mut self) {
        let _gone = self.holder.kill();
        let _reaped = self.holder.wait();
    }
}
