//! Manifests done: objects made of them, or what is there made like them.

mod change;
mod compare;
mod living;

use manifest::check::{Refused, mentions, sentence};
use manifest::kind::{Object, Pod, Resource};
use manifest::patch::{apply, last_applied};
use manifest::schema::Support;
use serde_json::Value;

use super::dry_run::Strategy;
use super::submit::How;
use crate::answer::{Complaint, Pending, Until};
use crate::connect;
use crate::objects::{Changing, Key, Objects, ObjectsError, would_become};

pub(super) use change::{complaints, node_of, seen};
use living::{Moved, moved_not, with_ports_of};

/// An object as somebody wants it.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    /// As it was written, where it belongs, and with what it remembers.
    pub(super) value: Value,
    /// The same, understood.
    pub(super) object: Object,
    /// The text that it is of.
    pub(super) source: String,
}

/// What became of it: the object, what is to be said of that, and the word for what was done.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) value: Value,
    pub(super) warnings: Vec<String>,
    pub(super) done: &'static str,
    /// The pod that is to come or to change.
    pub(super) pending: Option<Pending>,
}

/// What came of it where what is there may be made to go.
#[derive(Debug)]
pub(super) enum Forced {
    /// It is there; and what is to be said of what had to go.
    Kept { kept: Kept, deleted: Option<String> },
    /// This pod is going, and the other is to come when it is gone.
    Going { pod: Box<Pod>, wanted: Box<Wanted> },
}

/// How many seconds a pod has that has to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grace {
    /// What it says itself.
    Own,
    /// So many.
    Seconds(i64),
}

/// How objects are kept, or would be.
#[derive(Debug)]
pub(super) struct Keeper {
    objects: Objects,
    /// Nobody else changes them meanwhile, where something is to be changed.
    changing: Option<Changing>,
    strategy: Strategy,
    /// What is waited for of pods.
    until: Until,
}

/// Kinds that mean something by being kept; the others have to be run.
const KEPT: [&str; 6] = ["ConfigMap", "Namespace", "PersistentVolumeClaim", "Pod", "Secret", "ServiceAccount"];

/// Refuses kinds that would have to be run.
pub(super) fn can_be_kept(resource: &Resource) -> Result<(), Complaint> {
    if KEPT.contains(&resource.kind) {
        return Ok(());
    }
    Err(Complaint::NotYet(format!(
        "running {} of manifests is not there yet; --dry-run=client or --dry-run=server shows what would come of it",
        resource.plural
    )))
}

impl Kept {
    fn of(value: Value, warnings: Vec<String>, done: &'static str) -> Self {
        Self { value, warnings, done, pending: None }
    }
}

/// Refuses pods that cannot be run here yet, before anything of them is there.
fn can_be_run(object: &Object) -> Result<(), Complaint> {
    let Object::Pod(pod) = object else { return Ok(()) };
    let spec = pod.spec.clone().unwrap_or_default();
    let containers = || spec.init_containers.iter().chain(&spec.containers);
    let mut ports = containers().flat_map(|container| &container.ports);
    let what = if ports.any(|port| port.host_port.is_some() && port.protocol.as_deref() == Some("SCTP")) {
        "a hostPort of SCTP"
    } else {
        return can_be_connected(pod);
    };
    let name = pod.metadata.name.as_deref().unwrap_or_default();
    Err(Complaint::NotYet(format!("pod {name:?}: {what} is not there yet")))
}

/// Refuses pods that ask for a network that there is not, or for two.
fn can_be_connected(pod: &Pod) -> Result<(), Complaint> {
    let name = pod.metadata.name.as_deref().unwrap_or_default();
    let chosen = connect::chosen(pod).map_err(|error| Complaint::Plain(format!("pod {name:?}: {error}")))?;
    let has_machines = pod.spec.as_ref().is_some_and(|spec| spec.host_network == Some(true));
    match chosen {
        Some(network) if network.is_own() == has_machines => {
            let says = if has_machines { "true" } else { "not true" };
            let trouble = format!("pod {name:?}: network {network} is asked for, and hostNetwork is {says}");
            Err(Complaint::Plain(trouble))
        }
        _ => Ok(()),
    }
}

