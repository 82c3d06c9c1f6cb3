//! The volumes of one pod, made one by one.

use std::cell::OnceCell;
use std::fs::{self};
use std::path::{Path, PathBuf};

use image::{OverlayMarks, Prepared};
use launch::Identity;
use manifest::kind::{Pod, Resource};
use registry::tree;

use super::atomic;
use super::claim;
use super::content::{Tokens, contents, renewal};
use super::empty;
use super::error::{VolumeError, file};
use super::host_path;
use super::layers;
use super::mount::Provided;
use super::own::{Owner, groups_of, outside};
use super::token::{Claims, Signer};
use crate::clock;
use crate::compile::{Facts, FsGroup, Medium, PodPlan, Users, VolumePlan, VolumeSource, payload};
use crate::objects::{self, Key, Objects};
use crate::sandbox;

/// Where the volumes of a pod are, and whose.
#[derive(Debug)]
pub(crate) struct Volumes<'a> {
    /// In the pod's own directory: what is in memory, and goes with it.
    pub(crate) state: PathBuf,
    /// In the data directory: what needs a disk, and goes with the pod.
    pub(crate) data: PathBuf,
    /// The key that tokens are signed with.
    pub(crate) key: PathBuf,
    /// Who holds the pod's mounts, once there is somebody.
    pub(crate) pause: Option<Identity>,
    pub(crate) plan: &'a PodPlan,
    pub(crate) objects: &'a Objects,
    signer: OnceCell<Signer>,
}

/// What became of a volume of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    /// Whether it was not so before.
    pub(crate) changed: bool,
    /// When it is to be written anew at the latest, in seconds since 1970.
    pub(crate) renewal: Option<i64>,
}

impl<'a> Volumes<'a> {
    /// Those of a pod that has one directory for what is in memory and one for what is on disk.
    pub(crate) fn new(
        volatile: &Path,
        kept: &Path,
        data: &Path,
        pause: Option<Identity>,
        plan: &'a PodPlan,
        objects: &'a Objects,
    ) -> Self {
        let (state, disk, key) = (volatile.join("volumes"), kept.join("volumes"), data.join("token-key"));
        Self { state, data: disk, key, pause, plan, objects, signer: OnceCell::new() }
    }

    /// Sees to it that a volume is there; it may have been before.
    ///
    /// # Errors
    /// It cannot be had now. Later it may be.
    pub(crate) fn provide(&self, volume: &VolumePlan, pod: &Pod, facts: &Facts) -> Result<Provided, VolumeError> {
        let provided = |path: PathBuf, read_only| Ok(Provided { path, read_only, inert: false });
        match &volume.source {
            VolumeSource::EmptyDir { medium: Medium::Disk, .. } => {
                let path = self.data.join(&volume.name);
                empty::directory(&path)?;
                self.owner(false)?.take(&path)?;
                provided(canonical(&path)?, false)
            }
            VolumeSource::EmptyDir { medium, size_limit } => {
                let path = self.state.join(&volume.name);
                let made = self.state.join(format!(".{}", volume.name));
                empty::directory(&path)?;
                // What is mounted in the pod is seen from there alone: in which it was is remembered by a file.
                if let Some(pause) = self.pause
                    && fs::read_to_string(&made).ok() != Some(mark(pause))
                {
                    empty::in_memory(pause, &path, medium, *size_limit)?;
                    self.owner(false)?.take(&seen_from_the_pod(pause, &path)?)?;
                    fs::write(&made, mark(pause)).map_err(file("write", made))?;
                }
                provided(canonical(&path)?, false)
            }
            VolumeSource::HostPath { path, kind } => {
                let path = PathBuf::from(path);
                host_path::provide(&path, *kind)?;
                provided(canonical(&path)?, false)
            }
            VolumeSource::Files { .. } => {
                let path = self.state.join(&volume.name);
                self.write(volume, pod, facts)?;
                provided(canonical(&path)?, true)
            }
            VolumeSource::Claim { claim, read_only, ephemeral } => {
                let uid = if *ephemeral {
                    claim::own(self.objects, pod, &volume.name, claim)?
                } else {
                    claim::uid(self.objects, &self.plan.namespace, claim)?
                };
                let path = self.objects.claim_data(&uid);
                empty::directory(&path)?;
                self.owner(false)?.take(&path)?;
                provided(canonical(&path)?, *read_only)
            }
            VolumeSource::Image(image) => {
                // It is mounted by who has its layers.
                Err(VolumeError::Refused(format!("image {} is not mounted yet", image.image)))
            }
        }
    }

    /// The files of an image, from its layers; `pin` has them stay, and is called when they are mounted first.
    ///
    /// # Errors
    /// They cannot be mounted, or not be had to stay.
    pub(crate) fn image<E: From<VolumeError>>(
        &self,
        name: &str,
        prepared: &Prepared,
        pin: impl FnOnce() -> Result<(), E>,
    ) -> Result<Provided, E> {
        let provided = |path: PathBuf| Ok(Provided { path, read_only: true, inert: true });
        let pause = self.pause.ok_or_else(|| VolumeError::Refused("the sandbox has ended".to_owned()))?;
        if self.plan.sandbox.users == Users::Pods && sandbox::is_admin() {
            let trouble = "the files of an image as a volume cannot have the ids of a pod's own (hostUsers: false)";
            return Err(VolumeError::Refused(trouble.to_owned()).into());
        }
        let (path, made) = (self.state.join(name), self.state.join(format!(".{name}")));
        if fs::read_to_string(&made).ok() != Some(mark(pause)) {
            pin()?;
            layers::mount(pause, &path, &prepared.lowers, prepared.marks == OverlayMarks::User)?;
            fs::write(&made, mark(pause)).map_err(file("write", made))?;
        }
        provided(canonical(&path)?)
    }

