//! Machines as they stand on disk, nearly: whatever is read of one can be shown, told the time and adopted.

use fixtures::fuzz::{JSON, rounds};

use super::*;
use crate::machine::Found;
use crate::nearly::{LAW, MEMORY, near};

#[test]
fn nearly_right_machines_are_read_or_refused_and_can_be_lived_with() {
    let plain = told("containers: [{name: main, image: 'i:1', readinessProbe: {tcpSocket: {port: 80}}}]").begin();
    let mut crashed = told("initContainers: [{name: first, image: 'i:1'}]\ncontainers: [{name: main, image: 'i:1'}]");
    crashed = crashed.begin();
    crashed.exits("first", 1);
    let text = |story: &Story| serde_json::to_vec(&story.machine).expect("a machine is text");
    let (samples, pod) = ([text(&plain), text(&crashed)], plain.pod);
    let mut taken = 0_u32;
    rounds(500, &MEMORY, LAW, |dice| {
        let text = near(&samples, dice, &JSON);
        if let Ok(mut machine) = serde_json::from_slice::<Machine>(&text) {
            taken += 1;
            let now = Stamp { at: Duration::from_secs(20), wall: BEGIN + 20 };
            let found = Found { container: "main".to_owned(), instance: 0, id: "x".to_owned(), exit: None };
            for event in [Event::Time, Event::Adopted(vec![found]), Event::SandboxGone, Event::Delete { grace: None }] {
                let shown = status::pod(&pod, &machine, &node());
                let _row = status::row(&shown, Timestamp::from_second(now.wall).expect("a time"));
                machine.on(event, now);
                let _when = (machine.deadline(), machine.clock().at(now.at));
            }
        }
        text.len()
    });
    assert!(taken > 0, "none was ever read");
}
