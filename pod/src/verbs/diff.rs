//! `diff`: in what the objects of manifests differ from those that are kept, or from those of other manifests.

mod living;

use std::collections::BTreeMap;

use clap::Args;
use manifest::diff::unified;
use manifest::emit;
use manifest::kind::Object;
use manifest::read::{Head, ReadError, Validate};
use manifest::selector::Selector;
use serde_json::{Value, json};

use crate::answer::{Answer, Complaint};
use crate::each::each;
use crate::input::Files;

/// Show what apply would change, or in what manifests differ from others.
///
/// Another program compares if KUBECTL_EXTERNAL_DIFF names one. Exits with 1 where something differs, and with more where something went wrong.
#[derive(Args, Debug)]
pub struct Diff {
    #[command(flatten)]
    files: Files,

    /// The manifests that they are compared with, in place of what is kept: a file, a directory or -
    #[arg(long, value_name = "FILE")]
    local: Option<String>,

    /// Only objects whose labels are like this
    #[arg(short = 'l', long, value_name = "SELECTOR")]
    selector: Option<String>,

    /// The namespace of objects that name none
    #[arg(short, long, value_name = "NAME", conflicts_with = "local")]
    namespace: Option<String>,
}

/// Group, version, kind, namespace and name: who an object is, as its file is called.
type Identity = String;

impl Diff {
    /// What it comes to.
    #[must_use]
    pub fn run(&self) -> Answer {
        self.answer().into()
    }

    fn answer(&self) -> Result<Answer, Complaint> {
        let selector = self.selector.as_deref().map(str::parse::<Selector>).transpose().map_err(Complaint::plain)?;
        if self.files.is_empty() {
            return Err(Complaint::plain("must specify one of -f and -k"));
        }
        let Some(other) = &self.local else { return self.of_what_is_kept(selector.as_ref()) };
        let before = Files { filename: vec![other.clone()], recursive: self.files.recursive, kustomize: None };
        let (old, new) = match (objects(&before, selector.as_ref()), objects(&self.files, selector.as_ref())) {
            (Ok(old), Ok(new)) => (old, new),
            (old, new) => {
                let complaints = old.err().into_iter().chain(new.err()).flatten().collect::<Vec<_>>();
                return Ok(complaints.into());
            }
        };
        let mut text = String::new();
        for name in old.keys().chain(new.keys().filter(|name| !old.contains_key(*name))) {
            let (mut was, mut is) = (old.get(name).cloned(), new.get(name).cloned());
            mask(&mut was, &mut is);
            text.push_str(&unlike("OLD", "NEW", name, &was, &is));
        }
        Ok(Answer { differ: !text.is_empty(), text, ..Answer::default() })
    }
}

/// What `diff -u -N` prints of two objects; nothing where they are alike.
fn unlike(old: &str, new: &str, name: &str, was: &Option<Value>, is: &Option<Value>) -> String {
    let shown = |value: &Option<Value>| value.as_ref().map(emit::yaml).unwrap_or_default();
    let hunks = unified(&shown(was), &shown(is), 3);
    if hunks.is_empty() {
        return hunks;
    }
    format!("diff -u -N {old}/{name} {new}/{name}\n--- {old}/{name}\n+++ {new}/{name}\n{hunks}")
}

fn identity(object: &Object, value: &Value) -> Identity {
    let metadata = object.metadata();
    let name = metadata.name.as_deref().unwrap_or_default();
    let namespace = value["metadata"]["namespace"].as_str().unwrap_or_default();
    let version = object.resource().root().api_version.replace('/', ".");
    format!("{version}.{}.{namespace}.{name}", object.kind())
}

/// The objects of files, in today's groups and in the namespace that they would be in.
fn objects(files: &Files, selector: Option<&Selector>) -> Result<BTreeMap<Identity, Value>, Vec<Complaint>> {
    let sources = files.read()?;
    let told = |error: &ReadError| Complaint::plain(error);
    let work = |head: Head| {
        let written = head.known().map_err(|error| told(&error))?;
        let decoded = written.decode(Validate::Strict).map_err(Complaint::plain)?;
        if selector.is_some_and(|selector| !selector.matches(&decoded.object.metadata().labels)) {
            return Ok(None);
        }
        let mut value = written.converted();
        if decoded.object.resource().namespaced && value["metadata"]["namespace"].as_str().is_none_or(str::is_empty) {
            value["metadata"]["namespace"] = json!("default");
        }
        Ok(Some((identity(&decoded.object, &value), value)))
    };
    let found = each(&sources, work, told);
    if found.complaints.is_empty() { Ok(found.done.into_iter().flatten().collect()) } else { Err(found.complaints) }
}

/// What is secret is not shown, only whether it differs.
fn mask(was: &mut Option<Value>, is: &mut Option<Value>) {
    let is_secret = |value: &Option<Value>| value.as_ref().is_some_and(|value| value["kind"] == "Secret");
    if !is_secret(was) && !is_secret(is) {
        return;
    }
    for map in ["data", "stringData"] {
        let part = |value: &Option<Value>| value.as_ref().and_then(|value| value[map].as_object()).cloned();
        let (before, after) = (part(was), part(is));
        let hide = |own: &mut Option<Value>, other: &Option<serde_json::Map<String, Value>>, word: &str| {
            let Some(own) = own.as_mut().and_then(|value| value.get_mut(map)?.as_object_mut()) else { return };
            for (key, value) in own {
                let there = other.as_ref().and_then(|other| other.get(key));
                let differs = there.is_some_and(|there| there != value);
                *value = json!(if differs { format!("*** ({word})") } else { "***".to_owned() });
            }
        };
        hide(was, &after, "before");
        hide(is, &before, "after");
    }
}
