//! `explain`: what a field is for, what it holds, what is in it, and what it means on one machine.

use std::fmt::Write as _;

use crate::kind::Resource;
use crate::schema::{Field, Root, Support, Type};

/// A path that leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExplainError {
    /// There is no such kind.
    #[error("the server doesn't have a resource type {0:?}")]
    NoKind(String),
    /// There is no such field.
    #[error("field {0:?} does not exist")]
    NoField(String),
}

/// What a path leads to.
struct Place {
    root: &'static Root,
    of: Option<&'static Type>,
    field: Option<&'static Field>,
}

impl Place {
    fn find(path: &str) -> Result<Self, ExplainError> {
        let mut words = path.split('.');
        let kind = words.next().unwrap_or_default();
        let resource = Resource::find(kind).ok_or_else(|| ExplainError::NoKind(kind.to_owned()))?;
        let root = resource.root();
        let mut place = Self { root, of: Some(root.of), field: None };
        for word in words {
            let next = place.of.and_then(|of| of.field(word));
            let next = next.ok_or_else(|| ExplainError::NoField(word.to_owned()))?;
            place.of = next.holds.target();
            place.field = Some(next);
        }
        Ok(place)
    }

    /// What it is, and what it is for.
    fn heading(&self) -> String {
        let mut text = String::new();
        let (group, version) = self.root.api_version.split_once('/').unwrap_or(("", self.root.api_version));
        if !group.is_empty() {
            let _ = writeln!(text, "GROUP:      {group}");
        }
        let _ = writeln!(text, "KIND:       {}\nVERSION:    {version}\n", self.root.kind);
        if let Some(field) = self.field {
            let _ = writeln!(text, "FIELD: {} <{}>\n\n", field.name, held(field));
        }
        let help = self.field.map_or(self.root.of.help, |field| field.help);
        let _ = writeln!(text, "DESCRIPTION:\n    {}", if help.is_empty() { "<no description>" } else { help });
        if let Some(line) = self.field.map(here).filter(|line| !line.is_empty()) {
            let _ = writeln!(text, "    {line}");
        }
        text.push_str("    \n");
        text
    }
}

/// What `explain pod.spec.containers` says.
///
/// # Errors
/// There is no such kind, or no such field in it.
pub fn explain(path: &str) -> Result<String, ExplainError> {
    let place = Place::find(path)?;
    let mut text = place.heading();
    if let Some(of) = place.of {
        text.push_str("FIELDS:\n");
        for field in of.fields {
            let _ = writeln!(text, "  {}", named(field));
            for line in [field.help.to_owned(), here(field)].iter().filter(|line| !line.is_empty()) {
                let _ = writeln!(text, "    {line}");
            }
            text.push('\n');
        }
    }
    text.push('\n');
    Ok(text)
}

/// What `explain pod.spec --recursive` says: every field below, by name.
///
/// # Errors
/// As `explain`.
pub fn fields(path: &str) -> Result<String, ExplainError> {
    let place = Place::find(path)?;
    let mut text = place.heading();
    if let Some(of) = place.of {
        text.push_str("FIELDS:\n");
        below(of, &mut vec![of.name], &mut text);
    }
    text.push('\n');
    Ok(text)
}

/// The fields of a type and of what is in it; one that is within itself is named only.
fn below(of: &'static Type, within: &mut Vec<&'static str>, text: &mut String) {
    let indent = within.len() * 2;
    for field in of.fields {
        let _ = writeln!(text, "{:indent$}{}", "", named(field));
        if let Some(target) = field.holds.target().filter(|target| !within.contains(&target.name)) {
            within.push(target.name);
            below(target, within, text);
            within.pop();
        }
    }
}

/// What a field holds, as it is written: bytes are text.
fn held(field: &Field) -> String {
    field.holds.name().replace("base64", "string")
}

fn named(field: &Field) -> String {
    format!("{}\t<{}>{}", field.name, held(field), if field.required { " -required-" } else { "" })
}

/// What a field means here, where that is not what it means everywhere.
fn here(field: &'static Field) -> String {
    let what = match field.support {
        Support::Honoured => return String::new(),
        Support::Noted => "On one machine: no effect",
        Support::Refused => "On one machine: refused",
        Support::Later => "On one machine: read and checked, nothing runs by it yet",
        Support::Told => "Written by pod",
    };
    if field.reason.is_empty() || field.support == Support::Told {
        format!("{what}.")
    } else {
        format!("{what}, for {}.", field.reason)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_field_is_explained_with_what_is_in_it() {
        let text = explain("po.spec.affinity").unwrap();
        assert!(
            text.starts_with("KIND:       Pod\nVERSION:    v1\n\nFIELD: affinity <Affinity>\n\n\nDESCRIPTION:\n"),
            "{text}"
        );
        assert!(text.contains("no effect, for there is one machine."), "{text}");
        assert!(explain("deploy").unwrap().starts_with("GROUP:      apps\nKIND:       Deployment\n"));
        assert!(explain("pod.spec.containers").unwrap().contains("  name\t<string> -required-\n"));
        assert_eq!(explain("podz"), Err(ExplainError::NoKind("podz".to_owned())));
        assert_eq!(explain("pod.spec.foo"), Err(ExplainError::NoField("foo".to_owned())));
        assert_eq!(explain("pod.spec.hostname.x"), Err(ExplainError::NoField("x".to_owned())));
    }

    /// What is honoured, noted for a reason or refused has to be said in words.
    #[test]
    fn every_field_of_a_pod_that_means_something_has_words() {
        for of in crate::schema::types() {
            for field in of.fields.iter().filter(|field| field.support == Support::Honoured) {
                assert!(!field.help.is_empty(), "{}.{} has no words", of.name, field.name);
            }
        }
        for name in ["PodSpec", "Container", "Volume", "SecurityContext", "PodSecurityContext"] {
            let of = crate::schema::types().iter().find(|of| of.name == name).unwrap();
            for field in of.fields {
                let has_reason = matches!(field.support, Support::Honoured) || !field.reason.is_empty();
                assert!(!field.help.is_empty() && has_reason, "{name}.{} has no reason", field.name);
            }
        }
    }
}
