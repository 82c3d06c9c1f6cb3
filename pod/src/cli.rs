//! The command line: its verbs, and how what they hand back is to be shown.

use std::ffi::OsString;
use std::ops::{Deref, DerefMut};

use clap::builder::{Resettable, StyledStr};
use clap::{ArgMatches, Args, Command, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use crate::verbs::add::Add;
use crate::verbs::attach::Attach;
use crate::verbs::completion::Completion;
use crate::verbs::config::{CurrentContext, GetContexts, View};
use crate::verbs::convert::Convert;
use crate::verbs::cp::Cp;
use crate::verbs::create::CreateAny;
pub use crate::verbs::create::Format;
use crate::verbs::debug::Debug as Look;
use crate::verbs::delete::Delete;
use crate::verbs::describe::Describe;
use crate::verbs::diff::Diff;
use crate::verbs::doctor::Doctor;
use crate::verbs::edit::Edit;
use crate::verbs::events::Events;
use crate::verbs::exec::Exec;
use crate::verbs::explain::Explain;
use crate::verbs::generate::Kube;
use crate::verbs::get::Get;
use crate::verbs::image::import::Import;
use crate::verbs::image::inspect::Inspect;
use crate::verbs::image::list::List;
use crate::verbs::image::load::Load;
use crate::verbs::image::prune::Prune as PruneImages;
use crate::verbs::image::pull::Pull;
use crate::verbs::image::remove::Remove;
use crate::verbs::image::save::Save;
use crate::verbs::image::tag::Tag;
use crate::verbs::label::{Annotate, Label};
use crate::verbs::logs::Logs;
use crate::verbs::patch::Patch;
use crate::verbs::port_forward::PortForward;
use crate::verbs::prune::Prune;
use crate::verbs::publish::PublishPorts;
use crate::verbs::resources::ApiResources;
use crate::verbs::run::Run;
use crate::verbs::set::Set;
use crate::verbs::start::Start;
use crate::verbs::submit::{Apply, Replace};
use crate::verbs::top::TopPod;
use crate::verbs::version::Version;
use crate::verbs::wait::Wait;

mod plain;

/// Compose pods on one machine, without a cluster.
///
/// A pod is a set of workloads that share network, IPC, hostname and process ids, held by a tiny
/// pause process. Works as root and, with user namespaces, as anybody.
///
/// The exit code of exec is the command's; 128+n when signal n ended it. A command that was not
/// found is 127, one that could not be executed 126, our own failure 125, a bad command line 2.
/// Verbs for manifests are kubectl's, with its words and its exit code 1 for what is wrong with them;
/// under the name kubectl a bad command line is 1, too.
#[derive(Debug, Parser)]
#[command(name = "pod", version, max_term_width = 100)]
pub struct Cli {
    /// What to do
    #[command(subcommand)]
    pub verb: Verb,
}

impl Cli {
    /// The same with the verbs that are to be typed, for who completes it or writes of it.
    #[must_use]
    pub fn shown() -> Command {
        let all = Self::command();
        let shown: Vec<_> = all.get_subcommands().filter(|verb| !verb.is_hide_set()).cloned().collect();
        let command = Command::new("pod").version(env!("CARGO_PKG_VERSION")).subcommand_required(true);
        said(command, [all.get_about(), all.get_long_about()]).subcommands(shown)
    }

    /// The verb of a command line that is as it should be, of those that are typed again and again: the table of all
    /// verbs takes a tenth of the time in which a pod is made. Of any other line, and of a bad one, clap tells by that.
    #[must_use]
    pub fn at_once(words: &[OsString]) -> Option<Self> {
        let words = words.get(1..)?;
        if let Some(verb) = plain::verb(words) {
            return Some(Self { verb });
        }
        let verb = match (words.first()?.to_str()?, words.len()) {
            ("create", _) => Verb::Create(Box::new(alone(words)?)),
            ("add", _) => Verb::Add(Box::new(alone(words)?)),
            ("exec", _) => Verb::Exec(Box::new(alone(words)?)),
            ("get", _) => Verb::Get(alone(words)?),
            ("logs", _) => Verb::Logs(alone(words)?),
            ("publish", _) => Verb::Publish(alone(words)?),
            ("delete", _) => Verb::Delete(alone(words)?),
            ("apply", _) => Verb::Apply(alone(words)?),
            ("attend", _) => Verb::Attend(alone(words)?),
            ("supervise", 1) => Verb::Supervise,
            ("forward", 1) => Verb::Forward,
            ("resolve", 1) => Verb::Resolve,
            ("probe", 1) => Verb::Probe,
            ("console", 1) => Verb::Console,
            _ => return None,
        };
        Some(Self { verb })
    }
}

/// What follows a verb, by its own table.
fn alone<T: Args>(words: &[OsString]) -> Option<Typed<T>> {
    let matches = T::augment_args(Command::new("pod")).try_get_matches_from(words).ok()?;
    T::from_arg_matches(&matches).ok().map(Typed)
}

/// What to do.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum Verb {
    /// Make a pod by hand, or an object of a manifest or of words
    Create(Box<Typed<CreateAny>>),
    /// Put a workload into a pod; its output goes to a log (see `pod logs`)
    Add(Box<Typed<Shown<Add>>>),
    /// Join a pod with a command, in the foreground
    Exec(Box<Typed<Exec>>),
    /// Be with a container that runs, as it is typed at and speaks
    Attach(Typed<Attach>),
    /// Put a container into a pod that runs, to look into it
    Debug(Box<Typed<Look>>),
    /// List pods, or what is kept of a kind
    Get(Typed<Get>),
    /// Show all there is to know of a pod
    Describe(Typed<Shown<Describe>>),
    /// List what has happened to pods
    Events(Typed<Events>),
    /// Print what a workload has said
    Logs(Typed<Logs>),
    /// Copy files into workloads, or out of them
    Cp(Typed<Cp>),
    /// Lead ports of this machine into a pod
    PortForward(Typed<PortForward>),
    /// Change which ports lead into a pod by hand, while it runs.
    ///
    /// What is published is listened to and carried when this comes back. What is removed is closed for whoever comes;
    /// connections that are there go on to their end. Either all of it is done or nothing.
    Publish(Typed<Shown<PublishPorts>>),
    /// End pods and forget them, or delete what is kept
    Delete(Typed<Delete>),
    /// Remove pods that have ended, with all that is kept of them
    Prune(Typed<Prune>),
    /// Show a pod that was made by hand in another form
    #[command(subcommand)]
    Generate(Generate),
    /// Have pods of manifests run again, after the machine was started
    Start(Typed<Start>),
    /// Manage images, which containers are made of
    #[command(subcommand)]
    Image(Image),
    /// Make what manifests say
    Apply(Typed<Apply>),
    /// Put manifests in the place of what is there
    Replace(Typed<Replace>),
    /// Make a pod of an image
    Run(Box<Typed<Run>>),
    /// Change labels of what is kept, or of manifests
    Label(Typed<Label>),
    /// Change annotations of what is kept, or of manifests
    Annotate(Typed<Annotate>),
    /// Change what is kept, or manifests, by a patch
    Patch(Typed<Patch>),
    /// Change what is kept in an editor
    Edit(Typed<Edit>),
    /// Change one thing of what is kept, or of manifests: images, environments, resources, accounts
    Set(Typed<Set>),
    /// Show what apply would change, or in what manifests differ from others
    Diff(Typed<Diff>),
    /// Show manifests of old groups in today's
    Convert(Typed<Convert>),
    /// Wait until pods and what is kept have come to something
    Wait(Typed<Wait>),
    /// Say what a field of a manifest is for
    Explain(Typed<Explain>),
    /// List the kinds that manifests may be of
    ApiResources(Typed<ApiResources>),
    /// Show what is used of processors and memory
    #[command(subcommand)]
    Top(Top),
    /// Show what is in use, where kubectl has a kubeconfig
    #[command(subcommand)]
    Config(Config),
    /// Print which version this is, and of which Kubernetes it reads manifests.
    ///
    /// There is no server: in its place is the release of Kubernetes whose objects are read.
    Version(Typed<Version>),
    /// Print what a shell needs to complete commands.
    ///
    /// bash: `source <(pod completion bash)`; zsh: `pod completion zsh >"${fpath[1]}/_pod"`; fish:
    /// `pod completion fish | source`. Under the name kubectl it is for that.
    Completion(Typed<Completion>),
    /// Say what this machine offers to pods, and what mends what is missing
    Doctor(Typed<Doctor>),
    /// What runs behind a pod; started by the other verbs
    #[command(hide = true)]
    Supervise,
    /// Who attends to a pod of a manifest; started by the other verbs
    #[command(hide = true)]
    Attend(Typed<Attend>),
    /// What carries a pod's published ports; started by its supervisor
    #[command(hide = true)]
    Forward,
    /// What resolves the names of a network's pods; started by whoever makes the first
    #[command(hide = true)]
    Resolve,
    /// What asks in a pod's network how its containers do; started by who attends to the pod
    #[command(hide = true)]
    Probe,
    /// What unpacks and removes files of ids that were set apart for a user; started by the other verbs
    #[command(hide = true)]
    Tend {
        /// What to do
        task: String,
    },
    /// What tries what the kernel lets us do; started by doctor
    #[command(hide = true)]
    Attempt {
        /// Where, in a directory that is empty
        directory: std::path::PathBuf,
    },
    /// What a workload with a terminal or a stdin of its own has before its log; started by its supervisor
    #[command(hide = true)]
    Console,
}

