//! Everything that a child between clone and exec hands to the kernel, laid out beforehand.

use std::ffi::{CStr, CString, NulError, c_char, c_int};
use std::fmt;
use std::os::fd::RawFd;

use nix::errno::Errno;
use seccompiler::BpfProgram;

use crate::command::{OwnPids, OwnProc, Parent, Session};
use crate::credentials::Number;
use crate::limits::Limit;
use crate::signals::Inherited;

/// What a child does, in the order of doing. Descriptors are borrowed from who made the script.
#[derive(Debug)]
pub struct Script {
    /// Our /proc.
    pub proc: RawFd,
    pub before: Before,
    pub enter: Enter,
    pub parent: Parent,
    /// A pidfd of this process, for a child that is to end with it.
    pub us: Option<RawFd>,
    pub record: Option<(Recorded, RawFd)>,
    pub own_pids: OwnPids,
    pub own_proc: OwnProc,
    pub root: Option<RawFd>,
    pub session: Session,
    pub stdio: [Option<RawFd>; 3],
    pub terminal: Option<RawFd>,
    /// A label, and the file below /proc that takes it.
    pub label: Option<(&'static CStr, Vec<u8>)>,
    pub umask: Option<u32>,
    pub limits: Vec<Limit>,
    pub directory: Standing,
    /// From where on descriptors are closed.
    pub first_closed: u32,
    pub ids: Numbers,
    pub capabilities: CapabilityBits,
    pub no_new_privileges: bool,
    pub filters: Filters,
    pub signals: Inherited,
    pub program: Executed,
    pub argv: CStrings,
    pub envp: CStrings,
}

/// What takes the rights of the outside.
#[derive(Debug)]
pub struct Before {
    /// The unified hierarchy's cgroup: its directory, and its list of members.
    pub unified: Option<(RawFd, RawFd)>,
    /// Lists of members of other hierarchies' cgroups.
    pub others: Vec<RawFd>,
    pub oom_score_adj: Option<CString>,
    pub nice: Option<i32>,
}

/// What is entered.
#[derive(Debug)]
pub struct Enter {
    /// A pidfd of the process that is in all the namespaces, if one is.
    pub all_of: Option<RawFd>,
    /// In the order of entering.
    pub namespaces: Vec<Entry>,
    pub joins_user: bool,
    pub joins_time: bool,
    pub joins_pid: bool,
}

/// A namespace to enter.
#[derive(Debug)]
pub struct Entry {
    pub file: RawFd,
    pub flag: c_int,
    pub inode: u64,
    /// The link below /proc that tells whether we are in it, and the request to a pidfd that does.
    pub link: &'static CStr,
    pub by_pidfd: u8,
}

/// Which word a process leaves of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    Stat,
    Pid,
}

/// Where the command stands.
#[derive(Debug)]
pub struct Standing {
    /// A directory of the outside.
    pub held: Option<RawFd>,
    /// One that is looked up inside.
    pub inside: Option<CString>,
    /// Whether it has to be within the root.
    pub checked: bool,
}

/// Ids to take.
#[derive(Debug)]
pub struct Numbers {
    pub user: Option<Number>,
    pub group: Option<Number>,
    pub groups: Option<Vec<libc::gid_t>>,
    pub groups_asked: bool,
}

/// Sets of capabilities, a bit each.
#[derive(Clone, Copy, Debug, Default)]
pub struct CapabilityBits {
    pub removed: u64,
    pub demanded: u64,
    pub ambient: u64,
    /// Whether all that there are become ambient.
    pub keep: bool,
}

/// Programs that filter system calls, as the kernel takes them. They point to what is the command's.
#[derive(Debug, Default)]
pub struct Filters(pub(super) Vec<libc::sock_fprog>);

impl Filters {
    pub fn of(programs: &[BpfProgram]) -> Self {
        let of = |program: &BpfProgram| libc::sock_fprog {
            // The compiler of programs makes none that are longer than the kernel takes.
            len: u16::try_from(program.len()).unwrap_or(u16::MAX),
            filter: program.as_ptr().cast_mut().cast(),
        };
        Self(programs.iter().map(of).collect())
    }
}

/// What is executed.
#[derive(Debug)]
pub enum Executed {
    /// The first of these that can be.
    Files(Vec<CString>),
    /// This file.
    Held(RawFd),
}

