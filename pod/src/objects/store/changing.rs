//! Objects changed: one at a time, each put in the place of the one before it, and told of to who attends to it.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use manifest::emit::compact;
use manifest::kind::{Object, RESOURCES, Resource};
use manifest::value::Time;
use registry::{file, tree};

use super::{Changing, Created, DEFAULT, DRAFT, Objects, meant, namespace_called, node_name, suffix, uid};
use crate::clock;
use crate::objects::bell;
use crate::objects::error::ObjectsError;
use crate::objects::key::Key;
use crate::objects::stamp::{self, Birth};

impl Changing {
    /// What is there.
    #[must_use]
    pub(crate) fn objects(&self) -> &Objects {
        &self.objects
    }

    /// Keeps a new object, and makes its namespace where there is none.
    ///
    /// # Errors
    /// When there is one of its name, or it cannot be written.
    pub(crate) fn create(&self, mut object: Object) -> Result<Created, ObjectsError> {
        let generate = object.metadata().generate_name.clone().unwrap_or_default();
        if object.metadata().name.as_deref().unwrap_or_default().is_empty() && !generate.is_empty() {
            object.metadata_mut().name = Some(format!("{generate}{}", suffix()?));
        }
        let key = Key::of(&object);
        if self.objects.get(&key)?.is_some() {
            return Err(ObjectsError::Exists(key));
        }
        if let Some(namespace) = key.namespace()
            && self.objects.is_terminating(namespace)?
        {
            return Err(ObjectsError::Terminating(key));
        }
        let namespace = key.namespace().map(|name| self.provide(name)).transpose()?.flatten();
        let now = Time(clock::now());
        stamp::born(&mut object, Birth { uid: uid()?, now, revision: self.next(None)?, node: node_name() });
        self.write(&key, &object)?;
        Ok(Created { object, namespace })
    }

    /// Puts an object in the place of the one of its name. One that says which revision it is meant for is meant for
    /// no other.
    ///
    /// # Errors
    /// When there is none of its name, it was changed meanwhile, or it cannot be written.
    pub(crate) fn update(&self, mut object: Object) -> Result<Object, ObjectsError> {
        let key = Key::of(&object);
        let before = self.objects.get(&key)?.ok_or_else(|| ObjectsError::Missing(key.clone()))?;
        meant(&key, &object, &before)?;
        stamp::changed(&mut object, &before, self.next(Some(&before))?);
        self.write(&key, &object)?;
        Ok(object)
    }

    /// Deletes an object, and hands back what it was. With a namespace goes what is in it, with a claim what is in its
    /// volume.
    ///
    /// # Errors
    /// When there is none, or it cannot be removed.
    pub(crate) fn delete(&self, key: &Key) -> Result<Object, ObjectsError> {
        if key.resource.kind == "Namespace" && key.name == DEFAULT {
            return Err(ObjectsError::Needed(key.clone()));
        }
        let object = self.objects.get(key)?.ok_or_else(|| ObjectsError::Missing(key.clone()))?;
        if key.resource.kind == "Namespace" {
            for resource in RESOURCES.iter().filter(|resource| resource.namespaced) {
                for object in self.objects.list(resource, Some(&key.name))? {
                    self.remove(&object)?;
                }
            }
        }
        self.remove(&object)?;
        self.sweep_claims()?;
        Ok(object)
    }

    /// Has an object say that it is to go, and how many seconds it has; it may be given less than before, never more.
    ///
    /// # Errors
    /// When there is none of its name, or it cannot be written.
    pub(crate) fn condemn(&self, key: &Key, grace: i64) -> Result<Object, ObjectsError> {
        let before = self.objects.get(key)?.ok_or_else(|| ObjectsError::Missing(key.clone()))?;
        let mut object = before.clone();
        let metadata = object.metadata_mut();
        let grace = metadata.deletion_grace_period_seconds.map_or(grace, |given| given.min(grace));
        let by = clock::now().as_second().saturating_add(grace);
        metadata.deletion_timestamp = jiff::Timestamp::from_second(by).ok().map(Time);
        metadata.deletion_grace_period_seconds = Some(grace);
        metadata.generation = metadata.generation.map(|generation| generation + 1);
        metadata.resource_version = Some(self.next(Some(&before))?.to_string());
        if let Object::Namespace(namespace) = &mut object {
            namespace.status.get_or_insert_default().phase = Some("Terminating".to_owned());
        }
        self.write(key, &object)?;
        Ok(object)
    }

