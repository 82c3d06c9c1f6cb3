//! The pod's own files of /etc.

use std::ffi::CString;
use std::fs::{self, File, Permissions};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use launch::op::Mount;
use nix::mount::MsFlags;

use registry::{PodDirectory, file};

use crate::error::Error;
use crate::plan::{PodPlan, Share};

/// The files, and what has to be shared for the pod to have one of its own.
const FILES: [(Share, &str); 3] = [(Share::Uts, "hostname"), (Share::Net, "hosts"), (Share::Net, "resolv.conf")];

fn text(plan: &PodPlan, name: &str) -> String {
    let hostname = plan.hostname().as_str();
    match name {
        "hostname" => format!("{hostname}\n"),
        "hosts" => format!("127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n127.0.0.1\t{hostname}\n"),
        _ => "# no name server can be reached from this pod\n".to_owned(),
    }
}

/// Writes the pod's own files, readable by every user inside.
pub(super) fn write(plan: &PodPlan, directory: &PodDirectory) -> Result<(), Error> {
    let etc = directory.etc("");
    fs::create_dir(&etc).map_err(file("create", &etc))?;
    for (_, name) in FILES.into_iter().filter(|(share, _)| plan.shares(*share)) {
        let path = directory.etc(name);
        let mut made = File::create_new(&path).map_err(file("create", &path))?;
        made.write_all(text(plan, name).as_bytes()).map_err(file("write", &path))?;
        // Whatever our umask: who runs inside as somebody else must be able to read it.
        made.set_permissions(Permissions::from_mode(0o644)).map_err(file("open up", &path))?;
    }
    Ok(())
}

/// What puts them into their places.
pub(super) fn mounts(plan: &PodPlan, directory: &PodDirectory) -> Vec<Mount> {
    let own = FILES.into_iter().filter(|(share, _)| plan.shares(*share));
    own.map(|(_, name)| bind(directory, name)).collect()
}

fn bind(directory: &PodDirectory, name: &str) -> Mount {
    Mount {
        source: c_path(&directory.etc(name)),
        target: c_path(&Path::new("/etc").join(name)),
        kind: None,
        flags: MsFlags::MS_BIND,
        data: None,
    }
}

/// The path as the kernel takes it. It came from the kernel or the environment, where a zero byte
/// would have ended it; one that has one all the same names nothing that could be mounted.
fn c_path(path: &Path) -> CString {
    CString::new(path.as_os_str().as_bytes()).unwrap_or_default()
}
