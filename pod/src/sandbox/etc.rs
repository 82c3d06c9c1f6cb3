//! The pod's own files of /etc.

use std::ffi::CString;
use std::fs::{self, File, Permissions};
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use launch::Identity;
use launch::op::{Mount, Op};
use network::Attachment;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, openat2};
use nix::mount::MsFlags;
use nsjoin::Target;
use registry::{PodDirectory, RegistryError, file};

use super::who::entered_to_mount;
use crate::compile::Dns;
use crate::error::Error;
use crate::plan::{PodPlan, Share};

/// The files, and what has to be shared for the pod to have one of its own.
const FILES: [(Share, &str); 3] = [(Share::Uts, "hostname"), (Share::Net, "hosts"), (Share::Net, "resolv.conf")];

/// The names of all of them.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    FILES.into_iter().map(|(_, name)| name)
}

fn text(plan: &PodPlan, name: &str, given: &Attachment) -> String {
    let hostname = plan.hostname().as_str();
    let addresses = given.ips();
    match name {
        "hostname" => format!("{hostname}\n"),
        "hosts" => {
            let own = if addresses.is_empty() { vec![IpAddr::V4(Ipv4Addr::LOCALHOST)] } else { addresses };
            let own: String = own.iter().map(|address| format!("{address}\t{hostname}\n")).collect();
            format!("127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n{own}")
        }
        _ if !given.resolvers.is_empty() => {
            // Whoever connects it has said why this could not be read.
            let (machines, _said) = crate::connect::machines();
            Dns::by_hand(&given.resolvers, &machines).text()
        }
        _ => "# no name server can be reached from this pod\n".to_owned(),
    }
}

/// Writes the pod's own files, readable by every user inside.
pub(super) fn write(plan: &PodPlan, directory: &PodDirectory, given: &Attachment) -> Result<(), Error> {
    let etc = directory.etc("");
    fs::create_dir(&etc).map_err(file("create", &etc))?;
    for (_, name) in FILES.into_iter().filter(|(share, _)| plan.shares(*share)) {
        let path = directory.etc(name);
        let mut made = File::create_new(&path).map_err(file("create", &path))?;
        made.write_all(text(plan, name, given).as_bytes()).map_err(file("write", &path))?;
        // Whatever our umask: who runs inside as somebody else must be able to read it.
        made.set_permissions(Permissions::from_mode(0o644)).map_err(file("open up", &path))?;
    }
    Ok(())
}

/// Writes anew what depends on what the pod was given in its network since there is a sandbox. What is mounted is the
/// file, and not its name.
pub(crate) fn rewrite(plan: &PodPlan, directory: &PodDirectory, attachment: &Attachment) -> Result<(), RegistryError> {
    if !plan.shares(Share::Net) {
        return Ok(());
    }
    let servers: String = attachment.resolvers.iter().map(|server| format!("nameserver {server}\n")).collect();
    let searches = attachment.searches.join(" ");
    let searches = if searches.is_empty() { searches } else { format!("search {searches}\n") };
    let none = || text(plan, "resolv.conf", &Attachment::default());
    let resolv_conf = if servers.is_empty() { none() } else { searches + &servers };
    for (name, text) in [("hosts", text(plan, "hosts", attachment)), ("resolv.conf", resolv_conf)] {
        let path = directory.etc(name);
        fs::write(&path, text).map_err(file("write", &path))?;
    }
    Ok(())
}

/// What puts them into their places.
pub(super) fn mounts(plan: &PodPlan, directory: &PodDirectory) -> Vec<Mount> {
    let own = FILES.into_iter().filter(|(share, _)| plan.shares(*share));
    own.map(|(_, name)| bind(&directory.etc(name), name)).collect()
}

/// Puts those back into their places that the host has taken them out of.
///
/// Where the host puts a file in the place of another by its name, as editors and network managers do,
/// the kernel takes away whatever is mounted there, in every mount namespace. An overlay over /etc
/// would not mind, but what a pod has once seen of it would never change again: a configuration that
/// is edited on the host, a certificate that is renewed. So the host's /etc is the pod's, live, and
/// the three files are looked after.
///
/// # Errors
/// When the pod is gone, may not be entered, or the files cannot be put there.
pub(crate) fn mend(pause: Identity, directory: &PodDirectory) -> Result<(), Error> {
    let Some(root) = root_of(pause) else { return Ok(()) };
    let lost: Vec<_> = names().filter(|name| is_lost(root.as_fd(), directory, name)).collect();
    let mut binds = Vec::new();
    for name in lost {
        // Whoever is at work in the pod's directory names it by that, and inside it is another.
        let own = directory.etc(name);
        let own = fs::canonicalize(&own).map_err(file("find", &own))?;
        binds.push(Op::Mount(bind(&own, name)));
    }
    if binds.is_empty() {
        return Ok(());
    }
    nsjoin::errand(&Target::Process(pause), entered_to_mount(), binds)?;
    Ok(())
}

/// The root directory of the pod; that of one that has just ended nobody needs. That it was the pod's,
/// and not that of a later process of its pid, whoever enters finds out.
fn root_of(pause: Identity) -> Option<OwnedFd> {
    let root = File::options()
        .read(true)
        .custom_flags(libc::O_PATH | libc::O_DIRECTORY)
        .open(format!("/proc/{}/root", pause.pid));
    root.ok().map(OwnedFd::from)
}

/// Whether there is a file of the pod's own, and another in its place; where there is no place, none
/// was taken away. Before Linux 5.6 nobody can tell, and it stays as it is.
fn is_lost(root: BorrowedFd<'_>, directory: &PodDirectory, name: &str) -> bool {
    let how = OpenHow::new().flags(OFlag::O_PATH | OFlag::O_CLOEXEC).resolve(ResolveFlag::RESOLVE_IN_ROOT);
    let shown = openat2(root, &Path::new("etc").join(name), how).map(File::from);
    match (fs::metadata(directory.etc(name)), shown.map(|shown| shown.metadata())) {
        (Ok(own), Ok(Ok(shown))) => (own.dev(), own.ino()) != (shown.dev(), shown.ino()),
        _ => false,
    }
}

fn bind(own: &Path, name: &str) -> Mount {
    Mount {
        source: c_path(own),
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
