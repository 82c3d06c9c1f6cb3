//! Asking an engine for a container, through its own client in PATH.
//!
//! Between the answer and our look at the process its pid may go to another; and the engine may be on
//! another machine, or in a virtual one, where the same pid is somebody else's. The runtime's own record of the
//! container, when we can find it, tells the process from every other. Otherwise the process is pinned, must bear
//! a mark of the container, and the engine is asked again: if it still names this pid and the pinned
//! process still lives, it was the container's all the time.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::sys::memfd::{MFdFlags, memfd_create};

use super::error::{ContainerError, Said};
use super::mark::is_marked;
use super::{Container, state};
use launch::Identity;
use launch::Pidfd;

/// Clients of Docker's kind all understand this.
const WORDS: [&str; 4] = ["container", "inspect", "--format", "{{.State.Pid}} {{.Id}} {{.State.Status}}"];

/// More than any client has to say of what went wrong.
const MOST_WORDS: usize = 1 << 20;

/// What the engine knows of a container.
#[derive(Debug, PartialEq, Eq)]
struct Answer {
    /// 0 when it has no process.
    pid: i32,
    id: String,
    /// In the engine's word.
    status: String,
}

/// The first process of a container that runs.
pub(super) fn first_process(container: &Container) -> Result<Identity, ContainerError> {
    let id = || container.to_string();
    let Answer { pid, id: whole_id, status } = ask(container)?;
    if pid == 0 || status == "created" {
        return Err(ContainerError::NotRunning { id: id(), status });
    }
    if let Some(recorded) = state::find(&whole_id).ok().filter(|recorded| recorded.pid == pid) {
        return Ok(recorded);
    }
    let ended = || ContainerError::Ended { id: id() };
    let look = |source: io::Error| match source.raw_os_error() {
        Some(libc::ENOENT | libc::ESRCH) => ContainerError::Elsewhere { id: id(), pid },
        _ => ContainerError::Look { id: id(), pid, source },
    };
    let identity = Identity::of(pid).map_err(look)?;
    let pinned = Pidfd::of(identity).map_err(|unseen| look(io::Error::other(unseen)))?.ok_or_else(ended)?;
    if !is_marked(pid, &whole_id).map_err(look)? {
        return Err(ContainerError::Elsewhere { id: id(), pid });
    }
    let again = ask(container)?;
    if (again.pid, &again.id) != (pid, &whole_id) {
        return Err(ContainerError::StartedAnew { id: id() });
    }
    match pinned.ended_within(Duration::ZERO) {
        Ok(false) => Ok(identity),
        Ok(true) => Err(ended()),
        Err(errno) => Err(look(errno.into())),
    }
}

fn ask(container: &Container) -> Result<Answer, ContainerError> {
    let client = container.keeper().word();
    let (out, err) = run(Command::new(client).args(WORDS).arg(container.name()))
        .map_err(|source| ContainerError::NoClient { client, id: container.to_string(), source })?;
    Answer::from_line(out.trim()).ok_or_else(|| {
        let last = err.lines().chain(out.lines()).rfind(|line| !line.trim().is_empty());
        let said = last.map_or_else(|| format!("{client} said nothing"), |line| line.trim().to_owned());
        ContainerError::Refused { id: container.to_string(), source: Said(said) }
    })
}

/// What a program says on stdout and on stderr, to its end.
///
/// The latter goes to memory, so that no thread is needed to hear both: the kernel lets nobody into a user
/// namespace who has, or has just had, a second one.
fn run(command: &mut Command) -> io::Result<(String, String)> {
    let err = File::from(memfd_create(c"said", MFdFlags::MFD_CLOEXEC)?);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(err.try_clone()?).spawn()?;
    let mut out = Vec::new();
    let heard = child.stdout.take().map_or(Ok(0), |mut from| from.read_to_end(&mut out));
    // Its answer tells all. Where SIGCHLD is ignored the kernel has reaped it, and has no status.
    let _reaped = child.wait();
    heard?;
    let mut said = vec![0; usize::try_from(err.metadata()?.len()).unwrap_or(usize::MAX).min(MOST_WORDS)];
    err.read_exact_at(&mut said, 0)?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok((text(&out), text(&said)))
}

impl Answer {
    fn from_line(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let (pid, id, status) = (words.next()?.parse().ok()?, words.next()?, words.next()?);
        // An empty id would mark every process.
        let whole = id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        let valid = whole && pid >= 0 && words.next().is_none();
        valid.then(|| Self { pid, id: id.to_owned(), status: status.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "48cbd1b67cfc78b050a3a34cabe267608c14196d70d676500124d63a3a9de3a2";

    #[test]
    fn an_answer_is_a_pid_an_id_and_a_word() {
        let answer = |pid, status: &str| Some(Answer { pid, id: ID.to_owned(), status: status.to_owned() });
        for (line, expected) in [
            (format!("139 {ID} running"), answer(139, "running")),
            (format!("0 {ID} exited"), answer(0, "exited")),
            (format!("-1 {ID} running"), None),
            (format!("139 {ID}"), None),
            (format!("139 {ID} running fast"), None),
            (format!("139 {} running", &ID[1..]), None),
            (format!("139 g{} running", &ID[1..]), None),
            ("139  running".to_owned(), None),
            ("<no value> <no value> <no value>".to_owned(), None),
            (String::new(), None),
        ] {
            assert_eq!(Answer::from_line(&line), expected, "{line:?}");
        }
    }

    #[test]
    fn both_of_what_a_program_says_are_heard() {
        let mut shell = Command::new("sh");
        let said = run(shell.args(["-c", "echo out; echo err >&2; exit 1"])).expect("a shell");
        assert_eq!(said, ("out\n".to_owned(), "err\n".to_owned()));
        assert!(run(&mut Command::new("/nonexistent/client")).is_err());
    }
}
