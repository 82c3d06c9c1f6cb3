//! Blobs on their way into the store.
//!
//! What has come stays when the rest does not: whoever asks for the same blob later goes on behind it.
//! Two who want the same at once share the work: the second waits for the first, and finds it.

use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use oci_spec::image::{Descriptor, MediaType};
use registry::{Lock, Sharing};

use super::Store;
use super::error::{StoreError, file};
use super::layout::Layout;
use super::open::sync_directory;
use crate::digest::{Algorithm, Digest, Hasher};

/// A blob that is being written. Dropped before it is whole, it leaves what has come, to be gone on
/// with; what nobody can know by its digest goes.
#[derive(Debug)]
pub struct Ingest {
    file: File,
    path: PathBuf,
    expected: Option<(Digest, u64)>,
    hasher: Hasher,
    written: u64,
    media_type: MediaType,
    layout: Layout,
    _working: Lock,
    _held: Arc<Lock>,
}

impl Store {
    /// Begins to write a blob, or goes on where somebody has left off ([`Ingest::written`]); `None`
    /// where the store has it. Waits for whoever is at it.
    ///
    /// # Errors
    /// When the digest is one that cannot be verified, the file cannot be written or read, or whoever
    /// is at it takes longer than we wait.
    pub fn ingest(&self, descriptor: &Descriptor) -> Result<Option<Ingest>, StoreError> {
        let digest = Digest::try_from(descriptor.digest())?;
        let path = self.layout.ingest(&digest);
        let deadline = Instant::now() + self.patience();
        loop {
            if self.has(descriptor)? {
                return Ok(None);
            }
            create(&path)?;
            let left = deadline.saturating_duration_since(Instant::now());
            // It is gone where somebody has finished, or has found that it was none.
            let Some(working) = Lock::take_within(&path, Sharing::Exclusive, left)? else { continue };
            if self.has(descriptor)? {
                // Somebody has finished just before we began anew.
                fs::remove_file(&path).map_err(file("remove", &path))?;
                return Ok(None);
            }
            // What is whole was renamed under the lock, so now it is this one that is written.
            let expected = Some((digest.clone(), descriptor.size()));
            let mut ingest = self.write_to(path, expected, digest.algorithm(), working)?;
            ingest.media_type = descriptor.media_type().clone();
            ingest.catch_up()?;
            return Ok(Some(ingest));
        }
    }

    /// Begins to write a blob of which only its bytes will tell what it is called.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn ingest_unknown(&self, media_type: MediaType) -> Result<Ingest, StoreError> {
        loop {
            let path = self.layout.own_work("blob");
            create(&path)?;
            let Some(working) = Lock::try_take(&path, Sharing::Exclusive)? else { continue };
            let mut ingest = self.write_to(path, None, Algorithm::Sha256, working)?;
            ingest.file.set_len(0).map_err(file("write", &ingest.path))?;
            ingest.media_type = media_type;
            return Ok(ingest);
        }
    }

    /// Puts these bytes into the store.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn put(&self, media_type: MediaType, bytes: &[u8]) -> Result<Descriptor, StoreError> {
        let size = bytes.len() as u64;
        let descriptor = Descriptor::new(media_type, size, &Algorithm::Sha256.digest(bytes));
        if let Some(mut ingest) = self.ingest(&descriptor)? {
            ingest.restart()?;
            ingest.write_all(bytes).map_err(file("write", &ingest.path))?;
            ingest.commit()?;
        }
        Ok(descriptor)
    }

    fn write_to(
        &self,
        path: PathBuf,
        expected: Option<(Digest, u64)>,
        algorithm: Algorithm,
        working: Lock,
    ) -> Result<Ingest, StoreError> {
        let opened = File::options().read(true).write(true).custom_flags(libc::O_NOFOLLOW).open(&path);
        Ok(Ingest {
            file: opened.map_err(file("open", &path))?,
            path,
            expected,
            hasher: Hasher::new(algorithm),
            written: 0,
            media_type: MediaType::Other(String::new()),
            layout: self.layout.clone(),
            _working: working,
            _held: self.held(),
        })
    }
}

