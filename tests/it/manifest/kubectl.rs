//! What kubectl prints of manifests, and what we do.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use libtest_mimic::Trial;
use manifest::emit;
use manifest::read::{Validate, Written, read};
use manifest::text::Budget;
use serde_json::{Value, json};

use crate::trial::{Need, peer, trial};

pub(super) fn trials() -> Vec<Trial> {
    let kubectl: &[Need] = &[Need::Peer("kubectl")];
    vec![
        trial("manifest_corpus_is_read_and_printed_as_by_kubectl", kubectl, corpus),
        trial("manifest_snippets_are_refused_where_kubectl_refuses_them", kubectl, refused),
        trial("manifest_wrong_types_are_told_in_kubectls_words", kubectl, wrong_types),
        trial("manifest_patches_do_what_kubectls_do", kubectl, patches),
        trial("manifest_jsonpaths_print_what_kubectls_print", kubectl, jsonpaths),
        trial(
            "manifest_config_maps_and_secrets_are_made_as_by_kubectl",
            &[Need::Peer("kubectl"), Need::Program("openssl")],
            made,
        ),
        trial("manifest_objects_are_printed_as_kubectl_prints_its_own", kubectl, typed),
    ]
}

fn kubectl(arguments: &[&str], files: &[&Path]) -> Output {
    Command::new(peer("kubectl")).args(arguments).args(files).env("KUBECONFIG", "/dev/null").output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../manifest/tests/corpus")
}

/// The manifests of the corpus, in order of their names.
fn files() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(directory()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 60, "{} manifests", files.len());
    files
}

fn objects(file: &Path) -> Vec<Written> {
    let content = fs::read_to_string(file).unwrap();
    read(&content, "m.yaml", &Budget::default()).into_iter().map(Result::unwrap).collect()
}

/// With the label that kubectl is told to add.
fn labelled(mut value: Value) -> Value {
    if value["metadata"]["labels"].is_null() {
        value["metadata"]["labels"] = json!({});
    }
    value["metadata"]["labels"]["podkit"] = json!("test");
    value
}

fn shown(values: &[Value], format: &str) -> String {
    match format {
        "json" => values.iter().map(emit::json).collect(),
        // Its label and patch print each object by itself, without a mark between documents.
        "yaml" => values.iter().map(emit::yaml).collect(),
        _ => values.iter().map(|value| format!("{}\n", emit::name(value))).collect(),
    }
}

