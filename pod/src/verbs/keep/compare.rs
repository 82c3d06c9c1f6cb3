//! What is there beside what apply would make of it.

use serde_json::Value;

use super::super::which::told;
use super::{Keeper, Wanted, become_of, key_of, seen};
use crate::answer::Complaint;

impl Keeper {
    /// An object as it is shown, if it is there, and as it would be. Nothing is changed where nothing may be.
    ///
    /// # Errors
    /// It would not be taken.
    pub(in crate::verbs) fn compare(&self, wanted: &Wanted) -> Result<(Option<Value>, Value), Complaint> {
        let there = self.objects.get(&key_of(wanted)).map_err(|error| told(&error))?;
        let Some(there) = there else {
            let object = become_of(wanted.object.clone(), &wanted.value, &mut Vec::new())?;
            return Ok((None, object.to_value()));
        };
        let before = seen(&there)?;
        let mut after = self.apply(wanted, &there).map_err(|trouble| trouble.told(told))?.value;
        if let Some(status) = before.get("status") {
            after["status"] = status.clone();
        }
        Ok((Some(before), after))
    }
}
