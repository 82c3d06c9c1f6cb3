//! Names in a bridge's network: that there is a resolver, and that it knows who is there.

use std::net::IpAddr;

use network::pasta::NAME_SERVER;
use network::{Held, NAMES, NetworkRecord};

use super::ground::Ground;
use crate::compile::Dns;
use crate::programs::Programs;
use crate::resolver::{Resolver, ResolverError, keep};

/// Sees to it that the names of this network are resolved, as they are written down now; hands back why nobody else is
/// asked for others', where it cannot be told who that would be.
///
/// # Errors
/// Nobody does.
pub(super) fn resolve(
    held: &Held,
    record: &NetworkRecord,
    ground: Ground,
    programs: &Programs,
) -> Result<Option<String>, ResolverError> {
    let at: Vec<IpAddr> = record.range.gateway().iter().map(|gateway| gateway.ip).collect();
    let whole = [Some(record.range.whole()), record.range.whole_v6()];
    let program = programs.pod().map_err(|error| ResolverError::Program(Box::new(error)))?;
    // Without the file nobody else is asked, and our own names are known all the same.
    let (machines, unread) = super::machines();
    let machines = Dns::servers(&machines);
    keep(&Resolver {
        program: &program,
        directory: held.directory().path(),
        inside: ground.process(record.inside).map_err(ResolverError::ourselves)?,
        at,
        within: whole.into_iter().flatten().map(|range| (range.ip, range.prefix)).collect(),
        names: held.directory().path().join(NAMES),
        upstream: if ground == Ground::Here { machines } else { by_pasta(&machines) },
    })?;
    Ok(unread)
}

/// Who is asked from behind pasta: the first of the machine's name servers is answered for, wherever it is; whoever is not
/// of the machine alone can be asked itself, by the other transport, too.
pub(super) fn by_pasta(machines: &[IpAddr]) -> Vec<IpAddr> {
    let forwarded = machines.iter().any(IpAddr::is_ipv4).then_some(NAME_SERVER);
    let others = machines.iter().copied().filter(|server| !server.is_loopback());
    forwarded.into_iter().chain(others).take(super::MOST_SERVERS).collect()
}
