//! From what was typed to a container: docker's letters, and docker's meaning of each.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser};
use container::limits::Limits;
use container::plan::{Capabilities, Mount, Pids, Process, Root, Seccomp, User};
use container::{ContainerPlan, Parts};
use registry::{PodDirectory, file};

use super::imaged::Pull;
use super::volume::Volume;
use crate::error::Error;
use crate::plan::{PodPlan, Share};

/// What only a container has.
#[derive(Debug, Default, Args)]
#[group(id = "contained", multiple = true)]
pub(super) struct Contained {
    /// Make it of this image
    #[arg(long, value_name = "IMAGE", conflicts_with = "rootfs")]
    pub(super) image: Option<String>,

    /// Give it this directory as its root
    #[arg(long, value_name = "DIRECTORY")]
    pub(super) rootfs: Option<PathBuf>,

    /// When to fetch the image
    #[arg(long, value_name = "WHEN", value_enum, default_value_t, requires = "image")]
    pub(super) pull: Pull,

    /// Mount a file or directory of the host: HOST:CONTAINER[:ro,...]
    #[arg(short, long, value_name = "HOST:CONTAINER[:OPTIONS]")]
    volume: Vec<Volume>,

    /// Read variables of its environment from a file, a KEY=VALUE on each line
    #[arg(long, value_name = "FILE")]
    env_file: Vec<PathBuf>,

    /// Run as this user, by name or id, as the container's own files have it
    #[arg(short, long, value_name = "USER[:GROUP]")]
    user: Option<User>,

    /// Let nobody write to its root directory
    #[arg(long)]
    read_only: bool,

    /// Give it capabilities beyond the usual ones
    #[arg(long, value_name = "CAPABILITY", value_parser = OsStringValueParser::new().try_map(capabilities))]
    cap_add: Vec<Capabilities>,

    /// Take capabilities away from the usual ones
    #[arg(long, value_name = "CAPABILITY", value_parser = OsStringValueParser::new().try_map(capabilities))]
    cap_drop: Vec<Capabilities>,

    /// no-new-privileges, or seccomp=FILE, seccomp=unconfined
    #[arg(long, value_name = "OPTION", value_parser = OsStringValueParser::new().try_map(security))]
    security_opt: Vec<Security>,

    /// Have it run by this OCI runtime: crun, runc, or the path of one
    #[arg(long, value_name = "PROGRAM")]
    runtime: Option<PathBuf>,
}

/// A `--security-opt`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Security {
    NoNewPrivileges,
    Seccomp(Seccomp),
}

/// What a root directory brings along that says how its program is to run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Usual {
    pub(super) environment: Vec<(OsString, OsString)>,
    pub(super) directory: Option<PathBuf>,
    pub(super) user: Option<User>,
    pub(super) stop_signal: Option<u8>,
    pub(super) entrypoint: Vec<OsString>,
    pub(super) command: Vec<OsString>,
}

impl Usual {
    /// The words of the command, with those that were typed.
    pub(super) fn words(&self, typed: Vec<OsString>) -> Vec<OsString> {
        let words = if typed.is_empty() { self.command.clone() } else { typed };
        self.entrypoint.iter().cloned().chain(words).collect()
    }
}

/// Where engines look for commands, where nobody says otherwise.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What else was typed, with the whole command.
#[derive(Debug, Default)]
pub(super) struct Further {
    pub(super) command: Vec<OsString>,
    pub(super) environment: Vec<(OsString, OsString)>,
    pub(super) directory: Option<PathBuf>,
    pub(super) terminal: bool,
    pub(super) limits: Limits,
}

impl Contained {
    /// One of this image, and nothing else was typed.
    pub(super) fn of(image: String, pull: Pull) -> Self {
        Self { image: Some(image), pull, ..Self::default() }
    }

    /// Whether any of it was typed, which means nothing without a root directory.
    pub(super) fn is_typed(&self) -> bool {
        let Self {
            rootfs: _,
            image: _,
            pull: _,
            volume,
            env_file,
            user,
            read_only,
            cap_add,
            cap_drop,
            security_opt,
            runtime,
        } = self;
        !volume.is_empty()
            || !env_file.is_empty()
            || user.is_some()
            || *read_only
            || !cap_add.is_empty()
            || !cap_drop.is_empty()
            || !security_opt.is_empty()
            || runtime.is_some()
    }

