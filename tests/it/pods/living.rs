//! Objects that live are changed, and what runs by them changes with them.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use super::{becomes, gone, image, line, pod, put, shown, waiting};
use crate::house::{House, Ran, User, binaries, eventually};

#[track_caller]
fn says(ran: Ran, code: i32, out: &str, err: &str) {
    let ran = ran.exits(code);
    assert_eq!((ran.out().as_str(), ran.err().as_str()), (out, err), "{ran}");
}

/// A pod of two containers, the first of which sees its labels.
fn up(house: &House) -> String {
    image(house);
    house.pod(&["image", "tag", "box", "other"]).ok();
    let mut main = waiting("main", "echo ready;");
    main["volumeMounts"] = json!([{ "name": "who", "mountPath": "/who" }]);
    let items = json!([
        { "path": "labels", "fieldRef": { "fieldPath": "metadata.labels" } },
        { "path": "note", "fieldRef": { "fieldPath": "metadata.annotations['note']" } },
    ]);
    let volumes = json!([{ "name": "who", "downwardAPI": { "items": items } }]);
    let spec = json!({ "containers": [main, waiting("side", "echo ready;")], "volumes": volumes });
    let file = put(house, "web.json", &pod("web", &spec));
    house.pod(&["apply", "-f", &file, "--wait", "--timeout", "30s"]).ok();
    house.logged("web", "side", "ready");
    file
}

fn pid(house: &House, container: &str) -> Value {
    house.workload("web", container)["process"]["pid"].clone()
}

fn holds(house: &House, path: &str, wanted: &str) {
    eventually(&format!("{path} holds {wanted}"), || {
        let seen = house.pod(&["exec", "web", "-c", "main", "--", "cat", path]).ok().out();
        (seen == wanted).then_some(())
    });
}

pub(super) fn labelled(user: User) {
    let house = House::new(user);
    let file = up(&house);
    let (main, side) = (pid(&house, "main"), pid(&house, "side"));
    says(house.pod(&["label", "pod", "web", "tier=front"]), 0, "pod/web labeled\n", "");
    holds(&house, "/who/labels", "app=\"web\"\ntier=\"front\"");
    says(house.pod(&["annotate", "pod/web", "note=first"]), 0, "pod/web annotated\n", "");
    holds(&house, "/who/note", "first");
    let taken = "error: 'tier' already has a value (front), and --overwrite is false\n";
    says(house.pod(&["label", "pods", "--all", "tier=back"]), 1, "", taken);
    says(house.pod(&["label", "pods", "-l", "app=web", "tier=back", "--overwrite"]), 0, "pod/web labeled\n", "");
    let running = ["label", "pods", "--field-selector", "status.phase=Running", "tier-"];
    says(house.pod(&running), 0, "pod/web unlabeled\n", "");
    holds(&house, "/who/labels", "app=\"web\"");
    let gone_already = "label \"tier\" not found.\npod/web not labeled\n";
    says(house.pod(&["label", "pod", "web", "tier-"]), 0, gone_already, "");
    // How a pod does is nobody's to write, and what is changed besides lets it run.
    let patch = r#"{"status":{"phase":"Failed"},"metadata":{"labels":{"a":"b"}}}"#;
    says(house.pod(&["patch", "pod", "web", "-p", patch]), 0, "pod/web patched\n", "");
    assert_eq!(shown(&house, "web", "{.status.phase} {.metadata.generation}"), "Running 1");
    assert_eq!((pid(&house, "main"), pid(&house, "side")), (main, side));
    // What others have put there stays when the manifest is applied again.
    says(house.pod(&["apply", "-f", &file]), 0, "pod/web unchanged\n", "");
    assert_eq!(shown(&house, "web", "{.metadata.labels.a}"), "b");
    gone(&house, &file);
}

