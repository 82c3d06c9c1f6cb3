//! What is different under kubectl's name, which scripts that were written for kubectl call this program by
//! (`ln -s pod kubectl`): words that mean something else there, its sentences, and its exit codes.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use clap::error::{ContextKind, ErrorKind};
use launch::complain::line;
use reaper::ExitCode;
use registry::RegistryError;

use crate::answer::{Answer, Complaint};
use crate::error::Error;

/// Whether a program that was started under this name is taken for kubectl.
#[must_use]
pub fn is_called_so(program: Option<&OsStr>) -> bool {
    program.is_some_and(|name| Path::new(name).file_name() == Some("kubectl".as_ref()))
}

/// The place of a word of `exec` that kubectl drops: one before the `--` that is not the pod. `command` is what of all
/// `words` was read as the command.
///
/// # Errors
/// Nothing says where the command begins.
pub fn surplus(words: &[OsString], command: &[OsString]) -> Result<Option<usize>, &'static str> {
    let Some(mark) = words.iter().position(|word| word == "--") else {
        return Err("exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead");
    };
    // Where the mark was read as a word of the command, so were those between the pod and it.
    let meant = words.len() - mark - 1;
    Ok(command.len().checked_sub(meant + 1).map(|surplus| mark - surplus).filter(|place| *place < mark))
}

/// What kubectl says of a command line of `exec` that is not all there, if it is one.
#[must_use]
pub fn lacking(words: &[OsString], error: &clap::Error) -> Option<&'static str> {
    if error.kind() != ErrorKind::MissingRequiredArgument || words.get(1).is_none_or(|verb| verb != "exec") {
        return None;
    }
    let missing = error.get(ContextKind::InvalidArg)?.to_string();
    Some(if missing.contains("<POD>") {
        "pod, type/name or --filename must be specified"
    } else {
        "you must specify at least one command for the container"
    })
}

/// That there are no logs of a pod that there is not: kubectl has a sentence of its own for that.
///
/// # Errors
/// It is another error.
pub fn no_logs(error: Error, namespace: &str) -> Result<Answer, Error> {
    let Error::Registry(RegistryError::NoSuchPod { name, .. }) = &error else { return Err(error) };
    let sandbox = name.as_str();
    let name = sandbox.strip_prefix(&format!("{namespace}--")).unwrap_or(sandbox);
    let sentence = format!("error from server (NotFound): pods {name:?} not found in namespace {namespace:?}");
    Ok(Complaint::Plain(sentence).into())
}

/// An error in kubectl's words, where it has any.
#[must_use]
pub fn complaint(error: &Error) -> String {
    match error {
        Error::Registry(RegistryError::NoSuchPod { name, .. }) => {
            format!("Error from server (NotFound): pods \"{name}\" not found")
        }
        Error::WorkloadEnded { workload, .. } => {
            format!("error: unable to upgrade connection: container not found (\"{workload}\")")
        }
        error => format!("error: {}", line(error)),
    }
}

/// An exit code as kubectl has it: what was not begun is 1, whyever.
#[must_use]
pub fn exit_code(code: ExitCode) -> ExitCode {
    match code {
        ExitCode::Failure | ExitCode::Usage => ExitCode::Command(1),
        code => code,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        line.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn words_between_the_pod_and_the_command_are_dropped() {
        for (line, command, place) in [
            ("kubectl exec web -- sh", "sh", Ok(None)),
            ("kubectl exec web -- sh -- x", "sh -- x", Ok(None)),
            ("kubectl exec web web -- sh", "web -- sh", Ok(Some(3))),
            ("kubectl exec -it web other more -- sh -c x", "other more -- sh -c x", Ok(Some(4))),
            ("kubectl exec web other -- sh -- x", "other -- sh -- x", Ok(Some(3))),
        ] {
            assert_eq!(surplus(&words(line), &words(command)), place, "{line}");
        }
        assert!(surplus(&words("kubectl exec web sh"), &words("sh")).is_err());
    }

    #[test]
    fn it_is_kubectl_wherever_it_is() {
        let is = |name: &str| is_called_so(Some(name.as_ref()));
        assert!(is("kubectl") && is("/usr/bin/kubectl"));
        assert!(!is("pod") && !is("kubectl-pod") && !is_called_so(None));
    }
}
