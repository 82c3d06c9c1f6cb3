//! What cargo and rustc say of this checkout: where is built, for which machine, with what.

use std::path::PathBuf;

use anyhow::{Context, bail};
use xshell::{Cmd, Shell, cmd};

/// Where cargo builds.
pub(crate) fn target_directory(sh: &Shell) -> PathBuf {
    sh.current_dir().join(sh.var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}

/// Where cargo puts released programs for this target.
pub(crate) fn released(sh: &Shell, triple: &str) -> PathBuf {
    target_directory(sh).join(triple).join("release")
}

/// This machine, as rustc calls it.
pub(crate) fn host(sh: &Shell) -> anyhow::Result<String> {
    let version = cmd!(sh, "rustc --version --verbose").quiet().read()?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc names no host")?;
    Ok(host.to_owned())
}

/// Whether the compiler at hand has compiled libraries for the target.
pub(crate) fn has_libraries(sh: &Shell, triple: &str) -> anyhow::Result<bool> {
    let directory = cmd!(sh, "rustc --print target-libdir --target {triple}").quiet().read()?;
    Ok(sh.path_exists(directory))
}

/// Builds in silence; of what goes wrong the first error is said.
pub(crate) fn build_in_silence(build: Cmd<'_>) -> anyhow::Result<()> {
    let output = build.quiet().ignore_status().output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("{}", said.lines().find(|line| line.starts_with("error")).unwrap_or("cargo build failed"));
    }
    Ok(())
}
