//! `label`, `annotate` and `set image`: an object with a few words changed.

use serde_json::{Map, Value};

/// A change to labels or annotations: a value, or that there be none.
pub type Change = (String, Option<String>);

/// Words that change nothing, or that may not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The key has another value.
    #[error("'{0}' already has a value ({1}), and --overwrite is false")]
    Taken(String, String),
    /// It is neither `KEY=VALUE` nor `KEY-`.
    #[error("unknown {1} spec: {0}")]
    Form(String, &'static str),
    /// There is no such container.
    #[error("unable to find container named {0:?}")]
    NoContainer(String),
}

/// `KEY=VALUE` or `KEY-`.
///
/// # Errors
/// It is neither.
pub fn change(word: &str, of: &'static str) -> Result<Change, EditError> {
    if let Some((key, value)) = word.split_once('=').filter(|(key, _)| !key.is_empty()) {
        return Ok((key.to_owned(), Some(value.to_owned())));
    }
    let key = word.strip_suffix('-').filter(|key| !key.is_empty());
    key.map(|key| (key.to_owned(), None)).ok_or_else(|| EditError::Form(word.to_owned(), of))
}

/// Changes `metadata.labels` or `metadata.annotations`, and says in kubectl's word what was done: `labeled`,
/// `unlabeled`, `not labeled`.
///
/// # Errors
/// A key that has another value, unless it may be overwritten; nothing is changed then.
pub fn change_map(object: &mut Value, map: &str, changes: &[Change], overwrite: bool) -> Result<Done, EditError> {
    let there = |key: &str| object["metadata"][map][key].as_str().map(str::to_owned);
    for (key, value) in changes {
        if let (Some(value), Some(before), false) = (value, there(key), overwrite)
            && *value != before
        {
            return Err(EditError::Taken(key.clone(), before));
        }
    }
    let before = object["metadata"][map].clone();
    if !object["metadata"][map].is_object() {
        object["metadata"][map] = Value::Object(Map::new());
    }
    let mut missing = Vec::new();
    if let Some(map) = object["metadata"][map].as_object_mut() {
        for (key, value) in changes {
            match value {
                Some(value) => drop(map.insert(key.clone(), Value::from(value.as_str()))),
                None if map.remove(key).is_none() => missing.push(key.clone()),
                None => {}
            }
        }
    }
    let removed_only = changes.iter().all(|(_, value)| value.is_none());
    Ok(Done { changed: object["metadata"][map] != before, removed_only, missing })
}

/// What became of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// Whether it is another now.
    pub changed: bool,
    /// Whether nothing was to be added.
    pub removed_only: bool,
    /// Keys that were to be removed and were not there.
    pub missing: Vec<String>,
}

impl Done {
    /// The word for it, of `labeled` say.
    #[must_use]
    pub fn word(&self, word: &str) -> String {
        match (self.changed, self.removed_only) {
            (false, _) => format!("not {word}"),
            (true, true) => format!("un{word}"),
            (true, false) => word.to_owned(),
        }
    }
}

/// Gives containers other images, by their names or, for `*`, all of them; says whether something changed.
///
/// # Errors
/// A container that there is not; nothing is changed then.
pub fn set_image(object: &mut Value, images: &[(String, String)]) -> Result<bool, EditError> {
    let mut changed = object.clone();
    let at = match changed["kind"].as_str() {
        Some("Pod") => "/spec",
        Some("CronJob") => "/spec/jobTemplate/spec/template/spec",
        _ => "/spec/template/spec",
    };
    for (name, image) in images {
        let mut found = false;
        for list in ["initContainers", "containers"] {
            let containers = changed.pointer_mut(&format!("{at}/{list}")).and_then(Value::as_array_mut);
            for container in containers.into_iter().flatten() {
                if name == "*" || container["name"].as_str() == Some(name) {
                    container["image"] = Value::from(image.as_str());
                    found = true;
                }
            }
        }
        if !found {
            return Err(EditError::NoContainer(name.clone()));
        }
    }
    let differs = changed != *object;
    *object = changed;
    Ok(differs)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    #[test]
    fn labels_are_changed_in_kubectls_words() {
        let mut object = json!({ "metadata": { "labels": { "tier": "front" } } });
        let mut label = |word: &str, overwrite| {
            change_map(&mut object, "labels", &[change(word, "label").unwrap()], overwrite)
                .map(|done| done.word("labeled"))
        };
        assert_eq!(
            label("tier=back", false).unwrap_err().to_string(),
            "'tier' already has a value (front), and --overwrite is false"
        );
        assert_eq!(label("tier=back", true).unwrap(), "labeled");
        assert_eq!(label("tier=back", false).unwrap(), "not labeled");
        assert_eq!(label("tier-", false).unwrap(), "unlabeled");
        assert_eq!(label("tier-", false).unwrap(), "not labeled");
        assert!(change("x", "label").is_err() && change("-", "label").is_err());
    }

    #[test]
    fn images_are_set_where_there_is_such_a_container() {
        let mut pod = json!({ "kind": "Pod", "spec": { "containers": [{ "name": "a", "image": "x" }], "initContainers": [{ "name": "b", "image": "x" }] } });
        let image = |name: &str| [(name.to_owned(), "y".to_owned())];
        assert_eq!(set_image(&mut pod, &image("a")), Ok(true));
        assert_eq!(set_image(&mut pod, &image("a")), Ok(false));
        assert_eq!(set_image(&mut pod, &image("c")), Err(EditError::NoContainer("c".to_owned())));
        assert_eq!(set_image(&mut pod, &image("*")), Ok(true));
        assert_eq!(pod["spec"]["initContainers"][0]["image"], "y");
    }
}
