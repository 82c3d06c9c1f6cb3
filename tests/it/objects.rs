//! Objects that are kept: applied, changed, looked at and deleted, by many at once and cut short.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::house::{House, Ran, User};
use crate::trial::{Need, as_each_user, trial};

pub(crate) fn trials() -> Vec<Trial> {
    let strace = [Need::Root, Need::Program("strace")];
    let mut trials = vec![
        trial("objects::killed_anywhere_one_is_as_it_was_or_as_it_was_to_be", &strace, killed),
        trial("objects::that_others_could_have_written_are_not_believed", &[], not_ours),
        trial("objects::are_replaced_only_as_they_were_seen", &[], replaced),
        trial("objects::are_listed_by_kind_namespace_and_label", &[], listed),
        trial("objects::made_from_words_are_kept", &[], made),
        trial("objects::of_templates_have_the_values_of_a_file", &[], filled),
        trial("objects::of_a_claim_have_their_volume_at_once", &[], claimed),
    ];
    trials.extend(as_each_user("objects::live_from_apply_to_delete_in_kubectls_words", &[], whole_life));
    trials.extend(as_each_user("objects::of_many_documents_the_good_ones_are_applied", &[], many));
    trials.extend(as_each_user("objects::are_never_seen_half_written", &[], at_once));
    trials
}

