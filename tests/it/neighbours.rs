//! A second ordinary user of the machine: sees nothing of another's pods, and is not believed where others look.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::Path;
use std::process::Command;

use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::house::{House, Ran, User};
use crate::pods::{image, pod, put, waiting};
use crate::trial::{Need, trial};

/// Ids that no distribution gives anybody: who is curious, and who has nothing yet.
const CURIOUS: u32 = 61_235;
const NEW: u32 = 61_236;

pub(crate) fn trials() -> Vec<Trial> {
    let needs = [Need::Root, Need::Userns, Need::Program("busybox"), Need::Program("setpriv")];
    vec![
        trial("neighbours::read_signal_and_enter_nothing_of_an_ordinary_users", &needs, || curious(User::Ordinary)),
        trial("neighbours::read_signal_and_enter_nothing_of_roots", &needs, || curious(User::Root)),
        trial("neighbours::each_have_pods_of_one_name_and_see_their_own", &needs, one_name),
        trial("neighbours::who_made_a_name_in_tmp_first_is_not_believed", &needs, predicted),
    ]
}

/// A command as somebody else starts it.
fn by(house: &House, id: u32, words: &[&str]) -> Ran {
    let mut command = house.command("setpriv");
    let id = id.to_string();
    let mut as_root = Command::new("setpriv");
    as_root.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    as_root.args(["--reuid", &id, "--regid", &id, "--clear-groups", "--"]).args(words).current_dir("/");
    command = as_root;
    house.finish(&mut command)
}

fn curious(user: User) {
    let house = House::new(user);
    image(&house);
    let manifest = pod("web", &json!({ "containers": [waiting("main", "echo ready;")] }));
    let file = put(&house, "web.json", &manifest);
    house.pod(&["apply", "-f", &file, "--wait", "--timeout", "30s"]).ok();
    house.pod(&["create", "hand", "-p", "127.0.0.1:0:80"]).ok();
    house.pod(&["add", "hand", "--name", "app", "--", "probe", "ready"]).ok();
    // Directories: neither read nor entered, whatever is in them.
    for directory in [house.state().join("hand"), house.state().join("web"), house.work().join("data")] {
        let found = fs::metadata(&directory).unwrap();
        assert_eq!((found.mode() & 0o777, found.uid()), (0o700, user.id()), "{}", directory.display());
        let ran = by(&house, CURIOUS, &["ls", directory.to_str().unwrap()]);
        assert!(!ran.output.status.success() && ran.err().contains("Permission denied"), "{ran}");
    }
    for path in ["hand/control", "hand/pod.json", "hand/logs/app/0.log", "hand/forwarder.sock"] {
        let path = house.state().join(path);
        assert!(path.exists(), "{}", path.display());
        assert!(!by(&house, CURIOUS, &["stat", path.to_str().unwrap()]).output.status.success());
    }
    // What is ours says so, and is refused.
    by(&house, CURIOUS, &["pod", "get", "-o", "json"]).refuses(125, "is not ours alone");
    by(&house, CURIOUS, &["pod", "exec", "hand", "--", "true"]).refuses(125, "is not ours alone");
    by(&house, CURIOUS, &["pod", "delete", "--now", "hand"]).refuses(125, "is not ours alone");
    by(&house, CURIOUS, &["pod", "create", "mine"]).refuses(125, "is not ours alone");
    let kept = by(&house, CURIOUS, &["pod", "get", "cm"]);
    assert!(!kept.output.status.success() && kept.err().contains("not ours alone"), "{kept}");
    // Processes: not looked into, not signalled, not entered.
    let processes = house.processes();
    assert!(processes.len() >= 6, "{processes:?}");
    for (pid, command) in &processes {
        for file in ["environ", "mem", "root/", "fd/", "cwd/"] {
            let path = format!("/proc/{pid}/{file}");
            let ran = by(&house, CURIOUS, &["head", "-c", "1", &path]);
            let listed = by(&house, CURIOUS, &["ls", &path]);
            let reads = ran.output.status.success() || file.ends_with('/') && listed.output.status.success();
            assert!(!reads, "{command}: {path}: {listed}");
        }
        assert!(!by(&house, CURIOUS, &["kill", "-0", &pid.to_string()]).output.status.success(), "{command}");
        by(&house, CURIOUS, &["nsjoin", "-t", &pid.to_string(), "-n", "true"]).exits(125);
    }
    // Nothing of theirs is in what all share, but for what has nobody's name on it.
    let is_named = |text: &str| text.contains("hand") || text.contains("web") || text.contains(house.marker());
    let abstracts = fs::read_to_string("/proc/net/unix").unwrap();
    assert!(!abstracts.lines().any(|line| line.contains(" @") && is_named(line)), "{abstracts}");
    let shared = fs::read_dir("/dev/shm").unwrap().map(|entry| entry.unwrap().file_name());
    let theirs: Vec<_> = shared.filter(|name| is_named(&name.to_string_lossy())).collect();
    assert!(theirs.is_empty(), "{theirs:?}");
    house.pod(&["exec", "hand", "--", "true"]).ok();
    house.pod(&["delete", "--now", "hand"]).ok();
    house.pod(&["delete", "-f", &file]).ok();
    house.nothing_is_left();
}

