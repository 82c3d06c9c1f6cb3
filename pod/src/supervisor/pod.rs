//! The pod that is supervised: what does not change while it lives.

use std::io;
use std::path::PathBuf;

use launch::{Identity, Origin, Pidfd};
use registry::PodDirectory;

use crate::error::Error;
use crate::plan::PodPlan;

/// A pod that lives.
#[derive(Debug)]
pub(super) struct Pod {
    pub(super) directory: PodDirectory,
    pub(super) plan: PodPlan,
    pub(super) pause: Identity,
    pub(super) pinned: Pidfd,
    /// Where processes are counted as we count them.
    pub(super) here: Origin,
    /// This program's file, whatever it is executed from.
    pub(super) program: PathBuf,
}

impl Pod {
    /// That it cannot be supervised, and why.
    pub(super) fn failed(&self, source: io::Error) -> Error {
        Error::Supervisor { operation: "run", name: self.plan.name().clone(), source }
    }
}