fn put(house: &House, name: &str, content: &str) -> String {
    let path = house.work().join(name);
    fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

fn map(name: &str, value: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{k: \"{value}\"}}\n")
}

fn data(house: &House) -> PathBuf {
    house.work().join("data")
}

#[track_caller]
fn says(ran: Ran, code: i32, out: &str, err: &str) {
    let ran = ran.exits(code);
    assert_eq!((ran.out().as_str(), ran.err().as_str()), (out, err), "{ran}");
}

fn whole_life(user: User) {
    let house = House::new(user);
    let file = put(&house, "m.yaml", &map("web", "1"));
    says(house.pod(&["get", "cm"]), 0, "", "No resources found in default namespace.\n");
    assert!(!data(&house).exists(), "looking makes nothing");
    says(house.pod(&["apply", "-f", &file]), 0, "configmap/web created\n", "");
    says(house.pod(&["apply", "-f", &file]), 0, "configmap/web unchanged\n", "");
    let before = house.pod(&["get", "cm", "web", "-o", "json"]).json();
    put(&house, "m.yaml", &map("web", "2"));
    says(house.pod(&["apply", "-f", &file, "--dry-run=client"]), 0, "configmap/web configured (dry run)\n", "");
    says(house.pod(&["apply", "-f", &file, "--dry-run=server"]), 0, "configmap/web configured (server dry run)\n", "");
    assert_eq!(house.pod(&["get", "cm", "web", "-o", "json"]).json(), before);
    says(house.pod(&["apply", "-f", &file]), 0, "configmap/web configured\n", "");
    let after = house.pod(&["get", "cm/web", "-o", "json"]).json();
    assert_eq!((&after["data"], &before["data"]), (&json!({ "k": "2" }), &json!({ "k": "1" })));
    let stays = |key: &str| (before["metadata"][key].clone(), after["metadata"][key].clone());
    for key in ["uid", "creationTimestamp", "namespace"] {
        let (before, after) = stays(key);
        assert!(before == after && before.is_string(), "{key}: {before} {after}");
    }
    let number = |value: Value| value.as_str().unwrap().parse::<u64>().unwrap();
    let (was, is) = stays("resourceVersion");
    assert!(number(was) < number(is));
    // Which kind it is is not asked of another.
    says(house.pod(&["get", "secret", "web"]), 1, "", "Error from server (NotFound): secrets \"web\" not found\n");
    let exists =
        format!("Error from server (AlreadyExists): error when creating {file:?}: configmaps \"web\" already exists\n");
    says(house.pod(&["create", "-f", &file]), 1, "", &exists);
    says(house.pod(&["delete", "-f", &file]), 0, "configmap \"web\" deleted from default namespace\n", "");
    let gone = format!("Error from server (NotFound): error when deleting {file:?}: configmaps \"web\" not found\n");
    says(house.pod(&["delete", "-f", &file]), 1, "", &gone);
    says(house.pod(&["delete", "-f", &file, "--ignore-not-found"]), 0, "", "");
    says(house.pod(&["delete", "cm", "web"]), 1, "", "Error from server (NotFound): configmaps \"web\" not found\n");
    // A pod may be one by hand, too.
    for words in [["delete", "pod", "web"], ["delete", "--now", "web"]] {
        house.pod(&words).refuses(125, "no pod named web");
        says(house.pod(&[&words[..], &["--ignore-not-found"]].concat()), 0, "", "");
    }
}

/// As a cluster did: reference, "55-many-documents".
fn many(user: User) {
    let house = House::new(user);
    let two = "apiVersion: v1\nkind: Pod\nmetadata: {name: two}\nspec: {containers: []}\n";
    let file = put(&house, "many.yaml", &[&map("one", "1"), two, &map("three", "1")].join("---\n"));
    let invalid = "The Pod \"two\" is invalid: spec.containers: Required value\n";
    says(house.pod(&["apply", "-f", &file]), 1, "configmap/one created\nconfigmap/three created\n", invalid);
    let again = house.pod(&["apply", "-f", &file, "--dry-run=client"]).ok();
    let expected =
        "configmap/one unchanged (dry run)\npod/two created (dry run)\nconfigmap/three unchanged (dry run)\n";
    assert_eq!(again.out(), expected);
    let created = house.pod(&["create", "-f", &file, "--dry-run=server"]).exits(1);
    let exists = |name: &str| {
        format!("Error from server (AlreadyExists): error when creating {file:?}: configmaps {name:?} already exists")
    };
    let said = created.err();
    let lines: Vec<_> = said.lines().collect();
    assert_eq!(
        (lines.first(), lines.last()),
        (Some(&exists("one").as_str()), Some(&exists("three").as_str())),
        "{created}"
    );
}

fn replaced() {
    let house = House::new(User::Root);
    let file = put(&house, "m.yaml", &map("web", "1"));
    let missing =
        format!("Error from server (NotFound): error when replacing {file:?}: configmaps \"web\" not found\n");
    says(house.pod(&["replace", "-f", &file]), 1, "", &missing);
    says(house.pod(&["create", "-f", &file]), 0, "configmap/web created\n", "");
    let seen = house.pod(&["get", "cm", "web", "-o", "yaml"]).ok().out();
    let seen = put(&house, "seen.yaml", &seen.replace("k: \"1\"", "k: \"2\""));
    says(house.pod(&["replace", "-f", &seen]), 0, "configmap/web replaced\n", "");
    let conflict = format!(
        "Error from server (Conflict): error when replacing {seen:?}: Operation cannot be fulfilled on configmaps \"web\": \
         the object has been modified; please apply your changes to the latest version and try again\n"
    );
    put(&house, "seen.yaml", &fs::read_to_string(&seen).unwrap().replace("k: \"2\"", "k: \"3\""));
    says(house.pod(&["replace", "-f", &seen]), 1, "", &conflict);
    assert_eq!(house.pod(&["get", "cm", "web", "-o", "jsonpath={.data.k}"]).ok().out(), "2");
    let before = house.pod(&["get", "cm", "web", "-o", "jsonpath={.metadata.uid}"]).ok().out();
    let expected = "configmap \"web\" deleted from default namespace\nconfigmap/web replaced\n";
    says(house.pod(&["replace", "--force", "-f", &file]), 0, expected, "");
    assert_ne!(house.pod(&["get", "cm", "web", "-o", "jsonpath={.metadata.uid}"]).ok().out(), before);
    // What was never applied is told to be, and made so.
    let ran = house.pod(&["apply", "-f", &file]).ok();
    assert!(
        ran.err().starts_with("Warning: resource configmaps/web is missing the kubectl.kubernetes.io/last-applied"),
        "{ran}"
    );
    says(house.pod(&["apply", "-f", &file]), 0, "configmap/web unchanged\n", "");
    // What is sealed stays as it is.
    let sealed = put(&house, "sealed.yaml", &format!("{}immutable: true\n", map("sealed", "1")));
    house.pod(&["apply", "-f", &sealed]).ok();
    put(&house, "sealed.yaml", &format!("{}immutable: true\n", map("sealed", "2")));
    let refused = house.pod(&["apply", "-f", &sealed]).exits(1);
    let words = "The ConfigMap \"sealed\" is invalid: data: Forbidden: field is immutable when `immutable` is set\n";
    assert_eq!(refused.err(), words);
}

fn listed() {
    let house = House::new(User::Root);
    let labelled =
        |name: &str, tier: &str| map(name, "1").replace("{name:", &format!("{{labels: {{tier: {tier}}}, name:"));
    let file = put(&house, "all.yaml", &[labelled("a", "front"), labelled("b", "back")].join("---\n"));
    house.pod(&["apply", "-f", &file]).ok();
    let ran = house.pod(&["apply", "-n", "space02", "-f", &file]).ok();
    assert_eq!(ran.err(), "Warning: there was no namespace \"space02\"; it is made\n");
    house.pod(&["create", "secret", "generic", "s", "--from-literal=a=b"]).ok();
    let names = |words: &[&str]| house.pod(&[words, &["-o", "name"]].concat()).ok().out();
    assert_eq!(names(&["get", "cm,secrets"]), "configmap/a\nconfigmap/b\nsecret/s\n");
    assert_eq!(names(&["get", "cm", "-l", "tier=back", "-n", "space02"]), "configmap/b\n");
    assert_eq!(names(&["get", "ns"]), "namespace/default\nnamespace/space02\n");
    let table = house.pod(&["get", "cm", "-A", "-L", "tier", "--no-headers"]).ok().out();
    let columns: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    let brief: Vec<_> = columns.iter().map(|row| (row[0], row[1], row[2], row[4])).collect();
    let expected = [("default", "a"), ("default", "b"), ("space02", "a"), ("space02", "b")];
    let tier = |name: &str| if name == "a" { "front" } else { "back" };
    assert_eq!(brief, expected.map(|(namespace, name)| (namespace, name, "1", tier(name))));
    let list = house.pod(&["get", "cm", "-o", "json"]).json();
    assert_eq!((&list["kind"], list["items"].as_array().map(Vec::len)), (&json!("List"), Some(2)));
    says(house.pod(&["get", "cm", "nosuch", "--ignore-not-found"]), 0, "", "");
    says(house.pod(&["get", "cm", "-n", "nosuch"]), 0, "", "No resources found in nosuch namespace.\n");
    let unknown = "error: the server doesn't have a resource type \"nosuch\"\n";
    says(house.pod(&["get", "cm,nosuch"]), 1, "", unknown);
    says(house.pod(&["delete", "cm", "-l", "tier=back"]), 0, "configmap \"b\" deleted from default namespace\n", "");
    says(house.pod(&["delete", "ns", "space02"]), 0, "namespace \"space02\" deleted\n", "");
    assert_eq!(names(&["get", "cm", "-A"]), "configmap/a\n");
    says(
        house.pod(&["delete", "ns", "default"]),
        1,
        "",
        "Error from server (Forbidden): namespaces \"default\" is forbidden: this namespace may not be deleted\n",
    );
    says(house.pod(&["delete", "cm"]), 1, "", "error: resource(s) were provided, but no name was specified\n");
    says(house.pod(&["delete", "cm", "--all"]), 0, "configmap \"a\" deleted from default namespace\n", "");
}

fn made() {
    let house = House::new(User::Root);
    says(house.pod(&["create", "cm", "web", "--from-literal=a=b"]), 0, "configmap/web created\n", "");
    let twice = "error: failed to create configmap: configmaps \"web\" already exists\n";
    says(house.pod(&["create", "cm", "web", "--from-literal=a=b"]), 1, "", twice);
    says(house.pod(&["create", "secret", "generic", "s", "--from-literal=a=b"]), 0, "secret/s created\n", "");
    let twice = "error: failed to create secret secrets \"s\" already exists\n";
    says(house.pod(&["create", "secret", "generic", "s"]), 1, "", twice);
    says(house.pod(&["create", "ns", "space"]), 0, "namespace/space created\n", "");
    let twice = "Error from server (AlreadyExists): namespaces \"space\" already exists\n";
    says(house.pod(&["create", "namespace", "space"]), 1, "", twice);
    says(house.pod(&["create", "sa", "robot", "-n", "space"]), 0, "serviceaccount/robot created\n", "");
    assert_eq!(house.pod(&["get", "sa", "-A", "-o", "name"]).ok().out(), "serviceaccount/robot\n");
    // What a secret holds is nobody else's to read.
    let file = data(&house).join("objects/default/secrets/s");
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(file).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    let ran = house.pod(&["create", "cm", "Bad"]).exits(1);
    assert!(ran.err().starts_with("The ConfigMap \"Bad\" is invalid: metadata.name: Invalid value: \"Bad\""), "{ran}");
    let text = "apiVersion: v1\nkind: Secret\nmetadata: {name: t}\nstringData: {a: b}\n";
    let file = put(&house, "s.yaml", text);
    house.pod(&["apply", "-f", &file]).ok();
    says(house.pod(&["apply", "-f", &file]), 0, "secret/t unchanged\n", "");
    assert_eq!(house.pod(&["get", "secret", "t", "-o", "jsonpath={.data.a}"]).ok().out(), "Yg==");
}

fn filled() {
    let house = House::new(User::Root);
    let text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${NAME}}\ndata:\n  k: \"${VALUE}\"\n  shell: $${NAME} \
                ${X:-y} $(NAME)\n  own: ${PODKIT_OWN}\n";
    let file = put(&house, "m.yaml", text);
    let values = put(&house, "values", "NAME=web\n# nothing\nVALUE=a=b: c\nPODKIT_OWN\n");
    let undefined = format!("error: {file}:7:8: ${{PODKIT_OWN}} is not defined in {values}\n");
    says(house.pod(&["apply", "-f", &file, "--env-file", &values]), 1, "", &undefined);
    assert!(!data(&house).exists(), "nothing is done of what is not whole");
    let run = |verb: &str| {
        let mut command = house.command(crate::house::binaries().join("pod"));
        house.finish(command.args([verb, "-f", &file, "--env-file", &values]).env("PODKIT_OWN", "mine"))
    };
    says(run("create"), 0, "configmap/web created\n", "");
    says(run("replace"), 0, "configmap/web replaced\n", "");
    let kept = house.pod(&["get", "cm", "web", "-o", "json"]).json();
    assert_eq!(kept["data"], json!({ "k": "a=b: c", "shell": "${NAME} ${X:-y} $(NAME)", "own": "mine" }));
    // Whoever does not ask for it has what was written.
    let plain = put(&house, "plain.yaml", &map("plain", "${NAME}"));
    says(house.pod(&["apply", "-f", &plain]), 0, "configmap/plain created\n", "");
    assert_eq!(house.pod(&["get", "cm", "plain", "-o", "jsonpath={.data.k}"]).ok().out(), "${NAME}");
    let none = "error: error reading nosuch: no such file or directory\n";
    says(house.pod(&["apply", "-f", &plain, "--env-file", "nosuch"]), 1, "", none);
}

