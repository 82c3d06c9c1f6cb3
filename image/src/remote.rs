//! Registries: an image by its name, from wherever the machine says that it is to be had.
//!
//! ```text
//! name --reference, registries.conf--> references, endpoints --session (challenge, token)--> manifest
//! manifest --document: which one, for which platform--> configuration, layers --fetch--> store --> name
//! ```
//!
//! What has not come whole, and been verified, is never used: the name is set last. What came of a
//! layer stays for the next time.

mod answer;
mod challenge;
mod credentials;
mod document;
mod error;
mod event;
mod fetch;
mod helper;
mod persist;
mod pull;
mod registries;
mod session;
mod settings;
mod text;
mod wire;

pub use credentials::{BadAuth, Login};
pub use document::BadDocument;
pub use error::RemoteError;
pub use event::{Event, Stage, Watch};
pub use helper::HelperError;
pub use pull::{INDEX, Pulled, Remote};
pub use registries::{BadRegistries, Endpoint, NoWay, Registries};
pub use settings::{Settings, SettingsError, configuration};
pub use text::text;
pub use wire::{Patience, Verify};
