//! What a template finds.

use serde_json::Value;

use super::Found;
use super::parse::{Filter, Part, Slice, Step};

/// A path that does not fit what it is used on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvalError {
    /// An index of something that has none.
    #[error("{0} is not array or slice")]
    NoList(String),
    /// A filter on something that is no list.
    #[error("{0} is not array or slice and cannot be filtered")]
    NoFilter(String),
    /// An index past the end.
    #[error("array index out of bounds: index {index}, length {length}")]
    Bounds {
        /// Which.
        index: i64,
        /// How many there are.
        length: i64,
    },
    /// A slice that ends before it starts.
    #[error("starting index {0} is greater than ending index {1}")]
    Backwards(i64, i64),
    /// A slice with a step of nothing.
    #[error("step must be > 0")]
    Step,
    /// A condition that has several values on a side.
    #[error("can only compare one element at a time")]
    Several,
    /// A condition on values that cannot be compared.
    #[error("incompatible types for comparison")]
    Types,
    /// A sign between two values that means nothing.
    #[error("unrecognized filter operator {0}")]
    Operator(String),
    /// An end without a beginning.
    #[error("not in range, nothing to end")]
    End,
    /// A field that is not there, where that is to be told.
    #[error("{0} is not found")]
    Missing(String),
    /// More than anybody reads.
    #[error("the path finds too much")]
    Budget,
}

/// How many values a template may touch, for each that there is.
const BUDGET: usize = 4_000_000;

/// What a template finds in a value.
pub(super) fn find(parts: &[Part], value: &Value, strict: bool) -> Result<Vec<Found>, EvalError> {
    let mut run = Run { left: BUDGET, strict };
    let mut found = Vec::new();
    run.block(parts, value, false, &mut found)?;
    Ok(found)
}

struct Run {
    left: usize,
    /// Whether a field that is nowhere is an error.
    strict: bool,
}

/// What became of a path in braces.
enum Walked<'a> {
    Values(Vec<Item<'a>>),
    Range(Vec<Item<'a>>),
    End,
}

/// A value of the object, or one of the template's own.
#[derive(Clone)]
enum Item<'a> {
    There(&'a Value),
    Own(Value),
}

impl Item<'_> {
    fn get(&self) -> &Value {
        match self {
            Self::There(value) => value,
            Self::Own(value) => value,
        }
    }
}

impl Run {
    fn spend(&mut self, count: usize) -> Result<(), EvalError> {
        self.left = self.left.checked_sub(count + 1).ok_or(EvalError::Budget)?;
        Ok(())
    }

    /// Runs parts up to the end of the block, and says where that is.
    fn block(
        &mut self,
        parts: &[Part],
        value: &Value,
        within: bool,
        found: &mut Vec<Found>,
    ) -> Result<usize, EvalError> {
        let mut at = 0;
        while at < parts.len() {
            match &parts[at] {
                Part::Text(text) => found.push(Found::Text(text.clone())),
                Part::Path(steps) => match self.path(steps, value, within)? {
                    Walked::Values(values) => {
                        found.push(match steps.as_slice() {
                            [Step::Text(text)] => Found::Text(text.clone()),
                            _ => Found::Values(values.iter().map(|item| item.get().clone()).collect()),
                        });
                    }
                    Walked::End => return Ok(at),
                    Walked::Range(values) => {
                        let inner = &parts[at + 1..];
                        for value in &values {
                            self.block(inner, value.get(), true, found)?;
                        }
                        // Where it ends is known without running it.
                        at += 1 + end_of(inner);
                    }
                },
            }
            at += 1;
        }
        Ok(at)
    }

