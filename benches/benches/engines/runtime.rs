//! OCI runtimes, with a bundle of the same pause and the same namespaces.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use fixtures::find;
use serde_json::json;

use super::{Choice, Engine};
use crate::place::{Place, RUNTIMES, named_in, time, works};
use crate::rivals::name_of;

/// A runtime that is spoken to as runc is.
struct Runtime {
    program: PathBuf,
    directory: PathBuf,
    id: String,
}

/// Those that are usual, and those that are named.
pub(super) fn all() -> Vec<Choice> {
    let usual = ["runc", "crun"].map(|name| (name.to_owned(), find(name)));
    let named = named_in(RUNTIMES).into_iter().map(|path| (name_of(&path), Some(path)));
    let choice = |(name, program): (String, Option<PathBuf>)| {
        let (run, exec) = (format!("{name} run"), format!("{name} exec"));
        Choice::new(&run, Some(&exec), move |place| Ok(Box::new(Runtime::start(place, &name, program.clone())?)))
    };
    usual.into_iter().chain(named).map(choice).collect()
}

impl Runtime {
    /// Tries it: not every runtime takes every machine's cgroups.
    fn start(place: &Place, name: &str, program: Option<PathBuf>) -> Result<Self, String> {
        let program = program.ok_or("not on this machine")?;
        let id = format!("podkit-bench-{}", std::process::id());
        let runtime = Self { program, directory: bundle(place, name), id };
        let tried = works(&mut runtime.command(&["run", "--detach", "--bundle", &runtime.bundle()], &[]));
        // Of one that it could not make there may be something left.
        let deleted = works(&mut runtime.command(&["delete", "--force"], &[]));
        tried.and(deleted)?;
        Ok(runtime)
    }

    fn bundle(&self) -> String {
        self.directory.display().to_string()
    }

    fn command(&self, verb: &[&str], arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command.arg("--root").arg(self.directory.join("state")).args(verb).arg(&self.id).args(arguments);
        command
    }
}

impl Engine for Runtime {
    fn create(&self) -> Duration {
        time(&mut self.command(&["run", "--detach", "--bundle", &self.bundle()], &[]))
    }

    fn delete(&self) -> Duration {
        time(&mut self.command(&["delete", "--force"], &[]))
    }

    fn exec(&self) -> Option<Duration> {
        Some(time(&mut self.command(&["exec"], &["/pause", "-v"])))
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        if self.directory.join("state").join(&self.id).exists() {
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
