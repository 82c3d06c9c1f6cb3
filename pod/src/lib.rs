//! Compose pods on one machine, without a cluster.
//!
//! A [`Registry`] is where this user's pods are recorded: [`pod()`] and [`pods()`] look at them, and
//! change nothing. A [`Store`] is the same to be changed: [`create()`] makes a pod of a
//! [`PodPlan`], [`add()`] launches a [`WorkloadPlan`] in it, [`exec()`] joins
//! it with a command, [`delete()`] ends it.
//!
//! There is no daemon: a pod is its pause process, a directory, and, where it has workloads or
//! published ports, one supervisor process, which for the ports has one that carries them.

pub mod answer;
mod attach;
pub mod attend;
mod bundle;
mod cgroup;
mod changes;
pub mod cli;
mod clock;
mod columns;
mod company;
pub mod compile;
mod conditions;
mod connect;
pub mod console;
mod control;
mod copy;
pub mod doctor;
mod each;
mod end;
mod error;
mod foreground;
pub mod forwarder;
mod gather;
mod generate;
mod holders;
mod images;
mod input;
mod instance;
pub mod kubectl;
mod look;
pub mod machine;
#[cfg(test)]
mod nearly;
mod nobody;
mod objects;
mod output;
pub mod place;
mod plan;
pub mod probe;
mod programs;
mod publish;
mod range;
mod record;
mod recorded;
pub mod resolver;
mod rest;
mod sandbox;
mod seal;
pub mod show;
pub mod status;
mod store;
#[cfg(test)]
mod stories;
mod strays;
mod supervisor;
#[allow(unsafe_code, reason = "the clone and the child's code; see the file's # Safety")]
mod sys;
mod usage;
pub mod verbs;
mod view;
mod volume;
mod wire;

pub use attach::Attached;
pub use company::{Stayed, look_into, stay_with};
pub use connect::ConnectError;
pub use control::Refusal;
pub use copy::CopyError;
pub use error::Error;
pub use foreground::{dismiss, foreground};
pub use holders::Holder;
pub use image::owners::tend;
pub use look::{pod, pods};
pub use objects::{Key, ObjectsError};
pub use plan::{
    Conditions, Console, Contradiction, Hostname, Part, PodPlan, Share, Size, Typing, WorkloadPlan, name_after,
};
pub use programs::Programs;
pub use publish::{InvalidPublish, Publish, Transport};
pub use record::{EndRecord, Missing, PodRecord, Reason, WorkloadRecord, log_name};
pub use registry::{Name, Registry};
pub use seal::go_on_sealed;
pub use store::Store;
pub use supervisor::supervise;
pub use verbs::add::{add, attach};
pub use verbs::create::create;
pub use verbs::delete::{Unsure, delete};
pub use verbs::exec::exec;
pub use view::{PodStatus, PodView, WorkloadStatus, WorkloadView};
pub use volume::VolumeError;
