//! Published ports of pods that live, changed: by hand, and by their manifests.

use std::fs;
use std::io::{ErrorKind, Read};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::time::Duration;

use libtest_mimic::Trial;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use crate::forwarder::{client, talk};
use crate::house::{House, User, eventually, has_ended};
use crate::life::free_port;
use crate::pods::{image, pod, put, shown};
use crate::trial::{Need, as_each_user};

const BUSYBOX: &[Need] = &[Need::Program("busybox")];

pub(crate) fn trials() -> Vec<Trial> {
    [
        as_each_user("published::ports_come_and_go_and_open_connections_stay", &[], comes_and_goes),
        as_each_user("published::what_cannot_be_had_changes_nothing", &[], refused),
        as_each_user("published::a_port_leads_elsewhere_and_stands_wider_and_narrower", &[], elsewhere),
        as_each_user("published::packets_are_led_in_and_no_more", &[], packets),
        as_each_user("published::a_range_comes_and_goes", &[], range),
        as_each_user("published::whoever_supervises_next_publishes_what_was_said_last", &[], supervisor_killed),
        as_each_user("published::a_manifest_changes_them_and_starts_nothing_again", BUSYBOX, applied),
        as_each_user("published::what_a_manifest_cannot_have_changes_nothing", BUSYBOX, refused_to_a_manifest),
        as_each_user("published::whoever_attends_next_publishes_what_the_manifest_says", BUSYBOX, attendant_killed),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn local(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

/// Nobody listens there.
#[track_caller]
fn is_closed(port: u16) {
    let tried = TcpStream::connect(local(port));
    assert_eq!(tried.map(drop).unwrap_err().kind(), ErrorKind::ConnectionRefused, "{port}");
}

/// Who listens there is reached, and talks.
#[track_caller]
fn is_open(port: u16) {
    talk(&mut client(local(port), "echo"));
}

/// A pod with this published, where a server talks at port 80.
fn served(user: User, publish: &str) -> (House, u16) {
    let house = House::new(user);
    let told = house.pod(&["create", "web", "-p", publish, "-o", "json"]).json();
    serve(&house, 80);
    let port = told["publish"][0]["host_port"].as_u64().unwrap();
    (house, u16::try_from(port).unwrap())
}

fn serve(house: &House, port: u16) {
    let (name, listen) = (format!("at-{port}"), format!("127.0.0.1:{port}"));
    house.pod(&["add", "web", "--name", &name, "--", "probe", "tcp", "--listen", &listen]).ok();
    house.logged("web", &name, "ready");
}

/// What is published, as `get` shows it.
fn ports(house: &House) -> Value {
    house.describe("web")["publish"].clone()
}

fn process(house: &House, file: &str) -> i32 {
    let record = fs::read_to_string(house.state().join("web").join(file)).unwrap();
    record.split(' ').next().unwrap().parse().unwrap()
}

fn kill_and_wait(pid: i32) {
    kill(Pid::from_raw(pid), Signal::SIGKILL).unwrap();
    eventually("it has ended", || has_ended(pid.into()).then_some(()));
}

fn comes_and_goes(user: User) {
    let (house, first) = served(user, "127.0.0.1:0:80");
    let mut open = client(local(first), "echo");
    talk(&mut open);
    let (pause, forwarder) = (house.pause("web"), process(&house, "forwarder"));
    let told =
        house.pod(&["publish", "web", "-p", "127.0.0.1:0:80", "--remove", &first.to_string(), "-o", "json"]).json();
    let second = u16::try_from(told["publish"][0]["host_port"].as_u64().unwrap()).unwrap();
    assert_eq!(told["removed"][0]["host_port"], first);
    assert_eq!(told["added"], told["publish"]);
    is_open(second);
    is_closed(first);
    talk(&mut open);
    assert_eq!(ports(&house), told["publish"]);
    assert!(house.pod(&["get"]).ok().out().contains(&format!(" 127.0.0.1:{second}->80 ")));
    // With the last port goes nobody who is connected, nor who carries them.
    let removed = house.pod(&["publish", "web", "-r", &format!("127.0.0.1:{second}:80")]).ok().out();
    assert_eq!(removed, format!("port/127.0.0.1:{second}->80 removed from pod/web\n"));
    is_closed(second);
    talk(&mut open);
    assert_eq!(ports(&house), json!([]));
    let again = house.pod(&["publish", "web", "-p", &format!("127.0.0.1:{first}:80")]).ok().out();
    assert_eq!(again, format!("port/127.0.0.1:{first}->80 published in pod/web\n"));
    is_open(first);
    talk(&mut open);
    assert_eq!((house.pause("web"), process(&house, "forwarder")), (pause, forwarder));
    let again = house.pod(&["publish", "web", "-p", &format!("127.0.0.1:{first}:80")]).ok().out();
    assert_eq!(again, format!("port/127.0.0.1:{first}->80 unchanged in pod/web\n"));
    // A pod that never had any has nobody who carries them yet.
    house.pod(&["create", "other"]).ok();
    house.pod(&["add", "other", "--name", "app", "--", "probe", "tcp", "--listen", "127.0.0.1:80"]).ok();
    house.logged("other", "app", "ready");
    let third = free_port();
    house.pod(&["publish", "other", "-p", &format!("127.0.0.1:{third}:80")]).ok();
    is_open(third);
}

fn refused(user: User) {
    let (house, port) = served(user, "127.0.0.1:0:80");
    let record = || fs::read(house.state().join("web/pod.json")).unwrap();
    let before = record();
    let taken = TcpListener::bind(local(0)).unwrap();
    let at = taken.local_addr().unwrap().port();
    let [taken, free, ours] = [at, free_port(), port].map(|port| format!("127.0.0.1:{port}:80"));
    let says = format!("cannot publish 127.0.0.1:{at}->80: Address already in use");
    house.pod(&["publish", "web", "-p", &free, "-p", &taken, "--remove", &ours]).refuses(125, &says);
    let gone = format!("cannot remove {at}: pod web does not publish it");
    house.pod(&["publish", "web", "-p", &free, "-r", &at.to_string()]).refuses(125, &gone);
    let there = format!("cannot publish 127.0.0.1:{port}->81: 127.0.0.1:{port}->80 is published already");
    house.pod(&["publish", "web", "-p", &free, "-p", &format!("127.0.0.1:{port}:81")]).refuses(125, &there);
    assert_eq!(record(), before, "nothing of it is written down");
    is_open(port);
    is_closed(free.split(':').nth(1).unwrap().parse().unwrap());
    house.pod(&["publish", "none", "-p", &free]).refuses(125, "no pod named none");
    house.pod(&["publish", "web"]).refuses(2, "required");
    house.pod(&["create", "open", "--share", "ipc,pid"]).ok();
    house.pod(&["publish", "open", "-p", &free]).refuses(2, "nothing has to be published");
    kill_and_wait(house.pause("web"));
    house.pod(&["publish", "web", "-p", &free]).refuses(125, "has ended");
}

fn elsewhere(user: User) {
    let (house, port) = served(user, "127.0.0.1:0:80");
    serve(&house, 81);
    let mut open = client(local(port), "echo");
    talk(&mut open);
    let publish = |words: &[&str]| house.pod(&[&["publish", "web"], words].concat()).ok().out();
    let (at_80, at_81) = (format!("127.0.0.1:{port}:80"), format!("127.0.0.1:{port}:81"));
    publish(&["-p", &at_81, "-r", &at_80]);
    // Who is there counts what it has heard.
    client(local(port), "first").read_to_end(&mut Vec::new()).unwrap();
    house.logged("web", "at-81", "heard");
    assert!(!house.pod(&["logs", "web", "at-80"]).ok().out().contains("heard 0"));
    talk(&mut open);
    // From one address to all, and back, in one step each.
    publish(&["-p", &format!("{port}:80"), "-r", &at_81]);
    is_open(port);
    let six = TcpStream::connect(format!("[::1]:{port}"));
    assert!(six.is_ok() || !fs::exists("/proc/net/if_inet6").unwrap(), "{six:?}");
    publish(&["-p", &at_80, "-r", &port.to_string()]);
    is_open(port);
    if let Ok(_connected) = TcpStream::connect(format!("[::1]:{port}")) {
        panic!("every address is listened to still");
    }
    talk(&mut open);
}

fn packets(user: User) {
    let house = House::new(user);
    house.pod(&["create", "web"]).ok();
    house.pod(&["add", "web", "--name", "app", "--", "probe", "udp", "--listen", "127.0.0.1:53"]).ok();
    house.logged("web", "app", "ready");
    let port = free_port();
    let asked = || {
        let client = UdpSocket::bind(local(0)).unwrap();
        client.connect(local(port)).unwrap();
        client.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
        client.send(b"hello").and_then(|_| client.recv(&mut [0; 8]))
    };
    let publish = format!("127.0.0.1:{port}:53/udp");
    house.pod(&["publish", "web", "-p", &publish]).ok();
    assert_eq!(asked().unwrap(), 5);
    house.pod(&["publish", "web", "-r", &port.to_string()]).refuses(125, "does not publish it");
    house.pod(&["publish", "web", "-r", &format!("{port}/udp")]).ok();
    assert_eq!(asked().unwrap_err().kind(), ErrorKind::ConnectionRefused);
}

fn range(user: User) {
    let (house, own) = served(user, "127.0.0.1:0:80");
    // As many as do not go into one message to who carries them.
    const MANY: u16 = 300;
    let free = |first: &u16| (*first..first + MANY).all(|port| TcpListener::bind(local(port)).is_ok());
    let first: u16 = (10_000..30_000).step_by(usize::from(MANY)).find(free).unwrap();
    let range = format!("{first}-{}", first + MANY - 1);
    house.pod(&["publish", "web", "-p", &format!("127.0.0.1:{range}:{range}"), "-p", "127.0.0.1:0:80"]).ok();
    assert_eq!(ports(&house).as_array().unwrap().len(), usize::from(MANY) + 2);
    serve(&house, first + 299);
    is_open(first + 299);
    house.pod(&["publish", "web", "--remove", &format!("{}-{}", first + 1, first + 299)]).ok();
    assert_eq!(ports(&house).as_array().unwrap().len(), 3);
    is_closed(first + 299);
    is_open(own);
}

fn supervisor_killed(user: User) {
    let (house, first) = served(user, "127.0.0.1:0:80");
    let second = free_port();
    let mut open = client(local(first), "echo");
    talk(&mut open);
    house.pod(&["publish", "web", "-p", &format!("127.0.0.1:{second}:80"), "-r", &first.to_string()]).ok();
    kill_and_wait(process(&house, "supervisor"));
    talk(&mut open);
    is_open(second);
    kill_and_wait(process(&house, "forwarder"));
    is_closed(second);
    house.pod(&["add", "web", "--name", "other", "--", "probe", "ready"]).ok();
    is_open(second);
    is_closed(first);
    // And where there is no supervisor the change brings one.
    kill_and_wait(process(&house, "supervisor"));
    house.pod(&["publish", "web", "-p", &format!("127.0.0.1:{first}:80"), "-r", &second.to_string()]).ok();
    is_open(first);
    is_closed(second);
}

/// The manifest of a pod whose server is at the first of these ports of the machine; the others lead to nobody.
fn manifest(house: &House, hosts: &[u16]) -> String {
    // Each leads elsewhere: what is applied again is merged by where it leads.
    let port = |(at, host): (u16, &u16)| json!({ "containerPort": at, "hostPort": host, "hostIP": "127.0.0.1" });
    let server = json!({ "name": "server", "image": "box", "imagePullPolicy": "Never",
        "command": ["probe", "tcp", "--listen", "127.0.0.1:80"], "ports": (80..).zip(hosts).map(port).collect::<Vec<_>>() });
    put(house, "web.json", &pod("web", &json!({ "containers": [server] })))
}

fn up(house: &House, hosts: &[u16]) -> String {
    image(house);
    let file = manifest(house, hosts);
    house.pod(&["apply", "-f", &file, "--wait", "--timeout", "30s"]).ok();
    house.logged("web", "server", "ready");
    file
}

/// What would be another if something were started again.
fn who(house: &House) -> (i32, Value, String) {
    let restarts = shown(house, "web", "{.status.containerStatuses[0].restartCount}");
    (house.pause("web"), house.workload("web", "server")["process"].clone(), restarts)
}

fn applied(user: User) {
    let house = House::new(user);
    let [first, second, third] = [free_port(), free_port(), free_port()];
    up(&house, &[first]);
    let before = who(&house);
    let mut open = client(local(first), "echo");
    talk(&mut open);
    let file = manifest(&house, &[second]);
    assert_eq!(house.pod(&["apply", "-f", &file]).ok().out(), "pod/web configured\n");
    // At once: who is told that it is so finds it so.
    is_open(second);
    is_closed(first);
    talk(&mut open);
    assert_eq!(shown(&house, "web", "{.spec.containers[0].ports[0].hostPort}"), second.to_string());
    assert_eq!(ports(&house)[0]["host_port"], second);
    let described = house.pod(&["describe", "pod", "web"]).ok().out();
    assert!(described.contains(&format!("{second}/TCP")), "{described}");
    // Whichever verb changes the object.
    let patch = format!(r#"[{{"op":"replace","path":"/spec/containers/0/ports/0/hostPort","value":{third}}}]"#);
    house.pod(&["patch", "pod", "web", "--type=json", "-p", &patch]).ok();
    is_open(third);
    is_closed(second);
    talk(&mut open);
    assert_eq!(who(&house), before, "nothing was started again");
    // By hand it is not changed, for the manifest would say something else.
    house.pod(&["publish", "web", "-r", &third.to_string()]).refuses(125, "that is what its manifest says");
    let file = manifest(&house, &[]);
    house.pod(&["apply", "-f", &file]).ok();
    is_closed(third);
    talk(&mut open);
    assert_eq!(who(&house), before);
}

fn refused_to_a_manifest(user: User) {
    let house = House::new(user);
    let [first, free] = [free_port(), free_port()];
    up(&house, &[first]);
    let before = (who(&house), shown(&house, "web", "{.metadata.resourceVersion} {.metadata.generation}"));
    let taken = TcpListener::bind(local(0)).unwrap();
    let at = taken.local_addr().unwrap().port();
    let file = manifest(&house, &[at, free]);
    let ran = house.pod(&["apply", "-f", &file]).exits(1);
    let says = format!("error: pod \"web\": cannot publish 127.0.0.1:{at}->80: Address already in use");
    assert!(ran.err().starts_with(&says), "{ran}");
    is_open(first);
    is_closed(free);
    let after = (who(&house), shown(&house, "web", "{.metadata.resourceVersion} {.metadata.generation}"));
    assert_eq!(after, before);
    assert!(!house.pod(&["events"]).ok().out().contains("FailedPublish"));
    // What else may not be changed is refused as ever, and keeps ports from being changed with it.
    let patch = format!(
        r#"{{"spec":{{"hostname":"x","containers":[{{"name":"server","ports":[{{"containerPort":80,"hostPort":{free},"protocol":"TCP"}}]}}]}}}}"#
    );
    let ran = house.pod(&["patch", "pod", "web", "-p", &patch]).exits(1);
    assert!(ran.err().contains("pod updates may not change fields other than"), "{ran}");
    is_closed(free);
    drop(taken);
    house.pod(&["apply", "-f", &file]).ok();
    is_open(at);
    TcpStream::connect(local(free)).unwrap();
    is_closed(first);
}

fn attendant_killed(user: User) {
    let house = House::new(user);
    let [first, second, third] = [free_port(), free_port(), free_port()];
    up(&house, &[first]);
    let before = who(&house);
    let mut open = client(local(first), "echo");
    talk(&mut open);
    let attendant = process(&house, "supervisor");
    house.pod(&["apply", "-f", &manifest(&house, &[second])]).ok();
    kill_and_wait(attendant);
    kill_and_wait(process(&house, "forwarder"));
    house.pod(&["start", "--all"]).ok();
    eventually("who comes next publishes it", || TcpStream::connect(local(second)).ok());
    is_closed(first);
    // Nobody attends to it while it is changed.
    kill_and_wait(process(&house, "supervisor"));
    house.pod(&["apply", "-f", &manifest(&house, &[third])]).ok();
    is_open(third);
    is_closed(second);
    assert_eq!(who(&house), before);
    // What an apply has left that was killed before it was written in the object.
    kill_and_wait(house.process_named("pod attend"));
    kill_and_wait(process(&house, "supervisor"));
    let record = house.state().join("web/pod.json");
    let text = fs::read_to_string(&record).unwrap().replace(&third.to_string(), &second.to_string());
    fs::write(&record, text).unwrap();
    house.pod(&["start", "--all"]).ok();
    eventually("the manifest counts", || (ports(&house)[0]["host_port"] == third).then_some(()));
    is_open(third);
    is_closed(second);
    assert_eq!(who(&house), before);
}
