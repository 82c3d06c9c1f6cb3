//! From the command line to a plan, under whichever name the program goes by.

use core::ffi::CStr;
use core::fmt;

use crate::guise::Guise;
use crate::options::{Id, Opt};
use crate::plan::{Leads, Others, Plan, Reaping, Restart, Routes, Subreaper, Terminal, Verbosity, Whom};
use crate::{Signal, SignalSet, text};

/// What the command line asks for.
#[derive(Debug)]
pub enum Asked {
    /// To be the init of a command, as the plan says by now.
    Init {
        /// As whom, if as another.
        user: Option<&'static CStr>,
        /// How many words come before the command.
        skip: usize,
        /// Which word of the command is none of it: the dashes behind its name, which tini takes for its own.
        dashes: Option<usize>,
    },
    /// To hold a pod.
    Pause,
    /// To print something, and end.
    Print(Id),
}

/// Why a command line makes no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// There is no such option.
    UnknownOption(&'static CStr),
    /// The option takes a value, and there is none.
    NoValue(&'static CStr),
    /// The option takes no value.
    NeedlessValue(&'static CStr),
    /// The value is none of what the option takes.
    Value {
        /// What it should be.
        what: &'static str,
        /// What it is.
        value: &'static [u8],
    },
    /// There is no command.
    NoCommand,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownOption(option) => write!(f, "unknown option: {}", text::Shown(option.to_bytes())),
            Self::NoValue(option) => write!(f, "option without its value: {}", text::Shown(option.to_bytes())),
            Self::NeedlessValue(option) => write!(f, "option that takes no value: {}", text::Shown(option.to_bytes())),
            Self::Value { what, value } => write!(f, "not {}: {}", text::Shown(what.as_bytes()), text::Shown(value)),
            Self::NoCommand => f.write_str("no command"),
        }
    }
}

/// Reads the variables of the guise's own, then the command line, into a plan that begins as
/// [`Guise::usual`]. Options end at the command.
///
/// # Errors
/// The first mistake.
pub fn ask(
    guise: Guise,
    plan: &mut Plan,
    words: impl Iterator<Item = &'static CStr> + Clone,
    environment: impl Iterator<Item = &'static CStr>,
) -> Result<Asked, Mistake> {
    let mut folded = Folded {
        plan,
        user: None,
        verbose: 0,
        variables: 0,
        rewritten: SignalSet::EMPTY,
        dashed: false,
        prints: None,
        pauses: false,
    };
    environment.for_each(|variable| folded.hear(guise, variable.to_bytes()));
    let mut words = words.peekable();
    let mut skip = 0;
    while let Some(word) = words.next_if(|word| word.to_bytes().len() > 1 && word.to_bytes().starts_with(b"-")) {
        skip += 1;
        let bytes = word.to_bytes();
        if bytes == b"--" {
            folded.dashed = true;
            break;
        }
        let mut next = || {
            skip += 1;
            words.next()
        };
        if bytes.starts_with(b"--") {
            folded.long(guise, word, &mut next)?;
        } else {
            folded.letters(guise, word, &mut next)?;
        }
        if let Some(id) = folded.prints {
            return Ok(Asked::Print(id));
        }
    }
    let dashes = if guise == Guise::Tini && !folded.dashed { dashes_in(words.clone()) } else { None };
    folded.finished(words.next().is_some(), skip, dashes)
}

/// What has been read so far.
struct Folded<'plan> {
    plan: &'plan mut Plan,
    user: Option<&'static CStr>,
    verbose: u8,
    variables: usize,
    /// What it was said of by name as what it is handed on.
    rewritten: SignalSet,
    /// Whether dashes have ended the options.
    dashed: bool,
    prints: Option<Id>,
    pauses: bool,
}

