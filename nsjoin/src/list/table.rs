//! Namespaces as a table, one line each.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};

use tabwriter::TabWriter;

use super::Namespace;

const HEADERS: &str = "KIND\tINODE\tPROCESSES\tPID\tUSER\tPOD\tCOMMAND";

pub(super) fn write(namespaces: &[Namespace], headers: bool, out: &mut impl Write) -> io::Result<()> {
    let users = users(&fs::read_to_string("/etc/passwd").unwrap_or_default());
    let mut table = TabWriter::new(out).padding(3);
    if headers {
        writeln!(table, "{HEADERS}")?;
    }
    for namespace in namespaces {
        writeln!(table, "{}", row(namespace, &users))?;
    }
    table.flush()
}

fn row(namespace: &Namespace, users: &BTreeMap<u32, String>) -> String {
    let Namespace { kind, inode, pod, processes, first, held_by, .. } = namespace;
    let none = || "-".to_owned();
    let pid = first.as_ref().map_or_else(none, |first| first.pid.to_string());
    let user = first.as_ref().map_or_else(none, |it| users.get(&it.uid).cloned().unwrap_or_else(|| it.uid.to_string()));
    let pod = pod.as_ref().map_or_else(none, ToString::to_string);
    let command = match first {
        Some(first) => first.command.clone(),
        None if held_by.is_empty() => none(),
        None => format!("held by {}", held_by.join(", ")),
    };
    format!("{kind}\t{inode}\t{}\t{pid}\t{user}\t{pod}\t{}", processes.len(), plain(&command))
}

/// Names of users, by uid. Of the file only: what else the machine knows them from, a static program
/// cannot ask.
fn users(passwd: &str) -> BTreeMap<u32, String> {
    let user = |line: &str| {
        let mut fields = line.split(':');
        let (name, uid) = (fields.next()?, fields.nth(1)?.parse().ok()?);
        Some((uid, name.to_owned()))
    };
    // The first of two with the same uid is the one that is used.
    passwd.lines().rev().filter_map(user).collect()
}

/// Without what would end the line, or tell a terminal something.
fn plain(text: &str) -> String {
    text.chars().map(|char| if char.is_control() { '?' } else { char }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::list::Resident;
    use launch::Kind;

    fn empty(kind: Kind, inode: u64) -> Namespace {
        Namespace { kind, inode, owner: None, pod: None, processes: vec![], first: None, held_by: vec![] }
    }

    #[test]
    fn a_row_says_who_is_in_it_or_else_what_holds_it() {
        let users = users("root:x:0:0::/:/bin/sh\ntoor:x:0:0::/:/bin/sh\nbroken\nadm:x:3:4::/:/bin/false\n");
        let first = |uid, command: &str| Some(Resident { pid: 3, uid, command: command.to_owned() });
        for (namespace, expected) in [
            (empty(Kind::Net, 7), "net\t7\t0\t-\t-\t-\t-"),
            (
                Namespace { held_by: vec!["/a".into(), "/b".into()], ..empty(Kind::Mount, 7) },
                "mnt\t7\t0\t-\t-\t-\theld by /a, /b",
            ),
            (
                Namespace { processes: vec![3, 5], first: first(0, "sh -c x"), ..empty(Kind::Pid, 7) },
                "pid\t7\t2\t3\troot\t-\tsh -c x",
            ),
            (
                Namespace {
                    processes: vec![3],
                    first: first(1234, "a\n\t\x1b[31m"),
                    pod: Some("web".parse().expect("a name")),
                    ..empty(Kind::Uts, 7)
                },
                "uts\t7\t1\t3\t1234\tweb\ta???[31m",
            ),
        ] {
            assert_eq!(row(&namespace, &users), expected);
        }
    }

    #[test]
    fn headers_are_left_out_when_nobody_wants_them() {
        for (headers, lines) in [(true, 2), (false, 1)] {
            let mut out = Vec::new();
            write(&[empty(Kind::Net, 7)], headers, &mut out).expect("a Vec takes all");
            assert_eq!(String::from_utf8(out).expect("text").lines().count(), lines);
        }
    }
}
