//! Objects read, kept, changed and deleted.

mod changing;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use manifest::kind::{Object, Resource};
use nix::unistd::gethostname;
use registry::{Lock, RegistryError, Sharing, file, tree, trust};
use rustix::rand::{GetRandomFlags, getrandom};
use serde_json::json;

use super::error::ObjectsError;
use super::key::{Key, NOWHERE, place};
use super::stamp;
use super::version;

/// What is being written.
const DRAFT: &str = ".draft";
/// The namespace that is always there.
const DEFAULT: &str = "default";

/// The objects of this user. Looking at them changes nothing.
#[derive(Clone, Debug)]
pub(crate) struct Objects {
    data: PathBuf,
}

/// The same to be changed; nobody else changes them meanwhile.
#[derive(Debug)]
pub(crate) struct Changing {
    objects: Objects,
    _lock: Lock,
}

/// An object that has come.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Created {
    /// It, as it is kept.
    pub object: Object,
    /// The namespace that was made for it, where there was none.
    pub namespace: Option<String>,
}

impl Objects {
    /// Those of this user.
    ///
    /// # Errors
    /// When others could have written them, or who did has another version than ours.
    pub(crate) fn of_this_user() -> Result<Self, ObjectsError> {
        Self::at(image::store::data_directory())
    }

    /// Those in this data directory.
    ///
    /// # Errors
    /// When others could have written them, or who did has another version than ours.
    pub(crate) fn at(data: PathBuf) -> Result<Self, ObjectsError> {
        let objects = Self { data };
        objects.is_ours()?;
        version::of(&objects.root())?;
        Ok(objects)
    }

    /// The object that is found by a key.
    ///
    /// # Errors
    /// When it cannot be read; not when there is none.
    pub(crate) fn get(&self, key: &Key) -> Result<Option<Object>, ObjectsError> {
        let found = match key.place() {
            Some(place) => self.read(key.resource, &self.root().join(place))?,
            None => None,
        };
        if found.is_none() && key.resource.kind == "Namespace" && key.name == DEFAULT {
            return namespace_called(DEFAULT).map(Some);
        }
        Ok(found)
    }

    /// All of a kind in a namespace, or in all of them, in order of namespace and name. The namespace `default` is one
    /// of them, kept or not.
    ///
    /// # Errors
    /// When one cannot be read.
    pub(crate) fn list(
        &self,
        resource: &'static Resource,
        namespace: Option<&str>,
    ) -> Result<Vec<Object>, ObjectsError> {
        let namespaces = match namespace {
            _ if !resource.namespaced => vec![NOWHERE.to_owned()],
            Some(namespace) => vec![namespace.to_owned()],
            None => self.places()?.into_iter().filter(|name| name != NOWHERE).collect(),
        };
        let mut objects = Vec::new();
        for namespace in namespaces {
            let Some(place) = place(resource, Some(&namespace)) else { continue };
            let directory = self.root().join(place);
            let mut names = tree::names(&directory)?;
            names.sort();
            for name in names {
                // One may have gone since.
                objects.extend(self.read(resource, &directory.join(name))?);
            }
        }
        if resource.kind == "Namespace"
            && !objects.iter().any(|object| object.metadata().name.as_deref() == Some(DEFAULT))
        {
            objects.push(namespace_called(DEFAULT)?);
            objects.sort_by(|one, other| one.metadata().name.cmp(&other.metadata().name));
        }
        Ok(objects)
    }

    /// The directories in which all of a kind in a namespace, or in all of them, are or will be; they change when one of
    /// those does.
    ///
    /// # Errors
    /// They cannot be listed.
    pub(crate) fn directories(
        &self,
        resource: &'static Resource,
        namespace: Option<&str>,
    ) -> Result<Vec<PathBuf>, ObjectsError> {
        let root = self.root();
        let namespaces = match namespace {
            _ if !resource.namespaced => vec![NOWHERE.to_owned()],
            Some(namespace) => vec![namespace.to_owned()],
            None => self.places()?,
        };
        let mut directories: Vec<PathBuf> = namespaces
            .iter()
            .filter_map(|namespace| place(resource, Some(namespace)))
            .map(|it| root.join(it))
            .collect();
        // Another namespace may come.
        directories.push(root);
        Ok(directories)
    }

