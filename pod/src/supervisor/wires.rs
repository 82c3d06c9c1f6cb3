//! What a workload says goes through: fifos, which lead to its log, and before them, for a workload that
//! somebody types at, what its console stands between.

use std::fs::{File, OpenOptions, Permissions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::stat::Mode;
use nix::unistd::{mkfifo, pipe2};
use registry::file;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, listen, socket_with};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::console::Ends;
use crate::error::Error;
use crate::plan::{Console, Size};

/// The two ends of a fifo.
pub(super) struct Fifo {
    pub(super) theirs: OwnedFd,
    pub(super) ours: OwnedFd,
}

/// Makes a fifo for a workload to write to, and us to read from.
///
/// The workload's end is one for reading, too: so it has a reader for as long as there is a writer,
/// and who writes while no supervisor reads is neither ended by SIGPIPE nor loses a line.
pub(super) fn fifo(path: &Path, for_anybody: bool) -> Result<Fifo, Error> {
    mkfifo(path, Mode::S_IRUSR | Mode::S_IWUSR).map_err(|errno| file("create", path)(errno.into()))?;
    let ours = read_end(path).map_err(file("open", path))?;
    let theirs = OpenOptions::new().read(true).write(true).open(path).map_err(file("open", path))?;
    if for_anybody {
        theirs.set_permissions(Permissions::from_mode(0o666)).map_err(file("open up", path))?;
    }
    Ok(Fifo { theirs: theirs.into(), ours })
}

/// A socket where it is listened for who attaches to a workload.
pub(super) fn door(path: &Path) -> Result<OwnedFd, Error> {
    const WAITING: i32 = 16;
    let failed = |errno: rustix::io::Errno| file("listen at", path)(errno.into());
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let door = socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None).map_err(failed)?;
    bind(&door, &SocketAddrUnix::new(path).map_err(failed)?).map_err(failed)?;
    listen(&door, WAITING).map_err(failed)?;
    Ok(door)
}

/// Our end of a fifo.
pub(super) fn read_end(path: &Path) -> io::Result<OwnedFd> {
    Ok(OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path)?.into())
}

/// A workload's stdin, stdout and stderr, and what is behind them.
#[derive(Debug)]
pub(super) struct Wires {
    stdio: [Option<OwnedFd>; 3],
    behind: Behind,
}

#[derive(Debug)]
enum Behind {
    Fifos,
    Pipes([OwnedFd; 3], [OwnedFd; 2]),
    Terminal(OwnedFd, Size),
}

impl Wires {
    /// Those of a workload that is typed at so, with the fifos of its stdout and stderr.
    pub(super) fn new(console: Console, [stdout, stderr]: [OwnedFd; 2]) -> Result<Self, Error> {
        match console {
            Console::None => {
                let null = File::open("/dev/null").map_err(file("open", "/dev/null"))?;
                Ok(Self { stdio: [Some(null.into()), Some(stdout), Some(stderr)], behind: Behind::Fifos })
            }
            Console::Pipe => {
                let failed = |errno: nix::errno::Errno| Error::Kernel { operation: "make a pipe", source: errno };
                let [(in_read, in_write), (out_read, out_write), (err_read, err_write)] = [
                    pipe2(OFlag::O_CLOEXEC).map_err(failed)?,
                    pipe2(OFlag::O_CLOEXEC).map_err(failed)?,
                    pipe2(OFlag::O_CLOEXEC).map_err(failed)?,
                ];
                let behind = [in_write, out_read, err_read];
                behind.iter().chain([&stdout, &stderr]).try_for_each(never_waits).map_err(failed)?;
                let stdio = [Some(in_read), Some(out_write), Some(err_write)];
                Ok(Self { stdio, behind: Behind::Pipes(behind, [stdout, stderr]) })
            }
            Console::Terminal(size) => {
                let failed = |source| Error::Kernel { operation: "make a terminal", source };
                never_waits(&stdout).map_err(failed)?;
                Ok(Self { stdio: [None, None, None], behind: Behind::Terminal(stdout, size) })
            }
        }
    }

    /// The workload's own.
    pub(super) fn stdio(&mut self) -> [Option<OwnedFd>; 3] {
        std::mem::take(&mut self.stdio)
    }

    /// Whether it is to have a terminal.
    pub(super) fn has_terminal(&self) -> bool {
        matches!(self.behind, Behind::Terminal(..))
    }

    /// What its console stands between, if it has one: this end of its terminal, if it has that.
    pub(super) fn ends(self, terminal: Option<OwnedFd>) -> Option<Ends> {
        match (self.behind, terminal) {
            (Behind::Pipes(pipes, logs), _) => Some(Ends::Pipes(pipes, logs)),
            (Behind::Terminal(log, Size { rows, columns }), Some(terminal)) => {
                let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
                // Of a terminal that has just been made it is nothing to be refused.
                let _without = tcsetwinsize(&terminal, size);
                Some(Ends::Terminal(terminal, log))
            }
            (Behind::Fifos | Behind::Terminal(..), _) => None,
        }
    }
}

/// Has nobody wait who reads or writes here.
fn never_waits(end: &OwnedFd) -> Result<(), nix::errno::Errno> {
    fcntl(end, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).map(drop)
}
