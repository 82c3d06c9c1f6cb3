//! One thing done with every object of every text: on every processor where there are many, for one has nothing to do
//! with another.

use std::num::NonZero;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use manifest::read::{Head, ReadError, heads};
use manifest::text::{Budget, Piece, pieces};

use crate::answer::Complaint;
use crate::input::Source;

/// What came of objects, and what is wrong with the others, both in order.
#[derive(Debug)]
pub(crate) struct Each<T> {
    pub(crate) done: Vec<T>,
    pub(crate) complaints: Vec<Complaint>,
}

/// Documents that are worth telling another processor of, and so many at a time.
const AT_ONCE: usize = 32;
/// What is said of an object, as a rule: with room for that, a text need not grow.
const USUAL: usize = 1024;

/// What came of a document.
struct Came<T> {
    /// The number of its text.
    source: usize,
    objects: Vec<Result<T, Complaint>>,
    /// It cannot be read, and what follows it in its text is not.
    is_unreadable: bool,
}

/// What came of documents that were taken together, and what was kept of them in one piece.
type Parcel<T, K> = (Vec<Came<T>>, K);

/// Does it with every object. What follows a document that cannot be read in the same text is left alone, as kubectl
/// does; objects that are wrong keep nobody.
pub(crate) fn each<T: Send>(
    sources: &[Source],
    work: impl Fn(Head) -> Result<T, Complaint> + Sync,
    words: impl Fn(&ReadError) -> Complaint + Sync,
) -> Each<T> {
    let mut each = Each { done: Vec::new(), complaints: Vec::new() };
    for object in in_order(sources, work, words) {
        match object {
            Ok(done) => each.done.push(done),
            Err(complaint) => each.complaints.push(complaint),
        }
    }
    each
}

/// The same, with what came of each and what is wrong with others as they follow each other.
pub(crate) fn in_order<T: Send>(
    sources: &[Source],
    work: impl Fn(Head) -> Result<T, Complaint> + Sync,
    words: impl Fn(&ReadError) -> Complaint + Sync,
) -> Vec<Result<T, Complaint>> {
    let mut all = Vec::new();
    hand_on(walk(sources, |(): &mut (), head| work(head), words), |(), outcome| all.push(outcome));
    all
}

/// Has something said of every object, and hands back all of it with `mark` between, and what is wrong. What is said of
/// documents that are taken together stands in one piece: a thousand small ones would be a thousand pages.
pub(crate) fn tell(
    sources: &[Source],
    mark: &str,
    work: impl Fn(Head, &mut String) -> Result<(), Complaint> + Sync,
    words: impl Fn(&ReadError) -> Complaint + Sync,
) -> (String, Vec<Complaint>) {
    let say = |text: &mut String, head| {
        if text.capacity() == 0 {
            text.reserve(AT_ONCE * USUAL);
        }
        let begins = text.len();
        work(head, text).map(|()| begins..text.len())
    };
    let parcels = walk(sources, say, words);
    let length = |(came, text): &Parcel<_, String>| text.len() + came.len() * mark.len();
    let mut all = String::with_capacity(parcels.iter().map(length).sum());
    let (mut complaints, mut is_first) = (Vec::new(), true);
    hand_on(parcels, |text, outcome| match outcome {
        Ok(said) => {
            all.push_str(if is_first { "" } else { mark });
            all.push_str(&text[said]);
            is_first = false;
        }
        Err(complaint) => complaints.push(complaint),
    });
    (all, complaints)
}

/// Hands on what came of all objects, but for those behind an unreadable document in the same text.
fn hand_on<T, K>(parcels: Vec<Parcel<T, K>>, mut take: impl FnMut(&K, Result<T, Complaint>)) {
    let mut unreadable = None;
    for (came, kept) in parcels {
        for Came { source, objects, is_unreadable } in came {
            if unreadable != Some(source) {
                objects.into_iter().for_each(|outcome| take(&kept, outcome));
                unreadable = if is_unreadable { Some(source) } else { unreadable };
            }
        }
    }
}

fn walk<T: Send, K: Default + Send>(
    sources: &[Source],
    work: impl Fn(&mut K, Head) -> Result<T, Complaint> + Sync,
    words: impl Fn(&ReadError) -> Complaint + Sync,
) -> Vec<Parcel<T, K>> {
    let budget = Budget::default();
    let mut found = Vec::new();
    for (source, text) in sources.iter().enumerate() {
        found.extend(pieces(&text.text, &budget).into_iter().map(|piece| (source, piece)));
    }
    let one = |kept: &mut K, (source, piece): (usize, Piece<'_>)| match piece.read(&budget) {
        None => Came { source, objects: Vec::new(), is_unreadable: false },
        Some(Err(error)) => {
            let error = ReadError::Syntax { file: sources[source].name.clone(), error };
            Came { source, objects: vec![Err(words(&error))], is_unreadable: true }
        }
        Some(Ok(node)) => {
            let heads = heads(node, &sources[source].name).into_iter();
            let mut done =
                |head: Result<Head, ReadError>| head.map_err(|error| words(&error)).and_then(|head| work(kept, head));
            Came { source, objects: heads.map(&mut done).collect(), is_unreadable: false }
        }
    };
    if found.len() < 2 * AT_ONCE {
        let mut kept = K::default();
        return vec![(found.into_iter().map(|item| one(&mut kept, item)).collect(), kept)];
    }
    share(found, one)
}