impl Keeper {
    /// Opens them as far as the verb goes.
    ///
    /// # Errors
    /// They cannot be changed.
    pub(super) fn open(strategy: Strategy, until: Until) -> Result<Self, Complaint> {
        let open = || {
            let objects = Objects::of_this_user()?;
            let changing = (strategy == Strategy::None).then(|| objects.change()).transpose()?;
            Ok(Self { objects, changing, strategy, until })
        };
        open().map_err(|error| plain(&error))
    }

    /// Does it.
    ///
    /// # Errors
    /// What is wrong with the object, or with what is there, in an API server's words.
    pub(super) fn keep(&self, how: How, wanted: Wanted) -> Result<Kept, Complaint> {
        if self.strategy == Strategy::None {
            can_be_kept(wanted.object.resource())?;
            can_be_run(&wanted.object)?;
        }
        let told = |error: &ObjectsError| failed(how, &wanted.source, error);
        let key = key_of(&wanted);
        // What a client would ask a server for does not depend on what is there, unless it is to be like it.
        if self.strategy == Strategy::Client && how != How::Apply {
            return Ok(Kept::of(wanted.value, Vec::new(), how.done()));
        }
        let there = self.objects.get(&key).map_err(|error| told(&error))?;
        match (how, there) {
            (How::Apply, Some(there)) => self.apply(&wanted, &there).map_err(|trouble| trouble.told(told)),
            (How::Replace, there) => {
                let mut warnings = Vec::new();
                let there = match there {
                    None if self.strategy == Strategy::Server => None,
                    None => return Err(told(&ObjectsError::Missing(key))),
                    there => there,
                };
                let mut object = become_of(wanted.object.clone(), &wanted.value, &mut warnings)?;
                let (mine, meant) = (object.metadata_mut(), wanted.object.metadata());
                mine.uid.clone_from(&meant.uid);
                mine.resource_version.clone_from(&meant.resource_version);
                let object = match there {
                    Some(there) => self.update(object, &there).map_err(|trouble| trouble.told(told))?,
                    None => object,
                };
                Ok(self.kept(&object, warnings, how.done()))
            }
            (_, there) => {
                if self.strategy == Strategy::Client {
                    return Ok(Kept::of(wanted.value, Vec::new(), "created"));
                }
                if wanted.object.metadata().resource_version.as_deref().is_some_and(|version| !version.is_empty()) {
                    let trouble = "resourceVersion should not be set on objects to be created";
                    return Err(refused(how, &wanted.source, "Internal", trouble));
                }
                self.create(&wanted.object, &wanted.value, there.is_some(), told)
            }
        }
    }

    /// Makes an object that was not written but said.
    ///
    /// # Errors
    /// What is wrong with it, or with what is there, in kubectl's words.
    pub(super) fn make(&self, object: &Object, value: &Value) -> Result<Kept, Complaint> {
        if self.strategy == Strategy::None {
            can_be_run(object)?;
        }
        let resource = object.resource();
        let told = |error: &ObjectsError| match (reason(error), resource.kind) {
            (Some(reason), "Namespace" | "Pod") => Complaint::Whole(format!("Error from server ({reason}): {error}")),
            (Some(_), "Secret") => Complaint::Plain(format!("failed to create secret {error}")),
            (Some(_), _) => Complaint::Plain(format!("failed to create {}: {error}", resource.singular)),
            (None, _) => plain(error),
        };
        let namespace = value["metadata"]["namespace"].as_str().unwrap_or("default");
        let key = Key::new(resource, namespace, object.metadata().name.as_deref().unwrap_or_default());
        let there = self.objects.get(&key).map_err(|error| told(&error))?;
        self.create(object, value, there.is_some(), told)
    }

    fn create(
        &self,
        object: &Object,
        value: &Value,
        exists: bool,
        told: impl Fn(&ObjectsError) -> Complaint,
    ) -> Result<Kept, Complaint> {
        let mut warnings = Vec::new();
        let object = become_of(object.clone(), value, &mut warnings)?;
        if exists {
            return Err(told(&ObjectsError::Exists(Key::of(&object))));
        }
        let object = match &self.changing {
            None => object,
            Some(changing) => {
                let created = changing.create(object).map_err(|error| told(&error))?;
                warnings.extend(created.namespace.map(|name| namespace_made(&name)));
                created.object
            }
        };
        Ok(self.kept(&object, warnings, "created"))
    }

