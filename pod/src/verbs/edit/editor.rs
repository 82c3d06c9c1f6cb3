//! The editor: a program at our terminal, which is given a file.

use std::env;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, ExitStatus};

use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use tempfile::NamedTempFile;

use super::text::Form;
use crate::answer::Complaint;
use crate::input;

/// What is edited where nothing names an editor.
const DEFAULT: &str = "vi";

/// Writes what is to be edited where nobody else reads it.
pub(super) fn write(form: Form, header: &str, body: &str) -> Result<NamedTempFile, Complaint> {
    let write = || -> io::Result<NamedTempFile> {
        let mut file = tempfile::Builder::new().prefix("pod-edit-").suffix(form.suffix()).tempfile()?;
        file.write_all(header.as_bytes())?;
        file.write_all(body.as_bytes())?;
        Ok(file)
    };
    write().map_err(|error| Complaint::Plain(format!("cannot write what is edited: {}", input::cause(&error))))
}

/// Has it edited, and hands back what stands there then: an editor may have put another file in its place.
pub(super) fn edit(file: &NamedTempFile) -> Result<String, Complaint> {
    let editor = ["KUBE_EDITOR", "EDITOR"].into_iter().find_map(|name| env::var(name).ok().filter(|it| !it.is_empty()));
    let editor = editor.unwrap_or_else(|| DEFAULT.to_owned());
    match run(&editor, file.path()) {
        Err(_) => return Err(Complaint::Plain(format!("unable to launch the editor {editor:?}"))),
        Ok(ended) if !ended.success() => {
            return Err(Complaint::Plain(format!("there was a problem with the editor {editor:?}")));
        }
        Ok(_) => {}
    }
    let bytes = fs::read(file.path()).map_err(|error| input::told(&file.path().display().to_string(), &error))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// What is typed at the terminal meanwhile, Ctrl-C included, is the editor's.
fn run(editor: &str, path: &Path) -> io::Result<ExitStatus> {
    let mut typed = SigSet::empty();
    typed.add(Signal::SIGINT);
    typed.add(Signal::SIGQUIT);
    let before = typed.thread_swap_mask(nix::sys::signal::SigmaskHow::SIG_BLOCK)?;
    let ended = command(editor, path).status();
    // What came meanwhile was not for us.
    let pending = SignalFd::with_flags(&typed, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?;
    while matches!(pending.read_signal(), Ok(Some(_))) {}
    before.thread_set_mask()?;
    ended
}

/// Words are split at blanks; where there are quotes among them a shell reads them.
fn command(editor: &str, path: &Path) -> Command {
    if editor.contains(['"', '\'', '\\']) {
        let mut command = Command::new("sh");
        command.arg("-c").arg(format!("{editor} \"$0\"")).arg(path);
        return command;
    }
    let mut words = editor.split_whitespace();
    let mut command = Command::new(words.next().unwrap_or(DEFAULT));
    command.args(words).arg(path);
    command
}
