//! How a pod is named on the command line: `web`, `pod/web`, and its namespace beside it.

use manifest::kind::{Object, Pod, Resource};
use registry::{Found, Name, Registry};

use super::trouble::Trouble;
use super::which::{told, which};
use crate::answer::Complaint;
use crate::error::Error;
use crate::objects::{Key, Objects, ObjectsError};
use crate::place::Place;

/// A name, with the kind before it or not.
pub(super) fn called(text: &str) -> Result<Name, String> {
    let name = match text.split_once('/') {
        Some((kind, name)) if Resource::find(kind).is_some_and(|resource| resource.kind == "Pod") => name,
        _ => text,
    };
    Name::try_from(name.to_owned()).map_err(|error| error.to_string())
}

/// The pod of this name; pods made by hand are in no namespace.
///
/// # Errors
/// There is none.
pub fn found(registry: &Registry, namespace: Option<&str>, name: &Name) -> Result<Found, Error> {
    let namespace = namespace.filter(|name| !name.is_empty()).unwrap_or("default");
    let place = Place {
        data: image::store::data_directory(),
        registry: registry.clone(),
        namespace: namespace.to_owned(),
        name: name.to_string(),
        uid: String::new(),
    };
    Ok(registry.pod(&place.sandbox())?)
}

/// A pod that is there.
pub(super) enum Kept {
    /// Of a manifest.
    Pod(Box<Pod>),
    /// Made by hand.
    ByHand(Name),
}

/// The pod that a word means; `only` is said of what is no pod.
///
/// # Errors
/// There is none.
pub(super) fn kept(word: &str, namespace: Option<&str>, only: &str) -> Result<Kept, Trouble> {
    let name = match word.split_once('/') {
        None => word,
        Some((kind, name)) => {
            // Words that name nothing, or another kind.
            which(&[word.to_owned()])?;
            if Resource::find(kind).is_none_or(|resource| resource.kind != "Pod") {
                return Err(Complaint::plain(only).into());
            }
            name
        }
    };
    let Some(pods) = Resource::find("pods") else { return Err(Complaint::plain("there are no pods").into()) };
    let key = Key::new(pods, namespace.filter(|name| !name.is_empty()).unwrap_or("default"), name);
    if let Some(Object::Pod(pod)) =
        Objects::of_this_user().and_then(|objects| objects.get(&key)).map_err(Error::from)?
    {
        return Ok(Kept::Pod(pod));
    }
    let by_hand = Name::try_from(name.to_owned()).ok().filter(|_| !word.contains('/') && namespace.is_none());
    match by_hand.filter(|name| Registry::of_this_user().pod(name).is_ok()) {
        Some(name) => Ok(Kept::ByHand(name)),
        None => Err(told(&ObjectsError::Missing(key)).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pod_may_be_named_with_its_kind() {
        for text in ["web", "pod/web", "pods/web", "po/web"] {
            assert_eq!(called(text).map(|name| name.to_string()), Ok("web".to_owned()), "{text}");
        }
        assert!(called("cm/web").is_err() && called("pod/").is_err());
    }
}
