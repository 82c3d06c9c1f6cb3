//! `pod debug`: a container that is put into a living pod to look into it, or a copy of the pod to look at.

mod copy;
mod profile;

use clap::Args;
use manifest::image::is_reference;
use manifest::kind::{Object, Pod};
use serde_json::{Value, json};

use super::dry_run::Strategy;
use super::keep::{Keeper, plain, reason};
use super::named::{Kept, kept};
use super::trouble::Trouble;
use super::visit::Wish;
use crate::answer::{Answer, Complaint, Pending, Until};
use crate::error::Error;
use crate::objects::{Key, Objects, ObjectsError, suffix};
use profile::Profile;

/// Put a container into a pod that runs, to look into it.
///
/// It is beside the others and is never started again; it stays listed as long as the pod does. With --target it is
/// among the processes of that container. With --copy-to the pod is left alone, and a copy is made of it.
#[derive(Args, Debug)]
pub struct Debug {
    /// The pod: web, pod/web
    #[arg(value_name = "POD")]
    pod: Option<String>,

    /// What the container runs
    #[arg(last = true, value_name = "COMMAND")]
    words: Vec<String>,

    /// The namespace
    #[arg(short, long, value_name = "NAME")]
    namespace: Option<String>,

    /// The image of the container
    #[arg(long)]
    image: Option<String>,

    /// When the image is fetched: Always, IfNotPresent, Never
    #[arg(long, value_name = "POLICY")]
    image_pull_policy: Option<String>,

    /// The container's name; of a copy, the container that is to be another [default: debugger-xxxxx]
    #[arg(short, long, value_name = "NAME")]
    container: Option<String>,

    /// The container whose processes it is to see
    #[arg(long, value_name = "NAME")]
    target: Option<String>,

    /// The words are arguments of the image's command
    #[arg(long)]
    arguments_only: bool,

    /// An environment variable
    #[arg(long, value_name = "NAME=VALUE")]
    env: Vec<String>,

    /// What it may do: legacy, general (trace processes), baseline, restricted, netadmin, sysadmin (all)
    #[arg(long, value_name = "PROFILE", default_value = "legacy")]
    profile: String,

    /// Keep its standard input open
    #[arg(short = 'i', long)]
    stdin: bool,

    /// Give it a terminal
    #[arg(short, long)]
    tty: bool,

    /// Attach to it; so does -i unless this is false
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    attach: Option<bool>,

    /// Say nothing of our own but errors
    #[arg(short, long)]
    quiet: bool,

    #[command(flatten)]
    copied: copy::Copied,
}

/// A container that somebody wants to be with.
#[derive(Debug)]
pub struct Asked {
    pub(crate) pod: Box<Pod>,
    pub(crate) container: String,
    pub(crate) wish: Wish,
}

fn usage(trouble: &str) -> Complaint {
    Complaint::Usage(trouble.to_owned(), "debug")
}

impl Debug {
    /// Puts the container into the pod, or makes the copy; with who is to be attached to, if anybody is.
    ///
    /// # Errors
    /// What is there cannot be read.
    pub fn run(&self) -> Result<(Answer, Option<Asked>), Error> {
        match self.make() {
            Ok(made) => Ok(made),
            Err(Trouble::Complaint(complaint)) => Ok((complaint.into(), None)),
            Err(Trouble::Error(error)) => Err(error),
        }
    }

