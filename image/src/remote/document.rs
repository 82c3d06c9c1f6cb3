//! Manifests and indexes, as bytes and as data: which one it is, and which of several suits.

use std::collections::BTreeSet;

use oci_spec::image::{Descriptor, ImageConfiguration, ImageIndex, ImageManifest};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::media::{self, Kind};
use crate::platform::Platform;

/// No manifest is larger: registries refuse more.
pub(crate) const LARGEST: u64 = 4 << 20;

/// How many layers an image may have; overlay takes no more.
const MOST_LAYERS: usize = 500;

/// What came under an image's name.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Document {
    /// One image.
    Manifest(Box<ImageManifest>),
    /// One for each of several platforms.
    Index(Box<ImageIndex>),
}

/// Why a document cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadDocument {
    /// It is no JSON, or something else in JSON.
    #[error("its manifest is none: {0}")]
    Json(String),
    /// It is larger than any is.
    #[error("its manifest has more than {LARGEST} bytes")]
    Large,
    /// It is of the format before this one, whose content nobody can verify.
    #[error("its manifest is of docker's schema 1, which is not supported")]
    FirstSchema,
    /// It can be read in two ways.
    #[error("its manifest says of itself both that it is one image and that it is several")]
    Ambiguous,
    /// The registry calls it something else than it does itself.
    #[error("its manifest is called {told} by the registry, and {own} by itself")]
    Contradiction {
        /// By the header.
        told: String,
        /// By itself.
        own: String,
    },
    /// It is a document, but none of an image's.
    #[error("it is no image, but {0}")]
    Artifact(String),
    /// A layer is packed in a way that we do not know.
    #[error("a layer is {0}, which is not supported")]
    Layer(String),
    /// There is too much of it.
    #[error("it has {0} layers, more than can lie over each other")]
    Layers(usize),
    /// Layers and configuration do not fit each other.
    #[error("it has {layers} layers, and its configuration says {told}")]
    Count {
        /// In the manifest.
        layers: usize,
        /// In the configuration.
        told: usize,
    },
    /// Nothing of it would run here.
    #[error("it is not built for {wanted}, only for {}", there.join(", "))]
    Platform {
        /// What was wanted.
        wanted: String,
        /// What there is.
        there: Vec<String>,
    },
    /// Indexes that list indexes have to end.
    #[error("its indexes go deeper than any image's")]
    Deep,
}

impl BadDocument {
    /// What is nearly always the reason, where one thing is.
    pub(crate) fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Platform { .. } => Some("--platform takes another"),
            Self::FirstSchema => Some("whoever pushes it again with a docker of this decade makes it one of schema 2"),
            _ => None,
        }
    }
}

/// What says of a document which one it is.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Look {
    schema_version: u64,
    media_type: Option<String>,
    artifact_type: Option<String>,
    manifests: Option<IgnoredAny>,
    layers: Option<IgnoredAny>,
    config: Option<IgnoredAny>,
    fs_layers: Option<IgnoredAny>,
}

/// All types of documents that may come under an image's name, to ask for.
pub(crate) fn accepted() -> String {
    let types = media::TYPES.iter().filter(|(_, kind)| matches!(kind, Kind::Manifest | Kind::Index));
    types.map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

impl Document {
    /// Reads what came with this header.
    pub(crate) fn read(bytes: &[u8], content_type: Option<&str>) -> Result<Self, BadDocument> {
        let bad = |error: serde_json::Error| BadDocument::Json(error.to_string());
        let look: Look = serde_json::from_slice(bytes).map_err(bad)?;
        if look.schema_version == 1 || look.fs_layers.is_some() {
            return Err(BadDocument::FirstSchema);
        }
        // It can be read in two ways, and others may read it in the other.
        if look.manifests.is_some() && (look.layers.is_some() || look.config.is_some()) {
            return Err(BadDocument::Ambiguous);
        }
        let told = content_type.and_then(|name| Some((name, Kind::named(name)?)));
        let own = look.media_type.as_deref().filter(|name| !name.is_empty());
        let kind = match (own.map(|name| (name, Kind::named(name))), told) {
            (Some((name, None)), _) => return Err(BadDocument::Artifact(name.to_owned())),
            (Some((own, Some(kind))), Some((told, other))) if kind != other => {
                return Err(BadDocument::Contradiction { told: told.to_owned(), own: own.to_owned() });
            }
            (Some((_, Some(kind))), _) | (None, Some((_, kind))) => kind,
            (None, None) if look.manifests.is_some() => Kind::Index,
            (None, None) => Kind::Manifest,
        };
        match (kind, look.manifests.is_some()) {
            (Kind::Index, true) => serde_json::from_slice(bytes).map(|index| Self::Index(Box::new(index))).map_err(bad),
            (Kind::Manifest, false) => {
                let manifest: ImageManifest = serde_json::from_slice(bytes).map_err(bad)?;
                check(&manifest, look.artifact_type)?;
                Ok(Self::Manifest(Box::new(manifest)))
            }
            (kind, _) => Err(BadDocument::Artifact(format!("{kind:?}").to_lowercase())),
        }
    }
}

fn check(manifest: &ImageManifest, artifact: Option<String>) -> Result<(), BadDocument> {
    let config = manifest.config().media_type();
    if Kind::of(config) != Some(Kind::Config) {
        return Err(BadDocument::Artifact(artifact.unwrap_or_else(|| config.to_string())));
    }
    if manifest.layers().len() > MOST_LAYERS {
        return Err(BadDocument::Layers(manifest.layers().len()));
    }
    let strange = manifest.layers().iter().find(|layer| !matches!(Kind::of(layer.media_type()), Some(Kind::Layer(_))));
    strange.map_or(Ok(()), |layer| Err(BadDocument::Layer(layer.media_type().to_string())))
}

/// The entry of an index for this platform.
pub(crate) fn choose<'a>(index: &'a ImageIndex, wanted: &Platform) -> Result<&'a Descriptor, BadDocument> {
    wanted.choose(index.manifests()).ok_or_else(|| {
        let there = index.manifests().iter().filter_map(Platform::of_entry).map(|it| it.to_string());
        let there: BTreeSet<_> = there.filter(|name| name != "unknown/unknown").collect();
        let mut there: Vec<_> = there.into_iter().collect();
        if there.is_empty() {
            there.push("nothing".to_owned());
        }
        BadDocument::Platform { wanted: wanted.to_string(), there }
    })
}

