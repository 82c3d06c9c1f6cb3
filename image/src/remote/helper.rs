//! Credential helpers: `docker-credential-NAME get`, which has no more time than people have.

use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use serde::Deserialize;

use crate::remote::answer;
use crate::remote::credentials::Login;

/// Somebody may have to touch a key meanwhile.
const PATIENCE: Duration = Duration::from_secs(60);

/// More than any password.
const LONGEST: u64 = 64 << 10;

/// That a helper did not say who we are.
#[derive(Debug, thiserror::Error)]
pub enum HelperError {
    /// It could not be started or heard.
    #[error("cannot ask {program}")]
    Ask {
        /// The helper.
        program: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It has said nothing for too long, and was killed.
    #[error("{program} has not answered for {} s", PATIENCE.as_secs())]
    Silent {
        /// The helper.
        program: String,
    },
    /// It failed.
    #[error("{program} failed{}", said.as_ref().map(|said| format!(": {said}")).unwrap_or_default())]
    Failed {
        /// The helper.
        program: String,
        /// What it said on stderr.
        said: Option<String>,
    },
    /// It says something else than who we are.
    #[error("cannot understand what {program} says")]
    Nonsense {
        /// The helper.
        program: String,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answered {
    username: String,
    secret: String,
}

/// Asks for whom we are to a server; `None` where the helper knows nothing of it.
pub(crate) fn ask(name: &str, server: &str) -> Result<Option<Login>, HelperError> {
    let program = format!("docker-credential-{name}");
    let failed = |source| HelperError::Ask { program: program.clone(), source };
    let mut child = Command::new(&program)
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // Whatever it starts ends with it.
        .process_group(0)
        .spawn()
        .map_err(failed)?;
    let told = tell(&mut child, server);
    let Some((out, err)) = hear(&mut child) else {
        if let Ok(group) = i32::try_from(child.id()) {
            // It may have ended just now.
            let _gone = killpg(Pid::from_raw(group), Signal::SIGKILL);
        }
        child.wait().map_err(failed)?;
        return Err(HelperError::Silent { program });
    };
    let status = child.wait().map_err(failed)?;
    let (out, err) = (out.map_err(failed)?, err.map_err(failed)?);
    if status.success() {
        let answered: Answered =
            serde_json::from_slice(&out).map_err(|_| HelperError::Nonsense { program: program.clone() })?;
        return Ok(Some(login(answered)));
    }
    let said = [out, err].map(|said| String::from_utf8_lossy(&said).into_owned()).concat();
    if said.contains("credentials not found") || said.contains("no credentials") {
        return Ok(None);
    }
    // One that did not even listen has failed, and says why.
    match told {
        Err(error) if said.trim().is_empty() && error.kind() != io::ErrorKind::BrokenPipe => Err(failed(error)),
        _ => Err(HelperError::Failed { program, said: answer::line(&said) }),
    }
}

fn login(answered: Answered) -> Login {
    match answered.username.as_str() {
        "<token>" => Login::Identity(answered.secret),
        _ => Login::Password { name: answered.username, password: answered.secret },
    }
}

fn tell(child: &mut Child, server: &str) -> io::Result<()> {
    match child.stdin.take() {
        Some(mut stdin) => writeln!(stdin, "{server}"),
        None => Ok(()),
    }
}

type Heard = (io::Result<Vec<u8>>, io::Result<Vec<u8>>);

/// What it says on both ways until it closes them, if it does so in time.
fn hear(child: &mut Child) -> Option<Heard> {
    let (out, err) = (listen(child.stdout.take()), listen(child.stderr.take()));
    let deadline = Instant::now() + PATIENCE;
    let wait = |from: &Receiver<_>| match from.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        Ok(heard) => Some(heard),
        Err(RecvTimeoutError::Disconnected) => Some(Err(io::ErrorKind::BrokenPipe.into())),
        Err(RecvTimeoutError::Timeout) => None,
    };
    Some((wait(&out)?, wait(&err)?))
}

fn listen(from: Option<impl Read + Send + 'static>) -> Receiver<io::Result<Vec<u8>>> {
    let (sender, receiver) = channel();
    // Without a thread there is nobody to hear from, which is how it is told.
    let _refused = thread::Builder::new().spawn(move || {
        let mut heard = Vec::new();
        let read = from.map_or(Ok(0), |from| from.take(LONGEST).read_to_end(&mut heard));
        // Whoever asked may have given up.
        let _nobody = sender.send(read.map(|_| heard));
    });
    receiver
}
