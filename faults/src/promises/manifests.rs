//! What must be true of a pod of a manifest: an object whose making was acknowledged is there until its end was, the
//! same command again makes it whole or sees it gone, and no container runs more than once at a time.

use std::collections::BTreeSet;

use super::Violation;
use crate::place::Ran;
use crate::verbs::{MAP, POD, PORTED, Promise, Verb};
use crate::world::{Process, Role};

/// What there is of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Standing {
    /// What `get` says of all pods.
    pub(crate) row: String,
    /// How many containers run.
    pub(crate) containers: usize,
    pub(crate) processes: Vec<Process>,
}

/// How many containers it has.
const CONTAINERS: usize = 2;

/// Of the command's word that it is there, or gone.
pub(crate) fn of_the_word(verb: &Verb, ran: &Ran, pods: &Ran) -> Vec<Violation> {
    let is_there = pods.out.lines().any(|line| line == format!("pod/{POD}"));
    let kind = match verb.promise {
        Promise::Applied if ran.ok() && !is_there => "says created, and there is no such pod",
        Promise::Kept if !is_there => "the pod is lost",
        Promise::Unapplied if ran.ok() && is_there => "says deleted, and the pod is there",
        _ => return Vec::new(),
    };
    vec![Violation::new(kind, format!("{} {}", ran.out.trim(), pods.out.trim()))]
}

/// Of the port that it was given.
pub(crate) fn of_the_port(listeners: &BTreeSet<u16>) -> Vec<Violation> {
    if listeners.contains(&PORTED) {
        return Vec::new();
    }
    vec![Violation::new("says that it has a port, and nobody listens there", format!("{listeners:?}"))]
}

/// Of the config map, which nobody has deleted.
pub(crate) fn of_the_map(maps: &Ran) -> Vec<Violation> {
    let is_there = maps.out.lines().any(|line| line == format!("configmap/{MAP}"));
    if is_there { Vec::new() } else { vec![Violation::new("an object is lost", maps.out.clone())] }
}

/// Of containers that run more than once.
pub(crate) fn of_doubles(standing: &Standing) -> Vec<Violation> {
    if standing.containers <= CONTAINERS {
        return Vec::new();
    }
    vec![Violation::new("a container runs twice", format!("{:?}", standing.processes))]
}

/// Of one that is to run: it does, and one of each looks after it.
pub(crate) fn of_the_standing(standing: &Standing) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut words = standing.row.split_whitespace();
    if (words.next(), words.next(), words.next()) != (Some(POD), Some("2/2"), Some("Running")) {
        violations.push(Violation::new("the pod does not run", standing.row.clone()));
    }
    let expected = [(Role::Pause, 1), (Role::Attendant, 1), (Role::Other, CONTAINERS)];
    let count = |role: Role| standing.processes.iter().filter(|process| process.role == role).count();
    // Who attends to it supervises it, too, unless somebody does who was there before.
    let is_whole = expected.iter().all(|(role, number)| count(*role) == *number) && count(Role::Supervisor) <= 1;
    if standing.containers != CONTAINERS || !is_whole {
        violations.push(Violation::new("the pod is not whole", format!("{:?}", standing.processes)));
    }
    violations
}

/// What its talking container has said, by its own account in the pod's volume, and what of it is logged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spoken {
    pub(crate) said: u64,
    /// The lines of its launch now.
    pub(crate) now: Vec<u64>,
    /// Those of the launch before, if there was one.
    pub(crate) before: Vec<u64>,
}

/// Of what a container has said: every line is logged, and one that is started again finds what it has left.
pub(crate) fn of_the_spoken(spoken: &Spoken) -> Vec<Violation> {
    let Spoken { said, now, before } = spoken;
    let missing: Vec<_> = (1..=*said).filter(|number| !now.contains(number) && !before.contains(number)).collect();
    if !missing.is_empty() {
        return vec![Violation::new("lines of a container are lost", format!("{missing:?} of {said}"))];
    }
    // The last that it said before need not have been written down.
    match (now.first(), before.last()) {
        (Some(first), Some(last)) if first < last => {
            vec![Violation::new("a volume's data is lost", format!("said {last}, and then {first}"))]
        }
        _ => Vec::new(),
    }
}

