//! `cargo xtask package`: what `cargo xtask dist` has built, with pages, completions, units, licences and a bill of
//! materials, as a tarball to be unpacked at / and as a package of Debian's. The same input makes the same bytes.

mod deb;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, ensure};
use flate2::{Compression, GzBuilder};
use object::read::elf::{ElfFile64, ProgramHeader};
use object::{Endianness, elf};
use xshell::Shell;

use crate::arch::Arch;
use crate::binaries::{self, write_whole};
use crate::image::created;
use crate::man;
use crate::sbom::{self, Parts};

/// Make a tarball and a Debian package of what dist has built
#[derive(clap::Args)]
pub(crate) struct Package {
    /// For which architecture: amd64, arm64 [default: this machine's]
    #[arg(long, value_name = "ARCH", value_parser = Arch::named)]
    arch: Option<&'static Arch>,
    /// Where the programs are; else dist/ARCH, as dist has built them
    #[arg(long, value_name = "DIRECTORY")]
    programs: Option<PathBuf>,
    /// Where they go
    #[arg(long, value_name = "DIRECTORY", default_value = "dist")]
    output: PathBuf,
}

/// What is installed: from the root on, with its mode.
type Files = BTreeMap<PathBuf, (u32, Vec<u8>)>;

/// The programs, which are named as their crates are, and where each is installed; `pod` finds pause there.
const PROGRAMS: [(&str, &str); 4] = [
    ("pod", "usr/bin/pod"),
    ("nsjoin", "usr/bin/nsjoin"),
    ("reaper", "usr/bin/reaper"),
    ("pause", "usr/libexec/podkit/pause"),
];

/// The documents that say how it is used.
const DOCUMENTS: [&str; 9] = [
    "README.md",
    "CHANGELOG.md",
    "docs/ARCHITECTURE.md",
    "docs/CLUSTER.md",
    "docs/CONTAINERS.md",
    "docs/EXIT-CODES.md",
    "docs/MANIFESTS.md",
    "docs/RELIABILITY.md",
    "docs/SECURITY.md",
];
const DOC: &str = "usr/share/doc/podkit";

impl Package {
    pub(crate) fn run(self, sh: &Shell) -> anyhow::Result<()> {
        let (root, version) = (sh.current_dir(), env!("CARGO_PKG_VERSION"));
        let arch = self.arch.map_or_else(|| binaries::here(sh), Ok)?;
        let created = created(sh)?;
        let programs = programs(&root.join(self.programs.unwrap_or_else(|| Path::new("dist").join(arch.machine))))?;
        let mut files = surroundings(&root)?;
        let parts = Parts::look(sh, arch.triple)?;
        let parts = PROGRAMS.iter().map(|(name, _)| parts.of(name)).collect::<anyhow::Result<Vec<_>>>()?;
        let named: Vec<_> = programs.iter().zip(&parts).map(|(bytes, parts)| (&bytes[..], &parts[..])).collect();
        let bill = sbom::document(&format!("podkit-{version}-{}", arch.name), version, created, &named);
        files.insert(Path::new(DOC).join("podkit.spdx.json"), (0o644, serde_json::to_vec_pretty(&bill)?));
        files.extend(PROGRAMS.iter().zip(programs).map(|((_, path), bytes)| (path.into(), (0o755, bytes))));

        let seconds = created.duration_since(SystemTime::UNIX_EPOCH)?.as_secs();
        let tree = packed(&tree(&files, seconds)?)?;
        let size = files.values().map(|(_, bytes)| bytes.len().div_ceil(1024)).sum();
        let control = packed(&control(version, arch, size, seconds)?)?;
        let output = root.join(self.output);
        sh.create_dir(&output)?;
        for (name, bytes) in [
            (format!("podkit-{version}-linux-{}.tar.gz", arch.machine), &tree),
            (format!("podkit_{version}_{}.deb", arch.debian), &deb::archive(&control, &tree, seconds)),
        ] {
            let path = output.join(name);
            write_whole(&path, bytes, 0o644)?;
            println!("{:>9} bytes  {}", bytes.len(), path.display());
        }
        Ok(())
    }
}

