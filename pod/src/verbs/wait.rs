//! `pod wait`: until objects have come to something, have come or have gone.

mod goal;

use std::io::Write;
use std::time::{Duration, Instant};

use clap::Args;
use manifest::kind::Object;
use manifest::value::duration;

use super::NO_RESOURCES;
use super::fields;
use super::keep::plain;
use super::lives::as_it_does;
use super::trouble::{Trouble, answered};
use super::which::{Scope, Which, told, which};
use crate::answer::{Answer, Complaint, Pending, Until};
use crate::changes::Changes;
use crate::error::Error;
use crate::objects::{Key, Objects, ObjectsError};
use crate::output::{Made, Shape};
use crate::place;
use goal::Goal;

/// Wait until objects have come to something.
#[derive(Debug, Args)]
pub struct Wait {
    /// What to wait for: pod web, pod/web, pods
    #[arg(value_name = "KIND [NAME]|KIND/NAME")]
    words: Vec<String>,

    /// To what: condition=Ready[=False], jsonpath='{.status.phase}'[=Running], create or delete
    #[arg(long = "for", value_name = "WHAT", default_value = "", hide_default_value = true)]
    goal: String,

    /// How long at most; 0 looks once, less than that waits a week
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = patience, allow_hyphen_values = true)]
    timeout: Duration,

    /// All of a kind
    #[arg(long)]
    all: bool,

    /// The namespace
    #[arg(short, long, value_name = "NAME")]
    namespace: Option<String>,

    /// Objects of all namespaces
    #[arg(short = 'A', long, conflicts_with = "namespace")]
    all_namespaces: bool,

    /// Only objects whose labels are like this
    #[arg(short = 'l', long, value_name = "SELECTOR")]
    selector: Option<String>,

    /// Only objects whose fields are like this
    #[arg(long, value_name = "SELECTOR")]
    field_selector: Option<String>,

    #[command(flatten)]
    shape: Shape,
}

fn patience(text: &str) -> Result<Duration, String> {
    match duration(text) {
        Ok((true, _)) => Ok(Duration::from_secs(7 * 24 * 3600)),
        Ok((false, duration)) => Ok(duration),
        Err(error) => Err(error.to_string()),
    }
}

/// How long it may take until somebody is missed who should attend to a pod.
const BREATH: Duration = Duration::from_secs(1);

/// An object that is waited for, how it was, and until when.
struct Waited {
    key: Key,
    object: Object,
    until: Instant,
}

/// Sees to it that somebody attends to a pod.
type Attend<'a> = &'a dyn Fn(&Pending) -> Result<(), Error>;

/// What came of waiting for one.
enum Came {
    Met(Object),
    Not(Complaint),
}

impl Wait {
    /// Waits for all of them, one after the other, and says of each when it has come to it. `attend` sees to it that somebody
    /// attends to a pod that is to go.
    ///
    /// # Errors
    /// That cannot be written, or nobody can attend to one.
    pub fn run(&self, out: &mut impl Write, attend: Attend<'_>) -> Result<Answer, Error> {
        answered(self.all_of_them(out, attend))
    }

