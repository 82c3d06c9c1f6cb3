//! `pod image list`: the images that are here.

use clap::Args;
use image::{ImageError, Known};

use super::looked_at;
use crate::error::Error;

/// List the images that are here
#[derive(Debug, Args)]
pub struct List {
    /// Only what is called so, or has this id [default: all]
    name: Option<String>,

    /// Print only ids
    #[arg(short, long)]
    pub quiet: bool,

    /// Print ids whole
    #[arg(long)]
    pub no_trunc: bool,
}

impl List {
    /// The images, the newest name first; and of what cannot be understood, why.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn run(&self) -> Result<(Vec<Known>, Vec<ImageError>), Error> {
        let Some(store) = looked_at()? else { return Ok((Vec::new(), Vec::new())) };
        let (mut known, errors) = store.known()?;
        if let Some(name) = &self.name {
            let meant = match store.find(name) {
                Ok(found) => found,
                Err(ImageError::NoSuchImage { .. }) => Vec::new(),
                Err(error) => return Err(error.into()),
            };
            // A repository without a tag is all of it.
            let repository = |one: &Known| {
                let parsed = name.parse::<image::reference::Reference>();
                let same =
                    parsed.is_ok_and(|it| one.name.as_ref().is_some_and(|one| one.repository() == it.repository()));
                same && !name.contains(['@']) && !name.rsplit('/').next().is_some_and(|last| last.contains(':'))
            };
            known.retain(|one| repository(one) || meant.iter().any(|it| it.recorded == one.recorded));
        }
        known.sort_by(|one, other| other.since.cmp(&one.since).then_with(|| one.recorded.cmp(&other.recorded)));
        Ok((known, errors))
    }
}
