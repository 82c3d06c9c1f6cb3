//! Layers unpacked: each once, however many images have it and however many want it at once.
//!
//! One is unpacked in `work` and renamed to its chain id when it is whole and on disk. What a killed
//! one has left is locked by nobody, and the next who wants the layer begins anew.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Instant;

use oci_spec::image::Descriptor;
use registry::{Lock, Sharing, tree};
use serde::{Deserialize, Serialize};

use super::Store;
use super::error::{StoreError, file};
use super::open::sync_directory;
use crate::digest::{Algorithm, Digest};
use crate::owners::{self, Undone};
use crate::unpack::{Limits, Outcome, UnpackError};

/// A layer of an image: the blob that it comes in, and what that is when it is unpacked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// The blob.
    pub blob: Descriptor,
    /// The digest of its bytes when these are not compressed.
    pub diff: Digest,
    /// The digest of all layers up to this one.
    pub chain: Digest,
}

impl Layer {
    /// Layers of these blobs and diff ids, the lowest first.
    #[must_use]
    pub fn chained(layers: impl IntoIterator<Item = (Descriptor, Digest)>) -> Vec<Self> {
        let mut chain: Option<Digest> = None;
        let layers = layers.into_iter().map(|(blob, diff)| {
            let next = match &chain {
                None => diff.clone(),
                Some(below) => Algorithm::Sha256.digest(format!("{below} {diff}").as_bytes()),
            };
            chain = Some(next.clone());
            Self { blob, diff, chain: next }
        });
        layers.collect()
    }
}

/// What the store knows of a layer that is unpacked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerRecord {
    /// The digest of all layers up to this one.
    pub chain: Digest,
    /// The digest of its bytes.
    pub diff: Digest,
    /// What came of unpacking it.
    pub outcome: Outcome,
}

/// A layer that could not be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LayerError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Its archive.
    #[error("layer {layer}")]
    Unpack {
        /// The digest of its blob.
        layer: Digest,
        /// Why.
        source: UnpackError,
    },
}

const RECORD: &str = "layer.json";
const TREE: &str = "fs";

