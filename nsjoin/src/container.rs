//! Containers by name or id: what somebody calls one, and the process that is its first.
//!
//! Ids are looked up in what low-level runtimes leave behind (`state.rs`), with nobody's help. Names
//! only engines know, so their own clients are asked (`client.rs`).

mod client;
mod error;
mod mark;
mod state;

use std::fmt;
use std::str::FromStr;

use launch::Identity;

pub use error::{ContainerError, Passed, Said};
pub use state::find;

/// A container, as it is named on a command line: `docker/NAME`, `podman/NAME`, `containerd/ID` or,
/// whoever runs it, `container/ID`.
///
/// A name is 1 to 255 of letters, digits, `_`, `+`, `-` and `.`, beginning with a letter, a digit or `_`:
/// all that engines and runtimes accept, and neither a path nor an option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    keeper: Keeper,
    name: String,
}

/// Who knows a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeper {
    /// Docker: by name, id or beginning of an id.
    Docker,
    /// Podman: the same.
    Podman,
    /// Containerd: by id or beginning of an id, in all of its namespaces.
    Containerd,
    /// Whichever low-level runtime runs it: by id or beginning of an id.
    Runtime,
}

/// Each keeper, and the word in front of the slash.
const KEEPERS: [(Keeper, &str); 4] = [
    (Keeper::Docker, "docker"),
    (Keeper::Podman, "podman"),
    (Keeper::Containerd, "containerd"),
    (Keeper::Runtime, "container"),
];

/// What was given names no container.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is none of docker/NAME, podman/NAME, containerd/ID and container/ID")]
pub struct InvalidContainer(String);

impl Container {
    /// Who is asked for it.
    #[must_use]
    pub fn keeper(&self) -> Keeper {
        self.keeper
    }

    /// Its name, its id, or the beginning of its id.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its first process, which runs now.
    ///
    /// # Errors
    /// When there is none such, or two, or it does not run; when whom it takes to find out cannot be asked.
    pub(crate) fn resolve(&self) -> Result<Identity, ContainerError> {
        match self.keeper {
            Keeper::Docker | Keeper::Podman => client::first_process(self),
            Keeper::Containerd => state::find_of_containerd(&self.name),
            Keeper::Runtime => state::find(&self.name),
        }
    }
}

impl Keeper {
    fn word(self) -> &'static str {
        KEEPERS[self as usize].1
    }
}

impl FromStr for Container {
    type Err = InvalidContainer;

    fn from_str(text: &str) -> Result<Self, InvalidContainer> {
        let invalid = || InvalidContainer(text.to_owned());
        let (word, name) = text.split_once('/').ok_or_else(invalid)?;
        let (keeper, _) = KEEPERS.iter().find(|(_, known)| *known == word).ok_or_else(invalid)?;
        if is_name(name) { Ok(Self { keeper: *keeper, name: name.to_owned() }) } else { Err(invalid()) }
    }
}

impl fmt::Display for Container {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.keeper.word(), self.name)
    }
}

/// Whether it is safe to make a path and an argument of.
fn is_name(text: &str) -> bool {
    let first = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let inner = |byte: u8| first(byte) || matches!(byte, b'+' | b'-' | b'.');
    (1..=255).contains(&text.len()) && text.bytes().next().is_some_and(first) && text.bytes().all(inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_stands_in_the_order_of_the_enum() {
        for (index, (keeper, word)) in KEEPERS.iter().enumerate() {
            assert_eq!(*keeper as usize, index, "{word}");
        }
    }

    #[test]
    fn a_word_and_a_name_are_a_container() {
        for (text, keeper, name) in [
            ("docker/web", Keeper::Docker, "web"),
            ("podman/Web_1.x", Keeper::Podman, "Web_1.x"),
            ("containerd/3f2a", Keeper::Containerd, "3f2a"),
            ("container/_a+b-c.d", Keeper::Runtime, "_a+b-c.d"),
        ] {
            let container: Container = text.parse().expect(text);
            assert_eq!((container.keeper(), container.name()), (keeper, name));
            assert_eq!(container.to_string(), text);
        }
    }

    #[test]
    fn what_could_be_a_path_or_an_option_is_no_container() {
        let long = format!("container/{}", "a".repeat(256));
        for text in [
            "",
            "web",
            "docker",
            "docker/",
            "Docker/web",
            "pod/web",
            "lxc/web",
            "docker/-web",
            "docker/--help",
            "docker/a b",
            "docker/a\n",
            "docker/ä",
            "container/.",
            "container/..",
            "container/.hidden",
            "container/a/b",
            "container//a",
            &long,
        ] {
            assert!(text.parse::<Container>().is_err(), "{text:?}");
        }
    }
}
