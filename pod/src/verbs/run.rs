//! `run`: a pod of one container, from words.

use std::time::Duration;

use clap::Args;
use manifest::image::is_reference;
use manifest::make::{self, Run as Wanted};
use manifest::patch;
use manifest::read::{Decoded, Head, Validate, Written};
use manifest::schema;
use manifest::text::{Budget, documents};
use serde_json::{Value, json};

use super::dry_run::{DryRun, Strategy};
use super::keep::Keeper;
use super::network::ToConnect;
use super::visit::{Wish, patience};
use crate::answer::{Answer, Complaint, Until};
use crate::output::{Made, Shape};

/// Make a pod of one container.
///
/// It is made, and runs by itself; with -i or --attach somebody stays with it to its end, whose exit code is that of the
/// container if nothing is started again that has ended so (--restart=Never).
#[derive(Args, Debug)]
pub struct Run {
    /// The pod's name, and its container's
    name: Option<String>,

    /// Arguments of the image's command, or with --command the command
    #[arg(value_name = "WORD")]
    words: Vec<String>,

    /// The image
    #[arg(long)]
    image: Option<String>,

    /// When the image is fetched: Always, IfNotPresent, Never
    #[arg(long, value_name = "POLICY")]
    image_pull_policy: Option<String>,

    /// The words are the command, and not its arguments
    #[arg(long)]
    command: bool,

    /// An environment variable
    #[arg(long, value_name = "NAME=VALUE")]
    env: Vec<String>,

    /// The port that it listens on
    #[arg(long, value_name = "PORT")]
    port: Option<String>,

    /// Make a service of that port, too
    #[arg(long)]
    expose: bool,

    /// Labels, in place of run=NAME
    #[arg(short, long, value_name = "KEY=VALUE,…")]
    labels: Option<String>,

    /// An annotation
    #[arg(long, value_name = "KEY=VALUE", value_delimiter = ',')]
    annotations: Vec<String>,

    /// Whether it is started again: Always, OnFailure, Never
    #[arg(long, value_name = "POLICY", default_value = "Always")]
    restart: String,

    /// Let it do anything
    #[arg(long)]
    privileged: bool,

    /// Keep its standard input open
    #[arg(short = 'i', long)]
    stdin: bool,

    /// Give it a terminal
    #[arg(short, long)]
    tty: bool,

    /// Keep standard input open after the first who attaches has gone
    #[arg(long)]
    leave_stdin_open: bool,

    /// Attach to it; so does -i unless this is false
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    attach: Option<bool>,

    /// Delete it when nobody is attached any more
    #[arg(long)]
    rm: bool,

    /// Say nothing of our own but errors
    #[arg(short, long)]
    quiet: bool,

    /// How long it may take until it runs, and until it is seen to have ended
    #[arg(long, value_name = "DURATION", default_value = "1m", value_parser = patience)]
    pod_running_timeout: Duration,

    /// What is to be different of the pod, in JSON
    #[arg(long, value_name = "PATCH")]
    overrides: Option<String>,

    /// How that is merged: merge, strategic or json
    #[arg(long, value_name = "TYPE", default_value = "merge")]
    override_type: String,

    /// The namespace
    #[arg(short, long, value_name = "NAME")]
    namespace: Option<String>,

    #[command(flatten)]
    network: ToConnect,

    #[command(flatten)]
    dry_run: DryRun,

    #[command(flatten)]
    shape: Shape,
}

/// On what terms somebody stays with it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    pub(crate) wish: Wish,
    /// Whether it goes with them.
    pub(crate) rm: bool,
    /// Whose exit code is theirs, where any is.
    pub(crate) code_of: Option<CodeOf>,
    /// How long it may take until it runs, and until it is seen to have ended.
    pub(crate) patience: Duration,
}

/// Which end of a pod is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CodeOf {
    /// Any.
    AnyEnd,
    /// A good one: from any other it is started again.
    GoodEnd,
}

fn usage(trouble: impl Into<String>) -> Complaint {
    Complaint::Usage(trouble.into(), "run")
}

impl Run {
    /// What it comes to.
    #[must_use]
    pub fn run(&self) -> Answer {
        self.answer().into()
    }

    /// Whether somebody is to stay with it.
    #[must_use]
    pub fn stays(&self) -> bool {
        self.attach.unwrap_or(self.stdin)
    }

