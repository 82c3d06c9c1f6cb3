//! `pod create`: making a pod.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::SystemTime;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use network::{Attachment, Network};
use registry::{Lock, Name, PodDirectory};

use super::make::{Kind, no_such_generator};
use super::network::ToConnect;
use super::submit::{How, Submit, Submitted, submit};
use crate::answer::{Answer, Complaint};
use crate::connect;
use crate::end;
use crate::error::Error;
use crate::forwarder::{self, Listening};
use crate::output::Shape;
use crate::plan::{Hostname, PodPlan, Share, Users, Wish};
use crate::programs::Programs;
use crate::publish::{Publish, Published};
use crate::range;
use crate::record::PodRecord;
use crate::sandbox::{self, Opened};
use crate::store::Store;
use crate::supervisor;

/// Where the pause program is, where nobody says so.
pub(crate) const PAUSE: &str = "POD_PAUSE";
/// What after the verb is no pod's name.
const KINDS: [&str; 8] = ["configmap", "cm", "secret", "namespace", "ns", "serviceaccount", "sa", "help"];

/// Make a pod.
#[derive(Debug, Args)]
pub struct Create {
    /// The pod's name, a DNS label
    #[arg(required_unless_present = "filename")]
    name: Option<Name>,

    /// The hostname inside [default: the pod's name]
    #[arg(long)]
    hostname: Option<Hostname>,

    /// Let a port of the host lead to one on the pod's localhost; port 0 lets the kernel choose,
    /// and 8000-8010:80-90 are eleven ports
    #[arg(short, long, value_name = "[ADDRESS:]HOST:POD[/PROTOCOL]")]
    publish: Vec<Published>,

    /// The namespaces that the workloads share. Without net, ipc or uts they are in the host's;
    /// without pid, each has its own process ids [default: net,ipc,uts,pid]
    #[arg(long, value_delimiter = ',', value_name = "LIST")]
    #[arg(value_parser = PossibleValuesParser::new(Share::NAMES).try_map(|name| name.parse::<Share>()))]
    share: Option<Vec<Share>>,

    #[command(flatten)]
    pub(super) network: ToConnect,

    /// The pause program [default: the one beside this program, or in PATH]
    #[arg(long, env = PAUSE, value_name = "FILE")]
    pub pause: Option<PathBuf>,
}

/// A manifest, or an object of a kind, in the place of a pod by hand.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct CreateAny {
    /// The kind
    #[command(subcommand)]
    pub kind: Option<Kind>,

    /// A pod by hand
    #[command(flatten)]
    pub by_hand: Create,

    #[command(flatten)]
    submit: Submit,

    /// Remember what was asked for in an annotation, as apply does
    #[arg(long, requires = "filename")]
    save_config: bool,

    #[command(flatten)]
    shape: Shape,
}

impl CreateAny {
    /// A pod by hand of which nothing but the name was typed, if it can be one's.
    pub(crate) fn plain(name: &str) -> Option<Self> {
        let name = (!KINDS.contains(&name)).then(|| name.parse().ok()).flatten();
        let network = ToConnect::default();
        let by_hand =
            Create { name: Some(name?), hostname: None, publish: Vec::new(), share: None, network, pause: None };
        let (submit, shape) = (Submit::default(), Shape::default());
        Some(Self { kind: None, by_hand, submit, save_config: false, shape })
    }

    /// What it comes to, unless it is a pod by hand.
    #[must_use]
    pub fn run(&self) -> Option<Answer> {
        if let Some(kind) = &self.kind {
            return Some(kind.run());
        }
        if !self.submit.files.is_empty() {
            let name = self.by_hand.name.as_ref();
            let unexpected = name.map(|name| Complaint::Usage(format!("Unexpected args: [{name}]"), "create"));
            let submitted = || {
                Submitted::from(submit(
                    How::Create,
                    (&self.submit, &self.by_hand.network),
                    Ok(None),
                    self.save_config,
                    &self.shape,
                ))
                .answer
            };
            return Some(unexpected.map_or_else(submitted, Answer::from));
        }
        no_such_generator(self.by_hand.name.as_ref()?.as_str()).map(Answer::from)
    }
}

impl CreateAny {
    /// How a pod by hand is to be shown.
    ///
    /// # Errors
    /// Not as it was typed.
    pub fn format(&self) -> Result<Format, Error> {
        by_hand(&self.shape)
    }
}

/// How a pod by hand is to be shown.
pub(super) fn by_hand(shape: &Shape) -> Result<Format, Error> {
    match shape.word() {
        "" | "text" => Ok(Format::Text),
        "json" => Ok(Format::Json),
        other => Err(Error::NoFormat { word: other.to_owned() }),
    }
}

