//! Asking an engine for a container, through its own client in PATH.
//!
//! Between the answer and our look at the process its pid may go to another; and the engine may be on
//! another machine, or in a virtual one, where the same pid is somebody else's. The runtime's own record of the
//! container, when we can find it, tells the process from every other. Otherwise the process is pinned, must bear
//! a mark of the container, and the engine is asked again: if it still names this pid and the pinned
//! process still lives, it was the container's all the time.

use std::fs;
use std::io::{self, Read};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use super::error::{ContainerError, Said};
use super::{Container, state};
use launch::Identity;
use launch::Pidfd;

/// Clients of Docker's kind all understand this.
const WORDS: [&str; 4] = ["container", "inspect", "--format", "{{.State.Pid}} {{.Id}} {{.State.Status}}"];

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
    if !is_marked(pid, &whole_id) {
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

/// Whether the process is in a cgroup, or sees a mount, that is called after the container.
fn is_marked(pid: i32, id: &str) -> bool {
    let files = ["cgroup", "mountinfo"].into_iter();
    // What may not be read marks nothing.
    files.filter_map(|file| fs::read(format!("/proc/{pid}/{file}")).ok()).any(|text| holds(&text, id.as_bytes()))
}

fn holds(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
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
fn run(command: &mut Command) -> io::Result<(String, String)> {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let said = thread::scope(|scope| {
        let err = scope.spawn(|| text(err));
        Ok((text(out)?, err.join().unwrap_or_else(|_| Ok(String::new()))?))
    });
    // Its answer tells all. Where SIGCHLD is ignored the kernel has reaped it, and has no status.
    let _reaped = child.wait();
    said
}

fn text(from: Option<impl Read>) -> io::Result<String> {
    let mut bytes = Vec::new();
    from.map_or(Ok(0), |mut from| from.read_to_end(&mut bytes))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
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

    #[test]
    fn a_process_is_marked_by_what_it_mounts_and_by_nothing_else() {
        let pid = i32::try_from(std::process::id()).expect("a pid fits");
        assert!(is_marked(pid, "/proc"), "a process sees /proc mounted");
        assert!(!is_marked(pid, ID));
    }
}
