//! The plainest command lines of the verbs that are typed again and again, understood without clap: to make its table of
//! one verb takes as long as all else that is done before a pod's process is there. What is not plain is clap's, errors
//! among it; what is means the same to both, which a test looks at.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap::ValueEnum;

use super::{Attend, Format, Shown, Typed, Verb};
use crate::verbs::add::{Add, Of};
use crate::verbs::create::{CreateAny, PAUSE};
use crate::verbs::delete::Delete;
use crate::verbs::submit::Apply;

/// What these words say, the verb the first of them.
pub(super) fn verb(words: &[OsString]) -> Option<Verb> {
    let (verb, words) = words.split_first()?;
    match verb.to_str()? {
        "create" => create(words),
        "add" => add(words),
        "delete" => delete(words),
        "apply" => apply(words),
        "attend" => attend(words),
        _ => None,
    }
}

/// A word that is no option, and is something.
fn value<'a>(words: &mut impl Iterator<Item = &'a OsString>) -> Option<&'a str> {
    words.next()?.to_str().filter(|word| is_value(word))
}

fn is_value(word: &str) -> bool {
    !word.is_empty() && !word.starts_with('-')
}

/// Nothing but a name.
fn create(words: &[OsString]) -> Option<Verb> {
    let [name] = words else { return None };
    let create = CreateAny::plain(name.to_str().filter(|name| is_value(name))?)?;
    // What the environment has to say of it, clap asks.
    env::var_os(PAUSE).is_none().then(|| Verb::Create(Box::new(Typed(create))))
}

/// A pod, what the workload is called, its image, and its command.
fn add(words: &[OsString]) -> Option<Verb> {
    let (mut pod, mut name, mut image, mut pull) = (None, None, None, None);
    let mut words = words.iter();
    let mut command = Vec::new();
    while let Some(word) = words.next() {
        match word.to_str()? {
            "--" => {
                pod.as_ref()?;
                break;
            }
            "--name" if name.is_none() => name = Some(value(&mut words)?.parse().ok()?),
            "--image" if image.is_none() => image = Some(value(&mut words)?.to_owned()),
            "--pull" if pull.is_none() => pull = Some(ValueEnum::from_str(value(&mut words)?, false).ok()?),
            text if !is_value(text) => return None,
            text if pod.is_none() => pod = Some(text.parse().ok()?),
            _ => {
                command.push(word.clone());
                break;
            }
        }
    }
    command.extend(words.cloned());
    let of = match image {
        Some(image) => Of::Image(image, pull.unwrap_or_default()),
        None if pull.is_none() && !command.is_empty() => Of::Nothing,
        None => return None,
    };
    let shown = Shown { verb: Add::plain(pod?, name, of, command), output: Format::Text };
    Some(Verb::Add(Box::new(Typed(shown))))
}

/// Names or files, and whether at once.
fn delete(words: &[OsString]) -> Option<Verb> {
    let (mut names, mut files, mut now) = (Vec::new(), Vec::new(), false);
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.to_str()? {
            "--now" if !now => now = true,
            "-f" => files.push(file(value(&mut words)?)?),
            text if is_value(text) => names.push(text.to_owned()),
            _ => return None,
        }
    }
    // Both together make no sense, of which clap tells.
    (names.is_empty() != files.is_empty()).then(|| Verb::Delete(Typed(Delete::plain(names, files, now))))
}

/// Files, and whether and how long what is in them is waited for.
fn apply(words: &[OsString]) -> Option<Verb> {
    let (mut files, mut waits, mut timeout) = (Vec::new(), false, None);
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.to_str()? {
            "-f" => files.push(file(value(&mut words)?)?),
            "--wait" if !waits => waits = true,
            "--timeout" if timeout.is_none() => timeout = Some(humantime::parse_duration(value(&mut words)?).ok()?),
            _ => return None,
        }
    }
    (!files.is_empty()).then(|| Verb::Apply(Typed(Apply::plain(files, waits, timeout))))
}

/// One file; several may be in one word.
fn file(word: &str) -> Option<String> {
    (!word.contains(',')).then(|| word.to_owned())
}

