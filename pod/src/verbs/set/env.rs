//! `set env`: the environments of containers, changed or listed.

use std::fmt::Write as _;
use std::io::{Read, stdin};

use clap::Args;
use manifest::check::env_name;
use manifest::edit::{Containers, Variables, source};
use manifest::kind::{ConfigMapKeySelector, Container, EnvVar, EnvVarSource, Object, Resource, SecretKeySelector};

use super::super::keep::plain;
use super::super::which::told;
use super::{Target, Words, of_pods};
use crate::answer::{Answer, Complaint, escaped};
use crate::input;
use crate::objects::{Key, Objects, ObjectsError};

#[derive(Args, Debug)]
pub(super) struct Env {
    /// A kind and names, pod web or pod/web; and what to change: NAME=VALUE, NAME- to take it away, - for lines of
    /// standard input
    #[arg(value_name = "KIND NAME… NAME=VALUE|NAME-", allow_hyphen_values = false)]
    words: Vec<String>,

    /// Which containers: a name, or part of one with * for the rest
    #[arg(short, long, value_name = "NAME", default_value = "*")]
    containers: String,

    /// A variable, too
    #[arg(short, long, value_name = "NAME=VALUE")]
    env: Vec<String>,

    /// All keys of a config map or a secret, each as a variable that has its value from there: cm/conf
    #[arg(long, value_name = "KIND/NAME")]
    from: Option<String>,

    /// Only these keys of it
    #[arg(long, value_name = "KEY", value_delimiter = ',')]
    keys: Vec<String>,

    /// What variables are called before their name
    #[arg(long, value_name = "PREFIX", default_value = "", hide_default_value = true)]
    prefix: String,

    /// List the environments, as they are changed if they are
    #[arg(long)]
    list: bool,

    /// Whether a variable that has a value may have another
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value_t = true,
          default_missing_value = "true", action = clap::ArgAction::Set, hide_default_value = true)]
    overwrite: bool,

    #[command(flatten)]
    target: Target,
}

const WORDS: Words =
    Words { done: "env updated", failed: "failed to patch env update to pod template: ", always: false };

impl Env {
    pub(super) fn answer(&self) -> Result<Answer, Complaint> {
        let mut answer = Answer::default();
        let (names, words) = split(&self.words)?;
        let strategy = self.target.strategy(&mut answer)?;
        if self.list && !self.target.shape.is_default() {
            return Err(Complaint::plain("--list and --output may not be specified together"));
        }
        if self.target.files.is_empty() && (names.is_empty() || self.target.local) {
            return Err(Complaint::plain(
                "one or more resources must be specified as <resource> <name> or <resource>/<name>",
            ));
        }
        let mut wanted = variables(self.env.iter().map(String::as_str).chain(words))?;
        if let Some(from) = &self.from {
            wanted.set.extend(self.found(from, &mut answer)?);
        }
        for variable in &mut wanted.set {
            variable.name = format!("{}{}", self.prefix, variable.name);
        }
        let of = Containers::like(&self.containers);
        let change = |object: &mut Object, warnings: &mut Vec<String>| {
            let (kind, reference, name) = (object.kind(), object.reference(), named(object, self.target.local));
            let changed = object.pod_spec_mut().map(|spec| wanted.change(spec, &of, self.overwrite));
            match changed.unwrap_or(Ok(false)) {
                Ok(true) => {}
                Ok(false) => {
                    let called = reference.split_once('/').map_or("", |(_, called)| called);
                    warnings
                        .push(format!("{kind}/{called} does not have any containers matching {:?}", self.containers));
                }
                Err(error) => return Err(vec![format!("{name} {error}")]),
            }
            Ok(())
        };
        if self.list {
            return self.listed(answer, &names, &of, change);
        }
        self.target.change(answer, strategy, &names, &WORDS, change)
    }

    /// The variables of a config map or a secret.
    fn found(&self, from: &str, answer: &mut Answer) -> Result<Vec<EnvVar>, Complaint> {
        let unsupported = || Complaint::plain("unsupported resource specified in --from");
        let (kind, name) = from.split_once('/').ok_or_else(unsupported)?;
        let resource = Resource::find(kind).filter(|_| !self.target.local).ok_or_else(unsupported)?;
        let key = Key::new(resource, self.target.choice.namespace.as_deref().unwrap_or("default"), name);
        let objects = Objects::of_this_user().map_err(|error| plain(&error))?;
        let found = objects.get(&key).map_err(|error| plain(&error))?;
        let found = found.ok_or_else(|| told(&ObjectsError::Missing(key)))?;
        let keys: Vec<&String> = match &found {
            Object::ConfigMap(map) => map.data.keys().collect(),
            Object::Secret(secret) => secret.data.keys().collect(),
            _ => return Err(unsupported()),
        };
        let is_wanted = |key: &&&String| self.keys.is_empty() || self.keys.contains(**key);
        let mut variables = Vec::new();
        for key in keys.iter().filter(is_wanted) {
            let called: String =
                key.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' }).collect();
            let called = called.to_uppercase();
            if called != key.to_uppercase() {
                answer.warnings.push(format!("key {key} transferred to {called}"));
            }
            let (key, name) = ((**key).clone(), Some(name.to_owned()));
            let value_from = Some(if matches!(found, Object::Secret(_)) {
                let secret_key_ref = Some(SecretKeySelector { key, name, optional: None });
                EnvVarSource { secret_key_ref, ..EnvVarSource::default() }
            } else {
                let config_map_key_ref = Some(ConfigMapKeySelector { key, name, optional: None });
                EnvVarSource { config_map_key_ref, ..EnvVarSource::default() }
            });
            variables.push(EnvVar { name: called, value: None, value_from });
        }
        Ok(variables)
    }

