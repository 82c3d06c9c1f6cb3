//! Files of a volume that change all at once: whoever looks sees those of before or those of now.
//!
//! ```text
//! ..2026_11_26_17_30_00.421/a   the files
//! ..data                        -> the directory of now
//! a                             -> ..data/a
//! ```
//!
//! A change is another directory, and `..data` renamed over. What was cut short has another name than what counts, and
//! goes with the next change. A file that is mounted by itself, as a part of a volume, stays what it was.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use registry::tree;

use super::content::{Contents, File};
use super::error::{VolumeError, file};
use crate::compile::{self, Content};

const DATA: &str = "..data";
const NEXT: &str = "..data_tmp";

/// Makes these the files of a volume; whether they were not before. Who is to own them is seen to while nobody sees them.
///
/// # Errors
/// They cannot be written; those of before are there then.
pub(super) fn write(
    volume: &Path,
    contents: &Contents,
    now: Timestamp,
    owned: impl Fn(&Path) -> Result<(), VolumeError>,
) -> Result<bool, VolumeError> {
    let current = fs::read_link(volume.join(DATA)).ok();
    if let Some(current) = &current
        && read(&volume.join(current)).is_ok_and(|there| there == *contents)
    {
        // The links may have been cut short.
        link(volume, contents)?;
        return Ok(false);
    }
    let directory = fresh(volume, now)?;
    for (path, content) in contents {
        put(&volume.join(&directory), path, content)?;
    }
    owned(&volume.join(&directory))?;
    let next = volume.join(NEXT);
    match fs::remove_file(&next) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(file("remove", next)(error)),
        _ => {}
    }
    symlink(&directory, &next).map_err(file("create", &next))?;
    fs::rename(&next, volume.join(DATA)).map_err(file("rename", &next))?;
    link(volume, contents)?;
    sweep(volume, &directory)?;
    Ok(true)
}

/// Whether a volume has these files; of what is only made when it is written, whether there is some.
pub(super) fn is_there(volume: &Path, files: &[compile::File]) -> bool {
    let there = fs::read_link(volume.join(DATA)).and_then(|current| read(&volume.join(current)));
    there.is_ok_and(|there| {
        there.len() == files.len()
            && files.iter().all(|file| match (there.get(&file.path), &file.content) {
                (Some(found), Content::Bytes(bytes)) => found.bytes == *bytes && found.mode == file.mode & 0o777,
                (found, Content::Token { .. }) => found.is_some(),
                (None, Content::Bytes(_)) => false,
            })
    })
}

/// A directory of its own for what comes now.
fn fresh(volume: &Path, now: Timestamp) -> Result<PathBuf, VolumeError> {
    let stamp = now.strftime("..%Y_%m_%d_%H_%M_%S").to_string();
    let mut number = 0_u32;
    loop {
        let name = PathBuf::from(format!("{stamp}.{number}"));
        let path = volume.join(&name);
        match DirBuilder::new().mode(0o755).create(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            made => {
                made.and_then(|()| open_up(&path, 0o755)).map_err(file("create", path))?;
                return Ok(name);
            }
        }
    }
}

/// Modes are as they are said, whatever our umask.
fn open_up(path: &Path, mode: u32) -> io::Result<()> {
    fs::set_permissions(path, Permissions::from_mode(mode))
}

fn put(directory: &Path, name: &str, content: &File) -> Result<(), VolumeError> {
    let path = directory.join(name);
    let mut above = directory.to_owned();
    for part in Path::new(name).parent().into_iter().flat_map(Path::components) {
        above.push(part);
        match DirBuilder::new().mode(0o755).create(&above) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => made.and_then(|()| open_up(&above, 0o755)).map_err(file("create", &above))?,
        }
    }
    let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
    let written = opened.and_then(|mut opened| {
        opened.write_all(&content.bytes)?;
        opened.set_permissions(Permissions::from_mode(content.mode & 0o777))
    });
    written.map_err(file("write", path))
}

/// Has the first part of each path lead into the files of now, and nothing else.
fn link(volume: &Path, contents: &Contents) -> Result<(), VolumeError> {
    let first = |path: &String| Path::new(path).components().next().map(|part| PathBuf::from(part.as_os_str()));
    let wanted: BTreeSet<PathBuf> = contents.keys().filter_map(first).collect();
    for name in &wanted {
        let path = volume.join(name);
        match symlink(Path::new(DATA).join(name), &path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            linked => linked.map_err(file("create", path))?,
        }
    }
    for name in tree::names(volume)? {
        let of_ours = name.to_str().is_some_and(|name| name.starts_with(".."));
        if !of_ours && !wanted.contains(Path::new(&name)) {
            tree::remove(&volume.join(name))?;
        }
    }
    Ok(())
}

/// Removes what was there before, and what was cut short.
fn sweep(volume: &Path, current: &Path) -> Result<(), VolumeError> {
    for name in tree::names(volume)? {
        let stale = name.to_str().is_some_and(|name| name.starts_with("..") && name != DATA);
        if stale && Path::new(&name) != current {
            tree::remove(&volume.join(name))?;
        }
    }
    Ok(())
}

