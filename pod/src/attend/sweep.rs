//! Removing what is kept of pods that are no more, where somebody was killed while forgetting one.

use image::store::data_directory;
use manifest::kind::Resource;
use registry::{Attempt, Sharing, tree};

use crate::error::Error;
use crate::objects::Objects;
use crate::place::{kept, locked};

/// Removes what is kept of pods of which there is no object, and to which nobody attends.
///
/// # Errors
/// It cannot be told which there are, or something cannot be removed.
pub fn sweep() -> Result<(), Error> {
    let data = data_directory();
    // In this order: what is kept of a pod comes after its object.
    let found = tree::names(&data.join("pods"))?;
    if found.is_empty() {
        return Ok(());
    }
    let pods = Resource::find("pods").map(|pods| Objects::of_this_user()?.list(pods, None)).transpose()?;
    let known: Vec<_> = pods.unwrap_or_default().iter().filter_map(|pod| pod.metadata().uid.clone()).collect();
    for name in found {
        let Some(uid) = name.to_str().filter(|uid| !known.iter().any(|known| known == uid)) else { continue };
        let path = kept(&data, uid);
        if let Attempt::Busy(_) = Attempt::at(&locked(&path), Sharing::Exclusive)? {
            continue;
        }
        tree::remove(&path)?;
    }
    Ok(())
}
