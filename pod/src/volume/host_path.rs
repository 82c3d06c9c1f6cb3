//! A path of the machine that is a volume: whether it is what it has to be, and made where it may be.

use std::fs::{self, DirBuilder, Metadata, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use super::error::{VolumeError, file};
use crate::compile::HostPathKind;

/// Sees to it that there is such a thing at a path; links are followed.
///
/// # Errors
/// There is another, or none and none can be made: in the kubelet's words.
pub(super) fn provide(path: &Path, kind: HostPathKind) -> Result<(), VolumeError> {
    let found = match fs::metadata(path) {
        Ok(found) => Some(found),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(file("look at", path)(error)),
    };
    match (kind, found) {
        (HostPathKind::Any, Some(_)) => Ok(()),
        (HostPathKind::Any | HostPathKind::DirectoryOrCreate, None) => {
            let made = DirBuilder::new().recursive(true).mode(0o755).create(path);
            made.and_then(|()| open_up(path, 0o755)).map_err(file("create", path))
        }
        (HostPathKind::FileOrCreate, None) => {
            let made = OpenOptions::new().write(true).create_new(true).mode(0o644).open(path);
            made.and_then(|_| open_up(path, 0o644)).map_err(file("create", path))
        }
        (kind, found) => {
            let is_it = found.is_some_and(|found| is(kind, &found));
            if is_it { Ok(()) } else { Err(VolumeError::Refused(refusal(path, kind))) }
        }
    }
}

/// Modes are as they are said, whatever our umask.
fn open_up(path: &Path, mode: u32) -> io::Result<()> {
    fs::set_permissions(path, Permissions::from_mode(mode))
}

fn is(kind: HostPathKind, found: &Metadata) -> bool {
    let found = found.file_type();
    match kind {
        HostPathKind::Any => true,
        HostPathKind::Directory | HostPathKind::DirectoryOrCreate => found.is_dir(),
        HostPathKind::File | HostPathKind::FileOrCreate => found.is_file(),
        HostPathKind::Socket => found.is_socket(),
        HostPathKind::CharDevice => found.is_char_device(),
        HostPathKind::BlockDevice => found.is_block_device(),
    }
}

fn refusal(path: &Path, kind: HostPathKind) -> String {
    let what = match kind {
        HostPathKind::Any | HostPathKind::Directory | HostPathKind::DirectoryOrCreate => "directory",
        HostPathKind::File | HostPathKind::FileOrCreate => "file",
        HostPathKind::Socket => "socket file",
        HostPathKind::CharDevice => "character device",
        HostPathKind::BlockDevice => "block device",
    };
    format!("hostPath type check failed: {} is not a {what}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    #[test]
    fn each_kind_is_what_it_has_to_be_and_some_are_made() {
        let place = tempfile::tempdir().expect("a directory");
        let at = |name: &str| place.path().join(name);
        fs::create_dir(at("directory")).expect("ours");
        fs::write(at("file"), "").expect("ours");
        symlink("directory", at("link")).expect("ours");
        let _socket = UnixListener::bind(at("socket")).expect("ours");
        use HostPathKind::{Any, BlockDevice, CharDevice, Directory, DirectoryOrCreate, File, FileOrCreate, Socket};
        for (kind, name, good) in [
            (Any, "file", true),
            (Any, "made/by/it", true),
            (Directory, "directory", true),
            (Directory, "link", true),
            (Directory, "file", false),
            (Directory, "none", false),
            (DirectoryOrCreate, "other/directory", true),
            (DirectoryOrCreate, "file", false),
            (File, "file", true),
            (File, "directory", false),
            (File, "none", false),
            (FileOrCreate, "new", true),
            (FileOrCreate, "directory", false),
            (FileOrCreate, "no/parent", false),
            (Socket, "socket", true),
            (Socket, "file", false),
            (CharDevice, "file", false),
            (BlockDevice, "file", false),
        ] {
            assert_eq!(provide(&at(name), kind).is_ok(), good, "{kind:?} {name}");
        }
        assert!(provide(Path::new("/dev/null"), CharDevice).is_ok());
        let mode = |name: &str| fs::metadata(at(name)).expect("made").permissions().mode() & 0o777;
        assert_eq!((mode("other/directory"), mode("made/by/it"), mode("new")), (0o755, 0o755, 0o644));
        let refused = provide(&at("none"), Directory).expect_err("there is none").to_string();
        let expected = format!("hostPath type check failed: {} is not a directory", at("none").display());
        assert_eq!(refused, expected);
    }
}
