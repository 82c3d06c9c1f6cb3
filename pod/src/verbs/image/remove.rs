//! `pod image remove`: forgetting images.

use clap::Args;
use image::store::Collected;
use image::{Known, Store};

use super::{collect, looked_at, no_such};
use crate::error::Error;

/// Forget images, and remove of them what nothing else needs
#[derive(Debug, Args)]
pub struct Remove {
    /// Which, by name or id
    #[arg(required = true)]
    names: Vec<String>,

    /// Though an image has several names, or containers stand on it: these keep what they need
    #[arg(short, long)]
    force: bool,
}

/// What has come of it.
#[derive(Debug, Default)]
pub struct Removed {
    /// Names that mean nothing any more.
    pub untagged: Vec<String>,
    /// Images that are gone.
    pub deleted: Vec<String>,
    /// What of them was removed; `None` where somebody uses the store, so that it waits.
    pub collected: Option<Collected>,
    /// What could not be done for some of them.
    pub errors: Vec<Error>,
}

impl Remove {
    /// Forgets them.
    ///
    /// # Errors
    /// When the store cannot be read. That one of them cannot be removed is among what has come of it.
    pub fn run(&self) -> Result<Removed, Error> {
        let mut removed = Removed::default();
        // The store is to be used by nobody when it is collected.
        if let Some(store) = looked_at()? {
            for name in &self.names {
                if let Err(error) = self.forget(&store, name, &mut removed) {
                    removed.errors.push(error);
                }
            }
        } else {
            removed.errors.extend(self.names.iter().map(|name| no_such(name)));
        }
        if !removed.untagged.is_empty() {
            removed.collected = collect()?;
        }
        Ok(removed)
    }

    fn forget(&self, store: &Store, name: &str, removed: &mut Removed) -> Result<(), Error> {
        let found = store.find(name)?;
        let (all, _) = store.known()?;
        let id = &found[0].image.id;
        if found.len() > 1 && !self.force {
            return Err(Error::ManyNames { id: id.short().to_owned(), count: found.len() });
        }
        let left = all.iter().filter(|one| one.image.id == *id && !found.iter().any(|it| it.recorded == one.recorded));
        let is_last = left.count() == 0;
        if is_last && !self.force {
            let users = users(store, &found)?;
            if let Some(user) = users.first() {
                return Err(Error::ImageInUse { image: name.to_owned(), container: user.clone() });
            }
        }
        for known in &found {
            if store.forget_reference(&known.recorded)? {
                let name = known.name.as_ref().map(|name| name.familiar());
                removed.untagged.extend(name.or_else(|| Some(known.recorded.clone())));
            }
        }
        if is_last {
            removed.deleted.push(id.to_string());
        }
        Ok(())
    }
}

/// The containers that stand on one of these.
fn users(store: &Store, images: &[Known]) -> Result<Vec<String>, Error> {
    let instances = store.instances()?.into_iter();
    let stands = |instance: &image::store::Instance| {
        instance.pin.as_ref().is_some_and(|pin| images.iter().any(|it| it.image.id == pin.image))
    };
    Ok(instances.filter(stands).map(|instance| instance.name).collect())
}
