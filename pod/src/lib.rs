//! Compose pods on one machine, without a cluster.
//!
//! A [`Store`] is the registry of this user's pods. [`create()`] makes a pod of a [`PodPlan`],
//! [`run()`] launches a [`WorkloadPlan`] in it, [`exec()`] joins it with a command, [`PodView`]
//! looks at it, [`delete()`] ends it.
//!
//! There is no daemon: a pod is its pause process, a directory, and, where it has workloads or
//! published ports, one supervisor process.

pub mod cli;
mod control;
mod create;
mod delete;
mod directory;
mod error;
mod exec;
pub mod forwarder;
mod logs;
mod plan;
mod publish;
mod record;
mod run;
mod sandbox;
pub mod show;
mod store;
mod supervisor;
#[allow(unsafe_code, reason = "the clone and the child's code; see the file's # Safety")]
mod sys;
mod view;

pub use control::Refusal;
pub use create::create;
pub use delete::delete;
pub use directory::{PodDirectory, Workload};
pub use error::Error;
pub use exec::exec;
pub use logs::logs;
pub use plan::{Contradiction, Hostname, PodPlan, Share, WorkloadPlan};
pub use publish::{InvalidPublish, Publish};
pub use record::{EndRecord, Missing, PodRecord, WorkloadRecord};
pub use run::{name_after, run};
pub use store::Store;
pub use supervisor::supervise;
pub use view::{PodStatus, PodView, WorkloadStatus, WorkloadView};
