//! The programs, for whichever architecture, where they are looked for: `dist/ARCH`.

use std::fs::Permissions;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use xshell::Shell;

use crate::arch::{ARCHES, Arch, Wanted};
use crate::musl::{self, Fetch};
use crate::native::{self, Linkage};
use crate::{cargo, cross, foreign};

/// The programs that are shipped.
pub(crate) const PROGRAMS: [&str; 4] = ["pause", "reaper", "nsjoin", "pod"];
/// Those of them that have no C library, and so are built for every architecture anywhere.
const FREESTANDING: [&str; 2] = ["pause", "reaper"];
/// Those that have one, and are started again and again.
const HOSTED: [&str; 2] = ["nsjoin", "pod"];
/// What the tests and the demo run inside pods.
pub(crate) const PAYLOAD: &str = "probe";

/// Which C library the programs have that want one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Libc {
    /// musl, whose start asks the CPU for nothing.
    Musl,
    /// The machine's own.
    Glibc,
    /// musl, where it can be had; else the machine's own.
    Best,
}

/// Which programs are built for an architecture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    /// Those that have no C library.
    Freestanding,
    /// All of them.
    All,
}

impl Which {
    pub(crate) fn names(self) -> &'static [&'static str] {
        match self {
            Self::Freestanding => &FREESTANDING,
            Self::All => &PROGRAMS,
        }
    }
}

/// Builds these programs for this machine, and hands back the directory into which they were put.
///
/// Which C library those have that want one is said; and why it is not musl, where that would be best.
pub(crate) fn for_this_machine(sh: &Shell, linkage: Linkage, libc: Libc, names: &[&str]) -> anyhow::Result<PathBuf> {
    let arch = here(sh)?;
    let is_for_musl = |name: &&str| match libc {
        Libc::Musl | Libc::Best => HOSTED.contains(name),
        Libc::Glibc => false,
    };
    let (wished, mut others): (Vec<_>, Vec<_>) = names.iter().copied().partition(is_for_musl);
    let with_musl = match libc {
        _ if wished.is_empty() => None,
        Libc::Glibc => None,
        Libc::Musl => Some(musl::build(sh, &wished, Fetch::IfNeeded).context("cannot build with musl")?),
        Libc::Best => {
            let fetch = if linkage == Linkage::Static { Fetch::IfNeeded } else { Fetch::Never };
            let built = musl::build(sh, &wished, fetch);
            built.inspect_err(|error| eprintln!("note: cannot build with musl: {error:#}")).ok()
        }
    };
    let mut said = Vec::new();
    if let Some(built) = with_musl {
        said.push(format!("of {}: musl, static, {}", wished.join(" and "), built.origin));
        put(sh, &built.directory, arch, &wished)?;
    } else {
        others.extend(&wished);
    }
    let natives: Vec<_> = HOSTED.into_iter().filter(|name| others.contains(name)).collect();
    if !natives.is_empty() {
        said.push(format!("of {}: this machine's own", natives.join(" and ")));
    }
    if !said.is_empty() {
        eprintln!("The C library {}", said.join("; "));
    }
    put(sh, &native::build(sh, linkage, &others)?, arch, &others)
}

/// Builds the freestanding programs for each architecture that is wanted, with or without those that want a C library, and
/// hands back where they were put.
///
/// What cannot be built is named; if it was asked for by its name, that is an error.
pub(crate) fn for_each(sh: &Shell, wanted: &Wanted, which: Which) -> anyhow::Result<Vec<(&'static Arch, PathBuf)>> {
    let arches = match wanted {
        Wanted::All => ARCHES.iter().collect(),
        Wanted::These(these) => these.clone(),
    };
    let mut built = Vec::new();
    for arch in arches {
        eprintln!("building {} for {arch}", which.names().join(" and "));
        match freestanding(sh, arch).and_then(|built| with_the_rest(sh, arch, which, built)) {
            Ok(directory) => built.push((arch, directory)),
            Err(error) if *wanted == Wanted::All => eprintln!("not built: {arch}: {error:#}"),
            Err(error) => return Err(error.context(format!("cannot build for {arch}"))),
        }
    }
    if built.is_empty() {
        bail!("nothing was built");
    }
    Ok(built)
}

fn freestanding(sh: &Shell, arch: &'static Arch) -> anyhow::Result<PathBuf> {
    if arch == here(sh)? {
        return for_this_machine(sh, Linkage::StaticIfPossible, Libc::Glibc, &FREESTANDING);
    }
    put(sh, &foreign::build(sh, arch, &FREESTANDING)?, arch, &FREESTANDING)
}

/// Builds those that want a C library, too, if they are wanted.
fn with_the_rest(sh: &Shell, arch: &'static Arch, which: Which, built: PathBuf) -> anyhow::Result<PathBuf> {
    match which {
        Which::Freestanding => Ok(built),
        Which::All if arch == here(sh)? => for_this_machine(sh, Linkage::Static, Libc::Best, &HOSTED),
        Which::All => put(sh, &cross::build(sh, arch, &HOSTED)?, arch, &HOSTED),
    }
}

/// The architecture of this machine.
pub(crate) fn here(sh: &Shell) -> anyhow::Result<&'static Arch> {
    Arch::of_triple(&cargo::host(sh)?)
}

/// Puts programs where they are looked for.
fn put(sh: &Shell, built: &Path, arch: &Arch, names: &[&str]) -> anyhow::Result<PathBuf> {
    let dist = sh.current_dir().join("dist").join(arch.machine);
    sh.create_dir(&dist)?;
    for name in names {
        let bytes = std::fs::read(built.join(name)).with_context(|| format!("{name} was not built"))?;
        write_whole(&dist.join(name), &bytes, 0o755)?;
    }
    Ok(dist)
}

/// Writes a file whole or not at all: who runs or reads the one that is there goes on with that.
pub(crate) fn write_whole(path: &Path, bytes: &[u8], mode: u32) -> anyhow::Result<()> {
    let directory = path.parent().context("a file without a directory")?;
    let mut draft = tempfile::NamedTempFile::new_in(directory)?;
    draft.write_all(bytes).with_context(|| format!("cannot write {}", path.display()))?;
    draft.as_file().set_permissions(Permissions::from_mode(mode))?;
    draft.persist(path)?;
    Ok(())
}
