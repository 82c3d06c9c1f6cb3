//! The sandbox: from a plan to a pause process that holds a pod's namespaces.
//!
//! Everything that can fail is opened or written before the clone; the child then takes the steps
//! in the order of `sys/child.rs` and becomes pause. What the machine has no place for (a
//! /dev/mqueue where there is none, say) is left out and told.

use std::ffi::{CStr, CString};
use std::fs::{self, File, Permissions};
use std::io::Write;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use caps::{CapSet, Capability};
use nix::errno::Errno;
use nix::mount::MsFlags;
use nix::unistd::{getegid, geteuid};

use registry::{PodDirectory, Process, file};

use crate::error::Error;
use crate::plan::{PodPlan, Share};
use crate::record::Missing;
use crate::sys::{self, IdMaps, Mount, Need, RunsAs, Script};

/// A sandbox of which everything is at hand.
#[derive(Debug)]
pub(crate) struct Opened {
    script: Script,
    /// What the script's descriptors belong to.
    _files: [OwnedFd; 3],
}

impl Opened {
    /// Opens and writes what the sandbox of this pod needs.
    pub(crate) fn open(plan: &PodPlan, directory: &PodDirectory, pause: &Path) -> Result<Self, Error> {
        let program = File::options().read(true).custom_flags(libc::O_PATH).open(pause).map_err(file("open", pause))?;
        let record = File::create_new(directory.process(Process::Pause))
            .map_err(file("create", directory.process(Process::Pause)))?;
        let proc = File::options().read(true).custom_flags(libc::O_PATH | libc::O_DIRECTORY).open("/proc");
        let files: [OwnedFd; 3] = [program.into(), record.into(), proc.map_err(file("open", "/proc"))?.into()];
        let [program, record, proc] = files.each_ref().map(AsRawFd::as_raw_fd);
        write_etc(plan, directory)?;
        let privileged = caps::has_cap(None, CapSet::Effective, Capability::CAP_SYS_ADMIN).unwrap_or(false);
        let script = Script {
            program,
            record,
            proc,
            namespaces: plan.share().iter().map(|share| share.kind()).collect(),
            id_maps: (!privileged).then(id_maps),
            runs_as: if privileged { RunsAs::Nobody } else { RunsAs::Ourselves },
            mounts: mounts(plan, directory),
            hostname: plan.shares(Share::Uts).then(|| plan.hostname().as_str().as_bytes().to_vec()),
            loopback: plan.shares(Share::Net),
        };
        Ok(Self { script, _files: files })
    }

    /// Makes the sandbox; hands back what it has to do without.
    pub(crate) fn run(self) -> Result<Vec<Missing>, Error> {
        let skipped = sys::create(&self.script)
            .map_err(|failure| Error::Sandbox { step: self.script.describe(failure.step), source: failure.errno })?;
        let missing = skipped.into_iter().map(|(index, errno)| Missing {
            mount: self.script.mounts[index].target.to_string_lossy().into_owned(),
            reason: errno.desc().to_owned(),
        });
        Ok(missing.collect())
    }
}

/// Ourselves as the root of a user namespace of our own, and nobody else.
///
/// # References
/// `user_namespaces`(7), "Defining user and group ID mappings"
fn id_maps() -> IdMaps {
    IdMaps { uid: format!("0 {} 1\n", geteuid()).into_bytes(), gid: format!("0 {} 1\n", getegid()).into_bytes() }
}

