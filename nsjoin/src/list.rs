//! `nsjoin list`: the namespaces of this machine, and who is in them.
//!
//! What is shown is what our /proc shows us. A process that we may not look at is counted and said,
//! for without it the list is not the whole truth.

mod census;
mod table;

use std::ffi::OsString;
use std::io::{self, Write, stderr, stdout};
use std::path::PathBuf;

use clap::Parser;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use nix::unistd::geteuid;
use serde::{Serialize, Serializer};

use crate::cli::{Format, words};
use crate::error::Error;
use crate::open::namespaces_of;
use crate::outcome::lossy;
use crate::target::Target;
use launch::Kind;
use registry::Name;

pub use census::Census;

/// List namespaces: of which kind, who is in them, who holds them, and which pod they are of
#[derive(Debug, Parser)]
#[command(name = "nsjoin list", bin_name = "nsjoin list", version, max_term_width = 100)]
pub struct ListArgs {
    /// Only namespaces of these kinds
    #[arg(value_name = "KIND", value_parser = kind_parser())]
    kinds: Vec<Kind>,

    /// Only those of this target, as nsjoin joins them
    #[arg(short, long, value_name = "TARGET", value_parser = words(Target::of_word))]
    target: Option<Target>,

    /// Only those that the pause process of this pod is in
    #[arg(long, value_name = "NAME", conflicts_with = "target")]
    pod: Option<Name>,

    /// As a table, or as JSON
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: Format,

    /// A table without its first line
    #[arg(long)]
    no_headers: bool,
}

/// A namespace, and all that keeps it alive as far as we can see.
///
/// As JSON it may get more fields; those that it has stay what they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Namespace {
    /// Its kind.
    pub kind: Kind,
    /// Its number, which no other has as long as it lives.
    pub inode: u64,
    /// The uid that owns the user namespace it belongs to, or is; `None` where we may not know.
    pub owner: Option<u32>,
    /// The pod of this user whose pause process is in it, unless we are in it too.
    pub pod: Option<Name>,
    /// The pids of the processes in it, in order.
    pub processes: Vec<i32>,
    /// The process with the lowest of these pids.
    pub first: Option<Resident>,
    /// What else holds it: where it is mounted, descriptors (`/proc/PID/fd/N`), and processes whose
    /// children will be in it (`/proc/PID/ns/KIND_for_children`). JSON has no bytes that are no UTF-8.
    #[serde(serialize_with = "lossy")]
    pub held_by: Vec<PathBuf>,
}

/// A process in a namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Resident {
    /// Its pid.
    pub pid: i32,
    /// Its effective uid.
    pub uid: u32,
    /// Its words, with spaces between; a kernel thread's name in brackets. JSON has no bytes that are no UTF-8.
    #[serde(serialize_with = "lossy_word")]
    pub command: OsString,
}

/// Prints the namespaces that were asked for, and how many processes could not be looked at.
///
/// # Errors
/// When there is no such process as was asked for, /proc cannot be read, or nobody takes what is printed.
pub fn list(args: &ListArgs) -> Result<(), Error> {
    let target = args.pod.clone().map(Target::Pod).or_else(|| args.target.clone());
    let within = target.map(|target| namespaces_of(&target)).transpose()?;
    let mut census = Census::take()?;
    let wanted = |found: &Namespace| {
        let kind = args.kinds.is_empty() || args.kinds.contains(&found.kind);
        kind && within.as_ref().is_none_or(|within| within.contains(&(found.kind, found.inode)))
    };
    census.namespaces.retain(wanted);
    show(&census.namespaces, args, &mut stdout().lock()).map_err(|source| Error::Output { source })?;
    if let Some(line) = said_of_hidden(census.hidden, geteuid().is_root()) {
        // A stderr that takes nothing is no reason to fail.
        let _lost = writeln!(stderr(), "nsjoin: {line}");
    }
    Ok(())
}

/// What is not the whole truth, and what would help.
fn said_of_hidden(hidden: usize, root: bool) -> Option<String> {
    let who = match hidden {
        0 => return None,
        1 => "1 process".to_owned(),
        more => format!("{more} processes"),
    };
    let help = if root { "" } else { "; needs root" };
    Some(format!("{who} could not be looked at{help}"))
}

fn lossy_word<S: Serializer>(word: &OsString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&word.to_string_lossy())
}

fn show(namespaces: &[Namespace], args: &ListArgs, out: &mut impl Write) -> io::Result<()> {
    match args.output {
        Format::Text => table::write(namespaces, !args.no_headers, out),
        Format::Json => {
            serde_json::to_writer_pretty(&mut *out, namespaces)?;
            writeln!(out)
        }
    }
}

fn kind_parser() -> impl TypedValueParser<Value = Kind> {
    PossibleValuesParser::new(Kind::all().map(Kind::name)).try_map(|name| name.parse::<Kind>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_sound() {
        ListArgs::command().debug_assert();
    }

    #[test]
    fn kinds_are_named_as_in_proc() {
        let args = ListArgs::try_parse_from(["list", "net", "mnt"]).expect("two kinds");
        assert_eq!(args.kinds, [Kind::Net, Kind::Mount]);
        for words in [&["list", "network"][..], &["list", "--pod", "web", "-t", "1"], &["list", "-t", "0"]] {
            assert!(ListArgs::try_parse_from(words).is_err(), "{words:?}");
        }
    }

    #[test]
    fn what_is_hidden_is_said_in_a_line() {
        assert_eq!(said_of_hidden(0, false), None);
        assert_eq!(said_of_hidden(1, true).as_deref(), Some("1 process could not be looked at"));
        assert_eq!(said_of_hidden(7, false).as_deref(), Some("7 processes could not be looked at; needs root"));
    }

    #[test]
    fn json_is_an_array_of_objects_with_the_promised_fields() {
        let namespace = Namespace {
            kind: Kind::Mount,
            inode: 7,
            owner: Some(1000),
            pod: Some("web".parse().expect("a name")),
            processes: vec![3, 5],
            first: Some(Resident { pid: 3, uid: 0, command: "sh -c x".into() }),
            held_by: vec!["/run/ns".into()],
        };
        let args = ListArgs::try_parse_from(["list", "-o", "json"]).expect("a format");
        let mut out = Vec::new();
        show(&[namespace], &args, &mut out).expect("a Vec takes all");
        let expected = serde_json::json!([{
            "kind": "mnt", "inode": 7, "owner": 1000, "pod": "web", "processes": [3, 5],
            "first": { "pid": 3, "uid": 0, "command": "sh -c x" }, "held_by": ["/run/ns"],
        }]);
        assert_eq!(serde_json::from_slice::<serde_json::Value>(&out).expect("json"), expected);
    }
}
