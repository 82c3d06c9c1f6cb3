//! `pod delete`: ending a pod, or deleting what is kept.

use std::time::Duration;

use clap::Args;
use launch::Seen;
use manifest::kind::{Object, Pod, Resource};
use manifest::read::{Head, ReadError, Validate};
use registry::{Found, Lock, Name, Process, RegistryError};

use super::fields;
use super::get::is_pods;
use super::keep::{can_be_kept, plain, reason, seen};
use super::which::{Scope, Which, told, which};
use crate::answer::{Answer as Told, Complaint, Pending, Until};
use crate::control::{Answer, Request};
use crate::each::in_order;
use crate::end;
use crate::error::Error;
use crate::input::Files;
use crate::objects::{Changing, Key, Objects, ObjectsError};
use crate::output::Shape;
use crate::programs::Programs;
use crate::store::Store;
use crate::supervisor;

/// End pods and forget them, or delete what is kept.
#[derive(Debug, Args)]
pub struct Delete {
    /// Pods made by hand, by name; or a kind and names: cm web, cm/web
    #[arg(required_unless_present = "filename", value_name = "NAME|KIND [NAME]|KIND/NAME")]
    words: Vec<String>,

    #[command(flatten)]
    files: Files,

    #[command(flatten)]
    scope: Scope,

    /// All of the kind
    #[arg(long)]
    all: bool,

    /// Only objects whose fields are like this: status.phase=Failed,metadata.name!=web
    #[arg(long, value_name = "SELECTOR")]
    field_selector: Option<String>,

    #[command(flatten)]
    shape: Shape,

    /// Seconds between TERM to each workload and KILL [default: 30, or what a manifest says]; -1 is the default
    #[arg(long, value_name = "SECONDS", allow_hyphen_values = true)]
    grace_period: Option<i64>,

    /// Whether to come back only when pods of manifests are gone
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value_t = true,
          default_missing_value = "true", action = clap::ArgAction::Set, hide_default_value = true)]
    wait: bool,

    /// How long to wait for that at most: 30s, 5m
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    timeout: Option<Duration>,

    /// Kill at once, as --grace-period 0 does; pods of manifests have a second, unless --force is given, too
    #[arg(long, conflicts_with = "grace_period")]
    now: bool,

    /// Kill pods of manifests at once; forget a pod by hand of which it cannot be told what runs (that runs on then, if
    /// it does)
    #[arg(long)]
    pub force: bool,
}

impl Delete {
    /// These names, or what is in these files, and nothing else was typed but whether they are to go at once.
    pub(crate) fn plain(words: Vec<String>, filename: Vec<String>, now: bool) -> Self {
        Self {
            words,
            files: Files { filename, ..Files::default() },
            scope: Scope::default(),
            all: false,
            field_selector: None,
            shape: Shape::default(),
            grace_period: None,
            wait: true,
            timeout: None,
            now,
            force: false,
        }
    }

    /// What it comes to, unless pods by hand are meant.
    ///
    /// # Errors
    /// When it cannot be told whose pods are meant.
    pub fn run(&self) -> Result<Option<Told>, Error> {
        if !self.files.is_empty() {
            return Ok(Some(self.manifests().into()));
        }
        let all = match which(&self.words) {
            Ok(None) => pods_called(&self.words),
            Ok(Some(all)) => all,
            Err(complaint) => return Ok(Some(complaint.into())),
        };
        for which in &all {
            let by_hand = is_pods(which) && !which.names.is_empty() && !self.knows(&which.names)?;
            if !by_hand {
                return Ok(Some(self.objects(&all).into()));
            }
        }
        Ok(None)
    }

