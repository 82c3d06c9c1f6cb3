//! `--dry-run`: how far a verb goes.

use clap::Args;

use crate::answer::Complaint;

/// How far to go.
#[derive(Args, Clone, Debug)]
pub(crate) struct DryRun {
    /// How far to go: client shows what would be asked for, server what would become of it, with its defaults and checked
    #[arg(long = "dry-run", value_name = "none|client|server", num_args = 0..=1, require_equals = true,
          default_value = "none", default_missing_value = "unchanged", hide_default_value = true)]
    word: String,
}

impl Default for DryRun {
    fn default() -> Self {
        Self { word: "none".to_owned() }
    }
}

/// How far to go, understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strategy {
    /// It is to be done.
    None,
    /// What would be asked for is shown.
    Client,
    /// What would become of it is shown.
    Server,
}

impl DryRun {
    /// What was typed, and what is to be said of that.
    ///
    /// # Errors
    /// It is no word for it.
    pub(crate) fn strategy(&self, warnings: &mut Vec<String>) -> Result<Strategy, Complaint> {
        match self.word.as_str() {
            "none" => Ok(Strategy::None),
            "client" => Ok(Strategy::Client),
            "server" => Ok(Strategy::Server),
            "unchanged" => {
                warnings.push("--dry-run is deprecated and can be replaced with --dry-run=client".to_owned());
                Ok(Strategy::Client)
            }
            other => Err(Complaint::Plain(format!(
                r#"Invalid dry-run value ({other}). Must be "none", "server", or "client"."#
            ))),
        }
    }
}

impl Strategy {
    /// `created`, `created (dry run)`, `created (server dry run)`.
    pub(crate) fn told(self, done: &str) -> String {
        match self {
            Self::None => done.to_owned(),
            Self::Client => format!("{done} (dry run)"),
            Self::Server => format!("{done} (server dry run)"),
        }
    }
}
