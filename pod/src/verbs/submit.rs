//! `apply`, `create -f`, `replace`: manifests done, or shown as they would be asked for and as they would become.

mod template;

use std::time::Duration;

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};
use manifest::kind::{Object, Resource};
use manifest::patch::{LAST_APPLIED, with_last_applied, without_null};
use manifest::read::{Head, ReadError, Validate, Written};
use manifest::selector::Selector;
use serde_json::{Value, json};

use super::delete::told_of;
use super::dry_run::{DryRun, Strategy};
use super::keep::{Forced, Grace, Keeper, Wanted};
use super::network::ToConnect;
use super::planned::planned;
use crate::answer::{Answer, Complaint, Pending, Until};
use crate::each::in_order;
use crate::input::Files;
use crate::objects::Key;
use crate::output::{Made, Printer, Shape};

/// What manifests are submitted with.
#[derive(Args, Clone, Debug)]
pub struct Submit {
    #[command(flatten)]
    pub(super) files: Files,

    /// Only objects whose labels are like this
    #[arg(short = 'l', long, value_name = "SELECTOR")]
    pub(super) selector: Option<String>,

    /// The namespace of objects that name none
    #[arg(short, long, value_name = "NAME")]
    pub(super) namespace: Option<String>,

    /// What fields that there are not, and keys given twice, are: strict, an error; warn; ignore
    #[arg(long, value_name = "strict|warn|ignore", num_args = 0..=1, require_equals = true, default_value = "strict",
          default_missing_value = "strict", hide_default_value = true)]
    pub(super) validate: String,

    /// Come back when pods are ready, those that are to end (restartPolicy Never, OnFailure) when they have; or all when
    /// they are ready, or have ended
    #[arg(long, value_name = "ready|ended", num_args = 0..=1, require_equals = true, default_missing_value = "meant",
          hide_possible_values = true)]
    pub(super) wait: Option<Wait>,

    /// How long to wait at most, for each pod: 30s, 5m
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub(super) timeout: Option<Duration>,

    /// Put values in the place of ${NAME} in the manifests: lines NAME=VALUE of a file, or NAME for what our environment
    /// has; a name that is not in there is an error, and $${NAME} is ${NAME}
    #[arg(long, value_name = "FILE")]
    pub(super) env_file: Option<String>,

    #[command(flatten)]
    pub(super) dry_run: DryRun,
}

impl Default for Submit {
    fn default() -> Self {
        Self {
            files: Files::default(),
            selector: None,
            namespace: None,
            validate: "strict".to_owned(),
            wait: None,
            timeout: None,
            env_file: None,
            dry_run: DryRun::default(),
        }
    }
}

/// What of pods is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    /// What they are for.
    Meant,
    /// That they are ready.
    Ready,
    /// That they have ended.
    Ended,
}

impl ValueEnum for Wait {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Meant, Self::Ready, Self::Ended]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self {
            // kubectl's word where something is to be waited for.
            Self::Meant => PossibleValue::new("meant").alias("true").hide(true),
            Self::Ready => PossibleValue::new("ready"),
            Self::Ended => PossibleValue::new("ended"),
        })
    }
}

/// What has to go may be made to.
#[derive(Args, Clone, Copy, Debug, Default)]
struct Force {
    /// Delete what is there and cannot become like its manifest, and make it anew
    #[arg(long)]
    force: bool,

    /// Seconds that pods have to end by themselves then [default: what they say]
    #[arg(long, value_name = "SECONDS", allow_hyphen_values = true)]
    grace_period: Option<i64>,
}

/// Make what manifests say, or make what is there like them.
///
/// Pods run, and config maps, secrets, claims, service accounts and namespaces are kept, until they are deleted.
#[derive(Args, Debug)]
pub struct Apply {
    #[command(flatten)]
    submit: Submit,

    #[command(flatten)]
    force: Force,

    #[command(flatten)]
    network: ToConnect,

    /// Stay with the pods, and show what they say: INT and TERM have them end, and the worst exit code of their
    /// containers is ours; a service manager is told when they are ready (sd_notify)
    #[arg(long, conflicts_with_all = ["wait", "timeout", "word"])]
    pub foreground: bool,

    #[command(flatten)]
    shape: Shape,
}

impl Apply {
    /// Of these files, and nothing else was typed but whether and how long what is in them is waited for.
    pub(crate) fn plain(filename: Vec<String>, waits: bool, timeout: Option<Duration>) -> Self {
        let files = Files { filename, ..Files::default() };
        let submit = Submit { files, wait: waits.then_some(Wait::Meant), timeout, ..Submit::default() };
        let network = ToConnect::default();
        Self { submit, force: Force::default(), network, foreground: false, shape: Shape::default() }
    }
}

/// Put manifests in the place of what is there.
#[derive(Args, Debug)]
pub struct Replace {
    #[command(flatten)]
    submit: Submit,

