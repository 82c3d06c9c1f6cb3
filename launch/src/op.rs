//! What a process does on its way to becoming a command, as data: one table of operations, each a
//! few system calls that belong together, with the words for its failing.

mod made;

use std::ffi::{CStr, CString};
use std::fmt;

use nix::mount::MsFlags;

pub use made::{Made, Missing, Origin};

use crate::activation::Own;
use crate::kind::Kind;
use crate::limits::Limit;
use crate::pointed::{CStrings, Filter, LateVariable, ShellWords};
use crate::signals::Inherited;

/// A descriptor, by its place among those that the script owns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fd(pub(crate) usize);

/// One thing that the process does.
#[derive(Debug)]
#[non_exhaustive]
pub enum Op {
    /// Goes to a control group, by its list of members.
    JoinCgroup {
        /// The list.
        members: Fd,
        /// Whether it is the one that the process is born in where the kernel can do that.
        by_birth: bool,
    },
    /// Sets how readily it is killed when memory is short: the value in decimal.
    OomScore(CString),
    /// Sets its nice value.
    Nice(i32),
    /// Raises a hard limit to this one where it is lower, which may take a right that is about to go.
    RaiseLimit(Limit),
    /// Lets nobody look at it, or at what it has open; executing the command makes an end of that.
    Hide,
    /// Enters namespaces: all at once by the pidfd of the process that is in them, or one by one.
    Enter {
        /// A pidfd of the process that is in all of them, if one is.
        all_of: Option<Fd>,
        /// In the order of entering.
        namespaces: Vec<Entry>,
    },
    /// Makes sure that it is in these: it may not be believed that all went well.
    Verify(Vec<Expected>),
    /// Makes the process that does the rest, which is our child all the same.
    Fork(Fork),
    /// Maps ids into the user namespace that was made with it.
    Maps {
        /// The contents of `uid_map`.
        uid: Vec<u8>,
        /// The contents of `gid_map`.
        gid: Vec<u8>,
    },
    /// Leaves word of itself in a file: whoever is killed from then on, the word is there.
    Record(Recorded, Fd),
    /// Has a mount namespace of its own, a copy of the one it is in.
    OwnMounts,
    /// Keeps its mounts to itself; those of the outside still arrive.
    SlaveMounts,
    /// Mounts.
    Mount(Mount),
    /// Has a view of control groups of its own, which begins where it is.
    OwnCgroups,
    /// Makes a mount that is nowhere yet, and holds it. Linux 5.12
    Make {
        /// Which.
        made: Made,
        /// What it is called from then on: of [`Script::to_be_made`](crate::Script::to_be_made).
        held: Fd,
    },
    /// Makes the directories that a path below a root lacks, and at its end this. Linux 5.6
    Place {
        /// The root, which no link leads out of.
        below: Fd,
        /// Where.
        at: CString,
        /// What.
        missing: Missing,
    },
    /// Makes a device. Linux 5.6
    Device {
        /// Where.
        at: Spot,
        /// What it is, and who may do what with it.
        mode: u32,
        /// Its number.
        number: u64,
    },
    /// Makes a symbolic link. Linux 5.6
    Link {
        /// Where.
        at: Spot,
        /// Where it leads.
        to: CString,
    },
    /// Attaches a tree of mounts that was made before. Linux 5.2
    Attach {
        /// What is mounted.
        tree: Fd,
        /// Where.
        at: CString,
    },
    /// Attaches such a tree below a root, where its place is made if it is not there. Linux 5.6
    Install {
        /// What is mounted.
        tree: Fd,
        /// Where.
        at: Spot,
        /// What is made there if nothing is.
        missing: Missing,
    },
    /// Makes a file or a directory unreadable: nothing is what is there.
    Mask {
        /// The root, which no link leads out of.
        below: Fd,
        /// Where.
        at: CString,
        /// The device that swallows everything.
        null: Fd,
        /// What the empty directory is called from then on, and what it is if it was made before: of
        /// [`Script::to_be_made`](crate::Script::to_be_made).
        empty: Fd,
    },
    /// Lets nobody write to what is there, or to anything below it. Linux 5.12
    Protect {
        /// The root, which no link leads out of.
        below: Fd,
        /// Where.
        at: CString,
    },
    /// Lets nobody write to a mount; what is mounted below it is as it was. Linux 5.12
    Seal(Fd),
    /// Makes this directory, which has to be a mount, its root, and lets go of the one before.
    Pivot(Fd),
    /// Makes this directory its root.
    Chroot(Fd),
    /// Sets the hostname.
    Hostname(Vec<u8>),
    /// Brings the loopback of a new network up.
    Loopback,
    /// Opens a socket at which the kernel answers for the network that the process is in by then: it is called so
    /// from then on, of [`Script::to_be_made`](crate::Script::to_be_made).
    Netlink(Fd),
    /// Has the kernel do something about networks.
    Tell(Told),
    /// Begins a session of its own.
    Session,
    /// Takes these as its stdin, stdout and stderr; none stays.
    Stdio([Option<Fd>; 3]),
    /// Takes its stdin as the terminal that controls its session.
    Terminal,
    /// Writes to a file below our own /proc, as what it is to the namespaces that the process is in.
    Write {
        /// Below /proc.
        file: CString,
        /// What to write.
        text: Vec<u8>,
    },
    /// Writes a label to a file below /proc.
    Label {
        /// Below /proc.
        file: &'static std::ffi::CStr,
        /// What to write.
        text: Vec<u8>,
    },
    /// Sets its file mode creation mask.
    Umask(u32),
    /// Sets a limit.
    SetLimit(Limit),
    /// Stands in this directory.
    Fchdir(Fd),
    /// Closes all descriptors but these: whatever is open, ours or inherited, is nothing that the
    /// command was given, and nothing that a path inside may lead to (CVE-2024-21626).
    Close {
        /// From which number on.
        first: u32,
        /// But for these, by their numbers in order.
        kept: Vec<Fd>,
    },
    /// Stands in a directory that is looked up now.
    Chdir(CString),
    /// Makes sure that it stands below its root: from elsewhere `..` leads anywhere.
    StandWithin,
    /// Makes sure that it has these capabilities.
    Demand(u64),
    /// Removes capabilities from the bounding set.
    DropBounding(u64),
    /// Keeps capabilities over a change of user.
    KeepCapabilities,
    /// Has these supplementary groups and no others.
    Groups(Vec<libc::gid_t>),
    /// Becomes this group.
    Gid(u32),
    /// Becomes this user.
    Uid(u32),
    /// Sets its capabilities: those that it has, without what is removed.
    Capabilities(Kept),
    /// Gives up gaining privileges by executing a file.
    NoNewPrivileges,
    /// Is killed when the process of this pidfd ends, the one that makes it.
    EndWith(Fd),
    /// Has this signal mask and these dispositions.
    Signals(Inherited),
    /// Filters its system calls.
    Filter(Filter),
    /// Becomes the command.
    Execute(Box<Execution>),
}

