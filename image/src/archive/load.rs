//! `load`: images out of an archive or a directory, with all that they need.
//!
//! An archive is read once, front to back, for it may come through a pipe: whatever may be a blob goes
//! into the store, and what the archive's own documents then lead to gets a name. What they do not lead
//! to is garbage, as what a killed load has left is, and is collected.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use oci_spec::image::{Descriptor, ImageIndex, MediaType};

use super::docker;
use super::error::ArchiveError;
use super::layout;
use super::source::Source;
use crate::digest::Digest;
use crate::image::Prepared;
use crate::platform::Platform;
use crate::reference::Reference;
use crate::store::{Layer, LayerRecord, Store};
use crate::unpack::{Kind, Limits, Members, decompressed};

/// An image that was loaded.
#[derive(Debug)]
pub struct Loaded {
    /// What it is called now; nothing where nobody has given it a name.
    pub names: Vec<String>,
    /// The image, its layers unpacked.
    pub prepared: Prepared,
}

/// Reads every image of an archive or a directory into the store, and unpacks it. `name` is for an
/// archive with one image. `told` is called with each layer that was unpacked.
///
/// # Errors
/// When there is none, it is for other machines, or is not what it says to be.
pub fn load(
    store: &Store,
    source: &Source,
    name: Option<&Reference>,
    platform: &Platform,
    limits: Limits,
    mut told: impl FnMut(&Layer, &LayerRecord),
) -> Result<Vec<Loaded>, ArchiveError> {
    let found = match source {
        Source::Path(path) if path.is_dir() => layout::read(store, path, platform)?,
        _ => read(store, source)?,
    };
    let nothing = |why: &str| ArchiveError::Nothing { from: source.to_string(), why: why.to_owned() };
    if found.is_empty() {
        return Err(nothing("its index is empty"));
    }
    if name.is_some() && found.len() > 1 {
        return Err(nothing("of several images it cannot be told which gets the name"));
    }
    let mut loaded = Vec::new();
    for Found { descriptor, mut names } in found {
        let prepared = store.prepare(&descriptor, platform, limits, &mut told)?;
        if let Some(name) = name {
            names = vec![name.to_string()];
        }
        for name in &names {
            store.set_reference(name, &descriptor)?;
        }
        if names.is_empty() {
            store.set_reference(&nameless(&descriptor), &descriptor)?;
        }
        loaded.push(Loaded { names, prepared });
    }
    Ok(loaded)
}

/// An image in an archive.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) descriptor: Descriptor,
    pub(super) names: Vec<String>,
}

/// What is recorded of an image that has no name.
pub(super) fn nameless(descriptor: &Descriptor) -> String {
    format!("@{}", descriptor.digest())
}

/// What an archive's documents may have together.
const DOCUMENTS: usize = 16 << 20;
/// How many files an archive of images may have.
const FILES: usize = 10_000;

/// What an archive has.
#[derive(Debug, Default)]
pub(super) struct Contents {
    /// Small files that say what the others are.
    pub(super) documents: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Files that may be blobs, by name; and links to such.
    pub(super) blobs: BTreeMap<Vec<u8>, Descriptor>,
    pub(super) links: BTreeMap<Vec<u8>, Vec<u8>>,
}

