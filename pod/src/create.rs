//! Making a pod.

use std::path::PathBuf;
use std::time::SystemTime;

use crate::directory::PodDirectory;
use crate::error::Error;
use crate::plan::PodPlan;
use crate::record::PodRecord;
use crate::sandbox::{Opened, find_pause};
use crate::store::Store;
use crate::supervisor;

/// Makes a pod: a sandbox held by a pause process and, where ports are published, its supervisor.
/// `pause` names the pause program; without it, it is looked for.
///
/// # Errors
/// When the name is in use, a port cannot be listened on, or the kernel refuses the sandbox.
/// Nothing is left behind then.
pub fn create(store: &Store, plan: PodPlan, pause: Option<PathBuf>) -> Result<PodDirectory, Error> {
    let pause = find_pause(pause)?;
    let claim = store.claim(plan.name())?;
    let directory = claim.directory().clone();
    // Whatever can be refused is asked for before there is anything to undo.
    let listening: Vec<_> = plan.publish().iter().copied().map(supervisor::listen).collect::<Result<_, _>>()?;
    let sandbox = Opened::open(&plan, &directory, &pause)?;

    let missing = sandbox.run()?;
    let plan = plan.published_at(listening.iter().map(|listening| listening.publish).collect());
    if !listening.is_empty() {
        supervisor::start(&plan, &directory, claim.lock(), &listening)?;
    }
    directory.write_record(&PodRecord { plan, created: SystemTime::now(), missing })?;
    claim.commit()
}