    /// Whether one of these is a pod of a manifest.
    fn knows(&self, names: &[String]) -> Result<bool, ObjectsError> {
        let objects = Objects::of_this_user()?;
        let key = |name: &String| Resource::find("pods").map(|pods| Key::new(pods, self.scope.namespace(), name));
        for key in names.iter().filter_map(key) {
            if objects.get(&key)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Deletes an object; a pod goes, and is gone later.
    fn delete(&self, changing: &Changing, key: &Key, answer: &mut Told) -> Result<Object, ObjectsError> {
        if key.resource().kind == "Namespace" {
            return self.delete_namespace(changing, key, answer);
        }
        if key.resource().kind != "Pod" {
            return changing.delete(key);
        }
        let own = |pod: &Pod| pod.spec.as_ref().and_then(|spec| spec.termination_grace_period_seconds).unwrap_or(30);
        let found = changing.objects().get(key)?;
        let given = self.grace_period.filter(|seconds| *seconds >= 0);
        let grace = match (&found, given) {
            _ if self.force => 0,
            _ if self.now => 1,
            // Whoever does not force it gives it a second.
            (_, Some(seconds)) => seconds.max(1),
            (Some(Object::Pod(pod)), None) => own(pod).max(0),
            _ => 30,
        };
        let object = changing.condemn(key, grace)?;
        if let Object::Pod(pod) = &object {
            let until = if self.wait { Until::Gone(self.timeout) } else { Until::Going };
            answer.pending.push(Pending { pod: pod.clone(), until });
        }
        Ok(object)
    }

    /// Deletes a namespace: its pods first, each in its time, and the rest when they are gone.
    fn delete_namespace(&self, changing: &Changing, key: &Key, answer: &mut Told) -> Result<Object, ObjectsError> {
        let pods = Resource::find("pods").map(|pods| changing.objects().list(pods, Some(key.name()))).transpose()?;
        let pods = pods.unwrap_or_default();
        // The one that has to be there is refused there, whatever is in it.
        if pods.is_empty() || key.name() == "default" {
            return changing.delete(key);
        }
        let object = changing.condemn(key, 0)?;
        for pod in &pods {
            self.delete(changing, &Key::of(pod), answer)?;
        }
        Ok(object)
    }

    /// The pods by hand that are meant.
    ///
    /// # Errors
    /// No pod can be called so.
    pub fn pods(&self) -> Result<Vec<Name>, Error> {
        let names = match which(&self.words) {
            Ok(Some(all)) => all.into_iter().flat_map(|which| which.names).collect(),
            _ => self.words.clone(),
        };
        names.into_iter().map(|name| Name::try_from(name).map_err(Error::from)).collect()
    }

    /// What is said to have been done.
    ///
    /// # Errors
    /// There cannot be both force and grace.
    fn done(&self) -> Result<&'static str, Complaint> {
        match self.grace_period {
            Some(1..) if self.force => {
                Err(Complaint::plain("--force and --grace-period greater than 0 cannot be specified together"))
            }
            _ if self.force => Ok("force deleted"),
            _ => Ok("deleted"),
        }
    }

    fn objects(&self, all: &[Which]) -> Result<Told, Complaint> {
        let mut answer = Told::default();
        let done = self.done()?;
        let says_names = self.says_names()?;
        for Which { resource, names } in all {
            can_be_kept(resource)?;
            let selects = self.all || self.scope.selector.is_some() || self.field_selector.is_some();
            if names.is_empty() && !selects {
                return Err(Complaint::plain("resource(s) were provided, but no name was specified"));
            }
            if !names.is_empty() && (self.all || self.field_selector.is_some()) {
                return Err(Complaint::plain("name cannot be provided when a selector is specified"));
            }
        }
        let fields = fields::parse(self.field_selector.as_deref())?;
        let changing = changing()?;
        for which in all {
            let (found, missing) = self.scope.find(changing.objects(), which)?;
            answer.complaints.extend(missing);
            for object in found {
                let is_meant = |fields| fields::selects(fields, which.resource, &seen(&object)?);
                if fields.as_ref().map(is_meant).transpose()? == Some(false) {
                    continue;
                }
                match self.delete(&changing, &Key::of(&object), &mut answer) {
                    Ok(object) => answer.text.push_str(&deleted(&object, says_names, done)),
                    Err(error) => answer.complaints.push(told(&error)),
                }
            }
        }
        if answer.text.is_empty() && answer.complaints.is_empty() && !self.scope.ignore_not_found {
            answer.notes.push("No resources found".to_owned());
        }
        Ok(answer)
    }

    fn manifests(&self) -> Result<Told, Complaint> {
        if !self.words.is_empty() {
            let trouble =
                "when paths, URLs, or stdin is provided as input, you may not specify resource arguments as well";
            return Err(Complaint::plain(trouble));
        }
        let selects = self.all || self.scope.selector.is_some() || self.field_selector.is_some();
        if selects || self.scope.all_namespaces {
            return Err(Complaint::plain("what manifests name is deleted by its name: there is nothing to select"));
        }
        let (says_names, done) = (self.says_names()?, self.done()?);
        let sources = match self.files.read() {
            Ok(sources) => sources,
            Err(complaints) => return Ok(complaints.into()),
        };
        let said = |error: &ReadError| Complaint::Plain(error.unvalidated());
        let meant = |head: Head| {
            let written = head.known().map_err(|error| said(&error))?;
            let decoded = written.decode(Validate::Ignore).map_err(|refusal| Complaint::Plain(refusal.sentence()))?;
            let metadata = decoded.object.metadata();
            let namespace = metadata.namespace.as_deref().filter(|name| !name.is_empty());
            let namespace = namespace.unwrap_or(self.scope.namespace());
            let name = metadata.name.as_deref().unwrap_or_default();
            Ok((Key::new(decoded.object.resource(), namespace, name), written.source.clone()))
        };
        let found = in_order(&sources, meant, said);
        let mut answer = Told::default();
        if found.is_empty() {
            answer.notes.push("No resources found".to_owned());
            return Ok(answer);
        }
        let changing = changing()?;
        for found in found {
            let deleted = found.and_then(|(key, source)| {
                can_be_kept(key.resource())?;
                match self.delete(&changing, &key, &mut answer) {
                    Ok(object) => Ok(deleted(&object, says_names, done)),
                    Err(ObjectsError::Missing(_)) if self.scope.ignore_not_found => Ok(String::new()),
                    Err(error) => Err(refused(&source, &error)),
                }
            });
            match deleted {
                Ok(line) => answer.text.push_str(&line),
                Err(complaint) => answer.complaints.push(complaint),
            }
        }
        Ok(answer)
    }

    /// Whether only names are to be said of what is deleted.
    fn says_names(&self) -> Result<bool, Complaint> {
        match self.shape.word() {
            "" => Ok(false),
            "name" => Ok(true),
            other => Err(Complaint::Plain(format!("unexpected -o output mode: {other}. We only support '-o name'"))),
        }
    }

    /// How long between TERM and KILL.
    #[must_use]
    pub fn grace(&self) -> Duration {
        let given = self.grace_period.and_then(|seconds| u64::try_from(seconds).ok());
        Duration::from_secs(if self.now { 0 } else { given.unwrap_or(30) })
    }

    /// Whether nobody is to be told: what is not there need not be deleted.
    #[must_use]
    pub fn forgives(&self, error: &Error) -> bool {
        self.scope.ignore_not_found && matches!(error, Error::Registry(RegistryError::NoSuchPod { .. }))
    }

    /// What to do with a pod of which it cannot be told what runs.
    #[must_use]
    pub fn unseen(&self) -> Unsure {
        if self.force { Unsure::Forget } else { Unsure::Refuse }
    }
}

/// Names alone are those of pods.
fn pods_called(words: &[String]) -> Vec<Which> {
    Resource::find("pods").map(|resource| Which { resource, names: words.to_vec() }).into_iter().collect()
}

fn changing() -> Result<Changing, Complaint> {
    Objects::of_this_user().and_then(|objects| objects.change()).map_err(|error| plain(&error))
}

fn refused(source: &str, error: &ObjectsError) -> Complaint {
    match reason(error) {
        Some(reason) => {
            Complaint::Whole(format!("Error from server ({reason}): error when deleting {source:?}: {error}"))
        }
        None => plain(error),
    }
}

fn deleted(object: &Object, says_names: bool, done: &str) -> String {
    if says_names { format!("{}\n", object.reference()) } else { format!("{}\n", line(&Key::of(object), done)) }
}

/// What is said of an object that was deleted.
pub(crate) fn told_of(key: &Key) -> String {
    line(key, "deleted")
}

pub(super) fn line(key: &Key, done: &str) -> String {
    let place = key.namespace().map(|namespace| format!(" from {namespace} namespace")).unwrap_or_default();
    format!("{} {:?} {done}{place}", key.resource().qualified(), key.name())
}

/// What to do with a pod of which it cannot be told what runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsure {
    /// Leave it as it is.
    Refuse,
    /// Forget it.
    Forget,
}

