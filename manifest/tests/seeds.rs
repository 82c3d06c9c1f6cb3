//! Manifests as people have them: they read, get their defaults and pass; what is wrong with others is told where it is.
#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;

use manifest::check::{mentions, sentence};
use manifest::kind::Object;
use manifest::read::{Decoded, ReadError, Validate, Written, read};
use manifest::schema::Support;
use manifest::text::{Budget, documents};

fn corpus(name: &str) -> String {
    fs::read_to_string(format!("{}/tests/corpus/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn all(text: &str) -> Vec<Written> {
    read(text, "m.yaml", &Budget::default()).into_iter().map(Result::unwrap).collect()
}

fn ready(written: &Written) -> Object {
    let Decoded { mut object, warnings } =
        written.decode(Validate::Strict).unwrap_or_else(|refusal| panic!("{refusal}"));
    assert_eq!(warnings, []);
    object.set_defaults();
    object
}

fn only(text: &str) -> Object {
    ready(&all(text)[0])
}

#[test]
fn ordinary_manifests_are_read_defaulted_and_pass() {
    for name in [
        "nginx.yaml",
        "nginx-and-hexo.yaml",
        "web-server-pod.yaml",
        "init-containers.yaml",
        "shared-hostpath.yaml",
        "projected-secrets.yaml",
        "replicaset-old.yaml",
        "deployment-old.yaml",
        "daemonset.yaml",
        "job.yaml",
        "cronjob-old.yaml",
        "service-headless.yaml",
        "statefulset.yaml",
        "kubectl-run-old.yaml",
        "kubectl-run-new.yaml",
        "configmap-nginx.yaml",
        "secret-types.yaml",
        "claim.yaml",
        "many-documents.yaml",
        "list.yaml",
        "probes.yaml",
        "sidecar.yaml",
        "env.yaml",
        "security.yaml",
        "host-namespaces.yaml",
        "dns.yaml",
        "volumes.yaml",
        "cronjob.yaml",
        "service.yaml",
        "nulls.yaml",
        "numbers.yaml",
        "ports.yaml",
        "tolerations.yaml",
        "anchors.yaml",
        "configmap-binary.yaml",
        "generate-name.yaml",
    ] {
        for written in all(&corpus(name)) {
            let object = ready(&written);
            let found = object.check();
            assert!(found.is_empty(), "{name}: {}", sentence(&object, &found));
            // What was given its defaults has nothing to be given any more.
            let mut again = object.clone();
            again.set_defaults();
            assert_eq!(again, object, "{name}");
            let stored = serde_json::to_string(&object).unwrap();
            assert_eq!(
                Object::from_value(object.kind(), serde_json::from_str(&stored).unwrap()).unwrap(),
                object,
                "{name}"
            );
        }
    }
}

#[test]
fn old_groups_are_read_as_todays() {
    for (name, version, today) in [
        ("replicaset-old.yaml", "extensions/v1beta1", "apps/v1"),
        ("deployment-old.yaml", "extensions/v1beta1", "apps/v1"),
        ("cronjob-old.yaml", "batch/v1beta1", "batch/v1"),
    ] {
        let written = &all(&corpus(name))[0];
        assert_eq!(written.former_version(), Some(version));
        assert_eq!(written.converted()["apiVersion"], today);
        assert_eq!(ready(written).to_value()["apiVersion"], today);
    }
}

#[test]
fn replicas_of_a_daemon_set_are_an_unknown_field() {
    let text = corpus("daemonset.yaml").replace("spec:\n  selector", "spec:\n  replicas: 3\n  selector");
    let refusal = all(&text)[0].decode(Validate::Strict).unwrap_err();
    let expected = "DaemonSet in version \"apps/v1\" cannot be handled as a DaemonSet: strict decoding error: unknown field \"spec.replicas\"";
    assert_eq!(refusal.sentence(), expected);
    assert_eq!(refusal.places(), ["m.yaml:6:3: spec.replicas: no such field"]);
    // Whoever asks for it gets away with a warning, or without.
    let warned = all(&text)[0].decode(Validate::Warn).unwrap();
    assert_eq!(warned.warnings[0].to_string(), "unknown field \"spec.replicas\"");
    assert!(all(&text)[0].decode(Validate::Ignore).unwrap().warnings.is_empty());
}

#[test]
fn a_cron_job_with_capitals_in_its_name_is_refused_by_rfc_1123() {
    let object = only(&corpus("cronjob-old.yaml").replace("lqhcronjob1", "lqhCronJob1"));
    let said = sentence(&object, &object.check());
    let expected = "The CronJob \"lqhCronJob1\" is invalid: metadata.name: Invalid value: \"lqhCronJob1\": a lowercase RFC 1123 subdomain must consist of lower case";
    assert!(said.starts_with(expected), "{said}");
}

#[test]
fn a_job_that_would_be_restarted_always_is_refused() {
    let object = only(&corpus("job.yaml").replace("restartPolicy: Never", "restartPolicy: Always"));
    let said = sentence(&object, &object.check());
    assert_eq!(
        said,
        "The Job \"pi\" is invalid: spec.template.spec.restartPolicy: Required value: valid values: \"OnFailure\", \"Never\""
    );
}

#[test]
fn typos_and_types_are_told_with_their_place_and_what_was_meant() {
    let refusal = all(&corpus("unknown-fields.yaml"))[0].decode(Validate::Strict).unwrap_err();
    assert_eq!(
        refusal.places(),
        [
            "m.yaml:3:25: metadata.lables: no such field; did you mean labels?",
            "m.yaml:9:5: spec.containers[0].comand: no such field; did you mean command?",
            "m.yaml:5:3: spec.restartPolice: no such field; did you mean restartPolicy?",
        ]
    );
    let refusal = all(&corpus("wrong-types.yaml"))[0].decode(Validate::Ignore).unwrap_err();
    assert_eq!(
        refusal.sentence(),
        "Pod in version \"v1\" cannot be handled as a Pod: json: cannot unmarshal number into Go struct field EnvVar.spec.containers.env.value of type string"
    );
    assert_eq!(
        refusal.places(),
        [
            "m.yaml:8:31: spec.containers[0].env[0].value: number where string belongs",
            "m.yaml:8:57: spec.containers[0].env[1].value: bool where string belongs",
        ]
    );
    let twice = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  name: b\n";
    let refusal = all(twice)[0].decode(Validate::Strict).unwrap_err();
    assert_eq!(refusal.places(), ["m.yaml:5:3: metadata.name: given twice"]);
}

#[test]
fn places_are_those_of_the_whole_file() {
    let text = "# one\napiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: b}\nspec:\n  containers:\n  - name: c\n    image: ' x'\n";
    let written = &all(text)[1];
    let found = ready(written).check();
    assert_eq!(
        found[0].to_string(),
        "spec.containers[0].image: Invalid value: \" x\": must not have leading or trailing whitespace"
    );
    let place = written.node.locate(&found[0].path);
    assert_eq!((place.line, place.column), (12, 5));
    // Of what was not written it is the nearest thing around it.
    assert_eq!(written.node.locate("spec.containers[0].resources.limits[cpu]").line, 11);
    let broken = read("a: b\n---\nkind: [\n", "x.yaml", &Budget::default());
    assert!(matches!(&broken[1], Err(ReadError::Syntax { error, .. }) if error.place.line >= 3), "{broken:?}");
}

#[test]
fn bombs_are_refused_before_they_go_off() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let alias = format!("*a{}", level - 1);
        bomb += &format!("a{level}: &a{level} [{}]\n", vec![alias; 10].join(", "));
    }
    let said = documents(&bomb, &Budget::default())[0].clone().unwrap_err();
    assert!(said.message.contains("excessive aliasing"), "{said}");
    for deep in
        ["[".repeat(10_000), "{\"a\":".repeat(10_000), format!("a: {}", "{a: ".repeat(10_000)), "- ".repeat(10_000)]
    {
        assert!(documents(&deep, &Budget::default())[0].is_err(), "{}", &deep[..20]);
    }
    let small = Budget { bytes: 10, ..Budget::default() };
    assert!(documents("kind: much too long", &small)[0].is_err());
}