/// The files that are in a directory.
fn read(directory: &Path) -> io::Result<Contents> {
    fn below(directory: &Path, prefix: &str, contents: &mut BTreeMap<String, File>) -> io::Result<()> {
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            let found = entry.metadata()?;
            if found.is_dir() {
                below(&entry.path(), &format!("{name}/"), contents)?;
            } else {
                let mode = found.permissions().mode() & 0o777;
                contents.insert(name, File { bytes: fs::read(entry.path())?, mode });
            }
        }
        Ok(())
    }
    let mut contents = Contents::new();
    below(directory, "", &mut contents).map(|()| contents)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(pairs: &[(&str, &str, u32)]) -> Contents {
        let file = |text: &str, mode: u32| File { bytes: text.as_bytes().to_vec(), mode };
        pairs.iter().map(|(path, text, mode)| ((*path).to_owned(), file(text, *mode))).collect()
    }

    fn put_all(volume: &Path, contents: &Contents) -> bool {
        write(volume, contents, Timestamp::UNIX_EPOCH, |_| Ok(())).expect("room")
    }

    fn names(volume: &Path) -> Vec<String> {
        let names = tree::names(volume).expect("a directory").into_iter();
        let mut names: Vec<_> = names.filter_map(|name| name.into_string().ok()).collect();
        names.sort();
        names
    }

    #[test]
    fn files_are_there_with_their_modes_and_change_all_at_once() {
        let place = tempfile::tempdir().expect("a directory");
        let volume = place.path();
        assert!(put_all(volume, &files(&[("a", "1", 0o640), ("d/e", "2", 0o400)])));
        assert_eq!(fs::read_to_string(volume.join("a")).expect("a file"), "1");
        assert_eq!(fs::read_to_string(volume.join("d/e")).expect("a file"), "2");
        let mode = |path: &str| fs::metadata(volume.join(path)).expect("a file").permissions().mode() & 0o777;
        assert_eq!((mode("a"), mode("d/e"), mode("d")), (0o640, 0o400, 0o755));
        assert_eq!(fs::read_link(volume.join("d")).expect("a link"), Path::new("..data/d"));
        assert!(!put_all(volume, &files(&[("a", "1", 0o640), ("d/e", "2", 0o400)])), "nothing changes");
        let held = fs::File::open(volume.join("a")).expect("a file");
        assert!(put_all(volume, &files(&[("a", "3", 0o640), ("b", "4", 0o644)])));
        assert_eq!(names(volume), ["..1970_01_01_00_00_00.1", "..data", "a", "b"]);
        assert_eq!(fs::read_to_string(volume.join("a")).expect("a file"), "3");
        assert_eq!(io::read_to_string(held).expect("a file"), "1");
        assert!(put_all(volume, &files(&[("a", "3", 0o600), ("b", "4", 0o644)])), "a mode is a change, too");
    }

    #[test]
    fn what_was_cut_short_counts_for_nothing_and_goes() {
        let place = tempfile::tempdir().expect("a directory");
        let volume = place.path();
        put_all(volume, &files(&[("a", "1", 0o644)]));
        fs::create_dir(volume.join("..1969_12_31_00_00_00.0")).expect("ours");
        symlink("..1969_12_31_00_00_00.0", volume.join(NEXT)).expect("ours");
        fs::remove_file(volume.join("a")).expect("ours");
        assert!(!put_all(volume, &files(&[("a", "1", 0o644)])));
        assert_eq!(fs::read_to_string(volume.join("a")).expect("a file"), "1");
        assert!(put_all(volume, &files(&[("a", "2", 0o644)])));
        assert_eq!(names(volume), ["..1970_01_01_00_00_00.1", "..data", "a"]);
    }

    #[test]
    fn a_volume_of_nothing_is_a_volume() {
        let place = tempfile::tempdir().expect("a directory");
        assert!(put_all(place.path(), &Contents::new()));
        assert_eq!(names(place.path()), ["..1970_01_01_00_00_00.0", "..data"]);
        assert!(put_all(place.path(), &files(&[("a", "1", 0o644)])));
        assert!(put_all(place.path(), &Contents::new()));
        assert!(!place.path().join("a").exists());
    }

    #[test]
    fn whoever_cannot_be_made_owner_leaves_what_was_there() {
        let place = tempfile::tempdir().expect("a directory");
        put_all(place.path(), &files(&[("a", "1", 0o644)]));
        let refused = |path: &Path| Err(file("change the owner of", path)(io::ErrorKind::PermissionDenied.into()));
        assert!(write(place.path(), &files(&[("a", "2", 0o644)]), Timestamp::UNIX_EPOCH, refused).is_err());
        assert_eq!(fs::read_to_string(place.path().join("a")).expect("a file"), "1");
    }
}
