//! What a bridge's network has on disk.
//!
//! | entry | what |
//! |---|---|
//! | `network.json` | its range, what its bridge is called, where that is |
//! | `addresses/IP` | a link whose text says who has the address: the outside end of its link, then its names |
//! | `names` | who is called what, as /etc/hosts has it |
//! | `empty` | its last pod has gone, when that was written: whoever sees to it that the network goes, too, has a lock on it |
//! | `holder`, `pasta` | who holds it and who leads out of it, where it is held: a line of `/proc/PID/stat` and a sum |
//! | `origin` | the boot and the namespaces in which these were counted, or the network was made |
//!
//! Whoever changes something has a lock on the directory. Links and not files, for one is there with its text or not at
//! all. An address is written down by who is given it before it is taken here ([`crate::Attachment`]), so whoever
//! finds what is left of them knows what to give back.

mod held;

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use launch::Origin;
use registry::{Lock, Name, RegistryError, Sharing, file, tree};
use serde::{Deserialize, Serialize};

use crate::range::Range;

/// In a directory of pods: that of all networks.
pub const NETWORKS: &str = ".networks";
/// In a network's: who is called what.
pub const NAMES: &str = "names";
const RECORD: &str = "network.json";
const ADDRESSES: &str = "addresses";
const EMPTY: &str = "empty";
const HOLDER: &str = "holder";
const PASTA: &str = "pasta";
const ORIGIN: &str = "origin";

/// A network that has been made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkRecord {
    /// Its addresses.
    pub range: Range,
    /// Its bridge.
    pub bridge: String,
    /// The longest packet.
    pub mtu: u32,
    /// The network namespace that the bridge is in, by its inode.
    pub inside: u64,
    /// Why there is no way out, where there is none.
    #[serde(default)]
    pub no_way_out: Option<String>,
    /// Why nobody keeps addresses to those who have them, where nobody does.
    #[serde(default)]
    pub unguarded: Option<String>,
    /// Why there are not all ids in it that were set apart, where it is held and some are missing.
    #[serde(default)]
    pub few_ids: Option<String>,
}

/// The directory of a network, which need not be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkDirectory {
    root: PathBuf,
    path: PathBuf,
}

/// The directory of a network, and the right to change it.
#[derive(Debug)]
pub struct Held {
    directory: NetworkDirectory,
    _lock: Lock,
}

impl NetworkDirectory {
    /// That of the network of this name, in this directory of pods.
    #[must_use]
    pub fn of(root: &Path, name: &Name) -> Self {
        Self { root: root.join(NETWORKS), path: root.join(NETWORKS).join(name.as_str()) }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where who holds it leaves word of itself: there is no such file where nobody does.
    #[must_use]
    pub fn holder(&self) -> PathBuf {
        self.path.join(HOLDER)
    }

    /// Where who holds it was counted.
    ///
    /// # Errors
    /// It cannot be read, or is not what was written.
    pub fn origin(&self) -> Result<Option<Origin>, RegistryError> {
        registry::read_json(&self.path.join(ORIGIN))
    }

    /// Where who leads out of it leaves word of itself, where it is held.
    #[must_use]
    pub fn pasta(&self) -> PathBuf {
        self.path.join(PASTA)
    }

    /// What it is; none where it is not, or not yet.
    ///
    /// # Errors
    /// It cannot be read, or is not what was written.
    pub fn record(&self) -> Result<Option<NetworkRecord>, RegistryError> {
        registry::read_json(&self.path.join(RECORD))
    }

    /// Those of all networks in this directory of pods.
    ///
    /// # Errors
    /// They cannot be listed.
    pub fn all(root: &Path) -> Result<Vec<Self>, RegistryError> {
        let names = tree::names(&root.join(NETWORKS))?.into_iter();
        let names = names.filter_map(|name| Name::try_from(name.into_string().ok()?).ok());
        Ok(names.map(|name| Self::of(root, &name)).collect())
    }

    /// Removes what all networks are in, where there is none any more.
    ///
    /// # Errors
    /// It cannot be removed, though nothing is in it.
    pub fn leave(&self) -> Result<(), RegistryError> {
        match fs::remove_dir(&self.root) {
            Err(error) if !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::DirectoryNotEmpty) => {
                Err(file("remove", &self.root)(error))
            }
            _ => Ok(()),
        }
    }

    /// What is there as soon as its last pod has gone: whoever has a lock on it sees to what becomes of the network.
    #[must_use]
    pub fn mark(&self) -> PathBuf {
        self.path.join(EMPTY)
    }

    /// Takes it for oneself, making it where there is none.
    ///
    /// # Errors
    /// It cannot be made or locked.
    pub fn hold(&self) -> Result<Held, RegistryError> {
        loop {
            let made = DirBuilder::new().recursive(true).mode(0o700).create(self.path.join(ADDRESSES));
            match made {
                // Somebody else has just removed what was to be in there.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                made => made.map_err(file("create", &self.path))?,
            }
            if let Some(held) = self.hold_if_there()? {
                return Ok(held);
            }
        }
    }

