//! A directory or file of the host in a container, as it is typed.

use std::fs;
use std::path::PathBuf;
use std::str::FromStr;

use container::plan::{Attributes, Below, Mount, Propagation, ReadOnly, What};
use registry::file;

use crate::error::Error;

/// `HOST:CONTAINER[:OPTIONS]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Volume {
    source: PathBuf,
    at: PathBuf,
    attributes: Attributes,
    below: Below,
    propagation: Propagation,
}

/// Text that is no volume.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum InvalidVolume {
    #[error("{0:?} is not HOST:CONTAINER[:OPTIONS]")]
    Form(String),
    #[error("{0:?}: a volume has no name here: what is mounted is a path of the host, that begins with / or .")]
    Named(String),
    #[error(
        "no option of a volume is called {0:?}; there are ro, rw, nosuid, nodev, noexec, bind, rbind, [r]private, [r]slave, [r]shared"
    )]
    Option(String),
}

impl FromStr for Volume {
    type Err = InvalidVolume;

    fn from_str(text: &str) -> Result<Self, InvalidVolume> {
        let form = || InvalidVolume::Form(text.to_owned());
        let mut parts = text.split(':');
        let (Some(source), Some(at), options, None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
            return Err(form());
        };
        if source.is_empty() || !at.starts_with('/') {
            return Err(form());
        }
        if !source.starts_with(['/', '.']) {
            return Err(InvalidVolume::Named(text.to_owned()));
        }
        let mut volume = Self {
            source: source.into(),
            at: at.into(),
            attributes: Attributes::default(),
            below: Below::Along,
            propagation: Propagation::Private,
        };
        for option in options.into_iter().flat_map(|options| options.split(',')) {
            let attributes = &mut volume.attributes;
            match option {
                "rw" => attributes.read_only = ReadOnly::No,
                "ro" => attributes.read_only = ReadOnly::AllBelow,
                "nosuid" => attributes.nosuid = true,
                "nodev" => attributes.nodev = true,
                "noexec" => attributes.noexec = true,
                "bind" => volume.below = Below::Left,
                "rbind" => volume.below = Below::Along,
                "private" | "rprivate" => volume.propagation = Propagation::Private,
                "slave" | "rslave" => volume.propagation = Propagation::Slave,
                "shared" | "rshared" => volume.propagation = Propagation::Shared,
                _ => return Err(InvalidVolume::Option(option.to_owned())),
            }
        }
        Ok(volume)
    }
}

impl Volume {
    /// The mount, of what is there now.
    pub(super) fn mount(self) -> Result<Mount, Error> {
        let Self { source, at, attributes, below, propagation } = self;
        let source = fs::canonicalize(&source).map_err(file("mount", source))?;
        let at = at.components().collect();
        Ok(Mount { at, what: What::Bind { source, below }, attributes, propagation })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn volumes_are_typed_as_for_docker() {
        let volume: Volume = "/srv:/data:ro,rslave".parse().expect("a volume");
        assert_eq!((volume.attributes.read_only, volume.propagation), (ReadOnly::AllBelow, Propagation::Slave));
        assert_eq!("./x:/y".parse::<Volume>().expect("a volume").attributes, Attributes::default());
        for text in ["", "/x", "/x:", ":/x", "/x:y", "name:/x", "/x:/y:", "/x:/y:what", "/x:/y:ro:rw"] {
            assert!(text.parse::<Volume>().is_err(), "{text}");
        }
    }
}
