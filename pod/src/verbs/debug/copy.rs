//! A copy of a pod to look at: with another container in it, or other images.

use clap::Args;
use manifest::kind::{Object, Pod};
use serde_json::{Value, json};

use super::profile::Profile;
use super::{Debug, Keeper, Strategy};
use crate::answer::{Answer, Complaint, Until};

/// What of a pod is to be in a copy of it.
#[derive(Args, Clone, Debug)]
pub(super) struct Copied {
    /// Leave the pod alone, and make a copy of it with this name
    #[arg(long, value_name = "NAME")]
    copy_to: Option<String>,

    /// In the copy: the image of a container, or of all with *
    #[arg(long, value_name = "CONTAINER=IMAGE", value_delimiter = ',')]
    set_image: Vec<String>,

    /// In the copy: whether containers see each other's processes
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    share_processes: Option<bool>,

    /// Keep the labels
    #[arg(long)]
    keep_labels: bool,

    /// Keep the annotations
    #[arg(long)]
    keep_annotations: bool,

    /// Keep the liveness probes
    #[arg(long)]
    keep_liveness: bool,

    /// Keep the readiness probes
    #[arg(long)]
    keep_readiness: bool,

    /// Keep the startup probes
    #[arg(long)]
    keep_startup: bool,

    /// Whether init containers are in it
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value_t = true,
          default_missing_value = "true", action = clap::ArgAction::Set, hide_default_value = true)]
    keep_init_containers: bool,
}

impl Copied {
    /// What the copy is called, if there is to be one.
    pub(super) fn name(&self) -> Option<&str> {
        self.copy_to.as_deref().filter(|name| !name.is_empty())
    }

    pub(super) fn check(
        &self,
        image: Option<&str>,
        words: &[String],
        container: Option<&str>,
    ) -> Result<(), Complaint> {
        let image = image.filter(|image| !image.is_empty());
        let trouble = match self.name() {
            Some(_) if image.is_none() && self.set_image.is_empty() && words.is_empty() => {
                "you must specify --image, --set-image or command arguments."
            }
            Some(_) if !words.is_empty() && container.is_none() && image.is_none() => {
                "you must specify an existing container or a new image when specifying args."
            }
            None if !self.set_image.is_empty() => "--set-image may only be used with --copy-to.",
            None if image.is_none() => "you must specify --image when not using --copy-to.",
            _ => return Ok(()),
        };
        Err(Complaint::plain(trouble))
    }

    fn images(&self) -> Result<Vec<(&str, &str)>, Complaint> {
        let pair = |word: &'_ String| -> Result<(String, String), Complaint> {
            let pair = word.split_once('=').filter(|(name, image)| !name.is_empty() && !image.is_empty());
            pair.map(|(name, image)| (name.to_owned(), image.to_owned()))
                .ok_or_else(|| Complaint::Plain(format!("invalid image: {word}")))
        };
        self.set_image.iter().try_for_each(|word| pair(word).map(drop))?;
        Ok(self.set_image.iter().filter_map(|word| word.split_once('=')).collect())
    }

    /// Makes it; with the container that is another in it, if one is.
    pub(super) fn make(
        &self,
        debug: &Debug,
        pod: &Pod,
        name: &str,
        profile: Profile,
        answer: &mut Answer,
    ) -> Result<(Box<Pod>, Option<String>), Complaint> {
        let (value, container) = self.value(debug, pod, name, profile, answer)?;
        let object = Object::from_value("Pod", value.clone()).map_err(Complaint::plain)?;
        let kept = Keeper::open(Strategy::None, Until::Attended)?.make(&object, &value)?;
        // What has no effect here was told of the pod that it is a copy of.
        match kept.pending {
            Some(pending) => Ok((pending.pod, container)),
            None => Err(Complaint::plain("no pod has come of it")),
        }
    }

    fn value(
        &self,
        debug: &Debug,
        pod: &Pod,
        name: &str,
        profile: Profile,
        answer: &mut Answer,
    ) -> Result<(Value, Option<String>), Complaint> {
        let was = Object::Pod(Box::new(pod.clone())).to_value();
        let mut metadata = json!({ "name": name, "namespace": was["metadata"]["namespace"] });
        for (key, keeps) in [("labels", self.keep_labels), ("annotations", self.keep_annotations)] {
            if keeps && was["metadata"][key].is_object() {
                metadata[key] = was["metadata"][key].clone();
            }
        }
        let mut spec = was["spec"].clone();
        let leaves: Vec<&str> = [("ephemeralContainers", false), ("initContainers", self.keep_init_containers)]
            .into_iter()
            .filter_map(|(key, keeps)| (!keeps).then_some(key))
            .collect();
        if let Some(map) = spec.as_object_mut() {
            leaves.into_iter().for_each(|key| drop(map.remove(key)));
            map.remove("nodeName");
        }
        match self.share_processes {
            Some(shares) => spec["shareProcessNamespace"] = json!(shares),
            None if profile.shares() => spec["shareProcessNamespace"] = json!(true),
            None => {}
        }
        let images = self.images()?;
        let probes = [
            ("livenessProbe", self.keep_liveness),
            ("readinessProbe", self.keep_readiness),
            ("startupProbe", self.keep_startup),
        ];
        let mut containers = spec["containers"].as_array().cloned().unwrap_or_default();
        for container in &mut containers {
            let own = images.iter().find(|(name, _)| container["name"] == **name);
            if let Some((_, image)) = own.or_else(|| images.iter().find(|(name, _)| *name == "*")) {
                container["image"] = json!(image);
            }
            if let Some(map) = container.as_object_mut() {
                probes.iter().filter(|(_, keeps)| !keeps).for_each(|(probe, _)| drop(map.remove(*probe)));
            }
        }
        let there = debug.container.as_deref().and_then(|name| containers.iter().position(|one| one["name"] == name));
        let index = match there {
            Some(index) => Some(index),
            None if debug.image.is_none() && !images.is_empty() => None,
            None if debug.image.is_none() => {
                return Err(Complaint::plain("you must specify image when creating new container"));
            }
            None => {
                let called = debug.called(&was, answer)?;
                containers.push(json!({ "name": called, "resources": {}, "terminationMessagePolicy": "File" }));
                Some(containers.len() - 1)
            }
        };
        let mut container = None;
        if let Some(index) = index {
            debug.fill(&mut containers[index])?;
            profile.apply(&mut containers[index]);
            container = containers[index]["name"].as_str().map(str::to_owned);
        }
        spec["containers"] = Value::from(containers);
        Ok((json!({ "apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec }), container))
    }
}