impl Ingest {
    /// How many bytes of it are here.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.written
    }

    /// How many it will have, where that is known.
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        self.expected.as_ref().map(|(_, size)| *size)
    }

    /// Forgets what has come, for who cannot go on in the middle.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn restart(&mut self) -> Result<(), StoreError> {
        let emptied = self.file.set_len(0).and_then(|()| io::Seek::rewind(&mut self.file));
        emptied.map_err(file("write", &self.path))?;
        self.hasher = Hasher::new(self.algorithm());
        self.written = 0;
        Ok(())
    }

    /// Makes it a blob of the store, if it is the one that was asked for. One that is too short can
    /// be gone on with; one that is another is forgotten.
    ///
    /// # Errors
    /// When it is not what it should be, or cannot be made to stay.
    pub fn commit(mut self) -> Result<Descriptor, StoreError> {
        let found = std::mem::replace(&mut self.hasher, Hasher::new(Algorithm::Sha256)).finish();
        if let Some((digest, size)) = &self.expected {
            if self.written < *size {
                let (digest, found) = (digest.clone(), self.written);
                return Err(StoreError::Shorter { digest, expected: *size, found });
            }
            if found != *digest {
                fs::remove_file(&self.path).map_err(file("remove", &self.path))?;
                return Err(StoreError::OtherDigest { expected: digest.clone(), found });
            }
        }
        self.file.sync_all().map_err(file("write", &self.path))?;
        let (directory, path) = (self.layout.blobs(found.algorithm()), self.layout.blob(&found));
        match DirBuilder::new().mode(0o700).create(&directory) {
            Ok(()) => sync_directory(&self.layout.directory("blobs"))?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(file("create", directory)(error)),
        }
        fs::rename(&self.path, &path).map_err(file("create", &path))?;
        // Not before: whoever goes on with what a killed one has left has to be able to write to it.
        self.file.set_permissions(Permissions::from_mode(0o400)).map_err(file("write", &path))?;
        sync_directory(&directory)?;
        // There is nothing left to be cleared away.
        self.expected = Some((found.clone(), self.written));
        Ok(Descriptor::new(self.media_type.clone(), self.written, &found))
    }

    fn algorithm(&self) -> Algorithm {
        self.expected.as_ref().map_or(Algorithm::Sha256, |(digest, _)| digest.algorithm())
    }

    /// Reads what is here already, so that the digest is that of the whole.
    fn catch_up(&mut self) -> Result<(), StoreError> {
        let mut buffer = vec![0; 1 << 18];
        loop {
            let count = self.file.read(&mut buffer).map_err(file("read", &self.path))?;
            if count == 0 {
                break;
            }
            self.hasher.update(&buffer[..count]);
            self.written += count as u64;
        }
        // Nothing that we have written is longer than it should be.
        if self.size().is_some_and(|size| self.written > size) { self.restart() } else { Ok(()) }
    }
}