/// Whether the configuration is one of this manifest's, and for this platform.
pub(crate) fn fits(
    config: &ImageConfiguration,
    manifest: &ImageManifest,
    wanted: &Platform,
) -> Result<(), BadDocument> {
    let platform = Platform::of(config.os(), config.architecture(), config.variant().as_deref());
    if wanted.suits(&platform).is_none() {
        return Err(BadDocument::Platform { wanted: wanted.to_string(), there: vec![platform.to_string()] });
    }
    let (layers, told) = (manifest.layers().len(), config.rootfs().diff_ids().len());
    if layers == told { Ok(()) } else { Err(BadDocument::Count { layers, told }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    const OCI: &str = "application/vnd.oci.image.manifest.v1+json";
    const DOCKER: &str = "application/vnd.docker.distribution.manifest.v2+json";
    const LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
    const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
    const CONFIG: &str = "application/vnd.oci.image.config.v1+json";

    fn manifest(head: &str, config: &str, layer: &str) -> String {
        let blob = |kind: &str| format!(r#"{{"mediaType":"{kind}","digest":"{DIGEST}","size":3}}"#);
        format!(r#"{{"schemaVersion":2{head},"config":{},"layers":[{}]}}"#, blob(config), blob(layer))
    }

    fn index(platforms: &[&str]) -> String {
        let entry = |platform: &&str| {
            let (os, architecture) = platform.split_once('/').expect("a platform");
            format!(
                r#"{{"mediaType":"{OCI}","digest":"{DIGEST}","size":3,"platform":{{"os":"{os}","architecture":"{architecture}"}}}}"#
            )
        };
        let entries: Vec<_> = platforms.iter().map(entry).collect();
        format!(r#"{{"schemaVersion":2,"manifests":[{}]}}"#, entries.join(","))
    }

    fn refused(text: &str, told: Option<&str>) -> BadDocument {
        Document::read(text.as_bytes(), told).expect_err(text)
    }

    #[test]
    fn a_document_is_what_it_says_it_is() {
        let own = |kind: &str| format!(",\"mediaType\":\"{kind}\"");
        for (text, told) in [
            (manifest("", CONFIG, LAYER), None),
            (manifest("", CONFIG, LAYER), Some(OCI)),
            (manifest("", CONFIG, LAYER), Some("application/json")),
            (manifest(&own(DOCKER), "application/vnd.docker.container.image.v1+json", LAYER), Some(DOCKER)),
            (manifest(&own(OCI), CONFIG, LAYER), Some("application/vnd.oci.image.manifest.v1+json; charset=utf-8")),
        ] {
            assert!(matches!(Document::read(text.as_bytes(), told), Ok(Document::Manifest(_))), "{text} {told:?}");
        }
        for told in [None, Some(LIST), Some("text/plain")] {
            let text = index(&["linux/amd64"]);
            assert!(matches!(Document::read(text.as_bytes(), told), Ok(Document::Index(_))), "{told:?}");
        }
    }

    #[test]
    fn what_is_no_image_of_ours_is_refused() {
        let first = r#"{"schemaVersion":1,"name":"x","fsLayers":[],"signatures":[]}"#;
        assert_eq!(refused(first, None), BadDocument::FirstSchema);
        let both = format!(r#"{{"schemaVersion":2,"manifests":[],"layers":[],"mediaType":"{OCI}"}}"#);
        assert_eq!(refused(&both, None), BadDocument::Ambiguous);
        let own = manifest(&format!(",\"mediaType\":\"{OCI}\""), CONFIG, LAYER);
        assert!(matches!(refused(&own, Some(LIST)), BadDocument::Contradiction { .. }));
        assert!(matches!(refused(&manifest("", CONFIG, LAYER), Some(LIST)), BadDocument::Artifact(_)));
        let helm = "application/vnd.cncf.helm.config.v1+json";
        assert_eq!(refused(&manifest("", helm, LAYER), None), BadDocument::Artifact(helm.to_owned()));
        assert_eq!(refused(&manifest("", CONFIG, "x/y"), None), BadDocument::Layer("x/y".to_owned()));
        for text in ["", "<html>", "[]", "{}", "{\"schemaVersion\":2}", "\u{0}"] {
            assert!(matches!(refused(text, Some(OCI)), BadDocument::Json(_)), "{text}");
        }
        let wrong = manifest("", CONFIG, LAYER).replace("sha256:01", "sha256:zz");
        assert!(matches!(refused(&wrong, None), BadDocument::Json(_)));
    }

    #[test]
    fn who_finds_nothing_is_told_what_there_is() {
        let wanted: Platform = "linux/amd64".parse().expect("a platform");
        let all = index(&["linux/s390x", "linux/arm64", "unknown/unknown", "linux/arm64"]);
        let Ok(Document::Index(index)) = Document::read(all.as_bytes(), None) else { panic!("no index") };
        let error = choose(&index, &wanted).expect_err("none for us").to_string();
        assert_eq!(error, "it is not built for linux/amd64, only for linux/arm64, linux/s390x");
    }
}
