//! `apply`, `create -f`, `replace`: manifests as they would be asked for, and as they would become.

use clap::Args;
use manifest::check::{mentions, sentence};
use manifest::kind::{Object, Resource};
use manifest::patch::{LAST_APPLIED, with_last_applied, without_null};
use manifest::read::{Head, ReadError, Validate, Written};
use manifest::schema::Support;
use manifest::selector::Selector;
use serde_json::{Value, json};

use super::dry_run::{DryRun, Strategy};
use crate::answer::{Answer, Complaint};
use crate::each::each;
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

    #[command(flatten)]
    pub(super) dry_run: DryRun,
}

/// Make what manifests say, or make what is there like them.
///
/// Running manifests is not there yet: it takes --dry-run.
#[derive(Args, Debug)]
pub struct Apply {
    #[command(flatten)]
    submit: Submit,

    #[command(flatten)]
    shape: Shape,
}

/// Put manifests in the place of what is there.
///
/// Running manifests is not there yet: it takes --dry-run.
#[derive(Args, Debug)]
pub struct Replace {
    #[command(flatten)]
    submit: Submit,

    /// Remember what was asked for in an annotation, as apply does
    #[arg(long)]
    save_config: bool,

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
        submit(How::Replace, &self.submit, self.save_config, &self.shape).into()
    }
}

/// What is done with each object.
struct Terms<'a> {
    how: How,
    strategy: Strategy,
    validate: Validate,
    namespace: Option<&'a str>,
    selector: Option<Selector>,
    save_config: bool,
}

/// An object, unless it was not selected, and what is to be said of it.
struct Prepared {
    made: Option<Made>,
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
    if strategy == Strategy::None {
        let trouble =
            "running manifests is not there yet; --dry-run=client or --dry-run=server shows what would come of it";
        return Err(Complaint::NotYet(trouble.to_owned()));
    }
    let sources = match submit.files.read() {
        Ok(sources) => sources,
        Err(complaints) => return Ok(complaints.into()),
    };
    let terms = Terms { how, strategy, validate, namespace: submit.namespace.as_deref(), selector, save_config };
    let said = |error: &ReadError| {
        Complaint::Plain(if validate == Validate::Ignore { error.unvalidated() } else { error.to_string() })
    };
    let found = each(&sources, |head| terms.prepare(head, &said), said);
    answer.complaints = found.complaints;
    let mut made = Vec::new();
    for prepared in found.done {
        answer.warnings.extend(prepared.warnings);
        made.extend(prepared.made);
    }
    if made.is_empty() && answer.complaints.is_empty() && how != How::Replace {
        let verb = if how == How::Apply { "apply" } else { "create" };
        return Err(Complaint::plain(format_args!("no objects passed to {verb}")));
    }
    if how == How::Apply {
        // Objects are shown as one list, and only if there is nothing to complain of.
        if !printer.shows_objects() || answer.complaints.is_empty() {
            answer.text = printer.list(made)?;
        }
    } else {
        let texts = made.into_iter().map(|one| printer.text(one)).collect::<Result<Vec<_>, _>>()?;
        answer.text = printer.join(&texts, true);
    }
    Ok(answer)
}

impl Terms<'_> {
    fn prepare(&self, head: Head, said: &impl Fn(&ReadError) -> Complaint) -> Result<Prepared, Complaint> {
        let written = head.known().map_err(|error| said(&error))?;
        let decoded = written.decode(self.validate).map_err(|refusal| {
            let places = refusal.places().iter().map(|line| format!("\n  {line}")).collect::<String>();
            Complaint::Whole(format!(
                "Error from server (BadRequest): error when {} {:?}: {}{places}",
                self.doing(),
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
            return Ok(Prepared { made: None, warnings: Vec::new() });
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
        if self.strategy == Strategy::Server {
            value = become_of(decoded.object, &value, &mut warnings)?;
        }
        let done = if self.how == How::Replace { "replaced" } else { "created" };
        Ok(Prepared { made: Some(Made { value, done: self.strategy.told(done) }), warnings })
    }

    fn doing(&self) -> &'static str {
        match self.how {
            How::Apply | How::Create => "creating",
            How::Replace => "replacing",
        }
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

/// What an API server would make of it: with its defaults, or not at all; and what means nothing here is told.
fn become_of(mut object: Object, value: &Value, warnings: &mut Vec<String>) -> Result<Value, Complaint> {
    object.forget_told();
    if let Some(annotations) = value["metadata"]["annotations"].as_object() {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        object.metadata_mut().annotations = annotations.iter().map(|(key, value)| (key.clone(), text(value))).collect();
    }
    object.metadata_mut().namespace = value["metadata"]["namespace"].as_str().map(str::to_owned);
    object.set_defaults();
    let mut invalid = object.check();
    for mention in mentions(&object) {
        match mention.to_invalid() {
            Some(refused) => invalid.push(refused),
            None if mention.support == Support::Told => {}
            None => warnings.push(mention.to_string()),
        }
    }
    if invalid.is_empty() { Ok(object.to_value()) } else { Err(Complaint::Whole(sentence(&object, &invalid))) }
}
