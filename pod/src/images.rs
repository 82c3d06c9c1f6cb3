//! The store of images of who we are, whose files may belong to all ids that they may give.

use std::path::Path;
use std::time::Duration;

use image::owners::Owners;
use image::store::{Alone, data_directory};
use image::{Store, StoreError};

use crate::programs::Programs;

/// The hidden verb of `pod` that does what only the root of a user namespace can.
pub(crate) const TEND: &str = "tend";

fn owners() -> Option<Owners> {
    // A program that links this library and finds no `pod` has files of one id.
    Owners::of_this_user(&Programs::default().pod().ok()?, TEND)
}

/// Opens it, made where there is none.
pub(crate) fn open() -> Result<Store, StoreError> {
    Ok(Store::open(&data_directory())?.with_owners(owners()))
}

/// Opens one at this place, if there is one.
pub(crate) fn look(root: &Path) -> Result<Option<Store>, StoreError> {
    Ok(Store::look(root)?.map(|store| store.with_owners(owners())))
}

/// Opens it once nobody else uses it, if there is one.
pub(crate) fn alone(patience: Duration) -> Result<Option<Alone>, StoreError> {
    Ok(Alone::open(&data_directory(), patience)?.map(|alone| alone.with_owners(owners())))
}
