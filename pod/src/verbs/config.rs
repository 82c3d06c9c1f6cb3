//! `config`: what is in use, where kubectl has a kubeconfig.
//!
//! There is one context, the pods of this user on this machine. It is shown in kubectl's own form, so that scripts find
//! in it what they look for, namespace and context, and people which directories and files are meant.

use std::path::Path;

use clap::Args;
use image::store::data_directory;
use launch::names;
use nix::unistd::geteuid;
use registry::Registry;
use serde_json::{Value, json};

use crate::answer::{Answer, Complaint};
use crate::columns::Aligned;
use crate::output::{Made, Shape};
use crate::programs::Programs;

/// What cluster and context are called.
const NAME: &str = "pod";
/// The namespace of who names none.
const NAMESPACE: &str = "default";

/// Show which directories, files and programs are in use.
#[derive(Args, Debug)]
pub struct View {
    /// Not there: it takes no words
    #[arg(hide = true)]
    words: Vec<String>,

    /// Only what the current context uses, which is all
    #[arg(long)]
    #[allow(dead_code, reason = "what it leaves out is not there")]
    minify: bool,

    /// With secrets, of which there are none
    #[arg(long)]
    #[allow(dead_code, reason = "what it adds is not there")]
    raw: bool,

    /// With the contents of files that are named, of which there are none
    #[arg(long)]
    #[allow(dead_code, reason = "what it adds is not there")]
    flatten: bool,

    #[command(flatten)]
    shape: Shape,
}

/// Print what the current context is called.
#[derive(Args, Debug)]
pub struct CurrentContext {}

/// List the contexts, of which there is one.
#[derive(Args, Debug)]
pub struct GetContexts {
    /// Only those of these names
    names: Vec<String>,

    /// Leave the heading out
    #[arg(long)]
    no_headers: bool,

    /// How to show them: name
    #[arg(short, long, value_name = "FORMAT", default_value = "", hide_default_value = true)]
    output: String,
}

impl View {
    /// What it comes to, with these programs.
    #[must_use]
    pub fn run(&self, programs: &Programs) -> Answer {
        self.answer(programs).into()
    }

    fn answer(&self, programs: &Programs) -> Result<Answer, Complaint> {
        if !self.words.is_empty() {
            return Err(Complaint::Usage(format!("unexpected arguments: [{}]", self.words.join(" ")), "config view"));
        }
        let printer = self.shape.printer_or_yaml()?;
        Ok(printer.text(Made { value: config(programs), done: String::new() })?.into())
    }
}

impl CurrentContext {
    /// What it comes to.
    #[must_use]
    pub fn run(&self) -> Answer {
        format!("{NAME}\n").into()
    }
}

impl GetContexts {
    /// What it comes to.
    #[must_use]
    pub fn run(&self) -> Answer {
        if !["", "name"].contains(&self.output.as_str()) {
            return Complaint::Plain(format!(
                "--output {} is not available in pod config get-contexts; resetting to default output format",
                self.output
            ))
            .into();
        }
        let is_meant = self.names.is_empty() || self.names.iter().any(|name| name == NAME);
        let text = if self.output == "name" {
            if is_meant { format!("{NAME}\n") } else { String::new() }
        } else {
            let heading = ["CURRENT", "NAME", "CLUSTER", "AUTHINFO", "NAMESPACE"].map(str::to_owned).to_vec();
            let row = vec!["*".to_owned(), NAME.to_owned(), NAME.to_owned(), user(), NAMESPACE.to_owned()];
            let rows = (!self.no_headers).then_some(heading).into_iter().chain(is_meant.then_some(row));
            Aligned::default().text(&rows.collect::<Vec<_>>())
        };
        let missing = self.names.iter().filter(|name| *name != NAME);
        let complaints = missing.map(|name| Complaint::Plain(format!("context {name} not found"))).collect();
        Answer { text, complaints, ..Answer::default() }
    }
}

fn config(programs: &Programs) -> Value {
    let data = data_directory();
    let path = |path: &Path| path.display().to_string();
    let mut used = json!({
        "data": path(&data),
        "state": path(Registry::of_this_user().root()),
    });
    for (what, found) in [("pause", programs.pause()), ("pod", programs.pod())] {
        if let Ok(found) = found {
            used[what] = path(&found).into();
        }
    }
    let files: Vec<_> = image::remote::configuration().into_iter().filter(|file| file.exists()).collect();
    used["registries"] = files.iter().map(|file| path(file)).collect::<Vec<_>>().into();
    let user = user();
    json!({
        "apiVersion": "v1",
        "clusters": [{
            "cluster": {
                "extensions": [{ "extension": used, "name": "podkit" }],
                "server": format!("file://{}", data.display()),
            },
            "name": NAME,
        }],
        "contexts": [{ "context": { "cluster": NAME, "namespace": NAMESPACE, "user": user }, "name": NAME }],
        "current-context": NAME,
        "kind": "Config",
        "users": [{ "name": user, "user": {} }],
    })
}

/// Who we are, by name if we have one.
fn user() -> String {
    names::this_user().map_or_else(|| geteuid().to_string(), |user| user.name)
}