/// Strings, and the null-terminated array of pointers to them that execve(2) wants.
#[derive(Debug)]
pub struct CStrings {
    pub(super) pointers: Vec<*const c_char>,
    /// What `pointers` points into: one heap block, which a move leaves in place.
    _text: Vec<u8>,
}

impl CStrings {
    /// Of strings in parts, each string's parts put together.
    ///
    /// # Errors
    /// When there is a zero byte in one.
    pub fn new<'a, const PARTS: usize>(
        strings: impl Iterator<Item = [&'a [u8]; PARTS]> + Clone,
    ) -> Result<Self, NulError> {
        let (number, length) = strings.clone().fold((0, 0), |(number, length), parts| {
            (number + 1, length + parts.iter().map(|part| part.len()).sum::<usize>() + 1)
        });
        let mut text = Vec::with_capacity(length);
        let mut starts = Vec::with_capacity(number);
        for parts in strings {
            let start = text.len();
            starts.push(start);
            parts.iter().for_each(|part| text.extend_from_slice(part));
            if text[start..].contains(&0) {
                // Said as the type says it that would have been made of it.
                CString::new(&text[start..])?;
            }
            text.push(0);
        }
        let pointer = |start: usize| text[start..].as_ptr().cast();
        let pointers = starts.into_iter().map(pointer).chain([std::ptr::null()]).collect();
        Ok(Self { pointers, _text: text })
    }
}

/// The steps that can fail, with their words.
macro_rules! steps {
    ($($(#[$doc:meta])* $step:ident = $words:literal,)*) => {
        /// What the child was doing.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u32)]
        #[non_exhaustive]
        pub enum Step {
            /// Nothing yet.
            Begin,
            $($(#[$doc])* $step,)*
        }

        pub(super) const STEPS: &[Step] = &[$(Step::$step),*];

        impl fmt::Display for Step {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    Self::Begin => "begin",
                    $(Self::$step => $words,)*
                })
            }
        }
    };
}

steps! {
    /// Being made.
    Clone = "make a process",
    /// Joining a control group.
    Cgroup = "join the cgroup",
    /// Setting its score for when memory is short.
    OomScore = "set the OOM score adjustment",
    /// Setting its nice value.
    Nice = "set the nice value",
    /// Setting a resource limit.
    Limit = "set a resource limit",
    /// Joining namespaces.
    Join = "join the namespaces",
    /// Comparing the namespaces that it is in with those that it was to join.
    Verify = "find itself in the namespaces that it joined",
    /// Being made inside a pid namespace.
    Fork = "make a process in the pid namespace",
    /// Leaving word of itself.
    Record = "record the process",
    /// Keeping mounts to itself.
    OwnMounts = "keep mounts private",
    /// Taking another root directory.
    Root = "change the root directory",
    /// Mounting /proc.
    Proc = "mount a fresh /proc",
    /// Leaving the session.
    Session = "begin a session",
    /// Taking its stdin, stdout and stderr.
    Stdio = "take stdin, stdout and stderr",
    /// Taking its terminal.
    Terminal = "take the terminal",
    /// Setting a security label.
    Label = "set the security label",
    /// Closing what it inherited beyond these.
    Close = "close inherited descriptors",
    /// Changing the directory.
    Directory = "change the directory",
    /// Looking whether the directory is within the root.
    Escaped = "stand in a directory outside of the root",
    /// Filtering system calls.
    Filter = "install the seccomp filter",
    /// Setting capabilities.
    Capabilities = "set capabilities",
    /// Setting the supplementary groups.
    Groups = "set the supplementary groups",
    /// Setting the group id.
    Group = "set the group id",
    /// Setting the user id.
    User = "set the user id",
    /// Giving up new privileges.
    NoNewPrivileges = "give up new privileges",
    /// Arranging to end with its parent.
    ParentDeath = "arrange to end with its parent",
    /// Executing the program.
    Execute = "execute the command",
    /// Nothing that it told: it was killed.
    Vanish = "finish launching",
}

/// The step that failed, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    pub step: Step,
    pub errno: Errno,
}

/// A step's result with the step in its error.
pub(super) fn step<T>(step: Step, result: Result<T, Errno>) -> Result<(), Failure> {
    match result {
        Ok(_) => Ok(()),
        Err(errno) => Err(Failure { step, errno }),
    }
}
