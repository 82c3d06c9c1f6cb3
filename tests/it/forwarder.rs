//! What published ports carry, what carries them, and what either outlives.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, Shutdown, TcpListener, TcpStream};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use nix::sched::{CloneFlags, unshare};
use nix::sys::resource::{Resource, getrlimit};
use nix::sys::signal::{Signal, kill};
use nix::sys::socket::{setsockopt, sockopt};
use nix::unistd::{Pid, geteuid};

use crate::house::{House, User, eventually, has_ended};
use crate::trial::{Need, as_each_user, trial};

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials: Vec<_> = [
        as_each_user("forwarder::an_end_in_each_direction_by_itself", &[], half_closes),
        as_each_user("forwarder::a_reset_from_either_side", &[], resets),
        as_each_user("forwarder::a_large_body_is_intact", &[], large_body),
        as_each_user("forwarder::a_range_of_ports", &[], range),
        as_each_user(
            "forwarder::ten_thousand_idle_clients_cost_little_and_it_is_given_back",
            &[Need::Descriptors(4096)],
            idle,
        ),
        as_each_user("forwarder::slow_readers_cost_nothing", &[Need::Descriptors(1024)], slow_readers),
        as_each_user(
            "forwarder::five_hundred_clients_do_not_keep_a_pod_from_being_deleted",
            &[Need::Descriptors(2048)],
            open_at_delete,
        ),
        as_each_user("forwarder::killed_it_is_replaced_within_a_second", &[], forwarder_killed),
        as_each_user("forwarder::its_supervisors_death_costs_no_connection", &[], supervisor_killed),
        as_each_user("forwarder::with_forty_descriptors_clients_wait", &[Need::Descriptors(1024)], forty_descriptors),
        as_each_user("forwarder::it_may_do_nothing_but_carry", &[], confined),
    ]
    .into_iter()
    .flatten()
    .collect();
    trials.push(trial("forwarder::every_address_is_one_of_ipv4_with_bindv6only", &[Need::Root], bindv6only));
    trials
}

const PATIENCE: Duration = Duration::from_secs(30);

/// A pod that serves as `probe tcp` does, and the host's port that leads there.
struct Served {
    house: House,
    port: u16,
}

impl Served {
    fn new(user: User) -> Self {
        let house = House::new(user);
        let told = house.pod(&["create", "web", "-p", "127.0.0.1:0:80", "-o", "json"]).json();
        let port = u16::try_from(told["publish"][0]["host_port"].as_u64().unwrap()).unwrap();
        let served = Self { house, port };
        served.serve();
        served
    }

    /// Puts the server into the pod.
    fn serve(&self) {
        add(&self.house, &["--name", "app", "--", "probe", "tcp", "--listen", "127.0.0.1:80"]);
        self.house.logged("web", "app", "ready");
    }

    /// A client that has said this.
    fn client(&self, line: &str) -> TcpStream {
        client((Ipv4Addr::LOCALHOST, self.port), line)
    }

    /// The pid that a file of the pod's directory remembers.
    fn process(&self, file: &str) -> i32 {
        let record = fs::read_to_string(self.house.state().join("web").join(file)).unwrap();
        record.split(' ').next().unwrap().parse().unwrap()
    }

    fn forwarder(&self) -> i32 {
        self.process("forwarder")
    }

