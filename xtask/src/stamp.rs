//! How archives and bills of materials say a date and a checksum.

use std::time::SystemTime;

use sha2::{Digest, Sha256};

pub(crate) fn date(time: SystemTime) -> String {
    humantime::format_rfc3339_seconds(time).to_string()
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