/// The same as mapping parcel after parcel, with the work shared by as many threads as there are processors for us.
fn share<T: Send, U: Send, K: Default + Send>(items: Vec<T>, work: impl Fn(&mut K, T) -> U + Sync) -> Vec<(Vec<U>, K)> {
    let mut items = items.into_iter();
    let parcels: Vec<Mutex<Vec<T>>> =
        std::iter::from_fn(|| Some(items.by_ref().take(AT_ONCE).collect::<Vec<_>>()).filter(|some| !some.is_empty()))
            .map(Mutex::new)
            .collect();
    let results: Vec<Mutex<(Vec<U>, K)>> = parcels.iter().map(|_| Mutex::new((Vec::new(), K::default()))).collect();
    let next = AtomicUsize::new(0);
    let labour = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let (Some(parcel), Some(result)) = (parcels.get(at), results.get(at)) else { return };
            let parcel = std::mem::take(&mut *hold(parcel));
            let mut kept = K::default();
            let done = parcel.into_iter().map(|item| work(&mut kept, item)).collect();
            *hold(result) = (done, kept);
        }
    };
    let hands = thread::available_parallelism().map_or(1, NonZero::get).min(parcels.len());
    thread::scope(|scope| {
        for _ in 1..hands {
            // One that the system refuses is done without.
            let _ = thread::Builder::new().spawn_scoped(scope, labour);
        }
        labour();
    });
    results.into_iter().map(|result| result.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)).collect()
}

/// A panic ends the program, so a lock is never poisoned.
fn hold<T>(lock: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(texts: &[&str]) -> (Vec<String>, usize) {
        let sources: Vec<_> =
            texts.iter().map(|text| Source { name: "m".to_owned(), text: (*text).to_owned() }).collect();
        let name = |head: Head| {
            let name = head.node.get("metadata").and_then(|node| node.get("name")).and_then(|node| node.as_text());
            name.map(str::to_owned).ok_or_else(|| Complaint::plain("no name"))
        };
        let each = each(&sources, name, |error| Complaint::plain(error));
        (each.done, each.complaints.len())
    }

    #[test]
    fn what_follows_an_unreadable_document_in_its_text_is_left_alone() {
        let pod = |name: &str| format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\n");
        let nameless = "apiVersion: v1\nkind: Pod\n";
        let broken = [&pod("a"), "x: [\n", &pod("lost")].join("---\n");
        let other = [&pod("b"), nameless, &pod("c")].join("---\n");
        assert_eq!(names(&[&broken, &other]), (["a", "b", "c"].map(str::to_owned).to_vec(), 2));
    }

    #[test]
    fn many_come_back_in_order() {
        let text: Vec<_> =
            (0..1000).map(|n| format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: p{n}}}\n")).collect();
        let expected: Vec<_> = (0..1000).map(|n| format!("p{n}")).collect();
        assert_eq!(names(&[&text.join("---\n")]), (expected, 0));
    }

    #[test]
    fn what_is_said_of_many_stands_together_with_marks_between() {
        let pod = |name: &str| format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\n");
        let say = |head: Head, text: &mut String| {
            let name = head.node.at(&["metadata", "name"]).and_then(|node| node.as_text()).unwrap_or_default();
            text.push_str(name);
            if name.contains("wrong") { Err(Complaint::plain(name)) } else { Ok(()) }
        };
        let told = |texts: &[String]| {
            let sources: Vec<_> =
                texts.iter().map(|text| Source { name: "m".to_owned(), text: text.clone() }).collect();
            let (text, complaints) = tell(&sources, "-", say, |error| Complaint::plain(error));
            (text, complaints.len())
        };
        let broken = [&pod("a"), "x: [\n", &pod("lost")].join("---\n");
        assert_eq!(told(&[broken, pod("wrong"), pod("b")]), ("a-b".to_owned(), 2));
        let many: Vec<_> =
            (0..200).map(|n| pod(&if n % 7 == 0 { format!("wrong{n}") } else { format!("p{n}") })).collect();
        let expected: Vec<_> = (0..200).filter(|n| n % 7 != 0).map(|n: i32| format!("p{n}")).collect();
        assert_eq!(told(&[many.join("---\n")]), (expected.join("-"), 29));
    }
}
