//! What can be done with pods and manifests: a file for each verb, with what is typed and what comes of it. They
//! hand back values; showing these is not theirs.

pub mod add;
pub mod attach;
pub mod completion;
pub mod config;
pub mod convert;
pub mod cp;
pub mod create;
pub mod debug;
pub mod delete;
pub mod describe;
pub mod diff;
pub mod doctor;
mod dry_run;
pub mod edit;
pub mod events;
pub mod exec;
pub mod explain;
mod fields;
pub mod generate;
pub mod get;
pub mod image;
mod keep;
pub mod label;
mod lives;
mod living;
pub mod logs;
pub mod make;
pub mod meant;
pub mod named;
pub mod network;
mod pairs;
pub mod patch;
mod planned;
pub mod port_forward;
pub(crate) mod ports;
pub mod prune;
pub mod publish;
pub mod resources;
pub mod run;
pub mod set;
pub mod start;
pub mod submit;
mod surroundings;
pub mod top;
pub(crate) mod trouble;
pub mod version;
pub(crate) mod visit;
pub mod wait;
pub(crate) mod which;

pub(crate) use surroundings::Surroundings;

/// Nothing was named that could be changed.
const NO_RESOURCES: &str = "You must provide one or more resources by argument or filename.
Example resource specifications include:
   '-f rsrc.yaml'
   '--filename=rsrc.json'
   '<resource> <name>'
   '<resource>'";
