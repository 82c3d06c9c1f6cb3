//! How a pod lives where somebody sets the machine's clock, or the machine is booted.

use super::*;
use crate::machine::Clock;

const YEAR: i64 = 365 * 24 * 3600;
const CRASHING: &str = "containers: [{name: main, image: 'i:1'}]";

/// Launches of a container that crashes as soon as it was started, over ten minutes in which the clock is set so.
fn launches(set: &[(f64, i64)]) -> Vec<f64> {
    let mut story = told(CRASHING).begin();
    let mut set = set.iter().peekable();
    for second in 0..600 {
        while let Some((_, by)) = set.next_if(|(at, _)| *at <= f64::from(second)) {
            story.set_by = *by;
        }
        story.at(f64::from(second));
        if story.machine.containers()[0].runs() {
            story.exits("main", 1);
        }
    }
    story.when("launch main")
}

#[test]
fn who_waits_waits_as_long_however_the_clock_is_set() {
    let usual = launches(&[]);
    assert!(usual.len() >= 6, "{usual:?}");
    for by in [YEAR, -YEAR, i64::MAX / 2, -2 * BEGIN] {
        assert_eq!(launches(&[(15.0, by)]), usual, "{by}");
    }
    assert_eq!(launches(&[(15.0, -YEAR), (16.0, YEAR), (60.0, 0)]), usual, "there and back");
}

#[test]
fn deadlines_and_graces_are_none_of_the_clock_that_is_shown() {
    let spec = "activeDeadlineSeconds: 100\nterminationGracePeriodSeconds: 10\n\
                containers: [{name: main, image: 'i:1', readinessProbe: {tcpSocket: {port: 80}}}]";
    for by in [YEAR, -YEAR, -2 * BEGIN] {
        let mut story = told(spec).begin();
        story.deaf.insert("main".to_owned());
        story.at(1.0);
        story.set_by = by;
        story.at(30.0);
        assert_eq!(story.when("probe main Readiness").len(), 4, "{by}: {:?}", story.done);
        assert_eq!(story.row(), "1/1 Running 0", "{by}");
        story.at(99.0);
        assert!(story.when("stop main").is_empty(), "{by}");
        story.at(120.0);
        assert_eq!((story.when("stop main"), story.when("kill main")), (vec![100.0], vec![110.0]), "{by}");
        // Whatever is shown of it, it can be shown.
        assert_eq!(story.phase(), "Failed", "{by}");
    }
}

#[test]
fn what_was_waited_for_is_not_waited_for_longer_after_a_boot() {
    let mut story = told(CRASHING).begin();
    for second in 0..100 {
        story.at(f64::from(second));
        if story.machine.containers()[0].runs() {
            story.exits("main", 1);
        }
    }
    // It was up for a day, and is up for a minute.
    let day = Duration::from_secs(24 * 3600);
    let first = Clock { boot: "first".to_owned(), up: day, said: Duration::ZERO };
    story.machine.count_by(first);
    let seen = story.machine.seen();
    let second = story.machine.clock().going_on("second", Duration::from_secs(60), seen);
    let at = |up: u64| second.at(Duration::from_secs(up));
    assert_eq!(at(60), seen);
    story.machine.count_by(second.clone());
    let due = story.machine.deadline().expect("it waits to be started again");
    assert!(due > at(60) && due <= at(60 + 300), "{due:?} of {:?}", at(60));
}
