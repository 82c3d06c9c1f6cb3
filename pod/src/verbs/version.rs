//! `version`: which program this is, and of which Kubernetes it reads the objects.

use clap::Args;
use manifest::emit;
use manifest::schema::KUBERNETES;
use serde_json::{Value, json};

use crate::answer::{Answer, Complaint};

/// Print which version this is, and of which Kubernetes it reads manifests.
#[derive(Args, Debug)]
pub struct Version {
    /// Not there: it takes no words
    #[arg(hide = true)]
    words: Vec<String>,

    /// Only that of this program
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    client: Option<bool>,

    /// How to show it: json or yaml
    #[arg(short, long, value_name = "FORMAT", default_value = "", hide_default_value = true)]
    output: String,
}

impl Version {
    /// What it comes to.
    #[must_use]
    pub fn run(&self) -> Answer {
        self.answer().into()
    }

    fn answer(&self) -> Result<Answer, Complaint> {
        if !["", "json", "yaml"].contains(&self.output.as_str()) {
            return Err(Complaint::plain("--output must be 'yaml' or 'json'"));
        }
        if !self.words.is_empty() {
            return Err(Complaint::Plain(format!("extra arguments: [{}]", self.words.join(" "))));
        }
        let client = of(env!("CARGO_PKG_VERSION"));
        let server = of(KUBERNETES);
        let with_server = self.client != Some(true);
        let text = match self.output.as_str() {
            "" => {
                let line = |whose: &str, version: &Value| {
                    format!("{whose} Version: {}\n", version["gitVersion"].as_str().unwrap_or_default())
                };
                let server = with_server.then(|| line("Server", &server));
                [line("Client", &client), server.unwrap_or_default()].concat()
            }
            word => {
                let mut all = json!({ "clientVersion": client });
                if with_server {
                    all["serverVersion"] = server;
                }
                if word == "json" { format!("{all:#}\n") } else { emit::yaml(&all) }
            }
        };
        Ok(text.into())
    }
}

/// What is known of a version, as kubectl calls it.
fn of(version: &str) -> Value {
    let mut parts = version.split('.');
    let mut part = || parts.next().unwrap_or_default();
    let (major, minor) = (part(), part());
    json!({ "major": major, "minor": minor, "gitVersion": format!("v{version}"), "platform": platform() })
}

/// The system and the machine, as Go calls them.
fn platform() -> String {
    let machine = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    format!("{}/{machine}", std::env::consts::OS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(words: &[&str], client: Option<bool>, output: &str) -> Result<String, Complaint> {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        Version { words, client, output: output.to_owned() }.answer().map(|answer| answer.text)
    }

    #[test]
    fn a_server_is_the_kubernetes_whose_objects_are_read() {
        let (own, read) = (env!("CARGO_PKG_VERSION"), KUBERNETES);
        assert_eq!(said(&[], Some(true), ""), Ok(format!("Client Version: v{own}\n")));
        assert_eq!(said(&[], None, ""), Ok(format!("Client Version: v{own}\nServer Version: v{read}\n")));
        let json: Value = serde_json::from_str(&said(&[], None, "json").expect("JSON")).expect("JSON");
        assert_eq!(json["serverVersion"]["minor"], "36");
        assert_eq!(json["clientVersion"]["gitVersion"], format!("v{own}"));
        assert!(said(&[], Some(true), "yaml").is_ok_and(|text| !text.contains("serverVersion")));
    }

    #[test]
    fn what_kubectl_refuses_is_refused() {
        assert_eq!(said(&[], None, "wide"), Err(Complaint::plain("--output must be 'yaml' or 'json'")));
        assert_eq!(said(&["a", "b"], None, ""), Err(Complaint::plain("extra arguments: [a b]")));
    }
}
