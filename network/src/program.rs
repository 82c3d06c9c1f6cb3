//! Launching programs that are not ours: where we are, with nothing that is not handed to them.

use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use launch::command::Command;
use launch::lower::{self, Ready};
use launch::open::our_proc;
use launch::open::program::Program;
use launch::open::users::OpenIds;
use launch::{Child, Environment, Error, Inherited, Names, Parent, Record, Script, Session, pidfd, run};

/// Where programs are found, where we know of no better.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A program, and all that it is handed.
pub(crate) struct Foreign<'a> {
    pub(crate) program: &'a Path,
    pub(crate) arguments: Vec<OsString>,
    /// Its environment, beside where programs are found.
    pub(crate) environment: Vec<(OsString, OsString)>,
    pub(crate) stdio: [OwnedFd; 3],
    /// Where it leaves word of itself before it is executed.
    pub(crate) record: Option<OwnedFd>,
    /// Whether it is killed when the thread ends that launches it.
    pub(crate) parent: Parent,
}

impl Foreign<'_> {
    /// Executes it in a session of its own, so that all that it starts can be ended with it.
    pub(crate) fn launch(self) -> Result<Child, Error> {
        let Self { program, arguments, mut environment, stdio, record, parent } = self;
        let mut command = Command::new(program)
            .args(arguments)
            .environment(Environment::Empty)
            .directory("/")
            .session(Session::New)
            .stdio(stdio.map(Some))
            .signals(Inherited::now())
            .umask(0o022);
        command.record = record.map(Record::Stat);
        let us = match parent {
            Parent::UsToTheEnd => Some(ourselves()?),
            Parent::Us | Parent::Init => None,
        };
        environment.push(("PATH".into(), std::env::var_os("PATH").unwrap_or_else(|| PATH.into())));
        let ready = Ready {
            environment,
            own: Vec::new(),
            program: Program::inside(program.as_os_str(), None)?,
            ids: OpenIds::default(),
            label: None,
            root: None,
            directory: None,
            stands_within: false,
            joins_user: false,
            us,
            command,
        };
        let mut script = Script::new(our_proc()?);
        lower::inside(&mut script, ready)?;
        let names = Names { program: program.into(), inside: false, sealed: false, directory: PathBuf::from("/") };
        run::spawn(script).map(|launched| launched.child).map_err(|failure| failure.explain(names))
    }
}

/// A pidfd of this process.
fn ourselves() -> Result<OwnedFd, Error> {
    let us = pidfd::open(nix::unistd::getpid().as_raw());
    us.map_err(|source| Error::Process { operation: "launch", source })
}
