//! Having plugins make a network, asking them whether it is as they made it, and having them undo it.

use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::config::{CniPlaces, NetworkList, kind};
use super::error::CniError;
use super::execute::Run;
use super::request::{Command, Runtime, Whom, configuration, environment, leads_in};
use super::result::{self, Given};

/// What plugins call the link that they make.
pub const INTERFACE: &str = "eth0";

/// What plugins were asked for, and what they have said: all that is needed to have it undone. Written down before the
/// first of them is run, and once more when the last has said what it gives.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CniRecord {
    list: NetworkList,
    places: CniPlaces,
    /// Which nobody else has, and that stays: by it plugins know what they have made for whom.
    container: String,
    args: String,
    runtime: Runtime,
    /// What the last of them said.
    #[serde(default)]
    result: Option<Value>,
}

impl CniRecord {
    /// A network for whom plugins know by this word, and by these arguments.
    ///
    /// # Errors
    /// A plugin is not there.
    pub fn new(
        list: NetworkList,
        places: CniPlaces,
        container: String,
        args: &[(&str, &str)],
        runtime: Runtime,
    ) -> Result<Self, CniError> {
        places.programs(&list)?;
        let args = args.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(";");
        Ok(Self { list, places, container, args, runtime, result: None })
    }

    /// Has the network made in this network namespace, by one plugin after the other.
    ///
    /// # Errors
    /// A plugin fails, or says something that makes no sense. What was made by then is to be undone.
    pub fn add(&mut self, network: &Path, patience: Duration) -> Result<Given, CniError> {
        let mut said = None;
        let mut last = "";
        for plugin in &self.list.plugins {
            last = kind(plugin);
            let heard = self.run(Command::Add, plugin, said.as_ref(), Some(network), patience)?;
            let parsed = result::parse(&heard, self.list.version);
            said = Some(parsed.map_err(|reason| nonsense(last, reason))?);
        }
        let said = said.unwrap_or_default();
        let given = result::given(&said, INTERFACE).map_err(|reason| nonsense(last, reason))?;
        self.result = Some(said);
        Ok(given)
    }

    /// The plugins that were told of the ports that lead in, or would have been: who makes rules of them cannot be told
    /// of others later.
    pub fn that_lead_in(&self) -> impl Iterator<Item = &str> {
        self.list.plugins.iter().filter(|plugin| leads_in(plugin)).map(kind)
    }

    /// What the network has given, where that is known.
    #[must_use]
    pub fn given(&self) -> Option<Given> {
        result::given(self.result.as_ref()?, INTERFACE).ok()
    }

    /// Asks all plugins whether the network is as they made it; false where they cannot be asked.
    ///
    /// # Errors
    /// It is not.
    pub fn check(&self, network: &Path, patience: Duration) -> Result<bool, CniError> {
        if !self.list.version.checks() || self.list.no_check || self.result.is_none() {
            return Ok(false);
        }
        for plugin in &self.list.plugins {
            self.run(Command::Check, plugin, self.result.as_ref(), Some(network), patience)?;
        }
        Ok(true)
    }

    /// Has it all undone, the last first, in this network namespace, or where there is none any more. May be done
    /// again, and of what was never made.
    ///
    /// # Errors
    /// The first plugin that fails; all others have been asked.
    pub fn delete(&self, network: Option<&Path>, patience: Duration) -> Result<(), CniError> {
        let said = self.result.as_ref().filter(|_| self.list.version.checks());
        let mut undone = Ok(());
        for plugin in self.list.plugins.iter().rev() {
            undone = undone.and(self.run(Command::Del, plugin, said, network, patience).map(drop));
        }
        undone
    }

    fn run(
        &self,
        command: Command,
        plugin: &serde_json::Map<String, Value>,
        previous: Option<&Value>,
        network: Option<&Path>,
        patience: Duration,
    ) -> Result<Vec<u8>, CniError> {
        let whom = Whom { container: &self.container, interface: INTERFACE, args: &self.args, network };
        let told = configuration(&self.list, plugin, &self.runtime, previous);
        Run {
            plugin: kind(plugin),
            program: &self.places.program(kind(plugin))?,
            command,
            environment: environment(command, whom, &self.places),
            told: &told,
            patience,
        }
        .run()
    }
}

fn nonsense(plugin: &str, reason: String) -> CniError {
    CniError::Nonsense { plugin: plugin.to_owned(), command: Command::Add.name(), reason }
}

#[cfg(test)]
mod tests;
