//! What changes objects that live, beside a real kubectl: both are asked the same of the same objects, and in the end
//! the objects are the same.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};

use libtest_mimic::Trial;
use manifest::check::Refused;
use manifest::diff::unified;
use manifest::kind::{Object, Resource};
use manifest::patch;
use serde_json::{Value, json};

use super::cluster::{Answer, Request, serve_with};
use crate::house::{House, User, binaries};
use crate::trial::{Need, peer, trial};

pub(super) fn trials() -> Vec<Trial> {
    vec![trial("verbs::change_what_lives_as_kubectl_does", &[Need::Peer("kubectl")], rows)]
}

/// Objects by where they are asked for: `configmaps/conf`.
type Kept = Arc<Mutex<BTreeMap<String, Value>>>;

/// What an API server answers that has these objects, in the namespace default.
fn answer(kept: &Kept, request: &Request) -> Option<Answer> {
    let path = request.path.strip_prefix("/api/v1/")?;
    let path = path.strip_prefix("namespaces/default/").unwrap_or(path);
    let (plural, name) = path.split_once('/').unwrap_or((path, ""));
    let resource = Resource::find(plural)?;
    let mut kept = kept.lock().unwrap();
    if name.is_empty() {
        let query: BTreeMap<_, _> = request.query.split('&').filter_map(|pair| pair.split_once('=')).collect();
        let selector = query.get("labelSelector").map(|text| text.replace("%3D", "=").replace("%2C", ","));
        let selector = selector.map(|text| text.parse::<manifest::selector::Selector>().unwrap());
        let of_it = |place: &&String| place.starts_with(&format!("{plural}/"));
        let items: Vec<Value> = kept.keys().filter(of_it).map(|place| kept[place].clone()).collect();
        let is_meant = |item: &Value| {
            let object = Object::from_value(resource.kind, item.clone()).unwrap();
            selector.as_ref().is_none_or(|selector| selector.matches(&object.metadata().labels))
        };
        let items: Vec<Value> = items.into_iter().filter(is_meant).collect();
        let kind = format!("{}List", resource.kind);
        return Some(("200 OK", json!({ "apiVersion": "v1", "kind": kind, "metadata": {}, "items": items })));
    }
    let who = json!({ "name": name, "kind": plural });
    let Some(there) = kept.get(path).cloned() else {
        return Some(failed("404 Not Found", 404, "NotFound", &format!("{plural} {name:?} not found"), who));
    };
    if request.method == "GET" {
        return Some(("200 OK", there));
    }
    let wanted: Value = serde_json::from_slice(&request.body).unwrap();
    let patched = match request.content_type.as_str() {
        kind if kind.starts_with("application/json-patch") => patch::json(there.clone(), &wanted),
        kind if kind.starts_with("application/merge-patch") => Ok(patch::merge(there.clone(), wanted)),
        _ => patch::strategic(there.clone(), wanted, resource.root().of),
    };
    let Ok(mut patched) = patched else {
        let words = "the server rejected our request due to an error in our request";
        return Some(failed("422 Unprocessable Entity", 422, "Invalid", words, json!({})));
    };
    let version = |value: &Value| value["metadata"]["resourceVersion"].as_str().map(str::to_owned);
    if version(&patched).is_some_and(|wanted| Some(wanted) != version(&there)) {
        let words = format!(
            "Operation cannot be fulfilled on {plural} {name:?}: the object has been modified; please apply your changes to \
             the latest version and try again"
        );
        return Some(failed("409 Conflict", 409, "Conflict", &words, who));
    }
    let before = Object::from_value(resource.kind, there.clone()).unwrap();
    let mut object = Object::from_value(resource.kind, patched.clone()).unwrap();
    object.set_defaults();
    let invalid = object.check_update(&before);
    if !invalid.is_empty() {
        let refused = Refused::of(&object, &invalid);
        let cause = |text: &String| {
            let (field, message) = text.split_once(": ").unwrap();
            json!({ "reason": "FieldValueForbidden", "field": field, "message": message })
        };
        let causes: Vec<Value> = refused.causes.iter().map(cause).collect();
        let details = json!({ "name": name, "kind": resource.kind, "causes": causes });
        return Some(failed("422 Unprocessable Entity", 422, "Invalid", &refused.message(), details));
    }
    patched = object.to_value();
    if patched != there && !request.query.contains("dryRun") {
        let next = version(&there).unwrap().parse::<u64>().unwrap() + 1;
        patched["metadata"]["resourceVersion"] = json!(next.to_string());
        kept.insert(path.to_owned(), patched.clone());
    }
    Some(("200 OK", patched))
}

fn failed(line: &'static str, code: u16, reason: &str, message: &str, details: Value) -> Answer {
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message,
        "reason": reason, "details": details, "code": code,
    });
    (line, status)
}

/// Objects as they are before anything is done to them.
const OBJECTS: &str = r#"
apiVersion: v1
kind: ConfigMap
metadata: {name: conf}
data: {A: "1", b.c: "2"}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: other, labels: {tier: front}}
data: {A: "1"}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: sealed}
data: {A: "1"}
immutable: true
---
apiVersion: v1
kind: Secret
metadata: {name: key}
stringData: {password: secret}
---
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec:
  terminationGracePeriodSeconds: 1
  initContainers: [{name: first, image: nosuch.invalid/x, imagePullPolicy: Never}]
  containers:
  - {name: main, image: nosuch.invalid/x, imagePullPolicy: Never, env: [{name: A, value: b}]}
  - {name: side, image: nosuch.invalid/y, imagePullPolicy: Never}
