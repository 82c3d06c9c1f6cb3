//! Which object: of which kind, in which namespace, of which name.

use std::path::PathBuf;

use manifest::kind::{Object, Resource};

/// What an object is found by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    pub(super) resource: &'static Resource,
    pub(super) namespace: Option<String>,
    pub(super) name: String,
}

/// Where objects are that are in no namespace: no namespace has such a name.
pub(super) const NOWHERE: &str = "_";

/// The longest name of a file.
const LONGEST: usize = 255;

impl Key {
    /// Of a kind; the namespace matters only to kinds that are in one.
    #[must_use]
    pub fn new(resource: &'static Resource, namespace: &str, name: &str) -> Self {
        let namespace = resource.namespaced.then(|| namespace.to_owned());
        Self { resource, namespace, name: name.to_owned() }
    }

    /// That of an object.
    #[must_use]
    pub fn of(object: &Object) -> Self {
        let metadata = object.metadata();
        let namespace = metadata.namespace.as_deref().unwrap_or("default");
        Self::new(object.resource(), namespace, metadata.name.as_deref().unwrap_or_default())
    }

    /// Of which kind.
    #[must_use]
    pub fn resource(&self) -> &'static Resource {
        self.resource
    }

    /// In which namespace, where its kind is in one.
    #[must_use]
    pub fn namespace(&self) -> Option<&str> {
        self.namespace.as_deref()
    }

    /// Of which name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// As an API server names it: `configmaps "web"`.
    #[must_use]
    pub fn quoted(&self) -> String {
        format!("{} {:?}", self.resource.qualified_plural(), self.name)
    }

    /// Where it is kept below `objects`; nowhere, if no object can be called so.
    pub(super) fn place(&self) -> Option<PathBuf> {
        let place = place(self.resource, self.namespace.as_deref())?;
        is_file_name(&self.name).then(|| place.join(&self.name))
    }
}

/// Where all of a kind are kept.
pub(super) fn place(resource: &Resource, namespace: Option<&str>) -> Option<PathBuf> {
    let namespace = namespace.unwrap_or(NOWHERE);
    is_file_name(namespace).then(|| PathBuf::from(namespace).join(resource.plural))
}

/// What somebody types may be anything; it is to lead to no other directory, nor to what is being written.
fn is_file_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= LONGEST && !name.starts_with('.') && !name.contains(['/', '\0'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_to_one_file_or_nowhere() {
        let map = Resource::find("cm").expect("a kind");
        let at = |namespace: &str, name: &str| Key::new(map, namespace, name).place();
        assert_eq!(at("default", "web.conf"), Some(PathBuf::from("default/configmaps/web.conf")));
        for (namespace, name) in
            [("default", "../x"), ("..", "x"), ("default", ""), ("default", ".draft"), ("a/b", "x")]
        {
            assert_eq!(at(namespace, name), None, "{namespace} {name}");
        }
        assert_eq!(at("default", &"x".repeat(256)), None);
        let namespace = Resource::find("ns").expect("a kind");
        assert_eq!(Key::new(namespace, "any", "a").place(), Some(PathBuf::from("_/namespaces/a")));
        assert_eq!(Key::new(namespace, "any", "a").quoted(), "namespaces \"a\"");
    }
}
