//! The verbs that need no kernel, beside kubectl's: asked the same, in the same directory.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use libtest_mimic::Trial;
use manifest::diff::unified;
use tempfile::TempDir;

use super::cluster::serve;
use crate::house::{binaries, workspace};
use crate::trial::{Need, peer, trial};

pub(super) fn trials() -> Vec<Trial> {
    let kubectl: &[Need] = &[Need::Peer("kubectl")];
    vec![
        trial("verbs::say_what_kubectl_says", &[Need::Peer("kubectl"), Need::Program("openssl")], rows),
        trial("verbs::print_the_corpus_as_kubectl_does", kubectl, corpus),
        trial(
            "verbs::explain_names_the_fields_that_kubectl_names",
            &[Need::Peer("kubectl"), Need::Peer("schemas")],
            explained,
        ),
        trial("verbs::make_json_that_is_kubectls_but_for_the_order_of_keys", kubectl, json),
        trial("verbs::need_no_other_name_than_kubectl", &[], by_name),
        trial("verbs::that_need_a_kernel_say_that_they_are_not_there_yet", &[], not_yet),
        trial("verbs::dry_run_of_a_server_fills_in_and_checks", &[], served),
        trial("verbs::refuse_fields_that_there_are_not_with_their_place", &[], strict),
        trial("verbs::diff_tells_what_differs_and_no_secret", &[], diff),
        trial("verbs::convert_writes_todays_groups", &[], convert),
        trial("verbs::names_that_are_kinds_mean_the_kind", &[], kinds),
        trial("verbs::many_documents_are_many_times_one", &[], many),
    ]
}

