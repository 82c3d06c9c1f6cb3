//! What the benches share: the binaries as they are shipped, a registry of their own, a payload
//! that does nothing, and pairs of cases that are measured turn by turn.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// The place where a bench runs.
#[derive(Debug)]
pub struct Bench {
    binaries: PathBuf,
    state: TempDir,
}

impl Bench {
    /// Builds the binaries and makes an empty registry, in memory as /run is.
    ///
    /// # Panics
    /// When they cannot be built: then there is nothing to measure.
    #[must_use]
    pub fn new() -> Self {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("benches stands in the workspace");
        let xtask = ["run", "--quiet", "--package", "xtask", "--", "dist"];
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let built = Command::new(cargo).args(xtask).current_dir(workspace).stdout(Stdio::null()).status();
        assert!(built.is_ok_and(|status| status.success()), "cargo xtask dist failed");
        let state = tempfile::Builder::new().prefix("podkit-bench-").tempdir_in("/dev/shm").or_else(|_| TempDir::new());
        let binaries = workspace.join("dist").join(env::consts::ARCH);
        Self { binaries, state: state.expect("a temporary directory") }
    }

    /// A command that runs in silence; ours are found by their name.
    #[must_use]
    pub fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let ours = self.binaries.join(program);
        let mut command = if ours.exists() { Command::new(ours) } else { Command::new(program) };
        command.args(arguments).env("POD_STATE_DIR", self.state.path()).stdin(Stdio::null()).stdout(Stdio::null());
        command
    }

    /// The payload, the same for every rival: `pause -v` prints its version and ends, and no
    /// static program of this machine starts faster.
    #[must_use]
    pub fn payload(&self) -> String {
        self.binaries.join("pause").display().to_string()
    }

    /// Runs a command to its end, which has to be a good one, and says how long it took.
    ///
    /// # Panics
    /// When it fails: a rival that does not work is not faster.
    pub fn time(&self, program: &str, arguments: &[&str]) -> Duration {
        let mut command = self.command(program, arguments);
        let before = Instant::now();
        let status = command.status();
        let taken = before.elapsed();
        assert!(status.as_ref().is_ok_and(std::process::ExitStatus::success), "{command:?}: {status:?}");
        taken
    }

    /// The pid of a pod's pause process.
    ///
    /// # Panics
    /// When there is no such pod.
    #[must_use]
    pub fn pause(&self, pod: &str) -> i32 {
        let record = std::fs::read_to_string(self.state.path().join(pod).join("pause")).expect("a pod");
        record.split(' ').next().and_then(|pid| pid.parse().ok()).expect("a line of /proc/PID/stat")
    }
}

impl Default for Bench {
    fn default() -> Self {
        Self::new()
    }
}

/// Whether a rival is on this machine; says so where it is not.
#[must_use]
pub fn rival(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path).any(|directory| directory.join(program).is_file());
    if !found {
        println!("{program} is not on this machine and is left out");
    }
    found
}

/// Measures two cases turn by turn and prints the ratio of their medians, with the spread of it:
/// on a noisy machine the ratio in one run is what can be trusted.
pub fn compare(name: &str, rounds: u32, mut ours: impl FnMut() -> Duration, mut theirs: impl FnMut() -> Duration) {
    let mut pairs: Vec<(Duration, Duration)> = (0..rounds).map(|_| (ours(), theirs())).collect();
    let ratio = |pairs: &[(Duration, Duration)]| {
        let median = |mut times: Vec<Duration>| {
            times.sort();
            times.get(times.len() / 2).copied().unwrap_or_default()
        };
        let ours = median(pairs.iter().map(|pair| pair.0).collect());
        let theirs = median(pairs.iter().map(|pair| pair.1).collect());
        (ours, theirs, ours.as_secs_f64() / theirs.as_secs_f64())
    };
    // The machine warms up over the first tenth.
    pairs.drain(..pairs.len() / 10);
    let (our_median, their_median, overall) = ratio(&pairs);
    let mut parts: Vec<f64> = pairs.chunks(pairs.len().div_ceil(5).max(1)).map(|part| ratio(part).2).collect();
    parts.sort_by(f64::total_cmp);
    let (lowest, highest) = (parts.first().unwrap_or(&overall), parts.last().unwrap_or(&overall));
    println!("{name}: {overall:.2} ({lowest:.2} to {highest:.2}); medians {our_median:.2?} and {their_median:.2?}");
}