    pub(crate) fn terms(&self) -> Terms {
        let wish = Wish { stdin: self.stdin, tty: self.tty, quiet: self.quiet, missed: true };
        let code_of = match self.restart.as_str() {
            _ if self.leave_stdin_open => None,
            "Never" => Some(CodeOf::AnyEnd),
            "OnFailure" => Some(CodeOf::GoodEnd),
            _ => None,
        };
        Terms { wish, rm: self.rm, code_of, patience: self.pod_running_timeout }
    }

    fn answer(&self) -> Result<Answer, Complaint> {
        let mut answer = Answer::default();
        let strategy = self.dry_run.strategy(&mut answer.warnings)?;
        let printer = self.shape.printer()?;
        let wanted = self.wanted(strategy)?;
        let service = self.expose.then(|| service(&wanted));
        let pod = self.overridden(make::run(&wanted))?;
        if strategy == Strategy::None {
            self.can_be_run()?;
            let (_, decoded) = understood(&pod, "run")?;
            let kept = Keeper::open(strategy, Until::Attended)?.make(&decoded.object, &pod)?;
            answer.warnings.extend(kept.warnings);
            answer.pending.extend(kept.pending);
            answer.text = printer.text(Made { value: kept.value, done: strategy.told(kept.done) })?;
            return Ok(answer);
        }
        let made = [service, Some(pod)].into_iter().flatten();
        let texts = made
            .map(|value| printer.text(Made { value, done: strategy.told("created") }))
            .collect::<Result<Vec<_>, _>>()?;
        // kubectl makes the two by two printers, each of which sets a mark.
        let apart = if self.shape.word().eq_ignore_ascii_case("yaml") { "---\n---\n" } else { "" };
        answer.text = texts.join(apart);
        Ok(answer)
    }

    /// Refuses what would have to be a service, before anything of it is there.
    fn can_be_run(&self) -> Result<(), Complaint> {
        if !self.expose {
            return Ok(());
        }
        let trouble = "--expose: running services of manifests is not there yet; without it the pod is run";
        Err(Complaint::NotYet(trouble.to_owned()))
    }

