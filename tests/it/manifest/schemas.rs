//! The published schemas of Kubernetes, and our table of fields.

use std::collections::{HashSet, VecDeque};
use std::fs;

use libtest_mimic::Trial;
use manifest::kind::RESOURCES;
use manifest::read::{Validate, read};
use manifest::schema::{Field, Holds, Type, roots};
use manifest::strict::Fault;
use manifest::text::Budget;
use serde_json::{Value, json};

use crate::trial::{Need, peer, trial};

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial(
            "manifest_table_has_every_field_of_the_published_schemas",
            &[Need::Peer("schemas")],
            every_field_is_there,
        ),
        trial("manifest_with_every_field_set_is_read_without_complaint", &[], every_field_set),
        trial(
            "manifest_fields_misspelt_doubled_or_of_a_wrong_type_are_refused_where_they_stand",
            &[],
            every_field_spoilt,
        ),
    ]
}

/// The published schemas in the form in which an API server hands them out.
pub(super) fn document() -> Value {
    let file = peer("schemas").join("v1.36.0-local-strict/_definitions.json");
    let Ok(text) = fs::read_to_string(file) else { return json!({}) };
    let published: Value = serde_json::from_str(&text.replace("#/$defs/", "#/components/schemas/")).unwrap();
    let mut schemas = published["$defs"].clone();
    for (name, schema) in schemas.as_object_mut().unwrap() {
        one_type(schema);
        let parts: Vec<&str> = name.rsplit('.').collect();
        if let [kind, "v1", group, ..] = parts.as_slice()
            && roots().iter().any(|root| root.kind == *kind)
        {
            let group = if *group == "core" { "" } else { group };
            schema["x-kubernetes-group-version-kind"] = json!([{ "group": group, "version": "v1", "kind": kind }]);
        }
    }
    // kubectl finds a kind by the paths at which it is served.
    let paths: serde_json::Map<String, Value> = RESOURCES
        .iter()
        .flat_map(|it| {
            let prefix = if it.group().is_empty() { "/api/v1".to_owned() } else { format!("/apis/{}/v1", it.group()) };
            let kind = json!({ "group": it.group(), "version": "v1", "kind": it.kind });
            ["", "/namespaces/{namespace}"].map(|within| {
                let get = json!({ "get": { "x-kubernetes-group-version-kind": kind, "responses": {} } });
                (format!("{prefix}{within}/{}", it.plural), get)
            })
        })
        .collect();
    json!({ "openapi": "3.0.0", "info": {}, "paths": paths, "components": { "schemas": schemas } })
}

/// A type that may be null is written otherwise there.
fn one_type(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            if let Some(Value::Array(types)) = map.get("type") {
                let first = types.first().cloned().unwrap_or_default();
                map.insert("type".to_owned(), first);
            }
            map.values_mut().for_each(one_type);
        }
        Value::Array(list) => list.iter_mut().for_each(one_type),
        _ => {}
    }
}

/// How to reach a type: a kind, and steps from it.
#[derive(Clone)]
pub(super) struct Place {
    root: usize,
    steps: Vec<&'static Field>,
}

