//! `pod prune`: pods that have ended, gone with all that is kept of them. `image prune` makes room by what no container
//! stands on; containers that have ended stand on their images as long as somebody may ask how they ended.

use std::path::{Path, PathBuf};

use clap::Args;
use manifest::kind::{Object, Resource};
use manifest::selector::Selector;
use registry::{Name, Registry};

use super::delete::line;
use super::keep::{plain, seen};
use super::which::told;
use crate::answer::{Answer, Complaint, Pending, Until};
use crate::connect;
use crate::error::Error;
use crate::instance;
use crate::look::{self, Depth};
use crate::objects::{Key, Objects};
use crate::place::Place;
use crate::store::Store;
use crate::view::PodStatus;
use crate::volume::usage;

/// Remove pods that have ended, with their logs and what their containers have written.
///
/// Pods of manifests that have succeeded or failed, and pods by hand whose sandbox is gone. Their images stay:
/// `pod image prune` removes what nothing stands on then. And networks that nobody uses any more, as doctor tells of them.
#[derive(Args, Debug)]
pub struct Prune {
    /// Only pods of manifests, of this namespace [default: of all, and pods by hand]
    #[arg(short, long, value_name = "NAME")]
    namespace: Option<String>,

    /// Only pods of manifests, whose labels are like this
    #[arg(short = 'l', long, value_name = "SELECTOR")]
    selector: Option<String>,

    /// Only show which they are, and what they hold
    #[arg(long)]
    pub dry_run: bool,
}

/// What is to go.
#[derive(Debug, Default)]
pub struct Pruning {
    /// Pods of manifests, each with its uid.
    pods: Vec<(Key, Option<String>)>,
    /// Pods by hand.
    pub by_hand: Vec<Name>,
    /// Networks of which something is nobody's.
    pub networks: Vec<Name>,
    /// Where something of them is, and how much that was.
    held: Vec<(PathBuf, u64)>,
    /// What cannot be told of others.
    complaints: Vec<Complaint>,
}

/// Removes networks that nobody uses any more, the addresses of pods that are gone among it; hands back which, and what
/// could not be removed.
#[must_use]
pub fn networks(store: &Store) -> (Vec<Name>, Vec<Error>) {
    let (gone, troubles) = connect::clear(store.registry().root());
    // Those whose directories were removed by hand have not left.
    store.leave();
    (gone.into_iter().map(|unused| unused.name).collect(), troubles.into_iter().map(Error::from).collect())
}

impl Prune {
    /// Whether it is not about some pods alone.
    #[must_use]
    pub fn is_of_all(&self) -> bool {
        self.namespace.is_none() && self.selector.is_none()
    }

    /// Looks which have ended.
    ///
    /// # Errors
    /// They cannot be listed.
    pub fn find(&self, registry: &Registry) -> Result<Pruning, Error> {
        let mut pruning = Pruning::default();
        match self.selector.as_deref().map(str::parse::<Selector>).transpose() {
            Ok(selector) => self.of_manifests(registry, selector.as_ref(), &mut pruning)?,
            Err(error) => {
                pruning.complaints.push(Complaint::plain(error));
                return Ok(pruning);
            }
        }
        if self.is_of_all() {
            pruning.networks.extend(connect::unused(registry.root())?.into_iter().map(|unused| unused.name));
            for pod in look::pods(registry, Depth::Row)? {
                if pod.object.is_none() && pod.status == PodStatus::Dead {
                    pruning.hold(pod.directory.clone());
                    pruning.held_by(&pod.directory);
                    pruning.by_hand.push(pod.name);
                }
            }
        }
        Ok(pruning)
    }

    fn of_manifests(
        &self,
        registry: &Registry,
        selector: Option<&Selector>,
        pruning: &mut Pruning,
    ) -> Result<(), Error> {
        let Some(pods) = Resource::find("pods") else { return Ok(()) };
        let data = image::store::data_directory();
        for object in Objects::of_this_user()?.list(pods, self.namespace.as_deref())? {
            if selector.is_some_and(|selector| !selector.matches(&object.metadata().labels)) {
                continue;
            }
            let phase = match seen(&object) {
                Ok(value) => value["status"]["phase"].as_str().unwrap_or_default().to_owned(),
                // Of which it cannot be told may run.
                Err(complaint) => {
                    pruning.complaints.push(complaint);
                    continue;
                }
            };
            let Object::Pod(pod) = object else { continue };
            if !["Succeeded", "Failed"].contains(&phase.as_str()) || pod.metadata.deletion_timestamp.is_some() {
                continue;
            }
            let place = Place::of(&pod, &data, registry);
            pruning.hold(place.kept());
            pruning.hold(place.volatile());
            if let Ok(found) = registry.pod(&place.sandbox()) {
                pruning.hold(found.directory().path().to_owned());
                pruning.held_by(found.directory().path());
            }
            let uid = pod.metadata.uid.clone();
            pruning.pods.push((Key::of(&Object::Pod(pod)), uid));
        }
        Ok(())
    }
}

impl Pruning {
    fn hold(&mut self, path: PathBuf) {
        let bytes = usage(&path);
        self.held.push((path, bytes));
    }

    /// What the containers of a pod in this directory have written.
    fn held_by(&mut self, directory: &Path) {
        for path in instance::places(directory) {
            self.hold(path);
        }
    }

    /// How much there is of them.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.held.iter().map(|(_, bytes)| bytes).sum()
    }

    /// How much there was of them that is there no more.
    #[must_use]
    pub fn freed(&self) -> u64 {
        self.held.iter().map(|(path, before)| before.saturating_sub(usage(path))).sum()
    }

    /// What would be done.
    #[must_use]
    pub fn told(&self) -> Answer {
        let lines = self.pods.iter().map(|(key, _)| line(key, "pruned"));
        let by_hand = self.by_hand.iter().map(|name| format!("pod \"{name}\" pruned"));
        let text = lines.chain(by_hand).map(|line| format!("{line} (dry run)\n")).collect();
        Answer { text, complaints: self.complaints.clone(), ..Answer::default() }
    }

    /// Has pods of manifests go.
    #[must_use]
    pub fn run(&self) -> Answer {
        self.condemn().into()
    }

    fn condemn(&self) -> Result<Answer, Complaint> {
        let mut answer = Answer { complaints: self.complaints.clone(), ..Answer::default() };
        if self.pods.is_empty() {
            return Ok(answer);
        }
        let changing = Objects::of_this_user().and_then(|objects| objects.change()).map_err(|error| plain(&error))?;
        for (key, uid) in &self.pods {
            let there = changing.objects().get(key).map_err(|error| plain(&error))?;
            // Who is called so by now may be another.
            if there.is_none_or(|there| there.metadata().uid != *uid) {
                continue;
            }
            match changing.condemn(key, 0) {
                Ok(Object::Pod(pod)) => {
                    answer.text.push_str(&format!("{}\n", line(key, "pruned")));
                    answer.pending.push(Pending { pod, until: Until::Gone(None) });
                }
                Ok(_) => {}
                Err(error) => answer.complaints.push(told(&error)),
            }
        }
        Ok(answer)
    }
}