    fn wanted(&self, strategy: Strategy) -> Result<Wanted, Complaint> {
        let image = self.image.as_deref().ok_or_else(|| Complaint::plain(r#"required flag(s) "image" not set"#))?;
        let name = self.name.as_deref().ok_or_else(|| usage("NAME is required for run"))?;
        if image.is_empty() {
            return Err(Complaint::plain("--image is required"));
        }
        if !is_reference(image) {
            return Err(Complaint::Plain(format!("Invalid image name {image:?}: invalid reference format")));
        }
        if self.tty && !self.stdin {
            return Err(usage("-i/--stdin is required for containers with -t/--tty=true"));
        }
        if self.expose && self.port.is_none() {
            return Err(usage("--port must be set when exposing a service"));
        }
        if !["Always", "OnFailure", "Never"].contains(&self.restart.as_str()) {
            return Err(usage(format!("invalid restart policy: {}", self.restart)));
        }
        let attach = self.stays();
        if self.rm && !attach {
            return Err(usage("--rm should only be used for attached containers"));
        }
        if attach && strategy != Strategy::None {
            let trouble = "--dry-run=[server|client] can't be used with attached containers options (--attach, --stdin, \
                           or --tty)";
            return Err(usage(trouble));
        }
        let policy = self.image_pull_policy.as_deref().filter(|policy| !policy.is_empty());
        if let Some(other) = policy.filter(|policy| !["Always", "IfNotPresent", "Never"].contains(policy)) {
            return Err(usage(format!("invalid image pull policy: {other}")));
        }
        Ok(Wanted {
            name: name.to_owned(),
            namespace: self.namespace.clone(),
            image: image.to_owned(),
            pull_policy: policy.map(str::to_owned),
            words: self.words.clone(),
            is_command: self.command,
            env: pairs(&self.env, "invalid env")?,
            port: self.port.as_deref().map(port).transpose()?,
            labels: labels(self.labels.as_deref().unwrap_or_default())?,
            annotations: {
                let said = pairs(&self.annotations, "invalid annotations format")?;
                said.into_iter().chain(self.network.annotation()).collect()
            },
            restart: Some(self.restart.clone()),
            stdin: self.stdin.then_some(!self.leave_stdin_open),
            tty: self.tty,
            privileged: self.privileged,
        })
    }

    /// The pod with what is to be different, in the structures of its kind.
    fn overridden(&self, pod: Value) -> Result<Value, Complaint> {
        let Some(text) = self.overrides.as_deref().filter(|text| !text.is_empty()) else { return Ok(pod) };
        let Some(Ok(node)) = documents(text, &Budget::default()).into_iter().next() else {
            return Err(Complaint::plain("Invalid JSON Patch"));
        };
        let wanted = node.into_value();
        let root = schema::root("v1", "Pod").ok_or_else(|| Complaint::plain("there is no Pod"))?;
        let value = match self.override_type.as_str() {
            "merge" => patch::merge(pod, wanted),
            "json" => patch::json(pod, &wanted).map_err(Complaint::plain)?,
            "strategic" => patch::strategic(pod, wanted, root.of).map_err(Complaint::plain)?,
            other => {
                let trouble = format!("--override-type must be one of [json merge strategic], not {other:?}");
                return Err(Complaint::Plain(trouble));
            }
        };
        let (written, decoded) = understood(&value, "--overrides")?;
        Ok(manifest::emit::whole(decoded.object.to_value(), written.root()))
    }
}

/// A pod of words as one that was written is understood.
fn understood(value: &Value, source: &str) -> Result<(Written, Decoded), Complaint> {
    let Some(Ok(node)) = documents(&value.to_string(), &Budget::default()).into_iter().next() else {
        return Err(Complaint::plain("Invalid JSON Patch"));
    };
    let written = Head { source: source.to_owned(), node }.known().map_err(Complaint::plain)?;
    let decoded = written.decode(Validate::Ignore).map_err(Complaint::plain)?;
    Ok((written, decoded))
}

fn pairs(words: &[String], trouble: &str) -> Result<Vec<(String, String)>, Complaint> {
    let pair = |word: &String| {
        let pair = word.split_once('=').filter(|(key, _)| !key.is_empty());
        pair.map(|(key, value)| (key.to_owned(), value.to_owned()))
            .ok_or_else(|| Complaint::Plain(format!("{trouble}: {word}")))
    };
    words.iter().map(pair).collect()
}

fn labels(text: &str) -> Result<Vec<(String, String)>, Complaint> {
    let words = text.split(',').filter(|_| !text.is_empty());
    let pair = |word: &str| match word.split('=').collect::<Vec<_>>().as_slice() {
        [key, value] => Ok(((*key).to_owned(), (*value).to_owned())),
        _ => Err(Complaint::Plain(format!("unexpected label spec: {word}"))),
    };
    words.map(pair).collect()
}

fn port(text: &str) -> Result<i32, Complaint> {
    text.parse().map_err(|_| Complaint::Plain(format!("strconv.Atoi: parsing {text:?}: invalid syntax")))
}

/// The service of `--expose`.
fn service(of: &Wanted) -> Value {
    let selector = if of.labels.is_empty() {
        json!({ "run": of.name })
    } else {
        of.labels.iter().map(|(key, value)| (key.clone(), json!(value))).collect()
    };
    let mut metadata = json!({ "name": of.name });
    if !of.labels.is_empty() {
        metadata["labels"] = selector.clone();
    }
    if let Some(namespace) = &of.namespace {
        metadata["namespace"] = json!(namespace);
    }
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": metadata,
        "spec": { "ports": [{ "port": of.port, "protocol": "TCP", "targetPort": of.port }], "selector": selector },
        "status": { "loadBalancer": {} },
    })
}

#[cfg(test)]
mod tests {
    use fixtures::fuzz::rounds;

    use super::*;
    use crate::nearly::{LAW, LINES, MEMORY, near};

    #[test]
    fn nearly_right_words_are_pairs_or_refused() {
        let samples = ["a=b,c=d", "app=front", "a=", "=b", ",", "8080"];
        let mut taken = 0_u32;
        rounds(3000, &MEMORY, LAW, |dice| {
            let text = String::from_utf8_lossy(&near(&samples, dice, &LINES)).into_owned();
            if let Ok(found) = labels(&text) {
                taken += 1;
                let again: Vec<String> = found.iter().map(|(key, value)| format!("{key}={value}")).collect();
                assert_eq!(again.join(","), text);
            }
            if let Ok(found) = pairs(std::slice::from_ref(&text), "no pair") {
                assert!(found.iter().all(|(key, value)| !key.is_empty() && format!("{key}={value}") == text));
            }
            let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
            if let Ok((names, changes)) = crate::verbs::pairs::split(&words, "label") {
                assert_eq!(names.len() + changes.len(), words.len());
            }
            text.len()
        });
        assert!(taken > 0, "none was ever one");
    }
}