    /// Writes a volume of files as its objects are now.
    ///
    /// # Errors
    /// Something that it is made of is not there, or it cannot be written; what was there before is there then.
    pub(crate) fn write(&self, volume: &VolumePlan, pod: &Pod, facts: &Facts) -> Result<Written, VolumeError> {
        let VolumeSource::Files { default_mode, from, .. } = &volume.source else {
            return Ok(Written { changed: false, renewal: None });
        };
        let files = payload(from, *default_mode, pod, facts).map_err(VolumeError::Refused)?;
        let now = clock::now();
        let make = |audience: Option<&str>, expiration: u64| self.token(pod, facts, audience, expiration);
        let owner = self.owner(true)?;
        let mode = (owner.user.is_some() || owner.group.is_some()).then_some(0o600);
        let path = self.state.join(&volume.name);
        let (contents, shortest) = match self.unchanged(&path, &files, now.as_second()) {
            Some(renewal) => return Ok(Written { changed: false, renewal: Some(renewal) }),
            None => contents(files, &Tokens { make: &make, mode })?,
        };
        directory(&path)?;
        let changed = atomic::write(&path, &contents, now, |fresh| owner.take(fresh))?;
        let renewal = shortest.map(|expiration| renewal(now.as_second(), expiration));
        self.remember(&path, renewal)?;
        Ok(Written { changed, renewal })
    }

    /// When the tokens of a volume are due, if nothing but them could have changed and they are not yet.
    fn unchanged(&self, path: &Path, files: &[crate::compile::File], now: i64) -> Option<i64> {
        let due: i64 = fs::read_to_string(due_file(path)).ok()?.trim().parse().ok()?;
        (now < due && atomic::is_there(path, files)).then_some(due)
    }

    fn remember(&self, path: &Path, renewal: Option<i64>) -> Result<(), VolumeError> {
        let due = due_file(path);
        match renewal {
            Some(renewal) => fs::write(&due, renewal.to_string()).map_err(file("write", due)),
            None => Ok(tree::remove(&due)?),
        }
    }

    fn token(&self, pod: &Pod, facts: &Facts, audience: Option<&str>, expiration: u64) -> Result<String, VolumeError> {
        let signer = match self.signer.get() {
            Some(signer) => signer,
            None => {
                let opened = Signer::open(&self.key)?;
                self.signer.get_or_init(|| opened)
            }
        };
        let spec = pod.spec.clone().unwrap_or_default();
        let account = spec.service_account_name.filter(|name| !name.is_empty()).unwrap_or_else(|| "default".to_owned());
        let uid = Resource::find("serviceaccount").and_then(|resource| {
            let key = Key::new(resource, &self.plan.namespace, &account);
            self.objects.get(&key).ok().flatten()?.metadata().uid.clone()
        });
        signer.token(&Claims {
            namespace: self.plan.namespace.clone(),
            account,
            account_uid: uid,
            pod: self.plan.name.clone(),
            pod_uid: self.plan.uid.clone(),
            node: facts.node.name.clone(),
            audience: audience.map(str::to_owned),
            now: clock::now().as_second(),
            expiration,
            id: objects::uid().map_err(|_| VolumeError::Key)?,
        })
    }

    /// Who owns volumes, as ids are outside of the pod. A group that the pod's user namespace does not have is nobody's.
    fn owner(&self, read_only: bool) -> Result<Owner, VolumeError> {
        let Some(FsGroup { id, on_root_mismatch }) = self.plan.fs_group else { return Ok(Owner::default()) };
        let group = match self.pause {
            // Who mounts it for a container maps its ids.
            Some(_) if sandbox::is_admin() => Some(id),
            Some(pause) => groups_of(pause.pid)?.map_or(Some(id), |map| outside(&map, id)),
            None => nix::unistd::geteuid().is_root().then_some(id),
        };
        let on_root_mismatch = on_root_mismatch && !read_only;
        Ok(Owner { group, user: None, read_only, on_root_mismatch })
    }
}

fn seen_from_the_pod(pause: Identity, path: &Path) -> Result<PathBuf, VolumeError> {
    let path = canonical(path)?;
    let root = Path::new("/proc").join(pause.pid.to_string()).join("root");
    Ok(root.join(path.strip_prefix("/").unwrap_or(&path)))
}

/// What tells a pod's mounts from those of another sandbox of the same pod.
fn mark(pause: Identity) -> String {
    format!("{pause:?}")
}

/// Where it is said when the tokens of a volume are due.
fn due_file(volume: &Path) -> PathBuf {
    let name = volume.file_name().unwrap_or_default().to_string_lossy();
    volume.with_file_name(format!(".due-{name}"))
}

fn directory(path: &Path) -> Result<(), VolumeError> {
    Ok(tree::make(path, 0o755)?)
}

/// The path without links: in the pod, `.` is another directory.
fn canonical(path: &Path) -> Result<PathBuf, VolumeError> {
    fs::canonicalize(path).map_err(file("find", path))
}
