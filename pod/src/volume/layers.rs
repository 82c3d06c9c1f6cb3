//! The files of an image as a volume: its layers, which nobody writes to.

use std::ffi::CString;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use launch::Identity;
use launch::op::{Mount, Op};
use nix::mount::MsFlags;
use nsjoin::Target;
use registry::tree;

use super::error::{VolumeError, file};
use crate::sandbox;

/// Mounts layers on each other over a directory in the pod's mounts, where the pod alone sees them. The top is first;
/// `marks` says whether what they hide is said by attributes of users.
///
/// # Errors
/// The kernel does not mount it.
pub(super) fn mount(pause: Identity, at: &Path, lowers: &[PathBuf], marks: bool) -> Result<(), VolumeError> {
    // An overlay that nobody writes to has two layers at least.
    let nothing = at.with_extension("nothing");
    for directory in [at, nothing.as_path()] {
        tree::make(directory, 0o755)?;
    }
    let canonical = |path: &Path| std::fs::canonicalize(path).map_err(file("find", path));
    let (at, nothing) = (canonical(at)?, canonical(&nothing)?);
    let lowers = lowers.iter().map(|lower| canonical(lower)).collect::<Result<Vec<_>, _>>()?;
    let stand = lowers.first().and_then(|lower| lower.ancestors().nth(2)).unwrap_or(Path::new("/")).to_owned();
    let text = |path: &Path| CString::new(path.as_os_str().as_bytes()).unwrap_or_default();
    let mount = Mount {
        source: c"overlay".to_owned(),
        target: text(&at),
        kind: Some(c"overlay".to_owned()),
        flags: MsFlags::MS_RDONLY | MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC,
        data: Some(options(&stand, &lowers, &nothing, marks)),
    };
    // A page holds what is told, so layers are named from where they all are.
    let ops = [Op::Chdir(text(&stand)), Op::Mount(mount)];
    let missed = nsjoin::errand(&Target::Process(pause), sandbox::entered_to_mount(), ops)?;
    match missed.into_iter().next() {
        None => Ok(()),
        Some(missed) => {
            let source = io::Error::from(missed.errno);
            Err(VolumeError::Mount { what: "the layers of an image".to_owned(), source })
        }
    }
}

fn options(stand: &Path, lowers: &[PathBuf], nothing: &Path, marks: bool) -> CString {
    let mut data = b"lowerdir=".to_vec();
    for lower in lowers.iter().map(PathBuf::as_path).chain([nothing]) {
        let short = lower.strip_prefix(stand).unwrap_or(lower);
        for byte in short.as_os_str().as_bytes() {
            // What has a meaning in the list has none behind this.
            if b"\\:,".contains(byte) {
                data.push(b'\\');
            }
            data.push(*byte);
        }
        data.push(b':');
    }
    data.pop();
    if marks {
        data.extend_from_slice(b",userxattr");
    }
    CString::new(data).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_are_named_from_where_they_are() {
        let lowers = ["/d/layers/b/fs", "/d/layers/a/fs"].map(PathBuf::from);
        let said = |marks| options(Path::new("/d/layers"), &lowers, Path::new("/r/a:b/.nothing"), marks);
        assert_eq!(said(false).to_str(), Ok("lowerdir=b/fs:a/fs:/r/a\\:b/.nothing"));
        assert_eq!(said(true).to_str(), Ok("lowerdir=b/fs:a/fs:/r/a\\:b/.nothing,userxattr"));
    }
}
