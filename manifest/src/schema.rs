//! What there is to know of every field: what it holds, how patches merge it, and what it means on one machine.

mod table;

/// The release of Kubernetes whose fields these are.
pub const KUBERNETES: &str = "1.36.0";

/// What a field holds.
#[derive(Clone, Copy, Debug)]
pub enum Holds {
    /// Text.
    Text,
    /// A whole number of 32 bits.
    Int32,
    /// A whole number of 64 bits.
    Int64,
    /// `true` or `false`.
    Bool,
    /// Bytes, written in base64.
    Bytes,
    /// A time.
    Time,
    /// A quantity, such as `64Mi`.
    Quantity,
    /// A number or a name.
    IntOrString,
    /// Anything.
    Any,
    /// A list of these.
    List(&'static Holds),
    /// These, by name.
    Map(&'static Holds),
    /// An object.
    Type(&'static Type),
}

/// What a field means on one machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    /// It has the effect that it has in a cluster.
    Honoured,
    /// It is accepted and has no effect.
    Noted,
    /// It is an error.
    Refused,
    /// It is read, checked and defaulted; nothing runs by it yet.
    Later,
    /// It is written by whoever runs the object; what a manifest says of it is not taken.
    Told,
}

/// What a strategic patch does to a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// Lists are replaced, objects merged.
    Replace,
    /// Lists are merged, by their key if they have one.
    Merge,
    /// Keys that a patch does not retain are removed.
    RetainKeys,
    /// Both of the above.
    MergeRetainKeys,
}

/// A type: its fields in order of their names.
#[derive(Debug)]
pub struct Type {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub help: &'static str,
    /// Its fields.
    pub fields: &'static [Field],
}

/// A field of a type.
#[derive(Debug)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub holds: Holds,
    /// Whether it has to be there.
    pub required: bool,
    /// The key that a list is merged by.
    pub merge_key: Option<&'static str>,
    /// How a strategic patch treats it.
    pub strategy: Strategy,
    /// What a cluster calls its type in a complaint.
    pub called: &'static str,
    /// What a cluster puts before it in a complaint.
    pub within: Option<&'static str>,
    /// What it means on one machine.
    pub support: Support,
    /// What it is for.
    pub help: &'static str,
    /// Why it is noted or refused.
    pub reason: &'static str,
}

/// A kind that is read.
#[derive(Debug)]
pub struct Root {
    /// Its name.
    pub kind: &'static str,
    /// Its group and version.
    pub api_version: &'static str,
    /// Its fields.
    pub of: &'static Type,
}

const fn field(
    name: &'static str,
    holds: Holds,
    called: &'static str,
    support: Support,
    help: &'static str,
    reason: &'static str,
) -> Field {
    Field {
        name,
        holds,
        required: false,
        merge_key: None,
        strategy: Strategy::Replace,
        called,
        within: None,
        support,
        help,
        reason,
    }
}

impl Field {
    const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    const fn key(self, key: &'static str) -> Self {
        Self { merge_key: Some(key), ..self }
    }

    const fn patched(self, strategy: Strategy) -> Self {
        Self { strategy, ..self }
    }

    const fn within(self, within: &'static str) -> Self {
        Self { within: Some(within), ..self }
    }

    /// Whether a strategic patch merges its list.
    #[must_use]
    pub fn merges(&self) -> bool {
        matches!(self.strategy, Strategy::Merge | Strategy::MergeRetainKeys)
    }

    /// Whether a strategic patch says which keys stay.
    #[must_use]
    pub fn retains_keys(&self) -> bool {
        matches!(self.strategy, Strategy::RetainKeys | Strategy::MergeRetainKeys)
    }
}

impl Type {
    /// The field of this name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.binary_search_by(|field| field.name.cmp(name)).ok().map(|index| &self.fields[index])
    }
}

impl Holds {
    /// The type of its objects, if it holds some.
    #[must_use]
    pub fn target(&self) -> Option<&'static Type> {
        match self {
            Self::Type(of) => Some(of),
            Self::List(of) | Self::Map(of) => of.target(),
            _ => None,
        }
    }

    /// What to call it: `string`, `[]Container`, `map[string]string`.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Text | Self::Time => "string".to_owned(),
            Self::Int32 | Self::Int64 => "integer".to_owned(),
            Self::Bool => "boolean".to_owned(),
            Self::Bytes => "base64".to_owned(),
            Self::Quantity => "Quantity".to_owned(),
            Self::IntOrString => "IntOrString".to_owned(),
            Self::Any => "Object".to_owned(),
            Self::List(of) => format!("[]{}", of.name()),
            Self::Map(of) => format!("map[string]{}", of.name()),
            Self::Type(of) => of.name.to_owned(),
        }
    }
}

/// The kinds that are read.
#[must_use]
pub fn roots() -> &'static [Root] {
    &table::ROOTS
}

/// Every type that they are made of, in order of their names.
#[must_use]
pub fn types() -> &'static [&'static Type] {
    &table::TYPES
}

/// The type of this name.
#[must_use]
pub fn named(name: &str) -> Option<&'static Type> {
    types().binary_search_by(|of| of.name.cmp(name)).ok().map(|index| types()[index])
}

/// The kind of this name in this group and version, or in one that it was in before.
#[must_use]
pub fn root(api_version: &str, kind: &str) -> Option<&'static Root> {
    roots()
        .iter()
        .find(|root| root.kind == kind && (root.api_version == api_version || formerly(kind).contains(&api_version)))
}

/// Groups and versions that a kind was served in years ago, with fields that mean the same today.
#[must_use]
pub fn formerly(kind: &str) -> &'static [&'static str] {
    match kind {
        "Deployment" => &["extensions/v1beta1", "apps/v1beta1", "apps/v1beta2"],
        "ReplicaSet" | "DaemonSet" => &["extensions/v1beta1", "apps/v1beta2"],
        "StatefulSet" => &["apps/v1beta1", "apps/v1beta2"],
        "CronJob" => &["batch/v1beta1"],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_found_by_its_name() {
        assert!(types().iter().all(|of| named(of.name).is_some_and(|found| std::ptr::eq(found, *of))));
        assert!(named("PodSpecial").is_none());
    }
}
