//! The command line: what was typed, and the plan that it means.

use std::collections::BTreeSet;
use std::ffi::OsString;

use clap::Parser;

use crate::kind::Kind;
use crate::name::{InvalidName, Name};
use crate::plan::{Command, Plan, Select, Target};

/// Enter the namespaces of another process and launch a command there.
///
/// With no namespace named, those of net, ipc, uts and pid are joined in which the target differs
/// from us. The exit code is the command's; 128+n when signal n ended it; 127 when it was not
/// found, 126 when it could not be executed, 125 when nsjoin itself failed, 2 for a bad command line.
#[derive(Debug, Parser)]
#[command(name = "nsjoin", version, max_term_width = 100)]
pub struct Args {
    /// Whose namespaces: a pid, or the name of a pod (pod/NAME where the name is a number)
    #[arg(short, long, value_name = "PID|POD", value_parser = parse_target)]
    target: Target,

    /// Join all namespaces in which the target differs from us
    #[arg(short, long)]
    all: bool,

    #[command(flatten)]
    kinds: Kinds,

    /// The command, and its arguments [default: $SHELL, else /bin/sh]
    #[arg(trailing_var_arg = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

#[derive(Debug, clap::Args)]
struct Kinds {
    /// Join the mount namespace
    #[arg(short, long)]
    mount: bool,
    /// Join the UTS namespace (hostname)
    #[arg(short, long)]
    uts: bool,
    /// Join the IPC namespace
    #[arg(short, long)]
    ipc: bool,
    /// Join the network namespace
    #[arg(short, long)]
    net: bool,
    /// Join the pid namespace
    #[arg(short, long)]
    pid: bool,
    /// Join the user namespace
    #[arg(short = 'U', long)]
    user: bool,
    /// Join the cgroup namespace
    #[arg(short = 'C', long)]
    cgroup: bool,
    /// Join the time namespace
    #[arg(short = 'T', long)]
    time: bool,
}

impl Args {
    /// The plan that was typed.
    #[must_use]
    pub fn into_plan(self) -> Plan {
        let kinds = self.kinds.selected();
        let select = match (self.all, kinds.is_empty()) {
            (true, _) => Select::All,
            (false, true) => Select::Differing,
            (false, false) => Select::These(kinds),
        };
        let mut words = self.command.into_iter();
        let program = words.next().unwrap_or_else(shell);
        Plan { target: self.target, select, command: Command::new(program).args(words) }
    }
}

impl Kinds {
    fn selected(&self) -> BTreeSet<Kind> {
        [
            (self.mount, Kind::Mount),
            (self.uts, Kind::Uts),
            (self.ipc, Kind::Ipc),
            (self.net, Kind::Net),
            (self.pid, Kind::Pid),
            (self.user, Kind::User),
            (self.cgroup, Kind::Cgroup),
            (self.time, Kind::Time),
        ]
        .into_iter()
        .filter_map(|(wanted, kind)| wanted.then_some(kind))
        .collect()
    }
}

fn shell() -> OsString {
    std::env::var_os("SHELL").filter(|shell| !shell.is_empty()).unwrap_or_else(|| "/bin/sh".into())
}

/// A number is a pid, anything else a pod; `pod/` in front says so in any case.
fn parse_target(text: &str) -> Result<Target, String> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number {
        return match text.parse() {
            Ok(pid) if pid > 0 => Ok(Target::Pid(pid)),
            _ => Err(format!("{text} is no pid")),
        };
    }
    let name = text.strip_prefix("pod/").unwrap_or(text);
    name.parse::<Name>().map(Target::Pod).map_err(|error: InvalidName| format!("neither a pid nor a pod: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn plan(words: &[&str]) -> Result<Plan, clap::Error> {
        Args::try_parse_from([&["nsjoin"], words].concat()).map(Args::into_plan)
    }

    #[test]
    fn the_definition_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn targets_are_told_apart_by_their_looks() {
        let name = |text: &str| Target::Pod(text.parse().expect("a name"));
        for (text, target) in
            [("1", Target::Pid(1)), ("web", name("web")), ("pod/web", name("web")), ("pod/7", name("7"))]
        {
            assert_eq!(parse_target(text), Ok(target), "{text}");
        }
        for text in ["", "0", "-1", "99999999999", "Web", "pod/", "a/b", "1 2"] {
            assert!(parse_target(text).is_err(), "{text}");
        }
    }

    #[test]
    fn letters_select_what_nsenter_selects_with_them() {
        let these = |kinds: &[Kind]| Select::These(kinds.iter().copied().collect());
        for (words, select) in [
            (vec![], Select::Differing),
            (vec!["-a"], Select::All),
            (vec!["-n"], these(&[Kind::Net])),
            (vec!["-muinp"], these(&[Kind::Mount, Kind::Uts, Kind::Ipc, Kind::Net, Kind::Pid])),
            (vec!["-U", "-C", "-T"], these(&[Kind::User, Kind::Cgroup, Kind::Time])),
        ] {
            let words = [vec!["-t", "1"], words, vec!["true"]].concat();
            assert_eq!(plan(&words).expect("a plan").select, select, "{words:?}");
        }
    }

    #[test]
    fn options_of_the_command_stay_the_commands() {
        let plan = plan(&["-t", "1", "-n", "ls", "-a", "--all"]).expect("a plan");
        assert_eq!(plan.select, Select::These([Kind::Net].into()));
        assert_eq!(plan.command.program(), "ls");
    }

    #[test]
    fn no_target_or_two_are_refused() {
        assert!(plan(&["true"]).is_err());
        assert!(plan(&["-t", "1", "-t", "2", "true"]).is_err());
    }
}