impl Folded<'_> {
    /// What a variable of the guise's own says.
    fn hear(&mut self, guise: Guise, variable: &'static [u8]) {
        let Some((name, value)) = text::split_once(variable, b'=') else { return };
        match (guise, name) {
            (Guise::Reaper | Guise::Tini, b"TINI_SUBREAPER") => self.plan.subreaper = Subreaper::Must,
            (Guise::Reaper | Guise::Tini, b"TINI_KILL_PROCESS_GROUP") => self.plan.whom = Whom::Group,
            (Guise::Reaper | Guise::Tini, b"TINI_VERBOSITY") => {
                self.plan.verbosity = match text::number(value) {
                    Some(0) => Verbosity::Errors,
                    Some(1) => Verbosity::Warnings,
                    Some(2) => Verbosity::Info,
                    _ => Verbosity::Debug,
                };
            }
            (Guise::DumbInit, b"DUMB_INIT_DEBUG") if value == b"1" => self.plan.verbosity = Verbosity::Debug,
            (Guise::DumbInit, b"DUMB_INIT_SETSID") if value == b"0" => self.single_child(),
            (Guise::Catatonit, b"CATATONIT_DEBUG") => self.plan.verbosity = Verbosity::Debug,
            (Guise::Reaper, b"REAPER_REAP") if value == b"kernel" => self.plan.reaping = Reaping::Kernel,
            (Guise::Reaper, b"REAPER_REAP") if value == b"loop" => self.plan.reaping = Reaping::Loop,
            _ => {}
        }
    }

    fn long(
        &mut self,
        guise: Guise,
        word: &'static CStr,
        next: &mut dyn FnMut() -> Option<&'static CStr>,
    ) -> Result<(), Mistake> {
        let long = &word.to_bytes()[2..];
        let (name, value) = match text::split_once(long, b'=') {
            Some((name, _)) => (name, Some(behind(word, 2 + name.len() + 1))),
            None => (long, None),
        };
        if guise == Guise::Tini && name == b"version" {
            self.prints = Some(Id::Version);
            return Ok(());
        }
        let known = |option: &&Opt| option.long.is_some_and(|known| known.as_bytes() == name);
        let option = guise.options().iter().find(known).ok_or(Mistake::UnknownOption(word))?;
        match (option.value, value) {
            (None, None) => self.take(option.id, c""),
            (None, Some(_)) => Err(Mistake::NeedlessValue(word)),
            (Some(_), Some(value)) => self.take(option.id, value),
            (Some(_), None) => self.take(option.id, next().ok_or(Mistake::NoValue(word))?),
        }
    }

    fn letters(
        &mut self,
        guise: Guise,
        word: &'static CStr,
        next: &mut dyn FnMut() -> Option<&'static CStr>,
    ) -> Result<(), Mistake> {
        for (place, letter) in word.to_bytes().iter().enumerate().skip(1) {
            let known = |option: &&Opt| option.short == Some(*letter);
            let option = guise.options().iter().find(known).ok_or(Mistake::UnknownOption(word))?;
            if option.value.is_some() {
                let rest = behind(word, place + 1);
                let value = if rest.is_empty() { next().ok_or(Mistake::NoValue(word))? } else { rest };
                return self.take(option.id, value);
            }
            self.take(option.id, c"")?;
        }
        Ok(())
    }

    fn take(&mut self, id: Id, word: &'static CStr) -> Result<(), Mistake> {
        let plan = &mut *self.plan;
        let value = word.to_bytes();
        match id {
            Id::Help | Id::Version | Id::License => self.prints = Some(id),
            Id::Verbose => self.verbose += 1,
            Id::Subreaper => plan.subreaper = Subreaper::Must,
            Id::WarnOnReap => plan.warn_on_reap = true,
            Id::Group => plan.whom = Whom::Group,
            Id::SingleChild => self.single_child(),
            Id::Session => (plan.child.leads, plan.whom) = (Leads::Session, Whom::Group),
            Id::ParentDeath => plan.parent_death = Some(signal(value)?),
            Id::DieWithParent => plan.parent_death = Some(Signal::TERM),
            Id::Rewrite => {
                let (from, to) = text::split_once(value, b':').ok_or(not("SIGNAL:SIGNAL", value))?;
                let from = routable(from)?;
                plan.routes.set(from, if to == b"0" { None } else { Some(signal(to)?) });
                self.rewritten.insert(from);
            }
            Id::Drop => list(value).try_for_each(|name| routable(name).map(|signal| plan.routes.set(signal, None)))?,
            Id::Forward => {
                plan.routes = Routes::none();
                list(value).try_for_each(|name| routable(name).map(|signal| plan.routes.set(signal, Some(signal))))?;
            }
            Id::ExpectCode => plan.exit_map.set(code(value)?, 0),
            Id::ExitCode => list(value).try_for_each(|pair| {
                let (from, to) = text::split_once(pair, b'=').ok_or(not("CODE=CODE", pair))?;
                plan.exit_map.set(code(from)?, code(to)?);
                Ok(())
            })?,
            Id::Grace => {
                plan.grace =
                    Some(text::duration(value).ok_or(not("a duration with its unit (500ms, 10s, 2m)", value))?);
            }
            Id::StopSignal => {
                plan.stop_signal = signal(value)?;
                plan.routes.set(Signal::TERM, Some(plan.stop_signal));
            }
            Id::KillAll => plan.others = Others::End,
            Id::WaitAll => {
                if plan.others != Others::End {
                    plan.others = Others::Await;
                }
            }
            Id::Restart => {
                plan.restart = match value {
                    b"never" => Restart::Never,
                    b"on-failure" => Restart::OnFailure,
                    b"always" => Restart::Always,
                    _ => return Err(not("never, on-failure or always", value)),
                }
            }
            Id::ReadyFd => plan.ready = Some(descriptor(value)?),
            Id::Report => plan.report = Some(descriptor(value)?),
            Id::User => self.user = Some(word),
            Id::Directory => plan.child.directory = Some(word),
            Id::Variable => {
                if value.first() == Some(&b'=') || !value.contains(&b'=') {
                    return Err(not("NAME=VALUE", value));
                }
                let slot =
                    plan.child.variables.get_mut(self.variables).ok_or(not("among the first 32 variables", value))?;
                *slot = Some(word);
                self.variables += 1;
            }
            Id::ClearVariables => plan.child.inherits_environment = false,
            Id::Tty => (plan.child.terminal, plan.child.leads) = (Terminal::Own, Leads::Session),
            Id::Pause => self.pauses = true,
        }
        Ok(())
    }

    fn single_child(&mut self) {
        let plan = &mut *self.plan;
        if plan.child.leads == Leads::Session {
            plan.child.leads = Leads::Nothing;
            plan.others = Others::Leave;
        }
        plan.whom = Whom::Child;
    }

    fn finished(self, command: bool, skip: usize, dashes: Option<usize>) -> Result<Asked, Mistake> {
        if self.pauses {
            return Ok(Asked::Pause);
        }
        if !command {
            return Err(Mistake::NoCommand);
        }
        let verbosity = match self.verbose {
            0 => self.plan.verbosity,
            1 => Verbosity::Info,
            _ => Verbosity::Debug,
        };
        self.plan.verbosity = self.plan.verbosity.max(verbosity);
        // To the group of a session's leader, an orphaned one, these would do nothing.
        if self.plan.child.leads == Leads::Session {
            for signal in Signal::TERMINAL_STOPS {
                if !self.rewritten.contains(signal) && self.plan.routes.of(signal).is_some() {
                    self.plan.routes.set(signal, Some(Signal::STOP));
                }
            }
        }
        Ok(Asked::Init { user: self.user, skip, dashes })
    }
}

