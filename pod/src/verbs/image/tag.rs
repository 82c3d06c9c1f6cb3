//! `pod image tag`: another name for an image.

use clap::Args;
use image::reference::Reference;

use super::{looked_at, no_such};
use crate::error::Error;
use crate::images;

/// Give an image another name
#[derive(Debug, Args)]
pub struct Tag {
    /// Which, by name or id
    image: String,

    /// What it is to be called, too
    #[arg(required = true)]
    names: Vec<Reference>,
}

impl Tag {
    /// Names it.
    ///
    /// # Errors
    /// When there is no such image, or the name cannot be kept.
    pub fn run(&self) -> Result<(), Error> {
        if looked_at()?.is_none() {
            return Err(no_such(&self.image));
        }
        let store = images::open()?;
        let known = store.find(&self.image)?.swap_remove(0);
        let meant = store.reference(&known.recorded)?.ok_or_else(|| no_such(&self.image))?;
        for name in &self.names {
            store.set_reference(&name.to_string(), &meant.descriptor)?;
        }
        // What had no name has one now.
        if known.name.is_none() {
            store.forget_reference(&known.recorded)?;
        }
        Ok(())
    }
}