fn read(store: &Store, source: &Source) -> Result<Vec<Found>, ArchiveError> {
    let from = || source.to_string();
    let archive =
        |error: Box<dyn std::error::Error + Send + Sync>| ArchiveError::Archive { from: from(), source: error };
    let bytes = decompressed(source.open()?).map_err(|error| archive(error.into()))?;
    let mut members = Members::new(bytes);
    let mut contents = Contents::default();
    let mut size = 0;
    while let Some(member) = members.next().map_err(|error| archive(error.into()))? {
        let name = plain(&member.name);
        if contents.blobs.len() + contents.documents.len() + contents.links.len() > FILES {
            return Err(archive(format!("it has more than {FILES} files").into()));
        }
        match member.kind {
            Kind::File if is_document(&name) => {
                let mut text = Vec::new();
                let read = members.data().take(DOCUMENTS as u64).read_to_end(&mut text);
                size += read.map_err(|error| archive(error.into()))?;
                if size >= DOCUMENTS {
                    return Err(archive("its documents are too long".into()));
                }
                contents.documents.insert(name, text);
            }
            Kind::File => {
                let descriptor = ingest(store, &name, member.size, &mut members.data(), &archive)?;
                contents.blobs.insert(name, descriptor);
            }
            Kind::Symlink | Kind::HardLink => {
                let hard = member.kind == Kind::HardLink;
                let target = if hard { plain(&member.link) } else { beside(&name, &member.link) };
                contents.links.insert(name, target);
            }
            _ => {}
        }
    }
    members.finish().map_err(|error| archive(error.into()))?;
    let parsed = |error: serde_json::Error| archive(error.into());
    let manifest = contents.documents.get(&b"manifest.json"[..]).map(|text| docker::parse(text)).transpose();
    let manifest = manifest.map_err(parsed)?;
    if let Some(index) = contents.documents.get(&b"index.json"[..]) {
        let index: ImageIndex = serde_json::from_slice(index).map_err(parsed)?;
        let mut found = layout::named(&index);
        if let Some(manifest) = &manifest {
            docker::name(store, manifest, &mut found)?;
        }
        return Ok(found);
    }
    match manifest {
        Some(manifest) => docker::images(store, &manifest, &contents, &from()),
        None => {
            let why = "there is neither an index.json nor a manifest.json".to_owned();
            Err(ArchiveError::Nothing { from: from(), why })
        }
    }
}

fn is_document(name: &[u8]) -> bool {
    matches!(name, b"manifest.json" | b"index.json" | b"oci-layout" | b"repositories")
        || name.ends_with(b"/VERSION")
        || name.ends_with(b"/json")
}

/// Puts a file of an archive into the store; one in `blobs` has to be what it is called.
fn ingest(
    store: &Store,
    name: &[u8],
    size: u64,
    data: &mut impl Read,
    archive: &impl Fn(Box<dyn std::error::Error + Send + Sync>) -> ArchiveError,
) -> Result<Descriptor, ArchiveError> {
    let mut parts = name.split(|byte| *byte == b'/');
    let called = match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(b"blobs"), Some(algorithm), Some(hex), None) => {
            let text = [algorithm, b":", hex].concat();
            let digest: Result<Digest, _> = String::from_utf8_lossy(&text).parse();
            Some(digest.map_err(|error| archive(error.into()))?)
        }
        _ => None,
    };
    let media_type = MediaType::Other("application/octet-stream".to_owned());
    let mut ingest = match called {
        Some(digest) => {
            let descriptor = Descriptor::new(media_type, size, &digest);
            let Some(mut ingest) = store.ingest(&descriptor)? else { return Ok(descriptor) };
            ingest.restart()?;
            ingest
        }
        None => store.ingest_unknown(media_type)?,
    };
    let copied = copy(data, &mut ingest);
    copied.map_err(|error| archive(error.into()))?;
    Ok(ingest.commit()?)
}

pub(super) fn copy(from: &mut impl Read, to: &mut impl std::io::Write) -> std::io::Result<()> {
    let mut buffer = vec![0; 256 << 10];
    loop {
        let count = from.read(&mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        to.write_all(&buffer[..count])?;
    }
}

/// A name in an archive without what does not count.
fn plain(name: &[u8]) -> Vec<u8> {
    let parts = name.split(|byte| *byte == b'/').filter(|part| !matches!(*part, b"" | b"."));
    parts.collect::<Vec<_>>().join(&b'/')
}

/// Where a link beside this name leads.
fn beside(name: &[u8], link: &[u8]) -> Vec<u8> {
    let mut way: Vec<&[u8]> = name.split(|byte| *byte == b'/').collect();
    way.pop();
    for part in link.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => drop(way.pop()),
            _ => way.push(part),
        }
    }
    way.join(&b'/')
}

/// The name that an annotation gives.
pub(super) fn reference(text: &str) -> Option<String> {
    text.parse::<Reference>().ok().map(|reference| reference.to_string())
}

/// The path of a blob in a layout.
pub(super) fn blob_path(root: &Path, digest: &Digest) -> std::path::PathBuf {
    root.join("blobs").join(digest.algorithm().name()).join(digest.hex())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_within_the_archive() {
        assert_eq!(plain(b"./a//b"), b"a/b");
        assert_eq!(beside(b"x/layer.tar", b"../y/layer.tar"), b"y/layer.tar");
        assert_eq!(beside(b"x/layer.tar", b"../../../y"), b"y");
    }
}
