//! A network that pods are to be connected to, held by a pause where we are nobody who may make links: in a user
//! namespace in which we may. Nobody else is in there; pods are in user namespaces that belong to it, so what is a
//! pod's right in its own is none here.

use std::fs::File;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use launch::{Child, run};
use registry::file;

use super::who::{RunsAs, runs_pause};
use super::{explain, lower, pause, users};
use crate::error::Error;
use crate::record::Missing;

/// Makes it, held by this program, which leaves word of itself in this file before it is pause; hands back what
/// it has to do without.
pub(crate) fn hold_network(program: &Path, record: &Path) -> Result<(Child, Option<Missing>), Error> {
    let program = pause::open(program)?;
    let options = &mut File::options();
    let options = options.write(true).create(true).truncate(true).mode(0o600);
    let written = options.open(record).map_err(file("create", record))?;
    let null = File::options().read(true).write(true).open("/dev/null").map_err(file("open", "/dev/null"))?;
    let proc = launch::open::our_proc()?;
    let who = runs_pause()?;
    let (many, missing) = if who == RunsAs::RootOfItsOwn { users::many() } else { (None, None) };
    let runs_as = many.as_ref().map_or(who, |many| many.runs_as);
    let users = many.map(|many| many.namespace);
    let held = lower::Held { program, record: written.into(), null: null.into(), proc, users, wire: None };
    let launched = run::spawn(lower::network(runs_as, held)).map_err(explain)?;
    Ok((launched.child, missing))
}