/// A pod to be attended to.
#[derive(Debug, Args)]
pub struct Attend {
    /// Its namespace
    pub namespace: String,
    /// Its name
    pub name: String,
    /// Its uid
    pub uid: String,
    /// The file of this program
    pub program: std::path::PathBuf,
    /// The pause program
    pub pause: std::path::PathBuf,
}

/// What to do with images.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum Image {
    /// Fetch an image from a registry
    Pull(Typed<Shown<Pull>>),
    /// Take images from an archive or a directory
    Load(Typed<Load>),
    /// Make an image of the archive of a root file system
    Import(Typed<Import>),
    /// List the images that are here
    #[command(visible_alias = "ls")]
    List(Typed<ShownImage<List>>),
    /// Show all there is to know of images
    Inspect(Typed<ShownImage<Inspect>>),
    /// Write images to an archive
    Save(Typed<Save>),
    /// Give an image another name
    Tag(Typed<Tag>),
    /// Forget images, and remove of them what nothing else needs
    #[command(visible_alias = "rm")]
    Remove(Typed<Remove>),
    /// Remove what no image and no container needs
    Prune(Typed<PruneImages>),
}

/// Of what to show how much is used.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum Top {
    /// Show what pods use of processors and memory.
    ///
    /// It is what the kernel counts for the control groups of their containers, processors for half a second. Of a
    /// container without a group of its own nothing is known.
    #[command(visible_aliases = ["pods", "po"])]
    Pod(Typed<TopPod>),
}

