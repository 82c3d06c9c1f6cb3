//! Where a bench runs: the binaries as they are shipped, a registry of its own, and who is beside them.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use fixtures::find;
use tempfile::TempDir;

use crate::sys;
use crate::volatile::Volatile;

/// The variables that name rivals.
pub(crate) const PAUSES: &str = "PAUSE_RIVALS";
pub(crate) const INITS: &str = "INIT_RIVALS";
pub(crate) const RUNTIMES: &str = "RUNTIME_RIVALS";
/// What was in them.
static NAMED: OnceLock<[OsString; 3]> = OnceLock::new();
/// The environment that we were started in, by which cargo finds its compiler.
static BEFORE: OnceLock<Vec<(OsString, OsString)>> = OnceLock::new();
/// Where a login looks for programs.
const LOGIN_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The place where a bench runs.
#[derive(Debug)]
pub(crate) struct Place {
    workspace: PathBuf,
    binaries: PathBuf,
    built: String,
    /// What programs keep for as long as they run.
    directory: Volatile,
    /// Images and objects, which stay: on a disk.
    _data: TempDir,
}

impl Place {
    /// Builds the binaries, and makes an empty registry, which is ours from here on. From here on the environment,
    /// ours and that of whatever is measured, is a login's: cargo's own has every dynamically linked rival search
    /// five more directories for each of its libraries.
    ///
    /// # Panics
    /// When they cannot be built: then there is nothing to measure.
    pub(crate) fn new() -> Self {
        let workspace = workspace();
        let binaries = workspace.join("dist").join(env::consts::ARCH);
        let directory = Volatile::new();
        BEFORE.set(env::vars_os().collect()).expect("one place");
        let built = build();
        let named = [PAUSES, INITS, RUNTIMES].map(|variable| env::var_os(variable).unwrap_or_default());
        NAMED.set(named).expect("one place");
        let data = tempfile::Builder::new().prefix("podkit-bench-").tempdir_in("/tmp").or_else(|_| TempDir::new());
        let data = data.expect("a temporary directory");
        let kept = |name: &str, usual: &str| env::var_os(name).unwrap_or_else(|| usual.into());
        sys::set_environment(&[
            ("PATH", LOGIN_PATH.into()),
            ("HOME", kept("HOME", "/")),
            ("USER", kept("USER", "root")),
            ("LANG", "C.UTF-8".into()),
            ("POD_STATE_DIR", directory.path().join("pods").into()),
            ("POD_DATA_DIR", data.path().into()),
        ]);
        Self { workspace, binaries, built, directory, _data: data }
    }

    /// What our programs were built with.
    pub(crate) fn built(&self) -> &str {
        &self.built
    }

    /// The checkout.
    pub(crate) fn workspace(&self) -> &Path {
        &self.workspace
    }

    /// A directory for what a bench writes: in memory, as /run is.
    pub(crate) fn work(&self) -> &Path {
        self.directory.path()
    }

    /// One of our programs.
    pub(crate) fn ours(&self, program: &str) -> String {
        self.binaries.join(program).display().to_string()
    }

    /// A command that runs in silence; ours are found by their name.
    pub(crate) fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let ours = self.binaries.join(program);
        let file = if ours.exists() { Some(ours) } else { find(program) };
        let mut command = Command::new(file.unwrap_or_else(|| program.into()));
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null());
        command
    }

    /// Runs a command to its end, which has to be a good one, and says how long it took.
    ///
    /// # Panics
    /// When it fails: a rival that does not work is not faster.
    pub(crate) fn time(&self, program: &str, arguments: &[&str]) -> Duration {
        time(&mut self.command(program, arguments))
    }

    /// Deletes every pod.
    pub(crate) fn clear(&self) {
        let entries = fs::read_dir(self.work().join("pods")).into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        for name in names.filter(|name| !name.starts_with('.')) {
            // Whatever cannot be deleted is told by pod itself.
            let _told = self.command("pod", &["delete", "--now", &name]).status();
        }
    }

    /// The pid of a pod's pause process.
    ///
    /// # Panics
    /// When there is no such pod.
    pub(crate) fn pause(&self, pod: &str) -> i32 {
        let record = fs::read_to_string(self.work().join("pods").join(pod).join("pause")).expect("a pod");
        record.split(' ').next().and_then(|pid| pid.parse().ok()).expect("a line of /proc/PID/stat")
    }
}

