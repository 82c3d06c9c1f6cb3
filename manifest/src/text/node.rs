//! What a text says, before anybody asks what it means: a tree in which everything knows its place.

use serde_json::{Number, Value};
use smol_str::SmolStr;

/// A text, which is short as a rule: then it takes no memory of its own.
pub type Word = SmolStr;

/// A position in a text, counted from 1; columns are characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
}

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Where it begins.
    pub place: Place,
    /// What it is.
    pub content: Content,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Nothing.
    Null,
    /// `true` or `false`, by any of their names.
    Bool(bool),
    /// A whole number that 64 bits with a sign can hold.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// Text.
    Text(Word),
    /// A list.
    List(Vec<Node>),
    /// A mapping.
    Map(Map),
}

/// A mapping, in order of its keys.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Map {
    entries: Vec<Entry>,
    #[allow(clippy::box_collection, reason = "hardly ever there: one word of room instead of three")]
    doubled: Option<Box<Vec<(Word, Place)>>>,
}

/// A key with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: Word,
    /// Where the key stands.
    pub place: Place,
    /// The value.
    pub value: Node,
}

impl Map {
    /// Of entries as they were written: the last of a key counts.
    pub(super) fn new(mut written: Vec<Entry>) -> Self {
        written.sort_by(|a, b| a.key.cmp(&b.key));
        if written.windows(2).all(|two| two[0].key != two[1].key) {
            return Self { entries: written, doubled: None };
        }
        Self::merged(written.into_iter().map(|entry| (entry, false)).collect())
    }

    /// The same of entries those of which that come from a merged mapping are marked `true`.
    pub(super) fn merged(mut written: Vec<(Entry, bool)>) -> Self {
        written.sort_by(|(a, _), (b, _)| a.key.cmp(&b.key));
        let (mut entries, mut doubled) = (Vec::<Entry>::with_capacity(written.len()), Vec::new());
        let mut before_was_merged = false;
        for (entry, merged) in written {
            match entries.last_mut() {
                Some(before) if before.key == entry.key => {
                    if !merged && !before_was_merged {
                        doubled.push((entry.key.clone(), entry.place));
                    }
                    *before = entry;
                }
                _ => entries.push(entry),
            }
            before_was_merged = merged;
        }
        Self { entries, doubled: (!doubled.is_empty()).then(|| Box::new(doubled)) }
    }

    /// Puts something under a key, and says what stood there. What nobody wrote stands nowhere.
    pub fn set(&mut self, key: &str, content: Content) -> Option<Node> {
        let value = Node { place: Place::default(), content };
        match self.find(key) {
            Ok(index) => Some(std::mem::replace(&mut self.entries[index].value, value)),
            Err(index) => {
                self.entries.insert(index, Entry { key: key.into(), place: value.place, value });
                None
            }
        }
    }

    /// The mapping under this key, put there if what `is_put` says so of what stands there.
    pub(crate) fn map_under(&mut self, key: &str, is_put: impl Fn(Option<&Node>) -> bool) -> Option<&mut Self> {
        if is_put(self.get(key)) {
            self.set(key, Content::Map(Self::default()));
        }
        let index = self.find(key).ok()?;
        match &mut self.entries[index].value.content {
            Content::Map(map) => Some(map),
            _ => None,
        }
    }

    /// Takes a key away, and says what stood there.
    pub fn remove(&mut self, key: &str) -> Option<Node> {
        self.find(key).ok().map(|index| self.entries.remove(index).value)
    }

    fn find(&self, key: &str) -> Result<usize, usize> {
        self.entries.binary_search_by(|entry| entry.key.as_str().cmp(key))
    }

    /// What stands under this key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The entry of this key.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.find(key).ok().map(|index| &self.entries[index])
    }

    /// All entries, in order of their keys.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub(super) fn into_entries(self) -> impl Iterator<Item = Entry> {
        self.entries.into_iter()
    }

    /// Keys that were written more than once, each with the place of a later one.
    #[must_use]
    pub fn doubled(&self) -> &[(Word, Place)] {
        self.doubled.as_deref().map_or(&[], Vec::as_slice)
    }
}

