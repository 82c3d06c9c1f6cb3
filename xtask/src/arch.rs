//! The architectures that podkit is built for: one table of how each party calls them.

use std::fmt;
use std::str::FromStr;

use anyhow::Context;

/// An architecture, and its names.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Arch {
    /// What images, Go and Debian users call it; what `--arch` takes.
    pub(crate) name: &'static str,
    /// What `uname -m` says, near enough; the directory under `dist`.
    pub(crate) machine: &'static str,
    /// What rustc calls it.
    pub(crate) triple: &'static str,
    /// What Debian calls it.
    pub(crate) debian: &'static str,
    /// `architecture` in an image's configuration.
    pub(crate) oci: &'static str,
    /// `variant` in an image's configuration.
    pub(crate) variant: Option<&'static str>,
}

/// All of them, the most common first: where only one can have an image's plain name, it is the first of a list.
pub(crate) static ARCHES: [Arch; 6] = [
    Arch {
        name: "amd64",
        machine: "x86_64",
        triple: "x86_64-unknown-linux-gnu",
        debian: "amd64",
        oci: "amd64",
        variant: None,
    },
    Arch {
        name: "arm64",
        machine: "aarch64",
        triple: "aarch64-unknown-linux-gnu",
        debian: "arm64",
        oci: "arm64",
        variant: Some("v8"),
    },
    Arch {
        name: "arm/v7",
        machine: "armv7",
        triple: "armv7-unknown-linux-gnueabihf",
        debian: "armhf",
        oci: "arm",
        variant: Some("v7"),
    },
    Arch {
        name: "riscv64",
        machine: "riscv64",
        triple: "riscv64gc-unknown-linux-gnu",
        debian: "riscv64",
        oci: "riscv64",
        variant: None,
    },
    Arch {
        name: "s390x",
        machine: "s390x",
        triple: "s390x-unknown-linux-gnu",
        debian: "s390x",
        oci: "s390x",
        variant: None,
    },
    Arch {
        name: "ppc64le",
        machine: "ppc64le",
        triple: "powerpc64le-unknown-linux-gnu",
        debian: "ppc64el",
        oci: "ppc64le",
        variant: None,
    },
];

impl Arch {
    /// The one that is called so by users, or by `uname -m`.
    pub(crate) fn named(name: &str) -> anyhow::Result<&'static Self> {
        let found = ARCHES.iter().find(|arch| arch.name == name || arch.machine == name);
        let names = || ARCHES.each_ref().map(|arch| arch.name).join(", ");
        found.with_context(|| format!("no such architecture: {name:?}; there are {}", names()))
    }

    /// The one of this rustc target.
    pub(crate) fn of_triple(triple: &str) -> anyhow::Result<&'static Self> {
        let found = ARCHES.iter().find(|arch| arch.triple == triple);
        found.with_context(|| format!("podkit is not built for {triple}"))
    }
}

impl fmt::Display for Arch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// What `--arch` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Whatever can be built here; what cannot is named.
    All,
    /// Exactly these, in this order, or it fails.
    These(Vec<&'static Arch>),
}

impl FromStr for Wanted {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        if text == "all" {
            return Ok(Self::All);
        }
        let mut these = Vec::new();
        for name in text.split(',') {
            let arch = Arch::named(name)?;
            anyhow::ensure!(!these.contains(&arch), "{arch} is named twice");
            these.push(arch);
        }
        Ok(Self::These(these))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_keeps_its_order_and_takes_either_name() {
        let wanted: Wanted = "arm64,x86_64,arm/v7".parse().expect("a list");
        let Wanted::These(these) = wanted else { panic!("{wanted:?}") };
        assert_eq!(these.iter().map(ToString::to_string).collect::<Vec<_>>(), ["arm64", "amd64", "arm/v7"]);
    }

    #[test]
    fn what_is_no_architecture_or_named_twice_is_refused() {
        for text in ["", "mips", "amd64,", "amd64,x86_64", "all,amd64"] {
            text.parse::<Wanted>().expect_err(text);
        }
    }
}
