//! `cargo xtask man`: man pages and completions. reaper's from the table of its options, nsjoin's
//! and pod's from their command lines.

use std::path::{Path, PathBuf};

use clap::builder::Command;
use clap::{Arg, ArgAction, CommandFactory};
use clap_complete::Shell as CompletionShell;
use pod::cli::Cli;
use reaper::exit::MEANINGS;
use reaper::guise::Guise;
use reaper::options::{Id, Opt};
use xshell::Shell;

/// Write the man pages and the completions
#[derive(clap::Args)]
pub(crate) struct Man {}

/// What a page has beyond what the command line says, each part with its heading; of its exit status, what comes
/// before the codes that all of our programs have.
type More = [(&'static str, &'static str)];

const EXIT_STATUS: &str = "EXIT STATUS";
/// After the pages of the verbs of what the page is of.
const SEE_ALSO: &str = "SEE ALSO";

/// The codes that all of our programs have, in a sentence.
fn exit_codes() -> String {
    let codes: Vec<_> = MEANINGS.iter().map(|(code, meaning)| format!("{} {meaning}", code.code())).collect();
    format!("{}.", codes.join(", "))
}

impl Man {
    pub(crate) fn run(self, sh: &Shell) -> anyhow::Result<()> {
        let share = sh.current_dir().join("dist/share");
        files()?.iter().try_for_each(|(path, bytes)| write(sh, &share.join(path), bytes))
    }
}

/// A file below share, and what is in it.
type File = (PathBuf, Vec<u8>);

/// All pages and completions.
pub(crate) fn files() -> anyhow::Result<Vec<File>> {
    let mut files = Vec::new();
    for (file, command, more) in [
        ("reaper", reaper_command(), REAPER_MORE),
        ("nsjoin", nsjoin_command(), NSJOIN_MORE),
        ("nsjoin-list", list_command(), LIST_MORE),
        ("pod", pod_command(), POD_MORE),
    ] {
        files.push((page(file), man_page(command, more)?));
    }
    // Each verb that is to be typed has a page of its own.
    for verb in verbs_of(&pod_command()) {
        let name = format!("pod-{}", verb.get_name());
        for under in verbs_of(verb) {
            files.push(verb_page(format!("{name}-{}", under.get_name()), under)?);
        }
        files.push(verb_page(name, verb)?);
    }
    let completed = [("reaper", reaper_command()), ("nsjoin", with_list(nsjoin_command())), ("pod", Cli::shown())];
    files.extend(completed.into_iter().flat_map(|(name, command)| complete(name, command)));
    Ok(files)
}

fn page(name: &str) -> PathBuf {
    Path::new("man/man1").join(format!("{name}.1"))
}

fn verb_page(name: String, verb: &Command) -> anyhow::Result<File> {
    // clap wants a name that lives as long as it does, and so does this program.
    let name: &'static str = name.leak();
    Ok((page(name), man_page(verb.clone().name(name), POD_VERB_MORE)?))
}

fn complete(name: &str, mut command: Command) -> [File; 3] {
    [CompletionShell::Bash, CompletionShell::Zsh, CompletionShell::Fish].map(|shell| {
        let (directory, file) = match shell {
            CompletionShell::Bash => ("bash-completion/completions", name.to_owned()),
            CompletionShell::Zsh => ("zsh/site-functions", format!("_{name}")),
            _ => ("fish/vendor_completions.d", format!("{name}.fish")),
        };
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut command, name, &mut script);
        (Path::new(directory).join(file), script)
    })
}

fn write(sh: &Shell, path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    sh.write_file(path, bytes)?;
    println!("{:>9} bytes  {}", bytes.len(), path.display());
    Ok(())
}

fn nsjoin_command() -> Command {
    nsjoin::cli::Args::command()
}

/// With what may follow each verb.
fn pod_command() -> Command {
    let mut command = Cli::shown();
    command.build();
    command
}

/// The verbs of a program, or those that may follow a verb.
fn verbs_of(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|verb| verb.get_name() != "help")
}

/// As a page of its own it has a name without a space.
fn list_command() -> Command {
    nsjoin::list::ListArgs::command().name("nsjoin-list")
}

