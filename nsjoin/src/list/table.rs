//! Namespaces as a table, one line each.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;

use reaper::accounts::Account;
use tabwriter::TabWriter;

use super::Namespace;

const HEADERS: &str = "KIND\tINODE\tPROCESSES\tPID\tUSER\tPOD\tCOMMAND";

pub(super) fn write(namespaces: &[Namespace], headers: bool, out: &mut impl Write) -> io::Result<()> {
    let users = users(&fs::read("/etc/passwd").unwrap_or_default());
    let mut table = TabWriter::new(out).padding(3);
    if headers {
        writeln!(table, "{HEADERS}")?;
    }
    for namespace in namespaces {
        table.write_all(&row(namespace, &users))?;
        writeln!(table)?;
    }
    table.flush()
}

fn row(namespace: &Namespace, users: &BTreeMap<u32, String>) -> Vec<u8> {
    let Namespace { kind, inode, pod, processes, first, held_by, .. } = namespace;
    let none = || "-".to_owned();
    let pid = first.as_ref().map_or_else(none, |first| first.pid.to_string());
    let user = first.as_ref().map_or_else(none, |it| users.get(&it.uid).cloned().unwrap_or_else(|| it.uid.to_string()));
    let pod = pod.as_ref().map_or_else(none, ToString::to_string);
    let command = match first {
        Some(first) => first.command.as_bytes().to_vec(),
        None if held_by.is_empty() => none().into_bytes(),
        None => {
            let places: Vec<_> = held_by.iter().map(|place| place.as_os_str().as_bytes()).collect();
            [b"held by ", places.join(&b", "[..]).as_slice()].concat()
        }
    };
    let mut row = format!("{kind}\t{inode}\t{}\t{pid}\t{user}\t{pod}\t", processes.len()).into_bytes();
    row.extend(plain(&command));
    row
}

/// Names of users, by uid. Of the file only: what else the machine knows them from, a static program
/// cannot ask.
fn users(passwd: &[u8]) -> BTreeMap<u32, String> {
    // The first of two with the same uid is the one that is used.
    let accounts = passwd.rsplit(|byte| *byte == b'\n').filter_map(Account::of);
    accounts.map(|account| (account.uid, String::from_utf8_lossy(account.name).into_owned())).collect()
}

/// Without what would end the line, or tell a terminal something. Bytes that are no UTF-8 stay what they are.
fn plain(text: &[u8]) -> Vec<u8> {
    let without = |text: &str| text.chars().map(|char| if char.is_control() { '?' } else { char }).collect::<String>();
    text.utf8_chunks().flat_map(|chunk| [without(chunk.valid()).as_bytes(), chunk.invalid()].concat()).collect()
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
        let users = users(b"root:x:0:0::/:/bin/sh\ntoor:x:0:0::/:/bin/sh\nbroken\nadm:x:3:4::/:/bin/false\n");
        let first = |uid, command: &str| Some(Resident { pid: 3, uid, command: command.into() });
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
            assert_eq!(String::from_utf8(row(&namespace, &users)).expect("UTF-8"), expected);
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_shown_as_they_are() {
        assert_eq!(plain(b"a\xff\x1b\xc3\xa4\xc3"), b"a\xff?\xc3\xa4\xc3");
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
