//! `api-resources`: the kinds that are read.

use clap::Args;
use manifest::kind::{RESOURCES, Resource};

use crate::answer::{Answer, Complaint};

/// List the kinds that manifests may be of.
#[derive(Args, Debug)]
pub struct ApiResources {
    /// Not there: it takes no names
    #[arg(hide = true)]
    names: Vec<String>,

    /// Only of this group
    #[arg(long, value_name = "GROUP")]
    api_group: Option<String>,

    /// Only those that are, or are not, in a namespace
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    namespaced: Option<bool>,

    /// In order of: name, kind
    #[arg(long, value_name = "COLUMN")]
    sort_by: Option<String>,

    /// Without headings
    #[arg(long)]
    no_headers: bool,

    /// How to show it: name
    #[arg(short, long, value_name = "FORMAT", default_value = "", hide_default_value = true)]
    output: String,
}

impl ApiResources {
    /// What it comes to.
    #[must_use]
    pub fn run(&self) -> Answer {
        self.answer().into()
    }

    fn answer(&self) -> Result<Answer, Complaint> {
        if !self.names.is_empty() {
            let trouble = format!("unexpected arguments: [{}]", self.names.join(" "));
            return Err(Complaint::Usage(trouble, "api-resources"));
        }
        let mut found: Vec<&Resource> = RESOURCES
            .iter()
            .filter(|it| self.api_group.as_deref().is_none_or(|group| it.group() == group))
            .filter(|it| self.namespaced.is_none_or(|namespaced| it.namespaced == namespaced))
            .collect();
        match self.sort_by.as_deref() {
            None => found.sort_by_key(|it| (it.group(), it.plural)),
            Some("name") => found.sort_by_key(|it| it.plural),
            Some("kind") => found.sort_by_key(|it| it.kind),
            Some(_) => return Err(Complaint::plain("--sort-by accepts only name or kind")),
        }
        match self.output.as_str() {
            "" => Ok(self.table(&found).into()),
            "name" => Ok(found.iter().map(|it| format!("{}\n", it.qualified_plural())).collect::<String>().into()),
            other => Err(Complaint::Plain(format!(
                "unable to match a printer suitable for the output format {other:?}, allowed formats are: name"
            ))),
        }
    }

    fn table(&self, found: &[&Resource]) -> String {
        let heading = ["NAME", "SHORTNAMES", "APIVERSION", "NAMESPACED", "KIND"].map(str::to_owned);
        let rows = found.iter().map(|it| {
            let version = it.root().api_version.to_owned();
            [it.plural.to_owned(), it.short.join(","), version, it.namespaced.to_string(), it.kind.to_owned()]
        });
        let rows: Vec<_> = (!self.no_headers).then_some(heading).into_iter().chain(rows).collect();
        let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or_default() + 3;
        let widths = [width(0), width(1), width(2), width(3)];
        let line = |row: &[String; 5]| {
            let padded = row[..4].iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
            format!("{}{}\n", padded.collect::<String>(), row[4])
        };
        rows.iter().map(line).collect()
    }
}
