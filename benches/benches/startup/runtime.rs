//! OCI runtimes, with a bundle of the same pause and the same namespaces.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use serde_json::json;

use crate::place::{Place, find, named_in, time, works};
use crate::rivals::{RUNTIMES, name_of};

/// A runtime that is spoken to as runc is.
pub(super) struct Runtime {
    pub(super) case: String,
    program: Option<PathBuf>,
    directory: PathBuf,
    id: String,
}

impl Runtime {
    /// Those on this machine, and those that are named.
    pub(super) fn all(place: &Place) -> Vec<Self> {
        let usual = ["runc", "crun"].map(|name| (name.to_owned(), find(name)));
        let named = named_in(RUNTIMES).into_iter().map(|path| (name_of(&path), Some(path)));
        let runtime = |(name, program): (String, Option<PathBuf>)| Self {
            case: format!("{name} run"),
            program,
            directory: bundle(place, &name),
            id: format!("podkit-bench-{}", std::process::id()),
        };
        usual.into_iter().chain(named).map(runtime).collect()
    }

    /// Whether it is here, and can make a container; if not, its own words.
    pub(super) fn works(&self) -> Result<(), String> {
        if self.program.is_none() {
            return Err("not on this machine".to_owned());
        }
        let tried = works(&mut self.command(&["run", "--detach", "--bundle"], &[&self.bundle()]));
        // Of one that it could not make there may be something left.
        let deleted = works(&mut self.command(&["delete", "--force"], &[]));
        tried.and(deleted)
    }

    pub(super) fn run(&self) -> Duration {
        time(&mut self.command(&["run", "--detach", "--bundle"], &[&self.bundle()]))
    }

    pub(super) fn delete(&self) -> Duration {
        time(&mut self.command(&["delete", "--force"], &[]))
    }

    fn bundle(&self) -> String {
        self.directory.display().to_string()
    }

    fn command(&self, verb: &[&str], arguments: &[&str]) -> Command {
        let mut command = Command::new(self.program.as_ref().expect("a runtime that works"));
        command.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::null());
        command.arg("--root").arg(self.directory.join("state")).args(verb).args(arguments).arg(&self.id);
        command
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        if self.program.is_some() && self.directory.join("state").join(&self.id).exists() {
            let _told = self.command(&["delete", "--force"], &[]).status();
        }
    }
}

/// A directory with a root for pause, and a configuration as a pod has it.
fn bundle(place: &Place, name: &str) -> PathBuf {
    let directory = place.work().join(format!("bundle-{name}"));
    let root = directory.join("rootfs");
    for inner in ["proc", "dev"] {
        fs::create_dir_all(root.join(inner)).expect("a root");
    }
    fs::copy(place.ours("pause"), root.join("pause")).expect("a pause");
    let mount = |kind, target| json!({ "type": kind, "source": kind, "destination": target });
    let namespaces = ["pid", "network", "ipc", "uts", "mount"].map(|kind| json!({ "type": kind }));
    let config = json!({
        "ociVersion": "1.0.2",
        "process": {
            "args": ["/pause"],
            "cwd": "/",
            "env": [],
            "user": { "uid": 65535, "gid": 65535 },
            "noNewPrivileges": true,
        },
        "root": { "path": "rootfs" },
        "hostname": "bench",
        "mounts": [mount("proc", "/proc"), mount("tmpfs", "/dev"), mount("tmpfs", "/dev/shm"), mount("mqueue", "/dev/mqueue")],
        "linux": { "namespaces": namespaces },
    });
    fs::write(directory.join("config.json"), config.to_string()).expect("a configuration");
    directory
}