/// For completions, what is a word in the first place to nsjoin is a subcommand to the shell.
fn with_list(command: Command) -> Command {
    command.subcommand(nsjoin::list::ListArgs::command().name("list"))
}

/// reaper's command line, as clap would have it.
fn reaper_command() -> Command {
    let options = Guise::Reaper.options();
    let command = Command::new("reaper")
        .version(env!("CARGO_PKG_VERSION"))
        .about("The init of a container: hands signals on, reaps orphans, ends everything in time")
        .disable_help_flag(true)
        .disable_version_flag(true)
        .trailing_var_arg(true);
    let shown = options.iter().filter(|option| !option.help.is_empty()).map(argument);
    let words = Arg::new("COMMAND").required(true).num_args(1..).value_hint(clap::ValueHint::CommandWithArguments);
    command.args(shown).arg(words.help("The command, and its arguments"))
}

fn argument(option: &Opt) -> Arg {
    // Another spelling of the same option is an alias of it.
    let spelled_again = Guise::Reaper.options().iter().filter(|other| other.help.is_empty() && other.id == option.id);
    let mut argument = Arg::new(option.long.unwrap_or_default()).help(option.help);
    argument = argument.visible_aliases(spelled_again.filter_map(|other| other.long));
    if let Some(long) = option.long {
        argument = argument.long(long);
    }
    if let Some(short) = option.short {
        argument = argument.short(char::from(short));
    }
    match option.value {
        Some(value) => match option.id {
            Id::Restart => argument.value_name(value).value_parser(["never", "on-failure", "always"]),
            Id::Directory => argument.value_name(value).value_hint(clap::ValueHint::DirPath),
            Id::User => argument.value_name(value).value_hint(clap::ValueHint::Username),
            _ => argument.value_name(value),
        },
        None => argument.action(ArgAction::SetTrue),
    }
}

const REAPER_MORE: &More = &[
    (EXIT_STATUS, "The command's own, or 128 and the number of the signal that ended it."),
    ("ENVIRONMENT", "REAPER_REAP is kernel or loop: who has to reap orphans. Unset, the kernel does where it can."),
    (
        "NOTES",
        "Under the names tini, docker\\-init, dumb\\-init and catatonit it takes the options, variables and exit codes \
         of that program.",
    ),
    (SEE_ALSO, "signal(7), pid_namespaces(7), prctl(2)"),
];

const NSJOIN_MORE: &More = &[
    (
        EXIT_STATUS,
        "The command's own; when a signal ended it, nsjoin ends by the same signal, which a shell sees as 128 and its \
         number. 124 if the command's time was over.",
    ),
    (
        "ENVIRONMENT",
        "SHELL is launched where no command is named. POD_STATE_DIR is where pods are recorded, NSJOIN_RUNTIME_ROOTS a \
         list with colons of further directories in which container runtimes keep their state.",
    ),
    (
        "NOTES",
        "Options mean what they mean to nsenter(1). Where the value of an option is optional, an equals sign stands \
         before it; with a short option a path may follow at once. Under the name nsenter the command inherits all \
         descriptors, and failures of ours exit with 1.",
    ),
    (SEE_ALSO, "nsenter(1), nsjoin-list(1), namespaces(7), setns(2), pidfd_open(2), capabilities(7)"),
];

const LIST_MORE: &More = &[(SEE_ALSO, "lsns(8), nsjoin(1), namespaces(7)")];

const POD_MORE: &More = &[
    (
        EXIT_STATUS,
        "Of exec the command's own, or 128 and the number of the signal that ended it; add has those of a \
                   command that could not be executed, and with \\-i or \\-t the workload's own.",
    ),
    (
        "ENVIRONMENT",
        "POD_STATE_DIR is where pods are recorded; else /run/pod for root, and for anybody else XDG_RUNTIME_DIR/pod, \
         /run/user/UID/pod or /tmp/pod\\-UID, whichever has pods. POD_DATA_DIR is where images are kept; else /var/lib/pod for root, and for anybody else \
         XDG_DATA_HOME/pod or ~/.local/share/pod. POD_PAUSE is the pause program. POD_NETWORK is the network of a manifest's pod that names none. \
         POD_NETWORK_STAYS is for how long a bridge stays when the last pod of a manifest has gone from it (30s). \
         NETCONFPATH and CNI_PATH are where configurations and plugins of CNI are looked for, and POD_CNI_TIMEOUT is how long a plugin may take.",
    ),
    (SEE_ALSO, "nsjoin(1), reaper(1)"),
];

