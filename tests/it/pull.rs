//! Images pulled: from a real registry, and from one that does what no registry should.

mod bad;
pub(crate) mod layout;
mod real;
pub(crate) mod server;
mod who;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::Trial;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::house::{House, Ran, User};

pub(crate) fn trials() -> Vec<Trial> {
    [real::trials(), who::trials(), bad::trials()].into_iter().flatten().collect()
}

/// A house with a store, a home, and a machine's configuration of its own.
struct Place {
    house: House,
}

impl Place {
    fn new(user: User) -> Self {
        let place = Self { house: House::new(user) };
        // As whoever runs the programs, so that all of it is theirs.
        place.house.finish(place.house.command("mkdir").args(["-p", "home", "config"])).ok();
        place.configure("");
        place
    }

    /// What registries.conf says.
    fn configure(&self, text: &str) {
        fs::write(self.house.work().join("registries.conf"), text).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.house.work().join(name)
    }

    fn command(&self, program: &str) -> Command {
        let mut command = self.house.command(program);
        let path = std::env::var("PATH").unwrap_or_default();
        command.env("PATH", format!("{}:{path}:/usr/sbin", crate::house::binaries().display()));
        for name in
            ["REGISTRY_AUTH_FILE", "DOCKER_CONFIG", "XDG_RUNTIME_DIR", "http_proxy", "HTTP_PROXY", "https_proxy"]
        {
            command.env_remove(name);
        }
        command
            .env("HOME", self.path("home"))
            .env("XDG_CONFIG_HOME", self.path("config"))
            .env("CONTAINERS_REGISTRIES_CONF", self.path("registries.conf"))
            .env("POD_DATA_DIR", self.path("data"));
        command
    }

    /// A pull, not finished yet. What may go well the next time is not waited for long.
    fn pulling(&self, arguments: &[&str]) -> Command {
        let mut command = self.command("pod");
        command.args(["image", "pull", "--retry-delay", "1ms"]).args(arguments);
        command
    }

    fn pull(&self, arguments: &[&str]) -> Ran {
        self.house.finish(&mut self.pulling(arguments))
    }

    /// The digests of the whole blobs, each of which is what it is called.
    fn blobs(&self) -> Vec<String> {
        let mut found: Vec<_> = names(&self.path("data/blobs/sha256"));
        for name in &found {
            let bytes = fs::read(self.path("data/blobs/sha256").join(name)).unwrap();
            assert_eq!(hex(&bytes), *name, "a blob is another");
        }
        found.sort();
        found
    }

    /// What the store has names for.
    fn references(&self) -> Vec<Value> {
        let directory = self.path("data/references");
        let read = |name: &String| serde_json::from_slice(&fs::read(directory.join(name)).unwrap()).unwrap();
        names(&directory).iter().map(read).collect()
    }

    /// Nothing is used of an image that did not come: it has no name.
    #[track_caller]
    fn has_no_image(&self) {
        assert_eq!(self.references(), [] as [Value; 0]);
    }

    /// And nothing of it is there at all.
    #[track_caller]
    fn has_nothing(&self) {
        self.has_no_image();
        for name in ["blobs/sha256", "ingest", "work", "layers"] {
            assert_eq!(names(&self.path("data").join(name)), [] as [&str; 0], "{name}");
        }
    }
}

/// What is in a directory, if there is one.
fn names(directory: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex(bytes))
}
