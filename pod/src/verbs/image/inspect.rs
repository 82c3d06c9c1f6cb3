//! `pod image inspect`: all there is to know of an image.

use clap::Args;
use image::Known;

use super::{looked_at, no_such};
use crate::error::Error;

/// Show all there is to know of images
#[derive(Debug, Args)]
pub struct Inspect {
    /// Which, by name or id
    #[arg(required = true)]
    names: Vec<String>,
}

impl Inspect {
    /// For each image that was asked for, all its names.
    ///
    /// # Errors
    /// When there is no such image, or it cannot be told which is meant.
    pub fn run(&self) -> Result<Vec<Vec<Known>>, Error> {
        let Some(store) = looked_at()? else { return Err(no_such(&self.names[0])) };
        let (all, _) = store.known()?;
        let images = self.names.iter().map(|name| {
            let id = store.find(name)?[0].image.id.clone();
            Ok(all.iter().filter(|one| one.image.id == id).cloned().collect())
        });
        images.collect()
    }
}
