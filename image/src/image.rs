//! An image: what its manifest and its configuration say, and the layers that a container's root is
//! made of.

use std::path::PathBuf;
use std::sync::Arc;

use oci_spec::image::{Descriptor, ImageConfiguration, ImageIndex, ImageManifest, MediaType};
use registry::Lock;

use crate::digest::{Digest, InvalidDigest};
use crate::marks::OverlayMarks;
use crate::media::Kind;
use crate::platform::Platform;
use crate::store::{Layer, LayerError, LayerRecord, Pin, Store, StoreError};
use crate::unpack::Limits;

/// An image in the store.
#[derive(Clone, Debug, PartialEq)]
pub struct Image {
    /// The digest of its configuration, which is what an image is known by.
    pub id: Digest,
    /// Its manifest.
    pub manifest: Descriptor,
    /// What it says of itself: entry point, environment, user and the like.
    pub config: ImageConfiguration,
    /// Its layers, the lowest first.
    pub layers: Vec<Layer>,
}

/// An image whose layers are unpacked. While it is here nothing of it is collected.
#[derive(Debug)]
pub struct Prepared {
    /// The image.
    pub image: Image,
    /// The directories of its layers, as an overlay's lowers: the top first.
    pub lowers: Vec<PathBuf>,
    /// The digest of all its layers.
    pub chain: Digest,
    /// How the layers say what they hide: an overlay of [`OverlayMarks::User`] needs `userxattr`.
    pub marks: OverlayMarks,
    /// That nobody collects meanwhile.
    pub held: Arc<Lock>,
}

/// An image that cannot be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImageError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A layer.
    #[error(transparent)]
    Layer(#[from] LayerError),
    /// It is not here.
    #[error("no image {name} in {}", root.display())]
    NoSuchImage {
        /// What was asked for.
        name: String,
        /// Where it was looked for.
        root: PathBuf,
    },
    /// It is for other machines.
    #[error("image {name} is for {}, and this machine is {here}", list(.found))]
    Platform {
        /// Which.
        name: String,
        /// What it is for.
        found: Vec<Platform>,
        /// What would do.
        here: Platform,
    },
    /// What is there is no image.
    #[error("{name} is no image: {why}")]
    NotAnImage {
        /// Which.
        name: String,
        /// Why.
        why: String,
    },
    /// Of several it cannot be told which is meant.
    #[error("{id} is the beginning of the ids of {count} images")]
    Ambiguous {
        /// What was asked for.
        id: String,
        /// Of how many.
        count: usize,
    },
}

impl ImageError {
    /// What is nearly always the reason, or the way out, where one thing is.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::Store(error) | Self::Layer(LayerError::Store(error)) => error.hint(),
            Self::Layer(LayerError::Unpack { source, .. }) => source.hint(),
            Self::NoSuchImage { .. } => Some("`pod image list` shows what is here"),
            _ => None,
        }
    }

    fn no_image(name: &Digest, why: impl std::fmt::Display) -> Self {
        Self::NotAnImage { name: name.to_string(), why: why.to_string() }
    }
}

fn list(platforms: &[Platform]) -> String {
    let names: Vec<_> = platforms.iter().map(Platform::to_string).collect();
    if names.is_empty() { "no machine".to_owned() } else { names.join(", ") }
}

/// Indexes within indexes are allowed, and nobody has more than two.
const DEPTH: usize = 4;

impl Store {
    /// The manifest of the image for a platform that a reference's descriptor leads to.
    ///
    /// # Errors
    /// When there is none for it, or what leads there is not in the store.
    pub fn manifest(
        &self,
        descriptor: &Descriptor,
        platform: &Platform,
    ) -> Result<(Descriptor, ImageManifest), ImageError> {
        let mut descriptor = descriptor.clone();
        for _ in 0..DEPTH {
            let digest = digest(&descriptor)?;
            match Kind::of(descriptor.media_type()) {
                Some(Kind::Manifest) => return Ok((descriptor, self.json(&digest)?)),
                Some(Kind::Index) => {
                    let index: ImageIndex = self.json(&digest)?;
                    let chosen = platform.choose(index.manifests()).cloned();
                    descriptor = chosen.ok_or_else(|| ImageError::Platform {
                        name: digest.to_string(),
                        found: platforms(&index),
                        here: platform.clone(),
                    })?;
                }
                _ => return Err(ImageError::no_image(&digest, what(descriptor.media_type()))),
            }
        }
        Err(ImageError::no_image(&digest(&descriptor)?, "its indexes lead nowhere"))
    }

