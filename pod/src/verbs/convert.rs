//! `convert`: manifests of old groups in today's.

use clap::Args;
use manifest::read::{Head, ReadError, Validate};

use crate::answer::{Answer, Complaint};
use crate::each::each;
use crate::input::Files;
use crate::output::{Made, Shape};

/// Show manifests of old groups and versions in today's.
#[derive(Args, Debug)]
pub struct Convert {
    #[command(flatten)]
    files: Files,

    /// The group and version to have them in
    #[arg(long, value_name = "GROUP/VERSION")]
    output_version: Option<String>,

    /// What fields that there are not, and keys given twice, are: strict, an error; warn; ignore
    #[arg(long, value_name = "strict|warn|ignore", num_args = 0..=1, require_equals = true, default_value = "strict",
          default_missing_value = "strict", hide_default_value = true)]
    validate: String,

    #[command(flatten)]
    shape: Shape,
}

impl Convert {
    /// What it comes to.
    #[must_use]
    pub fn run(&self) -> Answer {
        self.answer().into()
    }

    fn answer(&self) -> Result<Answer, Complaint> {
        let printer = self.shape.printer_or_yaml()?;
        let validate: Validate = self.validate.parse().map_err(Complaint::Plain)?;
        if self.files.is_empty() {
            return Err(Complaint::plain("must specify one of -f and -k"));
        }
        let sources = match self.files.read() {
            Ok(sources) => sources,
            Err(complaints) => return Ok(complaints.into()),
        };
        let told = |error: &ReadError| Complaint::plain(error);
        let work = |head: Head| {
            let written = head.known().map_err(|error| told(&error))?;
            let today = written.root().api_version;
            if let Some(other) = self.output_version.as_deref().filter(|other| *other != today) {
                let (kind, source) = (written.kind(), &written.source);
                let trouble = format!("{source}: a {kind} can be had in {today}, and not in {other}");
                return Err(Complaint::Plain(trouble));
            }
            let decoded = written.decode(validate).map_err(Complaint::plain)?;
            let warnings: Vec<String> = decoded.warnings.iter().map(ToString::to_string).collect();
            Ok((Made { value: written.converted(), done: "converted".to_owned() }, warnings))
        };
        let found = each(&sources, work, told);
        let (made, warnings): (Vec<_>, Vec<_>) = found.done.into_iter().unzip();
        let text = if made.is_empty() { String::new() } else { printer.list(made)? };
        Ok(Answer { text, warnings: warnings.concat(), complaints: found.complaints, ..Answer::default() })
    }
}
