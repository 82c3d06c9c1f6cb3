//! What another runtime is told of a container, and keeps of it, in the pod's directory; and which process
//! is the container's, when the one that we have launched is the runtime.

use std::fs::{self};
use std::io;
use std::path::{Path, PathBuf};

use container::runtime::PID;
use launch::Identity;
use registry::{Name, PodDirectory, file, tree};

use crate::error::Error;

/// In a pod's directory: a directory for each container that another runtime runs, called after it.
const BUNDLES: &str = "bundles";

/// Makes the directory of a container, empty, and says where it is from the root on.
pub(crate) fn make(directory: &PodDirectory, name: &Name) -> Result<PathBuf, Error> {
    remove(directory, name)?;
    let path = path(directory, name);
    tree::make(&path, 0o700)?;
    Ok(fs::canonicalize(&path).map_err(file("find", &path))?)
}

/// Removes it, if there is one. Nobody runs by it any more.
///
/// # Errors
/// When it cannot be removed.
pub(crate) fn remove(directory: &PodDirectory, name: &Name) -> Result<(), Error> {
    let path = path(directory, name);
    if path.exists() { Ok(tree::remove(&path)?) } else { Ok(()) }
}

fn path(directory: &PodDirectory, name: &Name) -> PathBuf {
    directory.path().join(BUNDLES).join(name.as_str())
}

/// The process of a container whose runtime is this one: the child of it that it calls so. `None` before
/// there is one, and when it has ended.
///
/// # Errors
/// When that cannot be seen.
pub(crate) fn process(directory: &PodDirectory, name: &Name, runtime: Identity) -> Result<Option<Identity>, Error> {
    let record = path(directory, name).join(PID);
    let told = match fs::read_to_string(&record) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        told => told.map_err(file("read", &record))?,
    };
    let Ok(told) = told.trim().parse::<i32>() else { return Ok(None) };
    let threads = PathBuf::from(format!("/proc/{}/task", runtime.pid));
    let mut found = None;
    for thread in tree::names(&threads)? {
        let path = threads.join(thread).join("children");
        let children = fs::read_to_string(&path).map_err(file("read", &path))?;
        let mut children = children.split_whitespace().filter_map(|pid| pid.parse::<i32>().ok());
        if let Some(child) = children.find(|child| is_called(*child, told)) {
            found = Identity::of(child).ok();
        }
    }
    // What was read by pid was its own, if it has not ended meanwhile.
    Ok(found.filter(|_| Identity::of(runtime.pid).is_ok_and(|now| now == runtime)))
}

/// Whether a process has this pid in some pid namespace.
fn is_called(pid: i32, told: i32) -> bool {
    let status = fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("status")).unwrap_or_default();
    let pids = status.lines().find_map(|line| line.strip_prefix("NSpid:")).unwrap_or_default();
    pids.split_whitespace().any(|one| one.parse() == Ok(told))
}