    /// Remember what was asked for in an annotation, as apply does
    #[arg(long)]
    save_config: bool,

    #[command(flatten)]
    force: Force,

    #[command(flatten)]
    network: ToConnect,

    #[command(flatten)]
    shape: Shape,
}

/// Which verb submits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    Apply,
    Create,
    Replace,
}

impl How {
    /// What it is typed as.
    fn verb(self) -> &'static str {
        match self {
            Self::Apply => "apply",
            Self::Create => "create",
            Self::Replace => "replace",
        }
    }

    /// What is said of it while it is done.
    pub(super) fn doing(self) -> &'static str {
        match self {
            Self::Apply | Self::Create => "creating",
            Self::Replace => "replacing",
        }
    }

    /// And afterwards, of what was not there or did not matter.
    pub(super) fn done(self) -> &'static str {
        match self {
            Self::Apply | Self::Create => "created",
            Self::Replace => "replaced",
        }
    }
}

impl Apply {
    /// What it comes to.
    #[must_use]
    pub fn run(&self) -> Submitted {
        submit(How::Apply, (&self.submit, &self.network), self.force.grace("apply"), false, &self.shape).into()
    }
}

impl Replace {
    /// What it comes to.
    #[must_use]
    pub fn run(&self) -> Submitted {
        submit(How::Replace, (&self.submit, &self.network), self.force.grace("replace"), self.save_config, &self.shape)
            .into()
    }
}

/// What is done with each object.
struct Terms<'a> {
    how: How,
    validate: Validate,
    namespace: Option<&'a str>,
    selector: Option<Selector>,
    save_config: bool,
    network: &'a ToConnect,
}

/// An object, unless it was not selected, and what is to be said of it.
struct Prepared {
    wanted: Option<Wanted>,
    warnings: Vec<String>,
}

/// What `-o` says where it is to be shown what a pod would be here.
const PLAN: &str = "plan";

/// Does it with every object that is selected; with `force`, so that one that has to goes before, with this grace.
pub(super) fn submit(
    how: How,
    (submit, network): (&Submit, &ToConnect),
    force: Result<Option<Grace>, Complaint>,
    save_config: bool,
    shape: &Shape,
) -> Result<Submitted, Complaint> {
    let force = force?;
    if submit.timeout.is_some() && submit.wait.is_none() && force.is_none() {
        return Err(Complaint::Usage("--timeout must have --wait or --force specified".to_owned(), how.verb()));
    }
    let mut answer = Answer::default();
    let strategy = submit.dry_run.strategy(&mut answer.warnings)?;
    let shows_plans = shape.word() == PLAN;
    if shows_plans && strategy == Strategy::None {
        return Err(Complaint::plain(
            "-o plan shows what would be done: it takes --dry-run=client or --dry-run=server",
        ));
    }
    let printer = if shows_plans { None } else { Some(shape.printer()?) };
    let validate: Validate = submit.validate.parse().map_err(Complaint::Plain)?;
    let selector = submit.selector.as_deref().map(str::parse::<Selector>).transpose().map_err(Complaint::plain)?;
    if submit.files.is_empty() {
        return Err(Complaint::plain("must specify one of -f and -k"));
    }
    let read = submit.files.read().and_then(|sources| match &submit.env_file {
        Some(file) => template::fill(sources, file),
        None => Ok(sources),
    });
    let sources = match read {
        Ok(sources) => sources,
        Err(complaints) => return Ok(Answer::from(complaints).into()),
    };
    let terms = Terms { how, validate, namespace: submit.namespace.as_deref(), selector, save_config, network };
    let said = |error: &ReadError| match error {
        ReadError::NoMatch { kind, file, place, .. } if kind == "NetworkPolicy" => Complaint::NotYet(format!(
            "{file}:{}: a NetworkPolicy is refused, for nothing would enforce it; pods that are not to reach each other \
             are put into networks of their own (--network bridge:NAME)",
            place.line
        )),
        _ if validate == Validate::Ignore => Complaint::Plain(error.unvalidated()),
        _ => Complaint::Plain(error.to_string()),
    };
    let Some(printer) = printer else {
        let plan = |head| {
            let prepared = terms.prepare(head, &said)?;
            let mut warnings = Vec::new();
            let plan = prepared.wanted.map(|wanted| planned(wanted, &mut warnings)).transpose()?.flatten();
            Ok((plan, [prepared.warnings, warnings].concat()))
        };
        for planned in in_order(&sources, plan, said) {
            match planned {
                Ok((plan, warnings)) => {
                    answer.warnings.extend(warnings);
                    let mark = if answer.text.is_empty() || plan.is_none() { "" } else { "---\n" };
                    answer.text.extend(plan.map(|plan| format!("{mark}{plan}")));
                }
                Err(complaint) => answer.complaints.push(complaint),
            }
        }
        return Ok(answer.into());
    };
    let came = if strategy == Strategy::None {
        let prepared = in_order(&sources, |head| terms.prepare(head, &said), said);
        // Reading takes as long as it takes; others are kept from changing anything only from here on, if at all.
        let wanted = prepared.iter().any(|prepared| matches!(prepared, Ok(Prepared { wanted: Some(_), .. })));
        let keeper = wanted.then(|| Keeper::open(strategy, submit.until())).transpose()?;
        let keep = |prepared: Prepared| prepared.keep(keeper.as_ref(), how, force, submit.timeout);
        prepared.into_iter().map(|prepared| keep(prepared?)).collect::<Vec<_>>()
    } else {
        let keeper = Keeper::open(strategy, Until::Attended)?;
        in_order(&sources, |head| terms.prepare(head, &said)?.keep(Some(&keeper), how, force, None), said)
    };
    let (mut made, mut going) = (Vec::new(), Vec::new());
    for came in came {
        match came {
            Ok(came) => {
                answer.warnings.extend(came.warnings);
                answer.text.extend(came.deleted.map(|line| format!("{line}\n")));
                answer.pending.extend(came.pending);
                going.extend(came.again);
                made.extend(came.made.map(|(value, done)| Made { value, done: strategy.told(done) }));
            }
            Err(complaint) => answer.complaints.push(complaint),
        }
    }
    if made.is_empty() && going.is_empty() && answer.complaints.is_empty() && how != How::Replace {
        return Err(Complaint::plain(format_args!("no objects passed to {}", how.verb())));
    }
    let said_before = std::mem::take(&mut answer.text);
    if how == How::Apply {
        // Objects are shown as one list, and only if there is nothing to complain of.
        if !made.is_empty() && (!printer.shows_objects() || answer.complaints.is_empty()) {
            answer.text = printer.list(made)?;
        }
    } else {
        let texts = made.into_iter().map(|one| printer.text(one)).collect::<Result<Vec<_>, _>>()?;
        answer.text = said_before + &printer.join(&texts, true);
    }
    let until = submit.until();
    let rest = (!going.is_empty()).then_some(Rest { how, wanted: going, until, printer });
    Ok(Submitted { answer, rest })
}

