//! The command line: what was typed.

mod guise;
mod kinds;
mod plain;
mod resolve;
mod values;
mod words;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use caps::CapsHashSet;
use clap::{CommandFactory, FromArgMatches, Parser};

use crate::target::Target;
pub use guise::Guise;
pub use kinds::Kinds;
use launch::Limit;
use launch::{Id, User, capabilities, variable};
pub(crate) use values::words;
pub use values::{Format, UsageError};
pub use words::first_word;

use values::{Bound, EnvironmentWord, bound, duration, environment, file_mode};

/// Enter the namespaces of another process and launch a command there
///
/// With nothing of the target named, those of its net, ipc, uts and pid namespaces are joined in which
/// it differs from us. The exit code is the command's; 128+n when signal n ended it; 127 when it was
/// not found, 126 when it could not be executed, 125 when nsjoin itself failed, 124 when its time was
/// over, 2 for a bad command line.
///
/// `nsjoin list` shows namespaces and who is in them.
#[derive(Debug, Default, Parser)]
#[command(name = "nsjoin", version, max_term_width = 100)]
pub struct Args {
    /// Whose namespaces: a pid, PID:INODE, a pod, a container (docker/NAME, podman/NAME, container/ID, a
    /// bare id), a pidfd (fd/N), or a path: a pid file, a namespace, a directory of namespaces
    #[arg(short, long, value_name = "TARGET", value_parser = words(Target::of_word))]
    target: Option<Target>,

    /// Join all namespaces in which the target differs from us
    #[arg(short, long)]
    all: bool,

    #[command(flatten)]
    kinds: Kinds,

    /// Join the network namespace of the socket that the target has open under this number
    #[arg(short = 'N', long, value_name = "FD", value_parser = clap::value_parser!(i32).range(0..))]
    net_socket: Option<i32>,

    /// Join the parent of the user namespace, or the one that owns the others
    #[arg(long)]
    user_parent: bool,

    #[command(flatten)]
    taken: Taken,

    #[command(flatten)]
    ids: IdOptions,

    #[command(flatten)]
    rights: Rights,

    #[command(flatten)]
    surroundings: Surroundings,

    #[command(flatten)]
    running: Running,

    /// The command, and its arguments [default: $SHELL, else /bin/sh]
    #[arg(trailing_var_arg = true, value_name = "COMMAND", value_hint = clap::ValueHint::CommandWithArguments)]
    command: Vec<OsString>,
}

/// What else is taken from the target.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Taken from the target, or from here")]
struct Taken {
    /// Take the target's root directory, or this one of here
    #[arg(short, long, value_name = "DIR", num_args = 0..=1, require_equals = true)]
    root: Option<Option<PathBuf>>,

    /// Take the target's working directory, or this one of here
    #[arg(short, long, value_name = "DIR", num_args = 0..=1, require_equals = true, conflicts_with = "wdns")]
    wd: Option<Option<PathBuf>>,

    /// Change into this directory of inside
    #[arg(short = 'W', long, visible_alias = "chdir", value_name = "DIR")]
    wdns: Option<PathBuf>,

    /// Take the target's environment; with a value, set a variable
    #[arg(short, long, value_name = "KEY=VALUE", num_args = 0..=1, require_equals = true, default_missing_value = "", value_parser = words(environment))]
    env: Vec<EnvironmentWord>,

    /// Join the target's cgroup, or this one ([CONTROLLER,…:]PATH), in both versions of the hierarchy
    #[arg(short = 'c', long, value_name = "CGROUP", num_args = 0..=1, require_equals = true)]
    join_cgroup: Option<Option<OsString>>,

    /// Take the target's SELinux context, where the kernel has such
    #[arg(short = 'Z', long)]
    follow_context: bool,
}

/// Who the command runs as.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Who the command runs as")]
struct IdOptions {
    /// Run as this user, with the group and the groups that the target's files give it, or with GROUP alone
    #[arg(long, value_name = "USER[:GROUP]", conflicts_with_all = ["setuid", "setgid", "preserve_credentials"])]
    run_as: Option<User>,

    /// Set the user id only: a number, a name in the target's /etc/passwd, or `follow` for the target's
    #[arg(short = 'S', long, value_name = "UID")]
    setuid: Option<Id>,

    /// Set the group id, and give up the supplementary groups
    #[arg(short = 'G', long, value_name = "GID")]
    setgid: Option<Id>,

    /// Set the supplementary groups
    #[arg(long, value_name = "GROUP,…", value_delimiter = ',')]
    groups: Option<Vec<Id>>,

    /// Keep our ids in a user namespace that is joined, instead of becoming its root
    #[arg(long)]
    preserve_credentials: bool,
}

/// What the command may do.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "What the command may do")]
struct Rights {
    /// Keep these capabilities, though --cap-drop names them
    #[arg(long, value_name = "CAP,…", value_parser = capabilities)]
    cap_add: Vec<CapsHashSet>,

