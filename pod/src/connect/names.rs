//! Names in a bridge's network: that there is a resolver, and that it knows who is there.

use std::fs;
use std::net::IpAddr;

use launch::Identity;
use network::{Held, NAMES, NetworkRecord, own_network};

use crate::compile::Dns;
use crate::programs::Programs;
use crate::resolver::{Resolver, ResolverError, keep};

/// Sees to it that the names of this network are resolved, as they are written down now; hands back who resolves them.
///
/// # Errors
/// Nobody does.
pub(super) fn resolve(held: &Held, record: &NetworkRecord, programs: &Programs) -> Result<Vec<IpAddr>, ResolverError> {
    let at: Vec<IpAddr> = record.range.gateway().iter().map(|gateway| gateway.ip).collect();
    let whole = [Some(record.range.whole()), record.range.whole_v6()];
    let program = programs.pod().map_err(|error| ResolverError::Program(Box::new(error)))?;
    // From another network namespace it can be told what is new, and not be started.
    let is_here = own_network().is_ok_and(|inside| inside == record.inside);
    let ourselves = || Identity::of(std::process::id().cast_signed()).map_err(ResolverError::ourselves);
    // Without the file nobody else is asked, and our own names are known all the same.
    let machines = fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
    keep(&Resolver {
        program: &program,
        directory: held.directory().path(),
        inside: is_here.then(ourselves).transpose()?,
        at: at.clone(),
        within: whole.into_iter().flatten().map(|range| (range.ip, range.prefix)).collect(),
        names: held.directory().path().join(NAMES),
        upstream: Dns::servers(&machines),
    })?;
    Ok(at)
}
