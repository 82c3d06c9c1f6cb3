//! From an opened plan to a running command, and from a running command to its status.

use std::ffi::{CString, NulError, OsStr, OsString};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;
use reaper::{Signal, WaitStatus};

use crate::error::Error;
use crate::kind::Kind;
use crate::open::Opened;
use crate::plan::Command;
use crate::sys::{self, Failure, Inherited, Script, Step};

/// A launched command. Dropping it neither ends it nor waits for it.
#[derive(Debug)]
pub struct Child {
    pidfd: OwnedFd,
}

impl Opened {
    /// Enters the namespaces and launches the command; returns once it has been executed.
    ///
    /// # Errors
    /// When the kernel refuses the join or the execution. Nothing is left running then.
    pub fn spawn(self) -> Result<Child, Error> {
        let script = self.script()?;
        match sys::spawn(&script) {
            Ok(pidfd) => Ok(Child { pidfd }),
            Err(failure) => Err(self.explain(failure)),
        }
    }

    /// Everything the child will hand to the kernel, laid out beforehand.
    fn script(&self) -> Result<Script, Error> {
        let command = &self.command;
        let environment = match &command.environment {
            Some(variables) => variables.clone(),
            None => std::env::vars_os().collect(),
        };
        let path = environment.iter().find(|(key, _)| key == "PATH").map(|(_, value)| value.as_os_str());
        let mut argv = vec![c_string(&command.program)?];
        for argument in &command.arguments {
            argv.push(c_string(argument)?);
        }
        let mut envp = Vec::with_capacity(environment.len());
        for (key, value) in &environment {
            envp.push(c_string(&pair(key, value))?);
        }
        // Opened here, for inside there may be another /proc, or none.
        let record = match &command.record {
            Some(record) => Some((proc_directory()?, record.as_raw_fd())),
            None => None,
        };
        let joins = |kind| self.namespaces.iter().any(|(joined, _)| *joined == kind);
        Ok(Script {
            target: self.pidfd.as_raw_fd(),
            namespaces: self.namespaces.iter().map(|(kind, file)| (file.as_raw_fd(), kind.flag())).collect(),
            joins_user: joins(Kind::User),
            joins_time: joins(Kind::Time),
            joins_pid: joins(Kind::Pid),
            own_pids: command.own_pids,
            session: command.session,
            directory: command.directory.as_ref().map(|directory| c_string(directory.as_os_str())).transpose()?,
            stdio: command.stdio.each_ref().map(|file| file.as_ref().map(AsRawFd::as_raw_fd)),
            programs: candidates(&command.program, path)?,
            argv: sys::CStrings::new(argv),
            envp: sys::CStrings::new(envp),
            signals: command.signals.unwrap_or_else(Inherited::now),
            record,
        })
    }

    /// What the child's bare step and errno mean, said with what we know and it did not.
    fn explain(self, failure: Failure) -> Error {
        let Command { program, directory, .. } = self.command;
        let Failure { step, errno: source } = failure;
        match step {
            Step::Clone => Error::Process { operation: "launch", source },
            Step::Vanish => Error::KilledBefore { program },
            Step::Join if source == Errno::ESRCH => Error::Ended { pid: self.pid },
            Step::Join => {
                let kinds = self.namespaces.iter().map(|(kind, _)| *kind).collect();
                Error::Join { kinds, pid: self.pid, source }
            }
            Step::Directory => Error::Directory { directory: directory.unwrap_or_default(), source },
            Step::Execute => Error::Execute { program, source },
            step => Error::Step { step, source },
        }
    }
}

impl Child {
    /// Its pid, as our /proc counts; `None` once it has been waited for.
    #[must_use]
    pub fn pid(&self) -> Option<i32> {
        sys::pid_of(self.pidfd.as_fd())
    }

