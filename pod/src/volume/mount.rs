//! What of a volume is mounted in a container, and how.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Component, Path, PathBuf};

use container::plan::{Attributes, Below, Mount, Propagation, ReadOnly, What};

use super::error::{VolumeError, file};
use super::sub_path;
use crate::compile::{MountPlan, MountPropagation, Recursive};
use crate::plan::Part;

/// The mounts of a container, and which of them are parts of volumes: by a path, somebody could put another thing in
/// their place meanwhile, so whoever mounts them opens them by [`parts`].
#[derive(Debug, Default)]
pub(crate) struct Mounted {
    pub(crate) mounts: Vec<Mount>,
    pub(crate) parts: Vec<Part>,
}

/// A volume that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Provided {
    /// Where it is, as the pod sees it.
    pub(crate) path: PathBuf,
    /// Whether nobody may write to it, whoever mounts it.
    pub(crate) read_only: bool,
    /// Whether nothing in it is executed.
    pub(crate) inert: bool,
}

/// The mounts that a container has of a pod's volumes. `root` is the pod's root directory: what is mounted in the pod is
/// seen from there only.
///
/// # Errors
/// There is no such volume, or a part of one leads out of it.
pub(crate) fn mounted(
    container: &str,
    plans: &[MountPlan],
    volumes: &BTreeMap<String, Provided>,
    root: impl AsFd,
) -> Result<Mounted, VolumeError> {
    let mut all = Mounted::default();
    for plan in plans {
        let volume = volumes.get(&plan.volume);
        let volume = volume.ok_or_else(|| VolumeError::Refused(format!("volume {:?} is not there", plan.volume)))?;
        // The runtime's mounts are below its root, whatever is written.
        let at: PathBuf = Path::new("/").join(&plan.at).components().collect();
        let mut source = volume.path.clone();
        if let Some(part) = &plan.sub_path {
            source.push(part);
            // That it is there and within the volume, or can be, is seen now.
            open_part(root.as_fd(), &volume.path, part).map_err(|source| {
                let (volume, container) = (plan.volume.clone(), container.to_owned());
                VolumeError::SubPath { volume, container, source }
            })?;
            all.parts.push(Part { at: at.clone(), volume: volume.path.clone(), path: part.clone() });
        }
        let read_only = match (plan.read_only || volume.read_only, plan.recursive) {
            (false, _) => ReadOnly::No,
            (true, Recursive::Disabled) => ReadOnly::Itself,
            (true, Recursive::IfPossible | Recursive::Enabled) => ReadOnly::AllBelow,
        };
        let propagation = match plan.propagation {
            MountPropagation::None => Propagation::Private,
            MountPropagation::HostToContainer => Propagation::Slave,
            MountPropagation::Bidirectional => Propagation::Shared,
        };
        let (nosuid, nodev, noexec) = (volume.inert, volume.inert, volume.inert);
        let attributes = Attributes { read_only, nosuid, nodev, noexec };
        all.mounts.push(Mount { at, what: What::Bind { source, below: Below::Along }, attributes, propagation });
    }
    // What is mounted in another mount comes after it.
    all.mounts.sort_by_key(|mount| mount.at.components().filter(|part| *part != Component::RootDir).count());
    Ok(all)
}

/// Opens parts of volumes, by where they are mounted.
///
/// # Errors
/// One is not there, or outside of its volume.
pub(crate) fn parts(parts: &[Part], root: impl AsFd) -> std::io::Result<BTreeMap<PathBuf, OwnedFd>> {
    let open = |part: &Part| Ok((part.at.clone(), open_part(root.as_fd(), &part.volume, &part.path)?));
    parts.iter().map(open).collect()
}

/// Opens what is there in a volume, by its path in it.
///
/// # Errors
/// It is not there, or outside of the volume.
pub(crate) fn existing(root: impl AsFd, volume: &Path, path: &str) -> std::io::Result<OwnedFd> {
    sub_path::existing(open_volume(root, volume)?.as_fd(), path)
}

