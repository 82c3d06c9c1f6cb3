//! `pod get`: listing pods.

use clap::Args;
use registry::{Name, Registry};

use crate::error::Error;
use crate::look;
use crate::view::PodView;

/// List pods.
#[derive(Debug, Args)]
pub struct Get {
    /// Only these [default: all]
    names: Vec<Name>,
}

impl Get {
    /// The pods that were asked for.
    ///
    /// # Errors
    /// When one of those named is not there or cannot be read, or the registry cannot.
    pub fn run(&self, registry: &Registry) -> Result<Vec<PodView>, Error> {
        if self.names.is_empty() {
            look::pods(registry)
        } else {
            self.names.iter().map(|name| look::pod(registry, name)).collect()
        }
    }
}
