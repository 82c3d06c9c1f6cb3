//! Which of the fields that are set have no effect on one machine, and which cannot be had.

use std::fmt;

use serde_json::{Map, Value};

use super::{Invalid, Trouble};
use crate::kind::Object;
use crate::schema::{Field, Holds, Support, Type, roots};

/// A field that is set and does not mean here what it means in a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    /// Which.
    pub path: String,
    /// What it means here: noted, refused, later or told.
    pub support: Support,
    /// Why.
    pub reason: &'static str,
}

/// `spec.affinity: accepted, but has no effect: there is one machine`.
impl fmt::Display for Mention {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.support {
            Support::Honoured => "honoured",
            Support::Noted => "accepted, but has no effect here",
            Support::Refused => "cannot be had on one machine",
            Support::Later => "read and checked, but nothing runs by it yet",
            Support::Told => "not taken from a manifest",
        };
        write!(formatter, "{}: {what}", self.path)?;
        if self.reason.is_empty() { Ok(()) } else { write!(formatter, ": {}", self.reason) }
    }
}

impl Mention {
    /// As an error, if the field is refused.
    #[must_use]
    pub fn to_invalid(&self) -> Option<Invalid> {
        let detail = format!("cannot be had on one machine: {}", self.reason);
        let trouble = Trouble::Forbidden(detail.trim_end_matches(": ").to_owned());
        (self.support == Support::Refused).then(|| Invalid { path: self.path.clone(), trouble })
    }
}

/// The fields of an object that are set and not honoured, the outermost of each. Of a kind that nothing runs by yet it is
/// the kind itself.
#[must_use]
pub fn mentions(object: &Object) -> Vec<Mention> {
    let mut found = Vec::new();
    if let Some(root) = roots().iter().find(|root| root.kind == object.kind()) {
        walk(&object.to_value(), root.of, "", &mut found);
    }
    by_value(object, &mut found);
    found
}

fn walk(value: &Value, of: &'static Type, path: &str, found: &mut Vec<Mention>) {
    let Value::Object(object) = value else { return };
    for (key, value) in object {
        let Some(field) = of.field(key) else { continue };
        // What says nothing has no effect anywhere.
        if field.support != Support::Refused && value.as_object().is_some_and(Map::is_empty) {
            continue;
        }
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        match field.support {
            Support::Honoured => inside(value, &field.holds, &path, found),
            // Head and metadata of a kind for later mean what they always do.
            Support::Later if matches!(key.as_str(), "apiVersion" | "kind") => {}
            Support::Later if key == "metadata" => inside(value, &field.holds, &path, found),
            _ => found.push(mention(field, path)),
        }
    }
}

fn mention(field: &'static Field, path: String) -> Mention {
    Mention { path, support: field.support, reason: field.reason }
}

fn inside(value: &Value, holds: &'static Holds, path: &str, found: &mut Vec<Mention>) {
    match (holds, value) {
        (Holds::Type(of), _) => walk(value, of, path, found),
        (Holds::List(of), Value::Array(list)) if of.target().is_some() => {
            for (index, value) in list.iter().enumerate() {
                inside(value, of, &format!("{path}[{index}]"), found);
            }
        }
        _ => {}
    }
}

/// Fields that are honoured, but not with every value.
fn by_value(object: &Object, found: &mut Vec<Mention>) {
    let mut refuse = |path: &str, reason| {
        found.push(Mention { path: path.to_owned(), support: Support::Refused, reason });
    };
    if let Object::Pod(pod) = object
        && pod.spec.as_ref().and_then(|spec| spec.os.as_ref()).is_some_and(|os| os.name == "windows")
    {
        refuse("spec.os.name", "this is Linux");
    }
    if let Object::PersistentVolumeClaim(claim) = object
        && claim.spec.as_ref().and_then(|spec| spec.volume_mode.as_deref()) == Some("Block")
    {
        refuse("spec.volumeMode", "claims are directories here");
    }
}