/// A line of a shell, run with this program as its first word.
fn line(program: &Path, options: &str, words: &str, directory: &Path) -> Output {
    Command::new("sh")
        .args(["-c", &format!("exec \"$0\" {options} {words}")])
        .arg(program)
        .current_dir(directory)
        .env("KUBECONFIG", "/dev/null")
        .env("POD_DATA_DIR", directory.join(".data"))
        .env_remove("B")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn ours(words: &str, directory: &Path) -> Output {
    line(&binaries().join("pod"), "", words, directory)
}

fn theirs(words: &str, directory: &Path) -> Output {
    static SERVER: OnceLock<String> = OnceLock::new();
    static CACHE: OnceLock<PathBuf> = OnceLock::new();
    let address = SERVER.get_or_init(serve);
    let cache = CACHE.get_or_init(|| std::env::temp_dir().join(format!("podkit-kubectl-{}", std::process::id())));
    let options = format!("-s {address} --cache-dir={}", cache.display());
    let output = line(&peer("kubectl"), &options, words, directory);
    // Nothing of it is left, and it is made again where it is needed.
    let _ = fs::remove_dir_all(cache);
    output
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn first(bytes: &[u8]) -> String {
    text(bytes).lines().next().unwrap_or_default().replace("'kubectl ", "'pod ").replace("\"kubectl ", "\"pod ")
}

/// A directory with the files that the rows name.
fn directory() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let put = |name: &str, content: &str| {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    };
    let corpus = |name: &str| fs::read_to_string(workspace().join("manifest/tests/corpus").join(name)).unwrap();
    let pod = corpus("nginx-and-hexo.yaml");
    let named = |name: &str, more: &str| format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}{more}}}\n");
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\ndata: {k: v}\n";
    let two = format!("{}---\n{map}", named("a", ", namespace: ns1"));
    put("p.yaml", &pod);
    put("two.yaml", &two);
    put("bad.yaml", &format!("{}---\nfoo: [\n---\n{map}", named("a", "")));
    let list = "apiVersion: v1\nkind: List\nmetadata: {name: L}\nitems:\n";
    let item = |kind: &str, name: &str| format!("- apiVersion: v1\n  kind: {kind}\n  metadata: {{name: {name}}}\n");
    put("list.yaml", &[list, &item("Pod", "a"), &item("Secret", "s")].concat());
    put("d/1.yaml", &two);
    put("d/2.yml", &pod);
    put("d/3.txt", &pod);
    put("d/sub/4.json", r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"j"}}"#);
    fs::create_dir(directory.path().join("empty")).unwrap();
    put("gen.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {generateName: a-}\n");
    put("foo.yaml", "apiVersion: v1\nkind: Foo\nmetadata: {name: a}\n");
    put("nk.yaml", "metadata: {name: a}\n");
    put("nn.yaml", "apiVersion: v1\nkind: Pod\n");
    put("nn2.yaml", &format!("apiVersion: v1\nkind: Pod\nmetadata: {{}}\n---\n{}", named("b", "")));
    put("nm.yaml", "apiVersion: v1\nkind: Pod\nmetadata:\n");
    put("nl.yaml", &named("a", ", labels: null"));
    put("m5.yaml", "apiVersion: v1\nkind: Pod\nmetadata: 5\n");
    put("ml.yaml", "apiVersion: v1\nkind: Pod\nmetadata: [a]\n");
    put("li.yaml", "- a\n");
    let three = [named("a", ", labels: {a: x}"), named("b", ""), named("c", ", labels: {a: z}")];
    put("conf.yaml", &three.join("---\n"));
    put("an.yaml", &named("a", ", annotations: {a: x, b: y}"));
    put("an2.yaml", &named("a", ", annotations: {a: x, b: \"y\"}"));
    put("mf.yaml", &named("a", ", managedFields: [{manager: x}]"));
    put("kk.yaml", KEYS);
    put("t.jp", "{.kind}\n");
    put("pp.yaml", "metadata: {annotations: {q: r}}\n");
    put("env.txt", "A=1\nB\n#c\n\nC=x y\n");
    put("kv/one", "hi\n");
    fs::write(directory.path().join("kv/two.bin"), [0xff, 0]).unwrap();
    fs::create_dir(directory.path().join("kv/sub")).unwrap();
    put(".dockerconfigjson", "{\"auths\":{}}\n");
    let variables = "{name: A, value: \"1\"}, {name: F, valueFrom: {fieldRef: {fieldPath: metadata.name}}}, {name: S, \
        valueFrom: {secretKeyRef: {name: s, key: k}}}, {name: C, valueFrom: {configMapKeyRef: {name: c, key: k}}}, \
        {name: R, valueFrom: {resourceFieldRef: {containerName: ab, resource: limits.cpu}}}, {name: E}";
    let resources = "{limits: {cpu: 1, memory: 1Gi}, requests: {cpu: 500m}}";
    let spec = format!(
        "spec:\n  initContainers: [{{name: i, image: x}}]\n  containers:\n  - {{name: a, image: x, env: [{variables}]}}\n  - \
         {{name: ab, image: x, resources: {resources}}}\n"
    );
    put("e.yaml", &(named("e", "") + &spec));
    put("vars", "X=1\n# nothing\nY=two words # but these\nZ\n");
    for name in ["deployment", "statefulset", "cronjob", "job"] {
        put(&format!("{name}.yaml"), &corpus(&format!("{name}.yaml")));
    }
    let daemon = corpus("daemonset.yaml");
    let without: Vec<&str> = daemon.lines().filter(|line| !line.contains("replicas")).collect();
    put("daemonset-ok.yaml", &without.join("\n"));
    directory
}

/// Keys and texts as they are in nobody's manifest.
const KEYS: &str = r#"apiVersion: v1
kind: ConfigMap
metadata: {name: a}
x: {"app.kubernetes.io/name": 1, "a_b": 1, "_a": 1, "-a": 1, ".a": 1, "a:b": 1, "a/b": 1, "a@b": 1, y: 1, "On": 1,
  "none": 1, "0x1": 1, "1a": 1, "inf": 1, ".inf": 1, "Infinity": 1, "NaN": 1, "undefined": 1, "_": 1, "1_0": 1, "ä": 1,
  "a ": 1, "": 1, "=": 1, "<<": 1, "~": 1, "t": 1, "T": 1, "f": 1, "a.": 1, "a-": 1, "2001-01-01": 1, "oN": 1, "a,b": 1}
l: [["a\nb"], "x\ny", {a: b}, [c]]
m: [{a: b}, [c]]
n: [[a], b]
o: ["\u2028x\ny", "\ufeff", "\ufffd", "\ue000", "\u200b", "\ufff0", "\U0001F600", "\ttab", "a\ab"]
"#;