    /// Give up these capabilities for good; `all` for all
    #[arg(long, value_name = "CAP,…", value_parser = capabilities)]
    cap_drop: Vec<CapsHashSet>,

    /// Keep these capabilities, even if the command does not run as root
    #[arg(long, value_name = "CAP,…", value_parser = capabilities)]
    ambient: Vec<CapsHashSet>,

    /// Keep the capabilities that a joined user namespace gives, even if the command does not run as root
    #[arg(long)]
    keep_caps: bool,

    /// Have it never gain a privilege by executing a file
    #[arg(long)]
    no_new_privs: bool,

    /// Filter its system calls by this profile, as Docker and Podman have them
    #[arg(long, value_name = "FILE")]
    seccomp: Option<PathBuf>,

    /// Confine it by this AppArmor profile
    #[arg(long, value_name = "PROFILE")]
    apparmor: Option<String>,

    /// Give it this SELinux context
    #[arg(long, value_name = "CONTEXT", conflicts_with_all = ["follow_context", "apparmor"])]
    selinux: Option<String>,

    /// Execute a sealed copy of the file that the command names here, which nobody inside can write to
    #[arg(long)]
    seal: bool,
}

/// What the command finds.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "What the command finds")]
struct Surroundings {
    /// Set a variable
    #[arg(long, value_name = "KEY=VALUE", value_parser = words(variable))]
    setenv: Vec<(OsString, OsString)>,

    /// Set the variables in this file: KEY=VALUE or KEY a line, # for comments
    #[arg(long, value_name = "FILE")]
    env_file: Vec<PathBuf>,

    /// Begin with an empty environment
    #[arg(long)]
    clear_env: bool,

    /// Set the file mode creation mask, in octal digits
    #[arg(long, value_name = "MASK", value_parser = file_mode)]
    umask: Option<u32>,

    /// Limit a resource: nofile=1024:4096, core=0, as=unlimited
    #[arg(long, value_name = "NAME=SOFT[:HARD]")]
    rlimit: Vec<Limit>,

    /// Set the nice value, -20 to 19
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = clap::value_parser!(i32).range(-20..=19))]
    nice: Option<i32>,

    /// Set the OOM score adjustment, -1000 to 1000
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = clap::value_parser!(i32).range(-1000..=1000))]
    oom_score_adj: Option<i32>,

    /// Mount a /proc of the joined pid namespace, in a mount namespace of its own
    #[arg(long)]
    mount_proc: bool,

    /// Leave N descriptors open, from 3 on
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true, value_parser = clap::value_parser!(u32).range(..=1_000_000))]
    preserve_fds: u32,
}

/// How the command is run.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "How the command is run")]
struct Running {
    /// Do not fork: become the command. Of a joined pid namespace only its children will be
    #[arg(short = 'F', long, conflicts_with_all = ["tty", "timeout", "report", "detach", "die_with_parent", "pid_file"])]
    no_fork: bool,

    /// Give it a terminal of its own, as large as ours
    #[arg(long, conflicts_with = "detach")]
    tty: bool,

    /// Hand our stdin to it, with --tty though it is no terminal, with --detach though we end
    #[arg(long)]
    interactive: bool,

    /// End once it runs, in a session of its own; its parent is then the init of its pid namespace
    #[arg(long, conflicts_with_all = ["timeout", "die_with_parent"])]
    detach: bool,

    /// Write its pid, as we count, to this file
    #[arg(long, value_name = "FILE")]
    pid_file: Option<PathBuf>,

    /// End it after this time (500ms, 10s, 2m, 1h) with TERM, and exit with 124
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    timeout: Option<Duration>,

    /// Kill it when it goes on for so long after that
    #[arg(long, value_name = "DURATION", value_parser = duration, requires = "timeout")]
    kill_after: Option<Duration>,

    /// Kill it when we end, and us when our parent ends
    #[arg(long)]
    die_with_parent: bool,

    /// Report to this file or descriptor, in lines of JSON, what was joined, which process, and its end
    #[arg(long, value_name = "FD|FILE", value_parser = words(bound))]
    report: Option<Bound>,

    /// Open all that joining needs, print what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,

    /// How --dry-run prints
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = Format::Text, requires = "dry_run")]
    output: Format,
}

impl Args {
    /// What these words say, the program's name the first of them.
    ///
    /// # Errors
    /// When they say nothing that makes sense, or ask for help.
    pub fn of(words: Vec<OsString>) -> Result<Self, clap::Error> {
        plain::args(&words).map_or_else(|| Self::by_clap(words), Ok)
    }

    fn by_clap(words: Vec<OsString>) -> Result<Self, clap::Error> {
        let mut command = Self::command();
        let words = words::attached(&command, words);
        let mut matches = command.try_get_matches_from_mut(words)?;
        Self::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut command))
    }
}

#[cfg(test)]
mod tests;
