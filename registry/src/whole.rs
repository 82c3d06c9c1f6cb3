//! Records as files: each is read whole, and written whole or not at all.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{RegistryError, damaged, file};
use crate::version::{Versioned, parse};

/// More bytes than most records have.
const RECORD: usize = 2048;

/// What stands in a file, for its owner alone.
fn json(path: &Path, value: &impl Serialize) -> Result<Vec<u8>, RegistryError> {
    let mut text = serde_json::to_vec_pretty(&Versioned::of(value)).map_err(damaged(path.to_owned()))?;
    text.push(b'\n');
    Ok(text)
}

/// Writes a file of a pod in the making, which nobody reads before the pod is whole.
pub(crate) fn write_new_json(path: &Path, value: &impl Serialize) -> Result<(), RegistryError> {
    let text = json(path, value)?;
    let opened = File::options().write(true).create_new(true).mode(0o600).open(path);
    opened.and_then(|mut opened| opened.write_all(&text)).map_err(file("write", path))
}

/// Writes a file whole or not at all: others may be reading the one before it.
///
/// # Errors
/// When it cannot be written.
pub fn write_json(path: &Path, value: &impl Serialize) -> Result<(), RegistryError> {
    let text = json(path, value)?;
    let draft = path.with_extension("draft");
    let options = &mut File::options();
    let opened = options.write(true).create(true).truncate(true).mode(0o600).open(&draft);
    let written = opened.and_then(|mut opened| opened.write_all(&text));
    written.map_err(file("write", &draft))?;
    fs::rename(&draft, path).map_err(file("write", path))
}

/// Reads a file. A fifo in its place, which would have us wait for its other end, has nothing to say.
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    let opened = File::options().read(true).custom_flags(libc::O_NONBLOCK).open(path)?;
    // Room for a whole record, whose length it is then not asked for.
    let mut text = Vec::with_capacity(RECORD);
    opened.take(u64::MAX).read_to_end(&mut text).map(|_| text)
}

/// Reads a record; `None` where there is none.
///
/// # Errors
/// When it cannot be read, is damaged, or of a version that we do not know.
pub fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, RegistryError> {
    match read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(file("read", path)(error)),
        Ok(text) => parse(path, &text).map(Some),
    }
}