fn rows() {
    let directory = directory();
    let made = "req -x509 -newkey rsa:2048 -nodes -keyout t.key -out t.crt -subj /CN=x -days 10";
    assert!(line(Path::new("openssl"), "", made, directory.path()).status.success());
    let mut wrong = Vec::new();
    let rows = include_str!("rows.txt").lines().filter(|row| !row.is_empty() && !row.starts_with('#'));
    for row in rows.clone() {
        let (words, other_words) = row.strip_prefix("~ ").map_or((row, false), |row| (row, true));
        let (theirs, ours) = (theirs(words, directory.path()), ours(words, directory.path()));
        let same_words = first(&theirs.stderr) == first(&ours.stderr);
        if theirs.stdout != ours.stdout || theirs.status.code() != ours.status.code() || !same_words && !other_words {
            let difference = unified(&text(&theirs.stdout), &text(&ours.stdout), 1);
            let codes = (theirs.status.code(), ours.status.code());
            wrong.push(format!("{row}: {codes:?}\n{difference}- {}+ {}", text(&theirs.stderr), text(&ours.stderr)));
        }
        assert!(!other_words || theirs.stderr.is_empty() == ours.stderr.is_empty(), "{row}");
    }
    assert!(rows.count() > 250);
    assert!(wrong.is_empty(), "{} differ, kubectl -, we +\n{}", wrong.len(), wrong.join("\n"));
}

/// Manifests that kubectl without a server takes, and we do not, or the other way round.
///
/// Old groups are read as today's, and no server has them any more; a value of the wrong type is an error here before a
/// server says so.
const OTHERWISE: [&str; 4] = ["cronjob-old.yaml", "deployment-old.yaml", "replicaset-old.yaml", "wrong-types.yaml"];

fn corpus() {
    let corpus = workspace().join("manifest/tests/corpus");
    let mut files: Vec<_> = fs::read_dir(&corpus).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    files.sort();
    let mut wrong = Vec::new();
    let local = [
        "label --local a=b -o kyaml",
        "annotate --local a=b -o yaml",
        "patch --local --type=merge -p '{\"spec\":{\"x\":1}}' -o json",
    ];
    let asked = [
        "apply --dry-run=client --validate=false -o yaml",
        "create --dry-run=client --validate=false -o json",
        "replace --dry-run=client --validate=false -o kyaml",
        "set image --local '*=podkit/test:1' -o yaml",
    ];
    for file in files.iter().map(|file| file.to_str().unwrap()) {
        let otherwise = OTHERWISE.contains(&file);
        for words in local.iter().chain(asked.iter().filter(|_| !otherwise)) {
            let words = format!("{words} -f {file}");
            let (theirs, ours) = (theirs(&words, &corpus), ours(&words, &corpus));
            if theirs.stdout != ours.stdout || theirs.status.code() != ours.status.code() {
                let difference = unified(&text(&theirs.stdout), &text(&ours.stdout), 1);
                wrong.push(format!("{words}\n{difference}- {}+ {}", text(&theirs.stderr), text(&ours.stderr)));
            }
        }
    }
    assert!(files.len() >= 60, "{}", files.len());
    assert!(wrong.is_empty(), "{} differ, kubectl -, we +\n{}", wrong.len(), wrong.join("\n"));
}

/// Headings, fields, and what they hold; the words about them are our own.
fn explained() {
    let directory = tempfile::tempdir().unwrap();
    let kept = |output: &Output| {
        let lines = text(&output.stdout);
        // What managers of fields wrote is a type without a name of its own here.
        let is_kept = |line: &&str| {
            let heading =
                ["GROUP:", "KIND:", "VERSION:", "FIELD:", "FIELDS:"].iter().any(|word| line.starts_with(word));
            heading || line.contains("\t<") && !line.contains("fieldsV1")
        };
        lines.lines().filter(is_kept).map(str::to_owned).collect::<Vec<_>>().join("\n")
    };
    let mut wrong = Vec::new();
    for words in [
        "pod",
        "po.spec",
        "pod.spec.containers",
        "pods.spec.containers.ports",
        "pod.spec.containers.env.valueFrom",
        "pod.metadata",
        "pod.metadata.labels",
        "pod.spec.hostname",
        "deployment",
        "deploy.spec.strategy",
        "cj.spec.jobTemplate",
        "svc.spec.ports",
        "cm",
        "secret.data",
        "pvc.spec.resources",
        "pod --recursive",
        "pod.spec.volumes --recursive",
        "job.spec --recursive",
        "sts --recursive",
        "pod.foo",
        "pod.spec.containers.name.x",
    ] {
        let words = format!("explain {words}");
        let (theirs, ours) = (theirs(&words, directory.path()), ours(&words, directory.path()));
        // It begins to explain before it looks whether there is something to explain.
        let differ = ours.status.success() && kept(&theirs) != kept(&ours);
        if differ || theirs.status.code() != ours.status.code() || first(&theirs.stderr) != first(&ours.stderr) {
            let difference = unified(&kept(&theirs), &kept(&ours), 1);
            wrong.push(format!("{words}\n{difference}- {}+ {}", text(&theirs.stderr), text(&ours.stderr)));
        }
    }
    assert!(wrong.is_empty(), "{} differ, kubectl -, we +\n{}", wrong.len(), wrong.join("\n"));
}

