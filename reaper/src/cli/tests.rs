//! Command lines, under each name, and what they mean.

use core::ffi::CStr;
use core::time::Duration;

extern crate std;
use std::string::ToString;

use super::{Asked, Mistake, ask};
use crate::Signal;
use crate::guise::Guise;
use crate::options::Id;
use crate::plan::{Leads, Others, Plan, Reaping, Restart, Subreaper, Verbosity, Whom};

fn asked(guise: Guise, words: &[&'static CStr]) -> Result<Asked, Mistake> {
    ask(guise, &mut guise.usual(), words.iter().copied(), core::iter::empty())
}

/// The plan, and how many words come before the command.
fn planned(guise: Guise, words: &[&'static CStr]) -> (Plan, usize) {
    planned_with(guise, words, &[])
}

fn planned_with(guise: Guise, words: &[&'static CStr], environment: &[&'static CStr]) -> (Plan, usize) {
    let mut plan = guise.usual();
    match ask(guise, &mut plan, words.iter().copied(), environment.iter().copied()) {
        Ok(Asked::Init { skip, .. }) => (plan, skip),
        other => panic!("{words:?}: {other:?}"),
    }
}

fn plan(words: &[&'static CStr]) -> Plan {
    planned(Guise::Reaper, words).0
}

#[test]
fn the_name_decides() {
    for (name, guise) in [
        ("/usr/bin/tini", Guise::Tini),
        ("docker-init", Guise::Tini),
        ("/sbin/dumb-init", Guise::DumbInit),
        ("catatonit", Guise::Catatonit),
        ("/reaper", Guise::Reaper),
        ("", Guise::Reaper),
    ] {
        assert_eq!(Guise::of(name.as_bytes()), guise, "{name}");
    }
}

#[test]
fn dashes_behind_the_command_are_tinis_own() {
    let dashes = |guise, words: &[&'static CStr]| match asked(guise, words) {
        Ok(Asked::Init { dashes, .. }) => dashes,
        other => panic!("{words:?}: {other:?}"),
    };
    assert_eq!(dashes(Guise::Tini, &[c"-s", c"sh", c"--", c"-c"]), Some(1));
    assert_eq!(dashes(Guise::Tini, &[c"sh", c"-", c"x", c"--", c"--"]), Some(3));
    for words in [&[c"--", c"sh", c"--"][..], &[c"sh", c"-c", c"--"], &[c"sh"]] {
        assert_eq!(dashes(Guise::Tini, words), None, "{words:?}");
    }
    for guise in [Guise::Reaper, Guise::DumbInit, Guise::Catatonit] {
        assert_eq!(dashes(guise, &[c"sh", c"--", c"-c"]), None, "{guise:?}");
    }
}

#[test]
fn who_leads_a_session_is_stopped_in_the_place_of_a_terminals_stop() {
    let routes = |guise, words: &[&'static CStr]| {
        let (plan, _) = planned(guise, words);
        Signal::TERMINAL_STOPS.map(|signal| plan.routes.of(signal))
    };
    let stop = Some(Signal::STOP);
    let themselves = Signal::TERMINAL_STOPS.map(Some);
    assert_eq!(routes(Guise::DumbInit, &[c"x"]), [stop; 3]);
    assert_eq!(routes(Guise::DumbInit, &[c"-r", c"21:18", c"-r", c"22:0", c"x"]), [stop, Some(Signal::CONT), None]);
    assert_eq!(routes(Guise::DumbInit, &[c"-r", c"20:20", c"x"]), [Some(Signal::TSTP), stop, stop]);
    assert_eq!(routes(Guise::DumbInit, &[c"-c", c"x"]), themselves);
    assert_eq!(routes(Guise::Reaper, &[c"x"]), themselves);
    assert_eq!(routes(Guise::Reaper, &[c"--session", c"x"]), [stop; 3]);
}

#[test]
fn options_end_at_the_command() {
    for guise in [Guise::Reaper, Guise::Tini, Guise::DumbInit, Guise::Catatonit] {
        assert_eq!(planned(guise, &[c"sh", c"-c", c"x"]).1, 0, "{guise:?}");
        assert_eq!(planned(guise, &[c"--", c"-c"]).1, 1, "{guise:?}");
    }
    assert_eq!(planned(Guise::Reaper, &[c"-g", c"--grace", c"1s", c"-e", c"3", c"sh", c"-g"]).1, 5);
    assert_eq!(planned(Guise::Reaper, &[c"-", c"x"]).1, 0);
}

#[test]
fn options_of_our_own() {
    assert_eq!(plan(&[c"--grace=1500ms", c"x"]).grace, Some(Duration::from_millis(1500)));
    assert_eq!(plan(&[c"--kill-all", c"--wait-all", c"x"]).others, Others::End);
    assert_eq!(plan(&[c"--wait-all", c"x"]).others, Others::Await);
    assert_eq!(plan(&[c"--restart", c"on-failure", c"x"]).restart, Restart::OnFailure);
    assert_eq!(plan(&[c"--die-with-parent", c"x"]).parent_death, Some(Signal::TERM));
    assert_eq!(plan(&[c"--ready-fd", c"3", c"--report=4", c"x"]).report, Some(4));
    assert_eq!(plan(&[c"--session", c"x"]).child.leads, Leads::Session);
    assert_eq!(plan(&[c"-vv", c"x"]).verbosity, Verbosity::Debug);
    let variables = plan(&[c"--env", c"A=1", c"--env=B=", c"--clear-env", c"x"]).child;
    assert_eq!(variables.variables[..3], [Some(c"A=1"), Some(c"B="), None]);
    assert!(!variables.inherits_environment);
    let Ok(Asked::Init { user, .. }) = asked(Guise::Reaper, &[c"-unobody", c"x"]) else { panic!("an init") };
    assert_eq!(user, Some(c"nobody"));
}

#[test]
fn signals_are_handed_on_dropped_and_rewritten() {
    let routes = plan(&[c"-r", c"15:2", c"--rewrite", c"RTMIN+1:USR1", c"--drop", c"HUP,1,USR2", c"x"]).routes;
    for signal in Signal::all() {
        let expected = match signal.number() {
            15 => Some(Signal::INT),
            35 => Some(Signal::USR1),
            1 | 12 | 9 | 17 | 19 => None,
            _ => Some(signal),
        };
        assert_eq!(routes.of(signal), expected, "{signal}");
    }
    let routes = plan(&[c"--forward", c"TERM,INT", c"x"]).routes;
    assert_eq!(Signal::all().filter_map(|signal| routes.of(signal)).count(), 2);
    let stop = plan(&[c"--stop-signal", c"QUIT", c"x"]);
    assert_eq!((stop.stop_signal, stop.routes.of(Signal::TERM)), (Signal::QUIT, Some(Signal::QUIT)));
    assert_eq!(plan(&[c"-r", c"HUP:0", c"x"]).routes.of(Signal::HUP), None);
}

#[test]
fn every_exit_code_can_be_mapped() {
    let map = plan(&[c"--exit-code", c"143=0,1=255", c"-e", c"7", c"x"]).exit_map;
    for code in 0..=255 {
        let expected = match code {
            143 | 7 => 0,
            1 => 255,
            other => other,
        };
        assert_eq!(map.of(code), expected, "{code}");
    }
}

#[test]
fn mistakes_are_said_in_a_line() {
    for (words, says) in [
        (&[c"--nope", c"x"][..], "unknown option: --nope"),
        (&[c"-gZ", c"x"], "unknown option: -gZ"),
        (&[c"--grace"], "option without its value: --grace"),
        (&[c"--kill-all=1", c"x"], "option that takes no value: --kill-all=1"),
        (&[c"--grace", c"10", c"x"], "not a duration with its unit (500ms, 10s, 2m): 10"),
        (&[c"--drop", c"NOPE", c"x"], "not a signal: NOPE"),
        (&[c"--drop", c"KILL", c"x"], "not a signal that an init can hand on: KILL"),
        (&[c"-r", c"15", c"x"], "not SIGNAL:SIGNAL: 15"),
        (&[c"-e", c"256", c"x"], "not an exit code (0 to 255): 256"),
        (&[c"--exit-code", c"1", c"x"], "not CODE=CODE: 1"),
        (&[c"--restart", c"maybe", c"x"], "not never, on-failure or always: maybe"),
        (&[c"--ready-fd", c"-1", c"x"], "not a descriptor: -1"),
        (&[c"--env", c"=x", c"x"], "not NAME=VALUE: =x"),
        (&[c"-g"], "no command"),
        (&[], "no command"),
        (&[c"--"], "no command"),
    ] {
        match asked(Guise::Reaper, words) {
            Err(mistake) => assert_eq!(mistake.to_string(), says, "{words:?}"),
            Ok(asked) => panic!("{words:?}: {asked:?}"),
        }
    }
}

#[test]
fn what_is_asked_for_is_printed_before_anything_is_a_mistake() {
    for (guise, words, id) in [
        (Guise::Reaper, &[c"--help"][..], Id::Help),
        (Guise::Reaper, &[c"-V"], Id::Version),
        (Guise::Tini, &[c"--version"], Id::Version),
        (Guise::Tini, &[c"-l"], Id::License),
        (Guise::DumbInit, &[c"-V"], Id::Version),
        (Guise::Catatonit, &[c"-L"], Id::License),
    ] {
        assert!(matches!(asked(guise, words), Ok(Asked::Print(printed)) if printed == id), "{guise:?} {words:?}");
    }
    assert!(matches!(asked(Guise::Catatonit, &[c"-P"]), Ok(Asked::Pause)));
}

#[test]
fn tini_is_tini() {
    let usual = planned(Guise::Tini, &[c"x"]).0;
    assert_eq!((usual.subreaper, usual.whom), (Subreaper::No, Whom::Child));
    let (plan, skip) = planned(Guise::Tini, &[c"-s", c"-g", c"-e", c"143", c"-p", c"KILL", c"-w", c"--", c"x"]);
    assert_eq!((plan.subreaper, plan.whom, skip), (Subreaper::Must, Whom::Group, 8));
    assert_eq!((plan.exit_map.of(143), plan.parent_death, plan.warn_on_reap), (0, Some(Signal::KILL), true));
    let environment = [c"TINI_SUBREAPER=", c"TINI_KILL_PROCESS_GROUP=1", c"TINI_VERBOSITY=3", c"TINIX=1"];
    let plan = planned_with(Guise::Tini, &[c"x"], &environment).0;
    assert_eq!((plan.subreaper, plan.whom, plan.verbosity), (Subreaper::Must, Whom::Group, Verbosity::Debug));
}

#[test]
fn dumb_init_is_dumb_init() {
    let usual = planned(Guise::DumbInit, &[c"x"]).0;
    assert_eq!((usual.child.leads, usual.whom, usual.others), (Leads::Session, Whom::Group, Others::Ask));
    let single = planned(Guise::DumbInit, &[c"-c", c"-r", c"15:3", c"x"]).0;
    assert_eq!((single.child.leads, single.whom, single.others), (Leads::Nothing, Whom::Child, Others::Leave));
    assert_eq!(single.routes.of(Signal::TERM), Some(Signal::QUIT));
}

#[test]
fn who_reaps_can_be_told_to_us_alone() {
    for (variable, reaping) in [(c"REAPER_REAP=loop", Reaping::Loop), (c"REAPER_REAP=kernel", Reaping::Kernel)] {
        assert_eq!(planned_with(Guise::Reaper, &[c"x"], &[variable]).0.reaping, reaping);
    }
}
