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
    emulator: &'static str,
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

    fn is_native(&self) -> bool {
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

    /// pause for this architecture, built from the sources as they are now.
    pub(crate) fn pause(&self) -> PathBuf {
        static BUILDING: Mutex<()> = Mutex::new(());
        if self.is_native() {
            return binaries().join("pause");
        }
        let path = binaries().join(format!("pause-{}", self.machine));
        let _one_at_a_time = BUILDING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if !path.exists() {
            let xtask = ["run", "--quiet", "--package", "xtask", "--", "dist", "--arch", self.name];
            let built = Command::new(env!("CARGO")).args(xtask).current_dir(workspace()).output().unwrap();
            assert!(built.status.success(), "cargo xtask dist: {}", String::from_utf8_lossy(&built.stderr));
            fs::copy(self.dist().join("pause"), &path).unwrap();
        }
        path
    }

    /// The words that run its pause here.
    pub(crate) fn command(&self) -> Vec<String> {
        let pause = self.pause().display().to_string();
        if self.is_native() { vec![pause] } else { vec![self.emulator.to_owned(), pause] }
    }
}
