//! `pod image`: what containers are made of. A file for each verb.

pub mod import;
pub mod inspect;
mod limits;
pub mod list;
pub mod load;
pub mod prune;
pub mod pull;
pub mod remove;
pub mod save;
mod source;
pub mod tag;

use std::time::Duration;

use image::Store;
use image::store::{Collected, data_directory};

use crate::error::Error;
use crate::images;

/// The store, to be looked at; `None` where there is none.
fn looked_at() -> Result<Option<Store>, Error> {
    Ok(images::look(&data_directory())?)
}

/// Who only makes room does not wait long for who uses the store.
const BREATH: Duration = Duration::from_secs(1);

/// Removes what nobody needs any more, if nobody uses the store; `None` where somebody does.
fn collect() -> Result<Option<Collected>, Error> {
    match images::alone(BREATH) {
        Err(image::StoreError::InUse { .. }) => Ok(None),
        Ok(None) => Ok(Some(Collected::default())),
        Ok(Some(alone)) => Ok(Some(alone.collect()?)),
        Err(error) => Err(error.into()),
    }
}

/// What is said where it cannot be found.
fn no_such(name: &str) -> Error {
    image::ImageError::NoSuchImage { name: name.to_owned(), root: data_directory() }.into()
}
