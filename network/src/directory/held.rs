//! A network's directory changed: its record, who has which address, who is called what.

use std::fs::{self, File};
use std::io::{self, Write};
use std::net::IpAddr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{OpenOptionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use launch::Origin;
use registry::{RegistryError, file, tree};

use super::{ADDRESSES, Held, NAMES, NetworkDirectory, NetworkRecord, ORIGIN, RECORD};
use crate::attachment::Prefixed;
use crate::names::Names;

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