    fn memory(&self) -> usize {
        let rollup = fs::read_to_string(format!("/proc/{}/smaps_rollup", self.forwarder())).unwrap();
        let line = rollup.lines().find(|line| line.starts_with("Anonymous:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    fn descriptors(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.forwarder())).unwrap().count()
    }
}

/// Adds a workload to the pod.
fn add(house: &House, rest: &[&str]) {
    house.pod(&[&["add", "web"], rest].concat()).ok();
}

pub(crate) fn client(address: impl std::net::ToSocketAddrs, line: &str) -> TcpStream {
    let mut client = TcpStream::connect(address).unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    client.set_write_timeout(Some(PATIENCE)).unwrap();
    writeln!(client, "{line}").unwrap();
    client
}

/// Says something to who echoes it.
pub(crate) fn talk(client: &mut TcpStream) {
    client.write_all(b"hello").unwrap();
    let mut heard = [0; 5];
    client.read_exact(&mut heard).unwrap();
    assert_eq!(&heard, b"hello");
}

fn half_closes(user: User) {
    let served = Served::new(user);
    let mut client = served.client("take");
    client.write_all(b"four").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    let mut heard = String::new();
    client.read_to_string(&mut heard).unwrap();
    assert_eq!(heard, "4");

    let mut client = served.client("first");
    let mut heard = String::new();
    client.read_to_string(&mut heard).unwrap();
    assert_eq!(heard, "first");
    client.write_all(b"after").unwrap();
    drop(client);
    served.house.logged("web", "app", "heard 5");
}

fn resets(user: User) {
    let served = Served::new(user);
    let mut client = served.client("reset");
    let heard = client.read(&mut [0]);
    assert_eq!(heard.unwrap_err().kind(), io::ErrorKind::ConnectionReset);

    let mut client = served.client("watch");
    client.read_exact(&mut [0; 8]).unwrap();
    setsockopt(&client, sockopt::Linger, &libc::linger { l_onoff: 1, l_linger: 0 }).unwrap();
    drop(client);
    served.house.logged("web", "app", "reset");
    served.house.pod(&["delete", "--now", "web"]).ok();

    // Who is not there says so as fast as it can.
    let told = served.house.pod(&["create", "web", "-p", "127.0.0.1:0:80", "-o", "json"]).json();
    let port = u16::try_from(told["publish"][0]["host_port"].as_u64().unwrap()).unwrap();
    let mut client = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    assert!(matches!(client.read(&mut [0]), Ok(0) | Err(_)));
}

fn large_body(user: User) {
    let served = Served::new(user);
    let length: usize = 1 << 30;
    let mut client = served.client(&format!("body {length}"));
    let pattern: Vec<u8> = (0..251).collect::<Vec<u8>>().repeat(8193);
    let (mut heard, mut block) = (0, vec![0; 1 << 20]);
    loop {
        let more = client.read(&mut block).unwrap();
        if more == 0 {
            break;
        }
        let from = heard % 251;
        assert!(block[..more] == pattern[from..from + more], "within {more} bytes after {heard}");
        heard += more;
    }
    assert_eq!(heard, length);
}

/// As many ports as a range has, each of which leads to its own.
fn range(user: User) {
    let house = House::new(user);
    // Somewhere in a row there is room for three.
    let from = if user == User::Root { 20_000 } else { 25_000 };
    let first = (from..from + 5_000).step_by(3).find(|first| {
        let taken: Result<Vec<_>, _> = (*first..first + 3).map(|port| TcpListener::bind(("127.0.0.1", port))).collect();
        taken.is_ok()
    });
    let first: u16 = first.unwrap();
    let range = format!("127.0.0.1:{first}-{}:80-82", first + 2);
    let told = house.pod(&["create", "web", "-p", &range, "-o", "json"]).json();
    assert_eq!(told["publish"].as_array().unwrap().len(), 3);
    add(&house, &["--name", "app", "--", "probe", "tcp", "--listen", "127.0.0.1:81"]);
    house.logged("web", "app", "ready");
    talk(&mut client((Ipv4Addr::LOCALHOST, first + 1), "echo"));
    for nobody in [first, first + 2] {
        let mut client = TcpStream::connect((Ipv4Addr::LOCALHOST, nobody)).unwrap();
        client.set_read_timeout(Some(PATIENCE)).unwrap();
        assert!(matches!(client.read(&mut [0]), Ok(0) | Err(_)));
    }
    house.pod(&["create", "other", "-p", "8000-8010:80-81"]).refuses(2, "are not as many ports");
}

fn idle(user: User) {
    const MANY: usize = 10_000;
    // As many clients twice at a time are more than we have descriptors for.
    static ALONE: Mutex<()> = Mutex::new(());
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let served = Served::new(user);
    talk(&mut served.client("echo"));
    let (memory, descriptors) = (served.memory(), served.descriptors());
    let mut clients: Vec<_> = (0..room(MANY)).map(|_| served.client("echo")).collect();
    clients.iter_mut().for_each(talk);
    let each = (served.memory() - memory) * 1024 / clients.len();
    assert!(each <= 4096, "{each} bytes for each of {}", clients.len());
    drop(clients);
    eventually("descriptors are given back", || (served.descriptors() <= descriptors).then_some(()));
    let kept = served.memory().saturating_sub(memory);
    assert!(kept <= 512, "{kept} kB are kept");
}

/// As many connections as a forwarder has descriptors for, which are two for each, if that is less.
fn room(wanted: usize) -> usize {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    let most = usize::try_from(hard).unwrap_or(usize::MAX).saturating_sub(200) / 2;
    wanted.min(most)
}

fn slow_readers(user: User) {
    let served = Served::new(user);
    talk(&mut served.client("echo"));
    let memory = served.memory();
    let length = 50 << 20;
    let slow: Vec<_> = (0..20).map(|_| served.client(&format!("body {length}"))).collect();
    // Others are served as fast as ever, and what was not read yet waits where it was made.
    for _ in 0..100 {
        talk(&mut served.client("echo"));
    }
    let grown = served.memory().saturating_sub(memory);
    assert!(grown <= 256, "{grown} kB for 20 slow readers");
    for mut client in slow {
        assert_eq!(io::copy(&mut client, &mut io::sink()).unwrap(), length);
    }
}

fn open_at_delete(user: User) {
    let served = Served::new(user);
    let mut clients: Vec<_> = (0..500).map(|_| served.client("echo")).collect();
    clients.iter_mut().for_each(talk);
    let forwarder = served.forwarder();
    served.house.pod(&["delete", "--now", "web"]).ok();
    for mut client in clients {
        assert!(matches!(client.read(&mut [0]), Ok(0) | Err(_)));
    }
    eventually("nothing carries any more", || has_ended(forwarder.into()).then_some(()));
    TcpListener::bind((Ipv4Addr::LOCALHOST, served.port)).unwrap();
}

fn forwarder_killed(user: User) {
    let served = Served::new(user);
    talk(&mut served.client("echo"));
    let first = served.forwarder();
    kill(Pid::from_raw(first), Signal::SIGKILL).unwrap();
    // The listener is held: a client that comes meanwhile waits, and is not refused.
    let before = Instant::now();
    let mut client = served.client("echo");
    client.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    talk(&mut client);
    assert!(before.elapsed() <= Duration::from_secs(1), "{:?}", before.elapsed());
    assert_ne!(served.forwarder(), first);
}

fn supervisor_killed(user: User) {
    let served = Served::new(user);
    let mut open = served.client("echo");
    talk(&mut open);
    let (forwarder, supervisor) = (served.forwarder(), served.process("supervisor"));
    kill(Pid::from_raw(supervisor), Signal::SIGKILL).unwrap();
    eventually("the supervisor is gone", || has_ended(supervisor.into()).then_some(()));
    talk(&mut open);
    talk(&mut served.client("echo"));
    // The next one takes over what it finds.
    add(&served.house, &["--name", "other", "--", "probe", "ready"]);
    assert_ne!(served.process("supervisor"), supervisor);
    assert_eq!(served.forwarder(), forwarder);
    talk(&mut open);
    talk(&mut served.client("echo"));
    // And holds the listeners: the forwarder may die now, too.
    kill(Pid::from_raw(forwarder), Signal::SIGKILL).unwrap();
    talk(&mut served.client("echo"));
}

fn forty_descriptors(user: User) {
    let house = House::new(user);
    let mut create = house.command("sh");
    create.args(["-c", "ulimit -n 40; exec pod create web -p 127.0.0.1:0:80 -o json"]);
    let told = house.finish(&mut create).json();
    let port = u16::try_from(told["publish"][0]["host_port"].as_u64().unwrap()).unwrap();
    let served = Served { house, port };
    served.serve();
    let mut clients: Vec<_> = (0..60).map(|_| served.client("echo")).collect();
    // Who came first is served, and the others as those leave.
    while !clients.is_empty() {
        let mut first = clients.remove(0);
        talk(&mut first);
    }
    served.house.pod(&["delete", "--now", "web"]).ok();
}

fn confined(user: User) {
    let served = Served::new(user);
    talk(&mut served.client("echo"));
    let forwarder = served.forwarder();
    let status = fs::read_to_string(format!("/proc/{forwarder}/status")).unwrap();
    let status: BTreeMap<&str, &str> =
        status.lines().filter_map(|line| line.split_once(':')).map(|(key, value)| (key, value.trim())).collect();
    for (key, value) in [
        ("CapInh", "0000000000000000"),
        ("CapPrm", "0000000000000000"),
        ("CapEff", "0000000000000000"),
        ("CapBnd", "0000000000000000"),
        ("CapAmb", "0000000000000000"),
        ("NoNewPrivs", "1"),
        ("Seccomp", "2"),
        ("Umask", "0077"),
    ] {
        assert_eq!(status[key], value, "{key}: {status:#?}");
    }
    if user == User::Root && geteuid().is_root() {
        assert_eq!((status["Uid"], status["Groups"]), ("65535\t65535\t65535\t65535", ""));
    }
    let link = |name: &str| fs::read_link(format!("/proc/{forwarder}/{name}")).unwrap().display().to_string();
    assert_eq!(link("cwd"), "/");
    let pause = served.house.pause("web");
    assert_eq!(link("ns/net"), fs::read_link(format!("/proc/{pause}/ns/net")).unwrap().display().to_string());
    let open = fs::read_dir(format!("/proc/{forwarder}/fd")).unwrap().flatten();
    let files: Vec<_> = open
        .filter_map(|entry| fs::read_link(entry.path()).ok())
        .map(|link| link.display().to_string())
        .filter(|link| link.starts_with('/') && link != "/dev/null")
        .collect();
    assert!(files.is_empty(), "{files:?}");
}

fn bindv6only() {
    let house = House::new(User::Root);
    // In a thread, whose network is then another one than that of the other tests.
    std::thread::scope(|scope| {
        let inside = scope.spawn(|| {
            unshare(CloneFlags::CLONE_NEWNET).unwrap();
            house.run("ip", &["link", "set", "lo", "up"]).ok();
            fs::write("/proc/sys/net/ipv6/bindv6only", "1").unwrap();
            let told = house.pod(&["create", "web", "-p", "0:80", "-o", "json"]).json();
            let port = u16::try_from(told["publish"][0]["host_port"].as_u64().unwrap()).unwrap();
            add(&house, &["--name", "app", "--", "probe", "tcp", "--listen", "127.0.0.1:80"]);
            house.logged("web", "app", "ready");
            talk(&mut client((Ipv4Addr::LOCALHOST, port), "echo"));
            talk(&mut client((Ipv6Addr::LOCALHOST, port), "echo"));
        });
        inside.join().unwrap();
    });
}