fn names(ran: Ran) -> Vec<String> {
    let listed = ran.json();
    listed.as_array().unwrap().iter().map(|pod| pod["name"].as_str().unwrap().to_owned()).collect()
}

fn one_name() {
    let (roots, others) = (House::new(User::Root), House::new(User::Ordinary));
    for house in [&roots, &others] {
        house.pod(&["create", "web"]).ok();
        house.pod(&["add", "web", "--name", "app", "--", "probe", "ready"]).ok();
        house.pod(&["create", "cm", "conf", &format!("--from-literal=a={:?}", house.user)]).ok();
    }
    let pauses = [roots.pause("web"), others.pause("web")];
    assert_ne!(pauses[0], pauses[1]);
    for house in [&roots, &others] {
        assert_eq!(names(house.pod(&["get", "-o", "json"])), ["web"]);
        let read = house.pod(&["get", "cm", "conf", "-o", "jsonpath={.data.a}"]).ok().out();
        assert_eq!(read, format!("{:?}", house.user));
    }
    others.pod(&["delete", "--now", "web"]).ok();
    assert_eq!((roots.pause("web"), roots.workload("web", "app")["status"].clone()), (pauses[0], json!("Running")));
    roots.pod(&["delete", "--now", "web"]).ok();
    for house in [roots, others] {
        house.pod(&["delete", "cm", "conf"]).ok();
        house.nothing_is_left();
    }
}

/// Who has no directory of their own for what runs has one in /tmp, of a name that others can foretell.
fn predicted() {
    let house = House::new(User::Root);
    let place = format!("/tmp/pod-{NEW}");
    let place = Path::new(&place);
    let typed = |words: &[&str]| {
        let plain = ["env", "-u", "POD_STATE_DIR", "-u", "XDG_RUNTIME_DIR", "pod"];
        by(&house, NEW, &[&plain[..], words].concat())
    };
    let clear = || {
        // A link, a directory, or nothing.
        let _link = fs::remove_file(place);
        let _directory = fs::remove_dir_all(place);
    };
    let trap = house.work().join("trap");
    fs::create_dir(&trap).unwrap();
    chown(&trap, Some(NEW), Some(NEW)).unwrap();
    let made: [(&str, &dyn Fn()); 4] = [
        ("another's", &|| {
            fs::create_dir(place).unwrap();
            chown(place, Some(CURIOUS), Some(CURIOUS)).unwrap();
        }),
        ("everybody's", &|| {
            fs::create_dir(place).unwrap();
            fs::set_permissions(place, fs::Permissions::from_mode(0o777)).unwrap();
            chown(place, Some(NEW), Some(NEW)).unwrap();
        }),
        ("a link to what is theirs", &|| symlink(&trap, place).unwrap()),
        ("a file", &|| fs::write(place, "").unwrap()),
    ];
    for (what, make) in made {
        clear();
        make();
        for words in
            [&["create", "web"][..], &["get", "-o", "json"], &["exec", "web", "--", "true"], &["delete", "web"]]
        {
            let ran = typed(words);
            let says = ran.err().contains("is not ours alone") || what == "a file" && ran.err().contains("File exists");
            assert!(says, "{what}: {ran}");
            ran.exits(125);
        }
        assert_eq!(fs::read_dir(&trap).unwrap().count(), 0, "{what}");
    }
    clear();
    typed(&["create", "web"]).ok();
    let found = fs::symlink_metadata(place).unwrap();
    assert_eq!((found.mode() & 0o7777, found.uid()), (0o700, NEW));
    assert_eq!(serde_json::from_str::<Value>(&typed(&["get", "-o", "json"]).ok().out()).unwrap()[0]["name"], "web");
    typed(&["delete", "--now", "web"]).ok();
    clear();
}
