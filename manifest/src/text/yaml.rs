//! YAML: a parser's events become nodes. Aliases are copies, so what they add up to is counted before it is made.

use std::collections::HashMap;

use base64::Engine as _;
use granit_parser::{Event, Parser, ScalarStyle, Span, StrInput, Tag, options};
use smol_str::format_smolstr;

use super::node::{Content, Entry, Map, Node, Word};
use super::scalar::{self, float_key};
use super::split::Rest;
use super::{Budget, Place, SyntaxError};

/// Reads a document. `None` if there is nothing in it.
pub(super) fn read(rest: Rest<'_>, budget: &Budget) -> Result<Option<Node>, SyntaxError> {
    if let Some((at, character)) = rest.text.char_indices().find(|(_, character)| is_control(*character)) {
        let message = format!("control characters are not allowed: U+{:04X}", u32::from(character));
        return Err(SyntaxError::new(rest.advance(at).place(), message));
    }
    if rest.text.lines().all(|line| line.trim_start().is_empty() || line.trim_start().starts_with('#')) {
        return Ok(None);
    }
    let options = options! {
        emit_comments: false,
        flow_nesting_limit: budget.depth.min(250),
        block_nesting_limit: budget.depth.min(250),
    };
    let mut reader = Reader {
        text: rest.text,
        events: Parser::new_from_str_with_options(rest.text, options),
        above: rest.line - 1,
        anchors: HashMap::new(),
        allowance: budget.expansion + rest.text.len(),
    };
    loop {
        match reader.next()? {
            (Event::StreamStart | Event::DocumentStart(..), _) => {}
            (Event::StreamEnd | Event::DocumentEnd, _) => return Ok(None),
            (event, span) => {
                let node = reader.node(event, &span, budget.depth)?;
                // What follows an end mark (`...`) is read by nobody, but what stands before one has to be whole.
                reader.next()?;
                return Ok(Some(node));
            }
        }
    }
}

/// What may not stand in a text at all.
fn is_control(character: char) -> bool {
    match character {
        '\t' | '\n' | '\r' | '\u{85}' | '\u{feff}' => false,
        '\u{fffe}' | '\u{ffff}' => true,
        _ => character.is_control(),
    }
}

struct Reader<'a> {
    text: &'a str,
    events: Parser<'a, StrInput<'a>>,
    /// Lines of the whole text before this one.
    above: u32,
    /// What was given a name, and how much of it there is. `None` while it is still being read.
    anchors: HashMap<usize, Option<(Node, usize)>>,
    /// How much aliases may still add.
    allowance: usize,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Span), SyntaxError> {
        match self.events.next_event() {
            Some(Ok(next)) => Ok(next),
            Some(Err(error)) => {
                let place = self.place_of(error.marker().line(), error.marker().col());
                Err(SyntaxError::new(place, error.kind().to_string()))
            }
            None => Err(SyntaxError::new(Place::default(), "the text ends too early")),
        }
    }

    fn place_of(&self, line: usize, column: usize) -> Place {
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Place { line: number(line).saturating_add(self.above), column: number(column).saturating_add(1) }
    }

    fn place(&self, span: &Span) -> Place {
        self.place_of(span.start.line(), span.start.col())
    }

    fn node(&mut self, event: Event<'a>, span: &Span, depth: usize) -> Result<Node, SyntaxError> {
        let place = self.place(span);
        let Some(depth) = depth.checked_sub(1) else {
            return Err(SyntaxError::new(place, "values are nested too deeply"));
        };
        let (content, anchor) = match event {
            Event::Alias(anchor) => return self.alias(anchor, place),
            Event::Scalar(text, style, anchor, tag) => {
                (self.scalar(&text, style, tag.as_deref(), span, place)?, anchor)
            }
            Event::SequenceStart(_, anchor, _) => {
                self.begin(anchor);
                let mut list = Vec::new();
                loop {
                    match self.next()? {
                        (Event::SequenceEnd, _) => break,
                        (event, span) => list.push(self.node(event, &span, depth)?),
                    }
                }
                (Content::List(list), anchor)
            }
            Event::MappingStart(_, anchor, _) => {
                self.begin(anchor);
                (Content::Map(self.map(depth)?), anchor)
            }
            _ => return Err(SyntaxError::new(place, "a value was expected")),
        };
        let node = Node { place, content };
        if anchor != 0 {
            let size = size(&node);
            self.anchors.insert(anchor, Some((node.clone(), size)));
        }
        Ok(node)
    }

    fn begin(&mut self, anchor: usize) {
        if anchor != 0 {
            self.anchors.insert(anchor, None);
        }
    }

    fn alias(&mut self, anchor: usize, place: Place) -> Result<Node, SyntaxError> {
        match self.anchors.get(&anchor) {
            Some(Some((node, size))) => {
                let Some(left) = self.allowance.checked_sub(*size) else {
                    return Err(SyntaxError::new(place, "the document contains excessive aliasing"));
                };
                self.allowance = left;
                Ok(node.clone())
            }
            _ => Err(SyntaxError::new(place, "the value of an anchor contains itself")),
        }
    }

    fn map(&mut self, depth: usize) -> Result<Map, SyntaxError> {
        let mut written = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::MappingEnd) {
                return Ok(Map::merged(written));
            }
            let place = self.place(&span);
            let merges = matches!(&event, Event::Scalar(text, style, _, tag)
                if text == "<<" && (*style == ScalarStyle::Plain && tag.is_none()
                    || tag.as_deref().is_some_and(|tag| core(tag) == Some("merge"))));
            let key = self.node(event, &span, depth)?;
            let (event, span) = self.next()?;
            let value = self.node(event, &span, depth)?;
            if merges {
                merge(&mut written, value, true)?;
            } else {
                written.push((Entry { key: as_key(key)?, place, value }, false));
            }
        }
    }

    fn scalar(
        &self,
        text: &str,
        style: ScalarStyle,
        tag: Option<&Tag>,
        span: &Span,
        place: Place,
    ) -> Result<Content, SyntaxError> {
        if style == ScalarStyle::DoubleQuoted {
            check_escapes(span.slice(self.text).unwrap_or_default(), place)?;
        }
        let content = match tag.map(core) {
            None if style == ScalarStyle::Plain => scalar::resolve(text),
            None | Some(None | Some("str")) => Content::Text(text.into()),
            Some(Some("binary")) => binary(text, place)?,
            Some(Some(tag)) => tagged(text, tag, place)?,
        };
        match content {
            Content::Float(number) if !number.is_finite() => {
                Err(SyntaxError::new(place, format!("{text} cannot be a value in JSON")))
            }
            content => Ok(content),
        }
    }
}

