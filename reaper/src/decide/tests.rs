//! Stories: what happens, and what follows.

use core::time::Duration;

use super::{Action, Event, Machine};
use crate::plan::{Others, Plan, Restart, Stops, Whom};
use crate::{Signal, WaitStatus};

extern crate std;
use std::vec;
use std::vec::Vec;

const TERM: Event = Event::Signal(Signal::TERM);

fn exited(code: u8) -> Event {
    Event::Ended(WaitStatus::Exited(code))
}

fn died(signal: Signal) -> Event {
    Event::Ended(WaitStatus::Signaled { signal, core: false })
}

/// Tells a story: at so many milliseconds this happens, and those actions follow.
fn story(plan: &Plan, events: &[(u64, Event, &[Action])]) -> Option<u64> {
    let mut machine = Machine::new(plan, false);
    machine.on(Event::Launched, Duration::ZERO);
    for (at, event, expected) in events {
        let actions: Vec<_> = machine.on(*event, Duration::from_millis(*at)).into_iter().flatten().collect();
        assert_eq!(actions, *expected, "{event:?} at {at} ms");
    }
    machine.deadline().map(|deadline| deadline.as_millis().try_into().expect("a short story"))
}

fn graceful(others: Others) -> Plan {
    Plan { grace: Some(Duration::from_millis(500)), others, ..Plan::usual() }
}

const KILL_ALL: Action = Action::Send(Whom::All, Signal::KILL);

#[test]
fn the_main_childs_code_is_the_code() {
    story(&Plan::usual(), &[(1, exited(7), &[Action::Exit(7)])]);
    story(&Plan::usual(), &[(1, died(Signal::TERM), &[Action::Exit(143)])]);
    let mut plan = Plan::usual();
    plan.exit_map.set(143, 0);
    story(&plan, &[(1, died(Signal::TERM), &[Action::Exit(0)]), (2, TERM, &[])]);
}

#[test]
fn every_signal_goes_where_its_route_leads() {
    let mut plan = Plan::usual();
    plan.routes.set(Signal::HUP, None);
    plan.routes.set(Signal::INT, Some(Signal::QUIT));
    for signal in Signal::all() {
        let expected = match signal {
            Signal::KILL | Signal::STOP | Signal::CHLD | Signal::HUP => vec![],
            Signal::INT => vec![Action::Send(Whom::Child, Signal::QUIT)],
            other => vec![Action::Send(Whom::Child, other)],
        };
        story(&plan, &[(0, Event::Signal(signal), &expected)]);
    }
}

#[test]
fn every_signal_is_handed_on_dropped_or_rewritten_for_the_child_and_for_its_group() {
    for whom in [Whom::Child, Whom::Group] {
        for signal in Signal::all().filter(|signal| Plan::usual().routes.of(*signal).is_some()) {
            for to in [Some(signal), None, Some(Signal::USR1)] {
                let mut plan = Plan { whom, ..Plan::usual() };
                plan.routes.set(signal, to);
                let expected = match to {
                    Some(to) => vec![Action::Send(whom, to)],
                    None => vec![],
                };
                story(&plan, &[(0, Event::Signal(signal), &expected)]);
            }
        }
    }
}

#[test]
fn all_256_codes_come_through_mapped_and_not() {
    for code in 0..=255 {
        story(&Plan::usual(), &[(0, exited(code), &[Action::Exit(code)])]);
        let mut plan = Plan::usual();
        plan.exit_map.set(code, !code);
        story(&plan, &[(0, exited(code), &[Action::Exit(!code)])]);
    }
}

#[test]
fn without_a_grace_time_nobody_is_killed() {
    let deadline = story(&Plan::usual(), &[(0, TERM, &[Action::Send(Whom::Child, Signal::TERM)])]);
    assert_eq!(deadline, None);
}

#[test]
fn the_grace_time_runs_from_the_first_that_asks() {
    let plan = graceful(Others::Leave);
    let term = [Action::Send(Whom::Child, Signal::TERM)];
    let usr1 = Event::Signal(Signal::USR1);
    let deadline = story(&plan, &[(50, usr1, &[Action::Send(Whom::Child, Signal::USR1)])]);
    assert_eq!(deadline, None, "USR1 asks nobody to end");
    let deadline = story(&plan, &[(100, TERM, &term), (400, TERM, &term)]);
    assert_eq!(deadline, Some(600));
    story(
        &plan,
        &[
            (100, TERM, &term),
            (600, Event::Time, &[Action::Send(Whom::Child, Signal::KILL)]),
            (601, died(Signal::KILL), &[Action::Exit(137)]),
        ],
    );
}

#[test]
fn one_that_ends_in_time_is_not_killed() {
    let plan = graceful(Others::Leave);
    let term = [Action::Send(Whom::Child, Signal::TERM)];
    let deadline = story(&plan, &[(0, TERM, &term), (10, exited(0), &[Action::Exit(0)]), (500, Event::Time, &[])]);
    assert_eq!(deadline, None);
}

#[test]
fn the_others_are_awaited() {
    let plan = Plan { others: Others::Await, ..Plan::usual() };
    story(&plan, &[(0, exited(3), &[]), (5, Event::NobodyLeft, &[Action::Exit(3)])]);
    // And they hear of what comes.
    let all = [Action::Send(Whom::All, Signal::TERM)];
    story(&graceful(Others::Await), &[(0, exited(3), &[]), (5, TERM, &all), (505, Event::Time, &[KILL_ALL])]);
}

