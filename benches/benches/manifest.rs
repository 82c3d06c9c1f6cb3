//! Manifests: what reading costs by itself, and beside kubectl. Cases:
//! - the Pod of nginx and an application, read, given its defaults and checked (a microsecond is a microsecond: at most
//!   200 of them are allowed);
//! - a thousand documents of it labelled and printed, whole processes: `pod label --local` beside `kubectl label --local`.

use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use benches::Unit;
use fixtures::find;
use manifest::read::{Validate, read};
use manifest::text::Budget;

use crate::place::{Place, time};
use crate::session::Session;
use crate::turns::{Turns, timed};

const POD: &str = include_str!("../../manifest/tests/corpus/nginx-and-hexo.yaml");
const TIMES: u32 = 50;
const DOCUMENTS: usize = 1000;

pub(crate) fn measure(session: &mut Session, place: &Place) {
    let cases = vec![timed("a Pod of two containers", || each(is_a_pod))];
    let measures = [("read, default, check", Unit::Time)];
    Turns { subject: "manifest", measures, pairs: &[], rounds: session.rounds(300) }.take(session, cases);

    let Some(kubectl) = kubectl() else {
        session.leave_out("manifest", "kubectl label --local", "there is no kubectl");
        return;
    };
    let pod = place.ours("pod");
    let words = ["label", "--local", "--dry-run=client", "-o", "yaml", "a=b", "-f"];
    let file = place.work().join("thousand.yaml");
    fs::write(&file, vec![POD; DOCUMENTS].join("---\n")).expect("a file of manifests");
    let cases = vec![
        timed("pod label", || time(quiet(Command::new(&pod).args(words).arg(&file)))),
        timed("kubectl label", || {
            time(quiet(Command::new(&kubectl).args(words).arg(&file).env("KUBECONFIG", "/dev/null")))
        }),
    ];
    let measures = [("1,000 documents", Unit::Time)];
    let pairs = &[("pod label", "kubectl label")];
    Turns { subject: "manifest", measures, pairs, rounds: session.rounds(20) }.take(session, cases);
}

fn quiet(command: &mut Command) -> &mut Command {
    command.stdin(Stdio::null()).stdout(Stdio::null())
}

/// The one that tests/peers/install has fetched, or the machine's own.
fn kubectl() -> Option<PathBuf> {
    let fetched = Path::new("/usr/local/lib/podkit-peers/kubectl");
    if fetched.exists() { Some(fetched.to_owned()) } else { find("kubectl") }
}

fn is_a_pod() -> bool {
    let Some(Ok(written)) = read(black_box(POD), "web.yaml", &Budget::default()).pop() else { return false };
    let Ok(mut decoded) = written.decode(Validate::Strict) else { return false };
    decoded.object.set_defaults();
    decoded.object.check().is_empty()
}

fn each(work: impl Fn() -> bool) -> Duration {
    let before = Instant::now();
    for _ in 0..TIMES {
        assert!(black_box(work()), "it is a Pod");
    }
    before.elapsed() / TIMES
}
