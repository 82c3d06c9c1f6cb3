//! reaper: the init of a container, under its own name or that of tini, dumb-init or catatonit.
//!
//! With the library's feature `std` it is an ordinary program of the machine's C library, many times as large.
#![cfg_attr(not(feature = "std"), no_std, no_main)]

#[cfg(not(feature = "std"))]
#[allow(unsafe_code, reason = "what a libc would have; see the file's # Safety")]
mod memory;

use core::fmt::Arguments;

use reaper::cli::{self, Asked};
use reaper::guise::Guise;
use reaper::plan::{Plan, Restart, Verbosity};
use reaper::refusal::Refusal;
use reaper::run::run;
use reaper::sys::{self, Arg, Args};
use reaper::text::Shown;
use reaper::user::{self, Unknown};
use reaper::voice::Voice;
use reaper::{help, hold, text};

#[cfg(not(feature = "std"))]
reaper::entry!(begin);

#[cfg(feature = "std")]
fn main() {
    begin(Args::of_this_process())
}

fn begin(args: Args) -> ! {
    let name = args.into_iter().next().map_or(c"", Arg::text);
    let guise = Guise::of(name.to_bytes());
    let words = args.into_iter().skip(1).map(Arg::text);
    let mut plan = guise.usual();
    match cli::ask(guise, &mut plan, words, args.environment().iter()) {
        Ok(Asked::Init { user, skip, dashes }) => {
            if let Some(name) = user {
                match user::find(name.to_bytes()) {
                    Ok(user) => plan.child.user = Some(user),
                    Err(unknown) => refuse_user(guise, unknown, name.to_bytes()),
                }
            }
            be_init(guise, &plan, args, skip + 1, dashes)
        }
        Ok(Asked::Pause) => {
            hold::listen();
            hold::hold(args)
        }
        Ok(Asked::Print(what)) => {
            help::print(guise, what);
            sys::exit(0)
        }
        Err(mistake) => end(guise, guise.usage_code(), format_args!("{mistake}; see --help")),
    }
}

/// Is the init of the command that begins with this word, and has not that word of its own.
fn be_init(guise: Guise, plan: &Plan, args: Args, first: usize, without: Option<usize>) -> ! {
    let words = args.into_iter().skip(first).map(Arg::text).enumerate();
    let command = words.filter(move |(place, _)| Some(*place) != without).map(|(_, word)| word);
    let voice = Voice { name: guise.name(), verbosity: plan.verbosity };
    let launched = || {
        // Of its command line it needs no more then, unless it starts it again.
        if plan.restart == Restart::Never {
            args.give_back();
        }
    };
    match run(plan, command.clone(), args.environment(), voice, launched) {
        Ok(code) => sys::exit(code),
        Err(Refusal::Launch(failure)) => {
            let name = command.clone().next().unwrap_or(c"");
            let code = if failure.is_of_exec() { guise.exec_code(failure.errno) } else { guise.failure_code() };
            end(guise, code, format_args!("{}", failure.of(name, &plan.child)))
        }
        Err(Refusal::Kernel(what, errno)) => {
            end(guise, guise.failure_code(), format_args!("cannot {}: {errno}", Shown(what.as_bytes())))
        }
        Err(Refusal::CannotReap) => {
            end(guise, guise.failure_code(), format_args!("this kernel does not tell how a child ended that it reaped"))
        }
    }
}

fn refuse_user(guise: Guise, unknown: Unknown, name: &[u8]) -> ! {
    let code = guise.usage_code();
    let (user, group) = text::split_once(name, b':').unwrap_or((name, b""));
    let (name, user, group) = (Shown(name), Shown(user), Shown(group));
    match unknown {
        Unknown::User => end(guise, code, format_args!("no such user: {user}")),
        Unknown::Group => end(guise, code, format_args!("no such group: {group}")),
        Unknown::TooManyGroups => end(guise, code, format_args!("in more than 32 groups: {name}")),
        Unknown::Unreadable(errno) => end(guise, code, format_args!("cannot look up {name}: {errno}")),
    }
}

/// Says why, in a line, and exits.
fn end(guise: Guise, code: u8, why: Arguments<'_>) -> ! {
    Voice { name: guise.name(), verbosity: Verbosity::Errors }.say(Verbosity::Errors, why);
    sys::exit(code)
}

#[cfg(not(feature = "std"))]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    sys::exit(125)
}