/// All of it, in its order.
fn attend(words: &[OsString]) -> Option<Verb> {
    let [namespace, name, uid, program, pause] = words else { return None };
    let text = |word: &OsStr| word.to_str().filter(|word| is_value(word)).map(str::to_owned);
    let path = |word: &OsStr| text(word).map(PathBuf::from);
    let attend = Attend {
        namespace: text(namespace)?,
        name: text(name)?,
        uid: text(uid)?,
        program: path(program)?,
        pause: path(pause)?,
    };
    Some(Verb::Attend(Typed(attend)))
}

#[cfg(test)]
mod tests {
    use clap::{Args, Command, Parser};

    use super::super::Cli;
    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        line.split(' ').filter(|word| !word.is_empty()).map(OsString::from).collect()
    }

    fn by_clap(words: &[OsString]) -> Result<Verb, clap::Error> {
        Cli::try_parse_from([OsString::from("pod")].iter().chain(words)).map(|cli| cli.verb)
    }

    #[test]
    fn plain_words_mean_to_us_what_they_mean_to_clap() {
        for line in [
            "create web",
            "create kind-of",
            "add web true",
            "add web ls -l --name x",
            "add web --name app -- server --name x -d",
            "add --name app web -- -x",
            "add web --name app --image busybox --pull never",
            "add web --image localhost/a:b -- -v",
            "add web --image a b -- c",
            "add web -- --",
            "delete web",
            "delete --now web db",
            "delete web --now db",
            "delete pod web --now",
            "delete -f pod.yaml -f /more.yaml",
            "delete cm/web",
            "apply -f pod.yaml",
            "apply --wait --timeout 60s -f pod.yaml",
            "apply -f a.yaml --timeout 1m -f b.yaml",
            "attend default web uid-1 /bin/pod /bin/pause",
        ] {
            let words = words(line);
            let ours = verb(&words).unwrap_or_else(|| panic!("not plain: {line}"));
            let theirs = by_clap(&words).unwrap_or_else(|error| panic!("{line} is no error to us: {error}"));
            assert_eq!(format!("{ours:?}"), format!("{theirs:?}"), "{line}");
        }
    }

    #[test]
    fn whatever_else_is_claps() {
        for line in [
            "",
            "create",
            "create configmap",
            "create cm",
            "create secret",
            "create namespace",
            "create ns",
            "create serviceaccount",
            "create sa",
            "create help",
            "create Web",
            "create web -o json",
            "create --help",
            "create -- web",
            "add",
            "add web",
            "add web --",
            "add Web true",
            "add -- web true",
            "add web --name",
            "add web --name -x true",
            "add web --name a --name b true",
            "add web --pull never true",
            "add web --image a --pull soon",
            "add web --image=a",
            "add web -it sh",
            "add web -",
            "delete",
            "delete --now",
            "delete --now --now web",
            "delete web -f pod.yaml",
            "delete -f",
            "delete -f a,b",
            "delete -fa",
            "delete web --grace-period 1",
            "delete -- web",
            "delete -",
            "apply",
            "apply -f",
            "apply -f -",
            "apply -f a,b",
            "apply -f a --wait=ready",
            "apply -f a --timeout soon",
            "apply -f a web",
            "apply --foreground -f a",
            "attend default web uid /bin/pod",
            "attend default web uid /bin/pod /bin/pause more",
            "attend default -web uid /bin/pod /bin/pause",
            "get",
        ] {
            assert!(verb(&words(line)).is_none(), "{line}");
        }
    }

    #[test]
    fn no_kind_that_is_created_of_words_is_taken_for_a_pod() {
        let mut command = CreateAny::augment_args(Command::new("create"));
        command.build();
        let names = |kind: &Command| {
            [kind.get_name()].into_iter().chain(kind.get_all_aliases()).map(str::to_owned).collect::<Vec<_>>()
        };
        let kinds: Vec<_> = command.get_subcommands().flat_map(names).collect();
        assert!(kinds.len() > 4, "{kinds:?}");
        for kind in kinds {
            assert!(CreateAny::plain(&kind).is_none(), "{kind}");
        }
    }
}
