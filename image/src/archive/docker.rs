//! Docker's archives: a `manifest.json` that says which of the files beside it an image is made of.

use std::io::Read;

use oci_spec::image::{Descriptor, ImageManifestBuilder, MediaType};
use serde::{Deserialize, Serialize};

use super::error::ArchiveError;
use super::load::{Contents, Found, reference};
use crate::digest::Digest;
use crate::media::{Compression, Kind};
use crate::platform::Platform;
use crate::store::{Store, StoreError};

/// An image in `manifest.json`.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Entry {
    #[serde(rename = "Config")]
    pub(super) config: String,
    #[serde(rename = "RepoTags", default)]
    pub(super) tags: Option<Vec<String>>,
    #[serde(rename = "Layers", default)]
    pub(super) layers: Option<Vec<String>>,
}

pub(super) fn parse(text: &[u8]) -> Result<Vec<Entry>, serde_json::Error> {
    serde_json::from_slice(text)
}

impl Entry {
    fn names(&self) -> impl Iterator<Item = String> + '_ {
        self.tags.iter().flatten().filter_map(|tag| reference(tag))
    }
}

/// Gives images of an index the names that docker's document has for them.
pub(super) fn name(store: &Store, entries: &[Entry], found: &mut [Found]) -> Result<(), ArchiveError> {
    for image in found.iter_mut().filter(|image| Kind::of(image.descriptor.media_type()) == Some(Kind::Manifest)) {
        let (_, manifest) = store.manifest(&image.descriptor, &Platform::here())?;
        let config = Digest::try_from(manifest.config().digest()).map_err(StoreError::from)?;
        let entry = entries.iter().find(|entry| entry.config.contains(config.hex()));
        for name in entry.into_iter().flat_map(Entry::names) {
            if !image.names.contains(&name) {
                image.names.push(name);
            }
        }
    }
    Ok(())
}

/// The images that docker's document has, each with a manifest of ours.
pub(super) fn images(
    store: &Store,
    entries: &[Entry],
    contents: &Contents,
    from: &str,
) -> Result<Vec<Found>, ArchiveError> {
    let mut found = Vec::new();
    for entry in entries {
        let missing = |name: &str| ArchiveError::Nothing {
            from: from.to_owned(),
            why: format!("its manifest.json speaks of {name:?}, which is not there"),
        };
        let find = |name: &str| contents.find(name).ok_or_else(|| missing(name));
        let config = find(&entry.config)?.clone();
        let config = typed(&config, MediaType::ImageConfig);
        let mut layers = Vec::new();
        for name in entry.layers.iter().flatten() {
            let blob = find(name)?;
            layers.push(typed(blob, layer_type(store, blob)?));
        }
        let manifest = ImageManifestBuilder::default()
            .schema_version(2_u32)
            .media_type(MediaType::ImageManifest)
            .config(config)
            .layers(layers)
            .build();
        let bytes = manifest.and_then(|manifest| manifest.to_string());
        let bytes = bytes.map_err(|error| ArchiveError::Archive { from: from.to_owned(), source: error.into() })?;
        let descriptor = store.put(MediaType::ImageManifest, bytes.as_bytes())?;
        found.push(Found { descriptor, names: entry.names().collect() });
    }
    Ok(found)
}

impl Contents {
    fn find(&self, name: &str) -> Option<&Descriptor> {
        let mut name = name.as_bytes();
        // Links to links, and no circle.
        for _ in 0..8 {
            if let Some(blob) = self.blobs.get(name) {
                return Some(blob);
            }
            name = self.links.get(name)?;
        }
        None
    }
}

fn typed(blob: &Descriptor, media_type: MediaType) -> Descriptor {
    Descriptor::new(media_type, blob.size(), blob.digest().clone())
}

/// What kind of layer a blob is, by how it begins.
pub(super) fn layer_type(store: &Store, blob: &Descriptor) -> Result<MediaType, ArchiveError> {
    let mut beginning = [0; 4];
    let mut opened = store.whole(blob)?;
    let mut count = 0;
    while count < beginning.len() {
        match opened.read(&mut beginning[count..]) {
            Ok(0) => break,
            Ok(read) => count += read,
            Err(source) => {
                return Err(ArchiveError::Archive { from: blob.digest().to_string(), source: source.into() });
            }
        }
    }
    Ok(match Compression::of(&beginning[..count]) {
        Compression::Plain => MediaType::ImageLayer,
        Compression::Gzip => MediaType::ImageLayerGzip,
        Compression::Zstd => MediaType::ImageLayerZstd,
    })
}
