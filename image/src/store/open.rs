//! Opening a store: making it where there is none, and the lock that says that it is used.

use std::env;
use std::fs::{self, DirBuilder, File};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use launch::names;
use nix::unistd::geteuid;
use registry::{Lock, PATIENCE, RegistryError, Sharing, trust};
use rustix::io::Errno;

use super::error::{StoreError, file};
use super::layout::{DIRECTORIES, Layout, parse_version, version};
use crate::marks::OverlayMarks;
use crate::owners::Owners;

/// Where this user's images and the writable layers of containers are: `$POD_DATA_DIR`; else
/// `/var/lib/pod` for root, and for anybody else `$XDG_DATA_HOME/pod` or `~/.local/share/pod`.
#[must_use]
pub fn data_directory() -> PathBuf {
    let given = |name| env::var_os(name).map(PathBuf::from).filter(|given| !given.as_os_str().is_empty());
    if let Some(root) = given("POD_DATA_DIR") {
        return std::path::absolute(&root).unwrap_or(root);
    }
    if geteuid().is_root() {
        return PathBuf::from("/var/lib/pod");
    }
    let home = || {
        let told = given("HOME").filter(|home| home.is_absolute());
        told.or_else(|| names::this_user().map(|user| user.dir)).unwrap_or_else(|| PathBuf::from("/"))
    };
    let data = given("XDG_DATA_HOME").filter(|given| given.is_absolute());
    data.unwrap_or_else(|| home().join(".local/share")).join("pod")
}

/// A store that is used. Clones share the lock on it.
#[derive(Clone, Debug)]
pub struct Store {
    pub(super) layout: Layout,
    marks: OverlayMarks,
    patience: Duration,
    /// That nobody collects meanwhile; or, of one that is [alone](Alone), that nobody uses it.
    held: Arc<Lock>,
    /// Whose ids its files may have besides ours.
    owners: Option<Arc<Owners>>,
}

/// A store that nobody else uses, which may be collected.
#[derive(Debug)]
pub struct Alone(Store);

impl std::ops::Deref for Alone {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.0
    }
}

impl Alone {
    /// Opens the store in a directory, once nobody uses it; `None` where there is none.
    ///
    /// # Errors
    /// When it is not ours, or is in use for longer than this.
    pub fn open(root: &Path, patience: Duration) -> Result<Option<Self>, StoreError> {
        Ok(Store::locked(root, Sharing::Exclusive, patience)?.map(Self))
    }

    /// The same with files of these, too.
    #[must_use]
    pub fn with_owners(self, owners: Option<Owners>) -> Self {
        Self(self.0.with_owners(owners))
    }
}

impl Store {
    /// How long one waits for another who fetches or unpacks the same thing.
    pub const PATIENCE: Duration = Duration::from_secs(600);

    /// Opens the store in a directory, which is made where there is none.
    ///
    /// # Errors
    /// When it cannot be made or is not ours, or somebody collects for longer than we wait.
    pub fn open(root: &Path) -> Result<Self, StoreError> {
        if let Some(store) = Self::look(root)? {
            // Somebody may have removed what was empty.
            make(&store.layout)?;
            return Ok(store);
        }
        let layout = Layout::at(root.to_owned());
        make(&layout)?;
        write_version(&layout)?;
        let gone = || file("open", layout.version())(io::ErrorKind::NotFound.into());
        Self::look(root)?.ok_or_else(gone)
    }

    /// Opens the store in a directory, changing nothing; `None` where there is none.
    ///
    /// # Errors
    /// When it is not ours, or somebody collects for longer than we wait.
    pub fn look(root: &Path) -> Result<Option<Self>, StoreError> {
        Self::locked(root, Sharing::Shared, PATIENCE)
    }

    fn locked(root: &Path, sharing: Sharing, patience: Duration) -> Result<Option<Self>, StoreError> {
        let layout = Layout::at(root.to_owned());
        if let Some(why) = trust::doubt(root)? {
            return Err(StoreError::NotOurs { root: root.to_owned(), why });
        }
        let marks = match fs::read_to_string(layout.version()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(file("read", layout.version())(error)),
            Ok(found) => match parse_version(&found) {
                Some(marks) => marks,
                None => return Err(StoreError::Layout { root: root.to_owned(), found }),
            },
        };
        let held = match Lock::take_within(&layout.lock(), sharing, patience) {
            Err(RegistryError::Locked { by, .. }) => return Err(StoreError::InUse { root: root.to_owned(), by }),
            held => held?,
        };
        let gone = || file("open", layout.lock())(io::ErrorKind::NotFound.into());
        let held = Arc::new(held.ok_or_else(gone)?);
        Ok(Some(Self { layout, marks, patience: Self::PATIENCE, held, owners: None }))
    }

    /// The same with a patience of one's own for others who fetch or unpack the same thing.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// The same with files of these, too.
    #[must_use]
    pub fn with_owners(self, owners: Option<Owners>) -> Self {
        Self { owners: owners.map(Arc::new), ..self }
    }

