//! `cargo xtask image`: the pause image of every architecture in one archive, dist/pause-image.tar.
//!
//! What goes in is gathered here; `archive` makes the bytes of it, and knows no file and no clock.

mod archive;
mod sbom;
mod stamp;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use anyhow::{Context, ensure};
use serde_json::Value;
use xshell::{Shell, cmd};

use crate::arch::{Arch, Wanted};
use crate::binaries::{self, write_whole};

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
    packages: Vec<Package>,
}

/// A package that the program is compiled from.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Package {
    name: String,
    version: String,
    license: String,
    /// Whether it is one of the public registry's, not of this workspace.
    public: bool,
}

impl Image {
    pub(crate) fn run(self, sh: &Shell) -> anyhow::Result<()> {
        let built = binaries::for_each(sh, &self.arch)?;
        let built: Vec<_> = built.into_iter().map(|(arch, directory)| (arch, directory.join("pause"))).collect();
        let programs: Result<Vec<_>, _> =
            built.iter().map(|(arch, path)| std::fs::read(path).map(|bytes| (*arch, bytes))).collect();
        let spec = Spec {
            name: self.name,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            created: created(sh)?,
            revision: revision(sh),
            programs: programs?,
            packages: packages(sh)?,
        };
        let archive = archive::archive(&spec)?;
        for ((arch, bytes), (_, path)) in spec.programs.iter().zip(&built) {
            let sbom = serde_json::to_vec_pretty(&sbom::document(&spec, arch, bytes))?;
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
fn created(sh: &Shell) -> anyhow::Result<SystemTime> {
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

/// What `pause` is compiled from, as cargo knows it; programs that only help building it are left out.
fn packages(sh: &Shell) -> anyhow::Result<Vec<Package>> {
    let metadata = cmd!(sh, "cargo metadata --quiet --format-version 1 --locked").quiet().read()?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let (known, nodes) = (list(&metadata["packages"]), list(&metadata["resolve"]["nodes"]));
    let text = |value: &Value| value.as_str().unwrap_or("NOASSERTION").to_owned();

    let root = known.iter().find(|package| package["name"] == "pause").context("cargo knows no pause")?;
    let mut ids = vec![root["id"].clone()];
    let mut packages = Vec::new();
    let mut next = 0;
    while next < ids.len() {
        let id = ids[next].clone();
        next += 1;
        let package =
            known.iter().find(|package| package["id"] == id).context("cargo resolves what it does not know")?;
        packages.push(Package {
            name: text(&package["name"]),
            version: text(&package["version"]),
            license: text(&package["license"]),
            public: !package["source"].is_null(),
        });
        let node = nodes.iter().find(|node| node["id"] == id);
        for dependency in node.map(|node| list(&node["deps"])).unwrap_or_default() {
            let linked = list(&dependency["dep_kinds"]).iter().any(|kind| kind["kind"].is_null());
            if linked && !ids.contains(&dependency["pkg"]) {
                ids.push(dependency["pkg"].clone());
            }
        }
    }
    Ok(packages)
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
