//! The workload that is meant where none was named.

use registry::{Found, Name};

use crate::error::Error;

/// The only workload of a pod; `None` where none was ever launched.
///
/// # Errors
/// When there are several.
pub(super) fn only(found: &Found) -> Result<Option<Name>, Error> {
    let names = found.directory().workload_names()?;
    match names.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(one.clone())),
        _ => Err(Error::WhichWorkload { pod: found.name().clone(), workloads: names }),
    }
}
