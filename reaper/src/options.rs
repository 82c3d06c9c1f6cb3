//! The options, one table for each name that the program goes by: parser, help, man page and
//! completions all come from here.

/// What an option means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Id {
    /// Print the help, and end.
    Help,
    /// Print the version, and end.
    Version,
    /// Print the licence, and end.
    License,
    /// Say more.
    Verbose,
    /// Adopt orphans though not the first process.
    Subreaper,
    /// Say of every orphan that it was reaped.
    WarnOnReap,
    /// Signal the process group.
    Group,
    /// Signal the child alone, and start no session.
    SingleChild,
    /// Start a session.
    Session,
    /// The signal at our parent's end.
    ParentDeath,
    /// End when the parent does.
    DieWithParent,
    /// Hand on one signal as another.
    Rewrite,
    /// Hand on these signals only.
    Forward,
    /// Drop these signals.
    Drop,
    /// This code counts as success.
    ExpectCode,
    /// Codes that become others.
    ExitCode,
    /// The time between the stop signal and KILL.
    Grace,
    /// The signal that asks to end.
    StopSignal,
    /// End every descendant.
    KillAll,
    /// Wait for every descendant.
    WaitAll,
    /// Start again.
    Restart,
    /// Where to say that the command runs.
    ReadyFd,
    /// Where to write the report.
    Report,
    /// Whom to become.
    User,
    /// Where to start.
    Directory,
    /// A variable.
    Variable,
    /// No variables but these.
    ClearVariables,
    /// A terminal of the command's own.
    Tty,
    /// Hold the pod, run nothing.
    Pause,
}

/// An option.
#[derive(Clone, Copy, Debug)]
pub struct Opt {
    /// What it means.
    pub id: Id,
    /// `-s`, without the dash.
    pub short: Option<u8>,
    /// `--subreaper`, without the dashes.
    pub long: Option<&'static str>,
    /// What its value is called, if it takes one.
    pub value: Option<&'static str>,
    /// What it does, in a line or two.
    pub help: &'static str,
}

const fn flag(id: Id, short: u8, long: &'static str, help: &'static str) -> Opt {
    Opt { id, short: if short == 0 { None } else { Some(short) }, long: Some(long), value: None, help }
}

const fn taking(id: Id, short: u8, long: &'static str, value: &'static str, help: &'static str) -> Opt {
    Opt { value: Some(value), ..flag(id, short, long, help) }
}

const fn short(id: Id, letter: u8, help: &'static str) -> Opt {
    Opt { id, short: Some(letter), long: None, value: None, help }
}

/// For a long name alone.
const LONG: u8 = 0;

