//! `apply`, `create -f`, `replace`: manifests done, or shown as they would be asked for and as they would become.

use std::time::Duration;

use clap::Args;
use manifest::kind::{Object, Resource};
use manifest::patch::{LAST_APPLIED, with_last_applied, without_null};
use manifest::read::{Head, ReadError, Validate, Written};
use manifest::selector::Selector;
use serde_json::{Value, json};

use super::dry_run::{DryRun, Strategy};
use super::keep::{Keeper, Wanted};
use crate::answer::{Answer, Complaint, Pending, Until};
use crate::each::in_order;
use crate::input::Files;
use crate::output::{Made, Shape};

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

    /// Come back when pods are ready, or have done what they were to do
    #[arg(long)]
    pub(super) wait: bool,

    /// How long to wait for that at most: 30s, 5m
    #[arg(long, value_name = "DURATION", requires = "wait", value_parser = humantime::parse_duration)]
    pub(super) timeout: Option<Duration>,

    #[command(flatten)]
    pub(super) dry_run: DryRun,
}

/// Make what manifests say, or make what is there like them.
///
/// Pods run, and config maps, secrets, claims, service accounts and namespaces are kept, until they are deleted.
#[derive(Args, Debug)]
pub struct Apply {
    #[command(flatten)]
    submit: Submit,

    #[command(flatten)]
    shape: Shape,
}

/// Put manifests in the place of what is there.
#[derive(Args, Debug)]
pub struct Replace {
    #[command(flatten)]
    submit: Submit,

    /// Remember what was asked for in an annotation, as apply does
    #[arg(long)]
    save_config: bool,

    /// Delete what is there, and make it anew
    #[arg(long)]
    force: bool,

    #[command(flatten)]
    shape: Shape,
}

/// Which verb submits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    Apply,
    Create,
    Replace,
    /// What is there is deleted before.
    ReplaceByForce,
}

impl How {
    /// What is said of it while it is done.
    pub(super) fn doing(self) -> &'static str {
        match self {
            Self::Apply | Self::Create => "creating",
            Self::Replace | Self::ReplaceByForce => "replacing",
        }
    }

    /// And afterwards, of what was not there or did not matter.
    pub(super) fn done(self) -> &'static str {
        match self {
            Self::Apply | Self::Create => "created",
            Self::Replace | Self::ReplaceByForce => "replaced",
        }
    }
}

impl Apply {
    /// What it comes to.
    #[must_use]
    pub fn run(&self) -> Answer {
        submit(How::Apply, &self.submit, false, &self.shape).into()
    }
}

impl Replace {
    /// What it comes to.
    #[must_use]
    pub fn run(&self) -> Answer {
        let how = if self.force { How::ReplaceByForce } else { How::Replace };
        submit(how, &self.submit, self.save_config, &self.shape).into()
    }
}

/// What is done with each object.
struct Terms<'a> {
    how: How,
    validate: Validate,
    namespace: Option<&'a str>,
    selector: Option<Selector>,
    save_config: bool,
}

/// An object, unless it was not selected, and what is to be said of it.
struct Prepared {
    wanted: Option<Wanted>,
    warnings: Vec<String>,
}

pub(super) fn submit(how: How, submit: &Submit, save_config: bool, shape: &Shape) -> Result<Answer, Complaint> {
    let mut answer = Answer::default();
    let strategy = submit.dry_run.strategy(&mut answer.warnings)?;
    let printer = shape.printer()?;
    let validate: Validate = submit.validate.parse().map_err(Complaint::Plain)?;
    let selector = submit.selector.as_deref().map(str::parse::<Selector>).transpose().map_err(Complaint::plain)?;
    if submit.files.is_empty() {
        return Err(Complaint::plain("must specify one of -f and -k"));
    }
    let sources = match submit.files.read() {
        Ok(sources) => sources,
        Err(complaints) => return Ok(complaints.into()),
    };
    let terms = Terms { how, validate, namespace: submit.namespace.as_deref(), selector, save_config };
    let said = |error: &ReadError| {
        Complaint::Plain(if validate == Validate::Ignore { error.unvalidated() } else { error.to_string() })
    };
    let came = if strategy == Strategy::None {
        let prepared = in_order(&sources, |head| terms.prepare(head, &said), said);
        // Reading takes as long as it takes; others are kept from changing anything only from here on, if at all.
        let wanted = prepared.iter().any(|prepared| matches!(prepared, Ok(Prepared { wanted: Some(_), .. })));
        let keeper = wanted.then(|| Keeper::open(strategy, submit.until())).transpose()?;
        prepared.into_iter().map(|prepared| prepared?.keep(keeper.as_ref(), how)).collect::<Vec<_>>()
    } else {
        let keeper = Keeper::open(strategy, Until::Attended)?;
        in_order(&sources, |head| terms.prepare(head, &said)?.keep(Some(&keeper), how), said)
    };
    let mut made = Vec::new();
    for came in came {
        match came {
            Ok(came) => {
                answer.warnings.extend(came.warnings);
                answer.text.extend(came.deleted.map(|line| format!("{line}\n")));
                answer.pending.extend(came.pending);
                made.extend(came.made.map(|(value, done)| Made { value, done: strategy.told(done) }));
            }
            Err(complaint) => answer.complaints.push(complaint),
        }
    }
    if made.is_empty() && answer.complaints.is_empty() && matches!(how, How::Apply | How::Create) {
        let verb = if how == How::Apply { "apply" } else { "create" };
        return Err(Complaint::plain(format_args!("no objects passed to {verb}")));
    }
    let said_before = std::mem::take(&mut answer.text);
    if how == How::Apply {
        // Objects are shown as one list, and only if there is nothing to complain of.
        if !printer.shows_objects() || answer.complaints.is_empty() {
            answer.text = printer.list(made)?;
        }
    } else {
        let texts = made.into_iter().map(|one| printer.text(one)).collect::<Result<Vec<_>, _>>()?;
        answer.text = said_before + &printer.join(&texts, true);
    }
    Ok(answer)
}

/// What came of an object, unless it was not selected.
#[derive(Default)]
struct Came {
    made: Option<(Value, &'static str)>,
    /// What is said of what had to go before.
    deleted: Option<String>,
    warnings: Vec<String>,
    pending: Option<Pending>,
}

impl Submit {
    fn until(&self) -> Until {
        if self.wait { Until::Ready(self.timeout) } else { Until::Attended }
    }
}

impl Prepared {
    fn keep(self, keeper: Option<&Keeper>, how: How) -> Result<Came, Complaint> {
        let (Some(wanted), Some(keeper)) = (self.wanted, keeper) else { return Ok(Came::default()) };
        let (deleted, kept) = match how {
            How::ReplaceByForce => keeper.replace_by_force(wanted)?,
            _ => (None, keeper.keep(how, wanted)?),
        };
        let warnings = [self.warnings, kept.warnings].concat();
        Ok(Came { made: Some((kept.value, kept.done)), deleted, warnings, pending: kept.pending })
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
        let source = written.source.clone();
        Ok(Prepared { wanted: Some(Wanted { value, object: decoded.object, source }), warnings })
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
