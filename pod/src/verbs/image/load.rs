//! `pod image load`: images out of an archive.

use std::path::PathBuf;

use clap::Args;
use image::Platform;
use image::archive::{self, Loaded};
use image::reference::Reference;
use image::store::{Layer, LayerRecord};

use super::limits::LimitArgs;
use super::source::source;
use crate::error::Error;
use crate::images;

/// Take images from an archive or a directory
///
/// Understands OCI layouts, as a directory or as an archive, and what docker and podman save. It may
/// be compressed by gzip or zstd.
#[derive(Debug, Args)]
pub struct Load {
    /// The archive or directory [default: standard input]
    #[arg(conflicts_with = "input")]
    file: Option<PathBuf>,

    /// The same, in docker's words
    #[arg(short, long, value_name = "FILE")]
    input: Option<PathBuf>,

    /// What the image is to be called, whatever the archive says
    #[arg(long)]
    name: Option<Reference>,

    /// For which platform [default: this machine's]
    #[arg(long, value_name = "OS/ARCHITECTURE[/VARIANT]")]
    platform: Option<Platform>,

    /// Print only names, or ids of what has no name
    #[arg(short, long)]
    pub quiet: bool,

    #[command(flatten)]
    limits: LimitArgs,
}

impl Load {
    /// Loads them; `told` is called with each layer that was unpacked.
    ///
    /// # Errors
    /// When there is none, it is for other machines, or it cannot be kept.
    pub fn run(&self, told: impl FnMut(&Layer, &LayerRecord)) -> Result<Vec<Loaded>, Error> {
        let source = source(self.file.clone().or_else(|| self.input.clone()))?;
        let store = images::open()?;
        let platform = self.platform.clone().unwrap_or_else(Platform::here);
        Ok(archive::load(&store, &source, self.name.as_ref(), &platform, self.limits.limits(), told)?)
    }
}
