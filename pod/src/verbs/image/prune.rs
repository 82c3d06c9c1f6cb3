//! `pod image prune`: making room.

use std::time::Duration;

use clap::Args;
use image::store::Collected;

use crate::error::Error;
use crate::images;

/// Remove what no image and no container needs
///
/// That is what came of pulls and loads that did not end, images that have lost their name to another,
/// and layers that nothing stands on any more.
#[derive(Debug, Args)]
pub struct Prune {
    /// Forget every image that no container stands on
    #[arg(short, long)]
    all: bool,

    /// How long to wait for who pulls, loads or starts an image
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration, default_value = "10s")]
    wait: Duration,
}

/// What has come of it.
#[derive(Debug, Default)]
pub struct Pruned {
    /// Names that mean nothing any more.
    pub untagged: Vec<String>,
    /// What was removed.
    pub collected: Collected,
}

impl Prune {
    /// Removes it.
    ///
    /// # Errors
    /// When somebody uses the store for longer than we wait, or something cannot be removed.
    pub fn run(&self) -> Result<Pruned, Error> {
        let Some(alone) = images::alone(self.wait)? else { return Ok(Pruned::default()) };
        let (known, _) = alone.known()?;
        let instances = alone.instances()?;
        let mut untagged = Vec::new();
        for one in known {
            let used = instances.iter().filter_map(|it| it.pin.as_ref()).any(|pin| pin.image == one.image.id);
            let goes = !used && (self.all || one.name.is_none());
            if goes && alone.forget_reference(&one.recorded)? {
                untagged.push(one.name.map_or(one.recorded, |name| name.familiar()));
            }
        }
        Ok(Pruned { untagged, collected: alone.collect()? })
    }
}
