//! The command line: what was typed, and the plans that it means.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use nsjoin::Name;

use crate::error::Error;
use crate::plan::{Hostname, PodPlan, Share, WorkloadPlan};
use crate::publish::Publish;
use crate::run::name_after;
use crate::show::Format;

/// Compose pods on one machine, without a cluster.
///
/// A pod is a set of workloads that share network, IPC, hostname and process ids, held by a tiny
/// pause process. Works as root and, with user namespaces, as anybody.
///
/// The exit code of exec is the command's; 128+n when signal n ended it. A command that was not
/// found is 127, one that could not be executed 126, our own failure 125, a bad command line 2.
#[derive(Debug, Parser)]
#[command(name = "pod", version, max_term_width = 100)]
pub struct Cli {
    /// What to do
    #[command(subcommand)]
    pub verb: Verb,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Make a pod
    Create(Create),
    /// Launch a workload in a pod
    Run(Run),
    /// Join a pod with a command, in the foreground
    Exec(Exec),
    /// List pods
    Get(Get),
    /// Show all there is to know of a pod
    Describe(Describe),
    /// Print what a workload has said so far
    Logs(Logs),
    /// End pods and forget them
    Delete(Delete),
    /// What runs behind a pod; started by the other verbs
    #[command(hide = true)]
    Supervise(Supervise),
    /// What carries a pod's published ports; started by its supervisor
    #[command(hide = true)]
    Forward,
}

/// Make a pod.
#[derive(Debug, Args)]
pub struct Create {
    /// The pod's name, a DNS label
    name: Name,

    /// The hostname inside [default: the pod's name]
    #[arg(long)]
    hostname: Option<Hostname>,

    /// Let a TCP port of the host lead to one on the pod's localhost; port 0 lets the kernel choose
    #[arg(short, long, value_name = "[ADDRESS:]HOST:POD")]
    publish: Vec<Publish>,

    /// The namespaces that the workloads share. Without net, ipc or uts they are in the host's;
    /// without pid, each has its own process ids
    #[arg(long, value_delimiter = ',', default_value = "net,ipc,uts,pid", value_name = "LIST")]
    share: Vec<Share>,

    /// The pause program [default: the one beside this program, or in PATH]
    #[arg(long, env = "POD_PAUSE", value_name = "FILE")]
    pub pause: Option<PathBuf>,

    /// How to show the pod
    #[arg(short, long, value_enum, default_value_t = Format::Text)]
    pub output: Format,
}

/// Launch a workload in a pod.
#[derive(Debug, Args)]
pub struct Run {
    /// Leave it running; its output goes to a log (see `pod logs`). For the foreground there is `pod exec`
    #[arg(short, long, required = true)]
    detach: bool,

    /// The pod's name
    pub pod: Name,

    /// The workload's name, a DNS label [default: the program's name]
    #[arg(long)]
    name: Option<Name>,

    #[command(flatten)]
    surroundings: Surroundings,

    /// How to show the workload
    #[arg(short, long, value_enum, default_value_t = Format::Text)]
    pub output: Format,

    /// The command, and its arguments
    #[arg(trailing_var_arg = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

/// Join a pod with a command.
#[derive(Debug, Args)]
pub struct Exec {
    /// The pod's name
    pub pod: Name,

    /// Join this workload, which may have namespaces of its own
    #[arg(short = 'c', long, value_name = "NAME")]
    pub workload: Option<Name>,

    #[command(flatten)]
    surroundings: Surroundings,

    /// The command, and its arguments
    #[arg(trailing_var_arg = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

/// Where a command starts, and with which environment.
#[derive(Debug, Args)]
struct Surroundings {
    /// Where it starts [default: here]
    #[arg(short, long, value_name = "DIRECTORY")]
    workdir: Option<PathBuf>,

    /// Set a variable of its environment, which is ours otherwise
    #[arg(short, long, value_name = "KEY=VALUE", value_parser = variable)]
    env: Vec<(OsString, OsString)>,
}

/// List pods.
#[derive(Debug, Args)]
pub struct Get {
    /// Only these [default: all]
    pub names: Vec<Name>,

    /// How to show them
    #[arg(short, long, value_enum, default_value_t = Format::Text)]
    pub output: Format,
}

/// Show all there is to know of a pod.
#[derive(Debug, Args)]
pub struct Describe {
    /// The pod's name
    pub name: Name,

    /// How to show it
    #[arg(short, long, value_enum, default_value_t = Format::Text)]
    pub output: Format,
}

/// Print what a workload has said so far.
#[derive(Debug, Args)]
pub struct Logs {
    /// The pod's name
    pub pod: Name,

