//! What nobody needs any more goes: everything that no reference and no container leads to.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use oci_spec::image::{Descriptor, ImageConfiguration, ImageIndex, ImageManifest};
use registry::tree;

use super::error::{StoreError, file};
use super::layers::Layer;
use super::layout::digest_of;
use super::open::Alone;
use crate::digest::{Algorithm, Digest};
use crate::media::Kind;

/// What was collected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Collected {
    /// Blobs that are gone.
    pub blobs: Vec<Digest>,
    /// Layers that are gone, by chain id.
    pub layers: Vec<Digest>,
    /// How many bytes there are more on the disk.
    pub bytes: u64,
}

/// What is led to.
#[derive(Debug, Default)]
struct Marked {
    blobs: BTreeSet<Digest>,
    chains: BTreeSet<Digest>,
}

impl Alone {
    /// Removes every blob and layer that no reference and no container leads to, and all that was in
    /// the making: who is alone knows that nobody makes it any more.
    ///
    /// # Errors
    /// When something cannot be read or removed. What has gone by then was not needed.
    pub fn collect(&self) -> Result<Collected, StoreError> {
        let marked = self.mark()?;
        let mut collected = Collected::default();
        for name in ["ingest", "work"] {
            let directory = self.layout.directory(name);
            for entry in tree::names(&directory)? {
                collected.bytes += self.discard(&directory.join(entry))?;
            }
        }
        for algorithm in Algorithm::ALL {
            let directory = self.layout.blobs(algorithm);
            for name in tree::names(&directory)? {
                let digest = name.to_str().and_then(|hex| format!("{}:{hex}", algorithm.name()).parse().ok());
                if digest.as_ref().is_some_and(|digest| marked.blobs.contains(digest)) {
                    continue;
                }
                collected.bytes += self.discard(&directory.join(&name))?;
                collected.blobs.extend(digest);
            }
        }
        let directory = self.layout.directory("layers");
        for name in tree::names(&directory)? {
            let chain = name.to_str().and_then(digest_of);
            if chain.as_ref().is_some_and(|chain| marked.chains.contains(chain)) {
                continue;
            }
            // What has begun to go is no layer any more.
            let going = self.layout.work().join(&name);
            fs::rename(directory.join(&name), &going).map_err(file("remove", directory.join(&name)))?;
            collected.bytes += self.discard(&going)?;
            collected.layers.extend(chain);
        }
        Ok(collected)
    }

    fn discard(&self, path: &Path) -> Result<u64, StoreError> {
        let bytes = size(path)?;
        self.remove_tree(path)?;
        Ok(bytes)
    }

    fn mark(&self) -> Result<Marked, StoreError> {
        let mut marked = Marked::default();
        for reference in self.references()? {
            self.mark_below(&reference.descriptor, &mut marked)?;
        }
        for instance in self.instances()? {
            let Some(pin) = instance.pin else { continue };
            self.mark_below(&pin.manifest, &mut marked)?;
            // These it stands on, whatever became of its manifest.
            marked.chains.extend(pin.chains);
        }
        Ok(marked)
    }

    /// Marks what a descriptor leads to. What is not here leads nowhere, and so does what is damaged:
    /// nothing can be made of it.
    fn mark_below(&self, descriptor: &Descriptor, marked: &mut Marked) -> Result<(), StoreError> {
        let digest = Digest::try_from(descriptor.digest())?;
        if !marked.blobs.insert(digest.clone()) {
            return Ok(());
        }
        match Kind::of(descriptor.media_type()) {
            Some(Kind::Index) => {
                for entry in self.readable::<ImageIndex>(&digest)?.iter().flat_map(ImageIndex::manifests) {
                    self.mark_below(entry, marked)?;
                }
            }
            Some(Kind::Manifest) => {
                let Some(manifest) = self.readable::<ImageManifest>(&digest)? else { return Ok(()) };
                let config = Digest::try_from(manifest.config().digest())?;
                for blob in manifest.layers() {
                    marked.blobs.insert(Digest::try_from(blob.digest())?);
                }
                marked.blobs.insert(config.clone());
                if let Some(config) = self.readable::<ImageConfiguration>(&config)? {
                    let diffs = config.rootfs().diff_ids().iter().map_while(|diff| diff.parse().ok());
                    let layers = Layer::chained(diffs.map(|diff| (descriptor.clone(), diff)));
                    marked.chains.extend(layers.into_iter().map(|layer| layer.chain));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn readable<T: serde::de::DeserializeOwned>(&self, digest: &Digest) -> Result<Option<T>, StoreError> {
        match self.json(digest) {
            Ok(document) => Ok(Some(document)),
            Err(StoreError::NoBlob(_) | StoreError::Damaged { .. } | StoreError::DamagedRecord { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// How many bytes a tree takes on the disk.
fn size(path: &Path) -> Result<u64, StoreError> {
    let mut sum = 0;
    let mut todo = vec![PathBuf::from(path)];
    while let Some(path) = todo.pop() {
        // What an ordinary user may not look into is removed all the same.
        let Ok(found) = fs::symlink_metadata(&path) else { continue };
        sum += found.blocks() * 512;
        if found.is_dir()
            && let Ok(entries) = fs::read_dir(&path)
        {
            for entry in entries {
                todo.push(entry.map_err(file("list", &path))?.path());
            }
        }
    }
    Ok(sum)
}