/// How to show something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

impl Create {
    /// The pod that was typed.
    ///
    /// # Errors
    /// When its parts contradict each other.
    pub fn plan(self) -> Result<PodPlan, Error> {
        // clap has seen to it that there is one.
        let name = self.name.ok_or(Error::Handed { what: "no name" })?;
        let network = self.network.network;
        let share: BTreeSet<Share> = match self.share {
            Some(share) => share.into_iter().collect(),
            None if network == Some(Network::Host) => Share::ALL.into_iter().filter(|it| *it != Share::Net).collect(),
            None => Share::all(),
        };
        let publish = self.publish.into_iter().flat_map(|Published(ports)| ports).collect();
        let plan = PodPlan::new(name, self.hostname, share, publish)?;
        Ok(match network {
            Some(network) => plan.connected(network)?,
            None => plan,
        })
    }
}

/// A pod that has been made, and that nobody else changes yet.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) name: Name,
    pub(crate) directory: PodDirectory,
    pub(crate) lock: Option<Lock>,
    /// Its ports, which nobody carries yet.
    pub(crate) listening: Vec<Listening>,
    /// What it is given in its network.
    pub(crate) attachment: Attachment,
    /// What that lacks.
    pub(crate) trouble: Option<String>,
}

impl Made {
    /// Takes it apart again.
    pub(crate) fn undo(self, store: &Store) -> Result<(), Error> {
        end::end(&self.name, &self.directory, store.here())?;
        match self.lock {
            Some(lock) => store.forget(&self.name, &self.directory, &lock),
            None => Ok(()),
        }
    }
}

/// Makes a pod: a sandbox held by a pause process and, where ports are published, its supervisor.
///
/// # Errors
/// When the name is in use, a port cannot be listened on, or the kernel refuses the sandbox.
/// Nothing is left behind then.
pub fn create(store: &Store, plan: PodPlan, programs: &Programs) -> Result<PodDirectory, Error> {
    let made = make(store, plan, programs)?;
    // Somebody sees to it that its ports are carried, and that its way out is open.
    let is_served = !made.listening.is_empty() || made.attachment.network == Network::Pasta;
    if is_served && let Err(error) = supervisor::ensure(programs, &made.name, &made.directory, &made.listening) {
        // A pod whose ports nobody carries is not the one that was asked for.
        made.undo(store)?;
        return Err(error);
    }
    Ok(made.directory)
}

/// Makes a pod that nobody supervises yet.
///
/// # Errors
/// As [`create`].
pub(crate) fn make(store: &Store, plan: PodPlan, programs: &Programs) -> Result<Made, Error> {
    let pause = programs.pause()?;
    let name = plan.name().clone();
    let claim = store.claim(&name)?;
    // Whatever can be refused is asked for before there is anything to undo.
    let listening: Vec<Listening> = plan.publish().iter().copied().map(listen).collect::<Result<_, _>>()?;
    let plan = plan.published_at(listening.iter().map(|listening| listening.publish).collect());
    let ids = (plan.users() == Users::SetApart).then(|| range::set_apart(store, claim.directory())).transpose()?;
    let (root, draft) = (store.registry().root(), claim.directory());
    let mut connection = match connect::prepare(root, &plan, draft, programs) {
        Err(error) if plan.wish() == Wish::Usual => connect::do_without(root, &plan, draft, store.here(), &error)?,
        prepared => prepared?,
    };
    let users = ids.map_or_else(|| connection.users(), sandbox::Users::Apart);
    // Whoever is in a user namespace of the pod's own makes no links outside of it: that is left to us.
    let wire = if users == sandbox::Users::Ours { connection.take_wire() } else { None };
    let mut missing = Opened::open(&plan, draft, &pause, users, connection.attachment(), wire)?.run()?;
    let pause =
        claim.directory().recorded(registry::Process::Pause)?.ok_or(Error::Handed { what: "no pause process" })?;
    let (attachment, without) = match connection.complete(draft, pause, programs) {
        Err(error) if plan.wish() == Wish::Usual => {
            connect::do_without(root, &plan, draft, store.here(), &error)?.given()
        }
        completed => completed?,
    };
    let trouble = without.first().map(|it| format!("{}: {}", it.mount, it.reason));
    missing.extend(without);
    let origin = store.here().clone();
    claim.directory().write_pod(&PodRecord { plan, created: SystemTime::now(), missing, pause, origin })?;
    let (directory, lock) = claim.commit()?;
    Ok(Made { name, directory, lock, listening, attachment, trouble })
}

fn listen(publish: Publish) -> Result<Listening, Error> {
    forwarder::listen(publish).map_err(|source| Error::Publish { publish, source })
}