/// What was made with our programs and still is there, because somebody failed, goes with the place.
impl Drop for Place {
    fn drop(&mut self) {
        self.clear();
    }
}

/// Runs a command to its end, which has to be a good one, and says how long it took.
///
/// # Panics
/// When it fails.
pub(crate) fn time(command: &mut Command) -> Duration {
    let before = Instant::now();
    let status = command.status();
    let taken = before.elapsed();
    assert!(status.as_ref().is_ok_and(ExitStatus::success), "{command:?}: {status:?}");
    taken
}

/// Whether a command works here; if not, its own words.
pub(crate) fn works(command: &mut Command) -> Result<(), String> {
    // Not a pipe, which whoever it leaves running would keep open.
    let mut words = tempfile::tempfile().map_err(|error| error.to_string())?;
    let stderr = words.try_clone().map_err(|error| error.to_string())?;
    let status = command.stderr(stderr).status().map_err(|error| error.to_string())?;
    if status.success() {
        return Ok(());
    }
    let mut text = String::new();
    // What cannot be read as text says nothing.
    let _read = words.rewind().and_then(|()| words.read_to_string(&mut text));
    Err(text.lines().next().map_or_else(|| status.to_string(), str::to_owned))
}

/// The programs whose paths are in this variable, one of three, with colons between.
pub(crate) fn named_in(variable: &str) -> Vec<PathBuf> {
    let place = [PAUSES, INITS, RUNTIMES].iter().position(|name| *name == variable);
    let paths = place.and_then(|place| NAMED.get().map(|named| named[place].clone())).unwrap_or_default();
    env::split_paths(&paths).filter(|path| !path.as_os_str().is_empty()).collect()
}

/// Builds our programs as they are shipped, and hands back with which C library.
///
/// # Panics
/// When it fails.
fn build() -> String {
    let libc = env::var("PODKIT_BENCH_LIBC").unwrap_or_else(|_| "best".to_owned());
    let built = verb(&["dist", "--libc", &libc]).stderr(Stdio::piped()).output().expect("cargo");
    let said = String::from_utf8_lossy(&built.stderr);
    eprint!("{said}");
    assert!(built.status.success(), "cargo xtask dist failed");
    said.lines().find(|line| line.starts_with("The C library of ")).unwrap_or_default().to_owned()
}

/// Runs a verb of the workspace's own.
///
/// # Panics
/// When it fails.
pub(crate) fn xtask(words: &[&str]) {
    let built = verb(words).status();
    assert!(built.is_ok_and(|status| status.success()), "cargo xtask {} failed", words.join(" "));
}

fn verb(words: &[&str]) -> Command {
    let mut xtask = cargo();
    xtask.args(["run", "--quiet", "--package", "xtask", "--"]).args(words);
    xtask.stdout(Stdio::null());
    xtask
}

/// cargo as we were started by it, in the checkout.
fn cargo() -> Command {
    let before = BEFORE.get().map(Vec::as_slice).unwrap_or_default();
    let named = before.iter().find(|(name, _)| name == "CARGO").map(|(_, program)| program.clone());
    let mut cargo = Command::new(named.unwrap_or_else(|| "cargo".into()));
    cargo.env_clear().envs(before.iter().cloned()).current_dir(workspace());
    cargo
}

fn workspace() -> PathBuf {
    // Of the checkout that cargo runs us for; who runs us without cargo, in the one that we were built in.
    let package = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&package).parent().expect("benches stands in the workspace").to_owned()
}
