//! Staying with a pod that was made of words: being with its container until that has ended, and with `--rm` deleting
//! the pod then, whatever has ended it.

use std::thread::sleep;
use std::time::{Duration, Instant};

use launch::relay::Signals;
use manifest::kind::{Pod, Resource};
use reaper::Signal;
use registry::Registry;

use crate::answer::{Answer, Complaint, Pending, Until};
use crate::attend::follow;
use crate::error::Error;
use crate::machine::{Condition, ConditionKind, Machine, Phase};
use crate::objects::{Key, Objects, ObjectsError};
use crate::place::{Place, machine_of};
use crate::programs::Programs;
use crate::verbs::debug::{Asked, Debug};
use crate::verbs::delete::told_of;
use crate::verbs::run::{CodeOf, Run, Terms};
use crate::verbs::trouble::Trouble;
use crate::verbs::visit::{End, Visit, asked, say};
use crate::verbs::which::told;

/// How long between two looks at the pod, and until it is seen to that somebody attends to it.
const LOOK: Duration = Duration::from_millis(5);
const SELDOM: Duration = Duration::from_secs(1);

/// What staying with a pod has come to.
#[derive(Debug, Default)]
pub struct Stayed {
    /// What is to be said of it.
    pub answer: Answer,
    /// The exit code of its container, where that is ours.
    pub code: Option<u8>,
    /// The signal by which we were asked to leave.
    pub signal: Option<Signal>,
}

/// What a pod has come to.
enum Came {
    /// What it was waited for.
    To(Box<Machine>),
    /// We were asked to leave before.
    Asked(Signal),
}

/// A pod that somebody stays with.
struct Company<'a> {
    terms: Terms,
    pod: &'a Pod,
    place: Place,
    programs: &'a Programs,
    signals: &'a Signals,
    called: &'a str,
}

/// Makes a pod, and stays with it; this program is called so.
///
/// # Errors
/// It cannot be told how it does, or what it says not be shown.
pub fn stay_with(run: &Run, registry: &Registry, programs: &Programs, called: &str) -> Result<Stayed, Error> {
    // Whoever has us end before it is there means that, too.
    let signals = Signals::take().map_err(nsjoin::Error::from)?;
    let answer = run.run();
    let [Pending { pod, .. }] = answer.pending.as_slice() else { return Ok(Stayed { answer, ..Stayed::default() }) };
    let warned = Answer { warnings: answer.warnings.clone(), ..Answer::default() }.said();
    if !warned.is_empty() {
        say(warned.trim_end());
    }
    let place = Place::of(pod, &image::store::data_directory(), registry);
    let company = Company { terms: run.terms(), pod, place, programs, signals: &signals, called };
    let kept = company.keep();
    let removed = if company.terms.rm { company.remove() } else { Ok(None) };
    let mut stayed = match kept {
        Ok(stayed) => stayed,
        Err(Trouble::Complaint(complaint)) => Stayed { answer: complaint.into(), ..Stayed::default() },
        Err(Trouble::Error(error)) => return Err(error),
    };
    match removed {
        Ok(line) => stayed.answer.text.extend(line.filter(|_| !company.terms.wish.quiet)),
        Err(Trouble::Complaint(complaint)) => stayed.answer.complaints.push(complaint),
        Err(Trouble::Error(error)) => return Err(error),
    }
    Ok(stayed)
}

/// Puts a container into a pod that runs, or makes a copy of the pod, and stays with the container if that is wanted.
///
/// # Errors
/// It cannot be told how it does, or what it says not be shown.
pub fn look_into(debug: &Debug, registry: &Registry, programs: &Programs, called: &str) -> Result<Stayed, Error> {
    let signals = Signals::take().map_err(nsjoin::Error::from)?;
    let (mut answer, asked) = debug.run()?;
    let Some(Asked { pod, container, wish }) = asked else {
        return Ok(Stayed { answer, ..Stayed::default() });
    };
    tell(&mut answer);
    let place = Place::of(&pod, &image::store::data_directory(), registry);
    // It is waited for as long as it takes: an image may have to be fetched.
    let terms = Terms { wish, rm: false, code_of: None, patience: Duration::MAX };
    let company = Company { terms, pod: &pod, place, programs, signals: &signals, called };
    match company.look(&container) {
        Ok(stayed) => Ok(stayed),
        Err(Trouble::Complaint(complaint)) => Ok(Stayed { answer: complaint.into(), ..Stayed::default() }),
        Err(Trouble::Error(error)) => Err(error),
    }
}

/// Says what there is to be said before anybody is with a container.
fn tell(answer: &mut Answer) {
    // Whoever does not take it sees the container all the same.
    let _lost = std::io::Write::write_all(&mut std::io::stdout(), std::mem::take(&mut answer.text).as_bytes());
    let said = Answer { warnings: answer.warnings.clone(), notes: answer.notes.clone(), ..Answer::default() }.said();
    if !said.is_empty() {
        say(said.trim_end());
    }
}

