//! Objects that are there changed in part: seen as they do, edited, checked and kept. What comes of an edit is held to
//! what an API server lets be changed; how an object does is nobody's to edit.

use manifest::check::{Refused, mentions};
use manifest::kind::Object;
use manifest::read::{Head, Validate};
use manifest::schema::Support;
use manifest::text::{Budget, Content, Node, documents};
use serde_json::Value;

use super::super::dry_run::Strategy;
use super::super::lives::as_it_does;
use super::super::which::told;
use super::{Keeper, Trouble};
use crate::answer::{Answer, Complaint, Pending};
use crate::objects::{Key, ObjectsError};

/// What became of an object.
#[derive(Clone, Debug)]
pub(in crate::verbs) struct Changed {
    /// As it is now, with how it does.
    pub(in crate::verbs) value: Value,
    /// Whether that is anything else than before.
    pub(in crate::verbs) is_other: bool,
    pub(in crate::verbs) warnings: Vec<String>,
    /// The pod that is to change.
    pub(in crate::verbs) pending: Option<Pending>,
}

impl Keeper {
    /// Changes an object that is there. `edit` is given it as it is shown.
    ///
    /// # Errors
    /// There is none of that name, it does not let itself be edited, or may not become what was made of it.
    pub(in crate::verbs) fn change(
        &self,
        key: &Key,
        validate: Validate,
        edit: impl FnOnce(Node) -> Result<Node, Complaint>,
    ) -> Result<Changed, Trouble> {
        let there = self.objects.get(key)?.ok_or_else(|| ObjectsError::Missing(key.clone()))?;
        let before = seen(&there)?;
        let edited = edit(node_of(&before)?)?;
        if self.strategy == Strategy::Client {
            let value = edited.into_value();
            return Ok(Changed { is_other: value != before, value, warnings: Vec::new(), pending: None });
        }
        let mut warnings = Vec::new();
        let object = self.update(become_another(edited, &there, key, validate, &mut warnings)?, &there)?;
        if object == there {
            return Ok(Changed { value: before, is_other: false, warnings, pending: None });
        }
        let pending = match &object {
            Object::Pod(pod) if self.changing.is_some() => Some(Pending { pod: pod.clone(), until: self.until }),
            _ => None,
        };
        Ok(Changed { value: seen(&object)?, is_other: true, warnings, pending })
    }
}

/// An object as it is shown: a pod with how it does.
///
/// # Errors
/// It cannot be told how it does.
pub(in crate::verbs) fn seen(object: &Object) -> Result<Value, Complaint> {
    let Object::Pod(pod) = object else { return Ok(object.to_value()) };
    let mut answer = Answer::default();
    let lives = as_it_does(pod.clone(), &mut answer);
    answer.complaints.pop().map_or_else(|| Ok(Object::Pod(lives.pod).to_value()), Err)
}

/// A value as it would have been read.
///
/// # Errors
/// It is more than is read of a text.
pub(in crate::verbs) fn node_of(value: &Value) -> Result<Node, Complaint> {
    let read = documents(&value.to_string(), &Budget::default()).into_iter().next();
    read.unwrap_or_else(|| Ok(Node { place: manifest::text::Place::default(), content: Content::Null })).map_err(
        |error| {
            Complaint::Plain(format!("cannot read what was made of it: line {}: {}", error.place.line, error.message))
        },
    )
}

/// What an API server would make of what was edited; what means nothing here is told, if it is new.
fn become_another(
    mut edited: Node,
    there: &Object,
    key: &Key,
    validate: Validate,
    warnings: &mut Vec<String>,
) -> Result<Object, Trouble> {
    is_the_same(&edited, key)?;
    let status = there.to_value()["status"].take();
    if let Content::Map(fields) = &mut edited.content {
        match status {
            Value::Null => drop(fields.remove("status")),
            status => drop(fields.set("status", node_of(&status)?.content)),
        }
    }
    let bad = |trouble: String| Complaint::Whole(format!("Error from server (BadRequest): {trouble}"));
    let written =
        Head { source: key.name().to_owned(), node: edited }.known().map_err(|error| bad(error.unvalidated()))?;
    let decoded = written.decode(validate).map_err(|refusal| bad(refusal.sentence()))?;
    warnings.extend(decoded.warnings.iter().map(ToString::to_string));
    let mut object = decoded.object;
    object.set_defaults();
    let mut invalid = object.check();
    let before = mentions(there);
    for mention in mentions(&object).into_iter().filter(|mention| !before.contains(mention)) {
        match mention.to_invalid() {
            Some(refused) => invalid.push(refused),
            None if mention.support == Support::Told => {}
            None => warnings.push(mention.to_string()),
        }
    }
    if invalid.is_empty() { Ok(object) } else { Err(Trouble::Invalid(Refused::of(&object, &invalid))) }
}

/// Who an object is is not changed.
fn is_the_same(edited: &Node, key: &Key) -> Result<(), Complaint> {
    let word = |keys: &[&str]| edited.at(keys).and_then(Node::as_text).unwrap_or_default();
    let other = |what: &str, says: &str, place: &str, is: &str| {
        Err(Complaint::Whole(format!(
            "Error from server (BadRequest): the {what} of the object ({says}) does not match the {what} on the {place} \
             ({is})"
        )))
    };
    let (version, kind) = (word(&["apiVersion"]), word(&["kind"]));
    let (name, namespace) = (word(&["metadata", "name"]), word(&["metadata", "namespace"]));
    let resource = key.resource();
    if version != resource.root().api_version {
        return Err(Complaint::Whole(format!(
            "Error from server (BadRequest): the API version in the data ({version}) does not match the expected API \
             version ({})",
            resource.root().api_version
        )));
    }
    match key.namespace() {
        _ if kind != resource.kind => other("kind", kind, "URL", resource.kind),
        _ if name != key.name() => other("name", name, "URL", key.name()),
        Some(own) if !namespace.is_empty() && namespace != own => other("namespace", namespace, "request", own),
        _ => Ok(()),
    }
}

/// What is to be said of what could not be changed: in sentences that stand by themselves, or within others where there
/// are several.
pub(in crate::verbs) fn complaints(troubles: Vec<Trouble>, others: Vec<Complaint>) -> Vec<Complaint> {
    let are_several = troubles.len() + others.len() > 1;
    let words = |trouble: Trouble| match trouble {
        Trouble::Invalid(refused) if are_several => {
            Complaint::Whole(format!("Error from server (Invalid): {}", refused.message()))
        }
        trouble => trouble.told(told),
    };
    troubles.into_iter().map(words).chain(others).collect()
}