/// What submitting comes to at first, and what there is to be done once that has come about.
#[derive(Debug)]
pub struct Submitted {
    /// What it comes to at first.
    pub answer: Answer,
    /// Objects that come when those that they take the place of are gone.
    pub rest: Option<Rest>,
}

impl From<Answer> for Submitted {
    fn from(answer: Answer) -> Self {
        Self { answer, rest: None }
    }
}

impl From<Result<Self, Complaint>> for Submitted {
    fn from(result: Result<Self, Complaint>) -> Self {
        result.unwrap_or_else(|complaint| Answer::from(complaint).into())
    }
}

/// Objects that take the place of such as have to be gone first.
#[derive(Debug)]
pub struct Rest {
    how: How,
    wanted: Vec<Wanted>,
    until: Until,
    printer: Printer,
}

impl Rest {
    /// What it comes to.
    #[must_use]
    pub fn run(self) -> Answer {
        self.answer().into()
    }

    fn answer(self) -> Result<Answer, Complaint> {
        let mut answer = Answer::default();
        let keeper = Keeper::open(Strategy::None, self.until)?;
        let done = if self.how == How::Apply { "configured" } else { self.how.done() };
        let mut texts = Vec::new();
        for wanted in self.wanted {
            match keeper.keep(How::Create, wanted) {
                Ok(kept) => {
                    answer.warnings.extend(kept.warnings);
                    answer.pending.extend(kept.pending);
                    texts.push(self.printer.text(Made { value: kept.value, done: done.to_owned() })?);
                }
                Err(complaint) => answer.complaints.push(complaint),
            }
        }
        answer.text = self.printer.join(&texts, true);
        Ok(answer)
    }
}

