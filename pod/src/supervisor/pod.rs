//! The pod that is supervised: of what does not change while it lives its ports are the exception.

use std::io;
use std::path::PathBuf;

use launch::{Identity, Origin, Pidfd};
use registry::PodDirectory;

use crate::error::Error;
use crate::plan::PodPlan;
use crate::publish::Publish;
use crate::record::PodRecord;

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
    /// Writes down that these are its published ports, for whoever supervises it next, too.
    ///
    /// # Errors
    /// It cannot be written; they are what they were then.
    pub(super) fn publishes(&mut self, ports: Vec<Publish>) -> Result<(), Error> {
        let record: PodRecord = self.directory.pod()?;
        let plan = record.plan.clone().published_at(ports);
        self.directory.rewrite_pod(&PodRecord { plan: plan.clone(), ..record })?;
        self.plan = plan;
        Ok(())
    }

    /// That it cannot be supervised, and why.
    pub(super) fn failed(&self, source: io::Error) -> Error {
        Error::Supervisor { operation: "run", name: self.plan.name().clone(), source }
    }
}
