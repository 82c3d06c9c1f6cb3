//! Where an image is read from.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

use super::error::{ArchiveError, file};

/// Where an image is read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A file, or a directory that is an OCI layout.
    Path(PathBuf),
    /// Standard input.
    Stdin,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => path.display().fmt(f),
            Self::Stdin => f.write_str("standard input"),
        }
    }
}

impl Source {
    /// Its bytes.
    pub(super) fn open(&self) -> Result<Box<dyn Read + Send>, ArchiveError> {
        Ok(match self {
            Self::Path(path) => Box::new(File::open(path).map_err(file("open", path))?),
            Self::Stdin => Box::new(io::stdin()),
        })
    }
}
