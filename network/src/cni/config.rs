//! What an administrator has written: which plugins make a network, in which order.

use std::env;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::error::CniError;
use super::version::Version;
use crate::plain::plain;

/// Where configurations are, unless the environment says so.
const CONFIGURATIONS: &str = "/etc/cni/net.d";
/// And plugins.
const PLUGINS: [&str; 3] = ["/opt/cni/bin", "/usr/lib/cni", "/usr/libexec/cni"];
/// No configuration is longer.
const LONGEST: u64 = 1 << 20;

/// Where configurations and plugins are looked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CniPlaces {
    /// The directory of configurations.
    pub configurations: PathBuf,
    /// The directories of plugins, in the order of looking.
    pub plugins: Vec<PathBuf>,
}

impl CniPlaces {
    /// As `NETCONFPATH` and `CNI_PATH` say; without them where packages put them.
    #[must_use]
    pub fn of_the_environment() -> Self {
        let said = |name| env::var_os(name).filter(|value| !value.is_empty());
        let named = said("CNI_PATH").map(|path| env::split_paths(&path).filter(|path| path.is_absolute()).collect());
        Self {
            configurations: said("NETCONFPATH").map_or_else(|| CONFIGURATIONS.into(), PathBuf::from),
            plugins: named.unwrap_or_else(|| PLUGINS.map(PathBuf::from).into()),
        }
    }

    /// The networks that are configured, each once: the name and the file; and what is wrong with the other files.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub fn networks(&self) -> Result<(Vec<NetworkList>, Vec<CniError>), CniError> {
        let read = |source| CniError::Read { path: self.configurations.clone(), source };
        let entries = match fs::read_dir(&self.configurations) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Default::default()),
            entries => entries.map_err(read)?,
        };
        let paths: io::Result<Vec<PathBuf>> = entries.map(|entry| Ok(entry?.path())).collect();
        let mut paths = paths.map_err(read)?;
        // A list before a single plugin, then by name, as every other reader of the directory has it.
        paths.retain(|path| rank(path).is_some());
        paths.sort_by_key(|path| (rank(path), path.clone()));
        let (mut lists, mut troubles) = (Vec::<NetworkList>::new(), Vec::new());
        for path in paths {
            match NetworkList::read(&path) {
                Ok(list) if lists.iter().any(|known| known.name == list.name) => {}
                Ok(list) => lists.push(list),
                Err(error) => troubles.push(error),
            }
        }
        Ok((lists, troubles))
    }

    /// The network of this name.
    ///
    /// # Errors
    /// There is none, or the directory cannot be read.
    pub fn find(&self, name: &str) -> Result<NetworkList, CniError> {
        let (lists, troubles) = self.networks()?;
        let mut known: Vec<String> = lists.iter().map(|list| list.name.clone()).collect();
        known.extend(troubles.iter().map(|trouble| format!("what cannot be used: {trouble}")));
        let missing =
            || CniError::NoSuchNetwork { name: name.to_owned(), directory: self.configurations.clone(), known };
        lists.into_iter().find(|list| list.name == name).ok_or_else(missing)
    }

    /// The programs of all plugins of a network.
    ///
    /// # Errors
    /// One is not there.
    pub fn programs(&self, list: &NetworkList) -> Result<Vec<PathBuf>, CniError> {
        list.plugins.iter().map(|plugin| self.program(kind(plugin))).collect()
    }

    /// The program of a plugin.
    ///
    /// # Errors
    /// There is none.
    pub(super) fn program(&self, plugin: &str) -> Result<PathBuf, CniError> {
        let is_program =
            |path: &PathBuf| fs::metadata(path).is_ok_and(|it| it.is_file() && it.permissions().mode() & 0o111 != 0);
        let found = self.plugins.iter().map(|directory| directory.join(plugin)).find(is_program);
        found.ok_or_else(|| CniError::NoPlugin { plugin: plugin.to_owned(), path: self.plugins.clone() })
    }
}

