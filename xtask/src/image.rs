//! `cargo xtask image`: the pause image of every architecture in one archive, dist/pause-image.tar.
//!
//! What goes in is gathered here; `archive` makes the bytes of it, and knows no file and no clock.

mod archive;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use anyhow::{Context, ensure};
use serde_json::Value;
use xshell::{Shell, cmd};

use crate::arch::{Arch, Wanted};
use crate::binaries::{self, Which, write_whole};
use crate::cargo;
use crate::sbom::{self, Crate, Parts};

/// Build the pause image
#[derive(clap::Args)]
pub(crate) struct Image {
    /// The architectures: "all", or a list such as amd64,arm64,arm/v7,riscv64,s390x,ppc64le.
    /// Docker's classic image store gives the plain name to the first of them
    #[arg(long, value_name = "LIST", default_value = "all")]
    arch: Wanted,
    /// The image's name without a tag; the tag is podkit's version
    #[arg(long, default_value = "localhost/podkit/pause", value_parser = name)]
    name: String,
    /// Where the archive goes
    #[arg(long, value_name = "FILE", default_value = "dist/pause-image.tar")]
    output: PathBuf,
}

/// All that the archive is made of.
#[derive(Clone, Debug)]
struct Spec {
    /// The image's name, without a tag.
    name: String,
    /// podkit's version, and the image's tag.
    version: String,
    /// When it was made, as far as anybody is told.
    created: SystemTime,
    /// The commit that it was built from, if that is all that it was built from.
    revision: Option<String>,
    /// The program for each architecture, the most important first.
    programs: Vec<(&'static Arch, Vec<u8>)>,
    /// What the program is compiled from, itself first.
    parts: Vec<Crate>,
}

impl Spec {
    /// The bill of materials of this architecture's program.
    fn bill(&self, arch: &Arch, program: &[u8]) -> Value {
        let name = format!("pause-{}-{}", self.version, arch.name.replace('/', "-"));
        sbom::document(&name, &self.version, self.created, &[(program, &self.parts)])
    }
}

impl Image {
    pub(crate) fn run(self, sh: &Shell) -> anyhow::Result<()> {
        let built = binaries::for_each(sh, &self.arch, Which::Freestanding)?;
        let built: Vec<_> = built.into_iter().map(|(arch, directory)| (arch, directory.join("pause"))).collect();
        let programs: Result<Vec<_>, _> =
            built.iter().map(|(arch, path)| std::fs::read(path).map(|bytes| (*arch, bytes))).collect();
        let spec = Spec {
            name: self.name,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            created: created(sh)?,
            revision: revision(sh),
            programs: programs?,
            parts: Parts::look(sh, &cargo::host(sh)?)?.of("pause")?,
        };
        let archive = archive::archive(&spec)?;
        for ((arch, bytes), (_, path)) in spec.programs.iter().zip(&built) {
            let sbom = serde_json::to_vec_pretty(&spec.bill(arch, bytes))?;
            write_whole(&path.with_extension("spdx.json"), &sbom, 0o644)?;
        }
        let path = sh.current_dir().join(self.output);
        write_whole(&path, &archive, 0o644)?;
        let arches: Vec<_> = spec.programs.iter().map(|(arch, _)| arch.name).collect();
        println!("{:>9} bytes  {}", archive.len(), path.display());
        println!("{}:{} for {}", spec.name, spec.version, arches.join(", "));
        Ok(())
    }
}

/// The image's date: SOURCE_DATE_EPOCH, else that of the last commit, else none to speak of.
///
/// # References
/// <https://reproducible-builds.org/specs/source-date-epoch/>
pub(crate) fn created(sh: &Shell) -> anyhow::Result<SystemTime> {
    let seconds = match sh.var("SOURCE_DATE_EPOCH") {
        Ok(text) => text.parse().with_context(|| format!("SOURCE_DATE_EPOCH is no number of seconds: {text:?}"))?,
        Err(_) => git(sh, &["log", "-1", "--format=%ct"]).and_then(|text| text.parse().ok()).unwrap_or(0),
    };
    // The largest that a date of four digits for the year can be, and that an archive can hold.
    ensure!(seconds < 8_589_934_592_u64, "SOURCE_DATE_EPOCH is too far in the future: {seconds}");
    Ok(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
}

/// The commit, unless there are changes that are in none.
fn revision(sh: &Shell) -> Option<String> {
    let changes = git(sh, &["status", "--porcelain"])?;
    if changes.is_empty() { git(sh, &["rev-parse", "HEAD"]) } else { None }
}

/// What git says, where this is a git repository.
fn git(sh: &Shell, arguments: &[&str]) -> Option<String> {
    cmd!(sh, "git {arguments...}").quiet().ignore_stderr().read().ok()
}

/// A name that means the same to every engine: with the host, lower case, without a tag or a digest.
fn name(text: &str) -> anyhow::Result<String> {
    let component = |part: &str| {
        let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
        let edge = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        part.bytes().all(inner) && edge(part.as_bytes().first()) && edge(part.as_bytes().last())
    };
    let is_host = |host: &str| {
        let (name, port) = host.split_once(':').unwrap_or((host, "0"));
        let told = name == "localhost" || host.contains(['.', ':']);
        told && component(name) && port.parse::<u16>().is_ok()
    };
    let good = text.split_once('/').is_some_and(|(host, path)| is_host(host) && path.split('/').all(component));
    ensure!(good, "not the full name of an image, without a tag, such as localhost/podkit/pause: {text:?}");
    Ok(text.to_owned())
}
