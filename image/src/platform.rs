//! Platforms: what an image is built for, and which of several suits this machine best.

use std::fmt;

use oci_spec::image::{Arch, Descriptor, Os};
use serde::Serialize;

/// Operating system, architecture and variant, in the words of Go, which images use.
///
/// # References
/// containerd's `platforms` package; image-spec, "image-index.md"
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Platform {
    os: String,
    architecture: String,
    variant: String,
}

/// What others call an architecture, and what it is called here: with the variant that this means.
const ALIASES: &[(&str, &str, &str)] = &[
    ("x86_64", "amd64", ""),
    ("x86-64", "amd64", ""),
    ("i386", "386", ""),
    ("i486", "386", ""),
    ("i586", "386", ""),
    ("i686", "386", ""),
    ("x86", "386", ""),
    ("aarch64", "arm64", ""),
    ("armhf", "arm", "v7"),
    ("armel", "arm", "v6"),
    ("armv7l", "arm", "v7"),
    ("armv6l", "arm", "v6"),
    ("powerpc64", "ppc64le", ""),
    ("loongarch64", "loong64", ""),
];

impl Platform {
    /// A platform, in whichever words.
    #[must_use]
    pub fn new(os: &str, architecture: &str, variant: &str) -> Self {
        let (os, architecture, variant) = (os.to_lowercase(), architecture.to_lowercase(), variant.to_lowercase());
        let alias = ALIASES.iter().find(|(alias, ..)| *alias == architecture);
        let (architecture, implied) = alias.map_or((architecture.as_str(), ""), |(_, name, variant)| (*name, *variant));
        let variant = if variant.is_empty() { implied } else { variant.as_str() };
        // These two are the same whether they say so or not.
        let variant = match (architecture, variant) {
            ("arm64", "8" | "v8") | ("amd64", "v1") => "",
            ("arm", "" | "7") => "v7",
            ("arm", "5") => "v5",
            ("arm", "6") => "v6",
            ("arm", "8") => "v8",
            _ => variant,
        };
        Self { os, architecture: architecture.to_owned(), variant: variant.to_owned() }
    }

    /// This machine's.
    #[must_use]
    pub fn here() -> Self {
        Self::new(std::env::consts::OS, std::env::consts::ARCH, "")
    }

    /// The operating system.
    #[must_use]
    pub fn os(&self) -> &str {
        &self.os
    }

    /// The architecture.
    #[must_use]
    pub fn architecture(&self) -> &str {
        &self.architecture
    }

    /// The variant of the architecture; mostly none.
    #[must_use]
    pub fn variant(&self) -> &str {
        &self.variant
    }

    /// What the configuration of an image says.
    #[must_use]
    pub fn of(os: &Os, architecture: &Arch, variant: Option<&str>) -> Self {
        Self::new(&os.to_string(), &architecture.to_string(), variant.unwrap_or_default())
    }

    /// What an entry of an index says, if it does.
    #[must_use]
    pub fn of_entry(entry: &Descriptor) -> Option<Self> {
        let told = entry.platform().as_ref()?;
        Some(Self::of(told.os(), told.architecture(), told.variant().as_deref()))
    }

    /// How well an image for `other` suits who has this one: the less the better; `None` where its
    /// programs would not run.
    #[must_use]
    pub fn suits(&self, other: &Self) -> Option<usize> {
        if self.os != other.os {
            return None;
        }
        let known = |name: &str| name == self.architecture;
        let order: &[(&str, &str)] = match (self.architecture.as_str(), self.variant.as_str()) {
            // A level of instructions that has to be asked of the processor is not concluded.
            ("amd64", _) => &[("amd64", ""), ("386", "")],
            ("arm64", _) => &[("arm64", ""), ("arm", "v8"), ("arm", "v7"), ("arm", "v6"), ("arm", "v5")],
            ("arm", "v8") => &[("arm", "v8"), ("arm", "v7"), ("arm", "v6"), ("arm", "v5")],
            ("arm", "v7") => &[("arm", "v7"), ("arm", "v6"), ("arm", "v5")],
            ("arm", "v6") => &[("arm", "v6"), ("arm", "v5")],
            _ => return (known(&other.architecture) && self.variant == other.variant).then_some(0),
        };
        order.iter().position(|it| *it == (other.architecture.as_str(), other.variant.as_str()))
    }

