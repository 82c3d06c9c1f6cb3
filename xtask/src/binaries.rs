//! Building the programs as they are shipped: released, static, and where they are looked for.

use std::path::PathBuf;

use anyhow::{Context, bail};
use xshell::{Shell, cmd};

/// The programs that are shipped.
pub(crate) const PROGRAMS: [&str; 3] = ["pause", "nsjoin", "pod"];
/// What the tests and the demo run inside pods.
pub(crate) const PAYLOAD: &str = "probe";

/// Whether the C library's static archive may be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Linkage {
    /// It may not: what is shipped is static.
    Static,
    /// Then the C library is linked dynamically, and that is said: to try things out with.
    StaticIfPossible,
}

/// Builds the programs, with the payload if asked, into `dist/ARCH`, and hands back that directory.
pub(crate) fn build(sh: &Shell, linkage: Linkage, payload: bool) -> anyhow::Result<PathBuf> {
    let host = host(sh)?;
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
    let names = PROGRAMS.into_iter().chain(payload.then_some(PAYLOAD));
    let bins = names.clone().flat_map(|name| ["--bin", name]);
    cmd!(sh, "cargo build --quiet --release --locked --target {host} --config {config} {bins...}").quiet().run()?;

    let built = target_directory(sh)?.join(&host).join("release");
    let dist = sh.current_dir().join("dist").join(host.split('-').next().unwrap_or(&host));
    sh.create_dir(&dist)?;
    for name in names {
        // By a rename, for one that is running cannot be written to.
        let draft = dist.join(format!("{name}.draft"));
        sh.copy_file(built.join(name), &draft)?;
        std::fs::rename(&draft, dist.join(name))?;
    }
    Ok(dist)
}

fn host(sh: &Shell) -> anyhow::Result<String> {
    let version = cmd!(sh, "rustc --version --verbose").quiet().read()?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc names no host")?;
    Ok(host.to_owned())
}

fn has_static_libc(sh: &Shell) -> bool {
    // gcc and clang print the bare name when they do not find the file.
    cmd!(sh, "cc -print-file-name=libc.a").quiet().ignore_stderr().read().is_ok_and(|path| path.contains('/'))
}

fn target_directory(sh: &Shell) -> anyhow::Result<PathBuf> {
    match sh.var("CARGO_TARGET_DIR") {
        Ok(directory) => Ok(sh.current_dir().join(directory)),
        Err(_) => Ok(sh.current_dir().join("target")),
    }
}
