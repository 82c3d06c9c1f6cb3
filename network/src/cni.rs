//! Networks that plugins make: the protocol of the Container Network Interface, spoken by hand.
//!
//! ```text
//! configuration --config--> NetworkList + Runtime --request--> what a plugin is told --execute--> what it says --result--> Given
//!                                             \--> CniRecord, which is on disk before the first plugin is run
//! ```
//!
//! Nothing that a plugin says is believed before it was looked at, it is waited for only so long and listened to only so
//! far. What is needed to undo it all is in the record, so whoever finds one left behind can.
//!
//! # References
//! The Container Network Interface's specification 1.1.0

mod config;
mod error;
mod execute;
mod record;
mod request;
mod result;
mod version;

pub use config::{CniPlaces, NetworkList};
pub use error::CniError;
pub use record::{CniRecord, INTERFACE};
pub use request::{Bandwidth, PortMapping, Runtime};
pub use result::Given;
pub use version::{InvalidVersion, Version};
