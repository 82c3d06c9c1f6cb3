//! Kubernetes manifests, read as kubectl reads them. No I/O: text in, values out.
//!
//! ```
//! use manifest::read::{Validate, read};
//!
//! let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - {name: web, image: nginx}\n";
//! for written in read(text, "web.yaml", &Default::default()) {
//!     let mut object = written?.decode(Validate::Strict)?.object;
//!     object.set_defaults();
//!     assert!(object.check().is_empty());
//!     assert_eq!(object.pod_spec().unwrap().containers[0].image_pull_policy.as_deref(), Some("Always"));
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

pub mod check;
pub mod cron;
mod default;
pub mod diff;
pub mod edit;
pub mod emit;
pub mod explain;
pub mod image;
pub mod jsonpath;
pub mod kind;
pub mod make;
pub mod patch;
pub mod read;
pub mod schema;
pub mod selector;
pub mod strict;
pub mod template;
pub mod text;
pub mod value;
