//! Where an archive is read from.

use std::io::{IsTerminal, stdin};
use std::path::PathBuf;

use image::archive::Source;

use crate::error::Error;

/// A file, or standard input where none is named or it is called `-`.
pub(super) fn source(path: Option<PathBuf>) -> Result<Source, Error> {
    match path {
        Some(path) if path.as_os_str() != "-" => Ok(Source::Path(path)),
        _ if stdin().is_terminal() => Err(Error::Terminal { what: "read an image from", way_out: "name a file" }),
        _ => Ok(Source::Stdin),
    }
}