    fn path<'a>(&mut self, steps: &[Step], value: &'a Value, within: bool) -> Result<Walked<'a>, EvalError> {
        let mut items = vec![Item::There(value)];
        let mut is_range = false;
        for step in steps {
            match step {
                Step::Range => is_range = true,
                Step::End if within => return Ok(Walked::End),
                Step::End => return Err(EvalError::End),
                step => items = self.step(step, items)?,
            }
        }
        Ok(if is_range { Walked::Range(items) } else { Walked::Values(items) })
    }

    fn step<'a>(&mut self, step: &Step, items: Vec<Item<'a>>) -> Result<Vec<Item<'a>>, EvalError> {
        self.spend(items.len())?;
        Ok(match step {
            Step::Text(text) => vec![Item::Own(Value::from(text.as_str()))],
            Step::Int(number) => vec![Item::Own(Value::from(*number))],
            Step::Float(number) => vec![Item::Own(Value::from(*number))],
            Step::Bool(bool) => vec![Item::Own(Value::Bool(*bool))],
            Step::Range | Step::End => items,
            Step::Field(name) if name.is_empty() => items,
            Step::Field(name) => {
                let found = each(items, |value| value.get(name.as_str()).into_iter().collect());
                if self.strict && found.is_empty() {
                    return Err(EvalError::Missing(name.clone()));
                }
                found
            }
            Step::All => each(items, children),
            Step::Below => {
                let mut below = Vec::new();
                for item in &items {
                    self.below(item, &mut below)?;
                }
                below
            }
            Step::Slice(slice) => self.slice(*slice, items)?,
            Step::Union(all) => {
                let mut several = Vec::new();
                for steps in all {
                    let mut some = items.clone();
                    for step in steps {
                        some = self.step(step, some)?;
                    }
                    several.extend(some);
                }
                several
            }
            Step::Filter(filter) => self.filter(filter, items)?,
        })
    }

    /// Everything that has something in it, text too.
    fn below<'a>(&mut self, item: &Item<'a>, found: &mut Vec<Item<'a>>) -> Result<(), EvalError> {
        self.spend(1)?;
        match item.get() {
            Value::Array(list) if !list.is_empty() => found.push(item.clone()),
            Value::Object(map) if !map.is_empty() => found.push(item.clone()),
            Value::String(text) if !text.is_empty() => {
                found.push(item.clone());
                return Ok(());
            }
            _ => return Ok(()),
        }
        each(vec![item.clone()], children).iter().try_for_each(|item| self.below(item, found))
    }

    fn slice<'a>(&mut self, slice: Slice, items: Vec<Item<'a>>) -> Result<Vec<Item<'a>>, EvalError> {
        let mut found = Vec::new();
        for item in items {
            let list = match item.get() {
                Value::Null => continue,
                Value::Array(list) => list,
                other => return Err(EvalError::NoList(super::show(other))),
            };
            let length = i64::try_from(list.len()).unwrap_or(i64::MAX);
            let from = slice.from.unwrap_or_default();
            let from = if from < 0 { from.saturating_add(length) } else { from };
            let to = slice.to.unwrap_or(length);
            let to = if to < 0 || to == 0 && slice.one { to.saturating_add(length) } else { to };
            if to != from {
                if from >= length || from < 0 {
                    return Err(EvalError::Bounds { index: from, length });
                }
                if to > length || to < 0 {
                    return Err(EvalError::Bounds { index: to - 1, length });
                }
                if from > to {
                    return Err(EvalError::Backwards(from, to));
                }
            }
            let step = slice.step.unwrap_or(1);
            if step <= 0 {
                return Err(EvalError::Step);
            }
            let at = |index: i64| usize::try_from(index).unwrap_or_default();
            let wanted = (at(from)..at(to)).step_by(at(step));
            found.extend(wanted.filter_map(|index| element(&item, index)));
        }
        Ok(found)
    }

    fn filter<'a>(&mut self, filter: &Filter, items: Vec<Item<'a>>) -> Result<Vec<Item<'a>>, EvalError> {
        let mut found = Vec::new();
        for item in items {
            let list = match item.get() {
                Value::Null => continue,
                Value::Array(list) => list,
                other => return Err(EvalError::NoFilter(super::show(other))),
            };
            for index in 0..list.len() {
                let Some(element) = element(&item, index) else { continue };
                if self.holds(filter, element.get())? {
                    found.push(element);
                }
            }
        }
        Ok(found)
    }

    fn holds(&mut self, filter: &Filter, value: &Value) -> Result<bool, EvalError> {
        let side = |run: &mut Self, steps: &[Step]| match run.path(steps, value, false)? {
            Walked::Values(items) | Walked::Range(items) => {
                Ok::<Vec<Value>, EvalError>(items.iter().map(|item| item.get().clone()).collect())
            }
            Walked::End => Err(EvalError::End),
        };
        if filter.operator.is_empty() {
            // Whether it is there is what is asked.
            return match side(self, &filter.left) {
                Err(EvalError::Missing(_)) => Ok(false),
                left => left.map(|left| !left.is_empty()),
            };
        }
        let left = side(self, &filter.left)?;
        let right = side(self, &filter.right)?;
        match (left.as_slice(), right.as_slice()) {
            ([], _) | (_, []) => Ok(false),
            ([left], [right]) => compare(left, &filter.operator, right),
            _ => Err(EvalError::Several),
        }
    }
}

/// How many parts there are before the end of the block that they begin in.
fn end_of(parts: &[Part]) -> usize {
    let mut depth = 0;
    for (at, part) in parts.iter().enumerate() {
        let Part::Path(steps) = part else { continue };
        if steps.contains(&Step::Range) {
            depth += 1;
        } else if steps.contains(&Step::End) {
            if depth == 0 {
                return at;
            }
            depth -= 1;
        }
    }
    parts.len()
}

fn each<'a>(items: Vec<Item<'a>>, of: impl for<'b> Fn(&'b Value) -> Vec<&'b Value>) -> Vec<Item<'a>> {
    let mut found = Vec::new();
    for item in items {
        match item {
            Item::There(value) => found.extend(of(value).into_iter().map(Item::There)),
            Item::Own(value) => found.extend(of(&value).into_iter().map(|value| Item::Own(value.clone()))),
        }
    }
    found
}

fn element<'a>(item: &Item<'a>, index: usize) -> Option<Item<'a>> {
    match item {
        Item::There(value) => value.get(index).map(Item::There),
        Item::Own(value) => value.get(index).cloned().map(Item::Own),
    }
}

fn children(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(list) => list.iter().collect(),
        Value::Object(map) => {
            let mut entries: Vec<(&String, &Value)> = map.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            entries.into_iter().map(|(_, value)| value).collect()
        }
        _ => Vec::new(),
    }
}

/// Values of one kind by their order, everything else not at all.
fn compare(left: &Value, operator: &str, right: &Value) -> Result<bool, EvalError> {
    let order = match (left, right) {
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        (Value::Number(left), Value::Number(right)) if left.is_f64() == right.is_f64() => {
            match (left.as_i64(), right.as_i64()) {
                (Some(left), Some(right)) => Some(left.cmp(&right)),
                _ => left.as_f64().partial_cmp(&right.as_f64()),
            }
        }
        (Value::Bool(left), Value::Bool(right)) if matches!(operator, "==" | "!=") => Some(left.cmp(right)),
        _ => return Err(EvalError::Types),
    };
    let order = order.ok_or(EvalError::Types)?;
    match operator {
        "==" => Ok(order.is_eq()),
        "!=" => Ok(order.is_ne()),
        "<" => Ok(order.is_lt()),
        "<=" => Ok(order.is_le()),
        ">" => Ok(order.is_gt()),
        ">=" => Ok(order.is_ge()),
        other => Err(EvalError::Operator(other.to_owned())),
    }
}