    /// Whether a namespace is to go once no pod is in it any more.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn is_terminating(&self, name: &str) -> Result<bool, ObjectsError> {
        let found = self.get(&Key::of(&namespace_called(name)?))?;
        Ok(found.is_some_and(|namespace| namespace.metadata().deletion_timestamp.is_some()))
    }

    /// Whether a namespace could go by now that is to go.
    ///
    /// # Errors
    /// When it cannot be read, or what is in it.
    pub(crate) fn is_emptied(&self, name: &str) -> Result<bool, ObjectsError> {
        let Some(pods) = Resource::find("pods") else { return Ok(false) };
        Ok(self.is_terminating(name)? && self.list(pods, Some(name))?.is_empty())
    }

    /// Keeps others from changing them, and makes their directory where there is none.
    ///
    /// # Errors
    /// When somebody else changes them for longer than we wait, or the directory cannot be made or is not ours.
    pub(crate) fn change(&self) -> Result<Changing, ObjectsError> {
        let root = self.root();
        tree::make(&root, 0o700)?;
        self.is_ours()?;
        let gone = || file("open", &root)(io::ErrorKind::NotFound.into());
        let lock = Lock::take(&root, Sharing::Exclusive)?.ok_or_else(gone)?;
        // A newer pod may have come since we have looked.
        version::settle(&root, &root.join(DRAFT))?;
        Ok(Changing { objects: self.clone(), _lock: lock })
    }

    /// Whether nobody changes them just now.
    ///
    /// # Errors
    /// It cannot be told.
    pub(crate) fn are_settled(&self) -> Result<bool, ObjectsError> {
        Ok(Lock::try_take(&self.root(), Sharing::Shared)?.is_some())
    }

    /// Waits for whoever changes them just now.
    ///
    /// # Errors
    /// They are changed for longer than we wait.
    pub(crate) fn settled(&self) -> Result<(), ObjectsError> {
        Ok(Lock::take(&self.root(), Sharing::Shared).map(drop)?)
    }

    /// The file in which an object is, or would be; another is put in its place when it changes.
    pub(crate) fn file(&self, key: &Key) -> Option<PathBuf> {
        key.place().map(|place| self.root().join(place))
    }

    /// Where what is in the volume of a claim is, or will be.
    #[must_use]
    pub(crate) fn claim_data(&self, uid: &str) -> PathBuf {
        self.claims().join(uid)
    }

    fn root(&self) -> PathBuf {
        super::root(&self.data)
    }

    fn claims(&self) -> PathBuf {
        self.data.join("claims")
    }

    fn is_ours(&self) -> Result<(), ObjectsError> {
        for root in [self.data.clone(), self.root()] {
            if let Some(why) = trust::doubt(&root)? {
                return Err(ObjectsError::NotOurs { root, why });
            }
        }
        Ok(())
    }

    /// The directories of namespaces.
    fn places(&self) -> Result<Vec<String>, RegistryError> {
        let names = tree::names(&self.root())?.into_iter();
        let mut places: Vec<String> = names.filter_map(|name| name.into_string().ok()).collect();
        places.retain(|name| !name.starts_with('.'));
        places.sort();
        Ok(places)
    }

    fn read(&self, resource: &'static Resource, path: &Path) -> Result<Option<Object>, ObjectsError> {
        let mut bytes = Vec::new();
        // A fifo would have us wait for its other end.
        let opened = File::options().read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOFOLLOW).open(path);
        match opened.and_then(|mut opened| opened.read_to_end(&mut bytes)) {
            Ok(_) => {}
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            Err(error) => return Err(file("read", path)(error).into()),
        }
        let damaged = |trouble: String| ObjectsError::Damaged { path: path.to_owned(), trouble };
        let value = serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
        let object = Object::from_value(resource.kind, value).map_err(|error| damaged(error.to_string()))?;
        let name = object.metadata().name.as_deref();
        if path.file_name() != name.map(AsRef::as_ref) {
            return Err(damaged(format!("it is called {:?}", name.unwrap_or_default())));
        }
        Ok(Some(object))
    }
}

/// Refuses an object that is meant for another than the one that is there, or for what that was before.
fn meant(key: &Key, object: &Object, before: &Object) -> Result<(), ObjectsError> {
    let conflict = |trouble: String| Err(ObjectsError::Conflict { key: key.clone(), trouble });
    let (wanted, there) = (object.metadata(), before.metadata());
    if let Some(uid) = wanted.uid.as_ref().filter(|uid| !uid.is_empty() && Some(*uid) != there.uid.as_ref()) {
        let there = there.uid.as_deref().unwrap_or_default();
        return conflict(format!("Precondition failed: UID in precondition: {uid}, UID in object meta: {there}"));
    }
    let version = wanted.resource_version.as_ref().filter(|version| !version.is_empty());
    if version.is_some_and(|version| Some(version) != there.resource_version.as_ref()) {
        let words = "the object has been modified; please apply your changes to the latest version and try again";
        return conflict(words.to_owned());
    }
    Ok(())
}

/// What would be kept of an object in the place of the one that is there, which has the same revision: nothing is
/// written.
///
/// # Errors
/// It is meant for another, or was changed meanwhile.
pub(crate) fn would_become(mut object: Object, before: &Object) -> Result<Object, ObjectsError> {
    meant(&Key::of(before), &object, before)?;
    let revision = before.metadata().resource_version.clone();
    stamp::changed(&mut object, before, 0);
    object.metadata_mut().resource_version = revision;
    Ok(object)
}

/// What the machine is called, on which pods are.
pub(crate) fn node_name() -> String {
    gethostname().ok().and_then(|name| name.into_string().ok()).unwrap_or_else(|| "localhost".to_owned())
}

fn namespace_called(name: &str) -> Result<Object, ObjectsError> {
    let value = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } });
    let damaged = |trouble: String| ObjectsError::Damaged { path: PathBuf::from(name), trouble };
    let mut object = Object::from_value("Namespace", value).map_err(|error| damaged(error.to_string()))?;
    object.set_defaults();
    Ok(object)
}

fn random<const N: usize>() -> Result<[u8; N], ObjectsError> {
    let mut bytes = [0; N];
    getrandom(&mut bytes, GetRandomFlags::empty()).map_err(|errno| file("read", "/dev/urandom")(errno.into()))?;
    Ok(bytes)
}

/// A random UUID.
///
/// # References
/// RFC 9562, section 5.4
pub(crate) fn uid() -> Result<String, ObjectsError> {
    let number = u128::from_be_bytes(random()?);
    let number = number & !(0xf << 76) & !(0x3 << 62) | 0x4 << 76 | 0x2 << 62;
    let hex = format!("{number:032x}");
    let parts = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
    Ok(parts.join("-"))
}

/// What makes a name of its own of `generateName`; of letters and digits that make no words.
pub(crate) fn suffix() -> Result<String, ObjectsError> {
    const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let bytes: [u8; 5] = random()?;
    Ok(bytes.iter().map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()])).collect())
}