    /// Waits until it has ended.
    ///
    /// # Errors
    /// When somebody else has reaped it, as the kernel does where SIGCHLD is ignored.
    ///
    /// # References
    /// waitid(2), `P_PIDFD`
    pub fn wait(&self) -> Result<WaitStatus, Error> {
        loop {
            match sys::wait(self.pidfd.as_fd(), libc::WEXITED) {
                Ok(Some(status)) => return Ok(status),
                Ok(None) | Err(Errno::EINTR) => {}
                Err(source) => return Err(Error::Process { operation: "wait for", source }),
            }
        }
    }

    /// The next change of its state, if there is one: an end, a stop, a continue.
    ///
    /// # Errors
    /// As [`Child::wait`].
    pub fn poll(&self) -> Result<Option<WaitStatus>, Error> {
        sys::wait(self.pidfd.as_fd(), libc::WEXITED | libc::WSTOPPED | libc::WCONTINUED | libc::WNOHANG)
            .map_err(|source| Error::Process { operation: "wait for", source })
    }

    /// Sends it a signal; one that has ended takes none, and that is no error.
    ///
    /// # Errors
    /// When it may not be signalled: it runs as somebody else now.
    ///
    /// # References
    /// `pidfd_send_signal`(2)
    pub fn signal(&self, signal: Signal) -> Result<(), Error> {
        match sys::signal(self.pidfd.as_fd(), signal) {
            Ok(()) | Err(Errno::ESRCH) => Ok(()),
            Err(source) => Err(Error::Process { operation: "signal", source }),
        }
    }
}

/// Readable once the command has ended.
impl AsFd for Child {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pidfd.as_fd()
    }
}

impl AsRawFd for Child {
    fn as_raw_fd(&self) -> RawFd {
        self.pidfd.as_raw_fd()
    }
}

fn proc_directory() -> Result<OwnedFd, Error> {
    open(c"/proc", OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC, Mode::empty())
        .map_err(|source| Error::Step { step: Step::Record, source })
}

/// The files that a program's name may mean, in the order of trying, as execvp(3) has it.
fn candidates(program: &OsStr, path: Option<&OsStr>) -> Result<Vec<CString>, NulError> {
    if program.as_bytes().contains(&b'/') {
        return Ok(vec![c_string(program)?]);
    }
    if program.is_empty() {
        return Ok(Vec::new());
    }
    // The search path of a process that has none: that of confstr(3), without the current directory.
    let path = path.unwrap_or(OsStr::new("/bin:/usr/bin"));
    std::env::split_paths(path)
        .map(
            |directory| {
                if directory.as_os_str().is_empty() { Path::new(".").join(program) } else { directory.join(program) }
            },
        )
        .map(|file| c_string(file.as_os_str()))
        .collect()
}

fn pair(key: &OsStr, value: &OsStr) -> OsString {
    OsString::from_vec([key.as_bytes(), b"=", value.as_bytes()].concat())
}

fn c_string(text: &OsStr) -> Result<CString, NulError> {
    CString::new(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(program: &str, path: Option<&str>) -> Vec<String> {
        let files = candidates(program.as_ref(), path.map(OsStr::new)).expect("no zero bytes");
        files.into_iter().map(|file| file.into_string().expect("UTF-8")).collect()
    }

    #[test]
    fn a_name_with_a_slash_is_not_searched_for() {
        assert_eq!(files("./x", Some("/bin")), ["./x"]);
        assert_eq!(files("/bin/x", None), ["/bin/x"]);
    }

    #[test]
    fn a_bare_name_is_searched_for_in_the_order_of_path() {
        assert_eq!(files("x", Some("/a:/b")), ["/a/x", "/b/x"]);
        assert_eq!(files("x", Some(":/b")), ["./x", "/b/x"]);
        assert_eq!(files("x", None), ["/bin/x", "/usr/bin/x"]);
    }

    #[test]
    fn an_empty_name_is_found_nowhere() {
        assert!(files("", Some("/bin")).is_empty());
    }

    #[test]
    fn a_zero_byte_is_refused() {
        assert!(candidates(OsStr::new("a\0b"), None).is_err());
    }
}
