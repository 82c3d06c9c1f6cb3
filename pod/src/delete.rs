//! Deleting a pod.

use std::time::Duration;

use nsjoin::Name;

use crate::control::Request;
use crate::error::Error;
use crate::store::Store;
use crate::supervisor;

/// Ends a pod, dead or alive, and forgets it. Its workloads get TERM and so much grace before they
/// are killed; what else is in the pod ends with the pause process.
///
/// # Errors
/// When there is no such pod, or something of it cannot be ended.
pub fn delete(store: &Store, name: &Name, grace: Duration) -> Result<(), Error> {
    let (directory, lock) = store.locked(name)?;
    let grace_ms = u64::try_from(grace.as_millis()).unwrap_or(u64::MAX);
    if grace_ms > 0 {
        // Where no supervisor answers there is nobody to be polite to.
        let _answer = supervisor::ask(name, &directory, &Request::Stop { grace_ms })?;
    }
    store.remove(name, &directory, lock)
}