/// The programs of this directory.
fn programs(directory: &Path) -> anyhow::Result<Vec<Vec<u8>>> {
    let read = |(name, _): &(&str, &str)| {
        let path = directory.join(name);
        let bytes =
            fs::read(&path).with_context(|| format!("cannot read {}: cargo xtask dist builds it", path.display()))?;
        let alone = needs_nothing(&bytes).with_context(|| format!("cannot package {}", path.display()))?;
        ensure!(
            alone,
            "cannot package {}: it looks for a C library; cargo xtask dist builds one that does not",
            path.display()
        );
        Ok(bytes)
    };
    PROGRAMS.iter().map(read).collect()
}

/// Whether a program runs wherever it is put.
fn needs_nothing(program: &[u8]) -> anyhow::Result<bool> {
    let file = ElfFile64::<Endianness>::parse(program)?;
    Ok(!file.elf_program_headers().iter().any(|header| header.p_type(file.endian()) == elf::PT_INTERP))
}

/// All that is installed with the programs.
fn surroundings(root: &Path) -> anyhow::Result<Files> {
    let shared = |(path, bytes)| (Path::new("usr/share").join(path), (0o644, bytes));
    let mut files: Files = man::files()?.into_iter().map(shared).collect();
    let read = |name: &str| fs::read_to_string(root.join(name)).with_context(|| format!("cannot read {name}"));
    for unit in ["pod@.service", "pods.service"] {
        let text = read(&format!("examples/{unit}"))?.replace("/usr/local/bin/", "/usr/bin/");
        files.insert(Path::new("usr/lib/systemd/system").join(unit), (0o644, text.into()));
    }
    let (mit, apache) = (read("LICENSE-MIT")?, read("LICENSE-APACHE")?);
    let licences = format!("podkit is under either of these, at your choice.\n\n{mit}\n{apache}");
    files.insert(Path::new(DOC).join("copyright"), (0o644, licences.into()));
    for name in DOCUMENTS {
        files.insert(Path::new(DOC).join(name), (0o644, read(name)?.into()));
    }
    Ok(files)
}

/// A tar archive of these, with the directories that they are in, all root's and of this time.
fn tree(files: &Files, seconds: u64) -> anyhow::Result<Vec<u8>> {
    let mut builder = tar::Builder::new(Vec::new());
    let mut add = |kind, path: &Path, mode, bytes: &[u8]| {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(seconds);
        header.set_size(bytes.len() as u64);
        builder.append_data(&mut header, path, bytes)
    };
    let mut made = Vec::new();
    for (path, (mode, bytes)) in files {
        let mut above: Vec<_> = path.ancestors().skip(1).filter(|above| !above.as_os_str().is_empty()).collect();
        above.reverse();
        for directory in above {
            if !made.contains(&directory) {
                add(tar::EntryType::Directory, directory, 0o755, &[])?;
                made.push(directory);
            }
        }
        add(tar::EntryType::Regular, path, *mode, bytes)?;
    }
    Ok(builder.into_inner()?)
}

/// What dpkg is told of the package.
fn control(version: &str, arch: &Arch, kibibytes: usize, seconds: u64) -> anyhow::Result<Vec<u8>> {
    let text = format!(
        "Package: podkit\nVersion: {version}\nArchitecture: {}\nMaintainer: podkit <podkit@localhost>\nInstalled-Size: {kibibytes}\n\
         Recommends: uidmap\nSection: admin\nPriority: optional\nDescription: pods on one machine, without a cluster\n \
         A tiny pause, nsjoin to enter its namespaces, pod to compose pods and to run manifests,\n \
         and reaper, an init for containers. Without a daemon, as root or as anybody.\n",
        arch.debian
    );
    tree(&Files::from([("control".into(), (0o644, text.into()))]), seconds)
}

/// Compressed, without a name and a time.
fn packed(bytes: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut packer = GzBuilder::new().write(Vec::new(), Compression::best());
    packer.write_all(bytes)?;
    Ok(packer.finish()?)
}
