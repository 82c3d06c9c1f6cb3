//! The hierarchies of control groups that are mounted here.

use std::path::Path;

use launch::open::mounts;
use procfs::process::MountInfo;

use crate::error::Error;
use crate::lower::Hierarchy;

const WHERE: &str = "/sys/fs/cgroup";

/// What a container is shown of them, in the places in which we see them.
pub(super) fn read() -> Result<Vec<Hierarchy>, Error> {
    Ok(mounts::of_cgroups().map_err(Error::Look)?.iter().filter_map(hierarchy).collect())
}

fn hierarchy(mount: &MountInfo) -> Option<Hierarchy> {
    let directory = mount.mount_point.strip_prefix(WHERE).ok()?;
    let directory = match directory.components().count() {
        0 => None,
        1 => Some(directory.to_str()?.to_owned()),
        _ => return None,
    };
    let options = match mount.fs_type.as_str() {
        "cgroup2" => None,
        "cgroup" => {
            let all = mount.super_options.iter();
            let usual =
                |key: &str| matches!(key, "rw" | "ro" | "seclabel" | "release_agent" | "xattr" | "clone_children");
            let told = all.filter(|(key, _)| !usual(key));
            Some(told.map(|(key, value)| text(key, value.as_deref())).collect())
        }
        _ => return None,
    };
    // Where a hierarchy of its own has no controllers and no name, nothing can be asked for.
    (options.as_ref().is_none_or(|options: &Vec<String>| !options.is_empty()) && Path::new(WHERE).is_absolute())
        .then_some(Hierarchy { directory, options })
}

fn text(key: &str, value: Option<&str>) -> String {
    value.map_or_else(|| key.to_owned(), |value| format!("{key}={value}"))
}
