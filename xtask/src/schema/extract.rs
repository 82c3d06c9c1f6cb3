//! From the published schemas, and from what kubectl calls a type when it complains, to facts.

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Context;
use serde_json::{Value, json};

use super::facts::{Expr, Facts, Field, ROOTS};

/// The types that the kinds we read are made of.
pub(crate) fn extract(directory: &Path) -> anyhow::Result<Facts> {
    let file = directory.join("_definitions.json");
    let text = fs::read(&file).with_context(|| format!("read {}", file.display()))?;
    let all: Value = serde_json::from_slice(&text).context("the schemas are not JSON")?;
    let all = all["$defs"].as_object().context("the schemas have no $defs")?;
    let mut facts = Facts::new();
    let mut queue: VecDeque<String> =
        all.keys().filter(|name| ROOTS.iter().any(|(kind, of)| is_root(name, kind, of))).cloned().collect();
    while let Some(name) = queue.pop_front() {
        if facts.contains_key(short(&name)) {
            continue;
        }
        let schema = &all[&name];
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let mut fields = Vec::new();
        for (field, of) in schema["properties"].as_object().into_iter().flatten() {
            let expr = expr(of, &mut queue);
            let strategy = of["x-kubernetes-patch-strategy"].as_str().unwrap_or_default();
            fields.push(Field {
                name: field.clone(),
                expr,
                required: required.contains(&field.as_str()),
                merge_key: of["x-kubernetes-patch-merge-key"].as_str().map(str::to_owned),
                strategy: strategy.split(',').filter(|word| !word.is_empty()).map(str::to_owned).collect(),
                go: None,
                inline: None,
            });
        }
        fields.sort_by(|a, b| a.name.cmp(&b.name));
        facts.insert(short(&name).to_owned(), fields);
    }
    Ok(facts)
}

fn is_root(name: &str, kind: &str, of: &str) -> bool {
    let group = of.split_once('/').map_or("core", |(group, _)| group);
    name == format!("io.k8s.api.{group}.v1.{kind}")
}

fn short(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

fn expr(schema: &Value, queue: &mut VecDeque<String>) -> Expr {
    let plain = |word: &str| Expr::Plain(word.to_owned());
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        return match short(name) {
            "Quantity" => plain("quantity"),
            "IntOrString" => plain("intorstring"),
            "Time" => plain("time"),
            "FieldsV1" => plain("any"),
            of => {
                queue.push_back(name.to_owned());
                Expr::Type(of.to_owned())
            }
        };
    }
    let first = |of: &Value| of.as_str().or_else(|| of[0].as_str()).unwrap_or_default().to_owned();
    match (first(&schema["type"]).as_str(), schema["format"].as_str()) {
        ("array", _) => Expr::List(Box::new(expr(&schema["items"], queue))),
        ("object", _) => Expr::Map(Box::new(expr(&schema["additionalProperties"], queue))),
        ("integer", Some("int32")) => plain("int32"),
        ("integer", _) => plain("int64"),
        ("boolean", _) => plain("bool"),
        ("string", Some("byte")) => plain("bytes"),
        _ => plain("string"),
    }
}

/// Asks kubectl what it calls the type of every field: each is given what it cannot be, and the complaint has the name.
pub(crate) fn learn(facts: &mut Facts, kubectl: &Path) -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let ways = ways(facts);
    let mut asked = BTreeMap::new();
    for (number, (of, fields)) in facts.iter().enumerate() {
        let Some((kind, way)) = ways.get(of) else { continue };
        for (index, field) in fields.iter().enumerate() {
            let wrong = if field.expr == Expr::Plain("bool".to_owned()) { json!("x") } else { json!(true) };
            let mut inner = json!({ field.name.clone(): wrong });
            for (step, how) in way.iter().rev() {
                inner = match how {
                    Expr::List(_) => json!({ step: [inner] }),
                    Expr::Map(_) => json!({ step: { "k": inner } }),
                    _ => json!({ step: inner }),
                };
            }
            let (name, version) = ROOTS.iter().find(|(name, _)| name == kind).context("a kind")?;
            inner["kind"] = json!(name);
            inner["apiVersion"] = json!(version);
            let file = format!("{number}-{index}.json");
            fs::write(directory.path().join(&file), serde_json::to_vec(&inner)?)?;
            asked.insert(file, (of.clone(), index));
        }
    }
    let said = Command::new(kubectl)
        .args(["set", "image", "--local", "-o", "name", "x=y", "-f"])
        .arg(directory.path())
        .env("KUBECONFIG", "/dev/null")
        .output()
        .context("run kubectl")?;
    for line in String::from_utf8_lossy(&said.stderr).lines() {
        let Some((file, complaint)) =
            line.split_once("unable to decode \"").and_then(|(_, rest)| rest.split_once("\": "))
        else {
            continue;
        };
        let Some((of, index)) = Path::new(file).file_name().and_then(|file| asked.get(file.to_str()?)) else {
            continue;
        };
        let Some((path, name)) = complaint.rsplit_once(" of type ") else { continue };
        let Some(field) = facts.get_mut(of).and_then(|fields| fields.get_mut(*index)) else { continue };
        let steps: Vec<&str> = path.rsplit(' ').next().unwrap_or_default().split('.').collect();
        if let [.., before, last] = steps.as_slice()
            && *last == field.name
            && before.starts_with(|first: char| first.is_ascii_uppercase())
            && steps.len() > 2
        {
            field.inline = Some((*before).to_owned());
        }
        if name != usual(&field.expr) {
            field.go = Some(name.to_owned());
        }
    }
    Ok(())
}

/// What a cluster calls a type that has no name of its own.
pub(crate) fn usual(expr: &Expr) -> String {
    match expr {
        Expr::Plain(word) => match word.as_str() {
            "bytes" => "[]uint8".to_owned(),
            "intorstring" => "int32".to_owned(),
            other => other.to_owned(),
        },
        Expr::List(of) => format!("[]{}", usual(of)),
        Expr::Map(of) => format!("map[string]{}", usual(of)),
        Expr::Type(name) => format!("v1.{name}"),
    }
}

/// A shortest way to every type from a kind that kubectl decodes.
fn ways(facts: &Facts) -> BTreeMap<String, (String, Vec<(String, Expr)>)> {
    let mut ways = BTreeMap::new();
    let mut queue: VecDeque<_> =
        ROOTS.iter().map(|(kind, _)| ((*kind).to_owned(), ((*kind).to_owned(), Vec::new()))).collect();
    while let Some((of, (kind, way))) = queue.pop_front() {
        if ways.contains_key(&of) {
            continue;
        }
        for field in facts.get(&of).into_iter().flatten() {
            if let Some(target) = field.expr.target() {
                let mut further: Vec<(String, Expr)> = way.clone();
                further.push((field.name.clone(), field.expr.clone()));
                queue.push_back((target.to_owned(), (kind.clone(), further)));
            }
        }
        ways.insert(of, (kind, way));
    }
    ways
}
