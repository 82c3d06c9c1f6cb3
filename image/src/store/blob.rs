//! Blobs that are in the store: opened, or read whole.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;

use oci_spec::image::Descriptor;
use serde::de::DeserializeOwned;

use super::Store;
use super::error::{StoreError, file};
use crate::digest::Digest;

/// A blob, opened.
#[derive(Debug)]
pub struct Blob {
    file: File,
    size: u64,
}

impl Blob {
    /// How many bytes it has.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Its file.
    #[must_use]
    pub fn into_file(self) -> File {
        self.file
    }
}

impl Read for Blob {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.file.read(into)
    }
}

/// No manifest and no configuration is larger; registries refuse more than 4 MiB.
const DOCUMENT: u64 = 8 << 20;

impl Store {
    /// Opens a blob; `None` where it is not in the store.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn blob(&self, digest: &Digest) -> Result<Option<Blob>, StoreError> {
        let path = self.layout.blob(digest);
        let opened = match File::options().read(true).custom_flags(libc::O_NOFOLLOW).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(file("open", &path))?,
        };
        let size = opened.metadata().map_err(file("look at", &path))?.len();
        Ok(Some(Blob { file: opened, size }))
    }

    /// Whether the store has a blob, of this size.
    ///
    /// # Errors
    /// When it cannot be found out, or the blob in the store has another size.
    pub fn has(&self, descriptor: &Descriptor) -> Result<bool, StoreError> {
        let digest = Digest::try_from(descriptor.digest())?;
        match fs::symlink_metadata(self.layout.blob(&digest)) {
            Ok(found) if found.len() == descriptor.size() => Ok(true),
            Ok(found) => Err(damaged(&digest, descriptor.size(), found.len())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(file("look at", self.layout.blob(&digest))(error)),
        }
    }

    /// Opens a blob that has to be there, with the size that it should have.
    ///
    /// # Errors
    /// When it is not there, has another size, or cannot be opened.
    pub fn whole(&self, descriptor: &Descriptor) -> Result<Blob, StoreError> {
        let digest = Digest::try_from(descriptor.digest())?;
        let blob = self.blob(&digest)?.ok_or_else(|| StoreError::NoBlob(digest.clone()))?;
        if blob.size == descriptor.size() { Ok(blob) } else { Err(damaged(&digest, descriptor.size(), blob.size)) }
    }

    /// The bytes of a manifest, an index or a configuration, verified.
    ///
    /// # Errors
    /// When the blob is not there, is damaged, or is larger than any of these may be.
    pub fn document(&self, digest: &Digest) -> Result<Vec<u8>, StoreError> {
        let mut blob = self.blob(digest)?.ok_or_else(|| StoreError::NoBlob(digest.clone()))?;
        if blob.size > DOCUMENT {
            let how = format!("{} bytes are too many for what it should hold", blob.size);
            return Err(StoreError::Damaged { digest: digest.clone(), how });
        }
        // With room to see its end.
        let mut bytes = Vec::with_capacity(usize::try_from(blob.size).unwrap_or_default() + 1);
        blob.read_to_end(&mut bytes).map_err(file("read", self.layout.blob(digest)))?;
        let found = digest.algorithm().digest(&bytes);
        if found == *digest {
            Ok(bytes)
        } else {
            Err(StoreError::Damaged { digest: digest.clone(), how: format!("its digest is {found}") })
        }
    }

    /// The same, read as JSON.
    ///
    /// # Errors
    /// As [`Self::document`], or when it is something else.
    pub fn json<T: DeserializeOwned>(&self, digest: &Digest) -> Result<T, StoreError> {
        let parsed = serde_json::from_slice(&self.document(digest)?);
        parsed.map_err(|source| StoreError::DamagedRecord { path: self.layout.blob(digest), source })
    }
}

fn damaged(digest: &Digest, expected: u64, found: u64) -> StoreError {
    StoreError::Damaged { digest: digest.clone(), how: format!("it has {found} of {expected} bytes") }
}