#[test]
fn fields_without_effect_are_mentioned_and_impossible_ones_refused() {
    let object = only(
        &corpus("tolerations.yaml")
            .replace("  containers:", "  volumes: [{name: v, nfs: {server: s, path: /}}]\n  containers:"),
    );
    let found = mentions(&object);
    let of =
        |path: &str| found.iter().find(|mention| mention.path == path).unwrap_or_else(|| panic!("{path} in {found:?}"));
    assert_eq!(
        of("spec.nodeSelector").to_string(),
        "spec.nodeSelector: accepted, but has no effect here: there is one machine"
    );
    assert!(of("spec.nodeSelector").to_invalid().is_none());
    let refused = of("spec.volumes[0].nfs");
    assert_eq!(refused.support, Support::Refused);
    let expected =
        "spec.volumes[0].nfs: Forbidden: cannot be had on one machine: mount it on the machine and use a hostPath";
    assert_eq!(refused.to_invalid().unwrap().to_string(), expected);
    let later = mentions(&only(&corpus("service.yaml")));
    assert_eq!((later.len(), later[0].support), (1, Support::Later));
}

#[test]
fn of_a_live_pod_only_a_few_fields_may_change() {
    let before = only(&corpus("web-server-pod.yaml"));
    let after = |from: &str, to: &str| only(&corpus("web-server-pod.yaml").replace(from, to)).check_update(&before);
    assert_eq!(after("nginx:1.25.0", "nginx:1.26.0"), []);
    let said = after("containerPort: 80", "containerPort: 81");
    let words = said[0].to_string();
    let expected = "spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)\n@@ -";
    assert!(
        words.starts_with(expected) && words.contains("-  - containerPort: 80\n+  - containerPort: 81\n"),
        "{words}"
    );
    let more = after("  - name: web-server", "  - {name: x, image: z}\n  - name: web-server");
    assert_eq!(more[0].to_string(), "spec.containers: Forbidden: pod updates may not add or remove containers");
    let sealed = only(&corpus("configmap-binary.yaml"));
    let opened = only(&corpus("configmap-binary.yaml").replace("readme: text", "readme: other"));
    assert_eq!(
        opened.check_update(&sealed)[0].to_string(),
        "data: Forbidden: field is immutable when `immutable` is set"
    );
}