    /// Does it even where what is there has to go for it.
    ///
    /// # Errors
    /// As `keep`.
    pub(super) fn force(&self, how: How, wanted: Wanted, grace: Grace) -> Result<Forced, Complaint> {
        can_be_kept(wanted.object.resource())?;
        can_be_run(&wanted.object)?;
        let told = |error: &ObjectsError| failed(how, &wanted.source, error);
        let key = key_of(&wanted);
        let Some(there) = self.objects.get(&key).map_err(|error| told(&error))? else {
            let kept = self.keep(How::Create, wanted)?;
            let done = if how == How::Apply { kept.done } else { how.done() };
            return Ok(Forced::Kept { kept: Kept { done, ..kept }, deleted: None });
        };
        if how == How::Apply {
            match self.apply(&wanted, &there) {
                Ok(kept) => return Ok(Forced::Kept { kept, deleted: None }),
                Err(Trouble::Other(complaint)) => return Err(complaint),
                // What it is cannot become what is wanted; another can.
                Err(Trouble::Invalid(_) | Trouble::Objects(_)) => {}
            }
        }
        // What may not come keeps what is there from going.
        become_of(wanted.object.clone(), &wanted.value, &mut Vec::new())?;
        let Some(changing) = &self.changing else {
            let kept = self.kept(&wanted.object, Vec::new(), if how == How::Apply { "configured" } else { how.done() });
            return Ok(Forced::Kept { kept: Kept { value: wanted.value, ..kept }, deleted: None });
        };
        if let Object::Pod(pod) = &there {
            let own = pod.spec.as_ref().and_then(|spec| spec.termination_grace_period_seconds).unwrap_or(30);
            let seconds = if let Grace::Seconds(seconds) = grace { seconds } else { own.max(0) };
            if let Object::Pod(pod) = changing.condemn(&key, seconds).map_err(|error| told(&error))? {
                return Ok(Forced::Going { pod, wanted: Box::new(wanted) });
            }
        }
        let gone = changing.delete(&key).map_err(|error| told(&error))?;
        let kept = self.keep(How::Create, wanted)?;
        Ok(if how == How::Apply {
            Forced::Kept { kept: Kept { done: "configured", ..kept }, deleted: None }
        } else {
            let deleted = Some(super::delete::told_of(&Key::of(&gone)));
            Forced::Kept { kept: Kept { done: how.done(), ..kept }, deleted }
        })
    }

    fn apply(&self, wanted: &Wanted, there: &Object) -> Result<Kept, Trouble> {
        let (was, resource) = (there.to_value(), there.resource());
        let before = last_applied(&was);
        let mut warnings = Vec::new();
        if before.is_none() {
            warnings.push(never_applied(resource, there.metadata().name.as_deref().unwrap_or_default()));
        }
        let value = apply(before.as_ref(), &wanted.value, &was, resource.root().of);
        let mismatch = |error: manifest::kind::Mismatch| Complaint::plain(error);
        let mut object = Object::from_value(resource.kind, value).map_err(mismatch)?;
        object.set_defaults();
        if object == *there {
            return Ok(Kept { value: was, ..self.kept(there, warnings, "unchanged") });
        }
        if self.strategy != Strategy::Client {
            become_of(wanted.object.clone(), &wanted.value, &mut warnings)?;
            let invalid = object.check();
            if !invalid.is_empty() {
                return Err(Trouble::Other(Complaint::Whole(sentence(&object, &invalid))));
            }
        }
        let object = self.update(object, there)?;
        Ok(self.kept(&object, warnings, "configured"))
    }

    fn kept(&self, object: &Object, warnings: Vec<String>, done: &'static str) -> Kept {
        let pending = match object {
            Object::Pod(pod) if self.changing.is_some() => Some(Pending { pod: pod.clone(), until: self.until }),
            _ => None,
        };
        Kept { pending, ..Kept::of(object.to_value(), warnings, done) }
    }

    fn update(&self, mut object: Object, there: &Object) -> Result<Object, Trouble> {
        if self.strategy == Strategy::Client {
            return Ok(object);
        }
        let next = would_become(object.clone(), there)?;
        let invalid = object.check_update(&with_ports_of(&object, there));
        if !invalid.is_empty() {
            return Err(Trouble::Invalid(Refused::of(&object, &invalid)));
        }
        // What has not changed is not written.
        let version = object.metadata().resource_version.clone();
        object.metadata_mut().resource_version = there.metadata().resource_version.clone();
        if object == *there {
            return Ok(object);
        }
        object.metadata_mut().resource_version = version;
        let Some(changing) = &self.changing else { return Ok(next) };
        let moved = match (&next, there) {
            (Object::Pod(next), Object::Pod(there)) => {
                Moved::of(next, there).map_err(|error| moved_not(next, &error))?
            }
            _ => None,
        };
        let object = changing.update(object)?;
        if let Some(moved) = moved {
            moved.settle();
        }
        Ok(object)
    }
}