    /// The image for a platform that a reference's descriptor leads to.
    ///
    /// # Errors
    /// As [`Self::manifest`], or when it is no image that a container can be made of.
    pub fn image(&self, descriptor: &Descriptor, platform: &Platform) -> Result<Image, ImageError> {
        let (descriptor, manifest) = self.manifest(descriptor, platform)?;
        let name = digest(&descriptor)?;
        let id = digest(manifest.config())?;
        if let Some(artifact) = manifest.artifact_type() {
            return Err(ImageError::no_image(&name, what(artifact)));
        }
        if Kind::of(manifest.config().media_type()) != Some(Kind::Config) {
            return Err(ImageError::no_image(&name, what(manifest.config().media_type())));
        }
        let config: ImageConfiguration = self.json(&id)?;
        let (blobs, diffs) = (manifest.layers(), config.rootfs().diff_ids());
        if blobs.len() != diffs.len() {
            let why = format!("its manifest has {} layers and its configuration {}", blobs.len(), diffs.len());
            return Err(ImageError::no_image(&name, why));
        }
        let layers: Result<Vec<_>, InvalidDigest> =
            blobs.iter().zip(diffs).map(|(blob, diff)| Ok((blob.clone(), diff.parse()?))).collect();
        let layers = Layer::chained(layers.map_err(|error| ImageError::no_image(&name, error))?);
        Ok(Image { id, manifest: descriptor, config, layers })
    }

    /// Unpacks what is not yet of the image that a reference's descriptor leads to, so that a
    /// container can be made of it. `told` is called with each layer that was unpacked.
    ///
    /// # Errors
    /// As [`Self::image`], when it is for other machines, or a layer cannot be unpacked.
    pub fn prepare(
        &self,
        descriptor: &Descriptor,
        platform: &Platform,
        limits: Limits,
        told: impl FnMut(&Layer, &LayerRecord),
    ) -> Result<Prepared, ImageError> {
        self.prepare_image(self.image(descriptor, platform)?, platform, limits, told)
    }

    /// The same of an image that has been looked up.
    ///
    /// # Errors
    /// When it is for other machines, or a layer cannot be unpacked.
    pub fn prepare_image(
        &self,
        image: Image,
        platform: &Platform,
        limits: Limits,
        told: impl FnMut(&Layer, &LayerRecord),
    ) -> Result<Prepared, ImageError> {
        image.check(platform)?;
        let layers = self.unpack(&image.layers, limits, told)?;
        let lowers = crate::store::seen(&layers).into_iter().map(PathBuf::from).collect();
        let chain = image.layers.last().map_or_else(|| image.id.clone(), |layer| layer.chain.clone());
        Ok(Prepared { image, lowers, chain, marks: self.marks(), held: self.held() })
    }
}

impl Prepared {
    /// What a container that stands on it pins.
    #[must_use]
    pub fn pin(&self) -> Pin {
        let chains = self.image.layers.iter().map(|layer| layer.chain.clone()).collect();
        Pin { manifest: self.image.manifest.clone(), image: self.image.id.clone(), chains }
    }
}

impl Image {
    /// What it is built for.
    #[must_use]
    pub fn platform(&self) -> Platform {
        Platform::of(self.config.os(), self.config.architecture(), self.config.variant().as_deref())
    }

    /// That its programs can run on this platform.
    ///
    /// # Errors
    /// When they cannot.
    pub fn check(&self, platform: &Platform) -> Result<(), ImageError> {
        let found = self.platform();
        if platform.suits(&found).is_some() {
            return Ok(());
        }
        let name = self.manifest.digest().to_string();
        Err(ImageError::Platform { name, found: vec![found], here: platform.clone() })
    }
}

/// What an index has images for; attestations are for nobody.
fn platforms(index: &ImageIndex) -> Vec<Platform> {
    let told = index.manifests().iter().filter_map(Platform::of_entry);
    told.filter(|platform| platform.to_string() != "unknown/unknown").collect()
}

fn digest(descriptor: &Descriptor) -> Result<Digest, ImageError> {
    Ok(Digest::try_from(descriptor.digest()).map_err(StoreError::from)?)
}

fn what(media_type: &MediaType) -> String {
    format!("it is of type {:?}", media_type.to_string())
}
