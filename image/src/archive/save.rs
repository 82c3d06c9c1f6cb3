//! `save`: images into one archive, which is an OCI layout and, unless told otherwise, docker's archive
//! too: both say what they have to say of the same blobs.

use std::collections::{BTreeSet, HashMap};
use std::io::{self, Read, Write};

use oci_spec::image::{Descriptor, ImageIndexBuilder, MediaType};

use super::docker::Entry;
use super::error::ArchiveError;
use crate::digest::Digest;
use crate::image::Image;
use crate::reference::Reference;
use crate::store::{Store, StoreError};

/// What kind of archive it is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One that docker reads, and whoever reads OCI layouts.
    Docker,
    /// An OCI layout only.
    Oci,
}

/// Writes images, each with the names that it is to have, to an archive.
///
/// # Errors
/// When one is not wholly here or is damaged, or the archive cannot be written.
pub fn save(
    store: &Store,
    images: &[(Image, Vec<Reference>)],
    format: Format,
    out: &mut impl Write,
) -> Result<(), ArchiveError> {
    let mut archive = Archive { out };
    let mut written = BTreeSet::new();
    archive.file("oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#)?;
    for (image, _) in images {
        let id = blob(&image.id, store)?;
        for blob in [&image.manifest, &id].into_iter().chain(image.layers.iter().map(|layer| &layer.blob)) {
            if written.insert(blob.digest().to_string()) {
                archive.blob(store, blob)?;
            }
        }
    }
    let broken = |source: Box<dyn std::error::Error + Send + Sync>| ArchiveError::Archive {
        from: "what is to be written".to_owned(),
        source,
    };
    let index = ImageIndexBuilder::default()
        .schema_version(2_u32)
        .media_type(MediaType::ImageIndex)
        .manifests(images.iter().flat_map(|(image, names)| entries(image, names)).collect::<Vec<_>>())
        .build();
    let index = index.and_then(|index| index.to_string()).map_err(|error| broken(error.into()))?;
    archive.file("index.json", index.as_bytes())?;
    if format == Format::Docker {
        let docker: Vec<_> = images.iter().map(|(image, names)| docker_entry(image, names)).collect();
        let docker = serde_json::to_vec(&docker).map_err(|error| broken(error.into()))?;
        archive.file("manifest.json", &docker)?;
    }
    archive.end()
}

/// One for each name: an entry has but one.
fn entries(image: &Image, names: &[Reference]) -> Vec<Descriptor> {
    let mut bare = image.manifest.clone();
    bare.set_annotations(None);
    let named = names.iter().map(|name| {
        let mut entry = bare.clone();
        let mut annotations = HashMap::from([("io.containerd.image.name".to_owned(), name.to_string())]);
        if let Some(tag) = name.tag() {
            annotations.insert("org.opencontainers.image.ref.name".to_owned(), tag.to_owned());
        }
        entry.set_annotations(Some(annotations));
        entry
    });
    let named: Vec<_> = named.collect();
    if named.is_empty() { vec![bare] } else { named }
}

fn docker_entry(image: &Image, names: &[Reference]) -> Entry {
    let tags = names.iter().filter(|name| name.tag().is_some()).map(Reference::familiar);
    Entry {
        config: path(&image.id),
        tags: Some(tags.collect()),
        layers: Some(image.layers.iter().map(|layer| path_of(&layer.blob)).collect()),
    }
}

fn path(digest: &Digest) -> String {
    format!("blobs/{}/{}", digest.algorithm().name(), digest.hex())
}

fn path_of(blob: &Descriptor) -> String {
    format!("blobs/{}", blob.digest().to_string().replace(':', "/"))
}

fn blob(digest: &Digest, store: &Store) -> Result<Descriptor, StoreError> {
    let opened = store.blob(digest)?.ok_or_else(|| StoreError::NoBlob(digest.clone()))?;
    Ok(Descriptor::new(MediaType::ImageConfig, opened.size(), digest))
}

struct Archive<'a, W> {
    out: &'a mut W,
}

impl<W: Write> Archive<'_, W> {
    fn file(&mut self, name: &str, bytes: &[u8]) -> Result<(), ArchiveError> {
        self.begin(name, bytes.len() as u64)
            .and_then(|()| self.out.write_all(bytes))
            .and_then(|()| self.pad(bytes.len() as u64))
            .map_err(unwritten)
    }

    /// A blob is looked at once more before it is handed on.
    fn blob(&mut self, store: &Store, blob: &Descriptor) -> Result<(), ArchiveError> {
        let digest = Digest::try_from(blob.digest()).map_err(StoreError::from)?;
        let mut opened = store.whole(blob)?;
        self.begin(&path(&digest), blob.size()).map_err(unwritten)?;
        let mut hasher = crate::Hasher::new(digest.algorithm());
        let mut buffer = vec![0; 256 << 10];
        let mut left = blob.size();
        while left > 0 {
            let count = opened
                .read(&mut buffer)
                .map_err(|source| ArchiveError::Archive { from: digest.to_string(), source: source.into() })?;
            if count == 0 {
                break;
            }
            hasher.update(&buffer[..count]);
            self.out.write_all(&buffer[..count]).map_err(unwritten)?;
            left = left.saturating_sub(count as u64);
        }
        let found = hasher.finish();
        if found != digest {
            return Err(StoreError::Damaged { digest, how: format!("its digest is {found}") }.into());
        }
        self.pad(blob.size()).map_err(unwritten)
    }

    fn begin(&mut self, name: &str, size: u64) -> io::Result<()> {
        let mut header = tar::Header::new_ustar();
        header.set_path(name)?;
        header.set_size(size);
        header.set_mode(0o644);
        header.set_mtime(0);
        header.set_entry_type(tar::EntryType::Regular);
        header.set_cksum();
        self.out.write_all(header.as_bytes())
    }

    fn pad(&mut self, size: u64) -> io::Result<()> {
        let padding = (512 - size % 512) % 512;
        io::copy(&mut io::repeat(0).take(padding), self.out).map(drop)
    }

    fn end(self) -> Result<(), ArchiveError> {
        self.out.write_all(&[0; 1024]).and_then(|()| self.out.flush()).map_err(unwritten)
    }
}

fn unwritten(source: io::Error) -> ArchiveError {
    super::error::file("write", "the archive")(source)
}
