//! Those who make sandboxes for others, each with our pause: runtimes, and engines on a machine of their own.

mod containerd;
mod cri;
mod docker;
mod machine;
mod podman;
mod registry;
mod runtime;

use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use fixtures::find;

use crate::place::{Place, works, xtask};

pub(crate) use podman::Podman;
pub(crate) use registry::Registry;

/// One of them, with at most one sandbox at a time. What it has started ends when it is dropped.
pub(crate) trait Engine {
    /// Makes a sandbox.
    fn create(&self) -> Duration;
    /// Takes it down.
    fn delete(&self) -> Duration;
    /// Joins it with a command that ends at once, where there is something for that.
    fn exec(&self) -> Option<Duration>;
}

/// Who it is, and what starts it.
pub(crate) struct Choice {
    /// What makes a sandbox.
    pub(crate) create: String,
    /// What joins it; nothing where that takes more than a sandbox.
    pub(crate) exec: Option<String>,
    start: Start,
}

type Start = Box<dyn Fn(&Place) -> Result<Box<dyn Engine>, String>>;

impl Choice {
    fn new(
        create: &str,
        exec: Option<&str>,
        start: impl Fn(&Place) -> Result<Box<dyn Engine>, String> + 'static,
    ) -> Self {
        Self { create: create.to_owned(), exec: exec.map(str::to_owned), start: Box::new(start) }
    }

    /// Starts it, and tries it; where it does not work here, its own words.
    pub(crate) fn start(&self, place: &Place) -> Result<Box<dyn Engine>, String> {
        (self.start)(place)
    }
}

/// All that there could be: from the smallest to the largest.
pub(crate) fn all() -> Vec<Choice> {
    let mut all = runtime::all();
    all.push(Choice::new("podman run", Some("podman exec"), |place| Ok(Box::new(podman::Podman::start(place)?))));
    all.push(Choice::new("docker run", Some("docker exec"), |place| Ok(Box::new(docker::Docker::start(place)?))));
    all.push(Choice::new("containerd CRI", None, |place| Ok(Box::new(containerd::Containerd::start(place)?))));
    all
}

/// The archive of that image for this machine, where engines' machines see it too.
pub(crate) fn image(place: &Place) -> &'static str {
    static ARCHIVE: OnceLock<String> = OnceLock::new();
    ARCHIVE.get_or_init(|| {
        let path = place.ours("pause-image.tar");
        let arch = match std::env::consts::ARCH {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            other => other,
        };
        xtask(&["image", "--arch", arch, "--output", &path]);
        path
    })
}

/// That these programs are here.
fn need(programs: &[&str]) -> Result<(), String> {
    let missing = programs.iter().find(|program| find(program).is_none());
    missing.map_or(Ok(()), |program| Err(format!("{program} is not on this machine")))
}

/// Runs what has to be done before anything can be measured.
fn prepare(what: &str, command: &mut Command) -> Result<(), String> {
    works(command.stdin(Stdio::null()).stdout(Stdio::null())).map_err(|words| format!("{what}: {words}"))
}

/// A directory for what an engine keeps, outside of what its machine has of its own.
pub(crate) fn directory() -> Result<tempfile::TempDir, String> {
    tempfile::Builder::new().prefix("podkit-bench-").tempdir_in("/tmp").map_err(|error| error.to_string())
}
