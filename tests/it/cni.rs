//! Pods in networks that plugins make: Debian's, and such as fail, hang and lie.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use fixtures::engine::cni_plugins;
use libtest_mimic::Trial;

use crate::house::{House, User, eventually};
use crate::machine::{WORLD, ip, on_a_machine};
use crate::trial::{Need, trial};

const CNI: [Need; 4] = [Need::Root, Need::Cni, Need::Program("ip"), Need::Program("iptables-save")];

pub(crate) fn trials() -> Vec<Trial> {
    let on = |name: &str, needs: &[Need], test: fn(&Scene)| {
        trial(&format!("cni::{name}"), needs, move || {
            let scene = Scene::new();
            let place = tempfile::tempdir().unwrap();
            on_a_machine(place.path(), || test(&scene));
        })
    };
    let scripts = [Need::Root, Need::Program("ip")];
    vec![
        on("debians_plugins_make_a_network_and_undo_it", &CNI, debians),
        on("a_pod_whose_pause_was_killed_keeps_no_address", &CNI, pause_killed),
        on("of_a_manifest_has_its_address_as_podip", &CNI, manifest),
        on("a_plugin_that_fails_is_quoted_and_nothing_is_left", &scripts, fails),
        on("a_plugin_that_hangs_is_killed_and_nothing_is_left", &scripts, hangs),
        on("a_plugin_that_lies_is_not_believed", &scripts, lies),
        on("killed_at_add_or_del_the_next_command_undoes_it", &scripts, killed),
        on("what_cannot_be_undone_is_told_until_it_can", &scripts, cannot_be_undone),
        on("doctor_says_what_is_configured_and_asks_plugins_about_pods", &CNI, doctor),
        trial("cni::is_roots_alone", &[Need::Userns], ordinary),
    ]
}

struct Scene {
    house: House,
    configurations: PathBuf,
    plugins: PathBuf,
}

/// What the plugins of a list of Debian's are, their files in this directory.
fn list(addresses: &Path) -> String {
    format!(
        r#"{{"cniVersion":"0.4.0","name":"web","plugins":[
            {{"type":"bridge","bridge":"cni9","isGateway":true,"ipMasq":true,"hairpinMode":true,"ipam":{{
                "type":"host-local","dataDir":"{}","ranges":[[{{"subnet":"10.199.0.0/24"}}]],
                "routes":[{{"dst":"0.0.0.0/0"}}]}},"dns":{{"nameservers":["192.0.2.9"],"search":["example.org"]}}}},
            {{"type":"portmap","capabilities":{{"portMappings":true}}}},{{"type":"loopback"}}]}}"#,
        addresses.display()
    )
}

