//! Containers' own directories in the store: each says which image it stands on, and while it is there
//! nothing of that image goes.
//!
//! What else is in such a directory (the writable layer, say) is whose container it is.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use oci_spec::image::Descriptor;
use registry::{Name, tree};
use serde::{Deserialize, Serialize};

use super::Store;
use super::error::{StoreError, file};
use crate::digest::Digest;
use crate::owners::Undone;
use crate::unpack::{UnpackError, lay_flat};

/// A container's directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    /// What it is called.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// What it stands on; `None` where that was not written any more.
    pub pin: Option<Pin>,
}

/// What a container stands on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// The image's manifest.
    pub manifest: Descriptor,
    /// What the image is known by.
    pub image: Digest,
    /// Its layers, by chain id.
    pub chains: Vec<Digest>,
}

/// In a container's directory: what it stands on.
const PIN: &str = "image";

impl Store {
    /// Makes the directory of a container that stands on this (`Prepared::pin`), and hands back where it is.
    /// From now on nothing of the image is collected, until the directory is removed.
    ///
    /// # Errors
    /// When there is one of that name, or it cannot be made.
    pub fn make_instance(&self, name: &Name, pin: &Pin) -> Result<PathBuf, StoreError> {
        let path = self.layout.instance(name);
        let making = self.layout.own_work("container");
        self.remove_tree(&making)?;
        DirBuilder::new().mode(0o700).create(&making).map_err(file("create", &making))?;
        let record = making.join(PIN);
        let bytes = serde_json::to_vec(pin);
        let bytes = bytes.map_err(|source| StoreError::DamagedRecord { path: record.clone(), source })?;
        // It need not outlive the machine: no container does.
        let options = &mut File::options();
        let opened = options.write(true).create_new(true).mode(0o600).open(&record);
        opened.and_then(|mut opened| opened.write_all(&bytes)).map_err(file("write", &record))?;
        let flags = rustix::fs::RenameFlags::NOREPLACE;
        let renamed = rustix::fs::renameat_with(rustix::fs::CWD, &making, rustix::fs::CWD, &path, flags);
        if let Err(errno) = renamed {
            self.remove_tree(&making)?;
            return Err(file("create", path)(errno.into()));
        }
        Ok(path)
    }

    /// Copies layers, the topmost first, into a directory of a container that is empty, as an overlay would
    /// show them.
    ///
    /// # Errors
    /// When something of them cannot be copied.
    pub fn lay_flat(&self, layers: &[PathBuf], into: &Path) -> Result<(), UnpackError> {
        let done = match self.owners().map(|owners| owners.lay_flat(layers, into, self.marks())) {
            None | Some(Err(Undone::NoNamespace)) => lay_flat(layers, into, self.marks()),
            Some(Err(Undone::Failed(error))) => Err(error),
            Some(Ok(outcome)) => Ok(outcome),
        };
        done.map(drop)
    }

    /// Removes the directory of a container with all in it; whether there was one.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove_instance(&self, name: &Name) -> Result<bool, StoreError> {
        let path = self.layout.instance(name);
        let going = self.layout.own_work("container");
        self.remove_tree(&going)?;
        match fs::rename(&path, &going) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            renamed => renamed.map_err(file("remove", &path))?,
        }
        self.remove_tree(&going)?;
        Ok(true)
    }

    /// All containers' directories, in order.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn instances(&self) -> Result<Vec<Instance>, StoreError> {
        let directory = self.layout.directory("containers");
        let mut instances = Vec::new();
        for name in tree::names(&directory)? {
            let path = directory.join(&name);
            let pin = read_pin(&path)?;
            instances.push(Instance { name: name.to_string_lossy().into_owned(), path, pin });
        }
        instances.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(instances)
    }
}

fn read_pin(directory: &Path) -> Result<Option<Pin>, StoreError> {
    let path = directory.join(PIN);
    match fs::read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(file("read", path)(error)),
        // Of one that was made when the machine lost its power a name may be left without content.
        Ok(bytes) if bytes.iter().all(|byte| *byte == 0) => Ok(None),
        Ok(bytes) => {
            let pin = serde_json::from_slice(&bytes);
            pin.map(Some).map_err(|source| StoreError::DamagedRecord { path, source })
        }
    }
}
