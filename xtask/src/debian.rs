//! Debian's compilers, of Rust for machines whose rustup lacks a target, and of C for other architectures: fetched with apt-get and
//! unpacked under `target`. Nothing is installed, and apt's own state is left alone.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::Context;
use xshell::{Shell, cmd};

use crate::arch::{ARCHES, Arch};
use crate::cargo;

/// The newest compiler of a Debian release: the one that its browsers are built with.
const COMPILER: &str = "rustc-web";
const SOURCE: &str = "rust-web-src";
/// The package with a compiled `core`, for each architecture of Debian's.
const CORE: &str = "libstd-rust-web-dev";
/// The package with musl's headers and archives.
const MUSL: &str = "musl-dev";
/// Where Debian has that for riscv64, too.
const SUITE: &str = "stable";

/// An unpacked compiler.
pub(crate) struct Debian {
    root: PathBuf,
}

impl Debian {
    /// Whether compiler and musl have been fetched.
    pub(crate) fn is_at_hand(sh: &Shell) -> bool {
        sh.path_exists(root(sh).join("musl"))
    }

    /// The compiler under `target`, fetched if it is not there yet.
    pub(crate) fn unpacked(sh: &Shell) -> anyhow::Result<Self> {
        let root = root(sh);
        if !sh.path_exists(&root) {
            eprintln!("fetching Debian's compiler into {}", root.display());
            // Whole or not at all: who is killed half-way leaves only a draft.
            let draft = root.with_extension("draft");
            sh.remove_path(&draft)?;
            sh.create_dir(&draft)?;
            fetch(sh, &draft).context("cannot fetch Debian's compiler")?;
            std::fs::rename(&draft, &root)?;
        }
        Ok(Self { root })
    }

    pub(crate) fn rustc(&self) -> PathBuf {
        self.root.join("usr/bin/rustc")
    }

    /// Where its shared libraries are.
    pub(crate) fn libraries(&self, sh: &Shell) -> anyhow::Result<OsString> {
        libraries(sh, &self.root)
    }

    /// The directory with musl in it, fetched if it is not there yet.
    pub(crate) fn musl(&self, sh: &Shell) -> anyhow::Result<PathBuf> {
        let musl = self.root.join("musl");
        if !sh.path_exists(&musl) {
            let draft = musl.with_extension("draft");
            sh.remove_path(&draft)?;
            sh.create_dir(&draft)?;
            download(sh, &draft, &[], &[MUSL.to_owned()]).context("cannot fetch Debian's musl")?;
            std::fs::rename(&draft, &musl)?;
        }
        Ok(musl)
    }

    /// Adds the compiled `core` of an architecture.
    pub(crate) fn add_core(&self, sh: &Shell, arch: &Arch) -> anyhow::Result<()> {
        let lists = sh.create_temp_dir()?;
        let options = &private_state(sh, lists.path())?;
        cmd!(sh, "apt-get -qq {options...} update").quiet().ignore_stdout().run()?;
        let package = format!("{CORE}:{}", arch.debian);
        download(sh, &self.root, options, &[package])
    }
}

/// A C compiler for another architecture, with the C library that it links.
pub(crate) struct CrossCompiler {
    root: PathBuf,
    gnu: String,
}

impl CrossCompiler {
    /// The one under `target`, fetched if it is not there yet.
    pub(crate) fn unpacked(sh: &Shell, arch: &Arch) -> anyhow::Result<Self> {
        let gnu = arch.triple.replace("-unknown", "");
        let root = cargo::target_directory(sh).join(format!("debian-{gnu}"));
        if !sh.path_exists(&root) {
            eprintln!("fetching Debian's C compiler for {gnu} into {}", root.display());
            let draft = root.with_extension("draft");
            sh.remove_path(&draft)?;
            sh.create_dir(&draft)?;
            let mut packages = closure(sh, &format!("gcc-{gnu}"))?;
            packages.extend(closure(sh, &format!("libc6-dev-{}-cross", arch.debian))?);
            // What else they depend on this machine has by its own compiler.
            packages.retain(|name| name.contains(&gnu) || name.ends_with("-cross"));
            packages.sort();
            packages.dedup();
            download(sh, &draft, &[], &packages).context("cannot fetch Debian's C compiler")?;
            std::fs::rename(&draft, &root)?;
        }
        Ok(Self { root, gnu })
    }

    pub(crate) fn program(&self) -> PathBuf {
        self.root.join("usr/bin").join(format!("{}-gcc", self.gnu))
    }

    /// Where its shared libraries are.
    pub(crate) fn libraries(&self, sh: &Shell) -> anyhow::Result<OsString> {
        libraries(sh, &self.root)
    }
}

