//! Media types: what a blob is, in OCI's words and in docker's.

use oci_spec::image::MediaType;

/// What a blob holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The manifest of one image.
    Manifest,
    /// Manifests for several platforms.
    Index,
    /// An image's configuration.
    Config,
    /// A layer, compressed so.
    Layer(Compression),
}

/// How a layer is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    Plain,
    /// By gzip.
    Gzip,
    /// By zstd.
    Zstd,
}

/// All types that we know. Layers that are not to be handed on (`nondistributable`, `foreign`) are
/// layers like others.
pub const TYPES: &[(&str, Kind)] = &[
    ("application/vnd.oci.image.manifest.v1+json", Kind::Manifest),
    ("application/vnd.docker.distribution.manifest.v2+json", Kind::Manifest),
    ("application/vnd.oci.image.index.v1+json", Kind::Index),
    ("application/vnd.docker.distribution.manifest.list.v2+json", Kind::Index),
    ("application/vnd.oci.image.config.v1+json", Kind::Config),
    ("application/vnd.docker.container.image.v1+json", Kind::Config),
    ("application/vnd.oci.image.layer.v1.tar", Kind::Layer(Compression::Plain)),
    ("application/vnd.oci.image.layer.v1.tar+gzip", Kind::Layer(Compression::Gzip)),
    ("application/vnd.oci.image.layer.v1.tar+zstd", Kind::Layer(Compression::Zstd)),
    ("application/vnd.oci.image.layer.nondistributable.v1.tar", Kind::Layer(Compression::Plain)),
    ("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", Kind::Layer(Compression::Gzip)),
    ("application/vnd.oci.image.layer.nondistributable.v1.tar+zstd", Kind::Layer(Compression::Zstd)),
    ("application/vnd.docker.image.rootfs.diff.tar", Kind::Layer(Compression::Plain)),
    ("application/vnd.docker.image.rootfs.diff.tar.gzip", Kind::Layer(Compression::Gzip)),
    ("application/vnd.docker.image.rootfs.diff.tar.zstd", Kind::Layer(Compression::Zstd)),
    ("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", Kind::Layer(Compression::Gzip)),
];

impl Kind {
    /// What a blob of this type holds; `None` of one that we do not know.
    #[must_use]
    pub fn of(media_type: &MediaType) -> Option<Self> {
        Self::named(media_type.as_ref())
    }

    /// The same by name. What is behind a semicolon is not asked.
    #[must_use]
    pub fn named(media_type: &str) -> Option<Self> {
        let name = media_type.split(';').next().unwrap_or_default().trim();
        TYPES.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
    }
}

impl Compression {
    /// How the blob is compressed that begins so.
    #[must_use]
    pub fn of(beginning: &[u8]) -> Self {
        match beginning {
            [0x1f, 0x8b, ..] => Self::Gzip,
            // A frame, or one that may be skipped.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            _ => Self::Plain,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn docker_and_oci_mean_the_same() {
        assert_eq!(Kind::of(&MediaType::ImageManifest), Some(Kind::Manifest));
        assert_eq!(Kind::of(&MediaType::ImageIndex), Some(Kind::Index));
        assert_eq!(Kind::of(&MediaType::ImageLayerZstd), Some(Kind::Layer(Compression::Zstd)));
        let docker = "application/vnd.docker.distribution.manifest.v2+json; charset=utf-8";
        assert_eq!(Kind::named(docker), Some(Kind::Manifest));
        assert_eq!(Kind::named("application/vnd.docker.distribution.manifest.v1+prettyjws"), None);
    }

    #[test]
    fn a_compression_is_known_by_its_beginning() {
        assert_eq!(Compression::of(&[0x1f, 0x8b, 8]), Compression::Gzip);
        assert_eq!(Compression::of(&[0x28, 0xb5, 0x2f, 0xfd]), Compression::Zstd);
        assert_eq!(Compression::of(b"etc/"), Compression::Plain);
        assert_eq!(Compression::of(b""), Compression::Plain);
    }
}