/// What a pod is to be shown as.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum Generate {
    /// As the manifest of one like it
    Kube(Typed<Kube>),
}

/// What is in use.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum Config {
    /// Show which directories, files and programs are in use.
    ///
    /// In the form of a kubeconfig of one context: its server is the directory in which objects and images are kept, and
    /// what else is in use is in an extension called podkit.
    View(Typed<View>),
    /// Print what the current context is called
    CurrentContext(Typed<CurrentContext>),
    /// List the contexts, of which there is one
    GetContexts(Typed<GetContexts>),
}

/// What may follow a verb, made when the verb is typed: to make it of all verbs takes as long as making a pod.
///
/// What is said of the type is not said of the verb, which it would be otherwise: it comes last.
#[derive(Debug)]
pub struct Typed<T>(pub T);

impl<T: Args> Args for Typed<T> {
    fn augment_args(verb: Command) -> Command {
        described_alike(verb, T::augment_args)
    }

    fn augment_args_for_update(verb: Command) -> Command {
        described_alike(verb, T::augment_args_for_update)
    }
}

fn described_alike(verb: Command, change: fn(Command) -> Command) -> Command {
    let words = [verb.get_about().cloned(), verb.get_long_about().cloned()];
    said(change(verb), words.each_ref().map(Option::as_ref))
}

/// With this said of it, in short and at length.
fn said(command: Command, words: [Option<&StyledStr>; 2]) -> Command {
    let [short, long] = words.map(|words| words.cloned().map_or(Resettable::Reset, Resettable::Value));
    command.about(short).long_about(long)
}

impl<T: FromArgMatches> FromArgMatches for Typed<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        T::from_arg_matches(matches).map(Self)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.0.update_from_arg_matches(matches)
    }
}

impl<T> Deref for Typed<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Typed<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

/// A verb whose images are shown.
#[derive(Debug, Args)]
pub struct ShownImage<T: Args> {
    /// The verb.
    #[command(flatten)]
    pub verb: T,

    /// How to show them
    #[arg(short, long, value_enum)]
    pub output: Option<ImageFormat>,
}

/// How to show images.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ImageFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// For both.
    Yaml,
    /// Only what they are called.
    Name,
}

/// A verb whose value is shown.
#[derive(Debug, Args)]
pub struct Shown<T: Args> {
    /// The verb.
    #[command(flatten)]
    pub verb: T,

    /// How to show it
    #[arg(short, long, value_enum, default_value_t = Format::Text)]
    pub output: Format,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Share;