    pub(super) fn owners(&self) -> Option<&Owners> {
        self.owners.as_deref()
    }

    /// How long one waits for another who fetches or unpacks the same thing.
    #[must_use]
    pub fn patience(&self) -> Duration {
        self.patience
    }

    /// The directory that holds all.
    #[must_use]
    pub fn root(&self) -> &Path {
        self.layout.root()
    }

    /// How its layers say what an overlay is to hide.
    #[must_use]
    pub fn marks(&self) -> OverlayMarks {
        self.marks
    }

    /// The lock: while somebody has it, nothing is collected.
    pub(crate) fn held(&self) -> Arc<Lock> {
        Arc::clone(&self.held)
    }
}

/// Makes what every store has.
fn make(layout: &Layout) -> Result<(), StoreError> {
    let root = layout.root();
    DirBuilder::new().recursive(true).mode(0o700).create(root).map_err(file("create", root))?;
    for name in DIRECTORIES {
        let path = layout.directory(name);
        match DirBuilder::new().mode(0o700).create(&path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(file("create", path)(error)),
            _ => {}
        }
    }
    let mut create = File::options();
    let path = layout.lock();
    match create.write(true).create_new(true).mode(0o600).open(&path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(file("create", path)(error)),
        _ => Ok(()),
    }
}

/// Says, once everything is there, that it is.
fn write_version(layout: &Layout) -> Result<(), StoreError> {
    let marks = probe(layout)?;
    write_whole(layout, &layout.version(), version(marks).as_bytes())
}

/// Which marks we may write.
fn probe(layout: &Layout) -> Result<OverlayMarks, StoreError> {
    let path = layout.work();
    let flags = rustix::fs::XattrFlags::empty();
    match rustix::fs::setxattr(&path, OverlayMarks::Trusted.opaque(), b"y", flags) {
        Ok(()) => {
            match rustix::fs::removexattr(&path, OverlayMarks::Trusted.opaque()) {
                // Somebody who opens it for the first time, too, was faster.
                Ok(()) | Err(Errno::NODATA) => Ok(OverlayMarks::Trusted),
                Err(errno) => Err(file("use attributes of", path)(errno.into())),
            }
        }
        // Whether the user's can be had is seen where one is needed.
        Err(_) => Ok(OverlayMarks::User),
    }
}

/// Writes a file that is whole or not there, and stays.
pub(super) fn write_whole(layout: &Layout, path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let making = layout.own_work("record");
    let write = || {
        let mut opened = File::options().write(true).create(true).truncate(true).mode(0o600).open(&making)?;
        opened.write_all(bytes)?;
        opened.sync_all()
    };
    let written = write().map_err(file("write", &making));
    let written = written.and_then(|()| fs::rename(&making, path).map_err(file("create", path)));
    if let Err(error) = written {
        // The first failure is the one to tell; a file in `work` is cleared away when somebody collects.
        let _ = fs::remove_file(&making);
        return Err(error);
    }
    sync_directory(path.parent().unwrap_or(layout.root()))
}

/// Makes names in a directory stay.
pub(super) fn sync_directory(path: &Path) -> Result<(), StoreError> {
    File::open(path).and_then(|opened| opened.sync_all()).map_err(file("write", path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn looking_makes_nothing_and_opening_makes_all() {
        let place = tempfile::tempdir().expect("a directory");
        let root = place.path().join("a/b");
        assert!(Store::look(&root).expect("no failure").is_none());
        assert!(Alone::open(&root, PATIENCE).expect("no failure").is_none());
        assert!(!root.exists());
        let store = Store::open(&root).expect("a store");
        assert_eq!(fs::metadata(store.root()).expect("a directory").permissions().mode() & 0o777, 0o700);
        assert_eq!(registry::tree::names(&root.join("work")).expect("a directory"), [] as [&str; 0]);
        fs::write(root.join("version"), "9\n").expect("a file");
        assert!(matches!(Store::open(&root), Err(StoreError::Layout { found, .. }) if found == "9\n"));
    }

    #[test]
    fn many_use_it_and_one_is_alone() {
        let place = tempfile::tempdir().expect("a directory");
        let first = Store::open(place.path()).expect("a store");
        let second = Store::open(place.path()).expect("a store");
        drop((first, second));
        let alone = Alone::open(place.path(), PATIENCE).expect("nobody uses it").expect("a store");
        assert!(Lock::try_take(&alone.layout.lock(), Sharing::Shared).expect("a lock").is_none());
    }

    #[test]
    fn a_directory_that_others_may_write_to_is_not_believed() {
        let place = tempfile::tempdir().expect("a directory");
        fs::set_permissions(place.path(), fs::Permissions::from_mode(0o777)).expect("ours");
        assert!(matches!(Store::open(place.path()), Err(StoreError::NotOurs { .. })));
    }
}
