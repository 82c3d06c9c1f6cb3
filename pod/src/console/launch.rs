//! Starting a console, with all that it is to have.

use std::fs::File;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use launch::{Child, Identity};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use serde::{Deserialize, Serialize};

use super::error::{ConsoleError, need};
use crate::control::send;
use crate::nobody::{Nobody, Trouble};
use crate::plan::Typing;

/// What a console stands between.
#[derive(Debug)]
pub(crate) enum Ends {
    /// The end of a terminal, and the log's fifo.
    Terminal(OwnedFd, OwnedFd),
    /// The ends of the workload's stdin, stdout and stderr, and the fifos of its log.
    Pipes([OwnedFd; 3], [OwnedFd; 2]),
}

/// What a console is started with.
#[derive(Debug)]
pub(crate) struct Start<'a> {
    pub(crate) program: &'a Path,
    pub(crate) pause: Identity,
    /// A pidfd of that, with whose end it ends.
    pub(crate) pinned: BorrowedFd<'a>,
    /// Where it leaves word of itself.
    pub(crate) record: PathBuf,
    pub(crate) ends: Ends,
    /// Who may type.
    pub(crate) typing: Typing,
    /// A socket that is listened at for who attaches later.
    pub(crate) door: &'a OwnedFd,
    /// Who looks and types, if anybody does.
    pub(crate) client: Option<&'a OwnedFd>,
}

/// What it is told, with the descriptors of all of it: the pause's, the door, the client's, the ends in order.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Begin {
    pub(super) is_terminal: bool,
    pub(super) has_client: bool,
    pub(super) typing: Typing,
}

/// Starts a console. One that cannot do what it is to do ends, and with it all that it holds.
pub(crate) fn start(start: Start<'_>) -> Result<Child, ConsoleError> {
    let record = File::options().write(true).create(true).truncate(true).mode(0o600).open(&start.record);
    let record = record.map_err(registry::file("create", &start.record))?;
    let pair = socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None);
    let (ours, theirs) = pair.map_err(need("make a socket for"))?;
    let nobody =
        Nobody { program: start.program, verb: "console", pause: start.pause, record: record.into(), binds: false };
    let child = nobody.launch(&theirs).map_err(|trouble| match trouble {
        Trouble::Launch(error) => ConsoleError::Launch(error),
        Trouble::Need(operation, source) => ConsoleError::Need { operation, source },
    })?;
    // With it open here, a console that has ended would not be told from one that has not heard yet.
    drop(theirs);
    let ends: Vec<&OwnedFd> = match &start.ends {
        Ends::Terminal(terminal, log) => vec![terminal, log],
        Ends::Pipes(pipes, logs) => pipes.iter().chain(logs).collect(),
    };
    let is_terminal = matches!(start.ends, Ends::Terminal(..));
    let begin = Begin { is_terminal, has_client: start.client.is_some(), typing: start.typing };
    let numbers: Vec<_> = [start.pinned.as_raw_fd(), start.door.as_raw_fd()]
        .into_iter()
        .chain(start.client.into_iter().chain(ends).map(AsRawFd::as_raw_fd))
        .collect();
    send(&ours, &begin, &numbers).map_err(need("tell"))?;
    Ok(child)
}