/// What a cluster remembers of what was applied is what we would remember.
#[test]
fn what_was_applied_is_remembered_byte_for_byte() {
    let cluster: serde_json::Value = serde_json::from_str(include_str!("data/cluster.json")).unwrap();
    let mut compared = 0;
    for case in cluster["defaulted"].as_array().unwrap() {
        let got = documents(case["got"].as_str().unwrap(), &Budget::default()).remove(0).unwrap().to_value();
        let Some(remembered) = got["metadata"]["annotations"][manifest::patch::LAST_APPLIED].as_str() else { continue };
        let same = |written: &&Written| written.kind() == got["kind"].as_str().unwrap();
        let written = all(case["manifest"].as_str().unwrap());
        let mut value = written.iter().find(same).unwrap().to_value();
        value["metadata"]["namespace"] = got["metadata"]["namespace"].clone();
        let ours = manifest::patch::with_last_applied(&value);
        assert_eq!(ours["metadata"]["annotations"][manifest::patch::LAST_APPLIED], remembered);
        assert_eq!(manifest::patch::last_applied(&ours).unwrap()["kind"], got["kind"]);
        compared += 1;
    }
    assert!(compared >= 3);
}

/// The library computes, and does nothing else.
#[test]
fn no_file_of_the_library_imports_an_effect() {
    fn look(directory: &std::path::Path) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                look(&path);
                continue;
            }
            let code = fs::read_to_string(&path).unwrap();
            for word in [
                "std::fs",
                "std::net",
                "std::process",
                "std::env",
                "std::os",
                "SystemTime",
                "Instant",
                "Timestamp::now",
                "nix::",
                "libc::",
                "tokio::",
            ] {
                assert!(!code.contains(word), "{} has {word}", path.display());
            }
        }
    }
    look(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
}
