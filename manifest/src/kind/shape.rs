//! How objects become JSON and come of it: by their fields' names, with one loop for all of them. serde's derives would
//! write a parser for each of the two hundred types, which costs a minute of building and a megabyte.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value};

use crate::value::{Bytes, IntOrString, Quantity, Time};

/// A structure with named fields.
pub(crate) trait Shape {
    /// Takes the value of a field; one that there is not is passed over.
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch>;

    /// Puts every field that says something into a map.
    fn put(&self, map: &mut Map<String, Value>);
}

/// A value that is not of the type it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    path: String,
    trouble: String,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.path, self.trouble)
    }
}

impl std::error::Error for Mismatch {}

impl Mismatch {
    pub(super) fn new(trouble: impl Into<String>) -> Self {
        Self { path: String::new(), trouble: trouble.into() }
    }

    fn within(mut self, key: &str) -> Self {
        self.path = if self.path.is_empty() { key.to_owned() } else { format!("{key}.{}", self.path) };
        self
    }
}

/// What a field can hold.
pub(crate) trait Held: Sized {
    /// From JSON.
    fn of(value: Value) -> Result<Self, Mismatch>;

    /// As JSON; nothing where nothing is said.
    fn value(&self) -> Option<Value>;
}

/// Takes the value of a field.
pub(super) fn take<T: Held>(field: &mut T, value: Value) -> Result<(), Mismatch> {
    *field = T::of(value)?;
    Ok(())
}

/// Gives the value of a field, if it says something.
pub(super) fn give<T: Held>(map: &mut Map<String, Value>, key: &str, field: &T) {
    if let Some(value) = field.value() {
        map.insert(key.to_owned(), value);
    }
}

/// Fills a structure from an object.
pub(super) fn fill(shape: &mut dyn Shape, value: Value) -> Result<(), Mismatch> {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                if !value.is_null() {
                    shape.set(&key, value).map_err(|mismatch| mismatch.within(&key))?;
                }
            }
            Ok(())
        }
        Value::Null => Ok(()),
        other => Err(Mismatch::new(format!("{other} where an object belongs"))),
    }
}

/// A structure as an object.
pub(super) fn drawn(shape: &dyn Shape) -> Value {
    let mut map = Map::new();
    shape.put(&mut map);
    Value::Object(map)
}

fn wrong<T>(value: &Value, expected: &str) -> Result<T, Mismatch> {
    Err(Mismatch::new(format!("{value} where {expected} belongs")))
}

impl Held for String {
    fn of(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::String(text) => Ok(text),
            other => wrong(&other, "text"),
        }
    }

    fn value(&self) -> Option<Value> {
        Some(Value::String(self.clone()))
    }
}

impl Held for bool {
    fn of(value: Value) -> Result<Self, Mismatch> {
        value.as_bool().map_or_else(|| wrong(&value, "true or false"), Ok)
    }

    fn value(&self) -> Option<Value> {
        Some(Value::Bool(*self))
    }
}

impl Held for i64 {
    fn of(value: Value) -> Result<Self, Mismatch> {
        value.as_i64().map_or_else(|| wrong(&value, "a whole number"), Ok)
    }

    fn value(&self) -> Option<Value> {
        Some(Value::from(*self))
    }
}

impl Held for i32 {
    fn of(value: Value) -> Result<Self, Mismatch> {
        let number = value.as_i64().and_then(|number| Self::try_from(number).ok());
        number.map_or_else(|| wrong(&value, "a whole number of 32 bits"), Ok)
    }

    fn value(&self) -> Option<Value> {
        Some(Value::from(*self))
    }
}

impl Held for Value {
    fn of(value: Value) -> Result<Self, Mismatch> {
        Ok(value)
    }

    fn value(&self) -> Option<Value> {
        Some(self.clone())
    }
}

impl Held for IntOrString {
    fn of(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::String(text) => Ok(Self::String(text)),
            number => i32::of(number).map(Self::Int),
        }
    }

    fn value(&self) -> Option<Value> {
        Some(match self {
            Self::Int(number) => Value::from(*number),
            Self::String(text) => Value::from(text.as_str()),
        })
    }
}

/// Values that stand in a text of their own form.
macro_rules! by_text {
    ($($held:ty: $read:expr, $show:expr;)*) => {
        $(impl Held for $held {
            fn of(value: Value) -> Result<Self, Mismatch> {
                let text = String::of(value)?;
                let read: fn(&str) -> Result<Self, String> = $read;
                read(&text).map_err(Mismatch::new)
            }

            fn value(&self) -> Option<Value> {
                let show: fn(&Self) -> String = $show;
                Some(Value::String(show(self)))
            }
        })*
    };
}

by_text! {
    Quantity: |text| text.parse().map_err(|error: crate::value::InvalidQuantity| error.to_string()), ToString::to_string;
    Time: |text| text.parse().map_err(|error: crate::value::InvalidTime| error.to_string()), ToString::to_string;
    Bytes: |text| Self::decode(text).map_err(|error| error.to_string()), Self::encode;
}

impl<T: Held> Held for Option<T> {
    fn of(value: Value) -> Result<Self, Mismatch> {
        if value.is_null() { Ok(None) } else { T::of(value).map(Some) }
    }

    fn value(&self) -> Option<Value> {
        self.as_ref().and_then(T::value)
    }
}

impl<T: Held> Held for Box<T> {
    fn of(value: Value) -> Result<Self, Mismatch> {
        T::of(value).map(Self::new)
    }

    fn value(&self) -> Option<Value> {
        T::value(self)
    }
}

impl<T: Held> Held for Vec<T> {
    fn of(value: Value) -> Result<Self, Mismatch> {
        let Value::Array(list) = value else { return wrong(&value, "a list") };
        let with_index = |(index, value)| T::of(value).map_err(|mismatch| mismatch.within(&format!("[{index}]")));
        list.into_iter().enumerate().map(with_index).collect()
    }

    fn value(&self) -> Option<Value> {
        (!self.is_empty()).then(|| self.iter().map(|element| element.value().unwrap_or_default()).collect())
    }
}

impl<T: Held> Held for BTreeMap<String, T> {
    fn of(value: Value) -> Result<Self, Mismatch> {
        let Value::Object(map) = value else { return wrong(&value, "a mapping") };
        let with_key = |(key, value): (String, Value)| match T::of(value) {
            Ok(value) => Ok((key, value)),
            Err(mismatch) => Err(mismatch.within(&key)),
        };
        map.into_iter().map(with_key).collect()
    }

    fn value(&self) -> Option<Value> {
        let pair = |(key, value): (&String, &T)| (key.clone(), value.value().unwrap_or_default());
        (!self.is_empty()).then(|| self.iter().map(pair).collect())
    }
}

/// What every structure can once it has a shape.
macro_rules! shaped {
    ($($shape:ident)*) => {
        $(
            impl Held for $shape {
                fn of(value: Value) -> Result<Self, Mismatch> {
                    let mut shape = Self::default();
                    fill(&mut shape, value)?;
                    Ok(shape)
                }

                fn value(&self) -> Option<Value> {
                    Some(drawn(self))
                }
            }

            impl serde::Serialize for $shape {
                fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    drawn(self).serialize(serializer)
                }
            }

            impl<'de> serde::Deserialize<'de> for $shape {
                fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    Self::of(serde::Deserialize::deserialize(deserializer)?).map_err(serde::de::Error::custom)
                }
            }
        )*
    };
}

pub(super) use shaped;