const POD_VERB_MORE: &More = &[(EXIT_STATUS, "As pod(1) has it."), (SEE_ALSO, "pod(1), nsjoin(1)")];

fn man_page(command: Command, more: &More) -> anyhow::Result<Vec<u8>> {
    let own = |verb: &Command| format!("{}-{}(1), ", command.get_name(), verb.get_name()).replace('-', "\\-");
    let pages: String = verbs_of(&command).map(own).collect();
    let man = clap_mangen::Man::new(command);
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    for (heading, text) in more {
        let codes = if *heading == EXIT_STATUS { format!(" {}", exit_codes()) } else { String::new() };
        let pages = if *heading == SEE_ALSO { &pages } else { "" };
        page.extend(format!(".SH \"{heading}\"\n{pages}{text}{codes}\n").into_bytes());
    }
    Ok(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A page and bash's completions.
    fn rendered(command: &Command, more: &More) -> (String, String) {
        let page = String::from_utf8(man_page(command.clone(), more).expect("a page")).expect("text");
        let mut script = Vec::new();
        clap_complete::generate(CompletionShell::Bash, &mut command.clone(), "x", &mut script);
        (page, String::from_utf8(script).expect("text"))
    }

    #[test]
    fn every_option_of_the_table_is_on_the_page_and_completed() {
        let (page, script) = rendered(&reaper_command(), REAPER_MORE);
        for long in Guise::Reaper.options().iter().filter_map(|option| option.long) {
            assert!(page.contains(&long.replace('-', "\\-")), "no {long} on the page");
            assert!(script.contains(&format!("--{long}")), "no {long} in the completions");
        }
    }

    #[test]
    fn the_codes_of_all_programs_are_on_the_pages_and_in_the_documentation() {
        let documented = include_str!("../../docs/EXIT-CODES.md");
        for (command, more) in [(reaper_command(), REAPER_MORE), (nsjoin_command(), NSJOIN_MORE)] {
            let (page, _) = rendered(&command, more);
            for (code, meaning) in MEANINGS {
                assert!(page.contains(&format!("{} {meaning}", code.code())), "no {} on the page", code.code());
                assert!(documented.contains(&format!("| {} |", code.code())), "{} is not documented", code.code());
            }
        }
    }

    #[test]
    fn every_option_of_nsjoin_is_on_its_page_and_completed() {
        for (command, more) in [(nsjoin_command(), NSJOIN_MORE), (list_command(), LIST_MORE)] {
            let (page, script) = rendered(&command, more);
            for long in command.get_arguments().filter_map(Arg::get_long) {
                assert!(page.contains(&long.replace('-', "\\-")), "no {long} on the page");
                assert!(script.contains(&format!("--{long}")), "no {long} in the completions");
            }
        }
        assert!(rendered(&with_list(nsjoin_command()), NSJOIN_MORE).1.contains("list"));
    }

    #[test]
    fn every_verb_that_is_to_be_typed_has_a_page_and_the_page_above_names_it() {
        let files = files().expect("pages");
        let of = |name: &str| {
            let found = files.iter().find(|(path, _)| *path == page(name)).map(|(_, bytes)| bytes.clone());
            found.map(|bytes| String::from_utf8(bytes).expect("text"))
        };
        for (above, name) in [("pod", "pod-get"), ("pod", "pod-image"), ("pod-image", "pod-image-pull")] {
            let said = of(above).expect(above);
            assert!(said.contains(&format!("{}(1)", name.replace('-', "\\-"))), "{name} is not in {said}");
            assert!(of(name).is_some(), "no {name}");
        }
        assert!(of("pod-supervise").is_none() && of("pod-help").is_none());
    }

    #[test]
    fn the_tables_make_command_lines_that_clap_accepts() {
        for command in [reaper_command(), with_list(nsjoin_command()), list_command()] {
            command.debug_assert();
        }
    }
}
