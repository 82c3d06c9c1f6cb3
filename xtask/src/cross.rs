//! Building programs that want a C library for an architecture that is not this machine's: static, with Debian's cross
//! compiler and its C library.
//!
//! std comes with rustup's target. Where rustup has not that, Debian's compiler (see `debian`) compiles it from its
//! sources, which is no promise of stable Rust.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Context, bail};
use xshell::{Shell, cmd};

use crate::arch::Arch;
use crate::cargo;
use crate::debian::{CrossCompiler, Debian};

/// Builds the programs, and hands back the directory in which they are.
pub(crate) fn build(sh: &Shell, arch: &Arch, programs: &[&str]) -> anyhow::Result<PathBuf> {
    // Of others it is not known what would have to be told apart in them.
    if arch.machine != "aarch64" {
        bail!("programs with a C library are for this machine and for arm64");
    }
    let triple = arch.triple;
    let compiler = CrossCompiler::unpacked(sh, arch)?;
    let mut libraries: Vec<OsString> = vec![compiler.libraries(sh)?];
    let mut more: &[&str] = &[];
    let mut environment = Vec::new();
    if !cargo::has_libraries(sh, triple)? {
        let debian = Debian::unpacked(sh)
            .with_context(|| format!("rustup has no target {triple} (rustup target add {triple})"))?;
        libraries.push(debian.libraries(sh)?);
        environment.push(sh.push_env("RUSTC", debian.rustc()));
        environment.push(sh.push_env("RUSTC_BOOTSTRAP", "1"));
        more = &["-Zbuild-std=std,panic_abort"];
    }
    let program = compiler.program();
    environment.push(sh.push_env("LD_LIBRARY_PATH", libraries.join(OsString::from(":").as_os_str())));
    environment.push(sh.push_env(format!("CC_{}", triple.replace('-', "_")), &program));
    let config = [
        format!("target.{triple}.linker={program:?}"),
        format!(r#"target.{triple}.rustflags=["-Ctarget-feature=+crt-static", "-Crelocation-model=static"]"#),
    ];
    let config = config.iter().flat_map(|setting| ["--config", setting.as_str()]);
    let bins = programs.iter().flat_map(|name| ["--bin", name]);
    cargo::build_in_silence(cmd!(
        sh,
        "cargo build --quiet --release --locked --target {triple} {bins...} {config...} {more...}"
    ))?;
    Ok(cargo::released(sh, triple))
}
