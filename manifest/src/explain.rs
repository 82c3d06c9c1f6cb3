//! `explain`: what a field is for, what it holds, what is in it, and what it means on one machine.

use std::fmt::Write as _;

use crate::kind::Resource;
use crate::schema::{Field, Support, Type};

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

/// What `explain pod.spec.containers` says.
///
/// # Errors
/// There is no such kind, or no such field in it.
pub fn explain(path: &str) -> Result<String, ExplainError> {
    let mut words = path.split('.');
    let kind = words.next().unwrap_or_default();
    let resource = Resource::find(kind).ok_or_else(|| ExplainError::NoKind(kind.to_owned()))?;
    let root = resource.root();
    let (mut of, mut field): (Option<&'static Type>, Option<&'static Field>) = (Some(root.of), None);
    for word in words {
        let next = of.and_then(|of| of.field(word)).ok_or_else(|| ExplainError::NoField(word.to_owned()))?;
        of = next.holds.target();
        field = Some(next);
    }
    let mut text = String::new();
    let (group, version) = root.api_version.split_once('/').unwrap_or(("", root.api_version));
    if !group.is_empty() {
        let _ = writeln!(text, "GROUP:      {group}");
    }
    let _ = writeln!(text, "KIND:       {}\nVERSION:    {version}\n", root.kind);
    let help = field.map_or(root.of.help, |field| field.help);
    if let Some(field) = field {
        let _ = writeln!(text, "FIELD: {} <{}>\n", field.name, field.holds.name());
    }
    let _ = writeln!(text, "DESCRIPTION:\n    {}", if help.is_empty() { "<no description>" } else { help });
    if let Some(line) = field.map(here).filter(|line| !line.is_empty()) {
        let _ = writeln!(text, "    {line}");
    }
    if let Some(of) = of {
        text.push_str("\nFIELDS:\n");
        for field in of.fields {
            let required = if field.required { " -required-" } else { "" };
            let _ = writeln!(text, "  {}\t<{}>{required}", field.name, field.holds.name());
            for line in [field.help.to_owned(), here(field)].iter().filter(|line| !line.is_empty()) {
                let _ = writeln!(text, "    {line}");
            }
            text.push('\n');
        }
    }
    Ok(text)
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
            text.starts_with("KIND:       Pod\nVERSION:    v1\n\nFIELD: affinity <Affinity>\n\nDESCRIPTION:\n"),
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