fn rank(path: &Path) -> Option<u8> {
    match path.extension()?.to_str()? {
        "conflist" => Some(0),
        "conf" | "json" => Some(1),
        _ => None,
    }
}

/// The plugins that make a network, in order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NetworkList {
    /// What it is called.
    pub name: String,
    /// The version of the specification that is spoken with its plugins.
    pub version: Version,
    /// Whether its plugins are not to be asked whether all is well.
    pub no_check: bool,
    /// Each plugin's configuration, which has a `type`.
    pub plugins: Vec<Map<String, Value>>,
}

impl NetworkList {
    fn read(path: &Path) -> Result<Self, CniError> {
        let read = |source| CniError::Read { path: path.to_owned(), source };
        // A fifo in its place would have us wait for its other end.
        let opened = File::options().read(true).custom_flags(libc::O_NONBLOCK).open(path).map_err(read)?;
        let mut text = String::new();
        opened.take(LONGEST).read_to_string(&mut text).map_err(read)?;
        Self::parse(&text).map_err(|reason| CniError::Configuration { path: path.to_owned(), reason })
    }

    /// Reads a configuration: a list of plugins, or that of a single one.
    ///
    /// # Errors
    /// Why it is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut whole: Map<String, Value> = serde_json::from_str(text).map_err(|error| plain(&error.to_string()))?;
        let name = whole.get("name").and_then(Value::as_str).ok_or("it has no name")?;
        let name: crate::kind::CniName = name.parse().map_err(|_| format!("its name is {:?}", plain(name)))?;
        let version = version(&whole)?;
        let no_check = match whole.get("disableCheck") {
            None => false,
            Some(Value::Bool(no)) => *no,
            // Which plugins of old wrote so.
            Some(Value::String(no)) => no == "true",
            Some(_) => return Err("its disableCheck is neither true nor false".to_owned()),
        };
        let plugins = match whole.remove("plugins") {
            None => vec![Value::Object(whole)],
            Some(Value::Array(plugins)) => plugins,
            Some(_) => return Err("its plugins are no list".to_owned()),
        };
        let plugins: Vec<_> = plugins.into_iter().map(plugin).collect::<Result<_, _>>()?;
        if plugins.is_empty() {
            return Err("it has no plugins".to_owned());
        }
        Ok(Self { name: name.as_str().to_owned(), version, no_check, plugins })
    }
}

/// The version that is spoken: of several the latest that we know.
fn version(whole: &Map<String, Value>) -> Result<Version, String> {
    let said = |value: &Value| value.as_str().ok_or_else(|| "its cniVersion is no text".to_owned()).map(str::to_owned);
    let several = whole.get("cniVersions").and_then(Value::as_array).into_iter().flatten();
    let all: Vec<String> = whole.get("cniVersion").into_iter().chain(several).map(said).collect::<Result<_, _>>()?;
    let known = all.iter().filter_map(|one| one.parse::<Version>().ok()).max();
    match (known, all.first()) {
        (Some(version), _) => Ok(version),
        (None, Some(one)) => one.parse().map_err(|error: super::InvalidVersion| plain(&error.to_string())),
        (None, None) => Err("it has no cniVersion".to_owned()),
    }
}

fn plugin(plugin: Value) -> Result<Map<String, Value>, String> {
    let Value::Object(plugin) = plugin else { return Err("a plugin of it is no object".to_owned()) };
    match plugin.get("type").and_then(Value::as_str) {
        None | Some("") => Err("a plugin of it has no type".to_owned()),
        // What is looked up is a file's name, and not a way to one.
        Some(kind) if kind.contains('/') || kind.contains('\0') || matches!(kind, "." | "..") => {
            Err(format!("a plugin of it has the type {:?}", plain(kind)))
        }
        Some(_) => Ok(plugin),
    }
}

/// The name of a plugin's program.
pub(super) fn kind(plugin: &Map<String, Value>) -> &str {
    plugin.get("type").and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests;
