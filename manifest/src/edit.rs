//! `label`, `annotate` and `set`: an object with a few words changed.

mod spec;

use serde_json::Value;

pub use spec::{Amounts, Containers, Variables, source, spec_of};

use crate::emit::compact;
use crate::text::{Content, Node};

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
/// `unlabeled`, `not labeled`. An object whose `metadata` is null keeps it, as it does in kubectl.
///
/// # Errors
/// A key that has another value, unless it may be overwritten; nothing is changed then.
pub fn change_map(object: &mut Node, map: &str, changes: &[Change], overwrite: bool) -> Result<Done, EditError> {
    let there = |key: &str| object.at(&["metadata", map, key]).and_then(Node::as_text);
    for (key, value) in changes {
        if let (Some(value), Some(before), false) = (value, there(key), overwrite)
            && value != before
        {
            return Err(EditError::Taken(key.clone(), before.to_owned()));
        }
    }
    let mut done = Done { changed: false, shortened: false, missing: Vec::new() };
    // What is only added to gets no shorter.
    let takes = changes.iter().any(|(_, value)| value.is_none());
    let length = |object: &Node| object.at(&["metadata", map]).map(|map| compact(&map.to_value()).len());
    let before = if takes && !overwrite { length(object) } else { None };
    let Some(metadata) = object.map_under("metadata", |there| there.is_none()) else { return Ok(done) };
    let is_map = |there: Option<&Node>| there.is_some_and(|node| matches!(node.content, Content::Map(_)));
    done.changed = !is_map(metadata.get(map));
    let Some(words) = metadata.map_under(map, |there| !is_map(there)) else { return Ok(done) };
    for (key, value) in changes {
        match value {
            Some(value) => {
                let before = words.set(key, Content::Text(value.into()));
                done.changed |= before.is_none_or(|before| before.as_text() != Some(value));
            }
            None => match words.remove(key) {
                Some(_) => done.changed = true,
                None => done.missing.push(key.clone()),
            },
        }
    }
    done.shortened = before.is_some_and(|before| length(object) < Some(before));
    Ok(done)
}

/// What became of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// Whether it is another now.
    pub changed: bool,
    /// Whether there is less of it, by which kubectl tells that something was taken away.
    pub shortened: bool,
    /// Keys that were to be removed and were not there.
    pub missing: Vec<String>,
}

impl Done {
    /// The word for it, of `labeled` say.
    #[must_use]
    pub fn word(&self, word: &str) -> String {
        match (self.changed, self.shortened) {
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
    use crate::text::{Budget, documents};

    fn node(text: &str) -> Node {
        documents(text, &Budget::default()).pop().unwrap().unwrap()
    }

    #[test]
    fn there_are_labels_where_there_were_none_but_not_in_nothing() {
        let label = |text: &str| {
            let mut object = node(text);
            let done = change_map(&mut object, "labels", &[change("a=b", "label").unwrap()], false).unwrap();
            (object.to_value(), done.word("labeled"))
        };
        let labelled = |of: Value| (of, "labeled".to_owned());
        assert_eq!(label("kind: Pod"), labelled(json!({ "kind": "Pod", "metadata": { "labels": { "a": "b" } } })));
        assert_eq!(label("metadata: {labels: }"), labelled(json!({ "metadata": { "labels": { "a": "b" } } })));
        assert_eq!(label("metadata:"), (json!({ "metadata": null }), "not labeled".to_owned()));
    }

    #[test]
    fn labels_are_changed_in_kubectls_words() {
        let mut object = node("metadata: {labels: {tier: front}}");
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
