//! The image of a container: found, or fetched, and unpacked; and what it says of how it is to run.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::ValueEnum;
use image::remote::{Patience, Remote, RemoteError, Settings, Verify};
use image::{Image, ImageError, Limits, Platform, Prepared, Store};
use reaper::Signal;

use super::contained::Usual;
use crate::error::Error;
use crate::images;

/// Whether an image is fetched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Pull {
    /// Where it is not here.
    #[default]
    Missing,
    /// In any case.
    Always,
    /// In no case.
    Never,
}

/// The image of this name, ready for containers to be made of it.
pub(super) fn prepare(name: &str, pull: Pull) -> Result<(Store, Prepared), Error> {
    let store = images::open()?;
    let image = match pull {
        Pull::Always => fetched(&store, name)?,
        Pull::Never => found(&store, name)?,
        Pull::Missing => match found(&store, name) {
            Err(ImageError::NoSuchImage { .. }) => fetched(&store, name)?,
            found => found?,
        },
    };
    let prepared = store.prepare_image(image, &Platform::here(), Limits::default(), |_, _| {})?;
    Ok((store, prepared))
}

fn found(store: &Store, name: &str) -> Result<Image, ImageError> {
    let first = store.find(name)?.into_iter().next();
    let first = first.ok_or_else(|| ImageError::NoSuchImage { name: name.to_owned(), root: store.root().to_owned() });
    Ok(first?.image)
}

fn fetched(store: &Store, name: &str) -> Result<Image, Error> {
    let typed = name.parse().map_err(RemoteError::from)?;
    let settings = Settings::of_this_user(None).map_err(RemoteError::from)?;
    let remote = Remote::new(settings, Verify::Configured, Patience::default(), None);
    let manifest = remote.pull(store, &typed, &Platform::here(), &|_| {})?.manifest;
    Ok(store.image(&manifest, &Platform::here())?)
}

/// What an image says of how its program is to run.
pub(super) fn usual(image: &Image) -> Result<Usual, Error> {
    let Some(config) = image.config.config() else { return Ok(Usual::default()) };
    let text = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let odd = |why: String| ImageError::NotAnImage { name: image.id.to_string(), why };
    let variables = config.env().iter().flatten().filter_map(|variable| variable.split_once('='));
    let words = |words: &Option<Vec<String>>| words.iter().flatten().map(OsString::from).collect();
    let user = text(config.user()).map(|user| user.parse().map_err(|error| odd(format!("{error}")))).transpose()?;
    let signal = |text: String| {
        let signal = Signal::parse(text.as_bytes()).map(Signal::number);
        signal.ok_or_else(|| odd(format!("no signal is called {text:?}")))
    };
    Ok(Usual {
        environment: variables.map(|(key, value)| (key.into(), value.into())).collect(),
        directory: text(config.working_dir()).map(|directory| PathBuf::from("/").join(directory)),
        user,
        stop_signal: text(config.stop_signal()).map(signal).transpose()?,
        entrypoint: words(config.entrypoint()),
        command: words(config.cmd()),
    })
}