/// A place below a root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    below: Fd,
    path: CString,
    /// How much of the path leads to the root.
    from: usize,
}

impl Spot {
    /// Where a path leads below this root, which no link leads out of.
    #[must_use]
    pub fn new(below: Fd, path: CString) -> Self {
        Self { below, path, from: 0 }
    }

    /// The same of a path whose first bytes, so many, lead to the root.
    #[must_use]
    pub fn beyond(below: Fd, path: CString, from: usize) -> Self {
        let from = from.min(path.as_bytes().len());
        Self { below, path, from }
    }

    pub(crate) fn below(&self) -> Fd {
        self.below
    }

    /// What is left of the path from the root on.
    pub(crate) fn rest(&self) -> &CStr {
        let rest = self.path.as_bytes_with_nul().get(self.from..).unwrap_or_default();
        CStr::from_bytes_with_nul(rest).unwrap_or_default()
    }
}

/// What the kernel is told about networks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// What it is for, as it follows `cannot`.
    pub what: &'static str,
    /// A socket of netlink's.
    pub socket: Fd,
    /// The messages, each of which asks to be answered.
    pub messages: Vec<u8>,
    /// Where among these bytes the number belongs of a descriptor of the network that the process is in.
    pub network_at: Option<usize>,
}

/// A namespace to enter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its kind.
    pub kind: Kind,
    /// Its file.
    pub file: Fd,
}

/// A namespace to be in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    /// Its kind.
    pub kind: Kind,
    /// Its inode.
    pub inode: u64,
}

/// Kinds of namespaces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kinds(pub(crate) libc::c_int);

impl FromIterator<Kind> for Kinds {
    fn from_iter<T: IntoIterator<Item = Kind>>(kinds: T) -> Self {
        Self(kinds.into_iter().fold(0, |flags, kind| flags | kind.flag()))
    }
}

/// How the process is made that does the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fork {
    /// In new namespaces of these kinds.
    pub made: Kinds,
    /// By one more in between, for only who is in a pid namespace can make one within it, or be an
    /// orphan of it.
    pub twice: bool,
    /// As an orphan to be, for the init inside to take, and not as our child.
    pub orphan: bool,
}

/// Which word a process leaves of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// Its line of `/proc/PID/stat`.
    Stat,
    /// Its pid and a newline.
    Pid,
}

/// A mount, by its path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// What is mounted.
    pub source: CString,
    /// Where.
    pub target: CString,
    /// The file system; none for a bind mount.
    pub kind: Option<CString>,
    /// With which flags.
    pub flags: MsFlags,
    /// With which options of that file system.
    pub data: Option<CString>,
}

