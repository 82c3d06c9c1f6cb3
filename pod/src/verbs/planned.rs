//! `--dry-run -o plan`: what a pod would be here, the last that is known of it before anything is done.

use manifest::emit;
use manifest::kind::Object;

use super::keep::{Wanted, become_of};
use crate::answer::Complaint;
use crate::compile;
use crate::gather;

/// The plan of a pod, as YAML; of what is no pod there is none.
///
/// # Errors
/// It is not valid, or cannot be had on this machine.
pub(super) fn planned(wanted: Wanted, warnings: &mut Vec<String>) -> Result<Option<String>, Complaint> {
    let Object::Pod(pod) = become_of(wanted.object, &wanted.value, warnings)? else { return Ok(None) };
    let node = gather::node(&image::store::data_directory());
    let plan = compile::pod(&pod, &node).map_err(Complaint::plain)?;
    let value = serde_json::to_value(plan).map_err(Complaint::plain)?;
    Ok(Some(emit::yaml(&value)))
}