/// Under its own name.
pub const REAPER: [Opt; 30] = [
    taking(
        Id::Grace,
        LONG,
        "grace",
        "DURATION",
        "After being asked to end, send KILL when so much time has gone by: 500ms, 10s, 2m, 1h",
    ),
    flag(
        Id::KillAll,
        LONG,
        "kill-all",
        "End every descendant: when the init is asked to end, and when the main child has ended; stop signal, grace time (10s unless given), KILL",
    ),
    flag(Id::WaitAll, LONG, "wait-all", "Stay until the last descendant has gone"),
    taking(
        Id::StopSignal,
        LONG,
        "stop-signal",
        "SIGNAL",
        "The signal that asks to end; a TERM that comes is handed on as this one [TERM]",
    ),
    flag(Id::Group, b'g', "group", "Hand signals to the main child's process group, not to it alone"),
    flag(
        Id::Session,
        LONG,
        "session",
        "Start the main child in a session of its own, and hand signals to its process group",
    ),
    flag(
        Id::SingleChild,
        b'c',
        "single-child",
        "Hand signals to the main child alone, and start no session; this is the default",
    ),
    taking(
        Id::Rewrite,
        b'r',
        "rewrite",
        "FROM:TO",
        "Hand on one signal as another, or drop it where TO is 0; may be repeated",
    ),
    taking(Id::Drop, LONG, "drop", "SIGNAL,...", "Drop these signals"),
    taking(Id::Forward, LONG, "forward", "SIGNAL,...", "Hand on these signals, and drop all others"),
    taking(
        Id::ExitCode,
        LONG,
        "exit-code",
        "CODE=CODE,...",
        "Exit with another code than the main child's: 143=0 makes ending by TERM a success",
    ),
    taking(Id::ExpectCode, b'e', "expect", "CODE", "Exit with 0 where the main child's code is this; may be repeated"),
    taking(
        Id::Restart,
        LONG,
        "restart",
        "POLICY",
        "Start the main child again: never, on-failure or always, with a rest that doubles from 100ms to 1m [never]",
    ),
    taking(
        Id::User,
        b'u',
        "user",
        "USER[:GROUP]",
        "Run the command as this user, by name or number, with that user's groups",
    ),
    taking(Id::Directory, LONG, "chdir", "DIRECTORY", "Run the command in this directory; --workdir is the same"),
    taking(Id::Directory, LONG, "workdir", "DIRECTORY", ""),
    taking(Id::Variable, LONG, "env", "NAME=VALUE", "Set a variable for the command; may be repeated"),
    flag(Id::ClearVariables, LONG, "clear-env", "Give the command none of our variables"),
    flag(
        Id::Tty,
        b't',
        "tty",
        "Give the command a terminal of its own, and relay between that and our stdin and stdout",
    ),
    flag(Id::DieWithParent, LONG, "die-with-parent", "When our parent ends, behave as if asked to end"),
    taking(
        Id::ParentDeath,
        b'p',
        "parent-death-signal",
        "SIGNAL",
        "When our parent ends, behave as if sent this signal",
    ),
    taking(Id::ReadyFd, LONG, "ready-fd", "FD", "Write a line to this descriptor once the command runs"),
    taking(Id::Report, LONG, "report", "FD", "At the end, write to this descriptor how it went, as a line of JSON"),
    flag(
        Id::Subreaper,
        b's',
        "subreaper",
        "Adopt the orphans of descendants though not the first process; this is the default",
    ),
    flag(Id::WarnOnReap, b'w', "warn-on-reap", "Say of every orphan that it was reaped"),
    flag(Id::Pause, b'P', "pause", "Hold a pod's namespaces and run nothing, as pause does"),
    flag(Id::Verbose, b'v', "verbose", "Say more; up to three times"),
    flag(Id::License, b'l', "license", "Print the licence"),
    flag(Id::Version, b'V', "version", "Print the version"),
    flag(Id::Help, b'h', "help", "Print this"),
];

/// Under the names of tini.
pub const TINI: [Opt; 9] = [
    Opt { long: None, ..flag(Id::Version, LONG, "", "") },
    short(Id::Help, b'h', "Print this"),
    short(Id::Subreaper, b's', "Adopt orphans though not the first process"),
    Opt { value: Some("SIGNAL"), ..short(Id::ParentDeath, b'p', "Hand on this signal when the parent ends") },
    short(Id::Verbose, b'v', "Say more; up to three times"),
    short(Id::WarnOnReap, b'w', "Say of every orphan that it was reaped"),
    short(Id::Group, b'g', "Hand signals to the main child's process group"),
    Opt { value: Some("CODE"), ..short(Id::ExpectCode, b'e', "Exit with 0 where the main child's code is this") },
    short(Id::License, b'l', "Print the licence"),
];

/// Under the name of dumb-init.
pub const DUMB_INIT: [Opt; 5] = [
    flag(Id::SingleChild, b'c', "single-child", "Hand signals to the main child alone, and start no session"),
    taking(Id::Rewrite, b'r', "rewrite", "FROM:TO", "Hand on one signal as another, or drop it where TO is 0"),
    flag(Id::Verbose, b'v', "verbose", "Say what is done"),
    flag(Id::Help, b'h', "help", "Print this"),
    flag(Id::Version, b'V', "version", "Print the version"),
];

/// Under the name of catatonit.
pub const CATATONIT: [Opt; 5] = [
    short(Id::Group, b'g', "Hand signals to the main child's process group"),
    short(Id::Pause, b'P', "Hold a pod's namespaces and run nothing"),
    flag(Id::Help, b'h', "help", "Print this"),
    flag(Id::Version, b'V', "version", "Print the version"),
    flag(Id::License, b'L', "license", "Print the licence"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_options_are_spelled_alike() {
        for table in [&REAPER[..], &TINI, &DUMB_INIT, &CATATONIT] {
            for (place, option) in table.iter().enumerate() {
                for other in &table[place + 1..] {
                    assert!(option.short.is_none() || option.short != other.short, "{option:?} {other:?}");
                    assert!(option.long.is_none() || option.long != other.long, "{option:?} {other:?}");
                }
            }
        }
    }
}
