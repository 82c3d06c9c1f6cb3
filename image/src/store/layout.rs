//! Where everything is in the store. Nothing here looks.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use registry::Name;

use crate::digest::{Algorithm, Digest};
use crate::marks::OverlayMarks;

/// What is written into `version`.
pub(super) fn version(marks: OverlayMarks) -> String {
    format!("1 {}\n", marks.name())
}

/// What `version` says, if it is a layout that we know.
pub(super) fn parse_version(text: &str) -> Option<OverlayMarks> {
    [OverlayMarks::Trusted, OverlayMarks::User].into_iter().find(|marks| version(*marks) == text)
}

/// The directory, and every path in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    root: PathBuf,
}

/// Directories that every store has.
pub(super) const DIRECTORIES: [&str; 6] = ["blobs", "ingest", "layers", "references", "containers", "work"];

impl Layout {
    pub(super) fn at(root: PathBuf) -> Self {
        Self { root }
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn version(&self) -> PathBuf {
        self.root.join("version")
    }

    pub(super) fn lock(&self) -> PathBuf {
        self.root.join("lock")
    }

    pub(super) fn directory(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    pub(super) fn blobs(&self, algorithm: Algorithm) -> PathBuf {
        self.root.join("blobs").join(algorithm.name())
    }

    pub(super) fn blob(&self, digest: &Digest) -> PathBuf {
        self.blobs(digest.algorithm()).join(digest.hex())
    }

    pub(super) fn ingest(&self, digest: &Digest) -> PathBuf {
        self.root.join("ingest").join(file_name(digest))
    }

    pub(super) fn references(&self) -> PathBuf {
        self.root.join("references")
    }

    /// Names have letters that file names have not, and are longer.
    pub(super) fn reference(&self, name: &str) -> PathBuf {
        self.references().join(Algorithm::Sha256.digest(name.as_bytes()).hex())
    }

    pub(super) fn instance(&self, name: &Name) -> PathBuf {
        self.root.join("containers").join(name.as_str())
    }

    pub(super) fn layer(&self, chain: &Digest) -> PathBuf {
        self.root.join("layers").join(file_name(chain))
    }

    /// Where a layer is made.
    pub(super) fn making(&self, chain: &Digest) -> PathBuf {
        self.work().join(format!("layer-{}", file_name(chain)))
    }

    /// A place in `work` that nobody else takes.
    pub(super) fn own_work(&self, what: &str) -> PathBuf {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        self.work().join(format!("{what}-{}-{number}", std::process::id()))
    }

    pub(super) fn work(&self) -> PathBuf {
        self.root.join("work")
    }
}

/// A digest without a colon, which separates lowers in an overlay's options.
pub(super) fn file_name(digest: &Digest) -> String {
    format!("{}-{}", digest.algorithm().name(), digest.hex())
}

/// The digest that a file is named after.
pub(super) fn digest_of(name: &str) -> Option<Digest> {
    let (algorithm, hex) = name.split_once('-')?;
    format!("{algorithm}:{hex}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_found_again_in_a_file_name() {
        let digest = Algorithm::Sha256.digest(b"x");
        assert_eq!(digest_of(&file_name(&digest)), Some(digest));
        assert_eq!(digest_of("sha256"), None);
    }

    #[test]
    fn a_layout_that_is_not_ours_is_not_taken_for_it() {
        assert_eq!(parse_version("1 user\n"), Some(OverlayMarks::User));
        assert_eq!(parse_version(&version(OverlayMarks::Trusted)), Some(OverlayMarks::Trusted));
        assert_eq!(parse_version("2 user\n"), None);
        assert_eq!(parse_version("1 user"), None);
    }
}
