//! Nodes held against the schema: what there is not, what is given twice, what is of the wrong type; and the value that
//! is left, in which everything is of the type it should be.

use std::fmt;

use serde_json::{Map as Object, Value};

use crate::emit::json_float;
use crate::schema::{Field, Holds, Type};
use crate::text::{Content, Map, Node, Place};
use crate::value::{Bytes, Quantity, Time};

/// Something in a text that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// Which value: `spec.containers[0].image`.
    pub path: String,
    /// Where it stands.
    pub place: Place,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What is wrong with a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// There is no such field; perhaps another was meant.
    Unknown(Option<&'static str>),
    /// The key was given before.
    Doubled,
    /// It is of the wrong type, in a cluster's words.
    Wrong(String),
}

/// In a cluster's words.
impl fmt::Display for Complaint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.fault {
            Fault::Unknown(_) => write!(formatter, "unknown field {:?}", self.path),
            Fault::Doubled => write!(formatter, "duplicate field {:?}", self.path),
            Fault::Wrong(words) => formatter.write_str(words),
        }
    }
}

/// What came of a node.
#[derive(Debug)]
pub(crate) struct Held {
    /// What is left, null nowhere.
    pub(crate) value: Value,
    /// Fields that there are not, and keys given twice.
    pub(crate) loose: Vec<Complaint>,
    /// Values of the wrong type.
    pub(crate) wrong: Vec<Complaint>,
}

/// Holds a node against a type.
pub(crate) fn hold(node: &Node, of: &'static Type) -> Held {
    let mut walk = Walk { path: String::new(), go: Vec::new(), loose: Vec::new(), wrong: Vec::new() };
    let value = match &node.content {
        Content::Map(map) => walk.object(map, of),
        _ => Value::Object(Object::new()),
    };
    Held { value, loose: walk.loose, wrong: walk.wrong }
}

/// What a value is in, for a complaint.
#[derive(Clone, Copy)]
struct Within {
    of: &'static Type,
    field: &'static Field,
}

struct Walk {
    /// Where we are, as users write it.
    path: String,
    /// Where we are, as a cluster's complaints about types have it.
    go: Vec<&'static str>,
    loose: Vec<Complaint>,
    wrong: Vec<Complaint>,
}

impl Walk {
    fn object(&mut self, map: &Map, of: &'static Type) -> Value {
        let mut object = Object::new();
        self.doubled(map);
        for entry in map.entries() {
            let length = self.descend(&entry.key);
            match of.field(&entry.key) {
                None => {
                    let fault = Fault::Unknown(near(&entry.key, of));
                    self.loose.push(Complaint { path: self.path.clone(), place: entry.place, fault });
                }
                Some(field) => {
                    let depth = self.go.len();
                    self.go.extend(field.within);
                    self.go.push(field.name);
                    if let Some(value) = self.value(&entry.value, &field.holds, Within { of, field }) {
                        object.insert(entry.key.to_string(), value);
                    }
                    self.go.truncate(depth);
                }
            }
            self.path.truncate(length);
        }
        Value::Object(object)
    }

    fn doubled(&mut self, map: &Map) {
        for (key, place) in map.doubled() {
            let length = self.descend(key);
            self.loose.push(Complaint { path: self.path.clone(), place: *place, fault: Fault::Doubled });
            self.path.truncate(length);
        }
    }

    /// Goes to a key, and says how long the path was.
    fn descend(&mut self, key: &str) -> usize {
        let length = self.path.len();
        if length > 0 {
            self.path.push('.');
        }
        self.path.push_str(key);
        length
    }

    /// The value as its type has it. `None` where there is none, or a wrong one.
    fn value(&mut self, node: &Node, holds: &'static Holds, within: Within) -> Option<Value> {
        match (holds, &node.content) {
            (_, Content::Null) => None,
            (Holds::Any, _) => Some(node.to_value()),
            (Holds::Text, Content::Text(text)) => Some(Value::from(text.as_str())),
            (Holds::Bool, Content::Bool(bool)) => Some(Value::Bool(*bool)),
            (Holds::Int64, Content::Int(number)) => Some(Value::from(*number)),
            (Holds::Int32, Content::Int(number)) if i32::try_from(*number).is_ok() => Some(Value::from(*number)),
            (Holds::IntOrString, Content::Text(text)) => Some(Value::from(text.as_str())),
            (Holds::IntOrString, Content::Int(number)) if i32::try_from(*number).is_ok() => Some(Value::from(*number)),
            (Holds::Bytes, Content::Text(text)) => match Bytes::decode(text) {
                Ok(_) => Some(Value::from(text.as_str())),
                Err(error) => self.complain(node, error.to_string()),
            },
            (Holds::Time, Content::Text(text)) => match text.parse::<Time>() {
                Ok(_) => Some(Value::from(text.as_str())),
                Err(error) => self.complain(node, error.to_string()),
            },
            (Holds::Quantity, content) => {
                let text = match content {
                    Content::Text(text) => text.trim().to_owned(),
                    Content::Int(number) => number.to_string(),
                    Content::Float(number) => json_float(*number),
                    // No text of this form is a quantity either.
                    _ => "{}".to_owned(),
                };
                match text.parse::<Quantity>() {
                    Ok(quantity) => Some(Value::String(quantity.to_string())),
                    Err(error) => self.complain(node, error.to_string()),
                }
            }
            (Holds::List(of), Content::List(list)) => Some(self.list(list, of, within)),
            (Holds::Map(of), Content::Map(map)) => Some(self.map(map, of, within)),
            (Holds::Type(of), Content::Map(map)) => Some(self.object(map, of)),
            (holds, content) => {
                let words = self.mismatch(holds, content, node, within);
                self.complain(node, words)
            }
        }
    }