/// Every field of every type, by a shortest way.
pub(super) fn every_field() -> Vec<(Place, &'static Field)> {
    let mut all = Vec::new();
    let mut seen = HashSet::new();
    let mut queue: VecDeque<(&'static Type, Place)> =
        roots().iter().enumerate().map(|(root, of)| (of.of, Place { root, steps: Vec::new() })).collect();
    while let Some((of, place)) = queue.pop_front() {
        if !seen.insert(of.name) {
            continue;
        }
        for field in of.fields {
            if place.steps.is_empty() && matches!(field.name, "apiVersion" | "kind") {
                continue;
            }
            all.push((place.clone(), field));
            if let Some(target) = field.holds.target() {
                let mut further = place.clone();
                further.steps.push(field);
                queue.push_back((target, further));
            }
        }
    }
    assert!(all.len() > 850, "{} fields", all.len());
    all
}

/// An object in which a field of a type has this value.
pub(super) fn at(place: &Place, field: &str, value: &Value) -> Value {
    wrap(place, json!({ field: value }))
}

fn wrap(place: &Place, mut inner: Value) -> Value {
    for step in place.steps.iter().rev() {
        inner = match step.holds {
            Holds::List(_) => json!({ step.name: [inner] }),
            Holds::Map(_) => json!({ step.name: { "k": inner } }),
            _ => json!({ step.name: inner }),
        };
    }
    let root = &roots()[place.root];
    inner["apiVersion"] = json!(root.api_version);
    inner["kind"] = json!(root.kind);
    inner
}

/// How the place is written in a path.
fn path(place: &Place, field: &str) -> String {
    let steps = place.steps.iter().map(|step| match step.holds {
        Holds::List(_) => format!("{}[0].", step.name),
        Holds::Map(_) => format!("{}.k.", step.name),
        _ => format!("{}.", step.name),
    });
    steps.chain([field.to_owned()]).collect()
}

fn every_field_is_there() {
    let file = peer("schemas/v1.36.0-local-strict/_definitions.json");
    let all: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    let mut missing = Vec::new();
    let mut queue: Vec<(String, &'static Type)> = roots()
        .iter()
        .map(|root| {
            let group = root.api_version.split_once('/').map_or("core", |(group, _)| group);
            (format!("io.k8s.api.{group}.v1.{}", root.kind), root.of)
        })
        .collect();
    let mut seen = HashSet::new();
    while let Some((name, of)) = queue.pop() {
        if !seen.insert(name.clone()) {
            continue;
        }
        let definition = &all["$defs"][&name];
        let properties = definition["properties"].as_object().unwrap_or_else(|| panic!("no type {name}"));
        let ours: HashSet<&str> = of.fields.iter().map(|field| field.name).collect();
        let theirs: HashSet<&str> = properties.keys().map(String::as_str).collect();
        if ours != theirs {
            missing.push(format!("{name}: {:?}", ours.symmetric_difference(&theirs).collect::<Vec<_>>()));
        }
        let required: HashSet<&str> =
            definition["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        for field in of.fields {
            let schema = &properties[field.name];
            let key = schema["x-kubernetes-patch-merge-key"].as_str();
            if field.merge_key != key || field.required != required.contains(field.name) {
                missing.push(format!("{name}.{}: {key:?}, required {}", field.name, !field.required));
            }
            if let Some(target) = field.holds.target() {
                let reference = [schema, &schema["items"], &schema["additionalProperties"]]
                    .into_iter()
                    .find_map(|schema| schema["$ref"].as_str())
                    .unwrap_or_else(|| panic!("{name}.{} holds no type", field.name));
                queue.push((reference.rsplit('/').next().unwrap().to_owned(), target));
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
    assert!(seen.len() > 180, "{} types", seen.len());
}

/// A value that fits.
fn fitting(holds: &Holds) -> Value {
    match holds {
        Holds::Text => json!("x"),
        Holds::Int32 | Holds::Int64 | Holds::IntOrString => json!(1),
        Holds::Bool => json!(true),
        Holds::Bytes => json!("eA=="),
        Holds::Time => json!("2026-01-02T03:04:05Z"),
        Holds::Quantity => json!("1"),
        Holds::Any => json!({ "f:x": {} }),
        Holds::List(of) => json!([fitting(of)]),
        Holds::Map(of) => json!({ "k": fitting(of) }),
        Holds::Type(of) => of.fields.iter().map(|field| (field.name.to_owned(), fitting(&field.holds))).collect(),
    }
}

fn every_field_set() {
    for root in roots() {
        let mut value = fitting(&Holds::Type(root.of));
        value["apiVersion"] = json!(root.api_version);
        value["kind"] = json!(root.kind);
        for text in [value.to_string(), manifest::emit::yaml(&value)] {
            let written = read(&text, "m", &Budget::default()).remove(0).unwrap();
            let decoded = written.decode(Validate::Strict).unwrap_or_else(|refusal| panic!("{}: {refusal}", root.kind));
            // Nothing is lost between the text and the object, and back.
            assert_eq!(decoded.object.to_value(), value, "{}", root.kind);
            let mut object = decoded.object;
            object.set_defaults();
            let _ = object.check();
        }
    }
}

fn every_field_spoilt() {
    let mut count = 0;
    for (place, field) in every_field() {
        let misspelt = format!("{}x", field.name);
        let text = manifest::emit::yaml(&at(&place, &misspelt, &fitting(&field.holds)));
        check(&text, &misspelt, &path(&place, &misspelt), |fault| matches!(fault, Fault::Unknown(_)));

        let mut doubled = manifest::emit::yaml(&at(&place, field.name, &json!("PLACEHOLDER")));
        let line = doubled.lines().find(|line| line.contains("PLACEHOLDER")).unwrap().to_owned();
        let indent = line.find(field.name).unwrap();
        let key = format!("{}{}: ", " ".repeat(indent), field.name);
        let value = fitting(&field.holds);
        doubled = doubled.replace(&line, &format!("{}\n{key}{value}", line.replace("PLACEHOLDER", &value.to_string())));
        check(&doubled, field.name, &path(&place, field.name), |fault| *fault == Fault::Doubled);

        let wrong = match field.holds {
            Holds::Any => continue,
            Holds::List(_) | Holds::Map(_) | Holds::Type(_) => json!(7),
            Holds::Int32 | Holds::Int64 | Holds::Bool | Holds::Quantity | Holds::Time => json!("wrong!"),
            Holds::Text | Holds::Bytes | Holds::IntOrString => json!([7]),
        };
        let text = manifest::emit::yaml(&at(&place, field.name, &wrong));
        check(&text, field.name, &path(&place, field.name), |fault| matches!(fault, Fault::Wrong(_)));
        count += 1;
    }
    assert!(count > 850, "{count} fields");
}

/// The one complaint is of this path, and of the line where the key stands last.
fn check(text: &str, key: &str, path: &str, fits: impl Fn(&Fault) -> bool) {
    let written = read(text, "m.yaml", &Budget::default()).remove(0).unwrap();
    let refusal = written.decode(Validate::Strict).err().unwrap_or_else(|| panic!("{path} passes in\n{text}"));
    let of_path = |complaint: &&manifest::strict::Complaint| complaint.path == path && fits(&complaint.fault);
    let complaint =
        refusal.complaints.iter().find(of_path).unwrap_or_else(|| panic!("{refusal}\nfor {path} in\n{text}"));
    let line = usize::try_from(complaint.place.line).unwrap();
    let written = text
        .lines()
        .enumerate()
        .filter(|(_, line)| line.trim_start_matches([' ', '-']).starts_with(&format!("{key}:")));
    let last = written.map(|(at, _)| at + 1).last().unwrap();
    // A list that begins on the next line is the value that is wrong.
    assert!(
        line == last || line == last + 1 && text.lines().nth(line - 1).unwrap().contains("- "),
        "{path}: line {line} of\n{text}"
    );
}
