//! Launching a workload in a pod.

use std::ffi::OsString;

use nsjoin::Name;

use crate::control::{Answer, Request};
use crate::error::Error;
use crate::plan::WorkloadPlan;
use crate::store::Store;
use crate::supervisor;

/// Launches a workload, detached: the pod's supervisor owns it.
///
/// # Errors
/// When there is no such pod or it is dead, the name is in use, or the command cannot be executed.
pub fn run(store: &Store, pod: &Name, plan: WorkloadPlan) -> Result<(), Error> {
    let (directory, lock) = store.locked(pod)?;
    if !directory.pause()?.is_some_and(|pause| matches!(pause.look(), launch::Seen::Alive)) {
        return Err(Error::Dead { name: pod.clone() });
    }
    supervisor::ensure(&directory.record()?.plan, &directory, &lock)?;
    drop(lock);
    match supervisor::ask(pod, &directory, &Request::Start(plan))? {
        Some(Answer::Started) => Ok(()),
        Some(Answer::Refused(refusal)) => Err(Error::Refused(refusal)),
        // It went away with the pod, between our look and our question.
        Some(Answer::Stopped) | None => Err(Error::Dead { name: pod.clone() }),
    }
}

/// A workload's name, from that of its program: the file's name, as far as it is a DNS label.
///
/// # Errors
/// When nothing of it is.
pub fn name_after(program: &OsString) -> Result<Name, Error> {
    let file = std::path::Path::new(program).file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let label: String = file.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).collect();
    let label = label.trim_matches('-');
    let label = label.get(..label.len().min(63)).unwrap_or_default().trim_end_matches('-');
    label.parse().map_err(|_| Error::NoName { program: program.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workload_is_called_as_its_program_is() {
        let long = "x".repeat(80);
        let cut = "x".repeat(63);
        for (program, name) in [
            ("nginx", "nginx"),
            ("/usr/sbin/nginx", "nginx"),
            ("./my_app.sh", "my-app-sh"),
            ("Python3", "python3"),
            ("_x_", "x"),
            (&long, &cut),
        ] {
            assert_eq!(name_after(&program.into()).expect(program).as_str(), name);
        }
        for program in ["", "/", "..", "___", "é"] {
            assert!(name_after(&program.into()).is_err(), "{program}");
        }
    }
}
