//! Building programs without a C library for an architecture that is not this machine's.
//!
//! Nothing but a compiler with a `core` for the target and a linker is needed. Where rustup has the
//! target, that is all. Where it has not, Debian's compiler is used, which is fetched, unpacked
//! under `target`, and installed nowhere.

use std::path::PathBuf;

use anyhow::Context;
use xshell::{Shell, cmd};

use crate::arch::Arch;
use crate::cargo;
use crate::debian::Debian;

/// Where `core` for the target comes from.
#[derive(Clone, Copy, Debug)]
enum Core {
    /// It lies beside the compiler, compiled.
    Compiled,
    /// Cargo compiles it. That is no promise of stable Rust, so stable has to be told to.
    FromSource,
}

/// Builds the programs, and hands back the directory in which they are.
pub(crate) fn build(sh: &Shell, arch: &Arch, programs: &[&str]) -> anyhow::Result<PathBuf> {
    let linker = linker(sh)?;
    if cargo::has_libraries(sh, arch.triple)? {
        return build_with(sh, arch, programs, &linker, Core::Compiled);
    }
    let debian = Debian::unpacked(sh)
        .with_context(|| format!("rustup has no target {0} (rustup target add {0})", arch.triple))?;
    let _compiler = sh.push_env("RUSTC", debian.rustc());
    let _libraries = sh.push_env("LD_LIBRARY_PATH", debian.libraries(sh)?);
    let from_source = match build_with(sh, arch, programs, &linker, Core::FromSource) {
        Ok(directory) => return Ok(directory),
        Err(error) => error,
    };
    // What is compiled already fits only if Debian's releases agree upon the compiler's version.
    debian
        .add_core(sh, arch)
        .and_then(|()| build_with(sh, arch, programs, &linker, Core::Compiled))
        .with_context(|| format!("neither from source ({from_source:#}) nor compiled"))
}

/// Builds with whatever RUSTC is.
fn build_with(sh: &Shell, arch: &Arch, programs: &[&str], linker: &str, core: Core) -> anyhow::Result<PathBuf> {
    let triple = arch.triple;
    let config = [
        format!("target.{triple}.linker={linker:?}"),
        format!(r#"target.{triple}.rustflags=["-Crelocation-model=static"]"#),
    ];
    let mut arguments: Vec<_> = config.iter().flat_map(|setting| ["--config", setting.as_str()]).collect();
    let _stable = match core {
        Core::Compiled => None,
        Core::FromSource => {
            arguments.push("-Zbuild-std=core");
            Some(sh.push_env("RUSTC_BOOTSTRAP", "1"))
        }
    };
    // By their packages: others in the workspace want a C library.
    let bins = programs.iter().flat_map(|name| ["--package", name]);
    let build = cmd!(sh, "cargo build --quiet --release --locked {bins...} --target {triple} {arguments...}");
    cargo::build_in_silence(build)?;
    Ok(cargo::released(sh, triple))
}

/// The linker that comes with Rust links for every architecture; else whichever lld is in PATH.
fn linker(sh: &Shell) -> anyhow::Result<String> {
    let sysroot = cmd!(sh, "rustc --print sysroot").quiet().read()?;
    let host = cargo::host(sh)?;
    let ours = format!("{sysroot}/lib/rustlib/{host}/bin/rust-lld");
    if sh.path_exists(&ours) {
        return Ok(ours);
    }
    let found = cmd!(sh, "sh -c 'command -v ld.lld'").quiet().read();
    found.context("no linker for other architectures: neither rust-lld beside rustc nor ld.lld in PATH")
}