impl Scene {
    fn new() -> Self {
        let house = House::new(User::Root);
        let (configurations, plugins) = (house.work().join("net.d"), house.work().join("plugins"));
        fs::create_dir(&configurations).unwrap();
        fs::create_dir(&plugins).unwrap();
        fs::write(configurations.join("10-web.conflist"), list(&house.work().join("ipam"))).unwrap();
        let own = r#"{"cniVersion":"1.0.0","name":"own","plugins":[{"type":"one"},{"type":"two"}]}"#;
        fs::write(configurations.join("20-own.conflist"), own).unwrap();
        let scene = Self { house, configurations, plugins };
        scene.plugin("one", r#"[ $CNI_COMMAND != ADD ] || echo '{"cniVersion":"1.0.0"}'"#);
        scene
    }

    /// A plugin that notes what it is asked, and does this.
    fn plugin(&self, name: &str, script: &str) {
        let path = self.plugins.join(name);
        let notes = self.house.work().join("notes");
        let note = format!("echo \"{name} $CNI_COMMAND ${{CNI_NETNS:+there}}\" >>{}", notes.display());
        fs::write(&path, format!("#!/bin/sh\n{note}\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// What plugins were asked since this was asked last.
    fn notes(&self) -> Vec<String> {
        let path = self.house.work().join("notes");
        let notes = fs::read_to_string(&path).unwrap_or_default();
        let _none = fs::remove_file(&path);
        notes.lines().map(|line| line.trim().to_owned()).collect()
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = self.house.command("pod");
        let plugins = cni_plugins().map(|path| path.display().to_string()).unwrap_or_default();
        command.env("NETCONFPATH", &self.configurations);
        command.env("CNI_PATH", format!("{}:{plugins}", self.plugins.display())).args(words);
        command
    }

    fn pod(&self, words: &[&str]) -> crate::house::Ran {
        self.house.finish(&mut self.command(words))
    }

    /// The addresses that host-local has given.
    fn addresses(&self) -> Vec<String> {
        let names = fs::read_dir(self.house.work().join("ipam/web")).into_iter().flatten();
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.starts_with("10.")).collect()
    }

    /// Nothing of a pod's is on the machine: no link but those that were there and the plugins' bridge, no rule.
    fn nothing_is_left(&self) {
        self.house.nothing_is_left();
        let links = ip("-o link");
        let others = links.lines().filter(|line| !["lo:", "up0@", "cni9:"].iter().any(|known| line.contains(known)));
        assert_eq!(others.collect::<Vec<_>>(), Vec::<&str>::new());
        assert_eq!(self.addresses(), Vec::<String>::new());
    }
}

fn rules() -> String {
    let saved = Command::new("iptables-save").args(["-t", "nat"]).output().unwrap();
    String::from_utf8(saved.stdout).unwrap()
}

fn debians(scene: &Scene) {
    scene.pod(&["create", "web", "--network", "cni:web", "-p", "0.0.0.0:8099:80"]).ok();
    assert_eq!(scene.addresses(), ["10.199.0.2"]);
    let inside = scene.house.pod(&["exec", "web", "--", "ip", "-o", "-4", "address"]).out();
    assert!(inside.contains("eth0    inet 10.199.0.2/24"), "{inside}");
    let etc = |name: &str| fs::read_to_string(scene.house.state().join("web/etc").join(name)).unwrap();
    assert!(etc("hosts").contains("10.199.0.2\tweb\n"), "{}", etc("hosts"));
    assert_eq!(etc("resolv.conf"), "search example.org\nnameserver 192.0.2.9\n");
    let heard = scene.house.pod(&["exec", "web", "--", "bash", "-c", &format!("cat < /dev/tcp/{WORLD}/8080")]).out();
    assert_eq!(heard, "the world sees 192.0.2.2\n");
    assert!(scene.pod(&["describe", "web"]).out().contains("10.199.0.2"));
    assert!(rules().contains("--to-destination 10.199.0.2:80"), "portmap has the port: {}", rules());
    let refused = scene.pod(&["publish", "web", "-p", "0.0.0.0:8098:80"]);
    refused.refuses(125, "cannot change what is published in network cni:web: its plugin portmap was told of it");
    assert!(!rules().contains("8098") && !scene.pod(&["describe", "web"]).out().contains("8098"));
    // A second has another address, and they reach each other.
    scene.pod(&["create", "other", "--network", "cni:web"]).ok();
    scene.house.pod(&["add", "other", "--name", "app", "--", "probe", "tcp", "--listen", "0.0.0.0:80"]).ok();
    scene.house.logged("other", "app", "ready");
    let talk = "exec 3<>/dev/tcp/10.199.0.3/80; printf 'echo\\nhello' >&3; head -c 5 <&3";
    assert_eq!(scene.house.pod(&["exec", "web", "--", "timeout", "10", "bash", "-c", talk]).out(), "hello");
    scene.pod(&["delete", "web"]).ok();
    scene.pod(&["delete", "other", "--now"]).ok();
    assert!(!rules().contains("10.199.0.2"), "what portmap and bridge made is undone: {}", rules());
    scene.nothing_is_left();
}

fn pause_killed(scene: &Scene) {
    scene.pod(&["create", "web", "--network", "cni:web", "-p", "0.0.0.0:8099:80"]).ok();
    let pause = scene.house.pause("web");
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pause), nix::sys::signal::Signal::SIGKILL).unwrap();
    eventually("its network is gone", || (!ip("-o link").contains("veth")).then_some(()));
    assert_eq!(scene.addresses(), ["10.199.0.2"]);
    scene.pod(&["delete", "web"]).ok();
    assert!(!rules().contains("--to-destination 10.199.0.2:80"), "{}", rules());
    scene.nothing_is_left();
}

fn manifest(scene: &Scene) {
    let path = scene.house.work().join("pod.yaml");
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - {name: c, image: none, imagePullPolicy: Never}\n";
    fs::write(&path, text).unwrap();
    scene.pod(&["apply", "--network", "cni:web", "-f", path.to_str().unwrap()]).ok();
    let status = |path: &str| scene.pod(&["get", "pod", "web", "-o", &format!("jsonpath={{{path}}}")]).out();
    eventually("it has an address", || (status(".status.podIP") == "10.199.0.2").then_some(()));
    assert_eq!(scene.addresses(), ["10.199.0.2"]);
    scene.pod(&["delete", "pod", "web", "--now"]).ok();
    eventually("its address is given back", || scene.addresses().is_empty().then_some(()));
}

fn fails(scene: &Scene) {
    let fails = r#"[ $CNI_COMMAND != ADD ] || { echo '{"code":7,"msg":"no address is left"}'; exit 1; }"#;
    scene.plugin("two", fails);
    let says = "CNI plugin two (ADD) failed: no address is left";
    scene.pod(&["create", "web", "--network", "cni:own"]).refuses(125, says);
    assert_eq!(scene.notes(), ["one ADD there", "two ADD there", "two DEL there", "one DEL there"]);
    scene.nothing_is_left();
    scene.pod(&["create", "web", "--network", "cni:blue"]).refuses(125, "no CNI network named blue in ");
    fs::remove_file(scene.plugins.join("two")).unwrap();
    scene.pod(&["create", "web", "--network", "cni:own"]).refuses(125, "no CNI plugin two in ");
    assert_eq!(scene.notes(), Vec::<String>::new());
    scene.nothing_is_left();
}

fn hangs(scene: &Scene) {
    scene.plugin("two", "[ $CNI_COMMAND != ADD ] || sleep 1000");
    let mut command = scene.command(&["create", "web", "--network", "cni:own"]);
    let says = "CNI plugin two (ADD) was killed: it had not ended after 700 ms";
    scene.house.finish(command.env("POD_CNI_TIMEOUT", "700ms")).refuses(125, says);
    assert_eq!(scene.notes(), ["one ADD there", "two ADD there", "two DEL there", "one DEL there"]);
    scene.nothing_is_left();
    let mut command = scene.command(&["create", "web", "--network", "cni:own"]);
    let says = "POD_CNI_TIMEOUT is \"soon\", and no time";
    scene.house.finish(command.env("POD_CNI_TIMEOUT", "soon")).refuses(125, says);
    scene.nothing_is_left();
}

fn lies(scene: &Scene) {
    for (said, reason) in [
        ("garbage", "gives no result: expected value"),
        (r#"{"cniVersion":"0.2.0"}"#, "gives no result: it is of version \"0.2.0\""),
        (
            r#"{"cniVersion":"1.0.0","ips":[{"address":"999.1.1.1/8"}]}"#,
            "gives no result: its address is \"999.1.1.1/8\"",
        ),
        (r#"{"cniVersion":"1.0.0","dns":{"nameservers":["1.1.1.1\nx"]}}"#, "gives no result: its name server is"),
    ] {
        scene.plugin("two", &format!("[ $CNI_COMMAND != ADD ] || cat <<'END'\n{said}\nEND"));
        scene.pod(&["create", "web", "--network", "cni:own"]).refuses(125, &format!("CNI plugin two (ADD) {reason}"));
        assert_eq!(scene.notes().last().map(String::as_str), Some("one DEL there"));
        scene.nothing_is_left();
    }
    scene.plugin("two", "[ $CNI_COMMAND != ADD ] || yes");
    scene.pod(&["create", "web", "--network", "cni:own"]).refuses(125, "it had said more than 1048576 bytes");
    scene.nothing_is_left();
}

fn killed(scene: &Scene) {
    let waits = |command: &str| {
        format!(
            "[ $CNI_COMMAND = ADD ] && echo '{{\"cniVersion\":\"1.0.0\"}}'; [ $CNI_COMMAND != {command} ] || sleep 1000"
        )
    };
    let at = |words: &[&str], note: &str| {
        let mut child = scene.command(words).spawn().unwrap();
        let notes = scene.house.work().join("notes");
        eventually(note, || fs::read_to_string(&notes).unwrap_or_default().contains(note).then_some(()));
        child.kill().unwrap();
        child.wait().unwrap();
    };
    let create = ["create", "web", "--network", "cni:own"];
    scene.plugin("two", &waits("ADD"));
    at(&create, "two ADD there");
    scene.plugin("two", &waits("none"));
    scene.notes();
    // Whoever makes the next pod finds what was left.
    scene.pod(&["create", "other"]).ok();
    assert_eq!(scene.notes(), ["two DEL there", "one DEL there"]);
    scene.pod(&["delete", "other"]).ok();
    scene.nothing_is_left();
    scene.pod(&create).ok();
    scene.plugin("two", &waits("DEL"));
    at(&["delete", "web"], "two DEL there");
    scene.plugin("two", &waits("none"));
    scene.notes();
    scene.pod(&["delete", "web"]).ok();
    assert_eq!(scene.notes(), ["two DEL there", "one DEL there"]);
    scene.nothing_is_left();
}

fn cannot_be_undone(scene: &Scene) {
    let says = r#"[ $CNI_COMMAND = ADD ] && echo '{"cniVersion":"1.0.0"}'"#;
    scene.plugin("two", says);
    scene.pod(&["create", "web", "--network", "cni:own"]).ok();
    scene.plugin("two", "[ $CNI_COMMAND != DEL ] || { echo no way >&2; exit 4; }");
    let told = "CNI plugin two (DEL) failed: it ended with 4: no way";
    scene.pod(&["delete", "web"]).refuses(125, told);
    // The name is free, and whoever comes next tries again.
    let again = scene.pod(&["create", "web"]).ok();
    assert!(again.err().contains(told), "{again}");
    scene.plugin("two", "true");
    scene.notes();
    let last = scene.pod(&["delete", "web"]).ok();
    assert_eq!(last.err(), "");
    scene.pod(&["create", "web"]).ok();
    scene.pod(&["delete", "web"]).ok();
    assert!(scene.notes().iter().all(|note| note.ends_with("DEL")), "there is no network any more");
    scene.nothing_is_left();
}

fn ordinary() {
    let house = House::new(User::Ordinary);
    house.pod(&["create", "web", "--network", "cni:web"]).refuses(125, "CNI plugins need root");
    house.nothing_is_left();
}

fn doctor(scene: &Scene) {
    let line = |what: &str| {
        let text = scene.pod(&["doctor"]).out();
        text.lines().find(|line| line.starts_with(what)).unwrap_or_default().to_owned()
    };
    let configured = line("CNI ");
    assert!(configured.contains("networks web, own of "), "{configured}");
    assert!(configured.contains("no CNI plugin two in "), "{configured}");
    assert_eq!(line("CNI CHECK"), "", "there is nothing to be asked of");
    scene.pod(&["create", "web", "--network", "cni:web"]).ok();
    assert!(line("CNI CHECK").contains("the network of web"), "{}", line("CNI CHECK"));
    scene.house.run("nsjoin", &["-t", "web", "-n", "ip", "link", "set", "eth0", "down"]).ok();
    ip("link set cni9 down");
    ip("address flush dev cni9");
    let told = line("CNI CHECK");
    assert!(told.contains("pod web: CNI plugin bridge (CHECK) failed: "), "{told}");
    scene.pod(&["delete", "web"]).ok();
    scene.nothing_is_left();
}