fn open_part(root: impl AsFd, volume: &Path, part: &str) -> std::io::Result<OwnedFd> {
    sub_path::open(open_volume(root, volume)?.as_fd(), part)
}

fn open_volume(root: impl AsFd, volume: &Path) -> std::io::Result<OwnedFd> {
    use nix::fcntl::{OFlag, OpenHow, ResolveFlag, openat2};
    // The way to a volume is ours, and leads through no link.
    let within = volume.strip_prefix("/").unwrap_or(volume);
    let resolve = ResolveFlag::RESOLVE_IN_ROOT | ResolveFlag::RESOLVE_NO_MAGICLINKS;
    let how = OpenHow::new().flags(OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC).resolve(resolve);
    Ok(openat2(root, within, how)?)
}

/// The root directory of a pod, by its pause.
///
/// # Errors
/// It has ended, or may not be looked at.
pub(crate) fn root_of(pid: i32) -> Result<OwnedFd, VolumeError> {
    let path = format!("/proc/{pid}/root");
    let opened = File::options().read(true).custom_flags(libc::O_PATH | libc::O_DIRECTORY).open(&path);
    opened.map(OwnedFd::from).map_err(file("open", path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn plan(volume: &str, at: &str) -> MountPlan {
        MountPlan {
            volume: volume.to_owned(),
            at: at.into(),
            sub_path: None,
            read_only: false,
            recursive: Recursive::Disabled,
            propagation: MountPropagation::None,
        }
    }

    fn root() -> File {
        File::open("/").expect("there is one")
    }

    #[test]
    fn mounts_are_as_they_are_wanted_and_outer_ones_come_first() {
        let provided = |path: &str, read_only| Provided { path: path.into(), read_only, inert: false };
        let volumes = [("v".to_owned(), provided("/v", false)), ("s".to_owned(), provided("/s", true))].into();
        let deep = MountPlan { read_only: true, recursive: Recursive::Enabled, ..plan("v", "/data/deep/er") };
        let shared = MountPlan { propagation: MountPropagation::Bidirectional, ..plan("v", "relative/") };
        let mounted = mounted("c", &[deep, shared, plan("s", "/secret")], &volumes, root()).expect("volumes");
        let shown: Vec<_> = mounted
            .mounts
            .iter()
            .map(|mount| (mount.at.to_str().expect("text"), mount.attributes.read_only, mount.propagation))
            .collect();
        let expected = [
            ("/relative", ReadOnly::No, Propagation::Shared),
            ("/secret", ReadOnly::Itself, Propagation::Private),
            ("/data/deep/er", ReadOnly::AllBelow, Propagation::Private),
        ];
        assert_eq!(shown, expected);
        assert!(super::mounted("c", &[plan("none", "/x")], &volumes, root()).is_err());
    }

    #[test]
    fn a_part_of_a_volume_is_held_and_one_outside_is_refused_without_a_path() {
        let place = tempfile::tempdir().expect("a directory");
        let path = fs::canonicalize(place.path()).expect("there");
        fs::create_dir(path.join("sub")).expect("ours");
        std::os::unix::fs::symlink("/etc", path.join("out")).expect("ours");
        let volumes = [("v".to_owned(), Provided { path: path.clone(), read_only: false, inert: false })].into();
        let part = |name: &str| MountPlan { sub_path: Some(name.to_owned()), ..plan("v", "/data") };
        let mounted = mounted("c", &[part("sub")], &volumes, root()).expect("a part");
        let held = parts(&mounted.parts, root()).expect("it is there");
        assert!(held.contains_key(Path::new("/data")));
        let refused = super::mounted("c", &[part("out")], &volumes, root()).expect_err("it is outside").to_string();
        assert_eq!(refused, "failed to prepare subPath for volumeMount \"v\" of container \"c\"");
    }
}
