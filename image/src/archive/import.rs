//! `import`: an image of one layer out of the archive of a root file system.

use std::time::SystemTime;

use oci_spec::image::{
    Config, HistoryBuilder, ImageConfigurationBuilder, ImageManifestBuilder, MediaType, RootFsBuilder,
};

use super::change::Change;
use super::docker::layer_type;
use super::error::ArchiveError;
use super::load::{Loaded, copy, nameless};
use super::source::Source;
use crate::digest::Digest;
use crate::platform::Platform;
use crate::reference::Reference;
use crate::store::{Layer, LayerRecord, Store};
use crate::unpack::{Limits, diff_id};

/// Makes an image of a root file system's archive. `told` is called with the layer, once unpacked.
///
/// # Errors
/// When it is no archive, or cannot be unpacked.
pub fn import(
    store: &Store,
    source: &Source,
    name: Option<&Reference>,
    changes: Vec<Change>,
    platform: &Platform,
    limits: Limits,
    told: impl FnMut(&Layer, &LayerRecord),
) -> Result<Loaded, ArchiveError> {
    let from = || source.to_string();
    let archive =
        |error: Box<dyn std::error::Error + Send + Sync>| ArchiveError::Archive { from: from(), source: error };
    let mut ingest = store.ingest_unknown(MediaType::ImageLayer)?;
    copy(&mut source.open()?, &mut ingest).map_err(|error| archive(error.into()))?;
    let blob = ingest.commit()?;
    let diff = diff_id(store.whole(&blob)?, blob.size(), limits);
    let diff: Digest = diff.map_err(|source| ArchiveError::Import { from: from(), source })?;
    let mut layer = blob.clone();
    layer.set_media_type(layer_type(store, &blob)?);
    let mut config = Config::default();
    changes.into_iter().for_each(|change| change.apply(&mut config));
    let now = rfc3339(SystemTime::now());
    let build = || -> Result<_, oci_spec::OciSpecError> {
        let history = HistoryBuilder::default().created(&*now).created_by("pod image import").build()?;
        let rootfs = RootFsBuilder::default().typ("layers").diff_ids(vec![diff.to_string()]).build()?;
        let mut built = ImageConfigurationBuilder::default()
            .created(&*now)
            .os(platform.os())
            .architecture(platform.architecture())
            .config(config)
            .rootfs(rootfs)
            .history(vec![history]);
        if !platform.variant().is_empty() {
            built = built.variant(platform.variant());
        }
        built.build()?.to_string()
    };
    let config = build().map_err(|error| archive(error.into()))?;
    let config = store.put(MediaType::ImageConfig, config.as_bytes())?;
    let manifest = ImageManifestBuilder::default()
        .schema_version(2_u32)
        .media_type(MediaType::ImageManifest)
        .config(config)
        .layers(vec![layer])
        .build();
    let manifest = manifest.and_then(|manifest| manifest.to_string()).map_err(|error| archive(error.into()))?;
    let descriptor = store.put(MediaType::ImageManifest, manifest.as_bytes())?;
    let prepared = store.prepare(&descriptor, platform, limits, told)?;
    let names: Vec<String> = name.iter().map(ToString::to_string).collect();
    let recorded = names.first().cloned().unwrap_or_else(|| nameless(&descriptor));
    store.set_reference(&recorded, &descriptor)?;
    Ok(Loaded { names, prepared })
}

/// As images have it: RFC 3339, in UTC.
fn rfc3339(now: SystemTime) -> String {
    humantime::format_rfc3339_seconds(now).to_string()
}