fn corpus() {
    let mut wrong = Vec::new();
    for file in files() {
        let ours: Vec<Value> = objects(&file).iter().map(|written| labelled(written.to_value())).collect();
        for format in ["json", "yaml", "name"] {
            let theirs =
                kubectl(&["label", "--local", "--dry-run=client", "podkit=test", "-o", format, "-f"], &[&file]);
            let ours = if format == "name" {
                shown(&ours, format).lines().map(|line| format!("{line}\n")).collect()
            } else {
                shown(&ours, format)
            };
            if text(&theirs.stdout) != ours {
                let (theirs, complaint) = (text(&theirs.stdout), text(&theirs.stderr));
                wrong.push(format!(
                    "{} as {format}:\n{}{complaint}",
                    file.display(),
                    manifest::diff::unified(&theirs, &ours, 1)
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "kubectl -, we +\n{}", wrong.join("\n"));
}

/// Texts that are no manifests, and some that only look so.
const SNIPPETS: [&str; 30] = [
    "spec: {a: *x}",
    "spec: &x {a: *x}",
    "spec: {<<: 3}",
    "spec: {a: !!int foo}",
    "spec: {18446744073709551615: x}",
    "spec: {null: x}",
    "spec: {a: \"\\/\"}",
    "spec: {a: \"\\ud83d\\ude00\"}",
    "spec: [",
    "spec: {a: b",
    "spec: 'x",
    "spec:\n a: b\n  c: d",
    "spec:\n\ta: b",
    "spec: a: b",
    "spec: {a: .nan}",
    "spec: @x",
    "spec: `x`",
    "spec: %x",
    "spec: {[a]: b}",
    "--- x",
    "---x",
    "spec: \"a\u{1}b\"",
    "- a",
    "spec: {a: 1, a: 2}",
    "spec: {a: !!binary '***'}",
    "spec: \u{fffe}",
    "spec: {a: ! yes}",
    "spec: {a: &b c, d: *b}",
    "spec: |\n  a\n b",
    "spec: >9\n  a",
];

fn refused() {
    let work = tempfile::tempdir().unwrap();
    let mut wrong = Vec::new();
    for (number, snippet) in SNIPPETS.iter().enumerate() {
        let content = format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\n{snippet}\n");
        let file = work.path().join(format!("{number}.yaml"));
        fs::write(&file, &content).unwrap();
        let theirs = kubectl(&["label", "--local", "--dry-run=client", "podkit=test", "-o", "json", "-f"], &[&file]);
        let ours = read(&content, "m", &Budget::default());
        let refused = ours.iter().any(Result::is_err);
        if theirs.status.success() == refused {
            wrong.push(format!("{snippet:?}: kubectl {} {}; we {ours:?}", text(&theirs.stdout), text(&theirs.stderr)));
        } else if !refused {
            let ours: Vec<Value> = ours.into_iter().map(|written| labelled(written.unwrap().to_value())).collect();
            if shown(&ours, "json") != text(&theirs.stdout) {
                wrong.push(format!("{snippet:?}: kubectl {}; we {}", text(&theirs.stdout), shown(&ours, "json")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every field is given each kind of value that it cannot have, and the complaints are the same, letter by letter.
fn wrong_types() {
    let work = tempfile::tempdir().unwrap();
    let wrongs = [
        json!(true),
        json!("x"),
        json!(7),
        json!(1.5),
        json!(["x"]),
        json!([7]),
        json!({ "k": "x" }),
        json!({ "k": [] }),
    ];
    let (mut asked, mut parts) = (Vec::new(), 0);
    for (place, field) in super::schemas::every_field() {
        for (number, wrong) in wrongs.iter().enumerate() {
            let object = super::schemas::at(&place, field.name, wrong);
            let written = read(&object.to_string(), "m", &Budget::default()).remove(0).unwrap();
            let Err(refusal) = written.decode(Validate::Ignore) else { continue };
            let sentence = refusal.sentence();
            let words =
                sentence.split_once(" cannot be handled as a ").unwrap().1.split_once(": ").unwrap().1.to_owned();
            parts = asked.len() / 200 + 1;
            let part = work.path().join((parts - 1).to_string());
            fs::create_dir_all(&part).unwrap();
            let file = part.join(format!("{}-{number}.json", asked.len()));
            fs::write(&file, object.to_string()).unwrap();
            asked.push((file, words));
        }
    }
    // It gets slower with the square of what it has to complain of.
    let said: String = (0..parts)
        .map(|part| {
            kubectl(&["set", "image", "--local", "-o", "name", "x=y", "-f"], &[&work.path().join(part.to_string())])
        })
        .map(|said| text(&said.stderr))
        .collect();
    let theirs: std::collections::HashMap<&str, &str> =
        said.lines().filter_map(|line| line.split_once("unable to decode \"")?.1.split_once("\": ")).collect();
    let (mut wrong, mut compared) = (Vec::new(), 0);
    for (file, ours) in &asked {
        // Fields that 1.35 has not are ones that it does not complain of.
        let Some(theirs) = theirs.get(file.to_str().unwrap()) else { continue };
        compared += 1;
        if theirs != ours {
            wrong.push(format!("{}\n  kubectl {theirs}\n  we      {ours}", fs::read_to_string(file).unwrap()));
        }
    }
    assert!(wrong.is_empty(), "{} of {compared}:\n{}", wrong.len(), wrong[..wrong.len().min(20)].join("\n"));
    assert!(compared > 4000, "{compared} compared of {}", asked.len());
}

/// `set image` decodes into kubectl's own structures and prints those: canonical quantities, no null, nothing unknown.
fn typed() {
    let mut wrong = Vec::new();
    let mut compared = 0;
    for file in files() {
        let written = objects(&file);
        let [written] = written.as_slice() else { continue };
        let Ok(decoded) = written.decode(Validate::Ignore) else { continue };
        if decoded.object.pod_spec().is_none() || written.former_version().is_some() {
            continue;
        }
        let theirs = kubectl(&["set", "image", "--local", "-o", "json", "*=podkit/test:1", "-f"], &[&file]);
        let mut object = decoded.object.clone();
        let spec = object.pod_spec_mut().unwrap();
        for container in spec.init_containers.iter_mut().chain(&mut spec.containers) {
            container.image = Some("podkit/test:1".to_owned());
        }
        let mut ours = object.to_value();
        // What kubectl's structures always have, whether set or not.
        let mut theirs: Value = serde_json::from_slice(&theirs.stdout)
            .unwrap_or_else(|_| panic!("{}: {}", file.display(), text(&theirs.stderr)));
        for value in [&mut ours, &mut theirs] {
            value.as_object_mut().unwrap().remove("status");
            drop_empty(value);
        }
        compared += 1;
        if ours != theirs {
            let difference = manifest::diff::unified(&emit::json(&theirs), &emit::json(&ours), 1);
            wrong.push(format!("{}:\n{difference}", file.display()));
        }
    }
    assert!(wrong.is_empty(), "kubectl -, we +\n{}", wrong.join("\n"));
    assert!(compared > 25, "{compared}");
}

/// Objects and lists with nothing in them, and null: whether they are printed is no matter of what was read.
fn drop_empty(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.values_mut().for_each(drop_empty);
            map.retain(|_, value| !value.is_null() && *value != json!({}) && *value != json!([]));
        }
        Value::Array(list) => list.iter_mut().for_each(drop_empty),
        _ => {}
    }
}

/// Patches of the three kinds, each for the manifest of this name.
const PATCHES: &[(&str, &str, &str)] = &[
    ("nginx", "strategic", r#"{"spec":{"containers":[{"name":"nginx","image":"nginx:2"}]}}"#),
    (
        "nginx",
        "strategic",
        r#"{"spec":{"containers":[{"name":"new","image":"x"}],"volumes":[{"name":"v","emptyDir":{}}]}}"#,
    ),
    (
        "nginx",
        "strategic",
        r#"{"metadata":{"labels":{"a":"b","c":null},"annotations":null},"spec":{"hostname":"h","restartPolicy":null}}"#,
    ),
    ("nginx", "strategic", r#"{"spec":{"containers":[{"$patch":"replace"},{"name":"only","image":"x"}]}}"#),
    (
        "nginx",
        "merge",
        r#"{"spec":{"containers":[{"name":"new","image":"x"}]},"metadata":{"labels":{"a":"b","n":null}}}"#,
    ),
    (
        "nginx",
        "json",
        r#"[{"op":"replace","path":"/spec/containers/0/image","value":"x"},{"op":"add","path":"/metadata/labels","value":{"a/b":"c"}},{"op":"remove","path":"/metadata/labels/a~1b"}]"#,
    ),
    (
        "nginx",
        "json",
        r#"[{"op":"add","path":"/spec/containers/-","value":{"name":"b"}},{"op":"copy","from":"/spec/containers/0","path":"/spec/containers/1"},{"op":"test","path":"/kind","value":"Pod"}]"#,
    ),
    ("nginx", "json", r#"[{"op":"remove","path":"/spec/nothing"}]"#),
    ("nginx", "json", r#"[{"op":"test","path":"/kind","value":"Job"}]"#),
    ("nginx", "json", r#"[{"op":"add","path":"/spec/containers/7","value":{}}]"#),
    (
        "nginx-and-hexo",
        "strategic",
        r#"{"spec":{"containers":[{"name":"hexo","command":["x"]},{"name":"nginx","ports":[{"containerPort":80,"hostPort":1},{"containerPort":81}]}]}}"#,
    ),
    (
        "nginx-and-hexo",
        "strategic",
        r#"{"spec":{"containers":[{"name":"nginx","$patch":"delete"}],"volumes":[{"name":"blog","hostPath":{"path":"/x"}}]}}"#,
    ),
    (
        "nginx-and-hexo",
        "strategic",
        r#"{"spec":{"volumes":[{"$retainKeys":["name","emptyDir"],"name":"blog","emptyDir":{}}]}}"#,
    ),
    (
        "nginx-and-hexo",
        "strategic",
        r#"{"spec":{"$setElementOrder/containers":[{"name":"hexo"},{"name":"nginx"}],"containers":[{"name":"hexo","image":"h"}]}}"#,
    ),
    (
        "nginx-and-hexo",
        "strategic",
        r#"{"spec":{"$setElementOrder/containers":[{"name":"new"},{"name":"hexo"}],"containers":[{"name":"new","image":"h"}]}}"#,
    ),
    (
        "nginx-and-hexo",
        "strategic",
        r#"{"spec":{"containers":[{"name":"nginx","volumeMounts":[{"mountPath":"/etc/nginx/","$patch":"delete"},{"mountPath":"/new","name":"blog"}]}]}}"#,
    ),
    ("nginx-and-hexo", "strategic", r#"{"spec":{"containers":[{"image":"no name"}]}}"#),
    ("nginx-and-hexo", "strategic", r#"{"metadata":{"labels":{"$patch":"replace","only":"this"}}}"#),
    ("nginx-and-hexo", "strategic", r#"{"spec":{"$patch":"delete"}}"#),
    ("nginx-and-hexo", "strategic", r#"{"spec":{"$patch":"nonsense"}}"#),
    ("nginx-and-hexo", "merge", r#"{"spec":null,"data":{"a":{"b":null,"c":1}}}"#),
    (
        "env",
        "strategic",
        r#"{"spec":{"containers":[{"name":"c","env":[{"name":"WHO","value":"me","valueFrom":null},{"name":"Z","value":"z"}],"envFrom":[]}]}}"#,
    ),
    ("env", "strategic", r#"{"spec":{"containers":[{"name":"c","command":["other"],"args":null}]}}"#),
    (
        "deployment",
        "strategic",
        r#"{"spec":{"strategy":{"$retainKeys":["type"],"type":"Recreate"},"template":{"spec":{"containers":[{"name":"sidecar","image":"s"}]}}}}"#,
    ),
    (
        "deployment",
        "strategic",
        r#"{"spec":{"template":{"spec":{"topologySpreadConstraints":[{"topologyKey":"zone","maxSkew":2},{"topologyKey":"node","maxSkew":1}]}}}}"#,
    ),
    (
        "deployment",
        "strategic",
        r#"{"metadata":{"finalizers":["b","a"]},"spec":{"template":{"spec":{"tolerations":[{"key":"x"}]}}}}"#,
    ),
    ("service", "strategic", r#"{"spec":{"ports":[{"port":80,"targetPort":9090},{"port":443,"name":"https"}]}}"#),
    (
        "service",
        "strategic",
        r#"{"spec":{"$setElementOrder/ports":[{"port":53},{"port":80}],"selector":{"app":null,"b":"c"}}}"#,
    ),
    (
        "job",
        "strategic",
        r#"{"spec":{"template":{"metadata":{"labels":{"a":"b"}},"spec":{"restartPolicy":"OnFailure"}}}}"#,
    ),
    ("configmap-nginx", "strategic", r#"{"data":{"nginx.conf":null,"other":"x"}}"#),
    (
        "sidecar",
        "strategic",
        r#"{"spec":{"initContainers":[{"name":"first","image":"x"},{"name":"proxy","env":[{"name":"A","value":null}]}]}}"#,
    ),
    (
        "dns",
        "strategic",
        r#"{"spec":{"hostAliases":[{"ip":"127.0.0.1","hostnames":["only"]},{"ip":"10.0.0.1","hostnames":["x"]}],"dnsConfig":{"searches":["a"]}}}"#,
    ),
    ("unknown-fields", "strategic", r#"{"metadata":{"lables":{"c":"d"}},"spec":{"restartPolice":null}}"#),
];

fn patches() {
    let mut wrong = Vec::new();
    for (name, kind, patch) in PATCHES {
        let file = directory().join(format!("{name}.yaml"));
        let written = objects(&file).remove(0);
        let theirs = kubectl(&["patch", "--local", "--type", kind, "-p", patch, "-o", "yaml", "-f"], &[&file]);
        let patch: Value = serde_json::from_str(patch).unwrap();
        let ours = match *kind {
            "strategic" => manifest::patch::strategic(written.to_value(), patch.clone(), written.root().of),
            "merge" => Ok(manifest::patch::merge(written.to_value(), patch.clone())),
            _ => manifest::patch::json(written.to_value(), &patch),
        };
        let theirs_said = if theirs.status.success() { text(&theirs.stdout) } else { String::new() };
        let ours_said = ours.as_ref().map(emit::yaml).unwrap_or_default();
        if theirs_said != ours_said {
            let difference = manifest::diff::unified(&theirs_said, &ours_said, 3);
            wrong.push(format!("{name} {kind} {patch}\n{}{:?}\n{difference}", text(&theirs.stderr), ours.err()));
        }
    }
    assert!(wrong.is_empty(), "kubectl -, we +\n{}", wrong.join("\n"));
}

/// Templates, each used on several manifests.
const TEMPLATES: &[&str] = &[
    "{.metadata.name}",
    "{.kind}/{.metadata.name}",
    "{.spec.containers[*].name}",
    "{.spec.containers[0].image}",
    "{.spec.containers[-1].name}",
    "{.spec.containers[0:1].name}",
    "{.spec.containers[:].name}",
    "{.spec.containers[::2].name}",
    "{.spec.containers[7].name}",
    "{.spec.containers[1:0].name}",
    "{range .spec.containers[*]}{.name}{'\\n'}{end}",
    "{range .spec.containers[*]}{.name}={.image} {end}done",
    "{range .spec.nothing[*]}{.name}{end}after",
    "{range .spec.containers[*]}{range .ports[*]}{.containerPort},{end};{end}",
    "{.spec.containers[?(@.name==\"nginx\")].image}",
    "{.spec.containers[?(@.name=='hexo')].command}",
    "{.spec.containers[?(@.name!=\"nginx\")].name}",
    "{.spec.containers[?(@.ports)].name}",
    "{.spec.containers[?(@.ports[0].containerPort==80)].name}",
    "{.spec.containers[?(@.ports[0].containerPort>=81)].name}",
    "{.spec.containers[?(@.name>'a')].name}",
    "{..name}",
    "{..image}",
    "{.metadata.labels}",
    "{.metadata.labels.app}",
    "{.metadata['name','namespace']}",
    "{.metadata.annotations['description']}",
    "{.spec.containers[*]['name','image']}",
    "{.spec.containers[0,1].name}",
    "{.nothing}",
    "{.nothing.at.all}",
    "{.spec.volumes[*].name}",
    "{.spec}",
    "{@}",
    "{$}",
    "{$.metadata.name}",
    "{'text'}",
    "{\"text\\t\"}",
    "plain",
    "{.spec.containers}",
    "{.spec.containers[*].ports[*].hostPort}",
    "{.metadata.*}",
    "{.spec.containers[0].volumeMounts[0].readOnly}",
    "{",
    "{.a",
    "}",
    "{[",
    "{.spec.containers[}",
    "{.spec.containers[x]}",
    "{end}",
    "{range}",
    "{foo}",
    "{.spec.containers[?(@.name==\"x\"}",
    "{.spec.containers[?(@.name=\"x\")]}",
    "{.spec.containers[?(@.name==1)].name}",
    "{.metadata[0]}",
    "{.metadata.name[0]}",
    "{1}",
    "{true}",
    "{1.5}",
    "{.metadata.labels['app']}",
    "{.metadata.annotations.kubectl\\.kubernetes\\.io/default-container}",
    "{.metadata.annotations['kubectl\\.kubernetes\\.io/default-container']}",
    "{.extra[*]}",
    "{.extra}",
    "{.matrix[1][1][0]}",
    "{.objects[*][*].a}",
    "{.data.a}",
    "{.metadata.name}{.metadata.name}",
    "a {.kind} b {.kind} c",
    "{ .kind }",
    "{.spec.containers[ 0 ].name}",
    "{.spec.containers[0]['name']}",
    "{.spec.terminationGracePeriodSeconds}",
    "{.spec.containers[0].resources.limits}",
    "{..[0].name}",
    "{.spec.containers[*].nothing}",
    "{.spec['containers'][0].name}",
];

fn jsonpaths() {
    let mut wrong = Vec::new();
    let mut compared = 0;
    for (number, template) in TEMPLATES.iter().enumerate() {
        let names = [
            "nginx-and-hexo.yaml",
            "annotations.yaml",
            "floats.yaml",
            "nested-lists.yaml",
            "numbers.yaml",
            "web-server-pod.yaml",
        ];
        // Every template with two manifests, every manifest with many templates.
        for name in [names[0], names[1 + number % (names.len() - 1)]] {
            let file = directory().join(name);
            let value = labelled(objects(&file).remove(0).to_value());
            // The order of a wildcard over a mapping is nobody's in kubectl.
            let sorted = |text: String| {
                let mut words: Vec<&str> = text.split(' ').collect();
                words.sort_unstable();
                if template.contains("..") || template.contains(".*") { words.join(" ") } else { text }
            };
            for format in ["jsonpath", "jsonpath-as-json"] {
                if format == "jsonpath-as-json"
                    && (number % 3 > 0 || template.contains("..") || template.contains(".*"))
                {
                    continue;
                }
                let asked = format!("{format}={template}");
                let theirs =
                    kubectl(&["label", "--local", "--dry-run=client", "podkit=test", "-o", &asked, "-f"], &[&file]);
                let parsed = manifest::jsonpath::Template::parse(template).map_err(|error| error.to_string());
                let ours = parsed.and_then(|parsed| {
                    let printed = if format == "jsonpath" { parsed.print(&value) } else { parsed.print_json(&value) };
                    printed.map_err(|error| error.to_string())
                });
                compared += 1;
                let fits = match (&ours, theirs.status.success()) {
                    (Ok(ours), true) => sorted(ours.clone()) == sorted(text(&theirs.stdout)),
                    (Err(_), false) => true,
                    _ => false,
                };
                if !fits {
                    wrong.push(format!(
                        "{asked} on {name}: we {ours:?}\n  kubectl {:?} {}",
                        text(&theirs.stdout),
                        text(&theirs.stderr).lines().next().unwrap_or_default()
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {compared}\n{}", wrong.len(), wrong.join("\n"));
}

/// `create configmap` and `create secret`, of literals and files.
fn made() {
    use manifest::make;
    let work = tempfile::tempdir().unwrap();
    let put = |name: &str, content: &[u8]| {
        let file = work.path().join(name);
        fs::write(&file, content).unwrap();
        file.display().to_string()
    };
    let (conf, logo) = (put("nginx.conf", b"user x;\nevents {}\n"), put("logo.png", b"\x89PNG\xff"));
    let (certificate, key) = certificate(work.path());
    let theirs = |arguments: &[&str]| {
        let said = kubectl(&[&["create"], arguments, &["--dry-run=client", "-o", "yaml"]].concat(), &[]);
        assert!(said.status.success(), "{arguments:?}: {}", text(&said.stderr));
        text(&said.stdout)
    };
    let literals = ["--from-literal=a=b=c", "--from-literal=empty=", "--from-literal=q='x y'", "--from-literal=n=1"];
    let content = || {
        let words = literals.map(|word| make::literal(word.trim_start_matches("--from-literal=")).unwrap());
        let files = [&conf, &logo]
            .map(|file| (Path::new(file).file_name().unwrap().to_str().unwrap().to_owned(), fs::read(file).unwrap()));
        words.into_iter().chain(files).collect::<Vec<_>>()
    };
    let files = [format!("--from-file={conf}"), format!("--from-file={logo}")];
    let with = |head: &[&str]| {
        let mut words = head.to_vec();
        words.extend(literals);
        words.extend(files.iter().map(String::as_str));
        theirs(&words)
    };
    let show = |object: manifest::kind::Object| emit::yaml(&object.to_value());
    assert_eq!(show(make::config_map("c", None, content()).unwrap().into()), with(&["configmap", "c"]));
    assert_eq!(
        show(make::secret("s", Some("ns"), None, content()).unwrap().into()),
        with(&["secret", "generic", "s", "-n", "ns"])
    );
    let registry = make::registry_secret("r", None, "registry.example", ("me", "p\"<w>", Some("me@example"))).unwrap();
    let words = [
        "secret",
        "docker-registry",
        "r",
        "--docker-server=registry.example",
        "--docker-username=me",
        "--docker-password=p\"<w>",
        "--docker-email=me@example",
    ];
    assert_eq!(show(registry.into()), theirs(&words));
    let tls = make::tls_secret("t", None, fs::read(&certificate).unwrap(), fs::read(&key).unwrap()).unwrap();
    let words = [format!("--cert={certificate}"), format!("--key={key}")];
    assert_eq!(show(tls.into()), theirs(&["secret", "tls", "t", &words[0], &words[1]]));
}

/// kubectl looks whether a certificate is one.
fn certificate(work: &Path) -> (String, String) {
    let (certificate, key) = (work.join("tls.crt").display().to_string(), work.join("tls.key").display().to_string());
    let words = [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-subj",
        "/CN=x",
        "-keyout",
        &key,
        "-out",
        &certificate,
    ];
    let made = Command::new("openssl").args(words).output().unwrap();
    assert!(made.status.success(), "{}", text(&made.stderr));
    (certificate, key)
}
