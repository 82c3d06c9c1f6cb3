//! OCI layouts: an index, and blobs by digest.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use oci_spec::image::{Descriptor, ImageIndex, ImageManifest};

use super::error::{ArchiveError, file};
use super::load::{Found, blob_path, copy, reference};
use crate::digest::Digest;
use crate::image::ImageError;
use crate::media::Kind;
use crate::platform::Platform;
use crate::store::{Store, StoreError};

const NAMES: [&str; 2] = ["io.containerd.image.name", "org.opencontainers.image.ref.name"];

/// The images that an index leads to, and what it calls them.
pub(super) fn named(index: &ImageIndex) -> Vec<Found> {
    let entries = index.manifests().iter();
    let images = entries.filter(|entry| matches!(Kind::of(entry.media_type()), Some(Kind::Manifest | Kind::Index)));
    images.fold(Vec::new(), |mut found: Vec<Found>, entry| {
        let annotations = entry.annotations().as_ref();
        let said = NAMES.iter().filter_map(|name| annotations?.get(*name));
        // A tag alone says nothing of whose it is.
        let name = said.filter(|said| said.contains([':', '/'])).find_map(|said| reference(said));
        match found.iter_mut().find(|known| known.descriptor.digest() == entry.digest()) {
            Some(known) => known.names.extend(name),
            None => found.push(Found { descriptor: bare(entry), names: name.into_iter().collect() }),
        }
        found
    })
}

/// What a descriptor says of the blob, and not of where it was found.
fn bare(entry: &Descriptor) -> Descriptor {
    let mut descriptor = entry.clone();
    descriptor.set_annotations(None);
    descriptor
}

/// Copies a directory's images for this platform into the store.
pub(super) fn read(store: &Store, root: &Path, platform: &Platform) -> Result<Vec<Found>, ArchiveError> {
    let path = root.join("index.json");
    let mut text = Vec::new();
    let opened = File::open(&path).map_err(file("open", &path))?;
    opened.take(16 << 20).read_to_end(&mut text).map_err(file("read", &path))?;
    let index: ImageIndex = serde_json::from_slice(&text)
        .map_err(|error| ArchiveError::Archive { from: path.display().to_string(), source: error.into() })?;
    let found = named(&index);
    for image in &found {
        fetch(store, root, &image.descriptor, platform)?;
    }
    Ok(found)
}

fn fetch(store: &Store, root: &Path, descriptor: &Descriptor, platform: &Platform) -> Result<(), ArchiveError> {
    take(store, root, descriptor)?;
    let digest = Digest::try_from(descriptor.digest()).map_err(StoreError::from)?;
    if Kind::of(descriptor.media_type()) == Some(Kind::Index) {
        let index: ImageIndex = store.json(&digest)?;
        return match platform.choose(index.manifests()) {
            Some(entry) => fetch(store, root, entry, platform),
            // It is told which there are by who looks for the image.
            None => store.manifest(descriptor, platform).map(drop).map_err(ImageError::into),
        };
    }
    let manifest: ImageManifest = store.json(&digest)?;
    take(store, root, manifest.config())?;
    manifest.layers().iter().try_for_each(|layer| take(store, root, layer))
}

fn take(store: &Store, root: &Path, descriptor: &Descriptor) -> Result<(), ArchiveError> {
    let digest = Digest::try_from(descriptor.digest()).map_err(StoreError::from)?;
    let Some(mut ingest) = store.ingest(descriptor)? else { return Ok(()) };
    ingest.restart()?;
    let path = blob_path(root, &digest);
    let mut opened = File::open(&path).map_err(file("open", &path))?;
    copy(&mut opened, &mut ingest).map_err(file("read", &path))?;
    ingest.commit()?;
    Ok(())
}