/// What becomes of the capabilities, a bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Removed from every set.
    pub removed: u64,
    /// Raised in the ambient set.
    pub ambient: u64,
    /// Whether all that there are become ambient.
    pub all_ambient: bool,
    /// Whether what is permitted becomes effective again, as a change of user does not leave it.
    pub effective: bool,
}

/// What is executed, and with what.
#[derive(Debug)]
pub struct Execution {
    /// From which file.
    pub(crate) program: Executed,
    /// Its words.
    pub(crate) argv: CStrings,
    /// The words by which a shell executes it.
    pub(crate) by_shell: ShellWords,
    /// Its environment.
    pub(crate) envp: CStrings,
    /// What of that the process writes itself.
    pub(crate) late: Vec<LateVariable>,
}

impl Execution {
    /// Of a file, with these words, the first of which is the command's own name, and this environment.
    #[must_use]
    pub fn new(program: Executed, argv: CStrings, envp: CStrings) -> Self {
        Self { program, by_shell: ShellWords::of(&argv), argv, envp, late: Vec::new() }
    }

    /// With these variables in its environment, of which only the process that executes it knows the values.
    #[must_use]
    pub fn knowing(mut self, own: &[Own]) -> Self {
        self.late = self.envp.with(own);
        self
    }
}

/// From which file a command is executed.
#[derive(Debug)]
pub enum Executed {
    /// The first of these that can be.
    Files(Vec<CString>),
    /// This one.
    Held(Fd),
}

/// As it follows `cannot`.
impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::JoinCgroup { .. } => "join the cgroup",
            Self::OomScore(_) => "set the OOM score adjustment",
            Self::Nice(_) => "set the nice value",
            Self::RaiseLimit(limit) | Self::SetLimit(limit) => return write!(f, "set the limit {}", limit.name()),
            Self::Hide => "hide from the inside",
            Self::Enter { .. } => "join the namespaces",
            Self::Verify(_) => "find itself in the namespaces that it joined",
            Self::Fork(_) => "make a process in the pid namespace",
            Self::Maps { .. } => "map our ids into the user namespace",
            Self::Record(..) => "record the process",
            Self::OwnMounts | Self::SlaveMounts => "keep mounts private",
            Self::Mount(mount) if mount.kind.as_deref() == Some(c"proc") => {
                return write!(f, "mount a fresh {}", mount.target.to_string_lossy());
            }
            Self::Mount(mount) => return write!(f, "mount {}", mount.target.to_string_lossy()),
            Self::OwnCgroups => "keep control groups private",
            Self::Make { made, .. } => return made.fmt(f),
            Self::Place { at, .. } => return write!(f, "make a place for {}", at.to_string_lossy()),
            Self::Device { at, .. } => return write!(f, "make the device {}", at.path.to_string_lossy()),
            Self::Link { at, .. } => return write!(f, "make the link {}", at.path.to_string_lossy()),
            Self::Attach { at, .. } | Self::Install { at: Spot { path: at, .. }, .. } => {
                return write!(f, "attach a mount at {}", at.to_string_lossy());
            }
            Self::Mask { at, .. } => return write!(f, "mask {}", at.to_string_lossy()),
            Self::Protect { at, .. } => return write!(f, "make {} read-only", at.to_string_lossy()),
            Self::Seal(_) => "make a mount read-only",
            Self::Write { file, .. } => return write!(f, "write /proc/{}", file.to_string_lossy()),
            Self::Pivot(_) | Self::Chroot(_) => "change the root directory",
            Self::Hostname(_) => "set the hostname",
            Self::Loopback => "bring the loopback up",
            Self::Netlink(_) => "ask the kernel about networks",
            Self::Tell(told) => told.what,
            Self::Session => "begin a session",
            Self::Stdio(_) => "take stdin, stdout and stderr",
            Self::Terminal => "take the terminal",
            Self::Label { .. } => "set the security label",
            Self::Umask(_) => "set the file mode creation mask",
            Self::Fchdir(_) => "change the directory",
            Self::Close { .. } => "close inherited descriptors",
            Self::Chdir(path) => {
                return write!(f, "change to directory {}", path.to_string_lossy());
            }
            Self::StandWithin => "stand in a directory outside of the root",
            Self::Demand(_) | Self::DropBounding(_) | Self::KeepCapabilities | Self::Capabilities(_) => {
                "set capabilities"
            }
            Self::Groups(_) => "set the supplementary groups",
            Self::Gid(_) => "set the group id",
            Self::Uid(_) => "set the user id",
            Self::NoNewPrivileges => "give up new privileges",
            Self::EndWith(_) => "arrange to end with its parent",
            Self::Signals(_) => "put signals back",
            Self::Filter(_) => "install the seccomp filter",
            Self::Execute(_) => "execute the command",
        })
    }
}
