//! Starting the main child. What can fail is tried in the child, told by the child, and said by the parent.

use core::ffi::CStr;
use core::fmt::{self, Write};

use crate::buffer::Buffer;
use crate::plan::{Child, Leads};
use crate::sys::file::{self, Fd};
use crate::sys::process::{self, Fork, List, Strings};
use crate::sys::signals::{self, Disposition};
use crate::sys::{self, Errno, terminal};
use crate::text::{self, Decimal};
use crate::{Signal, SignalSet};

const STDIN: i32 = 0;
/// As many words and variables as a command can have here.
const MOST_STRINGS: usize = 4096;
/// Where a command is looked for when no PATH says so; execvp's own.
const USUAL_PATH: &[u8] = b"/bin:/usr/bin";

/// What the init was started with, and its child is to be started with.
#[derive(Clone, Copy, Debug)]
pub struct Inherited {
    /// The blocked signals.
    pub mask: SignalSet,
    /// What SIGCHLD did.
    pub chld: Disposition,
    /// Our own pid.
    pub pid: isize,
}

/// A main child that runs.
#[derive(Debug)]
pub struct Running {
    /// Its pid.
    pub pid: i32,
    /// A descriptor of it, where the kernel has such.
    pub pidfd: Option<Fd>,
}

/// The step at which a child failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// To make a process.
    Fork,
    /// To lead a group or session, at a terminal.
    Lead,
    /// To become a user.
    User,
    /// To change to a directory.
    Directory,
    /// To lay out words and variables.
    Words,
    /// To give back the signals that we were started with.
    Signals,
    /// To execute the command.
    Execute,
}

/// Why there is no main child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What was tried.
    pub step: Step,
    /// What the kernel said.
    pub errno: Errno,
}

impl Failure {
    /// Whether it is the command that could not be executed.
    #[must_use]
    pub fn is_of_exec(self) -> bool {
        self.step == Step::Execute
    }

    /// Says it, of this command.
    #[must_use]
    pub const fn of<'a>(self, command: &'a CStr, child: &'a Child) -> impl fmt::Display + 'a {
        Told { failure: self, command, child }
    }
}

struct Told<'a> {
    failure: Failure,
    command: &'a CStr,
    child: &'a Child,
}

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let command = text::Shown(self.command.to_bytes());
        match self.failure.step {
            Step::Fork => f.write_str("cannot make a process")?,
            Step::Lead => f.write_str("cannot lead a group, a session or a terminal")?,
            Step::User => f.write_str("cannot become the user")?,
            Step::Directory => {
                write!(f, "cannot change to {}", text::Shown(self.child.directory.unwrap_or(c"/").to_bytes()))?;
            }
            Step::Signals => f.write_str("cannot give the command its signals")?,
            Step::Words | Step::Execute => write!(f, "cannot execute {command}")?,
        }
        write!(f, ": {}", self.failure.errno)
    }
}

/// Starts the command, and comes back when it has been executed.
///
/// # Errors
/// The first step that failed; then there is no child any more.
pub fn launch(
    child: &Child,
    terminal: Option<&Fd>,
    command: impl Iterator<Item = &'static CStr>,
    environment: Strings,
    inherited: &Inherited,
) -> Result<Running, Failure> {
    let failed = |errno| Failure { step: Step::Fork, errno };
    let (told, tell) = file::pipe().map_err(failed)?;
    match process::fork().map_err(failed)? {
        Fork::Child => {
            let Failure { step, errno } = become_command(child, terminal, command, environment, inherited);
            let number = errno.number().to_ne_bytes();
            sys::write(tell.number(), &[step as u8, number[0], number[1], number[2], number[3]]);
            sys::exit(127)
        }
        Fork::Parent { pid, pidfd } => {
            drop(tell);
            let mut said = [0_u8; 5];
            match file::read(told.number(), &mut said) {
                Ok(5) => {
                    process::reap(pid);
                    let errno = Errno::new(i32::from_ne_bytes([said[1], said[2], said[3], said[4]]));
                    Err(Failure { step: step(said[0]), errno })
                }
                // It has been executed, or was killed before; how it ended will tell.
                Ok(_) => Ok(Running { pid, pidfd }),
                // Nobody knows whether it has been.
                Err(errno) => {
                    let _gone = signals::kill(pid, Signal::KILL);
                    process::reap(pid);
                    Err(failed(errno))
                }
            }
        }
    }
}

fn step(number: u8) -> Step {
    let steps = [Step::Fork, Step::Lead, Step::User, Step::Directory, Step::Words, Step::Signals, Step::Execute];
    steps.into_iter().find(|step| *step as u8 == number).unwrap_or(Step::Execute)
}

/// In the child: comes back only if it failed.
fn become_command(
    child: &Child,
    terminal: Option<&Fd>,
    command: impl Iterator<Item = &'static CStr>,
    environment: Strings,
    inherited: &Inherited,
) -> Failure {
    let failed = |step| move |errno| Failure { step, errno };
    let prepared = lead(child.leads)
        .and_then(|()| terminal.map_or(Ok(()), sit_at))
        .map_err(failed(Step::Lead))
        .and_then(|()| match child.directory {
            Some(directory) => sys::chdir(directory).map_err(failed(Step::Directory)),
            None => Ok(()),
        })
        .and_then(|()| match &child.user {
            Some(user) => process::become_user(user.uid, user.gid, user.groups()).map_err(failed(Step::User)),
            None => Ok(()),
        });
    if let Err(failure) = prepared {
        return failure;
    }
    let mut listen_pid = Buffer::<32>::new();
    let variables = match variables(child, environment, inherited, &mut listen_pid) {
        Ok(variables) => variables,
        Err(errno) => return failed(Step::Words)(errno),
    };
    let mut words = List::<MOST_STRINGS>::new();
    let mut name = c"";
    for word in command {
        if words.is_empty() {
            name = word;
        }
        if let Err(errno) = words.push(word) {
            return failed(Step::Words)(errno);
        }
    }
    let given_back =
        signals::dispose(Signal::CHLD, inherited.chld).and_then(|_| signals::exchange_mask(&inherited.mask));
    if let Err(errno) = given_back {
        return failed(Step::Signals)(errno);
    }
    failed(Step::Execute)(execute(name, &words, &variables, path(&variables)))
}