    fn verb(words: &[&str]) -> Result<Verb, clap::Error> {
        Cli::try_parse_from([&["pod"], words].concat()).map(|cli| cli.verb)
    }

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_verb_by_itself_is_what_it_is_among_all() {
        let both = |words: &[&str]| {
            let words: Vec<OsString> = ["pod"].iter().chain(words).map(OsString::from).collect();
            let [alone, among] = [Cli::at_once(&words), Cli::try_parse_from(&words).ok()];
            (alone.map(|cli| format!("{cli:?}")), among.map(|cli| format!("{cli:?}")))
        };
        for words in [
            &["create", "web"][..],
            &["create", "web", "-p", "8080:80", "--share=net,uts", "--hostname", "www", "-o", "json"],
            &["create", "-f", "pod.yaml", "--dry-run=client", "-o", "yaml"],
            &["create", "configmap", "words", "--from-literal=a=b"],
            &["add", "web", "--name", "app", "-it", "--", "server", "--name", "x", "-d"],
            &["add", "web", "--image", "busybox", "-v", "/a:/b:ro", "--memory", "1m"],
            &["exec", "web", "-c", "app", "-it", "--", "sh", "-c", "exit 1"],
            &["get"],
            &["get", "pods", "web", "-o", "wide", "-n", "kube-system", "--show-labels"],
            &["logs", "-f", "web", "app", "--tail=1"],
            &["publish", "web", "-p", "8080:80", "-r", "8081", "--remove=127.0.0.1:53/udp", "-o", "json"],
            &["delete", "web", "--now"],
            &["delete", "pod", "web", "--grace-period=1"],
            &["apply", "-f", "pod.yaml", "--wait", "--timeout=1m"],
            &["attend", "default", "web", "uid", "/bin/pod", "/bin/pause"],
            &["supervise"],
            &["forward"],
            &["probe"],
            &["console"],
        ] {
            let (alone, among) = both(words);
            assert!(alone.is_some() && alone == among, "{words:?}: {alone:?} and {among:?}");
        }
        for words in
            [&[][..], &["--help"], &["get", "--help"], &["create", "--nothing"], &["supervise", "x"], &["gets"]]
        {
            assert_eq!(both(words).0, None, "{words:?}");
        }
    }

    #[test]
    fn what_is_said_of_a_verb_stays_said_when_it_is_typed() {
        fn said(command: &Command) -> Vec<(String, Option<String>, Option<String>)> {
            let words = |words: Option<&StyledStr>| words.map(ToString::to_string);
            let verbs = command.get_subcommands();
            verbs
                .map(|verb| (verb.get_name().to_owned(), words(verb.get_about()), words(verb.get_long_about())))
                .collect()
        }
        let mut command = Cli::command();
        let before = said(&command);
        command.build();
        let after = said(&command);
        assert!(before.len() > 10, "{before:?}");
        assert_eq!(before, after[..before.len()]);
        let image = |command: &Command| said(command.find_subcommand("image").expect("the verb image"));
        assert!(image(&command).contains(&("pull".into(), Some("Fetch an image from a registry".into()), None)));
    }

    #[test]
    fn a_pod_shares_everything_unless_told_otherwise() {
        let plan = |words: &[&str]| match verb(&[&["create", "web"], words].concat()) {
            Ok(Verb::Create(create)) => create.0.by_hand.plan().expect("a plan"),
            other => panic!("{other:?}"),
        };
        assert_eq!(plan(&[]).share(), &Share::all());
        assert_eq!(plan(&["--share", "net,uts"]).share(), &[Share::Net, Share::Uts].into());
    }

    #[test]
    fn options_of_the_command_stay_the_commands() {
        let Ok(Verb::Add(add)) = verb(&["add", "web", "--name", "app", "--", "server", "--name", "x", "-d"]) else {
            panic!("no add");
        };
        let plan = add.0.verb.plan(&registry::Registry::of_this_user()).expect("a plan");
        assert_eq!((plan.name.as_str(), plan.program.to_str()), ("app", Some("server")));
        assert_eq!(plan.arguments, ["--name", "x", "-d"]);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for words in [
            &["create"][..],
            &["create", "Web"],
            &["create", "web", "--publish", "80"],
            &["create", "web", "--share", "net,mnt"],
            &["create", "web", "--hostname", "-"],
            &["add", "web"],
            &["exec", "web"],
            &["exec", "web", "-e", "=x", "true"],
            &["publish", "web"],
            &["publish", "-p", "8080:80"],
            &["publish", "web", "-p", "80"],
            &["publish", "web", "--remove", "8080-8079"],
            &["delete"],
            &["delete", "web", "--now", "--grace-period", "1"],
            &["delete", "web", "--grace-period", "1m"],
            &["image"],
            &["image", "pull"],
            &["image", "pull", "Nginx"],
            &["image", "pull", "https://q.io/nginx"],
            &["image", "pull", "nginx", "--platform", "linux"],
            &["image", "pull", "nginx", "--creds", "me"],
            &["image", "pull", "nginx", "--tls-verify=perhaps"],
            &["image", "pull", "nginx", "--timeout", "soon"],
            &["create", "web", "--save-config"],
            &["create", "secret", "x"],
            &["set", "web"],
        ] {
            assert!(verb(words).is_err(), "{words:?}");
        }
    }
}
