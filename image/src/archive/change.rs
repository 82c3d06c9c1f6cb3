//! What an imported root file system's image is to say of itself, in the words of a Dockerfile.

use std::str::FromStr;

use oci_spec::image::Config;

/// One instruction: `CMD ["sh"]`, `ENV A=b`, `USER 1000`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// What is run.
    Cmd(Vec<String>),
    /// What it is run by.
    Entrypoint(Vec<String>),
    /// A variable.
    Env(String, String),
    /// A port.
    Expose(String),
    /// A label.
    Label(String, String),
    /// How it is stopped.
    StopSignal(String),
    /// Who runs it.
    User(String),
    /// A directory of its own.
    Volume(String),
    /// Where it starts.
    WorkDir(String),
}

/// That something is no change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no change: say CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, STOPSIGNAL, USER, VOLUME or WORKDIR, and what it is to be"
)]
pub struct InvalidChange(String);

impl FromStr for Change {
    type Err = InvalidChange;

    fn from_str(text: &str) -> Result<Self, InvalidChange> {
        let invalid = || InvalidChange(text.to_owned());
        let (word, rest) = text.trim().split_once([' ', '\t']).ok_or_else(invalid)?;
        let rest = rest.trim();
        let pair = || {
            let (name, value) = rest.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or_else(invalid)?;
            Ok((name.to_owned(), value.trim_matches('"').to_owned()))
        };
        // Words in brackets, or a line for the shell.
        let command = || match serde_json::from_str::<Vec<String>>(rest) {
            Ok(words) => words,
            Err(_) => vec!["/bin/sh".to_owned(), "-c".to_owned(), rest.to_owned()],
        };
        Ok(match word.to_ascii_uppercase().as_str() {
            "CMD" => Self::Cmd(command()),
            "ENTRYPOINT" => Self::Entrypoint(command()),
            "ENV" => pair().map(|(name, value)| Self::Env(name, value))?,
            "EXPOSE" => Self::Expose(if rest.contains('/') { rest.to_owned() } else { format!("{rest}/tcp") }),
            "LABEL" => pair().map(|(name, value)| Self::Label(name, value))?,
            "STOPSIGNAL" => Self::StopSignal(rest.to_owned()),
            "USER" => Self::User(rest.to_owned()),
            "VOLUME" => Self::Volume(rest.to_owned()),
            "WORKDIR" if rest.starts_with('/') => Self::WorkDir(rest.to_owned()),
            _ => return Err(invalid()),
        })
    }
}

impl Change {
    /// Makes it so.
    pub(super) fn apply(self, config: &mut Config) {
        match self {
            Self::Cmd(words) => drop(config.set_cmd(Some(words))),
            Self::Entrypoint(words) => drop(config.set_entrypoint(Some(words))),
            Self::Env(name, value) => {
                let mut env = config.env().clone().unwrap_or_default();
                env.retain(|known| known.split('=').next() != Some(&name));
                env.push(format!("{name}={value}"));
                config.set_env(Some(env));
            }
            Self::Expose(port) => {
                let ports = config.exposed_ports().clone().unwrap_or_default();
                config.set_exposed_ports(Some(ports.into_iter().chain([port]).collect()));
            }
            Self::Label(name, value) => {
                let mut labels = config.labels().clone().unwrap_or_default();
                labels.insert(name, value);
                config.set_labels(Some(labels));
            }
            Self::StopSignal(signal) => drop(config.set_stop_signal(Some(signal))),
            Self::User(user) => drop(config.set_user(Some(user))),
            Self::Volume(path) => {
                let volumes = config.volumes().clone().unwrap_or_default();
                config.set_volumes(Some(volumes.into_iter().chain([path]).collect()));
            }
            Self::WorkDir(path) => drop(config.set_working_dir(Some(path))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_what_a_dockerfile_has() {
        let mut config = Config::default();
        for text in [
            "CMD [\"a\", \"b c\"]",
            "entrypoint x y",
            "ENV A=1",
            "ENV A=2",
            "EXPOSE 80",
            "WORKDIR /srv",
            "LABEL l=\"m n\"",
        ] {
            text.parse::<Change>().expect(text).apply(&mut config);
        }
        assert_eq!(config.cmd().as_deref(), Some(&["a".to_owned(), "b c".to_owned()][..]));
        assert_eq!(config.entrypoint().as_ref().map(|it| it.join("|")).as_deref(), Some("/bin/sh|-c|x y"));
        assert_eq!(config.env().as_deref(), Some(&["A=2".to_owned()][..]));
        assert_eq!(config.exposed_ports().as_deref(), Some(&["80/tcp".to_owned()][..]));
        assert_eq!(config.labels().as_ref().map(|it| it["l"].as_str()), Some("m n"));
        for text in ["", "CMD", "RUN x", "ENV A", "ENV =b", "WORKDIR srv"] {
            assert!(text.parse::<Change>().is_err(), "{text}");
        }
    }
}