    /// Takes it for oneself; none where there is none.
    ///
    /// # Errors
    /// It cannot be locked.
    pub fn hold_if_there(&self) -> Result<Option<Held>, RegistryError> {
        let lock = Lock::take(&self.path, Sharing::Exclusive)?;
        Ok(lock.map(|lock| Held { directory: self.clone(), _lock: lock }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attachment::Prefixed;
    use crate::names::Names;

    fn addresses(number: u8) -> Vec<Prefixed> {
        [format!("10.214.0.{number}/20"), format!("fd00::{number}/64")].map(|text| text.parse().expect("one")).into()
    }

    #[test]
    fn an_address_is_one_s_until_it_is_given_back_by_them() {
        let root = tempfile::tempdir().expect("a directory");
        let directory = NetworkDirectory::of(root.path(), &"blue".parse().expect("a name"));
        assert!(directory.hold_if_there().expect("looked").is_none());
        let held = directory.hold().expect("held");
        assert!(held.is_empty().expect("looked"));
        let names = ["web".to_owned(), "web.default".to_owned()];
        assert!(held.take(&addresses(2), "v1", &names).expect("taken"));
        assert!(!held.take(&addresses(2), "v2", &[]).expect("looked"), "somebody has it");
        held.give_back(&addresses(2), "v2").expect("nothing");
        let taken: Vec<_> =
            held.taken().expect("listed").into_iter().map(|(it, word)| format!("{} {word}", it.ip)).collect();
        assert_eq!(taken, ["10.214.0.2 v1", "fd00::2 v1"]);
        assert_eq!(held.names().expect("names").text(), "10.214.0.2\tweb web.default\nfd00::2\tweb web.default\n");
        held.write_names(&addresses(2)).expect("written");
        let written = fs::read_to_string(directory.path().join(NAMES)).expect("a file");
        assert_eq!(Names::parse(&written), held.names().expect("names"));
        held.give_back(&addresses(2), "v1").expect("given back");
        assert!(held.is_empty().expect("looked"));
    }

    #[test]
    fn what_was_written_before_is_made_up_for_where_somebody_was_killed() {
        let root = tempfile::tempdir().expect("a directory");
        let held = NetworkDirectory::of(root.path(), &"blue".parse().expect("a name")).hold().expect("held");
        let take = |number, name: &str| {
            assert!(held.take(&addresses(number), &format!("v{number}"), &[name.to_owned()]).expect("taken"));
        };
        let written = || fs::read_to_string(held.directory().path().join(NAMES)).expect("a file");
        take(2, "web");
        held.write_names(&addresses(2)).expect("written");
        // Two were killed before they could write it down: one that came, one that went.
        take(3, "db");
        held.give_back(&addresses(2), "v2").expect("given back");
        take(4, "front");
        held.write_names(&addresses(4)).expect("written");
        let now = "10.214.0.3\tdb\n10.214.0.4\tfront\nfd00::3\tdb\nfd00::4\tfront\n";
        assert_eq!(written(), now);
        // Who takes what somebody had is called as they are.
        held.give_back(&addresses(3), "v3").expect("given back");
        take(3, "other");
        held.write_names(&addresses(3)).expect("written");
        assert_eq!(written(), now.replace("db", "other"));
        // What cannot be understood says nothing.
        fs::write(held.directory().path().join(NAMES), "10.214.0.3 wrong\nnonsense\n").expect("a file");
        held.write_names(&addresses(3)).expect("written");
        assert_eq!(written(), now.replace("db", "other"));
    }

    #[test]
    fn one_that_is_half_taken_by_somebody_else_is_not_taken_at_all() {
        let root = tempfile::tempdir().expect("a directory");
        let held = NetworkDirectory::of(root.path(), &"blue".parse().expect("a name")).hold().expect("held");
        assert!(held.take(&addresses(2)[1..], "v1", &[]).expect("taken"));
        assert!(!held.take(&addresses(2), "v2", &[]).expect("looked"));
        assert_eq!(held.names().expect("names").0.len(), 1);
    }

    #[test]
    fn what_was_all_that_there_was_leaves_nothing() {
        let root = tempfile::tempdir().expect("a directory");
        let of = |name: &str| NetworkDirectory::of(root.path(), &name.parse().expect("a name"));
        let (blue, red) = (of("blue").hold().expect("held"), of("red").hold().expect("held"));
        assert_eq!(NetworkDirectory::all(root.path()).expect("listed").len(), 2);
        blue.remove().expect("removed");
        assert!(of("red").path().exists() && !of("blue").path().exists());
        of("blue").leave().expect("others are there");
        red.remove().expect("removed");
        assert_eq!(fs::read_dir(root.path()).expect("a directory").count(), 0);
        // Who was kept from that leaves it to whoever comes next.
        fs::create_dir(root.path().join(NETWORKS)).expect("a directory");
        of("red").leave().expect("removed");
        of("red").leave().expect("nothing is there");
        assert_eq!(fs::read_dir(root.path()).expect("a directory").count(), 0);
    }
}