    /// The entry of an index that suits best, the first of equals; who says nothing of its platform
    /// is taken where nobody suits better, and attestations never are.
    #[must_use]
    pub fn choose<'a>(&self, entries: &'a [Descriptor]) -> Option<&'a Descriptor> {
        let rank = |entry: &&Descriptor| match Self::of_entry(entry) {
            Some(platform) => self.suits(&platform),
            None => Some(usize::MAX),
        };
        entries.iter().filter(|entry| rank(entry).is_some()).min_by_key(rank)
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        if self.variant.is_empty() { Ok(()) } else { write!(f, "/{}", self.variant) }
    }
}

impl std::str::FromStr for Platform {
    type Err = InvalidPlatform;

    fn from_str(text: &str) -> Result<Self, InvalidPlatform> {
        let parts: Vec<_> = text.split('/').collect();
        let is_word = |part: &&str| {
            !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
        };
        match parts[..] {
            [os, architecture] if parts.iter().all(is_word) => Ok(Self::new(os, architecture, "")),
            [os, architecture, variant] if parts.iter().all(is_word) => Ok(Self::new(os, architecture, variant)),
            _ => Err(InvalidPlatform(text.to_owned())),
        }
    }
}

/// That something is no platform.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no platform: say OS/ARCHITECTURE or OS/ARCHITECTURE/VARIANT")]
pub struct InvalidPlatform(String);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Algorithm;
    use oci_spec::image::{MediaType, PlatformBuilder};

    fn platform(text: &str) -> Platform {
        text.parse().expect("a platform")
    }

    #[test]
    fn one_platform_has_one_name() {
        for (given, name) in [
            ("linux/x86_64", "linux/amd64"),
            ("Linux/AMD64/v1", "linux/amd64"),
            ("linux/aarch64", "linux/arm64"),
            ("linux/arm64/v8", "linux/arm64"),
            ("linux/arm", "linux/arm/v7"),
            ("linux/armhf", "linux/arm/v7"),
            ("linux/arm/6", "linux/arm/v6"),
            ("linux/s390x", "linux/s390x"),
        ] {
            assert_eq!(platform(given).to_string(), name, "{given}");
        }
        for text in ["", "linux", "linux/", "a/b/c/d", "linux/am d64"] {
            assert!(text.parse::<Platform>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_runs_here_suits_and_the_nearest_suits_best() {
        for (here, image, suits) in [
            ("linux/amd64", "linux/amd64", Some(0)),
            ("linux/amd64", "linux/386", Some(1)),
            ("linux/amd64", "linux/amd64/v3", None),
            ("linux/amd64", "windows/amd64", None),
            ("linux/amd64", "linux/arm64", None),
            ("linux/arm64", "linux/arm/v7", Some(2)),
            ("linux/arm/v6", "linux/arm/v7", None),
            ("linux/arm/v7", "linux/arm/v5", Some(2)),
            ("linux/riscv64", "linux/riscv64", Some(0)),
            ("linux/riscv64", "linux/amd64", None),
        ] {
            assert_eq!(platform(here).suits(&platform(image)), suits, "{image} on {here}");
        }
    }

    #[test]
    fn of_an_index_the_best_is_taken_and_no_attestation() {
        let entry = |text: Option<&str>| {
            let digest = Algorithm::Sha256.digest(text.unwrap_or_default().as_bytes());
            let mut entry = Descriptor::new(MediaType::ImageManifest, 1, &digest);
            if let Some(text) = text {
                let parts: Vec<_> = text.split('/').collect();
                let mut told = PlatformBuilder::default().os(parts[0]).architecture(parts[1]);
                if let Some(variant) = parts.get(2) {
                    told = told.variant(*variant);
                }
                entry.set_platform(Some(told.build().expect("a platform")));
            }
            entry
        };
        let all = ["unknown/unknown", "linux/386", "linux/arm/v6", "linux/arm/v7", "linux/amd64"];
        let entries: Vec<_> = all.iter().map(|text| entry(Some(text))).collect();
        let chosen = |here: &str, entries: &[Descriptor]| {
            platform(here).choose(entries).map(|it| Platform::of_entry(it).map(|it| it.to_string()))
        };
        assert_eq!(chosen("linux/amd64", &entries), Some(Some("linux/amd64".to_owned())));
        assert_eq!(chosen("linux/arm64", &entries), Some(Some("linux/arm/v7".to_owned())));
        assert_eq!(chosen("linux/s390x", &entries), None);
        assert_eq!(chosen("linux/s390x", &[entry(None)]), Some(None));
    }
}
