//! Of which version what is kept is: an object as one reads it may lack what a newer `pod` has put there, and would lack
//! it for good when it is written again.

use std::fs;
use std::io;
use std::path::Path;

use registry::file;
use registry::version::{VERSION, known};

use super::error::ObjectsError;

const FILE: &str = ".version";

/// Refuses what is of a version that we do not know; hands back which it is. Of before there was a number it is 0.
pub(super) fn of(root: &Path) -> Result<u32, ObjectsError> {
    let path = root.join(FILE);
    let version = match fs::read_to_string(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(file("read", path)(error).into()),
        Ok(text) => text.trim().parse().map_err(|_| {
            let trouble = "it is no version".to_owned();
            ObjectsError::Damaged { path: path.clone(), trouble }
        })?,
    };
    known(&path, version)?;
    Ok(version)
}

/// Makes it ours, by way of a file in which something is written; who calls this keeps others from changing anything.
pub(super) fn settle(root: &Path, draft: &Path) -> Result<(), ObjectsError> {
    if of(root)? < VERSION {
        let path = root.join(FILE);
        let written = fs::write(draft, format!("{VERSION}\n")).and_then(|()| fs::rename(draft, &path));
        written.map_err(file("write", path))?;
    }
    Ok(())
}
