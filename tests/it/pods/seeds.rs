//! Manifests as people have them, run: on images that are made here, and on one that a registry has.

use std::fs;
use std::net::TcpListener;

use serde_json::Value;

use super::{becomes, image, line, put};
use crate::house::{House, User, eventually, workspace};
use crate::pull::layout::Layout;
use crate::pull::server::{Act, Server};

/// A manifest of the corpus that `manifest` is tested with.
fn corpus(name: &str) -> String {
    fs::read_to_string(workspace().join("manifest/tests/corpus").join(name)).unwrap()
}

/// A port that nobody has, or nearly nobody.
pub(super) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The image of these tests under another name, with another command.
pub(super) fn called(house: &House, name: &str, command: &str) {
    house.pod(&["image", "import", "-c", &format!("CMD {command}"), "root.tar", name]).ok();
}

const SERVES: &str = r#"["probe", "http", "--listen", "0.0.0.0:80", "--body", "well"]"#;
const PASSES_ON: &str = r#"["probe", "http", "--listen", "0.0.0.0:80", "--proxy", "127.0.0.1:4000"]"#;

fn get(house: &House, port: u16) -> String {
    house.run("probe", &["get", &format!("http://127.0.0.1:{port}/")]).ok().out().trim().to_owned()
}

fn runs(house: &House, name: &str, count: usize) {
    let ready = format!("{count}/{count}");
    eventually(&format!("{name} runs"), || {
        let (found, status, _) = line(house, name);
        (found == ready && status == "Running").then_some(())
    });
}

/// Most of them do not hear TERM, being the first of their kind, and have half a minute by themselves.
fn gone(house: &House, which: &[&str]) {
    house.pod(&[&["delete", "--grace-period", "1"], which].concat()).ok();
}

pub(super) fn of_one_container(user: User) {
    let house = House::new(user);
    image(&house);
    for name in ["nginx:1.21", "nginx:1.25.0"] {
        called(&house, name, SERVES);
    }
    for (file, name) in [("nginx.yaml", "nginx"), ("web-server-pod.yaml", "web-server-pod")] {
        let path = put(&house, file, &corpus(file));
        house.pod(&["apply", "-f", &path]).ok();
        runs(&house, name, 1);
        let container = if name == "nginx" { name } else { "web-server" };
        let inside = ["exec", name, "-c", container, "--", "probe", "get", "http://127.0.0.1:80/"];
        assert_eq!(house.pod(&inside).ok().out(), "well\n");
    }
    assert_eq!(
        house.pod(&["get", "pods", "-l", "environment=production", "-o", "name"]).ok().out(),
        "pod/web-server-pod\n"
    );
    gone(&house, &["pods", "--all"]);
    house.nothing_is_left();
}

