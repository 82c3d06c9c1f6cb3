//! What can go wrong between us and plugins, and how it is said.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// Plugins did not do what they were asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CniError {
    /// There is no configuration of this name.
    #[error("no CNI network named {name} in {}{}", directory.display(), others(.known))]
    NoSuchNetwork {
        /// Of which name.
        name: String,
        /// Where it was looked for.
        directory: PathBuf,
        /// Which there are, and which files are none.
        known: Vec<String>,
    },
    /// A configuration cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A configuration says nothing that could be done.
    #[error("{} is no CNI configuration: {reason}", path.display())]
    Configuration {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A plugin is not there.
    #[error("no CNI plugin {plugin} in {}", path.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", "))]
    NoPlugin {
        /// Which.
        plugin: String,
        /// Where it was looked for.
        path: Vec<PathBuf>,
    },
    /// A plugin cannot be executed.
    #[error("cannot execute CNI plugin {plugin}")]
    Launch {
        /// Which.
        plugin: String,
        /// Why.
        #[source]
        source: Box<launch::Error>,
    },
    /// What a plugin says cannot be heard.
    #[error("cannot {operation} CNI plugin {plugin}")]
    Talk {
        /// What was to be done with it.
        operation: &'static str,
        /// Which.
        plugin: String,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A plugin was killed, for it did not end.
    #[error("CNI plugin {plugin} ({command}) was killed: it had not ended after {}", humane(.after))]
    Slow {
        /// Which.
        plugin: String,
        /// What it was to do.
        command: &'static str,
        /// After so long.
        after: Duration,
    },
    /// A plugin was killed, for it said too much.
    #[error("CNI plugin {plugin} ({command}) was killed: it had said more than {bytes} bytes")]
    Endless {
        /// Which.
        plugin: String,
        /// What it was to do.
        command: &'static str,
        /// More than so many.
        bytes: usize,
    },
    /// A plugin says that it has failed.
    #[error("CNI plugin {plugin} ({command}) failed: {said}")]
    Failed {
        /// Which.
        plugin: String,
        /// What it was to do.
        command: &'static str,
        /// Its words, or those for its end.
        said: String,
    },
    /// A plugin says that all is well, and something that makes no sense.
    #[error("CNI plugin {plugin} ({command}) gives no result: {reason}")]
    Nonsense {
        /// Which.
        plugin: String,
        /// What it was to do.
        command: &'static str,
        /// Why it is none.
        reason: String,
    },
    /// Only root can have plugins make a network.
    #[error("CNI plugins need root")]
    NotRoot,
}

impl CniError {
    /// What is nearly always the reason, where one thing is.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NoPlugin { .. } => {
                Some("CNI_PATH says where plugins are; Debian has them in containernetworking-plugins")
            }
            Self::NoSuchNetwork { .. } => Some("NETCONFPATH says where configurations are"),
            Self::NotRoot => Some("--network pasta gives a pod a way out without"),
            Self::Slow { .. } => Some("POD_CNI_TIMEOUT says for how long plugins are waited for"),
            _ => None,
        }
    }
}

fn others(known: &[String]) -> String {
    if known.is_empty() { String::new() } else { format!(", which has {}", known.join(", ")) }
}

fn humane(time: &Duration) -> String {
    if time.subsec_millis() == 0 { format!("{} s", time.as_secs()) } else { format!("{} ms", time.as_millis()) }
}
