//! Why a verb ends early: kubectl would have said so, or we could not do it.

use crate::answer::{Answer, Complaint};
use crate::error::Error;

/// Why a verb ends.
pub(crate) enum Trouble {
    Complaint(Complaint),
    Error(Error),
}

impl From<Complaint> for Trouble {
    fn from(complaint: Complaint) -> Self {
        Self::Complaint(complaint)
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// What a verb comes to; a complaint is a part of that.
pub(super) fn answered(came: Result<Answer, Trouble>) -> Result<Answer, Error> {
    match came {
        Ok(answer) => Ok(answer),
        Err(Trouble::Complaint(complaint)) => Ok(complaint.into()),
        Err(Trouble::Error(error)) => Err(error),
    }
}
