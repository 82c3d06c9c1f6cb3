//! `pod describe`: all there is to know of a pod.

use clap::Args;
use registry::{Name, Registry};

use crate::error::Error;
use crate::look;
use crate::view::PodView;

/// Show all there is to know of a pod.
#[derive(Debug, Args)]
pub struct Describe {
    /// The pod's name
    name: Name,
}

impl Describe {
    /// The pod that was asked for.
    ///
    /// # Errors
    /// When it is not there or cannot be read.
    pub fn run(&self, registry: &Registry) -> Result<PodView, Error> {
        look::pod(registry, &self.name)
    }
}