    fn make(&self) -> Result<(Answer, Option<Asked>), Trouble> {
        let profile = self.check()?;
        let word = self.pod.as_deref().unwrap_or_default();
        if word.starts_with("node/") || word.starts_with("no/") || word.starts_with("nodes/") {
            let trouble = "debugging the node is not there yet: it is this machine";
            return Err(Complaint::NotYet(trouble.to_owned()).into());
        }
        let Kept::Pod(pod) = kept(word, self.namespace.as_deref(), "only pods are looked into: pod/NAME")? else {
            let trouble = "pods made by hand are looked into by pod add and pod exec";
            return Err(Complaint::NotYet(trouble.to_owned()).into());
        };
        let mut answer = Answer::default();
        if profile == Profile::Legacy && !self.quiet {
            answer.notes.push(profile::DEPRECATED.to_owned());
        }
        let (made, container) = match self.copied.name() {
            None => self.ephemeral(*pod, profile, &mut answer)?,
            Some(name) => self.copied.make(self, &pod, name, profile, &mut answer)?,
        };
        let attaches = self.attach.unwrap_or(self.stdin);
        answer.pending.push(Pending { pod: made.clone(), until: Until::Attended });
        let wish = Wish { stdin: self.stdin, tty: self.tty, quiet: self.quiet, missed: true };
        let asked = container.filter(|_| attaches).map(|container| Asked { pod: made, container, wish });
        Ok((answer, asked))
    }

    /// What makes no sense, in kubectl's words and order.
    fn check(&self) -> Result<Profile, Complaint> {
        if self.pod.is_none() {
            return Err(usage("NAME is required for debug"));
        }
        self.copied.check(self.image.as_deref(), &self.words, self.container.as_deref())?;
        if let Some(image) = self.image.as_deref().filter(|image| !image.is_empty() && !is_reference(image)) {
            return Err(Complaint::Plain(format!("invalid image name {image:?}: invalid reference format")));
        }
        let policy = self.image_pull_policy.as_deref().filter(|policy| !policy.is_empty());
        if let Some(other) = policy.filter(|policy| !["Always", "IfNotPresent", "Never"].contains(policy)) {
            return Err(Complaint::Plain(format!("invalid image pull policy: {other}")));
        }
        if self.target.is_some() && self.copied.name().is_some() {
            let trouble = "--target is incompatible with --copy-to. Use --share-processes instead.";
            return Err(Complaint::plain(trouble));
        }
        if self.tty && !self.stdin {
            return Err(Complaint::plain("-i/--stdin is required for containers with -t/--tty=true"));
        }
        self.profile.parse()
    }

    fn env(&self) -> Result<Vec<Value>, Complaint> {
        let pair = |word: &String| {
            let pair = word.split_once('=').filter(|(key, _)| !key.is_empty());
            let pair = pair.map(|(name, value)| json!({ "name": name, "value": value }));
            pair.ok_or_else(|| Complaint::Plain(format!("invalid env: {word}")))
        };
        self.env.iter().map(pair).collect()
    }

    /// The name that the container is to have; one that was not said is told.
    fn called(&self, pod: &Value, answer: &mut Answer) -> Result<String, Complaint> {
        if let Some(name) = self.container.clone().filter(|name| !name.is_empty()) {
            return Ok(name);
        }
        let lists = ["initContainers", "containers", "ephemeralContainers"].map(|list| pod["spec"][list].as_array());
        let is_there = |name: &str| lists.iter().flatten().any(|list| list.iter().any(|one| one["name"] == name));
        loop {
            let name = format!("debugger-{}", suffix().map_err(|error| plain(&error))?);
            if is_there(&name) {
                continue;
            }
            if !self.quiet {
                answer.text.push_str(&format!("Defaulting debug container name to {name}.\n"));
            }
            return Ok(name);
        }
    }

    /// What any such container is.
    fn fill(&self, container: &mut Value) -> Result<(), Complaint> {
        if !self.words.is_empty() {
            let (said, other) = if self.arguments_only { ("args", None) } else { ("command", Some("args")) };
            container[said] = json!(self.words);
            if let (Some(other), Some(map)) = (other, container.as_object_mut()) {
                map.remove(other);
            }
        }
        let env = self.env()?;
        if !env.is_empty() {
            container["env"] = Value::from(env);
        }
        for (key, value) in [("image", &self.image), ("imagePullPolicy", &self.image_pull_policy)] {
            if let Some(value) = value.as_ref().filter(|value| !value.is_empty()) {
                container[key] = json!(value);
            }
        }
        for (key, is) in [("stdin", self.stdin), ("tty", self.tty)] {
            if is {
                container[key] = json!(true);
            } else if let Some(map) = container.as_object_mut() {
                map.remove(key);
            }
        }
        Ok(())
    }