impl Write for Ingest {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some((digest, expected)) = &self.expected
            && self.written + bytes.len() as u64 > *expected
        {
            return Err(io::Error::other(StoreError::Longer { digest: digest.clone(), expected: *expected }));
        }
        let count = self.file.write(bytes)?;
        self.hasher.update(&bytes[..count]);
        self.written += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Ingest {
    fn drop(&mut self) {
        if self.expected.is_none() {
            // What stays in `work` is cleared away when somebody collects.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Makes an empty file, where there is none.
fn create(path: &PathBuf) -> Result<(), StoreError> {
    match File::options().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(file("create", path)(error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;
    use std::time::Duration;

    fn store(place: &tempfile::TempDir) -> Store {
        Store::open(place.path()).expect("a store")
    }

    fn descriptor(bytes: &[u8]) -> Descriptor {
        Descriptor::new(MediaType::ImageLayer, bytes.len() as u64, &Algorithm::Sha256.digest(bytes))
    }

    fn read(store: &Store, descriptor: &Descriptor) -> Vec<u8> {
        let mut bytes = Vec::new();
        store.whole(descriptor).expect("a blob").read_to_end(&mut bytes).expect("readable");
        bytes
    }

    #[test]
    fn what_is_whole_is_a_blob_and_read_only() {
        let place = tempfile::tempdir().expect("a directory");
        let store = store(&place);
        let wanted = descriptor(b"layer");
        let mut ingest = store.ingest(&wanted).expect("a file").expect("not here");
        ingest.write_all(b"layer").expect("room");
        assert!(!store.has(&wanted).expect("readable"));
        assert_eq!(ingest.commit().expect("whole"), wanted);
        assert_eq!(read(&store, &wanted), b"layer");
        assert!(store.ingest(&wanted).expect("no failure").is_none());
        assert_eq!(registry::tree::names(&place.path().join("ingest")).expect("a directory"), [] as [&str; 0]);
    }

    #[test]
    fn what_has_come_stays_and_is_gone_on_with() {
        let place = tempfile::tempdir().expect("a directory");
        let store = store(&place);
        let wanted = descriptor(b"layer");
        let mut ingest = store.ingest(&wanted).expect("a file").expect("not here");
        ingest.write_all(b"lay").expect("room");
        assert!(matches!(ingest.commit(), Err(StoreError::Shorter { found: 3, .. })));
        let mut ingest = store.ingest(&wanted).expect("a file").expect("not here");
        assert_eq!(ingest.written(), 3);
        ingest.write_all(b"er").expect("room");
        ingest.commit().expect("whole");
        assert_eq!(read(&store, &wanted), b"layer");
    }

    #[test]
    fn what_is_another_or_longer_is_refused_and_forgotten() {
        let place = tempfile::tempdir().expect("a directory");
        let store = store(&place);
        let wanted = descriptor(b"layer");
        let mut ingest = store.ingest(&wanted).expect("a file").expect("not here");
        ingest.write_all(b"LAYER").expect("room");
        assert!(matches!(ingest.commit(), Err(StoreError::OtherDigest { .. })));
        let mut ingest = store.ingest(&wanted).expect("a file").expect("not here");
        assert_eq!(ingest.written(), 0);
        let refused = ingest.write_all(b"layers").expect_err("one byte too many");
        assert!(refused.to_string().ends_with("is longer than the 5 bytes that it is said to have"), "{refused}");
    }

    #[test]
    fn who_wants_the_same_at_once_waits_and_finds_it() {
        let place = tempfile::tempdir().expect("a directory");
        let store = store(&place);
        let wanted = descriptor(b"layer");
        let mut first = store.ingest(&wanted).expect("a file").expect("not here");
        let impatient = store.clone().with_patience(Duration::from_millis(10));
        assert!(impatient.ingest(&wanted).is_err());
        thread::scope(|scope| {
            let second = scope.spawn(|| store.ingest(&wanted).expect("no failure").is_none());
            first.write_all(b"layer").expect("room");
            first.commit().expect("whole");
            assert!(second.join().expect("no panic"));
        });
    }

    #[test]
    fn bytes_without_a_name_get_one_or_leave_nothing() {
        let place = tempfile::tempdir().expect("a directory");
        let store = store(&place);
        let mut ingest = store.ingest_unknown(MediaType::ImageLayer).expect("a file");
        ingest.write_all(b"layer").expect("room");
        drop(ingest);
        assert_eq!(registry::tree::names(&place.path().join("work")).expect("a directory"), [] as [&str; 0]);
        let mut ingest = store.ingest_unknown(MediaType::ImageLayer).expect("a file");
        ingest.write_all(b"layer").expect("room");
        assert_eq!(ingest.commit().expect("whole"), descriptor(b"layer"));
        assert_eq!(store.put(MediaType::ImageLayer, b"layer").expect("here"), descriptor(b"layer"));
    }

    #[test]
    fn a_blob_that_was_changed_is_seen_to_be() {
        let place = tempfile::tempdir().expect("a directory");
        let store = store(&place);
        let here = store.put(MediaType::ImageConfig, b"{}").expect("room");
        let digest = Digest::try_from(here.digest()).expect("ours");
        let path = store.layout.blob(&digest);
        fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("ours");
        fs::write(&path, b"[]").expect("room");
        assert!(matches!(store.document(&digest), Err(StoreError::Damaged { .. })));
        fs::write(&path, b"[]]").expect("room");
        assert!(matches!(store.whole(&here), Err(StoreError::Damaged { .. })));
        assert!(matches!(store.has(&here), Err(StoreError::Damaged { .. })));
    }
}
