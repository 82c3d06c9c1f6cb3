//! The architectures that pause is built for, and what runs them here.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Mutex;

use object::elf;

use crate::house::{binaries, workspace};
use crate::trial::Need;

/// An architecture.
#[derive(Debug)]
pub(crate) struct Arch {
    /// As images call it.
    pub(crate) name: &'static str,
    /// Its directory under `dist`.
    pub(crate) machine: &'static str,
    /// As ELF counts.
    pub(crate) elf: u16,
    /// What runs a program of it here.
    pub(crate) emulator: &'static str,
}

pub(crate) static ARCHES: [Arch; 6] = [
    Arch { name: "amd64", machine: "x86_64", elf: elf::EM_X86_64, emulator: "qemu-x86_64-static" },
    Arch { name: "arm64", machine: "aarch64", elf: elf::EM_AARCH64, emulator: "qemu-aarch64-static" },
    Arch { name: "arm/v7", machine: "armv7", elf: elf::EM_ARM, emulator: "qemu-arm-static" },
    Arch { name: "riscv64", machine: "riscv64", elf: elf::EM_RISCV, emulator: "qemu-riscv64-static" },
    Arch { name: "s390x", machine: "s390x", elf: elf::EM_S390, emulator: "qemu-s390x-static" },
    Arch { name: "ppc64le", machine: "ppc64le", elf: elf::EM_PPC64, emulator: "qemu-ppc64le-static" },
];

impl Arch {
    /// This machine's.
    pub(crate) fn native() -> &'static Self {
        let machine = match std::env::consts::ARCH {
            "arm" => "armv7",
            "powerpc64" => "ppc64le",
            machine => machine,
        };
        ARCHES.iter().find(|arch| arch.machine == machine).unwrap()
    }

    pub(crate) fn is_native(&self) -> bool {
        std::ptr::eq(self, Self::native())
    }

    /// What it takes to run a program of this architecture.
    pub(crate) fn needs(&'static self) -> Vec<Need> {
        if self.is_native() { vec![] } else { vec![Need::Built(self), Need::Program(self.emulator)] }
    }

    /// Where `cargo xtask dist --arch` puts its programs.
    pub(crate) fn dist(&self) -> PathBuf {
        workspace().join("dist").join(self.machine)
    }

    /// What can be built here without fetching a compiler, as `--arch` takes it, this machine's first.
    pub(crate) fn built() -> String {
        let foreign = ARCHES.iter().filter(|arch| !arch.is_native() && arch.dist().join("pause").exists());
        let names: Vec<_> = std::iter::once(Self::native()).chain(foreign).map(|arch| arch.name).collect();
        names.join(",")
    }

    /// A program without a C library for this architecture, built from the sources as they are now,
    /// where every user may execute it.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        static BUILDING: Mutex<()> = Mutex::new(());
        if self.is_native() {
            return binaries().join(name);
        }
        let path = |name| binaries().join(format!("{name}-{}", self.machine));
        let _one_at_a_time = BUILDING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if !path(name).exists() {
            let xtask = ["run", "--quiet", "--package", "xtask", "--", "dist", "--arch", self.name];
            let built = Command::new(env!("CARGO")).args(xtask).current_dir(workspace()).output().unwrap();
            assert!(built.status.success(), "cargo xtask dist: {}", String::from_utf8_lossy(&built.stderr));
            for name in ["pause", "reaper"] {
                fs::copy(self.dist().join(name), path(name)).unwrap();
            }
        }
        path(name)
    }

    /// pause for this architecture.
    pub(crate) fn pause(&self) -> PathBuf {
        self.program("pause")
    }

    /// The words that run a program of ours for this architecture here.
    pub(crate) fn command(&self, name: &str) -> Vec<String> {
        let program = self.program(name).display().to_string();
        if self.is_native() { vec![program] } else { vec![self.emulator.to_owned(), program] }
    }

    /// How many bytes a README says that its program has for this architecture.
    pub(crate) fn documented_size(&self, readme: &str) -> u64 {
        let text = fs::read_to_string(workspace().join(readme)).unwrap();
        let row = text.lines().find_map(|line| line.strip_prefix(&format!("| {} |", self.name)));
        let row = row.unwrap_or_else(|| panic!("{readme} has no row for {}", self.name));
        row.split('|').next().unwrap().trim().replace(',', "").parse().unwrap()
    }
}
