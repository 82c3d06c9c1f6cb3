//! How the archive and the bills of materials in it say a date and a checksum.

use std::time::SystemTime;

use sha2::{Digest, Sha256};

pub(super) fn date(time: SystemTime) -> String {
    humantime::format_rfc3339_seconds(time).to_string()
}

pub(super) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
