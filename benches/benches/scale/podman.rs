//! As many pods of podman's, and the same of ours beside them, in turns.

use std::fmt::Write as _;

use benches::{Entry, Unit};
use fixtures::engine::PAUSE;

use super::{STEPS, SUBJECT, Turn, VERBS, on_disk};
use crate::applied::{Manifests, pod};
use crate::engines::Podman;
use crate::keepers::Keepers;
use crate::place::time;
use crate::session::Session;
use crate::sys;
use crate::turns::{nanoseconds, pair, said};

/// The most there are of podman's, and where it has to be quick.
const MOST: usize = 100;
const QUICKLY: usize = 10;

pub(super) fn beside(session: &mut Session, manifests: &Manifests<'_>) {
    let podman = match Podman::start(manifests.place) {
        Ok(podman) => podman,
        Err(reason) => {
            session.leave_out(SUBJECT, "podman kube", &reason);
            return;
        }
    };
    let most = if session.is_quick() { QUICKLY } else { MOST };
    let (before, on_disk_before) = (Keepers::podmans(), on_disk(podman.kept()));
    let (mut there, mut files) = (0, Vec::new());
    let bar = session.bar(SUBJECT, most);
    for (count, name) in STEPS.iter().filter(|(count, _)| *count <= most) {
        bar.set_message("podman's");
        let mut text = String::new();
        for number in there + 1..=*count {
            assert!(!sys::interrupted(), "interrupted");
            // One by one: of many documents in one file it makes no pod before it has read all.
            let one = pod(&format!("pod-{number}"), PAUSE, "");
            time(&mut podman.play(&manifests.write("theirs.yaml", &one)));
            let _written = write!(text, "---\n{one}");
            bar.inc(1);
        }
        let file = manifests.write(&format!("ours-{count}.yaml"), &text);
        manifests.apply(&file);
        files.push(file);
        there = *count;
        let rounds = session.rounds(10);
        let turns: Vec<(Turn, Turn)> = (0..rounds).map(|_| (manifests.turn(), turn(manifests, &podman))).collect();
        say(session, name, &turns);
    }
    bar.finish_and_clear();
    let each = |all: f64| all / there as f64;
    let theirs = Keepers::podmans().since(&before);
    for (measure, value) in [
        ("memory of who looks after it", each(theirs.memory())),
        ("files of podman", each(on_disk(podman.kept()) - on_disk_before)),
    ] {
        let name = format!("each of {there} of podman's");
        session.say(&Entry::Case(said(SUBJECT, measure, &name, Unit::Bytes, &[value])));
    }
    for file in &files {
        manifests.delete(file);
    }
    // Its own go with its machine.
}

fn turn(manifests: &Manifests<'_>, podman: &Podman) -> Turn {
    let next = manifests.write("theirs.yaml", &pod("next", PAUSE, ""));
    let commands = [podman.play(&next), podman.ps(), podman.exec_in("next-first"), podman.down(&next)];
    commands.map(|mut command| nanoseconds(time(&mut command)))
}

fn say(session: &mut Session, count: &str, turns: &[(Turn, Turn)]) {
    for (index, verb) in VERBS.iter().enumerate() {
        let ours: Vec<f64> = turns.iter().map(|(ours, _)| ours[index]).collect();
        let theirs: Vec<f64> = turns.iter().map(|(_, theirs)| theirs[index]).collect();
        let names = [format!("pod, beside {count}"), format!("podman kube, beside {count}")];
        session.say(&Entry::Case(said(SUBJECT, verb, &names[1], Unit::Time, &theirs)));
        session.say(&Entry::Pair(pair([SUBJECT, verb, &names[0], &names[1]], Unit::Time, &ours, &theirs)));
    }
}
