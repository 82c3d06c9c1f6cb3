//! Which objects a command means: `configmap web`, `cm,secret`, `cm/web secret/key`.

use clap::Args;
use manifest::kind::{Object, Resource};
use manifest::selector::Selector;

use super::keep::{plain, reason};
use crate::answer::Complaint;
use crate::objects::{Key, Objects, ObjectsError};

/// Where objects are looked for, and which of them.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct Scope {
    /// The namespace
    #[arg(short, long, value_name = "NAME")]
    pub(super) namespace: Option<String>,

    /// Objects of all namespaces
    #[arg(short = 'A', long, conflicts_with = "namespace")]
    pub(super) all_namespaces: bool,

    /// Only objects whose labels are like this
    #[arg(short = 'l', long, value_name = "SELECTOR")]
    pub(super) selector: Option<String>,

    /// What is not there is no failure
    #[arg(long)]
    pub(super) ignore_not_found: bool,
}

/// Objects of a kind: those of these names, or all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Which {
    pub(super) resource: &'static Resource,
    pub(super) names: Vec<String>,
}

/// The kinds that `all` means.
const ALL: [&str; 8] =
    ["pods", "services", "daemonsets", "deployments", "replicasets", "statefulsets", "cronjobs", "jobs"];

/// All that `all` means.
pub(super) fn everything() -> Vec<Which> {
    let kinds = ALL.iter().filter_map(|word| Resource::find(word));
    kinds.map(|resource| Which { resource, names: Vec::new() }).collect()
}

/// The kinds and names in words; `None` where the first names no kind.
///
/// # Errors
/// The first does, and another word does not fit it.
pub(super) fn which(words: &[String]) -> Result<Option<Vec<Which>>, Complaint> {
    let Some((first, rest)) = words.split_first() else { return Ok(None) };
    let unknown = |word: &str| Complaint::Plain(format!("the server doesn't have a resource type {word:?}"));
    let head = first.split(['/', ',']).next().unwrap_or_default();
    if Resource::find(head).is_none() {
        return if first.contains(['/', ',']) { Err(unknown(head)) } else { Ok(None) };
    }
    if words.iter().any(|word| word.contains('/')) {
        let mut found: Vec<Which> = Vec::new();
        for word in words {
            let Some((kind, name)) = word.split_once('/') else {
                return Err(Complaint::plain(
                    "there is no need to specify a resource type as a separate argument when passing arguments in \
                     resource/name form (e.g. 'pod get resource/<resource_name>' instead of 'pod get resource \
                     resource/<resource_name>'",
                ));
            };
            let resource = Resource::find(kind).ok_or_else(|| unknown(kind))?;
            if name.is_empty() || name.contains('/') {
                let trouble = "arguments in resource/name form may not have more than one slash";
                return Err(Complaint::plain(trouble));
            }
            match found.iter_mut().find(|which| which.resource == resource) {
                Some(which) => which.names.push(name.to_owned()),
                None => found.push(Which { resource, names: vec![name.to_owned()] }),
            }
        }
        return Ok(Some(found));
    }
    let kinds = first.split(',').map(|word| Resource::find(word).ok_or_else(|| unknown(word)));
    let which = kinds.map(|resource| Ok(Which { resource: resource?, names: rest.to_vec() }));
    which.collect::<Result<Vec<_>, _>>().map(Some)
}

impl Scope {
    pub(super) fn namespace(&self) -> &str {
        self.namespace.as_deref().filter(|name| !name.is_empty()).unwrap_or("default")
    }

    /// What is said where there are none; of kinds without namespaces none is named.
    pub(super) fn nothing(&self, namespaced: bool) -> String {
        if self.all_namespaces || !namespaced {
            return "No resources found".to_owned();
        }
        format!("No resources found in {} namespace.", self.namespace())
    }

    /// The objects that are meant, and what is to be said of those that are not there.
    ///
    /// # Errors
    /// They cannot be read, or it makes no sense.
    pub(super) fn find(&self, objects: &Objects, which: &Which) -> Result<(Vec<Object>, Vec<Complaint>), Complaint> {
        let Which { resource, names } = which;
        let (mut found, mut missing) = (Vec::new(), Vec::new());
        if names.is_empty() {
            let selector =
                self.selector.as_deref().map(str::parse::<Selector>).transpose().map_err(Complaint::plain)?;
            let namespace = (!self.all_namespaces).then(|| self.namespace());
            let all = objects.list(resource, namespace).map_err(|error| plain(&error))?;
            let selected =
                |object: &Object| selector.as_ref().is_none_or(|selector| selector.matches(&object.metadata().labels));
            return Ok((all.into_iter().filter(selected).collect(), missing));
        }
        if self.all_namespaces {
            return Err(Complaint::plain("a resource cannot be retrieved by name across all namespaces"));
        }
        if self.selector.is_some() {
            return Err(Complaint::plain("name cannot be provided when a selector is specified"));
        }
        for name in names {
            let key = Key::new(resource, self.namespace(), name);
            match objects.get(&key).map_err(|error| plain(&error))? {
                Some(object) => found.push(object),
                None if self.ignore_not_found => {}
                None => missing.push(told(&ObjectsError::Missing(key))),
            }
        }
        Ok((found, missing))
    }
}

/// What keeps an object from being had by its name.
pub(crate) fn told(error: &ObjectsError) -> Complaint {
    match reason(error) {
        Some(reason) => Complaint::Whole(format!("Error from server ({reason}): {error}")),
        None => plain(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A kind, and the names of it.
    type Found = (&'static str, Vec<String>);

    fn read(words: &[&str]) -> Result<Option<Vec<Found>>, Complaint> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        which(&words).map(|found| {
            found.map(|all| all.into_iter().map(|which| (which.resource.kind, which.names)).collect::<Vec<_>>())
        })
    }

    #[test]
    fn words_name_kinds_and_objects_as_kubectls_do() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&["web", "cm"]), Ok(None));
        assert_eq!(read(&["cm"]), Ok(Some(vec![("ConfigMap", Vec::new())])));
        assert_eq!(read(&["ConfigMaps", "a", "b"]), Ok(Some(vec![("ConfigMap", names(&["a", "b"]))])));
        let two = vec![("ConfigMap", names(&["a"])), ("Secret", names(&["a"]))];
        assert_eq!(read(&["cm,secrets", "a"]), Ok(Some(two)));
        let three = vec![("ConfigMap", names(&["a", "c"])), ("Secret", names(&["b"]))];
        assert_eq!(read(&["cm/a", "secret/b", "configmap/c"]), Ok(Some(three)));
        for words in [&["cm", "secret/b"][..], &["cm/a", "b"], &["cm/a/b"], &["cm/"], &["cm,nosuch"], &["nosuch/a"]] {
            assert!(read(words).is_err(), "{words:?}");
        }
    }
}
