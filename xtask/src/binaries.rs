//! The programs, for whichever architecture, where they are looked for: `dist/ARCH`.

use std::path::{Path, PathBuf};

use anyhow::bail;
use xshell::Shell;

use crate::arch::{ARCHES, Arch, Wanted};
use crate::foreign;
use crate::native::{self, Linkage};

/// The programs that are shipped.
pub(crate) const PROGRAMS: [&str; 3] = ["pause", "nsjoin", "pod"];
/// What the tests and the demo run inside pods.
pub(crate) const PAYLOAD: &str = "probe";

/// Builds these programs for this machine, and hands back the directory into which they were put.
pub(crate) fn for_this_machine(sh: &Shell, linkage: Linkage, names: &[&str]) -> anyhow::Result<PathBuf> {
    put(sh, &native::build(sh, linkage, names)?, here(sh)?, names)
}

/// Builds `pause` for each architecture that is wanted, and hands back where it was put.
///
/// What cannot be built is named; if it was asked for by its name, that is an error.
pub(crate) fn pauses(sh: &Shell, wanted: &Wanted) -> anyhow::Result<Vec<(&'static Arch, PathBuf)>> {
    let arches = match wanted {
        Wanted::All => ARCHES.iter().collect(),
        Wanted::These(these) => these.clone(),
    };
    let mut built = Vec::new();
    for arch in arches {
        eprintln!("building pause for {arch}");
        match pause(sh, arch) {
            Ok(path) => built.push((arch, path)),
            Err(error) if *wanted == Wanted::All => eprintln!("not built: {arch}: {error:#}"),
            Err(error) => return Err(error.context(format!("cannot build for {arch}"))),
        }
    }
    if built.is_empty() {
        bail!("nothing was built");
    }
    Ok(built)
}

fn pause(sh: &Shell, arch: &'static Arch) -> anyhow::Result<PathBuf> {
    const NAME: &str = "pause";
    let directory = if arch == here(sh)? {
        for_this_machine(sh, Linkage::StaticIfPossible, &[NAME])?
    } else {
        put(sh, &foreign::build(sh, arch, NAME)?, arch, &[NAME])?
    };
    Ok(directory.join(NAME))
}

/// The architecture of this machine.
pub(crate) fn here(sh: &Shell) -> anyhow::Result<&'static Arch> {
    Arch::of_triple(&native::host(sh)?)
}

/// Where cargo builds.
pub(crate) fn target_directory(sh: &Shell) -> PathBuf {
    sh.current_dir().join(sh.var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}

/// Puts programs where they are looked for.
fn put(sh: &Shell, built: &Path, arch: &Arch, names: &[&str]) -> anyhow::Result<PathBuf> {
    let dist = sh.current_dir().join("dist").join(arch.machine);
    sh.create_dir(&dist)?;
    for name in names {
        // By a rename, for one that is running cannot be written to.
        let draft = dist.join(format!("{name}.draft"));
        sh.copy_file(built.join(name), &draft)?;
        std::fs::rename(&draft, dist.join(name))?;
    }
    Ok(dist)
}
