//! What is in a volume that is made of objects.

use std::collections::BTreeMap;

use manifest::kind::Pod;

use super::facts::Facts;
use super::field;
use super::plan::{Field, Item, Projection};

/// A file of a volume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its path within the volume: relative, without `..`.
    pub path: String,
    /// Its mode.
    pub mode: u32,
    /// What it says.
    pub content: Content,
}

/// What a file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// This.
    Bytes(Vec<u8>),
    /// A token, which is made when it is written.
    Token {
        /// Who it is for; whoever checks it where nothing is said.
        audience: Option<String>,
        /// The seconds that it holds.
        expiration: u64,
    },
}

/// The files, in the order of their paths.
///
/// # Errors
/// Where an object or a key of it is missing that may not be missing: all that is, in a cluster's words.
pub fn payload(from: &[Projection], default_mode: u32, pod: &Pod, facts: &Facts) -> Result<Vec<File>, String> {
    let mut files = BTreeMap::new();
    let mut troubles = Vec::new();
    for source in from {
        match of_source(source, default_mode, pod, facts) {
            Ok(found) => files.extend(found.into_iter().map(|file| (file.path.clone(), file))),
            Err(trouble) => troubles.push(trouble),
        }
    }
    match troubles.len() {
        0 => Ok(files.into_values().collect()),
        1 => Err(troubles.remove(0)),
        _ => Err(format!("[{}]", troubles.join(", "))),
    }
}

fn of_source(source: &Projection, default_mode: u32, pod: &Pod, facts: &Facts) -> Result<Vec<File>, String> {
    match source {
        Projection::ConfigMap { name, optional, items } => {
            let data = facts.config_maps.get(name).map(|map| {
                let text = map.data.iter().map(|(key, text)| (key.clone(), text.clone().into_bytes()));
                text.chain(map.binary_data.iter().map(|(key, bytes)| (key.clone(), bytes.0.clone()))).collect()
            });
            if data.is_none() && !optional {
                return Err(format!("configmap {name:?} not found"));
            }
            chosen(&data.unwrap_or_default(), items, *optional, default_mode)
                .map_err(|key| format!("configmap references non-existent config key: {key}"))
        }
        Projection::Secret { name, optional, items } => {
            let data = facts
                .secrets
                .get(name)
                .map(|secret| secret.data.iter().map(|(key, bytes)| (key.clone(), bytes.0.clone())).collect());
            if data.is_none() && !optional {
                return Err(format!("secret {name:?} not found"));
            }
            chosen(&data.unwrap_or_default(), items, *optional, default_mode)
                .map_err(|key| format!("references non-existent secret key: {key}"))
        }
        Projection::Downward(wanted) => {
            let file = |wanted: &super::plan::Downward| {
                let text = match &wanted.field {
                    Field::Pod(path) => field::of_pod(pod, path, facts),
                    Field::Resource(resource) => field::of_resource(pod, resource, None, facts),
                }?;
                let mode = wanted.mode.unwrap_or(default_mode);
                Ok(File { path: wanted.path.clone(), mode, content: Content::Bytes(text.into_bytes()) })
            };
            wanted.iter().map(file).collect()
        }
        Projection::Token { audience, expiration, path } => {
            let content = Content::Token { audience: audience.clone(), expiration: *expiration };
            Ok(vec![File { path: path.clone(), mode: default_mode, content }])
        }
    }
}

/// The keys that are files: all, or those that are named; the name of one that is missing.
fn chosen(
    data: &BTreeMap<String, Vec<u8>>,
    items: &[Item],
    optional: bool,
    default_mode: u32,
) -> Result<Vec<File>, String> {
    let file = |path: &str, mode: Option<u32>, bytes: &[u8]| File {
        path: path.to_owned(),
        mode: mode.unwrap_or(default_mode),
        content: Content::Bytes(bytes.to_vec()),
    };
    if items.is_empty() {
        return Ok(data.iter().map(|(key, bytes)| file(key, None, bytes)).collect());
    }
    let mut files = Vec::new();
    for Item { key, path, mode } in items {
        match data.get(key) {
            Some(bytes) => files.push(file(path, *mode, bytes)),
            None if optional => {}
            None => return Err(key.clone()),
        }
    }
    Ok(files)
}
