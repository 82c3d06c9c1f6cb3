//! Building the programs for this machine as they are shipped: released and static.

use std::path::PathBuf;

use anyhow::bail;
use xshell::{Shell, cmd};

use crate::cargo;

/// Whether the C library's static archive may be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Linkage {
    /// It may not: what is shipped is static.
    Static,
    /// Then the C library is linked dynamically, and that is said: to try things out with.
    StaticIfPossible,
}

/// Builds these programs, and hands back the directory in which they are.
pub(crate) fn build(sh: &Shell, linkage: Linkage, names: &[&str]) -> anyhow::Result<PathBuf> {
    let host = cargo::host(sh)?;
    // Static, and at a fixed address: a program that lives for a millisecond would spend a tenth
    // of it on relocating itself. Only with an explicit target do these flags keep away from proc
    // macros, which have to be shared objects.
    let flags = match (has_static_libc(sh), linkage) {
        (true, _) => r#"["-Ctarget-feature=+crt-static", "-Crelocation-model=static"]"#,
        (false, Linkage::Static) => {
            bail!("this machine has no libc.a to link with (Debian: libc6-dev; Fedora: glibc-static)")
        }
        (false, Linkage::StaticIfPossible) => {
            eprintln!("note: this machine has no libc.a; nsjoin and pod are linked dynamically");
            "[]"
        }
    };
    let config = format!("target.{host}.rustflags={flags}");
    let bins = names.iter().flat_map(|name| ["--bin", name]);
    cmd!(sh, "cargo build --quiet --release --locked --target {host} --config {config} {bins...}").quiet().run()?;
    Ok(cargo::released(sh, &host))
}

fn has_static_libc(sh: &Shell) -> bool {
    // gcc and clang print the bare name when they do not find the file.
    cmd!(sh, "cc -print-file-name=libc.a").quiet().ignore_stderr().read().is_ok_and(|path| path.contains('/'))
}