fn claimed() {
    let house = House::new(User::Root);
    let claim = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: c}\nspec:\n  accessModes: [ReadWriteOnce]\n  \
                 resources: {requests: {storage: 1Gi}}\n";
    let file = put(&house, "c.yaml", claim);
    let created = house.pod(&["apply", "-f", &file]).ok();
    assert_eq!(created.out(), "persistentvolumeclaim/c created\n", "{created}");
    assert!(created.err().contains("spec.resources: accepted, but has no effect here"), "{created}");
    says(house.pod(&["apply", "-f", &file]), 0, "persistentvolumeclaim/c unchanged\n", "");
    let uid = house.pod(&["get", "pvc", "c", "-o", "jsonpath={.metadata.uid}"]).ok().out();
    let shown = house.pod(&["get", "pvc", "c", "--no-headers"]).ok().out();
    let expected = ["c", "Bound", &format!("pvc-{uid}"), "1Gi", "RWO", "<unset>"];
    assert_eq!(shown.split_whitespace().take(6).collect::<Vec<_>>(), expected);
    put(&house, "c.yaml", &claim.replace("ReadWriteOnce", "ReadWriteMany"));
    let refused = house.pod(&["apply", "-f", &file]).exits(1);
    assert!(refused.err().contains("spec: Forbidden: spec is immutable after creation"), "{refused}");
}