    /// Puts the container into the pod that lives.
    fn ephemeral(
        &self,
        pod: Pod,
        profile: Profile,
        answer: &mut Answer,
    ) -> Result<(Box<Pod>, Option<String>), Complaint> {
        let before = Object::Pod(Box::new(pod)).to_value();
        if let Some(target) = self.target.as_deref().filter(|_| !self.quiet) {
            answer.text.push_str(&format!(
                "Targeting container {target:?}. If you don't see processes from this container it may be because the \
                 container runtime doesn't support this feature.\n"
            ));
        }
        let name = self.called(&before, answer)?;
        let mut container = json!({ "name": name, "resources": {}, "terminationMessagePolicy": "File" });
        self.fill(&mut container)?;
        if let Some(target) = &self.target {
            container["targetContainerName"] = json!(target);
        }
        profile.apply(&mut container);
        let key = key_of(&before)?;
        let changing = Objects::of_this_user().and_then(|objects| objects.change()).map_err(|error| plain(&error))?;
        // As it is now, while nobody else changes it.
        let there = changing.objects().get(&key).map_err(|error| plain(&error))?;
        let Some(there) = there.filter(|there| there.metadata().uid == uid_of(&before)) else {
            return Err(super::which::told(&ObjectsError::Missing(key)));
        };
        let mut value = there.to_value();
        self.fits(&value, key.name(), &name)?;
        match value["spec"]["ephemeralContainers"].as_array_mut() {
            Some(there) => there.push(container),
            None => value["spec"]["ephemeralContainers"] = Value::from(vec![container]),
        }
        let mut object = Object::from_value("Pod", value).map_err(Complaint::plain)?;
        object.set_defaults();
        let updated = changing.update(object).map_err(|error| match reason(&error) {
            Some(reason) => Complaint::Whole(format!("Error from server ({reason}): {error}")),
            None => plain(&error),
        });
        match updated? {
            Object::Pod(pod) => Ok((pod, Some(name))),
            _ => Err(Complaint::plain("what is there is no pod")),
        }
    }

    /// Whether such a container may come to this pod.
    fn fits(&self, pod: &Value, called: &str, name: &str) -> Result<(), Complaint> {
        let list = |list: &str| pod["spec"][list].as_array().map(Vec::as_slice).unwrap_or_default();
        let ephemeral = list("ephemeralContainers");
        let is_one =
            |name: &str| list("containers").iter().chain(list("initContainers")).any(|one| one["name"] == name);
        let index = ephemeral.len();
        let what = if ephemeral.iter().any(|one| one["name"] == name) {
            format!(": Forbidden: existing ephemeral containers {name:?} may not be changed")
        } else if is_one(name) {
            format!("[{index}].name: Duplicate value: {name:?}")
        } else if let Err(error) = name.parse::<registry::Name>() {
            format!("[{index}].name: Invalid value: {name:?}: {error}")
        } else if let Some(target) = self.target.as_ref().filter(|target| !is_one(target)) {
            format!("[{index}].targetContainerName: Not found: {target:?}")
        } else {
            return Ok(());
        };
        Err(Complaint::Whole(format!("The Pod {called:?} is invalid: spec.ephemeralContainers{what}")))
    }
}

fn key_of(pod: &Value) -> Result<Key, Complaint> {
    let pods = manifest::kind::Resource::find("pods").ok_or_else(|| Complaint::plain("there are no pods"))?;
    let text = |key: &str| pod["metadata"][key].as_str().unwrap_or_default().to_owned();
    Ok(Key::new(pods, &text("namespace"), &text("name")))
}

fn uid_of(pod: &Value) -> Option<String> {
    pod["metadata"]["uid"].as_str().map(str::to_owned)
}