impl Company<'_> {
    /// Is with one container of the pod, once it runs.
    fn look(&self, name: &str) -> Result<Stayed, Trouble> {
        let one = |machine: &Machine| machine.containers().iter().find(|container| container.name == name).cloned();
        let has_come = |machine: &Machine| {
            machine.is_over() || one(machine).is_some_and(|container| container.runs() || container.ended().is_some())
        };
        let machine = match self.until(has_come)? {
            Came::To(machine) => machine,
            Came::Asked(signal) => return Ok(Stayed { signal: Some(signal), ..Stayed::default() }),
        };
        let found = self.place.registry.pod(&self.place.sandbox()).map_err(Error::from)?;
        let container = name.parse().map_err(Error::from)?;
        let visit = Visit { found, container, pod: Some(self.pod), called: self.called };
        let ended = one(&machine).is_none_or(|container| !container.runs());
        let end = if ended { visit.read(self.signals)? } else { visit.stay(self.terms.wish, self.signals)? };
        Ok(match end {
            End::Ended { told } => Stayed { answer: told.unwrap_or_default().into(), ..Stayed::default() },
            End::Asked(signal) => Stayed { signal: Some(signal), ..Stayed::default() },
            End::Absent => Stayed::default(),
        })
    }

    fn keep(&self) -> Result<Stayed, Trouble> {
        let asked = |signal| Stayed { signal: Some(signal), ..Stayed::default() };
        let runs = |machine: &Machine| {
            let ready = |condition: &Condition| condition.kind == ConditionKind::Ready && condition.holds;
            is_over(machine) || (machine.phase() == Phase::Running && machine.conditions().iter().any(ready))
        };
        let machine = match self.until(runs)? {
            Came::To(machine) => machine,
            Came::Asked(signal) => return Ok(asked(signal)),
        };
        let mut stayed = Stayed::default();
        // Of one that was never there there is nothing to be seen.
        if let Some(container) = machine.containers().iter().find(|container| container.instances > 0)
            && let (Ok(found), Ok(name)) = (self.place.registry.pod(&self.place.sandbox()), container.name.parse())
        {
            let visit = Visit { found, container: name, pod: Some(self.pod), called: self.called };
            let over = is_over(&machine);
            let end = if over { visit.read(self.signals)? } else { visit.stay(self.terms.wish, self.signals)? };
            match end {
                End::Ended { told } => stayed.answer.text = told.unwrap_or_default(),
                End::Asked(signal) => return Ok(asked(signal)),
                End::Absent => {}
            }
        }
        let Some(code_of) = self.terms.code_of else { return Ok(stayed) };
        let over = |machine: &Machine| match machine.phase() {
            Phase::Succeeded => true,
            Phase::Failed => code_of == CodeOf::AnyEnd,
            _ => false,
        };
        match self.until(over)? {
            Came::To(machine) => self.judge(&machine, &mut stayed),
            Came::Asked(signal) => return Ok(asked(signal)),
        }
        Ok(stayed)
    }

    /// How the pod has ended is how we end.
    fn judge(&self, machine: &Machine, stayed: &mut Stayed) {
        if machine.phase() == Phase::Succeeded {
            return;
        }
        let pod = format!("{}/{}", self.place.namespace, self.place.name);
        let ended = machine.containers().first().and_then(|container| container.ended());
        let Some(end) = ended.filter(|end| end.code != 0) else {
            stayed.answer.complaints.push(Complaint::Plain(format!("pod {pod} failed with unknown exit code")));
            return;
        };
        let line = format!("pod {pod} terminated ({})\n{}", end.reason, end.message);
        stayed.answer.complaints.push(Complaint::Whole(line.trim_end().to_owned()));
        stayed.code = Some(u8::try_from(end.code).unwrap_or(u8::MAX));
    }

    /// Waits until the pod has come to something.
    fn until(&self, has_come: impl Fn(&Machine) -> bool) -> Result<Came, Trouble> {
        let (began, mut looked) = (Instant::now(), None::<Instant>);
        loop {
            if let Some(machine) = machine_of(&self.place)?.filter(|machine| has_come(machine)) {
                return Ok(Came::To(Box::new(machine)));
            }
            if let Some(signal) = asked(self.signals) {
                return Ok(Came::Asked(signal));
            }
            if began.elapsed() >= self.terms.patience {
                return Err(Complaint::plain("timed out waiting for the condition").into());
            }
            if looked.is_none_or(|looked| looked.elapsed() >= SELDOM) {
                looked = Some(Instant::now());
                self.attended(Until::Attended)?;
            }
            sleep(LOOK);
        }
    }

    /// Sees to it that somebody attends to the pod, as long as there is one.
    fn attended(&self, until: Until) -> Result<(), Trouble> {
        if let Some(key) = self.key() {
            let object = Objects::of_this_user().and_then(|objects| objects.get(&key)).map_err(Error::from)?;
            if object.is_none_or(|object| object.metadata().uid.as_deref() != Some(self.place.uid.as_str())) {
                return Err(told(&ObjectsError::Missing(key)).into());
            }
        }
        follow(&[Pending { pod: Box::new(self.pod.clone()), until }], self.programs)?;
        Ok(())
    }

    fn key(&self) -> Option<Key> {
        Resource::find("pods").map(|pods| Key::new(pods, &self.place.namespace, &self.place.name))
    }

    /// Has the pod go; says so, unless somebody else has done that.
    fn remove(&self) -> Result<Option<String>, Trouble> {
        let Some(key) = self.key() else { return Ok(None) };
        let is_over = machine_of(&self.place)?.is_some_and(|machine| is_over(&machine));
        let own = self.pod.spec.as_ref().and_then(|spec| spec.termination_grace_period_seconds).unwrap_or(30).max(0);
        {
            let changing = Objects::of_this_user().and_then(|objects| objects.change()).map_err(Error::from)?;
            let there = changing.objects().get(&key).map_err(Error::from)?;
            if there.is_none_or(|object| object.metadata().uid.as_deref() != Some(self.place.uid.as_str())) {
                return Ok(None);
            }
            changing.condemn(&key, own).map_err(Error::from)?;
        }
        // One that has ended is gone at once; another has its time for that.
        let until = if is_over { Until::Gone(None) } else { Until::Going };
        follow(&[Pending { pod: Box::new(self.pod.clone()), until }], self.programs)?;
        Ok(Some(format!("{}\n", told_of(&key))))
    }
}

fn is_over(machine: &Machine) -> bool {
    matches!(machine.phase(), Phase::Succeeded | Phase::Failed)
}