/// Objects of kubectl's own structures come in the order of those; ours are sorted.
fn json() {
    let directory = directory();
    for words in [
        "run x --image=i --port=80 --env=A=b --labels=a=b --dry-run=client -o json -- a b",
        "create configmap c --from-literal=a=b --from-file=kv --dry-run=client -o json",
        "create secret generic s --from-literal=a=b --type=x/y --dry-run=client -o json",
        "set image --local -f p.yaml '*=x' -o json",
    ] {
        let (theirs, ours) = (theirs(words, directory.path()), ours(words, directory.path()));
        let value = |output: &Output| serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap();
        assert_eq!(value(&theirs), value(&ours), "{words}");
    }
}

fn by_name() {
    let directory = directory();
    let link = directory.path().join("kubectl");
    std::os::unix::fs::symlink(binaries().join("pod"), &link).unwrap();
    let run = |words: &str| line(&link, "", words, directory.path());
    let labelled = run("label --local -f two.yaml a=b");
    assert_eq!(text(&labelled.stdout), "pod/a labeled\nconfigmap/b labeled\n");
    for (words, under_kubectl, under_pod) in [("run x --limits=x", 1, 2), ("nonsense", 1, 2), ("run --help", 0, 0)] {
        assert_eq!(run(words).status.code(), Some(under_kubectl), "{words}");
        assert_eq!(ours(words, directory.path()).status.code(), Some(under_pod), "{words}");
    }
}

fn not_yet() {
    let directory = directory();
    for words in [
        "run x --image=i --port=80 --expose",
        "apply --dry-run=client -k d",
        "label --local -f p.yaml a=b -o go-template={{.kind}}",
        "create deployment",
    ] {
        let output = ours(words, directory.path());
        let said = text(&output.stderr);
        assert_eq!((output.status.code(), said.lines().count()), (Some(125), 1), "{words}: {said}");
        assert!(said.starts_with("error: ") && output.stdout.is_empty(), "{words}: {said}");
    }
}

