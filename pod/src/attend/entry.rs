//! An attendant's own life: from being started to the end of its pod.

use std::fs::{self, File};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::time::Duration;

use manifest::kind::{Object, Resource};
use registry::{Lock, Registry, RegistryError, Sharing, file, tree};

use super::run::Attendant;
use crate::error::Error;
use crate::objects::{Key, Objects};
use crate::place::{Place, kept};
use crate::programs::Programs;
use crate::store::Store;
use crate::supervisor::become_nobodys_child;
use crate::sys;

/// How long who only looks whether somebody attends to the pod may have the lock.
const GLANCE: Duration = Duration::from_millis(100);

/// Attends to a pod until it is over or gone, unless somebody does already.
///
/// # Errors
/// What is kept of it cannot be used.
pub fn attend(namespace: &str, name: &str, uid: &str, pod: PathBuf, pause: PathBuf) -> Result<(), Error> {
    sys::close_inherited();
    become_nobodys_child();
    let objects = Objects::of_this_user()?;
    let Some(pods) = Resource::find("pods") else { return Ok(()) };
    let data = image::store::data_directory();
    let key = Key::new(pods, namespace, name);
    let find = || {
        Ok::<_, Error>(match objects.get(&key)? {
            Some(Object::Pod(object)) if object.metadata.uid.as_deref() == Some(uid) => Some(object),
            _ => None,
        })
    };
    // It may have gone meanwhile, and whoever started us has made a place for it.
    let gone = || Ok(tree::remove(&kept(&data, uid))?);
    let make = |directory: PathBuf| tree::make(&directory, 0o700);
    let Some(object) = find()? else { return gone() };
    let place = Place::of(&object, &data, &Registry::of_this_user());
    make(place.kept())?;
    let path = place.lock();
    File::options().append(true).create(true).mode(0o600).open(&path).map_err(file("create", &path))?;
    let lock = match Lock::take_within(&path, Sharing::Exclusive, GLANCE) {
        Ok(Some(lock)) => lock,
        // Somebody attends to it.
        Ok(None) | Err(RegistryError::Locked { .. }) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    // Whoever attended to it before may have forgotten it while we waited: what is made from here on is ours to remove.
    let Some(object) = find()? else { return gone() };
    make(place.volatile())?;
    // Where we are is where nobody else wants to be.
    let _anywhere = std::env::set_current_dir(fs::canonicalize(place.volatile()).unwrap_or_else(|_| "/".into()));
    let root = place.registry.root().to_owned();
    let staying = Attendant::run(place, *object, objects, Programs { pod: Some(pod), pause: Some(pause) }, lock)?;
    if staying.is_with_any() {
        launch::give_memory_back();
        staying.until_they_go(&root)?;
        Store::open()?.leave();
    }
    Ok(())
}