fn libraries(sh: &Shell, root: &Path) -> anyhow::Result<OsString> {
    let multiarch = |path: &PathBuf| path.to_string_lossy().ends_with("-linux-gnu");
    let found = sh.read_dir(root.join("usr/lib"))?.into_iter().filter(multiarch);
    Ok(std::env::join_paths(found)?)
}

fn root(sh: &Shell) -> PathBuf {
    cargo::target_directory(sh).join("debian-rust")
}

/// A package and all that it depends on.
fn closure(sh: &Shell, package: &str) -> anyhow::Result<Vec<String>> {
    let no =
        ["recommends", "suggests", "conflicts", "breaks", "replaces", "enhances"].map(|kind| format!("--no-{kind}"));
    let closure = cmd!(sh, "apt-cache depends --recurse {no...} {package}").quiet().ignore_stderr().read()?;
    Ok(closure.lines().filter(|line| !line.starts_with([' ', '<'])).map(str::to_owned).collect())
}

/// The compiler, what it is linked with and this machine lacks, and the sources of `core`.
fn fetch(sh: &Shell, into: &Path) -> anyhow::Result<()> {
    let installed = cmd!(sh, "dpkg-query --show --showformat '${Package} ${db:Status-Status}\n'").quiet().read()?;
    let installed = |name: &str| installed.lines().any(|line| line == format!("{name} installed"));
    // Of the compiler's own, all; a library of the machine's is good enough.
    let ours = |name: &str| name == COMPILER || name.starts_with("libstd-rust-web") || name.starts_with("libllvm");
    let packages = closure(sh, COMPILER)?
        .into_iter()
        .filter(|name| ours(name) || (name.starts_with("lib") && !installed(name)))
        .chain([SOURCE.to_owned()]);
    download(sh, into, &[], &packages.collect::<Vec<_>>())
}

/// Downloads packages and unpacks them, of sources only the library's.
fn download(sh: &Shell, into: &Path, options: &[String], packages: &[String]) -> anyhow::Result<()> {
    let downloads = sh.create_temp_dir()?;
    {
        let _here = sh.push_dir(downloads.path());
        // As root, apt would warn that it cannot give a private directory to a user of its own.
        let user = "--option=APT::Sandbox::User=root";
        cmd!(sh, "apt-get -qq {user} {options...} download {packages...}").quiet().ignore_stdout().run()?;
    }
    for package in sh.read_dir(downloads.path())? {
        let script = r#"archive=$1 into=$2; shift 2
            dpkg-deb --fsys-tarfile "$archive" | tar --extract --directory "$into" --wildcards "$@""#;
        let name = package.file_name().unwrap_or_default().to_string_lossy();
        let parts =
            if name.starts_with(SOURCE) { ["./usr/lib/*", "./usr/src/*/library/*"].as_slice() } else { &["./usr/*"] };
        let unpack = cmd!(sh, "sh -c {script} sh {package} {into} {parts...}");
        unpack.quiet().run()?;
    }
    Ok(())
}

/// The options that have apt work upon lists of its own, of all our architectures, in this directory.
fn private_state(sh: &Shell, directory: &Path) -> anyhow::Result<Vec<String>> {
    // The mirror is the one that this machine is set up with.
    let format = "$(RELEASE) $(REPO_URI)";
    let targets = cmd!(sh, "apt-get indextargets --format {format} 'Created-By: Packages' 'Component: main'");
    let targets = targets.quiet().read()?;
    let codename = sh.read_file("/etc/os-release")?;
    let codename = codename.lines().find_map(|line| line.strip_prefix("VERSION_CODENAME=")).unwrap_or_default();
    let mirror = targets.lines().find_map(|line| line.strip_prefix(&format!("{codename} ")).map(str::to_owned));
    let mirror = mirror.context("apt has no mirror of this release")?;

    let sources = directory.join("sources.list");
    let foreign = ARCHES.each_ref().map(|arch| arch.debian).join(",");
    sh.write_file(&sources, format!("deb [arch={foreign}] {mirror} {SUITE} main\n"))?;
    for name in ["lists", "cache"] {
        sh.create_dir(directory.join(name))?;
    }
    let directory = directory.display();
    let settings = [
        format!("Dir::Etc::sourcelist={}", sources.display()),
        "Dir::Etc::sourceparts=-".to_owned(),
        format!("Dir::State::lists={directory}/lists"),
        format!("Dir::Cache={directory}/cache"),
    ];
    let architectures = ARCHES.iter().map(|arch| format!("APT::Architectures::={}", arch.debian));
    Ok(settings.into_iter().chain(architectures).map(|setting| format!("--option={setting}")).collect())
}
