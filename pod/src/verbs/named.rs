//! How a pod is named on the command line: `web`, `pod/web`, and its namespace beside it.

use manifest::kind::Resource;
use registry::{Found, Name, Registry};

use crate::error::Error;
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
