//! References: what an image is called, and which manifest that is. A file each.

use std::fs;
use std::io;
use std::time::{SystemTime, UNIX_EPOCH};

use oci_spec::image::Descriptor;
use registry::tree;
use serde::{Deserialize, Serialize};

use super::Store;
use super::error::{StoreError, file};
use super::open::{sync_directory, write_whole};

/// What an image is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    /// The whole name, with the registry and a tag or a digest.
    pub name: String,
    /// The manifest or index that it means.
    pub descriptor: Descriptor,
    /// Since when, in seconds since 1970.
    pub since: u64,
}

impl Store {
    /// Has a name mean this manifest or index, whatever it has meant before.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn set_reference(&self, name: &str, descriptor: &Descriptor) -> Result<(), StoreError> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let reference = Reference { name: name.to_owned(), descriptor: descriptor.clone(), since };
        let path = self.layout.reference(name);
        let bytes = serde_json::to_vec(&reference);
        let bytes = bytes.map_err(|source| StoreError::DamagedRecord { path: path.clone(), source })?;
        write_whole(&self.layout, &path, &bytes)
    }

    /// What a name means; `None` where it means nothing.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn reference(&self, name: &str) -> Result<Option<Reference>, StoreError> {
        let path = self.layout.reference(name);
        let bytes = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            bytes => bytes.map_err(file("read", &path))?,
        };
        let parsed = serde_json::from_slice(&bytes);
        parsed.map(Some).map_err(|source| StoreError::DamagedRecord { path, source })
    }

    /// Every name, in order.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn references(&self) -> Result<Vec<Reference>, StoreError> {
        let directory = self.layout.references();
        let mut references = Vec::new();
        for name in tree::names(&directory)? {
            let path = directory.join(name);
            let bytes = match fs::read(&path) {
                // Somebody has just removed it.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                bytes => bytes.map_err(file("read", &path))?,
            };
            let parsed: Result<Reference, _> = serde_json::from_slice(&bytes);
            references.push(parsed.map_err(|source| StoreError::DamagedRecord { path, source })?);
        }
        references.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(references)
    }

    /// Has a name mean nothing any more; whether it has meant something.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn forget_reference(&self, name: &str) -> Result<bool, StoreError> {
        let path = self.layout.reference(name);
        match fs::remove_file(&path) {
            Ok(()) => sync_directory(&self.layout.references()).map(|()| true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(file("remove", path)(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use oci_spec::image::MediaType;

    #[test]
    fn a_name_means_what_was_said_last() {
        let place = tempfile::tempdir().expect("a directory");
        let store = Store::open(place.path()).expect("a store");
        let one = store.put(MediaType::ImageManifest, b"{}").expect("room");
        let other = store.put(MediaType::ImageManifest, b"{ }").expect("room");
        let name = format!("docker.io/library/{}:latest", "x".repeat(300));
        assert_eq!(store.reference(&name).expect("no failure"), None);
        store.set_reference(&name, &one).expect("room");
        store.set_reference(&name, &other).expect("room");
        store.set_reference("b", &one).expect("room");
        assert_eq!(store.reference(&name).expect("readable").expect("set").descriptor, other);
        let names: Vec<_> = store.references().expect("readable").into_iter().map(|it| it.name).collect();
        assert_eq!(names, ["b", &name]);
        assert!(store.forget_reference("b").expect("ours"));
        assert!(!store.forget_reference("b").expect("ours"));
        assert_eq!(store.references().expect("readable").len(), 1);
    }
}
