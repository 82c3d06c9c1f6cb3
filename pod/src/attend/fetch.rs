//! Images that a pod's containers are made of, or mount: that they are here.

use std::collections::BTreeMap;
use std::sync::{MutexGuard, PoisonError};
use std::time::Instant;

use image::remote::{Patience, Remote, RemoteError, Settings, Verify};
use image::{Descriptor, Image, ImageError, Limits, Platform, Prepared, Store as Images};

use super::errand::Scene;
use crate::compile::{ImageVolume, Pull, Refusal, VolumePlan, VolumeSource, Waiting};
use crate::images;
use crate::machine::{Event, Fetched, Job};

impl Scene {
    /// Sees that the images are here that a container mounts, and then its own; tells of each what is done for it, and
    /// hands back what came of it. What is not here, or not to be had, keeps the rest waiting.
    pub(super) fn fetch_all(&self, container: String, job: Job, may_fetch: bool, tell: impl Fn(Event)) -> Event {
        let asks = |volume: Option<String>| {
            let (container, tell) = (container.clone(), &tell);
            move || tell(Event::Pulling { container, job, volume })
        };
        for ImageVolume { image, pull } in self.mounted_images(&container) {
            match self.fetch(&image, pull, may_fetch, asks(Some(image.clone()))) {
                Ok(fetched) => tell(Event::VolumeImage { container: container.clone(), job, image, fetched }),
                Err(refusal) => return Event::Image { container, job, volume: Some(image), result: Err(refusal) },
            }
        }
        let result = match self.plan.container(&container) {
            Some(spec) => self.fetch(&spec.image, spec.pull, may_fetch, asks(None)),
            None => Err(Refusal {
                reason: Waiting::CreateContainerError,
                message: format!("the pod has no container {container}"),
            }),
        };
        Event::Image { container, job, volume: None, result }
    }

    /// The images whose files a container mounts, in the order in which the pod has them.
    fn mounted_images(&self, container: &str) -> Vec<ImageVolume> {
        let mounts: Vec<_> =
            self.containers().filter(|it| it.name == container).flat_map(|it| it.volume_mounts).collect();
        let is_mounted = |volume: &&VolumePlan| mounts.iter().any(|mount| mount.name == volume.name);
        let images = self.plan.volumes.iter().filter(is_mounted).filter_map(|volume| match &volume.source {
            VolumeSource::Image(image) => Some(image.clone()),
            _ => None,
        });
        images.collect()
    }

    /// Sees that an image is here; says when a registry is asked for it.
    ///
    /// # Errors
    /// It is not, in a cluster's words.
    fn fetch(&self, image: &str, pull: Pull, may_fetch: bool, asks: impl FnOnce()) -> Result<Fetched, Refusal> {
        let refused = |reason, message: String| Refusal { reason, message };
        let typed: image::reference::Typed = image.parse().map_err(|_| {
            let trouble = misspelt(image);
            let message =
                format!("Failed to apply default image tag {image:?}: couldn't parse image name {image:?}: {trouble}");
            refused(Waiting::InvalidImageName, message)
        })?;
        let odd = |error: &dyn std::error::Error| refused(Waiting::ImageInspectError, launch::complain::line(error));
        let store = images::open().map_err(|error| odd(&error))?;
        let here = found(&store, image).map_err(|error| odd(&error))?;
        let known = |found: Image, pulled| {
            let id = format!("{}@{}", repository(image), found.manifest.digest());
            self.fetched().insert(image.to_owned(), found);
            Fetched { name: image.to_owned(), id, pulled }
        };
        match (pull, here) {
            (Pull::Never, None) => {
                let message = format!("Container image {image:?} is not present with pull policy of Never");
                return Err(refused(Waiting::ErrImageNeverPull, message));
            }
            (Pull::Never | Pull::IfNotPresent, Some(found)) => return Ok(known(found, None)),
            _ => {}
        }
        if !may_fetch {
            let message = format!("Back-off pulling image {image:?}");
            return Err(refused(Waiting::ImagePullBackOff, message));
        }
        asks();
        let began = Instant::now();
        let fetch = || -> Result<Descriptor, RemoteError> {
            let remote = Remote::new(Settings::of_this_user(None)?, Verify::Configured, Patience::default(), None);
            Ok(remote.pull(&store, &typed, &Platform::here(), &|_| {})?.manifest)
        };
        let manifest = fetch().map_err(|error| refused(Waiting::ErrImagePull, launch::complain::line(&error)))?;
        let took = format!("{}ms", began.elapsed().as_millis());
        let found = store.image(&manifest, &Platform::here()).map_err(|error| odd(&error))?;
        Ok(known(found, Some((took, manifest.size()))))
    }

    fn fetched(&self) -> MutexGuard<'_, BTreeMap<String, Image>> {
        self.fetched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An image that is here, unpacked: the one that was fetched for this launch, whatever its name means by now.
    pub(super) fn prepared(&self, image: &str) -> Result<(Images, Prepared), ImageError> {
        let store = images::open()?;
        let fetched = self.fetched().remove(image);
        let prepare = |image: Image| store.prepare_image(image, &Platform::here(), Limits::default(), |_, _| {});
        if let Some(prepared) = fetched.and_then(|image| prepare(image).ok()) {
            return Ok((store, prepared));
        }
        // It was removed since, and may have come again.
        let missing = || ImageError::NoSuchImage { name: image.to_owned(), root: self.place.data.clone() };
        let prepared = prepare(found(&store, image)?.ok_or_else(missing)?)?;
        Ok((store, prepared))
    }
}

fn found(store: &Images, name: &str) -> Result<Option<Image>, ImageError> {
    match store.find(name) {
        Err(ImageError::NoSuchImage { .. }) => Ok(None),
        found => Ok(found?.into_iter().next().map(|known| known.image)),
    }
}

/// What is wrong with the name of an image, as a kubelet says it.
fn misspelt(image: &str) -> String {
    let is_host =
        |first: &str| first.contains(['.', ':']) || first == "localhost" || first.chars().any(char::is_uppercase);
    let path = match image.split_once('/') {
        Some((first, rest)) if is_host(first) => rest.to_owned(),
        Some(_) => image.to_owned(),
        None => format!("library/{image}"),
    };
    let path = repository(&path);
    if path.chars().any(char::is_uppercase) {
        return format!("invalid reference format: repository name ({path}) must be lowercase");
    }
    "invalid reference format".to_owned()
}

/// A name without its tag.
fn repository(image: &str) -> &str {
    let name = image.split('@').next().unwrap_or(image);
    match name.rsplit_once(':') {
        Some((before, tag)) if !tag.contains('/') => before,
        _ => name,
    }
}
