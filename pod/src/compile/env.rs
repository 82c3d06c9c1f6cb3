//! The environment of a container's process, in a kubelet's order: what comes later wins.

use std::collections::BTreeMap;

use manifest::kind::{Container, EnvVarSource, Pod};
use manifest::value::expand;

use super::facts::{Facts, ImageFacts};
use super::plan::{PodPlan, Resource};
use super::reason::Refusal;
use super::{field, file};

/// Where commands are looked for, where nobody says otherwise.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Variables in the order in which they were first said, the last value of each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Environment {
    order: Vec<String>,
    values: BTreeMap<String, String>,
}

impl Environment {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    fn set(&mut self, name: &str, value: String) {
        if self.values.insert(name.to_owned(), value).is_none() {
            self.order.push(name.to_owned());
        }
    }

    /// This one, with what the other says in place of its own.
    pub(super) fn with(mut self, other: &Self) -> Self {
        for (name, value) in other.iter() {
            self.set(name, value.to_owned());
        }
        self
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.order.iter().map(|name| (name.as_str(), self.values[name].as_str()))
    }
}

/// What the runtime and the image give, which no `$(NAME)` sees.
pub(super) fn given(container: &Container, plan: &PodPlan, image: &ImageFacts) -> Environment {
    let mut given = Environment::default();
    given.set("PATH", PATH.to_owned());
    given.set("HOSTNAME", plan.sandbox.names.hostname.clone());
    if container.tty == Some(true) {
        given.set("TERM", "xterm".to_owned());
    }
    image.environment.iter().for_each(|(name, value)| given.set(name, value.clone()));
    given
}

/// What the Pod says.
pub(super) fn said(pod: &Pod, plan: &PodPlan, container: &Container, facts: &Facts) -> Result<Environment, Refusal> {
    let mut said = Environment::default();
    for source in &container.env_from {
        let prefix = source.prefix.as_deref().unwrap_or_default();
        if let Some(map) = &source.config_map_ref {
            let name = map.name.as_deref().unwrap_or_default();
            match facts.config_maps.get(name) {
                Some(map) => {
                    map.data.iter().for_each(|(key, value)| said.set(&format!("{prefix}{key}"), value.clone()))
                }
                None if map.optional == Some(true) => {}
                None => return Err(Refusal::config(format!("configmap {name:?} not found"))),
            }
        }
        if let Some(secret) = &source.secret_ref {
            let name = secret.name.as_deref().unwrap_or_default();
            match facts.secrets.get(name) {
                Some(secret) => {
                    secret.data.iter().for_each(|(key, value)| said.set(&format!("{prefix}{key}"), text(&value.0)));
                }
                None if secret.optional == Some(true) => {}
                None => return Err(Refusal::config(format!("secret {name:?} not found"))),
            }
        }
    }
    for variable in &container.env {
        let value = match (&variable.value_from, &variable.value) {
            (Some(source), None) => match sourced(pod, plan, container, source, facts)? {
                Some(value) => value,
                None => continue,
            },
            (_, value) => expand(value.as_deref().unwrap_or_default(), |name| said.get(name)),
        };
        said.set(&variable.name, value);
    }
    Ok(said)
}

/// What a source gives; nothing where it may be missing, and is.
fn sourced(
    pod: &Pod,
    plan: &PodPlan,
    container: &Container,
    source: &EnvVarSource,
    facts: &Facts,
) -> Result<Option<String>, Refusal> {
    let namespace = &plan.namespace;
    if let Some(field) = &source.field_ref {
        return field::of_pod(pod, &field.field_path, facts).map(Some).map_err(Refusal::config);
    }
    if let Some(resource) = &source.resource_field_ref {
        let resource = Resource {
            container: resource.container_name.clone().filter(|name| !name.is_empty()),
            resource: resource.resource.clone(),
            divisor: resource.divisor.map_or_else(|| "1".to_owned(), |divisor| divisor.to_string()),
        };
        return field::of_resource(pod, &resource, Some(&container.name), facts).map(Some).map_err(Refusal::config);
    }
    if let Some(wanted) = &source.config_map_key_ref {
        let (name, key) = (wanted.name.as_deref().unwrap_or_default(), &wanted.key);
        let found = facts.config_maps.get(name).map(|map| map.data.get(key).cloned());
        return found_in("configmap", "ConfigMap", found, (namespace, name, key), wanted.optional);
    }
    if let Some(wanted) = &source.secret_key_ref {
        let (name, key) = (wanted.name.as_deref().unwrap_or_default(), &wanted.key);
        let found = facts.secrets.get(name).map(|secret| secret.data.get(key).map(|value| text(&value.0)));
        return found_in("secret", "Secret", found, (namespace, name, key), wanted.optional);
    }
    if let Some(wanted) = &source.file_key_ref {
        let optional = wanted.optional == Some(true);
        let Some(bytes) = facts.files.get(&(wanted.volume_name.clone(), wanted.path.clone())) else {
            if optional {
                return Ok(None);
            }
            let message = format!("file {:?} of volume {:?} not found", wanted.path, wanted.volume_name);
            return Err(Refusal::config(message));
        };
        let variables = file::variables(&text(bytes))
            .map_err(|trouble| Refusal::config(format!("couldn't parse env file {:?}: {trouble}", wanted.path)))?;
        let found = variables.into_iter().rev().find(|(key, _)| *key == wanted.key).map(|(_, value)| value);
        if found.is_none() && !optional {
            let message = format!("environment variable key {:?} not found in file {:?}", wanted.key, wanted.path);
            return Err(Refusal::config(message));
        }
        return Ok(found);
    }
    Ok(Some(String::new()))
}

fn found_in(
    kind: &str,
    called: &str,
    found: Option<Option<String>>,
    (namespace, name, key): (&str, &str, &str),
    optional: Option<bool>,
) -> Result<Option<String>, Refusal> {
    match found {
        Some(Some(value)) => Ok(Some(value)),
        _ if optional == Some(true) => Ok(None),
        None => Err(Refusal::config(format!("{kind} {name:?} not found"))),
        Some(None) => Err(Refusal::config(format!("couldn't find key {key} in {called} {namespace}/{name}"))),
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
