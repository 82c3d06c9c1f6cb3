//! Held against what a real cluster (1.36) answered: what it refused, in which words, and what it filled in.
#![allow(clippy::unwrap_used, missing_docs)]

use manifest::check::sentence;
use manifest::emit::yaml;
use manifest::read::{Validate, read};
use manifest::text::{Budget, documents};
use serde_json::{Value, json};

fn cluster() -> Value {
    serde_json::from_str(include_str!("data/cluster.json")).unwrap()
}

/// What we say of a manifest that cannot be made, as a cluster would.
fn refusal(text: &str, file: &str) -> Vec<String> {
    let mut said = Vec::new();
    for written in read(text, file, &Budget::default()) {
        let written = match written {
            Ok(written) => written,
            Err(error) => {
                let words = error.to_string();
                // The last line is the position, which only we have.
                let (sentence, position) = words.rsplit_once("\n  ").unwrap();
                assert!(position.starts_with(&format!("{file}:")), "{words}");
                said.push(format!("error: {sentence}"));
                continue;
            }
        };
        match written.decode(Validate::Strict) {
            Err(refusal) => {
                assert!(!refusal.places().is_empty());
                let sentence = refusal.sentence();
                said.push(format!("Error from server (BadRequest): error when creating {file:?}: {sentence}"));
            }
            Ok(mut decoded) => {
                decoded.object.set_defaults();
                let found = decoded.object.check();
                if !found.is_empty() {
                    said.push(sentence(&decoded.object, &found));
                }
            }
        }
    }
    said
}

#[test]
fn what_a_cluster_refuses_is_refused_in_its_words() {
    for case in cluster()["refused"].as_array().unwrap() {
        let (title, manifest) = (case["title"].as_str().unwrap(), case["manifest"].as_str().unwrap());
        let expected = case["said"].as_str().unwrap();
        if expected.contains("no objects passed") {
            assert!(read(manifest, "x", &Budget::default()).is_empty(), "{title}");
            continue;
        }
        if expected.contains("extensions/v1beta1") {
            // Old groups are read as today's here, so this one is told what is wrong with it.
            let said = refusal(manifest, "old.yaml");
            assert!(said.concat().starts_with("The Deployment \"a\" is invalid"), "{said:?}");
            continue;
        }
        let file = expected.split('"').find(|part| part.ends_with(".yaml")).unwrap_or("x.yaml");
        assert_eq!(refusal(manifest, file).join("\n"), expected, "{title}");
    }
}

/// What only a cluster adds: who it is there, where it runs, its token.
fn without_what_a_cluster_knows(mut value: Value) -> Value {
    let metadata = value["metadata"].as_object_mut().unwrap();
    for key in ["annotations", "creationTimestamp", "generation", "resourceVersion", "uid"] {
        metadata.remove(key);
    }
    value.as_object_mut().unwrap().remove("status");
    let spec = value["spec"].as_object_mut().unwrap();
    spec.remove("nodeName");
    fn without_token(list: &mut Value) {
        if let Some(list) = list.as_array_mut() {
            list.retain(|item| !item["name"].as_str().unwrap_or_default().starts_with("kube-api-access"));
        }
    }
    for containers in ["containers", "initContainers"] {
        for container in spec.get_mut(containers).and_then(Value::as_array_mut).into_iter().flatten() {
            without_token(&mut container["volumeMounts"]);
            if container["volumeMounts"].as_array().is_none_or(Vec::is_empty) {
                container.as_object_mut().unwrap().remove("volumeMounts");
            }
        }
    }
    if spec.contains_key("volumes") {
        without_token(&mut spec["volumes"]);
        if spec["volumes"] == json!([]) {
            spec.remove("volumes");
        }
    }
    value
}

#[test]
fn defaults_are_those_of_a_cluster_byte_for_byte() {
    let cases = cluster()["defaulted"].as_array().unwrap().clone();
    for case in &cases {
        let title = case["title"].as_str().unwrap();
        let got = documents(case["got"].as_str().unwrap(), &Budget::default()).remove(0).unwrap().to_value();
        let written = read(case["manifest"].as_str().unwrap(), "m", &Budget::default());
        let ours = written.into_iter().map(|written| {
            let mut object = written.unwrap().decode(Validate::Strict).unwrap().object;
            object.set_defaults();
            assert_eq!(object.check(), [], "{title}");
            object.to_value()
        });
        let same = |ours: &Value| ours["kind"] == got["kind"] && ours["metadata"]["name"] == got["metadata"]["name"];
        let mut ours: Value = ours.into_iter().find(same).unwrap();
        // The namespace is that of whoever asked.
        ours["metadata"]["namespace"] = got["metadata"]["namespace"].clone();
        let (ours, got) = (without_what_a_cluster_knows(ours), without_what_a_cluster_knows(got));
        assert_eq!(yaml(&ours), yaml(&got), "{title}");
    }
    assert!(cases.len() >= 4);
}

/// Whatever a cluster printed as YAML is what we print of it.
#[test]
fn yaml_of_a_cluster_is_printed_back_byte_for_byte() {
    for case in cluster()["defaulted"].as_array().unwrap() {
        let got = case["got"].as_str().unwrap();
        let value = documents(got, &Budget::default()).remove(0).unwrap().to_value();
        if got.starts_with('{') {
            assert_eq!(manifest::emit::json(&value), got);
        } else {
            assert_eq!(yaml(&value), got);
        }
    }
}
