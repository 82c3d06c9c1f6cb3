//! Spellings that nsenter knows and clap does not.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use clap::Command;

/// The words with an equals sign between a short option and a path or id that is attached to it:
/// `-n/run/netns/blue` is `-n=/run/netns/blue`. The command and its arguments stay as they are.
pub(super) fn attached(command: &Command, words: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut words = words.into_iter();
    let mut done: Vec<OsString> = words.by_ref().take(1).collect();
    while let Some(word) = words.next() {
        let bytes = word.as_bytes();
        if bytes == b"--" || !bytes.starts_with(b"-") || bytes == b"-" {
            done.push(word);
            break;
        }
        let separate = match bytes.strip_prefix(b"--") {
            Some(long) => long_takes_a_word(command, long),
            None => {
                let (word, separate) = short(command, bytes);
                done.push(word);
                done.extend(separate.then(|| words.next()).flatten());
                continue;
            }
        };
        done.push(word);
        done.extend(separate.then(|| words.next()).flatten());
    }
    done.extend(words);
    done
}

/// Whether this is the first word behind the program's name.
#[must_use]
pub fn first_word(words: &[OsString], word: &str) -> bool {
    words.get(1).map(OsString::as_os_str) == Some(OsStr::new(word))
}

/// Whether a value follows in a word of its own.
fn takes_a_word(argument: &clap::Arg) -> bool {
    argument.get_action().takes_values() && !argument.is_require_equals_set()
}

fn long_takes_a_word(command: &Command, long: &[u8]) -> bool {
    let mut arguments = command.get_arguments();
    !long.contains(&b'=')
        && arguments.any(|argument| {
            let mut names = argument.get_long_and_visible_aliases().unwrap_or_default().into_iter();
            names.any(|name| name.as_bytes() == long) && takes_a_word(argument)
        })
}

/// A word of short options: as it should be spelled, and whether a value follows in another.
fn short(command: &Command, word: &[u8]) -> (OsString, bool) {
    for (at, letter) in word.iter().enumerate().skip(1) {
        let mut arguments = command.get_arguments();
        let Some(argument) = arguments.find(|argument| argument.get_short() == Some(char::from(*letter))) else {
            break;
        };
        let rest = &word[at + 1..];
        if takes_a_word(argument) {
            return (OsString::from_vec(word.to_vec()), rest.is_empty());
        }
        if argument.is_require_equals_set() && rest.starts_with(b"/") | rest.starts_with(b".") | rest.starts_with(b":")
        {
            return (OsString::from_vec([&word[..=at], b"=", rest].concat()), false);
        }
        if rest.starts_with(b"=") {
            break;
        }
    }
    (OsString::from_vec(word.to_vec()), false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Args;
    use clap::CommandFactory;

    #[test]
    fn only_what_is_attached_to_an_option_of_ours_is_respelled() {
        for (typed, spelled) in [
            ("nsjoin -t 1 -n/run/x true", "nsjoin -t 1 -n=/run/x true"),
            ("nsjoin -un/run/x true", "nsjoin -un=/run/x true"),
            ("nsjoin -n:42 -w./d true", "nsjoin -n=:42 -w=./d true"),
            ("nsjoin -n=/run/x -muinp true", "nsjoin -n=/run/x -muinp true"),
            ("nsjoin -t -n/x true", "nsjoin -t -n/x true"),
            ("nsjoin -W -n/x true", "nsjoin -W -n/x true"),
            ("nsjoin --target -n/x -n/y true", "nsjoin --target -n/x -n=/y true"),
            ("nsjoin --chdir -n/x -n/y true", "nsjoin --chdir -n/x -n=/y true"),
            ("nsjoin -t 1 ls -w./d -n/x", "nsjoin -t 1 ls -w./d -n/x"),
            ("nsjoin -t 1 -- ls -n/x", "nsjoin -t 1 -- ls -n/x"),
            ("nsjoin", "nsjoin"),
        ] {
            let words = attached(&Args::command(), typed.split(' ').map(OsString::from));
            let words: Vec<_> = words.iter().map(|word| word.to_str().expect("UTF-8")).collect();
            assert_eq!(words.join(" "), spelled);
        }
    }
}
