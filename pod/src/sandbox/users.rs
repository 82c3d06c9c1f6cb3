//! The user namespace of a pod: of somebody to whom more ids are granted than their own, or of one that has ids of its
//! own, or of one in a network that somebody holds.

use std::os::fd::OwnedFd;

use launch::open::ranges::{RangesError, namespace_of, namespace_within};
use launch::ranges::{Range, has};
use launch::{Identity, Ranges, complain};

use super::who::{NOBODY, RunsAs, has_id};
use crate::record::Missing;

/// Which user namespace a sandbox is to be in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Users {
    /// None of its own where we need none, and else one with all ids that we may give.
    Ours,
    /// One with these ids.
    Apart(Range),
    /// One that belongs to this process's, with the ids of that.
    Within(Identity),
}

/// A user namespace that was made for a pod.
#[derive(Debug)]
pub(super) struct Many {
    pub(super) namespace: OwnedFd,
    /// Who pause is in there.
    pub(super) runs_as: RunsAs,
}

/// Makes one of ids that were set apart for the pod.
///
/// # Errors
/// The kernel makes none, or they are not ours to give.
pub(super) fn apart(ids: Range) -> Result<Many, RangesError> {
    Ok(Many { namespace: namespace_of(ids)?, runs_as: RunsAs::Nobody })
}

/// Makes one that belongs to that of this process. Whoever is in there has no right in the outer one.
///
/// # Errors
/// That one is not ours to enter, or the kernel makes none.
pub(super) fn within(holder: Identity) -> Result<Many, RangesError> {
    let (namespace, maps) = namespace_within(holder.pid)?;
    let has_nobody = maps.iter().all(|map| has_id(map, NOBODY));
    let runs_as = if has_nobody { RunsAs::Nobody } else { RunsAs::Ourselves };
    Ok(Many { namespace, runs_as })
}

/// Makes one, where ids are granted; what stands against that is no reason to have no pod, and is told.
pub(super) fn many() -> (Option<Many>, Option<Missing>) {
    let made = Ranges::of_this_user().and_then(|ranges| ranges.map(|ranges| make(&ranges)).transpose());
    made.map_or_else(|error| (None, Some(missing(&error))), |many| (many, None))
}

fn make(ranges: &Ranges) -> Result<Many, RangesError> {
    let has_nobody = has(&ranges.uids, NOBODY) && has(&ranges.gids, NOBODY);
    let runs_as = if has_nobody { RunsAs::Nobody } else { RunsAs::Ourselves };
    Ok(Many { namespace: ranges.namespace()?, runs_as })
}

fn missing(error: &RangesError) -> Missing {
    Missing { mount: "the ids of /etc/subuid and /etc/subgid".to_owned(), reason: complain::line(error) }
}
