//! What is known of how a pod does, on disk: written whole, so nobody reads half of it.

use std::fs;
use std::io;
use std::path::Path;

use registry::file;
use registry::version::{Versioned, parse};

use super::Place;
use crate::error::Error;
use crate::machine::Machine;

/// What is known of a pod, as whoever attends to it has left it; `None` where nobody has yet.
///
/// # Errors
/// It cannot be read, or is of a version that we do not know.
pub fn machine_of(place: &Place) -> Result<Option<Machine>, Error> {
    let path = place.machine();
    match fs::read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(file("read", path)(error).into()),
        Ok(bytes) => Ok(Some(parse(&path, &bytes)?)),
    }
}

/// Writes it down. Whatever is lost with the power, nothing of it runs then.
pub(crate) fn save(machine: &Machine, path: &Path) -> Result<(), Error> {
    let bytes = serde_json::to_vec(&Versioned::of(machine)).map_err(|error| file("write", path)(error.into()))?;
    let draft = path.with_extension("draft");
    fs::write(&draft, bytes).map_err(file("write", &draft))?;
    fs::rename(&draft, path).map_err(file("write", path))?;
    Ok(())
}
