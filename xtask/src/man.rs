//! `cargo xtask man`: the man page and the completions of reaper, from the table of its options.

use std::path::Path;

use clap::builder::Command;
use clap::{Arg, ArgAction};
use clap_complete::Shell as CompletionShell;
use reaper::guise::Guise;
use reaper::options::{Id, Opt};
use xshell::Shell;

/// Write the man page and the completions
#[derive(clap::Args)]
pub(crate) struct Man {}

impl Man {
    pub(crate) fn run(self, sh: &Shell) -> anyhow::Result<()> {
        let share = sh.current_dir().join("dist/share");
        let page = man_page(command())?;
        write(sh, &share.join("man/man1/reaper.1"), &page)?;
        for shell in [CompletionShell::Bash, CompletionShell::Zsh, CompletionShell::Fish] {
            let (directory, name) = match shell {
                CompletionShell::Bash => ("bash-completion/completions", "reaper"),
                CompletionShell::Zsh => ("zsh/site-functions", "_reaper"),
                _ => ("fish/vendor_completions.d", "reaper.fish"),
            };
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut command(), "reaper", &mut script);
            write(sh, &share.join(directory).join(name), &script)?;
        }
        Ok(())
    }
}

fn write(sh: &Shell, path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    sh.write_file(path, bytes)?;
    println!("{:>9} bytes  {}", bytes.len(), path.display());
    Ok(())
}

/// reaper's command line, as clap would have it.
fn command() -> Command {
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

fn man_page(command: Command) -> anyhow::Result<Vec<u8>> {
    const EXIT_STATUS: &str = ".SH \"EXIT STATUS\"\nThe command's own, or 128 and the number of the signal that ended \
        it. 127 if there is no such command, 126 if it cannot be executed, 125 for a failure of reaper's own, 2 for a \
        command line that makes no sense; then nothing was started.\n";
    const ENVIRONMENT: &str = ".SH ENVIRONMENT\n.TP\n\\fBREAPER_REAP\\fR\n\\fBkernel\\fR or \\fBloop\\fR: who has to \
        reap orphans. Unset, the kernel does where it can.\n";
    const NAMES: &str = ".SH NOTES\nUnder the names tini, docker\\-init, dumb\\-init and catatonit it takes the \
        options, variables and exit codes of that program.\n.SH \"SEE ALSO\"\nsignal(7), pid_namespaces(7), \
        prctl(2)\n";
    let man = clap_mangen::Man::new(command);
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_options_section(&mut page)?;
    page.extend([EXIT_STATUS, ENVIRONMENT, NAMES].concat().into_bytes());
    Ok(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_of_the_table_is_on_the_page_and_completed() {
        let page = String::from_utf8(man_page(command()).expect("a page")).expect("text");
        let mut script = Vec::new();
        clap_complete::generate(CompletionShell::Bash, &mut command(), "reaper", &mut script);
        let script = String::from_utf8(script).expect("text");
        for long in Guise::Reaper.options().iter().filter_map(|option| option.long) {
            assert!(page.contains(&long.replace('-', "\\-")), "no {long} on the page");
            assert!(script.contains(&format!("--{long}")), "no {long} in the completions");
        }
    }

    #[test]
    fn the_table_makes_a_command_line_that_clap_accepts() {
        command().debug_assert();
    }
}