    /// The program that is to run it, from the root on if it is a path.
    pub(super) fn runtime(&self) -> Result<Option<PathBuf>, Error> {
        let Some(program) = &self.runtime else { return Ok(None) };
        if program.components().count() == 1 && !program.is_absolute() {
            return Ok(Some(program.clone()));
        }
        Ok(Some(fs::canonicalize(program).map_err(file("find", program))?))
    }

    /// The container, with this root directory, in this pod.
    pub(super) fn plan(
        self,
        root: Root,
        usual: Usual,
        further: Further,
        pod: (&PodPlan, &PodDirectory),
    ) -> Result<ContainerPlan, Error> {
        let mut environment = vec![("PATH".into(), PATH.into())];
        let (pod, directory) = pod;
        if pod.shares(Share::Uts) {
            set(&mut environment, "HOSTNAME".into(), pod.hostname().as_str().into());
        }
        if further.terminal {
            set(&mut environment, "TERM".into(), "xterm".into());
        }
        let from_files = self.env_file.iter().map(|path| variables(path)).collect::<Result<Vec<_>, _>>()?;
        let all = usual.environment.into_iter().chain(from_files.into_iter().flatten()).chain(further.environment);
        all.for_each(|(key, value)| set(&mut environment, key, value));
        let all = |sets: &[Capabilities]| sets.iter().fold(Capabilities::default(), |all, one| all.with(*one));
        let mut process = Process {
            command: further.command,
            environment,
            directory: further.directory.or(usual.directory).unwrap_or_else(|| "/".into()),
            user: self.user.or(usual.user).unwrap_or_else(User::root),
            // All and then some less, or none and then some more: whichever way round it was further.
            capabilities: {
                let (added, dropped) = (all(&self.cap_add), all(&self.cap_drop));
                if dropped == Capabilities::all() { added } else { Capabilities::usual().with(added).without(dropped) }
            },
            no_new_privileges: false,
            seccomp: Seccomp::RuntimeDefault,
            limits: Vec::new(),
            umask: 0o022,
            oom_score: None,
            terminal: further.terminal,
        };
        for option in self.security_opt {
            match option {
                Security::NoNewPrivileges => process.no_new_privileges = true,
                Security::Seccomp(choice) => process.seccomp = choice,
            }
        }
        let mut mounts = Mount::usual();
        mounts.extend(etc(pod, directory)?);
        for volume in self.volume {
            let mount = volume.mount()?;
            mounts.retain(|usual| usual.at != mount.at);
            mounts.push(mount);
        }
        // What is mounted below another is mounted after it.
        mounts.sort_by_key(|mount| mount.at.components().count());
        let pids = if pod.shares(Share::Pid) { Pids::Pods } else { Pids::Own };
        Ok(ContainerPlan::new(Parts {
            mounts,
            read_only: self.read_only,
            pids,
            limits: further.limits,
            stop_signal: usual.stop_signal.unwrap_or(15),
            ..Parts::usual(root, process)
        })?)
    }
}

/// The pod's own files, and the host's in place of those that it has not.
fn etc(pod: &PodPlan, directory: &PodDirectory) -> Result<Vec<Mount>, Error> {
    use container::plan::{Attributes, Below, What};

    let files = [(Share::Uts, "hostname"), (Share::Net, "hosts"), (Share::Net, "resolv.conf")];
    let mut mounts = Vec::new();
    for (share, name) in files {
        let at = Path::new("/etc").join(name);
        let path = if pod.shares(share) { directory.etc(name) } else { at.clone() };
        let source = match fs::canonicalize(&path) {
            // Not every host has each.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !pod.shares(share) => continue,
            found => found.map_err(file("find", &path))?,
        };
        mounts.push(Mount::new(at, What::Bind { source, below: Below::Left }, Attributes::default()));
    }
    Ok(mounts)
}

fn set(environment: &mut Vec<(OsString, OsString)>, key: OsString, value: OsString) {
    environment.retain(|(known, _)| *known != key);
    environment.push((key, value));
}

/// The variables in a file, as docker has it: what is empty or begins with `#` is none, and one without
/// a value is ours.
fn variables(path: &Path) -> Result<Vec<(OsString, OsString)>, Error> {
    parse(path, &fs::read(path).map_err(file("read", path))?)
}