/// Ends a pod, dead or alive, and forgets it. Its workloads get TERM and so much grace before they
/// are killed; what else is in the pod ends with the pause process. Hands back what did not go as it
/// should have.
///
/// # Errors
/// When there is no such pod, or something of it cannot be ended or told.
pub fn delete(
    store: &Store,
    name: &Name,
    grace: Duration,
    unsure: Unsure,
    programs: &Programs,
) -> Result<Vec<Error>, Error> {
    let mut told = Vec::new();
    let (found, mut lock) = store.locked(name)?;
    if !grace.is_zero() {
        // Where that cannot be done they are killed all the same, and it is told.
        told.extend(ask_to_stop(store, &found, lock, grace, programs)?);
        match store.lock(&found)? {
            Some(again) => lock = again,
            // While we waited for its workloads, somebody in a hurry has done what we were asked for. Who
            // bears the name since then is another.
            None => return Ok(told),
        }
    }
    match end::end(name, found.directory(), store.here()) {
        Err(error) if unsure == Unsure::Forget && error.is_unseen() => told.push(error),
        ended => ended?,
    }
    store.forget(name, found.directory(), &lock)?;
    Ok(told)
}

/// Has the pod's workloads end by themselves, as far as there are any.
fn ask_to_stop(
    store: &Store,
    found: &Found,
    lock: Lock,
    grace: Duration,
    programs: &Programs,
) -> Result<Option<Error>, Error> {
    let (name, directory) = (found.name(), found.directory());
    let is_running =
        |workload: &Name| matches!(directory.look(Process::Workload(workload), store.here()).1, Seen::Alive);
    let pause = directory.look(Process::Pause, store.here()).1;
    if !matches!(pause, Seen::Alive) || !directory.workload_names()?.iter().any(is_running) {
        return Ok(None);
    }
    let called = supervisor::ensure(programs, name, directory, &[]).and_then(|()| supervisor::call(name, directory));
    // Others may hurry us, or ask for something else, meanwhile.
    drop(lock);
    let grace_ms = u64::try_from(grace.as_millis()).unwrap_or(u64::MAX);
    let asked = called.and_then(|called| match called {
        Some(called) => called.ask(&Request::Stop { grace_ms }, &[]),
        None => Ok(None),
    });
    Ok(match asked {
        Ok(Some(Answer::Stopped | Answer::Left(_)) | None) => None,
        Ok(Some(Answer::Refused(refusal))) => Some(Error::Refused(refusal)),
        Ok(Some(Answer::Started | Answer::Published(_))) => Some(Error::Unanswered { name: name.clone() }),
        Err(error) => Some(error),
    })
}