    fn listed(
        &self,
        mut answer: Answer,
        names: &[&str],
        of: &Containers,
        change: impl Fn(&mut Object, &mut Vec<String>) -> Result<(), Vec<String>>,
    ) -> Result<Answer, Complaint> {
        let objects = if self.target.local {
            match self.target.read() {
                Ok(read) => read,
                Err(complaints) => return Ok(complaints.into()),
            }
        } else {
            let found = self.target.found(names)?;
            if !found.missing.is_empty() {
                return Ok(found.missing.into());
            }
            let objects = Objects::of_this_user().map_err(|error| plain(&error))?;
            let there = found.keys.iter().map(|key| objects.get(key).map_err(|error| plain(&error)));
            there.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect()
        };
        for mut object in objects {
            // What has no containers has none to list.
            if of_pods(&object, "").is_err() {
                continue;
            }
            if let Err(troubles) = change(&mut object, &mut answer.warnings) {
                answer.complaints.extend(troubles.into_iter().map(Complaint::Plain));
                continue;
            }
            let (kind, name) = (object.kind(), object.metadata().name.clone().unwrap_or_default());
            let Some(spec) = object.pod_spec() else { continue };
            for container in spec.containers.iter().chain(&spec.init_containers).filter(|one| of.has(&one.name)) {
                let _ = writeln!(answer.text, "# {kind} {name}, container {}", container.name);
                answer.text.push_str(&lines(container));
            }
        }
        Ok(answer)
    }
}

fn lines(container: &Container) -> String {
    let line = |variable: &EnvVar| match &variable.value_from {
        Some(from) => format!("# {} from {}\n", variable.name, source(from)),
        None => format!("{}={}\n", variable.name, variable.value.as_deref().unwrap_or_default()),
    };
    escaped(&container.env.iter().map(line).collect::<String>())
}

/// What an object is called where kubectl says what is wrong with it.
fn named(object: &Object, local: bool) -> String {
    let name = object.metadata().name.as_deref().unwrap_or_default();
    if local { object.reference() } else { format!("{}/{name}", object.resource().plural) }
}

/// Names of objects, and what changes environments.
fn split(words: &[String]) -> Result<(Vec<&str>, Vec<&str>), Complaint> {
    let is_change = |word: &&str| word.contains('=') && !word.starts_with('=') || word.ends_with('-');
    let all: Vec<&str> = words.iter().map(String::as_str).collect();
    let names = all.iter().position(is_change).unwrap_or(all.len());
    let (names, changes) = all.split_at(names);
    if !changes.iter().all(is_change) {
        let words = all.join(" ");
        return Err(Complaint::Plain(format!("all resources must be specified before environment changes: {words}")));
    }
    Ok((names.to_vec(), changes.to_vec()))
}

fn variables<'a>(words: impl Iterator<Item = &'a str>) -> Result<Variables, Complaint> {
    let mut wanted = Variables::default();
    let variable = |name: &str, value: &str| {
        let value = Some(value.to_owned()).filter(|value| !value.is_empty());
        EnvVar { name: name.to_owned(), value, value_from: None }
    };
    for word in words {
        if word == "-" {
            let mut text = String::new();
            stdin().read_to_string(&mut text).map_err(|error| input::told("STDIN", &error))?;
            let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default());
            wanted.set.extend(lines.filter_map(|line| line.split_once('=')).map(|(name, value)| variable(name, value)));
        } else if let Some((name, value)) = word.split_once('=') {
            let troubles = env_name(name);
            if !troubles.is_empty() {
                return Err(Complaint::Plain(format!("{name:?} is not a valid key name: {}", troubles.join(";"))));
            }
            wanted.set.push(variable(name, value));
        } else if let Some(name) = word.strip_suffix('-') {
            wanted.removed.push(name.to_owned());
        } else {
            return Err(Complaint::Plain(format!("unknown environment variable: {word}")));
        }
    }
    if wanted.set.iter().any(|variable| wanted.removed.contains(&variable.name)) {
        return Err(Complaint::plain(
            "can not both modify and remove the same environment variable in the same command",
        ));
    }
    Ok(wanted)
}
