//! The objects: a structure for each type, and one value for any kind.

mod apps;
mod batch;
mod claim;
mod config;
mod container;
mod meta;
mod placement;
mod pod;
mod security;
mod service;
pub(crate) mod shape;
mod status;
mod volume;

use serde::{Serialize, Serializer};
use serde_json::Value;

pub use apps::*;
pub use batch::*;
pub use claim::*;
pub use config::*;
pub use container::*;
pub use meta::*;
pub use placement::*;
pub use pod::*;
pub use security::*;
pub use service::*;
pub use status::*;
pub use volume::*;

use crate::schema::{self, Root};

use shape::Held;
pub use shape::Mismatch;

impl Serialize for Object {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_value().serialize(serializer)
    }
}

impl ObjectMeta {
    /// Whether nothing is said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

macro_rules! objects {
    ($($kind:ident: $resource:literal, $plural:literal, [$($short:literal),*], $namespaced:literal;)*) => {
        /// An object of any kind that is read.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Object {
            $(
                #[doc = concat!("A ", stringify!($kind), ".")]
                $kind(Box<$kind>),
            )*
        }

        impl Object {
            /// From a value that holds to the schema of its kind.
            ///
            /// # Errors
            /// It does not.
            pub fn from_value(kind: &str, value: Value) -> Result<Self, Mismatch> {
                match kind {
                    $(stringify!($kind) => Held::of(value).map(Self::$kind),)*
                    _ => Err(Mismatch::new(format!("there is no kind {kind}"))),
                }
            }

            /// The object as JSON.
            #[must_use]
            pub fn to_value(&self) -> Value {
                match self {
                    $(Self::$kind(object) => shape::drawn(&**object),)*
                }
            }

            /// The kind's name.
            #[must_use]
            pub fn kind(&self) -> &'static str {
                match self {
                    $(Self::$kind(_) => stringify!($kind),)*
                }
            }

            /// Who it is.
            #[must_use]
            pub fn metadata(&self) -> &ObjectMeta {
                match self {
                    $(Self::$kind(object) => &object.metadata,)*
                }
            }

            /// Who it is, to be changed.
            pub fn metadata_mut(&mut self) -> &mut ObjectMeta {
                match self {
                    $(Self::$kind(object) => &mut object.metadata,)*
                }
            }

            pub(crate) fn set_head(&mut self, api_version: &str) {
                match self {
                    $(Self::$kind(object) => {
                        object.api_version = api_version.to_owned();
                        stringify!($kind).clone_into(&mut object.kind);
                    })*
                }
            }
        }

        $(
            impl From<$kind> for Object {
                fn from(object: $kind) -> Self {
                    Self::$kind(Box::new(object))
                }
            }
        )*

        /// What the command line calls the kinds.
        pub static RESOURCES: &[Resource] = &[
            $(Resource {
                kind: stringify!($kind),
                singular: $resource,
                plural: $plural,
                short: &[$($short),*],
                namespaced: $namespaced,
            },)*
        ];
    };
}

/// What the command line calls a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resource {
    /// The kind.
    pub kind: &'static str,
    /// One of them.
    pub singular: &'static str,
    /// Several of them.
    pub plural: &'static str,
    /// Short names.
    pub short: &'static [&'static str],
    /// Whether it is in a namespace.
    pub namespaced: bool,
}

objects! {
    ConfigMap: "configmap", "configmaps", ["cm"], true;
    Namespace: "namespace", "namespaces", ["ns"], false;
    PersistentVolumeClaim: "persistentvolumeclaim", "persistentvolumeclaims", ["pvc"], true;
    Pod: "pod", "pods", ["po"], true;
    Secret: "secret", "secrets", [], true;
    ServiceAccount: "serviceaccount", "serviceaccounts", ["sa"], true;
    Service: "service", "services", ["svc"], true;
    DaemonSet: "daemonset", "daemonsets", ["ds"], true;
    Deployment: "deployment", "deployments", ["deploy"], true;
    ReplicaSet: "replicaset", "replicasets", ["rs"], true;
    StatefulSet: "statefulset", "statefulsets", ["sts"], true;
    CronJob: "cronjob", "cronjobs", ["cj"], true;
    Job: "job", "jobs", [], true;
}