    fn list(&mut self, list: &[Node], of: &'static Holds, within: Within) -> Value {
        let mut values = Vec::with_capacity(list.len());
        for (index, node) in list.iter().enumerate() {
            let length = self.path.len();
            self.path.push_str(&format!("[{index}]"));
            // Null in a list is what its type is without anything in it.
            values.push(self.value(node, of, within).unwrap_or_else(|| empty(of)));
            self.path.truncate(length);
        }
        Value::Array(values)
    }

    fn map(&mut self, map: &Map, of: &'static Holds, within: Within) -> Value {
        let mut object = Object::new();
        self.doubled(map);
        for entry in map.entries() {
            let length = self.descend(&entry.key);
            let value = self.value(&entry.value, of, within).unwrap_or_else(|| empty(of));
            object.insert(entry.key.to_string(), value);
            self.path.truncate(length);
        }
        Value::Object(object)
    }

    fn complain<T>(&mut self, node: &Node, words: String) -> Option<T> {
        self.wrong.push(Complaint { path: self.path.clone(), place: node.place, fault: Fault::Wrong(words) });
        None
    }

    fn mismatch(&self, holds: &Holds, content: &Content, node: &Node, within: Within) -> String {
        // A number that does not fit is named, one where no number belongs is not.
        let numeric = matches!(holds, Holds::Int32 | Holds::Int64 | Holds::IntOrString);
        let what = match content {
            Content::Int(number) if numeric => format!("number {number}"),
            Content::Float(number) if numeric => format!("number {}", json_float(*number)),
            _ => node.kind().to_owned(),
        };
        let name = called(holds, within.field);
        format!(
            "json: cannot unmarshal {what} into Go struct field {}.{} of type {name}",
            within.of.name,
            self.go.join(".")
        )
    }
}

/// What a cluster calls the type of a field, or of what is in its list or map.
fn called(holds: &Holds, field: &'static Field) -> String {
    let mut name = field.called;
    let mut here = &field.holds;
    while !std::ptr::eq(here, holds) {
        here = match here {
            Holds::Map(_) if name == "v1.ResourceList" => return "resource.Quantity".to_owned(),
            Holds::List(of) | Holds::Map(of) => of,
            _ => break,
        };
        // What is left of `[]v1.EnvVar` and `map[v1.ResourceName]string` after the bracket.
        name = name.split_once(']').map_or(name, |(_, of)| of);
    }
    name.to_owned()
}

/// A type's value without anything in it.
fn empty(holds: &Holds) -> Value {
    match holds {
        Holds::Text | Holds::Bytes => Value::String(String::new()),
        Holds::Quantity => Value::String("0".to_owned()),
        Holds::Int32 | Holds::Int64 | Holds::IntOrString => Value::from(0),
        Holds::Bool => Value::Bool(false),
        Holds::List(_) => Value::Array(Vec::new()),
        Holds::Map(_) | Holds::Type(_) => Value::Object(Object::new()),
        Holds::Any | Holds::Time => Value::Null,
    }
}

/// The field that was probably meant.
fn near(key: &str, of: &'static Type) -> Option<&'static str> {
    let allowed = if key.chars().count() <= 4 { 1 } else { 2 };
    let by_distance = of.fields.iter().map(|field| (distance(key, field.name), field.name));
    by_distance.filter(|(distance, _)| *distance <= allowed).min().map(|(_, name)| name)
}

/// How many letters have to be put in, left out, exchanged or swapped; case is no difference.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.to_lowercase().chars().collect(), b.to_lowercase().chars().collect());
    if a.len().abs_diff(b.len()) > 2 {
        return usize::MAX;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let mut least = (last[j] + usize::from(x != y)).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                least = least.min(before[j - 1] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or_default()
}