fn served() {
    let directory = directory();
    let output = ours("apply -f p.yaml --dry-run=server -o yaml", directory.path());
    let shown = text(&output.stdout);
    assert!(output.status.success(), "{}", text(&output.stderr));
    for line in
        ["  terminationGracePeriodSeconds: 30\n", "    imagePullPolicy: IfNotPresent\n", "  namespace: default\n"]
    {
        assert!(shown.contains(line), "{line} is not in\n{shown}");
    }
    fs::write(
        directory.path().join("x.yaml"),
        "apiVersion: v1\nkind: Pod\nmetadata: {name: X}\nspec: {containers: []}\n",
    )
    .unwrap();
    let refused = ours("create -f x.yaml --dry-run=server", directory.path());
    let said = text(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(said.starts_with("The Pod \"X\" is invalid: \n* metadata.name: Invalid value: \"X\""), "{said}");
    assert!(said.contains("* spec.containers: Required value\n"), "{said}");
    let client = ours("create -f x.yaml --dry-run=client", directory.path());
    assert_eq!(text(&client.stdout), "pod/X created (dry run)\n");
    let mentioned =
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {priority: 3, containers: [{name: a, image: i}]}\n";
    fs::write(directory.path().join("m.yaml"), mentioned).unwrap();
    let mentioned = ours("replace -f m.yaml --dry-run=server", directory.path());
    assert_eq!(text(&mentioned.stdout), "pod/a replaced (server dry run)\n");
    assert!(text(&mentioned.stderr).contains("Warning: spec.priority: accepted, but has no effect here"));
}

fn strict() {
    let directory = directory();
    let content = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  contianers: []\n";
    fs::write(directory.path().join("x.yaml"), content).unwrap();
    let run = |words: &str| ours(&format!("apply -f x.yaml --dry-run=client {words}"), directory.path());
    let refused = run("");
    assert_eq!(refused.status.code(), Some(1));
    assert_eq!(
        text(&refused.stderr),
        "Error from server (BadRequest): error when creating \"x.yaml\": Pod in version \"v1\" cannot be handled as a Pod: \
         strict decoding error: unknown field \"spec.contianers\"\n  x.yaml:5:3: spec.contianers: no such field; did you \
         mean containers?\n"
    );
    let warned = run("--validate=warn");
    assert_eq!(text(&warned.stderr), "Warning: unknown field \"spec.contianers\"\n");
    assert_eq!(text(&warned.stdout), "pod/a created (dry run)\n");
    assert!(run("--validate=ignore").stderr.is_empty() && run("--validate=false").stderr.is_empty());
}

fn diff() {
    let directory = directory();
    let put = |name: &str, content: &str| fs::write(directory.path().join(name), content).unwrap();
    let secret = |value: &str| {
        format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\nstringData: {{a: {value}, b: same}}\n")
    };
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {hostname: h}\n";
    put("old.yaml", &format!("{pod}---\n{}", secret("before1")));
    put("new.yaml", &format!("{}---\n{}", pod.replace("hostname: h", "hostname: i"), secret("after2")));
    let run = |words: &str| ours(&format!("diff {words}"), directory.path());
    let output = run("--local=old.yaml -f new.yaml");
    assert_eq!(output.status.code(), Some(1));
    let shown = text(&output.stdout);
    let head =
        "diff -u -N OLD/v1.Pod.default.a NEW/v1.Pod.default.a\n--- OLD/v1.Pod.default.a\n+++ NEW/v1.Pod.default.a\n@@";
    assert!(shown.starts_with(head), "{shown}");
    assert!(shown.contains("\n-  hostname: h\n+  hostname: i\n"), "{shown}");
    assert!(shown.contains("\n-  a: '*** (before)'\n+  a: '*** (after)'\n   b: '***'\n"), "{shown}");
    assert!(!shown.contains("before1") && !shown.contains("after2") && !shown.contains("same"), "{shown}");
    assert_eq!(run("--local=old.yaml -f old.yaml").status.code(), Some(0));
    assert_eq!(run("--local=old.yaml -f none.yaml").status.code(), Some(2));
    assert_eq!(run("--local=empty -f new.yaml").status.code(), Some(2));
}

fn convert() {
    let corpus = workspace().join("manifest/tests/corpus");
    for (file, group) in [("deployment-old", "apps/v1"), ("cronjob-old", "batch/v1"), ("replicaset-old", "apps/v1")] {
        let output = ours(&format!("convert -f {file}.yaml"), &corpus);
        assert!(text(&output.stdout).starts_with(&format!("apiVersion: {group}\n")), "{}", text(&output.stderr));
        let wanted = ours(&format!("convert -f {file}.yaml --output-version={group} -o name"), &corpus);
        assert!(wanted.status.success());
        let other = ours(&format!("convert -f {file}.yaml --output-version=extensions/v1beta1"), &corpus);
        assert_eq!(other.status.code(), Some(1));
    }
    // What may be given twice in a shell's line is one list.
    let both = ours("convert -f deployment-old.yaml -f deployment-old.yaml", &corpus);
    assert!(text(&both.stdout).ends_with("kind: List\nmetadata: {}\n"));
}

fn kinds() {
    let directory = directory();
    for kind in ["deployment", "job", "pvc", "pods"] {
        let output = ours(&format!("create {kind}"), directory.path());
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(125), "{said}");
        assert!(said.contains("cannot have the name of a kind"), "{said}");
    }
    let made = ours("create cm web --from-literal=a=b --dry-run=client -o name", directory.path());
    assert_eq!(text(&made.stdout), "configmap/web\n");
}

/// Documents are shared out among threads: they come back in order, and each is what it is alone.
fn many() {
    let directory = directory();
    let pod = fs::read_to_string(directory.path().join("p.yaml")).unwrap();
    let alone = ours("label --local -f p.yaml a=b -o yaml", directory.path());
    let documents: Vec<String> =
        (0..500).map(|number| pod.replace("name: blog\n  labels", &format!("name: n{number}\n  labels"))).collect();
    fs::write(directory.path().join("many.yaml"), documents.join("---\n")).unwrap();
    let expected: Vec<String> = (0..500)
        .map(|number| text(&alone.stdout).replace("  name: blog\nspec", &format!("  name: n{number}\nspec")))
        .collect();
    let output = ours("label --local -f many.yaml a=b -o yaml", directory.path());
    assert!(output.status.success());
    assert!(text(&output.stdout) == expected.concat(), "they are not what they are alone, in order");
}
