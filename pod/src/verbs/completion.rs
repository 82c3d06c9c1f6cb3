//! `completion`: what a shell needs to complete this command line.

use clap::{Args, Command};
use clap_complete::Shell;

use crate::answer::{Answer, Complaint};

/// Print what a shell needs to complete commands.
#[derive(Args, Debug)]
pub struct Completion {
    /// bash, zsh or fish
    #[arg(value_name = "SHELL")]
    words: Vec<String>,
}

impl Completion {
    /// What it comes to, of this command line under this name.
    #[must_use]
    pub fn run(&self, command: Command, name: &str) -> Answer {
        self.answer(command, name).into()
    }

    fn answer(&self, mut command: Command, name: &str) -> Result<Answer, Complaint> {
        let usage = |trouble: String| Complaint::Usage(trouble, "completion");
        let shell = match self.words.as_slice() {
            [] => return Err(usage("Shell not specified.".to_owned())),
            [shell] => shell,
            _ => return Err(usage("Too many arguments. Expected only the shell type.".to_owned())),
        };
        let shell = match shell.as_str() {
            "bash" => Shell::Bash,
            "zsh" => Shell::Zsh,
            "fish" => Shell::Fish,
            other => return Err(usage(format!("Unsupported shell type {other:?}."))),
        };
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut command, name, &mut script);
        Ok(String::from_utf8_lossy(&script).into_owned().into())
    }
}