impl Resource {
    /// Of a kind, or of a word of the command line: singular, plural, short or with its group (`deployments.apps`).
    #[must_use]
    pub fn find(word: &str) -> Option<&'static Self> {
        let lower = word.to_lowercase();
        RESOURCES.iter().find(|resource| {
            let plain = lower.strip_suffix(&format!(".{}", resource.group())).filter(|_| !resource.group().is_empty());
            let word = plain.unwrap_or(&lower);
            word == resource.singular || word == resource.plural || resource.short.contains(&word)
        })
    }

    /// Its place in the schema.
    ///
    /// # Panics
    /// Never: each resource has a root, which a test sees to.
    #[must_use]
    pub fn root(&self) -> &'static Root {
        let root = schema::roots().iter().find(|root| root.kind == self.kind);
        #[allow(clippy::expect_used)]
        root.expect("every resource has a root")
    }

    /// Its group: empty for the oldest kinds.
    #[must_use]
    pub fn group(&self) -> &'static str {
        self.root().api_version.split_once('/').map_or("", |(group, _)| group)
    }

    /// The name in a line about one object: `pod`, `deployment.apps`.
    #[must_use]
    pub fn qualified(&self) -> String {
        qualify(self.singular, self.group())
    }

    /// The name in an error about one object: `pods`, `deployments.apps`.
    #[must_use]
    pub fn qualified_plural(&self) -> String {
        qualify(self.plural, self.group())
    }
}

fn qualify(name: &str, group: &str) -> String {
    if group.is_empty() { name.to_owned() } else { format!("{name}.{group}") }
}

impl Object {
    /// What the command line calls its kind.
    ///
    /// # Panics
    /// Never: the list is made with the kinds.
    #[must_use]
    pub fn resource(&self) -> &'static Resource {
        #[allow(clippy::expect_used)]
        RESOURCES.iter().find(|resource| resource.kind == self.kind()).expect("every kind is a resource")
    }

    /// `pod/web`, `deployment.apps/web`.
    #[must_use]
    pub fn reference(&self) -> String {
        format!("{}/{}", self.resource().qualified(), self.metadata().name.as_deref().unwrap_or_default())
    }

    /// Forgets what only who runs an object may write.
    pub fn forget_told(&mut self) {
        let metadata = self.metadata_mut();
        *metadata = ObjectMeta {
            annotations: std::mem::take(&mut metadata.annotations),
            finalizers: std::mem::take(&mut metadata.finalizers),
            generate_name: metadata.generate_name.take(),
            labels: std::mem::take(&mut metadata.labels),
            name: metadata.name.take(),
            namespace: metadata.namespace.take(),
            owner_references: std::mem::take(&mut metadata.owner_references),
            ..ObjectMeta::default()
        };
        match self {
            Self::Pod(object) => object.status = None,
            Self::PersistentVolumeClaim(object) => object.status = None,
            Self::Namespace(object) => object.status = None,
            Self::Service(object) => object.status = None,
            Self::Deployment(object) => object.status = None,
            Self::ReplicaSet(object) => object.status = None,
            Self::DaemonSet(object) => object.status = None,
            Self::StatefulSet(object) => object.status = None,
            Self::Job(object) => object.status = None,
            Self::CronJob(object) => object.status = None,
            Self::ConfigMap(_) | Self::Secret(_) | Self::ServiceAccount(_) => {}
        }
    }

    /// The pods that it makes, or the pod that it is.
    #[must_use]
    pub fn pod_spec(&self) -> Option<&PodSpec> {
        let template = match self {
            Self::Pod(pod) => return pod.spec.as_ref(),
            Self::Deployment(object) => object.spec.as_ref()?.template.as_ref(),
            Self::ReplicaSet(object) => object.spec.as_ref()?.template.as_ref(),
            Self::DaemonSet(object) => object.spec.as_ref()?.template.as_ref(),
            Self::StatefulSet(object) => object.spec.as_ref()?.template.as_ref(),
            Self::Job(object) => object.spec.as_ref()?.template.as_ref(),
            Self::CronJob(object) => object.spec.as_ref()?.job_template.as_ref()?.spec.as_ref()?.template.as_ref(),
            _ => None,
        };
        template?.spec.as_ref()
    }

    /// The same, to be changed.
    pub fn pod_spec_mut(&mut self) -> Option<&mut PodSpec> {
        let template = match self {
            Self::Pod(pod) => return pod.spec.as_mut(),
            Self::Deployment(object) => object.spec.as_mut()?.template.as_mut(),
            Self::ReplicaSet(object) => object.spec.as_mut()?.template.as_mut(),
            Self::DaemonSet(object) => object.spec.as_mut()?.template.as_mut(),
            Self::StatefulSet(object) => object.spec.as_mut()?.template.as_mut(),
            Self::Job(object) => object.spec.as_mut()?.template.as_mut(),
            Self::CronJob(object) => object.spec.as_mut()?.job_template.as_mut()?.spec.as_mut()?.template.as_mut(),
            _ => None,
        };
        template?.spec.as_mut()
    }
}