fn lead(leads: Leads) -> Result<(), Errno> {
    let group_in_front = terminal::foreground(STDIN);
    match leads {
        Leads::Nothing => Ok(()),
        Leads::Group => {
            let ours = process::group();
            process::lead_group()?;
            if group_in_front == Some(ours) {
                // Who has lost the terminal by now does without it.
                let _lost = terminal::set_foreground(STDIN, process::group());
            }
            Ok(())
        }
        Leads::Session => {
            process::lead_session()?;
            let _no_terminal = terminal::control_terminal(STDIN, true);
            Ok(())
        }
    }
}

/// Has the other end of this terminal be ours: what controls our session, and stdin, stdout and stderr.
fn sit_at(terminal: &Fd) -> Result<(), Errno> {
    let peer = terminal::peer(terminal)?;
    terminal::become_stdio(&peer)?;
    let _is_new_and_nobodys = terminal::control_terminal(STDIN, true);
    Ok(())
}

/// The command's environment: ours, unless it is to have none of it, and what is set.
fn variables<'a>(
    child: &Child,
    environment: Strings,
    inherited: &Inherited,
    listen_pid: &'a mut Buffer<32>,
) -> Result<List<'a, MOST_STRINGS>, Errno> {
    let mut list = List::new();
    let mut rewrites = false;
    let set = || child.variables.iter().flatten().copied();
    let name_of = |variable: &'static CStr| text::split_once(variable.to_bytes(), b'=').map(|(name, _)| name);
    for variable in environment.iter().filter(|_| child.inherits_environment) {
        let name = name_of(variable);
        if name.is_some() && set().any(|other| name_of(other) == name) {
            continue;
        }
        // Sockets that were handed to us are the command's, which knows them by its own pid.
        if name == Some(b"LISTEN_PID") && value_is(variable, inherited.pid) {
            rewrites = true;
            continue;
        }
        list.push(variable)?;
    }
    if rewrites {
        let _fits = write!(listen_pid, "LISTEN_PID={}\0", Decimal(u32::try_from(sys::getpid()).unwrap_or_default()));
        list.push(CStr::from_bytes_until_nul(listen_pid.bytes()).unwrap_or(c""))?;
    }
    for (place, variable) in set().enumerate() {
        // Of two of the same name the last counts.
        if !set().skip(place + 1).any(|other| name_of(other) == name_of(variable)) {
            list.push(variable)?;
        }
    }
    Ok(list)
}

fn value_is(variable: &CStr, number: isize) -> bool {
    let value = text::split_once(variable.to_bytes(), b'=').map_or(&b""[..], |(_, value)| value);
    text::number(value).and_then(|value| isize::try_from(value).ok()) == Some(number)
}

/// Where the command's own environment says that it is looked for.
fn path<'a, const ROOM: usize>(variables: &List<'a, ROOM>) -> &'a [u8] {
    let path = variables.iter().find_map(|variable| variable.to_bytes().strip_prefix(b"PATH="));
    path.unwrap_or(USUAL_PATH)
}

/// Looks for the command as execvp(3) does, and becomes it.
fn execute<const ROOM: usize, const MORE: usize>(
    name: &CStr,
    words: &List<'_, ROOM>,
    variables: &List<'_, MORE>,
    search: &[u8],
) -> Errno {
    if name.to_bytes().contains(&b'/') {
        return execute_file(name, words, variables);
    }
    if name.is_empty() {
        return Errno::ENOENT;
    }
    let mut denied = false;
    for directory in search.split(|byte| *byte == b':') {
        let mut path = Buffer::<4096>::new();
        let directory = if directory.is_empty() { &b"."[..] } else { directory };
        let fits = path.push(directory) && path.push(b"/") && path.push(name.to_bytes_with_nul());
        let Some(file) = CStr::from_bytes_until_nul(path.bytes()).ok().filter(|_| fits) else { continue };
        match execute_file(file, words, variables) {
            Errno::ENOENT | Errno::ENOTDIR => {}
            // Of a directory that may not be searched nobody knows whether the command is in it.
            Errno::EACCES => denied |= file::exists(file),
            errno => return errno,
        }
    }
    if denied { Errno::EACCES } else { Errno::ENOENT }
}

/// Becomes this file, or the shell with it where the kernel does not know what it is.
fn execute_file<const ROOM: usize, const MORE: usize>(
    file: &CStr,
    words: &List<'_, ROOM>,
    variables: &List<'_, MORE>,
) -> Errno {
    let errno = process::execute(file, words, variables);
    if errno != Errno::ENOEXEC {
        return errno;
    }
    let mut script = List::<MOST_STRINGS>::new();
    let parts = [c"/bin/sh", file].into_iter().chain(words.iter().skip(1));
    for word in parts {
        if let Err(errno) = script.push(word) {
            return errno;
        }
    }
    let _no_shell = process::execute(c"/bin/sh", &script, variables);
    Errno::ENOEXEC
}
