//! The writable layers of a pod's containers: in the store of images, and known to the pod before they
//! are there, so that whoever removes the pod removes them.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, Permissions};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use container::ContainerPlan;
use container::plan::{Root, Writable};
use image::{Prepared, Store};
use registry::{Name, PodDirectory, file, tree};

use crate::error::Error;
use crate::images;
use crate::plan::Share;
use crate::record::PodRecord;

/// In a pod's directory: a file for each, called after it, that says in which store it is.
const KNOWN: &str = "instances";

/// Where every pod that has its own IPC sees what is its own, and nothing of the machine's.
const COVERED: &str = "/dev/shm";

/// Refuses what a container of this pod is made of where the pod does not see it.
///
/// # Errors
/// It is there.
fn is_seen(directory: &PodDirectory, store: &Store) -> Result<(), Error> {
    let mut places = [directory.path(), store.root()].into_iter();
    match places.find(|place| place.starts_with(COVERED)) {
        Some(place) if directory.pod::<PodRecord>()?.plan.share().contains(&Share::Ipc) => {
            Err(Error::Covered { path: place.to_owned(), by: COVERED })
        }
        _ => Ok(()),
    }
}

/// Makes a writable layer for a container of this image.
pub(crate) fn make(directory: &PodDirectory, store: &Store, prepared: &Prepared) -> Result<Writable, Error> {
    is_seen(directory, store)?;
    let known = directory.path().join(KNOWN);
    fs::create_dir_all(&known).map_err(file("create", &known))?;
    let name = name(&mut fs::File::open("/dev/urandom").map_err(file("open", "/dev/urandom"))?)?;
    let record = known.join(name.as_str());
    fs::write(&record, store.root().as_os_str().as_bytes()).map_err(file("write", &record))?;
    let made = fill(store, &name, prepared);
    if made.is_err() {
        // The error is what there is to tell; what stays goes with the pod.
        let _goes_with_the_pod = forget(&record);
    }
    made
}

fn fill(store: &Store, name: &Name, prepared: &Prepared) -> Result<Writable, Error> {
    let path = store.make_instance(name, &prepared.pin()).map_err(image::ImageError::from)?;
    // It goes with the container, which goes with the machine.
    let writable = Writable { upper: path.join("upper"), work: path.join("work"), volatile: true };
    for directory in [&writable.upper, &writable.work] {
        DirBuilder::new().mode(0o700).create(directory).map_err(file("create", directory))?;
    }
    // The container's root directory has the mode of this one.
    fs::set_permissions(&writable.upper, Permissions::from_mode(0o755)).map_err(file("open up", &writable.upper))?;
    Ok(writable)
}

/// A copy of the layers, in place of an overlay over them; `None` of a root directory that has none.
///
/// # Errors
/// When they cannot be copied.
pub(crate) fn copied(root: &Root) -> Result<Option<Root>, Error> {
    let Root::Layers { lowers, writable } = root else { return Ok(None) };
    let place = writable.upper.parent().unwrap_or(&writable.upper);
    let store = place.ancestors().nth(2).map(images::look).transpose().map_err(image::ImageError::from)?.flatten();
    let Some(store) = store else { return Ok(None) };
    let path = place.join("root");
    DirBuilder::new().mode(0o755).create(&path).map_err(file("create", &path))?;
    fs::set_permissions(&path, Permissions::from_mode(0o755)).map_err(file("open up", &path))?;
    store.lay_flat(lowers, &path).map_err(|source| Error::Copy { path: path.clone(), source })?;
    Ok(Some(Root::Directory(path)))
}

fn name(random: &mut impl std::io::Read) -> Result<Name, Error> {
    let mut bytes = [0; 16];
    random.read_exact(&mut bytes).map_err(file("read", "/dev/urandom"))?;
    let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    text.parse().map_err(|_| Error::Hearing(std::io::ErrorKind::InvalidData.into()))
}

/// Removes the writable layer of a container that is no more, if it had one.
///
/// # Errors
/// When it cannot be removed.
pub(crate) fn remove(directory: &PodDirectory, plan: &ContainerPlan) -> Result<(), Error> {
    remove_root(directory, &plan.parts().root)
}

/// Where the writable layer of a container is, or the copy that it has in its place; `None` of one whose root directory
/// is somebody's.
pub(crate) fn own(plan: &ContainerPlan) -> Option<&Path> {
    place(&plan.parts().root).filter(|place| place.parent().is_some_and(|all| all.ends_with("containers")))
}

fn place(root: &Root) -> Option<&Path> {
    let own = match root {
        Root::Layers { writable, .. } => &writable.upper,
        Root::Directory(path) => path,
    };
    own.parent()
}

/// Removes the writable layer of this root directory, if it has one.
///
/// # Errors
/// When it cannot be removed.
pub(crate) fn remove_root(directory: &PodDirectory, root: &Root) -> Result<(), Error> {
    // Of a directory that is none of ours nothing is known.
    let Some(name) = place(root).and_then(Path::file_name) else { return Ok(()) };
    forget(&directory.path().join(KNOWN).join(name))
}

/// Removes those of all containers of a pod of which nothing runs.
///
/// # Errors
/// When one cannot be removed.
pub(crate) fn remove_all(directory: &PodDirectory) -> Result<(), Error> {
    let known = directory.path().join(KNOWN);
    for name in tree::names(&known)? {
        forget(&known.join(name))?;
    }
    Ok(())
}

/// Where those are of a pod in this directory, as far as that can be read.
pub(crate) fn places(directory: &Path) -> Vec<PathBuf> {
    let known = directory.join(KNOWN);
    let place = |name: &OsString| {
        let root = fs::read(known.join(name)).ok()?;
        Some(Path::new(&OsString::from_vec(root)).join("containers").join(name))
    };
    tree::names(&known).unwrap_or_default().iter().filter_map(place).collect()
}

fn forget(record: &Path) -> Result<(), Error> {
    let root = match fs::read(record) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        read => PathBuf::from(OsString::from_vec(read.map_err(file("read", record))?)),
    };
    let name = record.file_name().and_then(|name| name.to_str()?.parse::<Name>().ok());
    // Of a record that was cut short nothing was made.
    if let (Some(name), true) = (name, root.is_absolute())
        && let Some(store) = images::look(&root).map_err(image::ImageError::from)?
    {
        store.remove_instance(&name).map_err(image::ImageError::from)?;
    }
    fs::remove_file(record).map_err(file("remove", record))?;
    Ok(())
}
