//! `top pod`: what pods use of processors and memory.

mod table;

use clap::Args;
use manifest::kind::{ContainerStatus, Object, Pod, Resource};
use registry::Registry;

use super::fields;
use super::keep::plain;
use super::lives::as_it_does;
use super::which::{Scope, Which};
use crate::answer::{Answer, Complaint};
use crate::clock;
use crate::objects::Objects;
use crate::place::Place;
use crate::usage::{self, Used};
use table::{Order, Row, Table};

/// Show what pods use of processors and memory.
#[derive(Args, Debug)]
pub struct TopPod {
    /// The pod [default: all of the namespace]
    #[arg(value_name = "NAME")]
    names: Vec<String>,

    /// A row for each container
    #[arg(long)]
    containers: bool,

    /// What uses most first: cpu or memory
    #[arg(long, value_name = "WHAT", default_value = "", hide_default_value = true)]
    sort_by: String,

    /// Add a row with the sum of all
    #[arg(long)]
    sum: bool,

    /// Leave the heading out
    #[arg(long)]
    no_headers: bool,

    /// The namespace
    #[arg(short, long, value_name = "NAME")]
    namespace: Option<String>,

    /// Pods of all namespaces
    #[arg(short = 'A', long, conflicts_with = "namespace")]
    all_namespaces: bool,

    /// Only pods whose labels are like this
    #[arg(short = 'l', long, value_name = "SELECTOR")]
    selector: Option<String>,

    /// Only pods whose fields are like this
    #[arg(long, value_name = "SELECTOR")]
    field_selector: Option<String>,
}

impl TopPod {
    /// What it comes to.
    #[must_use]
    pub fn run(&self) -> Answer {
        self.answer().into()
    }

    fn answer(&self) -> Result<Answer, Complaint> {
        let order = match self.sort_by.as_str() {
            "" => Order::Name,
            "cpu" => Order::Cpu,
            "memory" => Order::Memory,
            _ => return Err(Complaint::plain("--sort-by accepts only cpu or memory")),
        };
        if self.names.len() > 1 {
            return Err(Complaint::Usage("pod [NAME | -l label]".to_owned(), "top pod"));
        }
        if !self.names.is_empty() && (self.selector.is_some() || self.field_selector.is_some()) {
            return Err(Complaint::plain("only one of NAME or selector can be provided"));
        }
        let mut answer = Answer::default();
        let pods = self.pods(&mut answer)?;
        if !answer.complaints.is_empty() {
            return Ok(answer);
        }
        let rows = rows(&pods)?;
        if rows.is_empty() {
            match pods.first() {
                Some(pod) => return Err(unavailable(pod)),
                None => answer.notes.push(self.scope().nothing(true)),
            }
            return Ok(answer);
        }
        let table = Table {
            namespaces: self.all_namespaces,
            containers: self.containers,
            headings: !self.no_headers,
            sum: self.sum,
        };
        answer.text = table.text(rows, order);
        Ok(answer)
    }

    fn scope(&self) -> Scope {
        Scope {
            namespace: self.namespace.clone(),
            all_namespaces: self.all_namespaces,
            selector: self.selector.clone(),
            ignore_not_found: false,
        }
    }

    /// The pods that are meant, as they do.
    fn pods(&self, answer: &mut Answer) -> Result<Vec<Pod>, Complaint> {
        let fields = fields::parse(self.field_selector.as_deref())?;
        let objects = Objects::of_this_user().map_err(|error| plain(&error))?;
        let Some(resource) = Resource::find("pods") else { return Ok(Vec::new()) };
        let (found, missing) = self.scope().find(&objects, &Which { resource, names: self.names.clone() })?;
        answer.complaints.extend(missing);
        let mut pods = Vec::with_capacity(found.len());
        for object in found {
            let Object::Pod(pod) = object else { continue };
            let pod = as_it_does(pod, answer).pod;
            let value = || Object::Pod(pod.clone()).to_value();
            let selected = fields.as_ref().map(|fields| fields::selects(fields, resource, &value())).transpose()?;
            if selected != Some(false) {
                pods.push(*pod);
            }
        }
        Ok(pods)
    }
}

/// What the containers of these pods use; of pods without a row nothing is known.
fn rows(pods: &[Pod]) -> Result<Vec<Row>, Complaint> {
    let (data, registry) = (image::store::data_directory(), Registry::of_this_user());
    let (mut whose, mut watched) = (Vec::new(), Vec::new());
    for pod in pods {
        let (place, mut names) = (Place::of(pod, &data, &registry), running(pod));
        let these = usage::watch(&registry, (&place.sandbox(), &place.uid), &names)
            .map_err(|error| Complaint::Plain(launch::complain::line(&error)))?;
        names.truncate(these.len());
        whose.push((place, names));
        watched.extend(these);
    }
    let mut used = usage::measure(&watched).into_iter();
    let row = |(place, names): (Place, Vec<&str>)| {
        let both = names.into_iter().zip(used.by_ref()).filter_map(|(name, used)| Some((name.to_owned(), used?)));
        Row { containers: both.collect(), namespace: place.namespace, name: place.name }
    };
    let rows = whose.into_iter().map(row);
    Ok(rows.filter(|row| row.containers.iter().any(|(_, used)| *used != Used::default())).collect())
}

/// The containers of a pod that run now.
fn running(pod: &Pod) -> Vec<&str> {
    let Some(status) = &pod.status else { return Vec::new() };
    let runs = |one: &&ContainerStatus| one.state.as_ref().is_some_and(|state| state.running.is_some());
    let all = status.init_container_statuses.iter().chain(&status.container_statuses);
    all.chain(&status.ephemeral_container_statuses).filter(runs).map(|one| one.name.as_str()).collect()
}

fn unavailable(pod: &Pod) -> Complaint {
    let metadata = &pod.metadata;
    let created = metadata.creation_timestamp.map_or_else(clock::now, |created| created.0);
    let (namespace, name) = (metadata.namespace.as_deref().unwrap_or("default"), metadata.name.as_deref());
    let seconds = clock::now().as_second().saturating_sub(created.as_second());
    let age = table::age(seconds);
    Complaint::Plain(format!("Metrics not available for pod {namespace}/{}, age: {age}", name.unwrap_or_default()))
}