/// Of one that is to be gone.
pub(crate) fn of_the_gone(standing: &Standing) -> Vec<Violation> {
    if standing.row.is_empty() && standing.processes.is_empty() {
        return Vec::new();
    }
    vec![Violation::new("the pod is not gone", format!("{} {:?}", standing.row, standing.processes))]
}

/// Of what is kept of pods when there is none.
pub(crate) fn of_the_kept(left: &[String]) -> Vec<Violation> {
    if left.is_empty() { Vec::new() } else { vec![Violation::new("something of a pod is kept", left.join(" "))] }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::place::End;
    use crate::verbs::VERBS;

    fn ran(code: i32, out: &str) -> Ran {
        let (words, err) = ("pod".to_owned(), String::new());
        Ran { words, end: End::Exited(code), out: out.to_owned(), err, took: Duration::ZERO }
    }

    fn whole() -> Standing {
        let roles = [Role::Pause, Role::Attendant, Role::Other, Role::Other];
        let process = |(pid, role)| Process { pid, parent: 1, role, command: String::new() };
        let processes = (5..).zip(roles).map(process).collect();
        Standing { row: format!("{POD} 2/2 Running 0 1s\n"), containers: 2, processes }
    }

    #[test]
    fn a_whole_pod_is_right_and_half_of_one_is_not() {
        assert_eq!(of_the_standing(&whole()), []);
        let kinds = |standing: &Standing| of_the_standing(standing).into_iter().map(|it| it.kind).collect::<Vec<_>>();
        let waiting = Standing { row: format!("{POD} 1/2 Running 0 1s\n"), ..whole() };
        assert_eq!(kinds(&waiting), ["the pod does not run"]);
        let mut two_attendants = whole();
        two_attendants.processes[0].role = Role::Attendant;
        assert_eq!(kinds(&two_attendants), ["the pod is not whole"]);
        assert_eq!(of_doubles(&Standing { containers: 3, ..whole() }).len(), 1);
        assert_eq!(
            (of_doubles(&whole()), of_the_gone(&whole()).len(), of_the_gone(&Standing::default())),
            (vec![], 1, vec![])
        );
    }

    #[test]
    fn what_was_said_is_logged_and_what_was_left_is_found() {
        let of = |said, before: &[u64], now: &[u64]| {
            let spoken = Spoken { said, now: now.to_vec(), before: before.to_vec() };
            of_the_spoken(&spoken).into_iter().map(|it| it.kind).collect::<Vec<_>>()
        };
        assert_eq!((of(3, &[], &[1, 2, 3, 4]), of(4, &[1, 2, 3], &[3, 4]), of(0, &[], &[])), (vec![], vec![], vec![]));
        assert_eq!(of(4, &[1, 2], &[4]), ["lines of a container are lost"]);
        assert_eq!(of(2, &[1, 2, 3], &[1, 2]), ["a volume's data is lost"]);
    }

    #[test]
    fn a_word_is_kept() {
        let verb = |name: &str| VERBS.iter().find(|verb| verb.name == name).expect("a verb");
        let (there, none) = (ran(0, &format!("pod/{POD}\n")), ran(0, ""));
        let broken = |name: &str, code: i32, pods: &Ran| of_the_word(verb(name), &ran(code, ""), pods).len();
        assert_eq!((broken("apply", 0, &there), broken("apply", 0, &none), broken("apply", 1, &none)), (0, 1, 0));
        assert_eq!(
            (broken("unapply", 0, &none), broken("unapply", 0, &there), broken("unapply", 1, &there)),
            (0, 1, 0)
        );
        assert_eq!(broken("attendant-idle", 0, &none), 1);
        assert_eq!((of_the_map(&ran(0, &format!("configmap/{MAP}\n"))).len(), of_the_map(&none).len()), (0, 1));
        assert_eq!(of_the_kept(&["pods/x".to_owned()]).len(), 1);
    }
}