"#;

/// What is asked, one after the other, of both. Lines that begin with an editor are for `edit`.
const ROWS: &str = include_str!("living.txt");

struct Both {
    house: House,
    address: String,
}

impl Both {
    fn work(&self) -> PathBuf {
        self.house.work()
    }

    fn run(&self, program: PathBuf, options: &str, editor: &str, words: &str) -> Output {
        let mut command: Command = self.house.command("sh");
        command.args(["-c", &format!("exec \"$0\" {options} {words}")]).arg(program).stdin(Stdio::null());
        command.env("KUBECONFIG", "/dev/null").env("KUBE_EDITOR", editor).env("TMPDIR", self.work().join("tmp"));
        command.env_remove("KUBECTL_EXTERNAL_DIFF").output().unwrap()
    }

    fn ours(&self, editor: &str, words: &str) -> Output {
        self.run(binaries().join("pod"), "", editor, words)
    }

    fn theirs(&self, editor: &str, words: &str) -> Output {
        let options = format!("-s {} --cache-dir={}", self.address, self.work().join("cache").display());
        self.run(peer("kubectl"), &options, editor, words)
    }
}

/// What is no matter of which program it was: revisions, names of files that are gone, times.
fn masked(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes).replace("kubectl", "pod");
    let mut lines = Vec::new();
    for line in text.lines() {
        let mut line = line.split('\t').next().unwrap_or_default().to_owned();
        if line.contains("resourceVersion") {
            line = line.split("resourceVersion").next().unwrap_or_default().to_owned() + "resourceVersion";
        }
        for (head, end) in [("LIVE-", '/'), ("MERGED-", '/'), ("pod-edit-", '.')] {
            while let Some(at) = line.find(head) {
                let from = line[..at].rfind([' ', '"']).map_or(0, |place| place + 1);
                let to = line[at..].find(end).map_or(line.len(), |place| at + place);
                line.replace_range(from..to, &head[..head.len() - 1]);
            }
        }
        lines.push(line);
    }
    lines.join("\n")
}

fn first(bytes: &[u8]) -> String {
    masked(bytes).lines().next().unwrap_or_default().to_owned()
}

fn objects(house: &House) -> BTreeMap<String, Value> {
    let list = house.pod(&["get", "pods,cm,secrets", "-o", "json"]).json();
    let place = |item: &Value| {
        let resource = Resource::find(item["kind"].as_str().unwrap()).unwrap();
        format!("{}/{}", resource.plural, item["metadata"]["name"].as_str().unwrap())
    };
    list["items"].as_array().unwrap().iter().map(|item| (place(item), item.clone())).collect()
}

/// What a client has a say in.
fn wanted(mut objects: BTreeMap<String, Value>) -> BTreeMap<String, Value> {
    for object in objects.values_mut() {
        object.as_object_mut().unwrap().remove("status");
        for told in ["resourceVersion", "generation"] {
            object["metadata"].as_object_mut().unwrap().remove(told);
        }
    }
    objects
}

fn rows() {
    let house = House::new(User::Root);
    let work = house.work();
    fs::create_dir(work.join("tmp")).unwrap();
    let put = |name: &str, content: &str| fs::write(work.join(name), content).unwrap();
    put("objects.yaml", OBJECTS);
    house.pod(&["create", "-f", "objects.yaml"]).ok();
    let map = |name: &str, data: &str| {
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{{data}}}\n")
    };
    put("conf.yaml", &map("conf", "A: \"9\""));
    put("many.yaml", &[map("conf", ""), map("other", ""), map("nosuch", "")].join("---\n"));
    put("elsewhere.yaml", &map("conf", "").replace("{name: conf}", "{name: conf, namespace: space}"));
    put("patch.yaml", "data: {from: file}\n");
    let kept: Kept = Arc::new(Mutex::new(objects(&house)));
    let served = Arc::clone(&kept);
    let both = Both { house, address: serve_with(move |request| answer(&served, request)) };
    let mut wrong = Vec::new();
    let mut asked = 0;
    for row in ROWS.lines().filter(|row| !row.is_empty() && !row.starts_with('#')) {
        let (editor, words) = row.split_once(" | ").unwrap_or(("false", row));
        let (words, other_words) = words.strip_prefix("~ ").map_or((words, false), |words| (words, true));
        let (theirs, ours) = (both.theirs(editor, words), both.ours(editor, words));
        asked += 1;
        let said = masked(&theirs.stdout) == masked(&ours.stdout) && theirs.status.code() == ours.status.code();
        let complained = first(&theirs.stderr) == first(&ours.stderr)
            || other_words && theirs.stderr.is_empty() == ours.stderr.is_empty();
        if !said || !complained {
            let codes = (theirs.status.code(), ours.status.code());
            let difference = unified(&masked(&theirs.stdout), &masked(&ours.stdout), 1);
            wrong.push(format!(
                "{row}: {codes:?}\n{difference}- {}\n+ {}",
                masked(&theirs.stderr),
                masked(&ours.stderr)
            ));
        }
    }
    let (theirs, ours) = (wanted(kept.lock().unwrap().clone()), wanted(objects(&both.house)));
    assert!(asked > 100, "{asked}");
    assert!(wrong.is_empty(), "{} differ, kubectl -, we +\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(theirs, ours);
    both.house.pod(&["delete", "pods,cm,secrets", "--all"]).ok();
    both.house.nothing_is_left();
}
