//! What can be written: values, and nodes as they were read, so that the one need not be made of the other for it.

use serde_json::{Map, Number, Value};

use crate::text::{self, Content, Node};

/// A value of which others may be part.
pub trait Tree: Sized + 'static {
    /// What holds others by their keys.
    type Map;

    /// What it is.
    fn look(&self) -> Look<'_, Self>;

    /// What is in a mapping, in order of the keys.
    fn entries(map: &Self::Map) -> impl Iterator<Item = (&str, &Self)>;
}

/// What a value is.
#[derive(Clone, Debug)]
pub enum Look<'a, T: Tree> {
    /// Nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number that 64 bits with a sign can hold.
    Int(i64),
    /// Any other number.
    Number(Number),
    /// Text.
    Text(&'a str),
    /// A list.
    List(&'a [T]),
    /// A mapping.
    Map(&'a T::Map),
}

impl Tree for Value {
    type Map = Map<String, Self>;

    fn look(&self) -> Look<'_, Self> {
        match self {
            Self::Null => Look::Null,
            Self::Bool(bool) => Look::Bool(*bool),
            Self::Number(number) => number.as_i64().map_or_else(|| Look::Number(number.clone()), Look::Int),
            Self::String(text) => Look::Text(text),
            Self::Array(list) => Look::List(list),
            Self::Object(map) => Look::Map(map),
        }
    }

    fn entries(map: &Self::Map) -> impl Iterator<Item = (&str, &Self)> {
        map.iter().map(|(key, value)| (key.as_str(), value))
    }
}

impl Tree for Node {
    type Map = text::Map;

    fn look(&self) -> Look<'_, Self> {
        match &self.content {
            Content::Null => Look::Null,
            Content::Bool(bool) => Look::Bool(*bool),
            Content::Int(number) => Look::Int(*number),
            Content::Float(number) => Number::from_f64(*number).map_or(Look::Null, Look::Number),
            Content::Text(text) => Look::Text(text),
            Content::List(list) => Look::List(list),
            Content::Map(map) => Look::Map(map),
        }
    }

    fn entries(map: &Self::Map) -> impl Iterator<Item = (&str, &Self)> {
        map.entries().iter().map(|entry| (entry.key.as_str(), &entry.value))
    }
}
