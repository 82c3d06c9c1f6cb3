//! A layer's archive unpacked to be an overlay's lower. What it says is not believed: nothing is
//! written outside of the layer's directory, whatever names and links lead where.

mod apply;
mod attributes;
mod flat;
mod limits;
mod member;
mod name;
mod pax;
mod sparse;
mod stream;
#[cfg(test)]
mod tests;
mod times;
mod tree;
mod xattr;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use serde::{Deserialize, Serialize};

pub(crate) use flat::lay_flat;
pub use limits::{Limits, TooMuch};

use crate::digest::Digest;
use crate::marks::OverlayMarks;
pub(crate) use member::{Kind, Members};
pub(crate) use stream::decompressed;

use member::TarError;

/// Where a layer is unpacked.
#[derive(Debug)]
pub struct Target {
    /// The directory that is to be the overlay's lower; empty.
    pub directory: OwnedFd,
    /// The layers below it, the nearest first.
    pub lowers: Vec<OwnedFd>,
    /// How it says what it hides of these.
    pub marks: OverlayMarks,
    /// An empty file for what would take memory.
    pub scratch: File,
}

impl Target {
    /// These directories, and a file at this path that is gone from it at once.
    pub(crate) fn at(
        directory: &Path,
        lowers: &[impl AsRef<Path>],
        scratch: &Path,
        marks: OverlayMarks,
    ) -> io::Result<Self> {
        let open = |path: &Path| {
            let flags = libc::O_DIRECTORY | libc::O_NOFOLLOW;
            File::options().read(true).custom_flags(flags).open(path).map(OwnedFd::from)
        };
        let lowers = lowers.iter().map(|path| open(path.as_ref())).collect::<Result<_, _>>()?;
        let made = File::options().read(true).write(true).create_new(true).mode(0o600).open(scratch)?;
        fs::remove_file(scratch)?;
        Ok(Self { directory: open(directory)?, lowers, marks, scratch: made })
    }
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// How many members the archive had.
    pub entries: u64,
    /// How many bytes its files have.
    pub bytes: u64,
    /// Devices that are left out, for only the machine's root may make them.
    pub devices: u64,
    /// Entries whose owner there is not here; they are root's.
    pub squashed: u64,
    /// Attributes that could not be kept, the first few.
    pub attributes: BTreeSet<String>,
    /// Whether it hides all that is below it.
    pub opaque: bool,
}

impl Outcome {
    fn without(&mut self, attribute: &[u8]) {
        if self.attributes.len() < 16 {
            self.attributes.insert(attribute.escape_ascii().to_string());
        }
    }

    /// What is not as the layer has it, a line each.
    #[must_use]
    pub fn told(&self) -> Vec<String> {
        let mut told = Vec::new();
        let entries = |count| if count == 1 { "entry" } else { "entries" };
        if self.devices > 0 {
            let devices = if self.devices == 1 { "device" } else { "devices" };
            told.push(format!("{} {devices} left out: only root may make them", self.devices));
        }
        if self.squashed > 0 {
            let (count, entries) = (self.squashed, entries(self.squashed));
            told.push(format!("{count} {entries} owned by root instead of an id that is not ours"));
        }
        if !self.attributes.is_empty() {
            let names: Vec<_> = self.attributes.iter().map(String::as_str).collect();
            told.push(format!("without attributes that cannot be set here: {}", names.join(", ")));
        }
        told
    }
}

/// A layer that could not be unpacked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UnpackError {
    /// It is too much.
    #[error("cannot unpack the layer")]
    TooMuch(#[from] TooMuch),
    /// It cannot be read, or is no archive.
    #[error("cannot unpack the layer")]
    Archive(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Something of it cannot be made.
    #[error("cannot {operation} {name} of the layer")]
    Entry {
        /// What was to be done with it.
        operation: &'static str,
        /// Its name, with what is not to be printed escaped.
        name: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A name in it is none.
    #[error("cannot unpack the layer: {name:?} is no name")]
    Name {
        /// What is there, with what is not to be printed escaped.
        name: String,
    },
    /// It is not the layer that the image has.
    #[error("the layer is not the one that the image has: its digest is {found} instead of {expected}")]
    DiffId {
        /// What the image has.
        expected: Digest,
        /// What it is.
        found: Digest,
    },
    /// What somebody else says who was to do it.
    #[error("{line}")]
    Told {
        /// In one line.
        line: String,
        /// What is nearly always the reason, or the way out.
        hint: Option<String>,
    },
    /// What is kept meanwhile cannot be.
    #[error("cannot keep what is needed to unpack the layer")]
    Scratch(#[from] io::Error),
}

impl UnpackError {
    /// What is nearly always the reason, or the way out, where one thing is.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::Told { hint, .. } => hint.as_deref(),
            Self::TooMuch(_) => {
                Some("an archive can be made to fill any disk; if it is to be so large, raise the limit")
            }
            Self::Entry { source, .. } | Self::Scratch(source) => match source.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                    Some("`pod image prune` removes what no image and no container needs")
                }
                _ => None,
            },
            _ => None,
        }
    }
}

impl From<TarError> for UnpackError {
    fn from(error: TarError) -> Self {
        // What the other thread found comes by way of its bytes.
        match error {
            TarError::Read(source) => match source.downcast::<TooMuch>() {
                Ok(too_much) => Self::TooMuch(too_much),
                Err(source) => Self::Archive(Box::new(TarError::Read(source))),
            },
            other => Self::Archive(Box::new(other)),
        }
    }
}

/// Unpacks a layer: `blob` of this size, whose bytes, when they are unpacked, have the digest `diff`
/// where that is known. What is there when it fails is to be thrown away. Hands back the digest, too.
///
/// # Errors
/// When it is not that layer, is too much or no archive, or cannot be written.
pub fn unpack(
    blob: impl Read + Send,
    size: u64,
    diff: Option<&Digest>,
    target: Target,
    limits: Limits,
) -> Result<(Outcome, Digest), UnpackError> {
    let algorithm = diff.map_or(crate::Algorithm::Sha256, Digest::algorithm);
    let source = stream::Source { from: blob, size };
    let body = |bytes: &mut stream::Unpacked| apply::apply(bytes, target, limits);
    let (outcome, found) = stream::unpacked(source, limits, algorithm, body)?;
    let found = found.ok_or_else(|| UnpackError::Archive("it was not read to its end".into()))?;
    match diff {
        Some(expected) if *expected != found => Err(UnpackError::DiffId { expected: expected.clone(), found }),
        _ => Ok((outcome, found)),
    }
}

/// The digest of a blob's bytes when they are not compressed.
///
/// # Errors
/// When it cannot be read, or is too much.
pub fn diff_id(blob: impl Read + Send, size: u64, limits: Limits) -> Result<Digest, UnpackError> {
    let source = stream::Source { from: blob, size };
    let drain = |bytes: &mut stream::Unpacked| io::copy(bytes, &mut io::sink()).map_err(TarError::Read);
    let (_, found) = stream::unpacked(source, limits, crate::Algorithm::Sha256, drain)?;
    found.ok_or_else(|| UnpackError::Archive("it was not read to its end".into()))
}