    /// Deletes a namespace that is to go, if nothing keeps it any more.
    ///
    /// # Errors
    /// When it cannot be read or removed.
    pub(crate) fn finish(&self, namespace: &str) -> Result<(), ObjectsError> {
        if self.objects.is_emptied(namespace)? {
            self.delete(&Key::of(&namespace_called(namespace)?))?;
        }
        Ok(())
    }

    /// Removes the data of claims that are no more, whoever was to do it.
    fn sweep_claims(&self) -> Result<(), ObjectsError> {
        let kept = tree::names(&self.objects.claims())?;
        if kept.is_empty() {
            return Ok(());
        }
        let claims = Resource::find("pvc").map(|resource| self.objects.list(resource, None)).transpose()?;
        let uids: Vec<String> =
            claims.unwrap_or_default().iter().filter_map(|claim| claim.metadata().uid.clone()).collect();
        for name in kept.iter().filter(|name| !uids.iter().any(|uid| name.to_str() == Some(uid))) {
            tree::remove(&self.objects.claims().join(name))?;
        }
        Ok(())
    }

    /// The namespace of this name, if it had to be made.
    fn provide(&self, name: &str) -> Result<Option<String>, ObjectsError> {
        let namespace = namespace_called(name)?;
        let key = Key::of(&namespace);
        if name == DEFAULT || self.objects.get(&key)?.is_some() {
            return Ok(None);
        }
        self.create(namespace)?;
        Ok(Some(name.to_owned()))
    }

    /// The number of this change. What it was is not synchronised: should it be lost with the power, objects know what
    /// they had.
    fn next(&self, before: Option<&Object>) -> Result<u64, ObjectsError> {
        let path = self.objects.root().join(".revision");
        let counted = match fs::read_to_string(&path) {
            Ok(text) => text.trim().parse().unwrap_or(0),
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.take_over_count()?,
            Err(error) => return Err(file("read", path)(error).into()),
        };
        let next = stamp::next(counted, before);
        let draft = self.draft();
        let written = fs::write(&draft, format!("{next}\n")).and_then(|()| fs::rename(&draft, &path));
        written.map_err(file("write", &path))?;
        Ok(next)
    }

    /// What was counted where there was no version yet: its file stood in the way of a namespace of that name.
    fn take_over_count(&self) -> Result<u64, ObjectsError> {
        let former = self.objects.root().join("revision");
        if !former.is_file() {
            return Ok(0);
        }
        let counted = fs::read_to_string(&former).map_err(file("read", &former))?;
        fs::remove_file(&former).map_err(file("remove", &former))?;
        Ok(counted.trim().parse().unwrap_or(0))
    }

    fn draft(&self) -> PathBuf {
        self.objects.root().join(DRAFT)
    }

    fn write(&self, key: &Key, object: &Object) -> Result<(), ObjectsError> {
        let path = self.path(key)?;
        let directory = path.parent().unwrap_or(&path);
        let made = !directory.is_dir();
        tree::make(directory, 0o700)?;
        let _rings = self.hold_bell(key, object)?;
        let draft = self.draft();
        let write = || {
            let mut opened = File::options().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
            opened.write_all(compact(&object.to_value()).as_bytes())?;
            opened.sync_all()?;
            fs::rename(&draft, &path)?;
            sync(directory)?;
            // Names of new directories are to stay, too.
            if made { directory.ancestors().skip(1).take(2).try_for_each(sync) } else { Ok(()) }
        };
        write().map_err(file("write", &path)).map_err(ObjectsError::from)
    }

    fn remove(&self, object: &Object) -> Result<(), ObjectsError> {
        let key = Key::of(object);
        let path = self.path(&key)?;
        let _rings = self.hold_bell(&key, object)?;
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(file("remove", &path)(error).into()),
            _ => {}
        }
        let directory = path.parent().unwrap_or(&path);
        sync(directory).map_err(file("write", directory)).map_err(ObjectsError::from)
    }

    /// Tells, when what comes back is dropped, who attends to what an object is about.
    fn hold_bell(&self, key: &Key, object: &Object) -> Result<Option<bell::Held>, ObjectsError> {
        let path = bell::of(&self.objects.data, key, object.metadata().uid.as_deref());
        Ok(path.map(|path| bell::hold(&path).map_err(file("open", path))).transpose()?)
    }

    /// Where it is kept; an object that was checked has a name that leads somewhere.
    fn path(&self, key: &Key) -> Result<PathBuf, ObjectsError> {
        let place = key.place().ok_or_else(|| ObjectsError::Missing(key.clone()))?;
        Ok(self.objects.root().join(place))
    }
}

fn sync(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}
