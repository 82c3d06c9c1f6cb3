//! Records as files: each is read whole, and written whole or not at all.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Damage, RegistryError, file};

pub(crate) fn damaged<T: Into<Damage>>(path: PathBuf) -> impl FnOnce(T) -> RegistryError {
    move |source| RegistryError::Damaged { path, source: source.into() }
}

/// Writes a file whole or not at all, for its owner alone.
pub(crate) fn write_json(path: &Path, value: &impl Serialize) -> Result<(), RegistryError> {
    let mut text = serde_json::to_vec_pretty(value).map_err(damaged(path.to_owned()))?;
    text.push(b'\n');
    let draft = path.with_extension("draft");
    let options = &mut File::options();
    let opened = options.write(true).create(true).truncate(true).mode(0o600).open(&draft);
    let written = opened.and_then(|mut opened| opened.write_all(&text));
    written.map_err(file("write", &draft))?;
    fs::rename(&draft, path).map_err(file("write", path))
}

/// Reads a file. A fifo in its place, which would have us wait for its other end, has nothing to say.
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut opened = File::options().read(true).custom_flags(libc::O_NONBLOCK).open(path)?;
    let mut text = Vec::new();
    opened.read_to_end(&mut text).map(|_| text)
}

pub(crate) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, RegistryError> {
    match read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(file("read", path)(error)),
        Ok(text) => serde_json::from_slice(&text).map(Some).map_err(damaged(path.to_owned())),
    }
}