    /// The workload's name
    pub workload: Name,
}

/// End pods and forget them.
#[derive(Debug, Args)]
pub struct Delete {
    /// Their names
    #[arg(required = true)]
    pub names: Vec<Name>,

    /// Seconds between TERM to each workload and KILL
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    grace_period: u64,

    /// Kill at once, as --grace-period 0 does
    #[arg(long, conflicts_with = "grace_period")]
    now: bool,
}

/// What runs behind a pod.
#[derive(Debug, Args)]
pub struct Supervise {
    /// The pod's name
    pub name: Name,

    /// Give each workload a pid namespace of its own
    #[arg(long)]
    pub own_pids: bool,

    /// The pod's port of each listener that we are handed
    pub pod_ports: Vec<u16>,
}

impl Create {
    /// The pod that was typed.
    ///
    /// # Errors
    /// When its parts contradict each other.
    pub fn plan(self) -> Result<PodPlan, Error> {
        Ok(PodPlan::new(self.name, self.hostname, self.share.into_iter().collect(), self.publish)?)
    }
}

impl Run {
    /// The workload that was typed.
    ///
    /// # Errors
    /// When it was given no name and none can be made of the program's.
    pub fn plan(self) -> Result<WorkloadPlan, Error> {
        let (program, arguments) = program_and_arguments(self.command);
        let name = self.name.map_or_else(|| name_after(&program), Ok)?;
        let (directory, environment) = self.surroundings.resolve();
        Ok(WorkloadPlan { name, program, arguments, environment, directory })
    }
}

impl Exec {
    /// The command that was typed.
    #[must_use]
    pub fn command(self) -> nsjoin::Command {
        let (program, arguments) = program_and_arguments(self.command);
        let (directory, environment) = self.surroundings.resolve();
        nsjoin::Command::new(program)
            .args(arguments)
            .environment(nsjoin::Environment::Empty)
            .envs(environment)
            .directory(directory)
    }
}

impl Surroundings {
    /// With what was not typed taken from our own.
    fn resolve(self) -> (PathBuf, Vec<(OsString, OsString)>) {
        let set: Vec<&OsString> = self.env.iter().map(|(key, _)| key).collect();
        let mut environment: Vec<_> = std::env::vars_os().filter(|(key, _)| !set.contains(&key)).collect();
        environment.extend(self.env);
        let here = || std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
        (self.workdir.unwrap_or_else(here), environment)
    }
}

impl Delete {
    /// How long between TERM and KILL.
    #[must_use]
    pub fn grace(&self) -> Duration {
        Duration::from_secs(if self.now { 0 } else { self.grace_period })
    }
}

fn program_and_arguments(command: Vec<OsString>) -> (OsString, Vec<OsString>) {
    let mut words = command.into_iter();
    (words.next().unwrap_or_default(), words.collect())
}

fn variable(text: &str) -> Result<(OsString, OsString), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.into(), value.into())),
        _ => Err(format!("{text:?} is not KEY=VALUE")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn verb(words: &[&str]) -> Result<Verb, clap::Error> {
        Cli::try_parse_from([&["pod"], words].concat()).map(|cli| cli.verb)
    }

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_pod_shares_everything_unless_told_otherwise() {
        let plan = |words: &[&str]| match verb(&[&["create", "web"], words].concat()) {
            Ok(Verb::Create(create)) => create.plan().expect("a plan"),
            other => panic!("{other:?}"),
        };
        assert_eq!(plan(&[]).share(), &Share::all());
        assert_eq!(plan(&["--share", "net,uts"]).share(), &[Share::Net, Share::Uts].into());
    }

    #[test]
    fn options_of_the_command_stay_the_commands() {
        let Ok(Verb::Run(run)) = verb(&["run", "-d", "web", "--name", "app", "--", "server", "--name", "x", "-d"])
        else {
            panic!("no run");
        };
        let plan = run.plan().expect("a plan");
        assert_eq!((plan.name.as_str(), plan.program.to_str()), ("app", Some("server")));
        assert_eq!(plan.arguments, ["--name", "x", "-d"]);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for words in [
            &["create"][..],
            &["create", "Web"],
            &["create", "web", "--publish", "80"],
            &["create", "web", "--share", "net,mnt"],
            &["create", "web", "--hostname", "-"],
            &["run", "web", "true"],
            &["run", "-d", "web"],
            &["exec", "web"],
            &["exec", "web", "-e", "=x", "true"],
            &["delete"],
            &["delete", "web", "--now", "--grace-period", "1"],
            &["delete", "web", "--grace-period", "1m"],
        ] {
            assert!(verb(words).is_err(), "{words:?}");
        }
    }
}
