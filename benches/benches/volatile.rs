//! A directory in memory, as /run is: what programs keep for as long as they run is there, ours and theirs.
//!
//! Not one of the machine's own: pods and engines have a /dev/shm and a /run of their own, in which nothing of ours is.

use std::path::Path;

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::geteuid;
use tempfile::TempDir;

/// It goes with us, whatever ends us: whatever is mounted is seen by nobody but us and who comes of us.
#[derive(Debug)]
pub(crate) struct Volatile {
    directory: TempDir,
    mounted: bool,
}

impl Volatile {
    /// Who may not mount has /dev/shm, and makes no containers. Has to be called before there are threads.
    ///
    /// # Panics
    /// When there is no such directory: then there is nothing to measure in.
    pub(crate) fn new() -> Self {
        let within = |place: &str| tempfile::Builder::new().prefix("podkit-bench-").tempdir_in(place);
        if geteuid().is_root() {
            let directory = within("/tmp").or_else(|_| TempDir::new()).expect("a temporary directory");
            let none = None::<&str>;
            let mounted = unshare(CloneFlags::CLONE_NEWNS)
                .and_then(|()| mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_SLAVE, none))
                .and_then(|()| {
                    mount(Some("tmpfs"), directory.path(), Some("tmpfs"), MsFlags::empty(), Some("mode=0755"))
                });
            match mounted {
                Ok(()) => return Self { directory, mounted: true },
                Err(errno) => eprintln!("no mounts of our own: {errno}"),
            }
        }
        let directory = within("/dev/shm").or_else(|_| TempDir::new()).expect("a temporary directory");
        Self { directory, mounted: false }
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }
}

impl Drop for Volatile {
    fn drop(&mut self) {
        if self.mounted {
            // What is mounted goes with us.
            let _gone = umount2(self.directory.path(), MntFlags::MNT_DETACH);
        }
    }
}