    fn all_of_them(&self, out: &mut impl Write, attend: Attend<'_>) -> Result<Answer, Trouble> {
        let goal = Goal::parse(&self.goal)?;
        let printer = self.shape.printer()?;
        if self.words.is_empty() {
            return Err(Complaint::plain(NO_RESOURCES).into());
        }
        let unknown = || Complaint::Plain(format!("the server doesn't have a resource type {:?}", self.words[0]));
        let all = which(&self.words)?.ok_or_else(unknown)?;
        let is_narrowed = self.all || self.selector.is_some() || self.field_selector.is_some();
        if !is_narrowed && all.iter().any(|which| which.names.is_empty()) {
            return Err(Complaint::plain("resource(s) were provided, but no name was specified").into());
        }
        if is_narrowed && all.iter().any(|which| !which.names.is_empty()) {
            return Err(Complaint::plain("name cannot be provided when a selector is specified").into());
        }
        let objects = Objects::of_this_user().map_err(|error| plain(&error))?;
        let begun = Instant::now();
        let mut answer = Answer::default();
        let (mut found, mut missing) = self.found(&objects, &all, &mut answer)?;
        if goal == Goal::Created {
            let changes = Changes::new();
            while found.is_empty() || !missing.is_empty() {
                if begun.elapsed() >= self.timeout {
                    return Err(Complaint::plain("timed out waiting for the condition").into());
                }
                self.heed(&changes, &objects, &all, None)?;
                (found, missing) = self.found(&objects, &all, &mut answer)?;
                if found.is_empty() || !missing.is_empty() {
                    changes.wait(Some(begun + self.timeout))?;
                }
            }
        }
        if goal != Goal::Deleted {
            answer.complaints.extend(missing);
            if found.is_empty() && answer.complaints.is_empty() {
                return Err(Complaint::plain("no matching resources found").into());
            }
        }
        for object in found {
            // Each has as long as was said.
            let waited = Waited { key: Key::of(&object), object, until: Instant::now() + self.timeout };
            match self.wait(&goal, (&objects, &all), waited, &mut answer, attend)? {
                Came::Met(object) => {
                    let text = printer.text(Made { value: object.to_value(), done: "condition met".to_owned() })?;
                    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Error::Output)?;
                }
                Came::Not(complaint) => answer.complaints.push(complaint),
            }
        }
        Ok(answer)
    }

    /// Waits for one.
    fn wait(
        &self,
        goal: &Goal,
        (objects, all): (&Objects, &[Which]),
        mut waited: Waited,
        answer: &mut Answer,
        attend: Attend<'_>,
    ) -> Result<Came, Trouble> {
        let changes = Changes::new();
        loop {
            self.heed(&changes, objects, all, waited.object.metadata().uid.as_deref())?;
            if let Some(came) = self.look(goal, objects, &mut waited, answer)? {
                return Ok(came);
            }
            let name = format!("{}/{}", waited.key.resource().qualified_plural(), waited.key.name());
            if self.timeout.is_zero() {
                return Ok(Came::Not(Complaint::Plain(format!("condition not met for {name}"))));
            }
            if Instant::now() >= waited.until {
                let late = format!("timed out waiting for the condition on {name}");
                return Ok(Came::Not(Complaint::Plain(late)));
            }
            if *goal == Goal::Deleted {
                nudge(&waited.object, attend)?;
            }
            changes.wait(Some(waited.until.min(Instant::now() + BREATH)))?;
        }
    }

    /// Whether it has come to it, if that can be told already.
    fn look(
        &self,
        goal: &Goal,
        objects: &Objects,
        waited: &mut Waited,
        answer: &mut Answer,
    ) -> Result<Option<Came>, Complaint> {
        let is_it = |object: &Object| object.metadata().uid == waited.object.metadata().uid;
        let found = objects.get(&waited.key).map_err(|error| plain(&error))?;
        let found = found.map(|object| with_status(object, answer));
        if *goal == Goal::Deleted {
            return Ok(match found.filter(is_it) {
                None => Some(Came::Met(waited.object.clone())),
                Some(object) => {
                    waited.object = object;
                    None
                }
            });
        }
        let Some(object) = found else {
            return Ok(Some(Came::Not(told(&ObjectsError::Missing(waited.key.clone())))));
        };
        let met = goal.is_met(&object.to_value()).map_err(Complaint::Plain)?;
        waited.object = object;
        Ok(met.then(|| Came::Met(waited.object.clone())))
    }

    fn scope(&self) -> Scope {
        Scope {
            namespace: self.namespace.clone(),
            all_namespaces: self.all_namespaces,
            selector: self.selector.clone(),
            ignore_not_found: false,
        }
    }

    fn found(
        &self,
        objects: &Objects,
        all: &[Which],
        answer: &mut Answer,
    ) -> Result<(Vec<Object>, Vec<Complaint>), Complaint> {
        let (scope, fields) = (self.scope(), fields::parse(self.field_selector.as_deref())?);
        let (mut objects_found, mut all_missing) = (Vec::new(), Vec::new());
        for which in all {
            let (found, missing) = scope.find(objects, which)?;
            all_missing.extend(missing);
            for object in found {
                let object = with_status(object, answer);
                let selects = |fields| fields::selects(fields, which.resource, &object.to_value());
                if fields.as_ref().map(selects).transpose()? != Some(false) {
                    objects_found.push(object);
                }
            }
        }
        Ok((objects_found, all_missing))
    }

    fn heed(&self, changes: &Changes, objects: &Objects, all: &[Which], uid: Option<&str>) -> Result<(), Complaint> {
        let scope = self.scope();
        let namespace = (!self.all_namespaces).then(|| scope.namespace());
        for which in all {
            for directory in objects.directories(which.resource, namespace).map_err(|error| plain(&error))? {
                changes.heed(&directory);
            }
        }
        if let Some(uid) = uid {
            changes.heed(&place::kept(&image::store::data_directory(), uid));
        }
        Ok(())
    }
}

/// Whoever attends to a pod that is to go may have been killed, and then it would stay.
fn nudge(object: &Object, attend: Attend<'_>) -> Result<(), Error> {
    match object {
        Object::Pod(pod) if pod.metadata.deletion_timestamp.is_some() => {
            attend(&Pending { pod: pod.clone(), until: Until::Going })
        }
        _ => Ok(()),
    }
}

fn with_status(object: Object, answer: &mut Answer) -> Object {
    match object {
        Object::Pod(pod) => Object::Pod(as_it_does(pod, answer).pod),
        other => other,
    }
}