/// What came of an object, unless it was not selected.
#[derive(Default)]
struct Came {
    made: Option<(Value, &'static str)>,
    /// What is said of what had to go before.
    deleted: Option<String>,
    warnings: Vec<String>,
    pending: Option<Pending>,
    /// What is to come when that is gone.
    again: Option<Wanted>,
}

impl Force {
    /// What pods have to end by themselves, where they are forced to.
    fn grace(self, verb: &'static str) -> Result<Option<Grace>, Complaint> {
        match self.grace_period.filter(|seconds| *seconds >= 0) {
            Some(_) if !self.force => {
                Err(Complaint::Usage("--grace-period must have --force specified".to_owned(), verb))
            }
            // Whoever is replaced is seen to have ended.
            Some(seconds) => Ok(Some(Grace::Seconds(seconds.max(1)))),
            None => Ok(self.force.then_some(Grace::Own)),
        }
    }
}

impl Submit {
    fn until(&self) -> Until {
        match self.wait {
            None => Until::Attended,
            Some(Wait::Meant) => Until::Meant(self.timeout),
            Some(Wait::Ready) => Until::Ready(self.timeout),
            Some(Wait::Ended) => Until::Ended(self.timeout),
        }
    }
}

impl Prepared {
    fn keep(
        self,
        keeper: Option<&Keeper>,
        how: How,
        force: Option<Grace>,
        patience: Option<Duration>,
    ) -> Result<Came, Complaint> {
        let (Some(wanted), Some(keeper)) = (self.wanted, keeper) else { return Ok(Came::default()) };
        let forced = match force {
            Some(grace) => keeper.force(how, wanted, grace)?,
            None => Forced::Kept { kept: keeper.keep(how, wanted)?, deleted: None },
        };
        Ok(match forced {
            Forced::Kept { kept, deleted } => {
                let warnings = [self.warnings, kept.warnings].concat();
                let made = Some((kept.value, kept.done));
                Came { made, deleted, warnings, pending: kept.pending, again: None }
            }
            Forced::Going { pod, wanted } => {
                let deleted = (how != How::Apply).then(|| told_of(&Key::of(&Object::Pod(pod.clone()))));
                let pending = Some(Pending { pod, until: Until::Gone(patience) });
                Came { made: None, deleted, warnings: self.warnings, pending, again: Some(*wanted) }
            }
        })
    }
}

impl Terms<'_> {
    fn prepare(&self, head: Head, said: &impl Fn(&ReadError) -> Complaint) -> Result<Prepared, Complaint> {
        let written = head.known().map_err(|error| said(&error))?;
        let decoded = written.decode(self.validate).map_err(|refusal| {
            let places = refusal.places().iter().map(|line| format!("\n  {line}")).collect::<String>();
            Complaint::Whole(format!(
                "Error from server (BadRequest): error when {} {:?}: {}{places}",
                self.how.doing(),
                refusal.source,
                refusal.sentence()
            ))
        })?;
        let mut warnings: Vec<String> = decoded.warnings.iter().map(ToString::to_string).collect();
        if let Some(former) = written.former_version() {
            let (kind, today) = (written.kind(), written.root().api_version);
            warnings.push(format!("{former} {kind} is read as {today} {kind}"));
        }
        let labels = &decoded.object.metadata().labels;
        if self.selector.as_ref().is_some_and(|selector| !selector.matches(labels)) {
            return Ok(Prepared { wanted: None, warnings: Vec::new() });
        }
        let mut value = written.converted();
        self.place(&mut value, decoded.object.resource())?;
        self.named(&decoded.object, &written)?;
        // What it says already would be of another manifest.
        let says = value["metadata"]["annotations"][LAST_APPLIED].is_string();
        if self.how == How::Apply || self.save_config || says {
            value = with_last_applied(&value);
        }
        if self.how == How::Apply {
            value = without_null(value);
        }
        let (source, mut object) = (written.source.clone(), decoded.object);
        // What was typed is not what the manifest says, and is not taken back by it.
        self.network.put(&mut value, &mut object);
        Ok(Prepared { wanted: Some(Wanted { value, object, source }), warnings })
    }

    /// Puts it where it belongs. What is replaced is where it says, or where it was told to be.
    fn place(&self, value: &mut Value, resource: &Resource) -> Result<(), Complaint> {
        let own = value["metadata"]["namespace"].as_str().unwrap_or_default().to_owned();
        if let Some(wanted) = self.namespace.filter(|wanted| resource.namespaced && !own.is_empty() && own != *wanted) {
            return Err(Complaint::Plain(format!(
                "the namespace from the provided object {own:?} does not match the namespace {wanted:?}. You must pass \
                 '--namespace={own}' to perform this operation."
            )));
        }
        if resource.namespaced && own.is_empty() {
            if !value["metadata"].is_object() {
                value["metadata"] = json!({});
            }
            value["metadata"]["namespace"] = json!(self.namespace.unwrap_or("default"));
        }
        Ok(())
    }

    /// What is applied has to have a name, for what is there is looked up by it.
    fn named(&self, object: &Object, written: &Written) -> Result<(), Complaint> {
        let metadata = object.metadata();
        if self.how != How::Apply || metadata.name.as_deref().is_some_and(|name| !name.is_empty()) {
            return Ok(());
        }
        match &metadata.generate_name {
            Some(generate) => Err(Complaint::Plain(format!("from {generate}: cannot use generate name with apply"))),
            None => Err(Complaint::Plain(format!(
                "error when retrieving current configuration of: a {} in {:?}: resource name may not be empty",
                object.kind(),
                written.source
            ))),
        }
    }
}
