//! `pod image import`: an image out of a root file system.

use std::path::PathBuf;

use clap::Args;
use image::Platform;
use image::archive::{self, Change, Loaded};
use image::reference::Reference;
use image::store::{Layer, LayerRecord};

use super::limits::LimitArgs;
use super::source::source;
use crate::error::Error;
use crate::images;

/// Make an image of the archive of a root file system
#[derive(Debug, Args)]
pub struct Import {
    /// The archive, or - for standard input; it may be compressed by gzip or zstd
    file: PathBuf,

    /// What the image is to be called
    name: Option<Reference>,

    /// What the image is to say of itself, as a line of a Dockerfile: CMD, ENTRYPOINT, ENV, EXPOSE,
    /// LABEL, STOPSIGNAL, USER, VOLUME or WORKDIR
    #[arg(short, long, value_name = "LINE")]
    change: Vec<Change>,

    /// For which platform its programs are [default: this machine's]
    #[arg(long, value_name = "OS/ARCHITECTURE[/VARIANT]")]
    platform: Option<Platform>,

    #[command(flatten)]
    limits: LimitArgs,
}

impl Import {
    /// Imports it; `told` is called with the layer.
    ///
    /// # Errors
    /// When it is no archive, or cannot be kept.
    pub fn run(&self, told: impl FnMut(&Layer, &LayerRecord)) -> Result<Loaded, Error> {
        let source = source(Some(self.file.clone()))?;
        let store = images::open()?;
        let platform = self.platform.clone().unwrap_or_else(Platform::here);
        let (name, changes) = (self.name.as_ref(), self.change.clone());
        Ok(archive::import(&store, &source, name, changes, &platform, self.limits.limits(), told)?)
    }
}