pub(super) fn of_a_blog(user: User) {
    let house = House::new(user);
    image(&house);
    let root = house.work().join("rootfs");
    let hexo = "#!/bin/sh\nexec probe http --listen 127.0.0.1:4000 --body \"$(cat post)\"\n";
    house.finish(house.command("sh").args(["-c", "mkdir rootfs/blog rootfs/etc/nginx && chmod 755 rootfs/blog"])).ok();
    fs::write(root.join("bin/hexo"), hexo).unwrap();
    fs::set_permissions(root.join("bin/hexo"), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    // Hidden by the volume, as in the image of nginx.
    fs::write(root.join("etc/nginx/mime.types"), "").unwrap();
    house.user.owns(&root);
    house.run("busybox", &["tar", "-C", root.to_str().unwrap(), "-cf", "root.tar", "."]).ok();
    called(&house, "nginx:1.21", PASSES_ON);
    called(&house, "example/hexo:1.0", r#"["false"]"#);
    let blog = house.work().join("blog");
    fs::create_dir(&blog).unwrap();
    fs::write(blog.join("post"), "hello from the blog").unwrap();
    house.user.owns(&blog);
    let port = free_port();
    let manifest = corpus("nginx-and-hexo.yaml").replace("8888", &port.to_string());
    let manifest = manifest.replace("/home/me/blog", blog.to_str().unwrap());
    let map = put(&house, "map.yaml", &corpus("configmap-nginx.yaml"));
    let file = put(&house, "blog.yaml", &manifest);
    house.pod(&["apply", "-f", &file]).ok();
    becomes(&house, "blog", "ContainerCreating");
    house.pod(&["apply", "-f", &map]).ok();
    runs(&house, "blog", 2);
    assert_eq!(get(&house, port), "hello from the blog");
    let files = house.pod(&["exec", "blog", "-c", "nginx", "--", "ls", "/etc/nginx"]).ok().out();
    assert_eq!(files, "nginx.conf\n");
    gone(&house, &["-f", &file]);
    house.nothing_is_left();
}

pub(super) fn with_init_containers(user: User) {
    let house = House::new(user);
    image(&house);
    called(&house, "nginx:1.21", SERVES);
    called(&house, "redis:5.0.4", r#"["probe", "tcp", "--listen", "0.0.0.0:6379"]"#);
    let (redis, nginx) = (free_port(), free_port());
    let manifest = corpus("init-containers.yaml").replace("6355", &redis.to_string());
    let file = put(&house, "pod01.yaml", &manifest.replace("8089", &nginx.to_string()));
    house.pod(&["create", "namespace", "space02"]).ok();
    house.pod(&["apply", "-f", &file, "--wait", "--timeout", "30s"]).ok();
    assert_eq!(get(&house, nginx), "well");
    let codes = "jsonpath={.status.initContainerStatuses[*].state.terminated.exitCode}";
    assert_eq!(house.pod(&["get", "pod", "pod01", "-n", "space02", "-o", codes]).ok().out(), "0 0");
    let out = house.pod(&["get", "pods", "-n", "space02", "--no-headers"]).ok().out();
    assert!(out.starts_with("pod01   2/2   Running   0 "), "{out}");
    gone(&house, &["-f", &file]);
    house.nothing_is_left();
}

pub(super) fn that_share(user: User) {
    let house = House::new(user);
    image(&house);
    house.pod(&["image", "import", "root.tar", "busybox:1.36"]).ok();
    called(&house, "nginx:1.21", r#"["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.05; done"]"#);
    let place = house.work().join("shared");
    let manifest = corpus("shared-hostpath.yaml").replace("/tmp/shared", place.to_str().unwrap());
    let shared = put(&house, "shared.yaml", &manifest);
    let projected = put(&house, "projected.yaml", &corpus("projected-secrets.yaml"));
    house.finish(house.command("mkdir").arg("shared")).ok();
    house.pod(&["apply", "-f", &shared, "-f", &projected]).ok();
    // One has done its work, the other goes on.
    becomes(&house, "shared", "NotReady");
    let read = ["exec", "shared", "-c", "nginx", "--", "cat", "/usr/share/nginx/html/index.html"];
    assert_eq!(house.pod(&read).ok().out(), "hello from the other container\n");
    runs(&house, "projected", 1);
    let read = ["exec", "projected", "-c", "main", "--", "cat", "/projected/username", "/projected/password"];
    assert_eq!(house.pod(&read).ok().out(), "admin1f2d1e2e67df");
    gone(&house, &["pods", "--all"]);
    house.nothing_is_left();
}

/// What is not here is fetched, and then it is.
pub(super) fn fetched(user: User) {
    let house = House::new(user);
    image(&house);
    called(&house, "made", SERVES);
    let store = house.work().join("data/blobs/sha256");
    let blobs = fs::read_dir(store).unwrap().map(|entry| entry.unwrap());
    let blobs =
        blobs.map(|entry| (format!("sha256:{}", entry.file_name().to_str().unwrap()), fs::read(entry.path()).unwrap()));
    let references = fs::read_dir(house.work().join("data/references")).unwrap();
    let mut references =
        references.map(|entry| serde_json::from_slice(&fs::read(entry.unwrap().path()).unwrap()).unwrap());
    let made: Value = references.find(|found: &Value| found["name"].as_str().unwrap().contains("made")).unwrap();
    let layout = Layout::of(blobs.collect(), made["descriptor"]["digest"].as_str().unwrap());
    let server = Server::new(&layout, |_| Act::Serve);
    // From here on it is in the registry only.
    house.pod(&["image", "remove", "made", "box"]).ok();
    let manifest = corpus("nginx.yaml").replace("nginx:1.21", &server.image());
    let file = put(&house, "nginx.yaml", &manifest);
    let mut command = house.command("pod");
    // What the user has configured is none of this.
    command.args(["apply", "-f", &file, "--wait", "--timeout", "30s"]).env("HOME", house.work());
    house.finish(&mut command).ok();
    let told = house.pod(&["describe", "pod", "nginx"]).ok().out();
    assert!(told.contains(&format!("Successfully pulled image \"{}\"", server.image())), "{told}");
    gone(&house, &["-f", &file]);
    let asked = server.seen().len();
    house.pod(&["apply", "-f", &file, "--wait", "--timeout", "30s"]).ok();
    let told = house.pod(&["describe", "pod", "nginx"]).ok().out();
    assert!(told.contains("already present on machine"), "{told}");
    assert_eq!(server.seen().len(), asked, "a registry was asked for what was here");
    gone(&house, &["-f", &file]);
    house.nothing_is_left();
}
