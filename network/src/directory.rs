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

use std::fs::{self, DirBuilder, File};
use std::io::{self, Write};
use std::net::IpAddr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use launch::Origin;
use registry::{Lock, Name, RegistryError, Sharing, file, tree};
use serde::{Deserialize, Serialize};

use crate::attachment::Prefixed;
use crate::names::Names;
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

impl Held {
    /// The directory.
    #[must_use]
    pub fn directory(&self) -> &NetworkDirectory {
        &self.directory
    }

    /// Writes down what the network is.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, record: &NetworkRecord) -> Result<(), RegistryError> {
        registry::write_json(&self.directory.path.join(RECORD), record)
    }

    /// Writes down where who is about to hold it is counted.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write_origin(&self, origin: &Origin) -> Result<(), RegistryError> {
        registry::write_json(&self.directory.path.join(ORIGIN), origin)
    }

    /// Forgets what the network was.
    ///
    /// # Errors
    /// The record cannot be removed.
    pub fn unwrite(&self) -> Result<(), RegistryError> {
        tree::remove(&self.directory.path.join(RECORD))
    }

    /// Takes these addresses for who is on record under this word, which nobody else has, and is called so; whether
    /// nobody had them.
    ///
    /// # Errors
    /// They cannot be written down.
    pub fn take(&self, addresses: &[Prefixed], word: &str, names: &[String]) -> Result<bool, RegistryError> {
        let text = [word].into_iter().chain(names.iter().map(String::as_str)).collect::<Vec<_>>().join(" ");
        for (taken, address) in addresses.iter().enumerate() {
            let path = self.address(address.ip);
            match symlink(&text, &path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    self.give_back(&addresses[..taken], word)?;
                    return Ok(false);
                }
                linked => linked.map_err(file("create", &path))?,
            }
        }
        Ok(true)
    }

    /// Whether somebody has one of these addresses.
    ///
    /// # Errors
    /// It cannot be told.
    pub fn is_taken(&self, addresses: &[Prefixed]) -> Result<bool, RegistryError> {
        for address in addresses {
            let path = self.address(address.ip);
            match fs::symlink_metadata(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                found => return found.map(|_| true).map_err(file("look at", path)),
            }
        }
        Ok(false)
    }

    /// Gives back those of these addresses that are on record under this word.
    ///
    /// # Errors
    /// They cannot be removed.
    pub fn give_back(&self, addresses: &[Prefixed], word: &str) -> Result<(), RegistryError> {
        for address in addresses {
            let path = self.address(address.ip);
            let is_theirs = read_words(&path)?.is_some_and(|words| words.first().is_some_and(|it| it == word));
            if is_theirs {
                tree::remove(&path)?;
            }
        }
        Ok(())
    }

    /// Whether nobody has an address any more.
    ///
    /// # Errors
    /// They cannot be listed.
    pub fn is_empty(&self) -> Result<bool, RegistryError> {
        Ok(tree::names(&self.directory.path.join(ADDRESSES))?.is_empty())
    }

    /// Writes down that its last pod has gone just now, or that there are pods again.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn mark_empty(&self, is_empty: bool) -> Result<(), RegistryError> {
        let mark = self.directory.mark();
        if !is_empty {
            return tree::remove(&mark);
        }
        let options = &mut File::options();
        let opened = options.write(true).create(true).truncate(false).mode(0o600).open(&mark);
        // Whoever has it locked sees by its time that it is to stay for longer.
        opened.and_then(|opened| opened.set_modified(SystemTime::now())).map_err(file("write", mark))
    }

    /// The addresses that are somebody's, each with the word that it was taken under.
    ///
    /// # Errors
    /// They cannot be listed.
    pub fn taken(&self) -> Result<Vec<(Prefixed, String)>, RegistryError> {
        let addresses = self.directory.path.join(ADDRESSES);
        let mut taken = Vec::new();
        for entry in tree::names(&addresses)? {
            let Some(ip) = entry.to_str().and_then(|text| text.parse::<IpAddr>().ok()) else { continue };
            let Some(words) = read_words(&addresses.join(&entry))? else { continue };
            let prefix = if ip.is_ipv4() { 32 } else { 128 };
            taken.push((Prefixed { ip, prefix }, words.into_iter().next().unwrap_or_default()));
        }
        taken.sort_by_key(|(address, _)| address.ip);
        Ok(taken)
    }

    /// How many have addresses, by those of IPv4, which all have.
    ///
    /// # Errors
    /// They cannot be listed.
    pub fn count(&self) -> Result<usize, RegistryError> {
        let names = tree::names(&self.directory.path.join(ADDRESSES))?;
        Ok(names.iter().filter(|name| name.to_str().is_some_and(|name| name.contains('.'))).count())
    }

    /// Who is called what.
    ///
    /// # Errors
    /// They cannot be listed.
    pub fn names(&self) -> Result<Names, RegistryError> {
        self.names_beside(Names::default())
    }

    /// The same, where of some it is known already.
    fn names_beside(&self, mut known: Names) -> Result<Names, RegistryError> {
        let addresses = self.directory.path.join(ADDRESSES);
        let mut names = Names::default();
        for entry in tree::names(&addresses)? {
            let Some(ip) = entry.to_str().and_then(|text| text.parse::<IpAddr>().ok()) else { continue };
            let of_it = match known.0.remove(&ip) {
                Some(of_it) => of_it,
                None => read_words(&addresses.join(&entry))?.unwrap_or_default().into_iter().skip(1).collect(),
            };
            names.0.insert(ip, of_it);
        }
        Ok(names)
    }

    /// Writes down who is called what, for those to read who hold no lock, once these addresses were taken or given back.
    ///
    /// Who has the others is as it was written down before, if it was: to look at each takes longer the more there are.
    /// Whoever was killed before this has left a line of nobody's, which is left out, or none, which is made up for.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write_names(&self, changed: &[Prefixed]) -> Result<(), RegistryError> {
        let path = self.directory.path.join(NAMES);
        let mut before = match fs::read_to_string(&path) {
            Ok(text) => Names::parse(&text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Names::default(),
            Err(error) => return Err(file("read", path)(error)),
        };
        before.0.retain(|ip, _| !changed.iter().any(|address| address.ip == *ip));
        let text = self.names_beside(before)?.text();
        let draft = path.with_extension("draft");
        let opened = File::options().write(true).create(true).truncate(true).mode(0o600).open(&draft);
        let written = opened.and_then(|mut opened| opened.write_all(text.as_bytes()));
        written.and_then(|()| fs::rename(&draft, &path)).map_err(file("write", path))
    }

    /// Removes all of it; whoever removes the last removes what all were in.
    ///
    /// # Errors
    /// Something cannot be removed.
    pub fn remove(self) -> Result<(), RegistryError> {
        tree::remove(&self.directory.path)?;
        self.directory.leave()
    }

    fn address(&self, ip: IpAddr) -> PathBuf {
        self.directory.path.join(ADDRESSES).join(ip.to_string())
    }
}

/// The words of a link; none where there is none.
fn read_words(path: &Path) -> Result<Option<Vec<String>>, RegistryError> {
    match fs::read_link(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(file("read", path)(error)),
        Ok(text) => {
            let text = String::from_utf8_lossy(text.as_os_str().as_bytes()).into_owned();
            Ok(Some(text.split(' ').map(str::to_owned).collect()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
