//! Where what belongs to a pod of a manifest is, and what is known of how it does.

mod saved;

use std::path::{Path, PathBuf};

use image::Algorithm;
use manifest::kind::Pod;
use registry::{Name, Registry};

pub(crate) use crate::objects::kept;
pub use saved::machine_of;
pub(crate) use saved::save;

/// Where what belongs to a pod is.
#[derive(Clone, Debug)]
pub struct Place {
    /// Where objects and volumes are kept.
    pub(crate) data: PathBuf,
    /// Where pods are recorded that run.
    pub(crate) registry: Registry,
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) uid: String,
}

/// In there: what is locked by who attends to it.
pub(crate) fn locked(kept: &Path) -> PathBuf {
    kept.join("attendant")
}

/// In the directory of pods; no pod is called so.
pub(crate) const VOLUMES: &str = ".volumes";

impl Place {
    /// That of a pod that has come.
    pub(crate) fn of(pod: &Pod, data: &Path, registry: &Registry) -> Self {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        Self {
            data: data.to_owned(),
            registry: registry.clone(),
            namespace: pod.metadata.namespace.clone().unwrap_or_else(|| "default".to_owned()),
            name: text(&pod.metadata.name),
            uid: text(&pod.metadata.uid),
        }
    }

    /// What goes with the pod, on disk.
    pub(crate) fn kept(&self) -> PathBuf {
        kept(&self.data, &self.uid)
    }

    /// What goes with the pod, in memory.
    pub(crate) fn volatile(&self) -> PathBuf {
        self.registry.root().join(VOLUMES).join(&self.uid)
    }

    /// Where its logs are while there is no sandbox; no volume is called so.
    pub(crate) fn logs_aside(&self) -> PathBuf {
        self.volatile().join(".logs")
    }

    /// What is known of how it does.
    pub(crate) fn machine(&self) -> PathBuf {
        self.kept().join("machine.json")
    }

    /// Locked by who attends to it.
    pub(crate) fn lock(&self) -> PathBuf {
        locked(&self.kept())
    }

    /// Locked by who wants to see how it ends, and is waited for before it is forgotten.
    pub(crate) fn watched(&self) -> PathBuf {
        self.kept().join("watched")
    }

    /// Where it is said what went wrong.
    pub(crate) fn log(&self) -> PathBuf {
        self.kept().join("attendant.log")
    }

    /// Which instance of a container was launched last.
    pub(crate) fn instance(&self, container: &str) -> PathBuf {
        self.kept().join("instances").join(container)
    }

    /// The file in which a container may leave word of why it ended.
    pub(crate) fn termination(&self, container: &str, instance: u32) -> PathBuf {
        self.volatile().join("termination").join(format!("{container}-{instance}"))
    }

    /// What its sandbox is called among the pods that run: in the namespace `default` as it is.
    pub(crate) fn sandbox(&self) -> Name {
        let whole = match self.namespace.as_str() {
            "default" => self.name.clone(),
            namespace => format!("{namespace}--{}", self.name),
        };
        whole.parse().unwrap_or_else(|_| shortened(&whole))
    }
}

/// A label for what is longer than one, or has dots.
fn shortened(whole: &str) -> Name {
    let digest = Algorithm::Sha256.digest(whole.as_bytes());
    let label: String = whole.chars().map(|letter| if letter == '.' { '-' } else { letter }).take(50).collect();
    let label = format!("{}-{}", label.trim_end_matches('-'), &digest.hex()[..8]);
    label.parse().unwrap_or_else(|_| {
        Algorithm::Sha256.digest(whole.as_bytes()).hex()[..32]
            .parse()
            .unwrap_or_else(|_| unreachable!("hexadecimal digits are a label"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn called(namespace: &str, name: &str) -> String {
        let (data, registry) = (PathBuf::from("/data"), Registry::at("/run/pod".into()));
        let (namespace, name) = (namespace.to_owned(), name.to_owned());
        Place { data, registry, namespace, name, uid: "u".to_owned() }.sandbox().to_string()
    }

    #[test]
    fn a_sandbox_is_called_as_its_pod_and_no_two_are_called_alike() {
        assert_eq!(called("default", "web"), "web");
        assert_eq!(called("space", "web"), "space--web");
        let (dotted, other) = (called("default", "a.b"), called("default", "a-b"));
        assert!(dotted.starts_with("a-b-") && dotted != other, "{dotted}");
        let long = called("default", &"x".repeat(200));
        assert!(long.len() <= 63 && long != called("default", &"x".repeat(199)), "{long}");
    }
}