/// A tag of YAML's own, by its last word.
fn core(tag: &Tag) -> Option<&str> {
    match (tag.handle(), tag.suffix()) {
        ("tag:yaml.org,2002:", suffix) => Some(suffix),
        ("", whole) => whole.strip_prefix("tag:yaml.org,2002:"),
        _ => None,
    }
}

fn tagged(text: &str, tag: &str, place: Place) -> Result<Content, SyntaxError> {
    let content = scalar::resolve(text);
    let is = match content {
        Content::Null => "null",
        Content::Bool(_) => "bool",
        Content::Int(_) => "int",
        Content::Float(_) => "float",
        _ if scalar::is_timestamp(text) => "timestamp",
        _ => "str",
    };
    match tag {
        "bool" | "int" | "null" | "timestamp" if is == tag => Ok(content),
        "float" if is == "float" || is == "int" => Ok(content),
        "bool" | "int" | "null" | "timestamp" | "float" => {
            Err(SyntaxError::new(place, format!("cannot decode !!{is} `{text}` as a !!{tag}")))
        }
        _ => Ok(Content::Text(text.into())),
    }
}

fn binary(text: &str, place: Place) -> Result<Content, SyntaxError> {
    let text: String = text.chars().filter(|character| !character.is_whitespace()).collect();
    let bytes = base64::engine::general_purpose::STANDARD.decode(text);
    let text = bytes.ok().and_then(|bytes| String::from_utf8(bytes).ok());
    text.map(|text| Content::Text(text.into()))
        .ok_or_else(|| SyntaxError::new(place, "!!binary value contains invalid base64 data"))
}

/// What YAML 1.2 has beyond kubectl's: halves of UTF-16 pairs, and an escaped slash.
fn check_escapes(source: &str, place: Place) -> Result<(), SyntaxError> {
    let mut rest = source;
    while let Some(at) = rest.find('\\') {
        let escape = &rest[at + 1..];
        let half = escape.starts_with(['u', 'U'])
            && escape.get(1..5).is_some_and(|hex| matches!(u32::from_str_radix(hex, 16), Ok(0xd800..=0xdfff)));
        if half && escape.starts_with('u') {
            return Err(SyntaxError::new(place, "found invalid Unicode character escape code"));
        }
        if escape.starts_with('/') {
            return Err(SyntaxError::new(place, "found unknown escape character"));
        }
        let first = escape.chars().next().map_or(0, char::len_utf8);
        rest = &escape[first..];
    }
    Ok(())
}

/// Values in a tree, long texts counted as several.
fn size(node: &Node) -> usize {
    1 + match &node.content {
        Content::Text(text) => text.len() / 32,
        Content::List(list) => list.iter().map(size).sum(),
        Content::Map(map) => map.entries().iter().map(|entry| entry.key.len() / 32 + size(&entry.value)).sum(),
        _ => 0,
    }
}

fn as_key(key: Node) -> Result<Word, SyntaxError> {
    let unsupported = |what: String| Err(SyntaxError::new(key.place, format!("unsupported map key: {what}")));
    match key.content {
        Content::Text(text) => Ok(text),
        Content::Int(number) => Ok(format_smolstr!("{number}")),
        Content::Bool(true) => Ok("true".into()),
        Content::Bool(false) => Ok("false".into()),
        // A whole number that only 64 bits without a sign hold is no key to kubectl.
        Content::Float(number) if number.fract() == 0.0 && (9.2e18..1.9e19).contains(&number) => {
            unsupported(number.to_string())
        }
        Content::Float(number) => Ok(float_key(number).into()),
        Content::Null => unsupported("null".to_owned()),
        Content::List(_) => unsupported("a list".to_owned()),
        Content::Map(_) => unsupported("a mapping".to_owned()),
    }
}

/// `<<`: what is merged in stands where it was written, so what comes after it wins. Of several mappings the first does.
fn merge(written: &mut Vec<(Entry, bool)>, value: Node, lists: bool) -> Result<(), SyntaxError> {
    match value.content {
        Content::Map(map) => {
            written.extend(map.into_entries().map(|entry| (entry, true)));
            Ok(())
        }
        Content::List(list) if lists => list.into_iter().rev().try_for_each(|value| merge(written, value, false)),
        _ => Err(SyntaxError::new(value.place, "map merge requires map or sequence of maps as the value")),
    }
}
