//! Manifests that are templates, and the values that are put into them.

use std::collections::BTreeMap;
use std::env;

use manifest::{make, template};

use crate::answer::Complaint;
use crate::input::{self, Source};

/// Fills in values of a file.
///
/// # Errors
/// All that has no value, with its place; nothing is to be done then.
pub(super) fn fill(sources: Vec<Source>, file: &str) -> Result<Vec<Source>, Vec<Complaint>> {
    let values = values(file).map_err(|complaint| vec![complaint])?;
    let (mut filled, mut complaints) = (Vec::with_capacity(sources.len()), Vec::new());
    for Source { name, text } in sources {
        match template::fill(&text, &values) {
            Ok(text) => filled.push(Source { name, text }),
            Err(troubles) => complaints.extend(troubles.into_iter().map(|(place, trouble)| {
                Complaint::Plain(format!("{name}:{}:{}: {trouble} in {file}", place.line, place.column))
            })),
        }
    }
    if complaints.is_empty() { Ok(filled) } else { Err(complaints) }
}

fn values(file: &str) -> Result<BTreeMap<String, String>, Complaint> {
    let bytes = input::bytes(file).map_err(|error| input::told(file, &error))?;
    let text =
        String::from_utf8(bytes).map_err(|_| Complaint::Plain(format!("error reading {file}: it is no UTF-8")))?;
    let mut values = BTreeMap::new();
    for (name, value) in make::variables(&text).map_err(Complaint::plain)? {
        // One that the environment has not is one that is not defined.
        if let Some(value) = value.or_else(|| env::var(&name).ok()) {
            values.insert(name, value);
        }
    }
    Ok(values)
}
