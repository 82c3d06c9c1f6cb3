//! The plainest command lines, understood without clap: making its table of options takes as long as
//! joining. What is not plain is clap's, errors among it; what is means the same to both.

use std::ffi::OsString;

use super::Args;
use launch::Kind;

/// What these words say, the program's name the first of them, if they are nothing but a target,
/// whole kinds of namespaces of it, and a command.
pub(super) fn args(words: &[OsString]) -> Option<Args> {
    let mut args = Args::default();
    let mut words = words.get(1..)?.iter();
    let rest = loop {
        let Some(word) = words.next() else { return args.target.is_some().then_some(args) };
        let text = word.to_str()?;
        if let Some(long) = text.strip_prefix("--") {
            match long.split_once('=') {
                None if long.is_empty() => break words.as_slice(),
                None if long == "all" => args.take_all()?,
                None if long == "target" => args.take_target(words.next()?.to_str()?)?,
                None => args.take_kind(Kind::all().find(|kind| kind.long() == long)?)?,
                Some(("target", target)) => args.take_target(target)?,
                Some(_) => return None,
            }
        } else if let Some(letters) = text.strip_prefix('-').filter(|letters| !letters.is_empty()) {
            for letter in letters.chars() {
                match letter {
                    'a' => args.take_all()?,
                    't' if letters.len() == 1 => args.take_target(words.next()?.to_str()?)?,
                    letter => args.take_kind(Kind::all().find(|kind| kind.letter() == letter)?)?,
                }
            }
        } else {
            args.command.push(word.clone());
            break words.as_slice();
        }
    };
    args.command.extend(rest.iter().cloned());
    args.target.is_some().then_some(args)
}

impl Args {
    fn take_target(&mut self, text: &str) -> Option<()> {
        let target = text.parse().ok()?;
        self.target.replace(target).is_none().then_some(())
    }

    fn take_all(&mut self) -> Option<()> {
        (!std::mem::replace(&mut self.all, true)).then_some(())
    }

    fn take_kind(&mut self, kind: Kind) -> Option<()> {
        self.kinds.named.insert(kind).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        std::iter::once("nsjoin").chain(line.split(' ').filter(|word| !word.is_empty())).map(OsString::from).collect()
    }

    /// What both make of a line, if it is plain: which tells whether it was.
    fn compared(words: Vec<OsString>) -> bool {
        let Some(ours) = args(&words) else { return false };
        let line = format!("{words:?}");
        let theirs = Args::by_clap(words).unwrap_or_else(|error| panic!("{line} is no error to us: {error}"));
        assert_eq!(format!("{ours:?}"), format!("{theirs:?}"), "{line}");
        true
    }

    /// How a set of kinds can be spelled.
    fn spellings(kinds: &[Kind]) -> [Vec<String>; 5] {
        let letters = |kinds: &[Kind]| kinds.iter().map(|kind| kind.letter()).collect::<String>();
        let short = |kinds: &[Kind]| (!kinds.is_empty()).then(|| format!("-{}", letters(kinds)));
        let long = |kinds: &[Kind]| kinds.iter().map(|kind| format!("--{}", kind.long())).collect::<Vec<_>>();
        let (first, last) = kinds.split_at(kinds.len() / 2);
        let backwards: Vec<_> = kinds.iter().rev().copied().collect();
        [
            short(kinds).into_iter().collect(),
            short(&backwards).into_iter().collect(),
            kinds.iter().map(|kind| format!("-{}", kind.letter())).collect(),
            long(kinds),
            short(first).into_iter().chain(long(last)).collect(),
        ]
    }

    #[test]
    fn every_set_of_kinds_in_every_spelling_means_to_us_what_it_means_to_clap() {
        let all: Vec<Kind> = Kind::all().collect();
        let targets: [&[&str]; 4] =
            [&["-t", "web"], &["--target", "42:7"], &["--target=docker/web"], &["-t", "/proc/1/ns"]];
        let commands: [&[&str]; 7] = [
            &[],
            &["--"],
            &["true"],
            &["--", "ls", "-a", "--net"],
            &["ls", "-t", "2", "--", "-n"],
            &["--", "--", "x"],
            &["-", "--"],
        ];
        let mut plain = 0_usize;
        for subset in 0..1_usize << all.len() {
            let kinds: Vec<_> =
                (0..).zip(&all).filter(|(bit, _)| subset & (1 << bit) != 0).map(|(_, kind)| *kind).collect();
            for (number, spelling) in spellings(&kinds).into_iter().enumerate() {
                // Before, behind and amid the kinds, with and without all, in turns: each set meets some, all meet each.
                let turn = subset * 5 + number;
                let (target, command) = (targets[turn % targets.len()], commands[turn % commands.len()]);
                let everything: &[&str] = [&[][..], &["-a"], &["--all"]][turn % 3];
                let at = turn % (spelling.len() + 1);
                let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
                let options = [&spelling[..at], &owned(target), &owned(everything), &spelling[at..]].concat();
                let line = [owned(&["nsjoin"]), options, owned(command)].concat();
                plain += usize::from(compared(line.into_iter().map(OsString::from).collect()));
            }
        }
        // Were it all left to clap, nothing would have been compared.
        assert_eq!(plain, (1 << all.len()) * 5, "were plain");
    }

    #[test]
    fn plain_words_mean_to_us_what_they_mean_to_clap() {
        for line in [
            "-t 1",
            "-t 1 true",
            "--target web -a -- ls -l --all",
            "--target=42:7 -muinp sh -c x",
            "-t /proc/1/ns -n --uts --mount -- ls -- -n",
            "-U -C -T -t docker/web ls -t 2",
            "-t 1 -a -n -- --all",
            "-t 1 -",
            "-t 1 ls -- -n",
            "-t 1 --",
        ] {
            assert!(compared(words(line)), "not plain: {line}");
        }
    }

    #[test]
    fn whatever_else_is_claps() {
        for line in [
            "",
            "true",
            "-n true",
            "-t",
            "-t 0",
            "-t 1 -t 2",
            "-t 1 -aa",
            "-t 1 -nn",
            "-t 1 --net --net",
            "-t1 -n",
            "-nt 1",
            "-t 1 -n=/x",
            "-t 1 -n/x",
            "-t 1 --net=/x",
            "-t 1 -r",
            "-t 1 --wd",
            "-t 1 --help",
            "-t 1 -h",
            "-t 1 -V",
            "-t 1 --mnt",
            "-t 1 --timeout 1s",
            "-t 1 --targe 2",
        ] {
            assert!(args(&words(line)).is_none(), "{line}");
        }
    }
}