#[test]
fn the_others_are_ended() {
    let plan = graceful(Others::End);
    let term = [Action::Send(Whom::All, Signal::TERM)];
    // The main child ends by itself.
    story(
        &plan,
        &[(0, exited(3), &term), (500, Event::Time, &[KILL_ALL]), (501, Event::NobodyLeft, &[Action::Exit(3)])],
    );
    // Or all are asked at once, and have the same time.
    story(
        &plan,
        &[
            (0, TERM, &term),
            (400, died(Signal::TERM), &term),
            (500, Event::Time, &[KILL_ALL]),
            (520, Event::Time, &[KILL_ALL]),
            (521, Event::NobodyLeft, &[Action::Exit(143)]),
        ],
    );
}

#[test]
fn it_takes_no_longer_than_grace_and_a_little() {
    let plan = graceful(Others::End);
    let mut machine = Machine::new(&plan, false);
    machine.on(exited(0), Duration::ZERO);
    let now = loop {
        let now = machine.deadline().expect("it never waits for ever");
        if machine.on(Event::Time, now).contains(&Some(Action::Exit(0))) {
            break now;
        }
    };
    assert!(now <= Duration::from_millis(500 + 1_000), "{now:?}");
}

#[test]
fn it_is_started_again_after_a_rest_that_doubles() {
    let plan = Plan { restart: Restart::OnFailure, ..Plan::usual() };
    let launch = [Action::Launch];
    let mut machine = Machine::new(&plan, false);
    let mut now = Duration::ZERO;
    for rest in [100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 51_200, 60_000, 60_000] {
        machine.on(Event::Launched, now);
        assert_eq!(machine.on(exited(1), now), [None; 3]);
        assert_eq!(machine.deadline(), Some(now + Duration::from_millis(rest)));
        now += Duration::from_millis(rest);
        assert_eq!(machine.on(Event::Time, now), [Some(Action::Launch), None, None]);
    }
    // One that ran well rests for a short time again, and success is an end.
    machine.on(Event::Launched, now);
    now += Duration::from_secs(61);
    machine.on(exited(1), now);
    assert_eq!(machine.deadline(), Some(now + Machine::SHORTEST_REST));
    story(&plan, &[(0, exited(1), &[]), (100, Event::Time, &launch), (200, exited(0), &[Action::Exit(0)])]);
}

#[test]
fn who_is_asked_to_end_is_not_started_again() {
    let plan = Plan { restart: Restart::Always, ..Plan::usual() };
    let term = [Action::Send(Whom::Child, Signal::TERM)];
    story(&plan, &[(0, TERM, &term), (1, died(Signal::TERM), &[Action::Exit(143)])]);
    // Nor while it rests.
    story(&plan, &[(0, exited(1), &[]), (50, TERM, &[Action::Exit(1)]), (100, Event::Time, &[])]);
}

#[test]
fn a_stopped_child_stops_its_init_where_that_stops_with_it() {
    story(&Plan::usual(), &[(0, Event::Stopped(Signal::TSTP), &[Action::StopOurselves])]);
    for stops in [Stops::Never, Stops::AtOnce] {
        story(&Plan { stops, ..Plan::usual() }, &[(0, Event::Stopped(Signal::TSTP), &[])]);
    }
}

#[test]
fn who_stops_at_once_does_so_whatever_is_handed_on() {
    let mut plan = Plan { stops: Stops::AtOnce, ..Plan::usual() };
    plan.routes.set(Signal::TTIN, Some(Signal::CONT));
    plan.routes.set(Signal::TTOU, None);
    let send = |signal| Action::Send(Whom::Child, signal);
    for (signal, expected) in [
        (Signal::TSTP, &[send(Signal::TSTP), Action::StopOurselves][..]),
        (Signal::TTIN, &[send(Signal::CONT), Action::StopOurselves]),
        (Signal::TTOU, &[Action::StopOurselves]),
        (Signal::STOP, &[]),
        (Signal::CONT, &[send(Signal::CONT)]),
    ] {
        story(&plan, &[(0, Event::Signal(signal), expected)]);
    }
}

#[test]
fn the_first_process_stops_for_nobody() {
    let plan = Plan::usual();
    let mut machine = Machine::new(&plan, true);
    assert_eq!(machine.on(Event::Stopped(Signal::TSTP), Duration::ZERO), [None; 3]);
    let handed_on = machine.on(Event::Signal(Signal::TSTP), Duration::ZERO);
    assert_eq!(handed_on, [Some(Action::Send(Whom::Child, Signal::TSTP)), None, None]);
    let plan = Plan { stops: Stops::AtOnce, ..Plan::usual() };
    let handed_on = Machine::new(&plan, true).on(Event::Signal(Signal::TSTP), Duration::ZERO);
    assert_eq!(handed_on, [Some(Action::Send(Whom::Child, Signal::TSTP)), None, None]);
}

#[test]
fn the_parents_end_is_a_reason_to_end() {
    let plan = Plan { parent_death: Some(Signal::USR2), ..graceful(Others::Leave) };
    let usr2 = Event::Signal(Signal::USR2);
    assert_eq!(story(&plan, &[(0, usr2, &[Action::Send(Whom::Child, Signal::USR2)])]), Some(500));
}