impl Node {
    /// What stands under this key, if this is a mapping.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        match &self.content {
            Content::Map(map) => map.get(key),
            _ => None,
        }
    }

    /// What stands under the last of these keys, if each but that leads to a mapping.
    #[must_use]
    pub fn at(&self, keys: &[&str]) -> Option<&Self> {
        keys.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The mapping under this key of this one, put there if `is_put` says so of what stands there.
    pub fn map_under(&mut self, key: &str, is_put: impl Fn(Option<&Self>) -> bool) -> Option<&mut Map> {
        match &mut self.content {
            Content::Map(map) => map.map_under(key, is_put),
            _ => None,
        }
    }

    /// The text, if it is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The elements, if this is a list.
    #[must_use]
    pub fn as_list(&self) -> Option<&[Self]> {
        match &self.content {
            Content::List(list) => Some(list),
            _ => None,
        }
    }

    /// What a cluster calls this kind of value when it is in the wrong place.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self.content {
            Content::Null => "null",
            Content::Bool(_) => "bool",
            Content::Int(_) | Content::Float(_) => "number",
            Content::Text(_) => "string",
            Content::List(_) => "array",
            Content::Map(_) => "object",
        }
    }

    /// The same without places.
    #[must_use]
    pub fn to_value(&self) -> Value {
        match &self.content {
            Content::Null => Value::Null,
            Content::Bool(bool) => Value::Bool(*bool),
            Content::Int(number) => Value::from(*number),
            Content::Float(number) => Number::from_f64(*number).map_or(Value::Null, Value::Number),
            Content::Text(text) => Value::from(text.as_str()),
            Content::List(list) => list.iter().map(Self::to_value).collect(),
            Content::Map(map) => {
                Value::Object(map.entries.iter().map(|entry| (entry.key.to_string(), entry.value.to_value())).collect())
            }
        }
    }

    /// The same, made of what is here.
    #[must_use]
    pub fn into_value(self) -> Value {
        match self.content {
            Content::Null => Value::Null,
            Content::Bool(bool) => Value::Bool(bool),
            Content::Int(number) => Value::from(number),
            Content::Float(number) => Number::from_f64(number).map_or(Value::Null, Value::Number),
            Content::Text(text) => Value::String(text.into()),
            Content::List(list) => list.into_iter().map(Self::into_value).collect(),
            Content::Map(map) => Value::Object(
                map.entries.into_iter().map(|entry| (entry.key.into(), entry.value.into_value())).collect(),
            ),
        }
    }

    /// The place of what a path such as `spec.containers[0].image` names, or of the nearest thing around it that was
    /// written.
    #[must_use]
    pub fn locate(&self, path: &str) -> Place {
        let mut here = self;
        let mut place = self.place;
        let mut rest = path;
        while !rest.is_empty() {
            let (entry, further) = here.step(rest);
            let Some((at, value)) = entry else { break };
            place = at;
            here = value;
            rest = further;
        }
        place
    }

    /// One step of a path: `[0]`, `[key]`, or a field, with the longest key that fits.
    fn step<'a>(&self, path: &'a str) -> (Option<(Place, &Self)>, &'a str) {
        if let Some(inner) = path.strip_prefix('[') {
            let (index, rest) = inner.split_once(']').unwrap_or((inner, ""));
            let rest = rest.strip_prefix('.').unwrap_or(rest);
            let found = match &self.content {
                Content::List(list) => {
                    index.parse::<usize>().ok().and_then(|index| list.get(index)).map(|node| (node.place, node))
                }
                Content::Map(map) => map.entry(index).map(|entry| (entry.place, &entry.value)),
                _ => None,
            };
            return (found, rest);
        }
        let end = path.find(['.', '[']).unwrap_or(path.len());
        let rest = path[end..].strip_prefix('.').unwrap_or(&path[end..]);
        let Content::Map(map) = &self.content else { return (None, rest) };
        (map.entry(&path[..end]).map(|entry| (entry.place, &entry.value)), rest)
    }
}
