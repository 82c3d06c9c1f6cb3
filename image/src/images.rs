//! The images of a store, by name and by id.

use std::collections::BTreeSet;

use crate::digest::Digest;
use crate::image::{Image, ImageError};
use crate::platform::Platform;
use crate::reference::Reference;
use crate::store::{self, Store};

/// A name of an image that is here.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// What the store has it by.
    pub recorded: String,
    /// Its name; `None` of one that nobody has named.
    pub name: Option<Reference>,
    /// The image.
    pub image: Image,
    /// Since when it has the name, in seconds since 1970.
    pub since: u64,
    /// How many bytes its layers have: unpacked, where they are.
    pub size: u64,
}

impl Store {
    /// Every name of every image; and of what cannot be understood, why.
    ///
    /// # Errors
    /// When the names cannot be read.
    pub fn known(&self) -> Result<(Vec<Known>, Vec<ImageError>), ImageError> {
        let (mut known, mut errors) = (Vec::new(), Vec::new());
        for reference in self.references()? {
            match self.know(reference) {
                Ok(one) => known.push(one),
                Err(error) => errors.push(error),
            }
        }
        Ok((known, errors))
    }

    fn know(&self, reference: store::Reference) -> Result<Known, ImageError> {
        // One for another machine is here, whatever it is good for.
        let image = self.image(&reference.descriptor, &Platform::here())?;
        let mut size = 0;
        for layer in &image.layers {
            size += self.layer(&layer.chain)?.map_or(layer.blob.size(), |(_, record)| record.outcome.bytes);
        }
        let name = reference.name.parse().ok();
        Ok(Known { recorded: reference.name, name, image, since: reference.since, size })
    }

    /// The names of the image that is meant: the one that was given, or all where it is an id or the
    /// beginning of one. A name without a registry is any registry's, if only one has it.
    ///
    /// # Errors
    /// When there is none, or it cannot be told which.
    pub fn find(&self, text: &str) -> Result<Vec<Known>, ImageError> {
        if let Ok(name) = text.parse::<Reference>()
            && let Some(reference) = self.reference(&name.to_string())?
        {
            return Ok(vec![self.know(reference)?]);
        }
        let (known, mut errors) = self.known()?;
        let by_id: Vec<_> = known.iter().filter(|one| is_id_of(text, &one.image)).cloned().collect();
        let ids: BTreeSet<_> = by_id.iter().map(|one| &one.image.id).collect();
        if ids.len() > 1 {
            return Err(ImageError::Ambiguous { id: text.to_owned(), count: ids.len() });
        }
        let found = if by_id.is_empty() { anywhere(text, known) } else { by_id };
        match (found.is_empty(), errors.pop()) {
            (false, _) => Ok(found),
            // It may be the one that was meant.
            (true, Some(error)) if is_digest(text) => Err(error),
            (true, _) => Err(ImageError::NoSuchImage { name: text.to_owned(), root: self.root().to_owned() }),
        }
    }
}

/// The name in whichever registry has it, if only one has.
fn anywhere(text: &str, known: Vec<Known>) -> Vec<Known> {
    let Ok(meant) = text.parse::<Reference>() else { return Vec::new() };
    let same = |name: &Reference| {
        let path = meant.path().strip_prefix("library/").unwrap_or(meant.path());
        (name.path() == path || name.path() == meant.path())
            && (name.tag(), name.digest()) == (meant.tag(), meant.digest())
    };
    let named_registry = text.split('/').next().is_some_and(|first| text.contains('/') && first.contains(['.', ':']));
    let found: Vec<_> = known.into_iter().filter(|one| one.name.as_ref().is_some_and(same)).collect();
    if named_registry || found.len() != 1 { Vec::new() } else { found }
}

/// Fewer digits are no id that anybody means.
const DIGITS: usize = 4;

fn is_digest(text: &str) -> bool {
    let hex = text.strip_prefix("sha256:").unwrap_or(text);
    (DIGITS..=64).contains(&hex.len()) && hex.bytes().all(|digit| digit.is_ascii_hexdigit())
}

fn is_id_of(text: &str, image: &Image) -> bool {
    let hex = text.strip_prefix("sha256:").unwrap_or(text);
    let manifest = Digest::try_from(image.manifest.digest());
    is_digest(text) && (image.id.hex().starts_with(hex) || manifest.is_ok_and(|digest| digest.hex() == hex))
}
