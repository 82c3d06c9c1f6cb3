//! What can be done with pods: a file for each verb, with what is typed and what comes of it. They
//! hand back values; showing these is not theirs.

pub mod add;
pub mod create;
pub mod delete;
pub mod describe;
pub mod exec;
pub mod get;
pub mod image;
pub mod logs;
mod surroundings;

pub(crate) use surroundings::Surroundings;
