//! Which of the objects that are kept a verb changes: those that are named, selected, or of manifests.

use clap::Args;
use manifest::kind::{Object, Resource};
use manifest::read::{Head, ReadError};
use manifest::text::Node;

use super::fields;
use super::keep::{plain, seen};
use super::which::{Scope, Which, everything, told, which};
use crate::answer::Complaint;
use crate::each::in_order;
use crate::input::Files;
use crate::objects::{Key, Objects, ObjectsError};

/// Where objects are looked for, and which of them.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct Choice {
    /// The namespace
    #[arg(short, long, value_name = "NAME")]
    pub(super) namespace: Option<String>,

    /// All of the kind
    #[arg(long)]
    all: bool,

    /// Objects of all namespaces
    #[arg(short = 'A', long, conflicts_with = "namespace")]
    all_namespaces: bool,

    /// Only objects whose labels are like this
    #[arg(short = 'l', long, value_name = "SELECTOR")]
    selector: Option<String>,

    /// Only objects whose fields are like this: status.phase=Running,metadata.name!=web
    #[arg(long, value_name = "SELECTOR")]
    field_selector: Option<String>,
}

/// What a kind without a name means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unnamed {
    /// Nothing: it has to be said that all are meant.
    Nothing,
    /// All of the kind.
    All,
}

/// The objects that are meant.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    pub(super) keys: Vec<Key>,
    /// What is to be said of those that are not there.
    pub(super) missing: Vec<Complaint>,
    /// Whether it was one that was named, and not so many as there are.
    pub(super) is_single: bool,
}

impl Choice {
    /// Those in a namespace, of a verb that is told their names.
    pub(super) fn within(namespace: Option<&str>) -> Self {
        Self { namespace: namespace.map(str::to_owned), ..Self::default() }
    }

    /// Whether what was typed may stand together.
    ///
    /// # Errors
    /// It may not.
    pub(super) fn makes_sense(&self) -> Result<(), Complaint> {
        for (other, name) in [(&self.selector, "--selector"), (&self.field_selector, "--field-selector")] {
            if self.all && other.as_ref().is_some_and(|text| !text.is_empty()) {
                return Err(Complaint::Plain(format!("cannot set --all and {name} at the same time")));
            }
        }
        Ok(())
    }

    /// Finds them.
    ///
    /// # Errors
    /// They cannot be read, or it makes no sense.
    pub(super) fn find(
        &self,
        objects: &Objects,
        words: &[&str],
        files: &Files,
        unnamed: Unnamed,
    ) -> Result<Found, Complaint> {
        if files.is_empty() {
            return self.named(objects, words, unnamed);
        }
        if !words.is_empty() {
            let trouble =
                "when paths, URLs, or stdin is provided as input, you may not specify resource arguments as well";
            return Err(Complaint::plain(trouble));
        }
        self.of_manifests(objects, files)
    }

    fn named(&self, objects: &Objects, words: &[&str], unnamed: Unnamed) -> Result<Found, Complaint> {
        let typed: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let all = if words == ["all"] { Some(everything()) } else { which(&typed)? };
        let Some(all) = all else {
            let word = words.first().copied().unwrap_or_default();
            return Err(Complaint::Plain(format!("the server doesn't have a resource type {word:?}")));
        };
        let selects = self.all || self.selector.is_some() || self.field_selector.is_some() || unnamed == Unnamed::All;
        if !selects && all.iter().any(|which| which.names.is_empty()) {
            return Err(Complaint::plain("resource(s) were provided, but no name was specified"));
        }
        let is_single = matches!(all.as_slice(), [Which { names, .. }] if names.len() == 1);
        let mut found = Found { is_single, ..Found::default() };
        let scope = Scope {
            namespace: self.namespace.clone(),
            all_namespaces: self.all_namespaces,
            selector: self.selector.clone(),
            ignore_not_found: false,
        };
        let fields = fields::parse(self.field_selector.as_deref())?;
        for which in &all {
            if fields.is_some() && !which.names.is_empty() {
                return Err(Complaint::plain("name cannot be provided when a selector is specified"));
            }
            let (there, missing) = scope.find(objects, which)?;
            found.missing.extend(missing);
            for object in there {
                let is_meant = |fields| fields::selects(fields, which.resource, &seen(&object)?);
                if fields.as_ref().map(is_meant).transpose()? != Some(false) {
                    found.keys.push(Key::of(&object));
                }
            }
        }
        Ok(found)
    }

    fn of_manifests(&self, objects: &Objects, files: &Files) -> Result<Found, Complaint> {
        let sources = match files.read() {
            Ok(sources) => sources,
            Err(missing) => return Ok(Found { missing, ..Found::default() }),
        };
        let said = |error: &ReadError| Complaint::Plain(error.unvalidated());
        let key = |head: Head| {
            let written = head.known().map_err(|error| said(&error))?;
            let word = |key: &str| written.node.at(&["metadata", key]).and_then(Node::as_text).unwrap_or_default();
            let resource = Resource::find(written.kind());
            resource.map_or(Ok(None), |resource| self.key(resource, word("namespace"), word("name")).map(Some))
        };
        let mut found = Found { is_single: sources.len() == 1, ..Found::default() };
        for key in in_order(&sources, key, said) {
            match key.and_then(|key| key.map(|key| there(objects, key)).transpose()) {
                Ok(key) => found.keys.extend(key),
                Err(complaint) => found.missing.push(complaint),
            }
        }
        Ok(found)
    }

    /// That of an object of a manifest, which may say in which namespace it is.
    fn key(&self, resource: &'static Resource, own: &str, name: &str) -> Result<Key, Complaint> {
        if name.is_empty() {
            return Err(Complaint::plain("resource name may not be empty"));
        }
        let wanted = self.namespace.as_deref().filter(|name| !name.is_empty());
        if let Some(wanted) = wanted.filter(|wanted| resource.namespaced && !own.is_empty() && own != *wanted) {
            return Err(Complaint::Plain(format!(
                "the namespace from the provided object {own:?} does not match the namespace {wanted:?}. You must pass \
                 '--namespace={own}' to perform this operation."
            )));
        }
        let namespace = if own.is_empty() { wanted.unwrap_or("default") } else { own };
        Ok(Key::new(resource, namespace, name))
    }
}

fn there(objects: &Objects, key: Key) -> Result<Key, Complaint> {
    let found: Option<Object> = objects.get(&key).map_err(|error| plain(&error))?;
    if found.is_some() { Ok(key) } else { Err(told(&ObjectsError::Missing(key))) }
}