impl Store {
    /// The directory of a layer that is unpacked, and what is known of it; `None` where it is not.
    ///
    /// # Errors
    /// When that cannot be read.
    pub fn layer(&self, chain: &Digest) -> Result<Option<(PathBuf, LayerRecord)>, StoreError> {
        let directory = self.layout.layer(chain);
        let path = directory.join(RECORD);
        let bytes = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            bytes => bytes.map_err(file("read", &path))?,
        };
        let record = serde_json::from_slice(&bytes);
        let record = record.map_err(|source| StoreError::DamagedRecord { path, source })?;
        Ok(Some((directory.join(TREE), record)))
    }

    /// Unpacks those of an image's layers that are not yet, the lowest first, and hands back all.
    /// `told` is called with each that was unpacked.
    ///
    /// # Errors
    /// When a blob is not there or is damaged, is too much or no layer, or there is no room.
    pub fn unpack(
        &self,
        layers: &[Layer],
        limits: Limits,
        mut told: impl FnMut(&Layer, &LayerRecord),
    ) -> Result<Vec<(PathBuf, LayerRecord)>, LayerError> {
        let mut done: Vec<(PathBuf, LayerRecord)> = Vec::new();
        for layer in layers {
            let lowers = seen(&done);
            let (found, here) = self.unpack_one(layer, &lowers, limits)?;
            if found == Found::Made {
                told(layer, &here.1);
            }
            done.push(here);
        }
        Ok(done)
    }

    fn unpack_one(
        &self,
        layer: &Layer,
        lowers: &[&Path],
        limits: Limits,
    ) -> Result<(Found, (PathBuf, LayerRecord)), LayerError> {
        let making = self.layout.making(&layer.chain);
        let deadline = Instant::now() + self.patience();
        loop {
            if let Some(here) = self.layer(&layer.chain)? {
                return Ok((Found::Here, here));
            }
            match DirBuilder::new().mode(0o700).create(&making) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                    return Err(file("create", making)(error).into());
                }
                _ => {}
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let locked = Lock::take_within(&making, Sharing::Exclusive, left).map_err(StoreError::from)?;
            // It is gone where somebody has finished.
            let Some(_making) = locked else { continue };
            if let Some(here) = self.layer(&layer.chain)? {
                self.remove_tree(&making)?;
                return Ok((Found::Here, here));
            }
            let made = self.make(&making, layer, lowers, limits);
            let made = made.and_then(|()| Ok(self.layer(&layer.chain)?));
            match made {
                Ok(Some(here)) => return Ok((Found::Made, here)),
                Ok(None) => {}
                Err(error) => {
                    // The first failure is the one to tell; who wants the layer later begins anew.
                    let _ = self.remove_tree(&making);
                    return Err(error);
                }
            }
        }
    }

    /// Unpacks a layer in this directory, and makes it the store's.
    fn make(&self, making: &Path, layer: &Layer, lowers: &[&Path], limits: Limits) -> Result<(), LayerError> {
        for name in tree::names(making).map_err(StoreError::from)? {
            self.remove_tree(&making.join(name))?;
        }
        let blob = self.whole(&layer.blob)?;
        let digest = Digest::try_from(layer.blob.digest()).map_err(StoreError::from)?;
        let outcome = self.unpack_into(making, blob, &layer.diff, lowers, limits);
        let outcome = outcome.map_err(|error| match error {
            LayerError::Unpack { source, .. } => LayerError::Unpack { layer: digest, source },
            other => other,
        })?;
        let record = LayerRecord { chain: layer.chain.clone(), diff: layer.diff.clone(), outcome };
        let path = making.join(RECORD);
        let bytes = serde_json::to_vec(&record);
        let bytes = bytes.map_err(|source| StoreError::DamagedRecord { path: path.clone(), source })?;
        fs::write(&path, bytes).map_err(file("write", &path))?;
        let opened = File::open(making).map_err(file("open", making))?;
        rustix::fs::syncfs(&opened).map_err(|errno| file("write", making)(errno.into()))?;
        let place = self.layout.layer(&layer.chain);
        fs::rename(making, &place).map_err(file("create", &place))?;
        Ok(sync_directory(&self.layout.directory("layers"))?)
    }

    fn unpack_into(
        &self,
        making: &Path,
        blob: super::Blob,
        diff: &Digest,
        lowers: &[&Path],
        limits: Limits,
    ) -> Result<Outcome, LayerError> {
        let directory = making.join(TREE);
        DirBuilder::new().mode(0o700).create(&directory).map_err(file("create", &directory))?;
        let layer = owners::Layer {
            size: blob.size(),
            diff: diff.clone(),
            directory,
            lowers: lowers.iter().map(|path| (*path).to_owned()).collect(),
            scratch: making.join("times"),
            marks: self.marks(),
            limits,
        };
        let failed = |source| LayerError::Unpack { layer: diff.clone(), source };
        let blob = blob.into_file();
        let Some(owners) = self.owners() else { return layer.unpack(blob).map_err(failed) };
        let copy = blob.try_clone().map_err(|source| failed(source.into()))?;
        match owners.unpack(&layer, copy) {
            // As without such ids: its files belong to who we are, and that is told.
            Err(Undone::NoNamespace) => layer.unpack(blob).map_err(failed),
            Err(Undone::Failed(error)) => Err(failed(error)),
            Ok(outcome) => Ok(outcome),
        }
    }

    /// Removes a tree of the store's.
    pub(super) fn remove_tree(&self, path: &Path) -> Result<(), StoreError> {
        let removed = remove(path);
        match (removed, self.owners()) {
            // What is not ours goes where it is.
            (Err(error), Some(owners)) => owners.remove(path).map_err(|_| error),
            (removed, _) => removed,
        }
    }
}

fn remove(path: &Path) -> Result<(), StoreError> {
    if !nix::unistd::geteuid().is_root() {
        open_up(path)?;
    }
    Ok(tree::remove(path)?)
}

/// Gives the owner back the right to remove what is in directories, which who is not root needs.
fn open_up(path: &Path) -> Result<(), StoreError> {
    let mut todo = vec![path.to_owned()];
    while let Some(path) = todo.pop() {
        match fs::symlink_metadata(&path) {
            Ok(found) if found.is_dir() => {}
            Ok(_) => continue,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(file("look at", path)(error)),
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).map_err(file("remove", &path))?;
        for entry in fs::read_dir(&path).map_err(file("list", &path))? {
            let entry = entry.map_err(file("list", &path))?;
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                todo.push(entry.path());
            }
        }
    }
    Ok(())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Found {
    Here,
    Made,
}

/// The directories of layers, the nearest first, down to one that hides all below it.
pub(crate) fn seen(layers: &[(PathBuf, LayerRecord)]) -> Vec<&Path> {
    let mut seen = Vec::new();
    for (path, record) in layers.iter().rev() {
        seen.push(path.as_path());
        if record.outcome.opaque {
            break;
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;
    use oci_spec::image::MediaType;

    #[test]
    fn a_chain_is_what_it_is_elsewhere() {
        // Of the image specification's example: a chain of one is its diff id.
        let digest = |text: &str| Algorithm::Sha256.digest(text.as_bytes());
        let blob = Descriptor::new(MediaType::ImageLayer, 1, &digest("blob"));
        let diffs = [digest("a"), digest("b"), digest("c")];
        let layers = Layer::chained(diffs.iter().map(|diff| (blob.clone(), diff.clone())));
        assert_eq!(layers[0].chain, diffs[0]);
        let two = digest(&format!("{} {}", diffs[0], diffs[1]));
        assert_eq!(layers[1].chain, two);
        assert_eq!(layers[2].chain, digest(&format!("{two} {}", diffs[2])));
    }
}
