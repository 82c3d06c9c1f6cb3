//! What Pods mean, by tables and examples.

mod process;
mod sandbox;
mod security;
mod volumes;
mod whole;

use std::collections::BTreeMap;
use std::ffi::OsString;

use container::limits::Shares;
use container::plan::{Capabilities, Memberships, Named, Pids, Seccomp};
use manifest::kind::{Object, Pod};
use manifest::read::{Validate, read};

use super::*;

fn object(text: &str) -> Object {
    let written = read(text, "test.yaml", &Default::default()).remove(0).expect("a document");
    let mut object = written.decode(Validate::Strict).unwrap_or_else(|refusal| panic!("{}", refusal.sentence())).object;
    object.metadata_mut().namespace.get_or_insert("ns".to_owned());
    object.metadata_mut().uid = Some("u".to_owned());
    object.set_defaults();
    assert!(object.check().is_empty(), "{text}: {:?}", object.check());
    object
}

/// A pod called web with this spec.
fn web(spec: &str) -> Pod {
    let indented: String = spec.trim().lines().map(|line| format!("  {line}\n")).collect();
    let head = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n  labels: {app: web, tier: front}\n  annotations: {note: \"a \\\"b\\\"\"}\nspec:\n";
    let Object::Pod(pod) = object(&format!("{head}{indented}")) else { panic!("no pod") };
    *pod
}

/// A pod of one container with these fields.
fn one(fields: &str) -> Pod {
    let indented: String = fields.trim().lines().map(|line| format!("  {line}\n")).collect();
    web(&format!("containers:\n- name: main\n  image: i:1\n{indented}"))
}

fn facts() -> Facts {
    let map = object(
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: cm}, data: {a: '1', b: 'x$(Z)'}, binaryData: {c: AAEC}}",
    );
    let secret = object("{apiVersion: v1, kind: Secret, metadata: {name: s}, data: {k: c2VjcmV0}}");
    let (Object::ConfigMap(map), Object::Secret(secret)) = (map, secret) else { panic!("others") };
    let image = ImageFacts {
        entrypoint: vec!["/entry".to_owned()],
        command: vec!["default".to_owned()],
        environment: vec![("PATH".to_owned(), "/image".to_owned()), ("LANG".to_owned(), "C".to_owned())],
        directory: Some("/srv".to_owned()),
        ..ImageFacts::default()
    };
    Facts {
        node: NodeFacts {
            name: "node1".to_owned(),
            addresses: vec!["192.0.2.10".parse().expect("an address"), "2001:db8::1".parse().expect("an address")],
            cpu: 4000,
            memory: 8 << 30,
            ephemeral_storage: 1 << 30,
            resolv_conf: "nameserver 192.0.2.1\nsearch a.example\noptions ndots:2 rotate\n".to_owned(),
            hosts: "127.0.0.1 localhost node1\n".to_owned(),
            seccomp: "/profiles".into(),
        },
        config_maps: BTreeMap::from([("cm".to_owned(), *map)]),
        secrets: BTreeMap::from([("s".to_owned(), *secret)]),
        images: BTreeMap::from([("i:1".to_owned(), image)]),
        addresses: vec!["10.0.0.1".parse().expect("an address")],
        files: BTreeMap::new(),
    }
}

fn planned(pod: &Pod) -> PodPlan {
    super::pod(pod, &facts().node).expect("a plan")
}

fn started(pod: &Pod, facts: &Facts) -> Result<Start, Refusal> {
    start(pod, &planned(pod), "main", facts)
}

/// What is refused, as it is told.
fn refused(pod: &Pod) -> String {
    let refusal = started(pod, &facts()).expect_err("it cannot be started");
    format!("{}: {}", refusal.reason, refusal.message)
}

fn variable(start: &Start, name: &str) -> Option<String> {
    let found = start.process.environment.iter().find(|(known, _)| known == name)?;
    Some(found.1.to_string_lossy().into_owned())
}

fn words(start: &Start) -> Vec<String> {
    start.process.command.iter().map(|word| word.to_string_lossy().into_owned()).collect()
}
