//! YAML reads as kubectl reads it: each snippet beside what kubectl made of it.
#![allow(clippy::unwrap_used, missing_docs)]

use manifest::text::{Budget, documents};
use serde_json::Value;

#[derive(Debug)]
struct Case {
    yaml: String,
    expected: Option<Value>,
}

fn cases() -> Vec<Case> {
    let all: Value = serde_json::from_str(include_str!("data/yaml-as-kubectl-reads-it.json")).unwrap();
    let case =
        |case: &Value| Case { yaml: case["yaml"].as_str().unwrap().to_owned(), expected: case.get("spec").cloned() };
    all.as_array().unwrap().iter().map(case).collect()
}

fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        (a, b) => a == b,
    }
}

#[test]
fn every_snippet_reads_as_it_does_to_kubectl() {
    let mut wrong = Vec::new();
    for case in cases() {
        let head = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n";
        let read = documents(&format!("{head}{}", case.yaml), &Budget::default());
        let spec = match read.as_slice() {
            [Ok(node)] => Ok(node.get("spec").unwrap().to_value()),
            [Err(error), ..] => Err(error.to_string()),
            other => Err(format!("{other:?}")),
        };
        let fits = match (&case.expected, &spec) {
            (Some(expected), Ok(spec)) => same(expected, spec),
            (None, Err(_)) => true,
            _ => false,
        };
        if !fits {
            wrong.push(format!("{:?}: kubectl {:?}, we {spec:?}", case.yaml, case.expected));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