/// Why an object does not become another.
#[derive(Debug)]
pub(super) enum Trouble {
    /// It may not.
    Invalid(Refused),
    Objects(ObjectsError),
    /// It is no such object at all.
    Other(Complaint),
}

impl From<Complaint> for Trouble {
    fn from(complaint: Complaint) -> Self {
        Self::Other(complaint)
    }
}

impl From<ObjectsError> for Trouble {
    fn from(error: ObjectsError) -> Self {
        Self::Objects(error)
    }
}

impl Trouble {
    pub(super) fn told(self, words: impl Fn(&ObjectsError) -> Complaint) -> Complaint {
        match self {
            Self::Invalid(refused) => Complaint::Whole(refused.sentence()),
            Self::Objects(error) => words(&error),
            Self::Other(complaint) => complaint,
        }
    }
}

fn key_of(wanted: &Wanted) -> Key {
    let metadata = wanted.object.metadata();
    let namespace = wanted.value["metadata"]["namespace"].as_str().unwrap_or("default");
    Key::new(wanted.object.resource(), namespace, metadata.name.as_deref().unwrap_or_default())
}

/// What keeps an object from being kept, as kubectl says so of a manifest.
fn failed(how: How, source: &str, error: &ObjectsError) -> Complaint {
    match reason(error) {
        Some(reason) => refused(how, source, reason, &error.to_string()),
        None => plain(error),
    }
}

fn refused(how: How, source: &str, reason: &str, trouble: &str) -> Complaint {
    Complaint::Whole(format!("Error from server ({reason}): error when {} {source:?}: {trouble}", how.doing()))
}

/// An API server's word for what is wrong, where it has one.
pub(super) fn reason(error: &ObjectsError) -> Option<&'static str> {
    match error {
        ObjectsError::Exists(_) => Some("AlreadyExists"),
        ObjectsError::Missing(_) => Some("NotFound"),
        ObjectsError::Conflict { .. } => Some("Conflict"),
        ObjectsError::Needed(_) | ObjectsError::Terminating(_) => Some("Forbidden"),
        _ => None,
    }
}

/// What is wrong with where objects are kept, with its causes.
pub(super) fn plain(error: &ObjectsError) -> Complaint {
    let mut words = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        words = format!("{words}: {error}");
        cause = error.source();
    }
    Complaint::Plain(words)
}

/// What is to be said of a namespace that came by itself.
pub(super) fn namespace_made(name: &str) -> String {
    format!("there was no namespace {name:?}; it is made")
}

fn never_applied(resource: &Resource, name: &str) -> String {
    format!(
        "resource {}/{name} is missing the kubectl.kubernetes.io/last-applied-configuration annotation which is \
         required by pod apply. pod apply should only be used on resources created declaratively by either pod create \
         --save-config or pod apply. The missing annotation will be patched automatically.",
        resource.qualified_plural()
    )
}

/// What an API server would make of it: with its defaults, or not at all; and what means nothing here is told.
pub(super) fn become_of(mut object: Object, value: &Value, warnings: &mut Vec<String>) -> Result<Object, Complaint> {
    object.forget_told();
    if let Some(annotations) = value["metadata"]["annotations"].as_object() {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        object.metadata_mut().annotations = annotations.iter().map(|(key, value)| (key.clone(), text(value))).collect();
    }
    object.metadata_mut().namespace = value["metadata"]["namespace"].as_str().map(str::to_owned);
    // What is filled in is not what somebody has written.
    let mentioned = mentions(&object);
    object.set_defaults();
    let mut invalid = object.check_new();
    for mention in mentioned {
        match mention.to_invalid() {
            Some(refused) => invalid.push(refused),
            None if mention.support == Support::Told => {}
            None => warnings.push(mention.to_string()),
        }
    }
    if invalid.is_empty() { Ok(object) } else { Err(Complaint::Whole(sentence(&object, &invalid))) }
}