/// Writes the pod's own files of /etc, readable by every user inside.
fn write_etc(plan: &PodPlan, directory: &PodDirectory) -> Result<(), Error> {
    let hostname = plan.hostname().as_str();
    let files = [
        (Share::Uts, "hostname", format!("{hostname}\n")),
        (
            Share::Net,
            "hosts",
            format!("127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n127.0.0.1\t{hostname}\n"),
        ),
        (Share::Net, "resolv.conf", "# no name server can be reached from this pod\n".to_owned()),
    ];
    let etc = directory.etc("");
    fs::create_dir(&etc).map_err(file("create", &etc))?;
    for (share, name, text) in files {
        if plan.shares(share) {
            let path = directory.etc(name);
            let mut made = File::create_new(&path).map_err(file("create", &path))?;
            made.write_all(text.as_bytes()).map_err(file("write", &path))?;
            // Whatever our umask: who runs inside as somebody else must be able to read it.
            made.set_permissions(Permissions::from_mode(0o644)).map_err(file("open up", &path))?;
        }
    }
    Ok(())
}

/// The mounts of the pod, in order. What is mounted over must be there on the host; not every host
/// has all of it.
fn mounts(plan: &PodPlan, directory: &PodDirectory) -> Vec<Mount> {
    let bind = |name: &str| Mount {
        source: c_path(&directory.etc(name)),
        target: c_path(&Path::new("/etc").join(name)),
        kind: None,
        flags: MsFlags::MS_BIND,
        data: None,
        need: Need::Prefer,
    };
    let own = |kind: &CStr, target: &CStr, data: Option<&CStr>, need| Mount {
        source: kind.to_owned(),
        target: target.to_owned(),
        kind: Some(kind.to_owned()),
        flags: MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC,
        data: data.map(CStr::to_owned),
        need,
    };
    // First those that are made of files, while every path still leads where it led.
    let mut mounts = Vec::new();
    if plan.shares(Share::Uts) {
        mounts.push(bind("hostname"));
    }
    if plan.shares(Share::Net) {
        mounts.extend(["hosts", "resolv.conf"].map(bind));
    }
    mounts.push(own(c"proc", c"/proc", None, Need::Must));
    if plan.shares(Share::Ipc) {
        // POSIX shared memory is a mount, not part of the IPC namespace.
        mounts.push(own(c"tmpfs", c"/dev/shm", Some(c"mode=1777,size=64m"), Need::Prefer));
        mounts.push(own(c"mqueue", c"/dev/mqueue", None, Need::Prefer));
    }
    mounts
}

/// The path as the kernel takes it. It came from the kernel or the environment, where a zero byte
/// would have ended it; one that has one all the same names nothing that could be mounted.
fn c_path(path: &Path) -> CString {
    CString::new(path.as_os_str().as_bytes()).unwrap_or_default()
}

impl Script {
    /// A step's name for people.
    fn describe(&self, step: sys::Step) -> String {
        use sys::Step;
        match step {
            Step::Clone => "make the namespaces of the pod".to_owned(),
            Step::Vanish => "finish the sandbox: its process was killed".to_owned(),
            Step::Record => "record the pause process".to_owned(),
            Step::IdMaps => "map our ids into the user namespace".to_owned(),
            Step::OwnMounts => "keep the pod's mounts private".to_owned(),
            Step::Mount(index) => match self.mounts.get(index) {
                Some(mount) => format!("mount {}", mount.target.to_string_lossy()),
                None => "mount".to_owned(),
            },
            Step::Hostname => "set the pod's hostname".to_owned(),
            Step::Loopback => "bring the pod's loopback up".to_owned(),
            Step::Session => "leave our session".to_owned(),
            Step::Stdio => "leave our stdin, stdout and stderr".to_owned(),
            Step::Directory => "leave our directory".to_owned(),
            Step::Credentials => "give up our privileges".to_owned(),
            Step::Execute => "execute the pause program".to_owned(),
        }
    }

    /// Whether the kernel's answer to a mount may be lived with.
    pub(crate) fn can_do_without(need: Need, errno: Errno) -> bool {
        // The place is not there, the kernel lacks the file system, or a container around us hides
        // parts of what would be shown.
        need == Need::Prefer && matches!(errno, Errno::ENOENT | Errno::ENODEV | Errno::EPERM | Errno::ENOTDIR)
    }
}