fn parse(path: &Path, text: &[u8]) -> Result<Vec<(OsString, OsString)>, Error> {
    let mut found = Vec::new();
    for line in text.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.trim_ascii().is_empty() || line.trim_ascii_start().starts_with(b"#") {
            continue;
        }
        match line.iter().position(|byte| *byte == b'=') {
            Some(0) => return Err(Error::EnvFile { path: path.to_owned(), line: lossy(line) }),
            Some(at) => found.push((os(&line[..at]), os(&line[at + 1..]))),
            None => found.extend(std::env::var_os(os(line)).map(|value| (os(line), value))),
        }
    }
    Ok(found)
}

fn os(bytes: &[u8]) -> OsString {
    OsString::from_vec(bytes.to_vec())
}

fn lossy(bytes: &[u8]) -> String {
    OsStr::from_bytes(bytes).to_string_lossy().into_owned()
}

fn capabilities(text: OsString) -> Result<Capabilities, String> {
    let text = text.to_string_lossy();
    launch::capabilities(&text).map(|set| set.into_iter().collect()).map_err(|error| error.to_string())
}

fn security(text: OsString) -> Result<Security, String> {
    let text = text.into_string().map_err(|text| format!("{} is not UTF-8", text.display()))?;
    match text.split_once(['=', ':']).unwrap_or((&text, "")) {
        ("no-new-privileges", "" | "true") => Ok(Security::NoNewPrivileges),
        ("seccomp", "unconfined") => Ok(Security::Seccomp(Seccomp::Unconfined)),
        ("seccomp", path) if !path.is_empty() => {
            let path = fs::canonicalize(path).map_err(|error| format!("{path}: {error}"))?;
            Ok(Security::Seccomp(Seccomp::Localhost(path)))
        }
        _ => Err(format!("{text:?} is neither no-new-privileges nor seccomp=FILE nor seccomp=unconfined")),
    }
}

#[cfg(test)]
mod tests {
    use fixtures::fuzz::rounds;

    use crate::nearly::{LAW, LINES, MEMORY, near};

    use super::*;

    #[test]
    fn security_options_go_by_dockers_spellings() {
        assert_eq!(security("no-new-privileges".into()), Ok(Security::NoNewPrivileges));
        assert_eq!(security("no-new-privileges:true".into()), Ok(Security::NoNewPrivileges));
        assert_eq!(security("seccomp=unconfined".into()), Ok(Security::Seccomp(Seccomp::Unconfined)));
        for text in ["", "no-new-privileges=x", "seccomp", "seccomp=/no/such/file", "apparmor=x"] {
            assert!(security(text.into()).is_err(), "{text}");
        }
    }

    #[test]
    fn a_file_of_variables_is_read_as_docker_reads_it() {
        let place = tempfile::tempdir().expect("a directory");
        let path = place.path().join("env");
        fs::write(&path, "# no\n\nA=1\r\nB=x=y \nNO_SUCH_VARIABLE_HERE\n").expect("a file");
        let found = variables(&path).expect("variables");
        assert_eq!(found, [("A".into(), "1".into()), ("B".into(), "x=y ".into())]);
        fs::write(&path, "=x\n").expect("a file");
        assert!(variables(&path).is_err());
    }

    #[test]
    fn nearly_right_variables_are_read_or_refused() {
        let samples = ["A=1\nB=two words \n# c\n\nPATH\n", "A==\r\nB='x'\r\n"];
        let mut taken = 0_u32;
        rounds(3000, &MEMORY, LAW, |dice| {
            let text = near(&samples, dice, &LINES);
            match parse(Path::new("/env"), &text) {
                Ok(found) => {
                    taken += 1;
                    assert!(found.len() <= text.split(|byte| *byte == b'\n').count());
                    for (name, value) in found {
                        let (name, value) = (name.as_bytes(), value.as_bytes());
                        assert!(!name.is_empty() && !name.contains(&b'=') && !name.contains(&b'\n'), "{text:?}");
                        assert!(!value.contains(&b'\n'), "{text:?}");
                    }
                }
                Err(error) => assert!(!error.to_string().is_empty()),
            }
            text.len()
        });
        assert!(taken > 0, "nothing was ever read");
    }
}