/// The place of the dashes in `PROGRAM -- ARGS`, which is how tini's own help has it: getopt(3) takes them away
/// as long as nothing before them looks like an option.
fn dashes_in(words: impl Iterator<Item = &'static CStr>) -> Option<usize> {
    let mut plain =
        words.map(CStr::to_bytes).enumerate().skip_while(|(_, word)| *word == b"-" || !word.starts_with(b"-"));
    plain.next().filter(|(_, word)| *word == b"--").map(|(place, _)| place)
}

const fn not(what: &'static str, value: &'static [u8]) -> Mistake {
    Mistake::Value { what, value }
}

fn signal(name: &'static [u8]) -> Result<Signal, Mistake> {
    Signal::parse(name).ok_or(not("a signal", name))
}

/// A signal that an init can be sent and hand on.
fn routable(name: &'static [u8]) -> Result<Signal, Mistake> {
    match signal(name)? {
        Signal::KILL | Signal::STOP | Signal::CHLD => Err(not("a signal that an init can hand on", name)),
        signal => Ok(signal),
    }
}

fn code(number: &'static [u8]) -> Result<u8, Mistake> {
    text::number(number).and_then(|number| u8::try_from(number).ok()).ok_or(not("an exit code (0 to 255)", number))
}

fn descriptor(number: &'static [u8]) -> Result<i32, Mistake> {
    text::number(number).and_then(|number| i32::try_from(number).ok()).ok_or(not("a descriptor", number))
}

fn list(value: &'static [u8]) -> impl Iterator<Item = &'static [u8]> {
    value.split(|byte| *byte == b',')
}

/// What stands in a word from this place on.
fn behind(word: &'static CStr, place: usize) -> &'static CStr {
    CStr::from_bytes_until_nul(&word.to_bytes_with_nul()[place..]).unwrap_or(c"")
}

#[cfg(test)]
mod tests;
