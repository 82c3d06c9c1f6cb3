//! `doctor`: what this machine offers to pods.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::answer::Answer;
use crate::doctor;
use crate::error::Error;
use crate::programs::Programs;

/// Say what this machine offers to pods.
///
/// What each of kernel, namespaces, control groups, overlays, directories and configuration is good for here, for who
/// asks, is found by trying where only that tells, and what mends what is missing is said. Exits with 0 where pods can
/// run, and with 1 where they cannot.
#[derive(Args, Debug)]
pub struct Doctor {
    /// The pause program that pods are to have
    #[arg(long, value_name = "FILE", env = "POD_PAUSE", hide_env_values = true)]
    pause: Option<PathBuf>,

    /// How to show it
    #[arg(short, long, value_enum, default_value_t = Shape::Text)]
    output: Shape,
}

/// How to show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Shape {
    /// For people.
    Text,
    /// For programs.
    Json,
}

impl Doctor {
    /// What it comes to, and whether pods can run.
    ///
    /// # Errors
    /// When it cannot be told which program this is.
    pub fn run(&self) -> Result<(Answer, bool), Error> {
        let findings = doctor::look(&Programs::of_pod(self.pause.clone())?);
        let runs = doctor::can_run(&findings);
        let text = match self.output {
            Shape::Text => doctor::text(&findings),
            Shape::Json => format!("{:#}\n", serde_json::json!({ "pods": runs, "findings": findings })),
        };
        Ok((text.into(), runs))
    }
}