pub(super) fn given_other_images(user: User) {
    let house = House::new(user);
    let file = up(&house);
    let (main, side) = (pid(&house, "main"), pid(&house, "side"));
    says(house.pod(&["set", "image", "pod", "web", "side=box"]), 0, "", "");
    says(house.pod(&["set", "image", "pod", "web", "side=other"]), 0, "pod/web image updated\n", "");
    let status = "{.status.containerStatuses[?(@.name==\"side\")].restartCount} \
                  {.status.containerStatuses[?(@.name==\"side\")].ready} {.metadata.generation}";
    eventually("side runs anew", || (shown(&house, "web", status) == "1 true 2").then_some(()));
    assert_ne!(pid(&house, "side"), side);
    assert_eq!(pid(&house, "main"), main, "nobody but who has another image is started again");
    let patch = r#"{"spec":{"containers":[{"name":"side","image":"box"}]}}"#;
    says(house.pod(&["patch", "pod", "web", "-p", patch]), 0, "pod/web patched\n", "");
    eventually("side runs a third time", || (shown(&house, "web", status) == "2 true 3").then_some(()));
    assert_eq!(pid(&house, "main"), main);
    // What cannot be changed of a pod is refused in a cluster's words.
    let forbidden = "Pod \"web\" is invalid: spec: Forbidden: pod updates may not change fields other than";
    for (words, before) in [
        (&["patch", "pod", "web", "--type=merge", "-p", r#"{"spec":{"hostname":"other"}}"#][..], "The "),
        (&["set", "env", "pod", "web", "A=b"], "error: failed to patch env update to pod template: "),
        (
            &["set", "resources", "pod", "web", "--limits=memory=1Gi"],
            "error: failed to patch resources update to pod template ",
        ),
        (&["set", "serviceaccount", "pod", "web", "robot"], "error: failed to patch ServiceAccountName "),
    ] {
        let ran = house.pod(words).exits(1);
        assert!(ran.err().starts_with(&format!("{before}{forbidden}")), "{ran}");
    }
    let name = house.pod(&["patch", "pod", "web", "-p", r#"{"metadata":{"name":"other"}}"#]).exits(1);
    let words =
        "Error from server (BadRequest): the name of the object (other) does not match the name on the URL (web)\n";
    assert_eq!(name.err(), words);
    let unknown = house.pod(&["patch", "pod", "web", "-p", r#"{"spec":{"hostnam":"x"}}"#]).ok();
    assert_eq!(
        (unknown.out().as_str(), unknown.err().as_str()),
        ("pod/web patched (no change)\n", "Warning: unknown field \"spec.hostnam\"\n")
    );
    let wrong = house.pod(&["patch", "pod", "web", "-p", r#"{"spec":{"hostname":7}}"#]).exits(1);
    assert!(
        wrong.err().contains("cannot be handled as a Pod: json: cannot unmarshal number into Go struct field"),
        "{wrong}"
    );
    assert_eq!(line(&house, "web").1, "Running");
    gone(&house, &file);
}

/// An editor that does this to its file, which is `$1`.
fn editor(house: &House, name: &str, script: &str) -> String {
    let path = put(house, name, &format!("#!/bin/sh\n{script}\n"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

fn edit(house: &House, editor: &str, words: &[&str]) -> Ran {
    let mut command = house.command(binaries().join("pod"));
    command.arg("edit").args(words).env("KUBE_EDITOR", editor).env("TMPDIR", house.work());
    house.finish(&mut command)
}

pub(super) fn edited(user: User) {
    let house = House::new(user);
    let file = up(&house);
    let (main, side) = (pid(&house, "main"), pid(&house, "side"));
    let left = |house: &House| {
        let names = fs::read_dir(house.work()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.starts_with("pod-edit-")).collect::<Vec<_>>()
    };
    says(edit(&house, "true", &["pod", "web"]), 0, "", "Edit cancelled, no changes made.\n");
    let seen = editor(&house, "seen", "cat \"$1\"; sed -i 's/app: web/app: web\\n    tier: front/' \"$1\"");
    let ran = edit(&house, &seen, &["pod", "web"]).ok();
    assert!(
        ran.out().starts_with("# Please edit the object below. Lines beginning with a '#' will be ignored,\n"),
        "{ran}"
    );
    assert!(ran.out().contains("\n  phase: Running\n") && ran.out().ends_with("pod/web edited\n"), "{ran}");
    holds(&house, "/who/labels", "app=\"web\"\ntier=\"front\"");
    // What is refused comes back with why, and what is mended then is taken.
    let mended = editor(
        &house,
        "mended",
        "grep -q 'was not valid' \"$1\" && { grep '^#' \"$1\" > said; sed -i 's/restartPolicy: Never/restartPolicy: Always/; \
         s/tier: front/tier: back/' \"$1\"; } || sed -i 's/restartPolicy: Always/restartPolicy: Never/' \"$1\"",
    );
    let ran = edit(&house, &mended, &["pod", "web"]).ok();
    assert_eq!((ran.out().as_str(), ran.err().as_str()), ("pod/web edited\n", "error: pods \"web\" is invalid\n"));
    let said = fs::read_to_string(house.work().join("said")).unwrap();
    let reason = "#\n# pods \"web\" was not valid:\n# * spec: Forbidden: pod updates may not change fields other than";
    assert!(said.contains(reason), "{said}");
    holds(&house, "/who/labels", "app=\"web\"\ntier=\"back\"");
    assert_eq!(left(&house), Vec::<String>::new());
    // What is given up is kept.
    let ran = edit(&house, "sed -i s/restartPolicy:/restartPolizy:/", &["pod", "web"]).exits(1);
    let [kept] = left(&house).try_into().unwrap();
    let path = house.work().join(kept);
    let expected = format!(
        "error: pods \"web\" is invalid\nA copy of your changes has been stored to {path:?}\nerror: Edit cancelled, no valid \
         changes were saved.\n"
    );
    assert_eq!(ran.err(), expected);
    let text = fs::read_to_string(&path).unwrap();
    assert!(
        text.contains("# * Pod in version \"v1\" cannot be handled as a Pod: strict decoding error: unknown field"),
        "{text}"
    );
    assert!(text.contains("\n  restartPolizy: Always\n"), "{text}");
    fs::remove_file(path).unwrap();
    // Whoever was faster is not written over.
    let pod = binaries().join("pod").display().to_string();
    let slow = editor(
        &house,
        "slow",
        &format!("{pod} label pod web c=d >/dev/null; sed -i 's/tier: back/tier: none/' \"$1\""),
    );
    let ran = edit(&house, &slow, &["pod", "web"]).exits(1);
    let conflict = "error: pods \"web\" could not be patched: Operation cannot be fulfilled on pods \"web\": the object has \
                    been modified; please apply your changes to the latest version and try again\nYou can run `pod replace";
    assert!(ran.err().starts_with(conflict), "{ran}");
    assert_eq!(shown(&house, "web", "{.metadata.labels.tier} {.metadata.labels.c}"), "back d");
    assert_eq!(left(&house).len(), 1);
    // Several at once: who was changed is, and who was not is said to be left.
    house.pod(&["create", "cm", "conf", "--from-literal=a=b"]).ok();
    let both = edit(&house, "sed -i s/tier:/tear:/", &["pod/web", "cm/conf"]).ok();
    assert_eq!(both.out(), "pod/web edited\nconfigmap/conf skipped\n");
    assert_eq!((pid(&house, "main"), pid(&house, "side")), (main, side));
    gone(&house, &file);
}

pub(super) fn compared(user: User) {
    let house = House::new(user);
    let file = up(&house);
    house.pod(&["create", "secret", "generic", "key", "--from-literal=password=before1"]).ok();
    says(house.pod(&["diff", "-f", &file]), 0, "", "");
    let other = fs::read_to_string(&file).unwrap().replace("\"image\":\"box\"", "\"image\":\"other\"");
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: key}\nstringData: {password: after2}\n";
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: new}\ndata: {a: b}\n";
    let all = put(&house, "all.yaml", &[&other, secret, map].join("\n---\n"));
    let before = house.pod(&["get", "pods,cm,secrets", "-o", "json"]).json();
    let ran = house.pod(&["diff", "-f", &all]).exits(1);
    let shown = ran.out();
    for part in [
        "diff -u -N LIVE/v1.Pod.default.web MERGED/v1.Pod.default.web\n",
        "\n-    image: box\n+    image: other\n",
        "\n-  generation: 1\n+  generation: 2\n",
        "\n-  password: '*** (before)'\n+  password: '*** (after)'\n",
        "+++ MERGED/v1.ConfigMap.default.new\n@@ -0,0 +1,",
        "\n+  a: b\n",
    ] {
        assert!(shown.contains(part), "{part:?} is not in\n{shown}");
    }
    assert!(!shown.contains("before1") && !shown.contains("YWZ0ZXIy") && !shown.contains("\n-    kubectl"), "{shown}");
    let after = house.pod(&["get", "pods,cm,secrets", "-o", "json"]).json();
    assert_eq!(after["items"].as_array().map(Vec::len), before["items"].as_array().map(Vec::len));
    assert_eq!(house.pod(&["diff", "-f", &all, "-l", "app=nosuch"]).ok().out(), "");
    let invalid = put(&house, "bad.json", &fs::read_to_string(&file).unwrap().replace("\"main\"", "\"renamed\""));
    house.pod(&["diff", "-f", &invalid]).refuses(2, "The Pod \"web\" is invalid: spec: Forbidden: pod updates may not");
    // Another program compares where one is named.
    let external = |program: &str| {
        let mut command = house.command(binaries().join("pod"));
        command.args(["diff", "-f", &all]).env("KUBECTL_EXTERNAL_DIFF", program).env("TMPDIR", house.work());
        house.finish(&mut command)
    };
    let ran = external("diff -r -q 'x'").exits(1);
    assert!(ran.out().contains("/v1.Pod.default.web") && ran.out().contains("/v1.Secret.default.key"), "{ran}");
    external("true").ok();
    external("nosuch").refuses(2, "failed to run \"nosuch\": ");
    let left = fs::read_dir(house.work()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(left.filter(|name| name.starts_with("LIVE-") || name.starts_with("MERGED-")).count(), 0);
    becomes(&house, "web", "Running");
    house.pod(&["delete", "secrets", "--all"]).ok();
    gone(&house, &file);
}
