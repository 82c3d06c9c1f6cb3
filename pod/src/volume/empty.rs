//! Empty directories: on disk, or in memory.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::Path;

use launch::Identity;
use launch::op::{Mount, Op};
use nix::mount::MsFlags;
use nsjoin::Target;

use super::error::{VolumeError, file};
use crate::compile::Medium;
use crate::sandbox;

/// A directory that anybody in the pod may write to; it may be there already.
pub(super) fn directory(path: &Path) -> Result<(), VolumeError> {
    match fs::symlink_metadata(path) {
        // What its owner has made of its mode is theirs.
        Ok(found) if found.is_dir() => return Ok(()),
        Ok(_) => return Err(file("use", path)(io::ErrorKind::NotADirectory.into())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(file("look at", path)(error)),
    }
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.and_then(|()| fs::set_permissions(path, Permissions::from_mode(0o777))).map_err(file("create", path))
}

/// A file system in memory, mounted over a directory in the pod's mounts, where the pod alone sees it.
///
/// # Errors
/// The kernel does not mount it.
pub(super) fn in_memory(pause: Identity, at: &Path, medium: &Medium, size: Option<u64>) -> Result<(), VolumeError> {
    directory(at)?;
    // Who enters the pod names it from there.
    let at = fs::canonicalize(at).map_err(file("find", at))?;
    let tries = options(medium, size);
    let mut failed = io::Error::from(io::ErrorKind::Unsupported);
    for (kind, data) in tries {
        let text = |text: &str| std::ffi::CString::new(text).unwrap_or_default();
        let mount = Mount {
            source: text(kind),
            target: std::ffi::CString::new(at.as_os_str().as_bytes()).unwrap_or_default(),
            kind: Some(text(kind)),
            flags: MsFlags::MS_NOSUID | MsFlags::MS_NODEV,
            data: Some(text(&data)),
        };
        let missed = nsjoin::errand(&Target::Process(pause), sandbox::entered_to_mount(), [Op::Mount(mount)])?;
        match missed.into_iter().next() {
            None => return Ok(()),
            Some(missed) => failed = missed.errno.into(),
        }
    }
    Err(VolumeError::Mount { what: "an empty directory in memory".to_owned(), source: failed })
}

/// File systems and what they are told, the best first: what is in memory is to stay there, where the kernel knows how
/// (Linux 6.4).
fn options(medium: &Medium, size: Option<u64>) -> Vec<(&'static str, String)> {
    let size = size.map(|size| format!(",size={size}")).unwrap_or_default();
    match medium {
        Medium::HugePages(page) => {
            let page = page.map(|page| format!(",pagesize={page}")).unwrap_or_default();
            vec![("hugetlbfs", format!("mode=0777{page}{size}"))]
        }
        Medium::Memory | Medium::Disk => {
            vec![("tmpfs", format!("mode=0777{size},noswap")), ("tmpfs", format!("mode=0777{size}"))]
        }
    }
}

/// How many bytes of disk a directory takes with all that is in it, as du counts. What goes meanwhile is not counted.
pub(crate) fn usage(directory: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(directory) else { return 0 };
    let mut bytes = 0;
    for entry in entries.flatten() {
        let Ok(found) = entry.metadata() else { continue };
        // A file of several names is counted once, as far as can be told from here.
        bytes += found.blocks() * 512 / found.nlink().max(1);
        if found.is_dir() {
            bytes += found.blocks() * 512 - found.blocks() * 512 / found.nlink().max(1);
            bytes += usage(&entry.path());
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_directory_is_anybodys_and_stays_as_it_is() {
        let place = tempfile::tempdir().expect("a directory");
        let at = place.path().join("a/b");
        directory(&at).expect("room");
        let mode = || fs::metadata(&at).expect("there").permissions().mode() & 0o7777;
        assert_eq!(mode(), 0o777);
        fs::set_permissions(&at, Permissions::from_mode(0o2770)).expect("ours");
        fs::write(at.join("x"), "x").expect("ours");
        directory(&at).expect("there");
        assert_eq!((mode(), at.join("x").exists()), (0o2770, true));
        assert!(directory(&at.join("x")).is_err());
    }

    #[test]
    fn memory_is_limited_where_it_is_said() {
        assert_eq!(options(&Medium::Memory, Some(1024))[0], ("tmpfs", "mode=0777,size=1024,noswap".to_owned()));
        assert_eq!(
            options(&Medium::HugePages(Some(2 << 20)), None),
            [("hugetlbfs", "mode=0777,pagesize=2097152".to_owned())]
        );
    }

    #[test]
    fn what_is_there_is_counted() {
        let place = tempfile::tempdir().expect("a directory");
        let before = usage(place.path());
        fs::create_dir(place.path().join("d")).expect("ours");
        fs::write(place.path().join("d/x"), vec![7; 100_000]).expect("ours");
        fs::hard_link(place.path().join("d/x"), place.path().join("y")).expect("ours");
        let more = usage(place.path()) - before;
        assert!((90_000..130_000).contains(&more), "{more}");
    }
}