/// Two write, and whoever reads meanwhile sees one or the other.
fn at_once(user: User) {
    let house = House::new(user);
    let long = |letter: &str| letter.repeat(200_000);
    let files = ["x", "y"].map(|letter| put(&house, &format!("{letter}.yaml"), &map("web", &long(letter))));
    house.pod(&["apply", "-f", &files[0]]).ok();
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writers = files.each_ref().map(|file| {
            let house = &house;
            scope.spawn(move || {
                for _ in 0..20 {
                    house.pod(&["apply", "-f", file]).ok();
                }
            })
        });
        let reader = scope.spawn(|| {
            let mut seen = 0;
            while !over.load(Ordering::Relaxed) {
                let value = house.pod(&["get", "cm", "web", "-o", "json"]).json();
                let text = value["data"]["k"].as_str().unwrap();
                assert!(text == long("x") || text == long("y"), "{} of {}", &text[..1], text.len());
                seen += 1;
            }
            seen
        });
        for writer in writers {
            writer.join().unwrap();
        }
        over.store(true, Ordering::Relaxed);
        assert!(reader.join().unwrap() > 3);
    });
}

fn not_ours() {
    let house = House::new(User::Root);
    let file = put(&house, "m.yaml", &map("web", "1"));
    house.pod(&["apply", "-f", &file]).ok();
    let objects = data(&house).join("objects");
    fs::set_permissions(&objects, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    let words = format!("error: the data directory {} is not ours alone: others may write to it\n", objects.display());
    for verb in [&["get", "cm"][..], &["apply", "-f", &file], &["delete", "cm", "web"], &["create", "ns", "a"]] {
        says(house.pod(verb), 1, "", &words);
    }
}

/// Calls that change something. Each is the last one of a command once.
const CALLS: &[&str] = &["mkdir", "openat", "write", "fsync", "rename", "unlink", "flock", "getrandom"];

fn killed() {
    let house = House::new(User::Root);
    let files = ["1", "2"].map(|value| put(&house, &format!("{value}.yaml"), &map("web", value)));
    let dies = |call: &str, at: usize, arguments: &[&str]| {
        let mut command = house.command("strace");
        command.args(["-f", "-qqq", "-o", "/dev/null", "-e", &format!("trace=?{call}")]);
        command.args(["-e", &format!("inject=?{call}:signal=KILL:when={at}"), "pod"]).args(arguments);
        !house.finish(&mut command).output.status.success()
    };
    let value = || {
        let ran = house.pod(&["get", "cm", "web", "--ignore-not-found", "-o", "jsonpath={.data.k}"]).ok();
        (ran.err(), ran.out())
    };
    let mut deaths = [0; 3];
    for call in CALLS {
        for at in [1, 2, 3, 4, 6, 9] {
            deaths[0] += usize::from(dies(call, at, &["apply", "-f", &files[0]]));
            let (err, out) = value();
            assert!(err.is_empty() && ["", "1"].contains(&out.as_str()), "{call} {at}: {out} {err}");
            house.pod(&["apply", "-f", &files[0]]).ok();
            deaths[1] += usize::from(dies(call, at, &["apply", "-f", &files[1]]));
            let (err, out) = value();
            assert!(err.is_empty() && ["1", "2"].contains(&out.as_str()), "{call} {at}: {out} {err}");
            deaths[2] += usize::from(dies(call, at, &["delete", "cm", "web"]));
            let (err, out) = value();
            assert!(err.is_empty() && ["", "1", "2"].contains(&out.as_str()), "{call} {at}: {out} {err}");
            house.pod(&["delete", "cm", "web", "--ignore-not-found"]).ok();
        }
    }
    // A test that never kills shows nothing.
    assert!(deaths.iter().all(|deaths| *deaths > 5), "{deaths:?}");
}
