//! What time it is, as objects tell time.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;

/// Now, to the second.
pub(crate) fn now() -> Timestamp {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    i64::try_from(seconds).ok().and_then(|seconds| Timestamp::from_second(seconds).ok()).unwrap_or(Timestamp::MAX)
}
